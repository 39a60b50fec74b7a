# SPDX-License-Identifier: BSD-2-Clause
"""The source of passwords is away, also in the middle of a storm of log-ins:
everybody has an answer, it is never that a right password is wrong, and
administrators of the store get in."""

import select
import socket

import ximss
from directories import Ldap, PasswdFile, address
from dovecot import DOMAIN
from outside import AWAY, WRONG, World, login
from ximss import check, equal, match, wait_until


def away(t, stop):
    """A source that does not answer, and then does."""
    w = World(Ldap)
    t.servers[:0] = [w]
    w.get_in("ann").bye()
    w.server.account("here@" + DOMAIN, "in the store")
    stop(w)
    clients = [w.begin(name) for name in ("joe", "nobody", "here")]
    w.administrator_gets_in()
    check(w.is_in("here", "in the store"), "the store's own")
    check(w.is_in("ann"), "one who is remembered")
    for client in clients:
        match(client.receive(), AWAY, client.name)
    return w


def is_back(w):
    wait_until(lambda: w.is_in("joe"), "they get in again")
    w.configure(auth_timeout="1m")
    w.all_get(WRONG, ("joe", "wrong"), ("nobody", "secret"))


def test_ldap_stopped(t):
    def stop(w):
        w.directory.freeze()
        w.configure(auth_timeout="1s")
    w = away(t, stop)
    w.directory.thaw()
    is_back(w)


def test_ldap_killed(t):
    w = away(t, lambda w: w.directory.kill())
    w.directory.restart()
    is_back(w)


class Storm:
    """Many log-ins with right passwords, some at a time, each with a
    connection of its own."""

    def __init__(self, server, users, width):
        self.address = server.ports()[0]
        self.users, self.width = iter(users), width
        self.poll = select.poll()
        self.waiting = {}  # number of the socket: [socket, user, what came]
        self.answers = []  # (user, number of the error or None)

    def begin(self):
        while len(self.waiting) < self.width:
            user = next(self.users, None)
            if user is None:
                return
            sock = socket.create_connection(self.address)
            sock.sendall(login(user, "secret").encode() + b"\0")
            self.poll.register(sock, select.POLLIN)
            self.waiting[sock.fileno()] = [sock, user, b""]

    def turn(self):
        """False when all have their answers."""
        self.begin()
        if not self.waiting:
            return False
        ready = self.poll.poll(ximss.DEADLINE * 2000)
        check(ready, "%d log-ins have no answer" % len(self.waiting))
        for number, _ in ready:
            one = self.waiting[number]
            data = one[0].recv(65536)
            check(data, "%s: closed without an answer" % one[1])
            one[2] += data
            if b"\0" in one[2]:
                self.end(number, *one)
        return True

    def end(self, number, sock, user, data):
        text = data.partition(b"\0")[0].decode()
        error = ximss.attr(text, "errorNum")
        check(error or text.startswith("<session "), "%s: %s" % (user, text))
        self.answers.append((user, error))
        self.poll.unregister(sock)
        sock.close()
        del self.waiting[number]

    def run(self, until=None):
        """To the end, or until a condition."""
        while not (until and until()) and self.turn():
            pass
        return self

    def run_some(self, count):
        before = len(self.answers)
        return self.run(lambda: len(self.answers) >= before + count)

    def errors(self):
        return [e for _, e in self.answers if e]


def storm(t, in_the_middle):
    """5,000 log-ins of 1,000 users, fewer where everything is slow; and
    in_the_middle(w, storm)."""
    w = World(PasswdFile)
    t.servers[:0] = [w]
    count = max(500, int(5000 * 15 / ximss.DEADLINE))
    names = ["u%d" % i for i in range(count // 5)]
    w.directory.add(*names)
    wait_until(lambda: w.directory.knows(names[-1], "secret"), "its users")
    s = Storm(w.server, (address(names[i * 7 % len(names)])
                         for i in range(count)), 200)
    s.run_some(count // 20)
    equal(s.errors(), [], "before")
    in_the_middle(w, s)
    s.run()
    equal(len(s.answers), count, "answers")
    equal(set(s.errors()) - {"525"}, set(), "of those with right passwords")
    wait_until(lambda: not Storm(w.server, map(address, names[:20]),
                                 20).run().errors(), "all get in again")


def test_storm_stopped(t):
    def stop(w, s):
        w.directory.freeze()
        w.configure(auth_timeout="1s")
        s.begin()
        w.administrator_gets_in()
        s.run(s.errors)
        w.administrator_gets_in()
        w.directory.thaw()
    storm(t, stop)


def test_storm_killed(t):
    def kill(w, s):
        for _ in range(3):
            s.begin()
            w.directory.kill()
            w.administrator_gets_in()
            s.run_some(250)
    storm(t, kill)


def test_storm_restarted(t):
    def restart(w, s):
        s.begin()
        w.directory.stop()
        s.begin()
        w.administrator_gets_in()
        w.directory.start()
    storm(t, restart)
