// SPDX-License-Identifier: BSD-2-Clause
// The administrators' page: posting alerts to the server, to a domain or to an
// account, and the list of those that are posted there, as it changes.
//
// A place is {scope, target}, as in alertList.  What may be done there is
// learnt by asking for it.
import { alertOf } from "./alerts.js";
import { Directory } from "./directory.js";
import { Dismissals } from "./dismissals.js";
import { Draft, dropDraft } from "./draft.js";
import { FilterForm } from "./filter.js";
import { Frame } from "./frame.js";
import { asDomain, inLetters } from "./idn.js";
import { dropQuotaAlert, keepQuotaAlert } from "./kept.js";
import { Listing } from "./listing.js";
import { count, placeName } from "./names.js";
import { OwnAlerts } from "./own.js";
import { Picker } from "./picker.js";
import { PlaceForm } from "./place.js";
import { PostForm } from "./post.js";
import { PostedView } from "./posted.js";
import { Undo } from "./undo.js";
import { announce, byId, coalesce, whileBusy } from "./view.js";
import { Refused, parseMessage } from "./ximss.js";

const NO_SUCH_ALERT = 514;
const SERVER = { scope: "server" };
const SOON = 1000; // ms
const TITLE = document.title;

const listing = new Listing((requests) => frame.session.askAll(requests));
const view = new PostedView(() => drawButton());
const removing = new Set(); // ids that are going, and can be had back
let place = null;
let seesServer = false; // may list server-wide alerts, and follow them
let settled = false;    // what is to be shown is on the screen
let directory = null;
let draft = null;
let soon = null;        // a timer, if the page is to be read again
let notRemoved = "";    // what is to be said when somebody is back
let frame;

const samePlace = (a, b) => a?.scope === b?.scope && a?.target === b?.target;

// A domain's list has the server's alerts as well.
const hasServer = () => place.scope !== "account";

// --- the list ---

function drawButton() {
    const n = view.marked.length;

    byId("remove").disabled = n === 0;
    byId("remove").textContent = n === 0 ? "Remove marked"
        : `Remove ${count(n, "alert")}`;
    view.drawMarkAll();
}

function draw() {
    if (place === null || byId("there").hidden)
        return;
    view.draw(listing, (alert) => alert.scope === place.scope,
              (id) => removing.has(id));
    drawButton();
    own.draw();
}

const drawSoon = coalesce(draw);

// The places whose alerts are shown for this one.
function sources() {
    return place.scope === "domain" && seesServer ? [place, SERVER] : [place];
}

// Does something with the list that asks the server.
async function withList(action) {
    const here = place;

    byId("posted").setAttribute("aria-busy", "true");
    try {
        if (await action()) {
            byId("list-error").textContent = "";
            draw();
        }
    } catch (error) {
        if (here === place)
            byId("list-error").textContent = error.message;
    } finally {
        byId("posted").removeAttribute("aria-busy");
    }
}

// Follows and lists in one go.
const read = () => listing.read(sources().map((source) =>
    ["alertWatch", source]));

async function refresh() {
    const here = place;

    clearTimeout(soon);
    soon = null;
    if (here === null)
        return;
    await withList(read);
    const audience = await directory.audience(here).catch(() => null);
    if (here === place && audience !== null)
        postForm.count(audience);
}

// There may be others on this page, or fewer in all.
function refreshSoon() {
    soon ??= setTimeout(() => {
        soon = null;
        if (place !== null)
            withList(() => listing.read());
    }, SOON);
}

// What another tab follows comes here as well.  A name may be an alias, which
// the server does not repeat: then it is asked.
function onReport(alert) {
    const isHere = alert.target === (place.target ?? null) &&
        alert.scope === place.scope || alert.scope === "server" && hasServer();

    if (!isHere && alert.scope === place.scope)
        refreshSoon();
    if (isHere && listing.add(alert)) {
        drawSoon();
        announce(`Posted: ${alert.text}`);
    }
}

// What this page confirms stays on the user's page, in the same tab.
function onAlert(alert, message) {
    own.add(alert);
    keepQuotaAlert(frame.tabs.session, alert, message);
}

