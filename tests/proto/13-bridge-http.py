# SPDX-License-Identifier: BSD-2-Clause
"""What the bridge takes for a request, and what not (RFC 9112): two who read
the same bytes must not see two different requests in them."""

import os
import re

from bridge import bridge, check_reply, xml
from ximss import b64, check, equal, response

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}
PAGES = os.path.join(os.path.dirname(__file__), "../../clients/bridge/pages")
LINE = b"GET /healthz HTTP/1.1\r\n"
HOST = b"Host: x\r\n"
GET = LINE + HOST
POST = b"POST /XIMSSLogin/ HTTP/1.1\r\nHost: x\r\n"
XML = b'<XIMSS><noop id="1"/></XIMSS>'
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def answered(b, data, status, step=None):
    """The reply to these bytes, sent at once or in pieces; a refusal closes."""
    client = b.connect()
    for at in range(0, len(data), step or len(data)):
        try:
            client.raw(data[at:at + (step or len(data))])
        except OSError:  # refused before the last of them
            break
    reply = client.receive()
    equal(reply.status, status, repr(data))
    if status in (400, 431, 505):
        equal(reply.header("Connection"), "close", repr(data))
        client.expect_closed()
    return client, reply


REFUSED = {
    "a blank before the colon": [
        GET + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        GET + b"Content-Length : 5\r\n\r\nhello", GET + b"X\t: y\r\n\r\n",
        LINE + b"Host : x\r\n\r\n", GET + b"X y: z\r\n\r\n"],
    "no name": [GET + b": x\r\n\r\n", GET + b"x\r\n\r\n",
                GET + b"\"x\": y\r\n\r\n", GET + b"X\x80: y\r\n\r\n"],
    "LF alone": [
        b"GET /healthz HTTP/1.1\nHost: x\r\n\r\n", LINE + b"Host: x\n\r\n",
        GET + b"X: y\n\n", GET + b"\n", GET + b"X: y\nZ: z\r\n\r\n"],
    "CR alone": [
        b"GET /healthz HTTP/1.1\rHost: x\r\n\r\n", LINE + b"Host: x\r\r\n\r\n",
        GET + b"X: a\rb\r\n\r\n", GET + b"\r\r\n", GET + b"X\r: y\r\n\r\n"],
    "a continued line": [
        GET + b"X: a\r\n b\r\n\r\n", GET + b"X: a\r\n\tb\r\n\r\n",
        LINE + b" X: a\r\nHost: x\r\n\r\n", GET + b"X: a\r\n \r\n\r\n"],
    "Host": [
        LINE + b"\r\n", LINE + HOST + HOST + b"\r\n",
        LINE + HOST + b"host: y\r\n\r\n", LINE + b"Host: a b\r\n\r\n"
    ] + [LINE + b"Host: " + host + b"\r\n\r\n" for host in (
        b"a..b", b".a", b"a..", b".", b"a:b", b"a:1:2", b"a:65536", b"a:0",
        b"a:+1", b"[::1", b"::1", b"[x]", b"[::1]x", b"[::1]:x", b"[]", b"a,",
        b"a!b", b"a%2eb", b"a@b", b"x" * 256)] + [
        LINE + b"Host: a/b\r\n\r\n", LINE + b"Host: u@x\r\n\r\n",
        b"GET /healthz HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n",
        LINE + b"Host: a, b\r\n\r\n"],
    "Transfer-Encoding": [
        b"POST /XIMSSLogin/ HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked"
        b"\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
        b"0\r\n\r\n",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n"] + [
            POST + b"Transfer-Encoding: " + te + b"\r\n\r\n0\r\n\r\n"
            for te in (b"identity", b"gzip, chunked", b"chunked, gzip",
                       b"chunked, chunked", b"xchunked", b"chunked;a=b",
                       b"\"chunked\"", b"", b",chunked", b"chunked,",
                       b"chunked\r\nTransfer-Encoding: chunked",
                       b"chunked\r\nTransfer-Encoding: identity",
                       b"identity\r\nTransfer-Encoding: chunked",
                       b"\x0bchunked", b"chun\x00ked")],
    "Content-Length": [
        POST + b"Content-Length: " + cl + b"\r\n\r\nhello"
        for cl in (b"+5", b"-5", b"5 5", b"5,5", b"5, 5", b"0x5", b"5a", b"",
                   b"\"5\"", b"5.0", b"1e1", b"5\x00", b"\x0b5",
                   b"5\r\nContent-Length: 5", b"5\r\nContent-Length: 6",
                   b"99999999999999999999", b"18446744073709551621")],
    "control characters": [
        GET + b"X: a" + bytes([c]) + b"b\r\n\r\n"
        for c in list(range(0, 9)) + [11, 12] + list(range(14, 32)) + [127]
    ] + [
        b"GET /heal" + bytes([c]) + b"thz HTTP/1.1\r\n" + HOST + b"\r\n"
        for c in (0, 1, 9, 10, 11, 12, 13, 31, 127)
    ] + [b"GE\x00T /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
         b"GET /healthz HTTP/1.1\x00\r\n" + HOST + b"\r\n"],
    "the first line": [
        b"\r\n\r\n" + GET + b"\r\n", b"\n" + GET + b"\r\n",
        b"\r" + GET + b"\r\n", b" " + GET + b"\r\n",
        b"GET  /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /healthz  HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET\t/healthz HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /healthz HTTP/1.1 \r\n" + HOST + b"\r\n",
        b"GET /healthz x HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /healthz\r\n\r\n", b"GET /healthz HTTP/1\r\n" + HOST + b"\r\n",
        b"GET /healthz http/1.1\r\n" + HOST + b"\r\n",
        b"GET /healthz HTTP/1.10\r\n" + HOST + b"\r\n",
        b"GET /healthz HTTP/01.1\r\n" + HOST + b"\r\n",
        b"GET healthz HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /healthz#x HTTP/1.1\r\n" + HOST + b"\r\n",
        b"CONNECT x:443 HTTP/1.1\r\n" + HOST + b"\r\n"],
    "a URL with a host": [
        b"GET " + url + b" HTTP/1.1\r\n" + HOST + b"\r\n"
        for url in (b"http:///healthz", b"http://u@x/healthz", b"ftp://x/",
                    b"http://?x", b"http:/healthz")],
    "chunks": [
        CHUNKED + data for data in (
            b"5\nhello\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n",
            b"5\r\nhello0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n",
            b"5 \r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n",
            b"+5\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n",
            b"0x5\r\nhello\r\n0\r\n\r\n", b"5;a\nb\r\nhello\r\n0\r\n\r\n",
            b"5;a\rb\r\nhello\r\n0\r\n\r\n", b"5\r\r\nhello\r\n0\r\n\r\n",
            b"5;\x00\r\nhello\r\n0\r\n\r\n", b"\r\n5\r\nhello\r\n0\r\n\r\n",
            b"ffffffffffffffffff\r\nhello", b"0" * 17 + b"\r\n\r\n",
            b"0\r\nX : y\r\n\r\n", b"0\r\nX: y\n\r\n", b"0\r\n X: y\r\n\r\n",
            b"0\r\n\n")],
}


