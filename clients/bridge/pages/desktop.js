// SPDX-License-Identifier: BSD-2-Clause
// Notices on the desktop.  Pages may make them themselves, or only through a
// service worker (telephones), or not at all.
import { attempt } from "./allowed.js";

const WORKER = "/pages/notices-worker.js";
const PATIENCE = 5000; // ms that a service worker may take to start

const api = () => attempt(() => Notification);
const container = () => attempt(() => navigator.serviceWorker);

export const permission = () =>
    attempt(() => api().permission) ?? "denied";

// What cannot be copied is found before anything is shown; where pages may not
// make notices, that is said first, by an error of another kind.
function mayConstruct() {
    try {
        new (api())("", { data: () => {} }).close();
        return true;
    } catch (error) {
        return error?.name === "DataCloneError";
    }
}

// Refused where site data is blocked.
async function mayServe() {
    try {
        await container().getRegistration();
        return true;
    } catch {
        return false;
    }
}

export async function isPossible() {
    return api() !== null && permission() !== "denied" &&
        (await mayServe() || mayConstruct());
}

// "granted", "denied" or "default".
export async function ask() {
    try {
        return await api().requestPermission();
    } catch {
        return "denied";
    }
}

function activated(registration) {
    const worker = registration.installing ?? registration.waiting;

    if (registration.active || !worker)
        return registration;
    return new Promise((resolve, reject) => {
        worker.addEventListener("statechange", () =>
            worker.state === "activated" && resolve(registration));
        setTimeout(reject, PATIENCE);
    });
}

async function throughWorker(title, options) {
    const registration = await activated(await container().register(WORKER));

    await registration.showNotification(title, options);
}

// False: it cannot be shown.
export async function show(title, options) {
    try {
        const notice = new (api())(title, options);

        notice.onclick = () => {
            window.focus();
            notice.close();
        };
        return true;
    } catch {
        // Telephones have the constructor, and refuse it.
    }
    try {
        await throughWorker(title, options);
        return true;
    } catch {
        return false;
    }
}
