// SPDX-License-Identifier: BSD-2-Clause
// What a browser may lack, or refuse: where site data is blocked, storage,
// workers and locks are not there, or throw when they are touched, or when
// something is written.  The pages do without each of them.

// What it gives; null if that is nothing, or it throws.
export function attempt(what) {
    try {
        return what() ?? null;
    } catch {
        return null;
    }
}

// A few texts by name: in the browser's storage, and where that refuses, in
// this page alone.
class Store {
    #storage;
    #own = new Map();

    constructor(storage) {
        this.#storage = storage;
    }

    get(key) {
        return this.#own.get(key) ??
            attempt(() => this.#storage().getItem(key));
    }

    set(key, value) {
        this.remove(key); // what is full must not keep what was before
        if (attempt(() => {
            this.#storage().setItem(key, value);
            return true;
        }) === null)
            this.#own.set(key, value);
    }

    remove(key) {
        this.#own.delete(key);
        attempt(() => this.#storage().removeItem(key));
    }
}

export const tabStore = new Store(() => sessionStorage);
export const siteStore = new Store(() => localStorage);
