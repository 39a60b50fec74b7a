# SPDX-License-Identifier: BSD-2-Clause
"""Accounts that make themselves before anybody logs in to them, because the
user database of a source of passwords knows the user."""

import os
import socket
import threading

from userdb import UserDb
from ximss import (MAIN, alert, attr, check, ctl, door_login, equal, failure,
                   wait_until)

DOMAIN = "a.test"
NO_ACCOUNT = "unknown user account"
AWAY = "users can not be looked up now, try again later"
WRONG = "incorrect password or account name"


class World:
    """ximssd beside a user database, with a domain that asks it."""

    def __init__(self, t, users=("joe", "ann", "bob"), begin=True,
                 settings='{Auth="store,dovecot";}', **options):
        self.server = t.server(start=False)
        path = os.path.join(self.server.dir, "userdb")
        self.usage = os.path.join(self.server.dir, "usage")
        self.db = UserDb(path, ["%s@%s" % (u, DOMAIN) for u in users])
        self.server.options.update({"auth_userdb_socket": path,
                                    "quota_dict_socket": self.usage,
                                    "quota_socket_mode": "0666", **options})
        if begin:
            self.db.start()
        self.server.open_door().start()
        self.server.domain(DOMAIN, settings)

    def accounts(self, domain=DOMAIN):
        """Their names, sorted."""
        text = self.server.cli("ListAccounts " + domain)
        return sorted(e.split("=")[0] for e in text.strip("{}").split(";") if e)

    def report(self, name, used=5000):
        """As quota_clone does it; returns when Dovecot may go on."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.connect(self.usage)
            s.sendall(("H3\t2\t0\t\tquota\nB1\t%s\n"
                       "S1\tpriv/quota/storage\t%d\nC1\n"
                       % (name, used)).encode())
            equal(s.recv(100), b"O1\n")

    def used(self, name):
        return self.server.cli("GetAccountInfo %s Key StorageUsed" % name)


# --- found ---

def test_a_report_of_usage_makes_the_account(t):
    w = World(t)
    w.report("JOE@" + DOMAIN.upper(), 7000)
    wait_until(lambda: w.accounts() == ["joe"], "the account")
    wait_until(lambda: w.used("joe@" + DOMAIN) == "7000", "its report")
    equal(w.db.asked, ["joe@" + DOMAIN])
    equal(w.server.cli("GetAccountSettings joe@" + DOMAIN), "{Outside=YES;}")
    w.report("joe@" + DOMAIN, 8000)
    wait_until(lambda: w.used("joe@" + DOMAIN) == "8000", "the next report")
    equal(w.db.asked, ["joe@" + DOMAIN])


def test_an_alert_makes_the_account(t):
    """... by XIMSS and the CLI, and it is there when the user comes."""
    w = World(t)
    w.server.admin().ask('<alertPost id="p" scope="account" target="joe@%s" '
                         'test="yes">x</alertPost>' % DOMAIN,
                         failure("p", 513, NO_ACCOUNT))
    w.server.admin().post("Hello, Joe", "account", target="Joe@" + DOMAIN)
    w.server.cli('PostAccountAlert ann@%s ALERT "Hello, Ann"' % DOMAIN)
    w.server.cli('SetAccountAlerts bob@%s {#T01-01-2099_00:00:00="Hello, Bob";}'
                 % DOMAIN)
    equal(w.accounts(), ["ann", "bob", "joe"])
    for name in ("joe", "ann", "bob"):
        check("Hello, %s" % name.capitalize() in
              w.server.cli("GetAccountAlerts %s@%s" % (name, DOMAIN)), name)
    mail = w.server.mail("joe@" + DOMAIN)
    mail.expect(alert("Hello, Joe", "account"))
    mail.close()
    # One line for what was done, and none that it was refused before.
    w.server.stop()
    with open(os.path.join(w.server.store, "db", "audit.db"), "rb") as f:
        equal(f.read().count(NO_ACCOUNT.encode()), 1, "what was refused")


def test_a_mail_session_makes_the_account(t):
    w = World(t)
    mail = w.server.mail("Joe@" + DOMAIN)
    equal(attr(mail.session, "userName"), "joe@" + DOMAIN)
    equal(w.accounts(), ["joe"])


def test_many_at_once_make_one(t):
    w = World(t)
    doors = [w.server.door() for _ in range(20)]
    for d in doors:
        d.send(door_login("joe@" + DOMAIN))
    w.report("joe@" + DOMAIN)
    for d in doors:
        d.logged_in("login")
    equal(w.accounts(), ["joe"])


# --- not found, and not to be asked ---

def ask_all_ways(w, name, away=False):
    """Each is refused as ever; or as it is when nobody can tell."""
    code, text = (525, AWAY) if away else (513, NO_ACCOUNT)
    admin = w.server.admin()
    admin.ask('<alertPost id="p" scope="account" target="%s">x</alertPost>'
              % name, failure("p", code, text))
    equal(admin.cli_error("PostAccountAlert %s ALERT x" % name), code)
    equal(admin.cli_error("SetAccountAlerts %s {}" % name), code)
    door = w.server.door()
    door.ask(door_login(name), failure("login", *((525, AWAY) if away else
                                                  (515, WRONG))))
    door.close()


def test_unknown_users_are_asked_about_once_a_minute(t):
    w = World(t)
    name = "eve@" + DOMAIN
    for _ in range(3):
        ask_all_ways(w, name)
        w.report(name)
    equal(w.accounts(), [])
    equal(w.db.count(name), 1)
    w.db.users.add(name)
    w.server.clock(61)
    w.server.mail(name)
    equal(w.db.count(name), 2)
    equal(w.accounts(), ["eve"])


def test_who_may_not_make_accounts(t):
    """Nobody's question goes out for them."""
    w = World(t)
    w.server.domain("off.test", '{Auth="store,dovecot";AutoCreate=NO;}')
    w.server.domain("store.test")
    w.server.domain("gone.test", '{Auth="store,dovecot";}')
    w.server.cli("SuspendDomain gone.test")
    w.server.account("user@" + DOMAIN)
    other = w.server.account("admin@store.test", rights=["CanPostAlerts"])
    w.db.users |= {"joe@off.test", "joe@store.test", "joe@gone.test",
                   "joe@none.test", "joe@" + MAIN}
    for domain in ("off.test", "store.test", "gone.test", MAIN):
        ask_all_ways(w, "joe@" + domain)
        w.report("joe@" + domain)
    for user in ("user@" + DOMAIN, other):
        c = w.server.login(user)
        c.ask('<alertPost id="p" scope="account" target="joe@%s">x</alertPost>'
              % DOMAIN, failure("p", 510))
        c.ask('<cliExecute id="c">PostAccountAlert joe@%s ALERT x</cliExecute>'
              % DOMAIN, failure("c", 510))
    w.server.cli("CreateGroup group@" + DOMAIN)
    w.db.users.add("group@" + DOMAIN)
    ask_all_ways(w, "group@" + DOMAIN)
    equal(w.db.asked, [])
    equal(w.accounts(), ["user"])


