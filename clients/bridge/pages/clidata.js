// SPDX-License-Identifier: BSD-2-Clause
// The data format of the CLI (doc/cli.md, 5), as far as its results go:
// strings, arrays, and dictionaries as Map.

class Reader {
    constructor(text) {
        this.text = text;
        this.at = 0;
    }

    fail() {
        throw new SyntaxError(`malformed CLI data at character ${this.at}`);
    }

    peek() {
        while (/\s/.test(this.text[this.at] ?? ""))
            this.at += 1;
        return this.text[this.at];
    }

    take(char) {
        if (this.peek() !== char)
            return false;
        this.at += 1;
        return true;
    }

    value() {
        if (this.take("("))
            return this.array();
        if (this.take("{"))
            return this.dictionary();
        return this.take('"') ? this.quoted() : this.word();
    }

    array() {
        const values = [];

        if (this.take(")"))
            return values;
        do
            values.push(this.value());
        while (this.take(","));
        return this.take(")") ? values : this.fail();
    }

    dictionary() {
        const map = new Map();

        while (!this.take("}")) {
            const key = this.value();
            if (!this.take("="))
                this.fail();
            map.set(key, this.value());
            if (!this.take(";"))
                this.fail();
        }
        return map;
    }

    // Behind the opening quote.
    quoted() {
        const match = /^((?:[^"\\]|\\\d{3}|\\\D)*)"/
            .exec(this.text.slice(this.at));

        if (match === null)
            this.fail();
        this.at += match[0].length;
        return unescape(match[1]);
    }

    word() {
        const match = /^[^\s"\\(){};=,]+/.exec(this.text.slice(this.at));

        if (match === null)
            this.fail();
        this.at += match[0].length;
        return match[0];
    }
}

function unescape(text) {
    return text.replace(/\\(\d{3}|\D)/g, (_, code) =>
        code === "e" ? "\n"
            : /\d/.test(code) ? String.fromCharCode(Number(code)) : code);
}

export function parseData(text) {
    const reader = new Reader(text);
    const value = reader.value();

    return reader.peek() === undefined ? value : reader.fail();
}

export function quote(text) {
    return `"${text.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\e")}"`;
}
