#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Event streams of ximss-bridge: memory of each, one alert to all of them, all
of them coming back at once; beside direct sessions of ximssd, and nginx with
nchan (if it is there).  All three are read by the same few lines of this
program, which are the greater part of what is measured at the end of a round;
ratios are of one round."""

import argparse
import os
import re
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "tests", "proto"))
sys.dont_write_bytecode = True

import bridge as web  # noqa: E402
import ximss  # noqa: E402

NCHAN = """
load_module modules/ngx_nchan_module.so;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events { worker_connections 19000; }
http {
    access_log off;
    server {
        listen 127.0.0.1:%d;
        location = /post { nchan_publisher; nchan_channel_id all;
            nchan_message_buffer_length 1; }
        location = /events { nchan_subscriber eventsource;
            nchan_channel_id all; }
    }
}
"""
TEXT = "The server goes down at six. " * 3


def memory(pid):
    """Proportional set size in KiB."""
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
        return int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1))


def cpu(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        fields = f.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Readers:
    """Sockets, each of which is to get one message that ends in a mark."""

    def __init__(self):
        self.epoll = select.epoll()
        self.socks = {}

    def add(self, sock):
        self.socks[sock.fileno()] = sock
        self.epoll.register(sock, select.EPOLLIN)

    def wait(self, mark, patience=120):
        """Until each socket has read the mark; seconds from the call."""
        start = time.monotonic()
        missing = dict.fromkeys(self.socks, b"")
        while missing:
            for fd, _ in self.epoll.poll(patience):
                data = self.socks[fd].recv(65536)
                if not data:
                    raise SystemExit("a stream was closed")
                if fd in missing:
                    missing[fd] += data
                    if mark in missing[fd]:
                        del missing[fd]
            if time.monotonic() - start > patience:
                raise SystemExit("%d have not read %r" % (len(missing), mark))
        return time.monotonic() - start

    def close(self):
        for sock in self.socks.values():
            sock.close()
        self.socks = {}
        self.epoll.close()
        self.epoll = select.epoll()


def connect(port):
    return socket.create_connection(("127.0.0.1", port))


def get(path):
    return ("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path).encode()


def in_turn(n, window, begin, end):
    """begin(i) a window ahead of end(i, what begin returned)."""
    under_way = []
    for i in range(n + window):
        if i < n:
            under_way.append(begin(i))
        if i >= window or i >= n:
            j = i - window
            if j >= 0:
                end(j, under_way[j])
                under_way[j] = None


class BridgeStreams:
    name = "ximss-bridge"

    def __init__(self, server, users, password):
        self.server = server
        self.bridge = web.Bridge(server, {"max_connections": 0}).start()
        self.readers = Readers()
        self.pids = [self.bridge.process.pid, server.process.pid]
        self.before = self.memory()
        self.paths = [None] * len(users)
        self.log_in(users, password)
        self.open()

    def memory(self):
        return [memory(pid) for pid in self.pids]

    def log_in(self, users, password):
        def begin(i):
            sock = connect(self.bridge.port)
            sock.sendall(get("/XIMSSLogin/?userName=%s&password=%s"
                             % (users[i], password)))
            return sock

        def end(i, sock):
            data = b""
            while b"</XIMSS>" not in data:
                data += sock.recv(65536)
            sock.close()
            self.paths[i] = "/Session/%s/events" % re.search(
                rb'urlID="([^"]+)"', data).group(1).decode()
        in_turn(len(users), 32, begin, end)

    def open(self):
        """All streams at once; seconds until each has its greeting."""
        start = time.monotonic()
        for path in self.paths:
            sock = connect(self.bridge.port)
            sock.sendall(get(path))
            self.readers.add(sock)
        self.readers.wait(b": hello\n\n")
        return time.monotonic() - start

    def again(self):
        self.readers.close()
        return self.open()

    def post(self, number):
        mark = ("<!%d>" % number)
        admin = self.server.admin()
        admin.send('<alertPost id="p" scope="server">%s</alertPost>'
                   % ximss.escape(TEXT + mark))
        seconds = self.readers.wait(ximss.escape(mark).encode())
        admin.until_response("p")
        return seconds

    def end(self):
        self.readers.close()
        self.bridge.end()


class Direct:
    name = "direct sessions"

    def __init__(self, server, users, password):
        self.server = server
        self.readers = Readers()
        self.pids = [server.process.pid]
        port = server.ports()[0][1]

        def begin(i):
            sock = connect(port)
            sock.sendall(('<login id="l" userName="%s" authData="%s"/>\0'
                          % (users[i], password)).encode())
            return sock

        def end(_, sock):
            data = b""
            while b'<response id="l"' not in data:
                data += sock.recv(65536)
            self.readers.add(sock)
        in_turn(len(users), 32, begin, end)

    post = BridgeStreams.post

    def end(self):
        self.readers.close()


class Nchan:
    name = "nginx with nchan"

    def __init__(self, n):
        self.dir = tempfile.mkdtemp(prefix="nchan-bench-")
        self.port = ximss.free_port()
        config = os.path.join(self.dir, "nginx.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write(NCHAN % self.port)
        os.symlink("/usr/lib/nginx/modules", os.path.join(self.dir, "modules"))
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", self.dir, "-c", config, "-g",
             "daemon off; user root;"], stderr=subprocess.DEVNULL)
        ximss.wait_until(self.answers, "nginx")
        children = "/proc/%d/task/%d/children" % ((self.process.pid,) * 2)
        self.pids = ximss.wait_until(lambda: self.workers(children), "nginx")
        self.before = [memory(self.pids[0])]
        self.readers = Readers()
        for _ in range(n):
            sock = connect(self.port)
            sock.sendall(get("/events").replace(
                b"\r\n\r\n", b"\r\nAccept: text/event-stream\r\n\r\n"))
            self.readers.add(sock)
        self.readers.wait(b": hi\n")

    @staticmethod
    def workers(children):
        with open(children, encoding="ascii") as f:
            return [int(pid) for pid in f.read().split()]

    def answers(self):
        try:
            connect(self.port).close()
        except OSError:
            return False
        return True

    def memory(self):
        return [memory(pid) for pid in self.pids]

    def post(self, number):
        mark = "<!%d>" % number
        body = (TEXT + mark).encode()
        with connect(self.port) as sock:
            sock.sendall(b"POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: "
                         b"%d\r\n\r\n%s" % (len(body), body))
            return self.readers.wait(mark.encode())

    def end(self):
        self.readers.close()
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.dir, ignore_errors=True)


def show(name, times):
    print("%-18s one alert to all: median %.0f ms (%.0f to %.0f)" % (
        name, 1000 * statistics.median(times), 1000 * min(times),
        1000 * max(times)))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--build", default=".")
    p.add_argument("--streams", type=int, default=9000)
    p.add_argument("--rounds", type=int, default=7)
    o = p.parse_args()
    os.environ["XIMSSD"] = os.path.join(o.build, "ximssd")
    n, rounds = o.streams, range(o.rounds)
    server = ximss.Server({"trusted_addresses": ["127.0.0.1"]})
    server.start()
    domain = server.domain("bench.test")
    users = ["u%d@%s" % (i, domain) for i in range(n)]
    server.accounts(users)
    bridge = BridgeStreams(server, users, ximss.PASSWORD)
    bridge.post(0)
    after = bridge.memory()
    for who, a, b in zip(("bridge", "server"), bridge.before, after):
        print("%-18s %.2f KiB for each of %d streams" % (
            who, (a - b) / -n, n))
    times = {bridge.name: [bridge.post(i + 1) for i in rounds]}
    storm = [bridge.again() for _ in range(3)]
    print("%-18s all come back: median %.2f s (%.2f to %.2f)" % (
        bridge.name, statistics.median(storm), min(storm), max(storm)))
    show(bridge.name, times[bridge.name])
    bridge.end()
    direct = Direct(server, users, ximss.PASSWORD)
    times[direct.name] = [direct.post(100 + i) for i in rounds]
    show(direct.name, times[direct.name])
    direct.end()
    server.end()
    if os.path.exists("/usr/lib/nginx/modules/ngx_nchan_module.so"):
        nchan = Nchan(n)
        times[nchan.name] = [nchan.post(i) for i in rounds]
        print("%-18s %.2f KiB for each of %d streams" % (
            nchan.name, (nchan.memory()[0] - nchan.before[0]) / n, n))
        show(nchan.name, times[nchan.name])
        nchan.end()


if __name__ == "__main__":
    main()
