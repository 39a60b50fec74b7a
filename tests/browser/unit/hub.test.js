// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import test from "node:test";
import { Hub } from "../../../clients/bridge/pages/hub.js";

// A hub with streams and tabs that only write down what happens.
function world() {
    const streams = [];
    const hub = new Hub((session, on) => {
        const stream = { session, on, confirmed: [], stopped: false, woken: 0,
                         confirm: (id) => stream.confirmed.push(id),
                         stop: () => { stream.stopped = true; },
                         wake: () => { stream.woken += 1; } };
        streams.push(stream);
        return stream;
    });
    const tab = (session = null) => {
        const t = { got: [], post: (message) => t.got.push(message),
                    say: (message) => hub.receive(t, message),
                    take: () => t.got.splice(0) };
        t.say({ do: "hello", session });
        return t;
    };
    return { streams, tab };
}

const EVENT = { name: "alert", id: "e5", data: "<alert/>" };

test("one stream for all tabs", () => {
    const { streams, tab } = world();
    const a = tab();
    assert.deepEqual(a.take(), [{ session: null, state: "waiting" }]);
    a.say({ do: "begin", session: "S1" });
    assert.deepEqual(a.take(), [{ session: "S1", state: "waiting" }]);
    const b = tab();
    const c = tab("S1");
    assert.deepEqual(b.take(), [{ session: "S1", state: "waiting" }]);
    assert.equal(streams.length, 1);
    streams[0].on.state("live");
    streams[0].on.event(EVENT);
    for (const t of [a, b])
        assert.deepEqual(t.take(), [
            { session: "S1", state: "live" },
            { event: { ...EVENT, seq: 1 } }]);
    assert.equal(c.take().length, 3);
});

test("a tab that reloads brings the session back", () => {
    const { streams, tab } = world();
    const a = tab("S1");
    assert.equal(streams[0].session, "S1");
    assert.deepEqual(a.take(), [{ session: "S1", state: "waiting" }]);
});

test("without tabs there is no stream", () => {
    const { streams, tab } = world();
    const a = tab("S1");
    const b = tab();
    streams[0].on.event(EVENT);
    a.say({ do: "leave" });
    assert.equal(streams[0].stopped, false);
    b.say({ do: "leave" });
    assert.equal(streams[0].stopped, true);
    // the first to come back begins anew, with nothing that was before
    assert.deepEqual(tab("S1").take(), [{ session: "S1", state: "waiting" }]);
    assert.equal(streams.length, 2);
});

test("the session that is open counts, not the one a tab remembers", () => {
    const { streams, tab } = world();
    tab("S1");
    const b = tab("S0");
    assert.deepEqual(b.take(), [{ session: "S1", state: "waiting" }]);
    assert.equal(streams.length, 1);
});

test("a later tab is told what came before", () => {
    const { streams, tab } = world();
    const a = tab("S1");
    streams[0].on.event(EVENT);
    a.say({ do: "note", note: { dismissed: [1] }, keep: true });
    a.say({ do: "note", note: { unwatched: 1 } });
    a.say({ do: "shown", seq: 1, id: "e5" });
    assert.deepEqual(tab().take().slice(1), [
        { event: { ...EVENT, seq: 1 } },
        { note: { dismissed: [1] } },
        { shown: 1 }]);
});

test("what is remembered has an end", () => {
    const { streams, tab } = world();
    tab("S1");
    for (let i = 0; i < 5000; i++)
        streams[0].on.event({ ...EVENT, name: "alertReport" });
    const got = tab().take();
    assert.equal(got.length, 1 + 1000 + 1);
    assert.equal(got.at(-2).event.seq, 5000);
});

