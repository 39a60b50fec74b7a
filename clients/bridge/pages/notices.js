// SPDX-License-Identifier: BSD-2-Clause
// What tells of alerts that nobody looks at: the page's title, and notices of
// the desktop if the user wants them.
import { byId, severityWord } from "./view.js";

const KEY = "ximss-notify";
// A tab that can be seen says so before this; then the others keep quiet.
const PATIENCE = 500;

const TITLE = document.title;

export class Notices {
    #unseen = new Map(); // alert's id -> alert

    constructor() {
        byId("notify").addEventListener("click", () => this.#toggle());
        this.#drawButton();
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
        return typeof Notification === "function" &&
            Notification.permission === "granted" &&
            localStorage.getItem(KEY) === "yes";
    }

    async #toggle() {
        if (this.#wanted()) {
            localStorage.removeItem(KEY);
        } else if (await Notification.requestPermission() === "granted") {
            localStorage.setItem(KEY, "yes");
        }
        this.#drawButton();
    }

    #drawButton() {
        const button = byId("notify");

        button.hidden = typeof Notification !== "function" ||
            Notification.permission === "denied";
        button.textContent = this.#wanted() ? "Stop notices"
            : "Notify me";
    }

    // All tabs of the browser show it, as one: they use the same tag.
    #show(alert) {
        if (!this.#wanted())
            return;
        try {
            const notice = new Notification(
                `${TITLE}: ${severityWord(alert.severity)}`,
                { body: alert.text, tag: `ximss-alert-${alert.id}`,
                  requireInteraction: alert.severity === "critical" });
            notice.onclick = () => {
                window.focus();
                notice.close();
            };
        } catch {
            // Telephones have the function and refuse to be asked by pages.
        }
    }
}
