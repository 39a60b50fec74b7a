// SPDX-License-Identifier: BSD-2-Clause
// What the tabs of a browser share: the session and its event stream.  It
// lives in a shared worker or in one of the tabs (tabs.js) and knows nothing
// of XML.  It remembers what came, so that a tab that is opened later shows
// what the others show.

const KEPT = 1000;

// Messages of a tab, as {do: ...}:
//   hello {session}     a tab is there; the session it remembers, or null
//   begin {session}     it has logged in
//   end {lost}          it has logged out, or was told that the session is lost
//   shown {seq, id}     everything up to this event is on a screen
//   note {note, keep}   for the other tabs; and later ones, if kept
//   wake                somebody looks, or the network is back
//   leave               the tab closes, or has found another hub
// Messages to a tab: {session, lost, state}, {event}, {shown: seq}, {note},
// {resumed}.
export class Hub {
    #openStream;
    #tabs = new Set();
    #session = null;
    #state = "waiting";
    #stream = null;
    #kept = [];
    #seq = 0;
    #shown = 0;

    // openStream(session, on): see stream.js.
    constructor(openStream) {
        this.#openStream = openStream;
    }

    // tab.post(message) reaches a tab.
    receive(tab, message) {
        switch (message.do) {
        case "hello":
            this.#hello(tab, message.session);
            break;
        case "begin":
            this.#begin(message.session);
            break;
        case "end":
            if (message.session === this.#session)
                this.#end(message.lost);
            break;
        case "shown":
            this.#onShown(message);
            break;
        case "note":
            this.#note(tab, message);
            break;
        case "wake":
            this.#stream?.wake();
            break;
        case "leave":
            this.#tabs.delete(tab);
            // Nobody sees what a stream would bring; a tab that comes back
            // remembers the session.
            if (this.#tabs.size === 0)
                this.#forget();
            break;
        }
    }

    #hello(tab, session) {
        this.#tabs.add(tab);
        if (this.#session === null && session)
            this.#begin(session);
        else
            tab.post({ session: this.#session, state: this.#state });
        for (const message of this.#kept)
            tab.post(message);
        if (this.#kept.length > 0)
            tab.post({ shown: this.#shown });
    }

    #begin(session) {
        if (session === this.#session)
            return;
        this.#forget();
        this.#session = session;
        this.#broadcast({ session, state: this.#state });
        this.#stream = this.#openStream(session, {
            event: (event) => this.#onEvent(event),
            state: (state) => this.#setState(state),
            lost: () => this.#end(true),
        });
    }

    // "live", "away": the bridge is there, but not ximssd; or "waiting": nobody.
    #setState(state) {
        this.#state = state;
        this.#broadcast({ session: this.#session, state });
    }

    #end(lost) {
        this.#forget();
        this.#broadcast({ session: null, lost, state: this.#state });
    }

    #forget() {
        this.#stream?.stop();
        this.#stream = null;
        this.#session = null;
        this.#state = "waiting";
        this.#kept = [];
        this.#shown = this.#seq;
    }

    // Behind the bridge the session was made anew: what was asked for in the
    // old one, an alertWatch for example, is to be asked for again.
    #onEvent(event) {
        if (event.name === "away") {
            this.#setState("away");
            return;
        }
        if (event.name === "resumed") {
            if (this.#state === "away")
                this.#setState("live");
            this.#broadcast({ resumed: true });
            return;
        }
        this.#seq += 1;
        const message = { event: { ...event, seq: this.#seq } };
        this.#keep(message);
        this.#broadcast(message); // kept or not
        if (event.name === "bye")
            this.#end(true);
    }

    #onShown({ seq, id }) {
        if (this.#stream === null || seq <= this.#shown)
            return;
        this.#shown = seq;
        this.#stream.confirm(id);
        this.#broadcast({ shown: seq });
    }

    #note(from, { note, keep }) {
        if (keep)
            this.#keep({ note });
        for (const tab of this.#tabs)
            if (tab !== from)
                tab.post({ note });
    }

    // Alerts that nobody was shown are kept in any case: a tab that is opened
    // later and does not know them would confirm them with what it shows.  The
    // bridge ends the session before they are too many.
    #keep(message) {
        this.#kept.push(message);
        if (this.#kept.length <= KEPT)
            return;
        const at = this.#kept.findIndex(({ event }) =>
            event?.name !== "alert" || event.seq <= this.#shown);

        if (at >= 0)
            this.#kept.splice(at, 1);
    }

    #broadcast(message) {
        for (const tab of this.#tabs)
            tab.post(message);
    }
}
