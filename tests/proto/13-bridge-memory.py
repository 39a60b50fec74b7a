# SPDX-License-Identifier: BSD-2-Clause
"""What web sessions hold: kept replies, replies under way, what nobody fetches
or reads, and how many sessions an account has."""

import os
import re

import ximss
from bridge import bridge, check_reply
from ximss import Failed, attr, check, equal, response, wait_until

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}
NOOP = '<noop id="1"/>'
READ = '<prefsRead id="%s"/>'
GONE = "not kept any more"
NOT_DONE = "not carried out"


def full(b, user, size=4000):
    """A session whose preferences are so long."""
    s = b.login(user)
    s.sync('<prefsStore id="p"><Big>%s</Big></prefsStore>' % ("x" * size),
           expected=[response("p")])
    return s


def reads(n):
    return "".join(READ % i for i in range(n))


def post(user, text, id_="post"):
    return ('<alertPost id="%s" scope="account" target="%s">%s</alertPost>'
            % (id_, user, text))


def posts_of(t, user):
    return len(t.shared.admin().reports(scope="account", target=user))


def errors(text):
    """[(id, errorNum)] of the responses that are errors."""
    return [(attr(r, "id"), attr(r, "errorNum"))
            for r in re.findall("<response [^>]*/>", text) if "errorNum" in r]


def rss(b):
    if ximss.is_instrumented():
        return 0
    with open("/proc/%d/statm" % b.process.pid, encoding="ascii") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# --- kept replies ---

def test_a_reply_that_is_kept(t):
    b = bridge(t, kept_reply="64K")
    user = t.user(rights=("CanPostAlerts",))
    s = full(b, user)
    body = post(user, "once") + reads(15)
    first = s.sync(body, query="?reqSeq=1")
    check(60000 < len(first.body) < 65536, str(len(first.body)))
    for _ in range(3):
        equal(s.sync(body, query="?reqSeq=1").body, first.body)
    equal(posts_of(t, user), 1)
    s.sync(NOOP, query="?reqSeq=2", expected=[response("1")])
    equal(s.sync(body, query="?reqSeq=1").status, 400)


def test_a_reply_that_is_too_long_to_be_kept(t):
    """It comes once; then each request is told, and none is done twice."""
    b = bridge(t, kept_reply="64K")
    user = t.user(rights=("CanPostAlerts",))
    s = full(b, user)
    body = post(user, "once") + reads(17)
    first = s.sync(body, query="?reqSeq=1")
    check(len(first.body) > 65536, str(len(first.body)))
    equal(first.text.count("<Big>"), 17)
    for _ in range(3):
        again = s.sync(body, query="?reqSeq=1")
        equal(again.status, 200)
        equal(again.text.count(GONE), 18)
        equal(errors(again.text), [("post", "531")]
              + [(str(i), "531") for i in range(17)])
    equal(posts_of(t, user), 1)
    s.sync(NOOP, query="?reqSeq=2", expected=[response("1")])
    s.sync(NOOP, query="?reqSeq=2", expected=[response("1")])


def test_kept_replies_of_one_account(t):
    """Long ones make room for others, short ones stay, those of others too."""
    b = bridge(t, kept_reply="256K", account_memory="1M")
    user, other = t.user(rights=("CanPostAlerts",)), t.user()
    short = full(b, user)
    posted = short.sync(post(user, "x"), query="?reqSeq=1")
    neighbour = full(b, other)
    long_one = neighbour.sync(reads(60), query="?reqSeq=1")
    sessions = [b.login(user) for _ in range(10)]
    replies = [s.sync(reads(60), query="?reqSeq=7") for s in sessions]
    check(b.metric("stored_bytes") < 1400000, "stored")
    gone = [s.sync(reads(60), query="?reqSeq=7").text for s in sessions]
    kept = [g for g, r in zip(gone, replies) if g == r.text]
    check(2 <= len(kept) <= 5, str(len(kept)))
    equal(sum(g.count(GONE) == 60 for g in gone), 10 - len(kept))
    equal(short.sync(post(user, "x"), query="?reqSeq=1").body, posted.body)
    equal(neighbour.sync(reads(60), query="?reqSeq=1").body, long_one.body)


def test_many_sessions_with_long_replies(t):
    """What a reply takes is given back; so is what it was kept for, with the
    session."""
    b = bridge(t)
    s = full(b, t.user(), 7000)
    sessions = [b.login(t.user()) for _ in range(5)]
    for one in sessions:
        one.sync('<prefsStore id="p"><Big>%s</Big></prefsStore>'
                 % ("x" * 7000), expected=[response("p")])
    s.sync(reads(430), query="?reqSeq=1")
    memory = rss(b)
    for one in sessions:
        for i in range(4):
            reply = one.sync(reads(430), query="?reqSeq=%d" % i)
            equal(reply.text.count("<Big>"), 430)
    grown = rss(b) - memory
    check(grown < 9 << 20, "memory grew by %d KB" % (grown >> 10))
    for one in sessions + [s]:
        equal(one.http.ask("POST", one.path + "KILL").status, 200)
    equal(b.metric("stored_bytes"), 0)


