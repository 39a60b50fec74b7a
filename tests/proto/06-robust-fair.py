# SPDX-License-Identifier: BSD-2-Clause
"""Who asks for much does not keep other domains waiting, and what is done in
parts is whole in the end."""

import signal
import time

from ximss import (MAIN, attr, body, check, equal, failure, post_request,
                   response, wait_until)

MANY = 1000
RIGHTS = "(CanPostAlerts,BasicSettings,CanCreateAccounts)"


def key(i):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(1700000000 + i))


def entries(numbers, text):
    return "{%s}" % "".join('%s="%s %d";' % (key(i), text, i)
                            for i in numbers)


def set_alerts(id_, numbers, text, scope="Server", target=""):
    return '<cliExecute id="%s">Set%sAlerts %s%s</cliExecute>' % (
        id_, scope, target, entries(numbers, text))


def domains(server, **accounts):
    admin = server.admin()
    for domain in ("a.test", "b.test"):
        admin.cli("CreateDomain " + domain)
    for name in ("admin@a.test", "joe@a.test", "user@b.test"):
        server.accounts([name])
    admin.cli("SetAccountRights admin@a.test " + RIGHTS)
    return admin


def texts(client, scope="server", **more):
    return sorted(body(m) for m in client.reports(scope=scope, **more))


def test_another_domain_goes_on(t):
    """Two domains begin at once: one has much to do, and the other's turn comes
    before all that is done."""
    server = t.server({"workers": 1, "output_soft": "16M",
                       "output_hard": "64M"})
    admin = domains(server)
    admin.cli("SetAccountRights user@b.test " + RIGHTS)
    watcher = server.admin()
    for domain in ("a.test", "b.test"):
        watcher.ok('<alertWatch id="w" scope="domain" target="%s"/>' % domain)
    setters = [server.login("admin@a.test", alerts="no") for _ in range(8)]
    other = server.login("user@b.test", alerts="no")
    server.freeze()
    for i, c in enumerate(setters):
        c.send(set_alerts("s", range(MANY), "text %d" % i, "Domain"))
    other.send(post_request("p", "of b.test", "domain", target="b.test"))
    server.signal(signal.SIGCONT)
    other.until_response("p")
    for c in setters:
        equal(c.until_response("s")[-1], response("s"))
    # What the store did, in its order.
    done = watcher.flush()
    last = max(i for i, m in enumerate(done) if "text " in m)
    place = [i for i, m in enumerate(done) if "of b.test" in m]
    equal(len(place), 1)
    check(place[0] < last, "it had to wait for all of them")
    equal(len(setters[0].reports(scope="domain", target="a.test")), MANY)
    server.stop()
    server.verify()


def test_two_changes_of_one_set(t):
    """Two administrators set the server's alerts at once: the set is that of
    one of them, never a mixture."""
    server = t.server()
    admin = domains(server)
    server.accounts(["all@" + MAIN])
    admin.cli("SetAccountRights all@%s (Domain)" % MAIN)
    other = server.login("all@" + MAIN, alerts="no")
    for round_ in range(4):
        one = [set_alerts("x", range(0, 600), "one %d" % round_),
               set_alerts("x", range(300, 900), "two %d" % round_)]
        admin.send(one[round_ % 2])
        other.send(one[1 - round_ % 2])
        for c in (admin, other):
            equal(c.until_response("x")[-1], response("x"))
        got = texts(admin)
        wants = [sorted("one %d %d" % (round_, i) for i in range(600)),
                 sorted("two %d %d" % (round_, i) for i in range(300, 900))]
        check(got in wants, "a mixture: %d alerts" % len(got))


