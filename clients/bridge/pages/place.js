// SPDX-License-Identifier: BSD-2-Clause
// The choice of server, domain or account.  It stands in the page's address,
// behind "#", so that a reload and a bookmark keep it.
import { inLetters } from "./idn.js";
import { byId } from "./view.js";

// What the choices are called where there is only one domain, and elsewhere.
const CHOICES = {
    one: (domain) => ({ domain: `all of ${domain}`,
                        account: `one account of ${domain}` }),
    many: { domain: "a domain", account: "one account" },
};

export class PlaceForm {
    domain = "";
    #scope = "";
    #account = "";
    #domains = [];
    #go;

    // go(place) is called when the choice is complete, go(null) when not.
    constructor(go) {
        this.#go = go;
        byId("place").addEventListener("change", ({ target }) => {
            if (target.name === "scope")
                this.#setScope(target.value);
        });
        byId("place").addEventListener("submit", (e) => e.preventDefault());
        window.addEventListener("hashchange", () => this.#follow());
    }

    // What may be chosen: {server: whether, domains: names}; first: the domain
    // to begin with.
    open({ server, domains, first }) {
        byId("choice-server").hidden = !server;
        this.#domains = domains;
        this.domain = first;
        if (this.#follow())
            return;
        this.#setScope(server ? "server" : "domain");
    }

    setDomain(name) {
        if (name !== this.domain)
            this.#account = "";
        this.domain = name;
        this.#show();
        if (this.#scope === "account" && this.#account === "")
            byId("account").focus();
    }

    setAccount(name) {
        this.#account = name.split("@")[0];
        this.#show();
    }

    #setScope(scope) {
        this.#scope = scope;
        this.#show();
    }

    // Takes the choice from the address, if there is one.
    #follow() {
        const [, scope, target = ""] =
            /^#(server|domain|account)(?:\/(.+))?$/.exec(location.hash) ?? [];

        if (scope === undefined)
            return false;
        let name;

        try {
            name = decodeURIComponent(target);
        } catch {
            return false; // somebody's own address: not one of ours
        }
        const [account, domain] = scope === "account" ? name.split("@")
            : ["", name];
        this.#scope = scope;
        this.#account = account;
        this.domain = domain || this.domain;
        this.#show();
        return true;
    }

    #show() {
        const wantsDomain = this.#scope !== "server";
        const onlyOne = this.#domains.length === 1 &&
            this.#domains[0] === this.domain;

        const words = onlyOne ? CHOICES.one(inLetters(this.domain)) : CHOICES.many;

        for (const radio of byId("place").elements.scope)
            radio.checked = radio.value === this.#scope;
        byId("choice-domain").textContent = words.domain;
        byId("choice-account").textContent = words.account;
        byId("domain-field").hidden = !wantsDomain || onlyOne;
        byId("account-field").hidden = this.#scope !== "account" ||
            this.domain === "";
        byId("domain").value = inLetters(this.domain);
        byId("account").value = this.#account;
        this.#tell();
    }

    #place() {
        switch (this.#scope) {
        case "server":
            return { scope: "server" };
        case "domain":
            return this.domain === "" ? null
                : { scope: "domain", target: this.domain };
        default:
            return this.#account === "" || this.domain === "" ? null
                : { scope: "account",
                    target: `${this.#account}@${this.domain}` };
        }
    }

    #tell() {
        const place = this.#place();

        if (place !== null) {
            const target = place.target === undefined ? ""
                : "/" + encodeURIComponent(place.target);
            history.replaceState(null, "", `#${place.scope}${target}`);
        }
        this.#go(place);
    }
}
