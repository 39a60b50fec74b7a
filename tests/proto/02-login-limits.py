# SPDX-License-Identifier: BSD-2-Clause
"""Throttling, limits of sockets that have not logged in, timeouts."""

import contextlib
import html
import time

import pwd_port
from ximss import (MAIN, Failed, attr, b64, check, equal, failure, response,
                   wait_until)

STRICT = {"log_level": "debug", "login_free_tries": 3,
          "login_address_free_tries": 20,
          "login_delay": "10s", "login_max_delay": "10m",
          "login_timeout": "1d", "idle_timeout": "1d"}
# As dist/fail2ban-ximssd.conf has it.
BAN = (r"^\s*(?:\S+ )?ximssd\[\d+\](?: \w+)?: login failed user=.* "
       r"address=127\.0\.0\.9 method=[A-Za-z0-9-]* reason=[^=]*$")
HELD = "held up"


def attempt(server, user, password, source=None):
    """The errorNum of one log-in, 0, or HELD: it has to wait, or is to try
    again later."""
    c = server.connect(source=source)
    since = len(server.lines)
    c.send('<login id="1" userName="%s" authData="%s"/>' % (user, password))
    got = server.answer_or_wait(c, since, html.unescape(user), source)
    c.close()
    if got is None:
        return HELD
    number = int(attr(got, "errorNum", "0"))
    return HELD if number == 525 else number


def throttled(server, user, password, source=None):
    """Fails until it is held up; how many tries were not."""
    for i in range(200):
        got = attempt(server, user, password, source)
        if got == HELD:
            return i
        equal(got, 515)
    raise Failed("never held up")


def test_one_account_does_not_fill_the_log(t):
    """Of its sessions in a minute a bounded number has lines; others have
    theirs."""
    server = t.server({"log_sessions": 5})
    joe = server.account("joe@" + MAIN)
    for _ in range(12):
        server.login(joe).bye()
    server.login(server.account("ann@" + MAIN)).bye()
    server.clock(60)
    server.login(joe).bye()
    server.wait_log("session end .*joe@")

    def count(words, user):
        return sum(words in line and user + "@" in line
                   for line in server.lines)
    wait_until(lambda: count("session end", "joe") == 6, "the last has ended")
    equal(count("session begin", "joe"), 6)
    equal(count("session begin", "ann"), 1)
    server.wait_log("sessions left out user=joe@%s count=7" % MAIN)


def test_refused_sessions_do_not_fill_the_log(t):
    server = t.server(dict(STRICT, log_sessions=5, max_account_sessions=1))
    server.login(server.account("joe@" + MAIN))
    c = server.connect()
    c.send(*('<login id="%d" userName="joe" authData="secret"/>' % i
             for i in range(20)))
    for i in range(20):
        c.expect(failure(str(i), 526))
    server.clock(60)
    c.ask('<login id="z" userName="joe" authData="secret"/>',
          failure("z", 526))
    server.wait_log("sessions left out user=joe@%s count=16" % MAIN)
    wait_until(lambda: sum("login refused" in line for line in server.lines)
               == 5, "a line of the next minute")


def test_pair_of_account_and_address(t):
    server = t.server(STRICT)
    joe, ann = (server.account(n + "@" + MAIN) for n in ("joe", "ann"))
    tries = throttled(server, joe, "wrong", "127.0.0.5")
    check(3 <= tries <= 4, "held up after %d" % tries)
    # The right password waits too: else the answer would tell that it is
    # right.
    equal(attempt(server, joe, "secret", "127.0.0.5"), HELD)
    # Nobody can lock another out, and other accounts go on.
    equal(attempt(server, joe, "secret", "127.0.0.6"), 0)
    equal(attempt(server, ann, "secret", "127.0.0.5"), 0)
    server.clock(11)
    equal(attempt(server, joe, "secret", "127.0.0.5"), 0)


def test_waits_grow(t):
    server = t.server(STRICT)
    server.account("joe@" + MAIN)
    throttled(server, "joe", "wrong")
    waits = []
    for _ in range(4):
        wait = 0
        while attempt(server, "joe", "wrong") == HELD:
            server.clock(10)
            wait += 1
            check(wait <= 61, "waits too long")
        waits.append(wait)
    check(waits == sorted(waits) and waits[-1] >= 4 * max(waits[0], 1),
          "waits %s" % waits)
    server.clock(601)
    equal(attempt(server, "joe", "secret"), 0)


def test_held_up_log_in_is_answered_in_the_end(t):
    server = t.server(dict(STRICT, login_delay="1s"))
    server.account("joe@" + MAIN)
    for _ in range(5):
        c = server.connect()
        c.ask('<login id="1" userName="joe" authData="wrong"/>',
              failure("1", 515))
    c = server.connect()
    c.login("joe")


