# SPDX-License-Identifier: BSD-2-Clause
"""Ends: removed, expired, withdrawn, while people are here or away."""

import calendar
import time

from ximss import (MAIN, alert, attr, check, equal, failure, post_request,
                   wait_until)


SERVER = {"options": {"idle_timeout": "1d"}}


def stamp(seconds):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def server_time(server):
    """The server's clock in seconds, which tests move."""
    got = server.admin().ok('<readTime id="t"/>')[0]
    return calendar.timegm(time.strptime(attr(got, "gmtTime"),
                                         "%Y%m%dT%H%M%SZ"))


def removed(id_):
    return '<alertRemoved alertID="%s"/>' % id_


def test_removed_takes_it_off_the_screen(t):
    user = t.user()
    changes, plain = t.shared.login(user, alertChanges="yes"), \
        t.shared.login(user)
    admin = t.shared.admin()
    for scope, target in (("server", None), ("domain", user.split("@")[1])):
        id_ = admin.post("x", scope, target=target)
        for c in (changes, plain):
            c.expect(alert("x", scope, alert_id=id_))
            c.quiet()
        admin.remove(id_)
        changes.expect(removed(id_))
        changes.quiet()
        plain.quiet()
        equal(changes.reports(), [])


def test_removed_before_it_was_read(t):
    """Offline while it was posted and removed: never heard of it."""
    user = t.user()
    admin = t.shared.admin()
    for scope, target in (("server", None), ("domain", user.split("@")[1]),
                          ("account", user)):
        id_ = admin.post("gone", scope, target=target)
        admin.remove(id_)
        c = t.shared.login(user, alertChanges="yes")
        c.quiet()
        c.close()


def test_removed_pending_account_alert(t):
    user = t.user()
    admin = t.shared.admin()
    c = t.shared.login(user, alertChanges="yes", alertConfirm="yes")
    id_ = admin.post("x", "account", target=user)
    c.expect(alert("x", "account"))
    admin.remove(id_)
    c.expect(removed(id_))
    c.ask('<alertConfirm id="1" alertID="%s"/>' % id_,
          failure("1", 514, "no such alert"))
    t.shared.login(user).quiet()


def test_removed_stays_removed(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    admin = server.admin()
    ids = [admin.post("n%d" % i) for i in range(10)]
    for id_ in ids[::2]:
        admin.remove(id_)
    server.restart(crash=True)
    c = server.login(user)
    c.expect(*[alert("n%d" % i, alert_id=ids[i]) for i in range(1, 10, 2)])
    c.quiet()
    server.stop()
    server.verify()
    server.start()
    check(int(server.admin().post("new")) > int(ids[-1]), "an id came again")


def test_ids_are_never_given_twice(t):
    server = t.server()
    last = 0
    for i in range(6):
        id_ = int(server.admin().post("x"))
        check(id_ > last, "%d after %d" % (id_, last))
        last = id_
        server.admin().remove(str(id_))
        server.restart(crash=i % 2 == 0)


def test_switched_changes_on_later(t):
    user = t.user()
    c = t.shared.login(user)
    admin = t.shared.admin()
    a, b = admin.post("A"), admin.post("B")
    c.expect(alert("A"), alert("B"))
    admin.remove(a)
    c.quiet()
    c.ok('<setSessionOption id="1" name="alertChanges" value="yes"/>')
    admin.remove(b)
    c.expect(removed(b))


def test_changes_only_of_ones_own_audience(t):
    a, b = t.domain(), t.domain()
    bob = t.shared.login(t.user("bob", b), alertChanges="yes")
    admin = t.shared.admin()
    admin.remove(admin.post("x", "domain", target=a))
    bob.quiet()


# --- ends by themselves ---

def test_until_is_told(t):
    user = t.user()
    admin = t.shared.admin()
    end = stamp(server_time(t.shared) + 3600)
    id_ = admin.post("x", "account", target=user, until=end)
    report = admin.reports(scope="account", target=user)[0]
    equal((attr(report, "alertID"), attr(report, "until")), (id_, end))


def test_every_spelling_of_until(t):
    admin = t.shared.admin()
    at = server_time(t.shared) + 86400
    domain = t.domain()
    for form in ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S", "%Y%m%d%H%M%S",
                 "%d-%m-%Y_%H:%M:%S"):
        id_ = admin.post("x", "domain", target=domain,
                         until=time.strftime(form, time.gmtime(at)))
        report = admin.reports(scope="domain", target=domain)[-1]
        equal((attr(report, "alertID"), attr(report, "until")),
              (id_, stamp(at)), form)


def test_until_that_is_wrong(t):
    admin = t.shared.admin()
    now = server_time(t.shared)
    for until in (stamp(now - 1), stamp(now - 86400 * 365), "x", "",
                  "20261301T000000Z", "20260230T000000Z", "20260101T250000Z",
                  "tomorrow", "0", "-1", "99999999999999999999"):
        admin.ask(post_request("p", "x", "server", until=until),
                  failure("p", 501))
    equal(admin.reports(scope="server"), [])


def test_expires_for_who_is_here(t):
    user = t.user()
    changes, plain = t.shared.login(user, alertChanges="yes"), \
        t.shared.login(user)
    admin = t.shared.admin()
    soon = stamp(server_time(t.shared) + 60)
    id_ = admin.post("until soon", until=soon)
    stays = admin.post("stays")
    for c in (changes, plain):
        c.expect(alert("until soon", until=soon), alert("stays"))
        c.quiet()
    t.shared.clock(50)
    changes.quiet()
    t.shared.clock(15)
    changes.expect(removed(id_))
    changes.quiet()
    plain.quiet()
    equal([attr(r, "alertID") for r in plain.reports()], [stays])


