# SPDX-License-Identifier: BSD-2-Clause
"""Web sessions and those that administrators speak of are one; they outlive the
bridge; portals log their users in (protocol.md B.10, C.9)."""

import signal

from bridge import EMPTY, batch, bridge, check_reply, event, xml
from portal import Browser, Portal
from ximss import (PASSWORD, Failed, alert, attr, check, equal, failure, match,
                   response, wait_until)

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"],
                      "listen_pwd": ["127.0.0.1:0"],
                      "clear_passwords_without_tls": True}}
NOOP = '<noop id="1"/>'
WRONG = failure("login", 515)


def logged_in(t, user=None, b=None, **parameters):
    s = (b or bridge(t)).login(user or t.user(), **parameters)
    return s


def with_cookie(s):
    header = s.sync(NOOP).header("Set-Cookie")
    s.headers = [("Cookie", header.split(";")[0])]
    return s


def status(b, id_, headers=()):
    return b.ask("POST", "/Session/%s/sync" % id_,
                 "<XIMSS>%s</XIMSS>" % NOOP, headers).status


def post(t, user, text):
    t.shared.admin().post(text, "account", target=user)


# --- one id ---

def test_the_browsers_id_is_the_administrators(t):
    user = t.user()
    b = bridge(t)
    for parameters in ({}, {"EnableUseCookie": 1}):
        s = logged_in(t, user, b, **parameters)
        equal(t.shared.cli("ListAccountSessions " + user), "(%s)" % s.id)
        equal(t.shared.cli("FindAccountSession " + user), s.id)
        match(t.shared.cli("GetSession " + s.id),
              "{id=%s;user=%s;…}" % (s.id, user))
        check(' urlID="%s" ' % s.id in s.sync('<readSession id="1"/>').text,
              "what it is told itself")
        t.shared.cli("KillSession " + s.id)
        equal(t.shared.cli("ListAccountSessions " + user), "()")


def test_a_killed_session_is_over(t):
    user = t.user()
    b = bridge(t)
    for parameters in ({}, {"EnableUseCookie": 1}):
        s = logged_in(t, user, b, **parameters)
        if parameters:
            with_cookie(s)
        poll, stream = s.start_poll(0), s.stream()
        t.shared.cli("KillSession " + s.id)
        equal(event(stream)[1], "bye")
        stream.expect_closed()
        poll.expect(200, batch(1, "<bye/>"))
        for crash in (None, False, True):
            if crash is not None:
                b.restart(crash)
            equal(s.bridge.connect().ask(
                "POST", s.path + "sync", "<XIMSS>%s</XIMSS>" % NOOP,
                s.headers).status, 550)
            for more in ("", "&killOld=1"):
                reply = b.ask("GET", "/XIMSSLogin/?errorAsXML=1&sessionid="
                              + s.id + more, headers=s.headers)
                match(reply.text, "<XIMSS>" + failure("", 515).replace(
                    ' id=""', "") + "</XIMSS>\r\n")
        equal(t.shared.admin().cli_error("KillSession " + s.id), 501)
        equal(t.shared.sessions(user), 0)


def test_killed_while_the_bridge_is_away(t):
    s = logged_in(t)
    other = logged_in(t, b=s.bridge)
    s.bridge.end(keep=True)
    t.shared.cli("KillSession " + s.id)
    s.bridge.restart_again()
    equal((s.status(), other.status()), (550, 200))


def test_who_may_not_kill_it_does_not_end_it(t):
    user = t.user()
    other = t.user()
    s = logged_in(t, user)
    domain = user.split("@")[1]
    t.shared.cli("SetAccountRights %s (CanCreateWebUserSessions)" % other)
    web = t.shared.login(other)
    for command in ("KillSession %s", "GetSession %s",
                    "KillSession %s DOMAIN " + domain):
        check(web.cli_error(command % s.id) >= 500, command)
    s.bridge.restart()
    equal(s.status(), 200)


def test_get_session_restarts_the_idle_time(t):
    """The bridge's, which nobody sees: it is told."""
    c = t.shared.connect()
    c.send('<login id="login" userName="%s" authData="%s" ticket="yes" '
           'lasting="yes"/>' % (t.user(), PASSWORD))
    id_ = attr(c.logged_in("login"), "urlID")
    t.shared.cli("GetSession " + id_)
    c.expect("<sessionTouched/>")
    s = logged_in(t)
    t.shared.cli("GetSession " + s.id)
    equal(s.poll(0), EMPTY)


