# SPDX-License-Identifier: BSD-2-Clause
"""The PWD port: how lines may end, arrive and be spelled."""

import random
import re

from pwd_port import OK, PWD, connect, log_in
from ximss import MAIN, check, equal

SERVER = {"listen_pwd": PWD}


def test_line_feed_alone(t):
    user = t.user()
    c = connect(t.shared)
    c.raw(("USER %s\nPASS secret\nINLINE\nEcho a\n" % user).encode())
    c.expect("300 please send the PASS", "200 login OK, proceed", OK, "201 a")


def test_carriage_return_belongs_to_the_end(t):
    """One of them, before the line feed; any other is a character."""
    c = log_in(t.shared)
    c.raw(b"Echo a\r\nEcho b\nEcho c\r\r\n")
    c.expect("201 a", "201 b")
    check(c.receive()[:4] in ("201 ", "501 "), "the third")
    c.in_step()


def test_bare_carriage_return_ends_no_line(t):
    c = log_in(t.shared)
    c.raw(b"PostServerAlert a\rPostServerAlert b\r\n")
    check(c.receive().startswith("501 "), "taken")
    c.raw(b'PostServerAlert "a\rb"\rEcho x\n')
    check(c.receive().startswith("501 "), "taken")
    equal(c.do("GetServerAlerts"), {})
    c.in_step()


def test_cut_everywhere(t):
    """A line in two packets is the same line."""
    said = b'Echo {a="b c";}\r\nNoop\nEcho (d)\r\n'
    c = log_in(t.shared)
    for cut in range(1, len(said)):
        c.raw(said[:cut])
        c.raw(said[cut:])
        c.expect('201 {a="b c";}', OK, "201 (d)")


def test_one_byte_per_packet(t):
    user = t.user()
    c = connect(t.shared)
    for byte in ("USER %s\r\nPASS secret\r\nINLINE\r\nEcho {a=b;}\r\n"
                 % user).encode():
        c.raw(bytes([byte]))
    c.expect("300 please send the PASS", "200 login OK, proceed", OK,
             "201 {a=b;}")


def test_any_case(t):
    c = log_in(t.shared)
    names = c.do("ListDomains")
    for line in ("LISTDOMAINS", "listdomains", "ListDomains", "Listdomains",
                 "lISTdOMAINS"):
        equal(c.do(line), names, line)
    domain = t.domain()
    c.do("createaccount JOE@%s {Password=x;}" % domain.upper())
    c.do("RENAMEACCOUNT joe@%s Into ann@%s" % (domain, domain))
    c.do("verifyaccountpassword ann@%s password x" % domain)
    equal(c.do("getaccountinfo ann@%s kEY StorageUsed" % domain), "0")


def test_blanks(t):
    """Any number of them, tabs too, at the ends too."""
    domain = t.domain()
    c = log_in(t.shared)
    for line in ("  ListAccounts %s", "ListAccounts   %s", "ListAccounts %s  ",
                 "\tListAccounts\t%s\t", "ListAccounts\t \t%s"):
        equal(c.do(line % domain), {}, line)
    c.do("CreateAccount \"joe@%s\" { Password = \"pw\" ; Own = ( 1 , 2 ) ; }"
         % domain)
    equal(c.do("GetAccountSettings joe@" + domain), {"Own": ["1", "2"]})


def test_cookie_with_nothing_behind_it(t):
    """As a client of the family begins a listing."""
    domain = t.domain()
    for name in ("ann", "joe", "kim"):
        t.user(name, domain)
    c = log_in(t.shared)
    c.raw(b"ListDomainObjects %s 10 ACCOUNTS  COOKIE \r\n" % domain.encode())
    equal(c.answer(), ["3", {"ann": "macnt", "joe": "macnt", "kim": "macnt"},
                       "0", "0", ""])
    c.raw(b"ListDomainObjects %s #2 ACCOUNTS  COOKIE \n" % domain.encode())
    first = c.answer()
    equal(first[1], {"ann": "macnt", "joe": "macnt"})
    check(first[4] != "", "the next cookie")


def test_empty_lines(t):
    c = log_in(t.shared)
    for line in (b"\r\n", b"\n", b"  \r\n", b"\t\n"):
        c.raw(line)
        c.expect("500 unknown command")
    c.raw(b"\n\r\n\nEcho a\n")
    c.expect(*["500 unknown command"] * 3, "201 a")


