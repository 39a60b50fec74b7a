// SPDX-License-Identifier: BSD-2-Clause
// Staying logged in.  The token is in a cookie that no script sees; what is
// remembered here is only that there is one, so that pages of others do not ask
// for nothing.
import { siteStore } from "./allowed.js";
import { parseGmt } from "./time.js";
import { byId, make, whileBusy } from "./view.js";

const KEY = "ximss-stay";

export const stays = () => siteStore.get(KEY) === "yes";
export const remember = () => siteStore.set(KEY, "yes");
export const forget = () => siteStore.remove(KEY);

const complain = (text) => { byId("devices-error").textContent = text; };

async function revoke({ session, zone }, deviceID) {
    try {
        await session.ask("deviceRevoke", { deviceID });
        complain("");
    } catch (error) {
        complain(error.message);
    }
    await showDevices(session, zone);
}

// The device in use has "Log out" above.
function item(device, frame) {
    const get = (name) => device.getAttribute(name);
    const used = parseGmt(get("used"));
    const name = get("name") || "A browser";
    const row = make("li", {}, make("div", {},
        make("p", { dir: "auto" }, name),
        make("p", { className: "detail" },
             (used === null ? "" : `Last used ${frame.zone.short(used)} `) +
             `from ${get("address")}`)));

    if (get("current") === "yes") {
        row.append(make("span", { className: "hint" }, "(this one)"));
        return row;
    }
    const button = make("button", { type: "button", className: "plain" },
                        "Log out there");
    button.setAttribute("aria-label", `Log out there: ${name}`);
    button.addEventListener("click", () => whileBusy(button, "Logging out…",
        () => revoke(frame, get("deviceID"))));
    row.append(button);
    return row;
}

// The user's devices, where the page has a place for them.
export async function showDevices(session, zone) {
    const box = byId("devices");

    if (box === null)
        return;
    try {
        const devices = await session.ask("deviceList");

        byId("devices-list").replaceChildren(...devices.map(
            (device) => item(device, { session, zone })));
        box.hidden = devices.length === 0;
    } catch {
        box.hidden = true;
    }
}