function removeOwn(id) {
    own.remove(id);
    dropQuotaAlert(id);
}

function onRemoved(id) {
    removeOwn(id);
    if (place === null)
        return;
    if (!listing.remove(id) || listing.hasOlder)
        refreshSoon();
    drawSoon();
}

function onEvent(event) {
    const message = parseMessage(event.data);

    own.event(event);
    if (event.name === "alert")
        onAlert({ ...alertOf(message), event: event.seq }, event.data);
    else if (event.name === "alertReport" && place !== null)
        onReport(alertOf(message));
    else if (event.name === "alertRemoved")
        onRemoved(Number(message.getAttribute("alertID")));
    own.draw();
}

// --- removing ---

const removals = (ids) => ids.map((id) => ["alertRemove", { alertID: id }]);

function isGone(answer) {
    return !(answer instanceof Refused) || answer.number === NO_SUCH_ALERT;
}

// They are on the screen again, still marked.
function bringBack(ids) {
    ids.forEach((id) => removing.delete(id));
    draw();
    view.mark(ids);
    drawButton();
}

async function remove(ids) {
    let kept = [], why = "";

    try {
        const answers = await frame.session.askAll(removals(ids));
        kept = ids.filter((_, i) => !isGone(answers[i]));
        why = answers.find((answer) => !isGone(answer))?.message ?? "";
    } catch (error) {
        kept = ids;
        why = error.message;
    }
    if (!ids.every((id) => removing.has(id)))
        return; // the place is another one by now
    ids.filter((id) => !kept.includes(id)).forEach((id) => {
        listing.remove(id);
        removing.delete(id);
    });
    byId("remove-error").textContent = kept.length === 0 ? ""
        : `Not removed: ${count(kept.length, "alert")}. ${why}`;
    bringBack(kept);
    if (kept.length < ids.length)
        announce("Removed");
    if (listing.hasOlder || listing.alerts.length === 0)
        refreshSoon();
}

function removeMarked() {
    const ids = view.marked;

    byId("remove-error").textContent = "";
    undo.begin({
        text: `Removing ${count(ids.length, "alert")} of ` +
            `${placeName(place)}…`,
        requests: removals(ids),
        run: () => remove(ids),
        back: () => bringBack(ids),
        focus: () => byId("posted-title").focus({ preventScroll: true }),
        ids,
    });
    ids.forEach((id) => removing.add(id));
    draw();
}

// --- the place ---

// Other tabs that follow the same place are told to ask anew.
function leave() {
    const left = place === null ? [] : sources();

    undo.finish();
    place = null;
    listing.clear();
    removing.clear();
    byId("there").hidden = true;
    document.title = TITLE;
    for (const source of left)
        frame.session?.ask("alertWatch", { ...source, stop: "yes" })
            .then(() => frame.tabs.note({ unwatched: source }))
            .catch(() => {});
}

function showPlace(audience) {
    document.title = `${placeName(place)} – ${TITLE}`;
    byId("posted-title").textContent = `Posted to ${placeName(place)}`;
    view.clear(frame.zone, audience !== null, placeName(place));
    byId("remove-error").textContent = notRemoved;
    notRemoved = "";
    filterForm.value = draft.get("filter");
    postForm.open(place, audience);
}

// Shows what may be done there, and what is posted.
async function arrive(to) {
    const audience = await directory.audience(to);

    if (to !== place)
        return;
    listing.open(sources(), draft.get("filter") ?? listing.filter);
    if (!await read() || to !== place)
        return;
    showPlace(audience);
    byId("there").hidden = false;
    draw();
}

async function go(to) {
    if (to !== null && samePlace(to, place))
        return;
    leave();
    postForm.leave();
    byId("place-error").textContent = "";
    place = to;
    settled = to === null;
    if (to === null) {
        own.draw();
        return;
    }
    try {
        await frame.insist(() => to === place ? arrive(to) : null);
    } catch (error) {
        if (to === place)
            byId("place-error").textContent = error.message;
    }
    if (to === place) {
        settled = true;
        own.draw();
    }
}

