# SPDX-License-Identifier: BSD-2-Clause
"""ximssd --restore: what it puts back and what it refuses; and that a kill at any
of its calls of the file system leaves a store that can be used."""

import os
import shutil
import subprocess

from ximss import ctl, check, equal, program


def backup(server):
    path = os.path.join(server.dir, "backups")
    os.makedirs(path, exist_ok=True)
    done = ctl(server, "server", "backup", path)
    equal(done.returncode, 0, done.stderr)
    return done.stdout.splitlines()[0]


def restore(server, path, store=None, wrapper=()):
    return subprocess.run(
        list(wrapper) + [program(), "--config", server.config, "--store",
                         store or server.store, "--restore", path],
        check=False, capture_output=True, text=True, timeout=60)


def verify(store):
    return subprocess.run([program(), "--verify", store], check=False,
                          capture_output=True, text=True, timeout=60)


def made(t):
    """A server, stopped, with a backup and an alert that came after it."""
    server = t.server()
    server.cli('PostServerAlert "before"')
    path = backup(server)
    server.cli('PostServerAlert "after"')
    server.stop()
    return server, path


def test_restore(t):
    server, path = made(t)
    done = restore(server, path)
    equal(done.returncode, 0, done.stderr)
    kept = [n for n in os.listdir(server.store) if "replaced" in n]
    equal(len(kept), 1, "the old store")
    server.start()
    alerts = server.cli("GETSERVERALERTS")
    check("before" in alerts and "after" not in alerts, alerts)
    # The old one, by the name that was told.
    server.stop()
    shutil.rmtree(os.path.join(server.store, "db"))
    os.rename(os.path.join(server.store, kept[0]),
              os.path.join(server.store, "db"))
    server.start()
    check("after" in server.cli("GETSERVERALERTS"), "the old store")


def test_restore_into_nothing(t):
    server, path = made(t)
    store = os.path.join(server.dir, "other")
    equal(restore(server, path, store).returncode, 0)
    equal(verify(store).returncode, 0)


def test_restore_refuses(t):
    server, path = made(t)
    other = os.path.join(server.dir, "files")
    os.mkdir(other)
    with open(os.path.join(other, "letter"), "w", encoding="ascii") as f:
        f.write("x")
    no_label = os.path.join(server.dir, "half")
    shutil.copytree(path, no_label)
    os.unlink(os.path.join(no_label, "label"))
    no_file = os.path.join(server.dir, "less")
    shutil.copytree(path, no_file)
    os.unlink(os.path.join(no_file, "db", "alert.db"))
    for source, store, why in (
            (path, other, "other files"), (no_label, None, "no label"),
            (no_file, None, "alert.db"), (server.dir, None, "no label"),
            (server.store, None, "no label")):
        done = restore(server, source, store)
        equal(done.returncode, 73, done.stderr)
        check(why in done.stderr, (why, done.stderr))
    equal(verify(server.store).returncode, 0)
    server.start()
    done = restore(server, path)
    equal(done.returncode, 73)
    check("in use" in done.stderr, done.stderr)
    check("after" in server.cli("GETSERVERALERTS"), "untouched")




def test_interrupted_by_hand(t):
    """Each state that a kill can leave, where names cannot be swapped: what a
    start says, and that the same command ends it."""
    server, path = made(t)
    db = os.path.join(server.store, "db")
    half = os.path.join(server.store, "db.restored")

    def begun():
        os.mkdir(half)
        with open(os.path.join(half, "restoring"), "w", encoding="ascii"):
            pass

    # Killed while it copied: the old store is there.
    begun()
    server.start()
    server.wait_log("a restore was interrupted, and .* is the store from before")
    check("after" in server.cli("GETSERVERALERTS"), "the old store")
    server.stop()
    equal(restore(server, path).returncode, 0)
    check(not os.path.exists(half), "tidy")
    # Killed between two renames: there is no db.
    begun()
    os.rename(db, db + ".replaced-20200101T000000Z")
    done = subprocess.run(server.command(), check=False, capture_output=True,
                          text=True, timeout=60)
    equal(done.returncode, 73)
    check("a restore was interrupted: start it again" in done.stderr,
          done.stderr)
    check(not os.path.exists(db), "no new store was made")
    equal(restore(server, path).returncode, 0)
    equal(verify(server.store).returncode, 0)
    # Killed before the old store had its new name: it is not thrown away.
    shutil.copytree(db, half)
    with open(os.path.join(db, "restoring"), "w", encoding="ascii"):
        pass
    server.start()
    server.wait_log("db.restored is the store that a restore replaced")
    server.stop()
    equal(restore(server, path).returncode, 0)
    check(len([n for n in os.listdir(server.store) if "replaced" in n]) >= 3,
          "kept")


def test_old_store_alone(t):
    server, _ = made(t)
    os.rename(os.path.join(server.store, "db"),
              os.path.join(server.store, "db.replaced-20200101T000000Z"))
    done = subprocess.run(server.command(), check=False, capture_output=True,
                          text=True, timeout=60)
    equal(done.returncode, 73)
    check("rename it to db" in done.stderr, done.stderr)
