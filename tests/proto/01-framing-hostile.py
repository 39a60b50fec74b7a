# SPDX-License-Identifier: BSD-2-Clause
"""Hostile input: malformed, oversized, forbidden; the server's answer, the
connection's fate, and that nobody else notices."""

import contextlib
import threading

from ximss import Closed, Failed, attr, check, equal, failure, response

BEFORE_LOGIN = 16 * 1024
IN_SESSION = 1024 * 1024
DEPTH = 16
ATTRIBUTES = 64
ATTRIBUTE_BYTES = 64 * 1024

# (what, bytes without the zero, id in the answer)
MALFORMED = [
    ("nothing but a name", b"noop", ""),
    ("blanks only", b"  \n ", ""),
    ("a comment only", b"<!-- x -->", ""),
    ("a prolog only", b'<?xml version="1.0"?>', ""),
    ("text before the root", b'x<noop id="1"/>', ""),
    ("start tag not closed", b'<noop id="7"', ""),
    ("element not closed", b'<noop id="7">', "7"),
    ("wrong end tag", b'<noop id="7"></nop>', "7"),
    ("end tag alone", b"</noop>", ""),
    ("two documents", b'<noop id="7"/><noop id="8"/>', "7"),
    ("text behind", b'<noop id="7"/>x', "7"),
    ("prolog not first", b' <?xml version="1.0"?><noop id="7"/>', ""),
    ("attribute without quotes", b"<noop id=7/>", ""),
    ("attribute without value", b'<noop x id="7"/>', ""),
    ("attribute twice", b'<noop id="7" x="1" x="2"/>', ""),
    ("id twice", b'<noop id="7" id="8"/>', ""),
    ("no blank between attributes", b'<noop id="7"x="1"/>', ""),
    ("less-than in attribute", b'<noop id="7" x="<"/>', ""),
    ("name that begins with a digit", b'<1noop id="7"/>', ""),
    ("undefined entity", b'<noop id="7">&foo;</noop>', "7"),
    ("undefined entity in an attribute", b'<noop id="7" x="&foo;"/>', ""),
    ("ampersand alone", b'<noop id="7">a & b</noop>', "7"),
    ("reference not closed", b'<noop id="7">&lt</noop>', "7"),
    ("reference to U+0000", b'<noop id="7">&#0;</noop>', "7"),
    ("reference to U+0001", b'<noop id="7">&#1;</noop>', "7"),
    ("reference to U+FFFE", b'<noop id="7">&#xFFFE;</noop>', "7"),
    ("reference to a surrogate", b'<noop id="7">&#xD800;</noop>', "7"),
    ("reference too high", b'<noop id="7">&#x110000;</noop>', "7"),
    ("reference far too high", b'<noop id="7">&#99999999999;</noop>', "7"),
    ("]]> in text", b'<noop id="7">]]></noop>', "7"),
    ("CDATA not closed", b'<noop id="7"><![CDATA[x</noop>', "7"),
    ("CDATA outside", b'<![CDATA[x]]><noop id="7"/>', ""),
    ("comment with --", b'<!-- a -- b --><noop id="7"/>', ""),
    ("invalid byte", b'<noop id="7">\xff</noop>', "7"),
    ("continuation alone", b'<noop id="7">\x80</noop>', "7"),
    ("sequence cut off", b'<noop id="7">\xe2\x82</noop>', "7"),
    ("overlong slash", b'<noop id="7">\xc0\xaf</noop>', "7"),
    ("overlong zero", b'<noop id="7">\xc0\x80</noop>', "7"),
    ("surrogate in UTF-8", b'<noop id="7">\xed\xa0\x80</noop>', "7"),
    ("above U+10FFFF", b'<noop id="7">\xf4\x90\x80\x80</noop>', "7"),
    ("U+FFFE", b'<noop id="7">\xef\xbf\xbe</noop>', "7"),
    ("invalid byte in an attribute", b'<noop id="7" x="\xff"/>', ""),
    ("invalid byte in the id", b'<noop id="\xff"/>', ""),
    ("invalid byte in a name", b'<no\xffop id="7"/>', ""),
    ("Latin-1 that says UTF-8",
     b'<?xml version="1.0" encoding="UTF-8"?><noop id="7">\xe9</noop>', "7"),
] + [("control character %02x" % code,
      b'<noop id="7">' + bytes([code]) + b"</noop>", "7")
     for code in range(1, 32) if code not in (9, 10, 13)]