# --- a user database that is not there ---

def test_a_dead_one_makes_nothing(t):
    w = World(t, begin=False)
    for _ in range(2):
        ask_all_ways(w, "joe@" + DOMAIN, away=True)
    w.server.wait_log("reason=away")
    w.report("joe@" + DOMAIN)
    equal(w.accounts(), [])
    w.db.start()
    w.server.clock(60)
    w.server.mail("joe@" + DOMAIN)
    equal(w.accounts(), ["joe"])
    w.db.stop()
    ask_all_ways(w, "ann@" + DOMAIN, away=True)
    equal(w.accounts(), ["joe"])


def test_one_that_cannot_tell_makes_nothing(t):
    for mode in ("fail", "garbage"):
        w = World(t)
        w.db.mode = mode
        ask_all_ways(w, "joe@" + DOMAIN, away=True)
        equal(w.accounts(), [])
        w.db.mode = "good"
        w.server.clock(60)
        w.server.mail("joe@" + DOMAIN)
        equal(w.accounts(), ["joe"])


def test_nobody_else_waits_for_a_mute_one(t):
    """Who asks waits, for five seconds at most; all others go on."""
    w = World(t)
    w.db.mode = "mute"
    other = w.server.login(w.server.account("user@" + DOMAIN))
    door = w.server.door()
    door.send(door_login("joe@" + DOMAIN))
    w.report("ann@" + DOMAIN)
    wait_until(lambda: len(w.db.asked) == 2, "the questions")
    other.flush()
    w.server.mail("user@" + DOMAIN)
    w.report("user@" + DOMAIN, 9000)
    wait_until(lambda: w.used("user@" + DOMAIN) == "9000", "another's report")
    w.server.clock(6)
    w.report("bob@" + DOMAIN)  # whoever asks next finds the others too old
    door.expect(failure("login", 525, AWAY))
    equal(w.accounts(), ["user"])


