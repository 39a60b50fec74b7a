// SPDX-License-Identifier: BSD-2-Clause
// The page of posted alerts on the screen: rows by day, with checkboxes where
// they may be removed, what is found, and the way to other pages.
import { PAGE, isFiltered } from "./listing.js";
import { authorName, count, format } from "./names.js";
import { groupByDay } from "./time.js";
import { arrange, byId, make, maybeFolded, severityLabel, timeOf }
    from "./view.js";

export class PostedView {
    #rows = new Map();  // alert's id -> its li
    #days = new Map();
    #removable = false;
    #zone = null;
    #name = "";

    // marked() is called when a checkbox has changed.
    constructor(marked) {
        byId("posted").addEventListener("change", marked);
        byId("mark-all").addEventListener("change", ({ target }) => {
            for (const box of this.#boxes)
                box.checked = target.checked;
            marked();
        });
    }

    // name: of the place.
    clear(zone, removable, name) {
        this.#zone = zone;
        this.#name = name;
        this.#removable = removable;
        this.#rows.clear();
        this.#days.clear();
        byId("posted").replaceChildren();
        byId("authors").replaceChildren();
    }

    // own(alert): it is of the place itself, not of the server above it.
    // hidden(id): it is about to go.
    draw(listing, own, hidden) {
        const alerts = listing.alerts.filter(({ id }) => !hidden(id));
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
        byId("remove-row").hidden = !this.#removable || !alerts.some(own);
        this.#drawFound(listing, alerts.length);
        this.#drawPager(listing);
        this.#drawAuthors(alerts);
    }

    get #boxes() {
        return [...byId("posted").querySelectorAll("input")];
    }

    get marked() {
        return this.#boxes.filter(({ checked }) => checked)
            .map((box) => Number(box.value));
    }

    mark(ids) {
        for (const box of this.#boxes)
            box.checked ||= ids.includes(Number(box.value));
    }

    drawMarkAll() {
        const boxes = this.#boxes;
        const n = boxes.filter(({ checked }) => checked).length;

        byId("mark-all").checked = n > 0 && n === boxes.length;
        byId("mark-all").indeterminate = n > 0 && n < boxes.length;
    }

    #drawFound(listing, n) {
        const filtered = isFiltered(listing.filter);
        const all = count(listing.total, "alert");
        const [first, last] = [listing.first, listing.first + n - 1]
            .map((one) => format(one));
        const onePage = !listing.hasOlder && !listing.hasNewer;

        byId("found").textContent = n === 0 ? ""
            : filtered && onePage
                ? `${format(n)} of ${all} ${n === 1 ? "fits" : "fit"}`
            : filtered ? `${first}–${last} of those that fit`
            : onePage ? all : `${first}–${last} of ${all}`;
        byId("none-posted").hidden = n > 0;
        byId("none-posted").textContent = filtered
            ? `No alert posted to ${this.#name} matches.`
            : `No alerts are posted to ${this.#name}.`;
        byId("filter").hidden = !filtered && listing.total === 0;
    }

    #drawPager(listing) {
        byId("older").disabled = !listing.hasOlder;
        byId("newer").disabled = byId("newest").disabled = !listing.hasNewer;
        byId("pager").hidden = !listing.hasOlder && !listing.hasNewer;
        byId("page").textContent = `Page ${format(listing.page)}` +
            (isFiltered(listing.filter) ? ""
                : ` of ${format(Math.max(listing.page,
                    Math.ceil(listing.total / PAGE)))}`);
        byId("news").hidden = listing.news === 0;
        byId("news-text").textContent = listing.news === 1
            ? "1 newer alert was posted."
            : `${format(listing.news)} newer alerts were posted.`;
    }

    // What the field for authors offers.
    #drawAuthors(alerts) {
        const names = new Set([...byId("authors").children]
            .map(({ value }) => value));

        for (const { author } of alerts)
            if (author && !names.has(authorName(author))) {
                names.add(authorName(author));
                byId("authors").append(
                    make("option", { value: authorName(author) }));
            }
        byId("author-field").hidden = names.size === 0;
    }

    #forgetUnused() {
        for (const [id, row] of this.#rows)
            if (!row.isConnected)
                this.#rows.delete(id);
        for (const [key, day] of this.#days)
            if (!day.isConnected)
                this.#days.delete(key);
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
                           ...maybeFolded(make(
                               "p", { className: "text", dir: "auto" },
                               alert.text)));
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
            alert.author ? `by ${authorName(alert.author)}` : "",
            alert.until ? `until ${this.#zone.short(alert.until)}` : "",
        ].filter((part) => part !== "").join(" · ");
    }
}
