#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Cuts the power at random moments: powercut.so, preloaded into the server,
undoes what no fsync followed, then kills it.  Afterwards recovery, and the
same comparison as in crash.py.

With --blind syncs do nothing, as if the server had forgotten them: then the
test must find losses, which shows that it can.  The last line is as that of crash.py."""

import argparse
import os
import random
import sys
import time

from model import Model, Violation, last_words, prepare
from ximss import DEADLINE, Failed, Server


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--rounds", type=int, default=20)
    p.add_argument("--seed", type=int, default=None)
    p.add_argument("--build", default=".",
                   help="directory with ximssd and the library (default: .)")
    p.add_argument("--blind", action="store_true",
                   help="without syncs: succeeds if something is lost")
    p.add_argument("--verify-every", type=int, default=5, metavar="N")
    p.add_argument("--keep", action="store_true")
    p.add_argument("-v", "--verbose", action="store_true")
    return p.parse_args()


def library(build):
    path = os.path.join(os.path.abspath(build), "tests", "crash", ".libs",
                        "powercut.so")
    if not os.path.exists(path):
        raise SystemExit("no %s: make check TESTS= builds it" % path)
    return path


def preload(server, path, at, dice, blind):
    """What the server's environment says of the next cut."""
    server.env.update({
        "LD_PRELOAD": path,
        "POWERCUT_DIR": os.path.realpath(server.store),
        "POWERCUT_AT": str(at),
        "POWERCUT_KEEP": str(dice.choice((0, 0, 20, 50, 90))),
        "POWERCUT_DEAF": "1" if blind else "0",
        "POWERCUT_SEED": str(dice.randrange(1 << 30)),
        "POWERCUT_COUNT": os.path.join(server.dir, "powercut.count")})


def cut_happened(server):
    """The library's report of the round: (events, undone)."""
    path = os.path.join(server.dir, "powercut.count")
    try:
        with open(path, encoding="ascii") as f:
            words = f.read().split()
        os.unlink(path)
        return int(words[1]), int(words[3])
    except FileNotFoundError:
        return 0, 0


def one_round(server, model, path, dice, blind):
    """Starts, compares, makes traffic until the power goes."""
    preload(server, path,
            1 + int(dice.choice((100, 400, 1200)) * dice.random()), dice,
            blind)
    try:
        server.start()
        model.compare(server)
        end = time.monotonic() + DEADLINE
        model.traffic(server, lambda: time.monotonic() >= end
                      or server.process.poll() is not None)
    except (Failed, OSError):
        # The power may go at any moment, also while the store recovers.
        if server.process is not None and server.process.poll() is None:
            raise
    server.process.wait(DEADLINE)
    model.after_the_end(server)
    server.kill()


def calm(server, model):
    """Starts without a cut ahead, compares everything."""
    server.env.clear()
    server.start()
    model.compare(server)
    model.everybody_was_told(server)
    server.stop()


def run(options, server, model, dice):
    path = library(options.build)
    undone = 0
    server.start()
    prepare(server)
    server.stop()
    for rounds in range(1, options.rounds + 1):
        one_round(server, model, path, dice, options.blind)
        events, count = cut_happened(server)
        undone += count
        if options.verbose:
            print("round %d: %d events, %d writes undone, %d posts"
                  % (rounds, events, count, model.posts))
        if rounds % options.verify_every == 0:
            server.verify()
            calm(server, model)
        if model.failures():
            break
    calm(server, model)
    server.verify()
    if undone == 0:
        raise Failed("no cut undid anything: the library saw nothing")
    return rounds


def main():
    options = parse()
    os.environ["XIMSSD"] = os.path.join(options.build, "ximssd")
    seed = options.seed if options.seed is not None \
        else random.SystemRandom().randrange(1 << 30)
    dice = random.Random(seed)
    model = Model(seed)
    server = Server({"position_save_interval": "20ms",
                     "checkpoint_interval": "1s"})
    trouble = None
    rounds = 0
    try:
        rounds = run(options, server, model, dice)
    except (Failed, Violation) as error:
        trouble = error
        # What it says about a store in pieces is no other failure.
        server.kill()
    finally:
        server.end(failed=bool(trouble or model.failures())
                   and not options.blind, keep=options.keep)
    found = bool(trouble or model.failures())
    if found and not options.blind:
        for what in model.lost + model.resurrected + model.wrong:
            print("  " + what)
        print("seed %d, store in %s\n%s%s" % (
            seed, server.dir, trouble or "", last_words(server)))
    print("rounds=%d posts=%d removals=%d lost=%d resurrected=%d" % (
        rounds, model.posts, model.removals, len(model.lost),
        len(model.resurrected)))
    return 1 if found != options.blind else 0


if __name__ == "__main__":
    sys.exit(main())
