# SPDX-License-Identifier: BSD-2-Clause
"""Commands that carry a password: nothing is hashed for who may not, and who
may does not keep others from logging in."""

import time

from pwd_port import PWD, log_in
from ximss import MAIN, attr, check, equal, escape, response
LINES = 64


def hashes(server):
    return int(server.cli("GetStatElement passwordHashes"))


def domain_admin(server, domain):
    """A session of one who may do all in that domain."""
    user = server.account("admin@" + domain, rights=(
        "CanAccessWebAdmin", "BasicSettings", "CanCreateAccounts"))
    c = server.connect()
    c.login(user)
    return c


def pipelined(c, lines):
    c.send(*('<cliExecute id="%d">%s</cliExecute>' % (i, escape(line))
             for i, line in enumerate(lines)))


def outcomes(c, n):
    """The errorNum of so many answers, "" for success."""
    got = []
    for i in range(n):
        answer = c.until_response(str(i))[-1]
        got.append(attr(answer, "errorNum", ""))
    return got


def test_refused_costs_no_hash(t):
    server = t.server({"output_soft": "1M"}, listen_pwd=PWD)
    own, other = server.domain("own.test"), server.domain("other.test")
    server.account("joe@" + own)
    server.account("joe@" + other)
    admin = domain_admin(server, own)
    cases = (
        ('SetAccountPassword joe@%s PASSWORD x' % other, "510"),
        ('SetAccountPassword postmaster@%s PASSWORD x' % MAIN, "510"),
        ('SetAccountPassword nobody@%s PASSWORD x' % own, "513"),
        ('CreateAccount new@%s {Password=x;}' % other, "510"),
        ('CreateAccount joe@%s {Password=x;}' % own, "520"),
        ('CreateAccount .@%s {Password=x;}' % own, "501"),
        ('UpdateAccountSettings joe@%s {Password=x;}' % other, "510"),
        ('UpdateAccountSettings joe@%s {Password=x;QuotaAlert=y;}' % own,
         "501"),
        ('SetAccountSettings joe@%s {Password=x;}' % other, "510"),
        ('VerifyAccountPassword joe@%s PASSWORD x' % other, "510"),
        ('VerifyAccountPassword nobody@%s PASSWORD x' % own, "513"),
    )
    before = hashes(server)
    for line, code in cases:
        pipelined(admin, [line] * LINES)
        equal(outcomes(admin, LINES), [code] * LINES, line)
    equal(hashes(server), before)
    # The PWD port is the same.
    pwd = log_in(server, "admin@" + own)
    before = hashes(server)
    for line, code in cases:
        equal(pwd.refused(line), int(code), line)
    equal(hashes(server), before)
    admin.cli("SetAccountPassword joe@%s PASSWORD x" % own)
    equal(hashes(server), before + 1)


def test_allowed_ones_keep_their_order(t):
    """What comes before in the same packet counts, though it was not done when
    the later ones were looked at first."""
    server = t.server()
    own = server.domain("own.test")
    admin = domain_admin(server, own)
    name = "new@" + own
    pipelined(admin, [
        "CreateAccount %s {Password=a;}" % name,
        "SetAccountPassword %s PASSWORD b" % name,
        "VerifyAccountPassword %s PASSWORD b" % name,
        "UpdateAccountSettings %s {Password=c;}" % name,
        "RenameAccount %s into old@%s" % (name, own),
        "SetAccountPassword %s PASSWORD d" % name,
        "CreateAccount %s {Password=e;}" % name,
        "DeleteAccount old@%s" % own,
        "SetAccountPassword old@%s PASSWORD f" % own,
        "VerifyAccountPassword %s PASSWORD e" % name])
    equal(outcomes(admin, 10), ["", "", "", "", "", "513", "", "", "513", ""])
    server.connect().login(name, "e")


def test_many_allowed_ones_do_not_delay_log_ins(t):
    """Counted, not timed: how many of the changes are made before the log-in
    is answered that came behind them."""
    server = t.server({"password_iterations": 100000, "hash_threads": 1,
                       "workers": 1})
    own = server.domain("own.test")
    joe = server.account("joe@" + MAIN)
    server.account("ann@" + own)
    first = domain_admin(server, own)
    sessions = [first] + [server.connect() for _ in range(3)]
    for c in sessions[1:]:
        c.login("admin@" + own)
    for c in sessions:
        pipelined(c, ["SetAccountPassword ann@%s PASSWORD x" % own] * 20)
    # All are taken when each connection's last line has been read.
    idle = server.connect()
    idle.ask('<noop id="n"/>', response("n"))
    before = hashes(server)
    stranger = server.connect()
    stranger.send('<login id="1" userName="%s" authData="wrong"/>' % joe)
    equal(attr(stranger.receive(), "errorNum"), "515")
    done = 0
    for c in sessions:
        while c.fill(time.monotonic()):
            pass
        done += c.buffer.count(b"<response ")
    check(done <= 5, "%d changes were before it" % done)
    check(hashes(server) > before, "it was hashed")
    for c in sessions:
        equal(outcomes(c, 20), [""] * 20)
