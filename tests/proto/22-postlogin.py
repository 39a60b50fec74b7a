# SPDX-License-Identifier: BSD-2-Clause
"""ximss-postlogin, which Dovecot's script-login runs: what the client gets, what
counts as seen, and that the mail process is run whatever the door does."""

import os
import socket
import subprocess
import tempfile
import threading

import ximss
from ximss import DEADLINE, body, check, equal, wait_until

PROGRAM = os.path.join(os.path.dirname(ximss.program()), "ximss-postlogin")
NEXT = ("/bin/echo", "next")
SERVER = {}


def run(*args, user="joe", env=None):
    """(status, output, errors)"""
    done = subprocess.run(
        [PROGRAM, *args], input=b"", capture_output=True, check=False,
        timeout=DEADLINE * 4,
        env={"PATH": "/bin:/usr/bin", "IP": "192.0.2.8",
             **({"USER": user} if user else {}), **(env or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def wait():
    """The longest that it takes."""
    return "10000"


def door_server(t):
    server = t.server(start=False).open_door().start()
    return server, server.options["door_socket"]


def waiting(server, user):
    return [body(r) for r in server.admin().reports(scope="account",
                                                    target=user)]


def post(server, user, text, **attributes):
    server.admin().post(text, "account", target=user, **attributes)


# --- with ximssd ---

def test_imap_shows_all_before_the_mail_process(t):
    server, door = door_server(t)
    joe = server.account("joe@" + ximss.MAIN)
    equal(run("imap", door, wait(), *NEXT), (0, "next\n", ""))
    for text, severity in (("one\nof two lines", "warning"),
                           ("two <&>", "critical"), ("three", "info")):
        post(server, joe, text, severity=severity)
    server.admin().post("for all", "server")
    equal(run("imap", door, wait(), *NEXT), (0,
          "* NO [ALERT] one | of two lines\r\n* NO [ALERT] two <&>\r\n"
          "* OK [ALERT] three\r\n* NO [ALERT] for all\r\nnext\n", ""))
    wait_until(lambda: not waiting(server, joe), "they count as seen")
    equal(run("imap", door, wait(), *NEXT), (0, "next\n", ""))
    server.login(joe).quiet()


def test_pop3_refuses_once_for_each(t):
    server, door = door_server(t)
    joe = server.account("joe@" + ximss.MAIN)
    server.admin().post("news", "server")
    post(server, joe, "first")
    post(server, joe, "x" * 1000)
    server.admin().post("fire", "server", severity="critical")
    equal(run("pop3", door, wait(), *NEXT), (
        0, "-ERR [SYS/TEMP] first (please wait and retry)\r\n", ""))
    wait_until(lambda: len(waiting(server, joe)) == 1, "one counts as seen")
    status, out, _ = run("pop3", door, wait(), *NEXT)
    check(status == 0 and out.startswith("-ERR [SYS/TEMP] xxx") and
          out.endswith("x… (please wait and retry)\r\n"), out)
    check(len(out.encode()) <= 512, len(out))
    equal(run("pop3", door, wait(), *NEXT)[1],
          "-ERR [SYS/TEMP] fire (please wait and retry)\r\n")
    equal(run("pop3", door, wait(), *NEXT), (0, "next\n", ""))
    post(server, joe, "coded")
    equal(run("--code=LOGIN-DELAY", "pop3", door, wait(), *NEXT)[1],
          "-ERR [LOGIN-DELAY] coded (please wait and retry)\r\n")
    # What refuses no log-in is left to others.
    equal(run("imap", door, wait(), *NEXT)[1],
          "* NO [ALERT] news\r\nnext\n")


def test_who_is_not_known_gets_in(t):
    server, door = door_server(t)
    for user in ("nobody@" + ximss.MAIN, "x" * 300, "a b"):
        status, out, _ = run("pop3", door, wait(), *NEXT, user=user)
        equal((status, out), (0, "next\n"), user)


# --- with doors that fail ---

class Door:
    """Takes one connection, answers each request with what `answers` has for its
    id, and keeps what it got."""

    def __init__(self, answers, after=b""):
        self.dir = tempfile.TemporaryDirectory(prefix="door-test-")
        self.path = os.path.join(self.dir.name, "sock")
        self.answers, self.after, self.got = answers, after, b""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve)

    def serve(self):
        sock = self.listener.accept()[0]
        with sock:
            left = dict(self.answers)
            while True:
                data = sock.recv(4096)
                if not data:
                    return
                self.got += data
                for id_ in list(left):
                    if b'id="%s"' % id_ in self.got:
                        answer = left.pop(id_)
                        if answer is None:
                            return
                        sock.sendall(answer)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join(DEADLINE)
        self.listener.close()
        self.dir.cleanup()


OK = b'<session id="login" urlID="1"/>\0<response id="login"/>\0'
ALERT = (b'<alert alertID="7" scope="account" severity="critical">Hello'
         b'</alert>\0')
TOLD = b'<response id="told"/>\0'


def test_what_is_said_at_the_door(t):
    with Door({b"login": OK, b"told": ALERT + TOLD,
               b"7": b'<response id="7"/>\0'}) as door:
        equal(run("imap", door.path, wait(), *NEXT),
              (0, "* NO [ALERT] Hello\r\nnext\n", ""))
    equal(door.got, b"".join(m + b"\0" for m in (
        b'<login id="login" method="EXTERNAL" userName="joe" '
        b'alertConfirm="yes" alertChanges="yes" door="imap" '
        b'clientAddress="192.0.2.8" attended="yes"/>',
        b'<noop id="told"/>', b'<alertConfirm id="7" alertID="7"/>')))


def test_an_alert_that_is_withdrawn_meanwhile(t):
    gone = b'<alertRemoved alertID="7"/>\0'
    with Door({b"told": OK + ALERT + gone + TOLD}) as door:
        equal(run("pop3", door.path, wait(), *NEXT), (0, "next\n", ""))
    check(b"<alertConfirm" not in door.got, door.got)


def test_any_failure_runs_the_mail_process(t):
    """What the door does; a word of the error."""
    refusal = (b'<response id="login" errorText="not the account of this user" '
               b'errorNum="527"/>\0')
    for answers, word in (
            ({b"login": None}, "closed"), ({b"told": None}, "closed"),
            ({b"login": OK + ALERT, b"told": None}, "closed"),
            ({b"told": refusal}, "527"), ({b"told": b"<bye/>\0"}, ""),
            ({b"told": b"no XML\0<alert \0" + b"x" * 100000 + b"\0" + TOLD},
             "")):
        for kind in ("imap", "pop3"):
            with Door(answers) as door:
                status, out, errors = run(kind, door.path, wait(), *NEXT)
            equal((status, out), (0, "next\n"), answers)
            check(word in errors, errors)
    with tempfile.TemporaryDirectory() as top:
        path = os.path.join(top, "none")
        for path in (path, path + "x" * 200):
            status, out, errors = run("pop3", path, wait(), *NEXT)
            equal((status, out), (0, "next\n"))
            check(path in errors, errors)


def test_a_door_that_says_nothing(t):
    """The wait is over some time, and then the mail process is run."""
    for answers in ({}, {b"login": OK + ALERT}):
        with Door(answers) as door:
            status, out, errors = run("pop3", door.path, "20", *NEXT)
        equal((status, out), (0, "next\n"))
        check("no answer in time" in errors, errors)
        check(b"<alertConfirm" not in door.got, door.got)


SO_SNDBUFFORCE = 32  # socket has no name for it


class Flood(Door):
    """Sends what does not matter, for ever."""

    def serve(self):
        # Short messages and a large buffer, which only root may have: there is
        # always one more to look at.
        flood = b"<x/>\0" * 1000000
        sock = self.listener.accept()[0]
        if os.getuid() == 0:
            sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 27)
        with sock:
            try:
                while True:
                    sock.sendall(flood)
            except OSError:
                pass


def test_a_door_that_says_too_much(t):
    """There is always something to read, but the wait is over all the same."""
    for kind in ("imap", "pop3"):
        with Flood({}) as door:
            status, out, errors = run(kind, door.path, "20", *NEXT)
        equal((status, out), (0, "next\n"))
        check("no answer in time" in errors, errors)


def test_a_client_that_reads_late(t):
    """After the wait: no line is cut, and what was not written is not confirmed."""
    alerts = b"".join(
        b'<alert alertID="%d" scope="account" severity="critical">%s</alert>\0'
        % (i, b"x" * 800) for i in range(1, 41))
    answers = {b"told": OK + alerts + TOLD}
    answers.update({b"%d" % i: b'<response id="%d"/>\0' % i
                    for i in range(1, 41)})
    with Door(answers) as door:
        listener, far = socket.socket(), socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        far.connect(listener.getsockname())
        near = listener.accept()[0]
        listener.close()
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        near.setblocking(False)
        with far, subprocess.Popen(
                [PROGRAM, "imap", door.path, "200", *NEXT], stdout=near,
                stderr=subprocess.PIPE, env={"USER": "joe"}) as process:
            near.close()
            # Now the socket is full, and the wait over.
            process.stderr.readline()
            data = b""
            while part := far.recv(65536):
                data += part
            equal(process.wait(DEADLINE), 0)
    lines = data.split(b"\r\n")
    equal(lines.pop(), b"next\n")
    check(0 < len(lines) < 40, len(lines))
    equal(set(lines), {b"* NO [ALERT] " + b"x" * 800})
    equal(door.got.count(b"<alertConfirm "), len(lines))


def test_a_client_that_is_gone_uses_nothing_up(t):
    with Door({b"login": OK + ALERT + TOLD}) as door:
        near, far = socket.socketpair()
        far.close()
        with near:
            done = subprocess.run(
                [PROGRAM, "pop3", door.path, wait(), *NEXT], check=False,
                stdin=near, stdout=near, stderr=subprocess.PIPE,
                timeout=DEADLINE * 4, env={"USER": "joe"})
    check(done.returncode != 64 and b"<alertConfirm" not in door.got, door.got)


# --- the command line ---

def test_arguments(t):
    status, out, errors = run("--help")
    check(status == 0 and out.startswith("Usage: ximss-postlogin "),
          out)
    equal(run("--version")[1], "ximss-postlogin 0.1.0\n")
    for args in ((), ("imap",), ("imap", "/x"), ("smtp", "/x", "1"),
                 ("imap", "/x", "-1"), ("imap", "/x", "10001"), ("/", "/x"),
                 ("imap", "/x", "1s")):
        status, out, errors = run(*args)
        equal((status, out), (64, ""), args)
        check("Usage: " in errors, errors)
    # A mistake in Dovecot's configuration stops no mail.
    status, out, errors = run("imap", "/x", "1s", *NEXT)
    check((status, out) == (0, "next\n") and "Usage: " in errors, errors)
    for args in (("imap", "/x"), ("imap", "1"), ("/x", "1"), ("/x",),
                 ("smtp", "/x", "1")):
        status, out, errors = run(*args, *NEXT)
        check((status, out) == (0, "next\n") and "Usage: " in errors,
              (args, status, out, errors))
    equal(run("imap", "/x", "1", "too much", *NEXT)[:2], (0, "next\n"))
    equal(run("imap", "/etc/passwd", "/none")[0], 64)
    equal(run("imap", "/x", "1", "/none/at/all")[0], 71)
    status, out, errors = run("imap", "/x", "1", *NEXT, user=None)
    check((status, out) == (0, "next\n") and "USER" in errors, errors)
