# SPDX-License-Identifier: BSD-2-Clause
"""The PWD port: lines that are too long, throttled log-ins, times, numbers of
connections, and the end of the server."""

import signal
import socket

from pwd_port import (BYE, LOGGED_IN, OK, PWD, SEND_PASS, connect, log_in)
from ximss import (MAIN, b64, check, equal, failure, is_instrumented,
                   wait_until)

SERVER = {"listen_pwd": PWD}
TOO_LONG = "501 line too long"
LINE = 4096  # the least that can be configured
STRICT = {"log_level": "debug", "login_free_tries": 3,
          "login_address_free_tries": 20,
          "login_delay": "10s", "login_max_delay": "10m",
          "login_timeout": "1d", "pwd_idle_timeout": "1d"}
BAN = (r"^\s*(?:\S+ )?ximssd\[\d+\](?: \w+)?: login failed user=joe\S* "
       r"address=127\.0\.0\.9 method=[A-Za-z0-9-]* reason=[^=]*$")


def echo(n):
    """An Echo of n bytes, its end not counted, and what it says."""
    text = "x" * (n - len("Echo "))
    return "Echo " + text, text


# --- long lines ---

def test_longest_line(t):
    server = t.server({"pwd_line_bytes": LINE}, listen_pwd=PWD)
    c = log_in(server)
    for end in ("\n", "\r\n"):
        line, text = echo(LINE - len(end))
        c.say(line, end=end)
        equal(c.answer(), text)


def test_line_too_long(t):
    """Refused once, thrown away up to its end, in step."""
    server = t.server({"pwd_line_bytes": LINE}, listen_pwd=PWD)
    c = log_in(server)
    for n in (LINE + 1, LINE + 2, 2 * LINE, 70000):
        c.say(echo(n)[0], "Echo behind")
        c.expect(TOO_LONG, "201 behind")
    c.in_step()


def test_line_too_long_in_pieces(t):
    server = t.server({"pwd_line_bytes": LINE}, listen_pwd=PWD)
    c = log_in(server)
    c.raw(b"PostServerAlert ")
    for _ in range(40):
        c.raw(b"x" * 1000)
    c.raw(b" PostServerAlert y")
    c.raw(b"\r")
    c.raw(b"\nEcho behind\r\n")
    c.expect(TOO_LONG, "201 behind")
    equal(c.do("GetServerAlerts"), {})


def test_line_too_long_never_ends(t):
    """Its memory does not grow, and nothing of it is done."""
    server = t.server(listen_pwd=PWD)
    c = log_in(server)
    c.raw(b"Echo " + b"x" * (1 << 20))
    c.expect(TOO_LONG)
    before = server.rss()
    for _ in range(32):
        c.raw(b"y" * (1 << 20))
    c.raw(b"\nEcho behind\n")
    c.expect("201 behind")
    check(server.rss() - before < 8 << 20, "it was kept")


def test_one_megabyte(t):
    c = log_in(t.shared)
    line, text = echo((1 << 20) - 2)
    c.say(line)
    equal(c.answer(), text)
    c.say(echo((1 << 20) + 2)[0])
    c.expect(TOO_LONG)
    c.in_step()


def test_long_line_before_log_in(t):
    server = t.server({"message_bytes_before_login": 1024}, listen_pwd=PWD)
    c = connect(server)
    c.say("USER " + "x" * 1100, "NOOP")
    c.expect(TOO_LONG, OK)
    c.login()
    line, text = echo(5000)
    c.say(line)
    equal(c.answer(), text)


def test_long_line_in_an_exchange(t):
    server = t.server({"message_bytes_before_login": 1024}, listen_pwd=PWD)
    c = connect(server)
    c.say("AUTH LOGIN")
    c.challenged()
    c.say("A" * 1100)
    check(c.receive()[0] == "5", "taken")
    c.say("*")
    check(c.receive()[0] == "5", "taken")
    c.nothing_came()
    c.login()


def test_reader_who_does_not_read(t):
    """His lines wait; the server's memory does not grow with them."""
    server = t.server(listen_pwd=PWD)
    server.account("slow@" + MAIN)
    # As much as both kernels keep is not the server's.
    c = connect(server, receive_buffer=4096).login("slow")
    line = ("Echo %s\r\n" % ("x" * 1000)).encode() * 60
    before = server.rss()
    c.sock.settimeout(0.5 if not is_instrumented() else 3)
    sent = 0
    try:
        while sent < 64 << 20:
            sent += c.sock.send(line[sent % len(line):])
    except TimeoutError:
        pass
    check(sent < 64 << 20, "everything was taken")
    check(server.rss() - before < 16 << 20, "memory")
    other = log_in(server)
    other.in_step()
    # Half an answer read is no life.
    server.clock(301)
    wait_until(lambda: any("session end" in line and
                           " user=slow@" + MAIN + " " in line
                           for line in server.lines), "it is closed")
    c.close()


# --- throttling ---

def attempt(server, user, password, source):
    """The answer to one log-in; None if it has to wait."""
    c = connect(server, source=source)
    c.ask("USER " + user, SEND_PASS)
    since = len(server.lines)
    c.say("PASS " + password)
    got = server.answer_or_wait(c, since, user, source)
    c.close()
    return got


def held_up(answer):
    return answer is None or answer.startswith("525 ")


