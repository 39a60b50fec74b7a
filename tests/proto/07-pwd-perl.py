# SPDX-License-Identifier: BSD-2-Clause
"""An administrator's day by a client in Perl that knows only the wire."""

import os
import re
import subprocess

from pwd_port import PWD
from ximss import DEADLINE, HERE, MAIN, MASTER_PASSWORD, check, equal

CLIENT = os.path.join(HERE, "pwd_client.pl")


def day(t, mode):
    server = t.server(listen_pwd=PWD)
    done = subprocess.run(
        ["perl", CLIENT, str(server.ports("pwd")[0][1]), MASTER_PASSWORD,
         mode], stdin=subprocess.DEVNULL, capture_output=True, check=False,
        timeout=DEADLINE * 2)
    said = done.stdout.decode("utf-8", "replace")
    check(done.returncode == 0 and not done.stderr, "%d\n%s\n%s" % (
        done.returncode, "\n".join(said.split("\n")[-5:]),
        done.stderr.decode()))
    steps = re.search(r"^(\d+) steps, 0 failed\n\Z", said, re.M)
    check(steps and int(steps.group(1)) >= 80, said)
    equal(server.cli("ListDomains"), "(%s)" % MAIN)
    server.stop()
    server.verify()


def test_inline(t):
    day(t, "inline")


def test_not_inline(t):
    day(t, "plain")
