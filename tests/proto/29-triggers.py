# SPDX-License-Identifier: BSD-2-Clause
"""Triggers and handlers.  The manual: "The Trigger Handlers can use Account Alerts to
notify System Administrators about certain system events."""

import json
import os
import re
import stat

from ximss import (MAIN, alert, attr, check, ctl, equal, escape, match, response,
                   wait_until)

ROOT = "postmaster@" + MAIN


def server(t, **options):
    options.setdefault("log_level", "info")
    return t.server(options)


def state(s, name, key, kind="Trigger"):
    found = re.search(r"[{;]%s=([^;]*);" % key, s.cli("Get%s %s" % (kind, name)))
    return found and found.group(1)


def begins(s, name, since=0):
    s.wait_log("trigger %s begins" % name, since)


def over(s, name, since=0):
    s.wait_log("trigger %s is over" % name, since)


def stored(s, account, n):
    """So many alerts wait for the account, as the store has it."""
    wait_until(lambda: s.cli("GetAccountStat %s KEY Alerts" % account) == str(n),
               "%d alerts to %s" % (n, account))


def crowd(s, name, **more):
    """A trigger on more than one session, and who makes it begin."""
    keys = dict({"Element": "sessionsOpen", "Above": "1"}, **more)
    s.cli("SetTrigger %s {%s}" % (
        name, "".join("%s=%s;" % k for k in keys.items())))
    return s.account(name + "@" + MAIN)


# --- account alerts ---

def test_a_handler_tells_system_administrators_by_account_alerts(t):
    s = server(t)
    admin = s.account("chief@" + MAIN, rights=["Master"])
    joe = crowd(s, "crowd", Handlers="(masters)", Severity="critical",
                Text='"{element} is {value}, beyond {threshold}: {state}"')
    one, two = s.login(joe), s.login(joe)
    begins(s, "crowd")
    stored(s, admin, 1)
    stored(s, ROOT, 1)
    stored(s, joe, 0)
    chief = s.connect()
    chief.login(admin)
    got = chief.flush()
    check(any("sessionsOpen is 3, beyond 1: begins" in m for m in got), got)
    check(any('severity="critical"' in m for m in got), got)
    listed = s.cli("GetAccountAlerts " + ROOT)
    check("sessionsOpen" in listed, listed)


def test_it_is_withdrawn_when_it_is_over(t):
    s = server(t)
    reader, away = (s.account(n + "@" + MAIN) for n in ("reader", "away"))
    s.cli("SetHandler ops {Accounts=(%s,%s);}" % (reader, away))
    joe = crowd(s, "crowd", Above="3", Handlers="(ops)", OverText='"it is over"')
    c = s.login(reader)
    both = [s.login(joe), s.login(joe)]
    begins(s, "crowd")
    got = c.receive()
    check("crowd: sessionsOpen is 4" in got, got)
    c.ask('<noop id="n"/>', response("n"))  # so it was delivered
    stored(s, away, 1)
    stored(s, reader, 0)
    both.pop().bye()
    over(s, "crowd")
    # Who was shown the begin hears of the end; nobody else hears of either.
    match(c.receive(), alert("it is over", "account", "info", until="…"))
    stored(s, away, 0)
    equal(state(s, "crowd", "Active"), "NO")


def test_all_masters_and_nobody_else(t):
    s = server(t)
    names = ["x%02d@%s" % (i, MAIN) for i in range(60)]
    for n in names:
        s.account(n, rights=["x-webmaster"])
    real = s.account("zz@" + MAIN, rights=["Master"])
    joe = crowd(s, "crowd", Handlers="(masters)")
    both = [s.login(joe), s.login(joe)]
    begins(s, "crowd")
    stored(s, real, 1)
    stored(s, names[0], 0)
    del both


# --- restarts ---

def test_what_was_over_while_the_server_was_away(t):
    for crash in (False, True):
        s = server(t)
        reader = s.account("reader@" + MAIN)
        s.cli("SetHandler ops {Accounts=%s;}" % reader)
        joe = crowd(s, "crowd", Above="1", Handlers="(ops)")
        one = s.login(joe)
        begins(s, "crowd")
        stored(s, reader, 1)
        mark = len(s.lines)
        s.restart(crash=crash)
        over(s, "crowd", mark)
        stored(s, reader, 0)
        del one


