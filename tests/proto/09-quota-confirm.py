# SPDX-License-Identifier: BSD-2-Clause
"""Storage quota alerts for sessions in confirm mode, at the mail door and
elsewhere: the ten minutes count from the confirmation, and what was not
confirmed is left to the next log-in (product.md 6)."""

from ximss import attr, check, equal, response

TEXT = ("Your storage is %d%% full: %d bytes of 100 bytes are used. "
        "Please delete what you no longer need.")
MINUTE = 60


def quota_alert(used=85, alert_id="…"):
    return ('<alert gmtTime="…" localTime="…" alertID="%s" scope="account" '
            'severity="%s" kind="quota" used="%d" limit="100" percent="%d">%s'
            '</alert>' % (alert_id, "critical" if used >= 100 else "warning",
                          used, used, TEXT % (used, used)))


def world(t, **options):
    server = t.server(start=False).open_door(idle_timeout="1d", **options)
    server.start()
    server.domain("a.test")
    server.account("joe@a.test", settings="MaxAccountSize=100;")
    use(server, 85)
    return server


def use(server, used):
    server.cli("SetStorageUsed joe@a.test %d" % used)


def mail(server, door="pop3", **attributes):
    return server.mail("joe@a.test", door, **attributes)


def page(server, **attributes):
    return server.login("joe@a.test", alertConfirm="yes", **attributes)


def confirm(client, alert_id):
    client.ok('<alertConfirm id="c%s" alertID="%s"/>' % (alert_id, alert_id))


def refused(server, used=85, confirms=True):
    """A mail program that is refused because of an alert: its id."""
    c = mail(server)
    id_ = attr(c.expect(quota_alert(used)), "alertID")
    if confirms:
        confirm(c, id_)
    c.bye()
    return id_


def let_in(server):
    c = mail(server)
    c.quiet()
    c.bye()


def made(server):
    return int(server.cli("GetStatElement quotaAlerts"))


def test_refused_once_in_ten_minutes(t):
    """What the manual says of POP users."""
    server = world(t)
    refused(server)
    let_in(server)  # who tries again at once
    server.clock(10 * MINUTE - 5)
    let_in(server)
    server.clock(5)
    refused(server)  # still over
    let_in(server)
    equal(made(server), 2)


def test_the_ten_minutes_count_from_the_confirmation(t):
    server = world(t)
    c = page(server)
    id_ = attr(c.expect(quota_alert()), "alertID")
    server.clock(9 * MINUTE)
    confirm(c, id_)
    server.clock(9 * MINUTE)  # eighteen since it was sent
    let_in(server)
    c.quiet()
    server.clock(MINUTE)
    refused(server)


def test_not_confirmed_is_left_to_the_next_log_in(t):
    server = world(t)
    id_ = refused(server, confirms=False)
    equal(refused(server, confirms=False), id_)
    c = mail(server, "imap")
    c.send('<bye id="b"/>')  # too short to show anything
    c.until_response("b")
    c = page(server)
    c.expect(quota_alert(alert_id=id_))
    c.close()
    plain = server.login("joe@a.test")  # any door
    plain.expect(quota_alert(alert_id=id_))
    plain.quiet()
    let_in(server)
    equal(made(server), 1)


def test_not_confirmed_for_long_comes_with_new_figures(t):
    server = world(t)
    id_ = refused(server, confirms=False)
    use(server, 90)
    server.clock(10 * MINUTE)
    new = refused(server, used=90, confirms=False)
    check(new != id_, "another alert")
    equal(refused(server, used=90), new)
    let_in(server)


def test_the_server_is_killed(t):
    """... before and after the alert was sent, and confirmed."""
    server = world(t)
    ids = [refused(server, confirms=False)]
    for used in (86, 87):
        server.restart(crash=True)
        use(server, used)
        c = mail(server)
        ids.append(attr(c.expect(quota_alert(used)), "alertID"))
    equal(len(set(ids)), 3)
    confirm(c, ids[-1])
    let_in(server)  # which looks at what the store knows
    server.restart(crash=True)
    let_in(server)
    server.restart()
    server.clock(10 * MINUTE)
    refused(server, used=87)
    let_in(server)
    server.stop()
    server.verify()


