// SPDX-License-Identifier: BSD-2-Clause
// Staying logged in.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { fillLogin, live, newBrowser, openTab, takeTroubles,
         world } from "./browser.js";

const w = world(async (servers) => {
    await servers.cli("CreateDomain a.test");
    await servers.account("joe@a.test");
});

afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    assert.deepEqual(takeTroubles(), []);
});

async function inside(page) {
    await page.locator("#inside").waitFor();
    await live(page);
}

async function stay(context) {
    const page = await openTab(context);

    await page.locator("#login").waitFor();
    await page.getByLabel("Stay logged in on this device").check();
    await fillLogin(page, "joe@a.test");
    await inside(page);
    return page;
}

test("a new tab is logged in, until the user logs out", async () => {
    const context = await newBrowser(w);
    let page = await stay(context);

    for (let i = 0; i < 2; i++) {
        await page.close();
        page = await openTab(context);
        await inside(page);
    }
    await page.getByText("Devices that stay logged in").click();
    await page.getByText("(this one)").waitFor();
    await page.getByRole("button", { name: "Log out", exact: true }).click();
    await page.locator("#login").waitFor();
    await page.close();
    page = await openTab(context);
    await page.locator("#login").waitFor();
    assert.match(await w.servers.cli("ListAccountDevices joe@a.test"), /\{\}/);
});

test("without it a new tab asks", async () => {
    const context = await newBrowser(w);
    let page = await openTab(context);

    await page.locator("#login").waitFor();
    await fillLogin(page, "joe@a.test");
    await inside(page);
    await page.close();
    page = await openTab(context);
    await page.locator("#login").waitFor();
});

test("a device is ended from another one", async () => {
    const one = await stay(await newBrowser(w));
    const other = await stay(await newBrowser(w));

    await other.getByText("Devices that stay logged in").click();
    await other.locator("#devices li").filter({ hasNotText: "(this one)" })
        .getByRole("button").click();
    await one.getByText("Your session has ended.").waitFor();
    await one.reload();
    await one.locator("#login").waitFor();
    assert.equal(await other.locator("#inside").isVisible(), true);
});
