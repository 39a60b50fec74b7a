// SPDX-License-Identifier: BSD-2-Clause
// What somebody has typed and not sent, so that a reload or a session that is
// lost takes nothing of it.  It is kept for this tab and this user alone, and
// not beyond the log-out.  Where the browser keeps nothing, the page does, as
// long as it is there.
import { tabStore } from "./allowed.js";

const KEY = "ximss-draft";

function read() {
    try {
        return JSON.parse(tabStore.get(KEY)) ?? {};
    } catch {
        return {};
    }
}

export const dropDraft = () => tabStore.remove(KEY);

export class Draft {
    #user;
    #kept;

    // Another user's is dropped.
    constructor(user) {
        const found = read();

        this.#user = user;
        this.#kept = found.user === user ? found.kept ?? {} : {};
        if (found.user !== user)
            dropDraft();
    }

    // What was kept under this name; null: nothing.
    get(name) {
        return this.#kept[name] ?? null;
    }

    set(name, value) {
        this.#kept[name] = value;
        tabStore.set(KEY, JSON.stringify(
            { user: this.#user, kept: this.#kept }));
    }
}
