# SPDX-License-Identifier: BSD-2-Clause
"""ximssctl for cron and Ansible: what changes say of themselves, what is no
change, and the exit statuses."""

import json
import re

from ximss import MAIN, check, ctl, equal, failure


def run(server, *words, status=0, stdin="", env=None):
    """With --json: what it prints, and the errors, as objects."""
    done = ctl(server, "--json", *words, stdin=stdin, env=env)
    equal(done.returncode, status, " ".join(words) + "\n" + done.stderr)
    return ([json.loads(line) for line in done.stdout.splitlines()],
            [json.loads(line) for line in done.stderr.splitlines()])


def one(server, *words, **options):
    out, err = run(server, *words, **options)
    equal((len(out), err), (1, []), " ".join(words))
    return out[0]


def playbook(d):
    """Commands, each with what stands in its environment."""
    joe, old = "joe@" + d, "old@" + d
    secret = {"XIMSS_NEW_PASSWORD": "s3cret-of-joe"}
    return [(words.format(d=d, joe=joe, old=old).split("|"), env)
            for words, env in (
        ("domain|create|{d}|--if-missing", None),
        ("domain|settings|{d}|CRAMMD5=YES", None),
        ("domain|defaults|{d}|MaxAccountSize=50M", None),
        ("domain|template|{d}|RealName=New", None),
        ("domain|aliases|{d}|--set|x-{d}", None),
        ("domain|suspend|{d}", None),
        ("account|create|{joe}|--if-missing|--no-password", None),
        ("account|password|{joe}|--if-different", secret),
        ("account|settings|{joe}|QuotaAlert=90", None),
        ("account|settings|{joe}|Own=1|--force", None),
        ("account|prefs|{joe}|TimeZone=Asia/Tokyo", None),
        ("account|aliases|{joe}|--set|jo,joseph", None),
        ("account|rights|{joe}|--set|CanPostAlerts", None),
        ("account|rename|{old}|older@{d}|--if-exists", None),
        ("account|delete|nobody@{d}|--if-exists", None),
        ("account|token|revoke|{joe}|--name|none|--if-exists", None),
        ("group|create|staff@{d}|--members|joe|--if-missing", None),
        ("group|add|staff@{d}|ann", None),
        ("group|remove|staff@{d}|tom", None),
        ("group|settings|staff@{d}|RealName=Staff", None),
        ("group|delete|none@{d}|--if-exists", None),
        ("forwarder|create|info@{d}|{joe}|--if-missing", None),
        ("forwarder|delete|none@{d}|--if-exists", None),
        ("server|account-defaults|QuotaAlert=91", None),
        ("server|domain-defaults|CRAMMD5=NO", None),
        ("alert|post|--domain|{d}|--key|motd|--replace|Be kind.", None),
        ("alert|remove|--key|none|--if-exists", None),
        ("session|kill|1-x|--if-exists", None),
        ("domain|delete|none-{d}|--if-exists", None))]


NO_CHANGE = ("none", "nobody", "1-x", "tom")


def test_the_second_run_changes_nothing(t):
    server = t.server()
    d = "a.test"
    steps = playbook(d)
    tried = one(server, *steps[0][0], "--dry-run")
    equal((tried["changed"], tried["dryRun"]), (True, True))
    run(server, "domain", "settings", d, status=9)
    for words, env in steps:
        if "rename" in words:
            one(server, "account", "create", "old@" + d, "--no-password")
        gone = any(n in w for n in NO_CHANGE for w in words)
        if words[0] != "domain" or words[1] != "create":
            tried = one(server, *words, "--dry-run", env=env)
            equal(tried["changed"], not gone, " ".join(words))
        said = one(server, *words, env=env)
        equal(said["changed"], not gone, " ".join(words))
    for words, env in steps:
        said = one(server, *words, "--dry-run", env=env)
        equal(said["changed"], False, " ".join(words))
    for words, env in steps:
        said = one(server, *words, env=env)
        equal(said["changed"], False, " ".join(words))
    # A day later, too: the key is its alert's.
    server.clock(3 * 86400)
    for words, env in steps:
        equal(one(server, *words, env=env)["changed"], False, " ".join(words))
    server.stop()
    server.verify()


