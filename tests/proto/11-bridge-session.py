# SPDX-License-Identifier: BSD-2-Clause
"""Requests, polls, and the life of web sessions (protocol.md B.5 to B.14)."""

import re
import time

from bridge import EMPTY, BridgeClient, batch, bridge, check_reply, xml
from ximss import (Failed, alert, check, equal, failure, match, response,
                   wait_until)

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}
NOOP = '<noop id="1"/>'


def logged_in(t, user=None, b=None, **parameters):
    user = user or t.user()
    b = b or bridge(t)
    s = b.login(user, **parameters)
    s.user = user
    return s


def post(t, s, text):
    """An alert for the session's user; its id."""
    return t.shared.admin().post(text, "account", target=s.user)


def posted(text):
    return alert(text, "account")


def confirmed(t, s):
    """Nothing is pending for the account: a new session is pushed nothing."""
    client = t.shared.login(s.user)
    pushed = client.flush()
    client.close()
    return pushed == []


def test_how_many_messages_may_wait(t):
    s = logged_in(t, b=bridge(t, unfetched_messages=10))
    for _ in range(2):  # also of those that were fetched and not acknowledged
        s.http.ask("POST", s.path + "async", "<XIMSS>%s</XIMSS>" % (NOOP * 5))
        s.sync('<noop id="2"/>')
        s.poll(0)
    equal(s.status(), 200)
    s.http.ask("POST", s.path + "async", "<XIMSS>%s</XIMSS>" % NOOP)
    s.bridge.wait_log("nobody fetches its messages")
    equal(s.status(), 550)


# --- B.5 ---

def test_reply_byte_by_byte(t):
    s = logged_in(t)
    reply = s.sync('<readTime id="readTime/24"/>')
    match(reply.text, '<XIMSS><currentTime id="readTime/24" gmtTime="…" '
          'localTime="…"/><response id="readTime/24"/></XIMSS>\r\n')
    equal([name for name, _ in reply.headers][:6],
          ["Connection", "Date", "Content-Type", "Content-Length", "Server",
           "Cache-Control"])
    equal(reply.headers[0][1], "keep-alive")
    equal(reply.headers[2][1], "text/xml;charset=utf-8")
    equal(int(reply.headers[3][1]), len(reply.body))
    equal(reply.headers[5][1], "no-cache,must-revalidate")
    check(re.match(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} "
                   r"\d\d:\d\d:\d\d GMT$", reply.header("Date")), reply.head)
    equal(reply.header("Transfer-Encoding"), None)
    equal((reply.version, reply.reason), ("HTTP/1.1", "OK"))


def test_data_then_response_in_the_order_of_requests(t):
    s = logged_in(t)
    s.sync('<noop id="b"/>', '<readSession id="a"/>', '<unknown id="c &lt;"/>',
           '<noop id="d"/>', expected=[
               response("b"),
               '<session id="a" urlID="%s" userName="%s" realName="…" '
               'version="…" random="…"/>' % (s.id, s.user),
               response("a"), failure("c <", 500, "unknown command"),
               response("d")])


def test_indentation_prolog_and_what_is_inside_of_requests(t):
    s = logged_in(t)
    body = ('<?xml version="1.0"?>\n<XIMSS>\n  <prefsStore id="1">\n'
            '    <Language>a &amp; b</Language>\n  </prefsStore>\n'
            "  <prefsRead id='2'><name>Language</name></prefsRead>\n"
            '</XIMSS>\n')
    for kind in ("application/x-www-form-urlencoded", "application/json",
                 "text/xml; charset=utf-8", None):
        reply = s.http.ask("POST", s.path + "sync", body,
                           [("Content-Type", kind)] if kind else [])
        check_reply("body", reply, 200, xml(
            response("1"), '<prefs id="2"><Language>a &amp; b</Language>'
            '</prefs>', response("2")))


