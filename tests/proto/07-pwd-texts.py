# SPDX-License-Identifier: BSD-2-Clause
"""The PWD port: texts through Post, Get, Set and Remove, byte by byte, and the
data format in settings and Echo."""

import re

from pwd_port import OK, PWD, Token, log_in, quoted, write
from ximss import alert, attr, check, equal, escape

SERVER = {"listen_pwd": PWD}
LONG = 65536

# What an administrator may mean, and ways in which clients write it.  The
# first is how the server writes it.
TEXTS = [
    ("plain", "plain", '"plain"', '"\\112lain"'),
    ("two words", '"two words"', '"two\\032words"'),
    ("20261122", "20261122", '"20261122"'),
    ("a.b@c_d-e", "a.b@c_d-e", '"a.b@c_d-e"'),
    ("-1", '"-1"', "-1"),
    ("#1", '"#1"', "#1"),
    ("*", '"*"', "*"),
    ('say "hi"', '"say \\"hi\\""', '"say \\034hi\\034"'),
    ("back\\slash", '"back\\\\slash"', '"back\\092slash"'),
    ('\\"', '"\\\\\\""'),
    ("two\nlines", '"two\\elines"', '"two\\nlines"', '"two\\010lines"'),
    ("a\tb", '"a\\009b"', '"a\\tb"', '"a\tb"'),
    ("\U0001f514 \u00e5\u4e2d", '"\U0001f514 \u00e5\u4e2d"',
     "\"\\u'1F514' \\u'e5'\\u'4E2D'\"", '"\\240\\159\\148\\148 \u00e5\u4e2d"'),
    ("\u4e2d\u6587", '"\u4e2d\u6587"', "\u4e2d\u6587"),
    ("<b>&amp;'", '"<b>&amp;\'"'),
    ("{a=b;}", '"{a=b;}"'),
    ("(a,b)", '"(a,b)"'),
    ("ALERT", "ALERT"),
    ("; // no comment /* */", '"; // no comment /* */"'),
    (" blanks round it ", '" blanks round it "'),
]
# What cannot be an alert: the code of the answer.
REFUSED = [
    ('""', 522), ('"  "', 522), ('"\\e"', 522), ('"\\007"', 522),
    ('"\\127"', 522), ("\"\\u'85'\"", 522), ('"\\000"', 501),
    ('"\\255"', 501), ('"\\u\'D800\'"', 501), ('"\\q"', 501),
    ('"hi "there" \\ back"', 501), ('"a"b', 501), ('"a" "b"', 501),
    ("a b", 501), ('"a', 501), ("a\\eb", 501), ("[YWJj]", 501),
    ("(a)", 501), ("{a=b;}", 501), ("", 501),
]


def keys(c, command):
    return list(c.do(command))


def test_text_is_as_it_was_written(t):
    """Post, Get, Set, Remove; a session is shown the very same."""
    user = t.user()
    listener = t.shared.login(user, alertChanges="yes")
    c = log_in(t.shared)
    for text, shown, *forms in TEXTS:
        for form in [shown] + forms:
            c.ask("PostAccountAlert %s ALERT %s" % (user, form), OK)
            pushed = listener.expect(alert(text, "account"))
            c.say("GetAccountAlerts " + user)
            got = c.receive()
            found = re.fullmatch(r"201 \{(\d{14})=(.*);\}", got, re.S)
            check(found and found.group(2) == shown, got)
            c.ask("RemoveAccountAlert %s ALERT %s" % (user, found.group(1)),
                  OK)
            listener.expect('<alertRemoved alertID="%s"/>'
                            % attr(pushed, "alertID"))