def test_a_restart_neither_repeats_nor_forgets(t):
    s = server(t)
    reader = s.account("reader@" + MAIN)
    s.cli("SetHandler ops {Accounts=%s;}" % reader)
    s.cli("SetTrigger few {Element=sessionsOpen;Below=1000;Handlers=ops;}")
    begins(s, "few")
    stored(s, reader, 1)
    since = state(s, "few", "Since")
    for crash in (False, True):
        mark = len(s.lines)
        s.restart(crash=crash)
        s.cli("SetTrigger probe%d {Element=sessionsOpen;Below=1000;}" % crash)
        begins(s, "probe%d" % crash, mark)
        check(not any("few begins" in l for l in s.lines[mark:]), "told again")
        equal(state(s, "few", "Since"), since)
        stored(s, reader, 1)
    # And its end is told by the server that did not tell its begin.
    s.cli("SetTrigger few {Below=0;}")
    over(s, "few")
    stored(s, reader, 0)


# --- limits ---

def test_what_is_held_up_is_told_later(t):
    s = server(t)
    reader = s.account("reader@" + MAIN)
    s.expected_errors.append("held up")
    s.cli("SetHandler ops {Accounts=%s;Limit=2;Period=1h;}" % reader)
    for i in range(4):
        s.cli("SetTrigger t%d {Element=sessionsOpen;Below=1000;Handlers=ops;}"
              % i)
        begins(s, "t%d" % i)
    stored(s, reader, 2)
    wait_until(lambda: state(s, "ops", "Suppressed", "Handler") == "2",
               "two are counted")
    equal(len([l for l in s.lines if "held up" in l]), 2)
    equal(s.cli("GetStatElement noticesSuppressed"), "2")
    s.clock(3600)
    stored(s, reader, 4)
    # An end is free of the limit.
    for i in range(4):
        s.cli("SetTrigger t%d {Below=0;}" % i)
        over(s, "t%d" % i)
    stored(s, reader, 0)


# --- switched off ---

def test_what_is_switched_off_finishes_what_it_began(t):
    s = server(t)
    reader = s.account("reader@" + MAIN)
    s.cli("SetHandler ops {Accounts=%s;}" % reader)
    for i, off in enumerate(("SetTrigger t0 {Enabled=NO;}",
                             "RemoveTrigger t1",
                             "SetTrigger t2 {Handlers=();}",
                             "SetHandler ops {Enabled=NO;}")):
        s.cli("SetTrigger t%d {Element=sessionsOpen;Below=1000;Handlers=ops;}"
              % i)
        stored(s, reader, 1)
        s.cli(off)
        stored(s, reader, 0)
    equal(refused(s.admin(), "GetTrigger t1"), "501 trigger is not found")
    s.cli("SetHandler ops {Enabled=YES;}")
    stored(s, reader, 1)


# --- outside ---

def program(s, text):
    path = os.path.join(s.dir, "program")
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, stat.S_IRWXU)
    return path


def lines_of(path):
    try:
        with open(path) as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


def test_a_command_is_told_the_begin_and_the_end_once(t):
    s = server(t)
    out = os.path.join(s.dir, "out")
    path = program(s, 'echo "$1|$2" >> %s\n' % out)
    s.options["notify_commands"] = [path]
    s.restart()
    s.cli('SetHandler trap {Command=("%s","{name} {state}","{value}; $(id)");}'
          % path)
    s.cli("SetTrigger few {Element=sessionsOpen;Below=1000;Handlers=trap;}")
    wait_until(lambda: len(lines_of(out)) == 1, "the begin")
    equal(lines_of(out)[0].split("|")[0], "few begins")
    match(lines_of(out)[0], "few begins|…; $(id)")
    wait_until(lambda: state(s, "trap", "LastCommand", "Handler"), "noted")
    s.restart()
    s.cli("SetTrigger few {Below=0;}")
    over(s, "few")
    wait_until(lambda: len(lines_of(out)) == 2, "the end")
    equal(lines_of(out)[1].split("|")[0], "few is over")


