# SPDX-License-Identifier: BSD-2-Clause
"""Text arrives exactly as typed, or is clearly refused and the sender's
connection stays usable."""

from ximss import (MAIN, alert, attr, body, check, equal, escape, failure,
                   post_request, response)

LIMIT = 4096

TEXTS = [
    ("LF", "one\ntwo"),
    ("CR LF", "one\r\ntwo"),
    ("CR", "one\rtwo"),
    ("LF CR", "one\n\rtwo"),
    ("empty lines", "one\n\n\n\ntwo"),
    ("newline at the ends", "\none\n"),
    ("two newlines at the ends", "\n\none\n\n"),
    ("CR LF at the ends", "\r\none\r\n"),
    ("tabs", "\tone\t\ttwo\t"),
    ("blanks at the ends", "  one  "),
    ("one character", "x"),
    ("markup", "<b>bold</b> & <alert id=\"1\"/> &amp; &lt;"),
    ("end of CDATA", "a]]>b"),
    ("CDATA", "<![CDATA[x]]>"),
    ("comment", "<!-- x -->"),
    ("processing instruction", "<?xml version=\"1.0\"?>"),
    ("entity", "&foo; &#10; &#x0;"),
    ("quotes", "\"double\" 'single' `back`"),
    ("backslashes", "\\ \\e \\n \\\" \\065 \\u'263a'"),
    ("data format", "{a=b;} (1,2) [YQ==] #123 #T01-01-2026"),
    ("SSE fields", "data: x\nevent: y\nid: 1\n\ndata: z"),
    ("IMAP", "* OK [ALERT] x\r\n. BAD \"]"),
    ("percent", "%s %n %d %%"),
    ("emoji", "\U0001f514 \U0001f468\u200d\U0001f469\u200d\U0001f467 "
     "\U0001f1e9\U0001f1ea"),
    ("right to left", "שלום עולם مرحبا \u202ex\u202c"),
    ("combining", "e\u0301 e\u0323\u0302 Z\u0337\u0321\u031b"),
    ("not normalised", "\u212b \u00c5 A\u030a \ufb01"),
    ("CJK", "警告：サーバーを停止します"),
    ("zero width", "a\u200bb\u200cc\u2060d\ufeffe"),
    ("line separators", "a\u2028b\u2029c"),
    ("no-break", "a\u00a0b\u2011c\u00ad"),
    ("last of each length", "\u07ff\ufffd\U0010ffff"),
    ("private use", "\U000f0000"),
    ("BOM first", "\ufefftext"),
    ("one long line", "x" * LIMIT),
    ("many lines", "\n".join("x" * 63 for _ in range(64))),
    ("quotes only", "\"'" * (LIMIT // 2)),
    ("all escaped", "&" * LIMIT),
    ("all newlines but one", "x" + "\n" * (LIMIT - 1)),
    ("four bytes each", "\U0001f514" * (LIMIT // 4)),
    ("three bytes each", "日" * (LIMIT // 3) + "x"),
]

REFUSED = [
    ("nothing", ""),
    ("a blank", " "),
    ("blanks", "   "),
    ("newlines", "\n\n"),
    ("blank lines", " \n\t\r\n "),
    ("no-break space", "\u00a0"), ("ideographic space", "\u3000"),
    ("braille without dots", "\u2800"), ("fillers", "\u115f\u1160\u3164\uffa0"),
    ("soft hyphen", "\u00ad"), ("Mongolian separator", "\u180e"),
    ("grapheme joiner", "\u034f"), ("directions", "\u202e\u2066\u2069\u061c"),
    ("variations", "\ufe0f\U000e0100"), ("tags", "\U000e0067\U000e007f"),
    ("zero width", "\u200b\u200d\u2060\ufeff"), ("accent alone", " \u0301"),
    ("enclosing alone", "\u20dd"), ("object that is not there", "\ufffc"),
    ("null notehead", "\U0001d159"), ("annotation", "\ufff9\ufffb"),
    ("one byte more", "x" * (LIMIT + 1)),
    ("far more", "x" * 100000),
    ("limit within a character", "x" * (LIMIT - 1) + "é"),
    ("limit within an emoji", "x" * (LIMIT - 3) + "\U0001f514"),
    ("characters within, bytes beyond", "é" * 2049),
] + [("U+%04X" % code, "a%sb" % chr(code)) for code in range(0x7F, 0xA0)]

CONTROL = [code for code in range(32) if code not in (9, 10, 13)]


def typed(text):
    """As a message carries it: CR as a reference, as parsing would turn a
    literal one into LF."""
    return escape(text)


def test_in_and_out_identical(t):
    domain = t.domain()
    user = t.user("joe", domain)
    c = t.shared.login(user)
    admin = t.shared.admin()
    for what, text in TEXTS:
        admin.post(text, "domain", target=domain)
        equal(body(c.receive()), text, what)
        c.transcript.clear()
    late = t.shared.login(t.user("ann", domain))
    for what, text in TEXTS:
        message = late.receive()
        equal(body(message), text, what + ", later")
        equal(message.split(">", 1)[1], typed(text) + "</alert>",
              what + ", as it is written")
    late.quiet()
    reports = admin.reports(scope="domain", target=domain)
    equal([body(r) for r in reports], [text for _, text in TEXTS])


def test_identical_after_a_restart(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    for _, text in TEXTS:
        server.admin().post(text)
    server.restart(crash=True)
    c = server.login(user)
    for what, text in TEXTS:
        equal(body(c.receive()), text, what)
    c.quiet()


def test_refused_with_a_clear_error(t):
    user = t.user()
    c = t.shared.login(user)
    admin = t.shared.admin()
    for what, text in REFUSED:
        for test in ({}, {"test": "yes"}):
            admin.send(post_request("p", text, "account", target=user,
                                    **test))
            got = admin.receive()
            equal(attr(got, "errorNum"), "522", what)
            check(len(attr(got, "errorText")) > 5, got)
    admin.send(post_request("p", "x" * (LIMIT + 1), "account", target=user))
    check(str(LIMIT) in attr(admin.receive(), "errorText"),
          "the limit is told")
    c.quiet()
    admin.post("still here", "account", target=user)
    c.expect(alert("still here", "account"))


def test_control_characters_are_malformed(t):
    user = t.user()
    domain = user.split("@")[1]
    poster = t.user("post", domain, rights=("CanPostAlerts",))
    listener = t.shared.login(user)
    for code in CONTROL:
        for form in (bytes([code]), b"&#%d;" % code, b"&#x%x;" % code):
            if form == b"\0":
                continue
            c = t.shared.login(poster)
            c.raw(b'<alertPost id="p" scope="account" target="'
                  + user.encode() + b'">a' + form + b"b</alertPost>\0")
            c.expect(failure("p", 540))
            c.ask('<noop id="n"/>', response("n"))
            c.close()
    listener.quiet()


def test_invalid_utf8_is_malformed(t):
    user = t.user()
    domain = user.split("@")[1]
    poster = t.user("post", domain, rights=("CanPostAlerts",))
    listener = t.shared.login(user)
    for data in (b"\xff", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xf0\x9f\x94",
                 b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80",
                 b"\xef\xbf\xbf", b"\x80"):
        c = t.shared.login(poster)
        c.raw(b'<alertPost id="p" scope="account" target="' + user.encode()
              + b'">' + data + b"</alertPost>\0")
        c.expect(failure("p", 540))
        c.ask('<noop id="n"/>', response("n"))
        c.close()
    listener.quiet()


def test_literal_line_ends_become_newlines(t):
    """XML's own rule: CR LF and CR in the message are LF."""
    user = t.user()
    c = t.shared.login(user)
    admin = t.shared.admin()
    admin.raw(b'<alertPost id="p" scope="account" target="%s">a\r\nb\rc\n\r'
              b"\nd</alertPost>\0" % user.encode())
    admin.until_response("p")
    equal(body(c.receive()), "a\nb\nc\n\nd")


def test_every_way_of_writing_the_same(t):
    user = t.user()
    c = t.shared.login(user)
    admin = t.shared.admin()
    for data in ("a&lt;b", "a&#60;b", "a&#x3C;b", "a<![CDATA[<]]>b",
                 "<![CDATA[a]]>&lt;<![CDATA[b]]>", "a<!-- x -->&lt;b",
                 "a<?x y?>&lt;b"):
        admin.send('<alertPost id="p" scope="account" target="%s">%s'
                   "</alertPost>" % (user, data))
        admin.until_response("p")
        c.expect(alert("a<b", "account"))


def test_elements_in_the_text_are_refused_or_left_out(t):
    """The body of an alert is pure text."""
    user = t.user()
    c = t.shared.login(user)
    admin = t.shared.admin()
    admin.send('<alertPost id="p" scope="account" target="%s">a<b>c</b>d'
               "</alertPost>" % user)
    got = admin.until_response("p")[-1]
    for message in c.flush():
        check("<b>" not in message, message)
    check(got == response("p") or attr(got, "errorNum") in ("501", "522"),
          got)


def test_by_the_command_line(t):
    """\\e and \\n are newlines; control characters are refused."""
    user = t.user()
    c = t.shared.login(user)
    admin = t.shared.admin()
    for written, text in (("plain", "plain"),
                          ('"two words"', "two words"),
                          ('"a\\eb"', "a\nb"),
                          ('"say \\"hi\\" \\\\ back"', 'say "hi" \\ back'),
                          ('"tab\\tin"', "tab\tin"),
                          ('"<b> & \U0001f514"', "<b> & \U0001f514")):
        admin.cli("PostAccountAlert %s ALERT %s" % (user, written))
        equal(body(c.receive()), text, written)
    for written in ('""', '"  "', '"a\\001b"', '"a\\127b"', '"\\e"',
                    '"%s"' % ("x" * (LIMIT + 1)), '"unfinished', 'a b',
                    '"hi "there" \\ back"'):
        check(admin.cli_error("PostAccountAlert %s ALERT %s"
                              % (user, written)) >= 500, written)
    c.quiet()


def test_command_line_shows_text_escaped(t):
    domain = t.domain()
    admin = t.shared.admin()
    admin.post('a\n"b" \\ \U0001f514', "domain", target=domain)
    got = admin.cli("GetDomainAlerts " + domain)
    check('="a\\e\\"b\\" \\\\ \U0001f514";}' in got, got)


def test_configured_limit(t):
    server = t.server({"alert_bytes": "16K", "output_hard": "4M"})
    user = server.account("joe@" + MAIN)
    c = server.login(user)
    server.admin().post("\U0001f514" * 4096)
    equal(body(c.receive()), "\U0001f514" * 4096)
    server.admin().ask(post_request("p", "x" * 16385), failure("p", 522))


def test_largest_configured_limit(t):
    server = t.server({"alert_bytes": "1M", "message_bytes": "16M",
                       "output_hard": "64M"})
    user = server.account("joe@" + MAIN)
    c = server.login(user)
    text = "&" * 1024 * 1024
    server.admin().post(text)
    equal(body(c.receive()), text)
    c.quiet()
    server.restart()
    c = server.login(server.account("ann@" + MAIN))
    equal(body(c.receive()), text)
    server.admin().ask(post_request("p", "x" * (1024 * 1024 + 1)),
                       failure("p", 522))
