// SPDX-License-Identifier: BSD-2-Clause
// The grammar of text/event-stream: takes text as it comes, gives whole
// events.  The browser's own EventSource is not used: it hides the status of
// a refused stream and the heartbeats, and it would confirm by itself, in
// Last-Event-ID, what nobody has looked at yet.

const END_OF_LINE = /\r\n|\n|\r/;

export class EventParser {
    // Milliseconds that the server wants us to wait before we come back.
    retry = null;
    #rest = "";
    #name = "";
    #id = "";
    #data = [];

    // The events that are complete now: [{name, id, data}].
    feed(text) {
        const events = [];
        this.#rest += text;
        for (;;) {
            const end = END_OF_LINE.exec(this.#rest);
            // A CR at the very end may be the half of a CR LF.
            if (end === null || end[0] === "\r" &&
                    end.index + 1 === this.#rest.length)
                return events;
            const line = this.#rest.slice(0, end.index);
            this.#rest = this.#rest.slice(end.index + end[0].length);
            if (line === "")
                this.#dispatch(events);
            else
                this.#field(line);
        }
    }

    #field(line) {
        const colon = line.indexOf(":");
        const name = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");

        if (name === "event")
            this.#name = value;
        else if (name === "data")
            this.#data.push(value);
        else if (name === "id" && !value.includes("\0"))
            this.#id = value;
        else if (name === "retry" && /^\d+$/.test(value))
            this.retry = Number(value);
    }

    #dispatch(events) {
        if (this.#data.length > 0)
            events.push({ name: this.#name || "message", id: this.#id,
                          data: this.#data.join("\n") });
        this.#name = "";
        this.#data = [];
    }
}