def test_malformed_is_answered_and_the_connection_stays(t):
    for what, data, id_ in MALFORMED:
        c = t.shared.connect(what)
        c.raw(data + b"\0")
        try:
            c.expect(failure(id_, 540, "malformed message: …"))
            c.ask('<noop id="still here"/>', response("still here"))
        except Failed as error:
            raise Failed("%s (%r): %s" % (what, data, error)) from error
        c.close()


def test_malformed_in_a_session_leaves_the_session_usable(t):
    user = t.user()
    c = t.shared.login(user)
    for what, data, id_ in MALFORMED:
        c.raw(data + b"\0")
        try:
            c.expect(failure(id_, 540, "malformed message: …"))
        except Failed as error:
            raise Failed("%s (%r): %s" % (what, data, error)) from error
        got = c.ok('<readSession id="r"/>')
        equal(attr(got[0], "userName"), user)
        c.close()
        c = t.shared.login(user)


def test_third_malformed_message_closes_after_its_answer(t):
    c = t.shared.connect()
    c.send("<a", '<noop id="1"/>', "<b", '<noop id="2"/>', "<c",
           '<noop id="3"/>')
    c.expect(failure("", 540), response("1"), failure("", 540), response("2"),
             failure("", 540))
    c.expect_closed()


def test_third_malformed_message_in_a_session_closes(t):
    c = t.shared.login(t.user())
    for _ in range(2):
        c.ask("<a", failure("", 540))
        c.ask('<noop id="1"/>', response("1"))
    c.ask("<a", failure("", 540))
    c.expect_closed()


def test_malformed_between_good_ones_keeps_the_order(t):
    c = t.shared.connect()
    c.send('<noop id="1"/>', '<noop id="2">', '<noop id="3"/>')
    c.expect(response("1"), failure("2", 540), response("3"))


# --- what is forbidden ---

LAUGHS = ('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    '<!ENTITY %s "%s">' % (chr(98 + i), ("&%s;" % chr(97 + i)) * 10)
    for i in range(9)) + ']><noop id="1">&j;</noop>')
FORBIDDEN = [
    ("DOCTYPE", '<!DOCTYPE noop><noop id="1"/>'),
    ("DOCTYPE behind a comment", '<!-- --><!DOCTYPE noop><noop id="1"/>'),
    ("internal subset", '<!DOCTYPE noop [<!ELEMENT noop ANY>]>'
     '<noop id="1"/>'),
    ("billion laughs", LAUGHS),
    ("quadratic", '<!DOCTYPE x [<!ENTITY a "%s">]><noop id="1">%s</noop>'
     % ("a" * 4000, "&a;" * 2000)),
    ("external entity", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">'
     ']><noop id="1">&a;</noop>'),
    ("external subset", '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">'
     '<noop id="1"/>'),
    ("parameter entity", '<!DOCTYPE x [<!ENTITY % a "<!ENTITY b \'c\'>">%a;]>'
     '<noop id="1">&b;</noop>'),
    ("recursion", '<!DOCTYPE x [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'
     '<noop id="1">&a;</noop>'),
]


def test_doctype_and_entities_close(t):
    for what, text in FORBIDDEN:
        c = t.shared.connect(what)
        c.send(text)
        try:
            c.expect(failure("", 542))
            c.expect_closed()
        except Failed as error:
            raise Failed("%s: %s" % (what, error)) from error


def test_doctype_in_a_session_closes(t):
    c = t.shared.login(t.user())
    c.send(LAUGHS)
    c.expect(failure("", 542))
    c.expect_closed()


# --- limits, both sides ---

def padded(size, id_="1"):
    """A noop of exactly so many bytes."""
    head, tail = '<noop id="%s"><!--' % id_, "--></noop>"
    return head + "x" * (size - len(head) - len(tail)) + tail


def test_size_before_log_in(t):
    c = t.shared.connect()
    c.ask(padded(BEFORE_LOGIN), response("1"))
    c.ask(padded(BEFORE_LOGIN, "2"), response("2"))
    c.send(padded(BEFORE_LOGIN + 1))
    c.expect(failure("…", 541))
    c.expect_closed()


def test_size_before_log_in_needs_no_end(t):
    """More than a message may have and no zero: answered without waiting."""
    c = t.shared.connect()
    c.raw(b"x" * (BEFORE_LOGIN + 2))
    c.expect(failure("", 541))
    c.expect_closed()


def test_size_in_a_session(t):
    c = t.shared.login(t.user())
    c.ask(padded(IN_SESSION), response("1"))
    c.send(padded(IN_SESSION + 1))
    c.expect(failure("…", 541))
    c.expect_closed()


