# SPDX-License-Identifier: BSD-2-Clause
"""The audit log: who may read what of it, in which order and pieces; and that
it shows when something of it is missing."""

import json
import os
import re
import signal
import subprocess

from ximss import (MAIN, MASTER_PASSWORD, check, ctl, ctl_environment,
                   ctl_program, equal, program, wait_until)
from pwd_port import parse

POSTMASTER = "postmaster@" + MAIN


def lines(client, query=""):
    return parse(client.cli("GetAudit " + query))["Lines"]


def brief(found):
    return [(line["actor"], line["action"].split(" ")[0],
             line.get("target", ""), line["outcome"]) for line in found]


class World:
    """Two domains, and administrators of each kind, who have done things."""

    def __init__(self, t):
        self.server = server = t.server()
        for domain in ("a.test", "b.test"):
            server.domain(domain)
        for name, rights in (("adm@a.test", ("BasicSettings",)),
                             ("joe@a.test", ()), ("joe@b.test", ()),
                             ("adm@b.test", ("BasicSettings",)),
                             ("all@" + MAIN, ("All Domains",)),
                             ("main@" + MAIN, ("BasicSettings",)),
                             ("monitor@" + MAIN, ("Can Monitor",))):
            server.account(name, rights=rights)
        server.clock(3600) # what follows is an hour behind the rest
        self.master = server.connect("postmaster")
        self.master.login(POSTMASTER, MASTER_PASSWORD, alerts="no")
        self.adm = server.login("adm@a.test", alerts="no")
        self.all = server.login("all@" + MAIN, alerts="no")
        self.adm.cli("UpdateAccountSettings joe@a.test {x=1;}")
        equal(self.adm.cli_error("UpdateAccountSettings joe@b.test {x=1;}"),
              510)
        equal(self.adm.cli_error("CreateDomain c.test"), 510)
        self.all.cli("UpdateAccountSettings joe@a.test {y=word;}")
        self.all.cli("UpdateAccountSettings joe@b.test {x=1;}")
        self.all.post("Hello", "domain", target="a.test")
        self.master.post("all\nof you", "server")

    def since(self):
        return "SINCE 30m "


DONE = [
    ("adm@a.test", "UPDATEACCOUNTSETTINGS", "joe@a.test", "ok"),
    ("adm@a.test", "UPDATEACCOUNTSETTINGS", "joe@b.test",
     "insufficient access rights"),
    ("adm@a.test", "CREATEDOMAIN", "", "insufficient access rights"),
    ("all@" + MAIN, "UPDATEACCOUNTSETTINGS", "joe@a.test", "ok"),
    ("all@" + MAIN, "UPDATEACCOUNTSETTINGS", "joe@b.test", "ok"),
    ("all@" + MAIN, "alertPost", "a.test", "ok"),
    (POSTMASTER, "alertPost", "server", "ok"),
]


def test_master_sees_all(t):
    world = World(t)
    found = lines(world.master, world.since() + "ORDER old")
    equal(brief(found), DONE)
    equal(found[3]["action"],
          "UPDATEACCOUNTSETTINGS joe@a.test {y=word;}")
    equal(found[3]["from"], "127.0.0.1 ximss")
    equal(brief(lines(world.master, world.since())), DONE[::-1])
    equal(brief(lines(world.server.admin(), world.since())), DONE[::-1])
    # from the beginning on
    equal(brief(lines(world.master, "ORDER OLD LIMIT 1")),
          [("server", "init", "", "ok")])