def test_get_with_a_body(t):
    s = logged_in(t)
    for method in ("GET", "POST"):
        reply = s.http.ask(method, s.path + "sync?random=0.5",
                           "<XIMSS>%s</XIMSS>" % NOOP)
        check_reply(method, reply, 200, xml(response("1")))


def test_sync_is_never_empty(t):
    s = logged_in(t)
    s.sync(expected=[])
    check_reply("no requests", s.http.ask("POST", s.path + "sync",
                                          "<XIMSS/>"), 200,
                "<XIMSS></XIMSS>\r\n")
    for body in ("<XIMSS>", "<other/>", "", "x=1"):
        check_reply(body, s.http.ask("POST", s.path + "sync", body), 200,
                    xml('<response id="" errorText="malformed message" '
                        'errorNum="540"/>'))


def test_request_without_id(t):
    logged_in(t).sync("<noop/>", expected=['<response id=""/>'])


def test_case_of_paths(t):
    s = logged_in(t)
    for path in ("/session/%s/SYNC", "/SESSION/%s/Sync"):
        reply = s.http.ask("POST", path % s.id, "<XIMSS>%s</XIMSS>" % NOOP)
        check_reply(path, reply, 200, xml(response("1")))


def test_idle_connection_is_closed_and_a_poll_is_not_idle(t):
    s = logged_in(t, b=bridge(t, keep_alive="300ms"))
    poll = s.start_poll(0, 30)
    s.sync(NOOP)
    s.http.expect_closed()
    post(t, s, "x")
    poll.expect(200, batch(1, posted("x")))


def test_pipelined_requests_are_answered_in_order(t):
    s = logged_in(t)
    for id_ in "abc":
        s.http.send("POST", s.path + "sync",
                    '<XIMSS><noop id="%s"/></XIMSS>' % id_)
    for id_ in "abc":
        s.http.expect(200, xml(response(id_)))


def test_http_1_0_and_connection_close(t):
    s = logged_in(t)
    s.http.send("POST", s.path + "sync", "<XIMSS/>",
                [("Connection", "close")])
    equal(s.http.expect(200).header("Connection"), "close")
    s.http.expect_closed()


# --- B.6 ---

def test_empty_poll_uses_no_number(t):
    s = logged_in(t)
    for _ in range(3):
        equal(s.poll(0), EMPTY)
    post(t, s, "first")
    s.start_poll(0).expect(200, batch(1, posted("first")))


def test_poll_is_answered_at_the_first_message(t):
    s = logged_in(t)
    poll = s.start_poll(0)
    post(t, s, "one")
    poll.expect(200, batch(1, posted("one")))


def test_batch_is_frozen_until_it_is_confirmed(t):
    s = logged_in(t)
    poll = s.start_poll(0)
    post(t, s, "one")
    poll.expect(200, batch(1, posted("one")))
    post(t, s, "two")
    post(t, s, "three")
    wait_until(lambda: s.bridge.metric("messages_pushed_total") == 3,
               "three alerts")
    for _ in range(2):
        match(s.poll(0), batch(1, posted("one")))
    for _ in range(2):
        match(s.poll(1), batch(2, posted("two"), posted("three")))
    equal(s.poll(2), EMPTY)
    match(s.poll(0), EMPTY)


def test_missing_and_empty_values(t):
    s = logged_in(t)
    post(t, s, "one")
    s.start_poll(0).expect(200, batch(1, posted("one")))
    for query in ("?ackSeq=&maxWait=", "", "?ackSeq=x&maxWait=0", "?maxWait="):
        check_reply(query, s.http.ask("GET", s.path + query), 200,
                    batch(1, posted("one")))


def test_all_ways_to_poll(t):
    s = logged_in(t)
    post(t, s, "one")
    s.start_poll(0).expect(200)
    for method, path in (("GET", ""), ("GET", "get"), ("POST", ""),
                         ("GET", "GET")):
        check_reply(path, s.http.ask(
            method, s.path + path + "?maxWait=290&ackSeq=0&reqSeq=7"), 200,
            batch(1, posted("one")))


