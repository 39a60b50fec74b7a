// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import test from "node:test";
import { element, isXmlText } from "../../../clients/bridge/pages/xml.js";

const CASES = [
    [["noop", { id: 1 }], '<noop id="1"/>'],
    [["alertPost", { id: "1", scope: "server", until: null, key: undefined },
      "a < b & c > d \"e\" 'f'"],
     '<alertPost id="1" scope="server">a &lt; b &amp; c &gt; d "e" \'f\'' +
     "</alertPost>"],
    [["x", { a: "\"<&>\t\n\r" }],
     '<x a="&quot;&lt;&amp;&gt;&#9;&#10;&#13;"/>'],
    [["x", {}, "tab\tand\nline\r\n ]]>"],
     "<x>tab\tand\nline&#13;\n ]]&gt;</x>"],
    [["x", {}, "щит 🛡"], "<x>щит 🛡</x>"],
];

for (const [args, expected] of CASES)
    test(`element ${JSON.stringify(args)}`, () => {
        assert.equal(element(...args), expected);
    });

test("what XML cannot carry", () => {
    for (const text of ["", "a\tb\nc\rd", "\u007f", "🛡", "\ufffd"])
        assert.equal(isXmlText(text), true, JSON.stringify(text));
    for (const text of ["\0", "\x01", "\x0b", "\x1f", "a\ufffe", "\uffff",
                        "\ud83d", "x\udee1y"])
        assert.equal(isXmlText(text), false, JSON.stringify(text));
});
