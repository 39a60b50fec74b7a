# SPDX-License-Identifier: BSD-2-Clause
"""Drives ximss-bridge from outside: starts it before a server, speaks HTTP to
it over raw sockets, compares bytes."""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

import ximss
from ximss import Closed, Failed, PASSWORD, config_value, matches, trusting

OPTIONS = {"server_address": "127.0.0.1", "pages": ""}


def program():
    return os.path.join(os.path.dirname(ximss.program()), "ximss-bridge")


class Reply:
    def __init__(self, head, body):
        self.head = head
        self.body = body
        lines = head.decode("latin-1").split("\r\n")
        self.version, status, self.reason = (lines[0] + "  ").split(" ", 2)
        self.reason = self.reason.rstrip()
        self.status = int(status)
        self.headers = [tuple(line.split(": ", 1)) for line in lines[1:]]

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    @property
    def text(self):
        return self.body.decode()


class BridgeClient:
    """One HTTP connection."""

    def __init__(self, sock, name="http"):
        self.sock = sock
        self.name = name
        self.buffer = b""
        self.end = False
        self.transcript = []

    def shown(self):
        return "\n".join("    %s: %r" % (who, data[:2000])
                         for who, data in self.transcript[-30:])

    def raw(self, data):
        self.transcript.append(("C", data))
        self.sock.settimeout(ximss.DEADLINE)
        self.sock.sendall(data)

    def send(self, method, path, body=b"", headers=(), host="localhost"):
        if isinstance(body, str):
            body = body.encode()
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: " + host]
        lines += ["%s: %s" % pair for pair in headers]
        if body or method == "POST":
            lines.append("Content-Length: %d" % len(body))
        self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def fill(self, deadline):
        left = deadline - time.monotonic()
        pending = hasattr(self.sock, "pending") and self.sock.pending()
        if not pending and not select.select([self.sock], [], [],
                                             max(left, 0))[0]:
            raise Failed("%s: nothing came; before it: %r"
                         % (self.name, self.buffer))
        try:
            data = self.sock.recv(262144)
        except (ConnectionResetError, BrokenPipeError):
            data = b""
        self.end = self.end or not data
        self.buffer += data

    def until(self, mark, timeout=None):
        """The bytes up to and with the mark."""
        deadline = time.monotonic() + (timeout or ximss.DEADLINE)
        while mark not in self.buffer:
            if self.end:
                raise Closed("%s: closed, before it: %r"
                             % (self.name, self.buffer))
            self.fill(deadline)
        at = self.buffer.index(mark) + len(mark)
        found, self.buffer = self.buffer[:at], self.buffer[at:]
        return found

    def count(self, n, timeout=None):
        deadline = time.monotonic() + (timeout or ximss.DEADLINE)
        while len(self.buffer) < n:
            if self.end:
                raise Closed("%s: closed in a body" % self.name)
            self.fill(deadline)
        found, self.buffer = self.buffer[:n], self.buffer[n:]
        return found

    def receive(self, timeout=None, head_only=False):
        head = self.until(b"\r\n\r\n", timeout)[:-4]
        reply = Reply(head, b"")
        length = reply.header("Content-Length")
        if length is not None and not head_only:
            reply.body = self.count(int(length), timeout)
        self.transcript.append(("S", head + b"\r\n\r\n" + reply.body))
        return reply

    def ask(self, method, path, body=b"", headers=(), host="localhost"):
        self.send(method, path, body, headers, host)
        return self.receive(head_only=method == "HEAD")

    def expect(self, status, text=None):
        reply = self.receive()
        check_reply(self.name, reply, status, text)
        return reply

    def expect_closed(self, timeout=None):
        deadline = time.monotonic() + (timeout or ximss.DEADLINE)
        while not self.end:
            self.fill(deadline)
        if self.buffer:
            raise Failed("%s: before the end: %r" % (self.name, self.buffer))

    def close(self):
        self.sock.close()


def check_reply(name, reply, status, text=None):
    if reply.status != status or (
            text is not None and not matches(text, reply.text)):
        raise Failed("%s: expected %d %s\n  got %d %s %s" % (
            name, status, text, reply.status, reply.reason, reply.text))


def batch(number, *messages):
    return '<XIMSS respSeq="%d">%s</XIMSS>\r\n' % (number, "".join(messages))


EMPTY = "<XIMSS/>\r\n"


def xml(*messages):
    return "<XIMSS>%s</XIMSS>\r\n" % "".join(messages)


class WebSession:
    """A logged-in web session."""

    def __init__(self, bridge, id_, reply):
        self.bridge = bridge
        self.id = id_
        self.login_reply = reply
        self.path = "/Session/%s/" % id_
        self.http = bridge.connect()
        self.headers = []

    def sync(self, *requests, query="", expected=None):
        reply = self.http.ask("POST", self.path + "sync" + query,
                              "<XIMSS>%s</XIMSS>" % "".join(requests),
                              self.headers)
        if expected is not None:
            check_reply("sync", reply, 200, xml(*expected))
        return reply

    def start_poll(self, ack, wait=60):
        client = self.bridge.connect()
        client.send("GET", "%s?ackSeq=%d&maxWait=%d" % (self.path, ack, wait),
                    headers=self.headers)
        return client

    def poll(self, ack, wait=0):
        reply = self.http.ask("GET", "%s?ackSeq=%d&maxWait=%d"
                              % (self.path, ack, wait), headers=self.headers)
        check_reply("poll", reply, 200)
        return reply.text

    def stream(self, last=None, query="", headers=(), window=None):
        client = self.bridge.connect("stream", window=window)
        more = list(self.headers) + list(headers)
        if last is not None:
            more.append(("Last-Event-ID", last))
        client.send("GET", self.path + "events" + query, headers=more)
        reply = client.receive()
        check_reply("stream", reply, 200)
        client.head = reply
        client.greeting = client.until(b": hello\n\n")
        return client

    def status(self):
        """200 while it lives, 550 afterwards."""
        return self.bridge.connect().ask(
            "POST", self.path + "sync", '<XIMSS><noop id="s"/></XIMSS>',
            self.headers).status