def test_unknown_accounts_are_held_up_alike(t):
    server = t.server(STRICT)
    server.account("joe@" + MAIN)
    equal(throttled(server, "nobody", "wrong", "127.0.0.7"),
          throttled(server, "joe", "wrong", "127.0.0.8"))


def test_address(t):
    """One address that tries many names is held up; known good pairs go
    on."""
    server = t.server(STRICT)
    joe = server.account("joe@" + MAIN)
    server.account("ann@" + MAIN)
    equal(attempt(server, joe, "secret", "127.0.0.5"), 0)
    for i in range(18):
        equal(attempt(server, "nobody%d" % i, "x", "127.0.0.5"), 515)
    crowd = [server.connect(source="127.0.0.5") for _ in range(40)]
    for i, c in enumerate(crowd):
        c.send('<login id="1" userName="somebody%d" authData="x"/>' % i)
    # Which of them are let in at once, and which wait, is a matter of luck; each
    # failure makes the next wait longer, and 28 make it some 10 seconds.
    wait_until(lambda: sum("login failed" in line for line in server.lines)
               >= 28, "the tries are counted")
    equal(attempt(server, "ann", "secret", "127.0.0.5"), HELD)
    equal(attempt(server, joe, "secret", "127.0.0.5"), 0)
    equal(attempt(server, "ann", "secret", "127.0.0.6"), 0)


def test_who_guesses_ids_of_sessions(t):
    """... is held up, whoever he comes by; but not his log-ins by password,
    nor others."""
    server = t.server(dict(STRICT, login_address_free_tries=3,
                           trusted_addresses="127.0.0.1"))
    server.account("joe@" + MAIN)

    def guess(client):
        c = server.connect()
        since = len(server.lines)
        c.send('<login id="1" session="1-%s" clientAddress="%s"/>'
               % ("a" * 20, client))
        got = server.answer_or_wait(c, since, "-", client)
        c.close()
        return HELD if got is None else int(attr(got, "errorNum"))
    got = [guess("192.0.2.7") for _ in range(6)]
    equal(got[:3], [515] * 3)
    equal(got[-1], HELD)
    equal(guess("192.0.2.8"), 515)
    server.connect().login("joe", clientAddress="192.0.2.7")
    server.clock(601)
    equal(guess("192.0.2.7"), 515)


def test_every_door_counts(t):
    """SASL failures count as clear ones do."""
    server = t.server(STRICT)
    server.account("joe@" + MAIN)
    for _ in range(4):
        c = server.connect()
        with contextlib.suppress(Failed):
            c.scram("joe", "wrong")
        c.close()
    equal(attempt(server, "joe", "secret"), HELD)


def test_sasl_counts_for_one_name(t):
    """The target domain that comes with the proof is not whose password is
    tried."""
    server = t.server(STRICT)
    user = server.account("joe@" + server.domain("one.test"))
    for i in range(4):
        c = server.connect()
        c.send('<login id="1" method="SCRAM-SHA-256" domain="one.test" '
               'value="%s"/>' % b64("n,,n=joe,r=nonce"))
        nonce = c.challenge("1").decode().split(",")[0]
        c.ask('<auth id="2" domain="other%d.test" value="%s"/>'
              % (i, b64("c=biws,%s,p=%s" % (nonce, b64("x" * 32)))),
              failure("2", 515))
        c.close()
    equal(attempt(server, user, "secret"), HELD)


def test_what_is_wrong_from_the_beginning(t):
    """Tickets, and wishes to act for others: not one of them is counted, logged
    or answered faster than the throttle lets it; good tickets are good."""
    server = t.server(STRICT)
    joe = server.account("joe@" + MAIN)
    ticket = attr(server.connect(source="127.0.0.5").login(joe, ticket="yes"),
                  "ticket")
    kinds = {
        "127.0.0.5": 'ticket="x"',
        "127.0.0.6": 'method="PLAIN" value="%s"' % b64("ann\0joe\0secret"),
        "127.0.0.7": 'method="SCRAM-SHA-256" value="%s"'
                     % b64("n,a=ann,n=joe,r=n")}

    def failed(source):
        return sum("login failed" in line and source in line
                   for line in server.lines)
    for source, bad in kinds.items():
        server.connect(source=source).send(
            *('<login id="%d" %s/>' % (i, bad) for i in range(40)))
    for source in kinds:
        wait_until(lambda source=source: failed(source) > 3, "they fail")
    wait_until(lambda: failed("127.0.0.5") >= 20, "tickets fail")
    d = server.connect(source="127.0.0.5")
    d.send('<login id="1" ticket="%s"/>' % ticket)
    d.logged_in("1")
    attempt(server, "ann", "secret", "127.0.0.5")  # behind some of them
    for source in kinds:
        check(failed(source) <= 30, "%s: %d" % (source, failed(source)))


