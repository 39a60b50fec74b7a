// SPDX-License-Identifier: BSD-2-Clause
// What stands round both pages: log-in, log-out, who is there, and the state
// of the connection.
import { Tabs } from "./tabs.js";
import { Session, logIn } from "./ximss.js";
import { Zone, isZone } from "./time.js";
import { byId } from "./view.js";

const LOST = "Your session has ended. Please log in again.";
const AWAY = "The server cannot be reached. Trying again…";
const PATIENCE = 3000; // ms between tries to begin

export class Frame {
    tabs;
    session = null;
    zone = new Zone();
    userName = "";
    #page;
    #live = false;
    #timer;

    // page.open() when somebody is logged in, page.close(done) when he no longer
    // is (done: he has logged out), page.last() gives requests that belong
    // before that, page.refresh() when the connection is back; page.event(),
    // page.shown() and page.note() as of Tabs.
    constructor(page) {
        this.#page = page;
        byId("login").addEventListener("submit", (event) => {
            event.preventDefault();
            this.#logIn(event.target);
        });
        byId("logout").addEventListener("click", () => this.#logOut());
        this.tabs = new Tabs({
            session: (lost) => this.#changed(lost),
            state: (state) => this.#state(state),
            event: (event) => page.event(event),
            shown: (seq) => page.shown?.(seq),
            note: (note) => page.note(note),
            resumed: () => this.#refresh(),
        });
    }

    async #logIn(form) {
        const { username, password } = form.elements;
        const button = form.querySelector("button");

        this.#complain("");
        button.disabled = true;
        try {
            this.tabs.begin(await logIn(username.value.trim(),
                                        password.value));
            password.value = "";
        } catch (error) {
            this.#complain(error.message);
            password.select();
        } finally {
            button.disabled = false;
        }
    }

    async #logOut() {
        const { session } = this;

        // The answer is not waited for: whatever it is, this is the end.
        session?.askAll([...this.#page.last?.() ?? [], ["bye"]])
            .catch(() => {});
        this.tabs.end(false);
    }

    #complain(text) {
        byId("login-error").textContent = text;
    }

    #changed(lost) {
        const id = this.tabs.session;

        this.session = id === null ? null
            : new Session(id, () => this.tabs.end(true));
        this.#page.close(id === null && !lost);
        if (id === null)
            this.#close(lost);
        else
            this.#open();
    }

    #close(lost) {
        this.#show(false);
        if (lost)
            this.#complain(LOST);
        const { username, password } = byId("login").elements;
        (username.value ? password : username).focus();
    }

    async #open() {
        const { session } = this;

        this.#complain("");
        if (!await this.#begin(session))
            return;
        byId("user").textContent = this.userName;
        this.#show(true);
        this.#page.open();
    }

    // Tries until it works; false: the session is another by now, or none.
    async #begin(session) {
        while (session === this.session)
            try {
                await this.#read(session);
                return session === this.session;
            } catch {
                if (session !== this.session)
                    return false;
                byId("waiting").textContent = AWAY;
                byId("waiting").hidden = false;
                await new Promise((r) => setTimeout(r, PATIENCE));
            }
        return false;
    }

    // Who we are, and which zone we want.
    async #read(session) {
        const [who, prefs] = await session.askAll([
            ["readSession"], ["prefsRead"]]);
        const zone = prefs[0]?.querySelector?.("TimeZone")?.textContent;

        this.userName = who[0]?.getAttribute("userName") ?? "";
        this.zone = new Zone(isZone(zone) ? zone : undefined);
        byId("zone").textContent = this.zone.name.replaceAll("_", " ");
    }

    #show(inside) {
        byId("waiting").hidden = true;
        byId("login").hidden = inside;
        byId("inside").hidden = !inside;
        byId("who").hidden = !inside;
        if (!inside)
            byId("offline").hidden = true;
    }

    #state(state) {
        const live = state === "live";

        clearTimeout(this.#timer);
        if (live || this.session === null) {
            byId("offline").hidden = true;
        } else {
            // Nobody need see a break that ends at once.
            this.#timer = setTimeout(() => {
                byId("offline").hidden = this.session === null;
            }, 1000);
        }
        byId("state").textContent = live ? "Connected" : "Not connected";
        byId("state").className = live ? "live" : "waiting";
        if (live && !this.#live)
            this.#refresh();
        this.#live = live;
    }

    #refresh() {
        if (this.session !== null && !byId("inside").hidden)
            this.#page.refresh();
    }
}
