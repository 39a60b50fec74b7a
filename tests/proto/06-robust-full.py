# SPDX-License-Identifier: BSD-2-Clause
"""Full disks: what is refused, what goes on, and that a server killed at that
moment comes back with everything it acknowledged."""

import os
import shutil
import subprocess
import tempfile

from ximss import (MAIN, Server, Skip, alert, attr, check, equal, post_request,
                   wait_until)

MIB = 1024 * 1024
FULL = "530"


class SmallDisk:
    """A file system of a few megabytes, seen by nobody else: it lives in the
    mount namespace of a process, and goes with it."""

    def __init__(self, megabytes):
        mount = "mount -t tmpfs -o size=%dm tmpfs /mnt && echo made && cat"
        command = ["unshare", "--mount"]
        if os.geteuid() != 0:
            command += ["--user", "--map-root-user"]
        # pylint: disable-next=consider-using-with
        self.holder = subprocess.Popen(
            [*command, "sh", "-c", mount % megabytes], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if self.holder.stdout.readline() != b"made\n":
            self.end()
            raise Skip("cannot mount a small file system")
        self.path = "/proc/%d/root/mnt" % self.holder.pid

    def end(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()

    def left(self):
        fs = os.statvfs(self.path)
        return fs.f_bavail * fs.f_frsize

    def fill(self, leave=0):
        """What another program does."""
        with open(os.path.join(self.path, "ballast"), "wb",
                  buffering=0) as f:
            size = 0
            try:
                while self.left() > leave:
                    os.posix_fallocate(f.fileno(), 0, size + 65536)
                    size += 65536
                while leave == 0:
                    f.seek(0, os.SEEK_END)
                    f.write(b"\0" * 4096)
            except OSError:
                pass

    def empty(self):
        os.unlink(os.path.join(self.path, "ballast"))


class World:
    """A server whose store is on such a disk, and nothing else of it."""

    def __init__(self, megabytes, **options):
        self.disk = SmallDisk(megabytes)
        self.dir = tempfile.mkdtemp(prefix="ximssd-test-")
        options.setdefault("max_server_alerts", 0)
        self.server = Server(directory=self.dir, options=options)
        self.server.store = os.path.join(self.disk.path, "s")
        self.server.expected_errors.append("(?i)space|full|ENOSPC|BDB|store"
                                           "|reserve|no such file")
        self.kept = []
        self.admin = None

    def __enter__(self):
        self.server.start()
        self.admin = self.server.admin()
        return self

    def __exit__(self, *_):
        self.server.kill()
        self.disk.end()
        shutil.rmtree(self.dir)

    def post(self, count, size, ahead=32):
        """Posts, some of them at once, until one is refused; the answer."""
        sent = answered = 0
        refused = None
        while answered < count and (refused is None or answered < sent):
            while refused is None and sent < min(count, answered + ahead):
                self.admin.send(post_request("p", "filler %d " % sent
                                             + "x" * size))
                sent += 1
            got = self.admin.until_response("p")
            answered += 1
            if attr(got[-1], "errorNum") is None:
                self.kept.append(attr(got[0], "alertID"))
            else:
                refused = got[-1]
            del self.admin.transcript[:-10]
        return refused

    def fill(self, size):
        refused = self.post(40000, size)
        check(refused, "never full")
        equal(attr(refused, "errorNum"), FULL)

    def crash(self):
        """Killed, started again: everything is there."""
        self.server.kill()
        self.server.start()
        self.admin = self.server.admin()
        equal([attr(r, "alertID")
               for r in self.admin.reports(scope="server")], self.kept)

    def remove(self, count):
        for _ in range(count):
            self.admin.remove(self.kept.pop(0))

    def posts_again(self):
        self.kept.append(wait_until(self.try_post, "posts work again"))

    def try_post(self):
        self.admin.send(post_request("p", "after"))
        got = self.admin.until_response("p")
        return attr(got[0], "alertID") \
            if attr(got[-1], "errorNum") is None else None


def test_full_disk(t):
    """Posts are refused with a clear error, what is there is served, and
    posts work again without a restart when there is room."""
    with World(64, store_cache="2M", checkpoint_interval="1s") as w:
        user = w.server.account("joe@" + MAIN)
        w.post(5, 10)
        w.disk.fill()
        w.fill(4000)
        c = w.server.login(user)
        equal(len(c.flush()), len(w.kept))
        w.admin.quiet()
        w.disk.empty()
        w.posts_again()
        c.expect(alert("after", alert_id=w.kept[-1]))
        w.crash()
        w.server.stop()
        w.server.verify()


def test_killed_when_it_filled_the_disk_itself(t):
    """Whatever the records' size, and wherever the log happened to end; and
    again, with what recovery has left."""
    for megabytes, size in ((64, 4000), (66, 100), (75, 1500)):
        with World(megabytes, checkpoint_interval="1h") as w:
            w.fill(size)
            w.crash()
            equal(attr(w.post(1, 4000) or "", "errorNum"), FULL)
            w.crash()
            w.remove(20)
            w.crash()


def test_killed_when_others_filled_the_disk(t):
    """To the last byte, with much that is in the log only."""
    for posts, size in ((0, 0), (400, 4000), (700, 4000), (3000, 300)):
        with World(80, checkpoint_interval="1h") as w:
            check(w.post(posts, size) is None, "full too early")
            w.disk.fill()
            w.fill(10)
            w.crash()
            equal(attr(w.post(1, 10) or "", "errorNum"), FULL)
            w.remove(min(20, len(w.kept)))
            w.crash()
            w.disk.empty()
            w.posts_again()
            w.server.stop()
            w.server.verify()


def test_killed_with_posts_under_way(t):
    """At the very moment when the space runs out."""
    for ahead in (1, 17, 400):
        with World(64, checkpoint_interval="1s") as w:
            w.post(300, 4000)
            w.disk.fill(leave=8 * MIB)
            for n in range(ahead):
                w.admin.send(post_request("p%d" % n, "x" * 4000))
            got = w.admin.until_response("p0")
            w.server.kill()
            if attr(got[-1], "errorNum") is None:
                w.kept.append(attr(got[0], "alertID"))
            w.server.start()
            w.admin = w.server.admin()
            there = [attr(r, "alertID")
                     for r in w.admin.reports(scope="server")]
            equal(there[:len(w.kept)], w.kept)


def test_removals_work_on_a_full_disk(t):
    """So that an administrator can clean up: alerts, accounts, domains."""
    with World(64, checkpoint_interval="1s") as w:
        w.server.domain("gone.test")
        for n in range(20):
            w.server.account("u%d@gone.test" % n)
        w.server.account("joe@" + MAIN)
        w.disk.fill(leave=9 * MIB)
        w.fill(4000)
        for line in ("CreateAccount x@" + MAIN, "PostAccountAlert joe@%s "
                     "ALERT x" % MAIN, "UpdateServerAccountDefaults {x=1;}"):
            equal(w.admin.cli_error(line), int(FULL), line)
        w.remove(50)
        w.admin.cli("DeleteAccount joe@" + MAIN)
        w.admin.cli("DeleteDomain gone.test FORCE")
        w.disk.fill()
        w.remove(20)
        w.crash()
        w.remove(20)
        w.admin.cli("SetServerAlerts {}")
        w.kept = []
        w.crash()
        equal(w.admin.cli("ListDomains"), "(%s)" % MAIN)
        w.disk.empty()
        w.posts_again()


def test_reserve_is_set_aside_again(t):
    with World(90, checkpoint_interval="1h") as w:
        reserve = os.path.join(w.server.store, "reserve")
        equal(os.path.getsize(reserve), 32 * MIB)
        w.post(900, 4000)
        w.disk.fill()
        w.server.options["checkpoint_interval"] = "1s"
        w.crash()
        check(not os.path.exists(reserve)
              or os.path.getsize(reserve) < 32 * MIB, "not given up")
        w.disk.empty()

        def whole():
            w.try_post()
            return os.path.exists(reserve) \
                and os.path.getsize(reserve) == 32 * MIB
        wait_until(whole, "the reserve is whole")
