// SPDX-License-Identifier: BSD-2-Clause
// The user's page in browsers that lack something, or block site data: each of
// what it would use is not there, throws at the touch, or throws when it is
// used.  Log-in works in all of them, or one sentence says what is missing.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { fillLogin, logIn, newBrowser, openTab, shows, takeTroubles,
         world } from "./browser.js";

const w = world(async (servers) => {
    await servers.cli("CreateDomain a.test");
    await servers.account("joe@a.test");
});

afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    await w.servers.cli("SetServerAlerts {}");
    assert.deepEqual(takeTroubles(), []);
});

const ALL = ["localStorage", "sessionStorage", "SharedWorker",
             "BroadcastChannel", "locks", "Notification", "serviceWorker"];

// In the page, before its scripts.
function block({ names, how }) {
    const refuse = () => {
        throw new DOMException("Access is denied.", "SecurityError");
    };
    // Each property is there, and each use of it throws.
    const useless = new Proxy(class {}, {
        construct: refuse, apply: refuse,
        get: (_, name) => name === "prototype" ? {} : refuse,
    });
    const ways = {
        absent: { value: undefined },
        touched: { get: refuse },
        used: { value: useless },
    };

    for (const name of names) {
        const owner = name in navigator ? navigator : window;
        const way = ways[how];
        // a class of the language's own is a function
        Object.defineProperty(owner, name, { configurable: true, ...way });
    }
}

async function worksWith(page) {
    await logIn(page, "joe@a.test");
    await w.servers.post(["--server"], "to one who blocks");
    await shows(page, ["to one who blocks"]);
    await page.getByRole("button", { name: "Dismiss" }).click();
    await shows(page, []);
}

for (const how of ["absent", "touched", "used"])
    for (const names of [...ALL.map((name) => [name]), ALL])
        test(`${names.length > 1 ? "all" : names} ${how}`, async () => {
            const context = await newBrowser(w);
            await context.addInitScript(block, { names, how });
            const page = await openTab(context);
            if (names.length > 1)
                await worksWith(page);
            else
                await logIn(page, "joe@a.test");
            if (names.length > 1)
                assert.equal(await page.locator("#notify").isVisible(), false);
        });

test("what was typed survives a lost session without storage", async () => {
    await w.servers.account("poster@a.test", "CanPostAlerts");
    const context = await newBrowser(w);
    await context.addInitScript(block, { names: ALL, how: "touched" });
    const page = await openTab(context, "/admin/");
    await logIn(page, "poster@a.test");
    await page.locator("#there").waitFor();
    await page.getByLabel("Text").fill("half written");
    await w.servers.cli("KillAccountSessions poster@a.test");
    await page.locator("#login").waitFor();
    await logIn(page, "poster@a.test");
    await page.locator("#there").waitFor();
    assert.equal(await page.getByLabel("Text").inputValue(), "half written");
});

test("storage that is full", async () => {
    const context = await newBrowser(w);
    await context.addInitScript(() => {
        Storage.prototype.setItem = () => {
            throw new DOMException("full", "QuotaExceededError");
        };
    });
    await worksWith(await openTab(context));
});

test("locks that are refused later", async () => {
    const context = await newBrowser(w);
    await context.addInitScript(() => {
        delete window.SharedWorker;
        const request = async () => {
            throw new DOMException("denied", "SecurityError");
        };
        Object.defineProperty(navigator, "locks", { value: { request } });
    });
    await worksWith(await openTab(context));
});

test("a channel that refuses what is sent", async () => {
    const context = await newBrowser(w);
    await context.addInitScript(() => {
        delete window.SharedWorker;
        BroadcastChannel.prototype.postMessage = () => {
            throw new DOMException("denied", "InvalidStateError");
        };
    });
    await worksWith(await openTab(context));
});

test("cookies that are not kept: one sentence", async () => {
    const page = await openTab(await newBrowser(w));
    await page.context().route("**/XIMSSLogin/**", async (route) => {
        const reply = await route.fetch();
        const headers = { ...reply.headers() };
        delete headers["set-cookie"];
        await page.context().clearCookies();
        await route.fulfill({ response: reply, headers });
    });
    await page.context().route("**/Session/**", async (route) => {
        await page.context().clearCookies();
        await route.continue();
    });
    await fillLogin(page, "joe@a.test");
    await page.getByText(/Your browser does not keep the cookie/).waitFor();
    assert.equal(await page.locator("#inside").isVisible(), false);
});

test("a script that is not there: one sentence", async () => {
    const context = await newBrowser(w);
    await context.route("**/pages/frame.js", (route) => route.abort());
    const page = await openTab(context);
    await page.getByText("This page cannot start here").waitFor();
});