# --- the bridge is started anew ---

def test_the_bridges_restart_ends_no_session(t):
    user = t.user()
    b = bridge(t)
    plain, free = logged_in(t, user, b), logged_in(t, user, b,
                                                   DisableIPWatch=1)
    bound = with_cookie(logged_in(t, user, b, EnableUseCookie=1))
    now = with_cookie_now(logged_in(t, user, b, EnableUseCookie=1,
                                    cookieAtLogin=1, DisableIPWatch=1))
    all_of_them = (plain, free, bound, now)
    for crash in (False, True):
        b.restart(crash)
        for s in all_of_them:
            check_reply("sync", b.ask("POST", s.path + "sync",
                                      "<XIMSS>%s</XIMSS>" % NOOP, s.headers),
                        200, xml(response("1")))
        equal(sorted(t.shared.cli("ListAccountSessions " + user)
                     .strip("()").split(",")),
              sorted(s.id for s in all_of_them))


def with_cookie_now(s):
    s.headers = [("Cookie", s.login_reply.header("Set-Cookie").split(";")[0])]
    return s


def test_nobody_else_comes_back_to_it(t):
    user = t.user()
    b = bridge(t, trusted_proxies=["127.0.0.1"])
    other = [("X-Forwarded-For", "192.0.2.1")]
    plain = logged_in(t, user, b)
    bound = with_cookie(logged_in(t, user, b, EnableUseCookie=1,
                                  DisableIPWatch=1))
    both = with_cookie(logged_in(t, user, b, EnableUseCookie=1))
    wrong = [("Cookie", bound.headers[0][1][:-1] + "_")]
    b.restart()
    for id_, headers in ((plain.id, other), (bound.id, []), (bound.id, wrong),
                         (both.id, []), (both.id, other),
                         (both.id, other + both.headers),
                         (both.id, bound.headers),
                         (plain.id + "x", []), (plain.id[:-1] + "!", []),
                         ("1" + plain.id, [])):
        equal(status(b, id_, headers), 550, headers)
        equal(b.ask("GET", "/Session/%s/" % id_, headers=headers).status, 550)
        for more in ("", "&killOld=1"):
            equal(b.ask("GET", "/XIMSSLogin/?sessionid=" + id_ + more,
                        headers=headers).status, 403, headers)
    for id_, headers in ((plain.id, []), (bound.id, bound.headers + other),
                         (both.id, both.headers)):
        equal(status(b, id_, headers), 200)
    # And once they are back, it is as before.
    for id_, headers in ((plain.id, other), (bound.id, []), (both.id, other),
                         (both.id, other + both.headers)):
        equal(status(b, id_, headers), 550)


def cookies_of(reply):
    return dict(value.split(";")[0].split("=", 1)
                for key, value in reply.headers if key == "Set-Cookie")


def wrong_cookies(id_, right, other):
    """What somebody may show who has the id and a session of his own."""
    number = id_.split("-")[0]
    web, login = "CGateProWebUser", "CGateProLogin-" + number
    value = right[web]
    names = [None]
    for wrong in ("x" * 20, value[:-1], value + "x", "", value.swapcase(),
                  other["CGateProWebUser"], '"%s"' % value):
        names += ["%s=%s" % (name, wrong) for name in (web, login)]
    names.append("; ".join("%s=%s" % pair for pair in other.items()))
    names += ["%s=%s" % (name, value)
              for name in ("XIMSSDevice", "CGateProLogin-", "CGateProLogin",
                           "xCGateProWebUser", "cgateprowebuser",
                           "CGateProLogin-%d" % (int(number) + 1))]
    return [[("Cookie", c)] if c else [] for c in names]


