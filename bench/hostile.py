#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The most CPU for a byte: the worst message known of each kind, sent by a
stranger and by a user without any right, to the real server.

Each message is first sent by itself, with the throttle off: what CPU its answer
took of all threads together (schedstat), and of the one thread that was busy
with it the longest: an event loop, the store's writer, or a hash thread.  Then
with the server as it is installed: a crowd of connections sends it as fast as
they are answered, and somebody else asks noop, again and again.

    bench/hostile.py --build . [--smoke] [--only TEXT] [--out FILE]

prints the table of doc/performance.md."""

import argparse
import base64
import os
import shutil
import socket
import ssl
import statistics
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402

FDFA = "\uFDFA"  # becomes eighteen characters by SASLprep
NO_THROTTLE = """\
login-delay = 0s
max-malformed = 1000
"""
USERS = 4
CROWD = 16  # connections, each from an address of its own


def b64(text):
    return base64.b64encode(text.encode()).decode()


def login(attributes):
    return '<login id="1" %s/>' % attributes


def sasl(method, message):
    return login('method="%s" value="%s"' % (method, b64(message)))


def cli(line):
    line = line.replace("&", "&amp;").replace("<", "&lt;")
    return '<cliExecute id="1">%s</cliExecute>' % line


def nested(depth, name):
    return "<%s>" % name * depth + "</%s>" % name * depth


# name, message; each is answered by one message that tells of id="1", or "".
def strangers():
    before = 16000  # a little less than message-bytes-before-login
    return [
        ("noop", '<noop id="1"/>'),
        ("an unknown request", '<x id="1"/>'),
        ("XML cut off", '<x'),
        ("XML, many empty elements",
         '<x id="1">%s</x>' % ("<a/>" * (before // 4))),
        ("XML, 64 attributes of 200 bytes", '<x id="1" %s/>' % " ".join(
            'a%d="%s"' % (i, "&#9;" * 50) for i in range(62))),
        ("XML, character references",
         '<x id="1">%s</x>' % ("&#x1F600;" * (before // 9))),
        ("XML, too many attributes", '<x %s/>' % " ".join(
            "a%d=''" % i for i in range(before // 9))),
        ("listFeatures", '<listFeatures id="1"/>'),
        ("log-in, clear, unknown name",
         login('userName="nobody" authData="x"')),
        ("log-in, clear, password of 1,024 bytes U+FDFA",
         login('userName="nobody" authData="%s"' % (FDFA * 341))),
        ("log-in, clear, password too long",
         login('userName="nobody" authData="%s"' % (FDFA * 5000))),
        ("PLAIN, 1,024 bytes U+FDFA", sasl("PLAIN", "\0nobody\0" + FDFA * 341)),
        ("PLAIN, too long", sasl("PLAIN", "\0nobody\0" + FDFA * 3800)),
        ("PLAIN, no base64", login('method="PLAIN" value="%s"' % ("!" * 15900))),
        ("SCRAM, first message", sasl("SCRAM-SHA-256", "n,,n=nobody,r=abc")),
        ("SCRAM, a name of 255 bytes",
         sasl("SCRAM-SHA-256", "n,,n=%s,r=abc" % ("n" * 255))),
        ("SCRAM, a name of 3 times U+FDFA",
         sasl("SCRAM-SHA-256", "n,,n=%s,r=abc" % (FDFA * 3))),
        ("SCRAM, a name of 32 times ä",
         sasl("SCRAM-SHA-256", "n,,n=%s,r=abc" % ("\u00e4" * 32))),
        ("SCRAM, a name of 85 times U+FDFA",
         sasl("SCRAM-SHA-256", "n,,n=%s,r=abc" % (FDFA * 85))),
        ("CRAM-MD5, first message", login('method="CRAM-MD5"')),
        ("a ticket", login('ticket="%s"' % ("t" * 43))),
    ]


def users():
    most = 1000000  # a little less than message-bytes
    return [
        ("noop", '<noop id="1"/>'),
        ("XML, many empty elements",
         '<x id="1">%s</x>' % ("<a/>" * (most // 4))),
        ("XML, deep", '<x id="1">%s</x>' % (nested(14, "a") * (most // 98))),
        ("prefsStore, 1,000 names", '<prefsStore id="1">%s</prefsStore>'
         % "".join("<a%d>x</a%d>" % (i, i) for i in range(600))),
        ("prefsStore, too many", '<prefsStore id="1">%s</prefsStore>'
         % "".join("<a%d>x</a%d>" % (i, i) for i in range(60000))),
        ("prefsStore, an unknown time zone",
         '<prefsStore id="1"><TimeZone>Mars/Olympus</TimeZone></prefsStore>'),
        ("prefsRead", '<prefsRead id="1"/>'),
        ("prefsRead, many names", '<prefsRead id="1">%s</prefsRead>'
         % ("<name>a599</name>" * (most // 17))),
        ("alertList", '<alertList id="1"/>'),
        ("alertPost, refused",
         '<alertPost id="1" scope="server">%s</alertPost>' % ("x" * 4000)),
        ("passwordModify, wrong", '<passwordModify id="1" oldPassword="%s" '
         'newPassword="x"/>' % (FDFA * 341)),
        ("SetAccountPassword, refused",
         cli("SetAccountPassword nobody@%s PASSWORD x" % harness.DOMAIN)),
        ("CLI, an array of many",
         cli("Echo (%s)" % ",".join("a" * (most // 2)))),
        ("CLI, deep", cli("Echo " + "(" * (most // 2) + ")" * (most // 2))),
        ("CLI, a dictionary of many keys",
         cli("Echo {%s}" % "".join("a%d=1;" % i for i in range(most // 10)))),
        ("CLI, strings with escapes",
         cli('Echo "%s"' % ("\\065" * (most // 4)))),
        ("CLI, comments", cli("Echo (%s)" % ("/**/" * (most // 4)))),
        ("CLI, malformed", cli("Echo (" + "a," * (most // 2))),
    ]


# --- what the server's threads have used ---

class Threads:
    def __init__(self, pid):
        self.task = f"/proc/{pid}/task"

    def used(self):
        """Microseconds of CPU by thread."""
        out = {}
        for tid in os.listdir(self.task):
            try:
                with open(f"{self.task}/{tid}/schedstat") as f:
                    out[tid] = int(f.read().split()[0]) / 1000
            except (FileNotFoundError, ProcessLookupError):
                pass
        return out

    def name(self, tid):
        try:
            with open(f"{self.task}/{tid}/comm") as f:
                return f.read().strip()
        except FileNotFoundError:
            return "?"

    def at_rest(self):
        """The same, when nothing is being done any more."""
        before = self.used()
        for _ in range(200):
            time.sleep(0.001)
            now = self.used()
            if sum(now.values()) - sum(before.values()) < 20:
                return now
            before = now
        return before


# --- clients ---

class Client:
    def __init__(self, server, source="127.0.0.1"):
        self.sock = socket.create_connection(
            ("127.0.0.1", server.port), source_address=(source, 0), timeout=60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, message):
        self.sock.sendall(message)

    def answer(self):
        """The first message that comes; b"" if it was closed."""
        got = b""
        while not got.endswith(b"\0"):
            try:
                data = self.sock.recv(1 << 20)
            except ConnectionError:
                return b""
            if not data:
                return b""
            got += data
        return got

    def log_in(self, n):
        self.send(b'<login id="0" userName="u%d@%s" authData="%s"/>\0' % (
            n, harness.DOMAIN.encode(), harness.PASSWORD.encode()))
        if b"<session " not in self.answer():
            raise harness.BenchError("not logged in")
        return self

    def close(self):
        self.sock.close()


class Probe(threading.Thread):
    """Somebody else, logged in, who asks noop until told to stop."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.client = Client(server, "127.0.0.2").log_in(1)
        self.waits, self.over = [], False

    def run(self):
        while not self.over:
            begin = time.monotonic()
            self.client.send(b'<noop id="p"/>\0')
            self.client.answer()
            self.waits.append(time.monotonic() - begin)
            time.sleep(0.0005)

    def end(self):
        self.over = True
        self.join()
        self.client.close()
        return self.waits


