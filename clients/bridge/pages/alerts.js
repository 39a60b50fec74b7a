// SPDX-License-Identifier: BSD-2-Clause
// Alerts as data: what is on the screen, and how news and whole lists, which
// come over different connections in any order, change it.
import { parseGmt } from "./time.js";

const SEVERITIES = ["info", "warning", "critical"];

// Of an alert or alertReport element.
export function alertOf(element) {
    const get = (name) => element.getAttribute(name);

    return {
        id: Number(get("alertID")),
        scope: get("scope"),
        target: get("target"),
        kind: get("kind"),
        severity: SEVERITIES.includes(get("severity")) ? get("severity")
            : "warning",
        posted: parseGmt(get("gmtTime")) ?? new Date(0),
        until: parseGmt(get("until")),
        author: get("author"),
        origin: get("origin"),
        seen: get("seen") === "yes",
        text: element.textContent,
    };
}

// Ids grow in the order of posting and are never used again.
export class AlertList {
    #alerts = new Map();
    #gone = new Set();

    // False if it was there already, or is gone.
    add(alert) {
        if (this.#gone.has(alert.id) || this.#alerts.has(alert.id))
            return false;
        this.#alerts.set(alert.id, alert);
        return true;
    }

    // For good: a list that was made before does not bring it back.
    remove(id) {
        this.#gone.add(id);
        return this.#alerts.delete(id);
    }

    has(id) {
        return this.#alerts.has(id);
    }

    get size() {
        return this.#alerts.size;
    }

    // The highest id of all, 0 if there is none.
    get last() {
        return Math.max(0, ...this.#alerts.keys());
    }

    newestFirst() {
        return [...this.#alerts.values()].sort((a, b) => b.id - a.id);
    }

    // A list of the server is here; `asked` is what `last` was when it was
    // asked for: newer alerts may have come since.  `unlisted` tells which
    // ones stay although the server does not list them.
    replace(listed, asked, unlisted = () => false) {
        const ids = new Set(listed.map((alert) => alert.id));

        for (const [id, alert] of this.#alerts)
            if (id <= asked && !ids.has(id) && !unlisted(alert))
                this.#alerts.delete(id);
        return listed.filter((alert) => this.add(alert));
    }

    clear() {
        this.#alerts.clear();
        this.#gone.clear();
    }
}
