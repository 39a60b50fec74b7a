# SPDX-License-Identifier: BSD-2-Clause
"""Storage quota alerts: the right number, to the right user, at the right
moment, once in ten minutes (product.md 6)."""

import os
import re
import tempfile

from ximss import (attr, check, equal, failure, matches, response,
                   wait_until)

TEXT = ("Your storage is %d%% full: %s of %s are used. "
        "Please delete what you no longer need.")
MINUTE = 60


def quota_alert(used=85, limit=100, percent=None, text=None, severity=None,
                alert_id="…"):
    """A quota alert as it is pushed; used and limit in bytes."""
    percent = used * 100 // limit if percent is None else percent
    if text is None:
        text = TEXT % (percent, "%d bytes" % used, "%d bytes" % limit)
    if severity is None:
        severity = "critical" if used >= limit else "warning"
    return ('<alert gmtTime="…" localTime="…" alertID="%s" scope="account" '
            'severity="%s" kind="quota" used="%d" limit="%d" percent="%d">%s'
            '</alert>' % (alert_id, severity, used, limit, percent, text))


def world(t, **options):
    """A server whose clock may be moved by hours, and an account that may use
    100 bytes."""
    server = t.server(dict({"idle_timeout": "1d"}, **options))
    server.domain("a.test")
    server.account("joe@a.test", settings="MaxAccountSize=100;")
    return server


def use(server, used, account="joe@a.test"):
    server.cli("SetStorageUsed %s %d" % (account, used))


def trimmed(server):
    """Accounts without a session have left the memory (account_cache="0", one
    worker): they do at a tick, which also saves who has logged in."""
    server.cli("CreateAccount tick@a.test {Password=secret;}")
    server.login("tick@a.test").bye()
    wait_until(lambda: "LastLogin" in server.cli("GetAccountInfo tick@a.test"),
               "a tick")
    server.cli("DeleteAccount tick@a.test")


def test_at_log_in_while_the_level_is_reached(t):
    server = world(t)
    use(server, 79)
    c = server.login("joe@a.test")
    c.quiet()
    c.bye()
    use(server, 80)
    c = server.login("joe@a.test")
    c.expect(quota_alert(80))
    c.quiet()


def test_before_the_answer_to_a_later_request(t):
    server = world(t)
    use(server, 85)
    c = server.connect()
    c.send('<login id="1" userName="joe@a.test" authData="secret"/>',
           '<noop id="2"/>')
    check(c.receive().startswith('<session id="1" '), "a session")
    c.expect(response("1"), quota_alert(85), response("2"))


def test_when_it_is_reached_while_logged_in(t):
    server = world(t)
    sessions = [server.login("joe@a.test") for _ in range(5)]
    use(server, 79)
    for c in sessions:
        c.quiet()
    use(server, 91)
    for c in sessions:
        c.expect(quota_alert(91))
    use(server, 99)
    for c in sessions:
        c.quiet()  # staying above is no news


def test_two_log_ins_at_once_make_one_alert(t):
    server = world(t)
    use(server, 85)
    clients = [server.connect() for _ in range(20)]
    for c in clients:
        c.send('<login id="1" userName="joe@a.test" authData="secret"/>',
               '<noop id="2"/>')
    ids = set()
    for c in clients:
        for message in c.until_response("2"):
            if message.startswith("<alert "):
                ids.add(attr(message, "alertID"))
    equal(len(ids), 1)
    equal(server.cli("GetStatElement quotaAlerts"), "1")


def test_none_for_ten_minutes(t):
    server = world(t)
    use(server, 85)
    c = server.login("joe@a.test")
    c.expect(quota_alert(85))
    c.quiet()  # so it was delivered
    server.clock(10 * MINUTE - 5)
    server.login("joe@a.test").quiet()
    server.clock(5)
    d = server.login("joe@a.test")
    d.expect(quota_alert(85))
    c.expect(quota_alert(85))  # it goes to all that are open


def test_a_crossing_in_the_pause_is_told_when_that_ends(t):
    server = world(t)
    c = server.login("joe@a.test")
    use(server, 91)
    c.expect(quota_alert(91))
    use(server, 70)
    use(server, 92)
    c.quiet()
    server.clock(10 * MINUTE - 5)
    c.quiet()
    server.clock(5)
    c.expect(quota_alert(92))
    c.quiet()


