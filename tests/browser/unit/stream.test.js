// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import test from "node:test";
import { Stream } from "../../../clients/bridge/pages/stream.js";

// A server that hands over each request, and a stream that reads from it.
async function world(t) {
    const waiting = [];
    const wanted = [];
    const server = createServer((request, reply) => {
        const next = wanted.shift();
        next ? next({ request, reply }) : waiting.push({ request, reply });
    });
    const log = [];
    const next = () => waiting.length > 0 ? Promise.resolve(waiting.shift())
        : new Promise((resolve) => wanted.push(resolve));

    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const base = `http://127.0.0.1:${server.address().port}`;
    const real = globalThis.fetch;
    globalThis.fetch = (url, options) => real(base + url, options);
    let changed = () => {};
    const note = (...what) => {
        log.push(what);
        changed();
    };
    const stream = new Stream("1-a/b", {
        event: (event) => note("event", event),
        state: (state) => note("state", state),
        lost: () => note("lost"),
    });
    t.after(() => {
        stream.stop();
        globalThis.fetch = real;
        server.closeAllConnections();
        server.close();
    });
    const logged = async (n) => {
        while (log.length < n)
            await new Promise((resolve) => { changed = resolve; });
        return log;
    };
    return { stream, next, logged };
}

function open(reply, text = "") {
    reply.writeHead(200, { "Content-Type": "text/event-stream" });
    reply.write("retry: 5\n: hello\n\n" + text);
}

test("comes back from what was confirmed, and from nothing else", async (t) => {
    const { stream, next, logged } = await world(t);
    const first = await next();
    assert.equal(first.request.url, "/Session/1-a%2Fb/events");
    assert.equal(first.request.headers["last-event-id"], undefined);
    open(first.reply, "id: 1\nevent: alert\ndata: <a>\xe4</a>\n\n" +
        "id: 2\nevent: alert\ndata: b\n\n");
    assert.deepEqual((await logged(3)).slice(1), [
        ["event", { name: "alert", id: "1", data: "<a>\xe4</a>" }],
        ["event", { name: "alert", id: "2", data: "b" }]]);
    first.reply.destroy();
    const second = await next();
    assert.equal(second.request.headers["last-event-id"], undefined);
    open(second.reply);
    await logged(5);
    stream.confirm("1");
    const ack = await next();
    assert.equal(ack.request.method, "POST");
    assert.equal(ack.request.url, "/Session/1-a%2Fb/ack?ackEvent=1");
    ack.reply.end();
    second.reply.destroy();
    const third = await next();
    assert.equal(third.request.headers["last-event-id"], "1");
    open(third.reply);
    assert.deepEqual((await logged(7)).filter(([what]) => what === "state")
        .map(([, state]) => state),
        ["live", "waiting", "live", "waiting", "live"]);
});

test("550 ends it", async (t) => {
    const { next, logged } = await world(t);
    const { reply } = await next();
    reply.writeHead(550, "Session not found");
    reply.end("gone");
    assert.deepEqual(await logged(1), [["lost"]]);
});

test("other refusals do not, and waking ends the pause", async (t) => {
    const { stream, next, logged } = await world(t);
    for (const status of [503, 404, 200]) {
        const { request, reply } = await next();
        assert.equal(request.url, "/Session/1-a%2Fb/events");
        reply.writeHead(status);
        reply.end();
        await logged(status === 503 ? 1 : status === 404 ? 2 : 4);
        // The pause begins behind the news of it.
        setImmediate(() => stream.wake());
    }
    open((await next()).reply);
    assert.equal((await logged(5)).at(-1)[1], "live");
});

test("after stop nothing is heard", async (t) => {
    const { stream, next, logged } = await world(t);
    const { request, reply } = await next();
    open(reply);
    await logged(1);
    const closed = once(request.socket, "close");
    stream.stop();
    await closed;
    assert.deepEqual(await logged(1), [["state", "live"]]);
});