def test_zero_bytes(t):
    c = log_in(t.shared)
    for line in (b"Echo a\0b\r\n", b"\0\r\n", b"\0Echo a\n", b"Echo a\0\r\n",
                 b'PostServerAlert "a\0b"\r\n', b"Echo \0" * 100 + b"\n"):
        c.raw(line)
        got = c.receive()
        check(got.startswith("501 "), "%r: %s" % (line[:20], got))
    equal(c.do("GetServerAlerts"), {})
    c.in_step()


def test_zero_bytes_before_log_in(t):
    c = connect(t.shared)
    c.raw(b"USER a\0b\r\n")
    check(c.receive().startswith("501 "), "taken")
    c.ask("USER postmaster", "300 please send the PASS")
    c.raw(b"PASS a\0b\r\n")
    check(c.receive()[0] == "5", "taken")
    c.nothing_came()


def test_bytes_that_are_no_text(t):
    c = log_in(t.shared)
    for line in (b"\xfe\xff", b"\xc3\xbc", b"Echo \x7f", b"Echo \x01",
                 b"Echo\xff x", b"Echo \xff\x01"):
        c.raw(line + b"\r\n")
        got = c.receive()
        check(got[:4] in ("501 ", "500 "), "%r: %s" % (line, got))
    c.in_step()


def test_malformed_lines_say_where(t):
    """The position counts from 1, and the connection stays in step."""
    c = log_in(t.shared)
    for line, where in (('Echo "', 6), ("Echo {", 7), ("Echo (a", 8),
                        ("Echo {a=b}", 10), ("Echo {a=b;}x", 12),
                        ('Echo "a"b"', 9), ('Echo "a" "b', 10),
                        ("Echo a=b", 7), ("Echo [x!]", None),
                        ("Echo {a=b;a=c;}", None), ("Echo \\", 6)):
        c.say(line)
        got = c.receive()
        check(got.startswith("501 malformed at byte "), "%s: %s" % (line, got))
        if where:
            equal(got, "501 malformed at byte %d" % where, line)
    c.in_step()


def test_unfinished_objects_do_not_wait_for_the_next_line(t):
    c = log_in(t.shared)
    c.say('PostServerAlert "a', 'b"', "Echo (", "a)", "Echo in.step")
    got = [c.receive() for _ in range(5)]
    check(got[0].startswith("501 ") and got[2].startswith("501 "), str(got))
    check(got[1][0] == "5" and got[3][0] == "5", str(got))
    equal(got[4], "201 in.step")
    equal(c.do("GetServerAlerts"), {})


def test_deep_and_wide(t):
    c = log_in(t.shared)
    deep = "(" * 32 + ")" * 32
    c.ask("Echo " + deep, "201 " + deep)
    for n in (33, 100, 5000):
        c.say("Echo " + "(" * n + ")" * n)
        check(c.receive().startswith("501 "), "depth %d" % n)
    wide = "(%s)" % ",".join(str(i) for i in range(20000))
    c.ask("Echo " + wide, "201 " + wide)
    c.say("Echo" + " x" * 100)
    check(c.receive().startswith("501 "), "arguments")
    c.in_step()


def test_names_that_are_no_commands(t):
    c = log_in(t.shared)
    for line in ("X" * 1000, "Echo!", "1", "(Echo a)", '"Echo" a', "Echo,a",
                 "<Echo/>", "GET / HTTP/1.1", "Echo=a"):
        c.ask(line, "500 unknown command")


def test_pipelined(t):
    """Any number of lines in a packet; answers in their order, errors among
    them, whatever the commands take."""
    domain = t.domain()
    user = t.user("joe", domain)
    c = log_in(t.shared)
    lines, expected = [], []
    for i in range(60):
        lines += ["Echo %d" % i, "Nonsense", "ListAccounts " + domain,
                  "VerifyAccountPassword %s PASSWORD %s"
                  % (user, "secret" if i % 2 else "wrong"), "Noop",
                  "ListAccountSessions " + user, 'Echo "']
        expected += ["201 %d" % i, "500 unknown command", "201 {joe=macnt;}",
                     OK if i % 2 else "515 incorrect password", OK, "201 ()",
                     "501 malformed at byte 6"]
    c.say(*lines)
    c.expect(*expected)


