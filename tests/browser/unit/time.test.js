// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Zone, formatGmt, groupByDay, isZone, parseCli, parseGmt }
    from "../../../clients/bridge/pages/time.js";

const at = (text) => new Date(text);

test("times of the protocol", () => {
    assert.deepEqual(parseGmt("20261122T133000Z"), at("2026-11-22T13:30:00Z"));
    assert.deepEqual(parseGmt("20261122T133000"), at("2026-11-22T13:30:00Z"));
    for (const text of [null, undefined, "", "2026-11-22", "20261122T1330Z"])
        assert.equal(parseGmt(text), null);
    assert.equal(formatGmt(at("2026-11-22T13:30:05.678Z")),
                 "20261122T133005Z");
});

test("times of the CLI", () => {
    assert.deepEqual(parseCli("#T22-11-2026_13:30:05"),
                     at("2026-11-22T13:30:05Z"));
    for (const text of [undefined, "", "22-11-2026_13:30:05",
                        "#T22-11-2026"])
        assert.equal(parseCli(text), null);
});

test("zones that there are", () => {
    assert.equal(isZone("Europe/Berlin"), true);
    for (const name of ["", undefined, null, "Mars/Olympus"])
        assert.equal(isZone(name), false);
});

test("a day is the zone's, not Greenwich's", () => {
    const late = at("2026-11-22T23:30:00Z");
    assert.equal(new Zone("UTC").dayKey(late), "2026-11-22");
    assert.equal(new Zone("Europe/Berlin").dayKey(late), "2026-11-23");
    assert.equal(new Zone("America/New_York").dayKey(late), "2026-11-22");
    assert.equal(new Zone("Europe/Berlin").time(late), "00:30");
});

test("headings", () => {
    const zone = new Zone("Europe/Berlin");
    const now = at("2026-11-23T00:10:00Z");
    assert.match(zone.day(at("2026-11-22T23:30:00Z"), now),
                 /^Today, Monday,? 23 November 2026$/);
    assert.match(zone.day(at("2026-11-22T22:30:00Z"), now),
                 /^Yesterday, Sunday,? 22 November 2026$/);
    assert.match(zone.day(at("2026-11-20T12:00:00Z"), now),
                 /^Friday,? 20 November 2026$/);
    // the first of March, and of January
    assert.match(zone.day(at("2028-02-29T12:00:00Z"),
                          at("2028-03-01T12:00:00Z")), /^Yesterday/);
    assert.match(zone.day(at("2026-12-31T12:00:00Z"),
                          at("2027-01-01T12:00:00Z")), /^Yesterday/);
});

// wall time, zone, UTC; the unit test of ximssctl reads them, too
const WALLS = readFileSync(new URL("../../data/walls", import.meta.url), "utf8")
    .split("\n").filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(" "));

test("there are walls", () => assert.ok(WALLS.length > 30));

for (const [wall, name, gmt] of WALLS)
    test(`${wall} in ${name}`, () => {
        assert.deepEqual(new Zone(name).fromWall(wall), at(gmt));
    });

test("to the wall and back, round the year", () => {
    for (const name of ["Europe/Berlin", "America/St_Johns",
                        "Australia/Lord_Howe", "UTC"]) {
        const zone = new Zone(name);
        for (let day = 0; day < 366; day++) {
            const date = new Date(Date.UTC(2026, 0, 1 + day, 12, 0));
            assert.deepEqual(zone.fromWall(zone.wall(date)), date);
        }
    }
    assert.equal(new Zone("UTC").fromWall("nonsense"), null);
});

test("groups of a day", () => {
    const zone = new Zone("Europe/Berlin");
    const times = ["2026-11-22T23:30:00Z", "2026-11-22T22:59:00Z",
                   "2026-11-22T10:00:00Z"].map(at);
    assert.deepEqual(groupByDay(times, zone, (t) => t), [
        { key: "2026-11-23", items: [times[0]] },
        { key: "2026-11-22", items: [times[1], times[2]] },
    ]);
    assert.deepEqual(groupByDay([], zone, (t) => t), []);
});
