# SPDX-License-Identifier: BSD-2-Clause
"""scripts/install-deps beside another apt, which holds each of the locks."""

import fcntl
import os
import shutil
import subprocess
import tempfile

from ximss import DEADLINE, HERE, Skip, check, equal, wait_until

SCRIPT = os.path.join(HERE, os.pardir, os.pardir, "scripts", "install-deps")
CONFIG = """
Dir::State "%(top)s/state";
Dir::State::status "%(top)s/dpkg/status";
Dir::Cache "%(top)s/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "/dev/null";
"""
# Nothing is installed; and who asks for root is root enough here.
FAKES = {"dpkg-query": "exit 1", "sudo": 'exec "$@"', "id": "echo 1000",
         "apt-get": 'echo "begins $*" >>"$CALLS"\n"$APT_GET" "$@"\nr=$?\n'
                    'echo "ends $r $*" >>"$CALLS"\nexit $r',
         "debconf-set-selections": 'echo "set $(cat)" >>"$CALLS"'}


def prepare(top):
    """A machine where nothing is installed and nothing can be."""
    for name in ("state/lists/partial", "cache/archives/partial", "dpkg",
                 "bin"):
        os.makedirs(os.path.join(top, name))
    for name, text in FAKES.items():
        path = os.path.join(top, "bin", name)
        with open(path, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n%s\n" % text)
        os.chmod(path, 0o755)
    with open(os.path.join(top, "dpkg", "status"), "w", encoding="utf-8"):
        pass
    with open(os.path.join(top, "apt.conf"), "w", encoding="utf-8") as f:
        f.write(CONFIG % {"top": top})


def begin(top, what):
    apt = shutil.which("apt-get")
    if apt is None:
        raise Skip("no apt-get")
    return subprocess.Popen(
        [SCRIPT, what], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
        env=dict(os.environ, CALLS=os.path.join(top, "calls"), APT_GET=apt,
                 LC_ALL="C.UTF-8", APT_CONFIG=os.path.join(top, "apt.conf"),
                 PATH=os.path.join(top, "bin") + ":" + os.environ["PATH"]))


def calls(top):
    path = os.path.join(top, "calls")
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as f:
        return f.read()


def test_it_waits_for_another_apt(t):
    with tempfile.TemporaryDirectory() as top:
        prepare(top)

        def called():
            return calls(top)
        locks = [open(os.path.join(top, name), "w", encoding="utf-8")
                 for name in ("dpkg/lock-frontend", "state/lists/lock")]
        for lock in locks:
            fcntl.lockf(lock, fcntl.LOCK_EX)
        script = begin(top, "build")
        try:
            # Of dpkg's it waits within apt-get; of the lists' it tries again.
            wait_until(lambda: "begins" in called(), "apt-get")
            locks[0].close()
            wait_until(lambda: "ends 100" in called().partition("update")[2],
                       "an update in vain")
            check(script.poll() is None, "it goes on")
            locks[1].close()
            out, _ = script.communicate(timeout=DEADLINE * 4)
        finally:
            script.kill()
            for lock in locks:
                lock.close()
        # There is no package at all in these lists.
        check("Unable to locate package" in out and "apt-get install failed"
              in out, out)
        check("Unable to lock" not in out, out)
        check("ends 0 " in called().partition("update")[2], called())


def test_it_leaves_no_ldap_server(t):
    """The package would make a directory of its own, and start its server."""
    with tempfile.TemporaryDirectory() as top:
        prepare(top)
        script = begin(top, "check")
        out, _ = script.communicate(timeout=DEADLINE * 4)
        lines = calls(top).splitlines()
        equal(lines[0], "set slapd slapd/no_configuration boolean true", out)
        check(lines[1].startswith("begins ") and " slapd " in lines[1], lines)
