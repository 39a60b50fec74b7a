# SPDX-License-Identifier: BSD-2-Clause
"""Who may do what through the PWD port: each command for each kind of
administrator, and what those who may not hear of it."""

import pwd_absent
from pwd_port import PWD, Refused, connect, log_in
from ximss import MAIN, check, equal

# Administrators of a.test by one code each, and one with all of b.test's.
CODES = {"alerts": "CanPostAlerts", "create": "CanCreateAccounts",
         "basic": "BasicSettings", "web": "CanCreateWebUserSessions",
         "aliases": "CanCreateAliases", "other": "CanCreateLists",
         "groups": "CanCreateGroups", "forwarders": "CanCreateForwarders"}
SERVER_WIDE = {"master": "Master", "all": "All Domains",
               "monitor": "Can Monitor", "reader": "Domains Read",
               "settings": "Server Settings"}
EVERYBODY = set(CODES) | set(SERVER_WIDE) | {"stranger", "user"}
M = {"master"}
D = M | {"all"}
R = {"monitor", "reader"}
ANY = set(CODES)  # an administrator of that domain, whatever his code


class World:
    """A server with one connection for each of them."""

    def __init__(self, t):
        self.server = server = t.server(listen_pwd=PWD)
        for domain in ("a.test", "b.test"):
            server.domain(domain)
            server.account("joe@" + domain)
        server.account("user@a.test")
        for who, code in SERVER_WIDE.items():
            server.account("%s@%s" % (who, MAIN), rights=(code,))
        for who, code in CODES.items():
            server.account(who + "@a.test", rights=(code,))
        server.account("stranger@b.test", rights=CODES.values())
        self.who = {who: log_in(server, "%s@%s" % (who, self.domain(who)))
                    for who in EVERYBODY}
        self.admin = log_in(server)
        self.n = 0

    @staticmethod
    def domain(who):
        if who in SERVER_WIDE:
            return MAIN
        return "b.test" if who == "stranger" else "a.test"

    def attempt(self, who, command, before, after):
        """The code of the answer, 200 if there was none."""
        self.n += 1
        command, before, after = ([line.replace("{n}", str(self.n))
                                   for line in lines]
                                  for lines in ([command], before, after))
        for line in before:
            self.admin.do(line)
        try:
            self.who[who].do(command[0])
            code = 200
        except Refused as refused:
            code = refused.code
        for line in after:
            try:
                self.admin.do(line)
            except Refused:
                pass
        return code


def row(command, allowed, before=(), after=()):
    """before, after: what makes it possible and undoes it, as Master."""
    return command, set(allowed), before, after


NEW = ("CreateAccount n{n}@a.test",)
GONE = ("DeleteAccount n{n}@a.test",)
DOMAIN = ("CreateDomain n{n}.test",)
NO_DOMAIN = ("DeleteDomain n{n}.test FORCE",)
KEY = "20200101000000"

