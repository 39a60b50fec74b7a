# SPDX-License-Identifier: BSD-2-Clause
"""Alerts as errors of POP3 by Dovecot's plugin: refused once, and who tries
again gets in."""

import mail
from dovecot import Dovecot
from mail import Lines, Pop3, World, message
from ximss import b64, check, equal, free_port, wait_until

needs = mail.needs
MINUTE = 60
HINT = "(please wait and retry)"

# A Dovecot that only forwards connections.
PROXY = """
protocols = imap pop3 lmtp
passdb {{
  driver = static
  args = nopassword=y proxy=y host=127.0.0.1 port={backend}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""


def plain():
    """Waits that no slow machine exceeds."""
    w = World(start=False, plugin={"ximss_pop3_wait": 10000})
    w.dovecot.add("quick", ximss_pop3_linger="100")
    w.dovecot.add("patient", ximss_pop3_linger="60000")
    w.start()
    for name in ("quick", "patient"):
        w.server.account("%s@%s" % (name, mail.DOMAIN))
    return w


def leave(w, c):
    """As programs do that were refused; that is when it was shown."""
    try:
        c.send("QUIT")
    except OSError:
        pass  # it is shut on the other side
    c.close()
    wait_until(lambda: w.doors(c.user) == 0, "its end")


def refused(w, user, text, **how):
    c = w.pop3(user, **how)
    equal(c.enter(), "-ERR [SYS/TEMP] %s %s" % (text, HINT))
    leave(w, c)


def test_refused_once_for_each_alert(t):
    """Oldest first; what is not urgent does not refuse, and is not used up."""
    w = t.once(plain)
    joe = w.user()
    w.post(joe, "one", severity="critical")
    w.post(joe, "two", severity="info")
    admin = w.server.admin()
    wide = admin.post("no hurry", "domain", target=mail.DOMAIN)
    bad = admin.post("three", "domain", target=mail.DOMAIN,
                     severity="critical")
    try:
        for text in ("one", "two", "three"):
            refused(w, joe, text)
        w.pop3(joe).get_in().quit()
        c = w.imap(joe)
        equal(c.at_login, [("NO", "no hurry")])
        c.logout()
    finally:
        admin.remove(wide)
        admin.remove(bad)


def test_the_manual(t):
    """*The storage quota alert message is displayed as an error message, and
    the user should try to connect again.*  At once is not too soon; and ten
    minutes later, still over the level, they are told again."""
    w = t.once(plain)
    joe = w.user()
    w.server.cli("UpdateAccountSettings %s {MaxAccountSize=100;}" % joe)
    w.server.cli("SetStorageUsed %s 85" % joe)
    text = ("Your storage is 85% full: 85 bytes of 100 bytes are used. "
            "Please delete what you no longer need.")
    for _ in range(2):
        refused(w, joe, text)
        for _ in range(2):
            w.pop3(joe).get_in().quit()
        w.server.clock(10 * MINUTE - 5)
        w.pop3(joe).get_in().quit()
        w.server.clock(5)
    refused(w, joe, text)
    w.server.cli("SetStorageUsed %s 10" % joe)
    w.server.clock(10 * MINUTE)
    w.pop3(joe).get_in().quit()


def test_text(t):
    """One line of at most 512 bytes, cut between characters."""
    w = t.once(plain)
    joe = w.user()
    w.post(joe, "ä€😀" * 300 + "\n.\r\n+OK", severity="critical")
    c = w.pop3(joe)
    answer = c.enter()
    leave(w, c)
    check(len(answer.encode()) + 2 <= 512, len(answer.encode()))
    check(answer.startswith("-ERR [SYS/TEMP] ä€😀")
          and answer.endswith("… " + HINT), answer)
    w.post(joe, "two\nlines", severity="critical")
    c = w.pop3(joe)
    answer = c.enter()
    leave(w, c)
    check(answer.startswith("-ERR [SYS/TEMP] two") and "lines" in answer
          and answer.endswith(HINT), answer)
    w.pop3(joe).get_in().quit()


def test_pipelined(t):
    """Who sent more than PASS gets the error and an end, and nothing else."""
    w = t.once(plain)
    joe = w.user()
    w.dovecot.save(joe.split("@")[0], message(3000))
    w.post(joe, "first", severity="critical")
    batch = "USER %s\r\nPASS secret\r\nSTAT\r\nLIST\r\nRETR 1\r\nQUIT" % joe
    c = w.pop3(joe)
    c.send(batch)
    lines = c.rest()
    equal(lines, ["+OK", "-ERR [SYS/TEMP] first " + HINT])
    w.until_shown(joe)
    c = w.pop3(joe)
    c.send(batch)
    lines = c.rest()
    equal(lines[1], "+OK Logged in.")
    equal(lines[-1], "+OK Logging out.")
    body = lines[lines.index(".", lines.index("+OK 1 messages:")) + 2:-2]
    equal(("\r\n".join(body) + "\r\n").encode(), message(3000))


def test_within_tls(t):
    w = t.once(plain)
    joe = "quick@" + mail.DOMAIN
    w.post(joe, "first", severity="critical")
    refused(w, joe, "first", tls=True)
    w.pop3(joe, tls=True).get_in().quit()
    w.post(joe, "second", severity="critical")
    c = w.pop3(joe)
    equal(c.ask("STLS")[:3], "+OK")
    c.wrap()
    equal(c.enter(), "-ERR [SYS/TEMP] second " + HINT)


def test_the_refused_session_ends(t):
    """By itself, though its client holds the connection and says nothing: then
    it was shown, and who tries again gets in."""
    w = t.once(plain)
    joe = w.user()
    w.post(joe, "first", severity="critical")
    c = w.pop3(joe)
    equal(c.enter(), "-ERR [SYS/TEMP] first " + HINT)
    equal(c.rest(), [])
    wait_until(lambda: w.doors(joe) == 0, "its end")
    w.until_shown(joe)
    w.pop3(joe).get_in().quit()


def test_another_client_of_the_account_is_shown_it_no_more(t):
    """What refused POP3 is not told by IMAP, and the other way round."""
    w = t.once(plain)
    joe = w.user()
    c = w.imap(joe)
    c.command("SELECT INBOX")
    c.idle()
    w.post(joe, "by IMAP", severity="critical")
    equal(c.live(), ("NO", "by IMAP"))
    c.done()
    w.until_shown(joe)
    w.pop3(joe).get_in().quit()
    c.logout()
    w.post(joe, "by POP3", severity="critical")
    refused(w, joe, "by POP3")
    w.until_shown(joe)
    c = w.imap(joe)
    equal(c.at_login + c.idle() + c.done(), [])


def test_locked_mailboxes(t):
    """pop3_lock_session: the refused session holds no lock."""
    with World(plugin={"ximss_pop3_wait": 10000,
                       "ximss_pop3_linger": 60000},
               more="pop3_lock_session = yes\n") as w:
        joe = w.user()
        w.dovecot.save(joe.split("@")[0], message(1000))
        for text in ("first", "second"):
            w.post(joe, text, severity="critical")
            refused(w, joe, text)
            c = w.pop3(joe).get_in()
            equal(c.ask("STAT").split()[:2], ["+OK", "1"])
            c.quit()
        w.post(joe, "third", severity="critical")
        c = w.pop3(joe, tls=True)
        equal(c.enter(), "-ERR [SYS/TEMP] third " + HINT)
        equal(c.rest(), [])
        c = w.pop3(joe)
        equal(c.enter(), "-ERR [SYS/TEMP] third " + HINT)
        c.send("QUIT")
        w.until_shown(joe)
        equal(w.doors(joe), 1, "of the session within TLS")
        w.pop3(joe).get_in().quit()


def test_settings_of_one_user(t):
    """ximss_pop3, which alerts refuse: what does not is not used up.  And the
    code and the hint."""
    cases = [("all", ["wide", "mild", "bad"]), ("none", []), ("quota", []),
             ("critical", ["bad"])]
    with World(start=False, plugin={"ximss_pop3_wait": 10000}) as w:
        for which, _ in cases:
            w.dovecot.add(which, ximss_pop3=which)
        w.dovecot.add("code", ximss_pop3_code="IN-USE",
                      ximss_pop3_hint="noch-einmal")
        w.start()
        for name in [which for which, _ in cases] + ["code"]:
            w.server.account("%s@%s" % (name, mail.DOMAIN))
        wide = w.server.admin().post("wide", "server", severity="info")
        for which, expected in cases:
            joe = "%s@%s" % (which, mail.DOMAIN)
            w.post(joe, "mild", severity="info")
            w.post(joe, "bad", severity="critical")
            for text in expected:
                refused(w, joe, text)
            w.pop3(joe).get_in().quit()
            left = [x for x in ("mild", "bad") if x not in expected]
            wait_until(lambda: w.waiting(joe) == left, "no more, no less")
        w.server.admin().remove(wide)
        joe = "code@" + mail.DOMAIN
        w.post(joe, "Hallo")
        c = w.pop3(joe)
        equal(c.enter(), "-ERR [IN-USE] Hallo noch-einmal")
        leave(w, c)
        w.pop3(joe).get_in().quit()


def test_who_tries_its_next_mechanism(t):
    """mutt and Thunderbird do so by themselves, on the same connection or on a
    new one: the user has read nothing yet, and they are refused again."""
    w = t.once(plain)
    joe = w.user()
    w.post(joe, "first", severity="critical")
    plain_sasl = b64("\0%s\0secret" % joe)
    c = w.pop3(joe)
    equal(c.ask("AUTH PLAIN " + plain_sasl),
          "-ERR [SYS/TEMP] first " + HINT)
    c.send("USER " + joe)
    wait_until(lambda: w.doors(joe) == 0, "its end")
    equal(w.waiting(joe), ["first"])
    refused(w, joe, "first")
    w.until_shown(joe)
    w.pop3(joe).get_in().quit()


def test_who_always_tries_again_gets_in(t):
    """A program that answers each refusal with another log-in, for ever."""
    w = t.once(plain)
    joe = w.user()
    w.post(joe, "first", severity="critical")
    answers = []
    for _ in range(5):
        c = w.pop3(joe)
        answers.append(c.enter()[:4])
        c.send("USER " + joe)
        c.close()
        wait_until(lambda: w.doors(joe) == 0, "its end")
    equal(answers, ["-ERR"] * 3 + ["+OK "] * 2)
    equal(w.waiting(joe), ["first"])


def test_who_tries_its_next_mechanism_within_tls(t):
    """There the next one is a new connection: Dovecot closes the first."""
    w = t.once(plain)
    joe = "patient@" + mail.DOMAIN
    w.post(joe, "first", severity="critical")
    plain_sasl = b64("\0%s\0secret" % joe)
    for n, login in enumerate((
            lambda c: c.ask("AUTH PLAIN " + plain_sasl), Pop3.enter)):
        c = w.pop3(joe, tls=True)
        equal(login(c), "-ERR [SYS/TEMP] first " + HINT)
        equal(c.rest(), [])
        wait_until(lambda: w.dovecot.log().count(
            "pop3(%s)" % joe) > n, "the end of its session")
        equal(w.doors(joe), n + 1, "its door stays open")
        equal(w.waiting(joe), ["first"])
    # In the clear it is known that the program has given up.
    c = w.pop3(joe)
    equal(c.enter(), "-ERR [SYS/TEMP] first " + HINT)
    c.send("QUIT")
    w.until_shown(joe)
    w.pop3(joe, tls=True).get_in().quit()


def test_behind_a_proxy(t):
    """With the code that doc/mail.md says: a proxy of Dovecot keeps SYS/TEMP to
    itself, and tries again until it is in."""
    w = t.once(lambda: World(plugin={"ximss_pop3_wait": 10000,
                                     "ximss_pop3_code": "LOGIN-DELAY"}))
    joe = w.user()
    port = free_port()
    proxy = Dovecot(quota=lambda d: PROXY.format(
        backend=w.dovecot.pop3_port, pop3=port))
    try:
        proxy.start()
        w.post(joe, "first", severity="critical")
        c = Lines(w, joe, port, port)
        equal(c.line()[:3], "+OK")
        c.send("USER %s\r\nPASS secret" % joe)
        equal(c.line(), "+OK")
        equal(c.line(), "-ERR [LOGIN-DELAY] first " + HINT)
        c.close()
        w.until_shown(joe)
    finally:
        proxy.end()


def test_a_client_that_leaves_unread(t):
    """At once after the password: the alert is told at the next log-in, or it
    was sent; after that the account gets in, whatever happened."""
    w = t.once(plain)
    for _ in range(10):
        joe = w.user()
        w.post(joe, "first", severity="critical")
        c = w.pop3(joe)
        c.send("USER %s\r\nPASS secret" % joe)
        c.close()
        wait_until(lambda: w.doors(joe) == 0, "its end")
        c = w.pop3(joe)
        if c.enter() != "+OK Logged in.":
            leave(w, c)
            c = w.pop3(joe).get_in()
        c.quit()
