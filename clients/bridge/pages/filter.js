// SPDX-License-Identifier: BSD-2-Clause
// The form above the list of posted alerts: which of them are shown.
import { byId } from "./view.js";

const PATIENCE = 300; // ms without a key before it is searched
const NAMES = ["text", "severity", "state", "author"];

export class FilterForm {
    #timer;
    #last = "";
    #changed;

    // changed(filter)
    constructor(changed) {
        this.#changed = changed;
        byId("filter").addEventListener("input", () => this.#later());
        byId("filter").addEventListener("change", () => this.#now());
        byId("filter").addEventListener("submit", (event) => {
            event.preventDefault();
            this.#now();
        });
        byId("filter").addEventListener("reset", () =>
            setTimeout(() => this.#now())); // when the fields are empty
    }

    get value() {
        const { elements } = byId("filter");

        return Object.fromEntries(NAMES.map((name) =>
            [name, elements[`filter-${name}`].value.trim()]));
    }

    set value(filter) {
        const { elements } = byId("filter");

        for (const name of NAMES)
            elements[`filter-${name}`].value = filter?.[name] ?? "";
        this.#last = JSON.stringify(this.value);
        this.#drawReset();
    }

    #drawReset() {
        byId("all").hidden = Object.values(this.value).join("") === "";
    }

    #later() {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#now(), PATIENCE);
    }

    #now() {
        const now = JSON.stringify(this.value);

        clearTimeout(this.#timer);
        this.#drawReset();
        if (now === this.#last)
            return;
        this.#last = now;
        this.#changed(this.value);
    }
}
