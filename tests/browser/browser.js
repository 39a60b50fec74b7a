// SPDX-License-Identifier: BSD-2-Clause
// Chromium, and what tests do on the pages.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { DEADLINE, PASSWORD, Servers } from "./servers.js";

const SHOTS = process.env.SHOTS;

// In a page: all that is wrong with it from a user's view comes as a failure
// of the test that has it open.
const troubles = [];

function listen(page) {
    page.setDefaultTimeout(DEADLINE);
    page.on("pageerror", (error) => troubles.push(String(error.stack)));
    page.on("console", (message) => {
        const text = message.text();
        // The browser's own words on a server that is away, or refuses.
        if (message.type() === "error" &&
            !/Failed to load resource|net::ERR_/.test(text))
            troubles.push(text);
    });
}

export function takeTroubles() {
    return troubles.splice(0);
}

// A world for a file of tests: servers, and a browser.
export function world(prepare) {
    const w = { servers: new Servers(), browser: null };

    before(async () => {
        await w.servers.start();
        await prepare(w.servers);
        w.browser = await chromium.launch({
            executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
            // A container's /dev/shm may be too small for it.
            args: ["--disable-dev-shm-usage",
                ...(process.getuid() === 0 ? ["--no-sandbox"] : [])],
        });
    });
    after(async () => {
        await w.browser?.close();
        await w.servers.end();
    });
    return w;
}

// A browser of its own: nothing is shared with others.
export async function newBrowser(w, options = {}) {
    const context = await w.browser.newContext({
        baseURL: w.servers.url, viewport: { width: 1100, height: 800 },
        timezoneId: "Europe/Berlin", ...options });

    context.on("page", listen);
    return context;
}

export async function openTab(context, path = "/") {
    const page = await context.newPage();

    await page.goto(path);
    return page;
}

export async function fillLogin(page, user, password = PASSWORD) {
    const form = page.locator("#login");

    await form.getByLabel("Account").fill(user);
    await form.getByLabel("Password").fill(password);
    await form.getByRole("button", { name: "Log in" }).click();
}

export async function logIn(page, user, password) {
    await fillLogin(page, user, password);
    await page.locator("#inside").waitFor();
    await live(page);
}

// A new browser with somebody logged in.
export async function user(w, name, { path = "/", ...options } = {}) {
    const page = await openTab(await newBrowser(w, options), path);

    await logIn(page, name);
    return page;
}

export const live = (page) =>
    page.locator("#state.live").waitFor({ timeout: DEADLINE });

// The texts of the alerts on the user's page, or of the posted ones.
export const texts = (page) =>
    page.locator("#days .text, #posted .text").allTextContents();

// Waits until exactly these are there, the newest first.
export async function shows(page, expected, deadline = DEADLINE) {
    try {
        await page.waitForFunction((wanted) => {
            const got = [...document.querySelectorAll(
                "#days .text, #posted .text")].map((p) => p.textContent);
            return JSON.stringify(got) === JSON.stringify(wanted);
        }, expected, { timeout: deadline });
    } catch (error) {
        throw new Error(`the page shows ${JSON.stringify(await texts(page))}`
            + `, not ${JSON.stringify(expected)}`, { cause: error });
    }
}

// As if another window were before this one, or no longer.
export async function setHidden(page, hidden) {
    await page.evaluate((value) => {
        Object.defineProperty(document, "visibilityState",
            { configurable: true, value: value ? "hidden" : "visible" });
        document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
}

// Pictures for people to look at, where a directory for them is given.
export async function shoot(page, name, { fullPage = true } = {}) {
    if (!SHOTS)
        return;
    mkdirSync(SHOTS, { recursive: true });
    const sizes = { wide: { width: 1100, height: 800 },
                    narrow: { width: 390, height: 844 } };
    for (const [size, viewport] of Object.entries(sizes))
        for (const colorScheme of ["light", "dark"]) {
            await page.setViewportSize(viewport);
            await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
            await page.screenshot({ fullPage, path: join(
                SHOTS, `${name}-${size}-${colorScheme}.png`) });
        }
    await page.setViewportSize(sizes.wide);
    await page.emulateMedia({ colorScheme: "light" });
}

const AXE = fileURLToPath(new URL("node_modules/axe-core/axe.min.js",
                                  import.meta.url));

// What axe has against the page as it is, in a line each: nothing, also where
// axe-core is not there, which `run` tells.
export async function faults(page) {
    if (!existsSync(AXE))
        return [];
    // The page's own policy lets no script in as an element.
    if (!await page.evaluate(() => "axe" in window))
        await page.evaluate(readFileSync(AXE, "utf8"));
    return page.evaluate(async () => {
        const { violations } = await window.axe.run(document, {
            resultTypes: ["violations"] });
        return violations.flatMap(({ id, nodes }) => nodes.map((node) =>
            `${id}: ${node.target.join(" ")}: ${node.failureSummary}`));
    });
}

// A state of a page: axe finds nothing, in any of the four looks, and there are
// pictures of them.
export async function look(page, name, options = {}) {
    await shoot(page, name, options);
    for (const colorScheme of ["dark", "light"]) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        assert.deepEqual(await faults(page), [], `${name}, ${colorScheme}`);
    }
}
