# SPDX-License-Identifier: BSD-2-Clause
"""Every transcript of doc/protocol.md is a test.

A transcript is a block of lines between ``` that begin with "C:", "S:" or
names in front of the colon ("joe C:"), and has in front of it the comment

    <!-- transcript NAME setup=WORD,WORD -->

with the words of SETUPS below.  A line of several elements is several
messages, sent in one write.  "…" in what the server says stands for any
attribute value or text; $NAME in what a client says is the attribute of that
name in what the server said last, and $B64(text) the base64 of the text.
Blanks in front of "(" and the remark in the parentheses do not count, when
they end the line.  "S: (closed)" is the end of the connection, "C: (TLS)" the
handshake, and "(clock 600)" on a line of its own moves the server's clock.
"""

import base64
import os
import re

from ximss import (HERE, MAIN, Failed, attr, check, pattern)

DOCUMENT = os.path.join(HERE, os.pardir, os.pardir, "doc", "protocol.md")
COMMENT = re.compile(r"<!-- transcript (\S+)(?: setup=(\S+))? -->")
LINE = re.compile(r"(?:(\w+) )?([CS]): ?(.*)")


def transcripts():
    """[(name, setup words, lines)], and the numbers of blocks without a
    name."""
    found, nameless = [], []
    with open(DOCUMENT, encoding="utf-8") as f:
        lines = f.read().split("\n")
    comment, block, start = None, None, 0
    for number, line in enumerate(lines, 1):
        if block is None and line.startswith("```"):
            block, start = [], number
        elif line.startswith("```"):
            if any(LINE.match(b) for b in block):
                if comment:
                    found.append((comment.group(1),
                                  (comment.group(2) or "").split(","), block))
                else:
                    nameless.append(start)
            comment, block = None, None
        elif block is not None:
            block.append(line)
        elif line.strip():
            comment = COMMENT.fullmatch(line.strip())
    return found, nameless


# --- what stands ready before the first line ---

def user(name, rights=(), settings=""):
    def make(server):
        server.account(name, rights=rights, settings=settings)
    return make


def posted(text, scope="server", **more):
    return lambda server: server.admin().post(text, scope, **more)


SETUPS = {
    "": lambda server: None,
    "joe": user("joe@" + MAIN),
    "ann": user("ann@" + MAIN),
    "poster": user("post@" + MAIN, ("CanPostAlerts",)),
    "admin": user("admin@" + MAIN, ("All Domains",)),
    "pending": posted("The server stops at noon."),
    "two-pending": lambda server: [posted("The server stops at noon.")(server),
                                   posted("It is back.")(server)],
    "account-pending": posted("Your certificate expires tomorrow.",
                              "account", target="joe@" + MAIN),
    "nearly-full": lambda server: [
        server.cli("UpdateAccountSettings joe@%s {MaxAccountSize=100;}" % MAIN),
        server.cli("SetStorageUsed joe@%s 85" % MAIN)],
    "cram": lambda server: server.cli(
        "UpdateDomainSettings %s {CRAMMD5=YES;}" % MAIN),
}


class Run:
    def __init__(self, t, setup):
        self.server = t.server(tls="tls" in setup, start=False)
        if "door" in setup:
            self.server.open_door()
        self.server.start()
        self.clients = {}
        self.said = []
        self.control = "control" in setup
        self.door = "door" in setup
        self.setup = setup
        for word in setup:
            if word not in ("tls", "control", "door") and not word.startswith(
                    "session="):
                SETUPS[word](self.server)
        for word in setup:
            if word.startswith("session="):
                name = word[8:]
                self.clients[name] = self.server.login(
                    "%s@%s" % (name, MAIN), name=name)

    def client(self, name):
        if name not in self.clients:
            connect = self.server.control if self.control \
                else self.server.connect
            self.clients[name] = self.server.door(name=name or "client") \
                if self.door else connect(name or "client")
        return self.clients[name]

    def fill_in(self, text):
        text = re.sub(r"\$B64\(([^)]*)\)", lambda m: base64.b64encode(
            m.group(1).replace("\\0", "\0").encode()).decode(), text)

        def value(match):
            for message in reversed(self.said):
                got = attr(message, match.group(1))
                if got is not None:
                    return got
            raise Failed("nothing was said of $" + match.group(1))
        return re.sub(r"\$(\w+)", value, text)

    def line(self, line):
        line = re.sub(r"\s{2,}\([^()]*\)$", "", line).rstrip()
        clock = re.fullmatch(r"\(clock (-?\d+)\)", line)
        if clock:
            self.server.clock(int(clock.group(1)))
            return
        match = LINE.fullmatch(line)
        if not match:
            check(not line.strip(), "what is this: " + line)
            return
        c = self.client(match.group(1) or "")
        if match.group(2) == "C":
            self.say(c, match.group(3))
        else:
            self.hear(c, match.group(3))

    def say(self, c, text):
        if text == "(TLS)":
            c.handshake()
            return
        c.send(*split(self.fill_in(text)))

    def hear(self, c, text):
        if text == "(closed)":
            c.expect_closed()
            return
        for expected in split(text):
            got = c.receive()
            self.said.append(got)
            if not pattern(expected).fullmatch(got):
                raise Failed("the document says %s\n  the server %s"
                             % (expected, got))


def split(text):
    """The elements of a line, each a message; what is none is one message."""
    parts, depth, start = [], 0, 0
    for tag in re.finditer(r"<(/?)(\w+)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?(/?)>",
                           text):
        if tag.group(1):
            depth -= 1
        elif not tag.group(3):
            depth += 1
        if depth == 0:
            parts.append(text[start:tag.end()].strip())
            start = tag.end()
    if text[start:].strip():
        parts.append(text[start:].strip())
    return parts


def more_tests():
    found, _ = transcripts()
    return [("test_" + name, make(setup, lines))
            for name, setup, lines in found]


def make(setup, lines):
    def test(t):
        run = Run(t, setup)
        for line in lines:
            run.line(line)
        for c in run.clients.values():
            if not c.end:
                left = c.buffer
                check(not left, "left over: %r" % left)
    return test


def test_every_transcript_is_named(t):
    found, nameless = transcripts()
    check(not nameless, "blocks without a name: lines %s" % nameless)
    names = [name for name, _, _ in found]
    check(len(names) == len(set(names)), "a name stands twice")
    check(found, "no transcript in doc/protocol.md")
