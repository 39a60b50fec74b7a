// SPDX-License-Identifier: BSD-2-Clause
// Dismissing on the user's page, with ten seconds for second thoughts: nobody
// hears of what is undone, and what is not undone is done, whatever becomes of
// the page, and never on a screen again.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { dismiss, live, logIn, newBrowser, openTab, shows, stopTime,
         takeTroubles, tooLate, user, world } from "./browser.js";
import { until } from "./servers.js";

const w = world(async (servers) => {
    await servers.cli("CreateDomain a.test");
    for (const name of ["joe", "sue"])
        await servers.account(`${name}@a.test`);
    await servers.account("poster@a.test", "CanPostAlerts");
});

afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    await w.servers.cli("SetServerAlerts {}");
    await w.servers.cli("SetDomainAlerts a.test {}");
    assert.deepEqual(takeTroubles(), []);
});

const postAll = async (...texts) => {
    for (const text of texts)
        await w.servers.post(["--domain", "a.test"], text);
};
const undo = (page) => page.getByRole("button", { name: "Undo" });

// What the page asks for, as it does.
function asked(page) {
    const found = [];

    page.on("request", (request) => {
        if (/alertDismiss/.test(request.postData() ?? ""))
            found.push(request.postData());
    });
    return found;
}

// In a page: all that its list ever shows.
function remember() {
    window.everShown = [];
    document.addEventListener("DOMContentLoaded", () =>
        new MutationObserver(() => {
            for (const p of document.querySelectorAll("#days .text"))
                window.everShown.push(p.textContent);
        }).observe(document.body, { childList: true, subtree: true }));
}

// It has been told all that it will be.
async function neverShows(page, text, instead) {
    await shows(page, instead);
    const all = await page.evaluate(() => window.everShown);
    assert.ok(!all.includes(text), `${text} was shown: ${all}`);
}

test("a dismissal that is undone told nobody anything", async () => {
    const page = await user(w, "joe@a.test", { clock: true });
    const other = await user(w, "joe@a.test");
    const requests = asked(page);
    await postAll("one", "two", "three");
    for (const p of [page, other])
        await shows(p, ["three", "two", "one"]);
    await stopTime(page);
    await dismiss(page, "two");
    await shows(page, ["three", "one"]);
    await page.getByText("2 alerts", { exact: true }).waitFor();
    await page.locator("#undo").getByText("Dismissing 1 alert…").waitFor();
    await page.clock.fastForward(9000);
    await undo(page).click();
    await shows(page, ["three", "two", "one"]);
    const focused = () => page.evaluate(() =>
        document.activeElement.getAttribute("aria-label"));
    assert.equal(await focused(), "Dismiss: two");
    // by keyboard; but not where one types
    await page.keyboard.press("Enter");
    await shows(page, ["three", "one"]);
    await page.keyboard.press("Control+z");
    await shows(page, ["three", "two", "one"]);
    assert.equal(await focused(), "Dismiss: two");
    // all of them
    await page.getByRole("button", { name: "Dismiss all" }).click();
    await page.getByRole("dialog")
        .getByRole("button", { name: "Dismiss all" }).click();
    await shows(page, []);
    await undo(page).click();
    await shows(page, ["three", "two", "one"]);
    await tooLate(page);
    await page.clock.resume();
    assert.deepEqual(requests, []);
    await shows(other, ["three", "two", "one"]);
    assert.equal(await page.locator("#undo").isVisible(), false);
    assert.deepEqual(await page.evaluate(() => localStorage.length), 0);
});

