# SPDX-License-Identifier: BSD-2-Clause
"""Whether an account exists cannot be told by what a log-in answers, whatever
the iterations of passwords were and are."""

import collections
import signal

from pwd_port import PWD, connect
from ximss import MAIN, Failed, attr, b64, check, equal, failure

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
            failure("1", 515, "incorrect password"))
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
          failure("1", 515, "incorrect password"))
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
