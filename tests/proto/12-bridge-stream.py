# SPDX-License-Identifier: BSD-2-Clause
"""Server-sent events: GET /Session/ID/events."""

import re
import signal

from bridge import EMPTY, batch, bridge, event
from ximss import (alert, check, equal, match, post_request, response,
                   wait_until)

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}


def logged_in(t, user=None, b=None, **parameters):
    user = user or t.user()
    s = (b or bridge(t)).login(user, **parameters)
    s.user = user
    return s


def post(t, s, text):
    return t.shared.admin().post(text, "account", target=s.user)


def posted(text):
    return alert(text, "account")


def expect(stream, id_, name, data):
    got = event(stream)
    equal(got[:2], (id_, name), str(got))
    match(got[2], data)


def confirmed(t, s):
    client = t.shared.login(s.user)
    pushed = client.flush()
    client.close()
    return pushed == []


def pending(t, s, *texts):
    """What a new session is pushed: not confirmed yet.  The bridge does not
    wait for the server when it confirms; an answer of the server comes later
    than what the bridge had said to it before."""
    s.sync('<noop id="pending"/>')
    client = t.shared.login(s.user, alertConfirm="yes")
    client.flush_exactly(*(posted(text) for text in texts))
    client.close()


def ack(s, id_):
    equal(s.http.ask("POST", "%sack?ackEvent=%s" % (s.path, id_)).text, EMPTY)


def test_head_and_greeting(t):
    s = logged_in(t)
    stream = s.stream()
    equal(stream.head.header("Content-Type"), "text/event-stream")
    equal(stream.head.header("Cache-Control"), "no-cache,must-revalidate")
    equal(stream.head.header("X-Accel-Buffering"), "no")
    equal(stream.head.header("Content-Length"), None)
    found = re.fullmatch(rb"retry: (\d+)\n: hello\n\n", stream.greeting)
    check(found and 2000 <= int(found.group(1)) <= 10000,
          str(stream.greeting))


def test_retry_times_are_spread(t):
    s = logged_in(t)
    times = {s.stream().greeting for _ in range(12)}
    check(len(times) > 6, str(times))


def test_one_event_for_each_message(t):
    s = logged_in(t)
    stream = s.stream()
    for i, text in enumerate(("one", "two & <three>", "four"), 1):
        post(t, s, text)
        expect(stream, str(i), "alert", posted(text))


def test_line_breaks_are_framed(t):
    s = logged_in(t)
    stream = s.stream()
    text = "first\n\n  second\nid: 99\r\ndata: x\r"
    post(t, s, text)
    expect(stream, "1", "alert", posted(text))
    post(t, s, "next")
    expect(stream, "2", "alert", posted("next"))


def test_removed_alerts_are_told(t):
    s = logged_in(t)
    stream = s.stream()
    id_ = t.shared.admin().post("x", "domain", target=s.user.split("@")[1])
    expect(stream, "1", "alert", alert("x", "domain"))
    t.shared.admin().ok('<alertRemove id="r" alertID="%s"/>' % id_)
    expect(stream, "2", "alertRemoved", '<alertRemoved alertID="%s"/>' % id_)


def test_heartbeat(t):
    s = logged_in(t, b=bridge(t, heartbeat="200ms"))
    stream = s.stream()
    for _ in range(3):
        stream.until(b": heartbeat\n\n")
    post(t, s, "x")
    expect(stream, "1", "alert", posted("x"))


def test_confirmed_only_by_the_pages_word(t):
    s = logged_in(t)
    stream = s.stream()
    for text in ("one", "two"):
        post(t, s, text)
    expect(stream, "1", "alert", posted("one"))
    expect(stream, "2", "alert", posted("two"))
    s.sync('<noop id="1"/>')
    pending(t, s, "one", "two")
    ack(s, 1)
    ack(s, 99)
    ack(s, "x")
    pending(t, s, "two")
    ack(s, 2)
    wait_until(lambda: confirmed(t, s), "all confirmed")


