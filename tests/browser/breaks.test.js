// SPDX-License-Identifier: BSD-2-Clause
// The pages while servers go away and come back.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { fillLogin, live, logIn, newBrowser, openTab, shoot, shows,
         takeTroubles, tooLate, user, world } from "./browser.js";
import { until } from "./servers.js";

const w = world(async (servers) => {
    await servers.cli("CreateDomain a.test");
    await servers.account("joe@a.test");
    await servers.account("poster@a.test", "CanPostAlerts");
});

afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    await w.servers.cli("SetServerAlerts {}");
    await w.servers.cli("SetDomainAlerts a.test {}");
    assert.deepEqual(takeTroubles(), []);
});

const LONG = 90000; // a retry time, and what comes on top

// What the page waits for comes soon.
const hurried = (page, locator) => until(async () => {
    await page.clock.fastForward(1000);
    return locator.isVisible();
}, String(locator));

// As when a network comes back: the page need not wait any longer.
const wake = (page) =>
    page.evaluate(() => window.dispatchEvent(new Event("online")));

test("the network breaks, and nothing is missed or shown twice", async () => {
    const page = await user(w, "joe@a.test");
    await w.servers.post(["--server"], "before");
    await shows(page, ["before"]);
    // A shared worker's requests pass the network of the whole context.
    await page.context().setOffline(true);
    await w.servers.post(["--server"], "meanwhile");
    await page.context().setOffline(false);
    await wake(page);
    await shows(page, ["meanwhile", "before"], LONG);
});

test("ximssd is killed and comes back: nobody has to log in", async () => {
    const page = await user(w, "joe@a.test", { clock: true });
    const admin = await user(w, "poster@a.test", { path: "/admin/" });
    await w.servers.post(["--domain", "a.test"], "before");
    await shows(page, ["before"]);
    await w.servers.killServer();
    await w.servers.startServer();
    await w.servers.post(["--domain", "a.test"], "after");
    await shows(page, ["after", "before"], LONG);
    await shows(admin, ["after", "before"], LONG);
    assert.equal(await page.locator("#inside").isVisible(), true);
    // and it is no picture: it works
    await page.getByRole("button", { name: "Dismiss: before" }).click();
    await shows(page, ["after"]);
    await tooLate(page);
    await page.locator("#undo").waitFor({ state: "hidden" });
    await shows(await user(w, "joe@a.test"), ["after"]);
});

test("while ximssd is away the page says so, and what is done waits", async () => {
    const page = await user(w, "joe@a.test", { clock: true });
    const admin = await user(w, "poster@a.test", { path: "/admin/" });
    await w.servers.post(["--server"], "before");
    await shows(page, ["before"]);
    await w.servers.killServer();
    for (const tab of [page, admin])
        await tab.getByText("Server away").waitFor();
    // one that comes meanwhile knows it as well
    const second = await openTab(page.context());
    await second.getByText("The server cannot be reached. Trying again…")
        .waitFor({ timeout: LONG });
    await page.getByText("The server does not answer at the moment.")
        .waitFor();
    await page.getByRole("button", { name: "Dismiss: before" }).click();
    await page.getByRole("button", { name: "Undo" }).waitFor();
    await tooLate(page);
    // what waits says so, as long as it does
    await page.getByRole("button", { name: "Undo" })
        .waitFor({ state: "hidden" });
    await page.locator("#undo").getByText("Dismissing 1 alert…").waitFor();
    await w.servers.startServer();
    await page.locator("#undo").waitFor({ state: "hidden", timeout: LONG });
    await shows(page, []);
    for (const tab of [page, admin, second])
        await live(tab);
    assert.equal(await page.locator("#offline").isVisible(), false);
});