def test_a_crossing_in_the_pause_that_did_not_last(t):
    server = world(t)
    c = server.login("joe@a.test")
    use(server, 91)
    c.expect(quota_alert(91))
    use(server, 70)
    use(server, 92)
    use(server, 71)
    server.clock(11 * MINUTE)
    c.quiet()


def test_up_and_down_a_thousand_times(t):
    """One for each pause that is over: at 0, 12, 24, 36 and 48 minutes, and
    perhaps at the end of the hour.  One that is over before it was sent is
    not."""
    server = world(t)
    c = server.login("joe@a.test")
    admin = server.admin()
    told = 0
    for i in range(1000):
        admin.cli("SetStorageUsed joe@a.test %d" % (91 if i % 2 else 70))
        if i % 50 == 49:
            server.clock(3 * MINUTE)
            told += len(c.flush())
    made = int(server.cli("GetStatElement quotaAlerts"))
    check(5 <= made <= 6, made)
    check(told <= made, told)


def test_a_day_above(t):
    server = world(t)
    use(server, 95)
    c = server.login("joe@a.test", alertChanges="yes")
    c.expect(quota_alert(95))
    for _ in range(24):
        server.clock(60 * MINUTE)
        c.quiet()
    d = server.login("joe@a.test")
    d.expect(quota_alert(95))


def test_the_clock_goes_an_hour_back_and_forth(t):
    server = world(t)
    use(server, 95)

    def told():
        c = server.login("joe@a.test")
        c.expect(quota_alert(95))
        c.quiet()
        c.bye()
    told()
    server.clock(-60 * MINUTE)
    told()
    server.login("joe@a.test").quiet()
    server.clock(60 * MINUTE)
    told()


def test_the_clock_goes_back_while_a_crossing_waits(t):
    server = world(t)
    c = server.login("joe@a.test")
    use(server, 91)
    c.expect(quota_alert(91))
    use(server, 70)
    use(server, 92)
    server.clock(-60 * MINUTE)
    c.expect(quota_alert(92))
    c.quiet()


def test_a_restart_in_between(t):
    server = world(t)
    use(server, 85)
    server.login("joe@a.test").expect(quota_alert(85))
    server.restart()
    server.login("joe@a.test").quiet()
    server.clock(10 * MINUTE)
    server.login("joe@a.test").expect(quota_alert(85))


def test_limit_lowered_raised_and_taken_away(t):
    server = world(t)
    use(server, 50)
    c = server.login("joe@a.test", alertChanges="yes")
    c.quiet()
    server.cli("UpdateAccountSettings joe@a.test {MaxAccountSize=60;}")
    id_ = attr(c.expect(quota_alert(50, 60)), "alertID")
    server.cli("UpdateAccountSettings joe@a.test {MaxAccountSize=100;}")
    c.expect('<alertRemoved alertID="%s"/>' % id_)
    server.clock(10 * MINUTE)
    server.cli("UpdateAccountSettings joe@a.test {QuotaAlert=50;}")
    id_ = attr(c.expect(quota_alert(50, 100)), "alertID")
    server.cli("UpdateAccountSettings joe@a.test {MaxAccountSize=unlimited;}")
    c.expect('<alertRemoved alertID="%s"/>' % id_)
    server.clock(10 * MINUTE)
    server.cli("UpdateAccountSettings joe@a.test {MaxAccountSize=50;}")
    c.expect(quota_alert(50, 50))


def test_defaults_of_domain_and_server(t):
    server = t.server({"idle_timeout": "1d"})
    server.domain("a.test")
    server.account("ann@a.test")
    use(server, 50, "ann@a.test")
    c = server.login("ann@a.test")
    c.quiet()
    server.cli("UpdateServerAccountDefaults {MaxAccountSize=60;}")
    c.expect(quota_alert(50, 60))
    server.cli("UpdateAccountDefaults a.test {MaxAccountSize=100;}")
    server.clock(10 * MINUTE)
    c.quiet()
    server.cli("UpdateAccountDefaults a.test {QuotaAlert=40;}")
    c.expect(quota_alert(50, 100))
    # the account's own is the nearest
    server.cli("UpdateAccountSettings ann@a.test {QuotaAlert=51;}")
    server.clock(10 * MINUTE)
    server.login("ann@a.test").quiet()


