# SPDX-License-Identifier: BSD-2-Clause
"""A server of Dovecot's auth-client protocol that does as a test says."""

import base64
import hashlib
import hmac
import os
import shutil
import socket
import tempfile
import threading

from ximss import check, wait_until

GREETING = ("VERSION\t1\t2", "MECH\tPLAIN\tplaintext", "SPID\t1", "CUID\t1",
            "COOKIE\t00", "DONE")
ITERATIONS = 4096


def unescape(text):
    for code, char in (("t", "\t"), ("n", "\n"), ("r", "\r"), ("1", "\1")):
        text = text.replace("\1" + code, char)
    return text


class Request:
    """What was asked, and the connection it came by."""

    def __init__(self, conn, line):
        words = line.split("\t")
        self.conn = conn
        self.id = words[1]
        self.mechanism = words[2]
        self.words = words[3:]
        self.params = dict(w.split("=", 1) if "=" in w else (w, True)
                           for w in words[3:])
        check(words[-1].startswith("resp="), "resp is last: %r" % words)
        self.message = base64.b64decode(self.params.pop("resp"))
        self.user = self.password = None
        self.scram = None
        if self.mechanism == "PLAIN":
            _, user, password = self.message.split(b"\0")
            self.user, self.password = user.decode(), password.decode()

    def reply(self, *words):
        self.conn.sendall(("\t".join(words) + "\n").encode())

    def ok(self, user=None):
        self.reply("OK", self.id, "user=" + (user or self.user))

    def fail(self, *more):
        self.reply("FAIL", self.id, *(["user=" + self.user]
                                      if self.user else []), *more)


class AuthServer:
    """users: what passwords they have.  Of names: `disabled`, `failing` (a
    failure of the server's own), `held` (answered by release), `as_user` (what
    it calls them).  mode: "answers", "garbage", "closes" (at each request),
    "mute" (greets, never answers), "silent" (accepts, and no more)."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="auth-")
        os.chmod(self.dir, 0o755)
        self.path = os.path.join(self.dir, "auth.sock")
        self.mechanisms = []
        self.greetings = []
        self.cancelled = []
        self.lock = threading.Lock()
        self.listener = None
        self.conns = []
        self.reset({})
        self.start()

    def reset(self, users):
        self.users = users
        self.disabled, self.failing, self.held = set(), set(), set()
        self.as_user, self.tokens = {}, {}
        self.mode = "answers"
        self.holds_all = False
        self.requests, self.waiting = [], []

    # --- its life ---

    def start(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(8)
        threading.Thread(target=self.accept, args=(self.listener,),
                         daemon=True).start()
        return self

    def stop(self):
        """As a Dovecot that is not there."""
        if self.listener is None:
            return
        os.unlink(self.path)
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = None
        self.cut()

    def cut(self):
        """Closes the connections."""
        with self.lock:
            conns, self.conns = self.conns, []
            self.waiting = []
        for conn in conns:
            try:
                conn.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def end(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    __enter__ = lambda self: self

    def __exit__(self, *_):
        self.end()

    # --- connections ---

    def accept(self, listener):
        while True:
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.conns.append(conn)
            threading.Thread(target=self.serve, args=(conn,),
                             daemon=True).start()

    def serve(self, conn):
        try:
            if self.mode != "silent":
                self.greet(conn)
            self.talk(conn)
        except OSError:
            pass
        conn.close()

    def greet(self, conn):
        lines = list(GREETING)
        lines[2:2] = ["MECH\t%s\tx" % m for m in self.mechanisms]
        conn.sendall(("\n".join(lines) + "\n").encode())

    def talk(self, conn):
        data, known = b"", {}
        while True:
            got = conn.recv(65536)
            if not got:
                return
            data += got
            *lines, data = data.split(b"\n")
            for line in lines:
                if not self.take(conn, line.decode(), known):
                    return

    def take(self, conn, line, known):
        command = line.split("\t")[0]
        if command in ("VERSION", "CPID"):
            self.greetings.append(line)
        elif command == "CANCEL":
            self.cancelled.append(line.split("\t")[1])
        elif command == "CONT":
            _, number, message = line.split("\t")
            self.go_on(known[number], base64.b64decode(message))
        else:
            r = Request(conn, line)
            known[r.id] = r
            with self.lock:
                self.requests.append(r)
            return self.answer(r)
        return True

    def answer(self, r):
        if self.mode == "closes":
            return False
        if self.mode == "garbage":
            r.conn.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        elif self.mode == "mute":
            pass
        elif self.holds_all or r.user in self.held:
            with self.lock:
                self.waiting.append(r)
        else:
            self.decide(r)
        return True

    def release(self):
        with self.lock:
            waiting, self.waiting = self.waiting, []
        for r in waiting:
            self.decide(r)

    def release_but(self, user):
        with self.lock:
            waiting = [r for r in self.waiting if r.user != user]
            self.waiting = [r for r in self.waiting if r.user == user]
        for r in waiting:
            self.decide(r)

    def until_asked(self, n):
        wait_until(lambda: len(self.requests) >= n, "%d requests" % n)

    # --- answers ---

    def decide(self, r):
        if r.mechanism == "SCRAM-SHA-256":
            self.scram_first(r)
        elif r.mechanism in ("OAUTHBEARER", "XOAUTH2"):
            self.bearer(r)
        elif r.user in self.failing:
            r.fail("temp", "code=temp_fail")
        elif r.user in self.disabled:
            r.fail("user_disabled", "code=user_disabled")
        elif self.users.get(r.user) == r.password:
            r.ok(self.as_user.get(r.user))
        else:
            r.fail()

    def bearer(self, r):
        fields = r.message.decode().split("\1")
        token = [f for f in fields if f.startswith("auth=Bearer ")][0][12:]
        r.user = self.tokens.get(token)
        if r.user:
            r.ok()
        else:
            r.scram = "error"
            r.reply("CONT", r.id, base64.b64encode(
                b'{"status":"invalid_token"}').decode())

    def scram_first(self, r):
        bare = r.message.decode().split(",", 2)[2]
        fields = dict(f.split("=", 1) for f in bare.split(","))
        r.user = fields["n"]
        if r.user not in self.users:
            r.fail()
            return
        salt = hashlib.sha256(r.user.encode()).digest()[:12]
        first = "r=%sserver,s=%s,i=%d" % (
            fields["r"], base64.b64encode(salt).decode(), ITERATIONS)
        r.scram = (bare, first, salt)
        r.reply("CONT", r.id, base64.b64encode(first.encode()).decode())

    def go_on(self, r, message):
        if r.scram == "error":
            r.fail()
        elif r.scram is None:  # its final message has been read
            r.ok(self.as_user.get(r.user))
        else:
            self.scram_final(r, message.decode())

    def scram_final(self, r, message):
        bare, first, salt = r.scram
        without, proof = message.rsplit(",p=", 1)
        text = ",".join((bare, first, without)).encode()
        salted = hashlib.pbkdf2_hmac("sha256", self.users[r.user].encode(),
                                     salt, ITERATIONS)

        def mac(key, data):
            return hmac.digest(key, data, "sha256")

        key = mac(salted, b"Client Key")
        signature = mac(hashlib.sha256(key).digest(), text)
        wanted = bytes(a ^ b for a, b in zip(key, signature))
        if base64.b64decode(proof) != wanted:
            r.fail()
            return
        r.scram = None
        final = b"v=" + base64.b64encode(
            mac(mac(salted, b"Server Key"), text))
        r.reply("CONT", r.id, base64.b64encode(final).decode())