# --- measuring ---

def alone(server, message, times, user):
    """CPU of one message, by thread: the median of all together, and the
    longest that one thread was busy."""
    threads = Threads(server.process.pid)
    totals, longest, who = [], 0, ""
    for _ in range(times):
        c = Client(server)
        if user:
            c.log_in(2)
        before = threads.at_rest()
        c.send(message)
        c.answer()
        after = threads.at_rest()
        spent = {t: after[t] - before.get(t, 0) for t in after}
        totals.append(sum(spent.values()))
        busiest = max(spent, key=spent.get)
        if spent[busiest] > longest:
            longest, who = spent[busiest], threads.name(busiest)
        c.close()
    return statistics.median(totals), longest, who


def crowd_member(server, source, message, user, until, counts):
    n, c = 0, None
    while time.monotonic() < until:
        if c is None:
            try:
                c = Client(server, source)
                c.sock.settimeout(0.5)
                if user:
                    c.log_in(3)
            except (OSError, harness.BenchError):
                c = None
                break
        try:
            c.send(message)
            got = c.answer()
        except OSError:
            got = b""
        if got:
            n += 1
        else:
            c.close()
            c = None
    counts.append(n)


def crowded(server, message, seconds, user):
    """Messages a second that a crowd gets answered, and what somebody else has
    to wait."""
    probe = Probe(server)
    probe.start()
    time.sleep(0.05)
    probe.waits.clear()
    until, counts = time.monotonic() + seconds, []
    crowd = [threading.Thread(target=crowd_member, args=(
        server, "127.0.1.%d" % (i + 1), message, user, until, counts))
        for i in range(CROWD)]
    for t in crowd:
        t.start()
    for t in crowd:
        t.join()
    waits = sorted(probe.end())
    return sum(counts) / seconds, waits[len(waits) // 2], waits[-1]


def tls_handshake(server):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sock = socket.create_connection(("127.0.0.1", server.tls_port))
    context.wrap_socket(sock).close()


def measure_tls(server, times):
    threads = Threads(server.process.pid)
    totals, longest, who = [], 0, ""
    for _ in range(times):
        before = threads.at_rest()
        tls_handshake(server)
        after = threads.at_rest()
        spent = {t: after[t] - before.get(t, 0) for t in after}
        totals.append(sum(spent.values()))
        busiest = max(spent, key=spent.get)
        if spent[busiest] > longest:
            longest, who = spent[busiest], threads.name(busiest)
    return statistics.median(totals), longest, who


# --- the run ---

class Run:
    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        self.times = 1 if options.smoke else 7
        self.seconds = 0.05 if options.smoke else 1.5
        self.store = f"{directory}/store"
        harness.make_store(options.build, self.store, USERS, self.progress)

    def progress(self, text):
        print(text, file=sys.stderr, flush=True)

    def server(self, name, more, tls=False):
        """A server on a copy of the store."""
        copy = f"{self.directory}/{name}"
        harness.copy_store(self.store, copy)
        return harness.Server(self.options.build, copy, 1, tls=tls, more=more)

    def wanted(self, name):
        return self.options.only in name

    def rows(self, messages, user):
        rows = {}
        server = self.server("alone-%d" % user, NO_THROTTLE)
        for name, text in messages:
            if self.wanted(name):
                self.progress(f"alone: {name}")
                message = text.encode() + b"\0"
                rows[name] = (len(message),) + alone(server, message,
                                                     self.times, user)
        server.stop()
        for i, (name, text) in enumerate(messages):
            if not self.wanted(name):
                continue
            self.progress(f"crowd: {name}")
            # Afresh each time: the throttle must not know them yet.
            server = self.server("crowd-%d-%d" % (user, i), "")
            rows[name] += crowded(server, text.encode() + b"\0", self.seconds,
                                  user)
            server.stop()
        return rows

    def tls(self):
        if not self.wanted("TLS") or not harness.make_certificate(
                self.directory):
            return None
        self.progress("alone: TLS")
        server = self.server("tls", NO_THROTTLE, tls=True)
        got = measure_tls(server, self.times)
        server.stop()
        return got


def table(title, rows):
    out = [f"#### {title}", "",
           "| message | bytes | CPU | CPU per byte | busiest thread "
           "| a crowd: answers/s | noop of another: median | longest |",
           "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for name, (size, total, longest, who, rate, median, most) in rows.items():
        out.append(
            f"| {name} | {size:,} | {total:,.0f} µs | {total / size:.2f} µs "
            f"| {who} {longest:,.0f} µs | {rate:,.0f} | {median * 1e3:.1f} ms "
            f"| {most * 1e3:.1f} ms |")
    return "\n".join(out) + "\n"


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--build", default=".")
    p.add_argument("--smoke", action="store_true",
                   help="whether each message is answered, no figures")
    p.add_argument("--only", default="", help="part of a name")
    p.add_argument("--out", help="where the table goes")
    options = p.parse_args()
    directory = tempfile.mkdtemp(prefix="ximssd-hostile-")
    try:
        run = Run(options, directory)
        text = table("A stranger", run.rows(strangers(), False))
        tls = run.tls()
        if tls is not None:
            text += (f"\nA handshake of TLS (a connection, some 500 bytes): "
                     f"{tls[0]:,.0f} µs, {tls[2]} at most {tls[1]:,.0f} µs.\n")
        text += "\n" + table("A user without any right",
                             run.rows(users(), True))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(text)
    if options.out:
        with open(options.out, "w", encoding="utf-8") as f:
            f.write(text)


if __name__ == "__main__":
    main()
