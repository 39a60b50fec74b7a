# SPDX-License-Identifier: BSD-2-Clause
"""Passwords that Dovecot knows (protocol.md A.6): who gets in, who does not, and
what happens to everybody else while Dovecot is away.  Here with a server that
does as it is told."""

import os
import re
import select
import socket
import struct
import subprocess

import ximss
from auth_server import AuthServer
from ximss import (MAIN, PASSWORD, Failed, Refused, check, equal, failure,
                   wait_until)

WRONG = "incorrect password or account name"
AWAY = "passwords can not be checked now, try again later"
# What a test in which nothing is said to be away never waits for.
LONG = "60s"

NOBODY = "*"  # no account can have it


class Shared:
    """ximssd and its source, for all tests that change neither's settings."""

    def __init__(self):
        self.auth = AuthServer()
        self.server = ximss.Server(options(self.auth)).start()
        self.serial = 0

    # for the runner

    def servers(self):
        return [self.server]

    def end(self, failed=False, keep=False):
        try:
            self.server.end(failed, keep)
        finally:
            self.auth.end()


def options(source, **more):
    return dict({
        "auth": ["store", "dovecot"], "auth_dovecot_socket": source.path,
        "auth_timeout": LONG, "login_free_tries": 1000,
        "login_address_free_tries": 1000000, "password_iterations": 4096,
        "max_account_sessions": 100}, **more)


class World:
    """A domain whose passwords a server outside knows; with settings, on a server
    of its own."""

    def __init__(self, t, users=("joe",), own=False, **more):
        self.shared = None
        if own or more:
            self.auth = AuthServer()
            self.server = t.server(options(self.auth, **more))
            self.domain = "mail.test"
        else:
            self.shared = t.once(Shared)
            self.shared.serial += 1
            self.auth, self.server = self.shared.auth, self.shared.server
            self.domain = "mail%d.test" % self.shared.serial
        self.auth.reset({self.name(u): "pw-" + u for u in users})
        self.server.domain(self.domain)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.shared is None:
            self.auth.end()

    def name(self, user):
        return "%s@%s" % (user, self.domain)

    def login(self, user, password=None, **attributes):
        name = user if "@" in user else self.name(user)
        return self.server.login(name, password or "pw-" + user, **attributes)

    def refused(self, user, password, number=515, text=WRONG):
        """The bytes of the answer."""
        c = self.server.connect()
        answer = c.ask('<login id="login" authData="%s" password="%s"/>'
                       % (ximss.attribute(user if "@" in user
                                          else self.name(user)),
                          ximss.attribute(password)),
                       failure("login", number, text))
        c.close()
        return answer

    def failures(self):
        """Of log-ins, by the log: (name without domain, reason)."""
        return [re.search(r"login failed user=([^ @]*)\S* .*reason=(\S*)",
                          line).groups()
                for line in self.server.lines if "login failed" in line]

    def passwords(self):
        return [(r.user, r.password) for r in self.auth.requests]

    def waiting(self):
        """For the source, or for its answers."""
        return int(self.server.cli("GetStatElement outsideWaiting"))

    def accounts(self):
        return self.server.cli("ListAccounts " + self.domain)


# --- right and wrong ---

def test_the_right_password_makes_an_account(t):
    with World(t) as w:
        c = w.login("joe")
        c.bye()
        check("joe=" in w.accounts(), w.accounts())
        r = w.auth.requests[0]
        equal((r.user, r.password), ("joe@" + w.domain, "pw-joe"))
        equal(r.words[:4], ["service=ximssd", "secured", "no-penalty",
                            "nologin"])
        equal(r.params["rip"], "127.0.0.1")
        # Remembered: the source is not asked again.
        w.login("joe").bye()
        equal(len(w.auth.requests), 1)
        # With all that people type.
        w.login(" %s " % w.name("joe").upper(), "pw-joe").bye()
        equal(len(w.auth.requests), 1)


def test_who_looks_like_another(t):
    """The source has them, so they are let in; an administrator makes none."""
    names = ("\u0441\u0430\u0440\u0430", "\u03bd\u03b9\u03ba\u03bf")
    with World(t, users=names) as w:
        for name in names:
            w.login(name).bye()
            check(name + "\"=" in w.accounts(), w.accounts())
        for name in ("\u0440\u043e\u0440\u0430", "\u0430dmin"):
            equal(w.server.admin().cli_error('CreateAccount "%s@%s"'
                                             % (name, w.domain)), 501)


