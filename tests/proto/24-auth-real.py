# SPDX-License-Identifier: BSD-2-Clause
"""Users of a real Dovecot log in with the passwords that they have there: from
a passwd-file, from SQL, and from LDAP in both ways."""

import urllib.parse

import pwd_port
import ximss
from bridge import bridge
from directories import KINDS, PasswdFile, Sql, address, plain
from dovecot import DOMAIN
from mail import read
from outside import AWAY, LIFE, WRONG, World, needs  # noqa: for the runner
from ximss import MAIN, Refused, alert, check, equal, match

MAKERS = {kind: (lambda kind=kind: World(kind)) for kind in KINDS}


def more_tests():
    """Each test of a world, for each kind of directory."""
    return [("test_%s_%s" % (kind.__name__.lower(), name[3:]),
             lambda t, kind=kind, f=f: f(t.once(MAKERS[kind])))
            for kind in KINDS for name, f in globals().items()
            if name.startswith("in_") and callable(f)]


def in_and_shown_what_is_active(w):
    """An account makes itself, by the right password only, and starts as every
    new one does."""
    server = w.server
    server.admin().post("to all of it", "domain", target=DOMAIN)
    w.all_get(WRONG, ("joe", "wrong"), ("joe", ""), ("nobody", "secret"))
    check("joe" not in w.accounts() and "nobody" not in w.accounts(),
          "accounts before: " + w.accounts())
    joe = w.get_in("joe")
    joe.expect(alert("to all of it", "domain"))
    check("joe" in w.accounts(), "accounts: " + w.accounts())
    server.admin().post("to joe", "account", target=address("joe"))
    joe.expect(alert("to joe", "account"))
    joe.bye()
    again = w.get_in("JOE")
    again.quiet()
    check("JOE" not in w.accounts(), "one account")
    again.bye()
    # Theirs is an ordinary account by now, and still nothing else fits.
    w.all_get(WRONG, ("joe", "wrong"), ("Joe", "SECRET"), ("joe", "secret "),
              ("joe", ""))


def in_by_sasl(w):
    """PLAIN and LOGIN; and what the other side speaks: SCRAM, whose proof is
    the other side's own."""
    one = w.server.connect("PLAIN")
    one.send('<login id="login" method="PLAIN" value="%s"/>'
             % plain(address("ann"), "secret"))
    one.logged_in("login")
    one.bye()
    one = w.server.connect("LOGIN")
    one.send('<login id="login" method="LOGIN"/>')
    for text in (address("ann"), "secret"):
        one.challenge()
        one.send('<auth id="login" value="%s"/>' % ximss.b64(text))
    one.logged_in("login")
    one.bye()
    if "scram" not in w.directory.mechanisms:
        return
    one = w.server.connect("SCRAM")
    one.scram(address("bob"))
    check("bob" in w.accounts(), w.accounts())
    one.bye()
    for name in ("bob", "nobody"):
        try:
            w.server.connect("wrong").scram(address(name), "wrong")
        except Refused as refused:
            match(refused.answer, WRONG)
        else:
            raise ximss.Failed("a wrong proof")


def in_what_is_offered(w):
    """Only what everybody can use: programs take the best of it."""
    one = w.server.connect("offered")
    got = one.ok('<listFeatures id="f" domain="%s"/>' % DOMAIN)[0]
    for mechanism in ("PLAIN", "LOGIN"):
        check("<sasl>%s</sasl>" % mechanism in got, got)
    equal("SCRAM-SHA-256" in got, "scram" in w.directory.mechanisms, got)
    check("CRAM-MD5" not in got, got)
    one.close()


def in_after_a_change(w):
    """A new password at once, the old one for the life of what is remembered;
    and so it is with one who is locked."""
    w.get_in("sue").bye()
    w.get_in("eve").bye()
    w.directory.change("sue", "another")
    w.directory.lock("eve")
    check(w.is_in("sue", "another"), "the new one")
    check(w.is_in("sue", "secret"), "the old one is remembered")
    check(w.is_in("eve"), "who is remembered")
    w.server.clock(LIFE + 1)
    w.all_get(WRONG, ("sue", "secret"), ("eve", "secret"))
    check(w.is_in("sue", "another"), "the new one, later")


def world(t):
    return t.once(MAKERS[PasswdFile])