def test_text_in_a_set(t):
    """What Get says, Set takes; nothing changes by it."""
    domain = t.domain()
    c = log_in(t.shared)
    for text, shown, *forms in TEXTS:
        c.ask("PostDomainAlert %s ALERT %s" % (domain, shown), OK)
    had = c.do("GetDomainAlerts " + domain)
    equal(list(had.values()), [row[0] for row in TEXTS])
    equal(len(set(had)), len(TEXTS))
    listener = t.shared.login(t.user("joe", domain), alertChanges="yes")
    listener.flush()
    ids = [attr(r, "alertID") for r in listener.reports()]
    c.ask("SetDomainAlerts %s %s" % (domain, write(had)), OK)
    listener.quiet()
    equal([attr(r, "alertID") for r in listener.reports()], ids)
    equal(c.do("GetDomainAlerts " + domain), had)
    # The other spellings of the same texts are the same alerts.
    again = "{%s}" % "".join(
        "%s=%s;" % (key, row[-1] if not row[-1].startswith("#")
                    else quoted(row[0]))
        for key, row in zip(had, TEXTS))
    c.ask("SetDomainAlerts %s %s" % (domain, again), OK)
    listener.quiet()
    equal(c.do("GetDomainAlerts " + domain), had)


def test_text_that_is_refused(t):
    user = t.user()
    listener = t.shared.login(user)
    c = log_in(t.shared)
    for text, code in REFUSED:
        equal(c.refused("PostAccountAlert %s ALERT %s" % (user, text)), code,
              text)
    c.in_step()
    listener.quiet()
    equal(c.do("GetAccountAlerts " + user), {})


