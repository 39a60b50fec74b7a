# SPDX-License-Identifier: BSD-2-Clause
"""What the store must hold after a crash: the model that the crash and power
cut tests compare with, and the traffic that they make.

An alert is in one of these states:
  pending   posted, not answered: may be there or not, and is then known
  there     answered: must be there until its removal is asked for
  leaving   its removal was asked for and not answered: may be there or not
  gone      its removal was answered, or it was seen to be missing after one of
            the two above: must never come back
An account alert may go by itself as soon as its reader has received it.  What
an account was shown may come again after a crash; but every alert of its
audience that is there must have come at least once in the end.
"""

import os
import random
import re
import select
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "proto"))
sys.dont_write_bytecode = True

from ximss import (DEADLINE, MAIN, Closed, attr,  # noqa: E402
                   post_request)

DOMAINS = (MAIN, "a.test")
USERS = ("joe@" + MAIN, "ann@" + MAIN, "bob@a.test")
SETS = [("server", None)] + [("domain", d) for d in DOMAINS] \
    + [("account", u) for u in USERS]
WANTED = 40  # alerts at a time, roughly


class Violation(Exception):
    pass


class Alert:
    def __init__(self, token, where):
        self.token = token
        self.where = where
        self.id = None
        self.state = "pending"

    def __repr__(self):
        return "%s %s %s (%s)" % (self.token, self.where, self.id,
                                  self.state)


def audience(where):
    scope, target = where
    if scope == "server":
        return USERS
    if scope == "domain":
        return [u for u in USERS if u.endswith("@" + target)]
    return [target]


class Reader:
    """One account's client; the last connection's bytes are read to their
    end, whatever happened to the server."""

    def __init__(self, model, user):
        self.model = model
        self.user = user
        self.client = None
        self.waiting = 0  # responses that are still to come

    def connect(self, server):
        self.client = server.connect(self.user)
        self.waiting = 1
        self.client.send('<login id="l" userName="%s" authData="secret"/>'
                         % self.user)

    def ask(self):
        self.client.send('<noop id="n"/>')
        self.waiting += 1

    def take(self, data):
        for message in data:
            if message.startswith("<alert "):
                self.model.received(self.user, message)
            elif message.startswith("<response "):
                self.waiting -= 1

    def messages(self):
        c = self.client
        while b"\0" in c.buffer:
            message, _, c.buffer = c.buffer.partition(b"\0")
            yield message.decode()

    def drain(self, wait=0.0):
        """Reads what is there."""
        c = self.client
        if c is None:
            return
        deadline = time.monotonic() + wait
        while not c.end and c.fill(deadline):
            self.take(self.messages())
        self.take(self.messages())

    def leave(self, reset=False):
        """Not before its requests are answered: what came before the answers
        counts as delivered, so it must have been read."""
        if self.client is None:
            return
        deadline = time.monotonic() + DEADLINE
        while self.waiting > 0 and not self.client.end \
                and time.monotonic() < deadline:
            self.drain(0.05)
        self.drain()
        self.client.reset() if reset else self.client.close()
        self.client = None