def test_all_refusals_are_the_same_bytes(t):
    with World(t, users=("joe", "locked")) as w:
        w.server.account(w.name("local"))
        w.server.cli("CreateAccount empty@%s {}" % w.domain)
        w.server.cli("CreateGroup team@%s" % w.domain)
        w.server.domain("closed.test", "{AutoCreate=NO;}")
        w.server.domain("shut.test")
        w.server.cli("SuspendDomain shut.test")
        w.auth.disabled.add(w.name("locked"))
        for name in ("new@closed.test", "new@shut.test", "new@nowhere.test",
                     "team@" + w.domain, "o o@" + w.domain,
                     NOBODY + "@" + w.domain):
            w.auth.users[name] = "right"
        answers = {}
        for name, password, reason in (
                ("joe", "wrong", "password"), ("nobody", "x", "password"),
                ("local", "wrong", "password"), ("empty", "x", "password"),
                ("locked", "pw-locked", "disabled"),
                ("new@closed.test", "right", "no-account"),
                ("new@shut.test", "right", "suspended"),
                ("new@nowhere.test", "right", "no-domain"),
                ("team", "right", "name-taken"),
                (NOBODY, "right", "illegal-name")):
            at, before = len(w.server.lines), hashes(w.server)
            answers[name] = w.refused(name, password)
            w.server.wait_log("login failed user=.* reason=%s$" % reason, at)
            # Each has cost one hash, whoever it is.
            equal(hashes(w.server) - before, 1, name)
        equal(len(w.auth.requests), len(answers))
        # Nobody is asked about what can be no name.
        at, before = len(w.server.lines), hashes(w.server)
        answers["o o"] = w.refused("o o", "right")
        w.server.wait_log("login failed user=.* reason=unknown$", at)
        equal(hashes(w.server) - before, 1)
        equal(len(w.auth.requests), len(answers) - 1)
        equal(len(set(map(str, answers.values()))), 1)
        check("new=" not in w.server.cli("ListAccounts closed.test"), "made")


def hashes(server):
    return int(server.cli("GetStatElement passwordHashes"))


def test_the_store_is_asked_first(t):
    with World(t) as w:
        w.server.account(w.name("local"))
        w.login("local", PASSWORD).bye()
        equal(w.auth.requests, [])
        # A password of Dovecot's is as good.
        w.auth.users[w.name("local")] = "other"
        w.login("local", "other").bye()
        equal(w.passwords(), [(w.name("local"), "other")])


def test_only_where_the_domain_says_so(t):
    with World(t, auth=["store"]) as w:
        w.refused("joe", "pw-joe")
        equal(w.auth.requests, [])
        w.server.cli('UpdateDomainSettings %s {Auth="dovecot";}' % w.domain)
        w.server.account(w.name("local"))
        w.login("joe").bye()
        w.refused("local", PASSWORD)  # the store does not count
        w.server.cli("UpdateDomainSettings %s {Auth=store;}" % w.domain)
        w.refused("joe", "pw-joe")  # nor what was remembered
        w.login("local", PASSWORD).bye()
        equal(len(w.auth.requests), 2)


def test_a_source_that_is_not_set_up(t):
    with World(t) as w:
        w.server.cli("UpdateDomainSettings %s {Auth=pam;}" % w.domain)
        at = len(w.server.lines)
        for _ in range(2):
            w.refused("joe", "pw-joe", 525, AWAY)
        w.server.wait_log("which is not set up", at)
        equal(len([l for l in w.server.lines[at:] if "which is not set up" in l]),
              1)


def test_an_alias_is_its_account(t):
    with World(t) as w:
        w.login("joe").bye()
        w.server.cli("SetAccountAliases %s (jojo)" % w.name("joe"))
        w.server.cli("SetDomainAliases %s (post.test)" % w.domain)
        w.login("jojo", "pw-joe").bye()
        w.login("joe@post.test", "pw-joe").bye()
        equal(set(w.passwords()), {(w.name("joe"), "pw-joe")})
        w.refused("jojo", "wrong")
        equal(w.passwords()[-1], (w.name("joe"), "wrong"))


def test_the_source_says_who_it_is(t):
    """Dovecot may call users otherwise; its master users come under others'
    names, and what they typed is not remembered as a password of theirs."""
    with World(t, users=("joe", "j.oe", "master")) as w:
        w.auth.as_user = {w.name("j.oe"): w.name("joe"),
                          w.name("master"): "joe"}
        for user in ("j.oe", "master"):
            c = w.login(user)
            equal(w.server.sessions(w.name("joe")), 1)
            c.bye()
        w.refused("joe", "pw-master")
        check("oe=" in w.accounts() and "j.oe" not in w.accounts(),
              w.accounts())
        # Not into a domain that does not ask this source.
        w.server.domain("own.test", "{Auth=store;}")
        w.server.account("ann@own.test")
        w.auth.as_user[w.name("j.oe")] = "ann@own.test"
        w.refused("j.oe", "pw-j.oe")
        # Nor is an account made there, or a domain.
        for user in ("new@own.test", "new@none.test"):
            w.auth.as_user[w.name("j.oe")] = user
            w.refused("j.oe", "pw-j.oe")
        check("new=" not in w.server.cli("ListAccounts own.test"), "made")


