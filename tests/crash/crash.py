#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Posts, removes, logs in, and kills the server with SIGKILL at random
moments; starts it again and compares with a model.

The last line is "rounds=N posts=N removals=N lost=N resurrected=N"; the status
is 0 only if nothing was lost, nothing came back, and the store is sound."""

import argparse
import os
import random
import sys
import time

from model import Model, Violation, last_words, prepare
from ximss import Failed, Server


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--rounds", type=int, default=100)
    p.add_argument("--seed", type=int, default=None)
    p.add_argument("--build", help="directory with ximssd (default: .)")
    p.add_argument("--verify-every", type=int, default=10, metavar="N",
                   help="check the whole store after each N-th round")
    p.add_argument("--keep", action="store_true", help="keep the store")
    p.add_argument("-v", "--verbose", action="store_true")
    return p.parse_args()


def one_round(server, model, dice):
    """Traffic, then the end at a random moment of it."""
    end = time.monotonic() + dice.choice((0.005, 0.02, 0.05, 0.15)) \
        * dice.random() * 2
    model.traffic(server, lambda: time.monotonic() >= end)
    server.process.kill()
    server.process.wait()
    model.after_the_end(server)
    server.kill()


def start(server, dice):
    """Starts it; now and then it is killed while it recovers."""
    while dice.randrange(8) == 0:
        server.start(wait=False)
        end = time.monotonic() + dice.random() * 0.15
        while time.monotonic() < end and server.process.poll() is None:
            pass
        server.kill()
    server.start()


def main():
    options = parse()
    if options.build:
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
        server.start()
        prepare(server)
        for rounds in range(1, options.rounds + 1):
            one_round(server, model, dice)
            if rounds % options.verify_every == 0:
                server.verify()
            start(server, dice)
            model.compare(server)
            if rounds % 5 == 0:
                model.everybody_was_told(server)
            if options.verbose:
                print("round %d: %d posts" % (rounds, model.posts))
            if model.failures():
                break
        server.stop()
        server.verify()
    except (Failed, Violation) as error:
        trouble = error
    finally:
        server.end(failed=trouble is not None or model.failures() > 0,
                   keep=options.keep)
    for what in model.lost + model.resurrected + model.wrong:
        print("  " + what)
    if trouble or model.failures():
        print("seed %d, store in %s\n%s%s" % (
            seed, server.dir, trouble or "", last_words(server)))
    print("rounds=%d posts=%d removals=%d lost=%d resurrected=%d" % (
        rounds, model.posts, model.removals, len(model.lost),
        len(model.resurrected)))
    return 1 if trouble or model.failures() else 0


if __name__ == "__main__":
    sys.exit(main())
