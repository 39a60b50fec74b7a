// SPDX-License-Identifier: BSD-2-Clause
// The administrators' storage page: the accounts of a domain that are nearest
// to their limit.  The choice stands in the page's address, behind "#", so that
// a reload and a bookmark keep it.
import { parseData, quote } from "./clidata.js";
import { Directory } from "./directory.js";
import { Frame } from "./frame.js";
import { asDomain, inLetters } from "./idn.js";
import { News } from "./news.js";
import { Picker } from "./picker.js";
import { fullest, reporter, setMeter, storageOfEntry, storageText }
    from "./storage.js";
import { byId, make } from "./view.js";

const FRESH = 5 * 60000; // ms, while somebody looks
const LONG = 1000; // ms to read without a word
const TITLE = document.title;

let directory = null;
let domain = "";
let shown = null;        // the choice whose accounts are on the screen
let asked = -Infinity;
let frame;

const over = () => Number(byId("over").value);

// --- the list ---

function detailOf({ reported, source, level, alerted }) {
    const at = (time) => frame.zone.short(time);

    return [
        reported === null ? "" : `reported ${at(reported)} by ${reporter(source)}`,
        level > 0 ? `alerts from ${level} %` : "no alerts",
        alerted === null ? "" : `the last one ${at(alerted)}`,
    ].filter((part) => part !== "").join(" · ");
}

// What the meter shows stands beside it as text.
function rowOf(entry) {
    const meter = make("meter");

    meter.setAttribute("aria-hidden", "true");
    if (entry.percent !== null)
        setMeter(meter, entry);
    return make("li", {},
                make("strong", { dir: "auto" }, entry.account),
                make("span", { className: "figures" }, storageText(entry)),
                entry.percent === null ? make("span") : meter,
                make("span", { className: "hint" }, detailOf(entry)));
}

function noteOf({ entries, more }) {
    const n = entries.length;

    if (n === 0)
        return over() > 0
            ? `No account of ${inLetters(domain)} uses ${over()} % of its limit.`
            : `There are no reports on the storage of accounts of ${inLetters(domain)}.`;
    const count = n === 1 ? "1 account" : `${n} accounts`;
    switch (more) {
    case "none":
        return count;
    case "less full":
        return `The ${n} fullest; there are more.`;
    default:
        return `${count}; there are too many more for the fullest to be ` +
            "found here: ximssctl quota list finds them.";
    }
}

function draw(found) {
    byId("fullest").replaceChildren(...found.entries.map(rowOf));
    byId("note").textContent = noteOf(found);
    byId("there").hidden = false;
}

function lister(session, name) {
    return async (percent, limit) => {
        const text = await session.cli(`ListStorageUsed ${quote(name)} ` +
            `OVER ${percent} LIMIT ${limit}`);

        return [...parseData(text)].map(([account, entry]) =>
            storageOfEntry(`${account}@${name}`, entry));
    };
}

// Only the last question's answer counts.
async function read() {
    const { session } = frame;
    const here = [domain, over()].join("/");
    const now = asked = performance.now();

    if (domain === "" || session === null)
        return;
    if (here !== shown)
        byId("there").hidden = true;
    const timer = setTimeout(() => {
        byId("reading").textContent = "Reading…";
    }, LONG);
    try {
        const found = await fullest(lister(session, domain), over());
        if (now !== asked || session !== frame.session)
            return;
        byId("error").textContent = "";
        shown = here;
        draw(found);
    } catch (error) {
        if (now === asked && session === frame.session)
            byId("error").textContent = error.message;
    } finally {
        clearTimeout(timer);
        if (now === asked)
            byId("reading").textContent = "";
    }
}

// --- the choice ---

function choose(name, percent = over()) {
    domain = name;
    byId("domain").value = inLetters(name);
    byId("over").value = String(percent);
    byId("there").hidden = name === "";
    byId("which").textContent = name === "" ? "Accounts"
        : `Accounts of ${inLetters(name)}`;
    document.title = name === "" ? TITLE : `${name} – ${TITLE}`;
    if (name === "")
        return;
    history.replaceState(null, "", `#${encodeURIComponent(name)}/${over()}`);
    read();
}

// What the address says; "80 % or more" of nothing if it says nothing.
function addressed() {
    const [, name = "", percent = "80"] =
        /^#([^/]+)\/(0|50|80|90|100)$/.exec(location.hash) ?? [];

    try {
        return [decodeURIComponent(name), percent];
    } catch {
        return ["", percent]; // somebody's own address: not one of ours
    }
}

async function open() {
    const [name, percent] = addressed();
    let domains, first;

    directory = new Directory(frame.session, frame.userName.split("@")[1]);
    if (!await frame.insist(async () => {
        domains = await directory.domains();
        first = await directory.firstDomain();
    }))
        return;
    byId("no-rights").hidden = domains !== null;
    byId("admin").hidden = domains === null;
    if (domains === null)
        return;
    byId("domain-field").hidden = domains.length === 1 &&
        (name === "" || name === first);
    choose(name || first, percent);
}

function renew() {
    if (document.visibilityState === "visible" &&
        performance.now() - asked >= FRESH)
        read();
}

const news = new News((event) => frame.tabs.shown(event));

frame = new Frame({
    open,
    close() {
        news.clear();
        domain = "";
        shown = null;
        document.title = TITLE;
        byId("fullest").replaceChildren();
        byId("there").hidden = true;
        byId("error").textContent = "";
    },
    refresh: read,
    event: (event) => news.event(event),
    shown: (seq) => news.shown(seq),
    note: ({ dismissed = [] }) => news.dismissed(dismissed),
});
new Picker(byId("domain"), (text, from) => directory.findDomains(text, from),
           (name) => choose(asDomain(name)), inLetters);
byId("over").addEventListener("change", () => choose(domain));
byId("choice").addEventListener("submit", (e) => e.preventDefault());
window.addEventListener("hashchange", () => choose(...addressed()));
document.addEventListener("visibilitychange", renew);
setInterval(renew, FRESH / 5);
