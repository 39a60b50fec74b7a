# SPDX-License-Identifier: BSD-2-Clause
"""ximssd with its door, a private Dovecot that has the plugins of this build,
and clients that look at each line."""

import glob
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import zlib

import ximss
from dovecot import DOMAIN, DOVECOT, MAIL_UID, Dovecot
from ximss import (DEADLINE, Closed, Failed, Missing, Skip, check, equal,
                   free_port, wait_until)

TOP = os.path.join(ximss.HERE, os.pardir, os.pardir)
MODULES = "/usr/lib/dovecot/modules"
PLUGINS = ("lib95_imap_ximss_plugin.so", "lib95_pop3_ximss_plugin.so")
# A group that every system has, in place of the one of an installation.
GROUP = "mail"

# Whoever is not in its file of users has an ordinary mailbox.
CONFIG = """
protocols = imap pop3 lmtp
mail_plugin_dir = {dir}/modules
first_valid_uid = 1
mail_max_userip_connections = 10000
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
auth_mechanisms = plain login cram-md5 scram-sha-256
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={dir}/mail/%n allow_all_users=yes
}}
service imap-login {{
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
service imap {{
  extra_groups = {group}
  unix_listener imap-master {{
    user = dovecot
  }}
}}
service pop3 {{
  extra_groups = {group}
}}
service imap-hibernate {{
  unix_listener imap-hibernate {{
    mode = 0666
  }}
}}
protocol imap {{
  mail_plugins = imap_zlib {imap_plugin}
}}
protocol pop3 {{
  mail_plugins = {pop3_plugin}
}}
plugin {{
{plugin}
}}
"""


# doc/mail.md, and what an operator makes of its lines

def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as f:
        return f.read()


def block(name, document="mail.md"):
    """The lines of the document that this comment stands before."""
    found = read("doc", document).partition("<!-- %s -->\n```\n" % name)[2]
    check(found, "no lines for " + name)
    return found.partition("```")[0]


def replaced(text, *changes):
    for old, new in changes:
        check(old in text, "%s is not in: %s" % (old, text))
        text = text.replace(old, new)
    return text


def build_directory():
    return os.path.dirname(ximss.program())


def plugin_paths():
    """Of the plugins in the build; None: built without."""
    found = []
    for name in PLUGINS:
        some = [p for part in ("clients/dovecot/.libs", ".libs",
                               "clients/dovecot")
                for p in glob.glob(os.path.join(build_directory(), part,
                                                name))]
        if not some:
            return None
        found.append(some[0])
    return found


def needs():
    """For the runner: what no test of the doors can do without."""
    if ximss.is_instrumented():
        raise Skip("Dovecot takes no plugins that were built with a sanitizer")
    if os.getuid() != 0:
        raise Skip("Dovecot runs with its plugins as root only")
    if not os.path.exists(DOVECOT):
        raise Missing("there is no Dovecot")
    if plugin_paths() is None:
        raise Missing("built without the plugins for Dovecot")


def needs_program(name):
    path = shutil.which(name)
    if path is None:
        raise Missing("there is no " + name)
    return path


