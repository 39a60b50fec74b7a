#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests powercut.so itself: what it undoes, and what it leaves."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

# What the child runs, with the directory in d.
HEAD = "import os, sys; d = sys.argv[1]\n" \
    "f = os.open(d + '/f', os.O_RDWR | os.O_CREAT, 0o600)\n"

# (name, program, event before which the power goes, what f holds afterwards)
CASES = [
    ("synced stays", "os.pwrite(f, b'one', 0); os.fsync(f);"
     "os.pwrite(f, b'two', 0)", 3, b"one"),
    ("unsynced is lost", "os.pwrite(f, b'one', 0); os.pwrite(f, b'two', 3);"
     "os.pwrite(f, b'x', 0)", 3, b""),
    ("overwritten comes back", "os.pwrite(f, b'abcdef', 0); os.fsync(f);"
     "os.pwrite(f, b'XY', 1); os.pwrite(f, b'ZZZZZZ', 3);"
     "os.pwrite(f, b'.', 0)", 5, b"abcdef"),
    ("fdatasync counts", "os.pwrite(f, b'one', 0); os.fdatasync(f);"
     "os.pwrite(f, b'two', 0)", 3, b"one"),
    ("the power goes before the sync", "os.pwrite(f, b'one', 0);"
     "os.fsync(f)", 2, b""),
    ("write and append", "os.write(f, b'one'); os.write(f, b'two');"
     "os.fsync(f); os.write(f, b'three'); os.fsync(f)", 5, b"onetwo"),
    ("truncated comes back", "os.write(f, b'abcdef'); os.fsync(f);"
     "os.ftruncate(f, 2); os.pwrite(f, b'Q', 0); os.fsync(f)", 5, b"abcdef"),
    ("sync of another descriptor of the file", "g = os.open(d + '/f',"
     "os.O_RDWR); os.pwrite(f, b'one', 0); os.fsync(g);"
     "os.pwrite(g, b'two', 0); os.fsync(f)", 4, b"one"),
    ("sync of another file does not help", "g = os.open(d + '/g',"
     "os.O_RDWR | os.O_CREAT); os.pwrite(f, b'one', 0);"
     "os.pwrite(g, b'x', 0); os.fsync(g); os.pwrite(g, b'y', 0)", 4, b""),
    ("closed without a sync", "os.pwrite(f, b'one', 0); os.close(f);"
     "g = os.open(d + '/g', os.O_RDWR | os.O_CREAT);"
     "os.pwrite(g, b'x', 0)", 2, b""),
    ("an inode that comes again", "os.pwrite(f, b'one', 0);"
     "os.unlink(d + '/f'); os.close(f);"
     "f = os.open(d + '/f', os.O_RDWR | os.O_CREAT);"
     "os.pwrite(f, b'new', 0); os.fsync(f); os.pwrite(f, b'x', 0)", 4,
     b"new"),
    ("files elsewhere are left alone", "g = os.open(d + '/../out',"
     "os.O_RDWR | os.O_CREAT); os.pwrite(g, b'out', 0);"
     "os.pwrite(f, b'x', 0)", 1, b""),
    ("no cut", "os.pwrite(f, b'one', 0)", 0, b"one"),
]


def run(library, program, at, keep=0, seed=1):
    """What f holds, and how the child ended."""
    top = tempfile.mkdtemp(prefix="ximssd-test-")
    try:
        directory = os.path.join(top, "store")
        os.mkdir(directory)
        env = dict(os.environ, LD_PRELOAD=library, POWERCUT_AT=str(at),
                   POWERCUT_DIR=os.path.realpath(directory),
                   POWERCUT_KEEP=str(keep), POWERCUT_SEED=str(seed))
        status = subprocess.run([sys.executable, "-I", "-S", "-c",
                                 HEAD + program, directory], env=env,
                                check=False).returncode
        with open(os.path.join(directory, "f"), "rb") as f:
            return f.read(), status
    finally:
        shutil.rmtree(top)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--build", default=".")
    library = os.path.join(os.path.abspath(p.parse_args().build), "tests",
                           "crash", ".libs", "powercut.so")
    failed = 0
    for name, program, at, expected in CASES:
        got, status = run(library, program, at)
        if got != expected or status != (-signal.SIGKILL if at else 0):
            failed += 1
            print("FAILED %s: expected %r, got %r, status %d"
                  % (name, expected, got, status))
    # Some of what was not synced may have reached the disk: all, for 100 %,
    # and for 50 % any of four outcomes of two writes.
    program = "os.pwrite(f, b'aa', 0); os.pwrite(f, b'bb', 2);" \
        "os.pwrite(f, b'x', 0)"
    seen = {run(library, program, 3, 50, seed)[0] for seed in range(40)}
    if run(library, program, 3, 100)[0] != b"aabb" or seen != {
            b"", b"aa", b"\0\0bb", b"aabb"}:
        failed += 1
        print("FAILED kept writes: %s" % seen)
    # A write over three pages may arrive in parts, the last without the first.
    program = "os.pwrite(f, b'a' * 12288, 0); os.pwrite(f, b'x', 0)"
    seen = set()
    for seed in range(60):
        got = run(library, program, 2, 50, seed)[0]
        pages = [got[i:i + 4096] for i in range(0, len(got), 4096)]
        seen.add("".join("." if p == bytes(4096) else "a" for p in pages
                         if p in (bytes(4096), b"a" * 4096)))
    if seen != {"", "a", ".a", "aa", "..a", "a.a", ".aa", "aaa"}:
        failed += 1
        print("FAILED pages of a write: %s" % seen)
    print("powercut.so: %d cases, %d failed" % (len(CASES) + 2, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
