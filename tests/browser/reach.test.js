// SPDX-License-Identifier: BSD-2-Clause
// The pages for everybody: where the window is as narrow as a telephone's or
// all is enlarged, with names and words that are as long as they may be, with
// texts that are written from right to left, and by keyboard alone.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { fillLogin, look, newBrowser, openTab, shows, takeTroubles, tooWide,
         user, world } from "./browser.js";

const DOMAIN = `${"d".repeat(60)}.${"e".repeat(60)}.test`;
const NAME = `${"n".repeat(60)}@${DOMAIN}`;
const HEBREW = "\u05d4\u05e9\u05e8\u05ea \u05d9\u05d5\u05e4\u05e2\u05dc " +
    "\u05de\u05d7\u05d3\u05e9 \u05d1\u05e9\u05e2\u05d4 18:00. https://a.test/x";

const w = world(async (servers) => {
    await servers.killBridge();
    await servers.startBridge({
        "site-name": `"${"Sitename".repeat(10)}"`,
        organisation: `"${"Organisation".repeat(6)}"` });
    for (const domain of [DOMAIN, "a.test"])
        await servers.cli(`CreateDomain ${domain}`);
    await servers.account(NAME, "CanPostAlerts");
    await servers.account("all@example.test", "All Domains");
    await servers.account("poster@a.test", "CanPostAlerts");
    await servers.cli(`UpdateAccountDefaults ${DOMAIN} {MaxAccountSize=50M;}`);
    await servers.ctl("quota", "set", NAME, "45M");
});

afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    await w.servers.cli("SetServerAlerts {}");
    for (const domain of [DOMAIN, "a.test"])
        await w.servers.cli(`SetDomainAlerts ${domain} {}`);
    assert.deepEqual(takeTroubles(), []);
});

// A window of 320 pixels, which is one of 1280 enlarged to 400 %; one of 1100
// to 200 %; and letters twice as large in a narrow one.
async function fits(page, what) {
    for (const [width, size] of [[320, 100], [550, 100], [640, 200]]) {
        await page.setViewportSize({ width, height: 640 });
        await page.evaluate((percent) => {
            document.documentElement.style.fontSize = `${percent}%`;
        }, size);
        assert.deepEqual(await tooWide(page), [],
                         `${what}, ${width} pixels, ${size} %`);
    }
    await page.evaluate(() => {
        document.documentElement.style.fontSize = "";
    });
}

// All that may be long is.
const LONG = ["w".repeat(2000),
              `https://${"h".repeat(60)}.test/${"p".repeat(500)}`, HEBREW];

test("nothing is too wide on the user's page", async () => {
    const page = await openTab(await newBrowser(w));
    await page.locator("#login").waitFor();
    await fits(page, "log-in");
    await fillLogin(page, NAME, "wrong");
    await page.getByText("Incorrect password or account name.").waitFor();
    await fits(page, "log-in refused");
    await fillLogin(page, NAME);
    await page.locator("#inside").waitFor();
    for (const text of LONG)
        await w.servers.post(["--domain", DOMAIN], text);
    await page.getByText("4 alerts").waitFor(); // one tells of the storage
    await fits(page, "alerts");
    await look(page, "long-user");
    await page.getByRole("button", { name: "Show more" }).last().click();
    await fits(page, "unfolded");
    await page.getByRole("button", { name: "Dismiss all" }).click();
    await page.getByRole("dialog").waitFor();
    await fits(page, "the question");
    await page.getByRole("dialog")
        .getByRole("button", { name: "Dismiss all" }).click();
    await fits(page, "second thoughts");
    await page.getByRole("button", { name: "Undo" }).click();
});