class Mailer(Dovecot):
    """A Dovecot with IMAP and POP3, in the clear and with TLS, and the plugins
    (or others of these names in their stead)."""

    def __init__(self, door, plugin=None, more="", plugins=None,
                 imap="imap_ximss", pop3="pop3_ximss"):
        """plugin: settings of the plugins.  more: lines of configuration."""
        self.imaps_port, self.pop3_port, self.pop3s_port = (
            free_port() for _ in range(3))
        settings = {"ximss_socket": door, **(plugin or {})}
        super().__init__(quota=lambda d: CONFIG.format(
            dir=d.dir, uid=MAIL_UID, imaps=self.imaps_port, pop3=self.pop3_port,
            pop3s=self.pop3s_port, group=GROUP, cert=d.dir + "/cert.pem",
            key=d.dir + "/cert.key", imap_plugin=imap,
            pop3_plugin=pop3,
            plugin="\n".join("  %s = %s" % pair for pair in settings.items()))
            + more)
        ximss.make_certificate(self.dir)
        self.expected_errors = []
        modules = os.path.join(self.dir, "modules")
        os.mkdir(modules)
        os.chmod(modules, 0o755)
        for name in os.listdir(MODULES):
            if "ximss" not in name:
                os.symlink(os.path.join(MODULES, name),
                           os.path.join(modules, name))
        for path in plugins or plugin_paths():
            shutil.copy(path, modules)

    def add(self, name, password="{PLAIN}secret", uid=MAIL_UID, gid=None,
            **plugin):
        """A user who is not ordinary, with settings of the plugins of their
        own; before the start."""
        home = os.path.join(self.dir, "mail", name)
        if uid != MAIL_UID:
            os.makedirs(home, exist_ok=True)
            os.chown(home, uid, gid or uid)
        with open(os.path.join(self.dir, "users"), "a",
                  encoding="utf-8") as f:
            f.write("%s@%s:%s:%d:%d::%s::%s\n" % (
                name, DOMAIN, password, uid, gid or uid, home,
                " ".join("userdb_%s=%s" % pair for pair in plugin.items())))

    def hashed(self, scheme, password="secret"):
        return subprocess.run(
            ["doveadm", "-c", self.config(), "pw", "-s", scheme, "-p",
             password], capture_output=True, text=True, check=True,
            timeout=DEADLINE).stdout.strip()

    def config(self):
        return os.path.join(self.dir, "dovecot.conf")

    def processes(self, name):
        """Pids of this Dovecot's processes of the service, as ("imap")."""
        found = []
        with open("/proc/%d/task/%d/children" % (
                self.process.pid, self.process.pid), encoding="ascii") as f:
            children = f.read().split()
        for pid in children:
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if words[0].decode() == "dovecot/" + name:
                found.append(int(pid))
        return found

    def save(self, name, data):
        """A message, byte for byte."""
        subprocess.run(["doveadm", "-c", self.config(), "save", "-u",
                        "%s@%s" % (name, DOMAIN)], input=data, check=True,
                       capture_output=True, timeout=DEADLINE)

    def complaints(self):
        found = [line for line in self.log().splitlines()
                 if re.search(r"Panic|Fatal|child \d+ killed|Error:|core dumped",
                              line)
                 and not any(re.search(e, line)
                             for e in self.expected_errors)]
        if found:
            raise Failed("Dovecot complained:\n" + "\n".join(found[:20]))


