# SPDX-License-Identifier: BSD-2-Clause
"""Groups and forwarders: as a panel uses them, for those who log in, across a
crash, and within their limits."""

import os
import re
import signal
import subprocess

from pwd_port import LOGGED_IN, OK, PWD, SEND_PASS, connect, log_in
from ximss import (DEADLINE, HERE, MAIN, MASTER_PASSWORD, Refused, b64, check,
                   equal, failure)

SERVER = {"listen_pwd": PWD}
TAKEN = "520 account with this name already exists"
WRONG = "515 incorrect password or account name"


def said(c, line):
    c.say(line)
    return c.receive()


def test_a_panels_run(t):
    port = t.shared.ports("pwd")[0][1]
    done = subprocess.run(
        ["perl", os.path.join(HERE, "pwd_panel.pl"), str(port),
         MASTER_PASSWORD, "panel.test"], stdin=subprocess.DEVNULL,
        capture_output=True, check=False, timeout=DEADLINE * 4)
    equal((done.returncode, done.stdout, done.stderr), (0, b"", b""))


def log_ins(server, name):
    """What each way to log in says to that name."""
    found = []
    c = connect(server)
    c.ask("USER " + name, SEND_PASS)
    found.append(said(c, "PASS secret"))
    found.append(said(c, "AUTH WEBUSER %s secret" % name))
    found.append(said(c, "AUTH PLAIN " + b64("\0%s\0secret" % name)))
    c = server.connect()
    c.send('<login id="1" userName="%s" password="secret"/>' % name)
    found.append(c.receive())
    c.send('<login id="2" method="SCRAM-SHA-256" value="%s"/>'
           % b64("n,,n=%s,r=nonce" % name))
    fields = dict(f.split("=", 1) for f in c.challenge("2").decode().split(","))
    found.append((fields["i"], len(fields["s"])))
    try:
        server.connect().scram(name, "secret")
    except Refused as refused:
        found.append(refused.answer)
    return found


def test_nobody_logs_in_by_them(t):
    """The same words, the same work, as for a name that nobody has."""
    server = t.server({"login_delay": "0"}, listen_pwd=PWD)
    domain = server.domain("a.test")
    server.account("joe@" + domain)
    c = log_in(server)
    c.do("CreateGroup group@a.test {Members=(joe);Password=secret;}")
    c.do("CreateForwarder forwarder@a.test TO joe")

    def cost(name):
        before = int(server.cli("GetStatElement passwordHashes"))
        found = log_ins(server, name)
        return found, int(server.cli("GetStatElement passwordHashes")) - before

    expected = cost("nobody@a.test")
    equal(expected[0][:4], [WRONG] * 3 + [
        '<response id="1" errorText="incorrect password or account name" '
        'errorNum="515"/>'])
    for name in ("group@a.test", "GROUP@a.test", "forwarder@a.test"):
        equal(cost(name), expected, name)
    # Nor is anything of theirs an account's.
    c = server.login("postmaster", MASTER_PASSWORD, alerts="no")
    c.ask('<alertPost id="9" scope="account" target="group@a.test">hi'
          '</alertPost>', failure("9", 513))


def test_account_of_a_name_that_was_a_groups(t):
    domain = t.domain()
    c = log_in(t.shared)
    c.do("CreateGroup joe@%s {Members=(x);}" % domain)
    equal(said(c, "CreateAccount joe@%s {Password=secret;}" % domain), TAKEN)
    c.do("RenameGroup joe@%s INTO friends" % domain)
    c.do("CreateAccount joe@%s {Password=secret;}" % domain)
    equal(said(c, "RenameGroup friends@%s INTO joe" % domain), TAKEN)
    own = connect(t.shared)
    own.ask("USER joe@" + domain, SEND_PASS)
    own.ask("PASS secret", LOGGED_IN)
    t.shared.connect().login("joe@" + domain)


