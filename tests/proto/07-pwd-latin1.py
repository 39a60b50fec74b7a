# SPDX-License-Identifier: BSD-2-Clause
"""The PWD port: lines that are not UTF-8.  Each is read as Windows-1252, which
is ISO 8859-1 with characters in the place of its controls; answers are UTF-8."""

import os

from pwd_port import (LOGGED_IN, OK, PWD, SEND_PASS, connect, log_in)
from ximss import alert, attr, check, equal, unescape

SERVER = {"listen_pwd": PWD}
WRONG = "515 incorrect password or account name"

# What clients send, and what they mean.
LINES = [
    (b"\xfc", "\u00fc"),                  # a Perl library, characters < 256
    (b"\xfc\xac", "\u00fc\u00ac"),        # a Java library, cut to 8 bits
    (b"Gr\xfc\xdfe", "Gr\u00fc\u00dfe"),
    (b"\xa0x\xff", "\u00a0x\u00ff"),
    (b"10 \x80 \x96 \x93hi\x94\x85", "10 \u20ac \u2013 \u201chi\u201d\u2026"),
    ("\u00fc\u20ac".encode(), "\u00fc\u20ac"),          # UTF-8 as ever
    ("\u00c3\u00bc".encode(), "\u00c3\u00bc"),
    (b"\xc3\xbc \xfc", "\u00c3\u00bc \u00fc"),          # a line is one or other
    (b"\xed\xa0\x80 ", "\u00ed\u00a0\u20ac "),          # half a surrogate pair
    (b"\xc3", "\u00c3"), (b"\xf0\x9f\x94", "\u00f0\u0178\u201d"),
]


def send(c, line):
    c.raw(line + b"\r\n")
    return c.receive()


def do(c, line):
    c.raw(line + b"\r\n")
    return c.answer(line)


def test_alerts(t):
    """Posted and shown as they were meant, whichever line came before."""
    user = t.user()
    listener = t.shared.login(user, alertChanges="yes")
    c = log_in(t.shared)
    for sent, meant in LINES:
        equal(send(c, b'PostAccountAlert %s ALERT "%s"'
                   % (user.encode(), sent)), OK, sent)
        listener.expect(alert(meant, "account"))
        (key, text), = c.do("GetAccountAlerts " + user).items()
        equal(text, meant, sent)
        c.ask("RemoveAccountAlert %s ALERT %s" % (user, key), OK)
        listener.receive()


def test_each_octet(t):
    c = log_in(t.shared)
    for n in range(0x80, 0x100):
        octet = bytes([n])
        meant = octet.decode("latin-1" if n in (0x81, 0x8d, 0x8f, 0x90, 0x9d)
                             else "windows-1252")
        equal(do(c, b'Echo "%s"' % octet), meant, n)
        equal(do(c, b"Echo (x%s,y)" % octet), ["x" + meant, "y"], n)


def test_characters_that_no_alert_can_have(t):
    """Five octets mean nothing in either code."""
    c = log_in(t.shared)
    for n in (0x81, 0x8d, 0x8f, 0x90, 0x9d):
        c.raw(b'PostServerAlert "a%s"\r\n' % bytes([n]))
        check(c.receive().startswith("522 "), n)
    equal(c.do("GetServerAlerts"), {})


def test_pieces_of_a_line(t):
    """What a line is is known at its end."""
    c = log_in(t.shared)
    c.raw(b'Echo "\xc3')
    c.raw(b"\xbc")
    c.raw(b"\xfc")
    c.raw(b'"\n')
    c.expect('201 "\u00c3\u00bc\u00fc"')
    c.raw(b'Echo "\xc3')
    c.raw(b'\xbc"\r\nEcho "\xfc"\r\nEcho "\xc3\xbc"\n')
    c.expect(*['201 "\u00fc"'] * 3)


def test_settings_and_names_of_keys(t):
    user = t.user()
    name = user.encode()
    c = log_in(t.shared)
    do(c, b'UpdateAccountSettings %s {RealName="J\xf6rg \x80";"Stra\xdfe"="\xdc";}'
       % name)
    equal(c.do("GetAccountSettings " + user),
          {"RealName": "J\u00f6rg \u20ac", "Stra\u00dfe": "\u00dc"})
    equal(unescape(attr(t.shared.connect().login(user), "realName")),
          "J\u00f6rg \u20ac")
    do(c, b'SetDomainSettings %s {Ort="K\xf6ln";}' % name.split(b"@")[1])
    equal(c.do("GetDomainSettings " + user.split("@")[1]),
          {"Ort": "K\u00f6ln"})


def test_names(t):
    """The same in one code and the other."""
    domain = t.domain().encode()
    c = log_in(t.shared)
    do(c, b'CreateAccount "j\xf6rg@%s" {RealName=J;}' % domain)
    do(c, b"CreateDomain k\xf6ln.test")
    check("xn--kln-sna.test" in c.do("ListDomains"), "not there")
    equal(send(c, b'CreateAccount "J\xd6RG@%s"' % domain),
          "520 account with this name already exists")
    equal(c.do('GetAccountSettings "j\u00f6rg@%s"' % domain.decode()),
          {"RealName": "J"})
    equal(send(c, b"GetAccountSettings j\xf6rx@%s" % domain),
          "513 unknown user account")
    c.in_step()


