// SPDX-License-Identifier: BSD-2-Clause
// Addresses in a text: http and https alone, and only those that say where they
// lead.

// Up to what no address has in it.  Marks that change the direction of writing,
// or show nothing, end it.
const CANDIDATE = /https?:\/\/[^\s<>"\p{Cc}\p{Cf}\p{Zs}]+/giu;
const LAST = /[.,;:!?'*_~…»”’]$/u;
const LONGEST = 2000; // characters of an address
const PAIRS = { ")": "(", "]": "[", "}": "{" };

const count = (text, char) => text.split(char).length - 1;

// What belongs to the sentence around it is not part of it.
function trimmed(text) {
    for (;;) {
        const last = text.at(-1);
        const opened = PAIRS[last];

        if (LAST.test(text) ||
            opened && count(text, last) > count(text, opened))
            text = text.slice(0, -last.length);
        else
            return text;
    }
}

// Null if it is none, or a name stands before the host as if it were one.
function parsed(text) {
    try {
        const url = new URL(text);

        return /^https?:$/.test(url.protocol) && url.hostname !== "" &&
            url.username === "" && url.password === "" ? url : null;
    } catch {
        return null;
    }
}

function link(text) {
    const url = parsed(text);

    if (url === null)
        return null;
    const start = text.indexOf("//") + 2;
    const rest = text.slice(start).search(/[/\\?#]/);
    const end = rest < 0 ? text.length : start + rest;
    const typed = text.slice(start, end).toLowerCase();
    const isPlain = [url.host, `${url.hostname}:80`, `${url.hostname}:443`]
        .includes(typed);

    return { text, href: url.href, start, end,
             host: isPlain ? "" : url.host };
}

// The text in pieces, in order: {text}, and for an address {text, href, start,
// end, host} with the place of its host, and where it really leads if that is
// written in another way.
export function pieces(text) {
    const found = [];
    let at = 0;

    for (const match of text.matchAll(CANDIDATE)) {
        const before = text.slice(0, match.index);
        const one = match[0].length > LONGEST ||
            /[\p{L}\p{N}]$/u.test(before.slice(-2)) ? null
            : link(trimmed(match[0]));

        if (one === null)
            continue;
        if (match.index > at)
            found.push({ text: text.slice(at, match.index) });
        found.push(one);
        at = match.index + one.text.length;
    }
    if (at < text.length || found.length === 0)
        found.push({ text: text.slice(at) });
    return found;
}
