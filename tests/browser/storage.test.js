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
    for (const name of ["amy", "ann", "bob", "eve", "ian", "joe", "kim", "sue",
                        "tim"])
        await servers.account(`${name}@a.test`);
    for (const name of ["amy", "ann", "bob", "ian", "joe", "kim", "sue"])
        await servers.cli(`UpdateAccountSettings ${name}@a.test ` +
            "{MaxAccountSize=50M;}");
    for (const domain of ["b", "big", "empty"])
        await servers.cli(`CreateDomain ${domain}.test`);
    await servers.cli("UpdateAccountDefaults b.test {MaxAccountSize=50M;}");
    for (const [name, used] of [["lou", "3G"], ["xia", "5M"],
                                ["yan", "43200000"], ["zoe", "60M"]]) {
        await servers.account(`${name}@b.test`);
        await servers.ctl("quota", "set", `${name}@b.test`, used);
    }
    await servers.cli("UpdateAccountSettings lou@b.test " +
                      "{MaxAccountSize=unlimited;}");
    await servers.account("all@example.test", "All Domains");
    await servers.account("adm@b.test", "BasicSettings");
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

// The server knows that the page has shown what came so far: it would send
// nothing of it again.
async function confirmed(page, name) {
    await w.servers.post(["--account", name], "for you");
    await page.getByText("for you", { exact: true }).waitFor();
    await w.servers.delivered(name);
    await page.getByRole("button", { name: "Dismiss: for you" }).click();
}

test("a quota alert stays until it is dismissed, over reloads", async () => {
    const page = await user(w, "ian@a.test");
    await use("ian@a.test", 45 * MB);
    await shows(page, [full(90, "45 MB")]);
    await confirmed(page, "ian@a.test");
    for (let i = 0; i < 2; i++) {
        await page.reload();
        await says(page, "45 MB of 50 MB used (90 %)");
        await shows(page, [full(90, "45 MB")]);
    }
    await page.getByRole("button", { name: "Dismiss" }).click();
    await shows(page, []);
    for (let i = 0; i < 2; i++) {
        await page.reload();
        await says(page, "45 MB of 50 MB used (90 %)");
        await shows(page, []);
    }
});

