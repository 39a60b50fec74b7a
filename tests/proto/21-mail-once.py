# SPDX-License-Identifier: BSD-2-Clause
"""Once per account, by whatever it was told: IMAP, POP3, the web, XIMSS."""

import os
import re
import subprocess

import mail
from bridge import bridge
from mail import World
from ximss import DEADLINE, Missing, body, check, equal

needs = mail.needs


def plain():
    return World(plugin={"ximss_imap_wait": 10000, "ximss_pop3_wait": 10000})


class All:
    """A user's sessions by each way; each tells what it has been told since it
    was asked last.  They are asked only after all were told."""

    def __init__(self, t, w, user):
        self.w, self.user = w, user
        self.bridge = bridge(t, w.server)

    def ximss(self):
        c = self.w.server.login(self.user)
        got = c.flush()
        c.bye()
        return [body(g) for g in got if g.startswith("<alert ")]

    def web(self):
        session = self.bridge.login(self.user)
        text = session.poll(0)
        found = re.search(r' respSeq="(\d+)"', text)
        if found:
            session.poll(int(found.group(1)))
        session.sync('<bye id="b"/>')
        return [body(m) for m in re.findall(r"<alert .*?</alert>", text)]

    def imap(self):
        c = self.w.imap(self.user)
        c.idle()
        c.done()
        c.logout()
        return [text for _, text in c.at_login]

    def pop3(self):
        c = self.w.pop3(self.user)
        answer = c.enter()
        if answer.startswith("+OK"):
            c.quit()
            return []
        return [answer.removeprefix("-ERR [SYS/TEMP] ").removesuffix(
            " (please wait and retry)")]


def test_seen_in_one_is_not_shown_in_the_others(t):
    w = t.once(plain)
    joe = w.user()
    ways = All(t, w, joe)
    for first in ("imap", "pop3", "web", "ximss"):
        text = "by " + first
        w.post(joe, text, severity="critical")
        equal(getattr(ways, first)(), [text])
        w.until_shown(joe)
        for other in ("imap", "pop3", "web", "ximss"):
            equal(getattr(ways, other)(), [], "%s after %s" % (other, first))


BROWSER = os.path.join(mail.TOP, "tests", "browser")


def dismisses(t, w, user, *texts):
    """In Chromium, the user is shown these, and dismisses the last."""
    mail.needs_program("node")
    mail.needs_program("chromium")
    if not os.path.isdir(os.path.join(BROWSER, "node_modules",
                                      "playwright-core")):
        raise Missing("there is no playwright-core")
    b = bridge(t, w.server, pages=os.path.join(mail.TOP, "clients", "bridge",
                                               "pages"))
    done = subprocess.run(
        ["node", os.path.join(BROWSER, "one_dismissal.js"),
         "http://127.0.0.1:%d" % b.port, user, *texts],
        capture_output=True, text=True, check=False, timeout=DEADLINE * 6)
    check(done.returncode == 0, done.stderr)


def test_dismissed_in_the_browser(t):
    """It is taken from an IMAP session that has not shown it yet; what the user
    has only seen there is not."""
    w = t.once(plain)
    joe = w.user()
    c = w.imap(joe)
    for text in ("dismissed", "seen"):
        w.post(joe, text)
    dismisses(t, w, joe, "seen", "dismissed")
    w.post(joe, "later")
    got = []
    while ("NO", "later") not in got:
        got += mail.alerts_of(c.command("NOOP"))
    equal(got, [("NO", "seen"), ("NO", "later")])
