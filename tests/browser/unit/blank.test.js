// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { isBlank } from "../../../clients/bridge/pages/blank.js";

// The unit test of ximssd's table reads them, too.
const BLANKS = readFileSync(new URL("../../data/blanks", import.meta.url),
                            "utf8")
    .split("\n").filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(" ").map((code) => parseInt(code, 16)));

test("each character is as ximssd has it", () => {
    const blank = new Set();

    assert.ok(BLANKS.length > 20);
    for (const [first, last] of BLANKS)
        for (let code = first; code <= last; code++)
            blank.add(code);
    for (let code = 0; code <= 0x10ffff; code++) {
        const text = String.fromCodePoint(code);

        if (isBlank(text) !== (blank.has(code) || /^\p{M}$/u.test(text)))
            assert.fail(`U+${code.toString(16)}`);
    }
});

test("texts", () => {
    for (const text of ["", " \n", "\u00a0\u3000", "\u2800\u3164", " \u0301",
                        "\u202e\u2066", "\u{e0061}\ufe0f"])
        assert.ok(isBlank(text), JSON.stringify(text));
    for (const text of ["a", "\u202ea", "e\u0301", "\u{1f3f4}\u{e0067}", "."])
        assert.ok(!isBlank(text), JSON.stringify(text));
});