def barred(w):
    """Names of users whom their source lets in, and the server does not."""
    w.server.domain("closed.%s" % w.domain, "{AutoCreate=NO;}")
    w.server.domain("shut.%s" % w.domain)
    w.server.cli("SuspendDomain shut.%s" % w.domain)
    w.server.cli("CreateAccount boss@%s {}" % MAIN)
    w.server.cli("SetAccountRights boss@%s (Master)" % MAIN)
    w.server.cli("CreateGroup team@" + w.domain)
    w.login("joe").bye()
    w.server.cli("SyncOutsideUsers %s ABSENT (joe)" % w.domain)
    w.server.cli("ForgetAccountLogins " + w.name("joe"))
    return (("joe@" + w.domain, "gone"), ("boss@" + MAIN, "rights"),
            ("team@" + w.domain, "name-taken"),
            ("new@closed." + w.domain, "no-account"),
            ("new@shut." + w.domain, "suspended"),
            ("new@nowhere." + w.domain, "no-domain"))


def has_come(c):
    return bool(select.select([c.sock], [], [], 0)[0])


def test_who_is_barred_waits_as_for_a_wrong_password(t):
    """A source takes its time to refuse: so long as its last refusals took, waits
    who is let in there and not here."""
    with World(t, auth_userdb_socket="/run/none") as w:
        names = barred(w)
        w.auth.reset({name: "right" for name, _ in names})
        w.auth.holds_all = True
        wrong = w.server.connect()
        wrong.send('<login id="login" authData="%s" password="wrong"/>'
                   % names[0][0])
        w.auth.until_asked(1)
        w.server.clock(3)
        w.auth.release()
        wrong.expect(failure("login", 515, WRONG))
        w.auth.holds_all = False
        waiting = []
        for name, reason in names:
            at = len(w.server.lines)
            c = w.server.connect()
            c.send('<login id="login" authData="%s" password="right"/>' % name)
            # It counts at once, and so it does if the client leaves.
            w.server.wait_log("login failed user=%s .* reason=%s$"
                              % (re.escape(name), reason), at)
            waiting.append(c)
        w.server.admin().ok('<noop id="n"/>')
        equal([has_come(c) for c in waiting], [False] * len(names))
        w.server.clock(3)
        for c in waiting:
            c.expect(failure("login", 515, WRONG))
        equal(len(w.auth.requests), 1 + len(names))


def test_nobody_becomes_master(t):
    with World(t) as w:
        boss = "master@" + MAIN
        w.server.account(boss, rights=("Master",))
        w.server.cli("SetAccountAliases %s (chief)" % boss)
        w.auth.users[boss] = "outside"
        w.auth.as_user[w.name("joe")] = boss
        for name, password in ((boss, "outside"), ("chief@" + MAIN, "outside"),
                               ("joe", "pw-joe")):
            at = len(w.server.lines)
            w.refused(name, password)
            w.server.wait_log("login failed .* reason=rights$", at)
        w.server.login(boss).bye()
        # Whatever the list says.
        w.server.cli("UpdateDomainSettings %s {Auth=dovecot;}" % MAIN)
        w.server.login(boss).bye()
        w.server.cli("UpdateDomainSettings %s {Auth=default;}" % MAIN)
        # Nor who was let in before.
        w.auth.as_user = {}
        w.login("joe").bye()
        w.server.cli("RenameAccount %s into joe@%s" % (w.name("joe"), MAIN))
        w.auth.users["joe@" + MAIN] = "pw-joe"
        w.server.login("joe@" + MAIN, "pw-joe").bye()
        w.server.cli("SetAccountRights joe@%s (Master)" % MAIN)
        w.refused("joe@" + MAIN, "pw-joe")