# Of a.test or the whole server.  What has a code needs the domain's
# administrator of that code; all others of a.test, and b.test's, hear 510.
TABLE = [
    row("GetServerAlerts", D | R),
    row("PostServerAlert x", D, after=("SetServerAlerts {}",)),
    row("SetServerAlerts {}", D),
    row("RemoveServerAlert " + KEY, D),
    row("GetDomainAlerts a.test", D | R | {"alerts"}),
    row("PostDomainAlert a.test ALERT x", D | {"alerts"}),
    row("SetDomainAlerts a.test {}", D | {"alerts"}),
    row("RemoveDomainAlert a.test ALERT " + KEY, D | {"alerts"}),
    row("GetAccountAlerts joe@a.test", D | R | {"alerts"}),
    row("PostAccountAlert joe@a.test ALERT x", D | {"alerts"}),
    row("SetAccountAlerts joe@a.test {}", D | {"alerts"}),
    row("RemoveAccountAlert joe@a.test ALERT " + KEY, D | {"alerts"}),
    row("GetClusterAlerts", D | R), row("PostClusterAlert x", D),
    row("SetClusterAlerts {}", D), row("RemoveClusterAlert " + KEY, D),

    row("ListDomains", D | R | ANY | {"stranger"}),
    row("ListDomainObjects a.test 10 ACCOUNTS", D | R | ANY),
    row("CreateDomain n{n}.test", D, after=NO_DOMAIN),
    row("CreateSharedDomain n{n}.test", D),
    row("RenameDomain n{n}.test INTO m{n}.test", D, DOMAIN,
        NO_DOMAIN + ("DeleteDomain m{n}.test",)),
    row("RenameDomain %s INTO %s" % (MAIN, MAIN), M),
    row("DeleteDomain n{n}.test", D, DOMAIN, NO_DOMAIN),
    row("GetDomainSettings a.test", D | R | ANY),
    row("UpdateDomainSettings a.test {x=1;}", D | {"basic"}),
    row("SetDomainSettings a.test {}", D | {"basic"}),
    row("GetDomainEffectiveSettings a.test", D | R | ANY),
    row("GetAccountDefaults a.test", D | R | ANY),
    row("UpdateAccountDefaults a.test {x=1;}", D | {"basic"}),
    row("SetAccountDefaults a.test {}", D | {"basic"}),
    row("GetAccountTemplate a.test", D | R | ANY),
    row("UpdateAccountTemplate a.test {x=1;}", D | {"basic"}),
    row("SetAccountTemplate a.test {}", D | {"basic"}),
    row("GetDomainAliases a.test", D | R | ANY),
    row("SetDomainAliases a.test ()", D),

    row("ListOutsideUsers a.test", D | {"create"}),
    row("CheckOutsideUsers a.test (joe)", D | {"create"}),
    row("PlanOutsideUsers a.test PRESENT (joe)", D | {"create"}),
    row("SyncOutsideUsers a.test PRESENT (joe)", D | {"create"}),

    row("GetStorageUsed joe@a.test", D | R | ANY),
    row("SetStorageUsed joe@a.test 5", D | {"basic"}),
    row("ListStorageUsed a.test", D | R | ANY),
    row("RefreshStorageUsed joe@a.test", D | {"basic"}),
    row("RefreshStorageUsed", D),

    row("GetServerAccountDefaults", D | R),
    row("UpdateServerAccountDefaults {x=1;}", M),
    row("SetServerAccountDefaults {}", M),
    row("GetAllAccountsDefaults", D | R),
    row("UpdateAllAccountsDefaults {x=1;}", M),
    row("SetAllAccountsDefaults {}", M),
    row("GetDomainDefaults", D | R), row("UpdateDomainDefaults {x=1;}", M),
    row("SetDomainDefaults {}", M),
    row("GetClusterAccountDefaults", D | R),
    row("UpdateClusterAccountDefaults {}", M),
    row("SetClusterAccountDefaults {}", M),
    row("GetClusterDomainDefaults", D | R),
    row("UpdateClusterDomainDefaults {}", M),
    row("SetClusterDomainDefaults {}", M),

    row("ListAccounts a.test", D | R | ANY),
    row("CreateAccount n{n}@a.test", D | {"create"}, after=GONE),
    row("RenameAccount n{n}@a.test INTO m{n}@a.test", D | {"create"}, NEW,
        GONE + ("DeleteAccount m{n}@a.test",)),
    row("RenameAccount n{n}@a.test INTO n{n}@b.test", D, NEW,
        GONE + ("DeleteAccount n{n}@b.test",)),
    row("DeleteAccount n{n}@a.test", D | {"create"}, NEW, GONE),
    row("SetAccountType joe@a.test AGrade", D | {"basic"}),
    row("GetAccountSettings joe@a.test", D | R | ANY),
    row("GetAccount joe@a.test", D | R | ANY),
    row("GetAccountEffectiveSettings joe@a.test", D | R | ANY),
    row("UpdateAccountSettings joe@a.test {x=1;}", D | {"basic"}),
    row("UpdateAccount joe@a.test {x=1;}", D | {"basic"}),
    row("SetAccountSettings joe@a.test {}", D | {"basic"}),
    row("SetAccount joe@a.test {}", D | {"basic"}),
    row("SetAccountPassword joe@a.test PASSWORD secret", D | {"basic"}),
    row("VerifyAccountPassword joe@a.test PASSWORD secret", D | ANY),
    row("GetAccountPlainPassword joe@a.test", D | {"basic"}),
    row("GetAccountInfo joe@a.test", D | R | ANY),
    row("GetAccountRights joe@a.test", D | R | ANY),
    row("SetAccountRights joe@a.test ()", D),
    row("SetAccountRights user@a.test ()", D),
    row("KillAccountSessions joe@a.test", D | {"web"}),
    row("ForgetAccountLogins joe@a.test", D | {"web"}),
    row("CreateAccountToken joe@a.test NAME made", D | {"basic"},
        after=("RevokeAccountToken joe@a.test NAME made",)),
    row("ListAccountTokens joe@a.test", D | R | ANY),
    row("RevokeAccountToken joe@a.test NAME made", D | {"basic"},
        ("CreateAccountToken joe@a.test NAME made",),
        ("RevokeAccountToken joe@a.test NAME made",)),
    row("GetAccountAliases joe@a.test", D | R | ANY),
    row("SetAccountAliases joe@a.test ()", D | {"aliases"}),

    row("ListAccountSessions joe@a.test", D | {"web"}),
    row("ListSessions", D | {"monitor"}),
    row("TESTCLOCK 0", M),
    row("Noop", EVERYBODY), row("Echo x", EVERYBODY),
    row("GetVersion", EVERYBODY), row("GetCurrentTime", EVERYBODY),
    row("ListCLICommands", EVERYBODY),
    row("MainDomainName", D | R | ANY | {"stranger", "settings"}),
    row("GetSystemInfo", D | R | ANY | {"stranger", "settings"}),

    row("SuspendDomain n{n}.test", D, DOMAIN, NO_DOMAIN),
    row("ResumeDomain a.test", D),
    row("ListControlledDomains", D | R | ANY | {"stranger"}),
    row("ListAdminDomains a.test", D | R | ANY),
    row("GetDomainLocation a.test", D | R | ANY),
    row("GetDomainStat a.test", D | R | ANY),
    row("GetAccountPrefs joe@a.test", D | R | ANY),
    row("GetAccountEffectivePrefs joe@a.test", D | R | ANY),
    row("GetEffectiveAccountPrefs joe@a.test", D | R | ANY),
    row("GetWebUser joe@a.test", D | R | ANY),
    row("GetEffectiveWebUser joe@a.test", D | R | ANY),
    row("UpdateAccountPrefs joe@a.test {}", D | {"basic"}),
    row("SetAccountPrefs joe@a.test {}", D | {"basic"}),
    row("SetWebUser joe@a.test {}", D | {"basic"}),
    row("GetAccountLocation joe@a.test", D | R | ANY),
    row("GetAccountStat joe@a.test", D | R | ANY),
    row("Route joe@a.test", D | R | ANY),
    row("GetStatElement logins", D | {"monitor"}),
    row("GetSNMPElement logins", D | {"monitor"}),
    row("GetStatTable logins", D | {"monitor"}),
    row("SetStatElement cliCommands 0", M),
    row("ListTriggers", M),
    row("GetTrigger disk-low", M),
    row("SetTrigger disk-low {Below=5;}", M),
    row("RemoveTrigger disk-low", M),
    row("ListHandlers", M),
    row("GetHandler masters", M),
    row("SetHandler masters {Limit=5;}", M),
    row("RemoveHandler masters", M),
    row("TestHandler masters", M),
    row('GetNextStatName ""', D | {"monitor"}),
    row("WriteLog 3 x", D | {"monitor"}), row("TestLoop 1", D | {"monitor"}),
    row("GetAudit LIMIT 1", D | ANY | {"stranger"}),
    row("GetAudit LIMIT 1 DOMAIN a.test", D | ANY), row("VerifyAudit", M),
    row("SetLogAll OFF", D), row("SetLogAll ON", D,
                                 after=("SetLogAll OFF",)),
    row("GetCurrentController", D | {"monitor"}),
    row("CreateXIMSSSession joe@a.test ADDRESS 192.0.2.1", D | {"web"}),
    row("ListAccountDevices joe@a.test", D | {"web"}),
    row("RevokeAccountDevice joe@a.test *", D | {"web"}),
    row("CreateWebUserSession joe@a.test ADDRESS 192.0.2.1", D | {"web"}),
    row("FindAccountSession joe@a.test", D | {"web"}),
    row("FindWebUserSession joe@a.test", D | {"web"}),
    row("ListGroups a.test", D | R | ANY),
    row("GetGroup g@a.test", D | R | ANY,
        before=("CreateGroup g@a.test",), after=("DeleteGroup g@a.test",)),
    row("CreateGroup g{n}@a.test", D | {"groups"}),
    row("SetGroup g{n}@a.test {Members=(joe);}", D | {"groups"},
        before=("CreateGroup g{n}@a.test",)),
    row("UpdateGroup g{n}@a.test ADD (joe)", D | {"groups"},
        before=("CreateGroup g{n}@a.test",)),
    row("RenameGroup g{n}@a.test INTO h{n}", D | {"groups"},
        before=("CreateGroup g{n}@a.test",)),
    row("DeleteGroup g{n}@a.test", D | {"groups"},
        before=("CreateGroup g{n}@a.test",)),
    row("ListForwarders a.test", D | R | ANY),
    row("FindForwarders a.test TO joe", D | R | ANY),
    row("GetForwarder f@a.test", D | R | ANY,
        before=("CreateForwarder f@a.test TO joe",),
        after=("DeleteForwarder f@a.test",)),
    row("CreateForwarder f{n}@a.test TO joe", D | {"forwarders"}),
    row("RenameForwarder f{n}@a.test INTO e{n}", D | {"forwarders"},
        before=("CreateForwarder f{n}@a.test TO joe",)),
    row("DeleteForwarder f{n}@a.test", D | {"forwarders"},
        before=("CreateForwarder f{n}@a.test TO joe",)),
] + [row(line, (D if not reads else D | R) if server else
         (D | ANY if not reads else D | R | ANY))
     for line, server, reads in pwd_absent.by_right()]

