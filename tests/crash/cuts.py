#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Cuts the power at each write and sync of a small life of a store: opened,
used, a checkpoint, closed, opened again.  Any pages that were not synced may
reach the disk.  Whenever it was: the store opens, and holds what was
acknowledged; it is never taken for damaged.

The last line is "cuts=N lost=N refused=N"."""

import argparse
import concurrent.futures
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

# Seconds.  It tells only that something goes on for ever: a machine may be slow,
# and have all that to do at once.
HANGS = 1800


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--build", default=".")
    p.add_argument("--seeds", type=int, default=1,
                   help="cuts at each event (1)")
    p.add_argument("--every", type=int, default=1, metavar="N",
                   help="at each N-th event only")
    p.add_argument("--posts", type=int, default=12)
    p.add_argument("--jobs", type=int, default=2)
    return p.parse_args()


class Life:
    """One store, until it is looked at in the end."""

    def __init__(self, build, base, at, seed, posts):
        self.dice = random.Random("%d %d" % (at, seed))
        self.look = os.path.join(build, "tests", "crash", "look")
        self.library = os.path.join(build, "tests", "crash", ".libs",
                                    "powercut.so")
        self.base, self.at, self.posts = base, at, posts
        self.there, self.doubtful = set(), set()
        self.cuts = 0

    def run(self, store, posts, at):
        env = dict(os.environ)
        if at:
            env.update(LD_PRELOAD=self.library, POWERCUT_AT=str(at),
                       POWERCUT_DIR=os.path.realpath(store),
                       POWERCUT_KEEP=str(self.dice.choice((0, 30, 50, 80))),
                       POWERCUT_SEED=str(self.dice.randrange(1 << 30)))
        command = [self.look, store] + ([str(posts)] if posts else [])
        done = subprocess.run(command, env=env, check=False, timeout=HANGS,
                              capture_output=True, text=True)
        if at and done.returncode == -9:
            self.cuts += 1
        elif done.returncode:
            return "status %d: %s%s" % (done.returncode, done.stdout[-500:],
                                        done.stderr[-300:])
        self.take(done.stdout)
        return None

    def take(self, output):
        for what, id_ in re.findall(r"^(posted|removing|removed) (\d+)$",
                                    output, re.M):
            if what == "posted":
                self.there.add(id_)
            else:
                self.there.discard(id_)
            if what == "removing":
                self.doubtful.add(id_)
            else:
                self.doubtful.discard(id_)
        self.found = set(re.findall(r"^alert (\d+) ", output, re.M))

    def live(self):
        """What is wrong; None: nothing."""
        top = tempfile.mkdtemp(prefix="ximssd-cut-",
                               dir=os.path.dirname(self.base))
        store = os.path.join(top, "store")
        try:
            shutil.copytree(self.base, store)
            wrong = self.run(store, self.posts, self.at)
            for _ in range(2):  # and again while it recovers
                wrong = wrong or self.run(store, 2,
                                          self.dice.randrange(1, 80))
            wrong = wrong or self.run(store, 0, 0)
            if wrong:
                return wrong
            missing = self.there - self.found
            return "missing: %s" % sorted(missing) if missing else None
        finally:
            shutil.rmtree(top)


def main():
    options = parse()
    build = os.path.abspath(options.build)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    top = tempfile.mkdtemp(prefix="ximssd-test-", dir=memory)
    lost = refused = cuts = 0
    try:
        base = os.path.join(top, "base")
        subprocess.run([os.path.join(build, "ximssd"), "--init", base,
                        "--main-domain", "example.test"], check=True,
                       stderr=subprocess.DEVNULL)
        count = os.path.join(top, "count")
        store = os.path.join(top, "counted")
        shutil.copytree(base, store)
        subprocess.run([os.path.join(build, "tests", "crash", "look"), store,
                        str(options.posts)], check=True,
                       stdout=subprocess.DEVNULL, env=dict(
                           os.environ, POWERCUT_DIR=os.path.realpath(store),
                           POWERCUT_COUNT=count, LD_PRELOAD=os.path.join(
                               build, "tests/crash/.libs/powercut.so")))
        with open(count, encoding="ascii") as f:
            events = int(f.read().split()[1])
        lives = [Life(build, base, at, seed, options.posts)
                 for seed in range(options.seeds)
                 for at in range(1, events + 1, options.every)]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for life, wrong in zip(lives, pool.map(Life.live, lives)):
                cuts += life.cuts
                if wrong:
                    refused += "damaged" in wrong
                    lost += 1
                    print("at %d: %s" % (life.at, wrong), flush=True)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    print("cuts=%d lost=%d refused=%d" % (cuts, lost, refused))
    return 1 if lost or not cuts else 0


if __name__ == "__main__":
    sys.exit(main())