test("ten seconds later it is done, and so at the next one", async () => {
    const page = await user(w, "joe@a.test", { clock: true });
    const other = await user(w, "joe@a.test");
    const sue = await user(w, "sue@a.test");
    await postAll("one", "two", "three");
    await shows(page, ["three", "two", "one"]);
    await dismiss(page, "one");
    await dismiss(page, "two"); // which ends the time of the one before
    await shows(other, ["three", "two"]);
    await undo(page).click();
    await shows(page, ["three", "two"]);
    await stopTime(page);
    await dismiss(page, "three");
    await page.clock.fastForward(9900);
    await undo(page).waitFor();
    await shows(other, ["three", "two"]);
    await page.clock.fastForward(101);
    await page.clock.resume();
    await shows(other, ["two"]);
    await page.locator("#undo").waitFor({ state: "hidden" });
    await shows(page, ["two"]);
    await shows(sue, ["three", "two", "one"]);
    assert.deepEqual(await page.evaluate(() => localStorage.length), 0);
});

test("it is done when the page is closed, reloaded, or left", async () => {
    const context = await newBrowser(w);
    await context.addInitScript(remember);
    let page = await openTab(context);
    await logIn(page, "joe@a.test");
    const other = await user(w, "joe@a.test");
    await postAll("one", "two", "three", "four");
    await shows(page, ["four", "three", "two", "one"]);
    await dismiss(page, "one");
    await page.reload();
    await neverShows(page, "one", ["four", "three", "two"]);
    await shows(other, ["four", "three", "two"]);
    await dismiss(page, "two");
    await page.goto("/healthz");
    await shows(other, ["four", "three"]);
    await page.goto("/");
    await neverShows(page, "two", ["four", "three"]);
    const second = await openTab(context); // which keeps the session
    await shows(second, ["four", "three"]);
    await dismiss(page, "three");
    await page.close({ runBeforeUnload: true });
    await shows(other, ["four"]);
    await shows(second, ["four"]);
    page = await openTab(context);
    await neverShows(page, "three", ["four"]);
});

test("one whose last words were lost is dismissed by the next page",
     async () => {
    const context = await newBrowser(w);
    await context.addInitScript(remember);
    const page = await openTab(context);
    await logIn(page, "joe@a.test");
    const other = await user(w, "joe@a.test");
    await postAll("one", "two");
    await shows(page, ["two", "one"]);
    await dismiss(page, "one");
    await page.evaluate(() => {
        window.fetch = async () => { throw new TypeError("lost"); };
    });
    await page.goto("/healthz");
    await shows(other, ["two", "one"]);
    // in another tab, where another user logs in first
    const sue = await openTab(context);
    await page.close();
    await sue.locator("#login, #inside").first().waitFor();
    if (await sue.locator("#inside").isVisible())
        await sue.getByRole("button", { name: "Log out" }).click();
    await logIn(sue, "sue@a.test");
    await shows(sue, ["two", "one"]);
    await sue.getByRole("button", { name: "Log out" }).click();
    const later = await openTab(context);
    await logIn(later, "joe@a.test");
    await neverShows(later, "one", ["two"]);
    await shows(other, ["two"]);
    await until(() => later.evaluate(() =>
        localStorage.getItem("ximss-dismissing") === null), "it is forgotten");
});

test("what the stream brings once more is not shown again", async () => {
    const context = await newBrowser(w, { clock: true });
    await context.addInitScript(remember);
    await context.addInitScript(() => { // so that the page itself confirms
        delete window.SharedWorker;
        Object.defineProperty(navigator, "locks", { value: undefined });
    });
    const page = await openTab(context);
    await page.route("**/ack?*", (route) => route.abort());
    await logIn(page, "joe@a.test");
    await postAll("one", "two");
    await shows(page, ["two", "one"]);
    await dismiss(page, "one");
    await tooLate(page);
    await page.locator("#undo").waitFor({ state: "hidden" });
    const again = page.waitForRequest(/events$/);
    await page.reload();
    await again;
    await live(page);
    await postAll("three");
    await neverShows(page, "one", ["three", "two"]);
});