def refused(kind):
    def test(t):
        b = bridge(t)
        for data in REFUSED[kind]:
            for step in (None, 1, 7):
                answered(b, data, 400, step)
    return test


def more_tests():
    return [("test_refused_" + kind.replace(" ", "_"), refused(kind))
            for kind in REFUSED]


def test_versions(t):
    b = bridge(t)
    for version in (b"2.0", b"0.9", b"3.0", b"9.1"):
        answered(b, b"GET /healthz HTTP/" + version + b"\r\n" + HOST + b"\r\n",
                 505)


def test_http_1_0_is_told_nothing_before_the_reply(t):
    b = bridge(t)
    for version, first in ((b"1.0", 200), (b"1.1", 100)):
        client = b.connect()
        client.raw(b"GET /healthz HTTP/" + version + b"\r\n" + HOST
                   + b"Expect: 100-continue\r\n\r\n")
        equal(client.receive().status, first)


def test_what_is_right(t):
    b = bridge(t)
    for data in (
            GET + b"\r\n", b"\r\n" + GET + b"\r\n",
            b"GET /healthz HTTP/1.0\r\n\r\n",
            b"GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n",
            LINE + b"hOST:x\r\n\r\n", LINE + b"Host:\r\n\r\n",
            LINE + b"Host: \t x:8100 \t\r\n\r\n",
            LINE + b"Host: [2001:db8::1]:80\r\n\r\n",
            LINE + b"Host: [FE80::1%eth0]\r\n\r\n", LINE + b"Host: x:\r\n\r\n",
            LINE + b"Host: a_b.test.\r\n\r\n", LINE + b"Host: x:65535\r\n\r\n",
            LINE + b"Host: " + b"x" * 255 + b"\r\n\r\n",
            LINE + b"Host: xn--bcher-kva.test\r\n\r\n",
            GET + b"X-Empty:\r\nX-Tab: a\tb\r\nX-8: \xc3\xa4\xff\r\n\r\n",
            GET + b"!#$%&'*+-.^_`|~09aZ: x\r\n\r\n",
            GET + b"Content-Length: 5 \r\n\r\nhello",
            GET + b"Content-Length: 005\r\n\r\nhello",
            GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            b"HTTP2-Settings: AAMAAABk\r\n\r\n",
            b"GET /healthz?a=\"<>{}|\\^`@;:,$ HTTP/1.1\r\n" + HOST + b"\r\n",
            b"GET /healthz?userName=j\xc3\xb6 HTTP/1.1\r\n" + HOST + b"\r\n",
            b"GET http://x/healthz HTTP/1.1\r\n" + HOST + b"\r\n",
            b"GET HTTPS://x:8100/healthz?a HTTP/1.1\r\n" + HOST + b"\r\n"):
        for step in (None, 1):
            _, reply = answered(b, data, 200, step)
            equal(reply.text, "ok\r\n", repr(data))
    for data in (b"GET http://x HTTP/1.1\r\n" + HOST + b"\r\n",
                 b"GET http://x?a=b HTTP/1.1\r\n" + HOST + b"\r\n"):
        answered(b, data, 404)  # no pages here


