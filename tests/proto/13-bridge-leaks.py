# SPDX-License-Identifier: BSD-2-Clause
"""Whatever way a request, a session, or a connection ends: what it had taken
of the bridge's budgets is given back."""

import socket
import struct

from bridge import bridge
from ximss import Client, check, equal, wait_until

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}
LOGIN = b"POST /XIMSSLogin/ HTTP/1.1\r\nHost: x\r\n"
NOOP = '<noop id="1"/>'


def taken(b):
    return [b.metric(name) for name in (
        "connections", "sessions", "streams", "requests_bytes",
        "stored_bytes", "unsent_bytes")]


def given_back(b, start, what):
    def same():
        b.now = taken(b)
        return b.now == start
    try:
        wait_until(same, what)
    except Exception as e:
        raise AssertionError("%s: %s, at the start %s"
                             % (what, b.now, start)) from e


def reset(client):
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                           struct.pack("ii", 1, 0))
    client.close()


# What a stranger leaves in the middle, and what is refused.
PIECES = {
    "half a line": b"GET /he",
    "half a head": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000,
    "an empty line": b"\r\n",
    "half a body": LOGIN + b"Content-Length: 9000\r\n\r\n" + b"x" * 5000,
    "half a chunk": LOGIN + b"Transfer-Encoding: chunked\r\n\r\n"
                    b"1000\r\nx",
    "half trailers": LOGIN + b"Transfer-Encoding: chunked\r\n\r\n"
                     b"1\r\nx\r\n0\r\nX: y",
    "no HTTP": b"\0\1\2\r\n\r\n",
    "a body too long": LOGIN + b"Content-Length: 9000000\r\n\r\n",
    "a chunk too long": LOGIN + b"Transfer-Encoding: chunked\r\n\r\n"
                        b"100000\r\n" + b"x" * 70000,
    "a head too long": b"GET /" + b"x" * 20000,
    "an endless head": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 5000,
    "further requests": LOGIN + b"Content-Length: 37\r\n\r\n"
                        b'<XIMSS><listFeatures id="f"/></XIMSS>'
                        + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 300,
    "garbage behind a request": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                                + b"\0" * 30000,
    "a log-in": b"GET /XIMSSLogin/?userName=joe@x.test&password=x HTTP/1.1"
                b"\r\nHost: x\r\n\r\n",
    "a bare name": b"GET /XIMSSLogin/?userName=joe&password=x HTTP/1.1"
                   b"\r\nHost: x\r\n\r\n",
    "a relay": b"<noop id='1'/>\0",
    "half a relay": b"<noop",
}


def test_strangers(t):
    b = bridge(t)
    start = taken(b)
    for what, data in PIECES.items():
        for leave in (reset, lambda c: c.close(), None):
            client = b.connect()
            try:
                client.raw(data)
                if leave is None:
                    client.sock.shutdown(socket.SHUT_WR)
                    client.expect_closed()
            except Exception:  # an answer, or a reset, before all was read
                pass
            (leave or reset)(client)
        given_back(b, start, what)


def half(s):
    client = s.bridge.connect()
    client.raw(("POST %ssync HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                "Content-Length: 900\r\n\r\n" % s.path).encode())
    equal(client.receive().status, 100)
    return client


def gone_half(s):
    client = half(s)
    end = s.sync("<bye/>")
    equal(end.status, 200)
    client.raw(b"x" * 900)
    equal(client.receive().status, 550)
    reset(client)


def killed(s):
    clients = [s.start_poll(0), half(s)]
    stream = s.stream()
    s.sync('<prefsStore id="0"><Big>%s</Big></prefsStore>' % ("x" * 4000))
    s.sync(*['<prefsRead id="1"><name>Big</name></prefsRead>'] * 20,
           query="?reqSeq=1")
    s.bridge.ask("POST", s.path + "kill")
    for client in clients + [stream]:
        reset(client)


def left_unfetched(s):
    s.http.ask("POST", s.path + "async", "<XIMSS>%s</XIMSS>" % (NOOP * 900))
    reset(s.stream())
    s.poll(0)
    s.bridge.ask("POST", s.path + "kill")


def taken_over(s):
    b = s.bridge
    clients = [s.start_poll(0), s.stream(), half(s)]
    s.sync(NOOP, query="?reqSeq=1")
    found = b.ask("GET", "/XIMSSLogin/?sessionid=%s&killOld=1" % s.id)
    id_ = found.text.split('urlID="')[1].split('"')[0]
    b.ask("POST", "/Session/%s/kill" % id_)
    for client in clients:
        reset(client)


def left_in_the_middle(s):
    clients = []
    for _ in range(5):
        client = s.bridge.connect()
        client.send("POST", s.path + "sync",
                    "<XIMSS>%s</XIMSS>" % (NOOP * 500))
        clients.append(client)
    for client in clients:
        reset(client)
    s.sync("<bye/>")


def with_faults(s):
    for body in ("x", "<XIMSS>", "<XIMSS/>", "<a/>", "<XIMSS>%s</XIMSS>"
                 % ('<noop/>' * 1001)):
        for query in ("sync", "sync?reqSeq=5", "async", "async?reqSeq=6",
                      "get", "nothing", "ack?ackEvent=9"):
            s.http.ask("POST", s.path + query, body)
    s.sync("<bye/>")


def test_sessions(t):
    user = t.user()
    b = bridge(t, session_idle="1h")
    start = taken(b)
    for way in (gone_half, killed, left_unfetched, taken_over,
                left_in_the_middle, with_faults):
        s = b.login(user)
        way(s)
        reset(s.http)
        given_back(b, start, way.__name__)


def test_relays(t):
    user = t.user()
    b = bridge(t)
    start = taken(b)
    for leave in (reset, lambda c: c.close()):
        client = b.connect()
        c = Client(client.sock, "relayed")
        c.scram(user)
        client.raw(b'<noop id="' + b"x" * 100000)
        leave(client)
        given_back(b, start, "a relay")
    check(b.metric("relayed_total") == 2, "relayed")
