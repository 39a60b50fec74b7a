# SPDX-License-Identifier: BSD-2-Clause
"""The commands of ximssctl against the server that they are for."""

import json
import re

from ximss import MAIN, check, ctl, equal, failure, wait_until


# What a change says of itself.
SAID = (r"^(domain|account|group|forwarder|session|server|quota|token) .*"
        r"(: nothing to change| (created|deleted|changed|renamed|suspended|"
        r"resumed|revoked|reported|written to|ended|given a new password|"
        r"logged out|to be asked about|begun)(: now .*)?)\n$")


def shell(t, steps, server=None):
    """Runs steps: the words of a command and what it prints, exactly; or
    (status, words, standard output, standard error)."""
    for step in steps:
        status, words, out, err = step if len(step) == 4 else (0, *step, "")
        done = ctl(server or t.shared, *words)
        shown = done.stdout
        if out == "" and "--json" not in words:
            shown = re.sub(SAID, "", shown)  # 32-ctl-ansible has the words
        equal((done.returncode, shown, done.stderr),
              (status, out, err), " ".join(words))


def columns(done):
    equal((done.returncode, done.stderr), (0, ""))
    return dict(line.split("  ", 1) for line in done.stdout.splitlines())


UNKNOWN_DOMAIN = "ximssctl: unknown secondary domain name (512)\n"
UNKNOWN_SESSION = "ximssctl: unknown session (501)\n"


# --- alerts ---

def test_remove_says_what_it_did(t):
    d = t.domain()
    joe = t.user("joe", d)
    t.shared.login(joe, alertChanges="yes")
    t.shared.login(joe, alertChanges="yes")
    t.shared.login(joe) # is not told
    admin = t.shared.admin()
    ids = [admin.post("x", "domain", target=d),
           admin.post("x", "account", target=t.user("sue", d)),
           admin.post("x", "server")]
    shell(t, [
        (["alert", "remove", ids[0]],
         "alert %s removed (domain %s), 2 sessions told\n" % (ids[0], d)),
        (["alert", "remove", ids[1]],
         "alert %s removed (account sue@%s), 0 sessions told\n"
         % (ids[1], d)),
    ])
    done = ctl(t.shared, "--json", "alert", "remove", ids[2], ids[0], "x")
    wrong = "alertID must be the number of an alert"
    equal((done.returncode, done.stderr),
          (5, '{"error":"alert %s: no such alert","errorNum":514,"exit":9}\n'
           '{"error":"alert x: %s","errorNum":501,"exit":1}\n'
           % (ids[0], wrong)))
    equal([json.loads(line) for line in done.stdout.splitlines()],
          [{"changed": True, "alertID": ids[2], "removed": True, "scope": "server",
            "sessions": 2},
           {"changed": False, "alertID": ids[0], "removed": False, "error": "no such alert",
            "errorNum": 514},
           {"changed": False, "alertID": "x", "removed": False, "error": wrong,
            "errorNum": 501}])


# --- names that were mistyped ---

