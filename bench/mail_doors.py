#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the doors into mail programs cost: a real Dovecot with the plugins
beside one without, in turn, on the same machine.

- From the post of an alert to its line at a client in IDLE, with many other
  sessions that idle.
- The log-in by IMAP and by POP3, each time with and without the plugin.
- The memory of an idle IMAP process, with and without.

    bench/mail_doors.py --build . [--smoke] [--sessions N]

prints the table of doc/performance.md; the last line is "N passed, N failed":
whether what doc/performance.md promises was reached.  Of a smoke run only the
memory is judged, and that everything was told."""

import argparse
import os
import re
import resource
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, os.pardir, "tests", "proto"))

# Thousands of sessions of one machine.
LIMITS = """
default_client_limit = 40000
service imap {
  process_limit = 3000
}
service pop3 {
  process_limit = 3000
}
service imap-login {
  service_count = 0
  process_min_avail = 2
}
service pop3-login {
  service_count = 0
  process_min_avail = 2
}
"""
REACH = {"median_ms": 1, "p99_ms": 10, "login_ms": 1, "memory_kib": 8}


def progress(text):
    print(time.strftime("%H:%M:%S ") + text, file=sys.stderr, flush=True)


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


class Row:
    """One line of the table, and whether it is good."""

    def __init__(self, what, figures, good, timed=True):
        self.what, self.figures, self.good = what, figures, good
        self.timed = timed

    def __str__(self):
        return "| %s | %s | %s |" % (self.what, self.figures,
                                     "yes" if self.good else "**no**")


def latency(world, count, sessions):
    """Times from the post to the line, in ms."""
    import mail
    others = [world.user("idle") for _ in range(min(sessions, 1000))]
    clients = [world.imap(others[i % len(others)]) for i in range(sessions)]
    for c in clients:
        c.idle()
    user = world.user("told")
    c = world.imap(user)
    c.idle()
    admin = world.server.admin()
    times = []
    for i in range(count):
        request = mail.ximss.post_request("p", "no. %d" % i, "account",
                                          target=user)
        begin = time.perf_counter()
        admin.send(request)
        line = c.line()
        times.append((time.perf_counter() - begin) * 1e3)
        mail.equal(line, "* NO [ALERT] no. %d" % i)
        admin.until_response("p")
        if i % 100 == 99:
            c.done()
            c.idle()
    return clients + [c], times[len(times) // 10:]


def timed_imap(dovecot, user):
    import mail
    c = mail.Imap(dovecot, user)
    begin = time.perf_counter()
    c.login()
    took = (time.perf_counter() - begin) * 1e3
    c.logout()
    c.close()
    return took


def timed_pop3(dovecot, user):
    import mail
    c = mail.Pop3(dovecot, user)
    c.ask("USER " + user)
    begin = time.perf_counter()
    answer = c.ask("PASS secret")
    took = (time.perf_counter() - begin) * 1e3
    mail.equal(answer, "+OK Logged in.")
    c.quit()
    c.close()
    return took


def paired(first, second, count):
    """Both in turn, each as often first as second: the times of each."""
    times = ([], [])
    for i in range(count + 5):
        order = (0, 1) if i % 2 else (1, 0)
        for which in order:
            took = (first, second)[which]()
            if i >= 5:
                times[which].append(took)
    return times


def memory(dovecot):
    """(processes, PSS and private KiB of each) of idle IMAP processes."""
    totals = {"Pss": 0, "Private_Dirty": 0}
    pids = dovecot.processes("imap")
    for pid in pids:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
            text = f.read()
        for key in totals:
            totals[key] += int(re.search(r"^%s:\s+(\d+)" % key, text,
                                         re.M).group(1))
    return len(pids), {k: v / len(pids) for k, v in totals.items()}


def login_row(name, times):
    without, with_ = (statistics.median(t) for t in times)
    return Row("log-in by %s, median" % name, "%.2f ms without, %.2f ms with "
               "(%+.2f ms, %.2f times)" % (without, with_, with_ - without,
                                           with_ / without),
               with_ - without <= REACH["login_ms"])


class Bare:
    """A world of which the clients need Dovecot only."""

    def __init__(self, dovecot):
        self.dovecot = dovecot


def measure(options):
    import mail
    rows = []
    with mail.World(more=LIMITS, log_level="warn", door_sessions=20000,
                    max_account_alerts=0) as world:
        bare = mail.Mailer(world.door, imap="", pop3="", more=LIMITS)
        try:
            bare.start()
            without = Bare(bare)
            user = world.user()
            for name, one in (("IMAP", timed_imap), ("POP3", timed_pop3)):
                progress("log-ins by " + name)
                rows.append(login_row(name, paired(
                    lambda: one(without, user), lambda: one(world, user),
                    options.logins)))
            progress("memory of %d idle processes each" % options.processes)
            rows.append(memory_row(world, without, options.processes))
        finally:
            bare.end()
        progress("%d sessions idle" % options.sessions)
        clients, times = latency(world, options.posts, options.sessions)
        mail.equal(len(world.dovecot.processes("imap")), len(clients))
        median, p99 = statistics.median(times), percentile(times, 0.99)
        rows.append(Row(
            "post to line during IDLE, %d sessions idle" % options.sessions,
            "median %.2f ms, p99 %.2f ms, longest %.1f ms"
            % (median, p99, max(times)),
            median <= REACH["median_ms"] and p99 <= REACH["p99_ms"]))
    return rows


def settle_files(directory):
    """A page of a file that was just written would count as the process's."""
    import mail
    for name in mail.PLUGINS:
        with open(os.path.join(directory, name), "rb") as f:
            os.fsync(f.fileno())


def memory_row(world, without, count):
    """All of one user, at the same mailbox."""
    import mail
    settle_files(os.path.join(world.dovecot.dir, "modules"))
    user, figures = world.user(), []
    for w in (without, world):
        clients = []
        for _ in range(count):
            c = mail.Imap(w, user).login()
            c.command("SELECT INBOX")
            c.idle()
            clients.append(c)
        figures.append(memory(w.dovecot))
        for c in clients:
            c.close()
        mail.wait_until(lambda: not w.dovecot.processes("imap"), "their end")
    (n, a), (m, b) = figures
    mail.equal((n, m), (count, count), "processes")
    grown = {k: b[k] - a[k] for k in a}
    return Row("memory of an idle IMAP process (of %d)" % count,
               "PSS %.0f KiB without, %.0f KiB with (%+.0f); private %.0f and "
               "%.0f (%+.0f)" % (a["Pss"], b["Pss"], grown["Pss"],
                                 a["Private_Dirty"], b["Private_Dirty"],
                                 grown["Private_Dirty"]),
               grown["Private_Dirty"] <= REACH["memory_kib"], timed=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", default=".")
    parser.add_argument("--smoke", action="store_true",
                        help="a short run; its times are not judged")
    parser.add_argument("--sessions", type=int)
    options = parser.parse_args()
    smoke = options.smoke
    options.sessions = options.sessions or (10 if smoke else 1000)
    options.posts, options.logins, options.processes = \
        (50, 10, 5) if smoke else (2000, 300, 60)
    os.environ["XIMSSD"] = os.path.join(options.build, "ximssd")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    import mail
    try:
        mail.needs()
    except mail.Skip as reason:
        print("%s: mail doors: %s" % ("not run" if isinstance(
            reason, mail.Missing) else "skipped mail", reason))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    rows = measure(options)
    print("| what | measured | reached |\n| --- | --- | --- |")
    for row in rows:
        print(row)
    failed = sum(not row.good for row in rows if not (smoke and row.timed))
    print("%d passed, %d failed" % (len(rows) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
