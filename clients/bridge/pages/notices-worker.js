// SPDX-License-Identifier: BSD-2-Clause
// Shows desktop notices for pages that may not do it themselves, and does
// nothing else: no request of a page goes through it.
self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil((async () => {
        const [page] = await self.clients.matchAll(
            { type: "window", includeUncontrolled: true });

        await (page ? page.focus() : self.clients.openWindow("/"));
    })());
});