test("nothing is too wide on the administrators' pages", async () => {
    for (const text of LONG)
        await w.servers.post(["--domain", DOMAIN], text);
    const page = await user(w, NAME, { path: "/admin/" });
    await shows(page, LONG.toReversed());
    await page.getByLabel("Text").fill(LONG[0]);
    await fits(page, "typed");
    await look(page, "long-admin");
    await page.locator("#post-button").click();
    await page.getByText(/^Posted to .*told at once\.$/).waitFor();
    await fits(page, "posted");
    await page.getByLabel("All on this page").check();
    await page.locator("#remove").click();
    await fits(page, "second thoughts");
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByLabel(`one account of ${DOMAIN}`).check();
    await page.getByRole("combobox", { name: "Account" }).click();
    await page.getByRole("option").first().waitFor();
    await fits(page, "picker");
    await page.goto("/admin/storage.html");
    await page.locator("#fullest li").waitFor();
    await fits(page, "storage");
    await look(page, "long-storage");
});

test("texts from right to left are shown so", async () => {
    await w.servers.post(["--domain", "a.test"], HEBREW);
    const page = await user(w, "poster@a.test");
    const text = page.locator("#days .text");
    await text.waitFor();
    const direction = (locator) =>
        locator.evaluate((node) => getComputedStyle(node).direction);
    assert.equal(await direction(text), "rtl");
    assert.equal(await direction(page.locator("#days .from")), "ltr");
    assert.equal(await direction(text.locator("a")), "ltr");
    await page.goto("/admin/");
    const field = page.getByLabel("Text");
    await page.locator("#there").waitFor();
    assert.equal(await direction(field), "ltr");
    await field.fill(HEBREW);
    for (const one of [field, page.locator("#preview .text"),
                       page.locator("#posted .text")])
        assert.equal(await direction(one), "rtl");
});

// Presses Tab until what is wanted has the focus.
async function tabTo(page, wanted) {
    for (let i = 0; i < 60; i++) {
        await page.keyboard.press("Tab");
        const name = await page.evaluate(() =>
            document.activeElement.getAttribute("aria-label") ||
            document.activeElement.labels?.[0]?.textContent.trim() ||
            document.activeElement.textContent.trim());
        if (wanted.test(name))
            return;
    }
    assert.fail(`${wanted} is not reached`);
}

test("an administrator's day by keyboard alone", async () => {
    await w.servers.post(["--domain", "a.test"], "known before");
    const page = await openTab(await newBrowser(w), "/admin/");
    await page.locator("#login").waitFor();
    await page.keyboard.type("poster@a.test");
    await page.keyboard.press("Tab");
    await page.keyboard.type("secret");
    await page.keyboard.press("Enter");
    await page.locator("#there").waitFor();
    await tabTo(page, /^Text$/);
    await page.keyboard.type("by keyboard");
    await tabTo(page, /^Post to 1 account of a\.test$/);
    await page.keyboard.press("Enter");
    await shows(page, ["by keyboard", "known before"]);
    await page.getByText(/told at once/).waitFor();
    await page.waitForFunction(() =>
        document.activeElement.id === "post-button");
    await tabTo(page, /^Mark: known before$/);
    await page.keyboard.press("Space");
    await tabTo(page, /^Remove 1 alert$/);
    await page.keyboard.press("Enter");
    await shows(page, ["by keyboard"]);
    assert.match(await page.locator("#say").textContent(),
                 /Removing 1 alert of a\.test… Control Z takes it back\./);
    assert.equal(await page.evaluate(() => document.activeElement.id),
                 "undo-button");
    await page.keyboard.press("Enter");
    await shows(page, ["by keyboard", "known before"]);
    assert.equal(await page.evaluate(() => document.activeElement.id),
                 "posted-title");
});

test("whoever wants no motion has none", async () => {
    await w.servers.post(["--domain", "a.test"], "one");
    for (const [reducedMotion, wanted] of [["reduce", "none"],
                                           ["no-preference", "appear"]]) {
        const page = await user(w, "poster@a.test", { reducedMotion });
        await page.locator("#days .card").waitFor();
        assert.equal(await page.locator("#days .card").evaluate((card) =>
            getComputedStyle(card).animationName), wanted);
    }
});
