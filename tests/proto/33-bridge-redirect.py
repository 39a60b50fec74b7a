# SPDX-License-Identifier: BSD-2-Clause
"""The listener that leads to HTTPS, and Strict-Transport-Security."""

import socket
import subprocess

from bridge import Bridge, BridgeClient, bridge, program
from ximss import DEADLINE, check, equal, free_port

HOST = "alerts.example.test"
REPLY = ("HTTP/1.1 %s\r\nConnection: keep-alive\r\nDate: %s\r\n"
         "Content-Type: text/plain;charset=utf-8\r\nContent-Length: 11\r\n"
         "Server: %s\r\nCache-Control: no-cache,must-revalidate\r\n"
         "Referrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n"
         "X-Content-Type-Options: nosniff\r\nX-XSS-Protection: 0\r\n"
         "Location: %s")


def redirecting(t, host=HOST, **options):
    port = free_port()
    b = bridge(t, redirect_http=["127.0.0.1:%d" % port], redirect_host=host,
               **options)
    b.unsafe = port
    return b


def connect(b):
    sock = socket.create_connection(("127.0.0.1", b.unsafe), DEADLINE)
    client = BridgeClient(sock, "unsafe")
    b.clients.append(client)
    return client


def leads(client, method, target, host="localhost", body=b""):
    client.send(method, target, body, host=host)
    reply = client.receive(head_only=method == "HEAD")
    return reply.status, reply.header("Location")


def test_the_whole_reply(t):
    client = connect(redirecting(t))
    for method, status in (("GET", "301 Moved Permanently"),
                           ("HEAD", "301 Moved Permanently"),
                           ("POST", "308 Permanent Redirect")):
        reply = client.ask(method, "/admin/?a=b&c=%20")
        equal(reply.head.decode(), REPLY % (
            status, reply.header("Date"), reply.header("Server"),
            "https://%s/admin/?a=b&c=%%20" % HOST))
        equal(reply.body, b"" if method == "HEAD" else b"Use HTTPS\r\n")


def test_methods(t):
    client = connect(redirecting(t))
    for method, status in (("GET", 301), ("HEAD", 301), ("POST", 308),
                           ("OPTIONS", 308), ("PUT", 308), ("DELETE", 308)):
        equal(leads(client, method, "/x"), (status, "https://%s/x" % HOST))


def test_no_request_chooses_the_host(t):
    client = connect(redirecting(t))
    for target, host, where in (
            ("/", "evil.test", "/"), ("/", "evil.test:8080", "/"),
            ("http://evil.test/a?b", "evil.test", "/a?b"),
            ("//evil.test/", "x", "//evil.test/"),
            ("/@evil.test", "x", "/@evil.test"),
            ("/%0d%0aX:y", "x", "/%0d%0aX:y"), ("/\\evil", "x", "/\\evil")):
        equal(leads(client, "GET", target, host),
              (301, "https://%s%s" % (HOST, where)))
    equal(leads(client, "OPTIONS", "*"), (308, "https://%s/" % HOST))


def test_a_port_can_be_named(t):
    equal(leads(connect(redirecting(t, "alerts.test:8443")), "GET", "/x"),
          (301, "https://alerts.test:8443/x"))


def test_nothing_is_served_there(t):
    """No page, no log-in, no file, no XIMSS."""
    b = redirecting(t)
    user = t.user()
    client = connect(b)
    for target in ("/healthz", "/metrics",
                   "/XIMSSLogin/?userName=%s&password=secret" % user):
        status, where = leads(client, "GET", target)
        equal((status, where), (301, "https://%s%s" % (HOST, target)))
    equal(b.metric("logins_total"), 0)
    raw = connect(b)
    raw.raw(b'<noop id="1"/>\0')
    raw.expect_closed()


def test_limits_hold_there(t):
    client = connect(redirecting(t, head_bytes="1K", stranger_body_bytes="1K"))
    equal(leads(client, "POST", "/", body=b"x" * 1024)[0], 308)
    equal(leads(client, "POST", "/", body=b"x" * 1025)[0], 413)
    client = connect(t.servers[0])
    equal(leads(client, "GET", "/" + "x" * 1100)[0], 414)


def test_settings_are_checked(t):
    for options, error in (
            ({"redirect_http": ["127.0.0.1:0"]},
             "redirect-http: needs redirect-host"),
            ({"redirect_host": "https://x"},
             "redirect-host: must be a host, or HOST:PORT"),
            ({"redirect_host": "x/y"},
             "redirect-host: must be a host, or HOST:PORT"),
            ({"redirect_host": "a b"},
             "redirect-host: must be a host, or HOST:PORT")):
        b = Bridge(t.shared, options)
        b.write_config()
        done = subprocess.run([program(), "--config", b.config], text=True,
                              capture_output=True, check=False)
        b.end()
        equal(done.returncode, 78, done.stderr)
        check(error in done.stderr, done.stderr)


def test_hsts_over_tls_only(t):
    b = bridge(t, tls=True, hsts="365d")
    for path in ("/healthz", "/nothing", "/XIMSSLogin/"):
        for tls, value in ((True, "max-age=31536000"), (False, None)):
            equal(b.connect(tls=tls).ask("GET", path)
                  .header("Strict-Transport-Security"), value)
    b.reload(hsts="0s")
    equal(b.connect(tls=True).ask("GET", "/healthz")
          .header("Strict-Transport-Security"), None)


def test_hsts_of_a_stream(t):
    b = bridge(t, tls=True, hsts="1d")
    s = b.login(t.user())
    client = b.connect(tls=True)
    client.send("GET", s.path + "events")
    check("\r\nStrict-Transport-Security: max-age=86400\r\n"
          in client.until(b"\r\n\r\n").decode(), "no header")