def test_who_becomes_master_comes_again(t):
    """What a source has let in has no part in the new rights."""
    with World(t) as w:
        joe, local = "joe.%s@%s" % (w.domain, MAIN), "local.%s@%s" % (
            w.domain, MAIN)
        w.auth.users[joe] = "pw-joe"
        w.server.account(local)

        def begin(name, password):
            c = w.server.connect()
            session = c.login(name, password, ticket="yes")
            return c, '<login id="login" ticket="%s"/>' % ximss.attr(
                session, "ticket")

        old, ticket = begin(joe, "pw-joe")
        w.server.cli("SetAccountRights %s (CanPostAlerts)" % joe)
        old.quiet()  # that is no server-wide right
        w.server.cli("SetAccountRights %s (Master)" % joe)
        old.expect_bye()
        c = w.server.connect()
        c.ask(ticket, failure("login", 515, WRONG))
        c.close()
        w.refused(joe, "pw-joe")
        # Here it may have been a source, too; later rights change nothing.
        old, ticket = begin(local, PASSWORD)
        w.server.cli('SetAccountRights %s ("All Domains")' % local)
        old.expect_bye()
        old, ticket = begin(local, PASSWORD)
        w.server.cli("SetAccountRights %s (Master)" % local)
        old.quiet()
        # Nor does anything where the store alone is asked.
        w.server.cli("SetAccountRights %s ()" % local)
        w.server.cli("UpdateDomainSettings %s {Auth=store;}" % MAIN)
        w.server.cli("SetAccountRights %s (Master)" % local)
        old.quiet()
        old.bye()
        c = w.server.connect()
        c.send(ticket)
        c.logged_in("login")
        c.bye()
        w.server.cli("UpdateDomainSettings %s {Auth=default;}" % MAIN)


# --- remembering ---

def test_a_password_that_was_changed_outside(t):
    with World(t, auth_cache_time="10m") as w:
        w.login("joe").bye()
        w.auth.users[w.name("joe")] = "new"
        w.server.clock(599)
        w.login("joe").bye()
        w.login("joe", "new").bye()
        w.server.clock(2)
        w.refused("joe", "pw-joe")
        equal(w.passwords(), [(w.name("joe"), p)
                              for p in ("pw-joe", "new", "pw-joe")])


def test_what_was_remembered_is_forgotten(t):
    with World(t, own=True) as w:
        w.login("joe").bye()
        w.auth.users[w.name("joe")] = "new"
        c = w.login("joe")
        done = ximss.ctl(w.server, "account", "forget", w.name("joe"))
        equal((done.returncode, done.stdout),
              (0, "account %s to be asked about\n" % w.name("joe")))
        c.quiet()  # the session goes on
        w.refused("joe", "pw-joe")
        equal([int(w.server.cli("GetStatElement outside" + n))
               for n in ("Asked", "Away", "Waiting")], [2, 0, 0])


# --- many at once ---

def test_fifty_at_once_make_one_account(t):
    with World(t, users=("joe", "ann")) as w:
        w.auth.held.add(w.name("joe"))
        clients = [w.server.connect() for _ in range(50)]
        for c in clients:
            c.send('<login id="login" authData="%s" password="pw-joe"/>'
                   % w.name("joe"))
        # More than there are slots for one address.
        w.auth.until_asked(50)
        # A later answer overtakes.
        w.login("ann").bye()
        w.auth.release()
        for c in clients:
            c.logged_in("login")
        equal(w.server.sessions(w.name("joe")), 50)
        equal(w.accounts().count("joe="), 1)


def test_guesses_of_those_who_have_left_count(t):
    with World(t, max_unauthenticated_per_address=5) as w:
        w.auth.held.add(w.name("joe"))
        clients = []
        for i in range(10):
            clients.append(w.server.connect())
            clients[i].send('<login id="login" authData="%s" password="wrong"/>'
                            % w.name("joe"))
            w.auth.until_asked(i + 1)
        for c in clients[:5]:
            c.expect_closed()  # crowded out
        w.auth.release()
        wait_until(lambda: 10 == len(
            [l for l in w.server.lines if "login failed user=%s "
             % w.name("joe") in l]), "10 failures")


def send_logins(w, pairs):
    clients = []
    for user, password in pairs:
        clients.append(w.server.connect())
        clients[-1].send('<login id="login" authData="%s" password="%s"/>'
                         % (w.name(user), password))
    return clients


def test_a_crowd_guesses_no_more_than_one(t):
    """What is asked about counts as failed until it is answered."""
    users = ["u%d" % i for i in range(100)]
    with World(t, users=users + ["joe"], login_free_tries=5,
               login_address_free_tries=50) as w:
        w.auth.held.add(w.name("joe"))
        crowd = send_logins(w, [("joe", "guess%d" % i) for i in range(200)])
        w.auth.until_asked(8)
        # Others of the same address have room.
        held, w.auth.held = w.auth.held, set(map(w.name, users))
        clients = send_logins(w, [(u, "pw-" + u) for u in users])
        w.auth.until_asked(8 + 42)
        w.auth.held = held
        w.auth.release_but(w.name("joe"))
        for c in clients:
            c.logged_in("login")
        equal(len(w.auth.requests), 108)
        # Eight fail, and then the throttle is there.
        w.auth.release()
        wait_until(lambda: 8 == len(
            [l for l in w.server.lines if "login failed user=joe@" in l]),
            "8 failures")
        check(len(w.auth.requests) <= 108 + 8, len(w.auth.requests))
        for c in crowd + clients:
            c.close()


