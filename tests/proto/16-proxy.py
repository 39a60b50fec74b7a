# SPDX-License-Identifier: BSD-2-Clause
"""The PROXY protocol: whom it is believed from, what it says, and what it never
gives; HAProxy and nginx as they are."""

import socket
import ssl

from bridge import BridgeClient, bridge
from proxies import (LOCAL, TLS, UDP4, UNIX, UNSPEC, Haproxy, NginxStream,
                     binary, field, header, text)
from ximss import (DEADLINE, MAIN, Client, Failed, attr, check, equal, failure,
                   make_certificate, response, trusting, wait_until)

DOOR = "127.0.0.2:0"  # the proxies'
PROXY, TRUSTED, STRANGER = "127.0.0.7", "127.0.0.8", "127.0.0.5"
CLIENT = "192.0.2.33"
NOOP = '<noop id="1"/>'


def server_of(t, **options):
    s = t.server(dict(dict(proxy_protocol=[DOOR], proxy_addresses=[PROXY],
                           trusted_addresses=[TRUSTED]), **options),
                 listen=["127.0.0.1:0", DOOR], tls=True, start=False,
                 listen_pwd=["127.0.0.1:0", DOOR])
    s.listen_tls.append(DOOR)
    s.listen_pwd_tls.append(DOOR)
    return s.start()


def connect(s, first=b"", source=PROXY, index=1, **kwargs):
    c = s.connect(source=source, index=index, **kwargs)
    if first:
        c.raw(first)
    return c


def seen(c):
    """(address, encrypted, proxied), as the server sees it."""
    message = c.ok('<readClient id="c"/>')[0]
    return tuple(attr(message, name)
                 for name in ("address", "encrypted", "proxied"))


def address(s, kind="tcp"):
    return "%s:%d" % s.ports(kind)[1]


# --- who is believed ---

def test_headers(t):
    s = server_of(t)
    for first, who in (
            (header(CLIENT), (CLIENT, "no", "yes")),
            (header("2001:db8::7"), ("2001:db8::7", "no", "yes")),
            (header("::ffff:" + CLIENT), (CLIENT, "no", "yes")),
            (header(CLIENT, TLS), (CLIENT, "yes", "yes")),
            (header(CLIENT, b"\x20\0\5\0\0\0\0\1"), (CLIENT, "no", "yes")),
            (header(CLIENT, field(4, b"x" * 300) + TLS),
             (CLIENT, "yes", "yes")),
            (binary(b"", UNSPEC, LOCAL), (PROXY, "no", "yes")),
            (binary(b"x" * 12, LOCAL, LOCAL), (PROXY, "no", "yes")),
            (binary(TLS, UNSPEC), (PROXY, "no", "yes")),
            (binary(b"/a" + bytes(214) + TLS, UNIX), (PROXY, "yes", "yes")),
            (text(CLIENT), (CLIENT, "no", "yes")),
            (text("2001:db8::7", "TCP6"), ("2001:db8::7", "no", "yes")),
            (b"PROXY UNKNOWN whatever\r\n", (PROXY, "no", "yes"))):
        equal(seen(connect(s, first)), who, repr(first))
    # The first message may come with it, or byte by byte.
    c = connect(s, header(CLIENT) + NOOP.encode() + b"\0")
    c.expect(response("1"))
    for first in (header(CLIENT, TLS), text(CLIENT)):
        c = connect(s)
        for i in range(len(first)):
            c.raw(first[i:i + 1])
        equal(seen(c)[0], CLIENT)


def test_what_is_no_header_ends_it(t):
    s = server_of(t)
    for first in (NOOP.encode() + b"\0", b"GET / HTTP/1.0\r\n",
                  binary(b"x" * 11), binary(bytes(12), UDP4),
                  binary(bytes(216), UDP4), binary(bytes(12), 0x41),
                  binary(bytes(216), 0x41), binary(bytes(12), command=0x22),
                  binary(bytes(12), command=0x11),
                  header(CLIENT, b"\x20\0\6\1\0\0\0\1"),
                  header(CLIENT, TLS + TLS), header(CLIENT, b"\4\0"),
                  header(CLIENT, b"\3\0\4abcd"),
                  text("192.0.2.333"), text(CLIENT, "TCP6"),
                  text(CLIENT)[:-2] + b"\n", b"PROXY TCP4 1 2 3 4\r\n",
                  b"PROXY UNKNOWN " + b"x" * 200):
        c = connect(s, first)
        c.expect_closed()
    s.wait_log("PROXY header refused")
    told = [line for line in s.lines if "PROXY header refused" in line]
    check(1 <= len(told) <= 4, "".join(told))


