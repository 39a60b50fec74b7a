// SPDX-License-Identifier: BSD-2-Clause
// What places, audiences and authors are called on the administrators' pages.
import { asDomain, inLetters } from "./idn.js";

const number = new Intl.NumberFormat("en-GB");

export const format = (n) => number.format(n);

export const count = (n, one, many = `${one}s`) =>
    `${format(n)} ${n === 1 ? one : many}`;

// place: {scope, target}
export function placeName({ scope, target }) {
    return scope === "server" ? "the whole server" : inLetters(target);
}

// Whom a post reaches: for the button.  accounts: null if nobody knows.
export function postLabel(place, accounts) {
    if (accounts === null || place.scope === "account")
        return `Post to ${placeName(place)}`;
    return place.scope === "server"
        ? `Post to all ${count(accounts, "account")}`
        : `Post to ${count(accounts, "account")} of ${inLetters(place.target)}`;
}

// The server calls who came by its UNIX socket local:UID.
const ROOT = "root on this machine";
const ROOT_ID = "local:0";

export function authorName(author) {
    const [, id] = /^local:(\d+)$/.exec(author) ?? [];

    return author === ROOT_ID ? ROOT
        : id !== undefined ? `user ${id} on this machine`
            : inLetters(author ?? "");
}

// What the server is to look for when this was typed.
export function authorPattern(typed) {
    const text = typed.trim();
    const [, id] = /^user (\d+) on this machine$/i.exec(text) ?? [];

    return text.toLowerCase() === ROOT ? ROOT_ID
        : id !== undefined ? `local:${id}`
            : text.replace(/(?<=@).*/, asDomain);
}