def test_wait_ends_in_time_and_is_capped(t):
    s = logged_in(t, b=bridge(t, max_wait="1s"))
    for wait in (1, 290):
        start = time.monotonic()
        equal(s.poll(0, wait), EMPTY)
        check(0.9 < time.monotonic() - start, "a second")


def begun_poll(s):
    """A poll that the bridge has.  Each question for a count is counted, too."""
    counted = s.bridge.metric("requests_total")
    poll = s.start_poll(0)

    def is_counted():
        nonlocal counted
        counted += 1
        return s.bridge.metric("requests_total") > counted
    wait_until(is_counted, "the poll")
    return poll


def test_newer_poll_wins(t):
    s = logged_in(t)
    older = begun_poll(s)
    newer = s.start_poll(0)
    older.expect(200, EMPTY)
    post(t, s, "one")
    newer.expect(200, batch(1, posted("one")))


def test_sync_while_a_poll_hangs(t):
    s = logged_in(t)
    poll = s.start_poll(0)
    s.sync(NOOP, expected=[response("1")])
    post(t, s, "one")
    s.sync(NOOP, expected=[response("1")])
    poll.expect(200, batch(1, posted("one")))


def test_sync_async_takes_what_waits_and_only_what_was_never_sent(t):
    s = logged_in(t)
    post(t, s, "one")
    s.start_poll(0).expect(200, batch(1, posted("one")))
    post(t, s, "two")
    wait_until(lambda: s.bridge.metric("messages_pushed_total") == 2, "two")
    s.sync(NOOP, query="?reqSeq=1&syncAsync=1",
           expected=[posted("two"), response("1")])
    s.sync(NOOP, query="?reqSeq=2&syncAsync=1", expected=[response("1")])
    match(s.poll(0), batch(1, posted("one")))
    equal(s.poll(1), EMPTY)
    wait_until(lambda: confirmed(t, s), "both are confirmed")


def test_sync_async_without_a_number_confirms_nothing(t):
    """The second body may be there because the first one's reply was lost."""
    s = logged_in(t)
    post(t, s, "one")
    wait_until(lambda: s.bridge.metric("messages_pushed_total") == 1, "one")
    s.sync(NOOP, query="?syncAsync=1", expected=[posted("one"),
                                                 response("1")])
    s.sync(NOOP, query="?syncAsync=1", expected=[response("1")])
    s.sync('<bye id="2"/>', expected=[response("2")])
    client = t.shared.login(s.user)
    client.expect(posted("one"))
    client.close()


def test_batch_confirms_only_when_it_is_acknowledged(t):
    s = logged_in(t)
    post(t, s, "one")
    s.start_poll(0).expect(200, batch(1, posted("one")))
    s.sync(NOOP)
    client = t.shared.login(s.user, alertConfirm="yes")
    client.flush_exactly(posted("one"))
    s.poll(1)
    wait_until(lambda: confirmed(t, s), "confirmed")


def test_removed_alerts_are_told_on_request_only(t):
    for more, expected in (({}, EMPTY),
                           ({"alertChanges": 1},
                            batch(2, '<alertRemoved alertID="…"/>'))):
        s = logged_in(t, **more)
        id_ = t.shared.admin().post("x", "domain",
                                    target=s.user.split("@")[1])
        s.start_poll(0).expect(200)
        t.shared.admin().ok('<alertRemove id="r" alertID="%s"/>' % id_)
        s.sync(NOOP)
        match(s.poll(1, 0 if expected == EMPTY else 20), expected)


def test_withdrawn_before_it_was_fetched(t):
    s = logged_in(t)
    id_ = t.shared.admin().post("x", "domain", target=s.user.split("@")[1])
    wait_until(lambda: s.bridge.metric("messages_pushed_total") == 1, "it")
    t.shared.admin().ok('<alertRemove id="r" alertID="%s"/>' % id_)
    s.sync(NOOP)
    equal(s.poll(0), EMPTY)


