# SPDX-License-Identifier: BSD-2-Clause
"""Log-ins as an attacker sends them: too long, malformed, given up, all at the
same time."""

import re
import time

from pwd_port import PWD, connect
from ximss import (MAIN, attr, b64, check, equal, failure, response,
                   wait_until)

SERVER = {"listen_pwd": PWD}
FDFA = "\uFDFA"  # becomes eighteen characters when it is prepared
WRONG = "incorrect password or account name"
MALFORMED = "the SASL message is malformed or too long"


def filled(letter, size):
    """Text of that many bytes, of that letter as far as it goes."""
    n = size // len(letter.encode())
    return letter * n + "x" * (size - n * len(letter.encode()))


def answer(server, request):
    """The error of the first message of a connection; "" if there is none."""
    c = server.connect()
    c.send(request)
    got = c.receive()
    c.close()
    return attr(got, "errorText", "")


def clear(server, name, password):
    return answer(server, '<login id="1" userName="%s" authData="%s"/>'
                  % (name, password))


def sasl(server, method, message):
    return answer(server, '<login id="1" method="%s" value="%s"/>'
                  % (method, b64(message)))


def hashes(server):
    return int(server.cli("GetStatElement passwordHashes"))


def logged(server):
    """All lines, up to now: a log-in that fails marks where now is."""
    logged.marks += 1
    name = "mark%d" % logged.marks
    clear(server, name, "x")
    server.wait_log("login failed user=%s@" % name)
    return list(server.lines)


logged.marks = 0


def tried(server, name, password="x"):
    """How many hashes and lines about malformed ones a log-in that is wrong
    makes."""
    before, lines = hashes(server), logged(server)
    equal(clear(server, name, password), WRONG)
    new = logged(server)[len(lines):]
    return hashes(server) - before - 2, sum("reason=malformed" in line
                                            for line in new)


# --- lengths, just below and just above, at each door ---

def test_long_names(t):
    for letter in ("j", FDFA):
        below, above = filled(letter, 511), filled(letter, 512)
        equal(clear(t.shared, below, "x"), WRONG)
        equal(clear(t.shared, above, "x"), WRONG)
        equal(sasl(t.shared, "PLAIN", "\0%s\0x" % below), WRONG)
        equal(sasl(t.shared, "PLAIN", "\0%s\0x" % above), MALFORMED)
        for name in (below, above):
            pwd = connect(t.shared)
            pwd.ask("USER " + name, "300 …")
            pwd.ask("PASS x", "515 …")
            pwd.quit()
        # Which of them were looked at, the counter and the log tell.
        equal(tried(t.shared, above), (0, 1))
        equal(tried(t.shared, below), (1, 0))
        for name, answer in ((below, ""), (above, MALFORMED)):
            equal(sasl(t.shared, "SCRAM-SHA-256", "n,,n=%s,r=abc" % name),
                  answer)
    equal(sasl(t.shared, "SCRAM-SHA-256", "n,,n=joe,r=" + "r" * 257),
          MALFORMED)


def test_long_passwords(t):
    for letter in ("p", FDFA):
        below, above = filled(letter, 1024), filled(letter, 1025)
        user = t.user("joe-%d" % len(letter.encode()), password=below)
        c = t.shared.connect()
        c.login(user, below)
        equal(tried(t.shared, user, above), (0, 1))
        equal(tried(t.shared, user, "x"), (1, 0))
        c = t.shared.connect()
        c.send('<login id="1" method="PLAIN" value="%s"/>'
               % b64("\0%s\0%s" % (user, below)))
        c.logged_in("1")
        equal(sasl(t.shared, "PLAIN", "\0%s\0%s" % (user, above)), MALFORMED)
        pwd = connect(t.shared)
        pwd.ask("USER " + user, "300 …")
        pwd.ask("PASS " + above, "515 …")
        pwd.quit()
        connect(t.shared).login(user, below).quit()


