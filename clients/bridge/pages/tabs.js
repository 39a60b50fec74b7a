// SPDX-License-Identifier: BSD-2-Clause
// One hub for all tabs: in a shared worker; where there is none, or it does not
// start, in the tab that holds a lock; where there are no locks either (no
// https, or the browser blocks them), in each tab.
//
// The session's id is kept by the tab in sessionStorage, for a reload, and in
// the hub, for new tabs; never where it would outlive the browser's windows.
import { attempt, tabStore } from "./allowed.js";
import { Hub } from "./hub.js";
import { Stream } from "./stream.js";

// Tabs and hubs of different versions must not meet: count up with a change.
const NAME = "ximss-3";
const KEY = "ximss-session";

// How long a hub may take to say its first word, in ms.  A browser does not
// always tell that a worker could not be started, and the tab that leads may
// have been put to sleep.
const PATIENCE = 5000;

const newHub = () => new Hub((session, on) => new Stream(session, on));

// Each way gives {post(message), leave()} and calls receive(message), and
// again() when a new hub has come that knows nothing yet.  It throws, or calls
// failed(), where the browser has no such thing or refuses it.

function throughWorker(receive, again, failed) {
    const worker = new SharedWorker("/pages/worker.js",
                                    { type: "module", name: NAME });
    const { port } = worker;

    worker.onerror = failed;
    port.onmessage = ({ data }) => receive(data);
    return {
        post: (message) => port.postMessage(message),
        // It may come late, and then is to leave all to the other hub.
        leave: () => port.postMessage({ do: "leave" }),
    };
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

function throughLeader(receive, again, failed) {
    const channel = new BroadcastChannel(NAME);
    const me = String(crypto.getRandomValues(new Uint32Array(2)));
    const left = new AbortController();
    let post = (message) => channel.postMessage({ to: "hub", from: me,
                                                  message });

    channel.addEventListener("message", ({ data }) => {
        if (data.to === me)
            receive(data.message);
        else if (data.to === "all")
            again();
    });
    navigator.locks.request(NAME, { signal: left.signal }, () => {
        post = lead(channel, receive, me);
        again();
        return new Promise(() => {}); // until the tab closes
    }).catch(failed);
    return {
        post: (message) => post(message),
        leave() {
            left.abort();
            channel.close();
        },
    };
}

function alone(receive) {
    const hub = newHub();
    const tab = { post: (message) => queueMicrotask(() => receive(message)) };

    return { post: (message) => hub.receive(tab, message), leave() {} };
}

// The first way that works.  One that says nothing for too long does not.
function connect(receive, again) {
    const ways = [throughWorker, throughLeader, alone];
    let hub = null;

    const use = () => {
        const way = ways.shift();
        let current = true;
        let mine = null;
        let timer;
        const failed = () => {
            clearTimeout(timer);
            if (!current || way === alone)
                return;
            current = false;
            attempt(() => mine?.leave());
            use();
            again();
        };

        try {
            mine = way((message) => {
                clearTimeout(timer);
                if (current)
                    receive(message);
            }, () => current && again(), failed);
        } catch {
            current = false;
            use();
            return;
        }
        hub = { post: mine.post, failed };
        timer = setTimeout(failed, PATIENCE);
    };

    use();
    return {
        post(message) {
            const { failed } = hub;

            try {
                hub.post(message);
            } catch {
                failed();
                hub.post(message);
            }
        },
    };
}

export class Tabs {
    session = null;
    #hub;

    // on.session(lost) when it came, changed or went; on.state(state);
    // on.event(event), on.shown(seq), on.note(note), on.resumed().
    constructor(on) {
        const hello = () => this.#hub?.post(
            { do: "hello", session: tabStore.get(KEY) });

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
            tabStore.set(KEY, session);
        else
            tabStore.remove(KEY);
        if (session === this.session && !(session === null))
            return;
        this.session = session;
        on.session(lost);
    }
}
