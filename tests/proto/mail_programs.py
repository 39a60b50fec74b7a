# SPDX-License-Identifier: BSD-2-Clause
"""The mail programs that people have, each run as they run it: what mail it
got, what it said, and how it ended."""

import fcntl
import glob
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time

from mail import needs_program
from ximss import DEADLINE, Failed


class Run:
    """What came of a program: status, what its user saw, the mail."""

    def __init__(self, status, seen, mail=None):
        self.status, self.seen, self.mail = status, seen, mail

    def __repr__(self):
        return "status %s, %d bytes of mail: %s" % (
            self.status, len(self.mail or b""), self.seen[-800:])


# Who runs them: some refuse to be run by root.
NOBODY = 65534


class Programs:
    """Settings and mail of one user's programs, in a directory of its own."""

    def __init__(self, world, user):
        self.user = user
        self.imap_port = world.dovecot.imap_port
        self.pop3_port = world.dovecot.pop3_port
        self.directory = tempfile.TemporaryDirectory(prefix="mail-test-")
        self.dir = self.directory.name
        os.chown(self.dir, NOBODY, NOBODY)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.cleanup()

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            os.fchmod(f.fileno(), 0o600)
            os.fchown(f.fileno(), NOBODY, NOBODY)
            f.write(text)
        return self.path(name)

    def maildir(self, name):
        for part in ("", "cur", "new", "tmp"):
            path = self.path(name, part)
            os.makedirs(path, exist_ok=True)
            os.chown(path, NOBODY, NOBODY)
        return self.path(name)

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": self.dir,
                "LC_ALL": "C.UTF-8", "TERM": "vt100", "TMPDIR": self.dir,
                "GETMAILDATA": self.dir, "FETCHMAILHOME": self.dir,
                "XDG_CONFIG_HOME": self.dir, "XDG_DATA_HOME": self.dir}

    def run(self, *command):
        done = subprocess.run(
            [needs_program(command[0]), *command[1:]],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=self.environment(), cwd=self.dir,
            timeout=DEADLINE * 4, check=False, user=NOBODY, group=NOBODY,
            extra_groups=[])
        return Run(done.returncode, done.stdout.decode("utf-8", "replace"))

    def newest(self, pattern):
        """The mail in the one file of that name, which is gone afterwards."""
        found = [p for p in glob.glob(self.path(pattern)) if os.path.isfile(p)]
        if not found:
            return None
        with open(found[0], "rb") as f:
            data = f.read()
        for path in found:
            os.unlink(path)
        return data

    # IMAP and POP3

    def curl(self, scheme, verbose=False):
        """Its mail goes to a file: what it says is what remains."""
        port = self.imap_port if scheme == "imap" else self.pop3_port
        place = "INBOX;UID=1" if scheme == "imap" else "1"
        run = self.run("curl", *(["-v"] if verbose else ["-sS"]), "-o",
                       self.path("curl.mail"), "-u", self.user + ":secret",
                       "%s://127.0.0.1:%d/%s" % (scheme, port, place))
        run.mail = self.newest("curl.mail")
        return run

    def fetchmail(self, protocol, verbose=False):
        port = self.imap_port if protocol == "imap" else self.pop3_port
        config = self.write("fetchmailrc", """
set no syslog
set invisible
poll 127.0.0.1 service %d protocol %s auth password
  user "%s" password "secret" sslproto "" no rewrite keep fetchall
  mda "cat >%s"
""" % (port, protocol + (" uidl" if protocol == "pop3" else ""), self.user,
       self.path("fetchmail.mail")))
        run = self.run("fetchmail", "--fetchmailrc", config, "--pidfile",
                       self.path("fetchmail.pid"), *(["-v"] if verbose
                                                     else []))
        run.mail = self.newest("fetchmail.mail")
        return run

    def getmail(self, protocol):
        kind = "IMAP" if protocol == "imap" else "POP3"
        port = self.imap_port if protocol == "imap" else self.pop3_port
        config = self.write("getmailrc", """
[retriever]
type = Simple%sRetriever
server = 127.0.0.1
port = %d
username = %s
password = secret
[destination]
type = Maildir
path = %s/
[options]
delivered_to = false
received = false
""" % (kind, port, self.user, self.maildir("getmail")))
        run = self.run("getmail", "--getmaildir", self.dir, "--rcfile", config)
        run.mail = without(rb"Return-Path|X-getmail-retrieved-from-mailbox",
                           self.newest("getmail/new/*"))
        for name in glob.glob(self.path("oldmail*")):
            os.unlink(name)
        return run

    # IMAP

    def mbsync(self, quiet=True):
        config = self.write("mbsyncrc", """
IMAPStore far
Host 127.0.0.1
Port %d
User %s
Pass secret
SSLType None
AuthMechs LOGIN

MaildirStore near
Inbox %s

Channel all
Far :far:INBOX
Near :near:INBOX
Create Near
Expunge None
SyncState *
""" % (self.imap_port, self.user, self.path("mbsync")))
        run = self.run("mbsync", *(["-q"] if quiet else []), "-c", config,
                       "all")
        # By that it finds its copy again.
        run.mail = without(b"X-TUID", self.newest("mbsync/new/*")
                           or self.newest("mbsync/cur/*"))
        for name in glob.glob(self.path("mbsync/.*")):
            if os.path.isfile(name):
                os.unlink(name)
        return run

    # POP3

    def mpop(self):
        config = self.write("mpoprc", """
account default
host 127.0.0.1
port %d
user %s
password secret
auth user
tls off
keep on
received_header off
uidls_file %s
delivery maildir %s
""" % (self.pop3_port, self.user, self.path("uidls"), self.maildir("mpop")))
        run = self.run("mpop", "-C", config)
        run.mail = self.newest("mpop/new/*")
        if os.path.exists(self.path("uidls")):
            os.unlink(self.path("uidls"))
        return run

    # in a terminal

    def mutt(self, program="mutt", scheme="imap", settings=()):
        """mutt or neomutt at the user's mailbox, running."""
        port = self.imap_port if scheme == "imap" else self.pop3_port
        name = self.user.replace("@", "%40")
        text = """
set imap_pass=secret
set pop_pass=secret
set ssl_starttls=no
set ssl_force_tls=no
set mail_check=1
set timeout=1
set mbox_type=Maildir
set folder=%s
set spoolfile=%s
set record=
set move=no
set quit=yes
set delete=no
set pipe_decode=no
set wait_key=no
""" % (self.dir, "%s://%s@127.0.0.1:%d/%s" % (
            scheme.rstrip("3"), name, port,
            "INBOX" if scheme == "imap" else ""))
        config = self.write("muttrc", text + "".join(
            "set %s\n" % s for s in settings))
        return Terminal([needs_program(program), "-n", "-F", config],
                        self.environment(), self.dir)


