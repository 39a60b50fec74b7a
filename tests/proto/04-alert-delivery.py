# SPDX-License-Identifier: BSD-2-Clause
"""What counts as delivered: account alerts, clients that die, the settle
rule, confirm mode."""

import contextlib
import select

from ximss import (DEADLINE, MAIN, Failed, alert, attr, check, equal, failure,
                   response, wait_until)


SERVER = {"options": {"idle_timeout": "30d"}}


def arrived(c):
    """The kernel has bytes for this client, which it does not read."""
    ready, _, _ = select.select([c.sock], [], [], DEADLINE)
    check(ready, "nothing arrived")


def account_alerts(server, user):
    return [attr(r, "alertID") for r in server.admin().reports(
        scope="account", target=user)]


def settled(server, seconds, condition):
    """Moves the clock until it has settled: the time counts from when the
    server saw the acknowledgement, which it looks for now and then."""
    def later():
        server.clock(seconds)
        return condition()
    wait_until(later, "it settles")


def gone(server, user):
    wait_until(lambda: not account_alerts(server, user),
               "the account's alerts are removed")


def test_account_alert_is_removed_when_delivered(t):
    user = t.user()
    id_ = t.shared.admin().post("once", "account", target=user)
    equal(account_alerts(t.shared, user), [id_])
    c = t.shared.login(user, alertChanges="yes")
    c.expect(alert("once", "account", alert_id=id_))
    c.quiet()
    gone(t.shared, user)
    c.quiet()  # removal by delivery sends no alertRemoved
    equal(c.reports(), [])
    c.send('<alertRemove id="1" alertID="%s"/>' % id_)
    equal(attr(c.receive(), "errorNum"), "514")


def test_every_session_that_was_open_gets_it(t):
    user = t.user()
    sessions = [t.shared.login(user) for _ in range(4)]
    t.shared.admin().post("to four", "account", target=user)
    equal(attr(t.shared.admin().posted, "sessions"), "4")
    sessions[0].expect(alert("to four", "account"))
    sessions[0].quiet()
    gone(t.shared, user)
    for c in sessions[1:]:
        c.expect(alert("to four", "account"))
        c.quiet()
    t.shared.login(user).quiet()