def test_ack_with_a_sync(t):
    s = logged_in(t)
    stream = s.stream()
    post(t, s, "one")
    expect(stream, "1", "alert", posted("one"))
    s.sync('<noop id="1"/>', query="?ackEvent=1", expected=[response("1")])
    wait_until(lambda: confirmed(t, s), "confirmed")


def test_last_event_id_goes_on_behind_it_and_confirms(t):
    for how in ("header", "query"):
        s = logged_in(t)
        stream = s.stream()
        for text in ("one", "two"):
            post(t, s, text)
        expect(stream, "1", "alert", posted("one"))
        expect(stream, "2", "alert", posted("two"))
        stream.close()
        post(t, s, "three")
        stream = s.stream("1") if how == "header" else \
            s.stream(query="?lastEventID=1")
        expect(stream, "2", "alert", posted("two"))
        expect(stream, "3", "alert", posted("three"))
        pending(t, s, "two", "three")


def test_an_empty_last_event_id_is_none(t):
    """As before the first event; what the query says is not undone by it."""
    s = logged_in(t)
    for text in ("one", "two"):
        post(t, s, text)
    for query, first in (("", "1"), ("?lastEventID=", "1"),
                         ("?lastEventID=1", "2")):
        for value in ("", " \t"):
            stream = s.stream(value, query=query)
            expect(stream, first, "alert",
                   posted("one" if first == "1" else "two"))
            stream.close()


def test_without_an_id_all_that_is_not_confirmed_comes_again(t):
    s = logged_in(t)
    for text in ("one", "two"):
        post(t, s, text)
    for _ in range(2):
        stream = s.stream()
        expect(stream, "1", "alert", posted("one"))
        expect(stream, "2", "alert", posted("two"))
        stream.close()


def test_unknown_ids_get_the_whole_set(t):
    s = logged_in(t)
    domain = s.user.split("@")[1]
    stream = s.stream()
    t.shared.admin().post("confirmed", "domain", target=domain)
    expect(stream, "1", "alert", alert("confirmed", "domain"))
    t.shared.admin().post("not yet", "domain", target=domain)
    expect(stream, "2", "alert", alert("not yet", "domain"))
    ack(s, 1)
    for last in ("0", "3", "99999999999999999999999", "-1", "garbage",
                 "1x"):
        stream = s.stream(last)
        got = [event(stream) for _ in range(3)]
        names = sorted((name, id_ or "") for id_, name, _ in got)
        equal(names, [("alert", "2"), ("alertReport", ""),
                      ("alertReport", "")], last)
        for _, name, data in got:
            check(" id=" not in data, data)
        stream.close()


def test_lists_go_to_the_streams_that_asked(t):
    s = logged_in(t)
    t.shared.admin().post("x", "domain", target=s.user.split("@")[1])
    plain = s.stream()
    expect(plain, "1", "alert", alert("x", "domain"))
    asked = [s.stream("garbage") for _ in range(3)]
    for stream in asked:
        equal(sorted(event(stream)[1] for _ in range(2)),
              ["alert", "alertReport"])
    t.shared.admin().post("y", "account", target=s.user)
    for stream in asked + [plain]:
        expect(stream, "2", "alert", posted("y"))


def test_a_list_that_a_slow_line_has_no_room_for(t):
    """Longer than what a client may leave unread, and than what the system
    takes: it comes as it is read."""
    server = t.server({"trusted_addresses": ["127.0.0.1"],
                       "alert_bytes": "16K"})
    admin = server.admin()
    server.domain("a.test")
    n, fill = 500, "x" * 16000
    for i in range(n):
        admin.send(post_request("m%d" % i, "%d %s" % (i, fill), "domain",
                                target="a.test"))
    for i in range(n):
        admin.until_response("m%d" % i)
    b = bridge(t, server, output_hard="512K", unfetched_bytes="32M")
    s = logged_in(t, server.account("joe@a.test"), b)
    slow = s.stream("garbage", window=16384)
    for _ in range(2):  # all that is to come at once has been sent
        s.sync('<noop id="1"/>')
    got = [event(slow) for _ in range(2 * n)]
    for wanted in ("alert", "alertReport"):
        equal([int(data.split(">")[1].split(" ")[0])
               for _, name, data in got if name == wanted], list(range(n)))
    admin.post("the next", "account", target=s.user)
    expect(slow, str(n + 1), "alert", posted("the next"))


