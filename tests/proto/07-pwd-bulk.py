# SPDX-License-Identifier: BSD-2-Clause
"""Much at once through the PWD port: loads, listings, and the end of
sessions."""

import re
import select

from pwd_port import LOGGED_IN, OK, PWD, connect, log_in, parse
from ximss import (MAIN, alert, attr, check, equal, is_instrumented,
                   wait_until)

SERVER = {"listen_pwd": PWD}
MANY = 1500 if is_instrumented() else 12000
PART = 5000 if MANY > 5000 else 600


def say_all(c, lines, expected, at_once=2000):
    """Says many lines, reading now and then; the answers are in order."""
    for start in range(0, len(lines), at_once):
        c.say(*lines[start:start + at_once])
        for number in range(start, min(start + at_once, len(lines))):
            equal(c.receive(), expected[number], lines[number])
    c.transcript.clear()


def names(domain, n):
    return ["u%05d@%s" % (i, domain) for i in range(n)]


# --- loads ---

def test_ten_thousand_noops(t):
    c = log_in(t.shared)
    n = 10000 if not is_instrumented() else 2000
    say_all(c, ["Noop"] * n, [OK] * n, n)


def test_load_of_accounts_in_order(t):
    """Passwords are hashed side by side; effects and answers have the order
    of the lines, refusals among them."""
    domain = t.domain()
    c = log_in(t.shared)
    lines, expected = [], []
    for i in range(300 if not is_instrumented() else 60):
        user = "u%03d@%s" % (i, domain)
        lines += ["CreateAccount %s {Password=p%d;RealName=\"No %d\";}"
                  % (user, i, i), "CreateAccount " + user,
                  "GetAccountSettings " + user]
        expected += [OK, "520 account with this name already exists",
                     '201 {RealName="No %d";}' % i]
    say_all(c, lines, expected)
    log_in(t.shared, "u007@" + domain, "p7").in_step()


def test_two_loads_at_a_time(t):
    a, b = t.domain(), t.domain()
    one, two = log_in(t.shared), log_in(t.shared)
    n = 200 if not is_instrumented() else 40
    for c, domain in ((one, a), (two, b)):
        c.say(*["CreateAccount %s {Password=x;}" % u
                for u in names(domain, n)])
    for c in (one, two):
        c.expect(*[OK] * n)
    for c, domain in ((one, b), (two, a)):
        equal(len(c.do("ListAccounts " + domain)), n)


def test_load_that_breaks_off(t):
    """What was not executed when the client went is not, or is; each line
    wholly."""
    domain = t.domain()
    c = log_in(t.shared)
    c.say(*["CreateAccount %s {Password=x;RealName=y;}" % u
            for u in names(domain, 200)])
    c.expect(OK)
    c.reset()
    d = log_in(t.shared)
    count = []

    def settled():
        count.append(len(d.do("ListAccounts " + domain)))
        return len(count) > 3 and count[-1] == count[-4]
    wait_until(settled, "the load ends")
    made = d.do("ListAccounts " + domain)
    equal(list(made), [u.split("@")[0]
                       for u in names(domain, len(made))], "the first ones")
    d.do("VerifyAccountPassword %s@%s PASSWORD x" % (list(made)[-1], domain))


# --- listings ---

def test_listing_by_cookie(t):
    """As scripts list a big domain: parts of some thousand."""
    domain = t.domain()
    c = log_in(t.shared)
    accounts = names(domain, MANY)
    say_all(c, ["CreateAccount " + a for a in accounts], [OK] * MANY)
    expected = {a.split("@")[0]: "macnt" for a in accounts}
    by_cookie(c, domain, expected)
    by_cookie(log_in(t.shared, inline=False), domain, expected)
    whole_listing(t, domain, expected)
    slow_reader(t, domain, expected)
    listing_that_breaks_off(t, domain)
    listing_while_accounts_go(t, domain, expected)