def test_mistyped_names(t):
    """Refused on each way; taken when forced, and when somebody's own."""
    d = t.domain()
    joe = t.user("joe", d)
    server = t.shared
    for words, name, meant in (
            (["account", "settings", joe], "MaxAcountSize=5M",
             "MaxAccountSize"),
            (["account", "create", "--no-password", "sam@" + d],
             "QuotaAlrt=5", "QuotaAlert"),
            (["domain", "settings", d], "crammd5=YES", "CRAMMD5"),
            (["domain", "defaults", d], "MaxAcountSize=5M", "MaxAccountSize"),
            (["domain", "template", d], "realname=x", "RealName"),
            (["domain", "create", t.prefix + "n.test"], "CRAMMD=YES",
             "CRAMMD5"),
            (["server", "account-defaults"], "QuotaAlrt=90", "QuotaAlert"),
            (["server", "domain-defaults"], "CRAMMD55=YES", "CRAMMD5")):
        key = name.partition("=")[0]
        shell(t, [
            (1, words + [name], "", "ximssctl: unknown setting %s: did you "
             "mean %s? (--force accepts it)\n" % (key, meant)),
            (words + ["--force", name], "")])
        if words[1] != "create":
            shell(t, [(words + [key + "=default"], "")])
    shell(t, [
        (1, ["account", "rights", joe, "--set", "BasicSettings,CanPostAlert"],
         "", "ximssctl: unknown right CanPostAlert: did you mean "
         "CanPostAlerts? (--force accepts it)\n"),
        (["account", "rights", joe], ""),
        (["account", "rights", joe, "--force", "--set", "CanPostAlert"], ""),
        (["account", "rights", joe], "CanPostAlert\n"),
        (["account", "rights", joe, "--set", "canpostalerts,Own Thing", "--force"],
         ""),
    ])
    # The CLI itself, on whatever door.
    said = "unknown %s %s. did you mean %s. FORCE %s it all the same"
    admin = server.admin()
    for line, answer in (
            ("UpdateAccountSettings %s {MaxAcountSize=5M;}" % joe,
             said % ("setting", "MaxAcountSize", "MaxAccountSize", "sets")),
            ("SetAccountSettings %s {A=b;QuotaAlrt=5;}" % joe,
             said % ("setting", "QuotaAlrt", "QuotaAlert", "sets")),
            ("CreateAccount tom@%s {Realname=x;}" % d,
             said % ("setting", "Realname", "RealName", "sets")),
            ("SetAccountRights %s (Mastre)" % joe,
             said % ("right", "Mastre", "Master", "gives"))):
        admin.ask('<cliExecute id="c">%s</cliExecute>' % line,
                  failure("c", 501, answer))
        equal(server.cli(line + " FORCE"), None)
    # What is there may be changed, and taken away.
    server.cli("UpdateAccountSettings %s {QuotaAlrt=6;wn_x=y;}" % joe)
    equal(server.cli("GetAccountSettings " + joe),
          "{A=b;QuotaAlrt=6;wn_x=y;}")
    server.cli("UpdateAccountSettings %s {QuotaAlrt=default;}" % joe)
    server.cli("UpdateAccountSettings %s {maxAcountSize=#NULL#;}" % joe)
    equal(server.cli("GetAccountSettings " + joe), "{A=b;wn_x=y;}")
    equal(admin.cli_error("GetAccountSettings %s FORCE" % joe), 501)


def test_mistyped_column(t):
    """Nothing of the file is begun."""
    d = t.domain()
    text = "name,password,MaxAcountSize\njoe@%s,secret,5M\n" % d
    done = ctl(t.shared, "account", "import", "-", stdin=text)
    equal((done.returncode, done.stdout, done.stderr),
          (1, "", "ximssctl: unknown setting MaxAcountSize: did you mean "
           "MaxAccountSize? (--force accepts it)\n"))
    shell(t, [(["account", "list", d], "")])
    done = ctl(t.shared, "account", "import", "--force", "-", stdin=text)
    equal((done.returncode, done.stderr), (0, ""))
    shell(t, [(["account", "settings", "joe@" + d], "MaxAcountSize  5M\n")])


def test_levels_by_name(t):
    server = t.server({"log_level": "debug"})
    for level, shown in (("error", "error"), ("Warning", "warn"),
                         ("warn", "warn"), ("info", "info"),
                         ("debug", "debug"), ("2", "error"), ("4", "warn")):
        server.expected_errors.append("SYSTEM")
        for by in ("ctl", "cli"):
            text = "%s-%s-here" % (by, level)
            if by == "ctl":
                shell(t, [(["server", "log", level, text], "")], server)
            else:
                server.cli("WriteLog %s %s" % (level, text))
            line = server.wait_log("SYSTEM .* " + text)
            check(" %s: " % shown in line, line)


# --- domains ---

def test_domains(t):
    a, b = t.prefix + "a.test", t.prefix + "b.test"
    shell(t, [
        (["domain", "create", a, "Note=one = two", "CRAMMD5=YES",
          "--force"], ""),
        (["domain", "settings", a], "Note     one = two\nCRAMMD5  YES\n"),
        (["domain", "settings", a, "Note=default", "X=",
          "--force"], ""),
        (["--json", "domain", "settings", a], '{"CRAMMD5":"YES","X":""}\n'),
        (["domain", "rename", a, b], ""),
        (9, ["domain", "settings", a], "", UNKNOWN_DOMAIN),
        (["account", "create", "joe@" + b, "--no-password"], ""),
        (1, ["domain", "delete", b], "",
         "ximssctl: the domain has accounts (501)\n"),
        (["domain", "delete", b, "--force"], ""),
        (9, ["domain", "stat", b], "", UNKNOWN_DOMAIN),
    ])
    check(MAIN in ctl(t.shared, "domain", "list").stdout.splitlines(),
          "the main domain is missing")


