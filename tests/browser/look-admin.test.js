// SPDX-License-Identifier: BSD-2-Clause
// Every state of the administrators' pages, for axe, which must find nothing,
// and for people, where a directory for pictures is given.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { look, newBrowser, openTab, takeTroubles, user, world }
    from "./browser.js";

const SALES = Array.from({ length: 300 }, (_, i) =>
    `PostDomainAlert sales.test ALERT "Order ${7000 + i} waits for a signature."`);

const w = world(async (servers) => {
    await servers.killBridge();
    await servers.startBridge({ "answer-timeout": '"1s"' });
    for (const domain of ["sales.test", "labs.test"])
        await servers.cli(`CreateDomain ${domain}`);
    await servers.account("all@example.test", "All Domains");
    await servers.account("head@sales.test", "CanPostAlerts");
    await servers.account("joe@sales.test");
    await servers.account("reader@example.test", "Can Monitor");
    await servers.cli("UpdateAccountDefaults sales.test {MaxAccountSize=50M;}");
    await servers.ctl("quota", "set", "joe@sales.test", "60M");
    await servers.ctl("quota", "set", "head@sales.test", "42M");
});

afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    await w.servers.cli("SetServerAlerts {}");
    await w.servers.cli("SetDomainAlerts sales.test {}");
    assert.deepEqual(takeTroubles(), []);
});

const admin = (name, place = "") => user(w, name, { path: "/admin/" + place });
const there = (page) => page.locator("#there").waitFor();

test("nothing is posted; a post; its answer; an error", async () => {
    const page = await openTab(await newBrowser(w), "/admin/");
    await page.locator("#login").waitFor();
    await look(page, "admin-login");
    await page.close();
    const head = await admin("head@sales.test");
    await head.getByText("No alerts are posted to sales.test.").waitFor();
    await look(head, "admin-empty");
    await head.getByLabel("Text").fill("The stocktaking begins at 18:00.\n" +
        "Rooms: https://intranet.sales.test/rooms");
    await head.getByLabel("Text").blur();
    await look(head, "admin-typed");
    await head.getByRole("button", { name: /^Post to 2 accounts/ }).click();
    await head.getByText(/^Posted to sales\.test; /).waitFor();
    await look(head, "admin-posted");
    await head.getByLabel("Text").fill("  ");
    await head.locator("#post-button").click();
    await head.locator("#post-error").getByText(/./).waitFor();
    await look(head, "admin-error");
});

test("three hundred; filtered; going; own ones", async () => {
    await w.servers.file(SALES);
    await w.servers.post(["--server"], "The mail server stops at noon.",
                         "--severity", "critical", "--until", "+8h");
    const page = await admin("head@sales.test");
    await page.getByText("1–50 of 301 alerts").waitFor();
    await look(page, "admin-300");
    await page.getByRole("button", { name: "Older" }).click();
    await page.getByText("51–100 of 301 alerts").waitFor();
    await w.servers.post(["--domain", "sales.test"], "Order 9000 came.",
                         "--severity", "info");
    await page.getByText("1 newer alert was posted.").waitFor();
    await look(page, "admin-newer", { fullPage: false });
    await page.getByLabel("Search").fill("729");
    await page.getByText("10 of 302 alerts fit").waitFor();
    await look(page, "admin-filtered");
    await page.getByLabel("All on this page").check();
    await page.getByRole("button", { name: "Remove 10 alerts" }).click();
    await page.getByRole("button", { name: "Undo" }).waitFor();
    await look(page, "admin-going", { fullPage: false });
    await page.getByRole("button", { name: "Undo" }).click();
    await w.servers.post(["--account", "head@sales.test"],
                         "Please call the help desk.");
    await page.locator("#own-title").click();
    await page.locator("#own").getByText("Please call the help desk.")
        .waitFor();
    await look(page, "admin-own-open", { fullPage: false });
});

test("the whole server: the choice, the question, a picker", async () => {
    await w.servers.post(["--server"], "The mail server stops at noon.");
    const page = await admin("all@example.test");
    await there(page);
    await look(page, "admin-server");
    await page.getByLabel("Text").fill("All doors are open.");
    await page.locator("#post-button").click();
    await page.getByRole("dialog").waitFor();
    await look(page, "admin-question", { fullPage: false });
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByLabel("one account").check();
    await page.getByRole("combobox", { name: "Domain" }).click();
    await page.locator("#domain-options li").first().waitFor();
    await look(page, "admin-picker");
    const reader = await admin("reader@example.test");
    await reader.getByText(/not post any\.$/).waitFor();
    await look(reader, "admin-reader");
    const plain = await admin("joe@sales.test");
    await plain.getByText("You have nothing to administer.").waitFor();
    await look(plain, "admin-nothing");
});

test("storage", async () => {
    const page = await user(w, "head@sales.test",
                            { path: "/admin/storage.html" });
    await page.locator("#fullest li").first().waitFor();
    await page.getByRole("heading", { name: "Accounts of sales.test" })
        .waitFor();
    assert.equal(await page.locator("#domain").isVisible(), false);
    await look(page, "storage-domain");
    const all = await user(w, "all@example.test",
                           { path: "/admin/storage.html#sales.test/80" });
    await all.locator("#fullest li").first().waitFor();
    await look(all, "storage-server");
});

test("the audit log", async () => {
    const page = await user(w, "head@sales.test",
                            { path: "/admin/audit.html" });
    await page.locator("#rows tr").first().waitFor();
    await look(page, "audit");
    const plain = await user(w, "joe@sales.test",
                             { path: "/admin/audit.html" });
    await plain.getByText("You have nothing to administer.").waitFor();
    await look(plain, "audit-nothing");
});

test("the server is away, the connection is lost", async () => {
    await w.servers.post(["--domain", "sales.test"], "Known before.");
    const page = await admin("head@sales.test");
    await there(page);
    await w.servers.killServer();
    await page.getByText("The server does not answer at the moment.")
        .waitFor();
    await page.getByLabel("Text").fill("Written meanwhile.");
    await look(page, "admin-away");
    await w.servers.killBridge();
    await page.getByText("The connection is lost.").waitFor();
    await look(page, "admin-lost");
    await w.servers.startServer();
    await w.servers.startBridge();
});
