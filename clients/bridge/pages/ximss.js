// SPDX-License-Identifier: BSD-2-Clause
// XIMSS over HTTP: log-in, and requests with their answers.
//
// A request whose reply was lost is sent again.  That is safe without a
// sequence number, which several tabs would have to agree on: what the pages
// ask for may be done twice, and a post carries a key that makes the second
// one nothing (doc/protocol.md, 5).
import { element, isXmlText } from "./xml.js";

const TIME_LIMIT = 15000;
const PAUSES = [0, 300, 1000, 3000]; // ms before each try
const SESSION_LOST = 550;

// The server's texts begin small and have no full stop.
function sentence(text) {
    return text.slice(0, 1).toUpperCase() + text.slice(1) +
        (/[.!?]$/.test(text) ? "" : ".");
}

// The server's refusal: its text, and its number.
export class Refused extends Error {
    constructor(text, number) {
        super(sentence(text));
        this.number = number;
    }
}

// The session is over; log in again.
export class Lost extends Error {
    constructor() {
        super("Your session has ended. Please log in again.");
    }
}

// No answer: nobody knows whether the request was done.
export class Unreachable extends Error {
    constructor() {
        super("The server cannot be reached. Please try again.");
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
async function postOnce(url, type, body) {
    const reply = await fetch(url, {
        method: "POST",
        body,
        headers: { "Content-Type": type },
        cache: "no-store",
        signal: AbortSignal.timeout(TIME_LIMIT),
    });

    if (reply.status === SESSION_LOST)
        throw new Lost();
    return reply.ok ? parse(await reply.text()) : null;
}

async function post(url, type, body) {
    for (const pause of PAUSES) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        try {
            const root = await postOnce(url, type, body);
            if (root !== null)
                return root;
        } catch (error) {
            if (error instanceof Lost)
                throw error;
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
export async function logIn(userName, password) {
    const root = await post(
        "/XIMSSLogin/?errorAsXML=1", "application/x-www-form-urlencoded",
        String(new URLSearchParams({ userName, password, version: "6.2",
                                     EnableUseCookie: "1",
                                     cookieAtLogin: "1",
                                     DisableIPWatch: "1" })));
    const first = root.firstElementChild;

    if (first?.nodeName !== "session")
        throw (first && refusal(first)) ?? new Unreachable();
    return first.getAttribute("urlID");
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

    constructor(id, onLost) {
        this.#id = id;
        this.#onLost = onLost;
    }

    // Requests, each as [name, attributes, text], in one batch.
    async askAll(requests) {
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
            return answers(root, requests.length);
        } catch (error) {
            if (error instanceof Lost)
                this.#onLost();
            throw error;
        }
    }

    // Requests of a page that goes: nobody waits for their answers.
    tell(requests) {
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
