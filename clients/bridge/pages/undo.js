// SPDX-License-Identifier: BSD-2-Clause
// Ten seconds in which what was removed or dismissed can be had back.  Until
// they are over nothing is said to the server, so nobody has heard of what is
// undone; and nobody is told that it is done before it is.  It is done at once
// when something else begins, and when the page goes.
import { announce, byId } from "./view.js";

const TIME = 10000; // ms

export class Undo {
    #job = null;
    #timer;
    #send;

    // send(requests): to the server, as the last thing of a page that goes.
    constructor(send) {
        this.#send = send;
        byId("undo-button").addEventListener("click", () => this.#undo());
        window.addEventListener("pagehide", () => this.#leave());
        document.addEventListener("freeze", () => this.#leave());
    }

    // job.text: what is being done; job.requests; job.run() does it and tells
    // what went wrong; job.back() shows again what was there; job.focus():
    // where the focus goes from here.
    begin(job) {
        this.finish();
        this.#job = job;
        byId("undo-text").textContent = job.text;
        byId("undo").hidden = false;
        byId("undo-button").focus({ preventScroll: true });
        this.#timer = setTimeout(() => this.finish(), TIME);
    }

    finish() {
        this.#take()?.run();
    }

    // What is still to be said to the server by somebody who is leaving.
    take() {
        return this.#take()?.requests ?? [];
    }

    // Nobody is there any more to do it; the job, if there was one.
    drop() {
        return this.#take();
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

    #leave() {
        const requests = this.take();

        if (requests.length > 0)
            this.#send(requests);
    }
}