# --- async ---

def test_async_answers_by_poll(t):
    s = logged_in(t)
    reply = s.http.ask("POST", s.path + "async?reqSeq=1",
                       '<XIMSS><readTime id="a"/></XIMSS>')
    equal((reply.status, reply.body), (200, b""))
    text = s.poll(0, 20)
    if "response" not in text:
        text += s.poll(1, 20)
    check('<currentTime id="a" ' in text and '<response id="a"/>' in text,
          text)


# --- B.7 ---

def test_repeated_number_is_not_executed_again(t):
    s = logged_in(t)
    s.sync('<prefsStore id="1"><Language>one</Language></prefsStore>',
           query="?reqSeq=1", expected=[response("1")])
    s.sync('<prefsStore id="1"><Language>two</Language></prefsStore>',
           query="?reqSeq=1&random=0.7", expected=[response("1")])
    s.sync('<prefsRead id="2"><name>Language</name></prefsRead>',
           query="?reqSeq=2",
           expected=['<prefs id="2"><Language>one</Language></prefs>',
                     response("2")])


def test_any_first_number_then_one_more_each(t):
    for first in (0, 1, 41):
        s = logged_in(t)
        for seq in (first, first + 1, first + 1):
            s.sync(NOOP, query="?reqSeq=%d" % seq, expected=[response("1")])
        for seq in (first, first + 3):
            reply = s.sync(NOOP, query="?reqSeq=%d" % seq)
            equal((reply.status, reply.reason),
                  (400, "XIMSS request sequence error"))
        s.sync(NOOP, query="?reqSeq=%d" % (first + 2),
               expected=[response("1")])


def test_number_at_the_root(t):
    s = logged_in(t)
    for seq, want in ((5, 200), (5, 200), (7, 400), (6, 200)):
        equal(s.http.ask("POST", s.path + "sync",
                         '<XIMSS reqSeq="%d">%s</XIMSS>' % (seq, NOOP)
                         ).status, want)


def test_none_at_all_in_parallel(t):
    s = logged_in(t)
    clients = [s.bridge.connect() for _ in range(8)]
    for i, client in enumerate(clients):
        client.send("POST", s.path + "sync",
                    '<XIMSS><noop id="%d"/></XIMSS>' % i)
    for i, client in enumerate(clients):
        client.expect(200, xml(response(str(i))))


def test_poll_has_no_number(t):
    s = logged_in(t)
    s.sync(NOOP, query="?reqSeq=1")
    s.http.ask("POST", s.path + "?maxWait=0&ackSeq=0&reqSeq=99")
    s.sync(NOOP, query="?reqSeq=2", expected=[response("1")])


# --- the end: B.8, B.9, B.14 ---

def test_550_and_nothing_else(t):
    b = bridge(t)
    for method, path in (("POST", "sync"), ("GET", ""), ("GET", "get"),
                         ("POST", "KILL"), ("POST", "async"),
                         ("GET", "events"), ("POST", "UPLOAD/1")):
        for id_ in ("100000-aaaaaaaaaaaaaaaaaaaa", "", "x"):
            reply = b.ask(method, "/Session/%s/%s" % (id_, path), "<XIMSS/>")
            equal((reply.status, reply.reason), (550, "Session not found"))
            check(not reply.text.lstrip().startswith("<"), reply.text)
    equal(b.ask("POST", "/Session//sync", "<XIMSS/>").status, 550)


def test_other_paths_in_a_session(t):
    s = logged_in(t)
    equal(s.http.ask("POST", s.path + "sessionadmin.wcgp").status, 404)
    equal(s.http.ask("POST", "/sys/sessionadmin.wcgp?op=x").status, 404)
    equal(s.status(), 200)


