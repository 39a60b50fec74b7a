# SPDX-License-Identifier: BSD-2-Clause
"""alertPost, alertList, alertWatch and the rest: every attribute, exact
answers, and what is refused."""

import re

from ximss import (MAIN, alert, attr, body, check, equal, failure, match,
                   post_request, response, wait_until)


def test_post_exactly(t):
    user = t.user()
    c = t.shared.login(user)
    admin = t.shared.admin()
    posted, _ = admin.ask(
        post_request("1", "text", "account", target=user,
                     severity="critical"),
        '<alertPosted id="1" alertID="…" gmtTime="…" sessions="1"/>',
        response("1"))
    id_, gmt = attr(posted, "alertID"), attr(posted, "gmtTime")
    check(re.fullmatch(r"\d+", id_) and re.fullmatch(r"\d{8}T\d{6}Z", gmt),
          posted)
    got = c.expect('<alert gmtTime="%s" localTime="%s" alertID="%s" '
                   'scope="account" severity="critical">text</alert>'
                   % (gmt, gmt[:-1], id_))
    check(attr(got, "id") is None, got)


def test_an_alert_with_an_end_says_so(t):
    user = t.user()
    c = t.shared.login(user)
    t.shared.admin().post("text", "account", target=user,
                          until="20991201T060000Z")
    c.expect(alert("text", "account", until="20991201T060000Z"))


def test_severities(t):
    user = t.user()
    c = t.shared.login(user)
    admin = t.shared.admin()
    for given, shown in (("info", "info"), ("warning", "warning"),
                         ("critical", "critical"), (None, "warning")):
        admin.post("x", "account", target=user, severity=given)
        c.expect(alert("x", "account", shown))


def test_wrong_arguments(t):
    user = t.user()
    admin = t.shared.admin()
    for request in (
            '<alertPost id="1">x</alertPost>',
            '<alertPost id="1" scope="">x</alertPost>',
            '<alertPost id="1" scope="world">x</alertPost>',
            '<alertPost id="1" scope="every">x</alertPost>',
            '<alertPost id="1" scope="domain">x</alertPost>',
            '<alertPost id="1" scope="account">x</alertPost>',
            '<alertPost id="1" scope="server" severity="bad">x</alertPost>',
            '<alertPost id="1" scope="server" severity="">x</alertPost>',
            '<alertPost id="1" scope="server" test="maybe">x</alertPost>',
            '<alertPost id="1" scope="server" key="%s">x</alertPost>'
            % ("k" * 5000),
            '<alertRemove id="1"/>', '<alertDismiss id="1"/>',
            '<alertConfirm id="1"/>', '<alertWatch id="1"/>',
            '<alertWatch id="1" scope="x"/>',
            '<alertList id="1" scope="x"/>'):
        admin.ask(request, failure("1", 501))
    t.shared.login(user).quiet()


def test_local_time_of_each_account(t):
    """Encoded once per time zone in use; each sees its own."""
    domain = t.domain()
    clients = {}
    for name, zone in (("a", "Asia/Tokyo"), ("b", "America/Phoenix"),
                       ("c", "UTC"), ("d", "Asia/Tokyo")):
        c = t.shared.login(t.user(name, domain))
        c.ok('<prefsStore id="1"><TimeZone>%s</TimeZone></prefsStore>' % zone)
        c.close()
        clients[name] = t.shared.login("%s@%s" % (name, domain))
    t.shared.admin().post("x", "domain", target=domain)
    got = {name: c.receive() for name, c in clients.items()}
    equal(got["a"], got["d"])
    equal(len({attr(g, "gmtTime") for g in got.values()}), 1)
    hours = {name: attr(g, "localTime")[9:11] for name, g in got.items()}
    equal((int(hours["a"]) - int(hours["c"])) % 24, 9)
    equal((int(hours["c"]) - int(hours["b"])) % 24, 7)


# --- once per key ---

