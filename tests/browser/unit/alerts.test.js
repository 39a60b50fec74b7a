// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import test from "node:test";
import { AlertList, alertOf }
    from "../../../clients/bridge/pages/alerts.js";

const alert = (id, scope = "server") => ({ id, scope });
const ids = (list) => list.newestFirst().map(({ id }) => id);

function listOf(...numbers) {
    const list = new AlertList();
    for (const id of numbers)
        list.add(alert(id));
    return list;
}

// As much of an element as is asked for.
const fake = (attributes, textContent) => ({
    getAttribute: (name) => attributes[name] ?? null, textContent });

test("an alert of an element", () => {
    assert.deepEqual(alertOf(fake({
        alertID: "17", scope: "domain", target: "a.test", kind: "quota",
        severity: "critical", gmtTime: "20261122T133000Z",
        until: "20261201T060000Z", author: "joe@a.test",
        origin: "::1 ximss", seen: "yes" }, "text\n")), {
        id: 17, scope: "domain", target: "a.test", kind: "quota",
        severity: "critical",
        posted: new Date("2026-11-22T13:30:00Z"),
        until: new Date("2026-12-01T06:00:00Z"),
        author: "joe@a.test", origin: "::1 ximss", seen: true,
        text: "text\n" });
    const plain = alertOf(fake({ alertID: "1", severity: "shouting" }, ""));
    assert.equal(plain.severity, "warning");
    assert.equal(plain.until, null);
    assert.equal(plain.seen, false);
});

test("newest first, each once", () => {
    const list = listOf(2, 10, 9);
    assert.equal(list.add(alert(9)), false);
    assert.deepEqual(ids(list), [10, 9, 2]);
    assert.equal(list.last, 10);
    assert.equal(list.size, 3);
});

test("what was removed does not come back", () => {
    const list = listOf(1, 2);
    assert.equal(list.remove(1), true);
    assert.equal(list.remove(1), false);
    assert.equal(list.add(alert(1)), false);
    // a list that was made before the removal
    assert.deepEqual(list.replace([alert(1), alert(2)], 2), []);
    assert.deepEqual(ids(list), [2]);
    // a removal that is heard of before the alert
    list.remove(7);
    assert.equal(list.add(alert(7)), false);
});

test("a list takes away what it does not have", () => {
    const list = listOf(1, 2, 3);
    assert.deepEqual(list.replace([alert(2), alert(4)], 3).map((a) => a.id),
                     [4]);
    assert.deepEqual(ids(list), [4, 2]);
});

test("but not what has come since it was asked for", () => {
    const list = listOf(1, 2);
    const asked = list.last;
    list.add(alert(3));
    list.replace([alert(2)], asked);
    assert.deepEqual(ids(list), [3, 2]);
});

test("nor what is never listed", () => {
    const list = listOf(1);
    list.add(alert(2, "account"));
    list.replace([], 2, (a) => a.scope === "account");
    assert.deepEqual(ids(list), [2]);
});

test("an empty list", () => {
    const list = new AlertList();
    assert.equal(list.last, 0);
    assert.deepEqual(ids(list), []);
    list.add(alert(1));
    list.remove(1);
    list.clear();
    assert.equal(list.add(alert(1)), true);
});
