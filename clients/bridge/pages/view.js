// SPDX-License-Identifier: BSD-2-Clause
// Pieces of all pages.  Whatever comes from the server is set as text.
import { attempt } from "./allowed.js";
import { pieces } from "./links.js";
import { toWhom, whoSays } from "./people.js";

const SVG = "http://www.w3.org/2000/svg";

// Severity is a shape and a word; colour comes on top.
const SEVERITY = {
    info: { word: "Information",
            paths: ["M12 2a10 10 0 1 0 0 20a10 10 0 0 0 0-20z",
                    "M12 10.5v6.5M12 7v.5"] },
    warning: { word: "Warning",
               paths: ["M12 2.5L23 21.5H1z", "M12 9v6.5M12 18v.5"] },
    critical: { word: "Critical",
                paths: ["M8 2h8l6 6v8l-6 6H8l-6-6V8z",
                        "M12 6.5v7.5M12 17v.5"] },
};

const working = new Set(); // buttons

export const severityWord = (severity) => SEVERITY[severity].word;

export const byId = (id) => document.getElementById(id);

// make("li", {className: "x"}, child, "text"...)
export function make(name, properties = {}, ...children) {
    const node = Object.assign(document.createElement(name), properties);

    node.append(...children);
    return node;
}

function icon(severity) {
    const svg = document.createElementNS(SVG, "svg");

    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.classList.add("icon");
    SEVERITY[severity].paths.forEach((d, i) => {
        const path = document.createElementNS(SVG, "path");
        path.setAttribute("d", d);
        path.classList.add(i === 0 ? "shape" : "mark");
        svg.append(path);
    });
    return svg;
}

export function severityLabel(severity) {
    return make("span", { className: "severity" }, icon(severity),
                severityWord(severity));
}

// withDay: where no heading says it; not for today.
export function timeOf(date, zone, { withDay = false } = {}) {
    const isToday = zone.dayKey(date) === zone.dayKey(new Date());

    return make("time", { dateTime: date.toISOString(),
                          title: zone.full(date) },
                withDay && !isToday ? zone.short(date) : zone.time(date));
}

// --- what users see of an alert ---

// An address with its host in bold; the host as it really is behind it, if it is
// written in another way.
function linkOf({ text, href, start, end, host }) {
    const link = make("a", { href, rel: "noopener", target: "_blank",
                             dir: "ltr" },
                      text.slice(0, start),
                      make("strong", {}, text.slice(start, end)),
                      text.slice(end));

    return host === "" ? [link] : [link, make("bdi", {}, ` (${host})`)];
}

export function textWithLinks(text) {
    return make("p", { className: "text", dir: "auto" },
                ...pieces(text).flatMap((piece) =>
                    piece.href === undefined ? [piece.text]
                        : linkOf(piece)));
}

// What is so long that it may be folded; whether it is depends on the width.
const isLong = (text) => text.length > 300 || text.split("\n").length > 6;

const watch = attempt(() => new ResizeObserver((entries) => {
    for (const { target } of entries)
        if (target.classList.contains("folded"))
            target.nextElementSibling.hidden =
                target.scrollHeight <= target.clientHeight + 1;
}));

function folded(text) {
    const more = make("button", { type: "button", className: "plain more" });
    const fold = (on) => {
        text.classList.toggle("folded", on);
        more.textContent = on ? "Show more" : "Show less";
        more.setAttribute("aria-expanded", String(!on));
    };

    fold(true);
    more.addEventListener("click", () =>
        fold(!text.classList.contains("folded")));
    // A link that has the focus is to be seen.
    text.addEventListener("focusin", () => fold(false));
    watch?.observe(text);
    return [text, more];
}

// In a preview it may be nobody's yet, and its end no time at all.
function fromOf(alert) {
    return alert.scope ? [make("p", { className: "from" },
                               make("bdi", {}, whoSays(alert)),
                               `, ${toWhom(alert)}`)] : [];
}

function endOf({ until }, zone) {
    return until && !isNaN(until)
        ? [make("p", { className: "detail" },
                `Shown until ${zone.short(until)}`)]
        : [];
}

// A text whole, or folded if it is long.
export const maybeFolded = (text) =>
    isLong(text.textContent) ? folded(text) : [text];

export function alertCard(alert, zone, { time = timeOf(alert.posted, zone) }
    = {}) {
    const head = make("div", { className: "card-head" },
                      severityLabel(alert.severity), time);
    const text = textWithLinks(alert.text);

    return make("article", { className: `card ${alert.severity}` }, head,
                ...fromOf(alert),
                ...maybeFolded(text),
                ...endOf(alert, zone));
}

// Makes the parent's children these nodes, and leaves alone what is in its
// place already: what has the focus keeps it.
export function arrange(parent, nodes) {
    const wanted = new Set(nodes);
    let at;

    for (const child of [...parent.children])
        if (!wanted.has(child))
            child.remove();
    at = parent.firstElementChild;
    for (const node of nodes)
        if (node === at)
            at = at.nextElementSibling;
        else
            parent.insertBefore(node, at);
}

// What is called often and done once, when what has come meanwhile is in; and,
// if it takes long, with pauses that leave most of the time to others.
export function coalesce(action) {
    let waits = false;
    let pause = 0;

    return () => {
        if (waits)
            return;
        waits = true;
        setTimeout(() => {
            const begun = performance.now();

            waits = false;
            action();
            pause = 4 * (performance.now() - begun);
        }, pause);
    };
}

// Says a text to a screen reader, also if it is the last one again.  Nobody
// wants to hear a very long one whole.
export function announce(text, { urgent = false } = {}) {
    const region = byId(urgent ? "say-now" : "say");

    if (text.length > 500)
        text = text.slice(0, 500) + "…";
    region.append(make("p", {}, text));
    while (region.children.length > 5)
        region.firstElementChild.remove();
}

// Asks by a dialog of the page: true if its button of the value "yes" was
// chosen.
export function confirmed(dialog) {
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener("close", () =>
            resolve(dialog.returnValue === "yes"), { once: true });
    });
}

// While the work is under way its button says so, and does nothing.  after: in
// ms, for work that mostly takes no time.
export async function whileBusy(button, words, work, { after = 0 } = {}) {
    const { textContent } = button;
    const label = button.getAttribute("aria-label");
    const say = () => {
        button.removeAttribute("aria-label");
        button.textContent = words;
        button.setAttribute("aria-busy", "true");
    };

    if (working.has(button))
        return;
    working.add(button);
    const timer = after > 0 ? setTimeout(say, after) : say();
    try {
        await work();
    } finally {
        clearTimeout(timer);
        working.delete(button);
        button.removeAttribute("aria-busy");
        button.textContent = textContent;
        if (label !== null)
            button.setAttribute("aria-label", label);
    }
}
