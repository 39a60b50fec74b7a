# SPDX-License-Identifier: BSD-2-Clause
"""ximssctl quota: the storage of accounts shown, and reported."""

import json
import os
import re

from ctl_terminal import Running
from ximss import MAIN, check, ctl, equal, matches

ACCOUNTS = (
    # name, limit, used
    ("ann@a.test", "100", "100"), ("bob@a.test", "100", "79"),
    ("joe@a.test", "50M", "43200000"), ("eve@a.test", "", "2k"),
    ("new@a.test", "100", ""), ("tim@b.test", "2k", "2k"),
    ("zoe@b.test", "1k", "50M"))


def world(t):
    """A server with two domains, and what their accounts use."""
    server = t.server()
    server.domain("a.test")
    server.domain("b.test")
    for account, limit, used in ACCOUNTS:
        server.account(account,
                       settings=limit and "MaxAccountSize=%s;" % limit)
        if used:
            equal(quota(server, "set", account, used),
                  "quota %s reported\n" % account)
    return server


def quota(server, *args, status=0, stderr="", **options):
    done = ctl(server, "quota", *args, **options)
    equal((done.returncode, done.stderr), (status, stderr))
    return done.stdout


def row(account, used, limit, full):
    return "%-10s  %-9s  %-9s  %s\n" % (account, used, limit, full)


HEADER = row("ACCOUNT", "USED", "LIMIT", "FULL")
ROWS = {
    "zoe": row("zoe@b.test", "50 MB", "1 KB", "5120000%"),
    "tim": row("tim@b.test", "2 KB", "2 KB", "100%"),
    "ann": row("ann@a.test", "100 bytes", "100 bytes", "100%"),
    "joe": row("joe@a.test", "41.2 MB", "50 MB", "82%"),
    "bob": row("bob@a.test", "79 bytes", "100 bytes", "79%"),
    "eve": row("eve@a.test", "2 KB", "unlimited", "-"),
}


def table(*names):
    return HEADER + "".join(ROWS[name] for name in names)


# --- list ---

def test_list(t):
    server = world(t)
    equal(quota(server, "list"),
          table("zoe", "tim", "ann", "joe", "bob", "eve"))
    equal(quota(server, "list", "--domain", "a.test"),
          table("ann", "joe", "bob", "eve"))
    equal(quota(server, "list", "--over", "80"),
          table("zoe", "tim", "ann", "joe"))
    equal(quota(server, "list", "--over", "79", "--domain", "a.test",
                "--limit", "2"), table("ann", "joe"))
    equal(quota(server, "list", "--over", "0", "--domain", "b.test"),
          "ACCOUNT     USED   LIMIT  FULL\n"
          "zoe@b.test  50 MB  1 KB   5120000%\n"
          "tim@b.test  2 KB   2 KB   100%\n")
    equal(quota(server, "list", "--limit", "0"),
          "ACCOUNT  USED  LIMIT  FULL\n")
    equal(quota(server, "list", "--domain", MAIN),
          "ACCOUNT  USED  LIMIT  FULL\n")


def test_list_for_programs(t):
    server = world(t)
    equal(quota(server, "list", "--json", "--over", "6000000"), "[]\n")
    got = quota(server, "list", "--json", "--domain", "a.test")
    check(got.endswith("]\n") and got.count("\n") == 1, "one line: " + got)
    got = json.loads(got)
    equal([u["account"] for u in got],
          ["ann@a.test", "joe@a.test", "bob@a.test", "eve@a.test"])
    stamp = got[1].pop("reported")
    check(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp), stamp)
    equal(got[1], {"account": "joe@a.test", "used": 43200000,
                   "limit": 52428800, "percent": 82, "level": 80,
                   "reached": True, "source": "admin", "alerted": None})
    equal((got[3]["limit"], got[3]["percent"], got[3]["reached"]),
          (None, None, False))


def test_list_of_those_who_may(t):
    """A domain's administrator sees his domain; a user sees nothing."""
    server = world(t)
    server.account("adm@a.test", rights=("BasicSettings",))
    host, port = server.ports()[0]

    def by(user, **expected):
        return quota(server, "list", "--host", host, "--port", str(port),
                     "--user", user, env={"XIMSS_PASSWORD": "secret"},
                     **expected)

    equal(by("adm@a.test"), table("ann", "joe", "bob", "eve"))
    by("joe@a.test", status=10,
       stderr="ximssctl: insufficient access rights (510)\n")