def test_a_source_that_hangs_holds_all_no_longer_than_one(t):
    """Who waited for that is not asked about when no time is left, nor is the next
    source."""
    with World(t, login_free_tries=5, login_timeout="1d",
               log_level="debug") as w:
        w.server.cli("UpdateDomainSettings %s {Auth=(store,dovecot,pam);}"
                     % w.domain)
        w.server.account(w.name("local"))
        w.auth.mode = "mute"
        crowd = send_logins(w, [("joe", "x")] * 20)
        w.auth.until_asked(8)
        wait_until(lambda: 12 == len(
            [l for l in w.server.lines if "login waits for others user=" in l]),
            "12 wait")
        w.login("local", PASSWORD).bye()
        w.server.clock(61)
        for c in crowd:
            c.expect(failure("login", 525, AWAY))
            c.close()
        equal(int(w.server.cli("GetStatElement outsideAsked")), 8)


def test_what_waits_for_the_greeting(t):
    """All of it is asked when that comes."""
    users = ["u%d" % i for i in range(40)]
    with World(t, users=users) as w:
        w.auth.mode = "silent"
        w.auth.cut()
        clients = [w.server.connect() for _ in users]
        for user, c in zip(users, clients):
            c.send('<login id="login" authData="%s" password="pw-%s"/>'
                   % (w.name(user), user))
        wait_until(lambda: w.auth.conns and w.waiting() == len(users),
                   "all wait")
        w.auth.mode = "answers"
        w.auth.greet(w.auth.conns[0])
        for c in clients:
            c.logged_in("login")


def test_bounds(t):
    with World(t, auth_max_waiting=4) as w:
        w.auth.held |= {w.name("joe"), w.name("ann")}
        clients = [w.server.connect() for _ in range(2)]
        for c in clients:
            c.send('<login id="login" authData="%s" password="pw-joe"/>'
                   % w.name("joe"))
        w.auth.until_asked(2)
        # Half of them are one address's.
        w.refused("ann", "x", 525, "too busy, try again later")
        w.auth.release()
        for c in clients:
            c.logged_in("login")


# --- away ---

def test_away(t):
    """Dead, and back: the store's passwords are good all the time."""
    with World(t, own=True) as w:
        w.server.account(w.name("local"))
        w.login("joe").bye()
        w.auth.stop()
        w.server.clock(10)  # it is no restart
        w.server.wait_log(r"passwords: dovecot \(.*\) is away: ")
        answers = {str(w.refused(name, "x", 525, AWAY))
                   for name in ("ann", "local", "joe", "x@nowhere.test")}
        equal(len(answers), 1)
        w.login("local", PASSWORD).bye()
        w.login("joe").bye()  # is remembered
        # Nobody is a guesser because it is away.  But the store knows the password
        # of one.
        wait_until(w.failures, "the log")
        equal(w.failures(), [("local", "password")])
        w.auth.start()
        w.server.wait_log(r"passwords: dovecot \(.*\) is back after ")
        w.auth.users[w.name("ann")] = "x"
        w.login("ann", "x").bye()
        equal(len([l for l in w.server.lines if "is away" in l]), 1)


def test_no_free_guesses_while_it_is_away(t):
    """At passwords that the store knows, whoever is asked besides."""
    with World(t, own=True) as w:
        boss = w.server.account("boss@" + MAIN, rights=("Master",))
        w.server.account(w.name("local"))
        w.auth.stop()
        w.server.clock(10)
        w.server.wait_log(r"passwords: dovecot \(.*\) is away: ")
        for _ in range(3):
            w.refused(boss, "x", 525, AWAY)
            w.refused("local", "x", 525, AWAY)
        wait_until(lambda: len(w.failures()) >= 6, "the log")
        equal(sorted(w.failures()), 3 * [("boss", "password")] +
              3 * [("local", "password")])
        w.auth.start()
        w.server.wait_log(r"passwords: dovecot \(.*\) is back after ")
        w.refused(boss, "x")
        w.refused("local", "x")
        wait_until(lambda: len(w.failures()) >= 8, "the log")
        w.login("local", PASSWORD).bye()
        equal(len(w.failures()), 8)  # each once