def test_repeated_key(t):
    user = t.user()
    c = t.shared.login(user)
    admin = t.shared.admin()
    request = post_request("3", "backup done", "account", target=user,
                           key="backup-2026-11-22")
    first = admin.ok(request)[0]
    c.expect(alert("backup done", "account"))
    for _ in range(3):
        match(admin.ok(request)[0],
              '<alertPosted id="3" alertID="%s" gmtTime="%s" sessions="0" '
              'repeated="yes"/>' % (attr(first, "alertID"),
                                    attr(first, "gmtTime")))
    c.quiet()


def test_same_key_for_something_else(t):
    a, b = t.user(), t.user()
    admin = t.shared.admin()
    more = {"key": "k", "severity": "info"}
    admin.post("one", "account", target=a, **more)
    for text, scope, changed in (
            ("two", "account", {"target": a}),
            ("one", "account", {"target": b}),
            ("one", "server", {}),
            ("one", "domain", {"target": a.split("@")[1]}),
            ("one", "account", {"target": a, "severity": "critical"})):
        arguments = dict(more)
        arguments.update(changed)
        admin.ask(post_request("p", text, scope, **arguments),
                  failure("p", 518))
    equal(len(admin.reports(scope="account", target=a)), 1)


def test_key_is_of_its_author(t):
    domain = t.domain()
    x, y = (t.shared.login(t.user(n, domain, rights=("CanPostAlerts",)),
                           alerts="no") for n in "xy")
    first = x.post("same", "domain", target=domain, key="k")
    second = y.post("same", "domain", target=domain, key="k")
    check(first != second, "one author's key is another's")


def test_key_is_good_for_a_day(t):
    """At least; longer while its alert is there."""
    server = t.server()
    admin = server.admin()
    ended = admin.post("x", key="k", lifetime="1h")
    first = admin.post("x", key="stays")
    server.clock(23 * 3600)
    admin = server.admin()
    equal(admin.post("x", key="k", lifetime="1h"), ended)
    equal(admin.post("x", key="stays"), first)
    server.clock(2 * 3600)
    admin = server.admin()
    check(admin.post("x", key="k", lifetime="1h") != ended, "a day has passed")
    equal(admin.post("x", key="stays"), first)


def test_key_outlives_a_crash(t):
    server = t.server()
    first = server.admin().post("x", key="k")
    server.restart(crash=True)
    equal(server.admin().post("x", key="k"), first)
    server.restart()
    equal(server.admin().post("x", key="k"), first)


def test_same_key_at_the_same_time(t):
    user = t.user()
    admins = [t.shared.control("admin%d" % i) for i in range(4)]
    for a in admins:
        a.external()
    for round_ in range(10):
        for a in admins:
            a.send(post_request("p", "x", "account", target=user,
                                key="round%d" % round_))
        got = {attr(a.until_response("p")[0], "alertID") for a in admins}
        equal(len(got), 1, str(got))
    c = t.shared.login(user)
    equal(len(c.flush()), 10)


# --- to look before ---

def test_test_posts_nothing(t):
    domain = t.domain()
    users = [t.user("u%d" % i, domain) for i in range(5)]
    sessions = [t.shared.login(u) for u in users[:3]]
    sessions.append(t.shared.login(users[0]))
    admin = t.shared.admin()
    for scope, target, n_sessions, n_accounts in (
            ("domain", domain, 4, 5), ("account", users[0], 2, 1),
            ("account", users[4], 0, 1)):
        admin.ask(post_request("8", "x", scope, target=target, test="yes"),
                  '<alertPosted id="8" sessions="%d" accounts="%d"/>'
                  % (n_sessions, n_accounts), response("8"))
    for c in sessions:
        c.quiet()
    equal(admin.reports(scope="domain", target=domain), [])
    t.shared.login(users[4]).quiet()


def test_test_counts_all_accounts(t):
    server = t.server()
    server.domain("a.test")
    for name in ("joe@a.test", "ann@a.test", "bob@" + MAIN):
        server.account(name)
    server.admin().ask(post_request("8", "x", test="yes"),
                       '<alertPosted id="8" sessions="0" accounts="4"/>',
                       response("8"))