def test_killed_and_below_the_level_meanwhile(t):
    server = world(t)
    id_ = refused(server, confirms=False)
    server.restart(crash=True)
    c = page(server, alertChanges="yes")
    c.expect('<alertRemoved alertID="%s"/>' % id_)
    new = attr(c.expect(quota_alert()), "alertID")
    server.restart(crash=True)
    use(server, 20)
    let_in(server)
    use(server, 90)
    refused(server, used=90)  # for nobody was shown the one before
    check(int(new) > int(id_), (new, id_))


def test_an_account_that_is_not_kept(t):
    server = world(t, account_cache="0", workers="1",
                   position_save_interval="10ms")
    id_ = refused(server, confirms=False)
    server.clock(10 * MINUTE)
    server.clock(0)  # a tick: the alert is old, and the account may go
    new = refused(server)
    check(new != id_, "another alert")
    server.clock(0)
    let_in(server)


def test_several_sessions(t):
    server = world(t)
    one, two = mail(server), mail(server, "imap", alertChanges="yes")
    id_ = attr(one.expect(quota_alert()), "alertID")
    two.expect(quota_alert(alert_id=id_))
    confirm(one, id_)
    two.quiet()  # it is on its screen
    two.bye()
    let_in(server)
    one.quiet()
    equal(made(server), 1)


def test_dismissed_in_another(t):
    server = world(t)
    c, web = mail(server, "imap", alertChanges="yes"), page(server)
    id_ = attr(c.expect(quota_alert()), "alertID")
    web.expect(quota_alert(alert_id=id_))
    web.ok('<alertDismiss id="d" alertID="%s"/>' % id_)
    c.expect('<alertRemoved alertID="%s"/>' % id_)
    c.bye()
    let_in(server)


def test_a_plain_session_shows_it(t):
    """What it was sent counts, whatever others have not confirmed."""
    server = world(t)
    c = mail(server)
    id_ = attr(c.expect(quota_alert()), "alertID")
    server.login("joe@a.test").expect(quota_alert(alert_id=id_))
    c.bye()
    server.restart()
    let_in(server)
    server.clock(10 * MINUTE)
    refused(server)


def test_withdrawn_before_it_was_confirmed(t):
    """It does not keep the next one back; but who is there is not told of each
    time that the level is crossed."""
    server = world(t)
    c = mail(server, "imap", alertChanges="yes")
    id_ = attr(c.expect(quota_alert()), "alertID")
    for _ in range(3):
        use(server, 20)
        use(server, 90)
    c.expect('<alertRemoved alertID="%s"/>' % id_)
    c.quiet()
    new = refused(server, used=90)
    c.expect(quota_alert(90, alert_id=new))
    use(server, 20)
    c.expect('<alertRemoved alertID="%s"/>' % new)
    use(server, 91)
    let_in(server)  # that one was shown


def test_the_clock_is_set_back(t):
    server = world(t)
    id_ = refused(server, confirms=False)
    server.clock(-60 * MINUTE)
    new = refused(server)
    check(new != id_, "another alert")
    let_in(server)
    server.clock(-60 * MINUTE)
    refused(server)
    let_in(server)


def test_two_log_ins_after_a_restart_make_one_alert(t):
    server = world(t)
    refused(server, confirms=False)
    server.restart(crash=True)
    clients = [server.connect() for _ in range(10)]
    for c in clients:
        c.send('<login id="1" userName="joe@a.test" authData="secret" '
               'alertConfirm="yes"/>', '<noop id="2"/>')
    ids = {attr(message, "alertID") for c in clients
           for message in c.until_response("2")
           if message.startswith("<alert ")}
    equal(len(ids), 1)
    equal(made(server), 1)