def test_defaults_change_while_nobody_is_there(t):
    server = world(t)
    server.account("ann@a.test")
    use(server, 50, "ann@a.test")
    server.login("ann@a.test").bye()
    server.cli("UpdateAccountDefaults a.test {MaxAccountSize=50;}")
    server.login("ann@a.test").expect(quota_alert(50, 50))


def test_a_level_that_was_left_while_nobody_was_there(t):
    """The next crossing is one, though nobody has seen that the level was
    below it in between."""
    server = t.server({"idle_timeout": "1d"})
    server.domain("a.test")
    server.account("joe@a.test")
    server.cli("UpdateAccountDefaults a.test {MaxAccountSize=100;}")
    use(server, 85)
    c = server.login("joe@a.test")
    c.expect(quota_alert(85))
    c.quiet()
    server.restart()  # so that nothing is in memory
    server.cli("UpdateAccountDefaults a.test {MaxAccountSize=1000;}")
    server.clock(11 * MINUTE)
    c = server.login("joe@a.test")
    c.quiet()
    use(server, 900)
    c.expect(quota_alert(900, 1000))


def test_gone_when_the_use_falls(t):
    server = world(t)
    c = server.login("joe@a.test", alertChanges="yes")
    plain = server.login("joe@a.test")
    use(server, 85)
    id_ = attr(c.expect(quota_alert(85)), "alertID")
    plain.expect(quota_alert(85))
    use(server, 70)
    c.expect('<alertRemoved alertID="%s"/>' % id_)
    plain.quiet()
    use(server, 60)
    c.quiet()


def test_gone_when_the_use_falls_after_a_restart(t):
    server = world(t)
    use(server, 85)
    c = server.login("joe@a.test")
    id_ = attr(c.expect(quota_alert(85)), "alertID")
    server.restart()
    c = server.login("joe@a.test", alertChanges="yes")
    use(server, 70)
    c.expect('<alertRemoved alertID="%s"/>' % id_)


def test_new_figures_take_the_place_of_the_old(t):
    server = world(t)
    use(server, 85)
    c = server.login("joe@a.test", alertChanges="yes")
    id_ = attr(c.expect(quota_alert(85)), "alertID")
    server.clock(10 * MINUTE)
    use(server, 95)
    server.login("joe@a.test")
    c.expect('<alertRemoved alertID="%s"/>' % id_, quota_alert(95))


def test_in_no_list(t):
    server = world(t)
    use(server, 85)
    c = server.login("joe@a.test", alertConfirm="yes")
    admin = server.admin()
    admin.send('<alertWatch id="w" scope="account" target="joe@a.test"/>')
    admin.expect(response("w"))
    id_ = attr(c.expect(quota_alert(85)), "alertID")
    c.send('<alertList id="l"/>')
    c.expect(response("l"))
    equal(server.cli("GetAccountAlerts joe@a.test"), "{}")
    admin.ok('<alertList id="x" scope="account" target="joe@a.test"/>')
    c.ok('<alertConfirm id="1" alertID="%s"/>' % id_)
    c.ok('<alertConfirm id="2" alertID="%s"/>' % id_)
    use(server, 70)
    admin.quiet()
    server.cli("PostAccountAlert joe@a.test ALERT \"still in order\"")
    check("still in order" in c.receive(), "posted alerts go on")


def test_dismissed_on_all_screens(t):
    """Also when it was delivered, and so is in no list any more."""
    server = world(t)
    a, b = (server.login("joe@a.test", alertChanges="yes") for _ in range(2))
    use(server, 85)
    id_ = attr(a.expect(quota_alert(85)), "alertID")
    b.expect(quota_alert(85))
    for c in (a, b):
        c.quiet()
    a.ok('<alertDismiss id="1" alertID="%s"/>' % id_)
    a.quiet()
    b.expect('<alertRemoved alertID="%s"/>' % id_)


def test_ids_are_of_one_sequence(t):
    server = world(t)
    c = server.login("joe@a.test")
    first = server.admin().post("one")
    use(server, 85)
    server.admin().post("two")
    ids = [int(attr(c.receive(), "alertID")) for _ in range(3)]
    equal(ids[0], int(first))
    equal(ids, list(range(ids[0], ids[0] + 3)))
    c.bye()
    server.login("joe@a.test").quiet()