def test_a_client_that_is_gone_at_the_challenge(t):
    """It leaves while Dovecot is asked, by a reset: nothing can be sent to it."""
    with World(t, own=True) as w:
        restart_with(w, "SCRAM-SHA-256", "OAUTHBEARER")
        wait_until(lambda: "OAUTHBEARER" in features(w), "it is back")
        for method, text in (("SCRAM-SHA-256", "n,,n=%s,r=nonce" % w.name("joe")),
                             ("OAUTHBEARER", "n,a=%s,\1auth=Bearer x\1\1"
                              % w.name("joe"))):
            w.auth.holds_all = True
            at = len(w.auth.requests)
            c = w.server.connect()
            c.send('<login id="login" method="%s" value="%s"/>'
                   % (method, ximss.b64(text)))
            w.auth.until_asked(at + 1)
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack("ii", 1, 0))
            c.close()
            w.auth.holds_all = False
            w.auth.release()
            w.login("joe").bye()


def test_a_failure_of_its_own(t):
    with World(t, own=True) as w:
        w.auth.failing.add(w.name("joe"))
        w.refused("joe", "pw-joe", 525, AWAY)
        equal([l for l in w.server.lines if "login failed" in l], [])


def test_stopped(t):
    """It takes what is asked, and never answers; nobody else notices."""
    with World(t, login_checks_per_address=2, login_timeout="1d") as w:
        w.server.account(w.name("local"))
        boss = w.server.account("boss@" + MAIN, rights=("Master",))
        old = w.login("local", PASSWORD)
        w.auth.mode = "mute"
        clients = [w.server.connect() for _ in range(500)]
        for i, c in enumerate(clients):
            c.send('<login id="login" authData="u%d@%s" password="x"/>'
                   % (i, w.domain))
        w.auth.until_asked(500)
        # No slot, hash thread, lane or worker waits.
        w.server.login(boss).bye()
        w.login("local", PASSWORD).bye()
        old.ok('<noop id="…"/>'.replace("…", "n"))
        equal(len(w.auth.requests), 500)
        w.server.clock(61)
        for c in clients:
            c.expect(failure("login", 525, AWAY))
            c.close()
        w.server.wait_log("is away: it does not answer")
        # Once it is known to be away, nobody waits.
        w.auth.mode = "silent"
        w.auth.cut()
        w.refused("joe", "pw-joe", 525, AWAY)
        w.auth.mode = "answers"
        w.auth.cut()
        wait_until(lambda: lets_in(w, "joe"), "Dovecot is asked again")
        w.server.wait_log("is back after ")
        equal(len([l for l in w.server.lines if "is away" in l]), 1)


def test_garbage(t):
    with World(t, own=True) as w:
        w.auth.mode = "garbage"
        w.refused("joe", "pw-joe", 525, AWAY)
        w.server.wait_log("is away: it sends what nobody understands")
        for _ in range(3):
            w.refused("joe", "pw-joe", 525, AWAY)
        equal(len([l for l in w.server.lines if "is away" in l]), 1)
        w.auth.mode = "answers"
        wait_until(lambda: lets_in(w, "joe"), "Dovecot is asked again")
        w.server.wait_log("is back after ")


def lets_in(w, user):
    try:
        w.login(user).bye()
    except Failed:
        return False
    return True


def test_restarted_in_the_middle(t):
    """What was not answered is asked once more, and once only."""
    with World(t, own=True) as w:
        w.auth.held.add(w.name("joe"))
        c = w.server.connect()
        c.send('<login id="login" authData="%s" password="pw-joe"/>'
               % w.name("joe"))
        w.auth.until_asked(1)
        w.auth.cut()
        w.auth.until_asked(2)
        w.auth.held.clear()
        for r in w.auth.waiting:
            r.ok()
        c.logged_in("login")
        equal(len(w.auth.requests), 2)
        w.auth.mode = "closes"
        w.refused("ann", "x", 525, AWAY)
        equal(len(w.auth.requests), 4)
        equal([l for l in w.server.lines if "is away" in l], [])


# --- secrets ---

def test_another_takes_its_socket(t):
    """A Dovecot that is stopped may live on for those who are connected, with its
    old settings.  Whoever has the socket is asked."""
    with World(t) as w:
        old, listener = list(w.auth.conns), w.auth.listener
        os.unlink(w.auth.path)
        w.auth.start()  # and nothing that is connected is closed
        w.server.clock(2)
        w.login("joe").bye()
        check(w.auth.requests[-1].conn not in old, "the old one is asked")
        equal(len(w.auth.requests), 1)
        # It is looked at, and stays.
        w.server.clock(2)
        w.refused("joe", "wrong")
        equal(w.auth.requests[0].conn, w.auth.requests[1].conn)
        listener.close()