test("a quota alert that ends, after a reload and during one", async () => {
    const page = await user(w, "amy@a.test");
    await use("amy@a.test", 45 * MB);
    await shows(page, [full(90, "45 MB")]);
    await confirmed(page, "amy@a.test");
    await page.reload();
    await shows(page, [full(90, "45 MB")]);
    await use("amy@a.test", 1 * MB);
    await shows(page, []);
    await says(page, "1 MB of 50 MB used (2 %)");
    await w.servers.clock(11 * MINUTE);
    await use("amy@a.test", 46 * MB);
    await shows(page, [full(92, "46 MB")]);
    await confirmed(page, "amy@a.test");
    await page.goto("about:blank");
    await use("amy@a.test", 2 * MB);
    await page.goto("/");
    await says(page, "2 MB of 50 MB used (4 %)");
    await shows(page, []);
    await w.servers.clock(11 * MINUTE);
    await use("amy@a.test", 47 * MB);
    await shows(page, [full(94, "47 MB")]);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.locator("#login").waitFor();
    assert.deepEqual(await page.evaluate(() =>
        [sessionStorage.length, localStorage.length]), [0, 0]);
    await w.servers.clock(-22 * MINUTE);
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

// --- the administrators' page ---

const PAGE = "/admin/storage.html";
const admin = (name, place = "", options = {}) =>
    user(w, name, { path: PAGE + place, ...options });

// The rows: account, figures, and the part of the meter, -1 without one.
const rows = (page) => page.locator("#fullest li").evaluateAll((items) =>
    items.map((item) => [
        item.querySelector("strong").textContent,
        item.querySelector(".figures").textContent,
        item.querySelector("meter")?.value ?? -1]));

async function lists(page, expected, note) {
    await page.locator("#note").getByText(note, { exact: true }).waitFor();
    assert.deepEqual(await rows(page), expected);
}

const ZOE = ["zoe@b.test", "60 MB of 50 MB used (120 %)", 100];
const YAN = ["yan@b.test", "41.2 MB of 50 MB used (82 %)", 82];
const XIA = ["xia@b.test", "5 MB of 50 MB used (10 %)", 10];
const LOU = ["lou@b.test", "3 GB used", -1];

test("the fullest accounts of a domain, by level", async () => {
    const page = await admin("all@example.test", "#b.test/0");
    await lists(page, [ZOE, YAN, XIA, LOU], "4 accounts");
    assert.match(
        await page.locator("#fullest li").first().textContent(),
        /reported \d+ \w+ \d{4}, \d\d:\d\d by an administrator · alerts from 80 %$/);
    await shoot(page, "admin-storage");
    const level = page.getByLabel("How full");
    for (const [option, expected, note] of [
        ["50 % or more", [ZOE, YAN], "2 accounts"],
        ["100 % or more", [ZOE], "1 account"],
        ["80 % or more", [ZOE, YAN], "2 accounts"],
        ["All", [ZOE, YAN, XIA, LOU], "4 accounts"],
        ["90 % or more", [ZOE], "1 account"]]) {
        await level.selectOption(option);
        await lists(page, expected, note);
    }
    // the choice is kept
    await page.reload();
    await lists(page, [ZOE], "1 account");
    assert.equal(await level.inputValue(), "90");
});

test("another domain, by keyboard", async () => {
    const page = await admin("all@example.test", "#b.test/0");
    await lists(page, [ZOE, YAN, XIA, LOU], "4 accounts");
    await page.getByRole("combobox", { name: "Domain" }).focus();
    await page.keyboard.type("empt");
    await page.getByRole("option", { name: "empty.test" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await lists(page, [],
                "There are no reports on the storage of accounts of empty.test.");
    assert.match(page.url(), /#empty\.test\/0$/);
    await page.keyboard.press("Tab");
    await page.keyboard.press("8"); // to the option that begins so
    await lists(page, [], "No account of empty.test uses 80 % of its limit.");
    await page.getByRole("combobox", { name: "Domain" }).fill("nowhere.test");
    await page.keyboard.press("Enter");
    await page.getByText("Unknown domain.").waitFor();
});

test("many accounts: the fullest, and a note", async () => {
    const lines = [];
    for (let i = 0; i < 1500; i++)
        lines.push(`CreateAccount u${i}@big.test {MaxAccountSize=10000;}`,
                   `SetStorageUsed u${i}@big.test ${i < 310 ? 9900 + i : i}`);
    await w.servers.file(lines);
    const page = await admin("all@example.test", "#big.test/0");
    await page.getByText("The 300 fullest; there are more.").waitFor();
    const shown = await rows(page);
    assert.equal(shown.length, 300);
    assert.deepEqual(shown[0], ["u309@big.test",
        "10 KB of 9.8 KB used (102 %)", 100]);
    assert.deepEqual(shown[299].slice(0, 1), ["u10@big.test"]);
    await page.getByLabel("How full").selectOption("100 % or more");
    await page.locator("#note").getByText("210 accounts").waitFor();
});

test("an administrator sees what his rights allow", async () => {
    const page = await admin("adm@b.test");
    await lists(page, [ZOE, YAN], "2 accounts");
    assert.match(page.url(), /#b\.test\/80$/);
    const other = await admin("adm@b.test", "#a.test/0");
    await other.locator("#error").getByText(/./).waitFor();
    assert.equal(await other.locator("#fullest").isVisible(), false);
    const plain = await admin("joe@a.test", "#a.test/0");
    await plain.getByText("You have nothing to administer.")
        .waitFor();
    assert.equal(await plain.locator("#admin").isVisible(), false);
});

test("it is read anew when the connection is back", async () => {
    const page = await admin("adm@b.test", "#b.test/50");
    await lists(page, [ZOE, YAN], "2 accounts");
    await w.servers.killBridge();
    await page.locator("#state.waiting").waitFor();
    await use("xia@b.test", "30M");
    await w.servers.startBridge();
    await live(page); // the session outlives the bridge
    await lists(page, [ZOE, YAN, ["xia@b.test",
        "30 MB of 50 MB used (60 %)", 60]], "3 accounts");
    await use("xia@b.test", "5M");
});

test("alerts for the administrator are not lost on this page", async () => {
    const page = await admin("adm@b.test");
    await lists(page, [ZOE, YAN], "2 accounts");
    await w.servers.post(["--account", "adm@b.test"], "for you");
    await page.getByText("There is a new alert for you.").waitFor();
    await w.servers.post(["--domain", "b.test"], "for all");
    await page.getByText("There are 2 new alerts for you.").waitFor();
    await shoot(page, "admin-storage-news");
    await page.getByRole("link", { name: "Show" }).click();
    await shows(page, ["for all", "for you"]);
    await w.servers.delivered("adm@b.test");
    await page.goto(PAGE);
    await lists(page, [ZOE, YAN], "2 accounts");
    assert.equal(await page.locator("#news").isVisible(), false);
    await w.servers.cli("SetDomainAlerts b.test {}");
});

test("a quota alert on the administrators' page stays on the other", async () => {
    const page = await user(w, "adm@b.test", { path: "/admin/" });
    await use("adm@b.test", 45 * MB);
    await page.locator("#own summary").click();
    await page.locator("#own-list").getByText(full(90, "45 MB")).waitFor();
    await w.servers.post(["--account", "adm@b.test"], "for you");
    await page.locator("#own-list").getByText("for you").waitFor();
    await w.servers.delivered("adm@b.test");
    await page.getByRole("button", { name: "Dismiss: for you" }).click();
    await page.goto("/");
    await shows(page, [full(90, "45 MB")]);
    await use("adm@b.test", 0);
    await shows(page, []);
});

test("one gets there, and back", async () => {
    const page = await user(w, "all@example.test", { path: "/admin/" });
    await page.getByRole("link", { name: "Storage" }).click();
    await page.locator("#inside").waitFor();
    await page.getByLabel("How full").waitFor();
    await page.getByRole("link", { name: "For administrators" }).click();
    await page.getByRole("heading", { name: "Post an alert" }).waitFor();
});
