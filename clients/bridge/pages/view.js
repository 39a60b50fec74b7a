// SPDX-License-Identifier: BSD-2-Clause
// Pieces of both pages.  Whatever comes from the server is set as text.

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

export function timeOf(date, zone) {
    return make("time", { dateTime: date.toISOString(),
                          title: zone.full(date) }, zone.time(date));
}

// In a preview it may be no time at all.
function endOf({ until }, zone) {
    return until && !isNaN(until)
        ? [make("p", { className: "detail" }, `Until ${zone.short(until)}`)]
        : [];
}

// What users see of an alert.
export function alertCard(alert, zone) {
    const head = make("div", { className: "card-head" },
                      severityLabel(alert.severity),
                      timeOf(alert.posted, zone));

    return make("article", { className: `card ${alert.severity}` }, head,
                make("p", { className: "text", dir: "auto" }, alert.text),
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

// Says a text to a screen reader, also if it is the last one again.
export function announce(text, { urgent = false } = {}) {
    const region = byId(urgent ? "say-now" : "say");

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