def test_filters(t):
    world = World(t)
    for query, wanted in (
            ("ACTOR adm@a.test", DONE[0:3]),
            ("ACTOR ADM@A.TEST", DONE[0:3]),
            ("ACTOR adm", []),
            ("ACTOR @" + MAIN, DONE[3:]),
            ("TARGET joe@a.test", [DONE[0], DONE[3]]),
            ("TARGET @a.test", [DONE[0], DONE[3], DONE[5]]),
            ("TARGET a.test", [DONE[5]]),
            ("TARGET server", [DONE[6]]),
            ("ACTION updateaccountsettings", DONE[0:2] + DONE[3:5]),
            ("ACTION Update", []),
            ("ACTION alertPost", DONE[5:]),
            ("OUTCOME ok", [DONE[0]] + DONE[3:]),
            ("OUTCOME Refused", DONE[1:3]),
            ("OUTCOME refused ACTION CreateDomain", [DONE[2]]),
            ("DOMAIN b.test", [DONE[1][:3] + ("refused",), DONE[4]]),
            ("UNTIL 29m", []),
            ("LIMIT 2", DONE[0:2]),
            ("LIMIT 0", [])):
        found = lines(world.master, world.since() + "ORDER old " + query)
        equal(brief(found), wanted, query)
    # what was before
    early = lines(world.master, "UNTIL 30m ORDER old")
    equal(brief(early)[0], ("server", "init", "", "ok"))
    check(len(early) > 5 and not set(brief(early)) & set(DONE), early)


def test_wrong_arguments(t):
    c = t.shared.admin()
    for query, text in (
            ("ACTOR", "actor is missing"),
            ("SINCE yesterday", "SINCE must be a time like 20261201T060000Z"),
            ("OUTCOME maybe", "OUTCOME must be ok or refused"),
            ("OUTCOME", "outcome is missing"),
            ("ORDER up", "ORDER must be old or new"),
            ("LIMIT x", "limit is missing"),
            ("COOKIE 1.2", "COOKIE can not be used"),
            ("COOKIE 1.2.3x", "COOKIE can not be used"),
            ("DOMAIN nowhere.test", "unknown secondary domain name"),
            ("all", "too many arguments")):
        c.send('<cliExecute id="x">GetAudit %s</cliExecute>' % query)
        got = c.until_response("x")[-1]
        check('errorText="%s"' % text in got, "%s: %s" % (query, got))
    equal(c.cli_error("VerifyAudit x"), 501)


def test_pages(t):
    """The pages of a list, put together, are the whole, in both orders; and
    from old to new it can be continued with what comes later."""
    world = World(t)
    for order in ("old", "new"):
        whole = lines(world.master, world.since() + "ORDER " + order)
        found, cookie, n = [], '""', 0
        while True:
            page = parse(world.master.cli(
                "GetAudit %s ORDER %s LIMIT 2 COOKIE %s"
                % (world.since(), order, cookie)))
            found += page["Lines"]
            n += 1
            cookie = '"%s"' % page.get("Cookie")
            if page["More"] == "NO":
                break
        equal((found, n), (whole, 4), order)
    equal(page.get("Cookie"), None)
    page = parse(world.master.cli("GetAudit %s ORDER old" % world.since()))
    query = 'GetAudit ORDER old COOKIE "%s"' % page["Cookie"]
    equal(parse(world.master.cli(query))["Lines"], [])
    world.all.cli("UpdateAccountSettings joe@b.test {x=2;}")
    equal(brief(parse(world.master.cli(query))["Lines"]), [DONE[4]])


def test_domain_administrator(t):
    """Sees what is about the domain, and what its own people tried; of what
    others did neither the address nor the words."""
    world = World(t)
    found = lines(world.adm, world.since() + "ORDER old")
    equal(brief(found), DONE[0:4] + [DONE[5]])
    equal(found[0]["action"], "UPDATEACCOUNTSETTINGS joe@a.test {x=1;}")
    equal(found[0]["from"], "127.0.0.1 ximss")
    equal(sorted(found[3]), ["action", "actor", "outcome", "target", "time"])
    equal((found[3]["action"], found[4]["action"]),
          ("UPDATEACCOUNTSETTINGS", "alertPost"))
    equal(brief(lines(world.adm, world.since() + "DOMAIN A.test")),
          brief(found)[::-1])
    equal(world.adm.cli_error("GetAudit DOMAIN b.test"), 510)
    equal(world.adm.cli_error("GetAudit DOMAIN nowhere.test"), 510)
    equal(world.adm.cli_error("VerifyAudit"), 510)
    # a cookie opens nothing
    page = parse(world.master.cli("GetAudit %s ORDER old LIMIT 4"
                                  % world.since()))
    equal(brief(lines(world.adm, 'ORDER old COOKIE "%s"' % page["Cookie"]))[:2],
          [DONE[5], ("adm@a.test", "GETAUDIT", "b.test",
                     "insufficient access rights")])
    # Server-wide administrators are people of the main domain; what they do
    # elsewhere does not concern it.
    main = world.server.login("main@" + MAIN, alerts="no")
    equal(lines(main, world.since()), [])
    # Who is everywhere can ask for any domain, and for one at a time.
    equal(brief(lines(world.all, world.since() + "DOMAIN b.test")),
          [("adm@a.test", "GETAUDIT", "b.test", "refused"),
           DONE[4], DONE[1][:3] + ("refused",)])
    for who in ("joe@a.test", "monitor@" + MAIN):
        c = world.server.login(who, alerts="no")
        equal(c.cli_error("GetAudit"), 510, who)
        equal(c.cli_error("VerifyAudit"), 510, who)


