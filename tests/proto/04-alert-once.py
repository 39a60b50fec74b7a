# SPDX-License-Identifier: BSD-2-Clause
"""Once per account, not once per connection."""

from ximss import (MAIN, alert, attr, b64, check, equal, matches,
                   response, wait_until)


def test_every_open_session_gets_it(t):
    user = t.user()
    sessions = [t.shared.login(user) for _ in range(5)]
    id_ = t.shared.admin().post("to all five")
    for c in sessions:
        c.expect(alert("to all five", alert_id=id_))
    for c in sessions:
        c.quiet()
    t.shared.login(user).quiet()


def test_five_sessions_log_out_log_in_restart(t):
    server = t.server()
    domain = server.domain("a.test")
    joe, ann = (server.account(n + "@" + domain) for n in ("joe", "ann"))
    admin = server.admin()
    admin.post("before", "domain", target=domain)
    first = server.login(joe)
    first.expect(alert("before", "domain"))
    first.quiet()
    sessions = [first] + [server.login(joe) for _ in range(4)]
    for c in sessions:
        c.quiet()
    admin.post("during", "domain", target=domain)
    for c in sessions:
        c.expect(alert("during", "domain"))
    for c in sessions:
        c.bye()
    for _ in range(3):
        c = server.login(joe)
        c.quiet()
        c.bye()
    server.restart()
    c = server.login(joe)
    c.quiet()
    server.admin().post("after", "domain", target=domain)
    c.expect(alert("after", "domain"))
    c.quiet()
    server.restart()
    server.login(joe).quiet()
    c = server.login(ann)
    c.expect(*[alert(x, "domain") for x in ("before", "during", "after")])
    c.quiet()


def test_one_restart_after_the_other(t):
    server = t.server()
    server.account("joe@" + MAIN)
    for i in range(4):
        server.admin().post("alert %d" % i)
        server.restart()
        c = server.login("joe")
        c.expect(alert("alert %d" % i))
        c.quiet()


def test_session_that_only_reads_and_closes(t):
    """An orderly close after reading is delivery; no request is needed."""
    user = t.user()
    admin = t.shared.admin()
    for i in range(20):
        admin.post("alert %d" % i)
        c = t.shared.login(user)
        c.expect(alert("alert %d" % i))
        c.close()
        wait_until(lambda: t.shared.sessions(user) == 0, "the end")


def test_alerts_no(t):
    user = t.user()
    admin = t.shared.admin()
    silent = t.shared.login(user, alerts="no")
    admin.post("unseen", "account", target=user)
    equal(attr(admin.posted, "sessions"), "0")
    silent.quiet()
    silent.bye()
    c = t.shared.login(user)
    c.expect(alert("unseen", "account"))
    c.quiet()


def test_alerts_no_beside_a_listening_session(t):
    user = t.user()
    silent, loud = t.shared.login(user, alerts="no"), t.shared.login(user)
    admin = t.shared.admin()
    admin.post("heard", "account", target=user)
    equal(attr(admin.posted, "sessions"), "1")
    loud.expect(alert("heard", "account"))
    loud.quiet()
    silent.quiet()


def test_alerts_switched_on_later(t):
    user = t.user()
    c = t.shared.login(user, alerts="no")
    admin = t.shared.admin()
    admin.post("one", "account", target=user)
    c.quiet()
    c.send('<setSessionOption id="1" name="alerts" value="yes"/>',
           '<noop id="2"/>')
    got = c.until_response("1") + c.until_response("2")
    equal(sum(matches(alert("one", "account"), g) for g in got), 1, str(got))
    admin.post("two", "account", target=user)
    c.expect(alert("two", "account"))
    c.ok('<setSessionOption id="3" name="alerts" value="no"/>')
    admin.post("three", "account", target=user)
    c.quiet()
    t.shared.login(user).expect(alert("three", "account"))