test("it outlives the session, and the server", async () => {
    const context = await newBrowser(w);
    await context.addInitScript(remember);
    const page = await openTab(context);
    await logIn(page, "joe@a.test");
    const other = await user(w, "joe@a.test");
    await postAll("one", "two", "three");
    await shows(page, ["three", "two", "one"]);
    await dismiss(page, "one");
    await w.servers.cli("KillAccountSessions joe@a.test");
    await page.locator("#login").waitFor();
    assert.equal(await page.locator("#undo").isVisible(), false);
    await page.evaluate(() => { window.everShown = []; });
    await logIn(page, "joe@a.test");
    await neverShows(page, "one", ["three", "two"]);
    await logIn(other, "joe@a.test");
    await shows(other, ["three", "two"]);
    // closed while ximssd is away
    await dismiss(page, "two");
    await w.servers.stopServer();
    await page.getByText("Server away").waitFor();
    await page.goto("about:blank");
    await w.servers.startServer();
    await page.goto("/");
    await neverShows(page, "two", ["three"]);
    await shows(other, ["three"]);
});

test("a log-out does it before, whichever tab it is in", async () => {
    const context = await newBrowser(w);
    const page = await openTab(context);
    await logIn(page, "joe@a.test");
    const second = await openTab(context);
    const other = await user(w, "joe@a.test");
    await postAll("one", "two", "three");
    for (const p of [page, second, other])
        await shows(p, ["three", "two", "one"]);
    await dismiss(page, "one");
    await dismiss(second, "two");
    await page.getByRole("button", { name: "Log out" }).click();
    await shows(other, ["three"]);
    for (const p of [page, second]) {
        await p.locator("#login").waitFor();
        assert.equal(await p.locator("#undo").isVisible(), false);
    }
    assert.deepEqual(await page.evaluate(() => localStorage.length), 0);
});

test("what is refused is there again, and why", async () => {
    const page = await user(w, "joe@a.test", { clock: true });
    await postAll("one", "two");
    await shows(page, ["two", "one"]);
    await page.route("**/sync", (route) =>
        /alertDismiss/.test(route.request().postData())
            ? route.fulfill({ contentType: "text/xml", body:
                '<XIMSS><response id="1" errorNum="522" ' +
                'errorText="no such luck"/></XIMSS>' })
            : route.continue());
    await dismiss(page, "one");
    await shows(page, ["two"]);
    await tooLate(page);
    await page.getByText("No such luck.").waitFor();
    await shows(page, ["two", "one"]);
    await page.unroute("**/sync");
    await dismiss(page, "one");
    assert.equal(await page.locator("#trouble").textContent(), "");
    await tooLate(page);
    await page.locator("#undo").waitFor({ state: "hidden" });
    await shows(page, ["two"]);
});

test("what stands in the browser's storage is not trusted", async () => {
    const page = await user(w, "joe@a.test");
    await postAll("one");
    for (const found of ["5", "{bad", "[]", '{"joe@a.test":7}',
        '{"joe@a.test":{"x":0,"999999":0}}', '{"joe@a.test":"abc"}']) {
        await page.evaluate((text) => {
            localStorage.setItem("ximss-dismissing", text);
            sessionStorage.setItem("ximss-dismissed", text);
        }, found);
        await page.reload();
        await shows(page, ["one"]);
        await dismiss(page, "one");
        await shows(page, []);
        await undo(page).click();
        await shows(page, ["one"]);
    }
});

test("an administrator's own are not shown again either", async () => {
    const context = await newBrowser(w);
    const page = await openTab(context, "/admin/#account/joe%40a.test");
    await logIn(page, "poster@a.test");
    await page.locator("#there").waitFor();
    await w.servers.post(["--server"], "for all");
    await page.getByText("1 for you").click();
    await page.getByRole("button", { name: "Dismiss: for all" }).click();
    await page.locator("#own").waitFor({ state: "hidden" });
    await page.keyboard.press("Control+z");
    await page.getByRole("button", { name: "Dismiss: for all" }).click();
    await page.locator("#own").waitFor({ state: "hidden" });
    await w.servers.cli("KillAccountSessions poster@a.test");
    await page.locator("#login").waitFor();
    await logIn(page, "poster@a.test");
    await page.locator("#there").waitFor();
    await page.goto("/");
    await shows(page, []);
});
