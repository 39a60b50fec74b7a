# SPDX-License-Identifier: BSD-2-Clause
"""Backups of a running server: what they hold, which of them stay, who may ask
for one, and what becomes of one whose directory hangs or whose server ends."""

import os
import re
import shutil
import subprocess
import threading

from pwd_port import parse
from ximss import attr, ctl, check, equal, match, program, wait_until


def directory(server, name="backups"):
    path = os.path.join(server.dir, name)
    os.makedirs(path, exist_ok=True)
    return path


def backup(server, path, *options):
    done = ctl(server, "server", "backup", path, *options)
    equal(done.returncode, 0, done.stderr)
    return done.stdout.splitlines()[0]


def state(server):
    text = server.cli("GETBACKUP")
    return dict(re.findall(r'(\w+)="?([^;"]*)"?;', text))


def texts(t, directory):
    """The alerts to the server in the store there, read by a server of its
    own."""
    server = t.server({"max_server_alerts": 5000}, directory=directory)
    found = set(re.findall(r"load-\d+", server.cli("GETSERVERALERTS")))
    server.stop()
    return found


def verify(path):
    return subprocess.run([program(), "--verify", path], check=False,
                          capture_output=True, text=True)


def test_backup_is_a_sound_store(t):
    server = t.server()
    for i in range(5):
        server.cli('PostServerAlert "alert-%d"' % i)
    path = backup(server, directory(server))
    match(os.path.basename(path), "ximssd-…-…Z")
    equal(sorted(os.listdir(path)), ["db", "label"])
    done = verify(path)
    equal(done.returncode, 0, done.stdout + done.stderr)
    equal(state(server)["state"], "done")
    server.cli('PostServerAlert "alert-9"')


def test_backup_under_load(t):
    """What was acknowledged before its start is in it."""
    server = t.server({"max_server_alerts": 5000})
    stop, lines = threading.Event(), []

    def post():
        c = server.control("load")
        c.external()
        i = 0
        while not stop.is_set():
            c.cli('PostServerAlert "load-%d"' % i)
            lines.append("load-%d" % i)
            i += 1

    poster = threading.Thread(target=post)
    poster.start()
    try:
        wait_until(lambda: len(lines) >= 100, "posts")
        before = set(lines)
        path = backup(server, directory(server))
        more = len(lines)
        wait_until(lambda: len(lines) > more, "posts after it")
    finally:
        stop.set()
        poster.join()
    done = verify(path)
    equal(done.returncode, 0, done.stdout + done.stderr)
    copy = os.path.join(server.dir, "copy")
    shutil.copytree(path, os.path.join(copy, "store"))
    found = texts(t, copy)
    equal(before - found, set(), "missing")
    check(found <= set(lines) | {"load-%d" % len(lines)}, "nothing else")


def test_keep(t):
    server, other = t.server(), t.server()
    path = directory(server)
    strangers = backup(other, path)
    os.mkdir(os.path.join(path, "ximssd-notes"))
    first = backup(server, path)
    second = backup(server, path, "--keep", "2")
    third = backup(server, path, "--keep", "2")
    check(not os.path.exists(first), "the oldest is gone")
    for stays in (strangers, second, third, os.path.join(path, "ximssd-notes")):
        check(os.path.exists(stays), stays)
    equal(ctl(server, "server", "backup", path, "--keep", "0").returncode, 1)


def test_keep_goes_by_order_not_by_the_clock(t):
    server = t.server()
    path = directory(server)
    server.clock(86400)
    first = backup(server, path)
    server.clock(-86400 * 2)
    second = backup(server, path, "--keep", "1")
    check(not os.path.exists(first) and os.path.exists(second), "the newest")


def test_unfinished_is_removed(t):
    server = t.server()
    path = directory(server)
    first = backup(server, path)
    os.rename(first, first + ".partial")
    backup(server, path)
    check(not os.path.exists(first + ".partial"), "removed")


def test_restored_store_keeps_others(t):
    """It is another instance: its --keep leaves the backups of the first."""
    server = t.server()
    path = directory(server)
    first = backup(server, path)
    server.stop()
    done = subprocess.run(server.command() + ["--restore", first], check=False,
                          capture_output=True, text=True)
    equal(done.returncode, 0, done.stdout + done.stderr)
    server.start()
    second = backup(server, path, "--keep", "1")
    check(os.path.exists(first) and os.path.exists(second), "both")


def test_who_may(t):
    joe = t.user()
    for line in ("STARTBACKUP /tmp", "GETBACKUP"):
        equal(t.shared.login(joe).cli_error(line), 510)


def test_bad_directories(t):
    server = t.server()
    server.expected_errors.append("backup: failed: ")
    for path, why in (("backups", "absolute"), ("/nowhere", "No such file"),
                      (os.path.join(server.store, "db"), "inside of the store"),
                      (os.path.join(server.config, "in"), "Not a directory")):
        done = ctl(server, "server", "backup", path)
        equal(done.returncode, 1)
        check(why in done.stderr, (path, done.stderr))
    equal(state(server)["state"], "failed")


def test_age(t):
    server = t.server({"backup_max_age": "1d"})
    equal(state(server)["maxAge"], "86400")
    backup(server, directory(server))
    server.clock(7200)
    check(7200 <= int(state(server)["age"]) < 7300, state(server))
    server.restart()
    check(int(state(server)["age"]) >= 0 and "last" in state(server), "known")


def test_age_of_a_backup_from_the_future(t):
    server = t.server()
    server.clock(86400 * 30)
    backup(server, directory(server))
    server.clock(-86400 * 20)
    check(int(state(server)["age"]) >= 86400 * 9, state(server))


def test_figures(t):
    """backupAge is that of the store before there was a backup; then it grows,
    and outlives the server."""
    server = t.server()

    def age():
        return int(server.cli("GETSTATELEMENT backupAge").strip('"'))
    server.clock(1800)
    check(1800 <= age() < 2400, age())
    backup(server, directory(server))
    check(0 <= age() < 600, age())
    equal(server.cli("GETSTATELEMENT backupRunning").strip('"'), "0")
    server.clock(7200)
    check(7200 <= age() < 7800, age())
    server.restart()
    check(0 <= age() < 7800, age())


def test_two_at_once(t):
    """Who is refused because another was first is not recorded as obeyed."""
    server = t.server()
    path = directory(server)
    clients = [server.control("c%d" % i) for i in range(6)]
    for c in clients:
        c.external()
    for c in clients:
        c.send('<cliExecute id="b">STARTBACKUP %s</cliExecute>' % path)
    refused = [attr(c.until_response("b")[-1], "errorNum") for c in clients]
    outcomes = [line["outcome"] for line in parse(server.cli("GETAUDIT"))["Lines"]
                if line["action"].startswith("STARTBACKUP ")]
    equal(len(outcomes), len(clients), outcomes)
    equal(outcomes.count("ok"), refused.count(None), outcomes)
    check(None in refused, refused)
    wait_until(lambda: state(server)["state"] == "done", "the backup")


def test_stop_ends_a_backup(t):
    """A stop does not wait for a backup, and leaves none that is half."""
    server = t.server()
    server.expected_errors.append("backup: failed: stopped")
    for i in range(50):
        server.cli('PostServerAlert "alert-%d"' % i)
    path = directory(server)
    server.cli("STARTBACKUP " + path)
    server.stop()
    for name in os.listdir(path):
        check(name.endswith(".partial") or
              verify(os.path.join(path, name)).returncode == 0, name)
    server.start()
    backup(server, path)
    check(not [n for n in os.listdir(path) if n.endswith(".partial")], "tidy")
