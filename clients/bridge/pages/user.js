// SPDX-License-Identifier: BSD-2-Clause
// The users' page: their alerts, as they come, until they dismiss
// them.  An alert counts as shown when a tab that can be seen shows it.
import { AlertList, alertOf } from "./alerts.js";
import { Dismissals } from "./dismissals.js";
import { Frame } from "./frame.js";
import { dropQuotaAlert, keepQuotaAlert, keptQuotaAlert } from "./kept.js";
import * as names from "./names.js";
import { Notices } from "./notices.js";
import { groupByDay } from "./time.js";
import { Undo } from "./undo.js";
import { alertCard, announce, arrange, byId, coalesce, confirmed, make,
         severityWord, timeOf } from "./view.js";
import { Usage } from "./usage.js";
import { parseMessage } from "./ximss.js";

const BUTTONS = ".card-head button";

const list = new AlertList();
const items = new Map(); // alert's id -> its li
const sections = new Map(); // day, or "critical" -> its section
const notices = new Notices();
let newest = null;       // the last event that came
let frame;

const count = (n) => names.count(n, "alert");

// What is on the screen, newest first.
const shown = () => list.newestFirst().filter(({ id }) => !dismissals.has(id));

// --- what is on the screen ---

function itemOf(alert) {
    const button = make("button", { type: "button", className: "plain" },
                        "Dismiss");
    const card = alertCard(alert, frame.zone, {
        time: timeOf(alert.posted, frame.zone,
                     { withDay: alert.severity === "critical" }) });

    button.setAttribute("aria-label", "Dismiss: " + alert.text.slice(0, 80));
    button.addEventListener("click", () => dismiss([alert.id]));
    card.querySelector(".card-head").append(button);
    return make("li", {}, card);
}

// Critical ones first, whenever they came; then the others by day.
function groupsOf(alerts) {
    const critical = alerts.filter((a) => a.severity === "critical");
    const others = groupByDay(alerts.filter((a) => a.severity !== "critical"),
                              frame.zone, (alert) => alert.posted);

    return [
        ...critical.length === 0 ? []
            : [{ key: "critical", title: "Critical", items: critical }],
        ...others.map(({ key, items: some }) =>
            ({ key, title: frame.zone.day(some[0].posted), items: some })),
    ];
}

function sectionOf({ key, title }) {
    if (!sections.has(key)) {
        const heading = make("h2", { id: `group-${key}` });
        const section = make("section", {}, heading, make("ol"));

        section.setAttribute("aria-labelledby", heading.id);
        sections.set(key, section);
    }
    sections.get(key).firstElementChild.textContent = title;
    return sections.get(key);
}

function forgetUnused() {
    for (const id of items.keys())
        if (!list.has(id))
            items.delete(id);
    for (const [key, section] of sections)
        if (!section.isConnected)
            sections.delete(key);
}

function draw() {
    const alerts = shown();

    for (const alert of alerts)
        if (!items.has(alert.id))
            items.set(alert.id, itemOf(alert));
    arrange(byId("days"), groupsOf(alerts).map((group) => {
        const section = sectionOf(group);
        arrange(section.lastElementChild,
                group.items.map((alert) => items.get(alert.id)));
        return section;
    }));
    forgetUnused();
    byId("nothing").hidden = alerts.length > 0;
    byId("dismiss-all").hidden = alerts.length < 2;
    byId("count").textContent = alerts.length === 0 ? ""
        : count(alerts.length);
    notices.keepOnly((id) => list.has(id) && !dismissals.has(id));
    look();
}

// Many come at once.
const drawSoon = coalesce(draw);

// What is drawn, and can be seen, was shown.
function look() {
    if (document.visibilityState !== "visible" || frame.session === null ||
        byId("inside").hidden)
        return;
    notices.looked();
    if (newest !== null) {
        frame.tabs.shown(newest);
        newest = null;
    }
}

// --- what comes ---

function tell(alerts) {
    for (const alert of alerts.filter(({ id }) => !dismissals.has(id))) {
        announce(`${severityWord(alert.severity)}: ${alert.text}`,
                 { urgent: alert.severity === "critical" });
        notices.add(alert);
    }
}