def test_test_checks_everything(t):
    domain = t.domain()
    user = t.user("joe", domain)
    c = t.shared.login(user)
    c.ask(post_request("1", "x", test="yes"), failure("1", 510))
    admin = t.shared.admin()
    admin.ask(post_request("1", " ", test="yes"), failure("1", 522))
    admin.ask(post_request("1", "x", "domain", target="nowhere.test",
                           test="yes"), failure("1", 512))


def test_test_uses_no_key(t):
    admin = t.shared.admin()
    user = t.user()
    admin.ok(post_request("1", "x", "account", target=user, test="yes",
                          key="tested"))
    admin.post("x", "account", target=user, key="tested")
    check("repeated" not in admin.posted, admin.posted)


# --- lists ---

def test_own_list(t):
    domain = t.domain()
    user = t.user("joe", domain)
    admin = t.shared.admin()
    c = t.shared.login(user)
    equal(c.reports(), [])
    a = admin.post("A", "domain", target=domain, severity="info")
    c.expect(alert("A", "domain", "info"))
    c.quiet()
    b = admin.post("B", "server", until="20991231T235959Z")
    admin.post("not mine", "account", target=t.user("ann", domain))
    c.expect(alert("B", until="20991231T235959Z"))
    c.quiet()
    c.ask('<alertList id="4"/>',
          '<alertReport id="4" alertID="%s" scope="domain" severity="info" '
          'gmtTime="…" localTime="…" seen="yes">A</alertReport>' % a,
          '<alertReport id="4" alertID="%s" scope="server" '
          'severity="warning" gmtTime="…" localTime="…" '
          'until="20991231T235959Z" seen="yes">B</alertReport>' % b,
          response("4"))
    silent = t.shared.login(t.user("new", domain), alerts="no")
    equal([(attr(r, "seen"), body(r)) for r in silent.reports()],
          [("no", "A"), ("no", "B")])


def test_administrators_list(t):
    domain = t.domain()
    user = t.user("joe", domain)
    poster = t.shared.login(t.user("post", domain,
                                   rights=("CanPostAlerts",)), alerts="no")
    id_ = poster.post("text", "account", target=user)
    got = poster.reports(scope="account", target=user)
    equal(len(got), 1)
    report = got[0]
    for name, value in (("alertID", id_), ("scope", "account"),
                        ("severity", "warning"), ("target", user),
                        ("author", "post@" + domain)):
        equal(attr(report, name), value, name)
    check(attr(report, "origin").startswith("127.0.0.1 "), report)
    check(re.fullmatch(r"\d{14}", attr(report, "key")), report)
    equal(body(report), "text")


def test_long_list(t):
    domain = t.domain()
    admin = t.shared.admin()
    admin.send(*[post_request("p", "x" * 4000, "domain", target=domain)
                 for _ in range(300)])
    for _ in range(300):
        admin.until_response("p")
    equal(len(admin.reports(scope="domain", target=domain)), 300)
    c = t.shared.login(t.user("joe", domain))
    equal(len(c.flush()), 300)
    equal(len(c.reports()), 300)


# --- watches ---

def test_watch(t):
    domain = t.domain()
    t.user("joe", domain)
    watcher = t.shared.control("watcher")
    watcher.external()
    watcher.ask('<alertWatch id="9" scope="domain" target="%s"/>' % domain,
                response("9"))
    admin = t.shared.admin()
    id_ = admin.post("text", "domain", target=domain)
    got = watcher.receive()
    check(got.startswith('<alertReport alertID="%s" scope="domain" ' % id_)
          and got.endswith(">text</alertReport>"), got)
    equal(attr(got, "target"), domain)
    check(attr(got, "id") is None, got)
    admin.remove(id_)
    watcher.expect('<alertRemoved alertID="%s"/>' % id_)
    admin.post("of the server")
    watcher.quiet()
    watcher.ask('<alertWatch id="9" scope="domain" target="%s" stop="yes"/>'
                % domain, response("9"))
    admin.post("unseen", "domain", target=domain)
    watcher.quiet()


