# SPDX-License-Identifier: BSD-2-Clause
"""starttls, implicit TLS, and clear passwords beyond the machine."""

import os
import signal
import socket
import ssl
import subprocess
import time

from bridge import bridge
from ximss import (MAIN, Server, Skip, attr, b64, check, ctl_environment,
                   ctl_program, equal, failure, in_network, make_certificate, response,
                   trusting, wait_until)

SERVER = {"tls": True}
FAR = "192.0.2.77"


def common_name(c):
    """The name in the certificate that the server showed."""
    der = c.sock.getpeercert(binary_form=True)
    for name in (b"first", b"second", b"localhost"):
        if name in der:
            return name.decode()
    return None


def test_starttls(t):
    user = t.user()
    c = t.shared.connect()
    c.send('<listFeatures id="1"/>')
    check("<starttls/>" in c.receive(), "not offered")
    c.expect(response("1"))
    c.starttls()
    check(c.sock.version() in ("TLSv1.2", "TLSv1.3"), c.sock.version())
    c.send('<listFeatures id="2"/>')
    got = c.receive()
    check("<starttls/>" not in got and "<sasl>PLAIN</sasl>" in got, got)
    c.expect(response("2"))
    c.login(user)
    c.quiet()


def test_bytes_behind_starttls_are_dropped(t):
    """What somebody on the way put behind the request is not obeyed."""
    user = t.user()
    for behind in ('<noop id="evil"/>', '<login id="evil" userName="%s" '
                   'authData="secret"/>' % user):
        c = t.shared.connect()
        c.send('<starttls id="1"/>', behind)
        c.expect(response("1"))
        c.handshake()
        c.ask('<noop id="2"/>', response("2"))
        c.close()


def test_half_a_message_behind_starttls_is_dropped(t):
    c = t.shared.connect()
    c.raw(b'<starttls id="1"/>\0<noop id="ev')
    c.expect(response("1"))
    c.handshake()
    c.raw(b'il"/>\0<noop id="2"/>\0')
    c.expect(failure("", 540), response("2"))


def test_starttls_without_a_certificate(t):
    server = t.server()
    c = server.connect()
    c.send('<starttls id="1"/>')
    got = c.receive()
    check(attr(got, "errorNum") is not None, got)
    c.ask('<noop id="2"/>', response("2"))


def test_starttls_twice(t):
    c = t.shared.connect()
    c.starttls()
    c.send('<starttls id="2"/>')
    got = c.receive()
    check(attr(got, "errorNum") is not None, got)
    c.ask('<noop id="3"/>', response("3"))


def test_starttls_while_a_log_in_runs(t):
    c = t.shared.connect()
    c.send('<login id="1" method="LOGIN"/>')
    c.challenge("1")
    c.send('<starttls id="2"/>')
    got = c.receive()
    if got == response("2"):
        c.handshake()
    c.send('<auth id="1" value="%s"/>' % b64("joe"))
    c.receive()
    c.ask('<noop id="3"/>', response("3"))


def test_garbage_instead_of_a_handshake(t):
    for garbage in (b"<noop id='1'/>\0", b"\x16\x03\x01\xff\xff" + b"x" * 9000,
                    b"\0" * 100):
        c = t.shared.connect()
        c.ask('<starttls id="1"/>', response("1"))
        c.raw(garbage)
        wait_until(lambda: c.end or c.fill(time.monotonic())
                   and c.end, "closed")
        check(b"<" not in c.buffer, "clear text: %r" % c.buffer)


def test_client_leaves_in_the_handshake(t):
    for _ in range(50):
        c = t.shared.connect()
        c.ask('<starttls id="1"/>', response("1"))
        c.raw(b"\x16\x03\x01\x02\x00")
        c.reset()
    t.shared.connect().ask('<noop id="1"/>', response("1"))


def test_implicit_tls(t):
    user = t.user()
    c = t.shared.connect(kind="tls")
    c.handshake()
    c.login(user)
    alert_id = t.shared.admin().post("over TLS", "account", target=user)
    check('alertID="%s"' % alert_id in c.receive(), "the alert")
    c.ok('<bye id="1"/>')
    c.expect_closed()


def test_old_tls_is_refused(t):
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        context = trusting(version)
        context.set_ciphers("ALL:@SECLEVEL=0")
        c = t.shared.connect(kind="tls")
        try:
            c.handshake(context)
        except (ssl.SSLError, ConnectionError):
            continue
        raise AssertionError("spoke " + str(version))


def test_tls_versions(t):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        c = t.shared.connect(kind="tls")
        c.handshake(trusting(version))
        c.ask('<noop id="1"/>', response("1"))