def test_chunks_that_are_right(t):
    b = bridge(t)
    n = b"%x" % len(XML)
    for data in (
            n + b"\r\n" + XML + b"\r\n0\r\n\r\n",
            b"000" + n + b"\r\n" + XML + b"\r\n0\r\n\r\n",
            n.upper() + b";a=b;c=\"d\"\r\n" + XML + b"\r\n0;x\r\nX: y\r\n\r\n",
            b"".join(b"1\r\n%c\r\n" % c for c in XML) + b"0\r\n\r\n"):
        for step in (None, 1, 5):
            client, reply = answered(b, CHUNKED + data, 200, step)
            equal(reply.text, xml(response("1")))
            equal(client.ask("GET", "/healthz").status, 200)


def test_trailers_say_nothing(t):
    b = bridge(t)
    for trailer in (b"Content-Length: 100", b"Transfer-Encoding: gzip",
                    b"Host: y\r\nHost: z"):
        client, _ = answered(b, CHUNKED + b"%x\r\n" % len(XML) + XML
                             + b"\r\n0\r\n" + trailer + b"\r\n\r\n", 200)
        equal(client.ask("GET", "/healthz").text, "ok\r\n")


def test_extensions_and_trailers_are_bounded(t):
    b = bridge(t, head_bytes=2048)
    for inside in (b"1;" + b"x" * 3000 + b"\r\n ",
                   b"".join(b"1;" + b"x" * 100 + b"\r\n \r\n"
                            for _ in range(30)),
                   b"0\r\n" + b"".join(b"X%d: %s\r\n" % (i, b"x" * 100)
                                       for i in range(30))):
        answered(b, CHUNKED + inside + b"\r\n0\r\n\r\n", 431)
    client, _ = answered(b, CHUNKED + b"1;" + b"x" * 1500 + b"\r\n<\r\n"
                         b"%x\r\n" % (len(XML) - 1) + XML[1:]
                         + b"\r\n0\r\nX: " + b"y" * 400 + b"\r\n\r\n", 200)
    equal(client.ask("GET", "/healthz").status, 200)


