// SPDX-License-Identifier: BSD-2-Clause
// The administrators' page against the real servers.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { logIn, openTab, setHidden, shoot, shows, stopTime, takeTroubles,
         tooLate, user, world } from "./browser.js";
import { until } from "./servers.js";

const EVIL = "</p><script>document.title='evil'</script>";

const w = world(async (servers) => {
    for (const domain of ["a.test", "b.test", "c.test"])
        await servers.cli(`CreateDomain ${domain}`);
    for (let i = 0; i < 50; i++)
        await servers.account(`clerk${i}@a.test`);
    await servers.account("sue@a.test");
    await servers.account("joe@a.test");
    await servers.account("all@example.test", "All Domains");
    await servers.account("monitor@example.test", "Can Monitor");
    await servers.account("poster@a.test", "CanPostAlerts");
    await servers.account("other@a.test", "CanPostAlerts");
    await servers.account("reader@a.test", "BasicSettings");
});

beforeEach(async () => {
    await w.servers.cli("SetServerAlerts {}");
    for (const domain of ["a.test", "b.test"])
        await w.servers.cli(`SetDomainAlerts ${domain} {}`);
});
afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    assert.deepEqual(takeTroubles(), []);
});

const admin = (name, place = "", options = {}) =>
    user(w, name, { path: "/admin/" + place, ...options });

const there = (page) => page.locator("#there").waitFor();
const choice = (page, name) => page.getByLabel(name, { exact: true });
const marks = (page) =>
    page.locator("#posted").getByRole("checkbox").count();

async function post(page, text) {
    await page.getByLabel("Text").fill(text);
    await postButton(page).click();
}

const postButton = (page) => page.locator("#post-button");
const posted = (page) => page.getByText(/^Posted to .*told at once\.$/).waitFor();

test("one page posts and removes, and others follow", async () => {
    const page = await admin("all@example.test", "#domain/a.test");
    const tab = await openTab(page.context(), "/admin/#domain/a.test");
    const other = await admin("poster@a.test");
    const joe = await user(w, "joe@a.test");
    for (const p of [page, tab, other])
        await there(p);
    await post(page, "Lunch is ready.");
    await posted(page);
    for (const p of [page, tab, other, joe])
        await shows(p, ["Lunch is ready."]);
    assert.match(await page.locator("#post-done").textContent(),
                 /^Posted to a\.test; \d+ sessions told at once\.$/);
    await post(other, "And coffee.");
    for (const p of [page, tab, other, joe])
        await shows(p, ["And coffee.", "Lunch is ready."]);
    await page.getByText("by poster@a.test").waitFor();
    // a tab that goes elsewhere does not take the news from the other
    await choice(tab, "the whole server").check();
    await shows(tab, []);
    await page.getByLabel("Mark: Lunch is ready.").check();
    await page.getByRole("button", { name: "Remove 1 alert" }).click();
    await shows(page, ["And coffee."]);
    await page.reload(); // which ends the time for second thoughts
    for (const p of [page, other, joe])
        await shows(p, ["And coffee."]);
    await post(other, "And tea.");
    for (const p of [page, other, joe])
        await shows(p, ["And tea.", "And coffee."]);
});

test("a server-wide post says first how many it tells", async () => {
    const page = await admin("all@example.test");
    const joe = await user(w, "joe@a.test");
    await user(w, "sue@a.test");
    await there(page);
    assert.equal(await choice(page, "the whole server").isChecked(), true);
    await post(page, "The server stops at noon.");
    const dialog = page.getByRole("dialog");
    const { sessions, accounts } = JSON.parse(await w.servers.post(
        ["--server"], "x", "--test", "--json"));
    assert.ok(sessions >= 3);
    await dialog.getByText(`${sessions} sessions would be shown it now, ` +
        `and all ${accounts} accounts sooner or later.`).waitFor();
    await shoot(page, "admin-confirm", { fullPage: false });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await page.getByLabel("Text").inputValue(),
                 "The server stops at noon.");
    await shows(page, []);
    await postButton(page).click();
    await dialog.getByRole("button", { name: `Post to all ${accounts}` })
        .click();
    await posted(page);
    await shows(joe, ["The server stops at noon."]);
    await shows(page, ["The server stops at noon."]);
});

