// SPDX-License-Identifier: BSD-2-Clause
// A server and a bridge of its own for each file of tests.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, unlinkSync,
         writeFileSync, mkdirSync } from "node:fs";
import { createServer as createListener } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const BUILD = resolve(process.env.BUILD ?? ".");
const PAGES = resolve(import.meta.dirname ??
    new URL(".", import.meta.url).pathname, "../../clients/bridge/pages");
const MAIN = "example.test";
const MASTER = "first of all";

export const DEADLINE = 60000; // of what takes no time: for slow machines
export const PASSWORD = "secret";

// Waits until condition() gives something true, and gives that.
export async function until(condition, what, deadline = DEADLINE) {
    const end = Date.now() + deadline;

    for (;;) {
        const value = await condition();
        if (value)
            return value;
        if (Date.now() > end)
            throw new Error(`waited in vain: ${what}`);
        await sleep(10);
    }
}

// A child process whose log is kept.
class Daemon {
    log = "";

    constructor(program, args) {
        this.child = spawn(join(BUILD, program), args,
                           { stdio: ["ignore", "ignore", "pipe"] });
        this.child.stderr.on("data", (data) => { this.log += data; });
        this.ended = once(this.child, "exit");
    }

    get running() {
        return this.child.exitCode === null && this.child.signalCode === null;
    }

    // What the expression finds in the log, of which it is the first group.
    async logged(expression) {
        const [, found] = await until(() => {
            if (!this.running)
                throw new Error(`it ended:\n${this.log}`);
            return expression.exec(this.log);
        }, `${expression} in:\n${this.log}`);
        return found;
    }

    async end(signal = "SIGTERM") {
        if (this.running)
            this.child.kill(signal);
        await this.ended;
    }
}

// Below the ports that the system gives to whoever wants any: between two starts of
// the bridge one of those would get it.
async function freePort() {
    for (;;) {
        const port = 15000 + Math.floor(Math.random() * 17000);
        const listener = createListener();

        try {
            await once(listener.listen(port, "127.0.0.1"), "listening");
        } catch {
            continue;
        }
        await new Promise((resolve) => listener.close(resolve));
        return port;
    }
}

export class Servers {
    #ximssd = null;
    #bridge = null;
    #port = 0;

    constructor() {
        this.dir = mkdtempSync(join(tmpdir(), "ximss-browser-"));
        this.store = join(this.dir, "store");
        this.socket = join(this.store, "control.sock");
        mkdirSync(this.store);
        writeFileSync(join(this.dir, "password"), MASTER + "\n",
                      { mode: 0o600 });
        writeFileSync(join(this.dir, "ximssd.conf"), [
            "password-iterations = 4096",
            "max-domain-alerts = 20000",
            "login-free-tries = 1000",
            "login-address-free-tries = 1000000", ""].join("\n"));
    }

    get url() {
        return `http://127.0.0.1:${this.#port}`;
    }

    async start() {
        await this.startServer();
        await this.startBridge();
        return this;
    }

    async startServer() {
        const ports = join(this.store, "ports");

        if (existsSync(ports))
            unlinkSync(ports);
        this.#ximssd = new Daemon("ximssd", [
            "--config", join(this.dir, "ximssd.conf"), "--store", this.store,
            "--main-domain", MAIN, "--listen", "127.0.0.1:0",
            "--admin-password-file", join(this.dir, "password"),
            "--test-hooks"]);
        await until(() => {
            if (!this.#ximssd.running)
                throw new Error(`ximssd ended:\n${this.#ximssd.log}`);
            return existsSync(ports) && readFileSync(ports, "utf8");
        }, "ximssd listens");
    }

    // On the same port when it comes back.
    async startBridge(options = {}) {
        const config = join(this.dir, "bridge.conf");
        this.#port ||= await freePort();
        const lines = { listen: `{"127.0.0.1:${this.#port}"}`,
                        "server-socket": `"${this.socket}"`,
                        pages: `"${PAGES}"`, ...options };

        writeFileSync(config, Object.entries(lines)
            .map(([key, value]) => `${key} = ${value}\n`).join(""));
        this.#bridge = new Daemon("ximss-bridge", ["--config", config]);
        this.#port = Number(await this.#bridge.logged(
            /listening on [^\n]*127\.0\.0\.1:(\d+)/));
    }

    stopServer() { return this.#ximssd.end(); }
    killServer() { return this.#ximssd.end("SIGKILL"); }
    killBridge() { return this.#bridge.end("SIGKILL"); }

    async end() {
        await this.#bridge?.end();
        await this.#ximssd?.end();
        rmSync(this.dir, { recursive: true, force: true });
    }

    // --- administration, from outside ---

    async ctl(...args) {
        const { stdout } = await promisify(execFile)(
            join(BUILD, "ximssctl"), ["--socket", this.socket, ...args]);

        return stdout;
    }

    cli(command) {
        return this.ctl("cli", command);
    }

    // Many commands of the CLI at once.
    async file(lines) {
        const path = join(this.dir, "commands");

        writeFileSync(path, lines.join("\n"));
        await this.ctl("cli", "--keep-going", "--file", path);
    }

    async account(name, ...rights) {
        await this.cli(`CreateAccount ${name} {Password="${PASSWORD}";}`);
        if (rights.length > 0)
            await this.cli(`SetAccountRights ${name} (` +
                rights.map((right) => `"${right}"`).join(",") + ")");
    }

    // where: ["--server"], ["--domain", name] or ["--account", name]
    post(where, text, ...more) {
        return this.ctl("alert", "post", ...where, ...more, text);
    }

    // Waits until the account has been shown all that is for it alone.
    delivered(name) {
        return until(async () =>
            (await this.cli(`GetAccountAlerts ${name}`)).trim() === "{}",
            `${name}'s alerts are delivered`);
    }

    clock(seconds) {
        return this.cli(`TESTCLOCK ${seconds}`);
    }
}