def test_limits(t):
    server = t.server({"max_group_members": 2, "max_domain_groups": 2,
                       "max_domain_forwarders": 1}, listen_pwd=PWD)
    server.domain("a.test")
    c = log_in(server)
    c.do("CreateGroup a@a.test {Members=(1,2);}")
    equal(said(c, "SetGroup a@a.test {Members=(1,2,3);}"),
          "526 too many members. a group may have 2")
    c.do("CreateGroup b@a.test")
    equal(said(c, "CreateGroup c@a.test"),
          "526 too many groups. a domain may have 2")
    c.do("CreateForwarder f@a.test TO x")
    equal(said(c, "CreateForwarder g@a.test TO x"),
          "526 too many forwarders. a domain may have 1")
    # Read again, without a restart.
    at = len(server.lines)
    server.options.update({"max_group_members": 3, "max_domain_groups": 0,
                           "max_domain_forwarders": 2})
    server.write_config()
    server.signal(signal.SIGHUP)
    server.wait_log("configuration and certificates were read again", at)
    c.do("SetGroup a@a.test {Members=(1,2,3);}")
    for name in "cdef":
        equal(said(c, "CreateGroup %s-group@a.test" % name), OK)
    c.do("CreateForwarder g@a.test TO x")
    equal(said(c, "CreateForwarder h@a.test TO x"),
          "526 too many forwarders. a domain may have 2")


def test_what_was_answered_is_there_after_a_crash(t):
    server = t.server(listen_pwd=PWD)
    server.domain("a.test")
    server.domain("b.test")
    server.account("joe@a.test")
    c = log_in(server)
    c.do("CreateGroup staff@a.test {Members=(joe);}")
    c.do("CreateGroup gone@a.test")
    c.do("CreateForwarder info@a.test TO joe")
    c.do("UpdateGroup staff@a.test ADD (ann)")
    c.do("RenameGroup gone@a.test INTO moved@b.test")
    c.do("RenameForwarder info@a.test INTO help")
    c.do("RenameDomain b.test INTO c.test")
    c.do("DeleteAccount joe@a.test")
    server.restart(crash=True)
    c = log_in(server)
    equal(c.do("ListGroups a.test"), ["staff"])
    equal(c.do("GetGroup staff@a.test"), {"Members": ["joe", "ann"]})
    equal(c.do("ListGroups c.test"), ["moved"])
    equal(c.do("ListForwarders a.test"), ["help"])
    equal(said(c, "CreateAccount staff@a.test"), TAKEN)
    c.do("CreateAccount info@a.test")
    c.do("CreateAccount joe@a.test")
    server.stop()
    server.verify()


def test_a_domain_with_many_goes_in_pieces(t):
    """Killed on the way, it is sound, and the same command ends it."""
    server = t.server(listen_pwd=PWD)
    server.domain("a.test")
    c = log_in(server)
    c.say(*["CreateGroup g%d@a.test {Members=(joe);}" % i
            for i in range(600)],
          *["CreateForwarder f%d@a.test TO joe" % i for i in range(600)])
    for _ in range(1200):
        c.expect(OK)
    equal(len(c.do("ListGroups a.test")), 600)
    equal(said(c, "DeleteDomain a.test"),
          "501 the domain has groups or forwarders")
    c.say("DeleteDomain a.test FORCE")
    server.kill()
    server.verify()
    server.start()
    c = log_in(server)
    check(said(c, "DeleteDomain a.test FORCE") in
          (OK, "512 unknown secondary domain name"), "not deleted")
    server.domain("a.test")
    equal(c.do("ListGroups a.test"), [])
    equal(c.do("ListDomainObjects a.test 10 ACCOUNTS FORWARDERS"),
          ["0", {}, "0", "0"])
    server.stop()
    server.verify()


def test_changes_are_in_the_audit_log(t):
    server = t.server(listen_pwd=PWD)
    server.domain("a.test")
    server.account("adm@a.test", rights=("CanCreateGroups",))
    c = log_in(server, "adm@a.test")
    c.do("CreateGroup staff {Members=(joe);}")
    c.do("UpdateGroup staff ADD (ann)")
    equal(said(c, "CreateForwarder f TO x"), "510 insufficient access rights")
    server.stop()
    with open(os.path.join(server.store, "db", "audit.db"), "rb") as f:
        trail = f.read()
    for line in (b"CREATEGROUP staff {Members=(joe,);}",
                 b"UPDATEGROUP staff ADD (ann,)",
                 b"CREATEFORWARDER f TO x"):
        check(line in trail and b"adm@a.test" in trail, line)


def test_by_xml(t):
    """The same commands by cliExecute."""
    domain = t.domain()
    admin = t.shared.admin()
    admin.cli('CreateGroup "staff@%s" {Members=("\u00fcber@x.test");}'
              % domain)
    equal(admin.cli("GetGroup staff@" + domain),
          '{Members=("\u00fcber@x.test");}')
    equal(admin.cli_error("GetForwarder staff@" + domain), 553)
    equal(admin.cli("Route postmaster@" + MAIN) is not None, True)
    check(re.search("group|forwarder", admin.cli("ListCLICommands").lower()),
          "not listed")