def test_the_host_of_the_url_counts(t):
    """RFC 9112, 3.2.2: Host is ignored then."""
    user = t.user()
    name, domain = user.split("@")
    b = bridge(t)
    for url, host, wanted in ((domain, "other.test", 200),
                              ("other.test", domain, 403)):
        client = b.connect()
        client.raw(("GET http://%s/XIMSSLogin/?userName=%s&password=secret "
                    "HTTP/1.1\r\nHost: %s\r\n\r\n" % (url, name, host))
                   .encode())
        equal(client.receive().status, wanted)
        # So it does for the origin of a page.
        client = b.connect()
        client.raw(("POST http://%s/XIMSSLogin/ HTTP/1.1\r\nHost: evil.test\r\n"
                    "Origin: http://evil.test\r\nContent-Length: 0\r\n\r\n"
                    % url).encode())
        equal(client.receive().status, 403)


BLANKS = (b"", b" ", b"\t", b"  ", b" \t ", b"\t\t", b"\t \t", b" " * 40)


def test_blanks_around_values(t):
    """Blanks and tabs there mean nothing (RFC 9110, 5.5)."""
    b = bridge(t)
    for before in BLANKS:
        for behind in BLANKS:
            def line(name, value):
                return name + b":" + before + value + behind + b"\r\n"
            chunked = (b"POST /XIMSSLogin/ HTTP/1.1\r\n" + line(b"Host", b"x")
                       + line(b"Transfer-Encoding", b"CHUNKED") + b"\r\n"
                       + b"%x\r\n" % len(XML) + XML + b"\r\n0\r\n\r\n")
            client, reply = answered(b, chunked, 200)
            equal(reply.text, xml(response("1")), repr(chunked))
            # The same connection: whatever is left of the body answers first.
            length = GET + line(b"Content-Length", b"5") + b"\r\nhello"
            client.raw(length)
            check_reply(repr(length), client.receive(), 200, "ok\r\n")
            client.raw(GET + line(b"Connection", b"x," + before + b"close")
                       + b"\r\n")
            equal(client.receive().header("Connection"), "close")
            client.expect_closed()
    data = GET + (b"Content-Length:\t" + b"5" + b"\t" * 50 + b"\r\nX:\ta\tb\t"
                  b"\r\n\r\nhello")
    for step in (1, 2, 3, 7):
        answered(b, data, 200, step)


def logged_in_as(client, name):
    reply = client.receive()
    found = re.search(' userName="([^"]*)"', reply.text)
    check(reply.status == 200 and found and found.group(1) == name,
          "%s, not %d %s" % (name, reply.status, reply.text))


def test_the_same_host_written_otherwise(t):
    """Whoever asks for it logs in to that domain, not to the main one."""
    user = t.user()
    name, domain = user.split("@")
    main = t.shared.cli("MainDomainName")
    t.shared.account("%s@%s" % (name, main))
    b = bridge(t)
    query = "/XIMSSLogin/?userName=%s&password=secret HTTP/1.1\r\n" % name
    for host in (domain, domain + ".", domain.upper(), domain + ":80",
                 domain + ":", domain + ".:8443", domain.title() + ".:"):
        client = b.connect()
        for blanks in (b"", b" ", b"\t", b"\t \t"):
            client.raw(b"GET " + query.encode() + b"Host:" + blanks
                       + host.encode() + blanks + b"\r\n\r\n")
            logged_in_as(client, user)
        for scheme in ("http", "HTTPS"):
            client.raw(("GET %s://%s%sHost: other.test\r\n\r\n"
                        % (scheme, host, query)).encode())
            logged_in_as(client, user)
    for host in ("127.0.0.1:80", "[::1]:80", ""):
        client = b.connect()
        client.raw(("GET %sHost: %s\r\n\r\n" % (query, host)).encode())
        logged_in_as(client, "%s@%s" % (name, main))


def test_blanks_behind_basic(t):
    user = t.user()
    b = bridge(t)
    digits = b64(user + ":secret")
    client = b.connect()
    for scheme in ("Basic ", "basic  ", "BASIC\t", "Basic" + " " * 30,
                   " Basic \t "):
        client.raw(("GET /XIMSSLogin/ HTTP/1.1\r\nHost: x\r\nAuthorization:"
                    "%s%s \r\n\r\n" % (scheme, digits)).encode())
        logged_in_as(client, user)
    for wrong in (digits, "Basic" + digits, "Basic", "Basic ",
                  "Basic %s x" % digits, "Basic " + digits[:8] + " "
                  + digits[8:], "Basic\x0b" + digits, "Digest " + digits):
        client = b.connect()
        client.raw(("GET /XIMSSLogin/ HTTP/1.1\r\nHost: x\r\nAuthorization: "
                    "%s\r\n\r\n" % wrong).encode())
        check(client.receive().status in (400, 401, 403), wrong)