def test_long_passwords_that_are_set(t):
    below, above = filled(FDFA, 1024), filled(FDFA, 1025)
    user = t.user()
    admin = t.shared.admin()
    for line in ('SetAccountPassword %s PASSWORD "%s"',
                 'UpdateAccountSettings %s {Password="%s";}'):
        admin.cli(line % (user, below))
        equal(attr(t.shared.connect().login(user, below), "userName"), user)
        equal(admin.cli_error(line % (user, above)), 501)
    admin.cli('VerifyAccountPassword %s PASSWORD "%s"' % (user, below))
    equal(admin.cli_error('VerifyAccountPassword %s PASSWORD "%s"'
                          % (user, above)), 501)
    domain = user.split("@")[1]
    admin.cli('CreateAccount ann@%s {Password="%s";}' % (domain, below))
    equal(admin.cli_error('CreateAccount eve@%s {Password="%s";}'
                          % (domain, above)), 501)
    change = '<passwordModify id="%s" oldPassword="%s" newPassword="%s"/>'
    c = t.shared.connect()
    c.login(user, below)
    c.ask(change % ("1", above, "new"), failure("1", 501))
    c.ask(change % ("2", below, above), failure("2", 501))
    c.ok(change % ("3", below, "new"))
    pwd = connect(t.shared).login(user, "new")
    pwd.ask("NEWPASS " + above, "501 …")
    pwd.ask("NEWPASS " + below, "200 …")
    pwd.quit()
    equal(attr(t.shared.connect().login(user, below), "userName"), user)


# --- malformed ---

def test_malformed_ends_the_connection(t):
    """As other malformed messages do, and counted together with them."""
    for last in ('<login id="3" method="PLAIN" value="!"/>', "<login"):
        c = t.shared.connect()
        for i in (1, 2):
            c.ask('<login id="%d" method="PLAIN" value="!"/>' % i,
                  failure(str(i), 501, MALFORMED))
            c.ask('<noop id="n"/>', response("n"))
        c.send(last)
        check(attr(c.receive(), "errorNum") in ("501", "540"), "refused")
        c.expect_closed()


def malformed(server):
    return [line for line in server.lines if re.search(
        r"login failed user=\S+ address=127\.0\.0\.9 method=\S+ "
        r"reason=malformed$", line)]


def test_malformed_is_logged_and_held_up(t):
    server = t.server({"login_address_free_tries": 5, "max_malformed": 1000,
                       "login_timeout": "1d"})
    user = server.account("joe@" + MAIN)
    c = server.connect(source="127.0.0.9")
    for i, request in enumerate((
            '<login id="1" method="PLAIN" value="!"/>',
            '<login id="1" method="SCRAM-SHA-256" value="%s"/>'
            % b64("n,,n=%s,r=x" % filled(FDFA, 512)),
            '<login id="1" method="LOGIN" value="%s"/>' % ("A" * 9000),
            '<login id="1" userName="%s" authData="x"/>' % ("j" * 512),
            '<login id="1" userName="joe" authData="%s"/>' % ("p" * 1025),
            '<login id="1" method="CRAM-MD5" value="AAAA"/>')):
        c.ask(request, failure("1", 515 if "userName" in request else 501))
        wait_until(lambda: len(malformed(server)) == i + 1, "line %d" % i)
    # Free no more: whatever comes from there waits, and nothing is looked at.
    c.send('<login id="1" method="PLAIN" value="!"/>')
    other = server.connect(source="127.0.0.9")
    other.send('<login id="2" userName="%s" authData="secret"/>' % user)
    server.connect().login(user)
    equal(len(malformed(server)), 6)
    check(not other.buffer, "let in")
    server.clock(31)
    c.expect(failure("1", 501, MALFORMED))
    other.logged_in("2")


# --- given up ---

def salt_asked(server, source, name="nobody"):
    c = server.connect(source=source)
    c.send('<login id="login" method="SCRAM-SHA-256" value="%s"/>'
           % b64("n,,n=%s,r=nonce" % name))
    c.challenge()
    return c


