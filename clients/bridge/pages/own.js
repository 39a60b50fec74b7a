// SPDX-License-Identifier: BSD-2-Clause
// The administrators' page: alerts for the administrator himself that its list
// does not show.  Whoever works here all day is a user, too, and what this page
// confirms to the server counts as shown to him.
//
// An event is confirmed with all before it, so the page shows every alert that
// is for him: in the list of the place, if it is there, else here.  While
// nobody can see the page, it confirms what came as long as no alert is among
// it.
import { AlertList } from "./alerts.js";
import { alertCard, announce, arrange, byId, make, severityWord }
    from "./view.js";

export class OwnAlerts {
    #page;
    #alerts = new AlertList();
    #items = new Map();    // alert's id -> its li
    #newest = null;        // the last event that came and is not confirmed
    #hasAlert = false;     // one of those events is an alert
    #confirmed = 0;        // up to this event, by this tab

    // page.zone(); page.isSettled(): nothing more is awaited that belongs on
    // the screen; page.isListed(id): the list shows it; page.confirm(event);
    // page.dismiss(id).
    constructor(page) {
        this.#page = page;
        document.addEventListener("visibilitychange", () => this.draw());
    }

    event(event) {
        this.#newest = event;
        this.#hasAlert ||= event.name === "alert";
    }

    add(alert) {
        this.#alerts.add(alert);
    }

    remove(id) {
        return this.#alerts.remove(id);
    }

    // Another tab shows everything up to this event.  What this one has shown
    // stays until it is dismissed.
    shown(seq) {
        if (this.#newest?.seq <= seq) {
            this.#newest = null;
            this.#hasAlert = false;
        }
        for (const alert of this.#alerts.newestFirst())
            if (alert.event > this.#confirmed && alert.event <= seq)
                this.#alerts.remove(alert.id);
        this.draw();
    }

    clear() {
        this.#alerts.clear();
        this.#items.clear();
        this.#newest = null;
        this.#hasAlert = false;
        this.#confirmed = 0;
        byId("own-list").replaceChildren();
        byId("own-error").textContent = "";
        byId("own").hidden = true;
    }

    // To be called when anything has changed.
    draw() {
        const settled = this.#page.isSettled();

        if (settled)
            this.#drawList();
        if (!this.#hasAlert ||
            settled && document.visibilityState === "visible")
            this.#confirm();
    }

    // Alerts to an account leave its list as soon as they were shown.
    #drawList() {
        for (const { id, scope } of this.#alerts.newestFirst())
            if (scope !== "account" && this.#page.isListed(id))
                this.#alerts.remove(id);
        const alerts = this.#alerts.newestFirst();

        for (const id of this.#items.keys())
            if (!this.#alerts.has(id))
                this.#items.delete(id);
        arrange(byId("own-list"), alerts.map((alert) => this.#item(alert)));
        byId("own").hidden = alerts.length === 0;
    }

    #confirm() {
        if (this.#newest === null)
            return;
        const event = this.#newest;

        this.#newest = null;
        this.#hasAlert = false;
        this.#confirmed = event.seq;
        this.#page.confirm(event);
    }

    #item(alert) {
        if (!this.#items.has(alert.id)) {
            const button = make("button",
                                { type: "button", className: "plain" },
                                "Dismiss");
            const card = alertCard(alert, this.#page.zone());

            button.setAttribute("aria-label",
                                "Dismiss: " + alert.text.slice(0, 80));
            button.addEventListener("click", () => this.#dismiss(alert.id));
            card.querySelector(".card-head").append(button);
            this.#items.set(alert.id, make("li", {}, card));
            announce(`${severityWord(alert.severity)}: ${alert.text}`,
                     { urgent: alert.severity === "critical" });
        }
        return this.#items.get(alert.id);
    }

    async #dismiss(id) {
        try {
            await this.#page.dismiss(id);
            byId("own-error").textContent = "";
            this.remove(id);
            this.draw();
            announce("Dismissed");
            (byId("own-list").querySelector("button") ??
                byId("where")).focus();
        } catch (error) {
            byId("own-error").textContent = error.message;
        }
    }
}