def test_what_accounts_of_a_domain_get(t):
    d = t.domain()
    shell(t, [
        (["domain", "defaults", d, "QuotaAlert=70"], ""),
        (["domain", "defaults", d], "QuotaAlert  70\n"),
        (["domain", "template", d, "Plan=small", "--force"], ""),
        (["--json", "domain", "template", d], '{"Plan":"small"}\n'),
        (["account", "create", "joe@" + d, "--no-password",
          "--real-name", "Joe D."], ""),
        (["account", "settings", "joe@" + d],
         "Plan      small\nRealName  Joe D.\n"),
        (["domain", "template", d, "Plan=default"], ""),
        (["domain", "template", d], ""),
    ])
    found = columns(ctl(t.shared, "account", "settings", "joe@" + d,
                        "--effective"))
    equal(found["QuotaAlert"].strip(), "70")


def test_defaults_of_the_server(t):
    s = t.server()
    shell(t, [
        (["server", "account-defaults", "QuotaNotice=77"], ""),
        (["server", "account-defaults"], "QuotaNotice  77\n"),
        (["server", "domain-defaults", "CRAMMD5=YES"], ""),
        (["--json", "server", "domain-defaults"], '{"CRAMMD5":"YES"}\n'),
        (["domain", "settings", MAIN], ""),
        (["--json", "domain", "settings", MAIN, "--effective"],
         '{"CRAMMD5":"YES"}\n'),
        (["server", "account-defaults", "QuotaNotice=default"], ""),
        (["server", "account-defaults"], ""),
    ], s)


def test_suspended_domain(t):
    user = t.user()
    d = user.split("@")[1]
    c = t.shared.login(user)
    shell(t, [(["domain", "suspend", d], ""),
              (["domain", "stat", d, "Suspended"], "YES\n")])
    c.expect("<bye/>")
    shell(t, [(["domain", "resume", d], ""),
              (["domain", "stat", d, "Suspended"], "NO\n")])
    t.shared.login(user).quiet()


def test_aliases(t):
    user = t.user()
    d = user.split("@")[1]
    shell(t, [
        (["account", "aliases", user], ""),
        (["account", "aliases", user, "--set", "jo,joseph"], ""),
        (["account", "aliases", "jo@" + d], "jo\njoseph\n"),
        (8, ["account", "create", "jo@" + d, "--no-password"], "",
         "ximssctl: account with this name already exists (520)\n"),
        (["domain", "aliases", d, "--set", "x-" + d], ""),
        (["--json", "domain", "aliases", "x-" + d], '["x-%s"]\n' % d),
        (["server", "route", "jo@x-" + d], "LOCAL\n%s\n%s\n" % (user, user)),
        (["account", "aliases", user, "--set", ""], ""),
        (["--json", "account", "aliases", user], "[]\n"),
        (["domain", "aliases", d, "--set="], ""),
        (9, ["domain", "aliases", "x-" + d], "", UNKNOWN_DOMAIN),
    ])


def test_groups(t):
    d = t.domain()
    g, h = "staff@" + d, "team@" + d
    unknown = "ximssctl: group is not found (552)\n"
    shell(t, [
        (["group", "list", d], ""),
        (["--json", "group", "list", d], "[]\n"),
        (["group", "create", g, "--members", "joe,ann@x.test"], ""),
        (["group", "create", "b@" + d, "RealName=All of us"], ""),
        (["group", "create", "c@" + d], ""),
        (["group", "list", d], "b\nc\nstaff\n"),
        (["--json", "group", "list", d], '["b","c","staff"]\n'),
        (["group", "members", g], "joe\nann@x.test\n"),
        (["--json", "group", "members", g], '["joe","ann@x.test"]\n'),
        (["--json", "group", "members", "c@" + d], "[]\n"),
        (["group", "add", g, "sue", "JOE"], ""),
        (["group", "remove", g, "ann@x.test", "nobody"], ""),
        (["group", "members", g], "joe\nsue\n"),
        (["group", "settings", g, "RealName=Staff", "Expand=YES"], ""),
        (["--json", "group", "settings", g],
         '{"Members":["joe","sue"],"RealName":"Staff","Expand":"YES"}\n'),
        (["group", "settings", g, "Expand=default"], ""),
        (["group", "members", g, "--set", ""], ""),
        (["--json", "group", "settings", g],
         '{"Members":[],"RealName":"Staff"}\n'),
        (["group", "members", g, "--set", "x,y"], ""),
        (["group", "members", g], "x\ny\n"),
        (["group", "rename", g, h], ""),
        (9, ["group", "members", g], "", unknown),
        (8, ["group", "create", h], "",
         "ximssctl: group with this name already exists (523)\n"),
        (8, ["account", "create", h, "--no-password"], "",
         "ximssctl: account with this name already exists (520)\n"),
        (["group", "delete", h, "--yes"], ""),
        (9, ["group", "delete", h, "--yes"], "", unknown),
        (1, ["domain", "delete", d], "",
         "ximssctl: the domain has groups or forwarders (501)\n"),
        (["domain", "delete", d, "--force"], ""),
    ])
    equal(ctl(t.shared, "group", "add", g).returncode, 2)
    equal(ctl(t.shared, "group").returncode, 2)
    check("group members" in ctl(t.shared, "group", "--help").stdout, "help")


