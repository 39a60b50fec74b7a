// SPDX-License-Identifier: BSD-2-Clause
// The user's page against the real servers.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { fillLogin, live, logIn, newBrowser, openTab, setHidden, shoot, shows,
         takeTroubles, texts, tooLate, user, world } from "./browser.js";

const EVIL = "<img src=x onerror=\"document.title='evil'\">" +
    "<script>document.title='evil'</script>&amp;\n]]>'\"";

const w = world(async (servers) => {
    await servers.cli("CreateDomain a.test");
    for (const name of ["joe", "ann", "kim", "leo", "may", "sam", "tim", "zoe"])
        await servers.account(`${name}@a.test`);
});

beforeEach(() => w.servers.cli("SetServerAlerts {}"));
afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    await w.servers.cli("SetDomainAlerts a.test {}");
    assert.deepEqual(takeTroubles(), []);
});

const postServer = (text, ...more) =>
    w.servers.post(["--server"], text, ...more);

test("a wrong password is told, then the right one lets in", async () => {
    const page = await openTab(await newBrowser(w));
    await page.locator("#login").waitFor();
    await shoot(page, "user-login");
    await fillLogin(page, "joe@a.test", "wrong");
    await page.getByText("Incorrect password or account name.").waitFor();
    assert.equal(await page.locator("#inside").isVisible(), false);
    await logIn(page, "joe@a.test");
    await page.getByText("There are no alerts.").waitFor();
    assert.equal(await page.locator("#user").textContent(), "joe@a.test");
    assert.doesNotMatch(page.url(), /secret|joe/);
});

test("two tabs and another browser show an alert", async () => {
    const tab = await user(w, "joe@a.test");
    const second = await openTab(tab.context());
    const other = await user(w, "joe@a.test");
    await live(second);
    await second.locator("#inside").waitFor();
    await postServer("The server stops at noon.");
    for (const page of [tab, second, other])
        await shows(page, ["The server stops at noon."]);
});

test("critical first, then the newest, each with its severity in words", async () => {
    const page = await user(w, "joe@a.test");
    await postServer("one", "--severity", "info");
    await w.servers.post(["--domain", "a.test"], "two",
                         "--severity", "critical");
    await w.servers.post(["--account", "joe@a.test"], "three\nlines\n  here");
    await shows(page, ["two", "three\nlines\n  here", "one"]);
    assert.deepEqual(await page.locator(".severity").allTextContents(),
                     ["Critical", "Warning", "Information"]);
    assert.deepEqual(await page.locator(".from").allTextContents(), [
        "The administrators of a.test, to all of a.test",
        "The administrators of a.test, to you",
        "The administrators of this server, to everyone"]);
    assert.equal(await page.locator("#days h2").first().textContent(),
                 "Critical");
    assert.equal(await page.locator("#count").textContent(), "3 alerts");
    // a screen reader is told: at once, or when it is free
    assert.match(await page.locator("#say").textContent(),
                 /Information: one.*Warning: three/s);
    assert.match(await page.locator("#say-now").textContent(),
                 /Critical: two/);
    await shoot(page, "user-alerts");
});

test("an alert that ends by itself says when, at once and later", async () => {
    const page = await user(w, "joe@a.test", { timezoneId: "Europe/Berlin" });
    await postServer("ends", "--until", "20991201T060000Z");
    await postServer("stays");
    await shows(page, ["stays", "ends"]);
    assert.deepEqual(await page.locator(".card .detail").allTextContents(),
                     ["Shown until 1 Dec 2099, 07:00"]);
    await page.reload();
    await shows(page, ["stays", "ends"]);
    assert.deepEqual(await page.locator(".card .detail").allTextContents(),
                     ["Shown until 1 Dec 2099, 07:00"]);
});

test("dismissed is dismissed: here, elsewhere, after a reload", async () => {
    const tab = await user(w, "joe@a.test", { clock: true });
    const second = await openTab(tab.context());
    const other = await user(w, "joe@a.test");
    await postServer("first");
    await postServer("second");
    await w.servers.post(["--account", "joe@a.test"], "third");
    for (const page of [tab, second, other])
        await shows(page, ["third", "second", "first"]);
    await tab.getByRole("button", { name: "Dismiss: second" }).click();
    await shows(tab, ["third", "first"]);
    await tooLate(tab);
    for (const page of [tab, second, other])
        await shows(page, ["third", "first"]);
    await tab.reload();
    await shows(tab, ["third", "first"]);
    await tab.getByRole("button", { name: "Dismiss all" }).click();
    await tab.getByRole("dialog")
        .getByRole("button", { name: "Dismiss all" }).click();
    await shows(tab, []);
    await tooLate(tab);
    for (const page of [tab, second])
        await shows(page, []);
    await other.reload();
    await shows(other, []);
    await shows(await user(w, "joe@a.test"), []);
});

