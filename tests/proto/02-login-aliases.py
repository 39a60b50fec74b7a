# SPDX-License-Identifier: BSD-2-Clause
"""Logging in by an alias, of the account or of its domain, and what else goes
by one."""


from pwd_port import PWD, connect
from ximss import (MAIN, Refused, attr, b64, check, equal, failure, match,
                   post_request, response, wait_until)

SERVER = {"listen_pwd": PWD}


def make(t):
    """joe with the alias sales, in a domain with an alias."""
    user = t.user()
    domain = user.split("@")[1]
    alias = "alias-of-" + domain
    t.shared.cli("SetAccountAliases %s (sales)" % user)
    t.shared.cli("SetDomainAliases %s (%s)" % (domain, alias))
    return user, "sales@" + domain, ["sales@" + domain, "joe@" + alias,
                                     "SALES@" + alias.upper()]


def enters(t, name, user, password="secret"):
    """Who logs in by that name is that user."""
    c = t.shared.connect()
    equal(attr(c.login(name, password), "userName"), user)
    c.close()


def refused(t, user, password="secret"):
    c = t.shared.connect()
    c.ask('<login id="1" userName="%s" authData="%s"/>' % (user, password),
          failure("1", 515, "incorrect password or account name"))
    c.close()


def test_session_is_the_account_s(t):
    user, _, aliases = make(t)
    c = t.shared.connect()
    for alias in aliases * 2:  # checked, then remembered
        match(t.shared.connect().login(alias, id_="1"),
              '<session id="1" urlID="…" userName="%s" realName="Joe" '
              'version="…" random="…"/>' % user)
        refused(t, alias, "wrong")
    equal(attr(c.login(user), "userName"), user)


def test_ways_in(t):
    user, _, aliases = make(t)
    for alias in aliases:
        equal(attr(t.shared.connect().scram(alias), "userName"), user)
        c = t.shared.connect()
        c.send('<login id="1" method="PLAIN" value="%s"/>'
               % b64("\0%s\0secret" % alias))
        equal(attr(c.logged_in("1"), "userName"), user)
        connect(t.shared).login(alias).quit()
        try:
            t.shared.connect().scram(alias, "wrong")
        except Refused as got:
            equal(attr(got.answer, "errorNum"), "515")
        else:
            check(False, "a wrong password was taken")


def salt(t, user):
    """What SCRAM gives to anybody."""
    c = t.shared.connect()
    c.send('<login id="login" method="SCRAM-SHA-256" value="%s"/>'
           % b64("n,,n=%s,r=nonce" % user))
    fields = c.challenge().decode().split(",")
    return [f for f in fields if not f.startswith("r=")]


def test_salts_do_not_tell_who_exists(t):
    """By two names of the domain they are the same for everybody."""
    user, _, aliases = make(t)
    domain, alias = user.split("@")[1], aliases[1].split("@")[1]
    for name in ("joe", "nobody"):
        equal(salt(t, name + "@" + alias), salt(t, name + "@" + domain), name)


def test_domain_s_alias_as_target(t):
    user, _, aliases = make(t)
    alias = aliases[1].split("@")[1]
    c = t.shared.connect()
    c.ask('<listFeatures id="1" domain="%s"/>' % alias,
          '<features id="1" domain="%s"><sasl>LOGIN</sasl><sasl>PLAIN</sasl>'
          "<sasl>SCRAM-SHA-256</sasl></features>" % user.split("@")[1],
          response("1"))
    equal(attr(c.login("sales"), "userName"), user)


def test_ticket(t):
    user, alias, _ = make(t)
    session = t.shared.connect().login(alias, ticket="yes")
    c = t.shared.connect()
    c.send('<login id="2" ticket="%s"/>' % attr(session, "ticket"))
    equal(attr(c.logged_in("2"), "userName"), user)


def test_alias_that_is_gone(t):
    """Also where the password is remembered."""
    user, alias, aliases = make(t)
    for name in aliases * 2:
        enters(t, name, user)
    t.shared.cli("SetAccountAliases %s (other)" % user)
    refused(t, alias)
    refused(t, aliases[2])
    enters(t, aliases[1], user)
    t.shared.cli("SetDomainAliases %s ()" % user.split("@")[1])
    refused(t, aliases[1])
    enters(t, user, user)


def test_alias_of_another(t):
    """What was remembered lets nobody into the account that has it now."""
    user, alias, _ = make(t)
    ann = t.user("ann", user.split("@")[1], password="other")
    for _ in range(2):
        enters(t, alias, user)
    t.shared.cli("SetAccountAliases %s ()" % user)
    t.shared.cli("SetAccountAliases %s (sales)" % ann)
    refused(t, alias)
    for _ in range(2):
        enters(t, alias, ann, "other")
    # And a new account of that name is nobody's alias.
    t.shared.cli("SetAccountAliases %s ()" % ann)
    t.shared.account(alias, "third")
    refused(t, alias)
    refused(t, alias, "other")
    enters(t, alias, alias, "third")


def test_renamed_account(t):
    """Its aliases stay, its old name does not."""
    user, alias, _ = make(t)
    enters(t, alias, user)
    enters(t, user, user)
    new = "ann@" + user.split("@")[1]
    t.shared.cli("RenameAccount %s INTO %s" % (alias, new))
    for _ in range(2):
        enters(t, alias, new)
    refused(t, user)


def test_new_password(t):
    user, alias, _ = make(t)
    for _ in range(2):
        enters(t, alias, user)
    t.shared.cli("SetAccountPassword %s PASSWORD new" % alias)
    refused(t, alias)
    refused(t, user)
    enters(t, alias, user, "new")


def hashes(server):
    return int(server.cli("GetStatElement passwordHashes"))


def test_second_log_in_does_not_cost_the_hash(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    server.cli("SetAccountAliases %s (sales)" % user)
    before = hashes(server)
    server.connect().login("sales")
    # The alias gets a verifier of its own: the password is compared once more,
    # and then that is made.
    wait_until(lambda: hashes(server) - before >= 3, "it has been made")
    for _ in range(10):
        server.connect().login("sales")
    equal(hashes(server) - before, 3)


def test_alerts(t):
    """Those who are meant are told, by whatever name they are meant."""
    user, alias, aliases = make(t)
    c = t.shared.connect()
    c.login(alias)
    admin = t.shared.admin()
    for target in aliases:
        admin.ok(post_request(admin.next_id(), "hello", "account",
                              target=target))
        equal(attr(c.receive(), "scope"), "account")
    admin.ok(post_request(admin.next_id(), "all of you", "domain",
                          target=aliases[1].split("@")[1]))
    equal(attr(c.receive(), "scope"), "domain")
    admin.cli("KillAccountSessions " + alias)
    c.expect_bye()