def test_what_fails_is_one_line_and_is_tried_again(t):
    s = server(t)
    s.expected_errors.append("failed|tried again")
    out = os.path.join(s.dir, "out")
    good = os.path.join(s.dir, "good")
    path = program(s, 'echo x >> %s\ntest -e %s\n' % (out, good))
    s.options["notify_commands"] = [path]
    s.restart()
    s.cli('SetHandler trap {Command=("%s");}' % path)
    s.cli("SetTrigger few {Element=sessionsOpen;Below=1000;Handlers=trap;}")
    for n in (1, 2, 3):
        wait_until(lambda: len(lines_of(out)) >= n and
                   s.cli("GetStatElement noticesFailed") == str(n), "try %d" % n)
        s.clock(3600)
    with open(good, "w"):
        pass
    s.clock(3600)
    wait_until(lambda: s.cli("GetStatElement noticesSent") == "1", "sent")
    equal(len([l for l in s.lines if "command failed" in l]), 1)


def test_another_definition_of_a_handler_is_tried_at_once(t):
    s = server(t)
    s.expected_errors.append("failed|tried again")
    path = program(s, "test $1 = good\n")
    s.options["notify_commands"] = [path]
    s.restart()
    s.cli('SetHandler trap {Command=("%s",bad);}' % path)
    s.cli("SetTrigger few {Element=sessionsOpen;Below=1000;Handlers=trap;}")
    wait_until(lambda: s.cli("GetStatElement noticesFailed") == "1", "failed")
    s.cli('SetHandler trap {Command=("%s",good);}' % path)
    wait_until(lambda: s.cli("GetStatElement noticesSent") == "1", "sent")


def test_a_handler_is_tested(t):
    s = server(t)
    reader = s.account("reader@" + MAIN)
    s.cli("SetHandler ops {Accounts=%s;}" % reader)
    s.cli("TestHandler ops")
    c = s.login(reader)
    wait_until(lambda: "ok: 1 accounts" in
               (state(s, "ops", "LastAlert", "Handler") or ""), "noted")
    got = c.flush() or [c.receive()]
    check("This is a test of the handler ops" in got[0], got)


def test_handlers_are_tested_at_once(t):
    s = server(t)
    reader = s.account("reader@" + MAIN)
    names = ["ops%d" % i for i in range(5)]
    for name in names:
        s.cli("SetHandler %s {Accounts=%s;}" % (name, reader))
    for name in names:
        s.cli("TestHandler " + name)
    for name in names:
        wait_until(lambda: "ok: 1 accounts" in
                   (state(s, name, "LastAlert", "Handler") or ""), name)


# --- what is refused ---

def test_bad_triggers_are_refused(t):
    s = t.shared
    cli = s.admin()
    for line, says in (
            ("SetTrigger x {Element=nothing;Above=1;}",
             "501 there is no element nothing"),
            ("SetTrigger x {Above=1;}", "501 Element is missing"),
            ("SetTrigger x {Element=sessionsOpen;}",
             "501 one of Above- Below and Growth is needed"),
            ("SetTrigger x {Element=sessionsOpen;Above=1;Below=2;}",
             "501 one of Above- Below and Growth is needed"),
            ("SetTrigger x {Element=logins;Above=1;}",
             "501 logins is a COUNTER. it needs Growth and Period"),
            ("SetTrigger x {Element=logins;Growth=1;}",
             "501 Growth needs Period"),
            ("SetTrigger x {Element=sessionsOpen;Growth=1;Period=1m;}",
             "501 sessionsOpen is an INTEGER. it needs Above or Below"),
            ("SetTrigger x {Element=triggersActive;Above=1;}",
             "501 triggersActive. triggers change it themselves"),
            ("SetTrigger x {Element=noticesFailed;Growth=1;Period=1m;}",
             "501 noticesFailed. triggers change it themselves"),
            ("SetTrigger x {Element=sessionsOpen;Above=1;Clear=2;}",
             "501 Clear must be on the good side of the threshold"),
            ("SetTrigger x {Element=sessionsOpen;Above=1;Handlers=nobody;}",
             "501 Handlers. there is no such handler"),
            ("SetTrigger x {Element=sessionsOpen;Above=1;Colour=red;}",
             "501 unknown key Colour"),
            ("SetHandler x {}", "501 it has no method…"),
            ("SetHandler x {Command=(ls);}", "501 Command must be…"),
            ('SetHandler x {Mail="a@b.test";Text="{nothing}";}',
             "501 Text…"),
            ("SetHandler x {Mail=a@b.test;Limit=0;}",
             "501 Limit must be a number from 1 to 10000"),
            ('SetTrigger "a b" {Element=sessionsOpen;Above=1;}',
             "501 illegal trigger name…"),
            ("GetTrigger nothing", "501 trigger is not found"),
            ("RemoveHandler nothing", "501 handler is not found"),
            ("TestHandler nothing", "501 handler is not found")):
        check_refused(cli, line, says)


