#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What one domain's administrator, or one of the server, makes others wait.

Starts a server, lays loads on it one after the other, and meanwhile somebody of
another domain asks for something that needs the store (prefsStore) and for
something that needs their worker only (noop), again and again.  Prints

    load | it took | longest wait of another domain: store, worker

usage: fairness.py --build DIR [--scale 1.0] [--only WORD]
"""

import argparse
import multiprocessing
import os
import shutil
import socket
import subprocess
import tempfile
import time

import harness

CONFIG = """\
store = "{store}"
listen = {{"127.0.0.1:{port}"}}
listen-pwd = {{"127.0.0.1:{pwd}"}}
log-level = warn
workers = {workers}
message-bytes = 4M
pwd-line-bytes = 4M
clear-passwords-without-tls = yes
idle-timeout = 1d
pwd-idle-timeout = 1d
"""
LIMITS = ("max-account-alerts = 0\nmax-domain-alerts = 0\n"
          "max-server-alerts = 0\n")
PASSWORD = "bench password"
LONG = "x" * 3900
WINDOW = 200


class Xml:
    def __init__(self, port, user, **options):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.user = user
        self.begin(**options)

    def begin(self, **options):
        more = "".join(f' {k}="{v}"' for k, v in options.items())
        self.send(f'<login id="L" userName="{self.user}" '
                  f'authData="{PASSWORD}"{more}/>')
        answer = self.until(b'id="L"')
        if b"errorNum" in answer:
            raise harness.BenchError(answer)

    def send(self, *messages):
        self.sock.sendall(b"".join(m.encode() + b"\0" for m in messages))

    def until(self, end):
        """The message that has <response and this in it."""
        while True:
            while b"\0" in self.rest:
                message, self.rest = self.rest.split(b"\0", 1)
                if message.startswith(b"<response") and end in message:
                    return message
            data = self.sock.recv(1 << 20)
            if not data:
                raise harness.BenchError("closed")
            self.rest += data

    def ask(self, message):
        self.send(message)
        return self.until(b'id="a"')


class Pwd:
    def __init__(self, port, user):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb", 1 << 20)
        self.file.readline()
        for line in (f"USER {user}", f"PASS {PASSWORD}", "INLINE"):
            answer = self.ask(line)
            if answer[:1] not in b"23":
                raise harness.BenchError(f"{line}: {answer}")

    def ask(self, line):
        self.sock.sendall(line.encode() + b"\n")
        return self.file.readline()

    def all(self, lines):
        """Sends some at a time; fails at the first that is refused."""
        lines = list(lines)
        for i in range(0, len(lines), WINDOW):
            part = lines[i:i + WINDOW]
            self.sock.sendall("".join(p + "\n" for p in part).encode())
            for p in part:
                answer = self.file.readline()
                if not answer.startswith(b"2"):
                    raise harness.BenchError(f"{p[:80]}: {answer}")


def probe(port, user, pipe, message):
    client = Xml(port, user, alerts="no")
    worst, n = 0.0, 0
    pipe.send("ready")
    while True:
        start = time.monotonic()
        client.ask(message)
        worst = max(worst, time.monotonic() - start)
        n += 1
        if pipe.poll():
            if pipe.recv() == "end":
                return
            pipe.send((worst, n))
            worst, n = 0.0, 0
        time.sleep(0.001)


class Probe:
    def __init__(self, port, user, message):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(
            target=probe, args=(port, user, theirs, message), daemon=True)
        self.process.start()
        self.pipe.recv()

    def worst(self):
        self.pipe.send("tell")
        return self.pipe.recv()[0]

    def end(self):
        self.pipe.send("end")
        self.process.join()


def key(i):
    t = time.gmtime(1700000000 + i)
    return time.strftime("%Y%m%d%H%M%S", t)


def entries(n, text="x"):
    return "{" + "".join(f"{key(i)}={text};" for i in range(n)) + "}"


class Bench:
    def __init__(self, build, scale, directory, workers):
        self.build, self.scale, self.dir = build, scale, directory
        self.store = f"{directory}/store"
        secret = f"{directory}/password"
        with open(secret, "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(PASSWORD + "\n")
        subprocess.run([f"{build}/ximssd", "--init", self.store,
                        "--main-domain", "main.test", "--admin-password-file",
                        secret], check=True)
        self.port, self.pwd_port = harness.free_port(), harness.free_port()
        config = f"{directory}/config"
        text = CONFIG.format(store=self.store, port=self.port,
                             pwd=self.pwd_port, workers=workers)
        with open(config, "w") as f:
            f.write(text + LIMITS)
        known = subprocess.run([f"{build}/ximssd", "--config", config,
                                "--check-config"], capture_output=True)
        if known.returncode != 0:
            with open(config, "w") as f:
                f.write(text)
        self.process = harness._start([f"{build}/ximssd", "--config", config,
                                       "--test-hooks"])
        harness.wait_for_listeners(self.port, f"{self.store}/control.sock",
                                   self.process)
        self.root = Pwd(self.pwd_port, "postmaster@main.test")
        self.root.all([f"CreateDomain {d}" for d in ("a.test", "b.test")])
        for i in range(20):
            self.make(f"u{i}@a.test")
        self.make("admin@a.test", "(CanPostAlerts,BasicSettings)")
        self.make("user@b.test")
        self.admin = Pwd(self.pwd_port, "admin@a.test")
        self.probes = [Probe(self.port, "user@b.test", m) for m in (
            '<prefsStore id="a"><Layout>x</Layout></prefsStore>',
            '<noop id="a"/>')]

    def make(self, name, rights=None):
        lines = [f"CreateAccount {name}",
                 f'SetAccountPassword {name} TO "{PASSWORD}"']
        if rights:
            lines.append(f"SetAccountRights {name} {rights}")
        self.root.all(lines)

    def n(self, number):
        return max(int(number * self.scale), 1)

    def report(self, name, load):
        for p in self.probes:
            p.worst()
        start = time.monotonic()
        load()
        took = time.monotonic() - start
        time.sleep(0.2)
        worst = [p.worst() for p in self.probes]
        print(f"{name:52} | {took:7.2f} s | {worst[0] * 1000:8.1f} ms | "
              f"{worst[1] * 1000:8.1f} ms", flush=True)

    def flood(self, account, n, text):
        self.admin.all([f"PostAccountAlert {account} ALERT {text}"] * n)

    # The loads, in their order.

    def set_domain(self):
        n = self.n(10000)
        self.report(f"SetDomainAlerts of {n}",
                    lambda: self.admin.all([f"SetDomainAlerts {entries(n)}"]))
        self.report(f"GetDomainAlerts of {n}, 5 times",
                    lambda: self.admin.all(["GetDomainAlerts"] * 5))
        self.report("SetDomainAlerts {}",
                    lambda: self.admin.all(["SetDomainAlerts {}"]))

    def set_server(self):
        n = self.n(20000)
        half = n // 2
        for i in range(2):
            self.root.all([f"SetServerAlerts {entries(half * (i + 1))}"]
                          if half * (i + 1) <= 10000 else
                          ["PostServerAlert x"] * half)
        self.report(f"SetServerAlerts {{}} with {n} active",
                    lambda: self.root.all(["SetServerAlerts {}"]))

    def remove_by_key(self):
        n = self.n(10000)
        self.admin.all([f"SetDomainAlerts {entries(n)}"])
        self.report(f"RemoveDomainAlert by key, 1000 newest of {n}",
                    lambda: self.admin.all(
                        f"RemoveDomainAlert a.test ALERT {key(n - 1 - i)}"
                        for i in range(min(n, 1000))))
        self.admin.all(["SetDomainAlerts {}"])

    def login_long(self):
        n = self.n(26000)
        self.report(f"{n} posts of 3.9 KB to one account",
                    lambda: self.flood("u1@a.test", n, LONG))
        self.report("... its log-in, alerts=no",
                    lambda: Xml(self.port, "u1@a.test", alerts="no"))

        def read():
            c = Xml(self.port, "u1@a.test")
            c.ask('<noop id="a"/>')
        self.report("... and reading them all", read)
        time.sleep(1)

    def login_short(self):
        n = self.n(20000)
        self.report(f"{n} short posts to one account",
                    lambda: self.flood("u2@a.test", n, "x"))

        def read():
            c = Xml(self.port, "u2@a.test")
            c.ask('<noop id="a"/>')
            c.ask('<noop id="a"/>')
        self.report("... log-in and reading them all", read)
        time.sleep(1)

    def expire(self):
        n = self.n(20000)
        c = Xml(self.port, "admin@a.test", alerts="no")
        until = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + 7200))
        for i in range(0, n, 100):
            c.send(*[f'<alertPost id="{j}" scope="account" '
                     f'target="u3@a.test" until="{until}">x</alertPost>'
                     for j in range(i, i + 100)])
            c.until(f'id="{i + 99}"'.encode())
        self.report(f"{n} end at the same second",
                    lambda: self.root.all(["TestClock 8000",
                                           "GetAccountAlerts u3@a.test"]))

    def list_account(self):
        n = self.n(5000)
        self.flood("u4@a.test", n, LONG)
        c = Xml(self.port, "admin@a.test", alerts="no")
        self.report(f"alertList of an account with {n} of 3.9 KB",
                    lambda: c.ask('<alertList id="a" scope="account" '
                                  'target="u4@a.test"/>'))
        self.report("GetAccountAlerts of the same",
                    lambda: self.admin.all(["GetAccountAlerts u4@a.test"]))
        self.report("DeleteAccount of the same",
                    lambda: self.root.all(["DeleteAccount u4@a.test"]))

    def test_post(self):
        n = self.n(100000)
        self.root.all(f"CreateDomain d{i}.test" for i in range(n))
        c = Xml(self.port, "postmaster@main.test", alerts="no")
        self.report(f'server-wide test="yes", {n} domains',
                    lambda: c.ask('<alertPost id="a" scope="server" '
                                  'test="yes">x</alertPost>'))

    def delete_domain(self):
        n = self.n(10000)
        self.root.all(["CreateDomain z.test"])
        self.root.all(f"CreateAccount z{i}@z.test" for i in range(n))
        self.report(f"DeleteDomain FORCE with {n} accounts",
                    lambda: self.root.all(["DeleteDomain z.test FORCE"]))

    def close(self):
        for p in self.probes:
            p.end()
        harness.stop(self.process)


LOADS = ("set_domain", "set_server", "remove_by_key", "login_short",
         "login_long", "expire", "list_account", "delete_domain", "test_post")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--workers", type=int, default=2)
    o = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="fairness.")
    try:
        bench = Bench(o.build, o.scale, directory, o.workers)
        print(f"{'load':52} | {'it took':>9} | {'store':>11} | {'worker':>11}")
        bench.report("nothing", lambda: time.sleep(1))
        for load in LOADS:
            if o.only in load:
                getattr(bench, load)()
        bench.close()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
