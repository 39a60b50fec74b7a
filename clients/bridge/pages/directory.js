// SPDX-License-Identifier: BSD-2-Clause
// What the administrator may see of the server: asked by the CLI, and known
// by the answers.  For the pickers: find(text, from) gives {names, more}.
import { parseData, quote } from "./clidata.js";
import { Refused } from "./ximss.js";

const AT_ONCE = 20;
const FRESH = 30000; // ms that a list of domains is good for

// The answer, or null for one who may not ask.
async function ifAllowed(promise) {
    try {
        return await promise;
    } catch (error) {
        if (error instanceof Refused)
            return null;
        throw error;
    }
}

export class Directory {
    #session;
    #domains = [];
    #asked = -Infinity;

    constructor(session) {
        this.#session = session;
    }

    // The names of the domains that he may see; null: he is no administrator.
    async domains() {
        if (performance.now() - this.#asked > FRESH) {
            const text = await ifAllowed(this.#session.cli("ListDomains"));
            if (text === null)
                return null;
            this.#domains = parseData(text);
            this.#asked = performance.now();
        }
        return this.#domains;
    }

    async findDomains(text, from) {
        const part = text.toLowerCase();
        const all = (await this.domains() ?? [])
            .filter((name) => name.includes(part));
        const at = Number(from) || 0;
        const end = at + AT_ONCE;

        return { names: all.slice(at, end),
                 more: end < all.length ? String(end) : "" };
    }

    async findAccounts(domain, text, from) {
        const [part] = text.split("@");
        const filter = part === "" ? "" : ` FILTER ${quote(part)}`;
        const [, objects, , , more] = parseData(await this.#session.cli(
            `ListDomainObjects ${quote(domain)}${filter} ${AT_ONCE} ` +
            `ACCOUNTS COOKIE ${quote(from)}`));

        return { names: [...objects.keys()], more: more ?? "" };
    }

    // May he list what was posted there?
    async mayList(place) {
        return await ifAllowed(this.#session.ask("alertList", place)) !== null;
    }

    // Does he administer the whole server, or read all of it?  A domain's
    // administrator does not, although he may list the server's alerts.
    async seesWholeServer() {
        return await ifAllowed(this.#session.cli("GetServerAlerts")) !== null;
    }

    // Whom a post would tell now: {sessions, accounts}; null: he may not.
    async audience(place) {
        const found = await ifAllowed(this.#session.ask(
            "alertPost", { ...place, test: "yes" }, "test"));

        return found === null ? null : {
            sessions: Number(found[0].getAttribute("sessions")),
            accounts: Number(found[0].getAttribute("accounts")),
        };
    }
}
