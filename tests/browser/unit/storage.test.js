// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import test from "node:test";
import { isReached, setMeter, sizeText, storageOf, storageText }
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
