// SPDX-License-Identifier: BSD-2-Clause
// The audit log on its page, against the real servers.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { shoot, takeTroubles, user, world } from "./browser.js";

const EVIL = "<img src=x onerror=alert(1)>\n<b>two</b>";

const w = world(async (servers) => {
    for (const domain of ["a", "b"])
        await servers.cli(`CreateDomain ${domain}.test`);
    for (const name of ["joe@a.test", "joe@b.test"])
        await servers.account(name);
    await servers.account("adm@a.test", "BasicSettings");
    await servers.account("boss@example.test", "Master");
    await servers.post(["--domain", "a.test"], EVIL);
    await servers.cli("UpdateAccountSettings joe@b.test {x=1;}");
});

afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    assert.deepEqual(takeTroubles(), []);
});

const open = (name) => user(w, name, { path: "/admin/audit.html" });
const cells = (page) => page.locator("#rows tr").evaluateAll((rows) =>
    rows.map((row) => [...row.children].map((cell) => cell.textContent)));

async function says(page, note) {
    await page.locator("#note").getByText(note, { exact: true }).waitFor();
    return cells(page);
}

test("a line with what it says, as text", async () => {
    const page = await open("boss@example.test");
    await page.locator("#rows tr").first().waitFor();
    await page.getByLabel("About").fill("a.test");
    await page.getByLabel("Command").fill("alertPost");
    await page.keyboard.press("Enter");
    const [row] = await says(page, "1 line");
    assert.deepEqual(row.slice(1, 5),
                     ["root on this machine", "local socket", "a.test",
                      "done"]);
    assert.match(row[5], /^alertPost domain .*<img src=x onerror=alert\(1\)>/);
    assert.equal(await page.locator("#rows img, #rows b").count(), 0);
    await shoot(page, "admin-audit");
});

test("filters, by keyboard", async () => {
    const page = await open("boss@example.test");
    await page.locator("#rows tr").first().waitFor();
    await page.getByLabel("About").fill("@b.test");
    await page.getByLabel("Outcome").selectOption("Refused");
    await page.getByRole("button", { name: "Show" }).focus();
    await page.keyboard.press("Enter");
    await says(page, "There are no such lines.");
    assert.equal(await page.locator("#lines").isVisible(), false);
    await page.getByLabel("Outcome").selectOption("Done");
    await page.getByLabel("Since").selectOption("An hour ago");
    await page.getByRole("button", { name: "Show" }).click();
    assert.deepEqual((await says(page, "3 lines")).map((row) =>
        row[5].split(" ")[0]),
                     ["UPDATEACCOUNTSETTINGS", "CREATEACCOUNT",
                      "CREATEDOMAIN"]);
    await page.getByLabel("Until").selectOption("A day ago");
    await page.getByRole("button", { name: "Show" }).click();
    await says(page, "There are no such lines.");
});

test("more", async () => {
    await w.servers.file(Array.from({ length: 230 }, (_, i) =>
        `UpdateAccountSettings joe@b.test {n=${i};}`));
    const page = await open("boss@example.test");
    await page.getByLabel("About").fill("joe@b.test");
    await page.getByLabel("Command").fill("updateaccountsettings");
    await page.keyboard.press("Enter");
    await says(page, "100 lines; there are more.");
    const more = page.getByRole("button", { name: "More" });
    await more.click();
    await says(page, "200 lines; there are more.");
    await more.click();
    const rows = await says(page, "231 lines");
    assert.match(rows[0][5], /n=229/);
    assert.match(rows[230][5], /x=1/);
    assert.equal(await more.isVisible(), false);
    // who reads by keyboard goes on where they were
    assert.match(await page.locator("#rows tr:focus").textContent(), /n=29;/);
});

test("a domain's administrator sees what concerns the domain", async () => {
    const page = await open("adm@a.test");
    await page.locator("#rows tr").first().waitFor();
    const rows = await cells(page);
    assert.deepEqual(new Set(rows.map((row) => row[3])),
                     new Set(["a.test", "joe@a.test", "adm@a.test"]));
    assert.ok(rows.every((row) => row[2] === "" && !row[5].includes(" ")));
});

test("nothing for others", async () => {
    const page = await open("joe@a.test");
    await page.getByText("You have nothing to administer.").waitFor();
    assert.equal(await page.locator("#admin").isVisible(), false);
});
