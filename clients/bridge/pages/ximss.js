// SPDX-License-Identifier: BSD-2-Clause
// XIMSS over HTTP: log-in, and requests with their answers.
//
// A request whose reply was lost is sent again.  That is safe without a
// sequence number, which several tabs would have to agree on: what the pages
// ask for may be done twice, and a post carries a key that makes the second
// one nothing (doc/protocol.md, 5).
import { element, isXmlText } from "./xml.js";

const TIME_LIMIT = 15000;
// A log-in behind wrong ones has to wait, and is not to be tried again meanwhile:
// that would be one more.
const LOGIN_TIME_LIMIT = 120000;
const AT_ONCE = 100; // requests in a body: the bridge takes no more than some
const PAUSES = [0, 300, 1000, 3000]; // ms before each try
const SESSION_LOST = 550;
const LOGIN = "/XIMSSLogin/?errorAsXML=1";
const FORM = "application/x-www-form-urlencoded";
const OPTIONS = { version: "6.2", EnableUseCookie: "1", cookieAtLogin: "1",
                  DisableIPWatch: "1" };
const LOST_ON_THE_WAY = 531;

// Texts that clients of old compare, said for people.
const SAID = new Map([
    ["unknown secondary domain name", "unknown domain"],
]);

// The server's texts begin small and have no full stop.
function sentence(said) {
    const text = SAID.get(said) ?? said;

    return text.slice(0, 1).toUpperCase() + text.slice(1) +
        (/[.!?]$/.test(text) ? "" : ".");
}

// The server's refusal: its text, and its number.
export class Refused extends Error {
    constructor(text, number) {
        super(sentence(text));
        this.number = number;
        if (this.passes)
            passing.add(this.message);
    }

    // It says nothing of what was asked for: the server was not there.
    get passes() {
        return this.number === LOST_ON_THE_WAY;
    }
}

// The session is over; log in again.
export class Lost extends Error {
    constructor() {
        super("Your session has ended. Please log in again.");
    }
}

// Texts of errors whose cause may be gone soon.
const passing = new Set();

export const isPassing = (text) => passing.has(text);

// No answer: nobody knows whether the request was done.
export class Unreachable extends Error {
    constructor() {
        super("The server cannot be reached. Please try again.");
        passing.add(this.message);
    }
}

// The session's cookie does not come back.
class NoCookie extends Error {
    constructor() {
        super("Your browser does not keep the cookie of this site, without " +
              "which you cannot stay logged in. Please allow cookies for it " +
              "and log in again.");
    }
}

function parse(text) {
    const root = new DOMParser().parseFromString(text, "text/xml")
        .documentElement;

    return root.nodeName === "XIMSS" ? root : null;
}

// One message that was pushed.
export function parseMessage(text) {
    return new DOMParser().parseFromString(text, "text/xml").documentElement;
}

function refusal(response) {
    const text = response.getAttribute("errorText");

    return text === null ? null
        : new Refused(text, Number(response.getAttribute("errorNum")));
}

// The reply's XIMSS element; null for what is worth another try.
async function postOnce(url, type, body, limit) {
    const reply = await fetch(url, {
        method: "POST",
        body,
        headers: { "Content-Type": type },
        cache: "no-store",
        signal: AbortSignal.timeout(limit),
    });

    if (reply.status === SESSION_LOST)
        throw new Lost();
    return reply.ok ? parse(await reply.text()) : null;
}

async function post(url, type, body, limit = TIME_LIMIT) {
    for (const pause of PAUSES) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        try {
            const root = await postOnce(url, type, body, limit);
            if (root !== null)
                return root;
        } catch (error) {
            if (error instanceof Lost)
                throw error;
            if (limit > TIME_LIMIT && error.name === "TimeoutError")
                break;
        }
    }
    throw new Unreachable();
}

// The id of the new session.  Refused: the server's text.
//
// The session is bound to this browser by a cookie that no script sees, and not
// to its address: telephones change that.  The cookie comes with the id: there
// is no time in which the id alone would do, and a reply that is lost takes
// nothing along that is needed later.
export async function logIn(userName, password, stay = false) {
    const root = await post(
        LOGIN, FORM,
        String(new URLSearchParams({ userName, password, ...OPTIONS,
                                     ...stay && { stayLoggedIn: "1" } })),
        LOGIN_TIME_LIMIT);
    const first = root.firstElementChild;

    if (first?.nodeName !== "session")
        throw (first && refusal(first)) ?? new Unreachable();
    return withCookie(first.getAttribute("urlID"));
}

