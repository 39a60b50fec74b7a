// SPDX-License-Identifier: BSD-2-Clause
// Tells of the tests of one file as they end (of the pages' modules, which take
// no time, only of the file), whole of those that failed, and writes how many
// passed and failed to $COUNTS/FILE.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";

const { FILE, COUNTS } = process.env;
const isUnit = FILE.startsWith("unit/");

function line(failed, what, ms) {
    const time = ms === undefined ? "" : ` (${(ms / 1000).toFixed(1)} s)`;

    return `${failed ? "FAILED" : "ok    "}  ${FILE}: ${what}${time}\n`;
}

function why({ error }) {
    return inspect(error?.cause ?? error, { depth: 5 })
        .replaceAll(/^/gm, "        ") + "\n";
}

export default async function* report(source) {
    const n = { passed: 0, failed: 0 };

    for await (const { type, data } of source) {
        if (type !== "test:pass" && type !== "test:fail")
            continue;
        const failed = type === "test:fail";

        n[failed ? "failed" : "passed"] += 1;
        if (failed || !isUnit)
            yield line(failed, data.name, data.details.duration_ms);
        if (failed)
            yield why(data.details);
    }
    if (isUnit)
        yield line(n.failed > 0, `${n.passed + n.failed} tests`);
    writeFileSync(join(COUNTS, FILE.replaceAll("/", "_")),
                  `${n.passed} ${n.failed}\n`);
}