def test_who_is_pushed_out_has_failed(t):
    """A password that was hashed counts though nobody is there to be told."""
    server = t.server(dict(STRICT, max_unauthenticated_per_address=1,
                           password_iterations=200000))
    server.account("joe@" + MAIN)
    before = int(server.cli("GetStatElement passwordHashes"))
    for i in range(8):
        c = server.connect(source="127.0.0.5")
        c.send('<login id="1" userName="joe" authData="wrong"/>')
        wait_until(lambda i=i: i >= 4 or int(
            server.cli("GetStatElement passwordHashes")) > before + i,
            "it is hashed")
    wait_until(lambda: sum("login failed" in line for line in server.lines)
               >= 4, "they count")
    equal(attempt(server, "joe", "secret", "127.0.0.5"), HELD)


def test_failed_log_ins_are_one_line_for_a_ban_tool(t):
    server = t.server()
    server.account("joe@" + MAIN)
    for name in ("joe", "nobody"):
        at = len(server.lines)
        attempt(server, name, "wrong", "127.0.0.9")
        line = server.wait_log(BAN, at)
        check(name in line, line)
    at = len(server.lines)
    attempt(server, "joe&#10;x[1] error: forged from 192.0.2.1", "wrong",
            "127.0.0.9")
    server.wait_log(BAN, at)
    check(not any(one.startswith("x[1]") for one in server.lines),
          "a forged line")


def test_passwords_are_in_no_log(t):
    server = t.server({"log_level": "debug"})
    server.account("joe@" + MAIN, "correct-horse")
    attempt(server, "joe", "wrong-battery")
    attempt(server, "joe", "correct-horse")
    c = server.login("joe", "correct-horse")
    c.ok('<passwordModify id="1" oldPassword="correct-horse" '
         'newPassword="new-staple"/>')
    server.cli("SetAccountPassword joe@%s PASSWORD set-by-cli" % MAIN)
    c.cli_error("SetAccountPassword x@y PASSWORD nope-pw")
    server.stop()
    for secret in ("wrong-battery", "correct-horse", "new-staple",
                   "set-by-cli", "nope-pw"):
        check(not any(secret in line for line in server.lines),
              secret + " is in the log")


# --- sockets that have not logged in ---

def refused_at_the_door(c):
    """Closed, perhaps with a word before."""
    wait_until(lambda: c.end or c.fill(time.monotonic())
               and c.end, "refused at the door")
    check(not c.buffer or b'errorNum="526"' in c.buffer, repr(c.buffer))


def test_per_address(t):
    server = t.server({"max_unauthenticated_per_address": 10})
    server.account("joe@" + MAIN)
    held = [server.connect(source="127.0.0.5") for _ in range(10)]
    for c in held:
        c.ask('<noop id="1"/>', response("1"))
    # One more sends the oldest away, of that address alone.
    other = server.connect(source="127.0.0.6")
    more = server.connect(source="127.0.0.5")
    held[0].expect_closed()
    other.login("joe")
    # Who logs in makes room.
    held[1].login("joe")
    server.connect(source="127.0.0.5").login("joe")
    for c in held[2:] + [more]:
        c.ask('<noop id="1"/>', response("1"))


def admitted(server, source):
    c = server.connect(source=source)
    try:
        c.ask('<noop id="1"/>', response("1"))
        return c
    except (Failed, OSError):
        c.close()
        return None


def test_in_all(t):
    server = t.server({"max_unauthenticated": 20})
    server.account("joe@" + MAIN)
    session = server.login("joe")
    held = [server.connect(source="127.0.0.%d" % (5 + i))
            for i in range(20)]
    for c in held:
        c.ask('<noop id="1"/>', response("1"))
    more = server.connect(source="127.0.0.99")
    held.pop(0).expect_closed()
    session.quiet()
    server.admin().quiet()
    for c in held + [more]:
        c.ask('<noop id="1"/>', response("1"))


def test_connections_per_address(t):
    server = t.server({"max_connections_per_address": 5})
    server.account("joe@" + MAIN)
    sessions = [server.connect(source="127.0.0.5") for _ in range(5)]
    for c in sessions:
        c.login("joe")
    refused_at_the_door(server.connect(source="127.0.0.5"))
    server.connect(source="127.0.0.6").login("joe")
    for c in sessions:
        c.quiet()


def test_silent_sockets_do_not_keep_users_out(t):
    server = t.server({"max_unauthenticated_per_address": 50})
    server.account("joe@" + MAIN)
    for _ in range(300):
        with contextlib.suppress(OSError):
            server.connect(source="127.0.0.5")
    server.connect(source="127.0.0.6").login("joe")
    server.clock(61)
    wait_until(lambda: admitted(server, "127.0.0.5"), "room")


# --- time ---