def test_one_wrong_character(t):
    s = logged_in(t)
    for id_ in (s.id[:-1], s.id + "a", s.id.swapcase(), s.id.split("-")[0]):
        equal(s.bridge.ask("GET", "/Session/%s/" % id_).status, 550)
    equal(s.status(), 200)


def test_bye(t):
    s = logged_in(t)
    poll = begun_poll(s)
    s.sync(NOOP, '<bye id="2"/>', query="?reqSeq=1&syncAsync=1",
           expected=[response("1"), response("2")])
    poll.expect(200)
    equal(s.status(), 550)
    wait_until(lambda: t.shared.sessions(s.user) == 0, "gone at the server")


def test_bye_brings_no_alert(t):
    """Nothing behind it could confirm one: it would be shown twice."""
    for query in ("?syncAsync=1", "?reqSeq=1&syncAsync=1"):
        for body, answers in ((('<bye id="2"/>',), ["2"]),
                              (('<bye id="2"/>', NOOP), ["2", "1"]),
                              ((NOOP, '<bye id="2"/>'), ["1", "2"])):
            s = logged_in(t)
            post(t, s, "one")
            wait_until(lambda s=s: s.bridge.metric("messages_pushed_total")
                       == 1, "one")
            s.sync(*body, query=query,
                   expected=[response(id_) for id_ in answers])
            client = t.shared.login(s.user)
            client.expect(posted("one"))
            client.close()


def test_kill(t):
    s = logged_in(t)
    poll = begun_poll(s)
    reply = s.http.ask("POST", s.path + "KILL")
    equal(reply.status, 200)
    poll.expect(200, batch(1, "<bye/>"))
    equal(s.status(), 550)
    wait_until(lambda: t.shared.sessions(s.user) == 0, "gone at the server")


def test_killed_by_an_administrator(t):
    s = logged_in(t)
    poll = begun_poll(s)
    t.shared.cli("KillAccountSessions " + s.user)
    poll.expect(200, batch(1, "<bye/>"))
    equal(s.status(), 550)


def test_idle_session_ends(t):
    s = logged_in(t, b=bridge(t, session_idle="1s"))
    waiting = logged_in(t, b=s.bridge)
    poll = waiting.start_poll(0)
    wait_until(lambda: t.shared.sessions(s.user) == 0, "idle")
    equal(s.status(), 550)
    post(t, waiting, "alive")
    poll.expect(200, batch(1, posted("alive")))


def test_idle_time_is_the_clients(t):
    s = logged_in(t)
    s.sync('<setSessionOption id="1" name="idleTimeout" value="1"/>',
           '<setSessionOption id="2" name="idleTimeout" value="x"/>',
           expected=[response("1"), failure("2", 501)])
    wait_until(lambda: t.shared.sessions(s.user) == 0, "idle")
    equal(s.status(), 550)


# --- B.10, B.11, B.12 ---

def test_cookie_comes_with_the_first_sync(t):
    s = logged_in(t, EnableUseCookie=1)
    equal(s.login_reply.header("Set-Cookie"), None)
    cookie = s.sync(NOOP).header("Set-Cookie")
    found = re.match(r"(CGateProWebUser=[A-Za-z0-9]{20});Version=1;"
                     r"Max-Age=11100;Path=/Session/%s;HttpOnly;"
                     r"SameSite=Strict$" % s.id, cookie)
    check(found, cookie)
    equal(s.status(), 550)
    s.headers = [("Cookie", "a=b; %s; c=d" % found.group(1))]
    equal(s.sync(NOOP).header("Set-Cookie"), None)
    equal(s.status(), 200)
    for wrong in (found.group(1) + "x", found.group(1)[:-1],
                  "x" + found.group(1)):
        s.headers = [("Cookie", wrong)]
        equal(s.status(), 550, wrong)


def cookie_of(reply):
    header = reply.header("Set-Cookie")
    return [("Cookie", header.split(";")[0])] if header else None