def test_words_for_people(t):
    server, d = t.shared, t.domain()
    joe = "joe@" + d
    for words, said in (
            (("create", joe, "--no-password", "--dry-run"),
             "account %s would be created\n" % joe),
            (("create", joe, "--no-password"), "account %s created\n" % joe),
            (("create", joe, "--no-password", "--if-missing"),
             "account %s exists already: nothing to change\n" % joe),
            (("settings", joe, "QuotaAlert=90"),
             "account %s changed\n" % joe),
            (("settings", joe, "QuotaAlert=90"),
             "account %s: nothing to change\n" % joe),
            (("rename", joe, "jim"),
             "account %s renamed: now jim\n" % joe),
            (("delete", joe, "--if-exists"),
             "account %s is not there: nothing to change\n" % joe)):
        done = ctl(server, "account", *words)
        equal((done.returncode, done.stdout, done.stderr), (0, said, ""))
    equal(one(server, "account", "delete", "jim@" + d, "--dry-run"),
          {"changed": True, "dryRun": True, "kind": "account",
           "name": "jim@" + d, "action": "deleted"})
    equal(one(server, "account", "delete", joe, "--if-exists"),
          {"changed": False, "kind": "account", "name": joe,
           "action": "deleted", "reason": "is not there"})


# --- exit statuses ---

def test_statuses(t):
    server, d = t.shared, t.domain()
    joe = t.user("joe", d)
    one(server, "account", "token", "create", joe, "--name", "n")
    for words, status, num in (
            (("account", "create", joe, "--no-password"), 8, 520),
            (("domain", "create", d), 8, 521),
            (("account", "token", "create", joe, "--name", "n"), 8, 501),
            (("account", "info", "x@" + d), 9, 513),
            (("domain", "settings", "x-" + d), 9, 512),
            (("group", "delete", "x@" + d), 9, 552),
            (("forwarder", "show", "x@" + d), 9, 553),
            (("alert", "remove", "99999999"), 9, 514),
            (("session", "show", "1-x"), 9, 501),
            (("account", "token", "revoke", joe, "--name", "x"), 9, 501),
            (("account", "create", "a b@" + d, "--no-password"), 1, 501),
            (("domain", "delete", d), 1, 501)):
        out, err = run(server, *words, status=status)
        # One that is named says so on standard output, too.
        check(all(o["changed"] is False for o in out), out)
        equal([(e["errorNum"], e["exit"]) for e in err], [(num, status)])
    # Without rights, and without a server.
    with_rights = ["--host", "127.0.0.1", "--port", str(server.ports()[0][1]),
                   "--user", joe, "--tls", "none"]
    env = {"XIMSS_PASSWORD": "secret"}
    _, err = run(server, *with_rights, "domain", "create", "z.test",
                 status=10, env=env)
    equal([(e["errorNum"], e["exit"]) for e in err], [(510, 10)])
    _, err = run(server, *with_rights, "domain", "create", "z.test",
                 "--dry-run", status=10, env=env)
    equal(err[0]["exit"], 10)
    _, err = run(server, "--socket", "/nonexistent", "domain", "list",
                 status=3)
    equal(err[0]["exit"], 3)


def test_what_is_not_meant_is_an_error(t):
    server, d = t.shared, t.domain()
    joe = t.user("joe", d)
    # The account is there: what is not is the domain it is to go to.
    run(server, "account", "rename", joe, "j@nowhere.test", "--if-exists",
        status=9)
    run(server, "account", "rename", "x@" + d, "j@nowhere.test",
        "--if-exists", status=9)
    one(server, "account", "rename", "x@" + d, "j@" + d, "--if-exists")
    # The name is a group's, so the account does not exist.
    one(server, "group", "create", "g@" + d)
    run(server, "account", "create", "g@" + d, "--no-password",
        "--if-missing", status=8)
    # Who makes a token has its secret, or an error.
    for words in (("account", "token", "create", joe, "--if-exists"),
                  ("account", "token", "create", joe, "--if-missing"),
                  ("account", "token", "list", joe, "--if-exists"),
                  ("account", "device", "list", joe, "--dry-run"),
                  ("account", "settings", joe, "--dry-run"),
                  ("account", "list", d, "--dry-run"),
                  ("account", "delete", joe, "--if-missing"),
                  ("account", "create", joe, "--if-exists"),
                  ("alert", "post", "--server", "--replace", "x"),
                  ("alert", "remove", "1", "--key", "k"),
                  ("alert", "remove")):
        equal(ctl(server, *words).returncode, 2, " ".join(words))
    equal(ctl(server, "account", "token", "list", joe).stdout.count("\n"), 1)
    secret = one(server, "account", "token", "create", joe, "--name", "n")
    check(secret["changed"] and len(secret["Secret"]) > 20, secret)
    tried = one(server, "account", "token", "create", joe, "--name", "m",
                "--dry-run")
    check(tried["changed"] and "Secret" not in tried, tried)