def test_expires_for_who_is_away(t):
    user = t.user()
    admin = t.shared.admin()
    now = server_time(t.shared)
    end = stamp(now + 6000)
    for scope, target in (("server", None), ("domain", user.split("@")[1]),
                          ("account", user)):
        admin.post("short " + scope, scope, target=target,
                   until=stamp(now + 60))
        admin.post("long " + scope, scope, target=target, until=end)
    t.shared.clock(70)
    c = t.shared.login(user)
    c.expect(alert("long server", until=end),
             alert("long domain", "domain", until=end),
             alert("long account", "account", until=end))
    c.quiet()


def test_many_that_expire_in_any_order(t):
    user = t.user()
    c = t.shared.login(user, alertChanges="yes")
    admin = t.shared.admin()
    now = server_time(t.shared)
    ids = {}
    for i, wait in enumerate((300, 30, 600, 90, 30, 90, 30, 1200)):
        ids.setdefault(wait, []).append(
            admin.post("n%d" % i, until=stamp(now + wait)))
    c.flush()
    past = 0
    for wait in sorted(ids):
        t.shared.clock(wait + 2 - past)
        past = wait + 2
        c.expect(*[removed(i) for i in ids[wait]])
        c.quiet()


def test_expires_across_a_restart(t):
    """Its end comes while the server is down."""
    server = t.server()
    user = server.account("joe@" + MAIN)
    domain = server.domain("a.test")
    ann = server.account("ann@" + domain)
    server.clock(-3600)  # until the restart
    end = int(time.time()) - 1800
    for scope, target in (("server", None), ("domain", MAIN),
                          ("account", user), ("domain", domain),
                          ("account", ann)):
        server.admin().post("short", scope, target=target, until=stamp(end))
    server.admin().post("stays")
    server.restart()
    for who in (user, ann):
        c = server.login(who)
        c.expect(alert("stays"))
        c.quiet()
    equal(len(server.admin().reports(scope="account", target=user)), 0)
    server.stop()
    server.verify()


def test_end_is_kept_over_a_restart(t):
    """Its end comes after the restart; the clock of the new process tells."""
    server = t.server()
    server.account("joe@" + MAIN)
    end = stamp(time.time() + 60)
    id_ = server.admin().post("x", until=end)
    server.restart()
    c = server.login("joe", alertChanges="yes")
    c.expect(alert("x", until=end))
    server.clock(61)
    c.expect(removed(id_))
    server.restart()
    server.login("joe").quiet()


def test_default_lifetimes(t):
    server = t.server({"lifetime_server": "1h", "lifetime_account": "1m"})
    user = server.account("joe@" + MAIN)
    admin = server.admin()
    now = server_time(server)
    for scope, target, end in (("server", None, 3600), ("account", user, 60)):
        admin.post("x", scope, target=target)
        until = attr(admin.reports(scope=scope, **(
            {"target": target} if target else {}))[0], "until")
        later = server_time(server)
        check(stamp(now + end) <= until <= stamp(later + 1 + end), until)
    server.admin().post("x", "domain", target=MAIN)
    check(attr(admin.reports(scope="domain", target=MAIN)[0], "until")
          is None, "an end without a default")
    server.clock(61)
    c = server.login("joe")
    equal([attr(m, "scope") for m in c.flush()], ["server", "domain"])


def test_nothing_expires_when_the_clock_is_set_back(t):
    server = t.server({"idle_timeout": "1d"})
    server.account("joe@" + MAIN)
    end = stamp(server_time(server) + 100)
    id_ = server.admin().post("x", until=end)
    server.clock(-3600)
    c = server.login("joe", alertChanges="yes")
    c.expect(alert("x", until=end))
    second = server.admin().post("y")
    check(int(second) > int(id_), "ids go by the clock")
    c.expect(alert("y"))
    server.clock(3650)
    c.ok('<noop id="1"/>')
    server.clock(60)
    c.expect(removed(id_))


# --- the other ends of alerts ---

def test_set_alerts_replaces_all(t):
    user = t.user()
    c = t.shared.login(user, alertChanges="yes")
    admin = t.shared.admin()
    a = admin.post("A")
    c.expect(alert("A"))
    admin.cli('SetServerAlerts {20261122135050="new one";}')
    got = [c.receive(), c.receive()]
    check(removed(a) in got, str(got))
    check(any(">new one<" in g for g in got), str(got))
    admin.cli("SetServerAlerts {}")
    check(c.receive().startswith("<alertRemoved "), "the removal")
    t.shared.login(user).quiet()


def test_deleted_domain_takes_its_alerts_along(t):
    domain = t.domain()
    t.user("joe", domain)
    admin = t.shared.admin()
    id_ = admin.post("x", "domain", target=domain)
    t.shared.cli("DeleteDomain %s FORCE" % domain)
    admin.ask('<alertRemove id="r" alertID="%s"/>' % id_, failure("r", 514))


def test_deleted_account_takes_its_alerts_along(t):
    user = t.user()
    admin = t.shared.admin()
    id_ = admin.post("x", "account", target=user)
    t.shared.cli("DeleteAccount " + user)
    admin.ask('<alertRemove id="r" alertID="%s"/>' % id_, failure("r", 514))
    t.shared.account(user)
    t.shared.login(user).quiet()
