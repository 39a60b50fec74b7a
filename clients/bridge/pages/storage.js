// SPDX-License-Identifier: BSD-2-Clause
// Storage as data: what an account uses and may use, as a quota element or the
// CLI tells it, as people read it, and as a meter.
import { parseCli, parseGmt } from "./time.js";

const ASKED = 1000; // accounts at once
const SHOWN = 300;
const PERCENTS = [50, 80, 90, 95, 100]; // where there are more than that

const UNITS = ["KB", "MB", "GB", "TB", "PB", "EB"];

// As alerts say it: powers of 1024, one decimal where there are few digits.
export function sizeText(bytes) {
    let unit = 0;
    let size = bytes / 1024;

    if (bytes < 1024)
        return bytes === 1 ? "1 byte" : `${bytes} bytes`;
    while (size >= 1024 && unit < UNITS.length - 1) {
        size /= 1024;
        unit += 1;
    }
    let tenths = Math.round(size * 10);
    if (tenths >= 10240 && unit < UNITS.length - 1) {
        tenths = 10;
        unit += 1;
    }
    const digits = tenths % 10 === 0 || tenths >= 1000
        ? Math.floor(tenths / 10) : (tenths / 10).toFixed(1);
    return `${digits} ${UNITS[unit]}`;
}

// Of a quota element.  limit and percent are null without a limit, level is 0
// if there are never alerts, reported is null if nothing was.
export function storageOf(element) {
    const get = (name) => element.getAttribute(name);
    const limit = get("limit");

    return {
        used: Number(get("used")),
        limit: limit === null ? null : Number(limit),
        percent: limit === null ? null : Number(get("percent")),
        level: Number(get("level")),
        reported: parseGmt(get("gmtTime")),
    };
}

export const isReached = ({ percent, level }) =>
    percent !== null && level > 0 && percent >= level;

// "" if there is nothing to say.
export function storageText({ used, limit, percent, reported }) {
    if (limit !== null)
        return `${sizeText(used)} of ${sizeText(limit)} used (${percent} %)`;
    return reported === null ? "" : `${sizeText(used)} used`;
}

// Who reported, for people.
export const reporter = (source) =>
    new Map([["admin", "an administrator"], ["dict", "Dovecot"],
             ["doveadm", "Dovecot"], ["warning", "Dovecot"],
             ["maildir", "Maildir"]]).get(source) ?? source;

// Of what the CLI tells (a Map) of an account.
export function storageOfEntry(account, entry) {
    const limit = Number(entry.get("Limit")); // or "unlimited"
    const time = (name) => parseCli(entry.get(name));

    return {
        account,
        used: Number(entry.get("Used")),
        limit: limit > 0 ? limit : null,
        percent: limit > 0 ? Number(entry.get("Percent")) : null,
        level: Number(entry.get("Level")),
        source: entry.get("Source") ?? "",
        reported: time("Reported"),
        alerted: time("Alerted"),
    };
}

// The fullest first, and behind those with a limit the others, the largest
// first: as ximssctl lists them.
export function compare(a, b) {
    const fullness = ({ used, limit }) => limit === null ? -1 : used / limit;

    return fullness(b) - fullness(a) || b.used - a.used ||
        (a.account < b.account ? -1 : 1);
}

// The fullest of those who use so many per cent: {entries, more}, where more is
// "none", "less full", or "any" if others that are not among them may be as
// full.  list(percent, limit) gives some, in the order of names: of very many,
// those with higher per cents are asked for, until they are few enough.
export async function fullest(list, percent) {
    let entries = await list(percent, ASKED);
    let more = entries.length >= ASKED ? "any"
        : entries.length > SHOWN ? "less full" : "none";

    for (const higher of PERCENTS.filter((one) => one > percent)) {
        if (more !== "any")
            break;
        const found = await list(higher, ASKED);
        if (found.length === 0)
            break;
        entries = found;
        more = found.length >= ASKED ? "any" : "less full";
    }
    return { entries: entries.sort(compare).slice(0, SHOWN), more };
}

// Sets a meter element, which has no place for more than all: what is at the
// level is in its middle part, what is full in its last one.
export function setMeter(meter, { percent, level }) {
    meter.max = 100;
    meter.optimum = 0;
    meter.high = 99.5;
    meter.low = level > 0 && level < 100 ? level - .5 : meter.high;
    meter.value = Math.min(percent, 100);
}