def test_passwords(t):
    """The characters are the password: what is set in one code is good in the
    other, and in a browser."""
    user = t.user()
    name = user.encode()
    c = log_in(t.shared)
    do(c, b'SetAccountPassword %s PASSWORD "gr\xfcn \x80"' % name)
    for line in (b"PASS gr\xfcn \x80", "PASS gr\u00fcn \u20ac".encode(),
                 b'PASS "gr\xfcn \x80"'):
        own = connect(t.shared)
        own.ask("USER " + user, SEND_PASS)
        equal(send(own, line), LOGGED_IN, line)
    t.shared.connect().login(user, "gr\u00fcn \u20ac")
    equal(send(own, b"NEWPASS \xfcber"), "200 Password updated")
    for line in (b"AUTH WEBUSER %s \xfcber" % name,
                 "AUTH WEBUSER %s \u00fcber".encode() % name):
        equal(send(connect(t.shared), line), LOGGED_IN, line)
    t.shared.connect().login(user, "\u00fcber")
    equal(do(c, b"VerifyAccountPassword %s PASSWORD \xfcber" % name), None)
    equal(send(c, b"VerifyAccountPassword %s PASSWORD \xfbber" % name),
          "515 incorrect password")


def test_log_in_by_names_that_nobody_has(t):
    """515 as for any other; nothing of it breaks the log."""
    server = t.server({"login_delay": "0", "listen_pwd_apop": PWD},
                      listen_pwd=PWD)
    for kind in ("pwd", "pwd-apop"):
        c = connect(server, kind=kind, greet=kind == "pwd")
        if kind != "pwd":
            check("<" in c.receive(), "no challenge")
            equal(send(c, b"APOP j\xfcrgen " + b"0" * 32), WRONG)
            equal(send(c, b'APOP "j\xfcrgen@k\xf6ln" ' + b"0" * 32), WRONG)
        equal(send(c, b"USER j\xfcrgen"), SEND_PASS)
        equal(send(c, b"PASS \xfc"), WRONG)
        equal(send(c, b"AUTH WEBUSER j\xfcrgen x"), WRONG)
        check(send(c, b"AUTH PLAIN \xfc\xfc")[0] == "5", "taken")
        check(send(c, b"AUTH \xfcber x")[0] == "5", "taken")
        c.ask("AUTH PLAIN", "334 =")
        check(send(c, b"\xfc")[0] == "5", "taken")
        c.nothing_came()
    server.wait_log("j.*rgen")


def test_audit(t):
    """What is written down is UTF-8, also of what was refused."""
    server = t.server(listen_pwd=PWD)
    domain = server.domain("a.test")
    server.account("joe@" + domain)
    c = log_in(server)
    do(c, b'PostDomainAlert a.test ALERT "Gr\xfc\xdfe"')
    equal(send(c, b'CreateAccount "j\xf6rg.@a.test"'),
          "501 illegal account name. a dot is at an end. dots are between "
          "others only")
    check(send(c, b'PostServerAlert "\xfc"x').startswith("501 "), "taken")
    own = log_in(server, "joe@" + domain)
    equal(send(own, b'PostServerAlert "\xe4rger"'),
          "510 insufficient access rights")
    server.stop()
    with open(os.path.join(server.store, "db", "audit.db"), "rb") as f:
        trail = f.read()
    for text in ("POSTDOMAINALERT a.test ALERT \"Gr\u00fc\u00dfe\"",
                 "CREATEACCOUNT \"j\u00f6rg.@a.test\"",
                 "POSTSERVERALERT \"\u00e4rger\""):
        check(text.encode() in trail, text)
    check(b"\xfc\xdf" not in trail, "the line as it came")


def test_zero_bytes_and_the_longest_line(t):
    """A limit counts what was sent; a zero byte is never taken."""
    server = t.server({"pwd_line_bytes": "64K"}, listen_pwd=PWD)
    c = log_in(server)
    equal(send(c, b'Echo "\xfc\0"'), "501 malformed at byte 8")
    text = b"\x80" * (65536 - len(b'Echo ""'))
    equal(do(c, b'Echo "%s"' % text), "\u20ac" * len(text))
    equal(send(c, b'Echo "%s"' % (text + b"\x80" * 2)), "501 line too long")
    c.in_step()
    long = b"y" * 3000
    equal(send(connect(server), b"USER \xfc" + long), SEND_PASS)


def test_by_cli_execute(t):
    """XML says what it is: that is UTF-8, or no message."""
    c = t.shared.control()
    c.external()
    c.ask('<cliExecute id="1">Echo "\u00fc"</cliExecute>',
          '<cliResult id="1">"\u00fc"</cliResult>', '<response id="1"/>')
    c.raw(b'<cliExecute id="2">Echo "\xfc"</cliExecute>\0')
    check('errorNum="540"' in c.receive(), "taken")
    c.ok('<noop id="3"/>')
