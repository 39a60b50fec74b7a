// SPDX-License-Identifier: BSD-2-Clause
// Domains of other letters: programs, and so the server, have their A-labels
// (xn--bcher-kva.test), people read and write bücher.test.

// RFC 3492; null: it is none.
function decodeLabel(text) {
    const basic = text.lastIndexOf("-");
    const out = Array.from(basic > 0 ? text.slice(0, basic) : "");
    let n = 128, i = 0, bias = 72;

    for (let at = basic + 1; at < text.length;) {
        const before = i;

        for (let weight = 1, k = 36; ; k += 36) {
            const digit = "abcdefghijklmnopqrstuvwxyz0123456789"
                .indexOf(text[at++] ?? " ");
            const least = Math.min(26, Math.max(1, k - bias));

            i += digit * weight;
            if (digit < 0 || i > 0x7fffffff)
                return null;
            if (digit < least)
                break;
            weight *= 36 - least;
        }
        bias = adapted(i - before, out.length + 1, before === 0);
        n += Math.floor(i / (out.length + 1));
        i %= out.length + 1;
        if (n > 0x10ffff)
            return null;
        out.splice(i++, 0, String.fromCodePoint(n));
    }
    return out.join("");
}

function adapted(delta, n, first) {
    let d = Math.floor(delta / (first ? 700 : 2)), k = 0;

    for (d += Math.floor(d / n); d > 455; k += 36)
        d = Math.floor(d / 35);
    return k + Math.floor(36 * d / (d + 38));
}

// What the browser makes of it; null: no domain.
function asciiLabel(text) {
    try {
        return new URL(`http://${text}.test/`).hostname.slice(0, -5);
    } catch {
        return null;
    }
}

const LATIN = /\p{Script=Latin}/u;
// Scripts that are not written together with Latin.
const APART = new RegExp("(?!\\p{Script=Latin}|\\p{Script=Han}|" +
    "\\p{Script=Hiragana}|\\p{Script=Katakana}|\\p{Script=Bopomofo}|" +
    "\\p{Script=Hangul}|\\p{Script=Common}|\\p{Script=Inherited})\\p{L}", "u");
// Cyrillic, Greek and Armenian letters that look like Latin ones.
const TWINS = /^[^\p{L}]*(?:[аеорсухѕіјѵүһӏԁԛԝαικνορυχզհոսցօ][^\p{L}]*)+$/u;

// Whether the server would refuse a new domain of it for looking like another
// (util/name_alike.c, which knows more).
function looksLikeAnother(text) {
    return (LATIN.test(text) && APART.test(text)) || TWINS.test(text);
}

// Letters only where the browser takes them for the same label, and nobody for
// another's.
function shownLabel(label) {
    if (!label.startsWith("xn--"))
        return label;
    const text = decodeLabel(label.slice(4));

    return text !== null && !/[./?#@:\\%]/.test(text) &&
        !looksLikeAnother(text) && asciiLabel(text) === label ? text : label;
}

// "domain" or "name@domain", for people.
export function inLetters(name) {
    const at = name.lastIndexOf("@") + 1;

    return name.slice(0, at) +
        name.slice(at).split(".").map(shownLabel).join(".");
}

// What people typed, as the server has it.
export function asDomain(typed) {
    const text = typed.trim();
    const labels = text.split(".").map((label) =>
        /^[\0-\x7f]*$/.test(label) ? label.toLowerCase()
            : asciiLabel(label) ?? label);

    return labels.join(".");
}