def test_delivered_survives_a_restart(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    server.admin().post("once", "account", target=user)
    c = server.login(user)
    c.expect(alert("once", "account"))
    c.bye()
    server.restart()
    server.login(user).quiet()
    equal(account_alerts(server, user), [])


def test_pending_survives_a_restart(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    ids = [server.admin().post("n%d" % i, "account", target=user)
           for i in range(5)]
    server.restart()
    equal(account_alerts(server, user), ids)
    server.restart(crash=True)
    c = server.login(user)
    c.expect(*[alert("n%d" % i, "account") for i in range(5)])
    c.quiet()
    gone(server, user)


# --- a client that dies ---

def test_pushed_to_a_client_that_dies_without_reading(t):
    """Its kernel has acknowledged every byte; then the connection is reset."""
    user = t.user()
    for scope in ("account", "server", "domain"):
        target = {"account": user, "domain": user.split("@")[1]}.get(scope)
        for end in ("reset", "close"):
            text = "%s by %s" % (scope, end)
            c = t.shared.login(user)
            t.shared.admin().post(text, scope, target=target)
            arrived(c)
            # An orderly close with unread data is a reset, too.
            c.reset() if end == "reset" else c.close()
            wait_until(lambda: t.shared.sessions(user) == 0, "the end")
            c = t.shared.login(user)
            c.expect(alert(text, scope))
            c.quiet()
            c.close()
            c = t.shared.login(user)
            c.quiet()
            c.close()
            wait_until(lambda: t.shared.sessions(user) == 0, "the end")


def test_pending_at_log_in_to_a_client_that_dies_without_reading(t):
    user = t.user()
    t.shared.admin().post("pending", "account", target=user)
    for i in range(5):
        c = t.shared.connect()
        c.send('<login id="l" userName="%s" authData="secret"/>' % user)
        c.logged_in("l")
        if not c.buffer:
            arrived(c)
        c.reset()
        wait_until(lambda: t.shared.sessions(user) == 0, "the end")
    c = t.shared.login(user)
    c.expect(alert("pending", "account"))
    c.quiet()
    gone(t.shared, user)


def test_dies_after_a_request_behind_the_alert(t):
    """Requests behind it are proof: then it was delivered, however the
    connection ends."""
    user = t.user()
    c = t.shared.login(user)
    t.shared.admin().post("seen", "account", target=user)
    c.expect(alert("seen", "account"))
    c.quiet()
    c.reset()
    gone(t.shared, user)
    t.shared.login(user).quiet()


def test_server_crash_before_delivery_is_known(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    server.admin().post("again", "account", target=user)
    c = server.login(user)
    c.expect(alert("again", "account"))
    server.restart(crash=True)
    c = server.login(user)
    c.expect(alert("again", "account"))
    c.quiet()


# --- the settle rule ---

def test_settles_after_five_seconds(t):
    user = t.user()
    c = t.shared.login(user)
    t.shared.admin().post("settles", "account", target=user)
    c.expect(alert("settles", "account"))
    equal(len(account_alerts(t.shared, user)), 1, "delivered too early")
    t.shared.clock(4)
    equal(len(account_alerts(t.shared, user)), 1, "delivered too early")
    settled(t.shared, 6, lambda: not account_alerts(t.shared, user))
    c.reset()
    t.shared.login(user).quiet()


def test_reset_within_five_seconds(t):
    user = t.user()
    c = t.shared.login(user)
    t.shared.admin().post("not yet", "account", target=user)
    c.expect(alert("not yet", "account"))
    t.shared.clock(3)
    c.reset()
    wait_until(lambda: t.shared.sessions(user) == 0, "the end")
    t.shared.clock(30)
    c = t.shared.login(user)
    c.expect(alert("not yet", "account"))


def test_settles_for_broad_alerts_too(t):
    user = t.user()
    domain = user.split("@")[1]
    for scope, target in (("server", None), ("domain", domain)):
        c = t.shared.login(user)
        t.shared.admin().post("in " + scope, scope, target=target)
        c.expect(alert("in " + scope, scope))
        settled(t.shared, 6, lambda: seen_elsewhere(t, user))
        c.reset()
        wait_until(lambda: t.shared.sessions(user) == 0, "the end")
        c = t.shared.login(user)
        c.quiet()
        c.bye()


def seen_elsewhere(t, user):
    """The account's list marks everything as seen."""
    c = t.shared.login(user, alerts="no")
    reports = c.reports()
    c.close()
    return reports and all(attr(r, "seen") == "yes" for r in reports)


def test_unread_and_settled(t):
    """Five seconds without a reset count, also if nobody read."""
    user = t.user()
    c = t.shared.login(user)
    t.shared.admin().post("in the kernel", "account", target=user)
    arrived(c)
    settled(t.shared, 6, lambda: not account_alerts(t.shared, user))


def test_configured_settle_time(t):
    server = t.server({"settle_time": "60s", "idle_timeout": "1d"})
    user = server.account("joe@" + MAIN)
    c = server.login(user)
    server.admin().post("x", "account", target=user)
    c.expect(alert("x", "account"))
    server.clock(30)
    equal(len(account_alerts(server, user)), 1)
    server.clock(25)
    equal(len(account_alerts(server, user)), 1)
    settled(server, 61, lambda: not account_alerts(server, user))


# --- confirm mode ---

def test_confirm(t):
    user = t.user()
    id_ = t.shared.admin().post("confirm me", "account", target=user)
    c = t.shared.login(user, alertConfirm="yes")
    c.expect(alert("confirm me", "account", alert_id=id_))
    c.quiet()
    t.shared.clock(60)
    c.quiet()
    equal(account_alerts(t.shared, user), [id_], "removed unconfirmed")
    c.ask('<alertConfirm id="1" alertID="%s"/>' % id_, response("1"))
    gone(t.shared, user)
    t.shared.login(user).quiet()


def test_unconfirmed_comes_again(t):
    user = t.user()
    admin = t.shared.admin()
    a = admin.post("account", "account", target=user)
    s = admin.post("server")
    for _ in range(3):
        c = t.shared.login(user, alertConfirm="yes")
        c.expect(alert("account", "account", alert_id=a),
                 alert("server", alert_id=s))
        c.quiet()
        c.bye()
    c = t.shared.login(user, alertConfirm="yes")
    c.flush()
    c.ok('<alertConfirm id="1" alertID="%s"/>' % s)
    c.bye()
    c = t.shared.login(user)
    c.expect(alert("account", "account", alert_id=a))
    c.quiet()
    t.shared.login(user).quiet()


def test_confirmed_out_of_order(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    admin = server.admin()
    ids = [admin.post("n%d" % i) for i in range(6)]
    c = server.login(user, alertConfirm="yes")
    c.expect(*[alert("n%d" % i) for i in range(6)])
    for i in (4, 1, 2):
        c.ok('<alertConfirm id="1" alertID="%s"/>' % ids[i])
    c.bye()
    c = server.login(user, alertConfirm="yes")
    c.flush_exactly(*[alert("n%d" % i, alert_id=ids[i]) for i in (0, 3, 5)])
    c.bye()
    server.restart()
    c = server.login(user, alertConfirm="yes")
    c.flush_exactly(*[alert("n%d" % i, alert_id=ids[i]) for i in (0, 3, 5)])
    for i in (5, 0, 3):
        c.ok('<alertConfirm id="1" alertID="%s"/>' % ids[i])
    c.bye()
    server.restart()
    server.login(user).quiet()


def test_confirmed_out_of_order_then_removed(t):
    """The hole in the positions is closed by a removal, too."""
    user = t.user()
    admin = t.shared.admin()
    ids = [admin.post("n%d" % i) for i in range(3)]
    c = t.shared.login(user, alertConfirm="yes")
    c.flush()
    c.ok('<alertConfirm id="1" alertID="%s"/>' % ids[2])
    admin.remove(ids[0])
    c.bye()
    c = t.shared.login(user)
    c.expect(alert("n1"))
    c.quiet()
    admin.post("n3")
    c.expect(alert("n3"))


def test_confirm_twice_and_unknown(t):
    user = t.user()
    id_ = t.shared.admin().post("x")
    c = t.shared.login(user, alertConfirm="yes")
    c.expect(alert("x"))
    c.ok('<alertConfirm id="1" alertID="%s"/>' % id_)
    c.send('<alertConfirm id="2" alertID="%s"/>' % id_)
    check(attr(c.receive(), "errorNum") in (None, "514"), "twice")
    c.ask('<alertConfirm id="3" alertID="999999999"/>',
          failure("3", 514, "no such alert"))
    for wrong in ("0", "-1", "x", "", "18446744073709551616"):
        c.send('<alertConfirm id="4" alertID="%s"/>' % wrong)
        check(attr(c.receive(), "errorNum") in ("514", "501"), wrong)
    c.ask('<alertConfirm id="5"/>', failure("5", 501))


def test_confirm_without_the_mode_does_no_harm(t):
    user = t.user()
    id_ = t.shared.admin().post("x")
    c = t.shared.login(user)
    c.expect(alert("x"))
    c.send('<alertConfirm id="1" alertID="%s"/>' % id_)
    c.receive()
    c.quiet()


def test_confirm_mode_beside_a_plain_session(t):
    """Shown to a person by the plain one: delivered for the account."""
    user = t.user()
    proxy, plain = t.shared.login(user, alertConfirm="yes"), \
        t.shared.login(user)
    t.shared.admin().post("x", "account", target=user)
    proxy.expect(alert("x", "account"))
    equal(len(account_alerts(t.shared, user)), 1)
    plain.expect(alert("x", "account"))
    plain.quiet()
    gone(t.shared, user)


def test_confirm_mode_switched_on_by_option(t):
    user = t.user()
    c = t.shared.login(user)
    c.ok('<setSessionOption id="1" name="alertConfirm" value="yes"/>')
    id_ = t.shared.admin().post("x", "account", target=user)
    c.expect(alert("x", "account"))
    c.quiet()
    t.shared.clock(30)
    c.quiet()
    equal(account_alerts(t.shared, user), [id_])
    c.bye()
    t.shared.login(user).expect(alert("x", "account"))


def test_confirm_mode_is_in_force_before_the_first_push(t):
    user = t.user()
    id_ = t.shared.admin().post("x", "account", target=user)
    c = t.shared.connect()
    c.send('<login id="l" userName="%s" authData="secret" '
           'alertConfirm="yes"/>' % user, '<noop id="n"/>', '<bye id="b"/>')
    c.until_response("b")
    with contextlib.suppress(Failed):
        c.receive(0.001)
    equal(account_alerts(t.shared, user), [id_])


def test_sessions_come_and_go_while_alerts_come(t):
    """Every alert reaches the account, and none is left over."""
    user = t.user()
    admin = t.shared.admin()
    posted, seen = [], set()
    for i in range(40):
        c = t.shared.login(user)
        posted.append(admin.post("n%d" % i, "account", target=user))
        if i % 4 == 0:
            arrived(c)
            c.reset()
            continue
        for m in c.flush():
            seen.add(attr(m, "alertID"))
        c.close()
    c = t.shared.login(user)
    for m in c.flush():
        seen.add(attr(m, "alertID"))
    equal(seen, set(posted))
    gone(t.shared, user)
