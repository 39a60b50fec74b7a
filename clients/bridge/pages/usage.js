// SPDX-License-Identifier: BSD-2-Clause
// The storage that the user's own account uses, in a line of the page.
import { isReached, setMeter, storageOf, storageText } from "./storage.js";
import { byId } from "./view.js";
import { Refused } from "./ximss.js";

const FRESH = 5 * 60000; // ms, while somebody looks

export class Usage {
    #page;
    #alerts = new Set(); // ids of quota alerts that came
    #asked = -Infinity;

    // page.session(); page.newest(): the highest id of the alerts on the
    // screen.  page.below(id) is called when the level of alerts was not
    // reached while that was the highest: a quota alert whose removal was
    // missed may be there.
    constructor(page) {
        this.#page = page;
        document.addEventListener("visibilitychange", () => this.#renew());
        setInterval(() => this.#renew(), FRESH / 5);
    }

    onAlert({ id, kind }) {
        if (kind !== "quota")
            return;
        this.#alerts.add(id);
        this.read();
    }

    onRemoved(id) {
        if (this.#alerts.delete(id))
            this.read();
    }

    clear() {
        this.#alerts.clear();
        this.#asked = -Infinity;
        byId("storage").hidden = true;
    }

    #renew() {
        if (document.visibilityState === "visible" &&
            performance.now() - this.#asked >= FRESH)
            this.read();
    }

    // Only the last question's answer counts.
    async read() {
        const session = this.#page.session();
        const newest = this.#page.newest();
        const asked = this.#asked = performance.now();
        let answer;

        if (session === null)
            return;
        try {
            [answer] = await session.ask("quotaRead");
        } catch (error) {
            // It is told by others that the server is away; and one without
            // storage, or an old server, has nothing to show.
            if (!(error instanceof Refused))
                return;
        }
        if (session === this.#page.session() && asked === this.#asked)
            this.#show(answer, newest);
    }

    #show(answer, newest) {
        const storage = answer === undefined ? null : storageOf(answer);
        const text = storage === null ? "" : storageText(storage);

        byId("storage").hidden = text === "";
        if (text === "")
            return;
        byId("storage-text").textContent = text;
        byId("storage-meter").hidden = storage.percent === null;
        if (storage.percent !== null)
            setMeter(byId("storage-meter"), storage);
        if (!isReached(storage))
            this.#page.below(newest);
    }
}
