# SPDX-License-Identifier: BSD-2-Clause
"""Whether an account exists cannot be told by what a log-in answers, whatever
the iterations of passwords were and are."""

import collections
import hashlib
import hmac
import signal

from pwd_port import PWD, connect
from ximss import (MAIN, Failed, Refused, attr, b64, check, equal, failure,
                   wait_until)

OLD, NEW = 4096, 8192


def first(server, name):
    """What SCRAM tells anybody: iterations and salt."""
    c = server.connect()
    c.send('<login id="login" method="SCRAM-SHA-256" value="%s"/>'
           % b64("n,,n=%s,r=nonce" % name))
    fields = dict(f.split("=", 1) for f in c.challenge().decode().split(","))
    c.close()
    return int(fields["i"]), fields["s"]


def reload_iterations(server, n):
    at = len(server.lines)
    server.options["password_iterations"] = n
    server.write_config()
    server.signal(signal.SIGHUP)
    server.wait_log("configuration and certificates were read again", at)


def of_both(t):
    """A server where half of the passwords were set before the change."""
    server = t.server({"password_iterations": OLD})
    server.accounts("old%d@%s" % (i, MAIN) for i in range(20))
    reload_iterations(server, NEW)
    server.accounts("new%d@%s" % (i, MAIN) for i in range(20))
    return server


def test_dummies_have_what_accounts_have(t):
    server = of_both(t)
    equal(first(server, "old1")[0], OLD)
    equal(first(server, "new1")[0], NEW)
    names = ["nobody%d" % i for i in range(80)] + [
        "nobody%d@nowhere.test" % i for i in range(80)]
    got = {name: first(server, name) for name in names}
    counts = collections.Counter(i for i, _ in got.values())
    equal(set(counts), {OLD, NEW})
    # As often as they have them: 20 of 41 have the old one.
    check(min(counts.values()) > 160 / 4, "%s" % counts)
    equal(len({salt for _, salt in got.values()}), len(names), "salts")
    # The same each time, by whatever letters, and after a restart, and when
    # one account more is there.
    server.restart()
    server.account("one-more@" + MAIN)
    again = {name: first(server, name.upper()) for name in names}
    equal({n: s for n, (_, s) in again.items()},
          {n: s for n, (_, s) in got.items()})
    moved = sum(again[name] != got[name] for name in names)
    check(moved <= 16, "%d have other iterations" % moved)


def hashes(server):
    return int(server.cli("GetStatElement passwordHashes"))


def test_all_take_one_hash(t):
    server = of_both(t)
    domain = server.domain("suspended.test")
    server.account("joe@" + domain)
    server.cli("SuspendDomain " + domain)
    server.cli("CreateAccount nopass@" + MAIN)
    server.login("old1")  # is remembered
    for name in ("old1", "new1", "nobody", "nobody@nowhere.test", "nopass",
                 "joe@" + domain, "nobody@" + domain, "not a name", "@"):
        before = hashes(server)
        server.connect().ask(
            '<login id="1" userName="%s" authData="wrong"/>' % name,
            failure("1", 515, "incorrect password or account name"))
        equal(hashes(server), before + 1, name)


def test_suspension_does_not_show(t):
    server = of_both(t)
    domain = server.domain("suspended.test")
    user = server.account("joe@" + domain)
    before = first(server, user)
    server.cli("SuspendDomain " + domain)
    equal(first(server, user), before)
    c = server.connect()
    c.ask('<login id="1" userName="%s" authData="secret"/>' % user,
          failure("1", 515, "incorrect password or account name"))
    for password in ("secret", "wrong"):
        c = server.connect()
        try:
            c.scram(user, password, id_="s")
        except Failed as got:
            check('errorNum="515"' in getattr(got, "answer", str(got)), got)
        else:
            check(False, "let in")
    server.cli("ResumeDomain " + domain)
    server.login(user)


def test_a_log_in_renews_the_password(t):
    """By whatever way the clear password comes, and only by the right one."""
    server = t.server({"password_iterations": OLD}, listen_pwd=PWD)
    domain = server.domain("cram.test", "{CRAMMD5=YES;}")
    users = [server.account("joe%d@%s" % (i, domain)) for i in range(4)]
    c = server.connect()
    ticket = attr(c.login(users[0], ticket="yes"), "ticket")
    before = [first(server, user) for user in users]
    server.restart()  # nothing is remembered
    reload_iterations(server, NEW)
    for user in users:
        server.connect().scram(user)
        server.connect().ask(
            '<login id="1" userName="%s" authData="wrong"/>' % user,
            failure("1", 515))
    equal([first(server, user) for user in users], before)
    server.login(users[0])
    connect(server).login(users[1]).quit()
    server.cli("SetAccountAliases %s (sales)" % users[2])
    c = server.connect()
    c.send('<login id="1" method="PLAIN" value="%s"/>'
           % b64("\0sales@%s\0secret" % domain))
    c.logged_in("1")
    for user, (_, salt) in list(zip(users, before))[:3]:
        equal(first(server, user), (NEW, salt))
    equal(first(server, users[3]), before[3])
    # It is the same password, and what was given out on it is good.
    for user in users:
        server.connect().scram(user)
        server.login(user)
    c = server.connect()
    c.send('<login id="1" ticket="%s"/>' % ticket)
    c.logged_in("1")
    server.restart()
    for user, (_, salt) in zip(users, before):
        equal(first(server, user), (NEW, salt))
        server.connect().scram(user)
    # And once only.
    before = hashes(server)
    server.login(users[0])
    equal(hashes(server), before + 1)