class Model:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.alerts = {}    # token: Alert
        self.by_id = {}
        self.seen = {u: set() for u in USERS}   # tokens received
        self.last_id = 0
        self.serial = 0
        self.posts = self.removals = 0
        self.lost, self.resurrected, self.wrong = [], [], []
        self.requests = {}
        self.readers = {u: Reader(self, u) for u in USERS}

    # what is asked and answered

    def new_post(self):
        self.serial += 1
        token = "t%d" % self.serial
        where = self.random.choice(SETS)
        alert = self.alerts[token] = Alert(token, where)
        text = token + " " + "x" * self.random.choice((0, 10, 300, 3000))
        scope, target = where
        self.requests["p" + token] = ("post", alert)
        return post_request("p" + token, text, scope, target=target)

    def new_removal(self):
        there = [a for a in self.alerts.values() if a.state == "there"]
        if not there:
            return None
        alert = self.random.choice(there)
        alert.state = "leaving"
        self.requests["r" + alert.token] = ("remove", alert)
        return '<alertRemove id="r%s" alertID="%s"/>' % (alert.token,
                                                         alert.id)

    def answered(self, message):
        """Takes one message that the poster received."""
        if message.startswith("<alertPosted "):
            alert = self.requests[attr(message, "id")][1]
            self.learn_id(alert, int(attr(message, "alertID")))
            return
        if not message.startswith("<response "):
            raise Violation("unexpected: " + message)
        kind, alert = self.requests.pop(attr(message, "id"))
        number = attr(message, "errorNum")
        if kind == "post":
            if number is not None:
                raise Violation("post refused: " + message)
            alert.state = "there"
            self.posts += 1
        else:
            if number is not None and not self.was_delivered(alert):
                raise Violation("removal refused: %s %s" % (message, alert))
            alert.state = "gone"
            self.removals += 1

    def was_delivered(self, alert):
        """An account alert that its reader has, or will have read."""
        scope, user = alert.where
        if scope != "account":
            return False
        self.readers[user].drain()
        return alert.token in self.seen[user]

    def learn_id(self, alert, id_):
        if id_ <= self.last_id:
            self.wrong.append("id %d was given again or late: %s"
                              % (id_, alert))
        self.last_id = id_
        alert.id = id_
        self.by_id[id_] = alert

    def received(self, user, message):
        token = re.match(r"[^>]*>(t\d+)", message)
        alert = self.alerts.get(token.group(1)) if token else None
        if alert is None or user not in audience(alert.where):
            self.wrong.append("%s received %s" % (user, message[:200]))
            return
        self.seen[user].add(alert.token)

    # what is there

    def compare(self, server):
        """After recovery: lists everything and compares; what was in doubt
        is known from then on."""
        admin = server.admin()
        listed = {}
        for scope, target in SETS:
            more = {"target": target} if target else {}
            before = 0
            for report in admin.reports(scope=scope, **more):
                id_ = int(attr(report, "alertID"))
                token = re.match(r"[^>]*>(t\d+)", report).group(1)
                if id_ <= before or token in listed:
                    self.wrong.append("out of order or twice: " + report)
                before = id_
                listed[token] = (id_, (scope, target))
        for token, (id_, where) in listed.items():
            self.is_there(token, id_, where)
        for alert in list(self.alerts.values()):
            if alert.token not in listed:
                self.is_missing(alert)
        self.requests.clear()
        admin.transcript.clear()
        self.forget_old()

    def is_there(self, token, id_, where):
        alert = self.alerts.get(token)
        if alert is None or alert.state == "gone":
            self.resurrected.append("%s %d %s" % (token, id_, where))
            return
        if alert.where != where or alert.id not in (None, id_):
            self.wrong.append("%s is %d in %s" % (alert, id_, where))
        alert.id = id_
        self.by_id[id_] = alert
        self.last_id = max(self.last_id, id_)
        alert.state = "there"

    def is_missing(self, alert):
        may_be_delivered = alert.where[0] == "account" \
            and alert.token in self.seen[alert.where[1]]
        if alert.state == "there" and not may_be_delivered:
            self.lost.append(repr(alert))
        alert.state = "gone"

    def forget_old(self):
        """The gone ones of long ago; their tokens are never used again, so a
        risen one is still found, as unknown."""
        gone = [a for a in self.alerts.values() if a.state == "gone"]
        for alert in gone[:-2000]:
            del self.alerts[alert.token]
            self.by_id.pop(alert.id, None)
            for seen in self.seen.values():
                seen.discard(alert.token)

    def everybody_was_told(self, server):
        """Each account logs in once more: then it has had everything that is
        there."""
        for user, reader in self.readers.items():
            reader.leave()
            client = server.login(user)
            for message in client.flush():
                self.received(user, message)
            client.ok('<bye id="b"/>')
            client.close()
            server.clients.remove(client)
        for alert in self.alerts.values():
            if alert.state != "there":
                continue
            for user in audience(alert.where):
                if alert.token not in self.seen[user]:
                    self.lost.append("%s was never told of %s"
                                     % (user, alert))

    # traffic

    def traffic(self, server, until):
        """Posts, removes, logs in and out, until `until()` says that it is
        enough or the server is gone."""
        poster = server.control("poster")
        poster.external()
        try:
            while not until() and not poster.end:
                self.step(server, poster)
        except (Closed, ConnectionError, BrokenPipeError, OSError):
            pass

    def step(self, server, poster):
        if len(self.requests) < 30:
            batch = []
            for _ in range(self.random.randrange(1, 12)):
                active = sum(a.state == "there" for a in self.alerts.values())
                removal = None
                if self.random.randrange(WANTED * 2) < active:
                    removal = self.new_removal()
                batch.append(removal or self.new_post())
            poster.send(*batch)
        for reader in self.readers.values():
            what = self.random.randrange(12)
            if reader.client is None:
                if what < 4:
                    reader.connect(server)
            elif what == 0:
                reader.leave()
            elif what == 1:
                reader.leave(reset=True)
            elif what < 6:
                reader.ask()
        self.wait(poster)

    def wait(self, poster):
        watched = {poster.sock: None}
        for reader in self.readers.values():
            if reader.client is not None and not reader.client.end:
                watched[reader.client.sock] = reader
        ready, _, _ = select.select(list(watched), [], [], 0.05)
        for sock in ready:
            reader = watched[sock]
            if reader is not None:
                reader.drain()
                continue
            poster.fill(time.monotonic())
            self.drain_poster(poster)

    def drain_poster(self, poster):
        while b"\0" in poster.buffer:
            message, _, poster.buffer = poster.buffer.partition(b"\0")
            self.answered(message.decode())

    def after_the_end(self, server):
        """The server is dead: what its last packets say still counts."""
        for client in server.clients:
            if client.name == "poster":
                try:
                    while not client.end and client.fill(time.monotonic()):
                        pass
                except OSError:
                    pass
                self.drain_poster(client)
                client.close()
        for reader in self.readers.values():
            try:
                reader.drain()
            except OSError:
                pass
            if reader.client is not None:
                reader.client.close()
                reader.client = None
        del server.clients[:]
        server.master = None

    def failures(self):
        return len(self.lost) + len(self.resurrected) + len(self.wrong)


def prepare(server):
    """A store with its domains and accounts."""
    for domain in DOMAINS[1:]:
        server.domain(domain)
    for user in USERS:
        server.account(user)


def last_words(server, count=15):
    return "".join(server.lines[-count:])
