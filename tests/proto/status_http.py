# SPDX-License-Identifier: BSD-2-Clause
"""What programs that watch a service do: ask its listen-status, read figures,
and hear what it tells the service manager."""

import os
import re
import socket
import subprocess

import ximss
from ximss import HERE, Failed, Missing

SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (\S+)")


class Reply:
    def __init__(self, data):
        head, _, self.body = data.partition(b"\r\n\r\n")
        self.head = head.decode()
        self.text = self.body.decode()
        self.status = int(self.head.split(" ")[1]) if head else None


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port), ximss.DEADLINE)
    sock.settimeout(ximss.DEADLINE)
    return sock


def read_all(sock):
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def ask(port, path, method="GET", more=""):
    """One request, to the end of the connection."""
    with connect(port) as sock:
        sock.sendall(("%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
                      % (method, path, more)).encode())
        return Reply(read_all(sock))


def samples(text):
    """The values of a text of figures, by name and labels."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.fullmatch(line)
        if not match:
            raise Failed("no sample: " + line)
        found[match.group(1) + (match.group(2) or "")] = float(match.group(3))
    return found


def promtool(*args, stdin=""):
    """promtool, to its end; scripts/install-deps check has unpacked it."""
    path = os.path.join(HERE, "promtool", "usr", "bin", "promtool")
    if not os.path.exists(path):
        raise Missing("promtool (tests/proto/promtool)")
    return subprocess.run([path, *args], input=stdin, capture_output=True,
                          text=True, check=False, timeout=60)


class Manager:
    """The socket of a service manager."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "notify.sock")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)

    def env(self, usec):
        """For whose main process is not known before it runs: no
        WATCHDOG_PID."""
        return {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": str(usec)}

    def heard(self, seconds=None):
        """The next message, or None if none comes in that time."""
        self.sock.settimeout(seconds or ximss.DEADLINE)
        try:
            return self.sock.recv(4096).decode()
        except socket.timeout:
            return None

    def empty(self):
        self.sock.setblocking(False)
        try:
            while self.sock.recv(4096):
                pass
        except BlockingIOError:
            pass

    def wait(self, message):
        while (got := self.heard()) != message:
            if got is None:
                raise Failed("the manager was not told " + message)