def test_another_takes_a_socket_that_never_greets(t):
    """All that wait are answered as it is away, and who has just come, once."""
    with World(t, own=True) as w:
        w.server.expected_errors.append("auth-client|Dovecot")
        w.auth.mode = "silent"
        w.auth.cut()
        wait_until(lambda: w.auth.conns, "it comes again")
        w.server.clock(4)
        os.chmod(w.auth.path, 0o606)
        for _ in range(3):
            w.refused("joe", "pw-joe", 525, AWAY)
        w.auth.mode = "answers"
        w.auth.cut()
        wait_until(lambda: w.auth.conns, "it comes again")
        equal(w.server.process.poll(), None)


def test_no_password_is_in_the_log(t):
    secret = "S3cr\tet\n'\"&<>"
    with World(t, log_level="debug") as w:
        w.auth.users[w.name("joe")] = secret
        w.login("joe", secret).bye()
        w.refused("ann", secret)
        w.auth.mode = "garbage"
        w.refused("bob", secret, 525, AWAY)
        equal([p for _, p in w.passwords()], [secret] * 3)
        check(not any("S3cr" in l for l in w.server.lines), "in the log")


def check_config(server):
    server.write_config()
    return subprocess.run(
        server.command() + ["--check-config"], capture_output=True, text=True,
        check=False, timeout=ximss.DEADLINE)


def test_the_configuration_is_checked(t):
    with World(t, own=True) as w:
        equal(check_config(w.server).returncode, 0)
        w.auth.stop()
        done = check_config(w.server)
        check("auth-dovecot-socket: connecting to %s: No such file"
              % w.auth.path in done.stderr, done.stderr)
    for options, text in (
            ({"auth": ["dovecot"]}, "auth: dovecot needs auth-dovecot-socket"),
            ({"auth": ["store", "store"]}, "auth: store stands there twice"),
            ({"auth": ["ldap"]}, "auth: must name store or dovecot or pam")):
        server = t.server(options, start=False)
        done = check_config(server)
        check(done.returncode != 0 and text in done.stderr + done.stdout,
              "%r" % (done,))


# --- exchanges that are passed through ---

def features(w):
    c = w.server.connect()
    c.send('<listFeatures id="f" domain="%s"/>' % w.domain)
    got = c.until_response("f")[0]
    c.close()
    return re.findall("<sasl>(.*?)</sasl>", got)


def restart_with(w, *mechanisms):
    w.auth.mechanisms = list(mechanisms)
    greetings = len(w.auth.greetings)
    w.auth.cut()
    wait_until(lambda: len(w.auth.greetings) >= greetings + 2, "a new greeting")


def test_methods_that_can_work(t):
    with World(t, own=True) as w:
        w.server.cli("UpdateDomainSettings %s {CRAMMD5=YES;}" % w.domain)
        equal(features(w), ["LOGIN", "PLAIN", "CRAM-MD5"])
        restart_with(w, "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2")
        wait_until(lambda: len(features(w)) > 3, "more methods")
        equal(features(w), ["LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-256",
                            "OAUTHBEARER", "XOAUTH2"])
        w.server.cli("UpdateDomainSettings %s {Auth=store;}" % w.domain)
        equal(features(w), ["LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-256"])
        w.server.cli("UpdateDomainSettings %s {Auth=dovecot;}" % w.domain)
        equal(features(w), ["LOGIN", "PLAIN", "SCRAM-SHA-256", "OAUTHBEARER",
                            "XOAUTH2"])