// Other tabs need not show them any longer.
const noteDismissed = (ids) =>
    frame.tabs.note({ dismissed: ids }, { keep: true });

const undo = new Undo((requests) => frame.session?.tell(requests));
const postForm = new PostForm({
    zone: () => frame.zone,
    ask: (...request) => frame.session.ask(...request),
    audience: (where) => directory.audience(where),
    draft: () => draft,
});
const placeForm = new PlaceForm(go);
const filterForm = new FilterForm((filter) => {
    draft.set("filter", filter);
    withList(() => listing.setFilter(filter));
});
const own = new OwnAlerts({
    zone: () => frame.zone,
    isListed: (id) => !byId("there").hidden && listing.has(id),
    isSettled: () => settled,
    confirm: (event) => frame.tabs.shown(event),
    dismissals: () => dismissals,
});
const dismissals = new Dismissals({
    undo,
    draw: () => own.draw(),
    ask: (requests) => frame.session.askAll(requests),
    left: noteDismissed,
    done(ids) {
        ids.forEach(removeOwn);
        noteDismissed(ids);
        announce("Dismissed");
    },
    trouble(text) { byId("own-error").textContent = text; },
});

new Picker(byId("domain"), (text, from) => directory.findDomains(text, from),
           (name) => placeForm.setDomain(asDomain(name)), inLetters);
new Picker(byId("account"),
           (text, from) => directory.findAccounts(placeForm.domain, text,
                                                  from),
           (name) => placeForm.setAccount(name));

// --- who is there ---

// What the user may administer: {server, domains, first}; null: nothing.
async function offers() {
    const domains = await directory.domains();

    if (domains === null)
        return null;
    const server = await directory.seesWholeServer();
    seesServer = server || await directory.mayList(SERVER);
    return { server, domains, first: await directory.firstDomain() };
}

async function open() {
    let found;

    directory = new Directory(frame.session, frame.userName.split("@")[1]);
    draft = new Draft(frame.userName);
    dismissals.open(frame.userName, frame.tabs.session);
    postForm.restore();
    if (!await frame.insist(async () => { found = await offers(); }))
        return;
    byId("no-rights").hidden = found !== null;
    byId("admin").hidden = found === null;
    if (found !== null) {
        placeForm.open(found);
        return;
    }
    byId("own").open = true; // there is nothing else
    settled = true;
    own.draw();
}

// done: the user has logged out, and leaves nothing.
function close(done) {
    const job = undo.drop();

    dismissals.close(done);
    if (done) {
        dropDraft();
        notRemoved = "";
    } else if (job?.ids) {
        notRemoved = `Not removed: ${count(job.ids.length, "alert")}. ` +
            "The session has ended before.";
    }
    place = null;
    settled = false;
    clearTimeout(soon);
    soon = null;
    listing.clear();
    removing.clear();
    own.clear();
    byId("there").hidden = true;
    byId("posted").replaceChildren();
    document.title = TITLE;
    postForm.close();
}

frame = new Frame({
    open,
    close,
    refresh() {
        dismissals.resume();
        refresh();
    },
    last: () => [...undo.take(), ...dismissals.last()],
    event: onEvent,
    shown: (seq) => own.shown(seq),
    note({ unwatched, dismissed = [] }) {
        dismissed.forEach(removeOwn);
        own.draw();
        if (place !== null && unwatched &&
            sources().some((source) => samePlace(source, unwatched)))
            refresh();
    },
});
byId("remove").addEventListener("click", removeMarked);
for (const [id, action] of [
    ["older", () => listing.older()], ["newer", () => listing.newer()],
    ["newest", () => listing.newest()],
    ["news-button", () => listing.newest()]])
    byId(id).addEventListener("click", ({ target }) =>
        whileBusy(target, "Reading…", () => turn(action), { after: SOON }));
document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && frame.session !== null &&
        directory !== null) {
        dismissals.resume();
        refresh();
    }
});

// Another page begins at its top.
async function turn(action) {
    undo.finish();
    await withList(action);
    byId("posted-title").scrollIntoView({ block: "start" });
    byId("posted-title").focus({ preventScroll: true });
}
