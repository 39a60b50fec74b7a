// SPDX-License-Identifier: BSD-2-Clause
// The list of posted alerts of one place, with checkboxes where they may be
// removed.
import { groupByDay } from "./time.js";
import { arrange, byId, make, severityLabel, timeOf } from "./view.js";

export class PostedView {
    #rows = new Map();  // alert's id -> its li
    #days = new Map();
    #removable = false;
    #zone = null;

    // marked() is called when a checkbox has changed.
    constructor(marked) {
        byId("posted").addEventListener("change", marked);
    }

    clear(zone, removable) {
        this.#zone = zone;
        this.#removable = removable;
        this.#rows.clear();
        this.#days.clear();
        byId("posted").replaceChildren();
    }

    // own(alert): it is of the place itself, not of the server above it.
    draw(alerts, own) {
        const groups = groupByDay(alerts, this.#zone, (a) => a.posted);

        for (const alert of alerts)
            if (!this.#rows.has(alert.id))
                this.#rows.set(alert.id, this.#row(alert, own(alert)));
        arrange(byId("posted"), groups.map(({ key, items }) => {
            const day = this.#day(key, items[0].posted);
            arrange(day.lastElementChild,
                    items.map((alert) => this.#rows.get(alert.id)));
            return day;
        }));
        this.#forgetUnused();
        byId("none-posted").hidden = alerts.length > 0;
        byId("remove-row").hidden = !this.#removable || !alerts.some(own);
    }

    get marked() {
        return [...byId("posted").querySelectorAll("input:checked")]
            .map((box) => Number(box.value));
    }

    #forgetUnused() {
        for (const [id, row] of this.#rows)
            if (!row.isConnected)
                this.#rows.delete(id);
    }

    #day(key, date) {
        if (!this.#days.has(key))
            this.#days.set(key, make("section", {}, make("h3"), make("ul")));
        this.#days.get(key).firstElementChild.textContent =
            this.#zone.day(date);
        return this.#days.get(key);
    }

    #row(alert, own) {
        const label = severityLabel(alert.severity);
        const box = this.#removable && own
            ? this.#box(alert) : make("span");
        const words = make("div", { className: "words" },
                           make("p", { className: "text", dir: "auto" },
                                alert.text));
        const detail = this.#detail(alert, own);

        if (detail !== "")
            words.append(make("p", { className: "detail" }, detail));
        return make("li", { className: `${alert.severity}` +
                                       (own ? "" : " broad") },
                    box, timeOf(alert.posted, this.#zone), label, words);
    }

    #box(alert) {
        const box = make("input", { type: "checkbox", value: alert.id });

        box.setAttribute("aria-label", "Mark: " + alert.text.slice(0, 80));
        return box;
    }

    #detail(alert, own) {
        return [
            own ? "" : "Server-wide",
            alert.author ? `by ${alert.author}` : "",
            alert.until ? `until ${this.#zone.short(alert.until)}` : "",
        ].filter((part) => part !== "").join(" · ");
    }
}