def test_size_limit_grows_with_the_log_in_in_one_write(t):
    """Pipelined behind the log-in, the session's limit holds."""
    user = t.user()
    c = t.shared.connect()
    c.send('<login id="l" userName="%s" authData="secret"/>' % user,
           padded(BEFORE_LOGIN * 2, "2"))
    c.receive()
    c.expect(response("l"))
    got = c.receive()
    check(got == response("2") or attr(got, "errorNum") == "541", got)


def test_depth(t):
    c = t.shared.connect()
    c.ask('<noop id="1">' + "<a>" * (DEPTH - 1) + "</a>" * (DEPTH - 1)
          + "</noop>", response("1"))
    c.send('<noop id="2">' + "<a>" * DEPTH + "</a>" * DEPTH + "</noop>")
    c.expect(failure("2", 541))
    c.expect_closed()


def test_very_deep(t):
    c = t.shared.login(t.user())
    c.raw(b'<noop id="2">' + b"<a>" * 300000 + b"\0")
    c.expect(failure("2", 541))
    c.expect_closed()


def test_attributes(t):
    c = t.shared.connect()
    c.ask("<noop id=\"1\" %s/>" % " ".join(
        'a%d="x"' % i for i in range(ATTRIBUTES - 1)), response("1"))
    c.send("<noop id=\"2\" %s/>" % " ".join(
        'a%d="x"' % i for i in range(ATTRIBUTES)))
    c.expect(failure("…", 541))
    c.expect_closed()


def test_attribute_value(t):
    c = t.shared.login(t.user())
    c.ask('<noop id="1" a="%s"/>' % ("x" * ATTRIBUTE_BYTES), response("1"))
    c.send('<noop id="2" a="%s"/>' % ("x" * (ATTRIBUTE_BYTES + 1)))
    c.expect(failure("…", 541))
    c.expect_closed()


def test_ten_megabytes_in_an_attribute(t):
    """The sender is cut off long before; memory stays; others go on."""
    other = t.shared.login(t.user())
    before = t.shared.rss()
    for login in (False, True):
        c = t.shared.login(t.user()) if login else t.shared.connect()
        data = b'<noop id="1" a="' + b"x" * (10 * 1024 * 1024) + b'"/>\0'

        def push():
            with contextlib.suppress(OSError):
                c.sock.sendall(data)
        pusher = threading.Thread(target=push)
        pusher.start()
        with contextlib.suppress(Closed):
            got = c.receive()
            equal(attr(got, "errorNum"), "541")
            c.receive()
        check(c.end, "still open")
        c.close()
        pusher.join()
        other.quiet()
    check(t.shared.rss() - before < 8 * 1024 * 1024,
          "memory grew by %d" % (t.shared.rss() - before))


def test_many_attributes_with_one_hash(t):
    """Attribute names are checked for doubles without quadratic cost."""
    c = t.shared.login(t.user())
    c.send("<noop id=\"1\" %s/>" % " ".join(
        'a%d=""' % i for i in range(100000)))
    c.expect(failure("…", 541))
    c.expect_closed()


def test_many_newlines_in_pieces(t):
    """A text of newlines only, in many packets: linear, not quadratic."""
    c = t.shared.login(t.user())
    c.raw(b'<noop id="1">')
    for _ in range(200):
        c.raw(b"\n" * 5000)
    c.raw(b"</noop>\0")
    c.expect(response("1"))


def test_small_message_in_small_pieces_comes_at_once(t):
    """expat may defer a token that came in pieces; the answer must not wait
    for more bytes."""
    c = t.shared.connect()
    message = b'<noop id="1" pad="' + b"y" * 280 + b'"/>\0'
    for start in range(0, len(message), 100):
        c.raw(message[start:start + 100])
    c.expect(response("1"))


def test_garbage(t):
    """Other protocols at the door."""
    for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\0",
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\0",
                 b"SSH-2.0-OpenSSH_9.2\r\n\0", b"\xff\xfb\x01\0",
                 "<noop id=\"1\"/>".encode("utf-16"), b"\xfe\xff\0<\0n\0"):
        c = t.shared.connect()
        c.raw(data)
        got = c.receive()
        check(attr(got, "errorNum") in ("540", "541", "542"), got)
        c.close()
    t.shared.connect().ask('<noop id="1"/>', response("1"))


def test_flash_policy_is_off(t):
    c = t.shared.connect()
    c.send("<policy-file-request/>")
    got = c.receive()
    check(got.startswith('<response id="" errorText="'), got)