def test_clear_text_at_the_tls_port(t):
    c = t.shared.connect(kind="tls")
    c.raw(b'<noop id="1"/>\0')
    wait_until(lambda: c.end or c.fill(time.monotonic())
               and c.end, "closed")
    check(b"response" not in c.buffer, "answered in clear")


def test_large_messages_over_tls(t):
    user = t.user()
    c = t.shared.connect(kind="tls")
    c.handshake()
    c.login(user)
    c.ask('<noop id="1"><!--%s--></noop>' % ("x" * 900000), response("1"))
    c.send(*['<noop id="%d"/>' % i for i in range(3000)])
    c.expect(*[response(str(i)) for i in range(3000)])


def test_one_byte_records(t):
    c = t.shared.connect(kind="tls")
    c.handshake()
    for byte in b'<noop id="1"/>\0':
        c.raw(bytes([byte]))
    c.expect(response("1"))


def test_scram_over_tls(t):
    user = t.user()
    c = t.shared.connect()
    c.starttls()
    c.scram(user)


def test_new_certificate_for_new_connections(t):
    """SIGHUP: who is connected stays, who comes sees the new one; a bad one
    is refused, and the old one stays in use."""
    server = t.server(tls=True)
    make_certificate(server.dir, "first")
    server.signal(signal.SIGHUP)
    user = server.account("joe@" + MAIN)

    def shows(name):
        c = server.connect(kind="tls")
        c.handshake()
        c.ask('<noop id="1"/>', response("1"))
        got = common_name(c)
        c.close()
        return got == name
    wait_until(lambda: shows("first"), "the first certificate")
    old = server.connect(kind="tls")
    old.handshake()
    old.login(user)
    make_certificate(server.dir, "second")
    server.signal(signal.SIGHUP)
    wait_until(lambda: shows("second"), "the second certificate")
    old.quiet()
    server.expected_errors.append("tls|TLS|certificate|key")
    for name, spoil in (
            ("broken file", lambda: open(cert, "w", encoding="ascii")
             .write("-----BEGIN CERTIFICATE-----\nAAAA\n")),
            ("empty file", lambda: open(cert, "w").close()),
            ("no file", lambda: os.unlink(cert)),
            ("another's key", lambda: os.rename(
                make_certificate(server.dir, "first", "other")[0], cert))):
        cert = os.path.join(server.dir, "cert.pem")
        at = len(server.lines)
        spoil()
        server.signal(signal.SIGHUP)
        server.wait_log("(?i)certificate|key|tls", at)
        check(shows("second"), name)
        old.quiet()
    make_certificate(server.dir, "first")
    server.signal(signal.SIGHUP)
    wait_until(lambda: shows("first"), "the first certificate again")
    old.quiet()


# --- beyond the machine ---

def far(function):
    """Runs function(server) with a server in a network where FAR is not
    loopback."""
    def run():
        server = Server(tls=True, listen=["0.0.0.0:0"],
                        options={"workers": 1})
        failed = True
        try:
            server.start()
            server.account("joe@" + MAIN)
            function(server)
            failed = False
        finally:
            server.end() if not failed else server.kill()
    in_network([FAR], run)


def far_connect(server):
    c = server.connect(host=FAR, source=FAR)
    check(c.sock.getpeername()[0] == FAR, "address")
    return c


def test_clear_passwords_stay_on_the_machine(t):
    def scenario(server):
        c = far_connect(server)
        c.ask('<listFeatures id="1"/>',
              '<features id="1" domain="%s"><starttls/>'
              "<sasl>SCRAM-SHA-256</sasl></features>" % MAIN, response("1"))
        c.ask('<login id="2" userName="joe" authData="secret"/>',
              failure("2", 519))
        c.ask('<login id="3" method="PLAIN" value="%s"/>'
              % b64("\0joe\0secret"), failure("3", 519))
        c.ask('<login id="4" method="LOGIN"/>', failure("4", 519))
        c.scram("joe")
        c = far_connect(server)
        c.starttls()
        c.login("joe")
        near = server.connect(host="127.0.0.1")
        near.login("joe")
    far(scenario)


def test_clear_passwords_where_configured(t):
    def scenario():
        server = Server(listen=["0.0.0.0:0"],
                        options={"clear_passwords_without_tls": True})
        try:
            server.start()
            server.account("joe@" + MAIN)
            c = far_connect(server)
            c.send('<listFeatures id="1"/>')
            check("<sasl>PLAIN</sasl>" in c.receive(), "not offered")
            c.expect(response("1"))
            c.login("joe")
        finally:
            server.end()
    in_network([FAR], scenario)


