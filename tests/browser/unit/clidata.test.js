// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import test from "node:test";
import { parseData, quote }
    from "../../../clients/bridge/pages/clidata.js";

const GOOD = [
    ["word", "word"],
    ["\"\"", ""],
    ["\"a \\\"b\\\" \\\\ c\\ed\\009e\"", "a \"b\" \\ c\nd\te"],
    ["()", []],
    ["{}", new Map()],
    ["(a.test,b.test)", ["a.test", "b.test"]],
    [" ( a , \"All Domains\" ) ", ["a", "All Domains"]],
    ["{joe=macnt;\"x y\"=\"1;2\";}", new Map([["joe", "macnt"],
                                             ["x y", "1;2"]])],
    ["(3,{joe=macnt;sue=macnt;},0,0,sue)",
     ["3", new Map([["joe", "macnt"], ["sue", "macnt"]]), "0", "0", "sue"]],
    ["(0,{},0,0,\"\")", ["0", new Map(), "0", "0", ""]],
    ["(((a)),{b=({c=d;});})",
     [[["a"]], new Map([["b", [new Map([["c", "d"]])]]])]],
    ["#T22-11-2026_13:50:50", "#T22-11-2026_13:50:50"],
];

for (const [text, value] of GOOD)
    test(`parse ${text}`, () => assert.deepEqual(parseData(text), value));

for (const text of ["", " ", "(", "(a", "(a,)", "(a b)", "{a}", "{a=b}",
                    "{a=b;", "\"a", "\"a\\\"", "a b", ")", "a)"])
    test(`refuse ${JSON.stringify(text)}`, () =>
        assert.throws(() => parseData(text), SyntaxError));

test("quote", () => {
    for (const text of ["", "joe", "a \"b\" \\ c\nd", "\\e", "(x){y=z;}"])
        assert.equal(parseData(quote(text)), text);
    assert.equal(quote("a\"\\\n"), "\"a\\\"\\\\\\e\"");
});
