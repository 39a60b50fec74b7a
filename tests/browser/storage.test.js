// SPDX-License-Identifier: BSD-2-Clause
// Storage on the pages, against the real servers.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { live, logIn, newBrowser, openTab, setHidden, shoot, shows,
         takeTroubles, user, world } from "./browser.js";

const MINUTE = 60;
const MB = 2 ** 20;

const w = world(async (servers) => {
    await servers.cli("CreateDomain a.test");
    for (const name of ["ann", "bob", "eve", "joe", "kim", "sue", "tim"])
        await servers.account(`${name}@a.test`);
    for (const name of ["ann", "bob", "joe", "kim", "sue"])
        await servers.cli(`UpdateAccountSettings ${name}@a.test ` +
            "{MaxAccountSize=50M;}");
});

afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    assert.deepEqual(takeTroubles(), []);
});

const use = (account, bytes) =>
    w.servers.ctl("quota", "set", account, String(bytes));
const says = (page, text) =>
    page.locator("#storage-text").getByText(text, { exact: true }).waitFor();
const meter = (page) => page.getByRole("meter");
const full = (percent, used) =>
    `Your storage is ${percent}% full: ${used} of 50 MB are used. ` +
    "Please delete what you no longer need.";

// --- the user's page ---

test("one's own use, with a meter, as it changes", async () => {
    const page = await user(w, "joe@a.test");
    await says(page, "0 bytes of 50 MB used (0 %)");
    // opened anew
    await use("joe@a.test", 10 * MB);
    await page.reload();
    await says(page, "10 MB of 50 MB used (20 %)");
    assert.equal(await meter(page).evaluate((m) => m.value), 20);
    assert.equal(await meter(page).getAttribute("aria-labelledby"),
                 "storage-text");
    // a quota alert, and its end
    await use("joe@a.test", 43200000);
    await shows(page, [full(82, "41.2 MB")]);
    await says(page, "41.2 MB of 50 MB used (82 %)");
    assert.deepEqual(await page.locator(".severity").allTextContents(),
                     ["Warning"]);
    await shoot(page, "user-storage");
    await use("joe@a.test", 20 * MB);
    await shows(page, []);
    await says(page, "20 MB of 50 MB used (40 %)");
});

test("nothing is said where nothing is known", async () => {
    const page = await user(w, "tim@a.test");
    await page.getByText("There are no alerts.").waitFor();
    await page.waitForFunction(() => performance.getEntriesByType("resource")
        .filter(({ name }) => name.endsWith("/sync")).length >= 3);
    assert.equal(await page.locator("#storage").isVisible(), false);
    // used, and no limit
    await use("tim@a.test", 43200000);
    await page.reload();
    await says(page, "41.2 MB used");
    assert.equal(await meter(page).count(), 0);
});

test("a quota alert comes once, whatever is reloaded", async () => {
    const page = await user(w, "ann@a.test");
    await use("ann@a.test", 50 * MB);
    await shows(page, [full(100, "50 MB")]);
    assert.deepEqual(await page.locator(".severity").allTextContents(),
                     ["Critical"]);
    const tab = await openTab(page.context());
    await live(tab);
    await shows(tab, [full(100, "50 MB")]);
    for (let i = 0; i < 3; i++) {
        await page.reload();
        await says(page, "50 MB of 50 MB used (100 %)");
        await shows(page, [full(100, "50 MB")]);
    }
    await shows(tab, [full(100, "50 MB")]);
    await use("ann@a.test", 0);
    for (const p of [page, tab]) {
        await shows(p, []);
        await says(p, "0 bytes of 50 MB used (0 %)");
    }
});

test("a quota alert can be dismissed, and newer figures come", async () => {
    const page = await user(w, "bob@a.test");
    await use("bob@a.test", 45 * MB);
    await shows(page, [full(90, "45 MB")]);
    await page.getByRole("button", { name: "Dismiss" }).click();
    await shows(page, []);
    await page.reload();
    await says(page, "45 MB of 50 MB used (90 %)");
    await shows(page, []);
    // the next one takes the place of one that was not, whose removal came
    // while the server had ended the session, idle for so long
    await w.servers.clock(11 * MINUTE);
    await use("bob@a.test", 0);
    await use("bob@a.test", 46 * MB);
    await shows(page, [full(92, "46 MB")]);
    await says(page, "46 MB of 50 MB used (92 %)");
    await w.servers.clock(11 * MINUTE);
    await use("bob@a.test", 0);
    await use("bob@a.test", 47 * MB);
    await shows(page, [full(94, "47 MB")]);
    await w.servers.clock(-22 * MINUTE);
});

test("an alert that ended while the server was away", async () => {
    const page = await user(w, "kim@a.test");
    await use("kim@a.test", 45 * MB);
    await shows(page, [full(90, "45 MB")]);
    await w.servers.killServer();
    await w.servers.startServer();
    await use("kim@a.test", 1 * MB);
    await says(page, "1 MB of 50 MB used (2 %)");
    await shows(page, []);
});

test("it is asked anew every few minutes while somebody looks", async () => {
    const context = await newBrowser(w);
    await context.clock.install();
    const page = await openTab(context);
    await logIn(page, "sue@a.test");
    await says(page, "0 bytes of 50 MB used (0 %)");
    await use("sue@a.test", 1 * MB);
    await page.clock.fastForward(6 * MINUTE * 1000);
    await says(page, "1 MB of 50 MB used (2 %)");
    // not behind one's back; but as soon as one is back
    await setHidden(page, true);
    await use("sue@a.test", 2 * MB);
    let asked = false;
    page.on("request", (request) => {
        asked ||= (request.postData() ?? "").includes("quotaRead");
    });
    await page.clock.fastForward(20 * MINUTE * 1000);
    assert.equal(asked, false);
    await says(page, "1 MB of 50 MB used (2 %)");
    await setHidden(page, false);
    await says(page, "2 MB of 50 MB used (4 %)");
});