def test_forwarders(t):
    d = t.domain()
    f = "info@" + d
    shell(t, [
        (["forwarder", "create", f, "joe@x.test"], ""),
        (["forwarder", "create", "help@" + d, "ann"], ""),
        (["forwarder", "list", d], "help\ninfo\n"),
        (["--json", "forwarder", "list", d], '["help","info"]\n'),
        (["forwarder", "find", d, "Joe@X.test"], "info\n"),
        (["--json", "forwarder", "find", d, "ann@" + d], '["help"]\n'),
        (["forwarder", "show", f], "joe@x.test\n"),
        (["--json", "forwarder", "show", f], '"joe@x.test"\n'),
        (["forwarder", "rename", f, "post"], ""),
        (9, ["forwarder", "show", f], "",
         "ximssctl: forwarder is not found (553)\n"),
        (8, ["forwarder", "create", "help@" + d, "x"], "",
         "ximssctl: forwarder with this name already exists (524)\n"),
        (1, ["forwarder", "create", f, "a b"], "",
         "ximssctl: illegal forwarder address (501)\n"),
        (["forwarder", "delete", "post@" + d, "--yes"], ""),
        (["forwarder", "list", d], "help\n"),
        (["forwarder", "list"], ""),
    ])


# --- accounts ---

def test_accounts(t):
    d = t.domain()
    joe, sue = "joe@" + d, "sue@" + d
    shell(t, [
        (["account", "create", joe, "--no-password", "--force",
          "Note=\"q\" \\ ;"], ""),
        (["account", "list", d], "joe\n"),
        (["account", "settings", joe], 'Note  "q" \\ ;\n'),
        (["account", "settings", joe, "Note=default", "MaxAccountSize=5M"],
         ""),
        (["--json", "account", "settings", joe], '{"MaxAccountSize":"5M"}\n'),
        (["account", "rename", joe, sue], ""),
        (["--json", "account", "list", d], '["sue"]\n'),
        (["account", "prefs", sue, "TimeZone=Europe/Berlin"], ""),
        (["account", "prefs", sue], "TimeZone  Europe/Berlin\n"),
        (["account", "info", sue], "StorageUsed  0\n"),
        (["account", "stat", sue, "Alerts"], "0\n"),
        (["--json", "account", "info", sue, "StorageUsed"],
         '{"StorageUsed":0}\n'),
        (["account", "delete", sue], ""),
        (9, ["account", "delete", sue], "",
         "ximssctl: unknown user account (513)\n"),
        (["account", "list", d], ""),
    ])


def test_rights(t):
    user = t.user()
    shell(t, [
        (["account", "rights", user], ""),
        (["account", "rights", user, "--set",
          "CanPostAlerts,Can Create Things", "--force"], ""),
        (["account", "rights", user], "CanPostAlerts\nCan Create Things\n"),
        (["--json", "account", "rights", user],
         '["CanPostAlerts","Can Create Things"]\n'),
        (["account", "rights", user, "--set", ""], ""),
        (["account", "rights", user], ""),
    ])


def test_passwords(t):
    """From the environment or a descriptor, and never in the arguments."""
    d = t.domain()
    name = "joe@" + d
    word = 'a "b" \\ ;=\u00e5'
    for args, password, status in (
            (["create", name], word, 0), (["verify", name], word, 0),
            (["verify", name], "wrong", 1), (["password", name], "new", 0),
            (["verify", name], word, 1), (["verify", name], "new", 0)):
        done = ctl(t.shared, "account", *args,
                   env={"XIMSS_NEW_PASSWORD": password})
        equal((done.returncode, re.sub(SAID, "", done.stdout), done.stderr),
              (status, "", "ximssctl: incorrect password (515)\n"
               if status else ""), args)
    done = ctl(t.shared, "account", "verify", name, "--new-password-fd", "0",
               stdin="new\nmore\n")
    equal((done.returncode, done.stdout, done.stderr), (0, "", ""))
    done = ctl(t.shared, "account", "create", "x@" + d, "new")
    equal(done.returncode, 2)