class World:
    """ximssd with its door, and Dovecot.  Options: of ximssd, besides what
    names Dovecot's part: plugin, more, plugins, imap, pop3."""

    def __init__(self, start=True, server=None, wrapper=None, **options):
        self.run = tempfile.mkdtemp(prefix="ximssd-run-")
        os.chmod(self.run, 0o755)
        self.door = os.path.join(self.run, "door.sock")
        own = {name: options.pop(name) for name in
               ("plugin", "more", "plugins", "imap", "pop3")
               if name in options}
        self.dovecot = Mailer(self.door, **own)
        self.serial = 0
        self.clients = []
        options.setdefault("idle_timeout", "1d")
        self.server = ximss.Server(dict(
            {"door_socket": self.door, "door_socket_group": GROUP,
             "door_users": [str(MAIL_UID)],
             "door_wake_directory": os.path.join(self.run, "wake")},
            **options), wrapper=wrapper)
        if start:
            self.start()

    def start(self):
        self.server.start()
        self.server.domain(DOMAIN)
        self.dovecot.start()
        return self

    # for the runner

    def servers(self):
        """What has a transcript to show."""
        return [self.server, self]

    @property
    def lines(self):
        return [line + "\n" for line in self.dovecot.log().splitlines()]

    @property
    def dir(self):
        return self.dovecot.dir

    def end(self, failed=False, keep=False):
        try:
            for client in self.clients:
                client.close()
            self.dovecot.stop()
            self.server.end(failed, keep)
            if not failed:
                self.dovecot.complaints()
        finally:
            if not keep:
                self.dovecot.end()
                shutil.rmtree(self.run, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if kind is None:
            self.end()
            return
        log = "".join(self.lines[-15:])
        shows = "\n".join("  -- %s\n%s" % (c.name, c.shown())
                          for c in self.clients[-4:] + self.server.clients[-4:]
                          if c.transcript)
        try:
            self.end(failed=True)
        except Failed:
            pass
        if not isinstance(error, Skip):
            raise Failed("%s: %s\n%s\n%s" % (kind.__name__, error, shows,
                                             log)) from error

    # accounts, and alerts to them

    def user(self, stem="joe"):
        """A new account, here and there; its address."""
        self.serial += 1
        name = "%s%d" % (stem, self.serial)
        return self.server.account("%s@%s" % (name, DOMAIN))

    def post(self, user, text, **attributes):
        return self.server.admin().post(text, "account", target=user,
                                        **attributes)

    def posts(self, user, texts, **attributes):
        """Many, pipelined."""
        admin = self.server.admin()
        admin.send(*[ximss.post_request("p%d" % i, text, "account",
                                        target=user, **attributes)
                     for i, text in enumerate(texts)])
        for i in range(len(texts)):
            answer = admin.until_response("p%d" % i)[-1]
            equal(answer, ximss.response("p%d" % i))

    def waiting(self, user):
        """Texts of the alerts to the account that nobody was shown."""
        return [ximss.body(r) for r in self.server.admin().reports(
            scope="account", target=user)]

    def until_shown(self, user):
        wait_until(lambda: not self.waiting(user), "all confirmed for " + user)

    def doors(self, user):
        """How many door sessions the account has."""
        return self.server.sessions(user)

    # clients

    def imap(self, user, login=True, **how):
        client = Imap(self, user, **how)
        self.clients.append(client)
        if login:
            client.login()
        return client

    def pop3(self, user, **how):
        client = Pop3(self, user, **how)
        self.clients.append(client)
        return client


class Lines:
    """A connection of lines and counted bytes, in the clear, within TLS, or
    compressed."""

    def __init__(self, world, user, port, tls_port, tls=False, window=None):
        self.world, self.user = world, user
        self.name = "%s %s" % (type(self).__name__, user)
        self.transcript = []
        self.buffer = b""
        self.end = False
        self.inflate = self.deflate = None
        self.sock = socket.socket()
        if window:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(("127.0.0.1", tls_port if tls else port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.wrap()

    def wrap(self):
        self.sock = ximss.trusting().wrap_socket(self.sock,
                                                 server_hostname="localhost")

    shown = ximss.Client.shown

    def close(self):
        self.sock.close()

    def raw(self, data):
        if self.deflate:
            data = self.deflate.compress(data) + \
                self.deflate.flush(zlib.Z_SYNC_FLUSH)
        self.sock.sendall(data)

    def send(self, line):
        data = line if isinstance(line, bytes) else line.encode()
        self.transcript.append(("C", data[:300]))
        self.raw(data + b"\r\n")

    def fill(self, size=1 << 18):
        try:
            data = self.sock.recv(size)
        except socket.timeout:
            raise Failed("%s: nothing came; half a line: %r"
                         % (self.name, self.buffer[:300])) from None
        except OSError:
            data = b""
        if not data:
            self.end = True
            raise Closed("%s: closed; half a line: %r" % (self.name,
                                                          self.buffer[:300]))
        self.buffer += self.inflate.decompress(data) if self.inflate else data

    def line(self):
        while True:
            line, found, rest = self.buffer.partition(b"\r\n")
            if found:
                self.buffer = rest
                self.transcript.append(("S", line[:300]))
                return line.decode("utf-8")
            self.fill()

    def read(self, count, size=1 << 18):
        """Bytes; reads of at most this size."""
        parts = []
        while count > 0:
            if not self.buffer:
                self.fill(size)
            part, self.buffer = self.buffer[:count], self.buffer[count:]
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def rest(self):
        """All lines until the server closes."""
        lines = []
        try:
            while True:
                lines.append(self.line())
        except Closed:
            equal(self.buffer, b"", "after the last line")
            return lines


def alerts_of(lines):
    """[(word, text)] of the alerts among the lines."""
    found = [re.fullmatch(r"\* (OK|NO|BAD) \[ALERT\] (.*)", line, re.S)
             for line in lines]
    return [m.groups() for m in found if m]


def others_of(lines):
    return [line for line in lines if not alerts_of([line])]


class Imap(Lines):
    def __init__(self, world, user, **how):
        super().__init__(world, user, world.dovecot.imap_port,
                         world.dovecot.imaps_port, **how)
        self.serial = 0
        self.at_login = []
        self.greeting = self.line()

    def line(self):
        """The next one that is not Dovecot's own way to say nothing."""
        while True:
            line = super().line()
            if line != "* OK Still here":
                return line

    def start(self, command):
        self.serial += 1
        tag = "t%d" % self.serial
        self.send("%s %s" % (tag, command))
        return tag

    def until(self, tag):
        """(lines before the tagged one, that one without its tag)"""
        lines = []
        while True:
            line = self.line()
            if line.startswith(tag + " "):
                return lines, line[len(tag) + 1:]
            lines.append(line)

    def command(self, command):
        """The lines before the tagged OK, without literals."""
        lines, answer = self.until(self.start(command))
        if not answer.startswith("OK"):
            raise Failed("%s: %s: %s" % (self.name, command, answer))
        return lines

    def alerts(self, command="NOOP"):
        """Texts of the alerts before the tagged OK of a command."""
        return [text for _, text in alerts_of(self.command(command))]

    def login(self, password="secret"):
        """Its alerts are in at_login."""
        self.at_login = alerts_of(self.command("LOGIN %s %s" % (
            self.user, password)))
        return self

    def idle(self):
        """Returns what came before IDLE began."""
        self.idle_tag = self.start("IDLE")
        lines = []
        while not (line := self.line()).startswith("+ "):
            lines.append(line)
        return lines

    def live(self):
        """The next alert: (word, text)."""
        line = self.line()
        found = alerts_of([line])
        if not found:
            raise Failed("%s: not an alert: %s" % (self.name, line))
        return found[0]

    def done(self):
        """What came before IDLE's end."""
        self.send("DONE")
        return self.until(self.idle_tag)[0]

    def compress(self):
        self.command("COMPRESS DEFLATE")
        equal(self.buffer, b"")
        self.deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        self.inflate = zlib.decompressobj(-15)

    def starttls(self):
        self.command("STARTTLS")
        self.wrap()

    def fetch(self, number=1, size=1 << 18):
        """The bytes of a message; any line that has no place there fails."""
        tag = self.start("FETCH %d BODY.PEEK[]" % number)
        return self.fetched(tag, number, size)

    def fetched(self, tag, number=1, size=1 << 18):
        line = self.line()
        found = re.fullmatch(r"\* %d FETCH \(BODY\[\] \{(\d+)\}" % number,
                             line)
        if not found:
            raise Failed("%s: before a FETCH's bytes: %s" % (self.name, line))
        data = self.read(int(found.group(1)), size)
        equal(self.line(), ")")
        lines, answer = self.until(tag)
        equal(lines, [], "between a FETCH and its tagged line")
        if not answer.startswith("OK"):
            raise Failed("%s: FETCH: %s" % (self.name, answer))
        return data

    def any_answer(self, tags, data):
        """Reads up to the tagged line of one of FETCH, NOOP, FETCH, NOOP ...,
        in whatever order Dovecot works; the texts of alerts, which stand
        before NOOP's only."""
        alerts = []
        while True:
            line = self.line()
            literal = re.fullmatch(r"\* 1 FETCH \(BODY\[\] \{(\d+)\}", line)
            found = alerts_of([line])
            if literal:
                equal(alerts, [], "before a FETCH's bytes")
                equal(self.read(int(literal.group(1))) == data, True,
                      "the bytes")
                equal(self.line(), ")")
            elif found:
                alerts.append(found[0][1])
            else:
                tag, _, answer = line.partition(" ")
                check(tag in tags and answer.startswith("OK"), line)
                check(not alerts or tags.index(tag) % 2 == 1,
                      "alerts before a FETCH's tagged line")
                return alerts

    def logout(self):
        """Its lines, from those before BYE to the end of the connection."""
        self.send("bye LOGOUT")
        return self.rest()


class Pop3(Lines):
    def __init__(self, world, user, **how):
        super().__init__(world, user, world.dovecot.pop3_port,
                         world.dovecot.pop3s_port, **how)
        self.greeting = self.line()

    def ask(self, line):
        self.send(line)
        return self.line()

    def enter(self, password="secret"):
        """The answer to PASS."""
        answer = self.ask("USER " + self.user)
        if not answer.startswith("+OK"):
            raise Failed("%s: USER: %s" % (self.name, answer))
        return self.ask("PASS " + password)

    def get_in(self):
        answer = self.enter()
        if answer != "+OK Logged in.":
            raise Failed("%s: PASS: %s" % (self.name, answer))
        return self

    def quit(self):
        equal(self.ask("QUIT")[:3], "+OK")
        equal(self.rest(), [])


def message(size):
    """A message of about that many bytes, full of what looks like answers, and
    of no two lines alike."""
    lines = ["Subject: big", "", ""]
    for i in range(size // 66):
        lines.append("line %06d {12} * OK [ALERT] no%s" % (i, "x" * 34))
    return "\r\n".join(lines).encode() + b"\r\n"
