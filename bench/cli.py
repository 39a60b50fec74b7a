# SPDX-License-Identifier: BSD-2-Clause
"""What the CLI costs over the PWD port: pipelined commands, bulk loads, and the
listing of a domain that is read while others go on."""

import json
import os
import socket
import subprocess
import threading
import time

import harness

WINDOW = 1 << 20  # bytes taken from the socket at a time
RECORD_BYTES = 260  # key and data of an account without a password


class Pwd:
    """One connection, logged in as the postmaster, INLINE."""

    def __init__(self, server):
        self.sock = socket.create_connection(("127.0.0.1", server.pwd_port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb", WINDOW)
        self.file.readline()
        for line in (f"USER postmaster@{harness.MAIN_DOMAIN}",
                     f"PASS {harness.ADMIN_PASSWORD}", "INLINE"):
            answer = self.ask(line)
            if answer[:1] not in b"23":
                raise harness.BenchError(f"{line.split()[0]}: {answer}")

    def ask(self, line):
        self.sock.sendall(line.encode() + b"\n")
        return self.file.readline()

    def pipeline(self, lines, count):
        """Sends all without waiting; seconds until the last answer."""
        start = time.monotonic()
        sender = threading.Thread(target=self.sock.sendall, args=(lines,))
        sender.start()
        for _ in range(count):
            answer = self.file.readline()
            if not answer.startswith(b"20"):
                raise harness.BenchError(f"answered: {answer}")
        sender.join()
        return time.monotonic() - start

    def listing(self, line):
        """Bytes of the answer, and seconds."""
        start, size = time.monotonic(), 0
        self.sock.sendall(line.encode() + b"\n")
        while True:
            data = self.file.read1(WINDOW)
            size += len(data)
            if not data or data.endswith(b"\n"):
                return size, time.monotonic() - start

    def close(self):
        self.file.close()
        self.sock.close()


def cpu_seconds(server):
    with open(f"/proc/{server.process.pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss_kib(server):
    with open(f"/proc/{server.process.pid}/smaps_rollup") as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("Pss:"))


def timed(server, pwd, lines, count):
    cpu, commits = cpu_seconds(server), server.commits()
    seconds = pwd.pipeline(lines, count)
    return {"count": count, "seconds": seconds, "per_s": count / seconds,
            "cpu_us_each": (cpu_seconds(server) - cpu) / count * 1e6,
            "batch": count / max(1, server.commits() - commits)}


def create(first, count, settings):
    return "".join(f"CreateAccount {first}{i}@{harness.DOMAIN} "
                   f"{{{settings}}}\n" for i in range(count)).encode()


def hash_floor(build, count):
    out = subprocess.run([f"{build}/bench/hash_floor", "--threads", "2",
                          "--count", str(count)],
                         stdout=subprocess.PIPE, check=True)
    return json.loads(out.stdout)


class Pulse(threading.Thread):
    """Another connection that asks NOOP all the time, for its slowest answer."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.pwd, self.times, self.ending = Pwd(server), [], False
        self.start()

    def run(self):
        while not self.ending:
            start = time.monotonic()
            self.pwd.ask("NOOP")
            self.times.append(time.monotonic() - start)
            time.sleep(0.001)

    def stop(self):
        self.ending = True
        self.join()
        self.pwd.close()
        self.times.sort()
        return {"median_ms": self.times[len(self.times) // 2] * 1e3,
                "slowest_ms": self.times[-1] * 1e3}


def measure_listing(server, pwd):
    """ListAccounts, and what it does to another connection and to memory."""
    before = pss_kib(server)
    pulse = Pulse(server)
    size, seconds = pwd.listing(f"ListAccounts {harness.DOMAIN}")
    result = {"bytes": size, "seconds": seconds, **pulse.stop()}
    result["grown_kib"] = pss_kib(server) - before
    return result


def measure(run):
    plan = run.plan
    server = run.server("cli", 2, count=True)
    pwd = Pwd(server)
    results = {}
    run.progress(f"{plan['cli_noops']} NOOPs")
    results["noop"] = timed(server, pwd, b"NOOP\n" * plan["cli_noops"],
                            plan["cli_noops"])
    n = plan["cli_accounts"]
    run.progress(f"{n} accounts with passwords")
    results["password"] = timed(
        server, pwd, create("p", n, 'Password="one of many";'), n)
    results["hash_floor"] = hash_floor(run.build, max(200, n // 20))
    n = plan["cli_listing"]
    run.progress(f"{n} accounts without passwords")
    results["plain"] = timed(server, pwd, create("a", n, "RealName=A;"), n)
    results["commit_floor"] = harness.bdb_floor(
        run.build, run.directory, round(results["plain"]["batch"]), n,
        RECORD_BYTES)
    run.progress("listing them")
    results["listing"] = measure_listing(server, pwd)
    pwd.close()
    server.stop()
    run.results["cli"] = results
