// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import { test } from "node:test";
import { pieces } from "../../../clients/bridge/pages/links.js";

// What is a link in it, as it stands there.
const found = (text) => pieces(text).filter((p) => p.href !== undefined)
    .map((p) => p.text);

test("the pieces are the text", () => {
    for (const text of ["", "none", "https://a.test", "a https://a.test b",
        "https://a.test https://b.test", "x\nhttps://a.test/?q=1&r=2#f\n",
        "(https://a.test/x_(y)).", "https://", "https://a.test\u202ehttps://b"])
        assert.equal(pieces(text).map((p) => p.text).join(""), text);
});

test("http and https, whole", () => {
    for (const [text, ...links] of [
        ["See https://a.test.", "https://a.test"],
        ["HTTP://A.test/X", "HTTP://A.test/X"],
        ["(https://a.test/x_(y))", "https://a.test/x_(y)"],
        ["“https://a.test/x”, and https://b.test:8443/?a=[1]&b=2#c!",
            "https://a.test/x", "https://b.test:8443/?a=[1]&b=2#c"],
        ["https://[2001:db8::1]:8080/x]", "https://[2001:db8::1]:8080/x"],
        ["<https://a.test/>", "https://a.test/"],
        ["https://a.test/ü?ß=ß", "https://a.test/ü?ß=ß"],
    ])
        assert.deepEqual(found(text), links, text);
});

test("nothing else", () => {
    for (const text of ["javascript:alert(1)", "data:text/html,x",
        "ftp://a.test", "www.a.test", "mailto:a@a.test", "//a.test",
        "https://", "https:///", "xhttps://a.test", "1http://a.test",
        "https://user@a.test/", "https://bank.test:x@evil.test/",
        "https://bank.test%2f@evil.test", "https://a b", "http://:80/",
        "file:///etc/passwd", "https:\\\\a.test", "https://a.test:99999/"])
        assert.deepEqual(found(text).filter((t) => t !== "https://a"), [],
                         text);
});

test("the host is where it says, or is told", () => {
    for (const [text, marked, host] of [
        ["https://a.test/b.test", "a.test", ""],
        ["https://A.TEST:443?x", "A.TEST:443", ""],
        ["https://a.test\\@evil.test/", "a.test", ""],
        ["https://a.test:8443#x", "a.test:8443", ""],
        ["https://bücher.test/", "bücher.test", "xn--bcher-kva.test"],
        ["https://\u0430pple.test/", "\u0430pple.test",
            "xn--pple-43d.test"],
        ["https://b%61nk.test/", "b%61nk.test", "bank.test"],
        ["http://2130706433/", "2130706433", "127.0.0.1"],
    ]) {
        const [piece] = pieces(text);
        assert.equal(piece.text.slice(piece.start, piece.end), marked, text);
        assert.equal(piece.host, host, text);
    }
});

test("marks of direction end it", () => {
    assert.deepEqual(found("https://a.test/\u202etxt.exe"),
                     ["https://a.test/"]);
    assert.deepEqual(found("https://a.test\u200b.evil.test/"),
                     ["https://a.test"]);
});

test("what is too long is no address", () => {
    const start = "https://a.test/";
    const longest = start + "x".repeat(2000 - start.length);

    assert.deepEqual(found(longest), [longest]);
    assert.deepEqual(found(longest + "x"), []);
    // which would take hours, bracket by bracket
    assert.deepEqual(found(start + ")".repeat(1000000)), []);
});