def refused(client, line):
    """The number and the text of the refusal."""
    id_ = client.next_id()
    client.send('<cliExecute id="%s">%s</cliExecute>' % (id_, escape(line)))
    got = client.until_response(id_)[-1]
    return "%s %s" % (attr(got, "errorNum"), attr(got, "errorText"))


def check_refused(cli, line, says):
    """Punctuation is made plain on the way."""
    got = re.sub(r"[^A-Za-z0-9]+", " ", refused(cli, line)).strip()
    match(got, re.sub(r"[^A-Za-z0-9…]+", " ", says).strip())


def test_a_handler_in_use_stays(t):
    s = server(t)
    s.cli("SetHandler ops {Accounts=%s;}" % ROOT)
    s.cli("SetTrigger t {Element=sessionsOpen;Above=1000;Handlers=ops;}")
    equal(refused(s.admin(), "RemoveHandler ops"),
          "501 the handler is used by the trigger t")
    s.cli("RemoveTrigger t")
    s.cli("RemoveHandler ops")


def test_only_master_may(t):
    s = t.shared
    for i, rights in enumerate(([], ["All Domains"], ["Can Monitor"], ["Server Settings"])):
        user = s.account("t%d@%s" % (i, MAIN), rights=rights)
        c = s.connect()
        c.login(user)
        for line in ("ListTriggers", "GetTrigger disk-low", "ListHandlers",
                     "GetHandler masters", "RemoveTrigger disk-low",
                     "SetTrigger disk-low {Enabled=NO;}",
                     "SetHandler masters {Enabled=NO;}", "TestHandler masters",
                     "RemoveHandler masters"):
            equal(c.cli_error(line), 510, line)


def test_their_number_is_limited(t):
    s = server(t, max_triggers=2, max_handlers=1)
    cli = s.admin()
    for i in range(2):
        s.cli("SetTrigger t%d {Element=sessionsOpen;Above=1;}" % i)
    equal(cli.cli_error("SetTrigger t2 {Element=sessionsOpen;Above=1;}"), 526)
    s.cli("SetTrigger t1 {Above=2;}")
    s.cli("SetHandler h {Accounts=%s;}" % ROOT)
    equal(cli.cli_error("SetHandler i {Accounts=%s;}" % ROOT), 526)


# --- what is built in ---

def test_what_is_built_in_is_there_and_can_be_changed(t):
    s = server(t)
    listed = s.cli("ListTriggers")
    for name in ("disk-low", "store-refuses", "certificate-21", "certificate-7",
                 "certificate-1", "logins-failed", "sessions-full",
                 "quota-dict-silent", "alerts-forgotten", "backup-old",
                 "worker-stuck"):
        check(name in listed, name)
    equal(s.cli("ListHandlers"), "(masters)")
    equal(state(s, "logins-failed", "BuiltIn"), "YES")
    s.cli("SetTrigger logins-failed {Growth=7;}")
    equal(state(s, "logins-failed", "Growth"), "7")
    s.cli("SetTrigger logins-failed {Enabled=NO;}")
    equal(state(s, "logins-failed", "Enabled"), "NO")
    s.cli("RemoveTrigger logins-failed")
    equal(state(s, "logins-failed", "Growth"), "200")