def test_alerts_no_on_the_auth_request(t):
    """All three attributes work on login and auth."""
    user = t.user()
    t.shared.admin().post("unseen", "account", target=user)
    c = t.shared.connect()
    c.send('<login id="1" method="PLAIN"/>')
    c.challenge("1")
    c.send('<auth id="1" alerts="no" value="%s"/>' % b64(
        "\0%s\0secret" % user))
    c.logged_in("1")
    c.quiet()


def test_dismissed_in_one_gone_in_the_others(t):
    user = t.user()
    admin = t.shared.admin()
    plain, changes, dismisser = (
        t.shared.login(user), t.shared.login(user, alertChanges="yes"),
        t.shared.login(user, alertChanges="yes"))
    a, b = admin.post("A"), admin.post("B")
    for c in (plain, changes, dismisser):
        c.expect(alert("A"), alert("B"))
        c.quiet()
    dismisser.ask('<alertDismiss id="d" alertID="%s"/>' % a, response("d"))
    changes.expect('<alertRemoved alertID="%s"/>' % a)
    for c in (plain, changes, dismisser):
        c.quiet()
        equal([attr(r, "alertID") for r in c.reports()], [b])
    c = t.shared.login(user)
    c.quiet()
    equal([attr(r, "alertID") for r in c.reports()], [b])


def test_dismissed_is_for_one_account(t):
    domain = t.domain()
    joe, ann = t.user("joe", domain), t.user("ann", domain)
    id_ = t.shared.admin().post("x", "domain", target=domain)
    a = t.shared.login(joe)
    a.expect(alert("x", "domain"))
    a.ok('<alertDismiss id="1" alertID="%s"/>' % id_)
    b = t.shared.login(ann)
    b.expect(alert("x", "domain"))
    equal(len(b.reports()), 1)
    equal(len(t.shared.admin().reports(scope="domain", target=domain)), 1)


def test_dismissed_before_it_was_shown(t):
    """By a session without alerts, from the list."""
    user = t.user()
    admin = t.shared.admin()
    a, b = admin.post("A"), admin.post("B")
    c = t.shared.login(user, alerts="no")
    equal([attr(r, "alertID") for r in c.reports()], [a, b])
    c.ok('<alertDismiss id="1" alertID="%s"/>' % a)
    fresh = t.shared.login(user)
    fresh.expect(alert("B", alert_id=b))
    fresh.quiet()


def test_dismissed_stays_dismissed(t):
    server = t.server()
    server.account("joe@" + MAIN)
    ids = [server.admin().post("n%d" % i) for i in range(5)]
    c = server.login("joe")
    c.flush()
    for id_ in ids[1::2]:
        c.ok('<alertDismiss id="1" alertID="%s"/>' % id_)
    server.restart()
    c = server.login("joe")
    c.quiet()
    equal([attr(r, "alertID") for r in c.reports()], ids[0::2])


def test_dismissed_stays_dismissed_after_a_crash(t):
    """Whatever was answered is on disk, however it was sent."""
    server = t.server({"position_save_interval": "1h"})
    joe = server.account("joe@" + MAIN)
    admin = server.admin()
    ids = [admin.post("n%d" % i) for i in range(8)]
    ids += [admin.post("joe %d" % i, "account", target=joe) for i in range(4)]
    c = server.login("joe", alertConfirm="yes")
    c.flush()
    c.send(*('<alertDismiss id="%s" alertID="%s"/>' % (i, i)
             for i in ids[1::2]))
    for id_ in ids[1::2]:
        c.expect(response(id_))
    server.restart(crash=True)
    c = server.login("joe", alertConfirm="yes")
    c.flush()
    equal([attr(r, "alertID") for r in c.reports()], ids[0::2])


def test_dismissing_one_does_not_hide_the_next(t):
    user = t.user()
    admin = t.shared.admin()
    a = admin.post("A")
    c = t.shared.login(user)
    c.expect(alert("A"))
    c.ok('<alertDismiss id="1" alertID="%s"/>' % a)
    admin.post("B")
    c.expect(alert("B"))


