// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import test from "node:test";
import { EventParser } from "../../../clients/bridge/pages/sse.js";

const STREAM = "retry: 4321\n: hello\n\nid: 1\nevent: alert\n" +
    "data: <alert>two\ndata: lines</alert>\n\n: heartbeat\n\n" +
    "id: 2\nevent: alertRemoved\ndata: <alertRemoved/>\n\n" +
    "data:  x:y\nid\n\n";
const EVENTS = [
    { name: "alert", id: "1", data: "<alert>two\nlines</alert>" },
    { name: "alertRemoved", id: "2", data: "<alertRemoved/>" },
    { name: "message", id: "", data: " x:y" },
];

for (const [name, end] of [["LF", "\n"], ["CR LF", "\r\n"], ["CR", "\r"]])
    test(`events with ${name}, cut anywhere`, () => {
        const text = STREAM.replaceAll("\n", end) + end;
        for (let cut = 0; cut <= text.length; cut++) {
            const parser = new EventParser();
            const got = [...parser.feed(text.slice(0, cut)),
                         ...parser.feed(text.slice(cut)),
                         // what a CR at the end waits for
                         ...parser.feed(":")];
            assert.deepEqual(got, EVENTS, `cut at ${cut}`);
            assert.equal(parser.retry, 4321);
        }
    });

test("byte by byte", () => {
    const parser = new EventParser();
    assert.deepEqual([...STREAM].flatMap((c) => parser.feed(c)), EVENTS);
});

test("an event is nothing before its blank line, or without data", () => {
    const parser = new EventParser();
    assert.deepEqual(parser.feed("event: alert\ndata: x\n"), []);
    assert.deepEqual(parser.feed("\n"), [{ name: "alert", id: "", data: "x" }]);
    assert.deepEqual(parser.feed("event: alert\nid: 3\n\n"), []);
    assert.deepEqual(parser.feed("data: y\n\n"),
                     [{ name: "message", id: "3", data: "y" }]);
});

test("empty lines of a text survive", () => {
    const [event] = new EventParser()
        .feed("data: a\ndata:\ndata:\ndata: b\n\n");
    assert.equal(event.data, "a\n\n\nb");
});

test("retry must be digits", () => {
    const parser = new EventParser();
    parser.feed("retry: 1e3\nretry: \nretry: -1\n\n");
    assert.equal(parser.retry, null);
});
