// SPDX-License-Identifier: BSD-2-Clause
// One hub for all tabs: in a shared worker; where there is none, or it does not
// start, in the tab that holds a lock; where there are no locks either (no
// https), in each tab.
//
// The session's id is kept by the tab in sessionStorage, for a reload, and in
// the hub, for new tabs; never where it would outlive the browser's windows.
import { Hub } from "./hub.js";
import { Stream } from "./stream.js";

// Tabs and hubs of different versions must not meet: count up with a change.
const NAME = "ximss-2";
const KEY = "ximss-session";

// How long a worker may take to say its first word, in ms.  A browser does not
// always tell that a worker could not be started.
const PATIENCE = 5000;

const newHub = () => new Hub((session, on) => new Stream(session, on));

// Each way gives {post(message)} and calls receive(message), and again()
// when a new hub has come that knows nothing yet.

function throughWorker(receive, failed) {
    const worker = new SharedWorker("/pages/worker.js",
                                    { type: "module", name: NAME });
    const { port } = worker;
    let usable = true;
    const giveUp = () => {
        if (!usable)
            return;
        usable = false;
        // It may come late, and then is to leave all to the other hub.
        port.postMessage({ do: "leave" });
        failed();
    };
    const timer = setTimeout(giveUp, PATIENCE);

    worker.onerror = giveUp;
    port.onmessage = ({ data }) => {
        clearTimeout(timer);
        if (usable)
            receive(data);
    };
    return { post: (message) => port.postMessage(message) };
}

function alone(receive) {
    const hub = newHub();
    const tab = { post: (message) => queueMicrotask(() => receive(message)) };

    return { post: (message) => hub.receive(tab, message) };
}

// The hub's side in the tab that leads: each other tab has a name.
function lead(channel, receive, me) {
    const hub = newHub();
    const own = { post: receive };
    const others = new Map();

    channel.addEventListener("message", ({ data }) => {
        if (data.to !== "hub")
            return;
        if (!others.has(data.from))
            others.set(data.from, {
                post: (message) => channel.postMessage(
                    { to: data.from, message }),
            });
        hub.receive(others.get(data.from), data.message);
        if (data.message.do === "leave")
            others.delete(data.from);
    });
    channel.postMessage({ to: "all", from: me });
    return (message) => hub.receive(own, message);
}

function throughLeader(receive, again) {
    const channel = new BroadcastChannel(NAME);
    const me = String(crypto.getRandomValues(new Uint32Array(2)));
    let post = (message) => channel.postMessage({ to: "hub", from: me,
                                                  message });

    channel.addEventListener("message", ({ data }) => {
        if (data.to === me)
            receive(data.message);
        else if (data.to === "all")
            again();
    });
    navigator.locks.request(NAME, () => {
        post = lead(channel, receive, me);
        again();
        return new Promise(() => {}); // until the tab closes
    });
    return { post: (message) => post(message) };
}

function withoutWorker(receive, again) {
    return navigator.locks && typeof BroadcastChannel === "function"
        ? throughLeader(receive, again) : alone(receive);
}

function connect(receive, again) {
    if (typeof SharedWorker !== "function")
        return withoutWorker(receive, again);
    let hub = throughWorker(receive, () => {
        hub = withoutWorker(receive, again);
        again();
    });
    return { post: (message) => hub.post(message) };
}

export class Tabs {
    session = null;
    #hub;

    // on.session(lost) when it came, changed or went; on.state(state);
    // on.event(event), on.shown(seq), on.note(note), on.resumed().
    constructor(on) {
        const hello = () => this.#hub?.post(
            { do: "hello", session: sessionStorage.getItem(KEY) });

        this.#hub = connect((message) => this.#receive(message, on), hello);
        hello();
        window.addEventListener("pagehide", () =>
            this.#hub.post({ do: "leave" }));
        window.addEventListener("pageshow", ({ persisted }) => {
            if (persisted)
                hello();
        });
        const wake = () => this.#hub.post({ do: "wake" });
        window.addEventListener("online", wake);
        document.addEventListener("visibilitychange", () => {
            if (document.visibilityState === "visible")
                wake();
        });
    }

    begin(session) {
        this.#hub.post({ do: "begin", session });
    }

    end(lost) {
        this.#hub.post({ do: "end", session: this.session, lost });
    }

    shown({ seq, id }) {
        this.#hub.post({ do: "shown", seq, id });
    }

    // keep: also for tabs that are opened later.
    note(note, { keep = false } = {}) {
        this.#hub.post({ do: "note", note, keep });
    }

    #receive(message, on) {
        if ("session" in message) {
            this.#changed(message, on);
            on.state(message.state);
        } else if ("event" in message) {
            on.event(message.event);
        } else if ("shown" in message) {
            on.shown(message.shown);
        } else if ("note" in message) {
            on.note(message.note);
        } else if ("resumed" in message) {
            on.resumed();
        }
    }

    #changed({ session, lost = false }, on) {
        if (session)
            sessionStorage.setItem(KEY, session);
        else
            sessionStorage.removeItem(KEY);
        if (session === this.session && !(session === null))
            return;
        this.session = session;
        on.session(lost);
    }
}
