# SPDX-License-Identifier: BSD-2-Clause
"""Who may do what: every command for every kind of administrator, and the
trace that each change leaves."""

import os

from ximss import (MAIN, MASTER_PASSWORD, Failed, attr, check, equal, escape,
                   failure, response, wait_until)


class World:
    def __init__(self, t):
        self.server = server = t.server()
        for domain in ("a.test", "b.test"):
            server.domain(domain)
            server.account("joe@" + domain)
        self.logins = {"socket": server.admin()}
        for name, rights in (
                ("all@" + MAIN, ("All Domains",)),
                ("monitor@" + MAIN, ("Can Monitor",)),
                ("creator@a.test", ("CanCreateAccounts",)),
                ("basic@a.test", ("BasicSettings",)),
                ("poster@a.test", ("CanPostAlerts",)),
                ("user@a.test", ())):
            server.account(name, rights=rights)
            self.logins[name.split("@")[0]] = server.login(name, alerts="no")
        c = server.connect("postmaster")
        c.login("postmaster@" + MAIN, MASTER_PASSWORD, alerts="no")
        self.logins["postmaster"] = c


MASTERS = {"socket", "postmaster"}
ALL = MASTERS | {"all"}
# (command, who may, what undoes it); {n} is a number that grows
TABLE = [
    ("CreateDomain n{n}.test", ALL, "DeleteDomain n{n}.test"),
    ("DeleteDomain b.test", ALL, None),
    ("RenameDomain b.test INTO c.test", ALL, "RenameDomain c.test INTO "
     "b.test"),
    ("UpdateDomainSettings b.test {x=1;}", ALL, None),
    ("GetDomainSettings b.test", ALL | {"monitor"}, None),
    ("CreateAccount n{n}@b.test {Password=x;}", ALL,
     "DeleteAccount n{n}@b.test"),
    ("CreateAccount n{n}@a.test {Password=x;}", ALL | {"creator"},
     "DeleteAccount n{n}@a.test"),
    ("RenameAccount joe@b.test INTO jim@b.test", ALL,
     "RenameAccount jim@b.test INTO joe@b.test"),
    ("RenameAccount joe@a.test INTO joe@b{n}.test", ALL, None),
    ("UpdateAccountSettings joe@b.test {x=1;}", ALL, None),
    ("UpdateAccountSettings joe@a.test {x=1;}", ALL | {"basic"}, None),
    ("GetAccountSettings joe@b.test", ALL | {"monitor"}, None),
    ("SetAccountPassword joe@b.test PASSWORD secret", ALL, None),
    ("SetAccountPassword joe@a.test PASSWORD secret", ALL | {"basic"}, None),
    ("SetAccountPassword postmaster@" + MAIN + " PASSWORD \""
     + MASTER_PASSWORD + '"', MASTERS, None),
    ("SetAccountRights joe@b.test ()", ALL, None),
    ("SetAccountRights joe@a.test ()", ALL, None),
    ("SetAccountRights all@" + MAIN + ' ("All Domains")', MASTERS, None),
    ("KillAccountSessions joe@b.test", ALL, None),
    ("GetServerAlerts", ALL | {"monitor"}, None),
    ("PostServerAlert x", ALL, "SetServerAlerts {}"),
    ("SetServerAlerts {}", ALL, None),
    ("RemoveServerAlert 20200101000000", ALL, None),
    ("GetDomainAlerts a.test", ALL | {"monitor", "poster"}, None),
    ("PostDomainAlert a.test ALERT x", ALL | {"poster"},
     "SetDomainAlerts a.test {}"),
    ("PostDomainAlert b.test ALERT x", ALL, "SetDomainAlerts b.test {}"),
    ("SetDomainAlerts b.test {}", ALL, None),
    ("PostAccountAlert joe@a.test ALERT x", ALL | {"poster"},
     "SetAccountAlerts joe@a.test {}"),
    ("PostAccountAlert joe@b.test ALERT x", ALL,
     "SetAccountAlerts joe@b.test {}"),
    ("GetAccountAlerts joe@b.test", ALL | {"monitor"}, None),
    ("UpdateServerAccountDefaults {x=1;}", MASTERS, None),
    ("TESTCLOCK 0", MASTERS, None),
]


def test_table(t):
    """May he: 510, or anything else."""
    world = World(t)
    n = 0
    wrong = []
    for command, allowed, undo in TABLE:
        for who, c in world.logins.items():
            n += 1
            c.send('<cliExecute id="x">%s</cliExecute>'
                   % escape(command.replace("{n}", str(n))))
            got = c.until_response("x")[-1]
            may = attr(got, "errorNum") != "510"
            if may != (who in allowed):
                wrong.append("%s %s: %s" % (who, command, got))
            if undo and attr(got, "errorNum") is None:
                world.server.cli(undo.replace("{n}", str(n)))
    check(not wrong, "\n".join(wrong))


def test_ordinary_user(t):
    """His own settings he may read; nothing else."""
    user = t.user()
    c = t.shared.login(user)
    c.cli("GetAccountSettings " + user)
    for command in ("ListDomains", "ListAccounts " + user.split("@")[1],
                    "Shutdown", "SetAccountRights %s (Master)" % user,
                    "UpdateAccountSettings %s {MaxAccountSize=unlimited;}"
                    % user):
        equal(c.cli_error(command), 510, command)