def test_passwords_that_are_verified(t):
    """Who may ask learns by the text, not by the hash, that one has none."""
    server = t.server()
    server.cli("CreateAccount nopass@" + MAIN)
    server.account("joe@" + MAIN)
    for name in ("joe", "nopass"):
        before = hashes(server)
        equal(server.admin().cli_error(
            "VerifyAccountPassword %s@%s PASSWORD wrong" % (name, MAIN)), 515)
        equal(hashes(server), before + 1, name)


def salts_apart(server, names):
    """What SCRAM tells of the names, once all of them have other salts."""
    def found():
        got = {name: first(server, name) for name in names}
        return len({s for _, s in got.values()}) == len(names) and got
    return wait_until(found, "salts of their own")


def refused(server, name, password):
    c = server.connect()
    try:
        c.scram(name, password, id_="s")
    except Refused as got:
        equal(got.answer, failure("s", 515, "incorrect password or account name"))
    else:
        check(False, "let in")
    server.connect().ask('<login id="1" userName="%s" authData="%s"/>'
                         % (name, password), failure("1", 515))


def enters(server, name, user, password="secret"):
    equal(attr(server.connect().scram(name, password), "userName"), user)
    challenge = server.connect()
    challenge.send('<login method="CRAM-MD5" id="1"/>')
    digest = hmac.new(password.encode(), challenge.challenge("1"),
                      hashlib.md5).hexdigest()
    challenge.send('<auth id="1" value="%s"/>' % b64(name + " " + digest))
    equal(attr(challenge.logged_in("1"), "userName"), user)


def with_aliases(t, aliases=("sales", "info")):
    """joe with aliases, and his names with those of nobody."""
    server = t.server({"password_iterations": OLD})
    domain = server.domain("cram.test", "{CRAMMD5=YES;}")
    user = server.account("joe@" + domain)
    server.cli("SetAccountAliases %s (%s)" % (user, ",".join(aliases)))
    names = ["%s@%s" % (n, domain)
             for n in ("joe",) + tuple(aliases) + ("nobody", "ghost")]
    return server, user, names


def test_aliases_have_salts_of_their_own(t):
    server, user, names = with_aliases(t)
    dummies = {n: first(server, n) for n in names[3:]}
    enters(server, names[1], user)  # also before there is a verifier
    refused(server, names[1], "wrong")
    server.login(names[2])
    got = salts_apart(server, names)
    for name in names[:3]:
        equal(got[name][0], OLD)
        enters(server, name, user)
        refused(server, name, "wrong")
    equal({n: got[n] for n in dummies}, dummies)
    # They stay, by any letters, and when nothing of the password changes.
    server.cli("KillAccountSessions " + user)
    server.cli("RenameAccount %s INTO ann@cram.test" % user)
    user = "ann@cram.test"
    server.login(user)
    server.restart(crash=True)
    for name in names[1:]:
        equal(first(server, name.upper()), got[name])
    enters(server, names[1], user)
    # With the iterations of the account they get them, too.
    reload_iterations(server, NEW)
    server.login(user)
    for name in names[1:3]:
        wait_until(lambda: first(server, name) == (NEW, got[name][1]), name)
        enters(server, name, user)
    # One that is taken away is nobody's, one that comes is as those are.
    server.cli("SetAccountAliases %s (info,other)" % user)
    check(first(server, names[1])[1] not in [s for _, s in got.values()],
          "another's")
    refused(server, names[1], "secret")
    server.login(user)
    salts_apart(server, [user, names[2], "other@cram.test"] + names[3:])
    server.kill()
    server.verify()


def test_new_passwords_void_those_of_aliases(t):
    server, user, names = with_aliases(t)
    server.login(user)
    got, old = salts_apart(server, names), "secret"
    settings = "UpdateAccountSettings %s {Password=\"%s\";}"
    c = server.connect()
    for way, new in (("SetAccountPassword %s PASSWORD %s", "second"),
                     (settings, "third"), (None, "fourth")):
        if way is None:
            c.login(user, old)
            c.ok('<passwordModify id="p" oldPassword="%s" newPassword="%s"/>'
                 % (old, new))
        else:
            server.cli(way % (user, new))
        for name in names[:3]:
            refused(server, name, old)
            enters(server, name, user, new)
        # And without a log-in in clear they have other ones.
        now = salts_apart(server, names)
        for name in names[:3]:
            check(now[name] != got[name], name)
            refused(server, name, old)
            enters(server, name, user, new)
        equal({n: now[n] for n in names[3:]}, {n: got[n] for n in names[3:]})
        got, old = now, new


def test_aliases_get_their_salts_in_parts(t):
    aliases = ["a%02d" % i for i in range(18)]
    server, user, names = with_aliases(t, tuple(aliases))
    own = {first(server, user)}

    def have():
        return len({first(server, n) for n in names[1:19]} - own)
    for more, in_all in ((18, 16), (4, 18), (1, 18)):
        before = hashes(server)
        server.login(user)
        wait_until(lambda: hashes(server) >= before + more, "hashes")
        wait_until(lambda: have() == in_all, "%d with salts" % in_all)
        equal(hashes(server), before + more)
        server.restart(crash=True)  # nothing is remembered