def test_an_id_is_worth_nothing_without_its_cookie(t):
    user = t.user()
    b = bridge(t, trusted_proxies=["127.0.0.1"])
    thief = [("X-Forwarded-For", "192.0.2.2")]
    other = cookies_of(logged_in(t, user, b, EnableUseCookie=1).sync(NOOP))
    for state in ("sent", "with the log-in", "come back", "restarted"):
        s = logged_in(t, user, b, EnableUseCookie=1, DisableIPWatch=1,
                      **({"cookieAtLogin": 1} if "with" in state else {}))
        right = cookies_of(s.login_reply if "with" in state else s.sync(NOOP))
        s.headers = [("Cookie", "CGateProWebUser="
                      + right["CGateProWebUser"])]
        if state in ("come back", "restarted"):
            equal(s.status(), 200)
        if state == "restarted":
            b.restart()
        path = "/Session/%s/" % s.id
        doors = [("POST", path + "sync", "<XIMSS>%s</XIMSS>" % NOOP, 550),
                 ("GET", path, "", 550), ("GET", path + "events", "", 550),
                 ("POST", path + "ack?ackEvent=1", "", 550),
                 ("POST", path + "KILL", "", 550),
                 ("GET", "/XIMSSLogin/?sessionid=" + s.id, "", 403),
                 ("POST", "/XIMSSLogin/", "killOld=1&sessionid=" + s.id, 403)]
        client = b.connect()
        for shown in wrong_cookies(s.id, right, other):
            for method, where, text, status in doors:
                reply = client.ask(method, where, text, thief + shown)
                equal(reply.status, status, (state, where, shown))
                equal(reply.header("Set-Cookie"), None)
        client.close()
        # Nor by the page, which asks like this.
        page = b.ask("GET", "/?p-username=%s&p-sid=%s" % (user, s.id),
                     headers=thief)
        check(page.header("Set-Cookie") is None and s.id not in page.text,
              "told")
        for name in ("CGateProWebUser", "CGateProLogin-"
                     + s.id.split("-")[0]):
            equal(b.ask("GET", "/XIMSSLogin/?sessionid=" + s.id,
                        headers=thief + [("Cookie", "%s=%s" % (
                            name, right["CGateProWebUser"]))]).status, 200)
        equal(s.status(), 200)


def test_polls_and_streams_go_on_behind_a_restart(t):
    user = t.user()
    s = logged_in(t, user)
    stream = logged_in(t, user, s.bridge)
    first = stream.stream()
    post(t, user, "one")
    s.start_poll(0).expect(200, batch(1, alert("one", "account")))
    id_ = event(first)[0]
    s.http.ask("GET", s.path + "?ackSeq=1")
    s.bridge.restart()
    # The reply is lost and asked for again: not taken for acknowledged.
    post(t, user, "two")
    for _ in range(2):
        poll = s.start_poll(1)
        poll.expect(200, batch(2, alert("two", "account")))
    again = stream.stream(last=id_)
    names = []
    while "resumed" not in names:
        names.append(event(again)[1])
    found = event(again)
    while "two" not in found[2]:
        found = event(again)
    check(int(found[0]) > 1000000, found)
    equal(s.bridge.ask("GET", s.path + "?ackSeq=2").text, EMPTY)
    # What was acknowledged in the life before confirms nothing in this one.
    equal(s.bridge.ask("POST", stream.path + "ack?ackEvent=%s" % id_).status,
          200)
    stream.bridge.restart()
    third = stream.stream(last=found[0])
    while event(third)[1] != "resumed":
        pass


def test_requests_that_come_at_once_come_back_together(t):
    s = logged_in(t)
    s.bridge.restart()
    t.shared.freeze()
    try:
        polls = [s.start_poll(0, 0) for _ in range(3)]
        syncs = [s.bridge.connect() for _ in range(3)]
        for client in syncs:
            client.send("POST", s.path + "sync", "<XIMSS>%s</XIMSS>" % NOOP)
        gone = s.bridge.connect()
        gone.send("POST", s.path + "sync", "<XIMSS>%s</XIMSS>" % NOOP)
        gone.close()
        s.bridge.metric("requests_total")
    finally:
        t.shared.signal(signal.SIGCONT)
    for client in syncs:
        client.expect(200, xml(response("1")))
    for client in polls:
        client.expect(200)
    equal(s.bridge.metric("sessions"), 1)


def test_how_many_may_be_asked_about(t):
    b = bridge(t, trusted_proxies=["127.0.0.1"], max_comebacks=3,
               max_comebacks_per_address=2)
    t.shared.freeze()
    clients = []

    def ask(number, address):
        clients.append(b.connect())
        clients[-1].send("GET", "/Session/%d-aaaaaaaaaaaaaaaaaaaa/" % number,
                         headers=[("X-Forwarded-For", address)])
        b.metric("requests_total")
        return clients[-1]

    try:
        for number in (1, 2):
            ask(number, "192.0.2.1")
        ask(3, "192.0.2.1").expect(503)
        ask(2, "192.0.2.1")  # the same is asked about once
        ask(3, "192.0.2.2")
        ask(4, "192.0.2.3").expect(503)
    finally:
        t.shared.signal(signal.SIGCONT)
    for client in clients[:2] + clients[3:5]:
        client.expect(550)


