# SPDX-License-Identifier: BSD-2-Clause
"""Resume tickets: random, good for one log-in, void when they should be."""

import os

from ximss import MAIN, attr, check, equal, failure, response

WRONG = failure("t", 515)


def ticket(server, user, **kwargs):
    c = server.connect()
    session = c.login(user, ticket="yes", **kwargs)
    value = attr(session, "ticket")
    check(value and len(value) >= 22, session)
    return value


def resume(server, value, more="", id_="t"):
    c = server.connect()
    c.send('<login id="%s" ticket="%s"%s/>' % (id_, value, more))
    session = c.logged_in(id_)
    return c, session


def void(server, value):
    server.connect().ask('<login id="t" ticket="%s"/>' % value, WRONG)


def test_only_on_request(t):
    user = t.user()
    check(attr(t.shared.connect().login(user), "ticket") is None, "unasked")


def test_no_is_no_ticket(t):
    user = t.user()
    session = t.shared.connect().login(user, ticket="no")
    check(attr(session, "ticket") is None, "a ticket that was not wanted")


def test_logs_in_once_and_gives_the_next(t):
    user = t.user()
    first = ticket(t.shared, user)
    c, session = resume(t.shared, first)
    equal(attr(session, "userName"), user)
    second = attr(session, "ticket")
    check(second and second != first, session)
    void(t.shared, first)
    c.quiet()
    for _ in range(10):
        c, session = resume(t.shared, second)
        void(t.shared, second)
        second = attr(session, "ticket")


def test_with_every_method(t):
    user = t.user()
    session = t.shared.connect().scram(user, ticket="yes")
    resume(t.shared, attr(session, "ticket"))


def test_several_at_once(t):
    user = t.user()
    tickets = [ticket(t.shared, user) for _ in range(10)]
    equal(len(set(tickets)), 10)
    for one in reversed(tickets):
        equal(attr(resume(t.shared, one)[1], "userName"), user)


def test_two_at_the_same_time_with_one_ticket(t):
    user = t.user()
    for _ in range(10):
        value = ticket(t.shared, user)
        clients = [t.shared.connect() for _ in range(5)]
        for c in clients:
            c.send('<login id="t" ticket="%s"/>' % value)
        got = [c.receive() for c in clients]
        equal(sum(g.startswith("<session ") for g in got), 1, str(got))
        for c in clients:
            c.close()


def test_a_proxy_may_leave_it_good(t):
    server = t.server({"trusted_addresses": ["127.0.0.1"]})
    user = server.account("joe@" + MAIN)
    value = ticket(server, user)
    for _ in range(3):
        _, session = resume(server, value, ' keepTicket="yes"')
        resume(server, attr(session, "ticket"))
    server.connect().ask('<login id="t" ticket="%s" keepTicket="maybe"/>'
                         % value, failure("t", 501))
    resume(server, value)
    server.connect().ask('<login id="t" ticket="%s" keepTicket="yes"/>'
                         % value, WRONG)
    server.clock(13 * 3600)
    value = ticket(server, user)
    server.cli("SetAccountPassword %s PASSWORD new" % user)
    server.connect().ask('<login id="t" ticket="%s" keepTicket="yes"/>'
                         % value, WRONG)


def test_nobody_else_leaves_it_good(t):
    value = ticket(t.shared, t.user())
    resume(t.shared, value, ' keepTicket="yes"')
    void(t.shared, value)


def test_options_of_the_log_in(t):
    user = t.user()
    value = ticket(t.shared, user)
    c, _ = resume(t.shared, value, ' alerts="no"')
    t.shared.admin().post("x", "account", target=user)
    c.quiet()


def test_pending_alerts_come(t):
    user = t.user()
    c = t.shared.connect()
    value = attr(c.login(user, ticket="yes", alerts="no"), "ticket")
    alert_id = t.shared.admin().post("while away", "account", target=user)
    c, _ = resume(t.shared, value)
    check('alertID="%s"' % alert_id in c.receive(), "the pending alert")
    c.quiet()


def test_void_after_a_new_password(t):
    user = t.user()
    by_admin, by_user = ticket(t.shared, user), ticket(t.shared, user)
    c = t.shared.login(user)
    c.ok('<passwordModify id="1" oldPassword="secret" newPassword="new"/>')
    void(t.shared, by_user)
    fresh = ticket(t.shared, user, password="new")
    t.shared.cli("SetAccountPassword %s PASSWORD newer" % user)
    void(t.shared, by_admin)
    void(t.shared, fresh)


def test_void_after_killed_sessions(t):
    user = t.user()
    value = ticket(t.shared, user)
    t.shared.cli("KillAccountSessions " + user)
    void(t.shared, value)
    resume(t.shared, ticket(t.shared, user))


def test_void_after_the_account_is_gone(t):
    user = t.user()
    value = ticket(t.shared, user)
    t.shared.cli("DeleteAccount " + user)
    void(t.shared, value)
    t.shared.account(user)
    void(t.shared, value)


