#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What it costs that passwords are somewhere else: log-ins by a real Dovecot
(a passwd-file), in turn with the same questions straight to its socket, and
with passwords of the store.

- First log-ins, each of which Dovecot is asked about: ours, and as many
  questions straight to auth-client, as many of them under way. With passwords
  in clear, and with hashes, as sites have them.
- Remembered log-ins.
- Sessions that all come back after an interruption, beside as many with
  passwords in the store.

    bench/auth_storm.py --build . [--smoke] [--sessions N]

prints the table of doc/performance.md; the last line is "N passed, N failed":
whether what doc/performance.md promises was reached (by a smoke run: whether
everybody got in)."""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "tests", "proto")]

import harness  # noqa: E402

WINDOW = 128  # log-ins under way at a time, as in bench/load
REACH = {"again_us": 35, "back": 1.2}
AUTH = """auth = {{"store", "dovecot"}}
auth-dovecot-socket = "{client}"
auth-timeout = 1m
auth-cache-time = 1h
"""


def progress(text):
    print(time.strftime("%H:%M:%S ") + text, file=sys.stderr, flush=True)


class Row:
    """One line of the table, and whether it is good."""

    def __init__(self, what, figures, good):
        self.what, self.figures, self.good = what, figures, good

    def __str__(self):
        return "| %s | %s | %s |" % (self.what, self.figures,
                                     "yes" if self.good else "**no**")


def spread(values, form="%.2f"):
    """The median, and both ends."""
    return "%s (%s to %s)" % tuple(form % v for v in (
        statistics.median(values), min(values), max(values)))


class Bench:
    def __init__(self, options):
        import directories
        self.options = options
        self.build = os.path.abspath(options.build)
        self.dir = tempfile.mkdtemp(prefix="ximssd-bench-")
        self.ask = directories.AuthClient
        self.dovecots = []
        self.dovecot = self.start(directories.PasswdFile(), harness.PASSWORD,
                                  max(options.users, options.sessions))
        self.hashing = self.start(directories.PasswdFile(), subprocess.run(
            ["doveadm", "pw", "-s", "SHA512-CRYPT", "-p", harness.PASSWORD],
            capture_output=True, text=True, check=True).stdout.strip(),
            options.hashed)

    def start(self, dovecot, password, users):
        self.dovecots.append(dovecot)
        dovecot.put({"u%d@%s" % (i + 1, harness.DOMAIN): password
                     for i in range(users)})
        return dovecot.start()

    def end(self):
        for dovecot in self.dovecots:
            dovecot.end()
        shutil.rmtree(self.dir, ignore_errors=True)

    def store(self, name, accounts):
        """With the domain, and accounts with passwords of the store."""
        path = os.path.join(self.dir, name)
        harness.make_store(self.build, path, accounts, progress)
        return path

    def server(self, store, dovecot=None):
        return harness.Server(
            self.build, store, 2,
            more=AUTH.format(client=dovecot.client) if dovecot else "")

    # the same questions, without us

    def floor(self, dovecot, count):
        """Per second: over one connection, WINDOW of them under way."""
        client = self.ask(dovecot.client)
        asked = [client.request("u%d@%s" % (i + 1, harness.DOMAIN),
                                harness.PASSWORD)[1] for i in range(count)]
        begin = time.perf_counter()
        sent = done = 0
        while done < count:
            if sent < count and sent - done <= WINDOW - 16:
                client.send(*asked[sent:done + WINDOW])
                sent = min(count, done + WINDOW)
            assert client.read()[0] == "OK", "Dovecot lets everybody in"
            done += 1
        took = time.perf_counter() - begin
        client.close()
        return count / took

    # what is measured

    def logins(self):
        """First log-ins: as the accounts are made, and later."""
        count, store = self.options.users, self.store("outside", 0)
        first, floor, again = self.rounds(self.dovecot, store, count)
        yield self.first_row(count, "in clear", first[1:], floor[1:])
        yield Row("the same, when the accounts make themselves",
                  "%.0f per second" % first[0], True)
        yield Row("a remembered log-in, CPU", spread(again, "%.1f") + " µs",
                  statistics.median(again) <= REACH["again_us"])
        count = self.options.hashed
        first, floor, _ = self.rounds(self.hashing, store, count)
        yield self.first_row(count, "SHA512-CRYPT", first[1:], floor[1:])

    @staticmethod
    def first_row(count, what, first, floor):
        return Row("first log-ins of %d users, %s" % (count, what),
                   "%s per second; Dovecot's socket %s; ratio %s" % (
                       spread(first, "%.0f"), spread(floor, "%.0f"),
                       spread([a / b for a, b in zip(first, floor)])), True)

    def rounds(self, dovecot, store, count):
        """Each begins with a server that remembers nobody."""
        first, floor, again = [], [], []
        for _ in range(self.options.rounds + 1):
            progress("%d log-ins" % count)
            floor.append(self.floor(dovecot, count))
            server = self.server(store, dovecot)
            first.append(server.load("login", count)["per_s"])
            server.load("logout")
            for _ in range(3):
                again.append(server.load("login", count)["cpu_us_each"])
                server.load("logout")
            server.stop()
        return first, floor, again

    def comeback(self):
        """All sessions log in again; beside passwords of the store."""
        count = self.options.sessions
        servers = {"store": self.server(self.store("inside", count)),
                   "dovecot": self.server(self.store("back", 0),
                                          self.dovecot)}
        for name, server in servers.items():
            progress("%d sessions, %s" % (count, name))
            server.load("login", count)
            server.load("logout")
        times = {name: [] for name in servers}
        for _ in range(self.options.rounds):
            for name, server in servers.items():
                server.load.settle()
                times[name].append(server.load("login", count)["ms"])
                server.load("logout")
        for server in servers.values():
            server.stop()
        ratios = [a / b for a, b in zip(times["dovecot"], times["store"])]
        yield Row("%d sessions come back" % count,
                  "%s ms; with passwords of the store %s ms; ratio %s" % (
                      spread(times["dovecot"], "%.0f"),
                      spread(times["store"], "%.0f"), spread(ratios)),
                  statistics.median(ratios) <= REACH["back"])


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    p.add_argument("--build", default=".")
    p.add_argument("--smoke", action="store_true",
                   help="a short run; its times are not judged")
    p.add_argument("--sessions", type=int, help="that come back")
    options = p.parse_args()
    options.users, options.hashed, options.rounds = \
        (50, 10, 1) if options.smoke else (1000, 200, 5)
    options.sessions = options.sessions or (50 if options.smoke else 10000)
    return options


def main():
    options = parse_arguments()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    import ximss
    try:
        bench = Bench(options)
    except ximss.Skip as reason:
        print("%s: log-ins by Dovecot: %s" % ("not run" if isinstance(
            reason, ximss.Missing) else "skipped", reason))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    try:
        rows = [*bench.logins(), *bench.comeback()]
    finally:
        bench.end()
    print("| what | measured | reached |\n| --- | --- | --- |")
    for row in rows:
        print(row)
    failed = 0 if options.smoke else sum(not row.good for row in rows)
    print("%d passed, %d failed" % (len(rows) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