def test_cookie_whose_reply_is_lost(t):
    """It goes with the stored reply again, as long as it has not come back."""
    for more, after in (("?reqSeq=1", "?reqSeq=2"), ("", ""),
                        ("?reqSeq=0&syncAsync=1", "?reqSeq=1")):
        s = logged_in(t, EnableUseCookie=1)
        lost = s.sync(NOOP, query=more, expected=[response("1")])
        poll = s.start_poll(0)  # it has not heard of a cookie yet
        for _ in range(3):
            again = s.sync(NOOP, query=more + ("&" if more else "?")
                           + "random=0.5", expected=[response("1")])
            equal(again.header("Set-Cookie"), lost.header("Set-Cookie"))
        post(t, s, "one")
        poll.expect(200, batch(1, posted("one")))
        s.headers = cookie_of(again)
        check_reply("next", s.sync(NOOP, query=after), 200,
                    xml(response("1")))
        equal(s.sync(NOOP).header("Set-Cookie"), None)
        # It has come back: from now on nobody goes without.
        s.headers = []
        for query in (more, more + ("&" if more else "?") + "random=1"):
            reply = s.sync(NOOP, query=query)
            equal((reply.status, reply.header("Set-Cookie")), (550, None))
        equal(s.http.ask("GET", s.path + "?ackSeq=0").status, 550)
        equal(s.http.ask("GET", s.path + "events").status, 550)


def test_cookie_of_async_and_of_a_number_at_the_root(t):
    s = logged_in(t, EnableUseCookie=1)
    body = '<XIMSS reqSeq="5">%s</XIMSS>' % NOOP
    for path in ("async", "async", "async?random=1"):
        reply = s.http.ask("POST", s.path + path, body)
        equal(reply.status, 200)
        check(cookie_of(reply), reply.head)
    s.headers = cookie_of(reply)
    equal(s.status(), 200)


def test_another_person_does_not_get_the_cookie(t):
    b = bridge(t, trusted_proxies=["127.0.0.1"])
    other = [("X-Forwarded-For", "192.0.2.1")]
    for more in ({}, {"DisableIPWatch": 1}):
        s = logged_in(t, b=b, EnableUseCookie=1, **more)
        mine = cookie_of(s.sync(NOOP, query="?reqSeq=1",
                                expected=[response("1")]))
        # From elsewhere, even the very same.
        for query in ("?reqSeq=1", "?reqSeq=2", ""):
            reply = s.http.ask("POST", s.path + "sync" + query,
                               "<XIMSS>%s</XIMSS>" % NOOP, other)
            equal((reply.status, cookie_of(reply)), (550, None))
        equal(s.http.ask("GET", s.path, headers=other).status, 550)
        # From the same address, but not the same.
        for path, body in (
                ("sync?reqSeq=1", "<XIMSS>%s%s</XIMSS>" % (NOOP, NOOP)),
                ("sync?reqSeq=1", '<XIMSS><noop id="2"/></XIMSS>'),
                ("sync?reqSeq=2", "<XIMSS>%s</XIMSS>" % NOOP),
                ("sync", "<XIMSS>%s</XIMSS>" % NOOP),
                ("", "<XIMSS>%s</XIMSS>" % NOOP),
                ("async", "<XIMSS>%s</XIMSS>" % NOOP),
                ("KILL", ""), ("ack?ackEvent=1", "")):
            reply = s.http.ask("POST", s.path + path, body)
            equal((reply.status, cookie_of(reply)), (550, None), path)
        for more_ in ("", "&killOld=1"):
            equal(b.ask("GET", "/XIMSSLogin/?sessionid=" + s.id
                        + more_).status, 403)
        # Whose it is has noticed nothing.
        s.headers = mine
        s.sync(NOOP, query="?reqSeq=2", expected=[response("1")])
        equal(s.status(), 200)


