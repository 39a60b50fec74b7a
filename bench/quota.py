# SPDX-License-Identifier: BSD-2-Clause
"""What reports of usage cost, and what they do to pushes: through the socket
that Dovecot's quota_clone writes to, a connection for each report as it makes
them; a sweep over all who are logged in; and what a listing of the fullest
takes."""

import itertools
import socket
import threading
import time

import cli
import harness

SWEEP_S = 10


class Reporter(threading.Thread):
    """Reports usage of account after account, at a rate or as fast as it is
    answered.  used(n): bytes that the n-th report says."""

    def __init__(self, server, accounts, per_s=None, count=None):
        super().__init__(daemon=True)
        self.path, self.accounts = server.usage_socket, accounts
        self.per_s, self.count = per_s, count
        self.times, self.ending = [], False
        self.start()

    def run(self):
        begin = time.monotonic()
        for n in itertools.count():
            if self.ending or n == self.count:
                break
            if self.per_s:
                time.sleep(max(0, begin + n / self.per_s - time.monotonic()))
            self.report(n)
        self.seconds = time.monotonic() - begin

    def report(self, n):
        user = f"u{n % self.accounts + 1}@{harness.DOMAIN}"
        start = time.monotonic()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.connect(self.path)
            s.sendall((f"H3\t2\t0\t\tquota\nB1\t{user}\n"
                       f"S1\tpriv/quota/storage\t{n % 100000}\n"
                       f"S1\tpriv/quota/messages\t1\nC1\n").encode())
            answer = s.recv(64)
        if answer != b"O1\n":
            raise harness.BenchError(f"a report was answered {answer}")
        self.times.append(time.monotonic() - start)

    def stop(self):
        self.ending = True
        self.join()
        self.times.sort()
        return {"count": len(self.times), "seconds": self.seconds,
                "median_us": self.times[len(self.times) // 2] * 1e6,
                "p99_us": self.times[len(self.times) * 99 // 100] * 1e6}


def one_alert(server, sessions, rounds):
    """Median of the times to the last session."""
    times = []
    for _ in range(rounds):
        answer = server.load("post", 1)
        assert answer["count"] == sessions
        times.append(answer["last_ms"])
        server.load("flush")
        server.load("clear")
        server.load.settle()
    return sorted(times)[len(times) // 2]


def measure_push(run, server, sessions):
    """One alert to all, without and with reports."""
    rounds = run.plan["rounds"]
    server.load("login", sessions)
    server.load.settle()
    result = {"sessions": sessions, "quiet_ms": one_alert(server, sessions,
                                                          rounds)}
    reporter = Reporter(server, sessions, per_s=run.plan["quota_per_s"])
    cpu, start = cli.cpu_seconds(server), time.monotonic()
    time.sleep(run.plan["quota_seconds"])
    cpu = cli.cpu_seconds(server) - cpu
    result["cpu_share"] = cpu / (time.monotonic() - start)
    result["cpu_us_each"] = cpu * 1e6 / max(1, len(reporter.times))
    times = []
    for _ in range(rounds):
        answer = server.load("post", 1)
        times.append(answer["last_ms"])
        server.load("flush")
        server.load("clear")
    result["reporting_ms"] = sorted(times)[len(times) // 2]
    result.update(reporter.stop())
    return result


def measure_sweep(server):
    """CPU of a sweep over the sessions that measure_push logged in, beyond what
    the server does anyway in that time (nothing)."""
    server.load.settle()
    cpu = cli.cpu_seconds(server)
    time.sleep(SWEEP_S)
    return (cli.cpu_seconds(server) - cpu) * 1e6


def measure_flood(run, server, accounts):
    cpu = cli.cpu_seconds(server)
    reporters = [Reporter(server, accounts, count=run.plan["quota_flood"] // 2)
                 for _ in range(2)]
    for r in reporters:
        r.join()
    results = [r.stop() for r in reporters]
    n = sum(r["count"] for r in results)
    return {"count": n, "per_s": n / max(r["seconds"] for r in results),
            "cpu_us_each": (cli.cpu_seconds(server) - cpu) * 1e6 / n,
            "p99_us": max(r["p99_us"] for r in results)}


def measure_many(run, server):
    """Accounts with usage, by the CLI, pipelined; then the fullest of them."""
    n = run.plan["quota_accounts"]
    pwd = cli.Pwd(server)
    pwd.pipeline(cli.create("q", n, "MaxAccountSize=100000;"), n)
    lines = "".join(f"SetStorageUsed q{i}@{harness.DOMAIN} {i % 100000}\n"
                    for i in range(n)).encode()
    result = {"report": cli.timed(server, pwd, lines, n)}
    result["again"] = cli.timed(server, pwd, lines, n)
    pulse = cli.Pulse(server)
    size, seconds = pwd.listing(
        f"ListStorageUsed {harness.DOMAIN} OVER 99")
    result["listing"] = {"bytes": size, "seconds": seconds, **pulse.stop()}
    pwd.close()
    return result


def measure(run):
    sessions = min(10000, max(run.plan["sessions"]))
    server = run.server("quota", 2, count=True, usage=True,
                        more=f"quota-sweep-interval = {SWEEP_S}s\n")
    results = {}
    run.progress(f"usage reports while {sessions} are told")
    results["push"] = measure_push(run, server, sessions)
    run.progress("a sweep")
    results["sweep_us"] = measure_sweep(server) / sessions
    run.progress("reports as fast as they are answered")
    results["flood"] = measure_flood(run, server, sessions)
    server.load("logout")
    run.progress(f"{run.plan['quota_accounts']} accounts with usage")
    results["many"] = measure_many(run, server)
    server.stop()
    run.results["quota"] = results
