// SPDX-License-Identifier: BSD-2-Clause
// The event stream of one session, for as long as that lives: opened again
// after every break, from the last event that was confirmed.  Runs in a page
// or in a worker.
import { EventParser } from "./sse.js";

const SESSION_LOST = 550;
// Two heartbeats of the server and a bit: then the line is dead.
const SILENCE = 40000;
const LONGEST_PAUSE = 60000;
const ACK_PAUSE = 3000;

export class Stream {
    #url;
    #on;
    #confirmed = ""; // the last event that the server is to know as shown
    #told = "";      // the last that it was told
    #telling = false;
    #retry = 2000 + Math.random() * 8000;
    #breaks = 0;
    #abort = null;
    #wake = null;

    // on.event({name, id, data}), on.state("live" or "waiting") and on.lost()
    // are called until stop().
    constructor(session, on) {
        this.#url = `/Session/${encodeURIComponent(session)}/`;
        this.#on = on;
        this.#run();
    }

    stop() {
        this.#on = null;
        this.#abort?.abort();
        this.#wake?.();
    }

    // Everything up to this event is on somebody's screen.
    confirm(id) {
        this.#confirmed = id;
        this.#tell();
    }

    // Do not wait any longer: the network is back, or somebody looks.
    wake() {
        this.#wake?.();
    }

    async #run() {
        while (this.#on !== null) {
            const status = await this.#read().catch(() => 0);
            if (this.#on === null)
                return;
            if (status === SESSION_LOST) {
                this.#on.lost();
                return;
            }
            this.#on.state("waiting");
            await this.#pause();
        }
    }

    // One connection from begin to end; the status if it was refused.
    async #read() {
        this.#abort = new AbortController();
        let dog;
        const heard = () => {
            clearTimeout(dog);
            dog = setTimeout(() => this.#abort.abort(), SILENCE);
        };

        heard();
        try {
            const reply = await fetch(this.#url + "events", this.#request());
            if (reply.status !== 200)
                return reply.status;
            this.#breaks = 0;
            this.#on?.state("live");
            this.#tell();
            await this.#events(reply.body, heard);
            return 200;
        } finally {
            clearTimeout(dog);
            this.#abort.abort();
        }
    }

    #request() {
        const headers = { Accept: "text/event-stream" };

        if (this.#confirmed !== "")
            headers["Last-Event-ID"] = this.#confirmed;
        return { headers, cache: "no-store", signal: this.#abort.signal };
    }

    async #events(body, heard) {
        const reader = body.getReader();
        const decoder = new TextDecoder();
        const parser = new EventParser();

        for (;;) {
            const { done, value } = await reader.read();
            if (done)
                return;
            heard();
            for (const event of parser.feed(
                decoder.decode(value, { stream: true })))
                this.#on?.event(event);
            this.#retry = parser.retry ?? this.#retry;
        }
    }

    // The server's own spread of retry times, longer with each failure.
    #pause() {
        const time = Math.min(this.#retry * 2 ** this.#breaks, LONGEST_PAUSE);

        this.#breaks += 1;
        return new Promise((resolve) => {
            const timer = setTimeout(resolve, time);
            this.#wake = () => {
                clearTimeout(timer);
                resolve();
            };
        }).finally(() => { this.#wake = null; });
    }

    // One confirmation at a time; what fails is said again.
    async #tell() {
        if (this.#telling)
            return;
        this.#telling = true;
        while (this.#on !== null && this.#told !== this.#confirmed) {
            const id = this.#confirmed;
            const reply = await fetch(
                `${this.#url}ack?ackEvent=${encodeURIComponent(id)}`,
                { method: "POST", cache: "no-store" }).catch(() => null);
            if (reply?.ok)
                this.#told = id;
            else
                await new Promise((r) => setTimeout(r, ACK_PAUSE));
        }
        this.#telling = false;
    }
}