test("alerts that nobody was shown are remembered all the same", () => {
    const { streams, tab } = world();
    const a = tab("S1");
    const alerts = () => tab().take().filter(({ event }) =>
        event?.name === "alert").map(({ event }) => event.seq);
    for (let i = 0; i < 3; i++)
        streams[0].on.event(EVENT);
    a.say({ do: "shown", seq: 1, id: "e5" });
    for (let i = 0; i < 2000; i++)
        streams[0].on.event({ ...EVENT, name: "alertReport" });
    assert.deepEqual(alerts(), [2, 3]);
    for (let i = 0; i < 1500; i++)
        streams[0].on.event(EVENT);
    assert.equal(alerts().length, 1502);
    a.say({ do: "shown", seq: 3503, id: "e5" });
    streams[0].on.event(EVENT);
    assert.deepEqual(alerts().slice(0, 1), [3]);
});

test("shown is confirmed once, and only forwards", () => {
    const { streams, tab } = world();
    const a = tab("S1");
    const b = tab();
    for (let i = 0; i < 3; i++)
        streams[0].on.event({ ...EVENT, id: `e${i + 1}` });
    b.take();
    a.say({ do: "shown", seq: 2, id: "e2" });
    a.say({ do: "shown", seq: 2, id: "e2" });
    b.say({ do: "shown", seq: 1, id: "e1" });
    b.say({ do: "shown", seq: 3, id: "e3" });
    assert.deepEqual(streams[0].confirmed, ["e2", "e3"]);
    assert.deepEqual(b.take(), [{ shown: 2 }, { shown: 3 }]);
});

test("notes go to the others", () => {
    const { tab } = world();
    const a = tab("S1");
    const b = tab();
    a.take();
    b.take();
    a.say({ do: "note", note: "x" });
    assert.deepEqual(a.take(), []);
    assert.deepEqual(b.take(), [{ note: "x" }]);
});

test("log-out ends it for all tabs", () => {
    const { streams, tab } = world();
    const a = tab("S1");
    const b = tab();
    streams[0].on.event(EVENT);
    b.take();
    a.say({ do: "end", session: "S1", lost: false });
    assert.equal(streams[0].stopped, true);
    assert.deepEqual(b.take(), [{ session: null, lost: false,
                                  state: "waiting" }]);
    assert.deepEqual(tab().take(), [{ session: null, state: "waiting" }]);
});

test("what a tab says of an older session has no effect", () => {
    const { streams, tab } = world();
    const a = tab("S1");
    a.say({ do: "begin", session: "S2" });
    a.say({ do: "end", session: "S1", lost: true });
    assert.equal(streams[0].stopped, true);
    assert.equal(streams[1].stopped, false);
    assert.equal(streams[1].session, "S2");
});

test("a lost session, and the server's bye", () => {
    for (const end of [(on) => on.lost(),
                       (on) => on.event({ name: "bye", id: "9",
                                          data: "<bye/>" })]) {
        const { streams, tab } = world();
        const a = tab("S1");
        end(streams[0].on);
        assert.deepEqual(a.take().at(-1), { session: null, lost: true,
                                            state: "waiting" });
        assert.equal(streams[0].stopped, true);
    }
});

test("a session that was resumed is no event", () => {
    const { streams, tab } = world();
    const a = tab("S1");
    a.take();
    streams[0].on.event({ name: "resumed", id: "5", data: "<resumed/>" });
    assert.deepEqual(a.take(), [{ resumed: true }]);
    streams[0].on.event(EVENT);
    assert.equal(a.take()[0].event.seq, 1);
});

test("tabs that close are not told any more", () => {
    const { streams, tab } = world();
    const a = tab("S1");
    const b = tab();
    b.take();
    b.say({ do: "leave" });
    streams[0].on.event(EVENT);
    a.say({ do: "wake" });
    assert.deepEqual(b.take(), []);
    assert.equal(streams[0].woken, 1);
});

test("behind a thousand alerts that nobody saw, all else is told", () => {
    const { streams, tab } = world();
    const a = tab("S1");
    for (let i = 0; i < 1500; i++)
        streams[0].on.event(EVENT);
    a.take();
    const report = { name: "alertReport", id: "r", data: "<alertReport/>" };
    streams[0].on.event(report);
    assert.deepEqual(a.take(), [{ event: { ...report, seq: 1501 } }]);
    // a tab that comes later has the alerts
    assert.equal(tab().take().filter(({ event }) => event?.name === "alert")
        .length, 1500);
});
