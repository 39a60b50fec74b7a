# SPDX-License-Identifier: BSD-2-Clause
"""The CLI over the PWD protocol, as its clients see it: lines that end with
CR LF, and the data format, read and written by the grammar of doc/cli.md."""

import base64
import hashlib
import hmac
import re
import secrets
import time

from ximss import (DEADLINE, MAIN, MASTER_PASSWORD, PASSWORD, Client, Closed,
                   Failed, b64, equal, xor)

PWD = ["127.0.0.1:0"]
LOGGED_IN = "200 login OK, proceed"
SEND_PASS = "300 please send the PASS"
BYE = "200 ximssd PWD connection closed"
OK = "200 OK"
BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")
STATUS = re.compile(r"(\d{3}) ([A-Za-z0-9 ._@<>-]+)")


# --- the data format ---

class Token(str):
    """What begins with # and is not a text: #123, #T22-11-2026, #NULL#."""


def quoted(text):
    """Text as a quoted string, in the server's style."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char == "\n":
            out.append("\\e")
        elif char < " " or char == "\x7f":
            out.append("\\%03d" % ord(char))
        else:
            out.append(char)
    return '"%s"' % "".join(out)


def write(value):
    """A value as the server writes it."""
    if isinstance(value, Token):
        return str(value)
    if isinstance(value, str):
        return value if BARE.fullmatch(value) else quoted(value)
    if isinstance(value, bytes):
        return "[%s]" % b64(value)
    if isinstance(value, dict):
        return "{%s}" % "".join("%s=%s;" % (write(k), write(v))
                                for k, v in value.items())
    return "(%s)" % ",".join(write(v) for v in value)


class Reader:
    """One object of the data format; ValueError where it is none."""

    WORD = re.compile(r"[-A-Za-z0-9_.@!#%:*\x80-\U0010ffff]+")
    ESCAPES = {'"': '"', "\\": "\\", "r": "\r", "n": "\n", "t": "\t",
               "e": "\n"}

    def __init__(self, text):
        self.text = text
        self.at = 0

    def fail(self, what):
        raise ValueError("%s at %d: %r" % (what, self.at,
                                           self.text[self.at:][:40]))

    def take(self, char):
        if not self.text.startswith(char, self.at):
            self.fail("expected " + char)
        self.at += len(char)

    def looking_at(self, char):
        return self.text.startswith(char, self.at)

    def value(self):
        if self.looking_at("{"):
            return self.dictionary()
        if self.looking_at("("):
            return self.array()
        if self.looking_at("["):
            end = self.text.index("]", self.at)
            data = base64.b64decode(self.text[self.at + 1:end], validate=True)
            self.at = end + 1
            return data
        if self.looking_at('"'):
            return self.string()
        word = self.word()
        return Token(word) if word.startswith("#") else word

    def word(self):
        found = self.WORD.match(self.text, self.at)
        if not found:
            self.fail("no word")
        self.at = found.end()
        return found.group()

    def string(self):
        out = []
        self.take('"')
        while not self.looking_at('"'):
            if self.at >= len(self.text):
                self.fail("no closing quote")
            char = self.text[self.at]
            self.at += 1
            out.append(self.escape() if char == "\\" else char)
        self.take('"')
        return "".join(out)

    def escape(self):
        char = self.text[self.at:self.at + 1]
        if char in self.ESCAPES and char:
            self.at += 1
            return self.ESCAPES[char]
        if not re.fullmatch(r"\d{3}", self.text[self.at:self.at + 3]):
            self.fail("unknown escape")
        self.at += 3
        return chr(int(self.text[self.at - 3:self.at]))

    def array(self):
        items = []
        self.take("(")
        while not self.looking_at(")"):
            if items:
                self.take(",")
            items.append(self.value())
        self.take(")")
        return items

    def dictionary(self):
        items = {}
        self.take("{")
        while not self.looking_at("}"):
            key = self.string() if self.looking_at('"') else self.word()
            if key in items:
                self.fail("key twice")
            self.take("=")
            items[key] = self.value()
            self.take(";")
        self.take("}")
        return items


def parse(text):
    """The object that the text is, with nothing round it."""
    reader = Reader(text)
    value = reader.value()
    if reader.at != len(text):
        reader.fail("something behind the object")
    return value


# --- the client ---

class Refused(Failed):
    """A command was answered with 5NN."""

    def __init__(self, command, answer):
        super().__init__("%s: %s" % (command[:200], answer))
        self.answer = answer
        self.code = int(answer[:3])


class PwdClient(Client):
    """One connection; `receive` and all that build on it take lines."""

    inline = False

    def say(self, *lines, end="\r\n"):
        """Sends lines, all in one write."""
        self.raw("".join(line + end for line in lines).encode())

    def receive(self, timeout=None):
        """The next line without its CR LF, which must be just that."""
        deadline = time.monotonic() + (timeout or DEADLINE)
        while b"\n" not in self.buffer:
            if self.end:
                raise Closed("%s: closed by the server, behind it: %r"
                             % (self.name, self.buffer))
            if not self.fill(deadline):
                raise Failed("%s: no line came; half of one: %r"
                             % (self.name, self.buffer[:300]))
        line, _, self.buffer = self.buffer.partition(b"\n")
        self.transcript.append(("S", line + b"\n"))
        if not line.endswith(b"\r") or b"\r" in line[:-1] or b"\0" in line:
            raise Failed("%s: not ended by CR LF: %r" % (self.name, line))
        return line[:-1].decode()

    def ask(self, line, *expected):
        self.say(line)
        return self.expect(*expected)

    def greeted(self):
        self.expect("200 %s ximssd PWD Server … ready" % MAIN)
        return self

    def data(self, first):
        """The data that stand in or behind a first line of success; None if
        there are none."""
        if first == OK:
            return None
        if self.inline and first.startswith("201 "):
            text = first[4:]
        elif not self.inline and first == "200 data follow":
            text = self.receive()
        else:
            raise Failed("%s: not an answer: %s" % (self.name, first))
        value = parse(text)
        equal(write(value), text, "the style of data")
        return value

    def answer(self, command="the command"):
        """The result of a command that was sent; Refused."""
        first = self.receive()
        if first.startswith("5"):
            if not STATUS.fullmatch(first):
                raise Failed("%s: error text: %s" % (self.name, first))
            raise Refused(command, first)
        return self.data(first)

    def do(self, command):
        """Runs a command that must succeed; its result."""
        self.say(command)
        return self.answer(command)

    def refused(self, command):
        """Runs a command that must fail; its code."""
        self.say(command)
        try:
            value = self.answer(command)
        except Refused as refused:
            return refused.code
        raise Failed("%s: %s was not refused: %r" % (self.name, command,
                                                     value))

    def in_step(self, mark="in.step"):
        """What was said before is answered, and nothing more comes."""
        equal(self.do("Echo " + mark), mark, "in step")
        if self.buffer:
            raise Failed("%s: left over: %r" % (self.name, self.buffer))

    def nothing_came(self):
        """Before log-in: what was said before is answered."""
        self.ask("NOOP", OK)
        if self.buffer:
            raise Failed("%s: left over: %r" % (self.name, self.buffer))

    def read_to_end(self):
        """Until the server closes; what came is left in the buffer."""
        deadline = time.monotonic() + DEADLINE
        while not self.end:
            if not self.fill(deadline):
                raise Failed("%s: the server did not close" % self.name)

    def one_recv(self, line):
        """What a client gets that reads once after each line."""
        self.say(line)
        self.sock.settimeout(DEADLINE)
        return self.sock.recv(65536)

    # logging in

    def login(self, user="postmaster", password=None, inline=True):
        """USER and PASS; then INLINE unless it is not wanted."""
        if password is None:
            password = MASTER_PASSWORD if user.split("@")[0] == "postmaster" \
                else PASSWORD
        self.ask("USER " + user, SEND_PASS)
        self.ask("PASS " + password, LOGGED_IN)
        if inline:
            self.ask("INLINE", OK)
        self.inline = inline
        return self

    def challenged(self):
        """The bytes of a 334 line."""
        line = self.receive()
        if not line.startswith("334 "):
            raise Failed("%s: no challenge: %s" % (self.name, line))
        return b"" if line == "334 =" else base64.b64decode(line[4:],
                                                            validate=True)

    def auth(self, user, password=PASSWORD, initial=True):
        """SCRAM-SHA-256, with the server's signature checked; the last line
        of the exchange."""
        nonce = secrets.token_urlsafe(18)
        first_bare = "n=%s,r=%s" % (user, nonce)
        if initial:
            self.say("AUTH SCRAM-SHA-256 " + b64("n,," + first_bare))
        else:
            self.ask("AUTH SCRAM-SHA-256", "334 =")
            self.say(b64("n,," + first_bare))
        server_first = self.challenged().decode()
        fields = dict(f.split("=", 1) for f in server_first.split(","))
        if not fields["r"].startswith(nonce) or fields["r"] == nonce:
            raise Failed("%s: bad nonce: %s" % (self.name, server_first))
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(),
                                     base64.b64decode(fields["s"]),
                                     int(fields["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        final_bare = "c=%s,r=%s" % (b64("n,,"), fields["r"])
        message = ",".join((first_bare, server_first, final_bare)).encode()
        proof = xor(client_key, hmac.digest(
            hashlib.sha256(client_key).digest(), message, "sha256"))
        self.say(b64("%s,p=%s" % (final_bare, b64(proof))))
        answer = self.receive()
        if not answer.startswith("334 "):
            return answer
        signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"),
                                message, "sha256")
        equal(base64.b64decode(answer[4:]).decode(), "v=" + b64(signature),
              "the server's signature")
        self.say("")
        return self.receive()

    def stls(self):
        self.ask("STLS", "200 please start TLS")
        self.handshake()

    def quit(self):
        self.ask("QUIT", BYE)
        self.expect_closed()
        self.close()


def connect(server, name=None, kind="pwd", greet=True, **kwargs):
    """A connection that was greeted."""
    client = server.connect(name, kind, make=PwdClient, **kwargs)
    if kind == "pwds":
        client.handshake()
    return client.greeted() if greet else client


def log_in(server, user="postmaster", password=None, inline=True):
    return connect(server, user).login(user, password, inline)


def crammed(user, password, challenge):
    """The answer to a challenge of CRAM-MD5."""
    digest = hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()
    return b64("%s %s" % (user, digest))