def test_pipelined_not_inline(t):
    c = log_in(t.shared, inline=False)
    c.say(*["Echo %d" % i for i in range(500)])
    for i in range(500):
        c.expect("200 data follow", str(i))


def test_inline_is_for_what_comes_behind_it(t):
    c = log_in(t.shared, inline=False)
    c.say("Echo a", "INLINE", "Echo b", "INLINE", "Echo c")
    c.expect("200 data follow", "a", OK, "201 b", OK, "201 c")


def test_each_change_is_seen_by_the_next_line(t):
    """Though hashing and commits of different lines overlap."""
    domain = t.domain()
    c = log_in(t.shared)
    lines, expected = [], []
    for i in range(30):
        user = "u%02d@%s" % (i, domain)
        lines += ['CreateAccount %s {Password="p%d";}' % (user, i),
                  "VerifyAccountPassword %s PASSWORD p%d" % (user, i),
                  "SetAccountPassword %s PASSWORD q%d" % (user, i),
                  "VerifyAccountPassword %s PASSWORD p%d" % (user, i),
                  "RenameAccount %s INTO v%02d@%s" % (user, i, domain),
                  "GetAccountSettings " + user,
                  "VerifyAccountPassword v%02d@%s PASSWORD q%d"
                  % (i, domain, i)]
        expected += [OK, OK, OK, "515 incorrect password", OK,
                     "513 unknown user account", OK]
    c.say(*lines)
    c.expect(*expected)
    equal(len(c.do("ListAccounts " + domain)), 30)


# --- whatever comes ---

def random_line(rng, words):
    """A command that was true once, with something done to it."""
    line = bytearray(rng.choice(words).encode())
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(line) + 1)
        what = rng.randrange(3)
        if what == 0:
            line[at:at] = rng.choice((b'"', b"\\", b"{", b"}", b"(", b")", b";",
                                      b"=", b",", b" ", b"#", b"\xff", b"\r",
                                      b"\0", b"\xc3\xa9", b"x" * 5000))
        elif what == 1:
            del line[at:at + rng.randrange(8)]
        else:
            line[at:at + 1] = bytes([rng.randrange(256)])
    return bytes(line).replace(b"\n", b"")


def is_ours(line):
    """One of the words that end the connection or ask for something."""
    return re.match(rb"[ \t]*(quit|stls|auth|shutdown|pass)", line, re.I)


def test_every_line_has_one_answer(t):
    """Whatever stands in it, and however it is cut into packets."""
    server = t.server({"pwd_line_bytes": 4096}, listen_pwd=PWD)
    server.domain("a.test")
    server.account("joe@a.test")
    words = ["Echo {a=b;c=(d,\"e f\");}", "PostServerAlert \"a \\\"b\\\"\"",
             "GetServerAlerts", "SetServerAlerts {20200101000000=x;}",
             "UpdateAccountSettings joe@a.test {a=b;Password=secret;}",
             "VerifyAccountPassword joe@a.test PASSWORD secret",
             "ListDomainObjects a.test 10 ACCOUNTS COOKIE \"\"",
             "ListAccountSessions joe@a.test", "Noop", "", "INLINE", "USER x",
             "GetAccountInfo joe@a.test Key StorageUsed"]
    rng = random.Random(20261122)
    for before in (False, True):
        c = connect(server) if before else log_in(server)
        for _ in range(60):
            lines = [line for line in
                     (random_line(rng, words)
                      for _ in range(rng.randrange(1, 8)))
                     if not is_ours(line)]
            data = b"".join(line + rng.choice((b"\n", b"\r\n"))
                            for line in lines)
            cut = rng.randrange(len(data) + 1)
            c.raw(data[:cut])
            c.raw(data[cut:])
            for line in lines:
                got = c.receive()
                check(re.match(r"(20[01]|300|5\d\d) .", got),
                      "%r: %s" % (line, got))
        (c.nothing_came if before else c.in_step)()


def test_main_domain_is_meant_where_none_is_named(t):
    c = log_in(t.shared)
    check("postmaster" in c.do("ListAccounts"), "accounts")
    equal(c.do("ListAccounts"), c.do("ListAccounts " + MAIN))
