# SPDX-License-Identifier: BSD-2-Clause
"""Notices that leave the server: traps to a real snmptrapd, and https.  (What
unit tests hold is not repeated.)"""

import base64
import contextlib
import hashlib
import hmac
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading

import ximss
from certificates import sign
from ximss import Missing, Skip, check, equal, wait_until

SNMPTRAP = "/usr/bin/snmptrap"
SNMPTRAPD = "/usr/sbin/snmptrapd"
OID = "1.3.6.1.4.1.8072.9999.9999"


def match(got, expected, what):
    check(re.fullmatch(expected, got), "%s: %s" % (what, got))


def send(*args):
    """What became of the notice."""
    program = os.path.join(os.path.dirname(ximss.program()),
                           "tests/proto/notify_send")
    if not os.path.exists(program):
        raise Skip("no tests/proto/notify_send: make check builds it")
    done = subprocess.run([program, *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=ximss.DEADLINE,
                          check=False)
    equal(done.stderr, "", "standard error")
    return done.stdout.rstrip("\n")


# --- SNMP ---

@contextlib.contextmanager
def trapd(directory):
    """A snmptrapd of our own: its port, and the file in which it logs."""
    if not os.path.exists(SNMPTRAP) or not os.path.exists(SNMPTRAPD):
        raise Missing("packages snmp and snmptrapd")
    conf, log = (os.path.join(directory, n) for n in ("trapd.conf", "traps"))
    with open(conf, "w", encoding="ascii") as f:
        f.write("disableAuthorization yes\nformat2 %v\\n\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    process = subprocess.Popen(
        [SNMPTRAPD, "-f", "-C", "-c", conf, "-Lf", log, "-m", "", "-On", "-p",
         os.path.join(directory, "trapd.pid"), "udp:127.0.0.1:%d" % port],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ, SNMP_PERSISTENT_DIR=directory))
    try:
        wait_until(lambda: "NET-SNMP version" in text_of(log), "snmptrapd")
        yield port, log
    finally:
        process.terminate()
        process.wait()


def text_of(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def test_trap_by_snmptrap(t):
    """The example of ximssd.conf(5)."""
    directory = os.path.join(t.shared.dir, "snmp")
    os.mkdir(directory)
    with trapd(directory) as (port, log):
        text = "disk low: '5' & $(id)"
        words = [SNMPTRAP, "-v", "2c", "-c", "public", "127.0.0.1:%d" % port,
                 "", OID + ".1", OID + ".2", "s", text]
        equal(send("--commands", SNMPTRAP, "command", *words), "ok", "trap")
        wait_until(lambda: OID + ".2" in text_of(log), "the trap")
        check('STRING: "%s"' % text in text_of(log), text_of(log))
        words[8:] = ["no such object", "s", "x"]
        said = send("--commands", SNMPTRAP, "command", *words)
        match(said, r"it ended with status 1: .*no such object.*", "status")


# --- https ---

class Https:
    """Takes one request after the other, with a certificate."""

    def __init__(self, cert, key, version=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        if version is not None:
            self.context.maximum_version = version
            self.context.set_ciphers("ALL:@SECLEVEL=0")
        self.requests = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                sock = self.socket.accept()[0]
            except OSError:
                return
            with sock, contextlib.suppress(OSError):
                with self.context.wrap_socket(sock, server_side=True) as tls:
                    self.answer(tls)

    def answer(self, tls):
        request = b""
        while b"\r\n\r\n" not in request or not request.endswith(b"}"):
            more = tls.recv(4096)
            if not more:
                return
            request += more
        self.requests.append(request.decode())
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_certificates_are_checked(t):
    directory = os.path.join(t.shared.dir, "https")
    os.mkdir(directory)
    root, root_key = ximss.make_certificate(directory, name="ca", stem="ca")
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1\n"
    cert, key = ximss.make_certificate(directory, stem="own")
    cert = sign(directory, "own", key, root, root_key, names)
    other = sign(directory, "other", key, root, root_key,
                 "subjectAltName=DNS:other.test\n")
    for chain, roots, host, says in (
            (cert, root, "localhost", r"ok"),
            (cert, root, "127.0.0.1", r"ok"),
            (cert, "", "localhost", r"localhost: SSL certificate problem: .*"),
            (cert, other, "localhost", r"localhost: .*"),
            (other, root, "localhost", r"localhost: SSL: .*")):
        server = Https(chain, key)
        url = "https://%s:%d" % (host, server.port)
        match(send("--urls", url, "--roots", roots, "url", url + "/hook",
                   "{}"), says, "%s by %s" % (host, roots))
        equal(len(server.requests), int(says == "ok"), "requests")
        server.socket.close()
    shutil.rmtree(directory)


def test_tls_1_1_is_refused(t):
    directory = os.path.join(t.shared.dir, "old")
    os.mkdir(directory)
    cert, key = ximss.make_certificate(directory)
    server = Https(cert, key, ssl.TLSVersion.TLSv1_1)
    url = "https://localhost:%d" % server.port
    match(send("--urls", url, "--roots", cert, "url", url, "{}"),
          r"localhost: .*(version|alert).*", "TLS 1.1")
    server.socket.close()


def test_signature_can_be_checked_elsewhere(t):
    """By ten lines of another language, as a receiver has them."""
    directory = os.path.join(t.shared.dir, "signed")
    os.mkdir(directory)
    cert, key = ximss.make_certificate(directory)
    server = Https(cert, key)
    url = "https://localhost:%d" % server.port
    secret = "whsec_" + base64.b64encode(b"our key").decode()
    equal(send("--urls", url, "--roots", cert, "url", url, '{"a":1}', secret),
          "ok", "post")
    head, body = server.requests[0].split("\r\n\r\n")
    has = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    text = "%s.%s.%s" % (has["webhook-id"], has["webhook-timestamp"], body)
    made = hmac.new(b"our key", text.encode(), hashlib.sha256).digest()
    equal(has["webhook-signature"], "v1," + base64.b64encode(made).decode(),
          "signature")
    server.socket.close()


# --- the server's settings ---

def test_reload_takes_them_or_keeps_the_old(t):
    server = t.server({"notify_commands": ["/bin/true"]})
    server.expected_errors.append("not reloaded, the old one stays: ")
    server.options["notify_urls"] = ["https://a.test@b.test"]
    server.write_config()
    since = len(server.lines)
    server.signal(signal.SIGHUP)
    server.wait_log(r".*notify-urls: https://a.test@b.test: .*", since=since)
    server.options["notify_urls"] = ["https://a.test/b"]
    server.options["notify_parallel"] = 5
    server.write_config()
    since = len(server.lines)
    server.signal(signal.SIGHUP)
    server.wait_log(r".*take effect at the next start: notify-parallel",
                    since=since)
    server.wait_log(r".*configuration and certificates were read again",
                    since=since)