test("removed by the administrator, and ended by itself", async () => {
    const page = await user(w, "joe@a.test");
    await postServer("goes by hand");
    await postServer("goes by itself", "--until", "+2m");
    await shows(page, ["goes by itself", "goes by hand"]);
    await w.servers.clock(130);
    await shows(page, ["goes by hand"]);
    await w.servers.clock(-130);
    await w.servers.cli("SetServerAlerts {}");
    await shows(page, []);
});

test("alerts from before the log-in; shown is shown", async () => {
    await postServer("for all");
    await w.servers.post(["--account", "ann@a.test"], "for Ann");
    const page = await user(w, "ann@a.test");
    await shows(page, ["for Ann", "for all"]);
    // the server hears of it: then only the one that stays is listed
    await w.servers.delivered("ann@a.test");
    await shows(await user(w, "ann@a.test"), ["for all"]);
});

test("what nobody looked at is not shown", async () => {
    const page = await user(w, "kim@a.test");
    await setHidden(page, true);
    await w.servers.post(["--account", "kim@a.test"], "for Kim");
    await shows(page, ["for Kim"]);
    assert.equal(await page.title(), "(1) Alerts");
    await page.close();
    const later = await user(w, "kim@a.test");
    await shows(later, ["for Kim"]);
    await w.servers.delivered("kim@a.test");
});

test("the title counts what came behind one's back", async () => {
    const page = await user(w, "joe@a.test");
    const second = await openTab(page.context());
    await live(second);
    await second.locator("#inside").waitFor();
    for (const tab of [page, second])
        await setHidden(tab, true);
    await postServer("one");
    await postServer("two");
    for (const tab of [page, second])
        await tab.waitForFunction(() => document.title === "(2) Alerts");
    await setHidden(second, false);
    for (const tab of [page, second])
        await tab.waitForFunction(() => document.title === "Alerts");
});

test("desktop notices come to those who asked for them, once", async () => {
    const context = await newBrowser(w);
    await context.addInitScript(() => {
        window.notices = [];
        window.Notification = class {
            static permission = "default";
            static async requestPermission() {
                return (this.permission = "granted");
            }
            constructor(title, options) {
                window.notices.push({ title, ...options });
            }
        };
    });
    const page = await openTab(context);
    await logIn(page, "leo@a.test");
    await setHidden(page, true);
    await postServer("before he asked");
    await shows(page, ["before he asked"]);
    await setHidden(page, false);
    await page.getByRole("button", { name: "Notify me" }).click();
    await page.getByRole("button", { name: "Stop notices" }).waitFor();
    await postServer("while he looks");
    await shows(page, ["while he looks", "before he asked"]);
    await setHidden(page, true);
    await w.servers.post(["--account", "leo@a.test"], "behind his back",
                         "--severity", "critical");
    await page.waitForFunction(() => window.notices.length > 0);
    const notices = await page.evaluate(() => window.notices);
    assert.equal(notices.length, 1);
    assert.equal(notices[0].title, "Alerts: Critical");
    assert.equal(notices[0].body, "behind his back");
    assert.match(notices[0].tag, /^ximss-alert-\d+$/);
});

// As telephones have it.
function onlyByWorker() {
    window.Notification = class {
        static permission = "default";
        static async requestPermission() {
            return (this.permission = "granted");
        }
        constructor() {
            throw new TypeError("Illegal constructor.");
        }
    };
    window.notices = [];
    if (!("serviceWorker" in navigator))
        return;
    ServiceWorkerRegistration.prototype.showNotification =
        async function (title, options) {
            window.notices.push({ title, active: this.active !== null,
                                  ...options });
        };
}

test("desktop notices where pages may not make them", async () => {
    const context = await newBrowser(w);
    await context.addInitScript(onlyByWorker);
    const page = await openTab(context);
    await logIn(page, "leo@a.test");
    await page.getByRole("button", { name: "Notify me" }).click();
    await page.getByRole("button", { name: "Stop notices" }).waitFor();
    await setHidden(page, true);
    await w.servers.post(["--account", "leo@a.test"], "behind his back");
    await page.waitForFunction(() => window.notices.length > 0);
    const [notice] = await page.evaluate(() => window.notices);
    assert.equal(notice.body, "behind his back");
    assert.equal(notice.active, true);
});

