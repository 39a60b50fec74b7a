// SPDX-License-Identifier: BSD-2-Clause
// What is installed is all that the pages need: each file of theirs, and each
// module that one of them imports.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

const PAGES = new URL("../../../clients/bridge/pages/", import.meta.url);
const read = (name) => readFileSync(new URL(name, PAGES), "utf8");
const listed = [...read("Makefile.inc")
    .matchAll(/^\tclients\/bridge\/pages\/(\S+)/gm)].map(([, name]) => name)
    .sort();

test("each file of the pages is installed", () => {
    assert.deepEqual(listed, readdirSync(PAGES).filter((name) =>
        !["Makefile.inc", "package.json"].includes(name)).sort());
});

test("each address in a page or module is a file", () => {
    const IMPORT = /from "\.\/([^"]+)"|["']\/pages\/([^"']+)["']/g;

    for (const name of listed)
        for (const [, module, file] of read(name).matchAll(IMPORT))
            assert.ok(listed.includes(module ?? file),
                      `${name} needs ${module ?? file}`);
});