def test_salts_that_are_only_asked_for(t):
    """Whoever asks for salts, and never proves anything, is held up too."""
    server = t.server({"login_address_free_tries": 5, "login_delay": "10s",
                       "login_timeout": "1d", "log_level": "debug"})
    user = server.account("joe@" + MAIN)
    c = salt_asked(server, "127.0.0.9")
    for i in range(2):
        c.send('<login id="login" method="SCRAM-SHA-256" value="%s"/>'
               % b64("n,,n=nobody%d,r=nonce" % i))
        c.challenge()
    c.ask('<auth id="1" value="*"/>', failure("1", 501))
    for i in range(3):
        salt_asked(server, "127.0.0.9", "nobody%d" % i).close()
    held = server.connect(source="127.0.0.9")

    def is_held():
        since = len(server.lines)
        held.send('<login id="login" method="SCRAM-SHA-256" value="%s"/>'
                  % b64("n,,n=%s,r=nonce" % user))
        return server.answer_or_wait(held, since, user, "127.0.0.9") is None
    wait_until(is_held, "held up")
    server.connect(source="127.0.0.8").scram(user)


def test_a_proof_waits_for_the_throttle(t):
    """Many exchanges that were begun in time are not so many free guesses."""
    server = t.server({"login_free_tries": 3, "login_delay": "10s",
                       "login_timeout": "1d", "workers": 2})
    user = server.account("joe@" + MAIN)
    begun = []
    for i in range(10):
        c = server.connect()
        c.send('<login id="login" method="SCRAM-SHA-256" value="%s"/>'
               % b64("n,,n=%s,r=nonce%d" % (user, i)))
        begun.append((c, c.challenge().decode().split(",")[0]))
    for c, nonce in begun:
        c.send('<auth id="login" value="%s"/>'
               % b64("c=biws,%s,p=%s" % (nonce, b64("x" * 32))))

    def answered():
        for c, _ in begun:
            c.fill(time.monotonic())
        return sum(bool(c.buffer) for c, _ in begun)

    # Both of the server's threads may look at the throttle at the same time.
    wait_until(lambda: answered() >= 4, "the first guesses")
    check(answered() <= 5, "guesses")
    server.clock(5)
    check(4 <= answered() <= 5, "guesses")


# --- at the same time ---

def test_guesses_at_the_same_time(t):
    """As many connections as one likes are no more guesses than slots."""
    server = t.server({"login_free_tries": 3, "login_delay": "10s",
                       "login_timeout": "1d", "login_checks_per_address": 2})
    user = server.account("joe@" + MAIN)
    crowd = [server.connect(source="127.0.0.9") for _ in range(50)]
    before = hashes(server)
    for i, c in enumerate(crowd):
        c.send('<login id="1" userName="%s" authData="wrong%d"/>' % (user, i))
    wait_until(lambda: sum("login failed" in line for line in server.lines)
               >= 4, "the first guesses")
    # Nobody else is held up, and his answer comes behind those of the crowd
    # that were let in.
    server.connect(source="127.0.0.8").login(user)
    tried = sum("login failed" in line for line in server.lines)
    check(4 <= tried <= 5, "%d guesses" % tried)
    check(hashes(server) - before <= 7, "hashes")
    for c in crowd:
        c.close()
    server.connect(source="127.0.0.8").login(user)


def test_a_crowd_of_one_address_is_let_in(t):
    """They wait for each other, and nobody is refused."""
    server = t.server({"login_checks_per_address": 1})
    users = [server.account("joe%d@%s" % (i, MAIN)) for i in range(20)]
    crowd = [server.connect() for _ in users]
    for c, user in zip(crowd, users):
        c.send('<login id="1" userName="%s" authData="secret"/>' % user)
    for c in crowd[5:10]:
        c.close()
    for c, user in list(zip(crowd, users))[:5] + list(zip(crowd, users))[10:]:
        equal(attr(c.logged_in("1"), "userName"), user)


def test_old_passwords_guessed_by_many_sessions(t):
    """Of an account whose password one does not know, but whose sessions one
    has."""
    server = t.server({"login_free_tries": 3, "login_delay": "10s",
                       "login_timeout": "1d", "login_checks_per_address": 1})
    user = server.account("joe@" + MAIN)
    sessions = [server.login(user) for _ in range(20)]
    for i, c in enumerate(sessions):
        c.send('<passwordModify id="1" oldPassword="wrong%d" '
               'newPassword="x"/>' % i)
    got = [attr(c.until_response("1")[-1], "errorNum") for c in sessions]
    equal(sorted(got), ["515"] * 4 + ["525"] * 16)
    server.clock(11)
    sessions[0].ok('<passwordModify id="2" oldPassword="secret" '
                   'newPassword="new"/>')
    server.login(user, "new")