// Does the whole way to the server work?  Asked by somebody who has no session.
export async function isThere() {
    try {
        const root = await postOnce(LOGIN, "text/xml; charset=utf-8",
            '<XIMSS><noop id="1"/></XIMSS>', TIME_LIMIT);

        return root?.firstElementChild?.nodeName === "response" &&
            refusal(root.firstElementChild) === null;
    } catch {
        return false;
    }
}

// The id of a new session for a browser that stays logged in; null: it does not
// any more.
export async function comeBack() {
    const reply = await fetch(LOGIN, {
        method: "POST",
        body: String(new URLSearchParams({ byDevice: "1", ...OPTIONS })),
        headers: { "Content-Type": FORM },
        cache: "no-store",
        signal: AbortSignal.timeout(TIME_LIMIT),
    });
    const root = reply.ok ? parse(await reply.text()) : null;
    const first = root?.firstElementChild;

    if (reply.status === 403)
        return null;
    if (first?.nodeName !== "session")
        throw new Unreachable();
    return withCookie(first.getAttribute("urlID"));
}

// The id, if the session answers to it.
async function withCookie(id) {
    try {
        await new Session(id).ask("noop");
    } catch (error) {
        throw error instanceof Lost ? new NoCookie() : error;
    }
    return id;
}

// The answers of one batch: for each request the elements it brought, or the
// Refused that it met.
function answers(root, count) {
    const found = Array.from({ length: count }, () => []);

    for (const child of root.children) {
        const at = Number(child.getAttribute("id")) - 1;
        if (!found[at] || found[at] instanceof Refused)
            continue;
        if (child.nodeName === "response")
            found[at] = refusal(child) ?? found[at];
        else
            found[at].push(child);
    }
    return found;
}

export class Session {
    #id;
    #onLost;
    #onAnswer;

    constructor(id, onLost = () => {}, onAnswer = () => {}) {
        this.#id = id;
        this.#onLost = onLost;
        this.#onAnswer = onAnswer;
    }

    // Requests, each as [name, attributes, text], in as few batches as they fit.
    async askAll(requests) {
        const found = [];

        for (let at = 0; at < requests.length; at += AT_ONCE)
            found.push(...await this.#askSome(
                requests.slice(at, at + AT_ONCE)));
        return found;
    }

    async #askSome(requests) {
        const body = requests.map(([name, attributes = {}, text = ""], i) => {
            if (!isXmlText(text))
                throw new Refused("The text has control characters in it.",
                                  522);
            return element(name, { id: i + 1, ...attributes }, text);
        }).join("");

        try {
            const root = await post(
                `/Session/${encodeURIComponent(this.#id)}/sync`,
                "text/xml; charset=utf-8", `<XIMSS>${body}</XIMSS>`);
            this.#onAnswer();
            return answers(root, requests.length);
        } catch (error) {
            if (error instanceof Lost)
                this.#onLost();
            throw error;
        }
    }

    // Requests of a page that goes: nobody waits for their answers.
    tell(requests) {
        for (let at = 0; at < requests.length; at += AT_ONCE)
            this.#tellSome(requests.slice(at, at + AT_ONCE));
    }

    #tellSome(requests) {
        const body = requests.map(([name, attributes], i) =>
            element(name, { id: i + 1, ...attributes })).join("");

        fetch(`/Session/${encodeURIComponent(this.#id)}/sync`, {
            method: "POST", keepalive: true,
            headers: { "Content-Type": "text/xml; charset=utf-8" },
            body: `<XIMSS>${body}</XIMSS>`,
        }).catch(() => {});
    }

    // One request: the elements that it brought.
    async ask(name, attributes, text) {
        const [answer] = await this.askAll([[name, attributes, text]]);

        if (answer instanceof Refused)
            throw answer;
        return answer;
    }

    async cli(command) {
        const [result] = await this.ask("cliExecute", {}, command);

        return result?.textContent ?? "";
    }
}