def test_which_of_several_failed(t):
    server, d = t.shared, t.domain()
    joe = t.user("joe", d)
    c = server.login(joe)
    name = server.cli("FindAccountSession " + joe).strip('"')
    out, err = run(server, "session", "kill", name, "1-x", status=5)
    equal(out, [{"changed": True, "kind": "session", "name": name,
                 "action": "ended"}])
    equal(err, [{"error": "1-x: unknown session", "errorNum": 501,
                 "exit": 9}])
    c.expect("<bye/>")


def test_unknown_names(t):
    server, d = t.shared, t.domain()
    joe = t.user("joe", d)
    for words in (("account", "settings", joe, "Colour=red"),
                  ("domain", "settings", d, "Colour=red"),
                  ("account", "rights", joe, "--set", "Colour")):
        _, err = run(server, *words, status=1)
        check(err[0]["error"].startswith("unknown "), err)
        equal(one(server, *words, "--force")["changed"], True)
    one(server, "account", "settings", joe, "Colour=default")


def test_passwords(t):
    server, d = t.shared, t.domain()
    joe = t.user("joe", d)
    for password, changed in (("n3w-of-joe", True), ("n3w-of-joe", False),
                              ("other-of-joe", True)):
        said = one(server, "account", "password", joe, "--if-different",
                   env={"XIMSS_NEW_PASSWORD": password})
        equal(said["changed"], changed)
    said = one(server, "account", "password", joe, "--dry-run",
               env={"XIMSS_NEW_PASSWORD": "third-of-joe"})
    equal(said["changed"], True)
    server.login(joe, "other-of-joe").quiet()
    run(server, "account", "password", "x@" + d, "--if-different", status=9,
        env={"XIMSS_NEW_PASSWORD": "x"})


# --- alerts ---

UTC = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def test_replace(t):
    server, d = t.shared, t.domain()
    joe = t.user("joe", d)
    c = server.login(joe, alertChanges="yes")
    post = ("alert", "post", "--domain", d, "--key", "disk-" + d)
    first = one(server, *post, "Disk 80% full")
    check(first["changed"] and re.fullmatch(UTC, first["gmtTime"]), first)
    check("Disk 80% full" in c.receive(), "first")
    _, err = run(server, *post, "Disk 90% full", status=1)
    equal(err[0]["errorNum"], 518)
    tried = one(server, *post, "Disk 90% full", "--replace", "--dry-run")
    equal((tried["changed"], tried["dryRun"], tried["replaced"],
           tried["accounts"]), (True, True, first["alertID"], 1))
    c.quiet()
    second = one(server, *post, "Disk 90% full", "--replace")
    equal((second["changed"], second["replaced"], second["sessions"]),
          (True, first["alertID"], 1))
    got = [c.receive(), c.receive()]
    check("Disk 90% full" in got[0] or "Disk 90% full" in got[1], got)
    check(any(g.startswith("<alertRemoved") and first["alertID"] in g
              for g in got), got)
    c.quiet()
    # Once: the same again is no change, for a severity it is one.
    equal(one(server, *post, "Disk 90% full", "--replace")["changed"], False)
    c.quiet()
    equal(one(server, *post, "Disk 90% full", "--replace", "--severity",
              "critical")["changed"], True)
    listed, _ = run(server, "alert", "list", "--domain", d)
    equal([(a["key"], a["severity"], a["text"]) for a in listed[0]],
          [("disk-" + d, "critical", "Disk 90% full")])
    check(re.fullmatch(UTC, listed[0][0]["gmtTime"]), listed)
    check("localTime" not in listed[0][0], listed)
    check("disk-" + d in ctl(server, "alert", "list", "--domain", d).stdout,
          "the key is shown")
    tried = one(server, "alert", "remove", "--key", "disk-" + d, "--dry-run")
    equal((tried["changed"], tried["removed"]), (True, False))
    equal(one(server, "alert", "remove", "--key", "disk-" + d)["changed"],
          True)
    equal(one(server, "alert", "remove", "--key", "disk-" + d,
              "--if-exists")["changed"], False)
    run(server, "alert", "remove", "--key", "disk-" + d, status=9)