# What is an account's own.
OWN = {"GetAccountSettings {own}", "GetAccountEffectiveSettings {own}",
       "GetAccount {own}", "GetAccountInfo {own}", "GetAccountAlerts {own}",
       "GetAccountAliases {own}", "GetAccountPrefs {own}",
       "ListAccountTokens {own}", "CreateAccountToken {own}",
       "SetAccountPrefs {own} {}", "GetAccountStat {own}", "Route {own}",
       "GetAccountMailRules {own}", "ListMailboxes {own}"}
# What is greater than its caller: the domain "" is the main one.
GREATER = ["SetAccountPassword postmaster@{m} PASSWORD x",
           "UpdateAccountSettings postmaster@{m} {x=1;}",
           "DeleteAccount postmaster@{m}", "KillAccountSessions postmaster@{m}",
           "SetAccountRights postmaster@{m} ()",
           "RenameAccount postmaster@{m} INTO x@{m}",
           "VerifyAccountPassword postmaster@{m} PASSWORD x",
           "SetAccountRights all@{m} (Master)"]
# Commands that no table of rights has to name, and why.
WITHOUT_TABLE = {
    "SHUTDOWN": "test_shutdown", "STARTBACKUP": "test_backup",
    "GETBACKUP": "test_backup", "GETSESSION": "test_sessions",
    "KILLSESSION": "test_sessions", "GETWEBUSERSESSION": "test_sessions",
    "KILLWEBUSERSESSION": "test_sessions"}


