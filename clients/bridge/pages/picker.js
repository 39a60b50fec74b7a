// SPDX-License-Identifier: BSD-2-Clause
// A field that finds one name among very many: the server is asked for those
// that have in them what was typed, some at a time.
import { make } from "./view.js";

const PATIENCE = 200; // ms without a key before the server is asked

export class Picker {
    #input;
    #list;
    #find;
    #chosen;
    #shown;
    #names = [];
    #more = "";   // where the next names begin, "" at the end
    #at = -1;     // the option that the keyboard is on
    #asked = 0;
    #timer;
    #typed = false; // what stands there is a part of a name, not one chosen

    // find(text, from) gives {names, more}; chosen(name) is called for the
    // name that was picked, or typed and ended by Enter.  shown(name): as people
    // read it.
    constructor(input, find, chosen, shown = (name) => name) {
        this.#input = input;
        this.#find = find;
        this.#chosen = chosen;
        this.#shown = shown;
        this.#list = make("ul", { className: "options", hidden: true,
                                  id: `${input.id}-options` });
        this.#list.setAttribute("role", "listbox");
        this.#list.setAttribute("aria-label", input.dataset.label);
        this.#prepareInput();
        input.parentElement.classList.add("picker");
        input.after(this.#list);
        // A click must not take the focus from the field first.
        this.#list.addEventListener("mousedown", (e) => e.preventDefault());
        this.#list.addEventListener("click", (e) => this.#onClick(e));
    }

    set value(name) {
        this.#input.value = name;
    }

    #prepareInput() {
        const input = this.#input;

        input.autocomplete = "off";
        input.setAttribute("role", "combobox");
        input.setAttribute("aria-autocomplete", "list");
        input.setAttribute("aria-controls", this.#list.id);
        input.setAttribute("aria-expanded", "false");
        input.addEventListener("input", () => {
            this.#typed = true;
            this.#later();
        });
        input.addEventListener("focus", () => input.select());
        input.addEventListener("click", () => this.#open());
        input.addEventListener("blur", () => this.close());
        input.addEventListener("keydown", (e) => this.#onKey(e));
    }

    // The option that was chosen before is not what Enter takes now.
    #later() {
        this.#at = -1;
        this.#mark();
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#open(), PATIENCE);
    }

    // Only the last question's answer counts.
    async #open() {
        const asked = this.#asked += 1;
        const text = this.#text;
        let found;

        try {
            found = await this.#find(text, "");
        } catch (error) {
            found = { names: [], more: "", trouble: error.message };
        }
        if (asked !== this.#asked || document.activeElement !== this.#input)
            return;
        this.#names = found.names;
        this.#more = found.more;
        this.#at = -1;
        this.#draw(found.trouble ?? "Nothing found");
    }

    // Whoever opens it where a name was chosen wants another one.
    get #text() {
        return this.#typed ? this.#input.value.trim() : "";
    }

    async #extend() {
        const asked = this.#asked;
        const { names, more } = await this.#find(this.#text, this.#more);

        if (asked !== this.#asked)
            return;
        this.#at = this.#names.length;
        this.#names = this.#names.concat(names);
        this.#more = more;
        this.#draw("");
    }

    close() {
        clearTimeout(this.#timer);
        this.#asked += 1;
        this.#list.hidden = true;
        this.#input.setAttribute("aria-expanded", "false");
        this.#input.removeAttribute("aria-activedescendant");
    }

    #draw(empty) {
        const names = this.#names.map((name) => this.#shown(name));
        const texts = this.#more === "" ? names : [...names, "More…"];

        this.#list.replaceChildren(...texts.map((text, i) => {
            const option = make("li", { id: `${this.#list.id}-${i}` }, text);
            option.setAttribute("role", "option");
            return option;
        }));
        if (texts.length === 0) {
            const nothing = make("li", {}, empty);
            nothing.setAttribute("role", "option");
            nothing.setAttribute("aria-disabled", "true");
            this.#list.append(nothing);
        }
        this.#list.hidden = false;
        this.#input.setAttribute("aria-expanded", "true");
        this.#mark();
    }

    #mark() {
        [...this.#list.children].forEach((option, i) =>
            option.setAttribute("aria-selected", String(i === this.#at)));
        const option = this.#list.children[this.#at];
        if (option === undefined) {
            this.#input.removeAttribute("aria-activedescendant");
            return;
        }
        this.#input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
    }

    #move(step) {
        const n = this.#names.length + (this.#more === "" ? 0 : 1);

        if (this.#list.hidden) {
            this.#open();
        } else if (n > 0) {
            this.#at = (this.#at + step + n) % n;
            this.#mark();
        }
    }

    #onKey(event) {
        const { key } = event;

        if (key === "ArrowDown" || key === "ArrowUp") {
            event.preventDefault();
            this.#move(key === "ArrowDown" ? 1 : -1);
        } else if (key === "Enter") {
            event.preventDefault();
            this.#take(this.#at);
        } else if (key === "Escape") {
            this.close();
        }
    }

    #onClick({ target }) {
        const at = [...this.#list.children].indexOf(target);

        if (at >= 0 && target.getAttribute("aria-disabled") !== "true")
            this.#take(at);
    }

    #take(at) {
        if (at === this.#names.length && this.#more !== "") {
            this.#extend();
            return;
        }
        const name = this.#names[at] ?? this.#input.value.trim();
        if (name === "")
            return;
        this.#input.value = this.#shown(name);
        this.#typed = false;
        this.close();
        this.#chosen(name);
    }
}
