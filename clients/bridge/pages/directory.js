// SPDX-License-Identifier: BSD-2-Clause
// What the administrator may see of the server: asked by the CLI, and known
// by the answers.  For the pickers: find(text, from) gives {names, more}.
import { parseData, quote } from "./clidata.js";
import { inLetters } from "./idn.js";
import { Refused } from "./ximss.js";

const AT_ONCE = 20;
const FRESH = 30000; // ms that a list of domains is good for

// The answer, or null for one who may not ask.
async function ifAllowed(promise) {
    try {
        return await promise;
    } catch (error) {
        if (error instanceof Refused && !error.passes)
            return null;
        throw error;
    }
}

// As names are kept.
const small = (text) => text.normalize("NFKC").toLowerCase().normalize();

// Those that begin with the text come first, and the user's own before others.
function sorted(names, text, own) {
    const part = small(text);
    const begins = (name) => name.startsWith(part) ||
        inLetters(name).startsWith(part);
    const rank = (name) => (begins(name) ? 0 : 2) + (name === own ? 0 : 1);

    return names.filter((name) => name.includes(part) ||
                        inLetters(name).includes(part))
        .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

// In the order of names, behind all that begin with this: no name has it.
const behind = (part) => `${part}\u{10ffff}`;

// Behind all that come before those that begin with this.
function justBefore(part) {
    const letters = Array.from(part);
    const last = letters.pop().codePointAt(0) - 1;

    return behind(letters.join("") + String.fromCodePoint(
        last >= 0xd800 && last <= 0xdfff ? 0xd7ff : last));
}

export class Directory {
    #session;
    #own;
    #domains = [];
    #asked = -Infinity;

    // own: the administrator's domain, which comes first.
    constructor(session, own) {
        this.#session = session;
        this.#own = own;
    }

    // The names of the domains that the user may see; null: not an administrator.
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

    // His own domain, or else the first one; "" if there is none.
    async firstDomain() {
        const [first = ""] = sorted(await this.domains() ?? [], "", this.#own);

        return first;
    }

    async findDomains(text, from) {
        const all = sorted(await this.domains() ?? [], text, this.#own);
        const at = Number(from) || 0;
        const end = at + AT_ONCE;

        return { names: all.slice(at, end),
                 more: end < all.length ? String(end) : "" };
    }

    // Names come in their order, so those that begin with the text are together:
    // `from` is a cookie of the server behind "b" while they are listed, and
    // behind "o" for the others.
    async findAccounts(domain, text, from) {
        const part = small(text.split("@")[0]);

        if (part === "")
            return this.#accounts(domain, "", from);
        const found = from.startsWith("o") ? { names: [], more: "" }
            : await this.#beginning(domain, part, from.slice(1));
        if (found.names.length >= AT_ONCE || found.more !== "")
            return { ...found, more: found.more || "o" };
        const others = await this.#others(domain, part, from.startsWith("o")
            ? from.slice(1) : "");
        return { names: [...found.names, ...others.names], more: others.more };
    }

    async #beginning(domain, part, from) {
        const { names, more } = await this.#accounts(
            domain, part, from || justBefore(part));
        const begin = names.filter((name) => name.startsWith(part));

        return { names: begin,
                 more: begin.length === names.length && more !== ""
                     ? `b${more}` : "" };
    }

    async #others(domain, part, from) {
        const { names, more } = await this.#accounts(domain, part, from);
        const next = more !== "" && more.startsWith(part) ? behind(part) : more;

        return { names: names.filter((name) => !name.startsWith(part)),
                 more: next === "" ? "" : `o${next}` };
    }

    async #accounts(domain, part, from) {
        const filter = part === "" ? "" : ` FILTER ${quote(part)}`;
        const [, objects, , , more] = parseData(await this.#session.cli(
            `ListDomainObjects ${quote(domain)}${filter} ${AT_ONCE} ` +
            `ACCOUNTS COOKIE ${quote(from)}`));

        return { names: [...objects.keys()], more: more ?? "" };
    }

    // May the user list what was posted there?
    async mayList(place) {
        return await ifAllowed(this.#session.ask("alertList", place)) !== null;
    }

    // Does the user administer the whole server, or read all of it?  A domain's
    // administrator does not, although they may list the server's alerts.
    async seesWholeServer() {
        return await ifAllowed(this.#session.cli("GetServerAlerts")) !== null;
    }

    // Whom a post would tell now: {sessions, accounts}; null: not permitted.
    async audience(place) {
        const found = await ifAllowed(this.#session.ask(
            "alertPost", { ...place, test: "yes" }, "test"));

        return found === null ? null : {
            sessions: Number(found[0].getAttribute("sessions")),
            accounts: Number(found[0].getAttribute("accounts")),
        };
    }
}