def test_not_got_comes_again(t):
    server = world(t)
    use(server, 85)
    c = server.login("joe@a.test", alertConfirm="yes")
    id_ = attr(c.expect(quota_alert(85)), "alertID")
    c.bye()  # without confirming it
    d = server.login("joe@a.test", alertConfirm="yes")
    d.expect(quota_alert(85, alert_id=id_))
    d.bye()
    server.clock(10 * MINUTE)
    use(server, 90)
    e = server.login("joe@a.test", alertConfirm="yes")
    e.expect(quota_alert(90))
    e.quiet()


def test_not_got_comes_again_to_an_account_that_is_not_kept(t):
    server = world(t, account_cache="0", workers="1",
                   position_save_interval="10ms")
    use(server, 85)
    c = server.login("joe@a.test", alertConfirm="yes")
    id_ = attr(c.expect(quota_alert(85)), "alertID")
    c.bye()  # without confirming it
    trimmed(server)
    d = server.login("joe@a.test")
    d.expect(quota_alert(85, alert_id=id_))
    d.quiet()  # so it was delivered
    d.bye()
    trimmed(server)
    server.login("joe@a.test").quiet()


def test_a_sweep_tells_nobody_who_has_left(t):
    server = world(t, quota_sweep_interval="10s", workers="1")
    others = ["u%d@a.test" % i for i in range(60)]
    server.accounts(others)
    server.clock(0)  # the sweep of the start is over
    c = server.login("joe@a.test")
    others = [server.login(other) for other in others]
    server.clock(10)  # a sweep: seven at a time, joe is the last
    c.bye()
    use(server, 85)
    for _ in range(10):
        server.clock(0)
    equal(server.cli("GetStatElement quotaAlerts"), "0")
    server.login("joe@a.test").expect(quota_alert(85))


def test_sessions_without_alerts_do_not_count(t):
    server = world(t)
    use(server, 85)
    c = server.login("joe@a.test", alerts="no")
    c.quiet()
    equal(server.cli("GetStatElement quotaAlerts"), "0")
    c.send('<setSessionOption id="1" name="alerts" value="yes"/>')
    c.expect(response("1"), quota_alert(85))


def test_nobody_else_is_told(t):
    server = world(t)
    server.account("ann@a.test", settings="MaxAccountSize=100;")
    ann, joe = server.login("ann@a.test"), server.login("joe@a.test")
    use(server, 85)
    joe.expect(quota_alert(85))
    ann.quiet()


def test_texts(t):
    server = world(t)
    server.cli('UpdateDomainDefaults {QuotaAlertText="Server: {used}";}')
    c = server.login("joe@a.test")
    use(server, 85)
    c.expect(quota_alert(85, text="Server: 85 bytes"))
    server.clock(10 * MINUTE)
    use(server, 0)
    server.cli('UpdateDomainSettings a.test {QuotaAlertText="'
               '{name}, {free} of {limit} left ({percent}%, {level}%): '
               '{account}, {domain}, {{used}";}')
    use(server, 120)
    c.expect(quota_alert(120, text="Joe, 0 bytes of 100 bytes left (120%, "
                         "80%): joe@a.test, a.test, {used}"))
    server.clock(10 * MINUTE)
    use(server, 0)
    server.cli("UpdateDomainSettings a.test {QuotaAlertText=default;}")
    server.cli("UpdateDomainDefaults {QuotaAlertText=default;}")
    server.cli("UpdateAccountSettings joe@a.test {MaxAccountSize=50M;}")
    use(server, 43200000)
    c.expect(quota_alert(43200000, 50 << 20,
                         text=TEXT % (82, "41.2 MB", "50 MB")))