def test_text_of_64_kilobytes(t):
    server = t.server({"alert_bytes": LONG, "output_soft": "1M",
                       "output_hard": "4M", "message_bytes": "4M"},
                      listen_pwd=PWD)
    domain = server.domain("long.test")
    listener = server.login(server.account("joe@" + domain),
                            alertChanges="yes")
    c = log_in(server)
    for text in ("x" * LONG, "\n" * (LONG - 1) + "x", '"\\' * (LONG // 2),
                 "\U0001f514" * (LONG // 4)):
        c.ask("PostDomainAlert %s ALERT %s" % (domain, quoted(text)), OK)
        pushed = listener.receive()
        check(pushed.endswith(">%s</alert>" % escape(text)), "pushed")
        had = c.do("GetDomainAlerts " + domain)
        equal(list(had.values()), [text])
        c.ask("SetDomainAlerts %s %s" % (domain, write(had)), OK)
        listener.quiet()
        c.ask("RemoveDomainAlert %s ALERT %s" % (domain, *had), OK)
        listener.expect('<alertRemoved alertID="%s"/>'
                        % attr(pushed, "alertID"))
    equal(c.refused("PostDomainAlert %s ALERT %s"
                    % (domain, "x" * (LONG + 1))), 522)
    c.in_step()


def test_unescaped_line_of_an_old_client_changes_nothing(t):
    """PostServerAlert 'hi "there" \\ back', as such a client writes it."""
    c = log_in(t.shared)
    equal(c.refused('PostServerAlert "hi "there" \\ back"'), 501)
    equal(c.refused('SetServerAlerts {20261122133000="hi "there"";}'), 501)
    equal(c.do("GetServerAlerts"), {})
    # And one with a line feed in it sends two lines.
    c.raw(b'PostServerAlert "first\nSetServerAlerts {}"\n')
    check(c.receive().startswith("501 "), "the first")
    check(c.receive().startswith("501 "), "the second")
    c.in_step()


# --- the data format ---

# As sent, and as written back.
ECHO = [
    ("abc", "abc"), ('"abc"', "abc"), ('""', '""'), ('"a b"', '"a b"'),
    ('"a\\eb\\tc\\"d\\\\"', '"a\\eb\\009c\\"d\\\\"'),
    ('"\\r\\n"', '"\\013\\e"'), ('"\\065\\066"', "AB"),
    ("\"\\u'41'\\u'1F514'\"", '"A\U0001f514"'), ("\u00e5", '"\u00e5"'),
    ("()", "()"), ("( )", "()"), ("{}", "{}"), ("{ }", "{}"),
    ("(a,b,(c))", "(a,b,(c))"), ("( a , b )", "(a,b)"),
    ('("a" "b")', "(ab)"), ("{a=b;c=(d);}", "{a=b;c=(d);}"),
    ('{"a b"={"c"=d;};}', '{"a b"={c=d;};}'), ("{ a = b ; }", "{a=b;}"),
    ("{1=a;-1=b;}", '{1=a;"-1"=b;}'),
    ("{#T22-11-2026_13:50:50=x;}", '{"#T22-11-2026_13:50:50"=x;}'),
    ("#123", "#123"), ("#-5", "#-5"), ("#12.3", "#12.3"),
    ("#T07-11-2011_16:53:05", "#T07-11-2011_16:53:05"),
    ("#T07-11-2011", "#T07-11-2011"), ("#TPAST", "#TPAST"),
    ("#TFUTURE", "#TFUTURE"), ("[YWJj]", "[YWJj]"),
    ("[YW Jj\t]", "[YWJj]"), ("[YQ==]", "[YQ==]"), ("[]", "[]"),
    ("#NULL#", "#NULL#"), ("#I[1.2.3.4]:25", "#I[1.2.3.4]:25"),
    ("(a,/* b, */c)", "(a,c)"), ("joe@x.test", "joe@x.test"),
    ('"-1"', '"-1"'), ('"S/MIME"', '"S/MIME"'), ("a%b", '"a%b"'),
    ("22-11-2026_13:50:50", '"22-11-2026_13:50:50"'),
]
ILL = ["{", "(", '"', "{a}", "{a=b}", "{a=b}x", "{a=b;a=c;}", "[x!]", "{=b;}",
       "#Tx", "#", "#x", "#T32-01-2026", "(a,)", "(,a)", "(a b)", "[YWJj",
       "<a>b</a>", "#(class x)", '"\\256"', '"\\1"', "\"\\u'110000'\"",
       '"\\u\'0\'"', "/* a", "a b"]


def test_every_kind_of_object(t):
    c = log_in(t.shared)
    for given, shown in ECHO:
        c.say("Echo " + given)
        equal(c.receive(), "201 " + shown, given)


def test_ill_formed_objects(t):
    c = log_in(t.shared)
    for text in ILL:
        c.say("Echo " + text)
        got = c.receive()
        check(got.startswith("501 "), "%s: %s" % (text, got))
    c.in_step()


def test_settings_come_back_as_they_came(t):
    """Keys the server does not know, values of every kind, in their order."""
    domain = t.domain()
    user = t.user("joe", domain)
    given = {"wn_MaximumAliases": "5", "Own Key": "x y", "": "empty",
             "MaxAccountSize": "40M", "List": ["a", {"b": ["c"]}],
             "Number": Token("#17"), "Time": Token("#T22-11-2026_13:50:50"),
             "Data": b"\0\xff", "\u00e5": "\U0001f514", "Quote\"": "\\",
             "Empty": "", "#1": "default "}
    c = log_in(t.shared)
    for update, get in (("SetDomainSettings " + domain,
                         "GetDomainSettings " + domain),
                        ("SetAccountDefaults " + domain,
                         "GetAccountDefaults " + domain),
                        ("SetAccountSettings " + user,
                         "GetAccountSettings " + user)):
        equal(c.do("%s %s" % (update, write(given))), None)
        got = c.do(get)
        equal(got, given, get)
        equal(list(got), list(given), get)


def test_values_named_default_take_keys_away(t):
    domain = t.domain()
    c = log_in(t.shared)
    c.do("UpdateDomainSettings %s {A=1;B=2;C=3;}" % domain)
    c.do("UpdateDomainSettings %s {B=default;C=4;D=5;}" % domain)
    # Perl's undef.
    c.do("UpdateDomainSettings %s {E=x;MaxAccountSize=#NULL#;}" % domain)
    c.do("UpdateDomainSettings %s {E=#NULL#;}" % domain)
    equal(c.do("GetDomainSettings " + domain), {"A": "1", "C": "4", "D": "5"})