def test_wrong_cookie_while_the_right_one_is_on_its_way(t):
    s = logged_in(t, EnableUseCookie=1)
    mine = cookie_of(s.sync(NOOP, query="?reqSeq=1"))
    s.headers = [("Cookie", mine[0][1][:-1] + "-")]
    equal(s.status(), 550)
    s.headers = mine
    equal(s.status(), 200)


def test_cookie_of_a_request_that_was_not_executed(t):
    """ximssd is away: 503, and the same again."""
    server = t.server({"trusted_addresses": ["127.0.0.1"]},
                      listen="127.0.0.1:0")
    server.listen = ["127.0.0.1:%d" % server.ports()[0][1]]
    user = server.account("joe@" + server.domain("one.test"))
    s = bridge(t, server, answer_timeout="300ms").login(user,
                                                        EnableUseCookie=1)
    server.stop()
    equal(s.sync(NOOP, query="?reqSeq=1").status, 503)
    server.start()
    wait_until(lambda: s.bridge.metric("reconnects_total") == 1, "back", 60)
    s.headers = cookie_of(s.sync(NOOP, query="?reqSeq=1",
                                 expected=[response("1")]))
    s.sync(NOOP, query="?reqSeq=2", expected=[response("1")])


def test_cookies_are_off_by_default_and_secure_under_tls(t):
    user = t.user()
    b = bridge(t, tls=True)
    s = logged_in(t, user, b)
    equal(s.sync(NOOP).header("Set-Cookie"), None)
    equal(logged_in(t, user, b, EnableUseCookie=1, DisableUseCookie=1)
          .sync(NOOP).header("Set-Cookie"), None)
    s = logged_in(t, user, b, EnableUseCookie=1)
    reply = b.connect(tls=True).ask("POST", s.path + "sync",
                                    "<XIMSS>%s</XIMSS>" % NOOP)
    check(reply.header("Set-Cookie").endswith(";Secure"), reply.head)


def test_address_watch(t):
    user = t.user()
    b = bridge(t, trusted_proxies=["127.0.0.1"])
    watched, free = b.login(user), b.login(user, DisableIPWatch=1)
    other = [("X-Forwarded-For", "192.0.2.1")]
    watched.headers = free.headers = other
    equal((watched.status(), free.status()), (550, 200))
    watched.headers = []
    equal(watched.status(), 200)


def made(t, user, where):
    return t.shared.cli("CreateXIMSSSession %s ADDRESS %s"
                        % (user, where)).strip('"')


def test_session_that_an_administrator_made(t):
    """Good from the address that he named, and bound to it."""
    user = t.user()
    b = bridge(t, trusted_proxies=["127.0.0.1"])
    here = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https")]
    for more in ("", "&DisableIPWatch=1", "&EnableUseCookie=1",
                 "&userName=" + user):
        for verb in ("192.0.2.1", "127.0.0.1 FOR 192.0.2.1"):
            path = "/XIMSSLogin/?sessionid=" + made(t, user, verb) + more
            for other in ([("X-Forwarded-For", "192.0.2.2")], []):
                equal(b.ask("GET", path, headers=other).status, 403, path)
            reply = b.ask("GET", path, headers=here)
            check_reply(path, reply, 200)
            equal(re.search('userName="([^"]+)"', reply.text).group(1), user)
            id_ = re.search('urlID="([^"]+)"', reply.text).group(1)
            for headers, status in ((here, 200), ([], 550), (
                    [("X-Forwarded-For", "192.0.2.2")], 550)):
                equal(b.ask("GET", "/Session/%s/" % id_,
                            headers=headers).status, status, path)
            # Nor does a log-in by the session lead away from there.
            for kill in ("", "&killOld=1"):
                equal(b.ask("GET", "/XIMSSLogin/?DisableIPWatch=1&sessionid="
                            + id_ + kill).status, 403)
            check(("sessionid=" + id_) in path, "it keeps its id")
            # From now on the id is that of any session.
            check_reply("again", b.ask("GET", path, headers=here), 200)
            for other in ([("X-Forwarded-For", "192.0.2.2")], []):
                equal(b.ask("GET", path, headers=other).status, 403, path)
    for id_ in ("x" * 43, "1-" + "x" * 19, "1-" + "x" * 20, "1-" + "x" * 21):
        equal(b.ask("GET", "/XIMSSLogin/?sessionid=" + id_).status, 403)


