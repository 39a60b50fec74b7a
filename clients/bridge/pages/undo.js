// SPDX-License-Identifier: BSD-2-Clause
// Ten seconds in which what was removed or dismissed can be had back.  Until
// they are over nothing is said to the server, so nobody has heard of what is
// undone; and nobody is told that it is done before it is.  It is done at once
// when something else begins, and when the page goes.
import { announce, byId } from "./view.js";

export const TIME = 10000; // ms

// Where Ctrl+Z takes back what was typed.
const typesHere = (node) => node.matches?.("textarea, select, " +
    'input:not([type="checkbox"], [type="radio"])');

export class Undo {
    #job = null;         // that can be undone
    #doing = new Set();  // jobs whose time is over, and that are not done yet
    #timer;
    #send;

    // send(requests): to the server, as the last thing of a page that goes.
    constructor(send) {
        this.#send = send;
        byId("undo-button").addEventListener("click", () => this.#undo());
        byId("undo-button").setAttribute("aria-keyshortcuts", "Control+Z");
        document.addEventListener("keydown", (event) => this.#onKey(event));
        window.addEventListener("pagehide", () => this.#leave());
        document.addEventListener("freeze", () => this.#leave());
    }

    // job.text: what is being done; job.requests; job.run() does it, tells what
    // went wrong and never throws; job.back() shows again what was there;
    // job.focus(): where the focus goes from here, and, if job.stays, where it
    // is meanwhile; job.left(), if there is one: the page is going, and the
    // requests may be lost.
    begin(job) {
        this.finish();
        this.#job = job;
        this.#show(job, true);
        announce(`${job.text} Control Z takes it back.`);
        if (!job.stays)
            byId("undo-button").focus({ preventScroll: true });
        this.#timer = setTimeout(() => this.finish(), TIME);
    }

    async finish() {
        const job = this.#take();

        if (job === null)
            return;
        this.#doing.add(job);
        this.#show(job, false);
        await job.run();
        this.#doing.delete(job);
        if (this.#job === null && this.#doing.size === 0)
            byId("undo").hidden = true;
    }

    // What is still to be said to the server by somebody who is leaving.  Said
    // twice, it does nothing more.
    take() {
        const job = this.#take();

        return [...this.#doing, ...job ? [job] : []]
            .flatMap(({ requests }) => requests);
    }

    // Nobody is there any more to do it; the job, if there was one.
    drop() {
        this.#doing.clear();
        return this.#take();
    }

    // It waits for the server when it can no longer be undone.
    #show({ text }, isUndoable) {
        byId("undo-text").textContent = text;
        byId("undo-button").hidden = !isUndoable;
        byId("undo").hidden = false;
    }

    #take() {
        const job = this.#job;

        this.#job = null;
        clearTimeout(this.#timer);
        if (job !== null && byId("undo").contains(document.activeElement))
            job.focus();
        byId("undo").hidden = true;
        return job;
    }

    #undo() {
        this.#take()?.back();
        announce("Undone");
    }

    #onKey(event) {
        if (this.#job === null || event.key.toLowerCase() !== "z" ||
            !(event.ctrlKey || event.metaKey) || event.shiftKey ||
            event.altKey || typesHere(event.target))
            return;
        event.preventDefault();
        this.#undo();
    }

    #leave() {
        const jobs = [...this.#doing, ...this.#job ? [this.#job] : []];
        const requests = this.take();

        jobs.forEach((job) => job.left?.());
        if (requests.length > 0)
            this.#send(requests);
    }
}
