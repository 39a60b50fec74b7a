// SPDX-License-Identifier: BSD-2-Clause
// What tells of alerts that nobody looks at: the page's title, and notices of
// the desktop if the user wants them.
import { siteStore } from "./allowed.js";
import * as desktop from "./desktop.js";
import { byId, severityWord } from "./view.js";

const KEY = "ximss-notify";
// A tab that can be seen says so before this; then the others keep quiet.
const PATIENCE = 500;
const LONGEST = 500; // characters of a notice

const TITLE = document.title;

export class Notices {
    #unseen = new Map(); // alert's id -> alert
    #possible = false;

    constructor() {
        byId("notify").addEventListener("click", () => this.#toggle());
        this.#look();
    }

    add(alert) {
        if (document.visibilityState === "visible")
            return;
        this.#unseen.set(alert.id, alert);
        this.#drawTitle();
        setTimeout(() => this.#unseen.has(alert.id) && this.#show(alert),
                   PATIENCE);
    }

    looked() {
        this.clear();
    }

    // Another tab shows everything up to this event.
    shownElsewhere(seq) {
        this.keepOnly((_, alert) => !(alert.event <= seq));
    }

    keepOnly(wanted) {
        for (const [id, alert] of this.#unseen)
            if (!wanted(id, alert))
                this.#unseen.delete(id);
        this.#drawTitle();
    }

    clear() {
        this.#unseen.clear();
        this.#drawTitle();
    }

    #drawTitle() {
        const n = this.#unseen.size;

        document.title = n === 0 ? TITLE : `(${n}) ${TITLE}`;
    }

    // --- the desktop ---

    #wanted() {
        return this.#possible && desktop.permission() === "granted" &&
            siteStore.get(KEY) === "yes";
    }

    async #toggle() {
        if (this.#wanted()) {
            siteStore.remove(KEY);
        } else if (await desktop.ask() === "granted") {
            siteStore.set(KEY, "yes");
        }
        this.#drawButton();
    }

    async #look() {
        this.#possible = await desktop.isPossible();
        this.#drawButton();
    }

    #drawButton() {
        const button = byId("notify");

        button.hidden = !this.#possible || desktop.permission() === "denied";
        button.textContent = this.#wanted() ? "Stop notices"
            : "Notify me";
    }

    // All tabs of the browser show it, as one: they use the same tag.
    async #show(alert) {
        if (!this.#wanted())
            return;
        const shown = await desktop.show(
            `${TITLE}: ${severityWord(alert.severity)}`,
            { body: alert.text.slice(0, LONGEST),
              tag: `ximss-alert-${alert.id}`,
              icon: "/pages/icon.svg",
              requireInteraction: alert.severity === "critical" });
        // What does not work is not offered.
        if (!shown) {
            this.#possible = false;
            this.#drawButton();
        }
    }
}
