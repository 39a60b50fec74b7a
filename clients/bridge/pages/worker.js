// SPDX-License-Identifier: BSD-2-Clause
// The shared worker: the hub, and a port for each tab.
import { Hub } from "./hub.js";
import { Stream } from "./stream.js";

const hub = new Hub((session, on) => new Stream(session, on));

self.onconnect = ({ ports: [port] }) => {
    const tab = { post: (message) => port.postMessage(message) };

    port.onmessage = ({ data }) => hub.receive(tab, data);
};
