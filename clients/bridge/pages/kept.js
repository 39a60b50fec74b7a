// SPDX-License-Identifier: BSD-2-Clause
// The quota alert on the screen, for a page that is loaded anew.  It was
// shown, so the server does not push it again, and no list has it.  There is
// one at a time.  It is kept in the tab, for this session: what is withdrawn
// meanwhile comes by the stream.
import { alertOf } from "./alerts.js";
import { attempt, tabStore } from "./allowed.js";
import { parseMessage } from "./ximss.js";

const KEY = "ximss-quota";

const read = () => attempt(() => JSON.parse(tabStore.get(KEY)));

// message: the alert as it came.
export function keepQuotaAlert(session, { id, kind }, message) {
    const kept = read();

    if (kind === "quota" && !(kept?.session === session && kept.id > id))
        tabStore.set(KEY, JSON.stringify({ session, id, message }));
}

// null: there is none of that session.
export function keptQuotaAlert(session) {
    const kept = read();

    if (kept?.session === session)
        return attempt(() => alertOf(parseMessage(kept.message)));
    forgetQuotaAlert();
    return null;
}

// It is dismissed, or withdrawn.
export function dropQuotaAlert(id) {
    if (read()?.id === id)
        forgetQuotaAlert();
}

// The session is over.
export function forgetQuotaAlert() {
    tabStore.remove(KEY);
}