def test_matrix(t):
    world = World(t)
    wrong = []
    for command, allowed, before, after in TABLE:
        for who in sorted(EVERYBODY):
            code = world.attempt(who, command, before, after)
            if (code != 510) != (who in allowed):
                wrong.append("%s by %s: %d" % (command, who, code))
    check(not wrong, "\n".join(wrong))


def test_matrix_has_every_command(t):
    c = log_in(t.server(listen_pwd=PWD))
    named = {line[0].split()[0].upper() for line in TABLE}
    listed = set(c.do("ListCLICommands"))
    equal(sorted(listed - named - set(WITHOUT_TABLE)), [])
    equal(sorted(set(WITHOUT_TABLE) & named), [])


def test_stranger_changes_nothing(t):
    """An administrator of b.test, in his own domain, may; his codes end at
    its border."""
    world = World(t)
    c = world.who["stranger"]
    for command in ("PostDomainAlert b.test ALERT x", "SetDomainAlerts {}",
                    "CreateAccount kim@b.test", "DeleteAccount kim@b.test",
                    "UpdateAccountSettings joe@b.test {x=1;}",
                    "KillAccountSessions joe@b.test"):
        c.do(command)
    equal(c.do("ListDomains"), ["b.test"])
    equal(c.refused("RenameAccount joe@b.test INTO jim@a.test"), 510)
    equal(c.refused("UpdateAccountSettings joe@a.test {x=1;}"), 510)