def test_ports_that_origins_leave_out(t):
    b = bridge(t, allowed_origins=["https://portal.test:443",
                                   "http://portal.test", "app://x"])
    for origin, host, wanted in (
            ("https://a.test", "a.test:443", 401),
            ("https://a.test:443", "a.test", 401),
            ("http://a.test", "a.test:80", 401),
            ("http://a.test:80", "a.test", 401),
            ("HTTPS://A.test", "a.TEST.", 401),
            ("https://[::1]", "[::1]:443", 401),
            ("http://a.test:8100", "a.test:8100", 401),
            ("http://a.test", "a.test:443", 403),
            ("https://a.test", "a.test:80", 403),
            ("https://a.test:80", "a.test", 403),
            ("http://a.test:8100", "a.test", 403),
            ("http://a.test:8100", "a.test:8101", 403),
            ("http://a.test.b", "a.test", 403),
            ("ftp://a.test", "a.test", 403), ("null", "a.test", 403),
            ("http://", "", 403), ("", "a.test", 403),
            ("https://portal.test", "x", 401),
            ("https://portal.test:443", "x", 401),
            ("http://portal.test:80", "x", 401), ("APP://x", "x", 401),
            ("http://portal.test:443", "x", 403),
            ("https://portal.test:80", "x", 403)):
        reply = b.ask("POST", "/XIMSSLogin/", headers=[("Origin", origin)],
                      host=host)
        equal(reply.status, wanted, "%s for %s" % (origin, host))
        equal(reply.header("Access-Control-Allow-Origin"),
              origin if "portal" in origin and wanted == 401
              or origin == "APP://x" else None, origin)


def test_methods_that_may_be_used_are_named(t):
    b = bridge(t, pages=PAGES)
    s = b.login(t.user())
    for path, allowed in ((s.path + "sync", "GET, POST"),
                          (s.path + "kill", "POST"),
                          (s.path + "events", "GET"), ("/", "GET, HEAD")):
        reply = b.ask("DELETE", path)
        equal((reply.status, reply.header("Allow")), (405, allowed), path)


def test_nothing_is_left_of_what_was_refused(t):
    """A second request behind the first one is not answered."""
    b = bridge(t)
    client = b.connect()
    client.raw(POST + b"Content-Length: 6\r\nTransfer-Encoding : chunked\r\n"
               b"\r\n0\r\n\r\n" + GET + b"\r\n")
    equal(client.receive().status, 400)
    client.expect_closed()
    equal(b.metric("requests_total"), 1)


def test_why_is_said(t):
    b = bridge(t)
    for data, why in ((LINE + b"\r\n", "no Host"),
                      (LINE + HOST + HOST + b"\r\n", "more than one Host"),
                      (POST + b"Content-Length: 1\r\nTransfer-Encoding: "
                       b"chunked\r\n\r\n", None)):
        _, reply = answered(b, data, 400)
        check(why is None or reply.reason == why, reply.head)


def test_requests_behind_each_other(t):
    b = bridge(t)
    client = b.connect()
    client.raw(CHUNKED + b"%x\r\n" % len(XML) + XML + b"\r\n0\r\n\r\n"
               + GET + b"Content-Length: 2\r\n\r\n\r\n" + b"\r\n" + GET
               + b"\r\n")
    check_reply("1", client.receive(), 200, xml(response("1")))
    for _ in range(2):
        check_reply("2", client.receive(), 200, "ok\r\n")
    check(re.match(r"HTTP/1.1 200", client.ask("GET", "/healthz").head
                   .decode()), "still open")


def test_this_machine_by_a_socket_for_both(t):
    """Where IPv4 comes by an IPv6 socket, its addresses are mapped."""
    b = bridge(t, listen=["*:0"])
    check(b.metric("connections") > 0, "the metrics are for this machine")