def test_kept_by_a_renamed_account(t):
    user = t.user()
    domain = user.split("@")[1]
    value = ticket(t.shared, user)
    t.shared.cli("RenameAccount %s INTO ann@%s" % (user, domain))
    equal(attr(resume(t.shared, value)[1], "userName"), "ann@" + domain)


def test_expires(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    good, late = ticket(server, user), ticket(server, user)
    server.clock(12 * 3600 - 60)
    _, session = resume(server, good)
    server.clock(120)
    void(server, late)
    resume(server, attr(session, "ticket"))


def test_a_session_gets_new_ones_for_as_long_as_it_lives(t):
    server = t.server({"idle_timeout": "7d"})
    user = server.account("joe@" + MAIN)
    c, without = server.connect(), server.login(user)
    tickets = [attr(c.login(user, ticket="yes"), "ticket")]
    server.clock(4 * 3600 - 60)
    c.quiet()
    for _ in range(5):
        server.clock(4 * 3600 + 60)
        pushed = c.expect('<ticket value="…"/>')
        tickets.append(attr(pushed, "value"))
        c.quiet()
    without.quiet()
    equal(len(set(tickets)), 6)
    for old in tickets[:3]:
        void(server, old)
    # What was pushed may have been lost with a connection.
    for good in tickets[3:]:
        _, session = resume(server, good)
        equal(attr(session, "userName"), user)
        void(server, good)


def test_new_ones_are_good_after_a_new_password(t):
    server = t.server({"idle_timeout": "7d"})
    user = server.account("joe@" + MAIN)
    c = server.connect()
    c.login(user, ticket="yes")
    server.cli("SetAccountPassword %s PASSWORD newer" % user)
    server.clock(4 * 3600 + 60)
    fresh = attr(c.expect('<ticket value="…"/>'), "value")
    _, session = resume(server, fresh)
    server.cli("SetAccountPassword %s PASSWORD newest" % user)
    void(server, attr(session, "ticket"))


def test_an_account_has_so_many(t):
    """The next to end makes room, and just as many as may be are good."""
    server = t.server({"max_account_tickets": 3})
    user = server.account("joe@" + MAIN)
    ann = ticket(server, server.account("ann@" + MAIN))
    tickets = []
    for _ in range(5):
        c = server.connect()
        tickets.append(attr(c.login(user, ticket="yes"), "ticket"))
        c.bye()
    for old in tickets[:2]:
        void(server, old)
    for good in tickets[2:]:
        resume(server, good)
    resume(server, ann)


def test_a_session_keeps_its_own_whatever_is_made_beside(t):
    """By log-ins, by a proxy that leaves tickets good, by an administrator."""
    server = t.server({"max_account_tickets": 4, "idle_timeout": "7d",
                       "trusted_addresses": ["127.0.0.1"]})
    user = server.account("joe@" + MAIN)
    c = server.connect()
    first = attr(c.login(user, ticket="yes"), "ticket")
    other = server.connect()
    second = attr(other.login(user, ticket="yes"), "ticket")
    for _ in range(6):
        again = server.connect()
        again.login(user, ticket="yes")
        again.bye()
    for _ in range(6):
        again, _ = resume(server, second, ' keepTicket="yes"')
        again.bye()
    made = [server.cli("CreateXIMSSSession %s ADDRESS 127.0.0.1" % user)
            for _ in range(6)]
    for early in made[:2]:
        void(server, early)
    resume(server, made[5])[0].bye()
    # One that was pushed is as safe.
    server.clock(4 * 3600 + 60)
    third = attr(c.expect('<ticket value="…"/>'), "value")
    for _ in range(6):
        again = server.connect()
        again.login(user, ticket="yes")
        again.bye()
    server.restart(crash=True)
    resume(server, third)
    void(server, first)


def test_outlives_a_restart(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    value, used = ticket(server, user), ticket(server, user)
    resume(server, used)
    server.restart()
    void(server, used)
    resume(server, value)


def test_used_ticket_stays_used_after_a_crash(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    for _ in range(5):
        value = ticket(server, user)
        _, session = resume(server, value)
        server.restart(crash=True)
        void(server, value)
        resume(server, attr(session, "ticket"))


def test_nonsense(t):
    for value in ("", "x", "A" * 43, "A" * 44, "A" * 10000, "-" * 43, "å"):
        c = t.shared.connect()
        c.send('<login id="t" ticket="%s"/>' % value)
        got = c.receive()
        check(attr(got, "errorNum") in ("515", "501"), got)
        c.ask('<noop id="1"/>', response("1"))
        c.close()


def test_is_not_in_the_store(t):
    """A thief of the store cannot log in with what it holds."""
    server = t.server()
    user = server.account("joe@" + MAIN, "tell-tale-42")
    value = ticket(server, user, password="tell-tale-42")
    server.stop()
    for root, _, files in os.walk(server.store):
        for name in files:
            path = os.path.join(root, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    data = f.read()
                check(value.encode() not in data, path)
                check(b"tell-tale-42" not in data, "password in " + path)