def test_ipv6(t):
    if not os.path.exists("/proc/net/if_inet6"):
        raise Skip("no IPv6")
    server = t.server({"position_save_interval": "10ms"},
                      listen=["127.0.0.1:0", "[::1]:0"])
    server.account("joe@" + MAIN)
    equal(len(server.ports()), 2)
    for index in (0, 1):
        c = server.connect(index=index)
        c.login("joe")
        wait_until(lambda: server.cli(
            "GetAccountInfo joe@%s Key LastAddress" % MAIN).strip('"')
            == ("127.0.0.1", "::1")[index], "the address of the log-in")


def test_all_addresses(t):
    server = t.server(listen=["*:0"])
    server.account("joe@" + MAIN)
    port = server.ports()[0][1]
    for family, host in ((socket.AF_INET, "127.0.0.1"),
                         (socket.AF_INET6, "::1")):
        if family == socket.AF_INET6 and \
                not os.path.exists("/proc/net/if_inet6"):
            continue
        s = socket.socket(family)
        s.settimeout(10)
        s.connect((host, port))
        s.sendall(b'<login id="1" userName="joe" authData="secret"/>\0')
        got = s.recv(4096)
        check(got.startswith(b"<session "), "%s %r" % (host, got))
        s.close()


def certificate_for(directory, names):
    """A self-signed certificate with alternative names."""
    cert, key = (os.path.join(directory, n) for n in ("names.pem", "names.key"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                    "-subj", "/CN=x", "-addext", "subjectAltName=" + names,
                    "-keyout", key, "-out", cert],
                   check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cert, key


def test_hosts_as_people_write_them(t):
    """In each program; over TLS the certificate is checked for what was
    written, without brackets and port."""
    if not os.path.exists("/proc/net/if_inet6"):
        raise Skip("no IPv6")
    directory = os.path.join(t.shared.dir, t.prefix + "hosts")
    os.mkdir(directory)
    cert, key = certificate_for(
        directory, "DNS:localhost,IP:127.0.0.1,IP:::1")
    server = t.server({"tls_certificate": cert, "tls_key": key},
                      listen=["[127.0.0.1]:0", "[0:0::1]:0"])
    user = server.account("joe@" + MAIN)
    (host4, port4), (host6, port6) = server.ports()
    equal((host4, host6), ("127.0.0.1", "::1"))

    def run(name, *args):
        path = os.path.join(os.path.dirname(ctl_program()), name)
        return subprocess.run(
            [path, *args], capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
            env=ctl_environment(server, {"XIMSS_PASSWORD": "secret"}))

    def works(*where):
        for tls in (["--tls", "none"], ["--tls", "starttls", "--ca-file",
                                        cert]):
            done = run("ximssctl", *where, *tls, "--user", user, "cli", "NOOP")
            equal((done.returncode, done.stderr), (0, ""), where)
    for host in ("127.0.0.1", "[127.0.0.1]", " 127.0.0.1", "localhost",
                 "::ffff:127.0.0.1"):
        works("--host", host, "--port", str(port4))
    for host in ("::1", "[::1]", "[0:0::1]"):
        works("--host", host, "--port", str(port6))
    works("--host", "127.0.0.1:%d" % port4)
    works("--host", "localhost:%d" % port4)
    works("--host", "[::1]:%d" % port6)
    works("--host", "[::1]:%d" % port6, "--port", str(port6))
    for host in ("[::1", "[]", "http://localhost", "localhost:x",
                 "[::1]:%d" % (port6 + 1)):
        where = ["--host", host, "--port", str(port6), "--tls", "none"]
        for name, words, status in (
                ("ximssctl", ["--user", user, "cli", "NOOP"], 2),
                ("ximss-client", [user], 2)):
            done = run(name, *where, *words)
            equal(done.returncode, status, "%s %s" % (host, done.stderr))
            check("no such host: give a name or an address" in done.stderr,
                  done.stderr)
    server.admin().post("hello")
    for host in ("[::1]", "[::1]:%d" % port6):
        more = [] if host.endswith(str(port6)) else ["--port", str(port6)]
        done = run("ximss-client", "--host", host, *more, "--tls", "none",
                   "--quiet", "--once", "--exec", "cat", user)
        equal((done.returncode, done.stderr), (0, ""))
        server.admin().post("again")
    for address in ("::1", "[::1]", "[0:0::1]"):
        bridge(t, server, server_address=address, server_port=port6,
               clear_passwords_without_tls=True).login(user)
