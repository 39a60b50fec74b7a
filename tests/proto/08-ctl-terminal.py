# SPDX-License-Identifier: BSD-2-Clause
"""ximssctl on a terminal, and with a program that writes its commands."""

import signal

from ctl_terminal import Running
from ximss import check, ctl, equal


def test_dialogue(t):
    """Each result comes before the next command is written."""
    for options in ([], ["--keep-going"]):
        r = Running(t.shared, "cli", *options, "--file", "-")
        for i in range(3):
            r.write("ECHO %d\n" % i)
            equal(r.until("\n", r.process.stdout), "%d\n" % i)
        r.process.stdin.close()
        r.process.stdin = None
        equal(r.end(), (0, "", "3 done, 0 refused\n" if options else ""))


def test_signal(t):
    r = Running(t.shared, "cli", "--file", "-")
    r.write("ECHO a\n")
    r.until("a\n", r.process.stdout)
    r.process.send_signal(signal.SIGINT)
    equal(r.end(), (5, "", "ximssctl: stopped before line 2 of standard input; "
                           "continue with --from 2\n"))


def test_progress(t):
    """Drawn while it waits, and gone at the end."""
    r = Running(t.shared, "cli", "--keep-going", "--file", "-",
                terminal=["stderr"])
    r.write("NOOP\nX\nNOOP\n")
    got = r.until("\r\033[K2 done, ") + r.until("/s, 1 refused")
    check("\r\033[Kstandard input:2: X: unknown command (500)\r\n" in got, got)
    r.process.stdin.close()
    r.process.stdin = None
    check(r.until("2 done, 1 refused\r\n").endswith(
        "\r\033[K2 done, 1 refused\r\n"), "the progress is not taken away")
    equal(r.end()[0], 5)


def test_quiet(t):
    r = Running(t.shared, "cli", "--keep-going", "--quiet", "--file", "-",
                terminal=["stderr"])
    r.write("NOOP\n")
    r.process.stdin.close()
    r.process.stdin = None
    equal(r.until("refused\r\n"), "1 done, 0 refused\r\n")
    equal(r.end()[0], 0)


def test_question(t):
    d = t.domain()
    for answer, status in (("n", 1), ("", 1), ("y", 0)):
        r = Running(t.shared, "domain", "delete", d,
                    terminal=["stdin", "stderr"])
        got = r.until("[y/N] ")
        equal(got, "Delete, with everything in it, the domain %s? [y/N] " % d)
        r.write(answer + "\n")
        if status:
            r.until("ximssctl: nothing done\r\n")
        equal(r.end()[0], status)
        equal(ctl(t.shared, "domain", "stat", d, "Accounts").returncode,
              0 if status else 9)


def test_question_that_is_not_asked(t):
    d = t.domain()
    r = Running(t.shared, "domain", "delete", "--yes", d,
                terminal=["stdin", "stderr"])
    equal(r.end()[0], 0)