def test_own_things(t):
    world = World(t)
    for who in sorted(EVERYBODY):
        c = world.who[who]
        for command in sorted(OWN):
            c.do(command.replace("{own}", "*"))
            c.do(command.replace("{own}",
                                 "%s@%s" % (who, World.domain(who))))
    c = world.who["user"]
    for command in ("UpdateAccountSettings * {MaxAccountSize=unlimited;}",
                    "SetAccountRights * (Master)", "DeleteAccount *",
                    "SetAccountPassword * PASSWORD x",
                    "PostAccountAlert * ALERT x"):
        check(c.refused(command) in (501, 510), command)


def test_nobody_acts_on_a_greater_one(t):
    world = World(t)
    world.server.account("small@" + MAIN, rights=CODES.values())
    small = log_in(world.server, "small@" + MAIN)
    for who, c in (("all", world.who["all"]), ("small", small)):
        for command in GREATER:
            equal(c.refused(command.replace("{m}", MAIN)), 510,
                  "%s by %s" % (command, who))
    equal(small.refused("KillAccountSessions all@" + MAIN), 510)
    log_in(world.server).in_step()


def test_what_exists_is_not_told(t):
    """Who might if it existed hears that it does not; others hear 510."""
    world = World(t)
    for command, allowed, _, _ in TABLE:
        if "joe@a.test" not in command:
            continue
        nobody = command.replace("joe@a.test", "nobody@a.test")
        nowhere = command.replace("joe@a.test", "joe@nowhere.test")
        for who in sorted(EVERYBODY):
            c = world.who[who]
            server_wide = who in allowed & set(SERVER_WIDE)
            equal(c.refused(nobody), 513 if who in allowed else 510,
                  "%s by %s" % (nobody, who))
            equal(c.refused(nowhere), 512 if server_wide else 510,
                  "%s by %s" % (nowhere, who))


def test_rights_hold_at_once(t):
    """What is given or taken counts from the next command on."""
    server = t.server(listen_pwd=PWD)
    user = server.account("joe@" + MAIN)
    c = log_in(server, user)
    admin = log_in(server)
    equal(c.refused("GetServerAlerts"), 510)
    admin.do('SetAccountRights %s ("All Domains")' % user)
    equal(c.do("GetServerAlerts"), {})
    admin.do("SetAccountRights %s ()" % user)
    equal(c.refused("GetServerAlerts"), 510)


def test_no_way_up(t):
    world = World(t)
    for who in ("all", "basic", "create"):
        for rights in ("(Master)", '("All Domains")', '("Can Monitor")'):
            code = world.who[who].refused("SetAccountRights %s %s" % (
                "%s@%s" % (who, World.domain(who)), rights))
            check(code in (501, 510), "%s %s: %d" % (who, rights, code))


def test_shutdown(t):
    world = World(t)
    for who in sorted(EVERYBODY - M):
        equal(world.who[who].refused("Shutdown"), 510, who)


def test_backup(t):
    world = World(t)
    for who in sorted(EVERYBODY - M):
        equal(world.who[who].refused("StartBackup /nowhere"), 510, who)
        equal(world.who[who].refused("GetBackup"), 510, who)


def test_sessions(t):
    world = World(t)
    for number, who in enumerate(sorted(EVERYBODY)):
        kill = ("KillSession", "KillWebUserSession")[number % 2]
        listener = world.server.login("joe@a.test")
        name = world.admin.do("ListAccountSessions joe@a.test")[-1]
        for command in ("GetSession %s DOMAIN a.test",
                        "GetWebUserSession %s DOMAIN a.test",
                        kill + " %s DOMAIN a.test"):
            code = world.attempt(who, command % name, (), ())
            equal(code, 200 if who in D | {"web"} else 510,
                  "%s by %s" % (command, who))
        if who in D | {"web"}:
            listener.expect_bye()
        else:
            listener.quiet()
            listener.bye()
        equal(world.who["user"].refused("KillSession " + name), 510)


def test_before_log_in_nobody(t):
    server = t.server(listen_pwd=PWD)
    c = connect(server)
    for command, *_ in TABLE:
        if command == "Noop":
            continue
        c.ask(command.replace("{n}", "1"), "516 log in first")