class Terminal:
    """A program in a terminal of 150 columns: all that it ever showed."""

    def __init__(self, command, environment, directory):
        self.shown = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(directory)
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
                os.execve(command[0], command, environment)
            finally:
                os._exit(127)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 30, 150, 0, 0))

    def read(self, timeout=0):
        """False when there is no more to come."""
        ready, _, _ = select.select([self.fd], [], [], timeout)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.shown += data.decode("utf-8", "replace")
        return bool(data)

    def text(self):
        """Without what moves the cursor."""
        return re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|[()][0-9A-B]|[=>78DEHM])|\x0f"
                      r"|\x0e", "", self.shown)

    def until(self, expression, since=0):
        """Waits until it shows that; how much was shown then."""
        end = time.monotonic() + DEADLINE * 2
        while not re.search(expression, self.text()[since:]):
            if not self.read(0.05) or time.monotonic() > end:
                raise Failed("not shown: %s\n%r" % (expression,
                                                    self.text()[-1500:]))
        return len(self.text())

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def end(self, keys="q"):
        """Its status."""
        self.type(keys)
        end = time.monotonic() + DEADLINE * 2
        while self.read(0.05):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                break
        os.close(self.fd)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def without(names, data):
    """The mail without lines that the program put into its head."""
    if data is None:
        return None
    head, blank, body = data.partition(b"\n\n")
    return re.sub(rb"(?m)^(%s): .*\n" % names, b"", head + b"\n")[:-1] \
        + blank + body


def same_mail(run, data):
    """The mail is what was sent, whatever line ends it is kept with."""
    got = (run.mail or b"").replace(b"\r\n", b"\n")
    if got != data.replace(b"\r\n", b"\n"):
        raise Failed("another mail: %r ... %r" % (got[:300], run))
