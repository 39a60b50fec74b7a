// SPDX-License-Identifier: BSD-2-Clause
// Who says an alert, and to whom.
import { inLetters } from "./idn.js";

const organisation = () =>
    document.querySelector('meta[name="organisation"]')?.content.trim() ?? "";

let reader = "";

// user@domain
export function setReader(userName) {
    reader = userName;
}

const readersDomain = () => reader.split("@")[1] ?? "";

function domainOf({ scope, target }) {
    return inLetters((scope === "domain" ? target : target?.split("@")[1]) ??
        readersDomain());
}

export function whoSays(alert) {
    if (alert.kind === "quota")
        return "Automatic message";
    if (organisation() !== "")
        return organisation();
    return alert.scope === "server" || alert.scope === "cluster"
        ? "The administrators of this server"
        : `The administrators of ${domainOf(alert)}`;
}

export function toWhom(alert) {
    switch (alert.scope) {
    case "account":
        return !alert.target || alert.target === reader ? "to you"
            : `to ${inLetters(alert.target)}`;
    case "domain":
        return `to all of ${domainOf(alert)}`;
    default:
        return "to everyone";
    }
}
