// SPDX-License-Identifier: BSD-2-Clause
// Staying logged in.  The token is in a cookie that no script sees; what is
// remembered here is only that there is one, so that pages of others do not ask
// for nothing.
import { siteStore } from "./allowed.js";
import { byId } from "./view.js";

const KEY = "ximss-stay";

export const stays = () => siteStore.get(KEY) === "yes";
export const remember = () => siteStore.set(KEY, "yes");
export const forget = () => siteStore.remove(KEY);

function item(session, device, shown) {
    const row = document.createElement("li");
    const button = document.createElement("button");
    const current = device.getAttribute("current") === "yes";

    row.textContent = `${device.getAttribute("name") || "A browser"}, ` +
        `last used ${device.getAttribute("used").slice(0, 8)
            .replace(/(\d{4})(\d\d)(\d\d)/, "$1-$2-$3")} ` +
        `from ${device.getAttribute("address")}` +
        (current ? " (this one) " : " ");
    button.type = "button";
    button.className = "plain";
    button.textContent = "Log out there";
    button.addEventListener("click", async () => {
        button.disabled = true;
        if (current)
            forget();
        await session.ask("deviceRevoke", {
            deviceID: device.getAttribute("deviceID") }).catch(() => {});
        shown();
    });
    row.append(button);
    return row;
}

// The user's devices, where the page has a place for them.
export async function showDevices(session) {
    const box = byId("devices");

    if (box === null)
        return;
    try {
        const devices = await session.ask("deviceList");

        box.querySelector("ul").replaceChildren(...devices.map(
            (device) => item(session, device, () => showDevices(session))));
        box.hidden = devices.length === 0;
    } catch {
        box.hidden = true;
    }
}