def test_refused_reading_is_in_it(t):
    world = World(t)
    joe = world.server.login("joe@a.test", alerts="no")
    equal(joe.cli_error("GetAudit"), 510)
    equal(brief(lines(world.master, "ACTOR joe@a.test")),
          [("joe@a.test", "GETAUDIT", "a.test",
            "insufficient access rights")])


def test_true_outcomes(t):
    """What only the workers can tell is recorded when they have told it."""
    server = t.server()
    server.account("joe@" + MAIN)
    joe = server.login("joe@" + MAIN)
    admin = server.admin()
    session = parse(admin.cli("ListAccountSessions joe@" + MAIN))[0]
    equal(admin.cli_error("KillSession 1-unknown"), 501)
    admin.cli("KillSession " + session)
    joe.expect_bye()
    admin.cli("SetLogAll ON")
    admin.cli("SetLogAll OFF")
    equal(admin.cli_error("RefreshStorageUsed"), 501)
    equal([(line["action"], line["outcome"])
           for line in lines(admin, "ORDER old ACTOR local:%d" % os.getuid())
           if not line["action"].startswith("CREATE")],
          [("KILLSESSION 1", "unknown session"), # without what it is good for
           ("KILLSESSION " + session.split("-")[0], "ok"),
           ("SETLOGALL ON", "ok"), ("SETLOGALL OFF", "ok"),
           ("REFRESHSTORAGEUSED", "no source of usage can be asked")])


def test_nothing_counterfeits_a_line(t):
    """Newlines and a terminal's escapes, in all that strangers can write."""
    server = t.server()
    admin = server.admin()
    evil = "x\n2026-12-01 00:00:00  root  -  -  ok  SHUTDOWN"
    admin.post(evil)
    admin.cli_error('CreateDomain "x\\r\\nfalse\\tline\\e\\127"')
    admin.cli('WriteLog 3 "one\\nERROR another"')
    done = ctl(server, "audit", "list", "--limit", "3")
    equal((done.returncode, done.stderr), (0, ""))
    rows = done.stdout.split("\n")
    equal(len(rows), 5, done.stdout) # a head, three lines, and the last end
    check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stdout), done.stdout)
    check("\\e2026-12-01" in done.stdout, done.stdout)
    done = ctl(server, "--json", "audit", "list", "--limit", "3")
    found = [json.loads(row) for row in done.stdout.splitlines()]
    equal(len(found), 3)
    check(all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["time"])
              for line in found), found)
    server.wait_log("SYSTEM user=local:%d one" % os.getuid())
    check(not any(line.startswith("ERROR another") for line in server.lines),
          "a line of the log was made up")


