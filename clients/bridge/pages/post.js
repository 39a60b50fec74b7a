// SPDX-License-Identifier: BSD-2-Clause
// The form that posts an alert to the place that is shown.
import { isBlank } from "./blank.js";
import { count, placeName, postLabel } from "./names.js";
import { formatGmt } from "./time.js";
import { alertCard, byId, confirmed } from "./view.js";

const FIELDS = ["text", "severity", "until"];
const NO_KEY = { for: "", key: "" };

// A name for this post: sent again, it posts nothing more.
function newKey() {
    return "web-" + [...crypto.getRandomValues(new Uint8Array(12))]
        .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// To whom it says that it is, on the page of one who gets it.
function seenFrom(place) {
    return { scope: place?.scope,
             target: place?.scope === "domain" ? place.target : null };
}

export class PostForm {
    #with;
    #place = null;
    #audience = null;
    #busy = "";     // what the button says meanwhile; "": it is free

    // zone(), ask(name, attributes, text), audience(place), draft()
    constructor(helpers) {
        this.#with = helpers;
        byId("post").addEventListener("submit", (event) => {
            event.preventDefault();
            this.#submit();
        });
        byId("post").addEventListener("input", () => {
            this.#answer("", "");
            this.#preview();
            this.#keep();
        });
    }

    // audience null: not permitted to post there.
    open(place, audience) {
        this.#place = place;
        byId("post").hidden = audience === null;
        byId("post-title").textContent = audience === null
            ? `Alerts of ${placeName(place)}`
            : `Post an alert to ${placeName(place)}`;
        byId("may-not-post").hidden = audience !== null;
        byId("may-not-post").textContent =
            `You may read the alerts of ${placeName(place)}, but not post any.`;
        this.#answer("", "");
        if (audience === null)
            return;
        this.count(audience);
        this.#preview();
    }

    // Whom a post would tell now.
    count(audience) {
        this.#audience = audience;
        this.#drawButton();
        byId("audience").textContent = audience === null ? ""
            : `${count(audience.sessions, "session")} open now.`;
    }

    // What this user had typed before.
    restore() {
        const kept = this.#with.draft().get("post") ?? {};

        for (const name of FIELDS)
            if (kept[name])
                byId("post").elements[name].value = kept[name];
    }

    // No place is chosen, or it is not known what may be done there.
    leave() {
        this.#place = null;
        this.#audience = null;
        byId("post").hidden = true;
        byId("may-not-post").hidden = true;
        byId("post-title").textContent = "Post an alert";
    }

    // Nothing of it is for the next who logs in.
    close() {
        this.leave();
        byId("post").reset();
    }

    #keep() {
        const { elements } = byId("post");

        this.#with.draft().set("post", Object.fromEntries(
            FIELDS.map((name) => [name, elements[name].value])));
    }

    #drawButton() {
        const button = byId("post-button");

        button.disabled = this.#busy !== "";
        button.textContent = this.#busy ||
            postLabel(this.#place, this.#audience?.accounts ?? null);
    }

    #begin(words) {
        this.#busy = words;
        this.#drawButton();
    }

    // Beside the button, which stays where it is.
    #answer(done, error) {
        byId("post-error").textContent = error;
        byId("post-done").textContent = done;
    }

    // The fields as an alert; its end is null or Invalid Date as typed.
    #alert() {
        const { text, severity, until } = byId("post").elements;

        return { text: text.value, severity: severity.value,
                 posted: new Date(),
                 until: until.value === "" ? null
                     : this.#with.zone().fromWall(until.value) };
    }

    #preview() {
        const alert = this.#alert();

        byId("until").min = this.#with.zone().wall(alert.posted);
        byId("preview-box").hidden = isBlank(alert.text);
        byId("preview").replaceChildren(alertCard(
            { ...alert, ...seenFrom(this.#place) }, this.#with.zone()));
    }

    // The same key for the same words, until they were posted, also if the page
    // was loaded anew before the answer came.
    #keyFor(alert) {
        const draft = this.#with.draft();
        const what = JSON.stringify([this.#place, alert.text, alert.severity,
                                     alert.until]);

        if (draft.get("key")?.for !== what)
            draft.set("key", { for: what, key: newKey() });
        return draft.get("key").key;
    }

    async #mayGo(place) {
        if (place.scope !== "server")
            return true;
        const audience = await this.#with.audience(place);

        if (audience === null)
            return true; // the server says what is wrong
        this.count(audience);
        byId("ask-post-text").textContent =
            `${count(audience.sessions, "session")} would be shown it now, ` +
            `and all ${count(audience.accounts, "account")} sooner or later.`;
        byId("ask-post-yes").textContent = postLabel(place, audience.accounts);
        return confirmed(byId("ask-post"));
    }

    async #submit() {
        const place = this.#place;

        if (this.#busy !== "" || place === null)
            return;
        if (isBlank(byId("text").value)) {
            this.#answer("", "Nothing of this text would be seen.");
            return;
        }
        this.#begin("One moment…");
        this.#answer("", "");
        try {
            if (await this.#mayGo(place)) {
                this.#begin("Posting…");
                await this.#send(place, this.#alert());
            }
        } catch (error) {
            if (place === this.#place)
                this.#answer("", error.message);
        } finally {
            this.#busy = "";
            if (this.#place !== null)
                this.#drawButton();
            if (document.activeElement === document.body)
                byId("post-button").focus({ preventScroll: true });
        }
    }

    async #send(place, alert) {
        const [posted] = await this.#with.ask("alertPost", {
            ...place,
            severity: alert.severity,
            until: alert.until && formatGmt(alert.until),
            key: this.#keyFor(alert),
        }, alert.text);
        const sessions = Number(posted.getAttribute("sessions"));

        this.#with.draft().set("key", NO_KEY);
        byId("post").reset();
        this.#keep();
        if (place !== this.#place)
            return;
        this.#preview();
        this.#answer(`Posted to ${placeName(place)}; ` +
                     `${count(sessions, "session")} told at once.`, "");
    }
}
