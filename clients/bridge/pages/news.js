// SPDX-License-Identifier: BSD-2-Clause
// Alerts to the administrator on a page that does not show them: it
// says that there are some, and where.  None of them counts as shown here, so
// nothing that came behind the first of them is confirmed.
import { byId } from "./view.js";
import { parseMessage } from "./ximss.js";

export class News {
    #confirm;
    #waiting = new Map(); // alert's id -> number of its event

    // confirm(event): everything up to this event was dealt with.
    constructor(confirm) {
        this.#confirm = confirm;
    }

    event(event) {
        const id = parseMessage(event.data).getAttribute("alertID");

        if (event.name === "alert")
            this.#waiting.set(id, event.seq);
        else if (this.#waiting.size === 0)
            this.#confirm(event);
        if (event.name === "alertRemoved")
            this.#waiting.delete(id);
        this.#draw();
    }

    // Another tab shows everything up to this event.
    shown(seq) {
        for (const [id, came] of this.#waiting)
            if (came <= seq)
                this.#waiting.delete(id);
        this.#draw();
    }

    dismissed(ids) {
        ids.forEach((id) => this.#waiting.delete(String(id)));
        this.#draw();
    }

    clear() {
        this.#waiting.clear();
        this.#draw();
    }

    #draw() {
        const n = this.#waiting.size;

        byId("news").hidden = n === 0;
        byId("news-text").textContent =
            n === 1 ? "There is a new alert for you."
                : `There are ${n} new alerts for you.`;
    }
}