def test_no_way_up(t):
    """A domain administrator cannot give rights that he has not."""
    domain = t.domain()
    user = t.user("adm", domain, rights=("CanPostAlerts", "BasicSettings",
                                         "CanCreateAccounts"))
    c = t.shared.login(user)
    for rights in ("(Master)", '("All Domains")', '("Can Monitor")',
                   "(CanImpersonate)"):
        check(c.cli_error("SetAccountRights %s %s" % (user, rights)) >= 500,
              rights)
    t.shared.account("boss@" + MAIN, rights=("All Domains",))
    boss = t.shared.login("boss@" + MAIN, alerts="no")
    for who in ("boss@" + MAIN, "postmaster@" + MAIN):
        equal(boss.cli_error("SetAccountRights %s (Master)" % who), 510, who)


def test_domain_administrator_sees_the_servers_alerts(t):
    """All of them, as his page shows them, and no more than that."""
    server = t.server()
    server.domain("a.test")
    server.domain("b.test")
    user = server.account("post@a.test", rights=("CanPostAlerts",))
    c = server.login(user)
    admin = server.admin()
    first = admin.post("first")
    admin.post("of another domain", "domain", target="b.test")
    c.flush()
    c.ok('<alertDismiss id="1" alertID="%s"/>' % first)
    c.ok('<setSessionOption id="2" name="alerts" value="no"/>')
    report = ('<alertReport%s alertID="%s" scope="server" severity="warning" '
              'gmtTime="…" localTime="…"%s>%s</alertReport>')
    c.ask('<alertList id="3" scope="server"/>',
          report % (' id="3"', first, ' seen="yes"', "first"), response("3"))
    c.ok('<alertWatch id="4" scope="server"/>')
    second = admin.post("second")
    c.expect(report % ("", second, "", "second"))
    admin.remove(second)
    c.expect('<alertRemoved alertID="%s"/>' % second)
    c.ask('<alertRemove id="5" alertID="%s"/>' % first, failure("5", 514))
    for request in ('<alertPost id="6" scope="server">x</alertPost>',
                    '<alertList id="6" scope="cluster"/>',
                    '<alertWatch id="6" scope="cluster"/>',
                    '<alertList id="6" scope="domain" target="b.test"/>',
                    '<cliExecute id="6">GetServerAlerts</cliExecute>'):
        c.ask(request, failure("6", 510))
    server.cli("SetAccountRights %s (BasicSettings)" % user)
    c.ask('<alertList id="7" scope="server"/>', failure("7", 510))
    c.ask('<alertWatch id="7" scope="server"/>', failure("7", 510))
    admin.post("third")
    c.quiet()


def test_domain_administrator_names_his_own_domain_by_default(t):
    domain = t.domain()
    c = t.shared.login(t.user("post", domain, rights=("CanPostAlerts",)),
                       alerts="no")
    c.cli("PostDomainAlert %s ALERT x" % domain)
    check("=x;" in c.cli("GetDomainAlerts"), "his own domain's")


def test_changes_leave_a_trace(t):
    """Who, from where, what, with what outcome; without secrets."""
    server = t.server()
    domain = server.domain("a.test")
    user = server.account("post@" + domain, "hush-hush-7",
                          rights=("CanPostAlerts",))
    c = server.login(user, "hush-hush-7", alerts="no")
    c.post("audited text", "domain", target=domain)
    try:
        c.post("refused text")
    except Failed:
        pass
    server.stop()
    trail = b""
    for root, _, files in os.walk(server.store):
        for name in files:
            if name.endswith(".db"):
                with open(os.path.join(root, name), "rb") as f:
                    trail += f.read()
    for part in (b"post@a.test", b"127.0.0.1 ", b"local:0"):
        check(part in trail, "%r is not in the store" % part)
    check(b"hush-hush-7" not in trail, "a password is in the audit log")


def test_refusals_do_not_fill_the_audit(t):
    """However many: a bounded number of records, and one that counts."""
    server = t.server(options={"audit_refused": 20})
    domain = server.domain("a.test")
    user = server.account("post@" + domain, rights=("CanPostAlerts",))
    c = server.login(user, alerts="no")
    request = '<cliExecute id="%d">PostServerAlert marked</cliExecute>'
    for first in range(0, 2000, 100):
        for n in range(first, first + 100):
            c.send(request % n)
        for n in range(first, first + 100):
            equal(attr(c.until_response(str(n))[-1], "errorNum"), "510")
    server.stop()
    with open(os.path.join(server.store, "db", "audit.db"), "rb") as f:
        trail = f.read()
    equal(trail.count(b"POSTSERVERALERT marked"), 20)
    check(b"1980 more since " in trail, "nothing says how many")


def test_sessions_of_others(t):
    a, b = t.domain(), t.domain()
    bob = t.user("bob", b)
    admin = t.shared.login(t.user("adm", a, rights=(
        "CanCreateWebUserSessions", "BasicSettings")), alerts="no")
    c = t.shared.connect()
    id_ = attr(c.login(bob), "urlID")
    check(admin.cli_error("KillSession " + id_) >= 500, "killed")
    check(admin.cli_error("ListAccountSessions " + bob) >= 500, "listed")
    c.quiet()
    wait_until(lambda: t.shared.sessions(bob) == 1, "still there")
