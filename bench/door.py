#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sessions at the mail door beside plain ones, in one run: what each costs in
memory, and how long one alert to all of them takes.

    bench/door.py --build BUILD [--sessions 10000] [--rounds 5]

Both kinds log in, get alerts and leave in turn, on a server of their own each,
so that neither has the other's leavings."""

import argparse
import os
import shutil
import statistics
import tempfile

import harness

POSTS = 20


def rss(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(options, store, n, door):
    """Bytes of a session, and the times of POSTS alerts to all (ms)."""
    copy = store + ".copy"
    harness.copy_store(store, copy)
    socket = copy + ".door"
    server = harness.Server(
        options.build, copy, options.workers,
        more=f'door-socket = "{socket}"\ndoor-users = {{{os.geteuid()}}}\n'
             f"door-sessions = {n + 10}\n")
    try:
        load = server.new_load(**({"door": socket} if door else {}))
        some = n // 20  # what is there once is no session's
        load("login", some)
        before = rss(server.process.pid)
        load("login", n)
        per_session = (rss(server.process.pid) - before) / (n - some)
        load("post", 1)
        times = []
        for _ in range(POSTS):
            load.settle(step_ms=20)
            times.append(load("post", 1)["last_ms"])
        load("logout")
        load.close()
        return per_session, times
    finally:
        server.stop()
        shutil.rmtree(copy, ignore_errors=True)
        shutil.rmtree(copy + ".wake", ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--sessions", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    directory = tempfile.mkdtemp(prefix="ximssd-door-")
    found = {False: ([], []), True: ([], [])}
    try:
        store = os.path.join(directory, "store")
        harness.make_store(options.build, store, options.sessions, print)
        for _ in range(options.rounds):
            for door in (False, True):
                size, times = measure(options, store, options.sessions, door)
                found[door][0].append(size)
                found[door][1].extend(times)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    for door, (sizes, times) in found.items():
        print("%s: %4.0f bytes a session, an alert to all of %d in "
              "%.1f ms (median of %d; best %.1f)" % (
                  "door " if door else "plain", statistics.median(sizes),
                  options.sessions, statistics.median(times), len(times),
                  min(times)))
    print("an alert, door to plain: %.2f" % (
        statistics.median(found[True][1]) / statistics.median(found[False][1])))


if __name__ == "__main__":
    main()