def test_reports_leave_room_for_others(t):
    w = World(t)
    user = w.server.account("user@" + DOMAIN)
    w.db.mode = "mute"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.connect(w.usage)
        s.sendall(b"H3\t2\t0\t\tquota\n")
        for i in range(1500):
            s.sendall(("B%d\tu%d@%s\nS%d\tpriv/quota/storage\t5\nC%d\n"
                       % (i, i, DOMAIN, i, i)).encode())
            while not s.recv(4096).endswith(b"\n"):
                pass
    for used in range(1, 1500 // 200 + 2):  # in so many parts all are taken
        w.report(user, used)
        wait_until(lambda: w.used(user) == str(used), "a report that is stored")
    door = w.server.door()
    door.send(door_login("joe@" + DOMAIN))
    wait_until(lambda: w.db.count("joe@" + DOMAIN) == 1, "its question")
    w.db.mode = "good"
    w.db.hang_up()  # what is not answered is asked once more
    door.logged_in("login")
    equal(w.accounts(), ["joe", "user"])


def test_the_server_ends_while_it_asks(t):
    w = World(t)
    w.db.mode = "mute"
    door = w.server.door()
    door.send(door_login("joe@" + DOMAIN))
    w.report("ann@" + DOMAIN)
    wait_until(lambda: len(w.db.asked) == 2, "the questions")
    door.close()
    w.server.stop()


# --- domains ---

def test_domains_that_make_themselves(t):
    w = World(t, auto_domains=["New.test"], auth=["store", "dovecot"],
              auth_dovecot_socket="/nowhere/auth-client")
    w.db.users |= {"joe@new.test", "joe@other.test"}
    ask = '<alertPost id="p" scope="account" target="%s">x</alertPost>'
    admin = w.server.admin()
    for name in ("eve@new.test", "joe@other.test"):
        admin.ask(ask % name, failure("p", 512))
    check("new.test" not in w.server.cli("ListDomains"), "made for nobody")
    w.server.mail("joe@new.test")
    equal(w.accounts("new.test"), ["joe"])
    check("other.test" not in w.server.cli("ListDomains"), "not listed")


# --- ximssctl account sync ---

def sync(w, *options, exit_code=0):
    """What it prints, line by line but for the last one, and that."""
    r = ctl(w.server, "account", "sync", DOMAIN, *options)
    equal(r.returncode, exit_code, r.stdout + r.stderr)
    lines = (r.stdout + r.stderr).splitlines()
    return sorted(lines[:-1]), lines[-1]


def outside(w, name):
    text = w.server.cli("GetAccountSettings %s@%s" % (name, DOMAIN))
    return text.partition("Outside=")[2].partition(";")[0]


def test_sync_makes_what_is_missing(t):
    w = World(t)
    w.server.mail("joe@" + DOMAIN)
    w.db.users |= {"Carl@" + DOMAIN.upper(), "sales@other.test", "bare",
                   "two words@" + DOMAIN}
    lines, last = sync(w, "--dry-run")
    equal(lines, ["kept two words (illegal-name)", "make ann", "make bob",
                  "make carl"])
    equal(last, "a.test: 5 users, 3 to make, 0 to enable, 0 to disable, "
                "0 to delete")
    equal(w.accounts(), ["joe"])
    lines, last = sync(w)
    equal(lines[1:], ["made ann", "made bob", "made carl"])
    equal(w.accounts(), ["ann", "bob", "carl", "joe"])
    lines, last = sync(w, "--json")
    equal(last, '{"changed":false,"domain":"a.test","dryRun":false,"made":[],"enabled":[],'
                '"disabled":[],"deleted":[],'
                '"kept":{"two words":"illegal-name"}}')


def test_sync_disables_enables_and_deletes(t):
    w = World(t)
    sync(w)
    w.server.cli('PostAccountAlert joe@%s ALERT "kept for Joe"' % DOMAIN)
    mail = w.server.mail("joe@" + DOMAIN)
    mail.expect(alert("kept for Joe", "account"))
    w.db.users.remove("joe@" + DOMAIN)
    equal(sync(w, "--dry-run")[0], ["disable joe"])
    equal(outside(w, "joe"), "YES")
    equal(sync(w)[0], ["disabled joe"])
    equal(outside(w, "joe"), "GONE")
    mail.expect_bye()
    equal(sync(w)[0], [])
    check("kept for Joe" in w.server.cli("GetAccountAlerts joe@" + DOMAIN),
          "the alert")
    w.db.users.add("joe@" + DOMAIN)
    equal(sync(w)[0], ["enabled joe"])
    equal(outside(w, "joe"), "YES")
    w.db.users.remove("joe@" + DOMAIN)
    equal(sync(w)[0], ["disabled joe"])
    w.db.users.remove("ann@" + DOMAIN)
    equal(sync(w, "--dry-run", "--delete")[0], ["delete ann", "delete joe"])
    equal(w.accounts(), ["ann", "bob", "joe"])
    equal(sync(w, "--delete")[0], ["deleted ann", "deleted joe"])
    equal(w.accounts(), ["bob"])


def test_sync_leaves_alone_what_is_not_of_the_source(t):
    w = World(t)
    sync(w)
    w.server.account("local@" + DOMAIN)
    w.server.cli("SetAccountRights ann@%s (CanPostAlerts)" % DOMAIN)
    w.server.cli("SetAccountPassword bob@%s PASSWORD secret" % DOMAIN)
    w.db.users = {"joe@" + DOMAIN}
    for options in ((), ("--delete", "--force"), ("--dry-run",)):
        equal(sync(w, *options)[0],
              ["kept ann (rights)", "kept bob (password)",
               "kept local (made-here)"])
    equal(w.accounts(), ["ann", "bob", "joe", "local"])
    equal([outside(w, n) for n in ("ann", "bob", "local")], ["YES", "YES", ""])


def test_sync_believes_no_broken_list(t):
    """Whatever is wrong outside: nothing is changed, and the exit code says
    so."""
    names = ["u%d" % i for i in range(120)]
    w = World(t, users=names)
    sync(w)
    everything = w.server.cli("ListAccounts " + DOMAIN)
    for mode in ("broken", "failed", "garbage"):
        w.db.mode = mode
        for options in ((), ("--delete", "--force")):
            check("the source of users: " in sync(w, *options, exit_code=7)[1],
                  mode)
    w.db.mode = "good"
    users, w.db.users = w.db.users, set()
    for options in ((), ("--delete", "--force")):
        check("lists no user" in sync(w, *options, exit_code=7)[1], "empty")
    w.db.users = set(sorted(users)[:107])  # 13 of 120: more than a tenth
    for options in ((), ("--delete",), ("--dry-run",)):
        check("lacks 13 of 120 users" in sync(w, *options, exit_code=7)[1],
              "a share")
    equal({outside(w, n) for n in names}, {"YES"})
    w.db.stop()
    check("the source of users: " in sync(w, exit_code=7)[1], "dead")
    equal(w.server.cli("ListAccounts " + DOMAIN), everything)
    w.db.start()
    w.server.clock(60)
    equal(len(sync(w, "--force")[0]), 13)
    w.db.users = set(sorted(w.db.users)[:97])  # 10 may go
    equal(len(sync(w)[0]), 10)


def test_sync_asks_once_more_before_an_account_goes(t):
    """A list may lack users whom the source knows."""
    w = World(t)
    sync(w)
    w.db.hidden = {"joe@" + DOMAIN}
    equal(sync(w, "--dry-run")[0], ["disable joe"])
    equal(sync(w)[0], [])
    w.db.users.remove("joe@" + DOMAIN)
    w.db.mode = "forgetful"
    check("the source of users: " in sync(w, exit_code=7)[1], "cannot tell")
    equal(outside(w, "joe"), "YES")


def test_sync_knows_users_by_all_their_names(t):
    """Whoever was renamed, or is a user by an alias, is not absent."""
    w = World(t, users=["joe", "ann", "bob", "jim", "sue"])
    w.server.cli("SetDomainAliases %s (%s)" % (DOMAIN, ",".join(
        "alias%d.test" % i for i in range(1, 121))))
    sync(w)
    w.server.cli("RenameAccount joe@%s INTO joseph" % DOMAIN)
    w.server.cli("SetAccountAliases joseph@%s (joe)" % DOMAIN)
    w.server.cli("RenameAccount ann@%s INTO ann.old" % DOMAIN)
    w.server.cli("SetAccountAliases bob@%s (b.doe)" % DOMAIN)
    for name in ("joseph", "ann.old", "bob", "jim", "sue"):
        w.server.cli("PostAccountAlert %s@%s ALERT x" % (name, DOMAIN))
    w.db.users = {n + "@" + DOMAIN for n in ("joe", "b.doe")}
    # One at the last alias, and one whom the list does not have.
    w.db.users |= {"jim@alias120.test", "sue@alias120.test"}
    w.db.hidden = {"sue@alias120.test"}
    equal(sync(w, "--dry-run")[0], ["disable sue", "kept ann.old (made-here)"])
    equal(sync(w, "--delete", "--force")[0], ["kept ann.old (made-here)"])
    equal(w.accounts(), ["ann.old", "bob", "jim", "joseph", "sue"])
    for name in w.accounts():
        check("=x;" in w.server.cli("GetAccountAlerts %s@%s" % (name, DOMAIN)),
              name)
    w.db.users.remove("b.doe@" + DOMAIN)
    equal(sync(w)[0], ["disabled bob", "kept ann.old (made-here)"])
    w.db.users.add("b.doe@" + DOMAIN)
    equal(sync(w)[0], ["enabled bob", "kept ann.old (made-here)"])


def test_sync_asks_for_bare_names(t):
    """In the main domain, a user may have none outside."""
    w = World(t)
    w.server.cli('UpdateDomainSettings %s {Auth="store,dovecot";}' % MAIN)
    w.db.users = {"joe", "ann"}
    r = ctl(w.server, "account", "sync", MAIN)
    equal(r.returncode, 0, r.stderr)
    w.db.hidden = {"joe"}
    r = ctl(w.server, "account", "sync", MAIN, "--delete")
    equal(r.returncode, 0, r.stderr)
    check("joe=" in w.server.cli("ListAccounts " + MAIN), r.stdout)


def test_sync_makes_before_it_takes_away(t):
    """... and asks right before that: who came back meanwhile stays."""
    w = World(t, users=["ann", "bob", "joe", "sue"])
    sync(w)
    there = []

    def on_user(name):
        there.append(w.accounts())
        if "eve" in there[-1] and "ann" not in there[-1]:
            w.db.users.add("joe@" + DOMAIN)

    w.db.users = {"eve@" + DOMAIN, "sue@" + DOMAIN}
    w.db.on_user = on_user
    equal(sync(w, "--dry-run", "--delete")[0],
          ["delete ann", "delete bob", "delete joe", "make eve"])
    equal(sync(w, "--delete")[0], ["deleted ann", "deleted bob", "made eve"])
    equal(there, [["ann", "bob", "eve", "joe", "sue"],
                  ["bob", "eve", "joe", "sue"], ["eve", "joe", "sue"]])


def test_sync_counts_what_it_deletes(t):
    """Those that --force disabled are still those that go."""
    names = ["u%d" % i for i in range(120)]
    w = World(t, users=names)
    sync(w)
    w.db.users = set(sorted(w.db.users)[:60])
    equal(len(sync(w, "--force")[0]), 60)
    check("lacks 60 of 120 users" in
          sync(w, "--delete", "--yes", exit_code=7)[1], "the guard")
    equal(len(w.accounts()), 120)
    equal(len(sync(w, "--delete", "--force")[0]), 60)


def test_who_may_sync(t):
    w = World(t)
    w.server.domain("store.test")
    admin = w.server.account("admin@" + DOMAIN, rights=["CanCreateAccounts"])
    other = w.server.account("other@" + DOMAIN, rights=["CanPostAlerts"])
    lines = ["ListOutsideUsers " + DOMAIN, "CheckOutsideUsers %s (eve)" % DOMAIN,
             "PlanOutsideUsers %s PRESENT (joe)" % DOMAIN,
             "SyncOutsideUsers %s PRESENT (joe)" % DOMAIN]
    c = w.server.login(other)
    for line in lines:
        c.ask('<cliExecute id="c">%s</cliExecute>' % line, failure("c", 510))
    c = w.server.login(admin)
    equal([c.cli(line) for line in lines],
          ["(ann,bob,joe)", "(eve)", "{made=(joe);}", "{made=(joe);}"])
    c = w.server.admin()
    for line in lines:
        for domain, number in (("store.test", 501), ("none.test", 512)):
            equal(c.cli_error(line.replace(DOMAIN, domain)), number, line)
    c.ask('<cliExecute id="c">CheckOutsideUsers %s (%s)</cliExecute>'
          % (DOMAIN, ",".join(101 * ["a"])),
          failure("c", 501, "too many names. a line may have 100"))


def test_sync_of_many(t):
    """10,000 names, two of them at once, while others work."""
    names = ["user%d" % i for i in range(10000)]
    w = World(t, users=names)
    w.server.account("me@" + DOMAIN)
    first = threading.Thread(target=lambda: sync(w))
    first.start()
    lines, last = sync(w)
    first.join()
    equal(len(w.accounts()), 10001)
    equal(sync(w), (["kept me (made-here)"],
                    "a.test: 10000 users, 0 made, 0 enabled, 0 disabled, "
                    "0 deleted"))
