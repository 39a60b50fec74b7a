// SPDX-License-Identifier: BSD-2-Clause
// The administrators' page: the alerts posted to the server, to a domain or
// to an account, as they change; removing them, and posting new ones.
//
// A place is {scope, target}, as in alertList.  What may be done there is
// learnt by asking for it.
import { AlertList, alertOf } from "./alerts.js";
import { Directory } from "./directory.js";
import { Frame } from "./frame.js";
import { OwnAlerts } from "./own.js";
import { Picker } from "./picker.js";
import { PlaceForm } from "./place.js";
import { PostForm } from "./post.js";
import { PostedView } from "./posted.js";
import { announce, byId } from "./view.js";
import { Refused, parseMessage } from "./ximss.js";

const NO_SUCH_ALERT = 514;
const SERVER = { scope: "server" };

const list = new AlertList();
const view = new PostedView(() => drawButton());
let place = null;
let seesServer = false; // may list server-wide alerts, and follow them
let settled = false;    // what is to be shown is on the screen
let directory = null;
let frame;

const samePlace = (a, b) => a?.scope === b?.scope && a?.target === b?.target;

// A domain's list has the server's alerts as well.
const hasServer = () => place.scope !== "account";

// --- the list ---

function drawButton() {
    byId("remove").disabled = view.marked.length === 0;
}

function draw() {
    view.draw(list.newestFirst(), (alert) => alert.scope === place.scope);
    drawButton();
    own.draw();
}

// The places whose alerts are shown for this one.
function sources() {
    return place.scope === "domain" && seesServer ? [place, SERVER] : [place];
}

// Follows and lists in one go.
async function read() {
    const answers = await frame.session.askAll(sources().flatMap((source) => [
        ["alertWatch", source], ["alertList", source]]));
    const refused = answers.find((answer) => answer instanceof Refused);

    if (refused)
        throw refused;
    return answers.flat().map(alertOf);
}

async function refresh() {
    const here = place;
    const asked = list.last;

    if (here === null)
        return;
    try {
        const alerts = await read();
        if (here !== place)
            return;
        list.replace(alerts, asked);
        byId("place-error").textContent = "";
        draw();
    } catch (error) {
        if (here === place)
            byId("place-error").textContent = error.message;
    }
}

// What another tab follows comes here as well.  A name may be an alias, which
// the server does not repeat: then it is asked.
function onReport(alert) {
    const isHere = alert.target === (place.target ?? null) &&
        alert.scope === place.scope || alert.scope === "server" && hasServer();

    if (!isHere && alert.scope === place.scope)
        refresh();
    if (isHere && list.add(alert)) {
        draw();
        announce(`Posted: ${alert.text}`);
    }
}

function onEvent(event) {
    const message = parseMessage(event.data);
    const id = Number(message.getAttribute("alertID"));

    own.event(event);
    if (event.name === "alert") {
        own.add({ ...alertOf(message), event: event.seq });
    } else if (event.name === "alertReport" && place !== null) {
        onReport(alertOf(message));
    } else if (event.name === "alertRemoved") {
        own.remove(id);
        if (list.remove(id) && place !== null)
            draw();
    }
    own.draw();
}

async function removeMarked() {
    const ids = view.marked;

    byId("remove").disabled = true;
    try {
        const answers = await frame.session.askAll(
            ids.map((id) => ["alertRemove", { alertID: id }]));
        const kept = answers.find((answer) => answer instanceof Refused &&
                                  answer.number !== NO_SUCH_ALERT);
        ids.filter((_, i) => !(answers[i] instanceof Refused) ||
                   answers[i].number === NO_SUCH_ALERT)
            .forEach((id) => list.remove(id));
        byId("remove-error").textContent = kept?.message ?? "";
        announce("Removed");
        draw();
        byId("posted-title").focus();
    } catch (error) {
        byId("remove-error").textContent = error.message;
        drawButton();
    }
}

// --- the place ---

// Other tabs that follow the same place are told to ask anew.
function leave() {
    const left = place === null ? [] : sources();

    place = null;
    list.clear();
    byId("there").hidden = true;
    for (const source of left)
        frame.session?.ask("alertWatch", { ...source, stop: "yes" })
            .then(() => frame.tabs.note({ unwatched: source }))
            .catch(() => {});
}

async function go(to) {
    if (to !== null && samePlace(to, place))
        return;
    leave();
    byId("place-error").textContent = "";
    place = to;
    if (to === null) {
        settle(to);
        return;
    }
    settled = false;
    try {
        const audience = await directory.audience(to);
        if (to !== place)
            return;
        view.clear(frame.zone, audience !== null);
        byId("remove-error").textContent = "";
        postForm.open(to, audience);
        await refresh();
        byId("there").hidden = to !== place ||
            byId("place-error").textContent !== "";
    } catch (error) {
        byId("place-error").textContent = error.message;
    }
    settle(to);
}

function settle(to) {
    if (to !== place)
        return;
    settled = true;
    own.draw();
}

const postForm = new PostForm({
    zone: () => frame.zone,
    ask: (...request) => frame.session.ask(...request),
    audience: (where) => directory.audience(where),
});
const placeForm = new PlaceForm(go);
const own = new OwnAlerts({
    zone: () => frame.zone,
    isListed: (id) => !byId("there").hidden && list.has(id),
    isSettled: () => settled,
    confirm: (event) => frame.tabs.shown(event),
    async dismiss(id) {
        const [answer] = await frame.session.askAll(
            [["alertDismiss", { alertID: id }]]);
        if (answer instanceof Refused && answer.number !== NO_SUCH_ALERT)
            throw answer;
        frame.tabs.note({ dismissed: [id] }, { keep: true });
    },
});

new Picker(byId("domain"), (text, from) => directory.findDomains(text, from),
           (name) => placeForm.setDomain(name));
new Picker(byId("account"),
           (text, from) => directory.findAccounts(placeForm.domain, text,
                                                  from),
           (name) => placeForm.setAccount(name));

async function open() {
    const { session } = frame;

    directory = new Directory(session);
    try {
        const domains = await directory.domains();
        const server = domains !== null && await directory.seesWholeServer();
        seesServer = server ||
            domains !== null && await directory.mayList(SERVER);
        if (session !== frame.session)
            return;
        byId("no-rights").hidden = domains !== null;
        byId("admin").hidden = domains === null;
        if (domains !== null)
            placeForm.open({ server, domains });
        else
            settle(null);
    } catch (error) {
        if (session !== frame.session)
            return;
        byId("place-error").textContent = error.message;
        settle(null);
    }
}

frame = new Frame({
    open,
    close() {
        place = null;
        settled = false;
        list.clear();
        own.clear();
        byId("there").hidden = true;
        byId("posted").replaceChildren();
        postForm.close();
    },
    refresh,
    event: onEvent,
    shown: (seq) => own.shown(seq),
    note({ unwatched, dismissed = [] }) {
        dismissed.forEach((id) => own.remove(id));
        own.draw();
        if (place !== null && unwatched &&
            sources().some((source) => samePlace(source, unwatched)))
            refresh();
    },
});
byId("remove").addEventListener("click", removeMarked);
document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && frame.session !== null)
        refresh();
});
