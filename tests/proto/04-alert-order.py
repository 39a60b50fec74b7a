# SPDX-License-Identifier: BSD-2-Clause
"""Order: ids grow in commit order, pushes follow them, and nothing is lost
between a log-in and a post."""

import threading

from ximss import (alert, attr, check, equal, post_request, response)


def ids(messages):
    return [int(attr(m, "alertID")) for m in messages
            if m.startswith("<alert ")]


def test_ids_grow_and_are_no_time_stamps(t):
    admin = t.shared.admin()
    got = [int(admin.post("x")) for _ in range(20)]
    equal(got, sorted(set(got)))
    check(got[-1] < 10 ** 9, "ids look like time stamps: %s" % got[-1])


def test_posts_in_one_write(t):
    """Posted within the same microseconds: all arrive, in a fixed order."""
    domain = t.domain()
    joe, ann = t.user("joe", domain), t.user("ann", domain)
    listeners = [t.shared.login(joe), t.shared.login(joe),
                 t.shared.login(ann)]
    admin = t.shared.admin()
    admin.send(*[post_request("p%d" % i, "n%d" % i, "domain", target=domain)
                 for i in range(200)])
    posted = []
    for i in range(200):
        posted.append(int(attr(admin.until_response("p%d" % i)[0],
                               "alertID")))
    equal(posted, sorted(set(posted)))
    for c in listeners:
        got = [c.receive() for _ in range(200)]
        equal(ids(got), posted)
        equal([g.split(">")[1].split("<")[0] for g in got],
              ["n%d" % i for i in range(200)])
        c.quiet()
    c = t.shared.login(t.user("new", domain))
    equal(ids(c.flush()), posted)


def test_posts_of_several_administrators(t):
    """Every listener sees the same order, that of the ids."""
    domain = t.domain()
    listeners = [t.shared.login(t.user("u%d" % i, domain)) for i in range(6)]
    admins = [t.shared.control("admin%d" % i) for i in range(4)]
    for i, a in enumerate(admins):
        a.external()
        a.send(*[post_request("p", "%d.%d" % (i, j), "domain", target=domain)
                 for j in range(50)])
    for a in admins:
        for _ in range(50):
            equal(a.until_response("p")[-1], response("p"))
    orders = []
    for c in listeners:
        got = ids([c.receive() for _ in range(200)])
        equal(got, sorted(set(got)))
        orders.append(got)
        c.quiet()
    check(all(o == orders[0] for o in orders), "different orders")


def test_keys_of_the_same_second_differ(t):
    """The CLI's names of alerts posted in one second."""
    domain = t.domain()
    admin = t.shared.admin()
    admin.send(*[post_request("p", "n%d" % i, "domain", target=domain)
                 for i in range(30)])
    for _ in range(30):
        admin.until_response("p")
    keys = [attr(r, "key") for r in admin.reports(scope="domain",
                                                  target=domain)]
    equal(len(set(keys)), 30)
    equal(keys, sorted(keys))
    admin.cli("RemoveDomainAlert %s ALERT %s" % (domain, keys[3]))
    left = [attr(r, "key") for r in admin.reports(scope="domain",
                                                  target=domain)]
    equal(left, keys[:3] + keys[4:])


def race(t, post):
    """Log-ins while posts are under way: each alert comes exactly once."""
    user = t.user()
    admin = t.shared.control("poster")
    admin.external()
    seen, posted = [], []
    for i in range(60):
        c = t.shared.connect("race")
        start = threading.Barrier(2)

        def poster():
            start.wait()
            posted.append(int(post(admin, user, "race %d" % i)))
        thread = threading.Thread(target=poster)
        thread.start()
        start.wait()
        c.send('<login id="l" userName="%s" authData="secret"/>' % user)
        c.logged_in("l")
        thread.join()
        # The post was answered, so a request from now on comes behind it.
        got = ids(c.flush())
        if got:
            c.quiet()
        c.close()
        seen += got
    last = t.shared.login(user)
    seen += ids(last.flush())
    return posted, seen


def test_posted_while_logging_in_server(t):
    posted, seen = race(t, lambda a, user, text: a.post(text))
    equal(seen, posted)


def test_posted_while_logging_in_domain(t):
    posted, seen = race(t, lambda a, user, text: a.post(
        text, "domain", target=user.split("@")[1]))
    equal(seen, posted)


def test_posted_while_logging_in_account(t):
    posted, seen = race(t, lambda a, user, text: a.post(
        text, "account", target=user))
    equal(seen, posted)


def test_posted_in_the_packet_of_the_log_in(t):
    """An administrator's own log-in, post and noop, all in one write."""
    domain = t.domain()
    user = t.user("post", domain, rights=("CanPostAlerts",))
    c = t.shared.connect()
    c.send('<login id="l" userName="%s" authData="secret"/>' % user,
           post_request("p", "mine", "domain", target=domain),
           '<noop id="n"/>')
    c.logged_in("l")
    got = c.until_response("p") + c.until_response("n")
    equal(len(ids(got)), 1, str(got))


def test_alert_between_a_thousand_pipelined_requests(t):
    """1,000 requests in one write; an alert comes between their answers or
    behind them, whole, once, and the answers stay in order."""
    user = t.user()
    c = t.shared.login(user)
    admin = t.shared.admin()
    for round_ in range(5):
        text = "between %d" % round_
        c.send(*['<noop id="%d"/>' % i for i in range(1000)])
        admin.post(text, "account", target=user)
        got = [c.receive() for _ in range(1001)]
        at = [i for i, g in enumerate(got) if g.startswith("<alert ")]
        equal(len(at), 1, "alerts")
        equal(got[:at[0]] + got[at[0] + 1:],
              [response(str(i)) for i in range(1000)])
        c.quiet()


def test_thousand_posts_pipelined(t):
    domain = t.domain()
    c = t.shared.login(t.user("joe", domain))
    admin = t.shared.admin()
    admin.send(*[post_request("p%d" % i, "x", "domain", target=domain)
                 for i in range(1000)])
    for i in range(1000):
        equal(admin.until_response("p%d" % i)[-1], response("p%d" % i))
    got = ids([c.receive() for _ in range(1000)])
    equal(got, sorted(set(got)))
    c.quiet()


def test_removed_at_once(t):
    """Posted and removed in one write: who sees it sees it removed."""
    user = t.user()
    c = t.shared.login(user, alertChanges="yes")
    admin = t.shared.admin()
    first = int(admin.post("x", "account", target=user))
    c.expect(alert("x", "account"))
    c.quiet()
    for i in range(20):
        admin.send(post_request("p", "short", "server"),
                   '<alertRemove id="r" alertID="%d"/>' % (first + 1 + i))
        id_ = attr(admin.until_response("p")[0], "alertID")
        equal(id_, str(first + 1 + i), "the next id")
        admin.expect(response("r"))
        got = c.flush()
        if any(g.startswith("<alert ") for g in got):
            equal(got[1:], ['<alertRemoved alertID="%s"/>' % id_], str(got))
        late = t.shared.login(t.user("late%d" % i, user.split("@")[1]))
        late.quiet()
        late.close()
