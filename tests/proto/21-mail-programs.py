# SPDX-License-Identifier: BSD-2-Clause
"""The mail programs that people have, against the doors: which mail they get
(all of it, whatever alert is there), and what their users see."""

import imaplib
import os
import poplib

import mail
from mail import World, message
from mail_programs import Programs, same_mail
from ximss import check, equal, wait_until

needs = mail.needs
DATA = message(30000)
HINT = " (please wait and retry)"
REFUSED = "[SYS/TEMP] %s" + HINT


def plain():
    """Waits that no slow machine exceeds."""
    return World(plugin={"ximss_imap_wait": 10000, "ximss_pop3_wait": 10000})


def with_mail(w):
    joe = w.user()
    w.dovecot.save(joe.split("@")[0], DATA)
    return joe


def fetched_by_imap(t, run, shown):
    """run(programs) with an alert of each word there: the mail is the same,
    and what is shown is, for each word, this text, or None.  Nothing is used
    up: nobody need have looked."""
    w = t.once(plain)
    for severity, expected in zip(("info", "warning"), shown):
        joe = with_mail(w)
        text = "Notice-" + severity
        w.post(joe, text, severity=severity)
        with Programs(w, joe) as p:
            first = run(p)
            same_mail(first, DATA)
            equal(first.status, 0)
            if expected:
                check(expected % text in first.seen, first)
            else:
                check(text not in first.seen, first)
            # A script that runs every five minutes says it once.
            again = run(p)
            same_mail(again, DATA)
            equal(again.status, 0)
            check(text not in again.seen, again)
        equal(w.waiting(joe), [text])


def test_curl_imap(t):
    fetched_by_imap(t, lambda p: p.curl("imap"), (None, None))


def test_curl_imap_verbose(t):
    fetched_by_imap(t, lambda p: p.curl("imap", verbose=True),
                    ("< * OK [ALERT] %s", "< * NO [ALERT] %s"))


def test_mbsync(t):
    fetched_by_imap(t, lambda p: p.mbsync(),
                    ("*** IMAP ALERT *** %s",
                     "Warning from IMAP server: [ALERT] %s"))


def test_fetchmail_imap(t):
    fetched_by_imap(t, lambda p: p.fetchmail("imap"), (None, None))


def test_fetchmail_imap_verbose(t):
    fetched_by_imap(t, lambda p: p.fetchmail("imap", verbose=True),
                    ("IMAP< * OK [ALERT] %s", "IMAP< * NO [ALERT] %s"))


def test_getmail_imap(t):
    fetched_by_imap(t, lambda p: p.getmail("imap"), (None, None))


def test_imaplib(t):
    """A library: its user finds OK in its responses, and NO nowhere."""
    w = t.once(plain)
    for severity in ("info", "warning"):
        joe = with_mail(w)
        w.post(joe, "Notice", severity=severity)
        with imaplib.IMAP4("127.0.0.1", w.dovecot.imap_port) as c:
            c.login(joe, "secret")
            if severity == "info":
                equal(c.response("OK"), ("OK", [b"[ALERT] Notice"]))
            c.select("INBOX")
            kind, parts = c.fetch("1", "(BODY.PEEK[])")
            equal(kind, "OK")
            equal(parts[0][1] == DATA, True, "the bytes")


def in_a_terminal(t, program):
    """At log-in and live in the status line, by the word that it knows; the
    mail that it pipes is the same."""
    w = t.once(plain)
    joe = with_mail(w)
    w.post(joe, "Notice-at-login")
    with Programs(w, joe) as p:
        m = p.mutt(program, settings=["imap_idle=yes"])
        try:
            m.until(r"\[ALERT\] Notice-at-login")
            at = m.until(r"Msgs:1")
            m.until("big")
            w.post(joe, "unheard", severity="info")
            w.post(joe, "Notice-live")
            m.until(r"\[ALERT\] Notice-live", at)
            check("unheard" not in m.text(), m.text())
            path = p.path("mutt.mail")
            m.type("|cat >%s.new; mv %s.new %s\n" % (path, path, path))
            wait_until(lambda: m.read() and os.path.exists(path), "the mail")
            with open(path, "rb") as f:
                equal(f.read() == DATA.replace(b"\r\n", b"\n"), True,
                      "the bytes")
        finally:
            status = m.end()
        equal(status, 0)
    w.until_shown(joe)


def test_mutt_imap(t):
    in_a_terminal(t, "mutt")


def test_neomutt_imap(t):
    in_a_terminal(t, "neomutt")


def refused_by_pop3(t, run, status, shown):
    """The first run ends with this status and shows that text; the retry has
    the mail, and says nothing of it."""
    w = t.once(plain)
    joe = with_mail(w)
    w.post(joe, "Notice-refused", severity="critical")
    with Programs(w, joe) as p:
        first = run(p)
        equal((first.status, first.mail), (status, None), first.seen)
        if shown:
            check(shown % "Notice-refused" in first.seen, first)
        else:
            check("Notice" not in first.seen, first)
        w.until_shown(joe)
        again = run(p)
        same_mail(again, DATA)
        equal(again.status, 0, again.seen)
        check("Notice" not in again.seen, again)


def test_curl_pop3(t):
    refused_by_pop3(t, lambda p: p.curl("pop3"), 67, None)


def test_fetchmail_pop3(t):
    refused_by_pop3(t, lambda p: p.fetchmail("pop3"), 9, REFUSED)


def test_mpop(t):
    refused_by_pop3(t, lambda p: p.mpop(), 77,
                    "POP3 server message: -ERR " + REFUSED)


def test_getmail_pop3(t):
    refused_by_pop3(t, lambda p: p.getmail("pop3"), 127,
                    "POP error (b'-ERR " + REFUSED)


def test_poplib(t):
    w = t.once(plain)
    joe = with_mail(w)
    w.post(joe, "Notice", severity="critical")
    c = poplib.POP3("127.0.0.1", w.dovecot.pop3_port)
    c.user(joe)
    try:
        c.pass_("secret")
        check(False, "not refused")
    except poplib.error_proto as error:
        equal(str(error), repr(("-ERR " + REFUSED % "Notice").encode()))
    finally:
        c.close()
    w.until_shown(joe)
    c = poplib.POP3("127.0.0.1", w.dovecot.pop3_port)
    c.user(joe)
    c.pass_("secret")
    equal((b"\r\n".join(c.retr(1)[1]) + b"\r\n") == DATA, True, "the bytes")
    c.quit()


def terminal_by_pop3(t, program):
    """Its user reads why, though the program tries each of its mechanisms and
    connects anew by itself; when they try again they are in."""
    w = t.once(plain)
    joe = with_mail(w)
    w.post(joe, "Notice-refused", severity="critical")
    with Programs(w, joe) as p:
        m = p.mutt(program, "pop3")
        try:
            m.until("Notice-refused")
        finally:
            m.end()
        w.until_shown(joe)
        m = p.mutt(program, "pop3")
        try:
            m.until("Msgs:1")
            check("Notice" not in m.text(), m.text())
        finally:
            equal(m.end(), 0)


def test_mutt_pop3(t):
    terminal_by_pop3(t, "mutt")


def test_neomutt_pop3(t):
    terminal_by_pop3(t, "neomutt")