def test_nobody_becomes_an_administrator(t):
    """Whoever Dovecot knows gets no account with rights of the server."""
    w = world(t)
    bosses = []
    for name, right in (("boss", "Master"), ("looks", "Can Monitor")):
        bosses.append("%s@%s" % (name, MAIN))
        w.server.account(bosses[-1], "of the store", rights=(right,))
    w.knows(*bosses)
    w.all_get(WRONG, *((boss, "secret") for boss in bosses))
    for boss in bosses:
        check(w.is_in(boss, "of the store"), "the store's own word")
    own = w.server.account("own@" + DOMAIN, "of the store")
    check(w.is_in(own, "of the store"), "a user's password of the store")


def test_passed_on(t):
    """Dovecot says yes to every password of one whom another server is to let
    in."""
    w = world(t)
    w.directory.pass_on("far")
    w.all_get(WRONG, ("far", "any"), ("far", "secret"))


def test_other_names(t):
    """Dovecot is asked for names in one form, and allows what it is told to
    (doc/accounts.md)."""
    setting = "auth_username_chars ="
    check("`%s`" % setting in read("doc", "accounts.md"), setting)
    w = World(lambda: Sql(more=setting + "\n"))
    t.servers[:0] = [w]
    for name, typed in (("joe+tag", "Joe+Tag"), ("o'brien", "O'BRIEN"),
                        ("m\u00fcller", "MU\u0308LLER"),
                        ("kim", "\uff2b\uff29\uff2d")):
        w.directory.add(name)
        for given in (name, typed):
            w.get_in(given).bye()
    equal(len(w.accounts().split(";")), 5, w.accounts())


def test_by_every_door(t):
    """The web, HTTP's own log-in, the CLI by both of its ways: each makes the
    account, and each refuses the wrong password."""
    w = world(t)
    b = bridge(t, w.server, cli="yes")

    def basic(user, password):
        return [("Authorization", "Basic "
                 + ximss.b64("%s:%s" % (user, password)))]

    def web(user, password):
        return "<session " in b.ask("GET", "/XIMSSLogin/?" + urllib.parse.
                                    urlencode({"userName": user, "password":
                                               password})).text

    def http(user, password):
        return "<session " in b.ask("POST", "/XIMSSLogin/", b"",
                                    basic(user, password)).text

    def cli(user, password):
        """They have no rights there."""
        text = b.ask("POST", "/cli/", b"command=Echo%20a",
                     basic(user, password)).text
        equal(text.startswith("ERROR 515 "), password != "secret", text)
        return text.startswith("ERROR 510 ")

    def pwd(user, password):
        client = pwd_port.connect(w.server)
        client.ask("USER " + user, pwd_port.SEND_PASS)
        client.say("PASS " + password)
        return client.receive() == pwd_port.LOGGED_IN

    ways = {"by-" + way.__name__: way for way in (web, http, cli, pwd)}
    w.knows(*ways)
    for user, way in ways.items():
        check(not way(address(user), "wrong"), user)
        check(user not in w.accounts(), w.accounts())
        check(way(address(user), "secret"), user)
        check(user in w.accounts(), w.accounts())


def test_no_password_is_logged(t):
    """Neither right ones nor wrong ones, and each failure has a reason of its
    own."""
    w = World(PasswdFile, log_level="debug")
    t.servers[:0] = [w]
    w.directory.lock("eve")
    check(w.is_in("joe"), "the right one")
    w.all_get(WRONG, ("joe", "Wr0ng-one"), ("nobody", "Wr0ng-one"),
              ("eve", "secret"))
    w.directory.freeze()
    w.configure(auth_timeout="1s")
    w.all_get(AWAY, ("bob", "Wr0ng-one"))
    w.directory.thaw()
    text = "".join(w.server.lines)
    for secret in ("Wr0ng-one", ximss.b64("Wr0ng-one"),
                   plain(address("joe"), "secret"),
                   plain(address("joe"), "Wr0ng-one")):
        check(secret not in text, "the log has " + secret)
    for user, reason in (("joe", "password"), ("eve", "disabled")):
        w.server.wait_log("login failed user=%s@.* reason=%s" % (user, reason))
    w.server.wait_log("warn: passwords: dovecot .* is away: ")