test("a domain's page has the server's alerts in bold", async () => {
    await w.servers.post(["--server"], "of the server");
    await w.servers.post(["--domain", "a.test"], "of the domain",
                         "--severity", "critical");
    for (const name of ["all@example.test", "poster@a.test"]) {
        const page = await admin(name, "#domain/a.test");
        await there(page);
        await shows(page, ["of the domain", "of the server"]);
        assert.equal(await marks(page), 1);
        await page.getByLabel("Mark: of the domain").waitFor();
        const weight = (text) => page.getByText(text, { exact: true })
            .evaluate((p) => Number(getComputedStyle(p).fontWeight));
        assert.ok(await weight("of the server") >= 600);
        assert.ok(await weight("of the domain") < 600);
        await shoot(page, `admin-domain-${name.split("@")[0]}`);
    }
});

test("a domain's administrator is told of the server's alerts", async () => {
    const page = await admin("poster@a.test");
    await there(page);
    await w.servers.post(["--server"], "of the server");
    await shows(page, ["of the server"]);
    assert.equal(await marks(page), 0);
    await w.servers.cli("SetServerAlerts {}");
    await shows(page, []);
});

test("what he dismissed for himself is on the domain's page", async () => {
    await w.servers.post(["--server"], "of the server");
    const own = await user(w, "poster@a.test");
    await own.getByRole("button", { name: "Dismiss" }).click();
    await shows(own, []);
    const page = await admin("poster@a.test");
    await there(page);
    await shows(page, ["of the server"]);
    await page.getByText("Server-wide", { exact: true }).waitFor();
});

const unfold = (page) => page.getByText(/^\d+ for you/).click();

const showsOwn = (page, expected) => until(async () => JSON.stringify(
    await page.locator("#own .text").allTextContents()) ===
    JSON.stringify(expected), `${JSON.stringify(expected)} for himself`);

test("an administrator's own alerts are on the page, and count", async () => {
    const page = await admin("poster@a.test");
    const tab = await openTab(page.context(), "/admin/");
    await there(page);
    await there(tab);
    await w.servers.post(["--account", "poster@a.test"], "one", "--severity",
                         "critical");
    for (const p of [page, tab])
        await showsOwn(p, ["one"]);
    await unfold(page);
    await w.servers.delivered("poster@a.test");
    assert.match(await page.locator("#say-now").textContent(),
                 /Critical: one/);
    await w.servers.post(["--account", "poster@a.test"], "two");
    await showsOwn(page, ["two", "one"]);
    await shoot(page, "admin-own");
    await showsOwn(tab, []); // shown elsewhere
    await page.getByRole("button", { name: "Dismiss: one" }).click();
    await showsOwn(page, ["two"]);
    // the next one ends the time for second thoughts about it
    await page.getByRole("button", { name: "Dismiss: two" }).click();
    await showsOwn(page, []);
    await page.getByRole("button", { name: "Undo" }).click();
    await showsOwn(page, ["two"]);
    await page.reload();
    await there(page);
    await showsOwn(page, []);
    // What the list of the place shows is not shown twice.
    await w.servers.post(["--domain", "a.test"], "of the domain");
    await w.servers.post(["--server"], "of the server");
    await shows(page, ["of the server", "of the domain"]);
    await showsOwn(page, []);
    await choice(page, "one account of a.test").check();
    await showsOwn(page, []);
    await tab.close(); // it shows what the domain's list has
    await w.servers.post(["--server"], "again of the server");
    await showsOwn(page, ["again of the server"]);
    await w.servers.cli("SetServerAlerts {}");
    await showsOwn(page, []);
});

test("a plain user sees his alerts even on this page", async () => {
    const page = await admin("joe@a.test");
    await page.getByText("You have nothing to administer.").waitFor();
    await w.servers.post(["--server"], "for all");
    await showsOwn(page, ["for all"]);
});