def test_length(t):
    s = server_of(t, proxy_header_bytes=1000)
    rest = 1000 - len(header(CLIENT)) - 3
    equal(seen(connect(s, header(CLIENT, field(4, bytes(rest)))))[0], CLIENT)
    connect(s, header(CLIENT, field(4, bytes(rest + 1)))).expect_closed()


def test_time(t):
    s = server_of(t)
    crowd = [connect(s, first) for first in
             (b"", header(CLIENT)[:20], b"PROXY TCP4")]
    session = connect(s, header(CLIENT))
    s.clock(4)
    check(not any(c.end for c in crowd), "too early")
    s.clock(2)
    for c in crowd:
        c.expect_closed()
    equal(seen(session)[0], CLIENT)


def test_strangers_say_nothing_for_others(t):
    s = server_of(t)
    connect(s, header(CLIENT), source=STRANGER, index=0).expect_closed()
    s.wait_log("PROXY header refused address=%s .*not trusted" % STRANGER)
    # Nor at the proxies' door, with a header or without;
    for first in (b"", header(CLIENT), text(CLIENT)):
        connect(s, first, source=STRANGER).expect_closed()
    # and the proxies themselves only there.
    connect(s, header(CLIENT), index=0).expect_closed()
    equal(seen(connect(s, source=STRANGER, index=0)),
          (STRANGER, "no", "no"))


def test_trusted_machines_may_everywhere(t):
    s = server_of(t)
    for index in (0, 1):
        equal(seen(connect(s, header(CLIENT), source=TRUSTED, index=index)),
              (CLIENT, "no", "yes"))
    equal(seen(connect(s, source=TRUSTED, index=0)), (TRUSTED, "no", "no"))
    first = header(CLIENT, TLS)
    c = connect(s, source=TRUSTED, index=0)
    for i in range(len(first)):
        c.raw(first[i:i + 1])
    equal(seen(c), (CLIENT, "yes", "yes"))
    # Text could be anybody's.
    connect(s, text(CLIENT) + b"\0", source=TRUSTED, index=0).expect(
        failure("", 540))


def test_one_header_alone(t):
    """What a stranger sends behind the proxy's is a message, and none."""
    s = server_of(t)
    c = connect(s, header(CLIENT) + header("127.0.0.1", TLS))
    c.expect(failure("", 540))
    equal(seen(connect(s, header(CLIENT)))[0], CLIENT)
    c = connect(s, header(CLIENT) + text("127.0.0.1") + b"\0")
    c.expect(failure("", 540))


# --- what it never gives ---

def test_nobody_is_local_by_it(t):
    s = server_of(t)
    joe = s.account("joe@" + MAIN)
    login = '<login id="1" userName="%s" authData="secret"/>' % joe
    here = header("127.0.0.1")
    local = binary(b"", UNSPEC, LOCAL)
    for first in (here, header("::1"), header("::ffff:127.0.0.1"), local,
                  text("127.0.0.1"), b"PROXY UNKNOWN\r\n"):
        c = connect(s, first)
        c.ask(login, failure("1", 519))
        features = c.ok('<listFeatures id="f"/>')[0]
        check("PLAIN" not in features and "EXTERNAL" not in features,
              features)
    for first in (here, local, header(CLIENT, TLS)):
        c = s.control()
        c.raw(first)
        c.ask('<login id="1" method="EXTERNAL"/>', failure("1", 527))
        equal(attr(c.ok('<readClient id="c"/>')[0], "proxied"), "yes")
    # Of one's own machine, without a proxy, it is as ever.
    s.connect().login(joe)
    s.control().external()


def test_nobody_speaks_for_others_by_it(t):
    """Even if the address is that of a machine that may."""
    s = server_of(t)
    for source, index in ((PROXY, 1), (TRUSTED, 0)):
        c = connect(s, header(TRUSTED), source=source, index=index)
        c.ok('<listFeatures id="f" clientAddress="198.51.100.1"/>')
        equal(seen(c)[0], TRUSTED)


def test_tls_goes_along(t):
    s = server_of(t)
    joe = s.account("joe@" + MAIN)
    c = connect(s, header(CLIENT, TLS))
    check("<starttls/>" not in c.ok('<listFeatures id="f"/>')[0],
          "TLS in TLS is offered")
    c.ask('<starttls id="2"/>', failure("2", 501))
    c.login(joe)
    s.wait_log("session begin .*address=%s .*tls=yes" % CLIENT)
    # Without it, TLS can begin behind the proxy.
    c = connect(s, header(CLIENT))
    c.starttls()
    equal(seen(c), (CLIENT, "yes", "yes"))
    c.login(joe)