def test_two_streams_of_one_session(t):
    s = logged_in(t)
    streams = [s.stream(), s.stream()]
    post(t, s, "one")
    for stream in streams:
        expect(stream, "1", "alert", posted("one"))
    streams[0].close()
    post(t, s, "two")
    expect(streams[1], "2", "alert", posted("two"))


def test_poll_and_stream_share_what_is_confirmed(t):
    s = logged_in(t)
    stream = s.stream()
    post(t, s, "one")
    expect(stream, "1", "alert", posted("one"))
    match(s.poll(0), batch(1, posted("one")))
    equal(s.poll(1), EMPTY)
    wait_until(lambda: confirmed(t, s), "confirmed")
    post(t, s, "two")
    expect(stream, "2", "alert", posted("two"))
    ack(s, 2)
    equal(s.poll(1), EMPTY)


def test_ends_with_the_session(t):
    for end in ("bye", "kill", "admin"):
        s = logged_in(t)
        stream = s.stream()
        if end == "bye":
            s.sync('<bye id="1"/>')
        elif end == "kill":
            s.http.ask("POST", s.path + "KILL")
        else:
            t.shared.cli("KillAccountSessions " + s.user)
        if end != "bye":
            expect(stream, "1", "bye", "<bye/>")
        stream.expect_closed()
        equal(s.status(), 550)


def test_stream_keeps_the_session_alive(t):
    s = logged_in(t, b=bridge(t, session_idle="1s", heartbeat="1500ms"))
    stream = s.stream()
    for _ in range(2):
        stream.until(b": heartbeat\n\n")
    equal(s.status(), 200)
    stream.close()
    wait_until(lambda: t.shared.sessions(s.user) == 0, "idle")


def test_slow_reader_does_not_cost_a_buffer_and_loses_nothing(t):
    s = logged_in(t)
    stream = s.stream()
    n, text = 400, "x" * 4000
    for i in range(n):
        post(t, s, "%d %s" % (i, text))
    for i in range(n):
        id_, name, data = event(stream)
        equal((id_, name), (str(i + 1), "alert"))
        check(">%d x" % i in data, data[:200])


def test_what_came_before_the_stream_comes_at_once(t):
    """More than one write of it; nothing else happens that would go on."""
    s = logged_in(t, b=bridge(t, heartbeat="1h"))
    n = 30
    for i in range(n):
        post(t, s, "%d %s" % (i, "x" * 3900))
    pending(t, s, *["%d %s" % (i, "x" * 3900) for i in range(n)])
    stream = s.stream()
    for i in range(n):
        equal(event(stream)[0], str(i + 1))


def test_too_many_streams_of_one_session(t):
    s = logged_in(t)
    streams = [s.stream() for _ in range(17)]
    streams[0].expect_closed()
    post(t, s, "x")
    expect(streams[1], "1", "alert", posted("x"))
    expect(streams[16], "1", "alert", posted("x"))


def test_lists_that_were_not_answered_have_a_limit(t):
    """Each stream that begins with an unknown id asks ximssd for a list."""
    server = t.server({"trusted_addresses": ["127.0.0.1"]})
    s = logged_in(t, server.account("joe@" + server.domain("one.test")),
                  bridge(t, server))
    server.freeze()
    try:
        for _ in range(16):
            s.stream(last="999")
        for _ in range(3):
            reply = s.bridge.ask("GET", s.path + "events",
                                 headers=[("Last-Event-ID", "999")])
            equal((reply.status, reply.reason),
                  (503, "too many streams at once, try again"))
    finally:
        server.signal(signal.SIGCONT)
    s.sync('<noop id="1"/>', expected=[response("1")])
    s.stream(last="999")