def test_log_in_failures_surge(t):
    s = server(t, login_delay="0s")
    s.cli("SetTrigger logins-failed {Growth=5;Clear=1;}")
    s.cli("SetTrigger probe {Element=sessionsOpen;Below=1000;}")
    begins(s, "probe")  # so the other has been looked at
    for i in range(7):
        c = s.connect()
        c.send('<login id="l" userName="%s" authData="wrong"/>' % ROOT)
        c.until_response("l")
    begins(s, "logins-failed")
    stored(s, ROOT, 1)
    s.clock(700)
    over(s, "logins-failed")
    stored(s, ROOT, 0)


def test_a_secret_is_shown_to_nobody(t):
    s = server(t)
    s.cli('SetHandler hook {URL="https://hooks.test/x";Secret=verysecret;}')
    shown = s.cli("GetHandler hook")
    check("verysecret" not in shown and "***" in shown, shown)


def test_ximssctl_sets_shows_tests_and_removes(t):
    s = server(t)
    reader, other = (s.account(n + "@" + MAIN) for n in ("reader", "other"))

    def say(*args):
        return ctl(s, *args).stdout
    say("handler", "set", "ops", "Accounts=%s,%s" % (reader, other))
    say("trigger", "set", "few", "Element=sessionsOpen", "Below=1000",
        "Handlers=ops,masters")
    for who in (reader, other, ROOT):
        stored(s, who, 1)
    check("few" in say("trigger", "list"), "not listed")
    check("Below" in say("trigger", "show", "few"), "not shown")
    say("trigger", "remove", "few", "--yes")
    for who in (reader, other, ROOT):
        stored(s, who, 0)
    say("handler", "test", "ops")
    stored(s, other, 1)
    say("handler", "remove", "ops", "--yes")
    check("ops" not in say("handler", "list"), "still there")


def test_a_dry_run_changes_and_sends_nothing(t):
    s = server(t)
    s.cli("SetHandler ops {Accounts=%s;}" % ROOT)
    few = ("few", "Element=sessionsOpen", "Below=1000", "Handlers=ops")

    def say(*args):
        done = ctl(s, "--json", *args)
        equal((done.returncode, done.stderr), (0, ""), " ".join(args))
        return json.loads(done.stdout)
    for words, real, again in (
            (("trigger", "set") + few, True, False),
            (("trigger", "remove", "few", "--if-exists"), True, False),
            (("handler", "set", "new", "Accounts=" + ROOT), True, False),
            (("handler", "test", "new"), True, True),
            (("handler", "remove", "new", "--if-exists"), True, False)):
        before = s.cli("ListTriggers") + s.cli("ListHandlers")
        tried = say(*words, "--dry-run")
        equal((tried["changed"], tried["dryRun"]), (real, True), words)
        equal(s.cli("ListTriggers") + s.cli("ListHandlers"), before)
        if words[1] == "test":
            equal(state(s, "new", "LastAlert", "Handler"), None)
            stored(s, ROOT, 0)
        equal(say(*words)["changed"], real, words)
        if words[1] == "test":
            stored(s, ROOT, 1)
        if words[:2] != ("handler", "test"):
            equal(say(*words)["changed"], again, words)
    for kind in ("trigger", "handler"):
        equal(ctl(s, kind, "remove", "none", "--yes").returncode, 9)


def test_a_backup_is_old(t):
    """When it is, the administrator says; without a word, never."""
    s = server(t)
    s.clock(90000)
    s.cli("SetTrigger probe {Element=sessionsOpen;Below=1000;}")
    begins(s, "probe")
    equal(state(s, "backup-old", "Active"), "NO")
    s.options["backup_max_age"] = "1d"
    s.restart()
    s.clock(80000)
    s.cli("SetTrigger probe2 {Element=sessionsOpen;Below=1000;}")
    begins(s, "probe2")
    s.clock(90000)
    begins(s, "backup-old")
