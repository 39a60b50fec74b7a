// SPDX-License-Identifier: BSD-2-Clause
// The administrators' page: alerts to the administrator that its list
// does not show.  Whoever works here all day is a user, too, and what this page
// confirms to the server counts as shown to them.
//
// An event is confirmed with all before it, so the page shows every alert that
// is for them: in the list of the place, if it is there, else here.  Here they
// are folded, so that work is not interrupted, and do not count as shown until
// they are unfolded.  While nobody can see the page, or what is here, it confirms
// what came as long as no alert is among it.
import { AlertList } from "./alerts.js";
import { format } from "./names.js";
import { alertCard, announce, arrange, byId, coalesce, make, severityWord }
    from "./view.js";

// So many events may wait for somebody to unfold what is here; then it unfolds
// by itself, long before the server has too many of them.
const MOST_HELD = 500;
const MOST_SHOWN = 200; // here; if there are more, the user page has all
const TOLD = 3; // so many are read out; of more, their number

export class OwnAlerts {
    #page;
    #alerts = new AlertList();
    #items = new Map();    // alert's id -> its li
    #newest = null;        // the last event that came and is not confirmed
    #hasAlert = false;     // one of those events is an alert
    #confirmed = 0;        // up to this event, by this tab
    #said = 0;             // up to this event, to a screen reader
    #held = 0;             // events that came and are not confirmed

    // page.zone(); page.isSettled(): nothing more is awaited that belongs on
    // the screen; page.isListed(id): the list shows it; page.confirm(event);
    // page.dismissals().
    constructor(page) {
        this.#page = page;
        byId("own").addEventListener("toggle", () => this.draw());
        document.addEventListener("visibilitychange", () => this.draw());
    }

    event(event) {
        this.#newest = event;
        this.#held += 1;
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
        if (this.#newest?.seq <= seq)
            this.#forget();
        for (const alert of this.#alerts.newestFirst())
            if (alert.event > this.#confirmed && alert.event <= seq)
                this.#alerts.remove(alert.id);
        this.draw();
    }

    clear() {
        this.#alerts.clear();
        this.#items.clear();
        this.#forget();
        this.#confirmed = 0;
        this.#said = 0;
        byId("own").open = false;
        byId("own-list").replaceChildren();
        byId("own-error").textContent = "";
        byId("own").hidden = true;
    }

    // To be called when anything has changed.
    draw = coalesce(() => this.#draw());

    #draw() {
        const settled = this.#page.isSettled();

        if (this.#held > MOST_HELD && this.#alerts.size <= MOST_SHOWN &&
            this.#alerts.size > 0)
            byId("own").open = true;
        if (settled)
            this.#drawList();
        if (!this.#hasAlert ||
            settled && document.visibilityState === "visible" &&
            (byId("own").open && this.#alerts.size <= MOST_SHOWN ||
                !this.#hasNew))
            this.#confirm();
    }

    #forget() {
        this.#newest = null;
        this.#hasAlert = false;
        this.#held = 0;
    }

    // Some here have not been shown yet.
    get #hasNew() {
        return this.#alerts.newestFirst()
            .some(({ event }) => event > this.#confirmed);
    }

    // Alerts to an account leave its list as soon as they were shown.
    #drawList() {
        for (const { id, scope } of this.#alerts.newestFirst())
            if (scope !== "account" && this.#page.isListed(id))
                this.#alerts.remove(id);
        const alerts = this.#alerts.newestFirst()
            .filter(({ id }) => !this.#page.dismissals().has(id));

        for (const id of this.#items.keys())
            if (!this.#alerts.has(id))
                this.#items.delete(id);
        byId("own").hidden = alerts.length === 0;
        arrange(byId("own-list"), alerts.slice(0, MOST_SHOWN)
            .map((alert) => this.#item(alert)));
        byId("own-more").hidden = alerts.length <= MOST_SHOWN;
        this.#drawTitle(alerts);
        this.#tell(alerts);
    }

    // Those that have come since it was last told.
    #tell(alerts) {
        const come = alerts.filter(({ event }) => event > this.#said);

        if (come.length > TOLD)
            announce(`${come.length} new alerts for you`);
        else
            for (const { severity, text } of come)
                announce(`${severityWord(severity)}: ${text}`,
                         { urgent: severity === "critical" });
        this.#said = Math.max(this.#said, ...come.map(({ event }) => event));
    }

    #drawTitle(alerts) {
        const critical = alerts.filter(({ severity }) =>
            severity === "critical").length;

        byId("own-title").textContent = `${format(alerts.length)} for you`;
        byId("own-critical").textContent = critical === 0 ? ""
            : `${format(critical)} critical`;
        byId("own").classList.toggle("new", this.#hasNew);
    }

    #confirm() {
        if (this.#newest === null)
            return;
        const event = this.#newest;

        this.#forget();
        this.#confirmed = event.seq;
        this.#page.confirm(event);
        byId("own").classList.toggle("new", this.#hasNew);
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
        }
        return this.#items.get(alert.id);
    }

    #dismiss(id) {
        this.#page.dismissals().begin([id], {
            text: "Dismissing 1 alert…",
            back: () => {
                this.#draw();
                this.#items.get(id)?.querySelector("button").focus();
            },
            focus: () => (byId("own-list").querySelector("button") ??
                byId("post-title")).focus({ preventScroll: true }),
        });
    }
}
