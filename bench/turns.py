#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The longest turn of a worker's loop, with many sessions.

While a worker works, nobody whom it serves is answered.  This starts a server
with one worker, logs in many sessions, and measures the longest turn of its loop
(turn_times.c, processor time) while nothing happens, and while something does
that concerns all sessions.  With --before, another build of the server takes its
turn in the same run, round after round.

usage: turns.py --build DIR [--before DIR] [--sessions 19000] [--rounds 3]
"""

import argparse
import os
import shutil
import signal
import struct
import tempfile
import time

import cli
import harness

IDLE_S = 60
QUIET_S = 5
DELIVERED_S = 7  # settle-time and something
TIMES = struct.Struct("=QQQ")  # struct turn_times


class Server(harness.Server):
    """With turn_times preloaded."""

    def __init__(self, load_build, build, store):
        self.times, self.program = f"{store}.turns", build
        with open(self.times, "wb") as f:
            f.write(bytes(TIMES.size))
        super().__init__(load_build, store, 1,
                         more="quota-sweep-interval = 1d\n",
                         program=build)

    def set_idle(self):
        """Connections that come from now on may be idle for IDLE_S."""
        path = f"{self.store}.conf"
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace("idle-timeout = 1d",
                                 f"idle-timeout = {IDLE_S}s"))
        reload(self)

    def environment(self, count):
        return dict(os.environ, TURN_TIMES=self.times,
                    LD_PRELOAD=f"{self.build}/bench/.libs/turn_times.so")

    def begin(self):
        with open(self.times, "r+b") as f:
            f.write(bytes(TIMES.size))

    def longest_us(self):
        with open(self.times, "rb") as f:
            return TIMES.unpack(f.read())[0] / 1000


def quiet(server):
    time.sleep(QUIET_S)


def post(scope):
    def run(server):
        admin = cli.Pwd(server)
        answer = admin.ask(f'Post{scope}Alert {server.target[scope]}"x"')
        if not answer.startswith(b"20"):
            raise harness.BenchError(answer)
        time.sleep(DELIVERED_S)
        admin.close()
    return run


def defaults(server):
    """All accounts' storage is to be looked at anew."""
    admin = cli.Pwd(server)
    for value in ("81", "82"):
        answer = admin.ask(
            f"UpdateServerAccountDefaults {{QuotaAlert={value};}}")
        if not answer.startswith(b"20"):
            raise harness.BenchError(answer)
    time.sleep(QUIET_S)
    admin.close()


def list_all(server):
    admin = cli.Pwd(server)
    admin.listing("ListSessions")
    admin.close()


def get_session(server):
    admin = cli.Pwd(server)
    for _ in range(20):
        admin.ask("GetSession 1-AAAAAAAAAAAAAAAAAAAA")
    admin.close()


def rename(server):
    admin = cli.Pwd(server)
    for old, new in ((harness.DOMAIN, "renamed.test"),
                     ("renamed.test", harness.DOMAIN)):
        answer = admin.ask(f"RenameDomain {old} INTO {new}")
        if not answer.startswith(b"20"):
            raise harness.BenchError(answer)
    server.load.settle()
    admin.close()


def reload(server):
    server.process.send_signal(signal.SIGHUP)
    time.sleep(2)


def idle_out(server):
    """All are silent for too long, in the same few seconds."""
    time.sleep(IDLE_S + 5)


def drain(server):
    server.process.terminate()
    server.process.wait(harness.STOP_S)


EVENTS = [("nothing happens", quiet),
          ("a server-wide alert", post("Server")),
          ("an alert to their domain", post("Domain")),
          ("defaults of quota alerts change", defaults),
          ("ListSessions", list_all),
          ("GetSession, twenty times", get_session),
          ("the domain is renamed, twice", rename),
          ("the configuration is read again", reload),
          ("the server ends", drain)]
IDLE_EVENTS = [("all have been silent too long", idle_out)]


def one_round(name, server, n, events, results):
    server.target = {"Server": "", "Domain": f"{harness.DOMAIN} ALERT "}
    server.load("login", n)
    server.load("logout")
    if events is IDLE_EVENTS:
        server.set_idle()
    server.load("login", n)  # passwords are known: all within seconds
    for title, event in events:
        server.load.settle()
        server.begin()
        event(server)
        results.setdefault(title, {}).setdefault(name, []).append(
            server.longest_us())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--before")
    parser.add_argument("--sessions", type=int, default=19000)
    parser.add_argument("--rounds", type=int, default=1)
    o = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="turns.")
    programs = dict(before=o.before, now=o.build)
    results = {}
    try:
        store = f"{directory}/store"
        harness.make_store(o.build, store, o.sessions, print)
        for i in range(2 * o.rounds):
            for name, build in programs.items():
                if build is None:
                    continue
                copy = f"{directory}/{name}{i}"
                harness.copy_store(store, copy)
                server = Server(o.build, build, copy)
                one_round(name, server, o.sessions,
                          IDLE_EVENTS if i % 2 else EVENTS, results)
                harness.stop(server.process)
                server.load.close()
        print(f"{o.sessions} sessions, one worker; longest turn, ms\n")
        print(f"{'':34} | {'before':>8} | {'now':>8}")
        for title, by_name in results.items():
            cells = [f"{max(by_name[n]) / 1000:8.2f}" if n in by_name else
                     " " * 8 for n in programs]
            print(f"{title:34} | " + " | ".join(cells))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