def test_failures_count_where_they_are(t):
    s = server_of(t, log_level="debug", login_address_free_tries=3,
                  login_free_tries=100,
                  login_delay="10s", login_max_delay="10m")
    joe = s.account("joe@" + MAIN)

    def attempt(who, name, password):
        c = connect(s, header(who, TLS))
        since = len(s.lines)
        c.send('<login id="1" userName="%s" authData="%s"/>'
               % (name, password))
        got = s.answer_or_wait(c, since, name, who)
        return "held up" if got is None else int(attr(got, "errorNum", "0"))
    for i in range(20):
        if attempt(CLIENT, "nobody%d" % i, "x") == "held up":
            break
    else:
        raise Failed("never held up")
    line = s.wait_log("login failed")
    check("address=%s " % CLIENT in line, line)
    equal(attempt("192.0.2.34", joe, "secret"), 0)


def test_limits_count_where_they_are(t):
    s = server_of(t, max_unauthenticated_per_address=3)
    crowd = [connect(s, header("192.0.2.1")) for _ in range(3)]
    for c in crowd:
        equal(seen(c)[0], "192.0.2.1")
    other = connect(s, header("192.0.2.2"))
    equal(seen(other)[0], "192.0.2.2")
    connect(s, header("192.0.2.1"))
    crowd[0].expect_closed()
    for c in crowd[1:] + [other]:
        c.ask(NOOP, response("1"))
    # Nobody is let off because he says that he is a proxy.
    proxies = [connect(s, header(TRUSTED)) for _ in range(3)]
    for c in proxies:
        seen(c)
    connect(s, header(TRUSTED))
    proxies[0].expect_closed()
    networks = [connect(s, header("2001:db8::%d" % i)) for i in range(3)]
    for c in networks:
        seen(c)
    connect(s, header("2001:db8::ffff:1"))
    networks[0].expect_closed()


# --- other doors ---

