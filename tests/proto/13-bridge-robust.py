# SPDX-License-Identifier: BSD-2-Clause
"""The relay, limits, files, and ximssd coming and going under the bridge."""

import os
import re
import select
import signal
import socket
import struct
import time

import ximss
from bridge import EMPTY, batch, bridge, check_reply, event, xml
from ximss import (MAIN, Client, alert, attr, check, equal, failure, match,
                   response, wait_until)

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}
NOOP = '<noop id="1"/>'


def posted(text):
    return alert(text, "account")


# --- A.1: a connection that begins with XML ---

def relayed(b, tls=False):
    sock = b.connect(tls=tls).sock
    client = Client(sock, "relayed")
    return client


def test_relay(t):
    user = t.user()
    b = bridge(t, tls=True)
    for tls in (False, True):
        c = relayed(b, tls)
        if tls:
            c.login(user)
        else:
            c.scram(user)
        t.shared.admin().post("hello", "account", target=user)
        c.expect(posted("hello"))
        c.ask('<noop id="1"/>', response("1"))
        c.bye()


def test_relay_byte_by_byte(t):
    user = t.user()
    c = relayed(bridge(t, tls=True), tls=True)
    for byte in ('<login id="1" userName="%s" authData="secret"/>\0'
                 % user).encode():
        c.raw(bytes([byte]))
    c.logged_in("1")


def test_relay_of_much_in_both_directions(t):
    c = relayed(bridge(t))
    c.scram(t.user())
    n = 3000
    c.send(*('<unknown id="%d" x="%s"/>' % (i, "x" * 200) for i in range(n)))
    for i in range(n):
        c.expect(failure(str(i), 500, "unknown command"))


def is_broken(client):
    """Sends, until that fails."""
    try:
        client.sock.send(b"x")
    except OSError:
        return True
    return False


def test_relay_goes_on_when_its_output_was_full(t):
    b, n = bridge(t), 3000
    user = t.user()
    t.shared.admin().post("x" * 4000, "account", target=user)
    c = Client(b.connect(window=4096).sock)
    c.scram(user)
    c.receive()
    c.send(*('<alertList id="%d"/>' % i for i in range(n)))
    for i in range(n):
        while c.receive() != response(str(i)):
            pass
    # It lives longer than a connection whose reply has been read.
    d = b.connect()
    d.send("GET", "/nothing", headers=[("Connection", "close")])
    wait_until(lambda: is_broken(d), "it is closed")
    c.ask('<noop id="on"/>', response("on"))
    c.bye()


def whom(c):
    """(address, encrypted) as ximssd sees it."""
    message = c.ok('<readClient id="c"/>')[0]
    equal(attr(message, "proxied"), "yes")
    return attr(message, "address"), attr(message, "encrypted")


def test_relay_says_whom_it_hands_on(t):
    user = t.user()
    for more in ({}, {"server_socket": t.shared.control_path()}):
        b = bridge(t, tls=True, **more)
        for tls, encrypted in ((False, "no"), (True, "yes")):
            c = Client(b.connect(tls=tls, source="127.0.0.77").sock)
            equal(whom(c), ("127.0.0.77", encrypted))
            # It may not speak for others, nor is it of this machine.
            c.ok('<listFeatures id="f" clientAddress="192.0.2.1"/>')
            equal(whom(c), ("127.0.0.77", encrypted))
            c.ask('<login id="1" method="EXTERNAL"/>', failure("1", 527))
            since = len(t.shared.lines)
            c.ask('<login id="1" userName="%s" authData="x"/>' % user,
                  failure("1", 515 if tls else 519))
            if tls:
                line = t.shared.wait_log("login failed", since)
                check("address=127.0.0.77 " in line, line)
                c.login(user)


def test_relay_of_failures_delays_nobody_else(t):
    server = t.server({"trusted_addresses": ["127.0.0.1"],
                       "login_address_free_tries": 3, "login_delay": "10s",
                       "login_max_delay": "10m"})
    joe = server.account("joe@" + MAIN)
    b = bridge(t, server, tls=True)
    for i in range(4):
        c = Client(b.connect(tls=True, source="127.0.0.77").sock)
        c.ask('<login id="1" userName="x%d" authData="x"/>' % i,
              failure("1", 515))
    Client(b.connect(tls=True, source="127.0.0.78").sock).login(joe)


