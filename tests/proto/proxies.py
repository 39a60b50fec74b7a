# SPDX-License-Identifier: BSD-2-Clause
"""Headers of the PROXY protocol, and real proxies that write them."""

import os
import shutil
import socket
import struct
import subprocess
import tempfile

import ximss
from ximss import (Client, Failed, Missing, free_port, make_certificate,
                   wait_until)

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
PROXY, LOCAL = 0x21, 0x20
TCP4, TCP6, UDP4, UNIX, UNSPEC = 0x11, 0x21, 0x12, 0x31, 0x00
TLS = b"\x20\0\5\1\0\0\0\1"
MAIL_MODULE = "/usr/lib/nginx/modules/ngx_mail_module.so"
STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


def field(kind, value):
    return struct.pack(">BH", kind, len(value)) + value


def binary(body, family=TCP4, command=PROXY):
    return SIGNATURE + struct.pack(">BBH", command, family, len(body)) + body


def header(address, more=b"", port=40000):
    """Version 2, for a client at the address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    return binary(packed + packed + struct.pack(">HH", port, 11024) + more,
                  TCP6 if ":" in address else TCP4)


def text(address, kind="TCP4"):
    """Version 1."""
    return ("PROXY %s %s %s 40000 11024\r\n" % (kind, address,
                                               address)).encode()


class Daemon:
    """A proxy in the foreground, with doors of its own."""

    clients = ()
    lines = ()

    def __init__(self, name):
        self.program = shutil.which(name, path=os.environ.get("PATH", "")
                                    + ":/usr/sbin:/sbin")
        if self.program is None:
            raise Missing("no " + name)
        self.dir = tempfile.mkdtemp(prefix=name + "-test-")
        os.chmod(self.dir, 0o755)
        self.log = os.path.join(self.dir, "log")
        self.process = None
        self.doors = []

    def door(self):
        self.doors.append(free_port())
        return self.doors[-1]

    def write(self, name, content):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content)
        return path

    def run(self, *args):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.program, *args], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.dir)
        for port in self.doors:
            wait_until(lambda p=port: self.answers(p), "the proxy")

    def answers(self, port):
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8") as f:
                raise Failed("the proxy ended: " + f.read())
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    def connect(self, door, source="127.0.0.44", name="proxied"):
        sock = socket.create_connection(
            ("127.0.0.1", self.doors[door]), timeout=ximss.DEADLINE,
            source_address=(source, 0))
        return Client(sock, name)

    def end(self, failed=False, keep=False):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(ximss.DEADLINE)
        shutil.rmtree(self.dir, ignore_errors=True)


class Haproxy(Daemon):
    """rows: (how it binds, how it speaks to the server, host:port)"""

    def __init__(self, rows):
        super().__init__("haproxy")
        cert, key = make_certificate(self.dir)
        pem = self.write("both.pem", "".join(
            open(path, encoding="ascii").read() for path in (cert, key)))
        config = ["defaults", " mode tcp", " timeout connect 10s",
                  " timeout client 1m", " timeout server 1m",
                  " source 127.0.0.7"]
        for i, (bind, speaks, address) in enumerate(rows):
            config += ["listen door%d" % i,
                       " bind 127.0.0.1:%d %s" % (self.door(),
                                                  bind.replace("PEM", pem)),
                       " server one %s %s" % (address, speaks)]
        self.run("-db", "-f", self.write("haproxy.cfg",
                                         "\n".join(config) + "\n"))


class NginxMail(Daemon):
    """lines: a configuration in which an operator listens on that port."""

    def __init__(self, lines, listen="listen 110;"):
        super().__init__("nginx")
        if not os.path.exists(MAIL_MODULE):
            raise Missing("no mail module of nginx")
        assert listen in lines, lines
        config = self.write("nginx.conf", (
            "load_module %s;\npid nginx.pid;\nerror_log stderr;\nevents {}\n"
            % MAIL_MODULE) + lines.replace(
                listen, "listen 127.0.0.1:%d;" % self.door()))
        self.run("-p", self.dir, "-c", config, "-g", "daemon off;")


class NginxStream(Daemon):
    """rows: host:port, one door each"""

    def __init__(self, rows):
        super().__init__("nginx")
        if not os.path.exists(STREAM_MODULE):
            raise Missing("no stream module of nginx")
        doors = "".join("server { listen 127.0.0.1:%d; proxy_pass %s; "
                        "proxy_bind 127.0.0.7; proxy_protocol on; }\n"
                        % (self.door(), address) for address in rows)
        config = self.write("nginx.conf", (
            "load_module %s;\npid nginx.pid;\nerror_log stderr;\nevents {}\n"
            "stream {\n%s}\n") % (STREAM_MODULE, doors))
        self.run("-p", self.dir, "-c", config, "-g", "daemon off;")
