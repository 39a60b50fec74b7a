# SPDX-License-Identifier: BSD-2-Clause
"""DRYRUN before every command of a running server: the sessions, the log level,
and all that can be asked for stay as they are.  The tables of the store are
compared in tests/unit/test_admin_dry_run.c."""

import re

from ximss import attr, check, equal, wait_until

D = "a.test"
JOE = "joe@" + D
# What commands take; the others get these one after the other, too.
ARGUMENTS = ("", JOE, D, JOE + " INTO jim", D + " INTO b.test", "x",
             JOE + " ()", D + " {}", JOE + " {RealName=x;}",
             JOE + " PASSWORD other", D + " FORCE", "3 x", "ON", "10",
             "x KEY new", "y KEY k REPLACE", "KEY k", D + " ALERT x",
             JOE + " ALERT x", "b.test {}", JOE + " ADDRESS 192.0.2.1",
             JOE + " NAME t", "{}", "{20301201060000=x;}", JOE + " 50M",
             "SESSION", "g@" + D, "g@" + D + " {RealName=x;}",
             "f@" + D + " TO x", "new@" + D, "busy", "ops", "/nowhere KEEP 1",
             "busy {Above=1;}", "ops {Limit=5;}", "alertsPostedServer 7",
             "LIMIT 1")


def snapshot(server):
    """What there is, by what can be asked for."""
    ask = ["GetServerAlerts", "GetDomainAlerts " + D,
           "GetAccountAlerts " + JOE, "ListDomains", "ListAccounts " + D,
           "GetAccountSettings " + JOE, "GetAccountRights " + JOE,
           "GetAccountPrefs " + JOE, "GetAccountAliases " + JOE,
           "GetDomainSettings " + D, "GetDomainAliases " + D,
           "GetDomainDefaults", "GetServerAccountDefaults",
           "GetAccountDefaults " + D, "GetAccountTemplate " + D,
           "ListGroups " + D, "GetGroup g@" + D, "ListForwarders " + D,
           "ListAccountTokens " + JOE, "ListAccountDevices " + JOE,
           "ListAccountSessions " + JOE, "GetStorageUsed " + JOE,
           "GetDomainStat " + D, "GetAccountStat " + JOE,
           "VerifyAccountPassword %s PASSWORD secret" % JOE,
           "ListTriggers", "GetTrigger busy", "GetTrigger disk-low",
           "ListHandlers", "GetHandler ops", "GetHandler masters",
           "GetBackup", "GetStatElement alertsPostedServer"]
    found = {line: server.cli(line) for line in ask}
    found["GetBackup"] = re.sub(r"age=\d+;", "", found["GetBackup"])
    sessions = re.sub(r"seconds=\d+;idle=\d+", "",
                      server.cli("ListSessions"))
    found["sessions"] = sorted(re.findall(r"\{.*?\}", sessions))
    return found


def world(t):
    server = t.server()
    server.domain(D)
    server.domain("c.test")
    server.account(JOE)
    for line in ("PostServerAlert one KEY k", "PostDomainAlert %s ALERT d" % D,
                 "PostAccountAlert %s ALERT a" % JOE, "CreateGroup g@" + D,
                 "CreateForwarder f@%s TO x" % D,
                 "CreateAccountToken %s NAME t" % JOE,
                 "SetTrigger busy {Element=sessionsOpen;Above=5000;}",
                 "SetHandler ops {Accounts=%s;}" % JOE):
        server.cli(line)
    return server


def test_every_command(t):
    server = world(t)
    joe = server.login(JOE, alerts="no")
    wait_until(lambda: "LastLogin" in server.cli("GetAccountStat " + JOE),
               "the log-in is in the store")
    names = re.findall(r"\w+", server.cli("ListCLICommands")) + ["TESTCLOCK"]
    session = server.cli("FindAccountSession " + JOE)
    check(len(names) > 150, names)
    admin = server.admin()
    before = snapshot(server)
    done = set()
    for name in names:
        for more in ARGUMENTS:
            more = more.replace("SESSION", session)
            id_ = admin.next_id()
            admin.send('<cliExecute id="%s" report="yes">DRYRUN %s %s'
                       "</cliExecute>" % (id_, name, more))
            report = ""
            while True:
                got = admin.receive()
                if got.startswith("<cliReport"):
                    report = got
                if got.startswith("<response"):
                    break
            if attr(got, "errorNum") is None and 'changed="yes"' in report:
                done.add(name)
    after = snapshot(server)
    equal({k: v for k, v in after.items() if v != before[k]}, {})
    joe.flush()  # still logged in
    # It was no mere refusal.
    for name in ("SHUTDOWN", "DELETEDOMAIN", "DELETEACCOUNT", "KILLSESSION",
                 "KILLACCOUNTSESSIONS", "SETLOGALL", "WRITELOG", "TESTCLOCK",
                 "POSTSERVERALERT", "REMOVESERVERALERT", "SETSERVERALERTS",
                 "SETACCOUNTPASSWORD", "CREATEACCOUNTTOKEN",
                 "CREATEXIMSSSESSION", "SETSTORAGEUSED", "SUSPENDDOMAIN",
                 "SETTRIGGER", "REMOVETRIGGER", "SETHANDLER", "REMOVEHANDLER",
                 "TESTHANDLER", "SETSTATELEMENT"):
        check(name in done, "%s was not tried: %s" % (name, sorted(done)))
    check(not any("SYSTEM user=" in line for line in server.lines), "log")
    server.stop()
    server.verify()


def test_time_does_not_move(t):
    server = world(t)
    before = server.cli("GetCurrentTime")
    server.cli("DryRun TestClock 1000000")
    after = server.cli("GetCurrentTime")
    equal(before[:12], after[:12])


def test_reading_is_reading(t):
    server = world(t)
    equal(server.cli("DryRun ListAccounts " + D),
          server.cli("ListAccounts " + D))
    equal(server.cli("DRYRUN GetAccountAlerts " + JOE),
          server.cli("GetAccountAlerts " + JOE))


def test_of_long_changes_one_part(t):
    """A domain that takes many jobs to remove is not looked through."""
    server = world(t)
    admin = server.admin()
    keys = "".join("%d=x;" % (20300101000000 + (i // 60) * 100 + i % 60)
                   for i in range(900))
    server.cli("SetDomainAlerts %s {%s}" % (D, keys))
    before = snapshot(server)
    for line in ("DeleteDomain %s FORCE" % D, "SetDomainAlerts %s {}" % D,
                 "SetDomainAlerts %s {%s}" % (D, keys.replace("=x", "=y"))):
        admin.ask('<cliExecute id="l" report="yes">DRYRUN %s</cliExecute>'
                  % line, '<cliReport id="l" changed="yes"/>',
                  '<response id="l"/>')
    equal(snapshot(server), before)