# --- one body ---

def test_requests_of_one_body(t):
    b = bridge(t, max_requests=3)
    user = t.user(rights=("CanPostAlerts",))
    s = b.login(user)
    most = [post(user, "x", i) for i in range(3)]
    reply = s.sync(*most, query="?reqSeq=1")
    equal(errors(reply.text), [])
    equal(posts_of(t, user), 3)
    reply = s.sync(*most, post(user, "y", "3"), post(user, "y", "4"),
                   query="?reqSeq=2")
    equal(errors(reply.text), [("0", "541"), ("1", "541"), ("2", "541"),
                               ("", "541")])
    equal(posts_of(t, user), 3)
    s.sync(NOOP, query="?reqSeq=3", expected=[response("1")])
    s.http.ask("POST", s.path + "async?reqSeq=4",
               "<XIMSS>%s</XIMSS>" % "".join(most + [post(user, "y", "3")]))
    got = s.poll(0)
    equal([e for e in errors(got) if e[1] == "541"],
          [("0", "541"), ("1", "541"), ("2", "541"), ("", "541")])
    equal(posts_of(t, user), 3)


def test_data_of_one_body(t):
    """What is behind too much data is not carried out, and says so; what was
    carried out never looks refused."""
    b = bridge(t, reply_bytes="64K")
    user = t.user(rights=("CanPostAlerts",))
    s = full(b, user, 8000)
    reply = s.sync(reads(7), post(user, "below"), query="?reqSeq=1")
    equal(errors(reply.text), [])
    equal(posts_of(t, user), 1)
    reply = s.sync(post(user, "first", "f"), reads(60), post(user, "last"),
                   query="?reqSeq=2")
    failed = errors(reply.text)
    check(("post", "531") in failed and ("f", "531") not in failed,
          str(failed))
    check(reply.text.count("<Big>") < 10, "data")
    equal(reply.text.count("<response "), 62)
    check(reply.text.count(NOT_DONE) >= 30, reply.text[-2000:])
    equal(posts_of(t, user), 2)
    check(len(reply.body) < 65536 + 62 * 200, str(len(reply.body)))
    s.sync(NOOP, expected=[response("1")])


def test_data_of_one_account(t):
    """Replies under way: another one is cut, others' accounts go on."""
    b = bridge(t, account_memory="128K", reply_bytes="1M")
    user, other = t.user(), t.user()
    s, neighbour = full(b, user, 8000), full(b, other, 8000)
    reply = s.sync(reads(10))
    equal(errors(reply.text), [])
    reply = s.sync(reads(60))
    check(len(reply.body) < 200000, str(len(reply.body)))
    check(NOT_DONE in reply.text, "cut")
    equal(errors(neighbour.sync(reads(10)).text), [])
    s.sync(NOOP, expected=[response("1")])
    check(b.metric("stored_bytes") < 10000, "given back")


def test_the_order_of_bodies_that_overlap(t):
    """More than is in work at once: all of the first goes before the second."""
    b = bridge(t)
    user = t.user(rights=("CanPostAlerts",))
    s = b.login(user)
    bodies = ["".join(post(user, "%d %d" % (n, i), "%d-%d" % (n, i))
                      for i in range(100)) for n in range(3)]
    for n, body in enumerate(bodies):
        equal(s.http.ask("POST", s.path + "async?reqSeq=%d" % n,
                         "<XIMSS>%s</XIMSS>" % body).status, 200)
    wait_until(lambda: posts_of(t, user) == 300, "all are posted")
    texts = [ximss.body(r) for r in
             t.shared.admin().reports(scope="account", target=user)]
    equal(texts, ["%d %d" % (n, i) for n in range(3) for i in range(100)])


# --- what nobody fetches, or reads ---

def test_what_nobody_fetches(t):
    """All sessions of an account together: the one that has most ends."""
    b = bridge(t, account_memory="1M")
    user, other = t.user(), t.user()
    neighbour = b.login(other)
    sessions = [b.login(user) for _ in range(6)]
    admin = t.shared.admin()
    for i in range(60):
        for one in (user, other):
            admin.post("x" * 4000, "account", target=one)
    b.wait_log("web session .* ends: nobody fetches its messages, and all")
    alive = sum(s.status() == 200 for s in sessions)
    check(2 <= alive < 6, "%d live" % alive)
    equal(neighbour.status(), 200)
    check(b.metric("stored_bytes") < 1400000, "stored")
    equal(neighbour.poll(0).count("<alert "), 60)


