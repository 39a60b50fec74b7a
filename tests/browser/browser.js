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

export const launch = () => chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // A container's /dev/shm may be too small for it.
    args: ["--disable-dev-shm-usage",
        ...(process.getuid() === 0 ? ["--no-sandbox"] : [])],
});

// A world for a file of tests: servers, and a browser.
export function world(prepare) {
    const w = { servers: new Servers(), browser: null };

    before(async () => {
        await w.servers.start();
        await prepare(w.servers);
        w.browser = await launch();
    });
    after(async () => {
        await w.browser?.close();
        await w.servers.end();
    });
    return w;
}

// A browser of its own: nothing is shared with others.  clock: its pages' clock
// can be moved (page.clock).
export async function newBrowser(w, { clock = false, ...options } = {}) {
    const context = await w.browser.newContext({
        baseURL: w.servers.url, viewport: SIZES.wide,
        timezoneId: "Europe/Berlin", ...options });

    context.on("page", listen);
    if (clock)
        await context.clock.install();
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

export const dismiss = (page, text) =>
    page.getByRole("button", { name: `Dismiss: ${text}` }).click();

// The time for second thoughts is over, in a browser with a clock.
export const tooLate = (page) => page.clock.fastForward(10001);

// Of such a page: its time stands still, however slow the machine is, but for
// what is asked of the clock.
export const stopTime = async (page) =>
    page.clock.pauseAt(await page.evaluate(() => Date.now()) + 1000);

// As if another window were before this one, or no longer.
export async function setHidden(page, hidden) {
    await page.evaluate((value) => {
        Object.defineProperty(document, "visibilityState",
            { configurable: true, value: value ? "hidden" : "visible" });
        document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
}

const SIZES = { wide: { width: 1100, height: 800 },
                narrow: { width: 390, height: 844 } };

// Pictures for people to look at, where a directory for them is given.
export async function shoot(page, name, { fullPage = true } = {}) {
    if (!SHOTS)
        return;
    mkdirSync(SHOTS, { recursive: true });
    for (const [size, viewport] of Object.entries(SIZES))
        for (const colorScheme of ["light", "dark"]) {
            await page.setViewportSize(viewport);
            await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
            await page.screenshot({ fullPage, path: join(
                SHOTS, `${name}-${size}-${colorScheme}.png`) });
        }
    await page.setViewportSize(SIZES.wide);
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

// What reaches beyond the window's side, so that one would have to scroll.
export const tooWide = (page) => page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;

    return scrollWidth <= clientWidth ? []
        : [...document.querySelectorAll("body *")]
            .filter((node) => node.checkVisibility() &&
                node.getBoundingClientRect().right > clientWidth + .5)
            .map((node) => `<${node.localName} id=${node.id} class=` +
                `${node.getAttribute("class")}>: ${node.textContent
                    .slice(0, 40)}`);
});

// A state of a page: axe finds nothing, in any of the looks, nothing is too
// wide, and there are pictures of it.
export async function look(page, name, options = {}) {
    await shoot(page, name, options);
    for (const [colorScheme, viewport] of [["dark", SIZES.narrow],
                                           ["light", SIZES.wide]]) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        assert.deepEqual(await faults(page), [], `${name}, ${colorScheme}`);
        assert.deepEqual(await tooWide(page), [], `${name}, ${colorScheme}`);
    }
}
