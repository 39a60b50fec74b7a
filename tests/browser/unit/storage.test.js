// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import test from "node:test";
import { compare, fullest, isReached, setMeter, sizeText, storageOf,
         reporter, storageOfEntry, storageText }
    from "../../../clients/bridge/pages/storage.js";

const quota = (attributes) => storageOf({
    getAttribute: (name) => attributes[name] ?? null });

for (const [bytes, text] of [
    [0, "0 bytes"], [1, "1 byte"], [1023, "1023 bytes"], [1024, "1 KB"],
    [1075, "1 KB"], [1076, "1.1 KB"], [1536, "1.5 KB"], [102348, "99.9 KB"],
    [102400, "100 KB"], [102500, "100 KB"], [1048575, "1 MB"],
    [43200000, "41.2 MB"], [52428800, "50 MB"], [1073741823, "1 GB"],
    [2199023255552, "2 TB"], [2 ** 64 - 1, "16 EB"]])
    test(`${bytes} bytes`, () => assert.equal(sizeText(bytes), text));

test("a quota element", () => {
    const full = quota({ used: "43200000", limit: "52428800", percent: "82",
                         level: "80", gmtTime: "20261122T133000Z" });
    assert.deepEqual(full, { used: 43200000, limit: 52428800, percent: 82,
                             level: 80,
                             reported: new Date("2026-11-22T13:30:00Z") });
    assert.equal(storageText(full), "41.2 MB of 50 MB used (82 %)");
    const unlimited = quota({ used: "43200000", level: "80",
                              gmtTime: "20261122T133000Z" });
    assert.equal(unlimited.limit, null);
    assert.equal(storageText(unlimited), "41.2 MB used");
    assert.equal(storageText(quota({ used: "0", level: "80" })), "");
    assert.equal(storageText(quota({ used: "0", limit: "100", percent: "0",
                                     level: "80" })),
                 "0 bytes of 100 bytes used (0 %)");
});

test("a meter, and whether the level is reached", () => {
    const part = ({ value, low, high }) =>
        value <= low ? "fine" : value <= high ? "level" : "full";
    for (const [percent, level, expected, reached] of [
        [0, 80, "fine", false], [79, 80, "fine", false],
        [80, 80, "level", true], [99, 80, "level", true],
        [100, 80, "full", true], [5120000, 80, "full", true],
        [99, 0, "fine", false], [100, 0, "full", false],
        [99, 100, "fine", false], [100, 100, "full", true],
        [120, 150, "full", false], [150, 150, "full", true],
        [1, 1, "level", true], [0, 1, "fine", false],
        [null, 80, "fine", false]]) {
        const meter = {};
        const what = `${percent} %, level ${level}`;
        assert.equal(isReached({ percent, level }), reached, what);
        if (percent === null)
            continue;
        setMeter(meter, { percent, level });
        assert.equal(part(meter), expected, what);
        assert.ok(meter.value <= meter.max && meter.high >= meter.low);
    }
});

test("an entry of the CLI", () => {
    assert.deepEqual(storageOfEntry("joe@a.test", new Map([
        ["Used", "43200000"], ["Limit", "52428800"], ["Percent", "82"],
        ["Level", "80"], ["Reached", "YES"], ["Source", "admin"],
        ["Reported", "#T22-11-2026_13:30:00"],
        ["Alerted", "#T22-11-2026_13:31:00"]])), {
        account: "joe@a.test", used: 43200000, limit: 52428800, percent: 82,
        level: 80, source: "admin",
        reported: new Date("2026-11-22T13:30:00Z"),
        alerted: new Date("2026-11-22T13:31:00Z") });
    const unlimited = storageOfEntry("a", new Map([
        ["Used", "0"], ["Limit", "unlimited"], ["Level", "0"],
        ["Reached", "NO"]]));
    assert.deepEqual(unlimited, { account: "a", used: 0, limit: null,
                                  percent: null, level: 0, source: "",
                                  reported: null, alerted: null });
});

test("who reported, for people", () => {
    for (const [source, expected] of [
        ["dict", "Dovecot"], ["doveadm", "Dovecot"], ["warning", "Dovecot"],
        ["maildir", "Maildir"], ["admin", "an administrator"],
        ["later", "later"]])
        assert.equal(reporter(source), expected);
});

test("the fullest come first", () => {
    const inOrder = [
        ["over", 300, 100], ["ann", 8201, 10000], ["joe", 8200, 10000],
        ["large", 20, 100], ["small", 10, 50], ["small2", 10, 50],
        ["empty", 0, 100], ["much", 1000, null], ["none", 0, null],
    ].map(([account, used, limit]) => ({ account, used, limit }));
    const mixed = inOrder.map((_, i) => inOrder[(i * 4 + 3) % 9]);
    assert.deepEqual(mixed.sort(compare), inOrder);
});

// A server with accounts that use so many per cent each, in this order.
function server(...groups) {
    const all = groups.flatMap(([count, percent]) =>
        Array.from({ length: count }, (_, i) => ({
            account: `${percent}-${i}`, used: percent, limit: 100 })));
    const asked = [];

    return { asked, list: async (percent, limit) => {
        asked.push(percent);
        return all.filter(({ used }) => used >= percent).slice(0, limit);
    } };
}

test("few, many, and very many accounts", async () => {
    for (const [groups, percent, expected] of [
        [[], 80, [[80], 0, "none", undefined]],
        [[[300, 82]], 80, [[80], 300, "none", 82]],
        [[[299, 82], [2, 99]], 80, [[80], 300, "less full", 99]],
        // more than can be had at once: those above
        [[[2000, 10], [20, 60], [1, 90]], 0, [[0, 50], 21, "less full", 90]],
        [[[2000, 60], [999, 82]], 0, [[0, 50, 80], 300, "less full", 82]],
        [[[2000, 85], [400, 120]], 80, [[80, 90], 300, "less full", 120]],
        // all alike: some of them
        [[[2000, 10]], 0, [[0, 50], 300, "any", 10]],
        [[[2000, 120]], 100, [[100], 300, "any", 120]],
        [[[2000, 97]], 90, [[90, 95, 100], 300, "any", 97]]]) {
        const { asked, list } = server(...groups);
        const { entries, more } = await fullest(
            async (p, limit) => {
                assert.equal(limit, 1000);
                return list(p, limit);
            }, percent);
        const [levels, length, expectedMore, first] = expected;
        assert.deepEqual([asked, entries.length, more, entries[0]?.used],
                         [levels, length, expectedMore, first]);
    }
});