# --- sessions ---

def test_sessions(t):
    user = t.user()
    c = t.shared.login(user)
    found = ctl(t.shared, "account", "sessions", user).stdout
    check(re.fullmatch(r"[0-9]+-\S+\n", found), found)
    name = found.strip()
    shell(t, [
        (["session", "find", user], found),
        (["session", "find", user, "--address", "127.0.0.1",
          "--protocol", "XIMSS"], found),
        (9, ["session", "find", user, "--protocol", "PWD"], "",
         UNKNOWN_SESSION),
        (["--json", "account", "sessions", user], '["%s"]\n' % name),
    ])
    shown = columns(ctl(t.shared, "session", "show", name))
    equal(shown["user"].strip(), user)
    lines = ctl(t.shared, "session", "list").stdout.splitlines()
    check(re.fullmatch(r"ID +USER +ADDRESS +DOOR +SECONDS", lines[0]), lines)
    check([line for line in lines
           if re.fullmatch(r"%s  %s +127\.0\.0\.1 +ximss +\d+"
                           % (name, user), line)], lines)
    listed = json.loads(ctl(t.shared, "--json", "session", "list").stdout)
    check([s for s in listed if s["id"] == name and s["user"] == user],
          listed)
    done = ctl(t.shared, "session", "kill", name, "none")
    equal((done.returncode, done.stderr),
          (5, "ximssctl: none: unknown session (501)\n"))
    c.expect("<bye/>")
    c = t.shared.login(user)
    shell(t, [(["account", "kill", user], "")])
    c.expect("<bye/>")


def test_session_made_for_somebody(t):
    user = t.user()
    def create(*options):
        done = ctl(t.shared, "session", "create", user, *options)
        equal((done.returncode, done.stderr), (0, ""))
        return done.stdout.strip()
    c = t.shared.connect()
    c.ask('<login id="1" ticket="%s"/>'
          % create("--address", "10.0.0.1", "--for", "10.0.0.2"),
          failure("1", 515))
    c.send('<login id="2" ticket="%s"/>' % create("--address", "127.0.0.1"))
    check('userName="%s"' % user in c.receive(), "not logged in")


# --- the server ---

def test_server(t):
    s = t.server()
    info = columns(ctl(s, "server", "info"))
    equal(info["mainDomainName"].strip(), MAIN)
    shell(t, [(["server", "info", "MainDomainName"], MAIN + "\n"),
              (["server", "stat", "alertsPosted"], "0\n"),
              (["alert", "post", "--server", "hello"],
               "alert 1 posted, 0 sessions told\n"),
              (["server", "stat", "alertsPosted"], "1\n"),
              (1, ["server", "stat", "nothing"], "",
               "ximssctl: unknown element (501)\n"),
              (["server", "log", "3", "say \"hi\""], ""),
              (1, ["server", "log", "ten", "x"], "",
               "ximssctl: level is missing (501)\n")], s)
    s.wait_log(r'SYSTEM user=\S+ say "hi"$')
    counters = json.loads(ctl(s, "--json", "server", "stat").stdout)
    equal(counters["alertsPosted"], 1)
    equal(list(counters)[0], "connections")
    equal(list(columns(ctl(s, "server", "stat"))), list(counters))
    now = ctl(s, "server", "time").stdout
    check(re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\n", now), now)
    shell(t, [(["server", "shutdown"], "")], s)
    wait_until(lambda: s.process.poll() is not None, "the server ends", 15)


def test_each_command_has_help(t):
    """And each group; the synopsis names nothing that is not there."""
    top = ctl(t.shared, "--help").stdout
    rows = re.findall(r"^  ([a-z]+) ([a-z-]+)?.*  ", top, re.M)
    for noun in {noun for noun, _ in rows}:
        part = ctl(t.shared, noun, "--help")
        check("%s " % noun in part.stdout, part)
    for noun, verb in rows:
        words = [noun] + ([verb] if noun != "cli" else [])
        done = ctl(t.shared, *words, "--help")
        check(done.stdout.startswith("Usage: ximssctl " + " ".join(words)),
              done)
        done = ctl(t.shared, *words, "--nonsense")
        equal(done.returncode, 3 if words == ["server", "check"] else 2)