def test_watch_several_scopes(t):
    a, b = t.domain(), t.domain()
    watcher = t.shared.control("watcher")
    watcher.external()
    for more in ('scope="server"', 'scope="domain" target="%s"' % a):
        watcher.ok('<alertWatch id="9" %s/>' % more)
    admin = t.shared.admin()
    admin.post("1")
    admin.post("2", "domain", target=a)
    admin.post("3", "domain", target=b)
    equal([body(g) for g in watcher.flush()], ["1", "2"])


def test_watch_sees_ends(t):
    """Expiry and delivery change what an administrator follows."""
    user = t.user()
    watcher = t.shared.control("watcher")
    watcher.external()
    watcher.ok('<alertWatch id="9" scope="account" target="%s"/>' % user)
    id_ = t.shared.admin().post("x", "account", target=user)
    check(watcher.receive().startswith('<alertReport alertID="%s"' % id_),
          "the report")
    t.shared.login(user).flush()
    wait_until(lambda: not t.shared.admin().reports(scope="account",
                                                    target=user), "delivery")


def test_watch_ends_with_the_right(t):
    domain = t.domain()
    user = t.user("post", domain, rights=("CanPostAlerts",))
    c = t.shared.login(user, alerts="no")
    c.ok('<alertWatch id="9" scope="domain" target="%s"/>' % domain)
    t.shared.cli("SetAccountRights %s ()" % user)
    t.shared.admin().post("x", "domain", target=domain)
    c.quiet()


def test_watch_of_what_does_not_exist(t):
    admin = t.shared.admin()
    admin.ask('<alertWatch id="9" scope="domain" target="nowhere.test"/>',
              failure("9", 512))
    admin.ask('<alertWatch id="9" scope="account" target="nobody@%s"/>'
              % t.domain(), failure("9", 513))


def test_watch_in_numbers_is_bounded(t):
    """A session cannot hold any number of watches."""
    domain = t.domain()
    admin = t.shared.control("greedy")
    admin.external()
    t.shared.accounts("u%d@%s" % (i, domain) for i in range(300))
    refused = 0
    for i in range(300):
        admin.send('<alertWatch id="w" scope="account" target="u%d@%s"/>'
                   % (i, domain))
        refused += attr(admin.receive(), "errorNum") is not None
    admin.quiet()


# --- counting ---

def test_sessions_are_counted(t):
    domain = t.domain()
    users = [t.user("u%d" % i, domain) for i in range(4)]
    admin = t.shared.admin()

    def told(scope, target):
        admin.post("x", scope, target=target)
        return int(attr(admin.posted, "sessions"))
    equal(told("domain", domain), 0)
    sessions = [t.shared.login(u) for u in users for _ in range(3)]
    equal(told("domain", domain), 12)
    equal(told("account", users[0]), 3)
    t.shared.login(users[0], alerts="no")
    equal(told("account", users[0]), 3)
    for c in sessions[:6]:
        c.bye()
    wait_until(lambda: told("domain", domain) == 6, "six sessions left")


def test_a_session_follows_so_many_scopes(t):
    server = t.server({"max_session_watches": 2})
    admin = server.admin()
    watch = '<alertWatch id="w" scope="domain" target="%s"%s/>'
    for name in ("a.test", "b.test", "c.test"):
        server.domain(name)
    c = server.control()
    c.external()
    for _ in range(2): # twice is once
        c.ok(watch % ("a.test", ""))
    c.ok(watch % ("b.test", ""))
    c.ask(watch % ("c.test", ""), failure("w", 526))
    c.ok(watch % ("a.test", ' stop="yes"'))
    c.ok(watch % ("c.test", ""))
    c.ask(watch % ("a.test", ""), failure("w", 526))
    for name in ("a.test", "b.test", "c.test"):
        admin.post("x", "domain", target=name)
    equal(len(c.flush()), 2)
