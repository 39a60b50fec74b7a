// SPDX-License-Identifier: BSD-2-Clause
import assert from "node:assert/strict";
import { test } from "node:test";
import { Directory } from "../../../clients/bridge/pages/directory.js";
import { asDomain, inLetters } from "../../../clients/bridge/pages/idn.js";
import { authorName, authorPattern, placeName }
    from "../../../clients/bridge/pages/names.js";

test("people read letters, where they are the same label", () => {
    for (const [name, text] of [
        ["example.test", "example.test"],
        ["xn--bcher-kva.test", "bücher.test"],
        ["joe+x@xn--bcher-kva.test", "joe+x@bücher.test"],
        ["a.xn--e1afmkfd.xn--p1ai", "a.пример.рф"],
        ["xn--strae-oqa.test", "straße.test"],
        ["xn--fiqs8s.test", "中国.test"],
        // none, an empty one, a capital letter, a text with a dot or a slash
        ["xn--zzzzzz--.test", "xn--zzzzzz--.test"],
        ["xn--.test", "xn--.test"],
        ["xn--Bcher-kva.test", "xn--Bcher-kva.test"],
        ["xn--a/b-.test", "xn--a/b-.test"],
        // look like "apple", and like "paypal" with one letter of another script
        ["xn--80ak6aa92e.com", "xn--80ak6aa92e.com"],
        ["xn--pypal-4ve.test", "xn--pypal-4ve.test"],
        ["", ""], ["root", "root"],
    ])
        assert.equal(inLetters(name), text);
});

test("what is typed becomes the server's", () => {
    for (const [text, name] of [
        [" Example.TEST ", "example.test"],
        ["BÜCHER.test", "xn--bcher-kva.test"],
        ["bu\u0308cher.test", "xn--bcher-kva.test"],
        ["straße.test", "xn--strae-oqa.test"],
        ["a b.test", "a b.test"], ["", ""],
    ])
        assert.equal(asDomain(text), name);
});

test("authors and places", () => {
    const author = "joe@xn--bcher-kva.test";

    assert.equal(authorName(author), "joe@bücher.test");
    assert.equal(authorPattern("joe@bücher.test"), author);
    assert.equal(authorPattern("joe"), "joe");
    assert.equal(placeName({ scope: "domain", target: "xn--bcher-kva.test" }),
                 "bücher.test");
});

// A server with these names, in their order, by bytes.
function directory(names) {
    const bytes = (text) => new TextEncoder().encode(text);
    const before = (a, b) => Buffer.compare(bytes(a), bytes(b)) < 0;
    const sorted = [...names].sort((a, b) => before(a, b) ? -1 : 1);
    const session = {
        async cli(line) {
            const [, filter, limit, cookie] =
                /FILTER "?([^" ]*)"? (\d+) ACCOUNTS COOKIE "([^"]*)"/u
                    .exec(line);
            const rest = sorted.filter((n) =>
                (cookie === "" || before(cookie, n)) && n.includes(filter));
            const page = rest.slice(0, Number(limit));

            return `(${names.length},{` +
                page.map((n) => `"${n}"=macnt;`).join("") + `},0,0,"${
                    rest.length > page.length ? page.at(-1) : ""}")`;
        },
    };

    return new Directory(session, "a.test");
}

test("accounts that begin with what is typed come first, whatever their letters",
     async () => {
         const some = directory(["jn~joe", "jnäjoe", "joe", "joe~x", "joeä",
                                 "ann.joe", "jörg", "xjörg"]);
         const find = async (text) =>
             (await some.findAccounts("a.test", text, "")).names;

         assert.deepEqual((await find("joe")).slice(0, 3),
                          ["joe", "joe~x", "joeä"]);
         assert.deepEqual((await find("joe")).length, 6);
         for (const text of ["jör", "JÖR", "jo\u0308r", "\uff4aör"])
             assert.deepEqual(await find(text), ["jörg", "xjörg"]);
     });
