// SPDX-License-Identifier: BSD-2-Clause
// The user's page: the alerts that he has, as they come, until he dismisses
// them.  An alert counts as shown when a tab that can be seen shows it.
import { AlertList, alertOf } from "./alerts.js";
import { Frame } from "./frame.js";
import { Notices } from "./notices.js";
import { groupByDay } from "./time.js";
import { alertCard, announce, arrange, byId, confirmed, make, severityWord,
         timeOf, whileBusy } from "./view.js";
import { Usage } from "./usage.js";
import { Refused, parseMessage } from "./ximss.js";

const NO_SUCH_ALERT = 514;

const list = new AlertList();
const items = new Map(); // alert's id -> its li
const sections = new Map(); // day, or "critical" -> its section
const notices = new Notices();
let newest = null;       // the last event that came
let frame;

const count = (n) => n === 1 ? "1 alert" : `${n} alerts`;

// --- what is on the screen ---

function itemOf(alert) {
    const button = make("button", { type: "button", className: "plain" },
                        "Dismiss");
    const card = alertCard(alert, frame.zone, {
        time: timeOf(alert.posted, frame.zone,
                     { withDay: alert.severity === "critical" }) });

    button.setAttribute("aria-label", "Dismiss: " + alert.text.slice(0, 80));
    button.addEventListener("click", () => dismiss([alert.id], button));
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
    const alerts = list.newestFirst();

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
    byId("nothing").hidden = list.size > 0;
    byId("dismiss-all").hidden = list.size < 2;
    byId("count").textContent = list.size === 0 ? "" : count(list.size);
    notices.keepOnly((id) => list.has(id));
    look();
}

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
    for (const alert of alerts) {
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
        if (alert.kind === "quota")
            dropQuotaAlerts(alert.id - 1);
        usage.onAlert(alert);
        if (byId("inside").hidden)
            return;
        draw();
        if (isNew)
            tell([alert]);
    } else if (event.name === "alertRemoved") {
        const id = Number(message.getAttribute("alertID"));
        list.remove(id);
        usage.onRemoved(id);
        draw();
    }
}

const usage = new Usage({
    session: () => frame.session,
    newest: () => list.last,
    below: dropQuotaAlerts,
});

// --- what the user does ---

// Where the focus goes when its button is gone.
function focusBeside(id) {
    const BUTTONS = ".card-head button";
    const buttons = [...byId("days").querySelectorAll(BUTTONS)];
    const at = buttons.indexOf(items.get(id)?.querySelector(BUTTONS));

    return () => {
        const left = [...byId("days").querySelectorAll(BUTTONS)];
        (left[Math.min(at, left.length - 1)] ?? byId("count")).focus();
    };
}

function removeAll(ids) {
    for (const id of ids)
        list.remove(id);
    draw();
}

// Without a word if the button is at it already.
function dismiss(ids, button) {
    return whileBusy(button, "Dismissing…", () => dismissNow(ids));
}

async function dismissNow(ids) {
    const moveFocus = focusBeside(ids[0]);

    try {
        const answers = await frame.session.askAll(
            ids.map((id) => ["alertDismiss", { alertID: id }]));
        // What the server no longer has is off the screen as well.
        const done = ids.filter((_, i) => !(answers[i] instanceof Refused) ||
            answers[i].number === NO_SUCH_ALERT);
        removeAll(done);
        frame.tabs.note({ dismissed: done }, { keep: true });
        announce(done.length === 1 ? "Dismissed"
            : `${count(done.length)} dismissed`);
        byId("trouble").textContent =
            answers.find((a) => a instanceof Refused &&
                         a.number !== NO_SUCH_ALERT)?.message ?? "";
        moveFocus();
    } catch (error) {
        byId("trouble").textContent = error.message;
    }
}

async function dismissAll() {
    const ids = list.newestFirst().map((alert) => alert.id);

    byId("ask-dismiss-text").textContent =
        `Dismiss all ${ids.length} alerts? ` +
        "They will not be shown to you again, here or elsewhere.";
    if (await confirmed(byId("ask-dismiss")))
        dismiss(ids, byId("dismiss-all"));
}

frame = new Frame({
    open() {
        draw();
        refresh();
        usage.read();
    },
    close() {
        list.clear();
        usage.clear();
        items.clear();
        newest = null;
        byId("days").replaceChildren();
        byId("trouble").textContent = "";
        notices.clear();
    },
    refresh() {
        refresh();
        usage.read();
    },
    event: onEvent,
    shown: (seq) => notices.shownElsewhere(seq),
    note: (note) => removeAll(note.dismissed ?? []),
});
byId("dismiss-all").addEventListener("click", dismissAll);
document.addEventListener("visibilitychange", look);
// Today is not today for ever.
setInterval(() => frame.session !== null && draw(), 60000);