def test_what_is_wrong_is_refused(t):
    server = world(t)
    for line, text in (
            ('UpdateDomainSettings a.test {QuotaAlertText="{size}";}',
             "QuotaAlertText has no field size"),
            ('UpdateDomainSettings a.test {QuotaAlertText="{used";}',
             "QuotaAlertText has a brace that is not closed"),
            ('SetDomainDefaults {QuotaAlertText=" ";}',
             "QuotaAlertText"),
            ("UpdateAccountSettings joe@a.test {MaxAccountSize=lots;}",
             "MaxAccountSize must be a size like 50M "),
            ("UpdateAccountSettings joe@a.test {MaxAccountSize=(50M);}",
             "MaxAccountSize must be a text"),
            ("CreateAccount eve@a.test {QuotaAlert={a=1;};}",
             "QuotaAlert must be a text"),
            ("SetDomainSettings a.test {QuotaAlertText=(a,b);}",
             "QuotaAlertText must be a text"),
            ("UpdateAccountDefaults a.test {QuotaAlert=eighty;}",
             "QuotaAlert must be a per cent"),
            ("SetServerAccountDefaults {QuotaAlert=1001;}",
             "QuotaAlert must be a per cent"),
            ("SetStorageUsed joe@a.test", "storage used is missing"),
            ("SetStorageUsed joe@a.test lots", "storage used must be"),
            ("SetStorageUsed joe@a.test unlimited", "storage used must be"),
            ("SetStorageUsed joe@a.test -5", "storage used must be"),
            ("SetStorageUsed joe@a.test 5 6", "too many arguments"),
            ("SetStorageUsed nobody@a.test 5", "unknown user account"),
            ("GetStorageUsed joe@b.test", "unknown secondary domain name"),
            ("ListStorageUsed b.test", "unknown secondary domain name"),
            ("ListStorageUsed a.test OVER much", "per cent is missing")):
        c = server.admin()
        c.send('<cliExecute id="1">%s</cliExecute>' % line)
        got = c.receive()
        check("errorText" in got and text in got, (line, got))


def test_what_scripts_write(t):
    server = world(t)
    for written in ("unlimited", "50M", "100k", "1048576", "40M", "2G"):
        server.cli("UpdateAccountSettings joe@a.test {MaxAccountSize=%s;}"
                   % written)
        check("MaxAccountSize=%s;" % written
              in server.cli("GetAccountSettings joe@a.test"), written)
    for written in ("80", "0", "100", "150", "never"):
        server.cli("UpdateAccountSettings joe@a.test {QuotaAlert=%s;}"
                   % written)
    for used, said in (("5", "5"), ("#5", "5"), ("2k", "2048"),
                       ("0", "0")):
        server.cli("SetStorageUsed joe@a.test %s" % used)
        equal(server.cli("GetAccountInfo joe@a.test Key StorageUsed"), said)


def test_seen_by_the_user(t):
    server = world(t)
    c = server.login("joe@a.test")
    c.send('<quotaRead id="1"/>')
    c.expect('<quota id="1" used="0" limit="100" percent="0" level="80"/>',
             response("1"))
    use(server, 42)
    c.send('<quotaRead id="2"/>')
    c.expect('<quota id="2" used="42" limit="100" percent="42" level="80" '
             'gmtTime="…"/>', response("2"))
    server.cli("UpdateAccountSettings joe@a.test {MaxAccountSize=unlimited;}")
    c.send('<quotaRead id="3"/>')
    c.expect('<quota id="3" used="42" level="80" gmtTime="…"/>',
             response("3"))
    local = server.admin()
    local.send('<quotaRead id="4"/>')
    local.expect(failure("4", 513))


def test_seen_by_administrators(t):
    server = world(t)
    server.account("ann@a.test")
    equal(server.cli("GetStorageUsed joe@a.test"),
          "{Used=0;Limit=100;Percent=0;Level=80;Reached=NO;}")
    equal(server.cli("ListStorageUsed a.test"), "{}")
    use(server, 85)
    use(server, 7, "ann@a.test")
    stamp = "#T…"
    got = server.cli("GetStorageUsed joe@a.test")
    check(matches("{Used=85;Limit=100;Percent=85;Level=80;Reached=YES;"
                  "Source=admin;Reported=%s;}" % stamp, got), got)
    server.login("joe@a.test").expect(quota_alert(85))
    ann = ("ann={Used=7;Limit=unlimited;Level=80;Reached=NO;Source=admin;"
           "Reported=%s;};" % stamp)
    joe = ("joe={Used=85;Limit=100;Percent=85;Level=80;Reached=YES;"
           "Source=admin;Reported=%s;Alerted=%s;};" % (stamp, stamp))
    for line, expected in (
            ("ListStorageUsed a.test", ann + joe),
            ("ListStorageUsed a.test OVER 85", joe),
            ("ListStorageUsed a.test OVER 86", ""),
            ("ListStorageUsed OVER 50 LIMIT 10 a.test", joe),
            ("ListStorageUsed a.test LIMIT 1", ann),
            ("ListStorageUsed a.test LIMIT 0", ""),
            ("ListStorageUsed", "")):
        got = server.cli(line)
        check(matches("{%s}" % expected, got), (line, got))


