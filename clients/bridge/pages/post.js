// SPDX-License-Identifier: BSD-2-Clause
// The form that posts an alert to the place that is shown.
import { formatGmt } from "./time.js";
import { alertCard, byId, confirmed } from "./view.js";

const number = new Intl.NumberFormat("en-GB");

function people({ sessions, accounts }) {
    const s = `${number.format(sessions)} session${sessions === 1 ? "" : "s"}`;
    const a = `${number.format(accounts)} account${accounts === 1 ? "" : "s"}`;

    return { s, a };
}

// A name for this post: sent again, it posts nothing more.
function newKey() {
    return "web-" + [...crypto.getRandomValues(new Uint8Array(12))]
        .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class PostForm {
    #with;
    #place = null;
    #key = { for: "", key: "" };

    // zone(), ask(name, attributes, text), audience(place)
    constructor(helpers) {
        this.#with = helpers;
        byId("post").addEventListener("submit", (event) => {
            event.preventDefault();
            this.#submit();
        });
        byId("post").addEventListener("input", () => {
            byId("post-error").textContent = "";
            byId("post-done").textContent = "";
            this.#preview();
        });
    }

    // audience null: he may not post there.
    open(place, audience) {
        this.#place = place;
        byId("post-panel").hidden = audience === null;
        byId("post-error").textContent = "";
        byId("post-done").textContent = "";
        if (audience === null)
            return;
        const { s, a } = people(audience);
        byId("audience").textContent = place.scope === "account"
            ? `Goes to ${place.target}; ${s} open now.`
            : `Goes to ${a}; ${s} open now.`;
        this.#preview();
    }

    // Nothing of it is for the next who logs in.
    close() {
        this.#place = null;
        byId("post").reset();
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
        byId("preview").replaceChildren(alertCard(
            { ...alert, text: alert.text || "…" }, this.#with.zone()));
    }

    // The same key for the same words, until they were posted.
    #keyFor(alert) {
        const what = JSON.stringify([this.#place, alert.text, alert.severity,
                                     alert.until]);

        if (this.#key.for !== what)
            this.#key = { for: what, key: newKey() };
        return this.#key.key;
    }

    async #mayGo(place) {
        if (place.scope !== "server")
            return true;
        const { s, a } = people(await this.#with.audience(place));
        byId("ask-post-text").textContent =
            `${s} would be shown it now, and all ${a} sooner or later.`;
        return confirmed(byId("ask-post"));
    }

    async #submit() {
        const button = byId("post-button");

        button.disabled = true;
        byId("post-error").textContent = "";
        byId("post-done").textContent = "";
        try {
            if (await this.#mayGo(this.#place))
                await this.#send(this.#alert());
        } catch (error) {
            byId("post-error").textContent = error.message;
        } finally {
            button.disabled = false;
        }
    }

    async #send(alert) {
        const [posted] = await this.#with.ask("alertPost", {
            ...this.#place,
            severity: alert.severity,
            until: alert.until && formatGmt(alert.until),
            key: this.#keyFor(alert),
        }, alert.text);
        const sessions = Number(posted.getAttribute("sessions"));

        this.#key = { for: "", key: "" };
        byId("post").reset();
        this.#preview();
        byId("post-done").textContent = "Posted; " +
            `${people({ sessions, accounts: 0 }).s} told at once.`;
        byId("text").focus();
    }
}
