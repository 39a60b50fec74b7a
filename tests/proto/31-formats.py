# SPDX-License-Identifier: BSD-2-Clause
"""Stores of each released format, made by the programs of that time
(stores/README): they open, verify, and are used.  That a newer one is refused,
tests/unit/test_store.c shows."""

import glob
import os
import re
import subprocess
import tarfile

from ximss import ctl, check, equal, program

STORES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stores")


def unpacked(t, number):
    server = t.server(start=False)
    os.makedirs(server.store, exist_ok=True)
    with tarfile.open(os.path.join(STORES, "format-%d.tar.xz" % number)) as tar:
        tar.extractall(server.store)
    return server


def verify(server):
    done = subprocess.run([program(), "--verify", server.store], check=False,
                          capture_output=True, text=True, timeout=60)
    equal(done.returncode, 0, done.stdout + done.stderr)


def use(t, number):
    server = unpacked(t, number)
    verify(server)
    server.start()
    alerts = server.cli("GETSERVERALERTS")
    check("from the past: server" in alerts and
          "from the past: second" in alerts, alerts)
    check("from the past: joe" in
          server.cli("GETACCOUNTALERTS joe@example.test"), "an account's")
    joe = server.login("joe@example.test")
    joe.flush()
    server.cli('PostServerAlert "now"')
    joe.flush()
    if number >= 2:
        server.login("joey@example.test").flush()
    path = os.path.join(server.dir, "backups")
    os.mkdir(path)
    done = ctl(server, "server", "backup", path)
    equal(done.returncode, 0, done.stderr)
    server.restart()
    check("now" in server.cli("GETSERVERALERTS"), "what was posted")
    server.stop()
    verify(server)


def formats():
    return sorted(int(re.search(r"format-(\d+)", p).group(1))
                  for p in glob.glob(os.path.join(STORES, "*.tar.xz")))


def test_each_format_is_there(_):
    equal(formats(), list(range(1, formats()[-1] + 1)))
    check(formats()[-1] >= 6, "all that were released")


for _n in formats():
    def _test(t, number=_n):
        use(t, number)
    globals()["test_format_%d" % _n] = _test