def test_relay_is_off_where_ximssd_believes_no_header(t):
    server = t.server()
    joe = server.account("joe@" + MAIN)
    b = bridge(t, server, tls=True)
    for _ in range(3):
        c = relayed(b, True)
        c.send('<login id="1" userName="%s" authData="secret"/>' % joe)
        c.expect_closed()
    b.wait_log("begin with XML")
    told = [line for line in b.lines if "begin with XML" in line]
    equal(len(told), 1, "".join(told))
    check(not any("session begin" in line and joe in line
                  for line in server.lines), "he was handed on")


def test_relay_to_a_server_without_headers(t):
    """An ximssd that takes the header for a message hands out no rights."""
    for answer in (b'<response id="" errorText="malformed" errorNum="540"/>\0',
                   b'<client id="relay" address="127.0.0.1" encrypted="no" '
                   b'proxied="no"/>\0<response id="relay"/>\0'):
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            door.listen()
            b = bridge(t, server_port=door.getsockname()[1])
            c = relayed(b)
            c.raw(b'<login id="1" method="EXTERNAL"/>\0')
            # The bridge asks for itself, too, whether it is trusted.
            got = b'id="client"'
            while b'id="client"' in got:
                far, _ = door.accept()
                far.settimeout(ximss.DEADLINE)
                got = b""
                while b"readClient" not in got or not got.endswith(b"\0"):
                    got += far.recv(4096)
                if b'id="client"' in got:
                    far.close()
            far.sendall(answer)
            while True:
                data = far.recv(4096)
                if not data:
                    break
                got += data
            far.close()
            c.expect_closed()
            check(b"EXTERNAL" not in got, repr(got))


def test_relay_switched_off(t):
    b = bridge(t, relay=False)
    c = relayed(b)
    c.raw(b"<")
    c.expect_closed()
    equal(b.ask("GET", "/healthz").status, 200)


def test_relay_without_a_server(t):
    server = t.server()
    b = bridge(t, server)
    server.stop()
    c = relayed(b)
    c.send('<noop id="1"/>')
    c.expect_closed()


# --- limits ---

def test_long_heads_and_bodies(t):
    b = bridge(t, head_bytes=2048, body_bytes=4096)
    for path, headers, body, status in (
            ("/" + "x" * 4000, [], "", 414),
            ("/", [("X-Long", "x" * 4000)], "", 431),
            ("/", [("X-%d" % i, "y" * 20) for i in range(90)], "", 431),
            ("/Session/x/sync", [], "<XIMSS>" + "x" * 5000, 413)):
        client = b.connect()
        client.send("POST", path, body, headers)
        reply = client.receive()
        equal((reply.status, reply.header("Connection")), (status, "close"))
        client.expect_closed()
    s = b.login(t.user())
    s.sync('<noop id="%s"/>' % ("i" * 3000), expected=[response("i" * 3000)])