test("an error goes when its cause has gone", async () => {
    const page = await user(w, "joe@a.test", { clock: true });
    await w.servers.post(["--server"], "before");
    await shows(page, ["before"]);
    await w.servers.killServer();
    await page.getByText("Server away").waitFor();
    // for as long as it takes, and not a moment longer
    await page.route("**/sync", (route) => route.abort());
    await page.getByRole("button", { name: "Dismiss: before" }).click();
    await tooLate(page);
    await page.locator("#trouble", { hasText: "cannot be reached" })
        .waitFor({ timeout: LONG });
    await page.unroute("**/sync");
    await w.servers.startServer();
    await live(page);
    await page.waitForFunction(() =>
        document.getElementById("trouble").textContent === "");
    await shows(page, ["before"]);
});

test("a log-in while the server is away is no wrong password", async () => {
    const page = await openTab(await newBrowser(w, { clock: true }));
    await page.locator("#login").waitFor();
    for (const [kill, start] of [["killServer", "startServer"],
                                 ["killBridge", "startBridge"]]) {
        await w.servers[kill]();
        await fillLogin(page, "joe@a.test");
        await hurried(page, page.locator("#login-error")
            .getByText(/^The server (is not there|cannot be reached)/));
        await w.servers[start]();
        await until(async () => {
            await page.clock.fastForward(1000);
            return await page.locator("#login-error").textContent() === "";
        }, "it is said no longer");
    }
    await page.getByRole("button", { name: "Log in" }).click();
    await live(page);
});

test("pages for administrators begin as soon as the server is there",
     async () => {
    for (const [path, lost] of [["/admin/", /ListDomains/],
                                ["/admin/", /<alertPost/],
                                ["/admin/storage.html", /ListDomains/],
                                ["/admin/audit.html", /GetAudit/]]) {
        const page = await openTab(await newBrowser(w, { clock: true }), path);
        let away = true;
        await page.route("**/sync", (route) =>
            away && lost.test(route.request().postData() ?? "")
                ? route.abort() : route.continue());
        await logIn(page, "poster@a.test");
        await hurried(page, page.getByText(
            "The server cannot be reached. Trying again…"));
        away = false;
        await hurried(page, page.locator("#there"));
        assert.equal(await page.locator("#waiting").isVisible(), false);
    }
});

test("the bridge is killed: the page says so, and goes on", async () => {
    const page = await user(w, "joe@a.test");
    const second = await openTab(page.context());
    await second.locator("#inside").waitFor();
    await w.servers.post(["--server"], "before");
    await shows(page, ["before"]);
    await w.servers.killBridge();
    for (const tab of [page, second]) {
        await tab.getByText("The connection is lost.").waitFor();
        // what is known stays readable
        await shows(tab, ["before"]);
    }
    await shoot(page, "user-offline");
    await w.servers.startBridge();
    await wake(page);
    for (const tab of [page, second])
        await live(tab); // the session outlives the bridge
    await w.servers.post(["--server"], "after");
    for (const tab of [page, second])
        await shows(tab, ["after", "before"]);
});

test("a page that begins while the server is away", async () => {
    const page = await user(w, "joe@a.test");
    let away = true;
    await page.route("**/sync", (route) =>
        away ? route.abort() : route.continue());
    await page.reload();
    await page.getByText("The server cannot be reached. Trying again…")
        .waitFor();
    away = false;
    await page.getByText("There are no alerts.").waitFor();
});

test("an administrator ends the session", async () => {
    const page = await user(w, "joe@a.test");
    await w.servers.cli("KillAccountSessions joe@a.test");
    await page.getByText("Your session has ended. Please log in again.")
        .waitFor({ timeout: LONG });
});

test("a post whose answer is lost is posted once", async () => {
    const page = await user(w, "poster@a.test", { path: "/admin/" });
    await page.locator("#there").waitFor();
    let lost = 0;
    await page.route("**/sync", async (route) => {
        if (/<alertPost[^>]*key=/.test(route.request().postData() ?? "") &&
            lost < 2) {
            lost += 1;
            await route.fetch();
            await route.abort();
        } else {
            await route.continue();
        }
    });
    await page.getByLabel("Text").fill("Once.");
    await page.locator("#post-button").click();
    await page.getByText(/^Posted to .* told at once/).waitFor({ timeout: LONG });
    assert.equal(lost, 2);
    await shows(page, ["Once."]);
    await page.reload();
    await shows(page, ["Once."]);
});
