// SPDX-License-Identifier: BSD-2-Clause
// Times of the protocol (YYYYMMDDTHHMMSSZ, always GMT) and times for people,
// in a zone of their choice.

const GMT = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z?$/;
const CLI = /^#T(\d\d)-(\d\d)-(\d{4})_(\d\d):(\d\d):(\d\d)$/;
const WALL = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/;

// null if it is no such time.
export function parseGmt(text) {
    const match = GMT.exec(text ?? "");

    if (match === null)
        return null;
    const [year, month, day, ...clock] = match.slice(1).map(Number);
    return new Date(Date.UTC(year, month - 1, day, ...clock));
}

// The same of the CLI: #TDD-MM-YYYY_HH:MM:SS.
export function parseCli(text) {
    const match = CLI.exec(text ?? "");

    if (match === null)
        return null;
    const [day, month, year, ...clock] = match.slice(1).map(Number);
    return new Date(Date.UTC(year, month - 1, day, ...clock));
}

export function formatGmt(date) {
    return date.toISOString().replace(/[-:]|\.\d+/g, "");
}

export function isZone(name) {
    try {
        return Boolean(name && new Intl.DateTimeFormat("en",
                                                       { timeZone: name }));
    } catch {
        return false;
    }
}

export class Zone {
    // name: undefined is the zone of the browser.
    constructor(name, locale = "en-GB") {
        const make = (options) =>
            new Intl.DateTimeFormat(locale, { timeZone: name, ...options });

        this.name = make().resolvedOptions().timeZone;
        this.#time = make({ hour: "2-digit", minute: "2-digit" });
        this.#day = make({ weekday: "long", day: "numeric", month: "long",
                           year: "numeric" });
        this.#full = make({ dateStyle: "full", timeStyle: "long" });
        this.#short = make({ dateStyle: "medium", timeStyle: "short" });
        // Numbers that do not depend on the locale.
        this.#parts = new Intl.DateTimeFormat("en-US", {
            timeZone: name, hourCycle: "h23", year: "numeric",
            month: "2-digit", day: "2-digit", hour: "2-digit",
            minute: "2-digit", second: "2-digit" });
    }

    #time; #day; #full; #short; #parts;

    time(date) { return this.#time.format(date); }
    full(date) { return this.#full.format(date); }
    short(date) { return this.#short.format(date); }

    // The same text for all times of one day: "2026-11-22".
    dayKey(date) { return this.#wall(date).slice(0, 10); }

    // The day as a heading; now tells which one is today.
    day(date, now = new Date()) {
        const key = this.dayKey(date);
        const yesterday = new Date(Date.parse(this.dayKey(now)) - 86400000);
        const name = key === this.dayKey(now) ? "Today, "
            : key === yesterday.toISOString().slice(0, 10) ? "Yesterday, "
            : "";

        return name + this.#day.format(date);
    }

    // What a clock on the wall shows: "2026-11-22T14:30:00".
    #wall(date) {
        const p = Object.fromEntries(this.#parts.formatToParts(date)
            .map(({ type, value }) => [type, value]));

        return `${p.year.padStart(4, "0")}-${p.month}-${p.day}` +
            `T${p.hour}:${p.minute}:${p.second}`;
    }

    // For an input of type datetime-local.
    wall(date) { return this.#wall(date).slice(0, 16); }

    // When that clock shows this. If it does so twice (it was put back) or
    // never (it was put forward) it is the later moment, as with ximssctl.
    fromWall(text) {
        const match = WALL.exec(text);

        if (match === null)
            return null;
        const [year, month, day, hour, minute] = match.slice(1).map(Number);
        const wanted = Date.UTC(year, month - 1, day, hour, minute);
        const offset = (time) =>
            Date.parse(this.#wall(new Date(time)) + "Z") - time;
        const guesses = [wanted - 86400000, wanted + 86400000]
            .map((near) => wanted - offset(near));
        const right = guesses.filter((guess) =>
            guess + offset(guess) === wanted);

        return new Date(Math.max(...(right.length > 0 ? right : guesses)));
    }
}

// Items that are sorted by time, in groups of one day each: [{key, items}].
export function groupByDay(items, zone, timeOf) {
    const groups = [];

    for (const item of items) {
        const key = zone.dayKey(timeOf(item));
        if (groups.at(-1)?.key !== key)
            groups.push({ key, items: [] });
        groups.at(-1).items.push(item);
    }
    return groups;
}
