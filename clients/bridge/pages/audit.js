// SPDX-License-Identifier: BSD-2-Clause
// The administrators' page of the audit log: who did what, or tried to.
import { parseData, quote } from "./clidata.js";
import { Frame } from "./frame.js";
import { inLetters } from "./idn.js";
import { News } from "./news.js";
import { parseCli } from "./time.js";
import { byId, make, timeOf, whileBusy } from "./view.js";
import { Refused } from "./ximss.js";

const AT_ONCE = 100;
const NO_RIGHTS = 510;
const FILTERS = ["since", "until", "actor", "target", "action", "outcome"];

let frame;
let query = "";     // of what is on the screen
let cookie = null;  // where more of it begins

// --- lines ---

// Who came by the server's socket has no account.
const person = (name) => name === "local:0" ? "root on this machine"
    : inLetters(name);

function rowOf(line) {
    const cell = (text) => make("td", { dir: "auto" }, text);
    const get = (key) => line.get(key) ?? "";
    const time = parseCli(get("time"));

    return make("tr", {},
                make("td", {}, time === null ? ""
                    : timeOf(time, frame.zone, { withDay: true })),
                cell(person(get("actor"))), cell(get("from")),
                cell(inLetters(get("target"))),
                cell(get("outcome") === "ok" ? "done" : get("outcome")),
                cell(get("action")));
}

function noteOf(n, more) {
    if (n === 0)
        return "There are no such lines.";
    const count = n === 1 ? "1 line" : `${n} lines`;
    return more ? `${count}; there are more.` : count;
}

// Adds lines, and says how many there are now.
function draw(answer) {
    const lines = answer.get("Lines");

    byId("rows").append(...lines.map(rowOf));
    cookie = answer.get("More") === "YES" ? answer.get("Cookie") ?? null : null;
    byId("more").hidden = cookie === null;
    byId("note").textContent =
        noteOf(byId("rows").children.length, cookie !== null);
    byId("lines").hidden = byId("rows").children.length === 0;
    byId("there").hidden = false;
}

// --- what is asked for ---

function chosen() {
    return FILTERS.map((name) => [name, byId(name).value.trim()])
        .filter(([, value]) => value !== "")
        .map(([name, value]) => ` ${name.toUpperCase()} ${quote(value)}`)
        .join("");
}

// False: they may not.
async function read(from) {
    const { session } = frame;
    const more = from === null ? "" : ` COOKIE ${quote(from)}`;

    try {
        const text = await session.cli(
            `GetAudit${query} LIMIT ${AT_ONCE}${more}`);
        if (session !== frame.session)
            return true;
        byId("error").textContent = "";
        if (from === null)
            byId("rows").replaceChildren();
        draw(parseData(text));
    } catch (error) {
        if (!(error instanceof Refused) || error.passes ||
            session !== frame.session)
            throw error;
        if (error.number === NO_RIGHTS)
            return false;
        byId("error").textContent = error.message;
    }
    return true;
}

// As read, and a server that is away is no reason to ask again by itself.
async function attempt(from) {
    const { session } = frame;

    try {
        await read(from);
    } catch (error) {
        if (session === frame.session)
            byId("error").textContent = error.message;
    }
}

function show() {
    query = chosen();
    return whileBusy(byId("show"), "Reading…", () => attempt(null));
}

// The focus stays at what was read last, also if there is no more.
async function showMore() {
    const before = byId("rows").children.length;

    await whileBusy(byId("more"), "Reading…", () => attempt(cookie));
    const first = byId("rows").children[before];
    if (first !== undefined && byId("more").hidden) {
        first.tabIndex = -1;
        first.focus();
    }
}

async function open() {
    let may = false;

    query = chosen();
    if (!await frame.insist(async () => { may = await read(null); }))
        return;
    byId("no-rights").hidden = may;
    byId("admin").hidden = !may;
}

const news = new News((event) => frame.tabs.shown(event));

frame = new Frame({
    open,
    close() {
        news.clear();
        cookie = null;
        byId("rows").replaceChildren();
        byId("there").hidden = true;
        byId("error").textContent = "";
    },
    refresh() {},
    event: (event) => news.event(event),
    shown: (seq) => news.shown(seq),
    note: ({ dismissed = [] }) => news.dismissed(dismissed),
});
byId("choice").addEventListener("submit", (event) => {
    event.preventDefault();
    show();
});
byId("more").addEventListener("click", showMore);