def test_posts_while_a_set_is_changed(t):
    """What is posted while a SET goes on stays, and so does what the SET
    wants."""
    server = t.server({"max_server_alerts": 5000})
    admin = domains(server)
    server.accounts(["all@" + MAIN])
    admin.cli("SetAccountRights all@%s (Domain)" % MAIN)
    other = server.login("all@" + MAIN, alerts="no")
    admin.send(set_alerts("1", range(MANY), "first"))
    equal(admin.until_response("1")[-1], response("1"))
    watcher = server.login("all@" + MAIN, alerts="no")
    watcher.ok('<alertWatch id="w" scope="server"/>')
    admin.send(set_alerts("2", range(MANY // 2, 2 * MANY), "second"))
    watcher.receive()
    other.post("meanwhile")
    equal(admin.until_response("2")[-1], response("2"))
    equal(texts(other), sorted(
        ["meanwhile"] + ["second %d" % i
                         for i in range(MANY // 2, 2 * MANY)]))


def test_a_set_that_is_interrupted(t):
    """kill -9 while a SET goes on: nothing that it was to keep is missing, all
    that is there was there or is wanted, and the same SET brings it to its
    end."""
    server = t.server({"max_server_alerts": 5000})
    domains(server)
    kept = range(MANY // 2, MANY)
    for delay in range(3):
        admin = server.admin()
        admin.send(set_alerts("1", range(MANY), "same"))
        equal(admin.until_response("1")[-1], response("1"))
        watcher = server.login("admin@a.test", alerts="no")
        watcher.ok('<alertWatch id="w" scope="server"/>')
        admin.send(set_alerts("2", range(MANY // 2, 2 * MANY), "same"))
        for _ in range(1 + 300 * delay):
            watcher.receive()
        server.restart(crash=True)
        admin = server.admin()
        there = set(texts(admin))
        check(there >= {"same %d" % i for i in kept}, "some are missing")
        check(there <= {"same %d" % i for i in range(2 * MANY)}, "strangers")
        admin.send(set_alerts("3", range(MANY // 2, 2 * MANY), "same"))
        equal(admin.until_response("3")[-1], response("3"))
        equal(texts(admin), sorted("same %d" % i
                                   for i in range(MANY // 2, 2 * MANY)))
        server.stop()
        server.verify()
        server.start()


def test_at_most_so_many(t):
    server = t.server({"max_account_alerts": 3, "max_domain_alerts": 2,
                       "max_server_alerts": 1})
    admin = domains(server)
    rows = (("server", {}, 1), ("domain", {"target": "a.test"}, 2),
            ("account", {"target": "joe@a.test"}, 3))
    for scope, target, most in rows:
        for i in range(most):
            last = admin.post("%d" % i, scope, **target)
        admin.ask(post_request("p", "one more", scope, **target),
                  failure("p", 526, "too many alerts. at most %d are possible "
                                    "here" % most))
        admin.ask(post_request("p", "and as a test", scope, test="yes",
                               **target),
                  failure("p", 526))
        admin.remove(last)
        admin.post("there is room", scope, **target)
    # What has been delivered does not count.
    joe = server.login("joe@a.test")
    joe.flush()
    wait_until(lambda: not admin.reports(scope="account",
                                         target="joe@a.test"), "delivered")
    admin.post("again", "account", target="joe@a.test")


def test_a_lower_limit(t):
    """A store that has more than is allowed by now: all of them are shown,
    listed and can be removed; only more are refused."""
    server = t.server({"max_account_alerts": 0, "max_server_alerts": 0})
    admin = domains(server)
    for start in range(0, 1200, 100):
        admin.send(*[post_request("p", "%d" % i, "account",
                                  target="joe@a.test")
                     for i in range(start, start + 100)])
        for _ in range(100):
            admin.until_response("p")
    server.stop()
    server.options["max_account_alerts"] = 10
    server.write_config()
    server.start()
    admin = server.admin()
    admin.ask(post_request("p", "x", "account", target="joe@a.test"),
              failure("p", 526))
    equal(len(admin.reports(scope="account", target="joe@a.test")), 1200)
    equal(admin.cli("GetAccountAlerts joe@a.test").count("="), 1200)
    joe = server.login("joe@a.test")
    got = [body(m) for m in joe.flush() if m.startswith("<alert ")]
    equal(got, ["%d" % i for i in range(1200)])


def test_watches_are_limited(t):
    server = t.server({"max_session_watches": 2})
    admin = domains(server)
    watch = '<alertWatch id="w" scope="account" target="%s"%s/>'
    for name in ("joe@a.test", "admin@a.test"):
        admin.ok(watch % (name, ""))
        admin.ok(watch % (name, ""))
    admin.ask(watch % ("user@b.test", ""), failure("w", 526))
    admin.ok(watch % ("joe@a.test", ' stop="yes"'))
    admin.ok(watch % ("user@b.test", ""))


def test_a_long_list_in_pieces(t):
    """The list of an account's alerts, more than one job reads; one session
    leaves in the middle of it."""
    server = t.server({"max_account_alerts": 0})
    admin = domains(server)
    for start in range(0, 1500, 50):
        admin.send(*[post_request("p", "%d " % i + "x" * 3000, "account",
                                  target="joe@a.test")
                     for i in range(start, start + 50)])
        for _ in range(50):
            admin.until_response("p")
    lister = server.login("admin@a.test", alerts="no")
    got = lister.reports(scope="account", target="joe@a.test")
    equal([body(m).split()[0] for m in got], ["%d" % i for i in range(1500)])
    leaver = server.login("admin@a.test", alerts="no")
    leaver.send('<alertList id="l" scope="account" target="joe@a.test"/>')
    leaver.receive()
    leaver.reset()
    equal(len(admin.reports(scope="account", target="joe@a.test")), 1500)
    server.stop()


def test_a_domain_of_many_is_suspended(t):
    """More of one worker's than it ends in one turn."""
    server = t.server({"workers": 1})
    admin = domains(server)
    names = ["u%d@a.test" % i for i in range(140)]
    server.accounts(names)
    clients = [server.login(name) for name in names]
    admin.cli("SuspendDomain a.test")
    for c in clients:
        c.expect_bye()
    other = server.login("user@b.test")
    other.quiet()