def test_tries_are_throttled(t):
    server = t.server(STRICT, listen_pwd=PWD)
    server.account("joe@" + MAIN)
    tries = 0
    while not held_up(attempt(server, "joe", "wrong", "127.0.0.5")):
        tries += 1
        check(tries < 10, "never held up")
    check(tries >= 3, "held up after %d" % tries)
    check(held_up(attempt(server, "joe", "secret", "127.0.0.5")), "let in")
    equal(attempt(server, "joe", "secret", "127.0.0.6"), LOGGED_IN)
    server.clock(11)
    equal(attempt(server, "joe", "secret", "127.0.0.5"), LOGGED_IN)


def test_doors_count_together(t):
    server = t.server(STRICT, listen_pwd=PWD)
    server.account("joe@" + MAIN)
    for _ in range(4):
        c = server.connect(source="127.0.0.5")
        c.ask('<login id="1" userName="joe" authData="wrong"/>',
              failure("1", 515))
        c.close()
    check(held_up(attempt(server, "joe", "secret", "127.0.0.5")), "let in")


def test_failed_log_ins_are_one_line_for_a_ban_tool(t):
    server = t.server(listen_pwd=PWD)
    server.account("joe@" + MAIN)
    at = len(server.lines)
    attempt(server, "joe", "wrong-battery", "127.0.0.9")
    server.wait_log(BAN, at)
    check(not any("wrong-battery" in line for line in server.lines),
          "the password is in the log")


# --- time ---

def test_log_in_must_finish_in_time(t):
    server = t.server(listen_pwd=PWD)
    silent, chatty, half = (connect(server) for _ in range(3))
    half.say("AUTH LOGIN")
    half.challenged()
    session = log_in(server)
    server.clock(50)
    chatty.ask("NOOP", OK)
    server.clock(11)
    for c in (silent, chatty, half):
        c.expect_closed()
    session.in_step()


def test_idle_connection_is_closed_without_a_word(t):
    """Clients of the family connect again after 295 seconds."""
    server = t.server(listen_pwd=PWD)
    a, b = log_in(server), log_in(server)
    server.clock(295)
    b.in_step()
    server.clock(4)
    a.raw(b"Ec")
    server.clock(2)
    a.expect_closed()
    b.in_step()
    server.clock(301)
    b.expect_closed()


def test_idle_time_is_configured(t):
    server = t.server({"pwd_idle_timeout": "30s"}, listen_pwd=PWD)
    server.account("joe@" + MAIN)
    c, other = log_in(server), server.login("joe")
    server.clock(31)
    c.expect_closed()
    other.quiet()


# --- numbers ---

def test_unauthenticated_per_address(t):
    server = t.server({"max_unauthenticated_per_address": 5}, listen_pwd=PWD)
    held = [connect(server, source="127.0.0.5") for _ in range(5)]
    connect(server, source="127.0.0.5")
    held[0].expect_closed()
    held[1].login()
    connect(server, source="127.0.0.5")
    for c in held[2:]:
        c.login()


# --- the end ---

def test_server_ends_with_the_answers(t):
    server = t.server(listen_pwd=PWD)
    c, silent, waiting = log_in(server), log_in(server), connect(server)
    half = log_in(server)
    c.say(*["Echo %d" % i for i in range(300)])
    c.expect(*["201 %d" % i for i in range(300)])
    c.say('PostServerAlert "the last"')
    half.raw(b'PostServerAlert "half')
    c.expect(OK)
    server.signal(signal.SIGTERM)
    for one in (c, silent, waiting, half):
        one.expect_closed()
        one.close()
    server.finish(12)
    server.start()
    equal(list(log_in(server).do("GetServerAlerts").values()), ["the last"])


def test_shutdown_command(t):
    server = t.server(listen_pwd=PWD)
    c, other = log_in(server), log_in(server)
    c.ask("Shutdown", OK)
    for one in (c, other):
        one.expect_closed()
        one.close()
    server.finish(12)


def test_half_a_line_then_close(t):
    server = t.server(listen_pwd=PWD)
    for how in ("close", "reset"):
        c = log_in(server)
        c.raw(b"Noop\r\nPostServerAlert half")
        c.expect(OK)
        getattr(c, how)()
    # The next connection is served after they were gone.
    wait_until(lambda: server.descriptors() <= 60, "they are closed")
    equal(log_in(server).do("GetServerAlerts"), {})


def test_quit_and_half_close(t):
    """What was said before the end of the input is answered."""
    c = log_in(t.shared)
    c.say("Echo a", "Echo b")
    c.sock.shutdown(socket.SHUT_WR)
    c.expect("201 a", "201 b")
    c.expect_closed()
    c = log_in(t.shared)
    c.say("QUIT")
    c.expect(BYE)
    c.expect_closed()


def test_answers_to_auth_are_not_commands_of_the_next(t):
    """The pipeline stops at a log-in and goes on behind it."""
    user = t.user()
    c = connect(t.shared)
    c.say("NOOP", "AUTH PLAIN " + b64("\0%s\0secret" % user), "INLINE",
          "Echo a", "NOOP")
    c.expect(OK, LOGGED_IN, OK, "201 a", OK)


def test_whole_conversation_in_one_packet(t):
    user = t.user()
    c = connect(t.shared)
    c.say("USER " + user, "PASS secret", "INLINE", "Echo {a=b;}", "QUIT")
    c.expect(SEND_PASS, LOGGED_IN, OK, "201 {a=b;}", BYE)
    c.expect_closed()