test("what nobody could see is not shown", async () => {
    const page = await admin("poster@a.test");
    await there(page);
    await setHidden(page, true);
    await w.servers.post(["--account", "poster@a.test"], "for Poster");
    await w.servers.post(["--domain", "a.test"], "of the domain");
    await shows(page, ["of the domain"]);
    await showsOwn(page, ["for Poster"]);
    await page.close();
    const later = await admin("poster@a.test");
    await showsOwn(later, ["for Poster"]);
    await unfold(later);
    await w.servers.delivered("poster@a.test");
});

// The events that a stream of the page's session gets that begins anew, up to
// one that is made by then.
async function unconfirmed(page, mark) {
    await page.evaluate(async () => {
        const id = sessionStorage.getItem("ximss-session");
        const { body } = await fetch(`/Session/${id}/events`);

        window.probe = body.pipeThrough(new TextDecoderStream()).getReader();
    });
    await w.servers.post(["--domain", "b.test"], mark);
    return page.evaluate(async (last) => {
        let text = "";

        while (!text.includes(last))
            text += (await window.probe.read()).value;
        await window.probe.cancel();
        return text.match(/^event: .*/gm);
    }, mark);
}

test("a page that nobody looks at confirms what is no alert", async () => {
    const page = await admin("all@example.test", "#domain/b.test");
    await there(page);
    await setHidden(page, true);
    const texts = [];
    let marks = 0;

    for (let i = 0; i < 5; i++) {
        await w.servers.post(["--domain", "b.test"], `posted ${i}`);
        texts.unshift(`posted ${i}`);
    }
    await shows(page, texts);
    await until(async () =>
        (await unconfirmed(page, `mark ${marks++}`)).length === 1,
        "all is confirmed");
    // An alert for him, and all behind it, is not.
    await w.servers.post(["--account", "all@example.test"], "for him");
    await w.servers.post(["--domain", "b.test"], "behind it");
    await showsOwn(page, ["for him"]);
    const events = await unconfirmed(page, "the last");
    assert.deepEqual(events.slice(-3), [
        "event: alert", "event: alertReport", "event: alertReport"]);
});

test("rights decide what is offered", async () => {
    const see = async (name, place) => {
        const page = await admin(name, place);
        await there(page);
        return {
            server: await choice(page, "the whole server").isVisible(),
            post: await page.locator("#post").isVisible(),
            remove: await page.locator("#remove").isVisible(),
            domain: await page.locator("#domain").isVisible(),
            marks: await marks(page),
        };
    };
    await w.servers.post(["--domain", "a.test"], "of a.test");
    await w.servers.post(["--server"], "of the server");
    assert.deepEqual(await see("all@example.test", "#domain/a.test"), {
        server: true, post: true, remove: true, domain: true, marks: 1 });
    assert.deepEqual(await see("monitor@example.test", "#domain/a.test"), {
        server: true, post: false, remove: false, domain: true, marks: 0 });
    assert.deepEqual(await see("poster@a.test", ""), {
        server: false, post: true, remove: true, domain: false, marks: 1 });
});

test("a domain's administrator who may not post sees that", async () => {
    const page = await admin("reader@a.test");
    await page.getByText("Insufficient access rights.").waitFor();
    assert.equal(await page.locator("#there").isVisible(), false);
});

test("another domain is not to be had by its address", async () => {
    const page = await admin("poster@a.test", "#domain/b.test");
    await page.getByText("Insufficient access rights.").waitFor();
    assert.equal(await page.locator("#there").isVisible(), false);
});

test("a plain user finds nothing to administer", async () => {
    const page = await admin("joe@a.test");
    await page.getByText("You have nothing to administer.").waitFor();
    assert.equal(await page.locator("#admin").isVisible(), false);
});

test("an administrator gets from one page to the other", async () => {
    const page = await user(w, "poster@a.test");
    await page.getByRole("link", { name: "For administrators" }).click();
    await there(page);
    await page.getByRole("link", { name: "My alerts" }).click();
    await page.getByText("There are no alerts.").waitFor();
});

