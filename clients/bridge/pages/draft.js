// SPDX-License-Identifier: BSD-2-Clause
// What somebody has typed and not sent, so that a reload or a session that is
// lost takes nothing of it.  It is kept for this tab and this user alone, and
// not beyond his log-out.  Where the browser keeps nothing, nothing is kept.

const KEY = "ximss-draft";

function read() {
    try {
        return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
    } catch {
        return {};
    }
}

export function dropDraft() {
    try {
        sessionStorage.removeItem(KEY);
    } catch {
        // There is none, then.
    }
}

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
        try {
            sessionStorage.setItem(KEY, JSON.stringify(
                { user: this.#user, kept: this.#kept }));
        } catch {
            // Full, or forbidden.
        }
    }
}
