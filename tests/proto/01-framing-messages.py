# SPDX-License-Identifier: BSD-2-Clause
"""Frames: one document, one zero, whatever the packets."""

import time

from ximss import attribute, check, equal, failure, response, wait_until


def test_server_is_silent_until_asked(t):
    c = t.shared.connect()
    c.ask('<noop id="1"/>', response("1"))
    equal(c.buffer, b"")


def test_zeros_before_and_between_messages_are_skipped(t):
    c = t.shared.connect()
    c.raw(b"\0\0\0" + b'<noop id="1"/>' + b"\0" * 5 + b'<noop id="2"/>\0\0')
    c.expect(response("1"), response("2"))
    c.ask('<noop id="3"/>', response("3"))


def test_zeros_alone_are_nothing(t):
    c = t.shared.connect()
    for _ in range(20):
        c.raw(b"\0" * 5000)
    c.ask('<noop id="1"/>', response("1"))


def test_one_byte_per_packet(t):
    c = t.shared.connect()
    for byte in b'<login id="x" userName="nobody" authData="no"/>':
        c.raw(bytes([byte]))
    c.raw(b"\0")
    c.expect(failure("x", 515))


def test_cut_at_every_byte(t):
    message = ('<?xml version="1.0"?>\n<noop id="å&amp;\U0001f514" x=\'"\' >'
               '<a><![CDATA[<>]]></a>text</noop>\n').encode() + b"\0"
    answer = response("å&\U0001f514")
    c = t.shared.connect()
    for cut in range(1, len(message)):
        c.raw(message[:cut])
        c.raw(message[cut:])
        c.expect(answer)


def test_cut_at_every_byte_between_two_connections(t):
    """Half messages of one connection never meet those of another."""
    message = b'<noop id="1"/>\0'
    for cut in range(len(message)):
        a, b = t.shared.connect(), t.shared.connect()
        a.raw(message[:cut])
        b.raw(message[:cut])
        a.raw(message[cut:])
        a.expect(response("1"))
        b.raw(message[cut:])
        b.expect(response("1"))
        a.close()
        b.close()


def test_left_in_the_middle_of_a_message(t):
    message = b'<login id="1" userName="joe" authData="secret"/>\0'
    other = t.shared.connect("other")
    for cut in range(len(message)):
        c = t.shared.connect()
        c.raw(message[:cut])
        if cut % 2:
            c.reset()
        else:
            c.close()
    other.ask('<noop id="1"/>', response("1"))


def test_every_spelling_of_a_document(t):
    c = t.shared.connect()
    for i, text in enumerate((
            "<noop id='%s'/>",
            '<noop id="%s" />',
            '<noop id="%s"></noop>',
            '<noop\n\tid\r\n=\n"%s"\n/>',
            '\n  <noop id="%s"/>\n',
            '\ufeff<noop id="%s"/>',
            '<?xml version="1.0"?><noop id="%s"/>',
            "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\r\n"
            '<noop id="%s"/>\r\n',
            '<!-- before --><noop id="%s"/><!-- behind -->',
            '<?target some?><noop id="%s"><?target in?></noop>',
            '<noop id="%s">\n  <child a="b"> text </child>\n</noop>',
            '<noop unknown="1" id="%s" other="&lt;&#10;&#x1F514;"/>')):
        c.send(text % i)
        c.expect(response(str(i)))


def test_id_comes_back_byte_for_byte(t):
    c = t.shared.connect()
    for id_ in ("1", "A001", "login", "1795356196-bye", "readTime/24",
                "1795356196000", "-0", " ", "  two  blanks ", "a'b", 'a"b',
                "<&>", "&amp;", "]]>", "tab\tlf\ncr\rend", "å日本語\U0001f514",
                "\u200b\u202e", "x" * 1000, "\u007f\u0085"):
        c.send('<noop id="%s"/>' % attribute(id_).replace("'", "&apos;"))
        got = c.receive()
        equal(got.replace("&apos;", "&#39;"), response(id_))


def test_request_without_id_is_answered_with_an_empty_one(t):
    c = t.shared.connect()
    c.ask("<noop/>", '<response id=""/>')
    c.ask('<noop id=""/>', '<response id=""/>')
    c.send("<somethingElse/>")
    got = c.receive()
    check(got.startswith('<response id="" errorText="'), got)


def test_answers_come_in_the_order_of_the_requests(t):
    user = t.user()
    c = t.shared.login(user)
    c.send('<readTime id="1"/>', '<noop id="2"/>', '<nonsense id="3"/>',
           '<prefsRead id="4"><name>Language</name></prefsRead>',
           '<readSession id="5"/>', '<alertList id="6"/>',
           '<prefsStore id="7"><Language>de</Language></prefsStore>',
           '<prefsRead id="8"><name>Language</name></prefsRead>',
           '<noop id="9"/>')
    answered = []
    while "9" not in answered:
        message = c.receive()
        if message.startswith("<response "):
            answered.append(message.split('"')[1])
        else:
            equal(message.split('"')[1], str(len(answered) + 1),
                  "data before its response")
    equal(answered, [str(i) for i in range(1, 10)])


def test_each_message_leaves_in_one_piece(t):
    """Some clients parse what one read gives: it must end with a zero."""
    user = t.user()
    admin = t.shared.admin()
    c = t.shared.login(user)
    for i in range(50):
        admin.post("alert %d " % i + "x" * 300, "account", target=user)
        wait_until(lambda: c.fill(time.monotonic()), "something comes")
        check(c.buffer.endswith(b"\0"), "half a message: %r" % c.buffer)
        while c.buffer:
            c.receive()


def test_messages_of_many_connections_at_once(t):
    clients = [t.shared.connect() for _ in range(60)]
    for step in range(5):
        for i, c in enumerate(clients):
            c.raw(b'<noop id="%d-%d"' % (i, step))
        for c in reversed(clients):
            c.raw(b"/>\0")
        for i, c in enumerate(clients):
            c.expect(response("%d-%d" % (i, step)))