test("an account is found among many, by keyboard", async () => {
    const page = await admin("all@example.test");
    await there(page);
    await choice(page, "one account").check();
    const domain = page.getByLabel("Domain", { exact: true });
    await domain.click();
    await page.getByRole("option").first().waitFor();
    assert.deepEqual(await page.getByRole("option").allTextContents(),
                     ["example.test", "a.test", "b.test", "c.test"]);
    await domain.fill("a.t");
    await page.getByRole("option", { name: "b.test" })
        .waitFor({ state: "detached" });
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const account = page.getByRole("combobox", { name: "Account" });
    await account.click();
    await page.getByRole("option", { name: "More…" }).click();
    await page.waitForFunction(() =>
        document.querySelectorAll(
            "#account-options [role=option]").length > 21);
    await account.fill("SUE");
    await page.waitForFunction(() =>
        document.querySelectorAll(
            "#account-options [role=option]").length === 1);
    await shoot(page, "admin-account");
    await account.focus();
    await page.getByRole("option", { name: "sue" }).waitFor();
    await page.keyboard.press("ArrowDown");
    assert.equal(await account.getAttribute("aria-activedescendant"),
                 await page.getByRole("option").getAttribute("id"));
    await page.keyboard.press("Enter");
    await there(page);
    assert.match(page.url(), /#account\/sue%40a\.test$/);
    await post(page, "Sue, call the help desk.");
    await posted(page);
    await shows(page, ["Sue, call the help desk."]);
    // gone as soon as she has seen it
    await shows(await user(w, "sue@a.test"), ["Sue, call the help desk."]);
    await w.servers.delivered("sue@a.test");
    await page.reload();
    await there(page);
    await shows(page, []);
});

test("Enter takes what was typed last", async () => {
    const page = await admin("all@example.test", "#domain/b.test");
    await there(page);
    const field = page.getByRole("combobox", { name: "Domain" });
    await field.fill("c.te");
    await page.getByRole("option", { name: "c.test" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/#domain\/c\.test$/);
    await field.fill("a.test");
    await page.keyboard.press("Enter"); // before any option is there
    await page.waitForURL(/#domain\/a\.test$/);
});

test("an unknown name is told", async () => {
    const page = await admin("all@example.test", "#account/nobody%40a.test");
    await page.getByText(/^Unknown (user )?account\.$/i).waitFor();
});

test("the preview is what users see; severity and end are kept", async () => {
    const page = await admin("all@example.test", "#domain/b.test",
                             { timezoneId: "Europe/Berlin" });
    await there(page);
    await page.getByLabel("Text").fill("two\nlines <b>");
    await page.locator("#severity").selectOption("Critical");
    const preview = page.locator("#preview");
    assert.equal(await preview.locator(".text").textContent(),
                 "two\nlines <b>");
    await preview.getByText("Critical").waitFor();
    await page.getByLabel(/^Ends by itself/).fill("2099-07-01T12:00");
    await preview.getByText("Until 1 Jul 2099, 12:00").waitFor();
    await shoot(page, "admin-post");
    await postButton(page).click();
    await posted(page);
    await shows(page, ["two\nlines <b>"]);
    const list = JSON.parse(await w.servers.ctl(
        "--json", "alert", "list", "--domain", "b.test"));
    const [alert] = list.alerts ?? list;
    assert.equal(alert.severity, "critical");
    assert.match(alert.until, /^2099-?07-?01T10:?00/);
});

test("what the server refuses is told, and nothing is lost", async () => {
    const page = await admin("all@example.test", "#domain/a.test");
    await there(page);
    const error = page.locator("#post-error");
    await post(page, "   ");
    await page.getByText("This text would not be visible.").waitFor();
    await post(page, "x".repeat(5000));
    await error.getByText(/too long|bytes/).waitFor();
    assert.equal((await page.getByLabel("Text").inputValue()).length, 5000);
    await post(page, "bad \u0007 bell");
    await page.getByText("The text has control characters in it.").waitFor();
    await shows(page, []);
});

test("texts are texts", async () => {
    const page = await admin("all@example.test", "#domain/a.test");
    await there(page);
    await post(page, EVIL);
    await posted(page);
    await shows(page, [EVIL]);
    assert.equal(await page.locator("main script").count(), 0);
    assert.match(await page.title(), /^a\.test – .* – Administration$/);
});

test("log-out leaves nothing of the administrator", async () => {
    const page = await admin("all@example.test", "#domain/a.test");
    await there(page);
    await page.getByLabel("Text").fill("half written");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.locator("#login").waitFor();
    await logIn(page, "poster@a.test");
    await there(page);
    assert.equal(await page.getByLabel("Text").inputValue(), "");
});

// --- many alerts ---

const found = (page, text) =>
    page.locator("#found").getByText(text, { exact: true }).waitFor();

// Alerts that nobody needs to see being posted.
const many = (domain, from, to, text = (i) => `number ${i}`) =>
    w.servers.file([`SetDomainAlerts ${domain} {` + Array.from(
        { length: to - from }, (_, i) => {
            const at = new Date(Date.UTC(2026, 0, 1, 0, 0, from + i));
            const key = at.toISOString().replace(/\D/g, "").slice(0, 14);
            return `${key}="${text(from + i)}";`;
        }).join("") + "}"]);

test("ten thousand alerts by pages", async () => {
    await w.servers.cli("CreateDomain big.test");
    await w.servers.account("head@big.test", "CanPostAlerts");
    await many("big.test", 0, 10000);
    const page = await admin("head@big.test");
    await found(page, "1–50 of 10,000 alerts");
    await page.getByText("Page 1 of 200").waitFor();
    const first = await page.locator("#posted .text").allTextContents();
    assert.equal(first.length, 50);
    await shoot(page, "admin-many");
    await page.getByRole("button", { name: "Older" }).click();
    await found(page, "51–100 of 10,000 alerts");
    const second = await page.locator("#posted .text").allTextContents();
    assert.equal(new Set([...first, ...second]).size, 100);
    // what is new is told, and does not move what one reads
    await w.servers.post(["--domain", "big.test"], "the newest");
    await page.getByText("1 newer alert was posted.").waitFor();
    await shows(page, second);
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await found(page, "1–50 of 10,001 alerts");
    await page.locator("#posted").getByText("the newest", { exact: true })
        .waitFor();
    assert.equal(await page.locator("#news").isVisible(), false);
    // one among them all
    await page.getByLabel("Search").fill("NUMBER 7345");
    await shows(page, ["number 7345"]);
    await found(page, "1 of 10,001 alerts fits");
    await page.getByLabel("Search").fill("no such words");
    await page.getByText("No alert posted to big.test matches.").waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await found(page, "1–50 of 10,001 alerts");
    // a page that was emptied is filled again
    await page.getByLabel("All on this page").check();
    await page.getByRole("button", { name: "Remove 50 alerts" }).click();
    await page.getByRole("button", { name: "Undo" }).waitFor();
    await page.reload();
    await found(page, "1–50 of 9,951 alerts");
    await w.servers.cli("DeleteDomain big.test FORCE");
});

test("the list by severity, state, author and text", async () => {
    await w.servers.post(["--domain", "a.test"], "Kernel update tonight",
                         "--severity", "critical", "--until", "+2h");
    await w.servers.post(["--domain", "a.test"], "Holiday", "--severity",
                         "info", "--until", "+30d");
    await w.servers.post(["--server"], "Über Nacht");
    const page = await admin("poster@a.test");
    await there(page);
    await post(page, "Lunch");
    const all = ["Lunch", "Über Nacht", "Holiday", "Kernel update tonight"];
    await shows(page, all);
    const filter = page.locator("#filter");
    for (const [name, value, wanted] of [
        ["Severity", "Critical", ["Kernel update tonight"]],
        ["Severity", "Warning", ["Lunch", "Über Nacht"]],
        ["State", "Stays until removed", ["Lunch", "Über Nacht"]],
        ["State", "Ends by itself", ["Holiday", "Kernel update tonight"]],
        ["State", "Ends within a day", ["Kernel update tonight"]]]) {
        await filter.getByLabel(name).selectOption(value);
        await shows(page, wanted);
        await page.getByRole("button", { name: "Show all" }).click();
        await shows(page, all);
    }
    for (const [name, value, wanted] of [
        ["Search", "ÜBER", ["Über Nacht"]],
        ["Author", "poster", ["Lunch"]],
        ["Author", "root on this machine",
         ["Holiday", "Kernel update tonight"]]]) {
        await filter.getByLabel(name).fill(value);
        await shows(page, wanted);
        await page.getByRole("button", { name: "Show all" }).click();
        await shows(page, all);
    }
    // who looks at the filtered list sees what comes, if it fits
    await filter.getByLabel("Search").fill("ner");
    await shows(page, []);
    await w.servers.post(["--domain", "a.test"], "Breakfast");
    await w.servers.post(["--domain", "a.test"], "Dinner");
    await shows(page, ["Dinner"]);
    await page.reload();
    await shows(page, ["Dinner"]);
    assert.equal(await filter.getByLabel("Search").inputValue(), "ner");
});

test("who came by the machine itself is called so", async () => {
    await w.servers.post(["--domain", "a.test"], "of root");
    const page = await admin("poster@a.test");
    await page.getByText("by root on this machine").waitFor();
    assert.equal(await page.getByText("local:0").count(), 0);
});

// --- names, and what was typed ---

test("a domain's administrator reads which domain it is", async () => {
    const page = await admin("poster@a.test");
    await there(page);
    assert.match(await page.title(), /^a\.test – /);
    await page.getByRole("heading", { name: "Post an alert to a.test" })
        .waitFor();
    await page.getByRole("heading", { name: "Posted to a.test" }).waitFor();
    await page.getByLabel("all of a.test").waitFor();
    await page.getByLabel("one account of a.test").waitFor();
    const n = Number(JSON.parse(await w.servers.post(
        ["--domain", "a.test"], "x", "--test", "--json")).accounts);
    assert.equal(await postButton(page).textContent(),
                 `Post to ${n} accounts of a.test`);
    await post(page, "Hello.");
    await page.getByText(/^Posted to a\.test; /).waitFor();
    // the form is the first thing, and the answer is beside the button
    const tops = await page.evaluate(() => ["#post", "#post-button",
        "#post-done", "#preview", "#posted"].map((one) =>
        document.querySelector(one).getBoundingClientRect().top));
    tops.splice(3, 1); // nothing is typed, so there is no preview
    assert.deepEqual(tops, [...tops].sort((a, b) => a - b));
    const [, button, done] = tops;
    assert.ok(done - button < 100, `the answer is ${done - button} px away`);
    await shoot(page, "admin-answer");
    await page.getByLabel("one account of a.test").check();
    await page.getByRole("combobox", { name: "Account" }).fill("joe");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Post to joe@a.test" }).waitFor();
    assert.match(await page.title(), /^joe@a\.test – /);
});

test("pickers begin with the own domain, and what begins so", async () => {
    for (const name of ["me", "acme", "some"])
        await w.servers.account(`${name}@b.test`);
    const page = await admin("all@example.test");
    await there(page);
    await choice(page, "a domain").check();
    await page.waitForURL(/#domain\/example\.test$/);
    const options = () => page.locator(".options:not([hidden]) li")
        .allTextContents();
    const domain = page.getByRole("combobox", { name: "Domain" });
    await domain.click();
    await until(async () => (await options()).length > 3, "the domains");
    assert.equal((await options())[0], "example.test");
    await domain.fill("b.t");
    await until(async () => (await options()).length === 1, "b.test");
    await page.keyboard.press("Enter"); // the name as typed is none
    await domain.fill("b.test");
    await page.keyboard.press("Enter");
    await page.waitForURL(/#domain\/b\.test$/);
    await choice(page, "one account").check();
    const account = page.getByRole("combobox", { name: "Account" });
    await account.fill("me");
    await until(async () => (await options()).length === 3, "three names");
    assert.deepEqual(await options(), ["me", "acme", "some"]);
});

test("what was typed survives a reload and a lost session", async () => {
    const page = await admin("poster@a.test");
    await there(page);
    const typed = async () => [
        await page.getByLabel("Text").inputValue(),
        await page.locator("#severity").inputValue(),
        await page.getByLabel(/^Ends by itself/).inputValue()];
    const wanted = ["half written", "critical", "2099-07-01T12:00"];
    await page.getByLabel("Text").fill(wanted[0]);
    await page.locator("#severity").selectOption(wanted[1]);
    await page.getByLabel(/^Ends by itself/).fill(wanted[2]);
    await page.reload();
    await there(page);
    assert.deepEqual(await typed(), wanted);
    await w.servers.cli("KillAccountSessions poster@a.test");
    await page.locator("#login").waitFor();
    assert.deepEqual(await typed(), ["", "warning", ""]);
    await logIn(page, "poster@a.test");
    await there(page);
    assert.deepEqual(await typed(), wanted);
    // but it is nobody else's
    await w.servers.cli("KillAccountSessions poster@a.test");
    await page.locator("#login").waitFor();
    await logIn(page, "other@a.test");
    await there(page);
    assert.deepEqual(await typed(), ["", "warning", ""]);
});

// --- second thoughts ---

const removes = (page, name) => page.getByLabel(`Mark: ${name}`).check()
    .then(() => page.getByRole("button", { name: "Remove 1 alert" }).click());

test("a removal that is undone told nobody anything", async () => {
    for (const text of ["one", "two"])
        await w.servers.post(["--domain", "a.test"], text);
    const page = await admin("poster@a.test", "", { clock: true });
    await there(page);
    const joe = await user(w, "joe@a.test");
    await shows(joe, ["two", "one"]);
    const asked = [];
    page.on("request", (request) => {
        if (/alertRemove/.test(request.postData() ?? ""))
            asked.push(request.postData());
    });
    await page.getByLabel("Mark: one").check();
    await stopTime(page);
    await page.getByRole("button", { name: "Remove 1 alert" }).click();
    await shows(page, ["two"]);
    await page.locator("#undo").getByText("Removing 1 alert of a.test…")
        .waitFor();
    await shoot(page, "admin-undo", { fullPage: false });
    await page.clock.fastForward(9000);
    await page.getByRole("button", { name: "Undo" }).click();
    await shows(page, ["two", "one"]);
    assert.equal(await page.getByLabel("Mark: one").isChecked(), true);
    await page.clock.fastForward(11000);
    await page.clock.resume();
    assert.deepEqual(asked, []);
    await shows(joe, ["two", "one"]);
    // ten seconds later it is done
    await page.getByRole("button", { name: "Remove 1 alert" }).click();
    await tooLate(page);
    await shows(joe, ["two"]);
    await page.locator("#undo").waitFor({ state: "hidden" });
    assert.equal(asked.length, 1);
});

test("a removal is done when the page goes, and at a log-out", async () => {
    for (const text of ["one", "two"])
        await w.servers.post(["--domain", "a.test"], text);
    const joe = await user(w, "joe@a.test");
    const page = await admin("poster@a.test");
    await there(page);
    await removes(page, "one");
    await page.goto("/healthz");
    await shows(joe, ["two"]);
    await page.goto("/admin/");
    await there(page);
    await shows(page, ["two"]);
    await removes(page, "two");
    await page.getByRole("button", { name: "Log out" }).click();
    await shows(joe, []);
});

test("a removal that could not be done is told, and offered again",
     async () => {
    await w.servers.post(["--domain", "a.test"], "one");
    const page = await admin("poster@a.test");
    await there(page);
    await removes(page, "one");
    await shows(page, []);
    await w.servers.cli("KillAccountSessions poster@a.test");
    await page.locator("#login").waitFor();
    assert.equal(await page.locator("#undo").isVisible(), false);
    await logIn(page, "poster@a.test");
    await page.getByText("Not removed: 1 alert. " +
                         "The session has ended before.").waitFor();
    await shows(page, ["one"]);
});

test("own alerts are folded, and count when they are unfolded", async () => {
    const page = await admin("poster@a.test");
    await there(page);
    for (const text of ["one", "two", "three"])
        await w.servers.post(["--account", "poster@a.test"], text,
                             "--severity", "critical");
    await page.getByText("3 for you").waitFor();
    await page.getByText("3 critical").waitFor();
    assert.equal(await page.locator("#own-list").isVisible(), false);
    assert.notEqual(
        (await w.servers.cli("GetAccountAlerts poster@a.test")).trim(), "{}");
    await unfold(page);
    await w.servers.delivered("poster@a.test");
    assert.equal(await page.locator("#own-list").isVisible(), true);
});