def test_replace_by_the_cli(t):
    """The same for scripts of the family, behind what they send now."""
    server, d = t.shared, t.domain()
    admin = server.admin()
    line = 'PostDomainAlert %s ALERT "%s" KEY "k-%s"'
    server.cli(line % (d, "one", d))
    equal(admin.cli_error(line % (d, "two", d)), 518)
    server.cli(line % (d, "two", d) + " REPLACE SEVERITY critical")
    check("=two;" in server.cli("GetDomainAlerts " + d), "two")
    check("one" not in server.cli("GetDomainAlerts " + d), "one")
    equal(admin.cli_error("RemoveServerAlert KEY k-" + d), 514)
    server.cli("RemoveDomainAlert %s ALERT KEY k-%s" % (d, d))
    equal(server.cli("GetDomainAlerts " + d), "{}")
    equal(admin.cli_error("PostServerAlert x REPLACE"), 501)


def test_replace_needs_rights_for_both(t):
    """Who may not post there any more does not withdraw there, either."""
    server, d, e = t.shared, t.domain(), t.prefix + "e.test"
    server.domain(e)
    joe = t.user("joe", d)
    server.cli("SetAccountRights %s (CanPostAlerts)" % joe)
    c = server.login(joe)
    key = "both-" + d
    c.post("one", "domain", target=d, key=key)
    server.cli("RenameAccount %s INTO joe@%s" % (joe, e))
    c = server.login("joe@" + e)
    c.send('<alertPost id="p" scope="domain" target="%s" key="%s" '
           'replace="yes">two</alertPost>' % (e, key))
    got = c.receive()
    check('errorNum="510"' in got, got)
    # That it is there is known to its author: --if-exists is no way around.
    for test in ("", ' test="yes"'):
        c.ask('<alertRemove id="r" key="%s"%s/>' % (key, test),
              failure("r", 510))
    id_ = re.search(r'alertID="(\d+)"',
                    server.admin().reports(scope="domain", target=d)[0])[1]
    c.ask('<alertRemove id="r" alertID="%s"/>' % id_, failure("r", 514))
    c.ask('<alertRemove id="r" key="none"/>', failure("r", 514))
    check("=one;" in server.cli("GetDomainAlerts " + d), "it is still there")


# --- values ---

def test_numbers_and_times(t):
    server, d = t.shared, t.domain()
    joe = t.user("joe", d)
    server.login(joe).quiet()
    stat = one(server, "server", "stat")
    check(all(v is None or isinstance(v, (int, dict))
              for v in stat.values()), stat)
    check(isinstance(one(server, "domain", "stat", d, "Accounts"), int),
          "Accounts")
    check(re.fullmatch(UTC, one(server, "server", "time")), "time")
    info = one(server, "server", "info")
    check(isinstance(info["upTime"], int), info)
    check(re.fullmatch(UTC, info["startTime"]), info)
    one(server, "account", "token", "create", joe, "--name", "n")
    token = one(server, "account", "token", "list", joe)["n"]
    check(re.fullmatch(UTC, token["Created"]), token)
    equal(token["Author"], "local:0")
    sessions = [s for s in one(server, "session", "list")
                if s["user"] == joe]
    check(isinstance(sessions[0]["seconds"], int), sessions)
    # People have their own zone.
    done = ctl(server, "server", "time", env={"TZ": "Asia/Tokyo"})
    here = ctl(server, "server", "time", env={"TZ": "UTC"})
    check(re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\n", done.stdout),
          done.stdout)
    check(done.stdout[11:13] != here.stdout[11:13], "zones")
    # Names of digits stay names.
    one(server, "account", "create", "12@" + d, "--no-password")
    check("12" in one(server, "account", "list", d), "names are texts")
    equal(MAIN in one(server, "domain", "list"), True)