def test_a_body_that_there_is_no_room_for(t):
    b = bridge(t, account_memory="64K")
    s = b.login(t.user())
    reply = s.sync("<noop id='n'/>" * 999)
    equal((reply.status, reply.reason),
          (503, "too many requests at once, try again"))
    reply = s.http.ask("POST", s.path + "async?reqSeq=1",
                       "<XIMSS>%s</XIMSS>" % ("<noop id='n'/>" * 999))
    equal(reply.status, 503)
    equal(b.metric("stored_bytes"), 0)
    equal(s.sync("<noop id='n'/>" * 10, query="?reqSeq=1").status, 200)


def test_others_work_while_accounts_fetch_nothing(t):
    """They have filled what all accounts may hold together."""
    b = bridge(t, account_memory="400K", accounts_memory="1M")
    users = [t.user() for _ in range(3)]
    s = b.login(t.user())
    for user in users:
        one = full(b, user)
        for _ in range(2):
            one.http.ask("POST", one.path + "async",
                         "<XIMSS>%s</XIMSS>" % reads(38))
            equal(one.status(), 200)
    check(b.metric("stored_bytes") > 880000, "filled")
    reply = s.sync("<noop id='n'/>" * 999)
    equal((reply.status, errors(reply.text)), (200, []))
    b.wait_log("web session .* ends: nobody fetches its messages, and all")


def test_batches_are_bounded(t):
    """A poll brings so much, and the next one the rest; in order, each once."""
    b = bridge(t)
    user = t.user()
    s = b.login(user)
    admin = t.shared.admin()
    for i in range(100):
        admin.post("%d " % i + "x" * 4000, "account", target=user)
    wait_until(lambda: b.metric("messages_pushed_total") == 100, "pushed")
    got, number = [], 0
    while len(got) < 100:
        text = s.poll(number)
        check(len(text) < 280000, str(len(text)))
        got += re.findall("<alert [^>]*>([0-9]+) x", text)
        number += 1
    equal(got, [str(i) for i in range(100)])
    equal(number, 2)


def test_non_readers_of_one_account(t):
    """Their connections are cut off, but for what fits, and one long reply."""
    b = bridge(t, account_output="4M", reply_bytes="16M", output_hard="1M")
    user, other = t.user(), t.user()
    s, neighbour = full(b, user, 7000), full(b, other, 7000)
    body = "<XIMSS>%s</XIMSS>" % reads(900)
    memory = rss(b)
    idle = []
    for _ in range(12):
        client = b.connect()
        client.send("POST", s.path + "sync", body)
        client.count(1)
        idle.append(client)
    b.wait_log("a connection ends: .*account-output")
    check(b.metric("unsent_bytes") < 8 << 20, "unsent")
    grown = rss(b) - memory
    check(grown < 40 << 20, "memory grew by %d KB" % (grown >> 10))
    equal(neighbour.sync(reads(900)).text.count("<Big>"), 900)
    equal(s.sync(reads(900)).text.count("<Big>"), 900)
    for client in idle:
        client.close()
    wait_until(lambda: b.metric("unsent_bytes") == 0, "given back")


# --- sessions ---

def refused(b, user):
    """The errorNum of a log-in, None if it works."""
    reply = b.ask("GET", "/XIMSSLogin/?errorAsXML=1&userName=%s&password=secret"
                  % user)
    return attr(reply.text.replace("<XIMSS>", ""), "errorNum")


def test_sessions_of_one_account(t):
    b = bridge(t, max_account_sessions=3)
    user, other = t.user(), t.user()
    sessions = [b.login(user) for _ in range(3)]
    equal(refused(b, user), "526")
    check_reply("plain", b.ask(
        "GET", "/XIMSSLogin/?userName=%s&password=secret" % user), 503)
    equal(b.ask("GET", "/XIMSSLogin/?errorAsXML=1&sessionid="
                + sessions[0].id).text.count('errorNum="526"'), 1)
    for s in sessions:
        equal(s.status(), 200)
    b.login(other)
    equal(b.metric("sessions"), 4)
    sessions[0].http.ask("POST", sessions[0].path + "KILL")
    b.login(user)
    equal(refused(b, user), "526")


def test_a_web_session_that_looks_dead_makes_room(t):
    """Not one that has a poll, nor a stream."""
    b = bridge(t, max_account_sessions=3, session_dead_after="100ms")
    user = t.user()
    polling, streaming, dead = (b.login(user) for _ in range(3))
    poll, stream = polling.start_poll(0), streaming.stream()

    def let_in():
        try:
            return b.login(user)
        except Failed:
            return None
    wait_until(let_in, "room")
    equal(dead.status(), 550)
    t.shared.admin().post("still here", "account", target=user)
    check("still here" in poll.receive().text, "the poll")
    check(b"still here" in stream.until(b"</alert>"), "the stream")


def test_the_limit_of_ximssd(t):
    """It is told as it is."""
    server = t.server({"trusted_addresses": ["127.0.0.1"],
                       "max_account_sessions": 2})
    b = bridge(t, server)
    user = server.account("joe@" + ximss.MAIN)
    for _ in range(2):
        b.login(user)
    equal(refused(b, user), "526")