test("desktop notices that are impossible are not offered", async () => {
    for (const permission of ["default", "granted"]) {
        const context = await newBrowser(w);
        await context.addInitScript(onlyByWorker);
        await context.addInitScript((is) => {
            window.Notification.permission = is;
            Object.defineProperty(navigator, "serviceWorker",
                                  { value: undefined });
        }, permission);
        const page = await openTab(context);
        await logIn(page, "leo@a.test");
        assert.equal(await page.locator("#notify").isVisible(), false);
    }
});

test("links are links, and say where they lead", async () => {
    const page = await user(w, "joe@a.test");
    await postServer("See https://a.test/x?y=1, http://b\u00fccher.test/ and " +
                     "javascript:alert(1), https://bank.test@evil.test/");
    const links = page.locator("#days .text a");
    await links.first().waitFor();
    assert.deepEqual(await links.evaluateAll((all) => all.map((a) =>
        [a.textContent, a.href, a.rel, a.querySelector("strong").textContent,
            a.nextSibling.textContent.slice(0, 21)])), [
        ["https://a.test/x?y=1", "https://a.test/x?y=1", "noopener", "a.test",
            ", "],
        ["http://b\u00fccher.test/", "http://xn--bcher-kva.test/", "noopener",
            "b\u00fccher.test", " (xn--bcher-kva.test)"]]);
});

test("pages for administrators are offered to administrators", async () => {
    await w.servers.account("adm@a.test", "CanPostAlerts");
    const shown = (page) =>
        page.locator("#pages a:visible").allTextContents();
    const page = await user(w, "joe@a.test");
    assert.deepEqual(await shown(page), []);
    // One who comes to their page all the same sees where he is.
    await page.goto("/admin/");
    await page.getByText("You have nothing to administer.").waitFor();
    assert.deepEqual(await shown(page), ["My alerts", "For administrators"]);
    const admin = await user(w, "adm@a.test");
    for (const path of ["/", "/admin/", "/admin/storage.html",
                        "/admin/audit.html"]) {
        await admin.goto(path);
        await admin.locator("#inside").waitFor();
        assert.deepEqual(await shown(admin),
                         ["My alerts", "For administrators", "Storage",
                          "Audit log"]);
        assert.equal(await admin.locator("#pages [aria-current=page]")
            .getAttribute("href"), path);
    }
});

test("more than fit in a body are dismissed at once", async () => {
    const page = await user(w, "joe@a.test", { clock: true });
    await w.servers.file(Array.from({ length: 1010 },
                                    (_, i) => `PostServerAlert "n ${i}"`));
    await page.getByText("1,010 alerts", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Dismiss all" }).click();
    await page.getByRole("dialog")
        .getByRole("button", { name: "Dismiss all" }).click();
    await page.getByText("There are no alerts.").waitFor();
    await tooLate(page);
    await page.locator("#undo").waitFor({ state: "hidden" });
    await shows(await user(w, "joe@a.test"), []);
});

test("texts are texts", async () => {
    const page = await user(w, "joe@a.test");
    await postServer(EVIL);
    await shows(page, [EVIL]);
    assert.equal(await page.title(), "Alerts");
    assert.equal(await page.locator("main img, main script").count(), 0);
    await page.getByRole("button", { name: "Dismiss" }).click();
    await shows(page, []);
});

test("times are the user's, with a date where the day changes", async () => {
    // 23:30 in Berlin in winter, then 0:30
    const now = new Date();
    const night = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(),
                           now.getUTCDate() + 1, 22, 30);
    const step = Math.round((night - Date.now()) / 1000);
    await w.servers.clock(step);
    await postServer("late");
    await w.servers.clock(3600);
    await postServer("early");
    await w.servers.clock(-step - 3600);
    const page = await user(w, "joe@a.test");
    await shows(page, ["early", "late"]);
    assert.equal(await page.locator("#days section").count(), 2);
    const times = await page.locator("#days time").allTextContents();
    await w.servers.cli("UpdateAccountPrefs joe@a.test " +
                        '{TimeZone="America/New_York";}');
    await page.reload();
    await shows(page, ["early", "late"]);
    assert.equal(await page.locator("#days section").count(), 1);
    const there = await page.locator("#days time").allTextContents();
    assert.notDeepEqual(times, there);
    assert.equal(await page.locator("#zone").textContent(),
                 "America/New York");
    await w.servers.cli("UpdateAccountPrefs joe@a.test {TimeZone=default;}");
});

