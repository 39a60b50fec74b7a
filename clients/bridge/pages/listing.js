// SPDX-License-Identifier: BSD-2-Clause
// A page of the alerts that are posted somewhere, of which there may be very
// many: asked for by pages, newest first, and kept true by what is reported.
//
// A place may have several sources (a domain's list has the server's alerts,
// too).  Ids grow with time everywhere, so their pages merge by id.
import { alertOf } from "./alerts.js";
import { authorPattern } from "./names.js";
import { formatGmt } from "./time.js";
import { Refused } from "./ximss.js";

export const PAGE = 50; // or fewer, if the server gives no more at a time
const BEYOND = "18446744073709551615"; // all ids
const DAY = 86400000;

// filter: {text, severity, state, author}, each "" for all.
function attributesOf({ text, severity, state, author }, now) {
    return {
        text: text || null,
        severity: severity || null,
        author: authorPattern(author) || null,
        ends: { lasting: "no", ending: "yes" }[state] ?? null,
        endsBefore: state === "soon"
            ? formatGmt(new Date(now.getTime() + DAY)) : null,
    };
}

const has = (text, part) =>
    (text ?? "").toLowerCase().includes(part.toLowerCase());

// As the server would say; for what it reports meanwhile.
export function fits(alert, { text, severity, state, author },
                     now = new Date()) {
    const ends = alert.until !== null;

    return has(alert.text, text) &&
        (severity === "" || alert.severity === severity) &&
        (author === "" || has(alert.author, authorPattern(author))) &&
        (state === "" || (state === "lasting" ? !ends
            : ends && (state === "ending" || alert.until - now < DAY)));
}

export const isFiltered = (filter) =>
    Object.values(filter).some((value) => value !== "");

// One source of one page, as far as it has been read.
class Part {
    alerts = [];
    total = 0;
    done = false;
    #source;
    #before;

    constructor(source, before) {
        this.#source = source;
        this.#before = before;
    }

    get wants() {
        return !this.done && this.alerts.length < PAGE;
    }

    request(attributes) {
        return ["alertList", { ...this.#source,
                               before: this.#before ?? BEYOND, ...attributes }];
    }

    take(elements) {
        for (const element of elements)
            if (element.nodeName === "alertListed") {
                this.total = Number(element.getAttribute("total"));
                this.#before = element.getAttribute("next");
                this.done = this.#before === null;
            } else {
                this.alerts.push(alertOf(element));
            }
        if (!elements.some(({ nodeName }) => nodeName === "alertListed"))
            this.done = true;
    }
}

export class Listing {
    alerts = [];      // of the page, newest first
    total = 0;        // of the place
    news = 0;         // newer ones, on none of the pages seen
    filter = { text: "", severity: "", state: "", author: "" };
    #ask;
    #sources = [];
    #befores = [null]; // where the pages up to this one begin
    #next = null;      // where the next one does
    #gone = new Set();
    #asked = 0;
    #came = [];        // reported while a page was on its way; null: none is

    // ask(requests): as Session.askAll.
    constructor(ask) {
        this.#ask = ask;
        this.#came = null;
    }

    open(sources, filter) {
        this.clear();
        this.#sources = sources;
        this.filter = filter;
    }

    clear() {
        this.#asked += 1;
        this.#sources = [];
        this.#gone.clear();
        this.#came = null;
        this.#empty();
    }

    #empty() {
        this.alerts = [];
        this.total = 0;
        this.news = 0;
        this.#befores = [null];
        this.#next = null;
    }

    get page() { return this.#befores.length; }
    get hasOlder() { return this.#next !== null; }
    get hasNewer() { return this.page > 1; }
    has(id) { return this.alerts.some((alert) => alert.id === id); }

    // Where the page begins in the whole list, if nothing is filtered.
    get first() { return (this.page - 1) * PAGE + 1; }

    setFilter(filter) {
        this.filter = filter;
        this.#befores = [null];
        return this.read();
    }

    older() { return this.#move([...this.#befores, this.#next]); }
    newer() { return this.#move(this.#befores.slice(0, -1)); }
    newest() { return this.#move([null]); }

    #move(befores) {
        this.#befores = befores;
        return this.read();
    }

    // Reads the page.  first: requests that go before the list.  False:
    // something else is wanted by now.
    async read(first = []) {
        const asked = this.#asked += 1;
        const parts = this.#sources.map((source) =>
            new Part(source, this.#befores.at(-1)));

        this.#came = [];
        try {
            await this.#readParts(parts, asked, first);
        } catch (error) {
            if (asked !== this.#asked)
                return false;
            this.#came = null;
            throw error;
        }
        if (asked === this.#asked)
            this.#show(parts);
        return asked === this.#asked;
    }

    async #readParts(parts, asked, first) {
        const attributes = attributesOf(this.filter, new Date());
        let before = first;

        while (asked === this.#asked && parts.some(({ wants }) => wants)) {
            const wanting = parts.filter(({ wants }) => wants);
            const answers = await this.#ask([
                ...before, ...wanting.map((part) => part.request(attributes))]);
            const refused = answers.find((one) => one instanceof Refused);
            if (refused)
                throw refused;
            wanting.forEach((part, i) => part.take(answers[before.length + i]));
            before = [];
        }
    }

    #show(parts) {
        const all = parts.flatMap(({ alerts }) => alerts)
            .sort((a, b) => b.id - a.id);
        const came = this.#came;

        this.#came = null;
        this.alerts = all.slice(0, PAGE)
            .filter(({ id }) => !this.#gone.has(id));
        this.total = parts.reduce((sum, { total }) => sum + total, 0);
        this.#next = all.length > PAGE || parts.some(({ done }) => !done)
            ? all[Math.min(all.length, PAGE) - 1].id : null;
        if (!this.hasNewer)
            this.news = 0;
        came.filter((alert) => fits(alert, this.filter) && !this.hasNewer)
            .forEach((alert) => this.add(alert));
    }

    // A report.  False: nothing of it is to be seen.
    add(alert) {
        if (this.#gone.has(alert.id) || this.has(alert.id))
            return false;
        if (this.#came !== null) {
            this.#came.push(alert);
            return false;
        }
        this.total += 1;
        if (!fits(alert, this.filter))
            return true;
        if (this.hasNewer) {
            this.news += 1;
            return true;
        }
        this.alerts = [alert, ...this.alerts].sort((a, b) => b.id - a.id);
        if (this.alerts.length > 2 * PAGE) {
            this.alerts = this.alerts.slice(0, PAGE);
            this.#next = this.alerts.at(-1).id;
        }
        return true;
    }

    // For good: a page that was asked for before does not bring it back.  False:
    // it was not on this page.
    remove(id) {
        this.#gone.add(id);
        if (!this.has(id))
            return false;
        this.total = Math.max(this.total - 1, 0);
        this.alerts = this.alerts.filter((alert) => alert.id !== id);
        return true;
    }
}