def test_cors(t):
    b = bridge(t, allowed_origins=["https://app.example.test"])
    s = logged_in(t, b=b)
    ours = [("Origin", "https://app.example.test")]
    reply = b.ask("OPTIONS", s.path + "sync", headers=ours + [
        ("Access-Control-Request-Method", "POST")])
    equal(reply.status, 204)
    equal(reply.header("Access-Control-Allow-Methods"), "GET, POST, OPTIONS")
    equal(reply.header("Access-Control-Allow-Headers"),
          "Content-Type, Authorization")
    check(int(reply.header("Access-Control-Max-Age")) > 0, reply.head)
    replies = [reply,
               b.ask("POST", s.path + "sync", "<XIMSS/>", ours),
               b.ask("POST", "/Session/x/sync", "<XIMSS/>", ours),
               b.ask("GET", "/XIMSSLogin/", headers=ours),
               b.ask("GET", s.path + "?ackSeq=0", headers=ours)]
    equal([r.status for r in replies], [204, 200, 550, 401, 200])
    for r in replies:
        equal(r.header("Access-Control-Allow-Origin"), ours[0][1], r.head)
        equal(r.header("Vary"), "Origin")


def test_other_sites_may_not_post(t):
    b = bridge(t)
    s = logged_in(t, b=b)
    body = "<XIMSS>%s</XIMSS>" % NOOP
    for origin in ("https://evil.test", "null", "http://localhost.evil.test"):
        reply = b.ask("POST", s.path + "sync", body, [("Origin", origin)])
        equal(reply.status, 403, origin)
        equal(reply.header("Access-Control-Allow-Origin"), None)
        equal(b.ask("GET", "/XIMSSLogin/?userName=a&password=b",
                    headers=[("Origin", origin)]).status, 403)
    for headers in ([("Origin", "http://localhost")],
                    [("Origin", "https://public.test"),
                     ("Sec-Fetch-Site", "same-origin")]):
        equal(b.ask("POST", s.path + "sync", body, headers).status, 200)


# --- a proxy that loses replies ---

class Lossy(BridgeClient):
    """Drops every second reply: the client has to repeat."""

    lost = 0

    @classmethod
    def ask_until(cls, s, method, path, body=b""):
        while True:
            reply = s.bridge.connect().ask(method, path, body)
            cls.lost += 1
            if cls.lost % 2 == 0:
                return reply


def test_every_second_reply_is_lost(t):
    s = logged_in(t, t.user(rights=("CanPostAlerts",)))
    domain = s.user.split("@")[1]
    ack, got = 0, []
    for seq in range(1, 13):
        reply = Lossy.ask_until(
            s, "POST", s.path + "sync?reqSeq=%d" % seq,
            '<XIMSS><alertPost id="p" scope="domain" target="%s">alert %d'
            "</alertPost></XIMSS>" % (domain, seq))
        check('<response id="p"/>' in reply.text, reply.text)
        if seq % 3 != 0:
            continue
        while len(got) < seq:
            reply = Lossy.ask_until(
                s, "GET", s.path + "?ackSeq=%d&maxWait=20" % ack)
            match(reply.text[:17], '<XIMSS respSeq="%s' % (ack + 1))
            ack += 1
            got += re.findall(r">(alert \d+)</alert>", reply.text)
    equal(got, ["alert %d" % i for i in range(1, 13)])
    listed = t.shared.admin().ok('<alertList id="l" scope="domain" '
                                 'target="%s"/>' % domain)
    equal(len(listed), 12, "each posted once")