def test_chunked_body(t):
    s = bridge(t).login(t.user())
    body = ("<XIMSS>%s</XIMSS>" % NOOP).encode()
    s.http.raw(("POST %ssync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                "chunked\r\n\r\n" % s.path).encode())
    for i in range(0, len(body), 5):
        piece = body[i:i + 5]
        s.http.raw(b"%x\r\n%s\r\n" % (len(piece), piece))
    s.http.raw(b"0\r\n\r\n")
    s.http.expect(200, xml(response("1")))


def test_trailers_are_nobodys_headers(t):
    b = bridge(t, trusted_proxies=["127.0.0.1"])
    client = b.connect()
    for length in (1, 7, 100, 3000):
        client.raw(b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\nOrigin: "
                   + b"x" * length + b"\r\n\r\n")
        equal(client.receive().status, 200)


def test_what_is_no_http(t):
    b = bridge(t)
    for data in (b"\0\0\0\0", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00",
                 b"GET / HTTP/1.1\r\nContent-Length: 1\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\n",
                 b"GET / HTTP/x\r\n\r\n", b"A" * 100):
        client = b.connect()
        client.raw(data)
        reply = client.receive()
        equal(reply.status, 400, str(data))
        client.expect_closed()


def test_slow_request(t):
    b = bridge(t, request_timeout="300ms")
    client = b.connect()
    client.raw(b"GET / HTTP/1.1\r\nHo")
    equal(client.receive().status, 408)
    client.expect_closed()
    b.connect().expect_closed()


def test_slow_download_is_not_idle(t):
    directory = os.path.join(t.shared.dir, "large")
    os.makedirs(directory, exist_ok=True)
    text = b"x" * (7 << 20)
    with open(os.path.join(directory, "a.js"), "wb") as f:
        f.write(text)
    b = bridge(t, pages=directory, keep_alive="200ms")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    sock.connect(("127.0.0.1", b.port))
    sock.settimeout(ximss.DEADLINE)
    for more in (b"", b"Connection: close\r\n"):
        sock.sendall(b"GET /pages/a.js HTTP/1.1\r\nHost: x\r\n" + more
                     + b"\r\n")
        got = 0
        for _ in range(4):  # each of them as long as a silence
            other = b.connect()
            other.ask("GET", "/healthz")
            other.expect_closed()
            got += len(sock.recv(65536))
        while got < len(text):
            got += len(sock.recv(1 << 20))
    sock.close()


def test_connections_of_one_address_and_in_all(t):
    b = bridge(t, max_connections_per_address=3, max_connections=5)

    def healthy(client):
        equal(client.ask("GET", "/healthz").text, "ok\r\n")
        return client
    clients = [healthy(b.connect()) for _ in range(3)]
    # One more is its own address's matter: who is idle for longest goes.
    clients.append(healthy(b.connect()))
    clients.pop(0).expect_closed()
    others = [healthy(b.connect(source="127.0.0.2")) for _ in range(2)]
    for client in clients + others:
        healthy(client)
    # In all, too; who waits for an answer stays.
    user = t.user()
    s = b.login(user)
    s.http.close()
    stream = s.stream()
    crowd = [healthy(b.connect(source="127.0.0.%d" % (i + 10)))
             for i in range(10)]
    equal(sum(not is_closed(c) for c in crowd), 4)
    t.shared.admin().post("x", "account", target=user)
    event(stream)


def is_closed(client):
    while not client.end and select.select([client.sock], [], [], 0)[0]:
        client.fill(time.monotonic())
    return client.end


def test_most_sessions(t):
    user = t.user()
    b = bridge(t, max_sessions=2)
    first = b.login(user)
    b.login(user)
    path = "/XIMSSLogin/?userName=%s&password=secret" % user
    equal(b.ask("GET", path).status, 503)
    first.sync('<bye id="1"/>')
    equal(b.ask("GET", path).status, 200)


# --- files ---

def pages(t):
    directory = os.path.join(t.shared.dir, "pages")
    os.makedirs(directory, exist_ok=True)
    for name, text in (("index.html", "<p>users</p>"),
                       ("admin.html", "<p>admins</p>"),
                       ("storage.html", "<p>bars</p>"),
                       ("audit.html", "<p>lines</p>"),
                       ("a.js", "export {};"), ("style.css", "p {}"),
                       ("Makefile.inc", "secret"), (".hidden.js", "secret")):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as f:
            f.write(text)
    return directory


def test_files(t):
    b = bridge(t, pages=pages(t))
    for path, kind, text in (
            ("/", "text/html;charset=utf-8", "<p>users</p>"),
            ("/admin/", "text/html;charset=utf-8", "<p>admins</p>"),
            ("/admin/storage.html", "text/html;charset=utf-8", "<p>bars</p>"),
            ("/admin/audit.html", "text/html;charset=utf-8", "<p>lines</p>"),
            ("/pages/a.js", "text/javascript;charset=utf-8", "export {};"),
            ("/pages/style.css", "text/css;charset=utf-8", "p {}")):
        reply = b.ask("GET", path + "?x=1")
        check_reply(path, reply, 200, text)
        equal(reply.header("Content-Type"), kind)
        equal(reply.header("X-Content-Type-Options"), "nosniff")
        equal(reply.header("Referrer-Policy"), "no-referrer")
        policy = reply.header("Content-Security-Policy")
        for part in ("default-src 'none'", "script-src 'self'",
                     "frame-ancestors 'none'", "base-uri 'none'",
                     "connect-src 'self'", "form-action 'self'"):
            check(part in policy, policy)
        check("unsafe" not in policy, policy)
        head = b.ask("HEAD", path)
        equal((head.status, head.body, head.header("Content-Length")),
              (200, b"", str(len(text))))
        again = b.ask("GET", path, headers=[
            ("If-None-Match", reply.header("ETag"))])
        equal((again.status, again.body), (304, b""))
        equal(b.ask("POST", path).status, 405)
    equal(b.ask("GET", "/admin").header("Location"), "/admin/")
    for path in ("/pages/Makefile.inc", "/pages/.hidden.js", "/pages/../a.js",
                 "/pages/", "/PAGES/a.js", "/pages/%61.js", "/favicon.ico",
                 "/pages/../../ximssd.conf"):
        equal(b.ask("GET", path).status, 404, path)


def test_reload(t):
    directory = pages(t)
    b = bridge(t, pages=directory)
    s = b.login(t.user())
    with open(os.path.join(directory, "a.js"), "w", encoding="utf-8") as f:
        f.write("export const a = 1;")
    b.reload(keep_alive="1m")
    check_reply("new", b.ask("GET", "/pages/a.js"), 200,
                "export const a = 1;")
    equal(s.status(), 200)
    line = b.reload(pages="/nonexistent")
    check("the old one stays" in line, line)
    equal(b.ask("GET", "/pages/a.js").status, 200)
    b.reload(pages=directory, listen=["127.0.0.1:1"])
    b.wait_log("these take effect at the next start: listen")


# --- ximssd ends and comes back ---

def own(t, server_options=None, **options):
    server = t.server({"trusted_addresses": ["127.0.0.1"],
                       **(server_options or {})}, listen="127.0.0.1:0")
    port = server.ports()[0][1]
    server.listen = ["127.0.0.1:%d" % port]
    user = server.account("joe@" + server.domain("one.test"))
    b = bridge(t, server, **options)
    s = b.login(user)
    s.user = user
    return server, s


def event_but_away(stream):
    """How long it is away, and whether that is seen, is up to the machine."""
    while True:
        got = event(stream, 60)
        if got[1] != "away":
            return got


def test_sessions_come_back_by_their_tickets(t):
    server, s = own(t)
    stream = s.stream()
    server.admin().post("before", "account", target=s.user)
    equal(event(stream)[1], "alert")
    for crash in (False, True):
        server.restart(crash=crash)
        id_, name, data = event_but_away(stream)
        equal((id_, name, data), (None, "resumed", "<resumed/>"))
        s.sync(NOOP, expected=[response("1")])
    server.admin().post("after", "account", target=s.user)
    id_, _, data = event(stream)
    equal(id_, "2", data)
    match(data, posted("after"))
    s.http.ask("POST", s.path + "ack?ackEvent=2")
    client = server.login(s.user)
    wait_until(lambda: not client.flush(), "nothing more to be told")


def test_a_session_outlives_the_ticket_of_its_log_in(t):
    server, s = own(t, {"idle_timeout": "7d"})
    ours = server.cli("ListAccountSessions " + s.user).strip("()")
    # What it is pushed was pushed to the web session before.
    witness = server.connect()
    witness.login(s.user, ticket="yes")
    for _ in range(4):
        server.clock(4 * 3600 + 60)
        witness.expect('<ticket value="…"/>')
    equal(s.poll(0), EMPTY)  # it is the bridge's alone
    # What brings it back has been renewed with it.
    for crash in (False, True):
        s.bridge.restart(crash)
        equal(s.status(), 200)
    equal(server.cli("ListAccountSessions " + s.user).count(s.id), 1)
    equal(ours, s.id)


def test_alerts_are_not_shown_twice_after_a_restart(t):
    server, s = own(t)
    server.admin().post("one", "account", target=s.user)
    s.start_poll(0).expect(200, batch(1, posted("one")))
    poll = s.start_poll(1)
    server.admin().post("two", "account", target=s.user)
    poll.expect(200, batch(2, posted("two")))
    poll = s.start_poll(1)
    poll.expect(200, batch(2, posted("two")))
    server.restart()
    wait_until(lambda: s.bridge.metric("reconnects_total") == 1, "back")
    server.admin().post("three", "account", target=s.user)
    match(s.poll(1), batch(2, posted("two")))
    match(s.poll(2, 20), batch(3, posted("three")))
    equal(s.poll(3), EMPTY)


def test_requests_wait_for_the_server(t):
    server, s = own(t, answer_timeout="60s")
    server.stop()
    s.bridge.connect()
    client = s.bridge.connect()
    client.send("POST", s.path + "sync?reqSeq=1",
                "<XIMSS>%s</XIMSS>" % NOOP)
    again = s.bridge.connect()
    again.send("POST", s.path + "sync?reqSeq=1", "<XIMSS>%s</XIMSS>" % NOOP)
    client.expect(503)
    server.start()
    again.expect(200, xml(response("1")))


def test_requests_that_waited_too_long_were_not_executed(t):
    server, s = own(t, answer_timeout="300ms")
    server.stop()
    body = '<prefsStore id="1"><Language>one</Language></prefsStore>'
    reply = s.sync(body, query="?reqSeq=1")
    equal(reply.status, 503)
    server.start()
    wait_until(lambda: s.bridge.metric("reconnects_total") == 1, "back", 60)
    s.sync(body, query="?reqSeq=1", expected=[response("1")])
    s.sync('<prefsRead id="2"><name>Language</name></prefsRead>',
           expected=['<prefs id="2"><Language>one</Language></prefs>',
                     response("2")])


def test_nothing_is_done_twice_behind_one_that_waited_too_long(t):
    """What was sent before it may come late, or again."""
    server, s = own(t, answer_timeout="300ms")
    store = '<prefsStore id="1"><Language>%s</Language></prefsStore>'
    s.sync(store % "one", query="?reqSeq=7", expected=[response("1")])
    server.stop()
    equal(s.sync(store % "two", query="?reqSeq=8").status, 503)
    server.start()
    wait_until(lambda: s.bridge.metric("reconnects_total") == 1, "back", 60)
    check("what it was to was done"
          in s.sync(store % "one", query="?reqSeq=7").text, "not kept")
    s.sync(store % "two", query="?reqSeq=8", expected=[response("1")])
    equal(s.sync(store % "one", query="?reqSeq=7").status, 400)
    s.sync('<prefsRead id="2"><name>Language</name></prefsRead>',
           query="?reqSeq=9",
           expected=['<prefs id="2"><Language>two</Language></prefs>',
                     response("2")])


def test_550_when_the_ticket_is_no_longer_good(t):
    server, s = own(t)
    poll = s.start_poll(0)
    stream = s.stream()
    server.cli("SetAccountPassword %s PASSWORD new" % s.user)
    server.restart()
    equal(event_but_away(stream)[1], "bye")
    stream.expect_closed()
    poll.expect(200, batch(1, "<bye/>"))
    equal(s.status(), 550)
    equal(s.bridge.metric("sessions_lost_total"), 1)


def test_session_taken_over_while_requests_are_under_way(t):
    server, s = own(t)
    server.freeze()
    try:
        clients = []
        for path in ("sync", "sync?reqSeq=1", "async"):
            clients.append(s.bridge.connect())
            clients[-1].send("POST", s.path + path,
                             '<XIMSS><readTime id="1"/><bye id="2"/></XIMSS>')
        clients[2].expect(200)
        taken = s.bridge.connect()
        taken.send("GET", "/XIMSSLogin/?killOld=1&sessionid=" + s.id)
        for client in clients[:2]:
            client.expect(550)
    finally:
        server.signal(signal.SIGCONT)
    reply = taken.receive()
    equal(reply.status, 200)
    path = "/Session/%s/" % re.search('urlID="([^"]+)"', reply.text).group(1)
    for seq in (1, 2):
        check_reply("new", s.bridge.ask(
            "POST", path + "sync?reqSeq=%d" % seq,
            "<XIMSS>%s</XIMSS>" % NOOP), 200, xml(response("1")))
    equal(s.bridge.ask("GET", path + "?ackSeq=0").text, EMPTY)
    equal(s.status(), 550)


def test_end_of_the_bridge_ends_its_sessions(t):
    user = t.user()
    b = bridge(t)
    b.login(user).stream()
    b.end()
    wait_until(lambda: t.shared.sessions(user) == 0, "no sessions")


def test_broken_connections_leave_nothing(t):
    user = t.user()
    b = bridge(t)
    s = b.login(user)
    open_now = b.metric("connections")
    for _ in range(20):
        client = b.connect()
        client.send("GET", "/XIMSSLogin/?userName=%s&password=secret" % user)
        client.close()
        s.start_poll(0).close()
        s.stream().close()
        client = b.connect()
        client.raw(b"POST /XIMSS")
        client.close()
        client = b.connect()
        client.raw(b"<login")
        client.close()
    # the session's own, and the one that asks
    wait_until(lambda: b.metric("connections") <= open_now + 1
               and b.metric("streams") == 0, "all closed")
    s.sync(NOOP, expected=[response("1")])


def test_by_another_session_both_come_back(t):
    server, old = own(t, answer_timeout="60s")
    for i in range(2):
        reply = old.bridge.ask("GET", "/XIMSSLogin/?sessionid=" + old.id)
        new = "/Session/%s/" % re.search('urlID="([^"]+)"',
                                         reply.text).group(1)
        server.restart(crash=i > 0)
        for path in (old.path, new):
            check_reply(path, old.bridge.ask("POST", path + "sync",
                                             "<XIMSS>%s</XIMSS>" % NOOP),
                        200, xml(response("1")))


def test_where_the_bridge_is_not_trusted_both_come_back_too(t):
    server, s = own(t, {"trusted_addresses": []}, answer_timeout="60s")
    reply = s.bridge.ask("GET", "/XIMSSLogin/?sessionid=" + s.id)
    equal(reply.status, 200)
    new = "/Session/%s/" % re.search('urlID="([^"]+)"', reply.text).group(1)
    server.restart()
    for path in (s.path, new):
        check_reply(path, s.bridge.ask("POST", path + "sync",
                                       "<XIMSS>%s</XIMSS>" % NOOP),
                    200, xml(response("1")))


def test_server_lost_under_a_bye_and_other_requests(t):
    server, s = own(t)
    server.freeze()
    clients = [s.bridge.connect() for _ in range(4)]
    for client in clients:
        client.send("POST", s.path + "sync", "<XIMSS>%s%s</XIMSS>" % (
            NOOP, '<bye id="2"/>' if client is clients[0] else NOOP))
    for _ in range(2):  # a turn of the loop later they are all under way
        s.bridge.metric("requests_total")
    server.kill()
    clients[0].expect(200, xml(
        '<response id="1" errorText="…" errorNum="531"/>', response("2")))
    for client in clients[1:]:
        client.expect(550)


def test_async_answers_that_nobody_fetches_end_the_session(t):
    b = bridge(t)
    s = b.login(t.user())
    for _ in range(41):
        s.http.ask("POST", s.path + "async",
                   "<XIMSS>%s</XIMSS>" % ('<noop id=""/>' * 1000))
    wait_until(lambda: s.status() == 550, "ended")


def test_the_session_ends_by_the_answers_to_what_is_refused(t):
    b = bridge(t, max_requests=1000)
    s = b.login(t.user())
    for n in [1000] * 39 + [900, 1001]:
        s.http.ask("POST", s.path + "async",
                   "<XIMSS>%s</XIMSS>" % ('<noop id=""/>' * n))
    wait_until(lambda: s.status() == 550, "ended")


def test_answers_of_one_body_are_bounded(t):
    s = bridge(t, max_requests=10000).login(t.user())
    n, text = 5000, "x" * 4000
    body = ('<prefsStore id="0"><Big>%s</Big></prefsStore>' % text
            + '<prefsRead id="1"><name>Big</name></prefsRead>' * n)
    reply = s.http.ask("POST", s.path + "sync", "<XIMSS>%s</XIMSS>" % body)
    equal(reply.status, 200)
    whole = reply.text.count("<Big>")
    check(4000 < whole < n, str(whole))
    equal(reply.text.count("too much for one reply"), n - whole)
    s.sync(NOOP, expected=[response("1")])


def test_reply_to_a_log_in_that_nobody_takes(t):
    """The connection is reset in the turn in which ximssd answers."""
    user = t.user()
    b = bridge(t)
    clients = [b.connect() for _ in range(40)]
    for client in clients:
        client.send("GET", "/XIMSSLogin/?userName=%s&password=secret" % user)
    for client in clients:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        client.close()
    wait_until(lambda: b.metric("connections") == 1, "closed")
    equal(b.login(user).status(), 200)