def event(client, timeout=None):
    """The next event of a stream as (id, name, data); heartbeats are passed
    over."""
    while True:
        block = client.until(b"\n\n", timeout).decode()
        client.transcript.append(("S", block.encode()))
        if block.startswith(":"):
            continue
        fields = [line.split(": ", 1) for line in block[:-2].split("\n")]
        data = "\n".join(v for k, v in fields if k == "data")
        named = dict(fields)
        return named.get("id"), named.get("event"), data


class Bridge:
    """One bridge before one server."""

    def __init__(self, server, options=None, tls=False, preexec=None):
        self.server = server
        self.preexec = preexec
        self.dir = tempfile.mkdtemp(prefix="ximss-bridge-test-")
        self.config = os.path.join(self.dir, "ximss-bridge.conf")
        self.options = dict(OPTIONS, server_port=server.ports()[0][1],
                            listen=["127.0.0.1:%d" % ximss.free_port()])
        self.options.update(options or {})
        self.process = None
        self.lines = []
        self.changed = threading.Condition()
        self.clients = []
        self.port = None
        self.tls_port = None
        if tls:
            cert, key = ximss.make_certificate(self.dir)
            self.options.update(tls_certificate=cert, tls_key=key,
                                listen_tls=["127.0.0.1:0"])

    def write_config(self):
        with open(self.config, "w", encoding="utf-8") as f:
            for key, value in self.options.items():
                f.write("%s = %s\n" % (key.replace("_", "-"),
                                       config_value(value)))

    def start(self):
        self.write_config()
        wrapper = os.environ.get("XIMSS_WRAPPER", "").split()
        self.process = subprocess.Popen(
            wrapper + [program(), "--config", self.config],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, cwd=self.dir,
            preexec_fn=self.preexec)
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        self.wait_log("is ready")
        self.port = self.logged_port("http")
        if "listen_tls" in self.options:
            self.tls_port = self.logged_port("https")
        return self

    def read_log(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line.decode("utf-8", "backslashreplace"))
                self.changed.notify_all()

    def wait_log(self, expression, since=0):
        def found():
            for line in self.lines[since:]:
                if re.search(expression, line):
                    return line
            if self.process.poll() is not None:
                raise Failed("the bridge ended:\n" + "".join(self.lines))
            return None
        return ximss.wait_until(found, "log line " + expression)

    def logged_port(self, kind):
        line = self.wait_log(r"listening on %s " % kind)
        return int(line.rsplit(":", 1)[1])

    def reload(self, **options):
        self.options.update(options)
        self.write_config()
        since = len(self.lines)
        self.process.send_signal(signal.SIGHUP)
        return self.wait_log("reloaded", since)

    def end(self, failed=False, keep=False):
        for client in self.clients:
            client.close()
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                status = process.wait(ximss.DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                status = "a time-out"
            self.reader.join(ximss.DEADLINE)
            process.stderr.close()
            complaints = [line for line in self.lines if re.search(
                r"Sanitizer|runtime error:|^==\d+==|\] error: .*libevent",
                line)]
            if not keep and not failed:
                shutil.rmtree(self.dir, ignore_errors=True)
            if status != 0 or complaints:
                raise Failed("the bridge ended with %s:\n%s"
                             % (status, "".join(self.lines[-40:])))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self, crash=False):
        """On the same port; what is connected finds out by itself."""
        if crash:
            self.kill()
            self.reader.join(ximss.DEADLINE)
        else:
            self.end(keep=True)
        return self.restart_again()

    def restart_again(self):
        """The same of one that has ended."""
        self.lines = []
        self.clients = []
        return self.start()

    def connect(self, name="http", tls=False, source=None, window=None):
        """window: bytes that the system takes before they are read."""
        sock = socket.socket()
        if window:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        if source:
            sock.bind((source, 0))
        sock.settimeout(ximss.DEADLINE)
        sock.connect(("127.0.0.1", self.tls_port if tls else self.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            sock = trusting().wrap_socket(sock, server_hostname="localhost")
        client = BridgeClient(sock, name)
        self.clients.append(client)
        return client

    def ask(self, method, path, body=b"", headers=(), host="localhost"):
        """One request on a connection of its own."""
        client = self.connect()
        reply = client.ask(method, path, body, headers, host)
        client.close()
        return reply

    def login(self, user, password=PASSWORD, **parameters):
        """A web session; the log-in must work."""
        query = urllib.parse.urlencode(dict(
            userName=user, password=password, errorAsXML=1, **parameters))
        reply = self.ask("GET", "/XIMSSLogin/?" + query)
        found = re.match(r'<XIMSS><session urlID="([^"]+)" ', reply.text)
        if reply.status != 200 or not found:
            raise Failed("not logged in: %d %s" % (reply.status, reply.text))
        return WebSession(self, found.group(1), reply)

    def metric(self, name):
        text = self.ask("GET", "/metrics").text
        return int(re.search(r"^ximss_bridge_%s (\d+)$" % name, text,
                             re.M).group(1))


def bridge(t, server=None, tls=False, preexec=None, **options):
    """A started bridge before the test's shared server.  Connections that a
    test keeps do not end because something else takes long."""
    options.setdefault("keep_alive", "5m")
    one = Bridge(server or t.shared, options, tls, preexec)
    t.servers.insert(0, one)
    return one.start()