def shake(c):
    """A handshake whose first bytes leave together with the header."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting().wrap_bio(into, out, server_hostname="localhost")
    first = header(CLIENT)
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            c.sock.sendall(first + out.read())
            first = b""
            into.write(c.sock.recv(65536))
    tls.write(b'<readClient id="c"/>\0')
    c.sock.sendall(out.read())
    got = b""
    while got.count(b"\0") < 2:
        try:
            got += tls.read(65536)
        except ssl.SSLWantReadError:
            into.write(c.sock.recv(65536))
    return got.decode()


def test_tls_door(t):
    s = server_of(t)
    c = connect(s, header(CLIENT), kind="tls")
    c.handshake()
    equal(seen(c), (CLIENT, "yes", "yes"))
    got = shake(connect(s, kind="tls"))
    check('address="%s" encrypted="yes"' % CLIENT in got, got)
    first = header(CLIENT)
    c = connect(s, kind="tls")
    for i in range(len(first)):
        c.raw(first[i:i + 1])
    c.handshake()
    equal(seen(c), (CLIENT, "yes", "yes"))
    connect(s, b"\x16\3\1\0\5\1\0\0\1\0", kind="tls").expect_closed()


def test_pwd_door(t):
    s = server_of(t)
    c = connect(s, kind="pwd")
    check(not c.fill(0), "greeted before it is known whom")
    c.raw(header(CLIENT))
    wait_until(lambda: c.fill(0) and b"ready\r\n" in c.buffer, "the greeting")
    c.raw(b"USER postmaster\r\nPASS x\r\n")
    wait_until(lambda: c.fill(0) and b"\r\n519 " in c.buffer, "no clear word")
    c = connect(s, header(CLIENT), kind="pwds")
    c.handshake()
    wait_until(lambda: b"ready\r\n" in c.buffer or c.fill(0) and False,
               "the greeting")


# --- the bridge's own listeners ---

def bridge_of(t, s):
    """A bridge with doors for proxies, and their ports."""
    cert, key = make_certificate(s.dir, stem="bridge")
    b = bridge(t, s, trusted_proxies=[PROXY],
               tls_certificate=cert, tls_key=key,
               listen=["127.0.0.1:0", DOOR],
               listen_tls=["127.0.0.1:0", DOOR], proxy_protocol=[DOOR],
               server_socket=s.control_path())
    return b, [int(b.wait_log(r"listening on %s 127\.0\.0\.2:" % kind)
                   .rsplit(":", 1)[1]) for kind in ("http", "https")]


def to_bridge(b, port, first, source=PROXY):
    sock = socket.create_connection(("127.0.0.2", port), timeout=DEADLINE,
                                    source_address=(source, 0))
    c = Client(sock, "proxied")
    b.clients.append(c)
    if first:
        c.raw(first)
    return c


def asked(c, password="secret"):
    """The answer to a log-in with a clear password."""
    http = BridgeClient(c.sock)
    return http.ask("GET", "/XIMSSLogin/?userName=joe&errorAsXML=1&password="
                    + password).text


def test_bridge_door(t):
    s = server_of(t)
    s.account("joe@" + MAIN)
    b, (port, tls_port) = bridge_of(t, s)
    for first, lets in ((header(CLIENT, TLS), True), (header(CLIENT), False),
                        (header("127.0.0.1"), False), (text(CLIENT), False),
                        (binary(b"", UNSPEC, LOCAL), False)):
        got = asked(to_bridge(b, port, first))
        equal("<session " in got, lets, repr((first, got)))
    line = s.wait_log("session begin .*user=joe@.*")
    check("address=%s " % CLIENT in line, line)
    c = to_bridge(b, tls_port, header(CLIENT))
    c.handshake()
    check("<session " in asked(c), "not by TLS behind the header")
    first = header(CLIENT, TLS)
    c = to_bridge(b, port, b"")
    for i in range(len(first)):
        c.raw(first[i:i + 1])
    since = len(s.lines)
    check("incorrect" in asked(c, "wrong"), "let in")
    check("address=%s " % CLIENT in s.wait_log("login failed", since), "who?")
    # Relayed, too.
    equal(seen(to_bridge(b, port, header(CLIENT, TLS))),
          (CLIENT, "yes", "yes"))
    # From elsewhere, or without one: nothing.
    for source, first in ((STRANGER, header(CLIENT, TLS)),
                          (PROXY, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                          (PROXY, b"<noop/>\0"), (PROXY, binary(b"x"))):
        to_bridge(b, port, first, source).expect_closed()
    c = Client(b.connect(source=PROXY).sock)
    c.raw(header(CLIENT) + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until(lambda: c.fill(0) and b" 400 " in c.buffer or c.end,
               "refused elsewhere")


def test_bridge_behind_proxies(t):
    s = server_of(t)
    s.account("joe@" + MAIN)
    b, (port, _) = bridge_of(t, s)
    at = "127.0.0.2:%d" % port
    haproxy = Haproxy([("ssl crt PEM", "send-proxy-v2-ssl", at),
                       ("", "send-proxy-v2", at)])
    t.servers.insert(0, haproxy)
    nginx = NginxStream([at])
    t.servers.insert(0, nginx)
    c = haproxy.connect(0)
    c.handshake()
    check("<session " in asked(c), "not logged in")
    line = s.wait_log("session begin .*user=joe@.*")
    check("address=127.0.0.44 " in line, line)
    c = haproxy.connect(0)
    c.handshake()
    equal(seen(c), ("127.0.0.44", "yes", "yes"))
    for c in (haproxy.connect(1), nginx.connect(0)):
        check("<session " not in asked(c), "without TLS")
    equal(seen(nginx.connect(0)), ("127.0.0.44", "no", "yes"))


# --- proxies as they are ---

def test_haproxy(t):
    s = server_of(t)
    joe = s.account("joe@" + MAIN)
    plain, tls = address(s), address(s, "tls")
    proxy = Haproxy([
        ("", "send-proxy-v2", plain),
        ("ssl crt PEM", "send-proxy-v2-ssl", plain),
        ("ssl crt PEM", "send-proxy-v2-ssl-cn proxy-v2-options "
         "ssl,cert-cn,cert-key,crc32c,unique-id,authority", plain),
        ("", "send-proxy-v2-ssl", plain),
        ("", "send-proxy", plain),
        ("", "send-proxy-v2", tls),
        ("ssl crt PEM", "send-proxy-v2-ssl check check-send-proxy inter 50ms",
         plain)])
    t.servers.insert(0, proxy)
    for door, shakes, encrypted in ((0, False, "no"), (1, True, "yes"),
                                    (2, True, "yes"), (3, False, "no"),
                                    (4, False, "no"), (5, True, "yes"),
                                    (6, True, "yes")):
        c = proxy.connect(door)
        if shakes:
            c.handshake()
        equal(seen(c), ("127.0.0.44", encrypted, "yes"), "door %d" % door)
        if encrypted == "yes":
            c.login(joe)
            c.bye()
        else:
            c.ask('<login id="1" userName="%s" authData="secret"/>' % joe,
                  failure("1", 519))
            c.close()


def test_nginx_stream(t):
    """Which writes version 1."""
    s = server_of(t)
    joe = s.account("joe@" + MAIN)
    proxy = NginxStream([address(s), address(s, "tls")])
    t.servers.insert(0, proxy)
    c = proxy.connect(0)
    equal(seen(c), ("127.0.0.44", "no", "yes"))
    c.ask('<login id="1" userName="%s" authData="secret"/>' % joe,
          failure("1", 519))
    c.starttls()
    c.login(joe)
    c = proxy.connect(1)
    c.handshake()
    equal(seen(c), ("127.0.0.44", "yes", "yes"))
    c.login(joe)