def is_known(server, s):
    try:
        server.cli("GetSession " + s.id)
        return True
    except Failed as error:
        check("unknown session" in str(error), error)
        return False


def test_a_log_out_holds(t):
    """Also if ximssd heard of it late, and the bridge is started anew."""
    server = t.server(SERVER["options"], listen="127.0.0.1:0")
    server.listen = ["127.0.0.1:%d" % server.ports()[0][1]]
    user = server.account("joe@" + server.domain("one.test"))
    b = bridge(t, server)
    for ends in (lambda s: s.http.ask("POST", s.path + "KILL"),
                 lambda s: s.sync('<bye id="1"/>')):
        s = b.login(user)
        ends(s)
        equal(s.status(), 550)
        wait_until(lambda: server.sessions(user) == 0, "heard of")
        b.restart()
        equal(s.status(), 550)
        late = b.login(user)
        server.stop()
        late.http.ask("POST", late.path + "KILL")
        equal(late.status(), 550)
        server.start()
        wait_until(lambda: not is_known(server, late), "heard of at last", 60)
        b.restart()
        equal(late.status(), 550)


def test_both_are_started_anew(t):
    server = t.server(SERVER["options"], listen="127.0.0.1:0")
    server.listen = ["127.0.0.1:%d" % server.ports()[0][1]]
    user = server.account("joe@" + server.domain("one.test"))
    b = bridge(t, server)
    s = with_cookie(b.login(user, EnableUseCookie=1))
    for crash in (False, True):
        b.kill() if crash else b.end(keep=True)
        server.restart(crash=crash)
        b.restart_again()
        equal(s.status(), 200)
        equal(server.cli("ListAccountSessions " + user), "(%s)" % s.id)
        server.cli("GetSession " + s.id)
    server.cli("KillSession " + s.id)
    equal(s.status(), 550)
    server.stop()
    server.verify()


def test_an_account_that_has_no_place(t):
    """Who is told so may come again: his session waits for him."""
    server = t.server({**SERVER["options"], "max_account_sessions": 1})
    user = t.user(server=server)
    b = bridge(t, server)
    text = "too many sessions of this account"

    def enter(id_):
        reply = b.ask("GET", "/XIMSSLogin/?EnableUseCookie=1&cookieAtLogin=1"
                      "&sessionid=" + id_)
        return reply.status, reply

    s = b.login(user)
    b.end(keep=True)
    wait_until(lambda: server.sessions(user) == 0, "away")
    there = server.login(user)
    b.restart_again()
    for _ in range(2):
        reply = b.ask("POST", s.path + "sync", "<XIMSS>%s</XIMSS>" % NOOP)
        equal((reply.status, text in reply.text), (503, True), reply.text)
    there.bye()
    wait_until(lambda: server.sessions(user) == 0, "his place is free")
    equal(s.status(), 200)
    b.ask("POST", s.path + "KILL")
    wait_until(lambda: server.sessions(user) == 0, "and again")
    made = server.cli("CreateXIMSSSession %s ADDRESS 127.0.0.1" % user)
    there = server.login(user)
    for _ in range(2):
        status_, reply = enter(made)
        equal((status_, text in reply.text), (503, True), reply.text)
    there.bye()
    status_, reply = enter(made)
    equal((status_, made in reply.text), (200, True), reply.text)


def test_numbers_that_come_again(t):
    """A server that was started anew counts its sessions from the beginning."""
    server = t.server(SERVER["options"], listen="127.0.0.1:0")
    server.listen = ["127.0.0.1:%d" % server.ports()[0][1]]
    user = server.account("joe@" + server.domain("one.test"))
    b = bridge(t, server)
    for _ in range(40):  # those that come back take some, too
        server.login(user).bye()
    old = {int(s.id.split("-")[0]): s
           for s in (b.login(user) for _ in range(4))}
    server.restart()
    for s in old.values():
        equal(s.status(), 200)
    number, twice = 0, []
    while number < max(old):
        if number + 1 < min(old):
            server.login(user).bye()
        s = b.login(user)
        number = int(s.id.split("-")[0])
        if number in old:
            twice.append((old[number], s))
        else:
            b.ask("POST", s.path + "KILL")
    check(twice, "none came again")
    for pair in twice:
        for one in pair * 2:
            check(one.id in one.sync('<readSession id="1"/>').text, one.id)
    # Nobody had to ask the server for what the bridge has.
    equal([line for line in server.lines if "method=session" in line], [])
    equal(b.metric("sessions"), 4 + len(twice))