def test_dismiss_twice_and_unknown(t):
    user = t.user()
    id_ = t.shared.admin().post("x")
    c = t.shared.login(user)
    c.expect(alert("x"))
    c.ok('<alertDismiss id="1" alertID="%s"/>' % id_)
    c.send('<alertDismiss id="2" alertID="%s"/>' % id_)
    check(attr(c.receive(), "errorNum") in (None, "514"), "twice")
    for wrong in ("999999999", "0", "-1", "x", "", "18446744073709551616",
                  "1e3", " 1"):
        c.send('<alertDismiss id="3" alertID="%s"/>' % wrong)
        got = c.receive()
        check(attr(got, "errorNum") in ("514", "501"), wrong + " " + got)


def test_dismiss_what_is_not_mine(t):
    domain = t.domain()
    joe, ann = t.user("joe", domain), t.user("ann", domain)
    id_ = t.shared.admin().post("for ann", "account", target=ann)
    c = t.shared.login(joe)
    for request in ("alertDismiss", "alertConfirm", "alertRemove"):
        c.send('<%s id="1" alertID="%s"/>' % (request, id_))
        got = c.receive()
        c.send('<%s id="1" alertID="999999999"/>' % request)
        equal(got, c.receive(), "the same answer as for an unknown one")
        equal(attr(got, "errorNum"), "514")
    t.shared.login(ann).expect(alert("for ann", "account"))


def test_shown_positions_are_saved_in_time(t):
    """A crash some time after the delivery shows nothing twice."""
    server = t.server({"position_save_interval": "10ms"})
    user = server.account("joe@" + MAIN)
    for i in range(3):
        server.admin().post("alert %d" % i)
        c = server.login("joe")
        c.expect(alert("alert %d" % i))
        c.quiet()
        c.bye()
        # The position stands in one record with the last log-in.
        later = server.connect(source="127.0.0.%d" % (10 + i))
        later.login("joe")
        later.quiet()
        wait_until(lambda: server.cli(
            "GetAccountInfo %s Key LastAddress" % user).strip('"')
            == "127.0.0.%d" % (10 + i), "the position is saved")
        server.restart(crash=True)
        server.login("joe").quiet()


def test_many_alerts_many_log_ins(t):
    """A client that comes and goes sees each exactly once, in order."""
    user = t.user()
    admin = t.shared.admin()
    seen = []
    for i in range(30):
        for j in range(i % 4):
            admin.post("%d.%d" % (i, j), "server")
        c = t.shared.login(user)
        if i % 3 == 0:
            admin.post("%d.online" % i)
        seen += [attr(m, "alertID") for m in c.flush()]
        c.close()
    equal(len(seen), sum(i % 4 for i in range(30)) + 10)
    equal(seen, sorted(seen, key=int))
    equal(len(set(seen)), len(seen))


def test_pending_come_before_the_answer_to_anything_later(t):
    user = t.user()
    admin = t.shared.admin()
    for i in range(20):
        admin.post("p%d" % i)
    c = t.shared.connect()
    c.send('<login id="l" userName="%s" authData="secret"/>' % user,
           '<noop id="n"/>', '<readTime id="r"/>')
    c.logged_in("l")
    c.expect(*[alert("p%d" % i) for i in range(20)])
    c.expect(response("n"))
    c.receive()
    c.expect(response("r"))


def test_five_log_ins_at_once_share_what_is_pending(t):
    """Sessions that log in together may each be shown it; afterwards it is
    shown no more."""
    user = t.user()
    t.shared.admin().post("x")
    clients = [t.shared.connect() for _ in range(5)]
    for c in clients:
        c.send('<login id="l" userName="%s" authData="secret"/>' % user,
               '<noop id="n"/>')
    told = 0
    for c in clients:
        got = c.until_response("n")
        told += sum(g.startswith("<alert ") for g in got)
        c.quiet()
        check(sum(g.startswith("<alert ") for g in got) <= 1, str(got))
    check(told >= 1, "nobody was told")
    t.shared.login(user).quiet()