def test_what_is_wrong(t):
    server = world(t)
    for args, status, stderr in (
            (["list", "--domain", "c.test"], 9, "unknown secondary domain name (512)"),
            (["list", "--over", "many"], 2, "--over takes a number, not many"),
            (["list", "--limit", "-1"], 2, "--limit takes a number, not -1"),
            (["list", "a.test"], 2, "usage: ximssctl quota list [options]"),
            (["show"], 2, "usage: ximssctl quota show ACCOUNT"),
            (["show", "x@a.test"], 9, "unknown user account (513)"),
            (["set", "joe@a.test"], 2,
             "usage: ximssctl quota set [options] ACCOUNT BYTES"),
            (["set", "joe@a.test", "lots"], 1,
             "storage used must be bytes or a size like 50M (501)"),
            (["import", "nowhere/x"], 6,
             "nowhere/x: No such file or directory")):
        equal(quota(server, *args, status=status,
                    stderr="ximssctl: %s\n" % stderr), "")


# --- show ---

def test_show(t):
    server = world(t)
    server.login("joe@a.test").receive()
    time = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    got = quota(server, "show", "joe@a.test")
    check(re.fullmatch("Account   joe@a.test\n"
                       "Used      41.2 MB \\(43200000\\)\n"
                       "Limit     50 MB \\(52428800\\)\n"
                       "Full      82%%\n"
                       "Level     80%%, reached\n"
                       "Reported  %s, by an administrator\n"
                       "Alerted   %s\n" % (time, time), got), got)
    server.cli("UpdateAccountSettings new@a.test "
               "{MaxAccountSize=unlimited;QuotaAlert=never;}")
    equal(quota(server, "show", "new@a.test"),
          "Account   new@a.test\nUsed      0 bytes\nLimit     unlimited\n"
          "Level     never\nReported  never\nAlerted   never\n")
    equal(quota(server, "show", "--json", "new@a.test"),
          '{"account":"new@a.test","used":0,"limit":null,"percent":null,'
          '"level":null,"reached":false,"source":null,"reported":null,'
          '"alerted":null}\n')


def test_times_are_of_the_zone(t):
    server = world(t)
    shown = [quota(server, "show", "joe@a.test", env={"TZ": zone})
             for zone in ("XXX-3", "UTC")]
    hours = [int(re.search(r"Reported  \S+ (\d\d):", text)[1])
             for text in shown]
    equal((hours[0] - hours[1]) % 24, 3)


def test_one_limits_a_domain_and_sees_who_is_over(t):
    """The example of the manual page."""
    server = world(t)
    done = ctl(server, "domain", "defaults", "a.test", "MaxAccountSize=50M")
    equal((done.returncode, done.stdout, done.stderr),
          (0, "domain a.test changed\n", ""))
    done = ctl(server, "account", "settings", "eve@a.test",
               "MaxAccountSize=2k")
    equal((done.returncode, done.stdout, done.stderr),
          (0, "account eve@a.test changed\n", ""))
    quota(server, "set", "new@a.test", "99")
    equal(quota(server, "list", "--domain", "a.test", "--over", "80"),
          HEADER + row("eve@a.test", "2 KB", "2 KB", "100%") + ROWS["ann"]
          + row("new@a.test", "99 bytes", "100 bytes", "99%") + ROWS["joe"])


# --- on a terminal ---

def on_terminal(server, *args, last, **env):
    r = Running(server, "quota", *args, terminal=["stdout"],
                env=dict({"TERM": "xterm", "NO_COLOR": ""}, **env))
    got = r.until(last)
    equal(r.end()[0], 0)
    return got


BARS = (
    (31, "zoe@b.test  50 MB      1 KB       ",
     "[####################] 5120000%"),
    (31, "tim@b.test  2 KB       2 KB       ",
     "[####################] 100%"),
    (31, "ann@a.test  100 bytes  100 bytes  ",
     "[####################] 100%"),
    (33, "joe@a.test  41.2 MB    50 MB      ",
     "[################....]  82%"),
    (32, "bob@a.test  79 bytes   100 bytes  ",
     "[###############.....]  79%"))
LAST = "eve@a.test  2 KB       unlimited  -\r\n"


def test_bars(t):
    server = world(t)
    head = HEADER.replace("\n", "\r\n")
    equal(on_terminal(server, "list", last=LAST),
          head + "".join("%s\033[%dm%s\033[0m\r\n" % (text, colour, bar)
                         for colour, text, bar in BARS) + LAST)
    black_and_white = head + "".join(
        "%s%s\r\n" % (text, bar) for _, text, bar in BARS) + LAST
    equal(on_terminal(server, "list", last=LAST, NO_COLOR="1"),
          black_and_white)
    equal(on_terminal(server, "list", last=LAST, TERM="dumb"),
          black_and_white)


