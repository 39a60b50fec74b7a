# SPDX-License-Identifier: BSD-2-Clause
"""The bridge behind nginx, with the example of dist/ and nginx's own
defaults."""

import os
import re
import shutil
import socket
import subprocess
import tempfile

import ximss
from bridge import BridgeClient, batch, bridge, check_reply, event, xml
from ximss import Missing, alert, check, equal, free_port, \
    make_certificate, response, trusting, wait_until

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}
EXAMPLE = os.path.join(ximss.HERE, os.pardir, os.pardir, "dist",
                       "nginx-ximss-bridge.conf")
HOST = "alerts.example.test"


class Nginx:
    """nginx with the example, on another port and before another bridge."""

    clients = ()
    lines = ()

    def __init__(self, before):
        program = shutil.which("nginx", path=os.environ.get("PATH", "") +
                               ":/usr/sbin:/sbin")
        if program is None:
            raise Missing("no nginx")
        self.dir = tempfile.mkdtemp(prefix="nginx-test-")
        self.port = free_port()
        cert, key = make_certificate(self.dir, HOST)
        with open(EXAMPLE, encoding="utf-8") as f:
            site = f.read()
        for old, new in (
                ("listen 443", "listen 127.0.0.1:%d" % self.port),
                ("http://127.0.0.1:8100", "http://127.0.0.1:%d" % before.port),
                ("/etc/ssl/%s.pem" % HOST, cert),
                ("/etc/ssl/%s.key" % HOST, key)):
            check(old in site, old)
            site = site.replace(old, new)
        config = os.path.join(self.dir, "nginx.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write("pid nginx.pid;\nerror_log stderr;\n"
                    "events {}\nhttp {\naccess_log off;\n"
                    + "".join("%s_temp_path %s;\n" % (kind, kind) for kind in (
                        "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
                    + site + "}\n")
        os.chmod(self.dir, 0o755)
        self.log = os.path.join(self.dir, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program, "-p", self.dir, "-c", config, "-g", "daemon off;"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self.answers, "nginx")

    def answers(self):
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8") as f:
                raise ximss.Failed("nginx ended: " + f.read())
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port),
                                        timeout=ximss.DEADLINE)
        return BridgeClient(trusting().wrap_socket(sock, server_hostname=HOST))

    def ask(self, method, path, body=b"", headers=()):
        return self.connect().ask(method, path, body, headers, HOST)

    def end(self, failed=False, keep=False):
        self.process.terminate()
        self.process.wait(ximss.DEADLINE)
        shutil.rmtree(self.dir, ignore_errors=True)


def behind(t):
    b = bridge(t, trusted_proxies=["127.0.0.1"])
    nginx = Nginx(b)
    t.servers.insert(0, nginx)
    user = t.user()
    reply = nginx.ask("GET", "/XIMSSLogin/?userName=%s&password=secret" % user,
                      headers=[("X-Forwarded-For", "192.0.2.66")])
    check_reply("log-in", reply, 200)
    id_ = re.search('urlID="([^"]+)"', reply.text).group(1)
    return nginx, user, "/Session/%s/" % id_


def post(t, user, text):
    t.shared.admin().post(text, "account", target=user)


def test_requests_and_polls(t):
    nginx, user, path = behind(t)
    since = len(t.shared.lines)
    for method in ("POST", "GET"):
        check_reply(method, nginx.ask(
            method, path + "sync", '<XIMSS><noop id="1"/></XIMSS>',
            [("Origin", "https://" + HOST)]), 200, xml(response("1")))
    poll = nginx.connect()
    poll.send("GET", path + "?ackSeq=0&maxWait=60", host=HOST)
    post(t, user, "hello")
    poll.expect(200, batch(1, alert("hello", "account")))
    equal(nginx.ask("GET", "/Session/x/").status, 550)
    nginx.ask("GET", "/XIMSSLogin/?userName=%s&password=wrong" % user,
              headers=[("X-Forwarded-For", "192.0.2.66"),
                       ("Forwarded", "for=192.0.2.67")])
    t.shared.wait_log(r"login failed user=%s address=127.0.0.1 "
                      % re.escape(user), since)


def test_events_are_not_held_back(t):
    nginx, user, path = behind(t)
    stream = nginx.connect()
    stream.send("GET", path + "events", host=HOST)
    head = stream.receive(head_only=True)
    check_reply("stream", head, 200)
    equal(head.header("Content-Type"), "text/event-stream")
    if head.header("Transfer-Encoding") == "chunked":
        stream = Chunked(stream)
    stream.until(b": hello\n\n")
    for i in range(1, 4):
        post(t, user, "alert %d" % i)
        id_, name, data = event(stream)
        equal((id_, name), (str(i), "alert"), data)


class Chunked:
    """What is inside of a chunked reply."""

    def __init__(self, client):
        self.client = client
        self.buffer = b""
        self.transcript = []

    def until(self, mark, timeout=None):
        while mark not in self.buffer:
            size = int(self.client.until(b"\r\n", timeout), 16)
            self.buffer += self.client.count(size + 2, timeout)[:-2]
        at = self.buffer.index(mark) + len(mark)
        found, self.buffer = self.buffer[:at], self.buffer[at:]
        return found
