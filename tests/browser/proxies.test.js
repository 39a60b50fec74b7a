// SPDX-License-Identifier: BSD-2-Clause
// The pages behind proxies: nginx as Debian sets it up, and one that loses
// every second reply.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { createServer as createListener } from "node:net";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import { logIn, newBrowser, openTab, shows, takeTroubles, user, world }
    from "./browser.js";
import { until } from "./servers.js";

const ends = [];

const w = world(async (servers) => {
    await servers.cli("CreateDomain a.test");
    await servers.account("joe@a.test");
    await servers.account("poster@a.test", "CanPostAlerts");
});

afterEach(async () => {
    for (const context of w.browser.contexts())
        await context.close();
    await w.servers.cli("SetDomainAlerts a.test {}");
    await Promise.all(ends.splice(0).map((end) => end()));
    assert.deepEqual(takeTroubles(), []);
});
after(() => Promise.all(ends.map((end) => end())));

async function freePort() {
    const listener = createListener().listen(0, "127.0.0.1");

    await once(listener, "listening");
    const { port } = listener.address();
    listener.close();
    await once(listener, "close");
    return port;
}

// nginx with nothing but where to pass requests on to.
async function startNginx() {
    const dir = join(w.servers.dir, "nginx");
    const port = await freePort();
    const temps = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((kind) => `${kind}_temp_path ${dir}/${kind};`).join("\n");

    mkdirSync(dir, { mode: 0o755, recursive: true });
    writeFileSync(join(dir, "nginx.conf"), `
daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
${process.getuid() === 0 ? "user root;" : ""}
events {}
http {
access_log off; ${temps}
server { listen 127.0.0.1:${port};
location / { proxy_pass ${w.servers.url}; proxy_set_header Host $http_host; } }
}`);
    const nginx = spawn("nginx", ["-c", join(dir, "nginx.conf"), "-e",
                                  join(dir, "error.log")],
                        { stdio: "ignore", env: { ...process.env, PATH:
                            `${process.env.PATH}:/usr/sbin` } });
    const ended = once(nginx, "exit");
    ends.push(() => {
        nginx.kill();
        return ended;
    });
    const url = `http://127.0.0.1:${port}`;
    await until(() => fetch(url).then((r) => r.ok, () => false), "nginx");
    return url;
}

// Passes on, but once `lossy`, every second reply is lost (the next one if
// `turn` is even), streams excepted.
async function startLossyProxy() {
    const state = { lossy: false, lost: 0, turn: 0 };
    const server = createServer((from, to) => {
        const onward = request(w.servers.url + from.url,
            { method: from.method, headers: from.headers }, (reply) => {
                const lose = state.lossy && state.turn++ % 2 === 0 &&
                    !from.url.endsWith("/events");
                if (!lose) {
                    to.writeHead(reply.statusCode, reply.headers);
                    reply.pipe(to);
                    return;
                }
                state.lost += 1;
                reply.resume();
                reply.on("end", () => from.socket.destroy());
            });
        onward.on("error", () => from.socket.destroy());
        to.on("close", () => onward.destroy());
        from.pipe(onward);
    });

    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ends.push(() => new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
    }));
    state.url = `http://127.0.0.1:${server.address().port}`;
    return state;
}

test("behind nginx with its default settings", async () => {
    const baseURL = await startNginx();
    const page = await user(w, "joe@a.test", { baseURL });
    const admin = await user(w, "poster@a.test",
                             { baseURL, path: "/admin/" });
    // more than fits into a buffer that nobody flushes
    for (const text of ["one", "two", "three"]) {
        await w.servers.post(["--domain", "a.test"], text);
        await page.getByText(text, { exact: true }).waitFor({ timeout: 1000 });
    }
    await shows(admin, ["three", "two", "one"]);
    await page.getByRole("button", { name: "Dismiss: two" }).click();
    await shows(page, ["three", "one"]);
    await page.reload();
    await shows(page, ["three", "one"]);
});

// The first one is lost, or the second.
for (const passed of [0, 1])
    test(`log-in while replies are lost, but for ${passed} first`, async () => {
        const proxy = await startLossyProxy();
        const page = await openTab(await newBrowser(w,
            { baseURL: proxy.url }));
        await page.locator("#login").waitFor();
        proxy.turn = passed;
        proxy.lossy = true;
        await logIn(page, "joe@a.test");
        await w.servers.post(["--domain", "a.test"], "one");
        await shows(page, ["one"]);
        assert.ok(proxy.lost > 0);
    });

test("every second reply is lost: each alert once, in order", async () => {
    const proxy = await startLossyProxy();
    const context = await newBrowser(w, { baseURL: proxy.url });
    const page = await openTab(context);
    await logIn(page, "joe@a.test");
    const admin = await user(w, "poster@a.test",
                             { baseURL: proxy.url, path: "/admin/" });
    await admin.locator("#there").waitFor();
    proxy.lossy = true;
    const texts = [];
    for (let i = 1; i <= 6; i++) {
        await admin.getByLabel("Text").fill(`alert ${i}`);
        await admin.locator("#post-button").click();
        await admin.getByText(/^Posted to .* told at once/).waitFor();
        texts.unshift(`alert ${i}`);
        await shows(page, texts);
    }
    await shows(admin, texts);
    await page.getByRole("button", { name: "Dismiss: alert 3" }).click();
    await shows(page, texts.filter((text) => text !== "alert 3"));
    await admin.getByLabel("Mark: alert 5").check();
    await admin.locator("#remove").click();
    await admin.reload(); // which ends the time for second thoughts
    await shows(page, ["alert 6", "alert 4", "alert 2", "alert 1"]);
    const listed = await w.servers.cli("GetDomainAlerts a.test");
    assert.equal(listed.match(/"alert \d"/g).length, 5);
    assert.ok(proxy.lost >= 7, `${proxy.lost} replies were lost`);
});