def test_it_can_be_come_back_to_for_a_while_only(t):
    server = t.server({**SERVER["options"], "session_resume_time": "10m"})
    user = t.user(server=server)
    b = bridge(t, server)
    for seconds, found in ((590, 200), (610, 550)):
        s = b.login(user)
        b.end(keep=True)
        wait_until(lambda: server.sessions(user) == 0, "away")
        server.clock(seconds)
        b.restart_again()
        equal(s.status(), found, seconds)


def test_a_new_password_ends_it(t):
    user = t.user()
    s = logged_in(t, user)
    s.bridge.end(keep=True)
    t.shared.cli("SetAccountPassword %s PASSWORD new" % user)
    s.bridge.restart_again()
    equal(s.status(), 550)


# --- log-ins by an id, with cookies as browsers send them ---

def test_browser_logs_in_by_its_session(t):
    user = t.user()
    b = bridge(t)
    for path in ("/XIMSSLogin/", "/ximsslogin/", "/ximssLogin/"):
        for restart in (False, True):
            browser, thief = Browser(b.port), Browser(b.port)
            id_ = browser.log_in("EnableUseCookie=1&userName=%s&password=%s"
                                 % (user, PASSWORD), path)
            for _ in range(2):  # the cookie comes, and comes back
                equal(browser.user(id_), user)
            if restart:
                b.restart()
            equal(thief.log_in("sessionid=" + id_, path), None)
            equal(thief.log_in("killOld=1&sessionid=" + id_, path), None)
            equal(thief.user(id_), None)
            second = browser.log_in("EnableUseCookie=1&sessionid=" + id_, path)
            check(second not in (None, id_), path)
            equal((browser.user(id_), browser.user(second)), (user, user))
            third = browser.log_in("EnableUseCookie=1&killOld=1&sessionid="
                                   + second, path)
            equal((browser.user(second), browser.user(third)), (None, user))
            equal(browser.user(id_), user)
            for id_ in (id_, third):
                browser.ask("/Session/%s/KILL" % id_, "")


def test_log_in_by_address_where_it_is_allowed(t):
    """For programs that send their cookie with all but this."""
    user = t.user()
    other = [("X-Forwarded-For", "192.0.2.1")]
    b = bridge(t, trusted_proxies=["127.0.0.1"])
    s = with_cookie(logged_in(t, user, b, EnableUseCookie=1))
    free = with_cookie(logged_in(t, user, b, EnableUseCookie=1,
                                 DisableIPWatch=1))
    path = "/XIMSSLogin/?sessionid="
    for allowed in (False, True):
        b.reload(login_by_address=allowed)
        equal(b.ask("GET", path + s.id).status, 200 if allowed else 403)
        equal(b.ask("GET", path + s.id, headers=other).status, 403)
        equal(b.ask("GET", path + free.id).status, 403)


# --- portals ---

def portal(t):
    admin = t.user("admin")
    user = t.user("guest", admin.split("@")[1])
    t.shared.cli("SetAccountRights %s (CanCreateWebUserSessions)" % admin)
    return user, Portal(t.shared.ports("pwd")[0][1], admin, PASSWORD)


def test_a_portals_day(t):
    user, p = portal(t)
    b = bridge(t)
    ways = {
        # The id is good at once in the addresses of a session.
        "session": lambda browser, id_: id_,
        # The start page logs in by it.
        "page": lambda browser, id_: browser.log_in(
            "sessionid=" + p.start_page(user, id_).rsplit("=", 1)[1]),
        "cookie": lambda browser, id_: browser.log_in(
            "EnableUseCookie=1&sessionid=" + id_),
        "page that takes over": lambda browser, id_: browser.log_in(
            "EnableUseCookie=1&killOld=1&userName=%s&sessionid=%s"
            % (user, id_)),
    }
    for web in (False, True):
        for name, enter in ways.items():
            browser = Browser(b.port)
            made = p.create(user, "127.0.0.1", web)
            match(made, "…-…")
            equal(p.sessions(user), [made])
            check("connected=NO" in p.get(made), name)
            id_ = enter(browser, made)
            equal(id_, made)
            equal(browser.user(id_), user, name)
            equal(p.find(user), made)
            check("address=127.0.0.1" in p.get(made), name)
            b.restart()
            equal(browser.user(id_), user, name)
            p.kill(made)
            equal(browser.user(id_), None, name)
            equal(browser.log_in("sessionid=" + made), None)
            equal(p.sessions(user), [])
    p.close()