def by_cookie(c, domain, expected):
    found, cookie, parts = {}, "", 0
    while True:
        got = c.do('ListDomainObjects %s %d ACCOUNTS COOKIE "%s"'
                   % (domain, PART, cookie))
        equal(got[0], str(len(expected)))
        equal(got[2:4], ["0", "0"])
        check(len(got[1]) <= PART and not set(got[1]) & set(found), "a part")
        found.update(got[1])
        cookie = got[4]
        parts += 1
        if not cookie:
            break
    equal(found, expected)
    equal(list(found), sorted(found))
    check(parts in (len(expected) // PART, len(expected) // PART + 1),
          "%d parts" % parts)
    got = c.do("ListDomainObjects %s FILTER u0001 %d ACCOUNTS"
               % (domain, MANY))
    equal(list(got[1]), ["u0001%d" % i for i in range(10)])


def whole_listing(t, domain, expected):
    """In one line, however long; what is pipelined behind it waits."""
    c = log_in(t.shared)
    c.say("ListAccounts " + domain, "Echo behind")
    equal(c.answer(), expected)
    c.expect("201 behind")
    c = log_in(t.shared, inline=False)
    equal(c.do("ListAccounts " + domain), expected)
    c.in_step()


def slow_reader(t, domain, expected):
    """He who does not read holds nobody up, and gets all in the end."""
    c = connect(t.shared, receive_buffer=4096).login()
    c.say("ListAccounts " + domain)
    other = log_in(t.shared)
    select.select([c.sock], [], [], 5)
    for i in range(20):
        other.do("PostDomainAlert %s ALERT %d" % (domain, i))
    other.do("SetDomainAlerts %s {}" % domain)
    equal(c.answer(), expected)


def listing_that_breaks_off(t, domain):
    for _ in range(5):
        c = connect(t.shared, receive_buffer=4096).login()
        c.say("ListAccounts " + domain)
        select.select([c.sock], [], [], 5)
        c.sock.recv(100)
        c.reset()
    log_in(t.shared).in_step()


def listing_while_accounts_go(t, domain, expected):
    """What is there all the while is listed, once."""
    c = connect(t.shared, receive_buffer=4096).login()
    c.say("ListAccounts " + domain)
    select.select([c.sock], [], [], 5)
    gone = [n for i, n in enumerate(sorted(expected)) if i % 100 == 99]
    other = log_in(t.shared)
    say_all(other, ["DeleteAccount %s@%s" % (n, domain) for n in gone],
            [OK] * len(gone))
    got = c.answer()
    check(set(expected) - set(gone) <= set(got) <= set(expected),
          "others are missing")
    equal(list(got), sorted(got))


def test_listing_does_not_grow_the_server(t):
    """Of a listing that nobody reads there is one piece in memory."""
    server = t.server(listen_pwd=PWD)
    domain = server.domain("big.test")
    c = log_in(server)
    n = 4000 if not is_instrumented() else 400
    long_names = ["%s%s" % ("x" * 110, a) for a in names(domain, n)]
    say_all(c, ["CreateAccount " + a for a in long_names], [OK] * n)
    readers = [connect(server, receive_buffer=4096).login()
               for _ in range(30)]
    before = server.rss()
    for reader in readers:
        reader.say("ListAccounts " + domain)
    for reader in readers:
        select.select([reader.sock], [], [], 5)
    c.in_step()
    # All of them would be 15 MB.
    check(server.rss() - before < 5 << 20,
          "%d bytes more" % (server.rss() - before))
    for reader in readers:
        equal(len(reader.answer()), n)


def test_domains(t):
    server = t.server(listen_pwd=PWD)
    c = log_in(server)
    n = 300
    say_all(c, ["CreateDomain d%03d.test" % i for i in range(n)], [OK] * n)
    equal(c.do("ListDomains"), ["d%03d.test" % i for i in range(n)] + [MAIN])


# --- sessions end ---

def test_killing_ends_both_kinds_of_sessions(t):
    user = t.user()
    admin = log_in(t.shared)
    ximss, pwd = t.shared.login(user), log_in(t.shared, user)
    other = log_in(t.shared, t.user())
    equal(len(admin.do("ListAccountSessions " + user)), 2)
    admin.ask("KillAccountSessions " + user, OK)
    ximss.expect_bye()
    pwd.expect_closed()
    wait_until(lambda: admin.do("ListAccountSessions " + user) == [],
               "they are gone")
    other.in_step()
    log_in(t.shared, user).in_step()


def test_killing_one(t):
    user = t.user()
    admin = log_in(t.shared)
    clients = [log_in(t.shared, user) for _ in range(3)]
    ids = admin.do("ListAccountSessions %s PROTOCOL PWD" % user)
    equal(len(ids), 3)
    for name in ids[:2]:
        admin.ask("KillSession " + name, OK)
    equal(admin.refused("KillSession " + ids[0]), 501)

    def ended():
        for c in clients:
            if not c.end:
                c.fill(0)
        return sum(c.end for c in clients) == 2
    wait_until(ended, "two are closed")
    check(not any(c.buffer for c in clients), "closed without a word")
    next(c for c in clients if not c.end).in_step()


def test_killing_oneself(t):
    """The answer still comes, then the end; what is behind it is not done."""
    domain = t.domain()
    user = t.user("adm", domain, rights=("CanCreateWebUserSessions",
                                         "CanPostAlerts"))
    c = log_in(t.shared, user)
    c.say("KillAccountSessions " + user)
    wait_until(lambda: c.end or (c.fill(0) and c.end), "the end")
    check(c.buffer in (b"", b"200 OK\r\n"), repr(c.buffer))
    log_in(t.shared, user).in_step()


def test_killing_voids_what_was_given_out(t):
    """The next log-in is checked anew, and a made session is void."""
    user = t.user()
    admin = log_in(t.shared)
    ticket = admin.do("CreateXIMSSSession %s ADDRESS 127.0.0.1" % user)
    admin.do("KillAccountSessions " + user)
    c = t.shared.connect()
    c.send('<login id="1" ticket="%s"/>' % ticket)
    equal(attr(c.receive(), "errorNum"), "515")


def test_deleted_account_ends_its_connections(t):
    user = t.user()
    admin = log_in(t.shared)
    c, half = log_in(t.shared, user), log_in(t.shared, user)
    half.raw(b"Echo ")
    admin.do("DeleteAccount " + user)
    for one in (c, half):
        one.expect_closed()


def test_suspended_domain(t):
    user = t.user()
    domain = user.split("@")[1]
    admin = log_in(t.shared)
    c = log_in(t.shared, user)
    admin.do("SuspendDomain " + domain)
    c.expect_closed()
    d = connect(t.shared)
    d.say("USER " + user, "PASS secret")
    d.receive()
    d.expect("515 incorrect password or account name")
    admin.do("ResumeDomain " + domain)
    d.ask("USER " + user, "300 please send the PASS")
    d.ask("PASS secret", LOGGED_IN)


def test_list_of_all_sessions(t):
    """With the door through which each came."""
    user = t.user()
    admin = log_in(t.shared)
    clients = [t.shared.login(user), log_in(t.shared, user)]
    listed = [s for s in admin.do("ListSessions 1000") if s["user"] == user]
    equal(sorted(s["door"] for s in listed), ["pwd", "ximss"])
    check(all(s["address"] == "127.0.0.1" for s in listed), str(listed))
    for c in clients:
        c.close()


# --- beside others ---

def test_alerts_arrive_while_a_load_runs(t):
    domain, other = t.domain(), t.domain()
    listener = t.shared.login(t.user("joe", other))
    c, d = log_in(t.shared), log_in(t.shared)
    n = 200 if not is_instrumented() else 40
    c.say(*["CreateAccount %s {Password=x;}" % u for u in names(domain, n)])
    for i in range(10):
        d.do("PostDomainAlert %s ALERT text%d" % (other, i))
        listener.expect(alert("text%d" % i, "domain"))
    c.expect(*[OK] * n)


def test_answers_are_single_lines(t):
    """However long they are: no line break inside, one at the end."""
    domain = t.domain()
    c = log_in(t.shared)
    texts = {"20200101%06d" % i: "line\nline %d" % i for i in range(50)}
    c.do("SetDomainAlerts %s {%s}" % (domain, "".join(
        '%s="%s";' % (k, v.replace("\n", "\\e")) for k, v in texts.items())))
    c.say("GetDomainAlerts " + domain)
    line = c.receive()
    check(re.fullmatch(r"201 \{[^\r\n]*\}", line), line[:100])
    equal(parse(line[4:]), texts)