def test_a_long_list_comes_in_pieces(t):
    server = world(t)
    admin = server.admin()
    for i in range(1200):
        admin.cli("CreateAccount u%04d@a.test {MaxAccountSize=1000;}" % i)
        admin.cli("SetStorageUsed u%04d@a.test %d" % (i, i))
    got = server.cli("ListStorageUsed a.test")
    equal(got.count("Used="), 1200)
    got = server.cli("ListStorageUsed a.test OVER 100")
    equal(got.count("Used="), 200)
    got = server.cli("ListStorageUsed a.test LIMIT 700")
    equal(got.count("Used="), 700)


def test_rights(t):
    server = world(t)
    server.domain("b.test")
    server.account("adm@a.test", rights=("BasicSettings",))
    server.account("poster@a.test", rights=("CanPostAlerts",))
    server.account("adm@b.test", rights=("BasicSettings",))
    use(server, 42)

    def may(who, line):
        c = server.login(who)
        c.send('<cliExecute id="1">%s</cliExecute>' % line)
        got = c.until_response("1")[-1]
        c.bye()
        if "errorNum" not in got:
            return True
        equal(attr(got, "errorNum"), "510")
        return False

    table = (
        # who, SET, GET, LIST
        ("joe@a.test", False, True, False),
        ("adm@a.test", True, True, True),
        ("poster@a.test", False, True, True),
        ("adm@b.test", False, False, False))
    for who, *expected in table:
        equal([may(who, "SetStorageUsed joe@a.test 42"),
               may(who, "GetStorageUsed joe@a.test"),
               may(who, "ListStorageUsed a.test")], expected)


def test_an_account_that_is_made_anew_starts_afresh(t):
    server = world(t)
    use(server, 85)
    server.login("joe@a.test").expect(quota_alert(85))
    server.cli("DeleteAccount joe@a.test")
    server.account("joe@a.test", settings="MaxAccountSize=100;")
    c = server.login("joe@a.test")
    c.quiet()
    use(server, 85)
    c.expect(quota_alert(85))


def test_a_renamed_account_keeps_it(t):
    server = world(t)
    use(server, 85)
    server.cli("RenameAccount joe@a.test INTO jim@a.test")
    c = server.login("jim@a.test")
    c.expect(quota_alert(85))


def test_a_sweep_finds_what_nobody_told(t):
    """An account that was moved to a domain with other defaults."""
    server = world(t)
    server.domain("small.test")
    server.cli("UpdateAccountDefaults small.test {MaxAccountSize=50;}")
    server.account("ann@a.test")
    use(server, 50, "ann@a.test")
    server.cli("RenameAccount ann@a.test INTO ann@small.test")
    server.login("ann@small.test").expect(quota_alert(50, 50))


def follow_renames(t, base):
    for where in ("a.test/joe", "a.test/jim", "b.test/jim"):
        os.makedirs(os.path.join(base, where, "cur"))
        with open(os.path.join(base, where, "maildirsize"), "w") as f:
            f.write("100S\n10 1\n")
    server = world(t, quota_maildir=base + "/%d/%n")

    def watched():
        """Inodes of the directories that are watched."""
        found = []
        info = "/proc/%d/fdinfo/" % server.process.pid
        for name in os.listdir(info):
            try:
                with open(info + name) as f:
                    found += re.findall("^inotify wd:.* ino:([0-9a-f]+)",
                                        f.read(), re.M)
            except FileNotFoundError:
                pass
        return sorted(int(i, 16) for i in found)

    def becomes(*where):
        wait_until(lambda: watched() == sorted(
            os.stat(os.path.join(base, name)).st_ino for name in where),
            "a watch of %s" % (where,))
    c = server.login("joe@a.test")
    becomes("a.test/joe")
    server.cli("RenameAccount joe@a.test INTO jim@a.test")
    becomes("a.test/jim")
    server.cli("RenameDomain a.test INTO b.test")
    becomes("b.test/jim")
    c.bye()
    becomes()
    c = server.login("jim@b.test")
    becomes("b.test/jim")
    server.domain("c.test")
    server.cli("RenameAccount jim@b.test INTO jim@c.test")
    c.expect_bye()
    becomes()


def test_a_renamed_account_has_another_maildir(t):
    with tempfile.TemporaryDirectory() as base:
        follow_renames(t, base)
