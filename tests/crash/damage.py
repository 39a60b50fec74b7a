#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Damages stores: flips a bit, zeroes a block, cuts, removes, swaps files with
those of another store and of an older copy, after a clean stop and after kill
-9; and looks at each as a start would.  Either it is refused, and nothing was
changed, or all that was acknowledged is there.

The last line is "cases=N refused=N whole=N lost=N"; the status is 0 only if
nothing was lost."""

import argparse
import collections
import concurrent.futures
import glob
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "proto"))
sys.dont_write_bytecode = True

from ximss import Server, attr, post_request, wait_until  # noqa: E402

DAMAGED = 65
# Seconds.  It tells only that something goes on for ever: a machine may be slow,
# and have all that to do at once.
HANGS = 1800


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--build", default=".")
    p.add_argument("--step", type=int, default=0, metavar="BYTES",
                   help="one flip in each so many bytes, and a cut (default: a"
                   " sample of --cases)")
    p.add_argument("--cases", type=int, default=400)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("-v", "--verbose", action="store_true")
    return p.parse_args()


# the stores that are damaged

Base = collections.namedtuple("Base", "name path acknowledged")


def post(server, first, count):
    """The texts of alerts that were acknowledged."""
    admin = server.admin()
    texts = []
    for i in range(first, first + count, 20):
        batch = ["a%d" % n for n in range(i, min(i + 20, first + count))]
        admin.send(*(post_request("p" + t, t + " " + "x" * (17 * int(t[1:])
                                                            % 600))
                     for t in batch))
        answers = [admin.until_response("p" + t)[-1] for t in batch]
        texts += [t for t, a in zip(batch, answers)
                  if attr(a, "errorNum") is None]
    return texts


def make_bases(top):
    """Each as (name, directory, texts acknowledged)."""
    bases = []

    def keep(name, server, texts):
        path = os.path.join(top, name)
        shutil.copytree(server.store, path, ignore=lambda d, names: [
            n for n in names if n.endswith(".sock") or n == "ports"])
        for log in glob.glob(os.path.join(path, "db", "log.*")):
            os.truncate(log, min(os.path.getsize(log), used(log) + 8192))
        bases.append(Base(name, path, frozenset(texts)))

    server = Server({"checkpoint_interval": "1h"},
                    directory=os.path.join(top, "server"))
    os.mkdir(server.dir)
    server.start()
    server.admin().cli("CREATEACCOUNT joe {Password=secret;}")
    texts = post(server, 0, 100)
    server.kill()
    keep("killed", server, texts)       # nothing in the tables but the first
    server.start()
    texts += post(server, 100, 100)
    server.stop()
    keep("closed", server, texts)
    server.start()
    texts += post(server, 200, 100)
    server.kill()
    keep("killed-later", server, texts)  # a closed store, and a log behind it
    server.options["checkpoint_interval"] = "1s"
    server.start()
    texts += post(server, 300, 60)
    wait_for_checkpoint(server)
    texts += post(server, 360, 3)
    server.kill()
    keep("checkpoint", server, texts)
    return bases


def wait_for_checkpoint(server):
    path = os.path.join(server.store, "db", "alert.db")
    before = os.stat(path).st_mtime_ns
    wait_until(lambda: os.stat(path).st_mtime_ns != before, "a checkpoint")
    mark = os.path.join(server.store, "db", "mark")
    mark = mark if os.path.exists(mark) else path
    seen = [os.stat(mark).st_mtime_ns]

    def settled():
        now = os.stat(mark).st_mtime_ns
        seen.append(now)
        return len(seen) > 20 and seen[-20] == now
    wait_until(settled, "the checkpoint is noted")


# what is done to them

def flip(path, at, bit):
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)[0]
        f.seek(at)
        f.write(bytes([byte ^ 1 << bit]))


def zero(path, at, n):
    size = os.path.getsize(path)
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(bytes(min(n, size - at)))


def cut(path, at):
    os.truncate(path, at)


def nothing(path):
    pass


def remove(path):
    os.unlink(path)


def replace(path, other):
    shutil.copyfile(other, path)


Case = collections.namedtuple("Case", "base file what args")


def used(path):
    """The bytes of a file before its zeros, or all."""
    with open(path, "rb") as f:
        return max(1, len(f.read().rstrip(b"\0")))


def all_cases(base, others, step):
    home = os.path.join(base.path, "db")
    yield Case(base, "mark", nothing, ())
    for name in sorted(os.listdir(home)):
        path = os.path.join(home, name)
        size = os.path.getsize(path)
        yield Case(base, name, remove, ())
        for other in others:
            there = os.path.join(other.path, "db", name)
            if os.path.exists(there):
                yield Case(base, name, replace, (there,))
        for at in range(0, used(path), step):
            yield Case(base, name, flip, (at, at // step % 8))
        for at in range(0, size, 512):
            yield Case(base, name, zero, (at, 512))
        for at in range(0, size, 4096):
            yield Case(base, name, zero, (at, 4096))
        for at in range(0, used(path), max(step, 64)):
            yield Case(base, name, cut, (at,))


def sample(cases, n, dice):
    """n of them, of each kind and file about as many."""
    groups = collections.defaultdict(list)
    for case in cases:
        kind = "log" if case.file.startswith("log.") else case.file
        groups[case.base.name, kind, case.what].append(case)
    chosen = []
    groups = [groups[k] for k in sorted(groups, key=lambda k: (
        k[0], k[1] != "log", k[1], k[2].__name__))]
    for group in groups:
        weight = 6 if group[0].file.startswith("log.") else 1
        for _ in range(weight):
            if group:
                chosen.append(group.pop(dice.randrange(len(group))))
    rest = [case for group in groups for case in group]
    chosen += dice.sample(rest, max(0, min(len(rest), n - len(chosen))))
    return dice.sample(chosen, min(n, len(chosen)))


# and what comes of it

def digest(directory):
    h = hashlib.sha256()
    for name in sorted(os.listdir(directory)):
        h.update(name.encode() + b"\0")
        with open(os.path.join(directory, name), "rb") as f:
            h.update(hashlib.sha256(f.read()).digest())
    return h.hexdigest()


def say(case):
    return "%s: %s %s %s" % (case.base.name, case.what.__name__, case.file,
                             case.args)


def judge(case, look):
    """"refused", "whole", or what is wrong."""
    top = tempfile.mkdtemp(prefix="ximssd-damage-", dir=os.path.dirname(
        case.base.path))
    try:
        store = os.path.join(top, "store")
        shutil.copytree(case.base.path, store)
        home = os.path.join(store, "db")
        case.what(os.path.join(home, case.file), *case.args)
        before = digest(home)
        done = subprocess.run([look, store], capture_output=True, check=False,
                              text=True, errors="replace", timeout=HANGS)
        if done.returncode == DAMAGED:
            if digest(home) != before:
                return "refused, but changed: " + done.stdout
            return "refused"
        if done.returncode != 0:
            return "status %d: %s %s" % (done.returncode, done.stdout[-300:],
                                         done.stderr[-300:])
        there = set(re.findall(r"^alert \d+ (a\d+) ", done.stdout, re.M))
        missing = case.base.acknowledged - there
        if missing or "account joe\n" not in done.stdout:
            return "%d of %d acknowledged alerts are missing" % (
                len(missing), len(case.base.acknowledged))
        return "whole"
    finally:
        shutil.rmtree(top)


def main():
    options = parse()
    os.environ["XIMSSD"] = os.path.join(options.build, "ximssd")
    look = os.path.join(os.path.abspath(options.build), "tests", "crash",
                        "look")
    dice = random.Random(options.seed)
    count = collections.Counter()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    top = tempfile.mkdtemp(prefix="ximssd-test-", dir=memory)
    try:
        for name in ("one", "two"):
            os.mkdir(os.path.join(top, name))
        bases = make_bases(os.path.join(top, "one"))
        others = make_bases(os.path.join(top, "two"))
        cases = [case for i, base in enumerate(bases)
                 for case in all_cases(base, others + bases[:i],
                                       options.step or 1)]
        if not options.step:
            cases = sample(cases, options.cases, dice)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for case, result in zip(cases, pool.map(
                    lambda c: judge(c, look), cases)):
                kind = result if result in ("refused", "whole") else "lost"
                count[kind] += 1
                if kind == "lost" or options.verbose:
                    print("%s: %s" % (say(case), result), flush=True)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    print("cases=%d refused=%d whole=%d lost=%d" % (
        sum(count.values()), count["refused"], count["whole"], count["lost"]))
    return 1 if count["lost"] or not count["refused"] else 0


if __name__ == "__main__":
    sys.exit(main())
