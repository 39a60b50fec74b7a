// SPDX-License-Identifier: BSD-2-Clause
// Every state of the user's page and of log-in, for axe, which must find
// nothing, and for people, where a directory for pictures is given.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { fillLogin, live, look, newBrowser, openTab, shows, takeTroubles,
         tooLate, user, world } from "./browser.js";

const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">' +
    '<rect width="40" height="40" rx="8" fill="#7a1f3d"/>' +
    '<path d="M20 8l14 9v3H6v-3z M9 22h4v9H9z M18 22h4v9h-4z M27 22h4v9h-4z' +
    ' M6 32h28v3H6z" fill="#fff"/></svg>';

const LONG = "The building is closed from Friday 18:00 to Monday 6:00, and " +
    "with it the machine room; mail is received and kept meanwhile, but " +
    "cannot be read.\n\n" + Array.from({ length: 40 }, (_, i) =>
    `${i + 1}. Room ${100 + i}: power off at ${String(i % 24).padStart(2, "0")}` +
    `:00, see https://status.example.edu/rooms/${100 + i}`).join("\n");

const w = world(async (servers) => {
    writeFileSync(join(servers.dir, "logo.svg"), LOGO);
    await servers.killBridge();
    await servers.startBridge({
        "site-name": '"University notices"',
        "site-logo": `"${join(servers.dir, "logo.svg")}"`,
        organisation: '"Example University"',
        "answer-timeout": '"1s"',
    });
    await servers.cli("CreateDomain a.test");
    await servers.account("joe@a.test");
    await servers.account("dom@a.test", "CanPostAlerts");
});

afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    await w.servers.cli("SetServerAlerts {}");
    await w.servers.cli("SetDomainAlerts a.test {}");
    assert.deepEqual(takeTroubles(), []);
});

test("log-in: at first, waiting, refused", async () => {
    const page = await openTab(await newBrowser(w));
    await page.locator("#login").waitFor();
    await look(page, "login");
    let go;
    const held = new Promise((resolve) => { go = resolve; });
    await page.route("**/XIMSSLogin/**", async (route) => {
        await held;
        await route.continue();
    });
    await fillLogin(page, "joe@a.test", "wrong");
    await page.getByRole("button", { name: "Logging in…" }).waitFor();
    await page.getByText("This takes longer than usual.").waitFor();
    await look(page, "login-waiting");
    go();
    await page.getByText("Incorrect password or account name.").waitFor();
    await page.getByRole("button", { name: "Log in" }).waitFor();
    await look(page, "login-refused");
    await page.getByLabel("Password").fill("s");
    assert.equal(await page.locator("#login-error").textContent(), "");
});

test("no alerts; a few; long ones", async () => {
    const page = await user(w, "joe@a.test");
    await page.getByText("There are no alerts.").waitFor();
    await look(page, "none");
    await w.servers.post(["--server"], "The mail server will be restarted " +
        "tonight at 22:00. Details: https://status.example.edu/mail");
    await w.servers.post(["--domain", "a.test"], "Fire alarm in building 7. " +
        "Leave it now; do not use the lifts.", "--severity", "critical");
    await w.servers.post(["--account", "joe@a.test"], "Your parcel is at the " +
        "front desk.", "--severity", "info", "--until", "+8h");
    await w.servers.post(["--domain", "a.test"], LONG);
    await w.servers.post(["--server"], "x".repeat(400) +
        " https://b\u00fccher.example/" + "y".repeat(300));
    await page.getByText("5 alerts").waitFor();
    await look(page, "alerts");
    const more = page.getByRole("button", { name: "Show more" });
    assert.equal(await more.count(), 2);
    await more.last().click();
    await page.getByRole("button", { name: "Show less" }).waitFor();
    await look(page, "unfolded");
    await page.getByRole("button", { name: "Dismiss all" }).click();
    await page.getByRole("dialog").waitFor();
    await look(page, "ask");
});

test("three hundred", async () => {
    const page = await user(w, "joe@a.test");
    await w.servers.file(Array.from({ length: 300 }, (_, i) =>
        `PostServerAlert "Notice ${i + 1}: rooms ${i} and ${i + 1} ` +
        'change places on Monday."'));
    await page.getByText("300 alerts").waitFor();
    await look(page, "many", { fullPage: false });
    await page.getByRole("button", { name: "Dismiss all" }).click();
    await page.getByRole("dialog")
        .getByRole("button", { name: "Dismiss all" }).click();
    await shows(page, []);
    await page.locator("#undo").getByText("Dismissing 300 alerts…").waitFor();
    await look(page, "undo", { fullPage: false });
});

test("devices that stay logged in", async () => {
    let page;
    for (let i = 0; i < 2; i++) {
        page = await openTab(await newBrowser(w));
        await page.getByLabel("Stay logged in on this device").check();
        await fillLogin(page, "joe@a.test");
        await page.locator("#inside").waitFor();
    }
    await live(page);
    await page.getByText("Devices that stay logged in").click();
    await page.getByRole("button", { name: /^Log out there/ }).waitFor();
    await look(page, "devices");
});

test("without JavaScript: one sentence", async () => {
    for (const path of ["/", "/admin/", "/admin/storage.html",
                        "/admin/audit.html"]) {
        const page = await openTab(
            await newBrowser(w, { javaScriptEnabled: false }), path);
        assert.equal((await page.locator("main").innerText()).trim(),
                     "This page needs JavaScript.");
        assert.equal(await page.locator("input:visible, a:visible").count(),
                     0);
    }
});

test("a domain's administrator", async () => {
    const page = await user(w, "dom@a.test");
    assert.deepEqual(await page.locator("#pages a:visible").allTextContents(),
                     ["My alerts", "For administrators", "Storage", "Audit log"]);
    await look(page, "administrator");
});

test("the server is away, the connection is lost", async () => {
    const page = await user(w, "joe@a.test", { clock: true });
    await w.servers.post(["--server"], "Known before.");
    await shows(page, ["Known before."]);
    await w.servers.killServer();
    await page.getByText("The server does not answer at the moment.")
        .waitFor();
    await page.getByRole("button", { name: "Dismiss" }).click();
    await tooLate(page);
    await page.getByRole("button", { name: "Undo" })
        .waitFor({ state: "hidden" });
    await page.locator("#undo").getByText("Dismissing 1 alert…").waitFor();
    await look(page, "away", { fullPage: false });
    await w.servers.killBridge();
    await page.getByText("The connection is lost.").waitFor();
    await look(page, "lost");
    await w.servers.startServer();
    await w.servers.startBridge();
});

test("storage is blocked", async () => {
    const context = await newBrowser(w);
    await context.addInitScript(() => {
        const refuse = () => { throw new DOMException("", "SecurityError"); };
        for (const name of ["localStorage", "sessionStorage", "SharedWorker",
            "BroadcastChannel"])
            Object.defineProperty(window, name, { get: refuse });
    });
    const page = await openTab(context);
    await page.locator("#login").waitFor();
    await look(page, "blocked");
});
