// SPDX-License-Identifier: BSD-2-Clause
// Requests as XML text.

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;",
                   "\t": "&#9;", "\n": "&#10;", "\r": "&#13;" };

// What XML 1.0 has no way to say, and halves of surrogate pairs.
// eslint-disable-next-line no-control-regex
const IMPOSSIBLE = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u;

export function isXmlText(text) {
    return !IMPOSSIBLE.test(text);
}

export function escapeText(text) {
    return text.replace(/[&<>\r]/g, (c) => ENTITIES[c]);
}

export function escapeAttribute(text) {
    return text.replace(/[&<>"\t\n\r]/g, (c) => ENTITIES[c]);
}

// An element with text in it.  Attributes that are null are left out.
export function element(name, attributes = {}, text = "") {
    const shown = Object.entries(attributes)
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([key, value]) => ` ${key}="${escapeAttribute(String(value))}"`)
        .join("");

    return text === "" ? `<${name}${shown}/>`
        : `<${name}${shown}>${escapeText(text)}</${name}>`;
}
