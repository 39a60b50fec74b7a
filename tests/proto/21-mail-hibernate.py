# SPDX-License-Identifier: BSD-2-Clause
"""IMAP sessions whose process Dovecot has sent to sleep: an alert wakes them.

Dovecot puts a session to sleep after a second of IDLE, and that cannot be
less: several go to sleep at once here."""

import os

import mail
from mail import World, alerts_of
from ximss import check, equal, wait_until

needs = mail.needs


def sleepy():
    return World(plugin={"ximss_imap_wait": 10000},
                 more="imap_hibernate_timeout = 1s\n")


def world(t):
    w = t.once(sleepy)
    while w.clients:
        w.clients.pop().close()
    return w


def asleep(w):
    wait_until(lambda: not w.dovecot.processes("imap"), "all are asleep")


def falls_asleep(w, user, **how):
    c = w.imap(user, **how)
    c.command("SELECT INBOX")
    c.idle()
    return c


def test_woken_twice(t):
    """In the clear and within TLS; what came meanwhile is told, and counts.
    Within TLS it sleeps again when the client has said something."""
    w = world(t)
    clients = [falls_asleep(w, w.user(), tls=tls) for tls in (False, True)]
    for text in ("first", "second"):
        asleep(w)
        for c in clients:
            w.post(c.user, text)
        for c in clients:
            equal(c.live(), ("NO", text))
            w.post(c.user, "awake")
            equal(c.live(), ("NO", "awake"))
        equal(clients[1].done() + clients[1].idle(), [])
    for c in clients:
        equal(c.done(), [])
        w.until_shown(c.user)
        equal(c.alerts(), [])


def test_several_sessions_of_one_user(t):
    """All are woken, though none twice for one alert; and others sleep on."""
    w = world(t)
    joe, ann = w.user(), w.user("ann")
    clients = [falls_asleep(w, joe) for _ in range(3)]
    other = falls_asleep(w, ann)
    asleep(w)
    w.post(joe, "hello")
    for c in clients:
        # The first may have shown it to its user before the others are up.
        c.send("DONE")
    seen = [alerts_of(c.until(c.idle_tag)[0]) for c in clients]
    seen += [alerts_of(c.command("NOOP")) for c in clients]
    check(("NO", "hello") in sum(seen, []), seen)
    for first, second in zip(seen[:3], seen[3:]):
        check(len(first + second) <= 1, seen)
    w.until_shown(joe)
    check(not other.buffer, other.buffer)
    w.post(ann, "for Ann")
    equal(other.live(), ("NO", "for Ann"))
    equal(other.done(), [])


def test_mail_wakes_too(t):
    """As without the plugin; alerts come before and after."""
    w = world(t)
    joe = w.user()
    c = falls_asleep(w, joe)
    asleep(w)
    w.dovecot.save(joe.split("@")[0], mail.message(500))
    equal([c.line(), c.line()], ["* 1 EXISTS", "* 1 RECENT"])
    w.post(joe, "after the mail")
    equal(c.live(), ("NO", "after the mail"))
    asleep(w)
    w.post(joe, "and asleep again")
    equal(c.live(), ("NO", "and asleep again"))
    c.done()
    equal(c.fetch(), mail.message(500))
    w.until_shown(joe)


def test_the_server_restarts_meanwhile(t):
    """Killed and started again while all sleep: who is told next wakes."""
    w = world(t)
    joe = w.user()
    c = falls_asleep(w, joe)
    asleep(w)
    w.server.restart(crash=True)
    w.post(joe, "after the restart")
    equal(c.live(), ("NO", "after the restart"))
    asleep(w)
    w.server.stop()
    w.server.start()
    w.post(joe, "after another")
    equal(c.live(), ("NO", "after another"))
    equal(c.done(), [])
    w.until_shown(joe)


def test_the_server_restarts_before(t):
    """The session is awake, in IDLE, and finds the server again: it is the new
    server's file that wakes it.  Mail keeps it awake until then."""
    w = world(t)
    joe = w.user()
    c = falls_asleep(w, joe)
    w.server.restart(crash=True)

    def is_back():
        w.dovecot.save(joe.split("@")[0], mail.message(100))
        return w.doors(joe) == 1
    wait_until(is_back, "it has found the server")
    asleep(w)
    w.post(joe, "from the new server")
    while (line := c.line()) != "* NO [ALERT] from the new server":
        check(line.endswith((" EXISTS", " RECENT")), line)
    equal(c.done(), [])
    w.until_shown(joe)


def test_what_is_left_behind(t):
    """One file for an account at most, which only ximssd writes."""
    w = world(t)
    joe = w.user()
    wake = os.path.join(w.run, "wake")
    before = set(os.listdir(wake))
    clients = [falls_asleep(w, joe) for _ in range(2)]
    asleep(w)
    new = set(os.listdir(wake)) - before
    equal(len(new), 1)
    equal(oct(os.stat(os.path.join(wake, new.pop())).st_mode & 0o7777),
          "0o644")
    equal(oct(os.stat(wake).st_mode & 0o7777), "0o711")
    w.server.cli("DeleteAccount " + joe)
    wait_until(lambda: set(os.listdir(wake)) <= before, "it is gone")
    for c in clients:
        c.done()
        c.command("NOOP")