def test_bar_of_one(t):
    got = on_terminal(world(t), "show", "joe@a.test",
                      last="Alerted   never\r\n")
    check("\r\nFull      \033[33m[################....]  82%\033[0m\r\nLevel"
          in got, got)


# --- import ---

def file(t, text):
    path = os.path.join(t.shared.dir, t.prefix + "file")
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)
    return path


def used(server, account):
    return server.cli("GetAccountInfo %s Key StorageUsed" % account)


def test_import(t):
    d = t.domain()
    for name in ("joe", "sue", "tim"):
        t.user(name, d)
    path = file(t, "\ufeff# measured at night\r\n"
                   "joe@%s 43200000\r\n"
                   "\n"
                   "  // and\n"
                   "sue@%s\t50M  # large\n"
                   "tim@%s , 7" % (d, d, d))
    equal(quota(t.shared, "import", path), "3 reported, 0 refused\n")
    equal([used(t.shared, name + "@" + d) for name in ("joe", "sue", "tim")],
          ["43200000", "52428800", "7"])
    equal(quota(t.shared, "import", "--json", "--domain", d, "-",
                stdin="joe,1\nsue@%s,2" % d),
          '{"changed":true,"reported":2,"failed":0,"nextLine":null}\n')
    equal([used(t.shared, name + "@" + d) for name in ("joe", "sue")],
          ["1", "2"])


def test_import_that_goes_on(t):
    d = t.domain()
    for name in ("joe", "sue"):
        t.user(name, d)
    path = file(t, "joe 1\nnobody 2\njoe lots\njoe\nsue 5 6\nsue 7\n")
    errors = ("%s:%%d: nobody@%s: unknown user account (513)\n"
              "%s:%%d: joe@%s: storage used must be bytes or a size like 50M "
              "(501)\n" % (path, d, path, d) % (2, 3),
              "%s:4: the size is missing\n"
              "%s:5: there is text after the size\n"
              % (path, path))
    done = ctl(t.shared, "quota", "import", "--keep-going", "--domain", d,
               path)
    equal((done.returncode, done.stdout), (5, "2 reported, 4 refused\n"))
    equal(sorted(done.stderr.splitlines()),
          sorted("".join(errors).splitlines()))
    equal([used(t.shared, name + "@" + d) for name in ("joe", "sue")],
          ["1", "7"])
    # Those that the server refuses, in the order of the file.
    done = ctl(t.shared, "quota", "import", "--keep-going", "--domain", d,
               "-", stdin="x 1\n" * 200)
    equal(done.returncode, 1)
    equal(done.stdout, "0 reported, 200 refused\n")
    equal([int(line.split(":")[1]) for line in done.stderr.splitlines()],
          list(range(1, 201)))


def test_import_that_stops(t):
    d = t.domain()
    for i in range(10):
        t.user("u%d" % i, d)
    path = file(t, "".join("u%d@%s %d\n" % (i, d, i + 100) for i in range(5))
                + "nobody@%s 1\nx\n" % d
                + "".join("u%d@%s %d\n" % (i, d, i + 200)
                          for i in range(5, 10)))
    refused = ("%s:6: nobody@%s: unknown user account (513)\n"
               "ximssctl: stopped before line 6 of %s; continue with --from 6\n"
               % (path, d, path))
    done = ctl(t.shared, "quota", "import", "--window", "1", path)
    equal((done.returncode, done.stdout, done.stderr),
          (5, "5 reported, 1 refused\n", refused))
    equal(used(t.shared, "u5@" + d), "0")
    # With a window, the line behind it is seen before it is refused.
    done = ctl(t.shared, "--json", "quota", "import", path)
    equal((done.returncode, done.stdout),
          (5, '{"changed":true,"reported":5,"failed":2,"nextLine":6}\n'))
    equal(sorted(json.loads(e)["error"] for e in done.stderr.splitlines()),
          sorted((refused + path + ":7: the size is missing")
                 .replace("ximssctl: ", "").splitlines()))
    equal(quota(t.shared, "import", "--from", "8", path),
          "5 reported, 0 refused\n")
    equal(used(t.shared, "u9@" + d), "209")


def test_import_shows_how_far_it_is(t):
    user = t.user()
    r = Running(t.shared, "quota", "import", "--keep-going", "-",
                terminal=["stderr"])
    r.write("%s 1\n%s x\n%s 3\n" % (user, user, user))
    got = r.until("\r\033[K2 done, ") + r.until("/s, 1 refused")
    check("\r\033[Kstandard input:2: %s: storage used must be" % user in got,
          got)
    r.process.stdin.close()
    r.process.stdin = None
    equal(r.end()[:2], (5, "2 reported, 1 refused\n"))
