# SPDX-License-Identifier: BSD-2-Clause
"""A user database that speaks as Dovecot's auth-userdb does, or does not."""

import os
import socket
import threading

GREETING = b"VERSION\t1\t2\nSPID\t4711\n"


class UserDb:
    """Users are those of `users`; `mode` says how it answers:

    good     as Dovecot does
    fail     it cannot tell now
    mute     it takes questions and says nothing
    garbage  what nobody understands
    broken   a list ends in the middle
    failed   a list that says of itself that it is not whole
    forgetful it lists, and cannot tell of one

    Those of `hidden` are left out of lists.
    """

    def __init__(self, path, users=()):
        self.path = path
        self.users = set(users)
        self.hidden = set()
        self.mode = "good"
        self.asked = []
        self.lists = 0
        self.on_user = None  # called with the name before it answers
        self.lock = threading.Lock()
        self.listener = None
        self.connections = []

    def start(self):
        with_old = self.path + ".new"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(with_old)
        os.chmod(with_old, 0o666)
        self.listener.listen(64)
        os.rename(with_old, self.path)
        threading.Thread(target=self.accept, args=(self.listener,),
                         daemon=True).start()
        return self

    def stop(self):
        """As a service that ends: its socket is gone, and so are its
        connections."""
        os.unlink(self.path)
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.hang_up()

    def hang_up(self):
        with self.lock:
            connections, self.connections = self.connections, []
        for c in connections:
            try:
                c.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self, listener):
        while True:
            try:
                c, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections.append(c)
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        try:
            c.sendall(GREETING)
            with c.makefile("rb") as lines:
                for line in lines:
                    self.answer(c, line.decode().rstrip("\n").split("\t"))
        except OSError:
            pass
        finally:
            c.close()

    def count(self, name):
        with self.lock:
            return self.asked.count(name)

    def answer(self, c, words):
        if words[0] == "USER":
            with self.lock:
                self.asked.append(words[2])
            if self.on_user is not None:
                self.on_user(words[2])
            c.sendall(self.user(words[1], words[2]).encode())
        elif words[0] == "LIST":
            with self.lock:
                self.lists += 1
            self.list(c, words[1])
        elif words[0] != "VERSION":
            c.close()

    def user(self, number, name):
        if self.mode == "mute":
            return ""
        if self.mode == "garbage":
            return "HTTP/1.1 400 Bad Request\r\n\r\n"
        if self.mode in ("fail", "forgetful"):
            return "FAIL\t%s\n" % number
        if name in self.users:
            return "USER\t%s\t%s\tuid=1\thome=/h\n" % (number, name)
        return "NOTFOUND\t%s\n" % number

    def list(self, c, number):
        users = sorted(self.users - self.hidden)
        if self.mode == "mute":
            return
        if self.mode == "garbage":
            c.sendall(b"LIST\nLIST\n")
            return
        if self.mode in ("broken", "failed"):
            users = users[:len(users) // 2]
        c.sendall("".join("LIST\t%s\t%s\n" % (number, u)
                          for u in users).encode())
        if self.mode == "broken":
            c.shutdown(socket.SHUT_RDWR)
        else:
            c.sendall(("DONE\t%s\t%s\n" % (
                number, "fail" if self.mode == "failed" else "")).encode())