// A list that was asked for does not have what an account's own alerts were
// once they are shown: those stay until they are dismissed.
async function refresh() {
    const asked = list.last;
    const { session } = frame;
    let reports;

    try {
        reports = await session.ask("alertList");
    } catch (error) {
        if (session === frame.session)
            byId("trouble").textContent = error.message;
        return;
    }
    if (session !== frame.session)
        return;
    byId("trouble").textContent = "";
    const added = list.replace(reports.map(alertOf), asked,
                               (alert) => alert.scope === "account");
    draw();
    tell(added.filter((alert) => !alert.seen));
}

// Quota alerts are in no list, and there is one at a time: one that ended while
// the connection was lost would stay for ever.
function dropQuotaAlerts(last) {
    removeAll(list.newestFirst()
        .filter(({ id, kind }) => kind === "quota" && id <= last)
        .map(({ id }) => id));
}

function onEvent(event) {
    const message = parseMessage(event.data);

    newest = event;
    if (event.name === "alert") {
        const alert = { ...alertOf(message), event: event.seq };
        const isNew = list.add(alert);
        keepQuotaAlert(frame.tabs.session, alert, event.data);
        if (alert.kind === "quota")
            dropQuotaAlerts(alert.id - 1);
        usage.onAlert(alert);
        if (byId("inside").hidden)
            return;
        drawSoon();
        if (isNew)
            tell([alert]);
    } else if (event.name === "alertRemoved") {
        const id = Number(message.getAttribute("alertID"));
        remove(id);
        usage.onRemoved(id);
        drawSoon();
    }
}

const usage = new Usage({
    session: () => frame.session,
    newest: () => list.last,
    below: dropQuotaAlerts,
});

// --- what the user does ---

const buttons = () => [...byId("days").querySelectorAll(BUTTONS)];

// Where the focus goes when its button is gone.
function focusBeside(id) {
    const at = buttons().indexOf(items.get(id)?.querySelector(BUTTONS));

    return () => {
        const left = buttons();
        (left[Math.min(at, left.length - 1)] ?? byId("count")).focus();
    };
}

function remove(id) {
    list.remove(id);
    dropQuotaAlert(id);
}

function removeAll(ids) {
    ids.forEach(remove);
    draw();
}

// As it was before the page was loaded anew.
function takeKept() {
    const alert = keptQuotaAlert(frame.tabs.session);

    if (alert !== null && list.add(alert))
        usage.onAlert(alert);
}

// Other tabs need not show them any longer.
const noteDismissed = (ids) =>
    frame.tabs.note({ dismissed: ids }, { keep: true });

const undo = new Undo((requests) => frame.session?.tell(requests));
const dismissals = new Dismissals({
    undo,
    draw: () => draw(),
    ask: (requests) => frame.session.askAll(requests),
    left: noteDismissed,
    done(ids) {
        removeAll(ids);
        noteDismissed(ids);
        announce("Dismissed");
    },
    trouble(text) { byId("trouble").textContent = text; },
});

// Whoever works through the alerts by keyboard is at the next one.
function dismiss(ids) {
    const moveFocus = focusBeside(ids[0]);

    dismissals.begin(ids, {
        text: `Dismissing ${count(ids.length)}…`,
        back: () => items.get(ids[0])?.querySelector(BUTTONS).focus(),
        focus: moveFocus,
        stays: true,
    });
    moveFocus();
}

async function dismissAll() {
    const ids = shown().map((alert) => alert.id);

    byId("ask-dismiss-text").textContent =
        `Dismiss all ${count(ids.length)}? ` +
        "They will not be shown to you again, here or elsewhere.";
    if (await confirmed(byId("ask-dismiss")))
        dismiss(ids);
}

frame = new Frame({
    open() {
        dismissals.open(frame.userName, frame.tabs.session);
        takeKept();
        draw();
        refresh();
        usage.read();
    },
    close(done) {
        undo.drop();
        dismissals.close(done);
        list.clear();
        usage.clear();
        items.clear();
        newest = null;
        byId("days").replaceChildren();
        byId("trouble").textContent = "";
        notices.clear();
    },
    refresh() {
        dismissals.resume();
        refresh();
        usage.read();
    },
    last: () => [...undo.take(), ...dismissals.last()],
    event: onEvent,
    shown: (seq) => notices.shownElsewhere(seq),
    note: (note) => removeAll(note.dismissed ?? []),
});
byId("dismiss-all").addEventListener("click", dismissAll);
document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && frame.session !== null &&
        !byId("inside").hidden)
        dismissals.resume();
    look();
});
// Today is not today for ever.
setInterval(() => frame.session !== null && draw(), 60000);
