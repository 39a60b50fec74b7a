# SPDX-License-Identifier: BSD-2-Clause
"""ximssctl server check: one line and an exit status, whatever the server
says."""

import os
import re
import socket
import tempfile
import threading

from ximss import ctl, equal, check

LINE = re.compile(r"XIMSSD (OK|WARNING|CRITICAL|UNKNOWN): "
                  r"[^|\n]*(?: \|( [a-z-]+=-?\d+(ms|%)?;(\d+:?)?;(\d+:?)?)+)?\n")


def run(server, *args, env=None):
    got = ctl(server, "server", "check", *args, env=env)
    check(LINE.fullmatch(got.stdout), "not one line: %r" % got.stdout)
    equal(got.stderr, "")
    word = got.stdout.split(" ")[1].rstrip(":")
    equal(["OK", "WARNING", "CRITICAL", "UNKNOWN"].index(word),
          got.returncode)
    return got


def test_well(t):
    got = run(t.shared, "--warn", "disk=0,time=60000", "--critical",
              "disk=0,time=60000")
    equal(got.returncode, 0)
    check(got.stdout.startswith("XIMSSD OK: the server answers | time="),
          got.stdout)
    check(" store=0;;0 stuck=0;;0 disk=" in got.stdout, got.stdout)
    check(" connections=" in got.stdout and "%;80;95 store-queue=" in got.stdout,
          got.stdout)


def test_thresholds(t):
    calm = ("time=60000", "disk=0")
    for warn, critical, status in (("disk=100", "disk=0", 1),
                                   ("disk=100", "disk=100", 2),
                                   ("disk=0", "disk=0", 0)):
        got = run(t.shared, "--warn", calm[0] + "," + warn, "--critical",
                  calm[0] + "," + critical)
        equal(got.returncode, status)
        equal("% of the disk free" in got.stdout, status != 0)


def test_unknown_is_never_ok(t):
    got = run(t.shared, "--warn", "time=60000,disk=0,certificate=30",
              "--critical", "time=60000,disk=0")
    equal(got.returncode, 3)
    check("certificate: the server does not know it" in got.stdout,
          got.stdout)


def test_asked_for_by_name(t):
    """Also with the number that it has by default; there is no certificate."""
    calm = "time=60000,disk=0"
    equal(run(t.shared, "--warn", calm, "--critical", calm).returncode, 0)
    for warn, critical in (("certificate=21", ""), ("", "certificate=7")):
        got = run(t.shared, "--warn", calm + ("," + warn if warn else ""),
                  "--critical", calm + ("," + critical if critical else ""))
        equal(got.returncode, 3)
        check("certificate: the server does not know it" in got.stdout,
              got.stdout)


def test_certificate(t):
    server = t.server(tls=True)  # for 30 days
    calm = ["--warn", "time=60000,disk=0", "--critical", "time=60000,disk=0"]
    got = run(server, *calm)
    check(" certificate=29;21:;7:" in got.stdout, got.stdout)
    equal(got.returncode, 0)
    server.clock(15 * 86400)
    equal(run(server, *calm).returncode, 1)
    server.clock(10 * 86400)
    equal(run(server, *calm).returncode, 2)
    server.clock(30 * 86400)
    got = run(server, *calm)
    equal(got.returncode, 2)
    check("the certificate ends in 0 days" in got.stdout, got.stdout)


def test_away(t):
    got = run(t.shared, env={"XIMSS_SOCKET": "/nonexistent/socket"})
    equal(got.returncode, 2)


def silent(directory, answer=None):
    """A socket where somebody listens and says nothing, or that."""
    path = os.path.join(directory, "silent.sock")
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    sock.listen()
    if answer is not None:
        threading.Thread(target=answer, args=(sock,), daemon=True).start()
    return path, sock


def test_no_answer(t):
    path, sock = silent(tempfile.mkdtemp(dir=t.shared.dir))
    got = run(t.shared, "--timeout", "1", env={"XIMSS_SOCKET": path})
    equal((got.returncode, got.stdout),
          (2, "XIMSSD CRITICAL: no answer within 1 s\n"))
    sock.close()


def saying(table):
    """A server of which the whole is this answer to GETSTATTABLE."""
    def serve(sock):
        c = sock.accept()[0]
        buffer = b""
        while piece := c.recv(4096):
            buffer += piece
            while b"\0" in buffer:
                message, _, buffer = buffer.partition(b"\0")
                text = message.decode()
                found = re.search(r'id="([^"]*)"', text)
                id_ = found.group(1) if found else ""
                if text.startswith("<login"):
                    c.sendall(('<session id="%s" urlID="1" userName="x"/>\0'
                               '<response id="%s"/>\0' % (id_, id_)).encode())
                elif text.startswith("<cliExecute"):
                    c.sendall(('<cliResult id="%s">%s</cliResult>\0'
                               '<response id="%s"/>\0'
                               % (id_, table, id_)).encode())
                elif text.startswith("<bye"):
                    c.close()
                    return
                else:
                    c.sendall(('<response id="%s"/>\0' % id_).encode())
    return serve


def test_what_another_server_says(t):
    """A certificate that has ended long ago is critical; what cannot be read is
    unknown."""
    calm = ["--warn", "time=60000", "--critical", "time=60000"]
    for table, status, says in (
            ("{certificateDays={Value=#-20;};}", 2, "ends in -20 days"),
            ("{certificateDays={Value=many;};}", 3,
             "certificate: the server's answer cannot be read"),
            ("{storeFull={Value=#1;};}", 2, "the store refuses to write"),
            ("{threadsStuck={Value=#2;};}", 2, "2 threads are stuck"),
            ("{storeQueue={Value=#5000;};}", 1, "5000 jobs wait"),
            ("{diskFree={Value=#-1;};diskSize={Value=#9;};}", 3,
             "disk: the server does not know it"),
            ("{}", 3, "connections: the server does not know it"),
            ("(a)", 3, "refuses to say")):
        path, sock = silent(tempfile.mkdtemp(dir=t.shared.dir), saying(table))
        got = run(t.shared, *calm, env={"XIMSS_SOCKET": path})
        equal(got.returncode, status)
        check(says in got.stdout, got.stdout)
        check("certificate: the server does not know" not in got.stdout, table)
        sock.close()
        os.unlink(path)


def test_wrong_usage_is_unknown(t):
    for args in (("--warn", "nothing=1"), ("--warn", "disk"),
                 ("--critical", "disk=x"), ("--timeout", "0"), ("more",),
                 ("--bogus",)):
        got = ctl(t.shared, "server", "check", *args)
        equal((got.returncode, got.stdout), (3, ""))
        check(got.stderr.startswith("ximssctl: "), got.stderr)
