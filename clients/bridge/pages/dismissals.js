// SPDX-License-Identifier: BSD-2-Clause
// Dismissing alerts, with ten seconds for second thoughts.  What the server may
// not have heard of is written down in the browser, so that it is done, and the
// alert not shown again, by whatever page of the same user comes next: the last
// words of a page that is closed can be lost, and so can a session.
import { siteStore, tabStore } from "./allowed.js";
import { TIME } from "./undo.js";
import { Lost, Refused } from "./ximss.js";

const KEY = "ximss-dismissing";
const DONE = "ximss-dismissed";
const MOST_DONE = 2000; // ids that are remembered
const NO_SUCH_ALERT = 514;
// What is due later than this was written by a clock that was wrong.
const LATEST = 6 * TIME;

function parsed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return null; // somebody else's
    }
}

const requestsFor = (ids) =>
    ids.map((id) => ["alertDismiss", { alertID: id }]);

// What the server no longer has is dismissed as well.
const isGone = (answer) =>
    !(answer instanceof Refused) || answer.number === NO_SUCH_ALERT;

// {user: {id: when it is due, in ms}}
class Journal {
    #user;

    constructor(user) {
        this.#user = user;
    }

    get ids() {
        return Object.keys(this.#read()[this.#user] ?? {}).map(Number);
    }

    get due() {
        const now = Date.now();

        return Object.entries(this.#read()[this.#user] ?? {})
            .filter(([, due]) => !(due > now && due < now + LATEST))
            .map(([id]) => Number(id));
    }

    add(ids, due) {
        this.#change((mine) => ids.forEach((id) => { mine[id] = due; }));
    }

    remove(ids) {
        this.#change((mine) => ids.forEach((id) => { delete mine[id]; }));
    }

    #change(change) {
        const all = this.#read();
        const mine = { ...all[this.#user] };

        change(mine);
        delete all[this.#user];
        if (Object.keys(mine).length > 0)
            all[this.#user] = mine;
        if (Object.keys(all).length > 0)
            siteStore.set(KEY, JSON.stringify(all));
        else
            siteStore.remove(KEY);
    }

    #read() {
        return { ...parsed(siteStore.get(KEY)) };
    }
}

// What was dismissed in this session.  Its stream may bring an alert once more
// to a page that is loaded anew, if it is not known there that it was shown.
class Done {
    #session;
    #ids;

    constructor(session) {
        const kept = parsed(tabStore.get(DONE));

        this.#session = session;
        this.#ids = new Set(kept?.session === session &&
            Array.isArray(kept.ids) ? kept.ids : []);
    }

    has(id) {
        return this.#ids.has(id);
    }

    add(ids) {
        ids.forEach((id) => this.#ids.add(id));
        tabStore.set(DONE, JSON.stringify({
            session: this.#session,
            ids: [...this.#ids].slice(-MOST_DONE),
        }));
    }
}

export class Dismissals {
    #page;
    #journal = null;
    #done = null;
    #going = new Set(); // ids that are off the screen, and can come back
    #doing = new Set(); // those of them that the server is being told

    // page.undo, an Undo; page.ask(requests) as Session.askAll; page.draw();
    // page.done(ids): they are dismissed; page.left(ids): they will be, but the
    // page is going; page.trouble(text): "" if there is none.
    constructor(page) {
        this.#page = page;
    }

    // It is not to be shown.
    has(id) {
        return this.#going.has(id) || this.#done?.has(id) === true;
    }

    open(user, session) {
        this.#journal = new Journal(user);
        this.#done = new Done(session);
        this.resume();
    }

    // job: as of Undo, but what is set here.
    begin(ids, job) {
        this.#page.undo.begin({
            ...job,
            requests: requestsFor(ids),
            run: () => this.#run(ids),
            left: () => this.#left(ids),
            back: () => {
                this.#forget(ids);
                this.#page.draw();
                job.back?.();
            },
        });
        this.#journal.add(ids, Date.now() + TIME);
        ids.forEach((id) => this.#going.add(id));
        this.#page.trouble("");
        this.#page.draw();
    }

    #left(ids) {
        this.#journal?.add(ids, 0);
        this.#done?.add(ids);
        this.#page.left(ids);
    }

    // What a page that is gone or a session that has ended has left to do; what
    // does not work now is tried again later.
    async resume() {
        const ids = this.#journal.due.filter((id) => !this.#doing.has(id));

        if (ids.length === 0)
            return;
        ids.forEach((id) => this.#going.add(id));
        this.#page.draw();
        await this.#tell(ids).catch(() => {});
    }

    // All that is to be said before a log-out, for other tabs as well.
    last() {
        return requestsFor(this.#journal?.ids ?? []);
    }

    // done: the user has logged out, and `last` was said; else it is to be done when
    // they are back.
    close(done) {
        if (done)
            this.#journal?.remove(this.#journal.ids);
        else
            this.#journal?.add([...this.#going], 0);
        if (this.#done !== null)
            tabStore.remove(DONE);
        this.#journal = null;
        this.#done = null;
        this.#going.clear();
    }

    #forget(ids) {
        this.#journal?.remove(ids);
        ids.forEach((id) => this.#going.delete(id));
    }

    async #run(ids) {
        try {
            this.#page.trouble(await this.#tell(ids));
        } catch (error) {
            if (error instanceof Lost)
                return; // and told by others
            this.#forget(ids);
            this.#page.trouble(error.message);
        }
        this.#page.draw();
    }

    // Why some were not dismissed.
    async #tell(ids) {
        const journal = this.#journal;

        ids.forEach((id) => this.#doing.add(id));
        try {
            const answers = await this.#page.ask(requestsFor(ids));
            journal.remove(ids);
            if (journal !== this.#journal)
                return "";
            const done = ids.filter((_, i) => isGone(answers[i]));
            this.#done.add(done);
            this.#page.done(done);
            this.#forget(ids);
            this.#page.draw();
            return answers.find((answer) => !isGone(answer))?.message ?? "";
        } finally {
            ids.forEach((id) => this.#doing.delete(id));
        }
    }
}