def test_scram(t):
    with World(t, own=True) as w:
        restart_with(w, "SCRAM-SHA-256")
        wait_until(lambda: "SCRAM-SHA-256" in features(w), "SCRAM")
        w.server.account(w.name("local"))
        c = w.server.connect()
        c.scram(w.name("joe"), "pw-joe")
        c.bye()
        equal([r.mechanism for r in w.auth.requests], ["SCRAM-SHA-256"])
        check("joe=" in w.accounts(), w.accounts())
        # A secret in the store needs no source.
        c = w.server.connect()
        c.scram(w.name("local"), PASSWORD)
        c.bye()
        equal(len(w.auth.requests), 1)
        # Wrong, and unknown: both get a challenge, and the same refusal.
        answers = []
        for user in ("joe", "nobody"):
            at = len(w.server.lines)
            c = w.server.connect()
            try:
                c.scram(w.name(user), "wrong")
            except Refused as e:
                answers.append(e.answer)
            c.close()
            w.server.wait_log("login failed user=%s@.* method=SCRAM-SHA-256"
                              % user, at)
        equal(len(answers), 2)
        equal(len(set(answers)), 1)
        # Given up in the middle: Dovecot is told, and it counts as a failure.
        c = w.server.connect()
        c.send('<login id="login" method="SCRAM-SHA-256" value="%s"/>'
               % ximss.b64("n,,n=%s,r=nonce" % w.name("joe")))
        c.challenge()
        c.close()
        wait_until(lambda: w.auth.cancelled, "the exchange is cancelled")
        # The connection is lost in the middle.
        c = w.server.connect()
        c.send('<login id="login" method="SCRAM-SHA-256" value="%s"/>'
               % ximss.b64("n,,n=%s,r=nonce" % w.name("joe")))
        c.challenge()
        greetings = len(w.auth.greetings)
        w.auth.cut()
        wait_until(lambda: len(w.auth.greetings) > greetings, "it is back")
        c.ask('<auth id="login" value="%s"/>' % ximss.b64("c=biws"),
              failure("login", 525, AWAY))
        c.close()


def test_an_alias_is_no_user_of_the_source(t):
    """What a client shows other than a password goes on with the name that it typed,
    which may be somebody else's there."""
    with World(t, own=True, users=("joe", "jojo")) as w:
        restart_with(w, "SCRAM-SHA-256", "XOAUTH2")
        wait_until(lambda: "XOAUTH2" in features(w), "XOAUTH2")
        w.login("joe").bye()
        w.server.cli("SetAccountAliases %s (jojo)" % w.name("joe"))
        w.auth.tokens["t0ken"] = w.name("jojo")
        at = len(w.server.lines)
        c = w.server.connect()
        try:
            c.scram(w.name("jojo"), "pw-jojo")
        except Failed as e:
            check('errorNum="515"' in str(e), str(e))
        else:
            raise Failed("jojo is joe")
        c.close()
        w.server.wait_log("login failed .* reason=alias$", at)
        c = w.server.connect()
        c.ask('<login id="login" method="XOAUTH2" value="%s"/>' % ximss.b64(
            "user=%s\1auth=Bearer t0ken\1\1" % w.name("jojo")),
              failure("login", 515, WRONG))
        c.close()
        equal(w.server.sessions(w.name("joe")), 0)
        # A password is asked about by the account's own name.
        w.login("jojo", "pw-joe").bye()
        # Where the source says whose it is, so it is.
        w.auth.as_user[w.name("jojo")] = w.name("joe")
        c = w.server.connect()
        c.scram(w.name("jojo"), "pw-jojo")
        equal(w.server.sessions(w.name("joe")), 1)
        c.bye()


def test_bearer(t):
    with World(t, own=True) as w:
        restart_with(w, "OAUTHBEARER", "XOAUTH2")
        wait_until(lambda: "XOAUTH2" in features(w), "XOAUTH2")
        w.auth.tokens["t0ken"] = w.name("joe")

        def begin(method, text):
            c = w.server.connect()
            c.send('<login id="login" method="%s" value="%s"/>'
                   % (method, ximss.b64(text)))
            return c

        bearer = "n,a=%s,\1host=x\1port=1\1auth=Bearer %s\1\1"
        for method, text in (("OAUTHBEARER", bearer), (
                "XOAUTH2", "user=%s\1auth=Bearer %s\1\1")):
            c = begin(method, text % (w.name("joe"), "t0ken"))
            c.logged_in("login")
            c.bye()
            c = begin(method, text % (w.name("joe"), "other"))
            check(b"invalid_token" in c.challenge(), "the reason")
            c.ask('<auth id="login" value="AQ=="/>',
                  failure("login", 515, WRONG))
            c.close()
        c = begin("OAUTHBEARER", "n,,\1auth=Bearer t0ken\1\1")
        c.expect(failure("login", 501))
        c.close()
        check(not any("t0ken" in l for l in w.server.lines), "in the log")
        # A token for somebody else is for them.
        c = begin("OAUTHBEARER", bearer % (w.name("ann"), "t0ken"))
        c.logged_in("login")
        equal(w.server.sessions(w.name("joe")), 1)
        c.bye()


def test_bearer_needs_a_source(t):
    with World(t, own=True) as w:
        c = w.server.connect()
        c.ask('<login id="login" method="OAUTHBEARER" value="%s"/>'
              % ximss.b64("n,a=joe@%s,\1auth=Bearer x\1\1" % w.domain),
              failure("login", 527))
        c.close()