def test_list_of_ximssctl(t):
    world = World(t)
    done = ctl(world.server, "audit", "list", "--since", "30m", "--oldest",
               "--actor", "all@" + MAIN, "--target", "@a.test", "--outcome",
               "ok", "--action", "alertPost", "--domain", "a.test",
               env={"TZ": "UTC"})
    equal((done.returncode, done.stderr), (0, ""))
    rows = done.stdout.splitlines()
    equal(rows[0].split(),
          ["TIME", "ACTOR", "FROM", "TARGET", "OUTCOME", "ACTION"])
    equal(len(rows), 2)
    check(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  all@%s  -  .*a\.test"
                       r"  ok  .*alertPost" % re.escape(MAIN), rows[1]), rows)
    # times as --json prints them are taken
    done = ctl(world.server, "--json", "audit", "list", "--limit", "1")
    newest = json.loads(done.stdout)
    equal(sorted(newest), ["action", "actor", "from", "outcome", "target",
                           "time"])
    done = ctl(world.server, "--json", "audit", "list", "--since",
               newest["time"], "--limit", "0")
    equal(json.loads(done.stdout.splitlines()[0]), newest)
    done = ctl(world.server, "audit", "list", "--since", "soon")
    equal((done.returncode, done.stdout), (2, ""))
    check("--since takes 2026-12-01" in done.stderr, done.stderr)
    done = ctl(world.server, "audit", "list", "--limit", "many")
    equal((done.returncode, done.stderr),
          (2, "ximssctl: --limit takes a number, not many\n"))


def test_more_lines_than_one_answer(t):
    server = t.server()
    admin = server.admin()
    for _ in range(1100):
        admin.send('<cliExecute id="x">CreateDomain %s</cliExecute>' % MAIN)
    for _ in range(1100):
        admin.until_response("x")
    done = ctl(server, "--json", "audit", "list", "--limit", "0",
               "--outcome", "refused")
    equal((done.returncode, done.stderr, done.stdout.count("\n")),
          (0, "", 1100))
    done = ctl(server, "--json", "audit", "list", "--outcome", "refused")
    equal((done.stderr, done.stdout.count("\n")),
          ('{"error":"there are more lines: see --limit"}\n', 1000))


def test_follow(t):
    server = t.server()
    admin = server.admin()
    with subprocess.Popen(
            [ctl_program(), "--json", "audit", "list", "--follow"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=ctl_environment(server)) as tail:
        try:
            names = iter(range(1000))

            def make():
                admin.cli("CreateDomain n%d.test" % next(names))
                os.set_blocking(tail.stdout.fileno(), False)
                return tail.stdout.readline()
            wait_until(make, "a line")
            admin.cli("CreateDomain last.test")

            def last():
                line = tail.stdout.readline()
                return line and json.loads(line)["action"] == \
                    "CREATEDOMAIN last.test"
            wait_until(last, "the last line")
        finally:
            tail.send_signal(signal.SIGINT)
            tail.wait()


def test_verify(t):
    """Sound; and after a repair that could not bring everything back, not."""
    server = t.server()
    admin = server.admin()
    for i in range(300):
        admin.cli("CreateDomain n%d.test {}" % i)
    done = ctl(server, "audit", "verify")
    equal((done.returncode, done.stderr), (0, ""))
    check(re.fullmatch(r"(\d+) records checked, 0 breaks; record \1 has the "
                       r"hash [0-9a-f]{64}\n", done.stdout), done.stdout)
    server.stop()
    server.verify()
    path = os.path.join(server.store, "db", "audit.db")
    with open(path, "r+b") as f: # pages in the middle of the table
        f.seek(4096 * 5)
        f.write(b"\0" * 4096 * 2)
    done = subprocess.run([program(), "--salvage", server.store],
                          capture_output=True, text=True, check=False)
    said = re.findall(r"audit\.db: audit (records \d+ to \d+ are missing)",
                      done.stdout + done.stderr)
    check(said, done.stdout + done.stderr)
    server.verify() # the gap is noted: the store is sound
    server.start()
    done = ctl(server, "audit", "verify")
    equal(done.returncode, 11)
    equal(done.stdout.splitlines()[:-1],
          [s + " since a repair by --salvage" for s in said])
    done = ctl(server, "--json", "audit", "verify")
    equal(done.returncode, 11)
    equal(json.loads(done.stdout)["found"], len(said))
    found = lines(server.admin(), "ACTOR ximssd")
    equal(sorted(line["action"] for line in found),
          sorted("audit " + s for s in said))
    server.cli("CreateDomain after.test")
    equal(ctl(server, "audit", "verify").returncode, 11)
    server.stop()
    server.verify()