def closed_by_time(c):
    """Closed, with a bye or without a word."""
    wait_until(lambda: c.end or c.fill(time.monotonic())
               and c.end, "closed by the clock")
    check(c.buffer in (b"", b"<bye/>\0"), repr(c.buffer))


def test_log_in_must_finish_in_time(t):
    server = t.server()
    server.account("joe@" + MAIN)
    silent, chatty, half = (server.connect() for _ in range(3))
    half.send('<login id="1" method="LOGIN"/>')
    half.challenge("1")
    session = server.login("joe")
    server.clock(50)
    for c in (chatty, half):
        c.ask('<noop id="1"/>', response("1"))
    server.clock(11)
    for c in (silent, chatty, half):
        closed_by_time(c)
    session.quiet()


def test_log_in_by_drops(t):
    """A byte now and then does not prolong it."""
    server = t.server()
    c = server.connect()
    for byte in b'<login id="':
        c.raw(bytes([byte]))
        server.clock(4)
    c.raw(b"x")
    for _ in range(5):
        server.clock(4)
    closed_by_time(c)


def test_idle_session(t):
    server = t.server()
    server.account("joe@" + MAIN)
    a, b = server.login("joe"), server.login("joe")
    server.clock(590)
    b.ask('<noop id="1"/>', response("1"))
    server.clock(20)
    closed_by_time(a)
    b.quiet()
    server.clock(601)
    closed_by_time(b)


def test_alerts_do_not_keep_an_idle_session(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    c = server.login("joe")
    for i in range(4):
        server.clock(200)
        if i < 2:
            server.admin().post("x", "account", target=user)
    wait_until(lambda: c.end or c.fill(time.monotonic()) and c.end, "closed")


def test_idle_time_of_the_session(t):
    server = t.server()
    server.account("joe@" + MAIN)
    short, long = server.login("joe"), server.login("joe")
    short.ok('<setSessionOption id="1" name="idleTimeout" value="60"/>')
    long.ok('<setSessionOption id="1" name="idleTimeout" value="3600"/>')
    server.clock(61)
    closed_by_time(short)
    server.clock(1800)
    long.quiet()
    server.clock(3601)
    closed_by_time(long)


def test_configured_times(t):
    server = t.server({"idle_timeout": "30s", "login_timeout": "5s"})
    server.account("joe@" + MAIN)
    c, waiting = server.login("joe"), server.connect()
    server.clock(6)
    closed_by_time(waiting)
    c.quiet()
    server.clock(31)
    closed_by_time(c)


def test_clock_set_back_closes_nobody(t):
    server = t.server()
    server.account("joe@" + MAIN)
    c, waiting = server.login("joe"), server.connect()
    server.clock(-7200)
    c.quiet()
    waiting.ask('<noop id="1"/>', response("1"))
    server.clock(7200)
    server.login("joe").quiet()


def test_sessions_of_an_account(t):
    """As many as may be, by whatever door; then the log-in says why not, and
    a ticket stays good.  Others, and those whose sessions end, are let in."""
    server = t.server({"max_account_sessions": 3, "listen_pwd": pwd_port.PWD})
    joe, ann = (server.account(n + "@" + MAIN) for n in ("joe", "ann"))
    c = server.connect()
    ticket = attr(c.login(joe, ticket="yes"), "ticket")
    c.bye()
    sessions = [server.login(joe) for _ in range(2)]
    pwd_port.log_in(server, joe, "secret")
    for _ in range(2):
        server.connect().ask('<login id="1" userName="joe" '
                             'authData="secret"/>', failure("1", 526))
        server.connect().ask('<login id="1" ticket="%s"/>' % ticket,
                             failure("1", 526))
    server.wait_log("login refused user=joe@.* reason=sessions")
    server.login(ann)
    for s in sessions:
        s.quiet()
    sessions[0].bye()
    c = server.connect()
    c.send('<login id="1" ticket="%s"/>' % ticket)
    c.logged_in("1")
    server.connect().ask('<login id="1" userName="joe" authData="secret"/>',
                         failure("1", 526))


def test_a_session_that_looks_dead_makes_room(t):
    """The one that was silent longest, and none that is alive."""
    server = t.server({"max_account_sessions": 5, "idle_timeout": "1d"})
    joe = server.account("joe@" + MAIN)
    first, dead, last, silent, alive = (server.login(joe) for _ in range(5))
    server.clock(5)
    for c in (first, last):
        c.quiet()
    server.clock(195)
    alive.quiet()
    server.connect().ask('<login id="1" userName="joe" authData="secret"/>',
                         failure("1", 526))
    silent.quiet()
    server.clock(105)
    again = server.login(joe)
    dead.expect_bye()
    for c in (first, last, silent, alive, again):
        c.quiet()
    equal(server.sessions(joe), 5)
    server.connect().ask('<login id="1" userName="joe" authData="secret"/>',
                         failure("1", 526))