def test_a_made_session_is_for_one_address(t):
    user, p = portal(t)
    b = bridge(t, trusted_proxies=["127.0.0.1"])
    here, there = ([("X-Forwarded-For", "192.0.2.%d" % n)] for n in (1, 2))
    made = p.create(user, "192.0.2.1")
    for _ in range(2):
        for headers in (there, []):
            equal(status(b, made, headers), 550)
            equal(b.ask("GET", "/XIMSSLogin/?DisableIPWatch=1&sessionid="
                        + made, headers=headers).status, 403)
        equal(status(b, made, here), 200)
        b.restart()
    p.close()


def test_a_made_session_that_is_ended_or_not_used_in_time(t):
    user, p = portal(t)
    b = bridge(t)
    made = p.create(user, "127.0.0.1")
    p.kill(made)
    equal(status(b, made), 550)
    equal(p.sessions(user), [])
    p.close()
    server = t.server(SERVER["options"])
    user = t.user(server=server)
    b = bridge(t, server)
    for seconds, found in ((598, 200), (602, 550)):
        made = server.cli("CreateXIMSSSession %s ADDRESS 127.0.0.1" % user)
        server.clock(seconds)
        equal(status(b, made), found)


# --- over TCP ---

def test_what_a_log_in_may_say(t):
    user = t.user()
    c = t.shared.connect()
    for more, error in (('newSession="later" session="1-x"', 501),
                        ('lasting="perhaps"', 501),
                        ('session="%s"' % ("1" * 42), 501),
                        ('session="%s"' % ("1" * 41), 515),
                        ('sessionKey="%s" session="x"' % ("k" * 256), 501),
                        ('newKey="%s" session="x"' % ("k" * 255), 515),
                        ('sessionNote="%s" session="x"' % ("n" * 65), 501),
                        ('sessionNote="%s" session="x"' % ("n" * 64), 515)):
        c.ask('<login id="login" %s/>' % more, failure("login", error))
    c.send('<login id="login" userName="%s" authData="%s" ticket="yes" '
           'lasting="yes" newKey="k" sessionNote="n"/>' % (user, PASSWORD))
    first = c.logged_in("login")
    id_, ticket = attr(first, "urlID"), attr(first, "ticket")
    equal(attr(first, "sessionNote"), "n")
    for more in ("", ' sessionKey="l"', ' sessionKey="l kk"'):
        t.shared.connect().ask('<login id="login" session="%s"%s/>'
                               % (id_, more), WRONG)
    d = t.shared.connect()
    d.send('<login id="login" session="%s" sessionKey="l k" lasting="yes"/>'
           % id_)
    again = d.logged_in("login")
    equal((attr(again, "urlID"), attr(again, "sessionNote")), (id_, "n"))
    # It is there once.
    c.expect("<sessionEnded/>")
    c.expect_bye()
    # The ticket of the connection before is void.
    t.shared.connect().ask('<login id="login" ticket="%s" session="%s"/>'
                           % (ticket, id_), WRONG)
    t.shared.connect().ask('<login id="login" ticket="%s"/>' % ticket, WRONG)
    # A ticket of one session does not open another.
    e = t.shared.connect()
    e.send('<login id="login" userName="%s" authData="%s" ticket="yes" '
           'lasting="yes"/>' % (user, PASSWORD))
    other = e.logged_in("login")
    t.shared.connect().ask(
        '<login id="login" ticket="%s" session="%s" lasting="yes"/>'
        % (attr(other, "ticket"), id_), WRONG)
    f = t.shared.connect()
    f.send('<login id="login" ticket="%s" session="%s" lasting="yes"/>'
           % (attr(other, "ticket"), attr(other, "urlID")))
    equal(attr(f.logged_in("login"), "urlID"), attr(other, "urlID"))


def test_ids_that_are_wrong_hold_up_no_log_in(t):
    server = t.server({**SERVER["options"], "login_address_free_tries": 1,
                       "login_delay": "1h", "login_max_delay": "1h"})
    user = t.user(server=server)
    c = server.connect()
    for _ in range(3):
        c.ask('<login id="login" session="1-%s"/>' % ("a" * 20), WRONG)
    check(not [line for line in server.lines if "login failed" in line],
          "no news to fail2ban")
    b = bridge(t, server)
    s = b.login(user)
    b.restart()
    equal(s.status(), 200)
