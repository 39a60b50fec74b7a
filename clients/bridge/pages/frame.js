// SPDX-License-Identifier: BSD-2-Clause
// What stands round both pages: log-in, log-out, who is there, and the state
// of the connection.
import { forgetQuotaAlert } from "./kept.js";
import { Tabs } from "./tabs.js";
import { forget, remember, showDevices, stays } from "./devices.js";
import { Refused, Session, comeBack, isPassing, isThere, logIn }
    from "./ximss.js";
import { inLetters } from "./idn.js";
import { Zone, isZone } from "./time.js";
import { setReader } from "./people.js";
import { byId, whileBusy } from "./view.js";

const LOST = "Your session has ended. Please log in again.";
const AWAY = "The server cannot be reached. Trying again…";
const PATIENCE = 3000; // ms between tries to begin
const LONG = 4000;     // ms that a log-in takes without a word

const STATES = { live: "Connected", away: "Server away",
                 waiting: "Not connected" };

// Errors go with their cause.
function forgetPassing() {
    for (const error of document.querySelectorAll(".error"))
        if (isPassing(error.textContent))
            error.textContent = "";
}

export class Frame {
    tabs;
    session = null;
    zone = new Zone();
    userName = "";
    administers = "nothing"; // or "domain", or "server"
    #page;
    #was = "waiting";
    #timer;
    #cameBack = false;

    // page.open() when somebody is logged in, page.close(done) when nobody
    // is (done: the user has logged out), page.last() gives requests that belong
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
        byId("login").addEventListener("input", () => this.#complain(""));
        document.documentElement.dataset.started = "yes";
    }

    #logIn(form) {
        return whileBusy(form.querySelector("button"), "Logging in…",
                         () => this.#tryLogIn(form.elements));
    }

    async #tryLogIn({ username, password, stay }) {
        const timer = setTimeout(() => {
            byId("login-hint").textContent = "This takes longer than usual. " +
                "After wrong passwords the server delays further attempts.";
        }, LONG);

        this.#complain("");
        try {
            this.tabs.begin(await logIn(username.value.trim(),
                                        password.value, stay.checked));
            if (stay.checked)
                remember();
            password.value = "";
        } catch (error) {
            this.#complain(error.message);
            password.select();
            this.#watch(error.message);
        } finally {
            clearTimeout(timer);
            byId("login-hint").textContent = "";
        }
    }

    // What was wrong with the server is no longer said when it is there again.
    async #watch(complaint) {
        while (isPassing(complaint) &&
               byId("login-error").textContent === complaint) {
            await new Promise((r) => setTimeout(r, PATIENCE));
            if (await isThere() &&
                byId("login-error").textContent === complaint)
                this.#complain("");
        }
    }

    async #logOut() {
        const { session } = this;

        // The answer is not waited for: whatever it is, this is the end.
        session?.askAll([...this.#page.last?.() ?? [], ...stays()
            ? [["deviceRevoke", { deviceID: "current" }]] : [], ["bye"]])
            .catch(() => {});
        forget();
        this.tabs.end(false);
    }

    // Once in a row: what comes back and is lost again needs the user.
    async #comeBack() {
        if (!stays() || this.#cameBack)
            return;
        this.#cameBack = true;
        try {
            const id = await comeBack();

            if (id === null)
                forget();
            else if (this.session === null)
                this.tabs.begin(id);
        } catch {
            this.#cameBack = false; // the form is there, and a reload
        }
    }

    #complain(text) {
        byId("login-error").textContent = text;
    }

    #changed(lost) {
        const id = this.tabs.session;

        this.session = id === null ? null
            : new Session(id, () => this.tabs.end(true), forgetPassing);
        this.#page.close(id === null && !lost);
        if (id === null) {
            forgetQuotaAlert();
            this.#close(lost);
        } else {
            this.#open();
        }
    }

    #close(lost) {
        this.#show(false);
        if (lost)
            this.#complain(LOST);
        const { username, password } = byId("login").elements;
        (username.value ? password : username).focus();
        this.#comeBack();
    }

    async #open() {
        const { session } = this;

        this.#complain("");
        if (!await this.insist(() => this.#read(session)))
            return;
        byId("user").textContent = inLetters(this.userName);
        setReader(this.userName);
        this.#showPages();
        this.#cameBack = false;
        this.#show(true);
        this.#page.open();
        showDevices(session, this.zone);
    }

    // Tries until it works or is refused, and says so meanwhile.  False: the
    // session is another by now, or none.
    async insist(action) {
        const { session } = this;

        while (session === this.session)
            try {
                await action();
                if (session === this.session)
                    byId("waiting").hidden = true;
                return session === this.session;
            } catch (error) {
                if (session !== this.session)
                    return false;
                if (error instanceof Refused && !error.passes)
                    throw error;
                byId("waiting").textContent = AWAY;
                byId("waiting").hidden = false;
                await new Promise((r) => setTimeout(r, PATIENCE));
            }
        return false;
    }

    // Who we are, and which zone we want.
    async #read(session) {
        const [who, prefs] = await session.askAll([
            ["readSession", { rights: "yes" }], ["prefsRead"]]);
        for (const answer of [who, prefs])
            if (answer.passes)
                throw answer;
        const zone = prefs[0]?.querySelector?.("TimeZone")?.textContent;

        this.userName = who[0]?.getAttribute("userName") ?? "";
        this.administers = who[0]?.getAttribute("administers") ?? "nothing";
        this.zone = new Zone(isZone(zone) ? zone : undefined);
        byId("zone").textContent = this.zone.name.replaceAll("_", " ");
    }

    // The page that is open stays in the list, whoever looks at it.
    #showPages() {
        const { children } = byId("pages");

        for (const link of children)
            link.hidden = link.dataset.for === "administrators" &&
                this.administers === "nothing" && !link.matches("[aria-current]");
        byId("pages").hidden =
            [...children].filter((link) => !link.hidden).length < 2;
    }

    #show(inside) {
        byId("waiting").hidden = true;
        byId("login").hidden = inside;
        byId("inside").hidden = !inside;
        byId("who").hidden = !inside;
        if (!inside) {
            byId("pages").hidden = true;
            byId("offline").hidden = true;
        }
    }

    #state(state) {
        const before = this.#was;

        this.#was = state;
        clearTimeout(this.#timer);
        if (state === "live" || this.session === null)
            byId("offline").hidden = true;
        else
            // Nobody need see a break that ends at once.
            this.#timer = setTimeout(() => {
                byId("offline").hidden = this.session === null;
            }, 1000);
        for (const words of byId("offline").children)
            words.hidden = words.dataset.state !== state;
        byId("state").textContent = STATES[state];
        byId("state").className = state;
        if (state === "live" && before !== "live")
            forgetPassing();
        // When ximssd is back, `resumed` follows.
        if (state === "live" && before === "waiting")
            this.#refresh();
    }

    #refresh() {
        if (this.session !== null && !byId("inside").hidden)
            this.#page.refresh();
    }
}