test("ten tabs have one stream, and the tenth works", async () => {
    const first = await user(w, "may@a.test", { clock: true });
    const tabs = [first];
    let streams = 0;
    first.context().on("request", (request) => {
        streams += request.url().endsWith("/events");
    });
    while (tabs.length < 10) {
        const tab = await openTab(first.context());
        await tab.locator("#inside").waitFor();
        tabs.push(tab);
    }
    await postServer("to all ten");
    for (const tab of tabs)
        await shows(tab, ["to all ten"]);
    await tabs[9].getByRole("button", { name: "Dismiss" }).click();
    await tooLate(tabs[9]);
    for (const tab of tabs)
        await shows(tab, []);
    assert.equal(streams, 0);
});

for (const [how, script] of [
    ["without shared workers", () => { delete window.SharedWorker; }],
    // a module that is no worker
    ["whose shared worker never answers", () => {
        window.SharedWorker = class extends SharedWorker {
            constructor(_, options) {
                super("/pages/time.js", options);
            }
        };
    }],
    ["whose shared worker does not start", () => {
        window.SharedWorker = class extends SharedWorker {
            constructor(_, options) {
                super("/pages/nothing.js", options);
            }
        };
    }],
    ["without workers and locks", () => {
        delete window.SharedWorker;
        Object.defineProperty(navigator, "locks", { value: undefined });
    }]])
    test(`tabs ${how}`, async () => {
        const context = await newBrowser(w);
        await context.addInitScript(script);
        const first = await openTab(context);
        await logIn(first, "sam@a.test");
        const second = await openTab(context);
        if (how.includes("locks"))
            await logIn(second, "sam@a.test");
        await live(second);
        await second.locator("#inside").waitFor();
        await postServer("to both");
        await shows(first, ["to both"]);
        await shows(second, ["to both"]);
        // the one that led is gone: the other takes over
        await first.close();
        await postServer("to the one that is left");
        await shows(second, ["to the one that is left", "to both"]);
        await second.reload();
        await shows(second, ["to the one that is left", "to both"]);
    });

test("log-out ends it in all tabs, and leaves nothing", async () => {
    const tab = await user(w, "tim@a.test");
    const second = await openTab(tab.context());
    await postServer("not for the next one");
    await shows(second, ["not for the next one"]);
    await tab.getByRole("button", { name: "Log out" }).click();
    for (const page of [tab, second]) {
        await page.locator("#login").waitFor();
        assert.deepEqual(await texts(page), []);
        assert.deepEqual(await page.evaluate(() =>
            [sessionStorage.length, localStorage.length]), [0, 0]);
    }
    await second.reload();
    await second.locator("#login").waitFor();
    // the other log-in is a session of its own
    await logIn(second, "zoe@a.test");
    await tab.locator("#inside").waitFor();
    assert.equal(await tab.locator("#user").textContent(), "zoe@a.test");
});

test("by keyboard alone", async () => {
    const page = await openTab(await newBrowser(w));
    await page.locator("#login").waitFor();
    await page.keyboard.type("joe@a.test");
    await page.keyboard.press("Tab");
    await page.keyboard.type("secret");
    await page.keyboard.press("Enter");
    await page.locator("#inside").waitFor();
    await postServer("one");
    await postServer("two");
    await postServer("three");
    await shows(page, ["three", "two", "one"]);
    await page.getByRole("button", { name: "Dismiss: three" }).focus();
    await page.keyboard.press("Enter");
    await shows(page, ["two", "one"]);
    const focused = () => page.evaluate(() =>
        document.activeElement.getAttribute("aria-label") ??
        document.activeElement.id);
    assert.equal(await focused(), "Dismiss: two");
    // news must not take the focus away
    await postServer("four");
    await shows(page, ["four", "two", "one"]);
    assert.equal(await focused(), "Dismiss: two");
    await page.keyboard.press("Enter");
    await shows(page, ["four", "one"]);
    assert.equal(await focused(), "Dismiss: one");
    await page.keyboard.press("Enter");
    await shows(page, ["four"]);
    assert.equal(await focused(), "Dismiss: four");
    await page.keyboard.press("Enter");
    await shows(page, []);
    assert.equal(await focused(), "count");
});
