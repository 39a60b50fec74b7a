# SPDX-License-Identifier: BSD-2-Clause
"""Private Dovecots with nothing but their users, as sites have them: in a
passwd-file, in SQL (SQLite), in LDAP (a slapd of one's own), and what stands
behind them.  Each answers at auth-client and auth-userdb."""

import base64
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import urllib.parse

import ximss
from dovecot import DOMAIN, DOVECOT, MAIL_UID, Dovecot
from ximss import DEADLINE, Failed, Missing, Skip, check, equal, wait_until

MODULES = "/usr/lib/dovecot/modules/auth"
SLAPD = "/usr/sbin/slapd"
SCHEMA = "/etc/ldap/schema"

# Whoever fails is told at once, which a site would not do.
CONFIG = """
base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
protocols =
first_valid_uid = 1
auth_failure_delay = 0
auth_cache_size = 0
auth_mechanisms = {mechanisms}
default_client_limit = 4000
service auth {{
  unix_listener auth-client {{
    mode = 0600
  }}
  unix_listener auth-userdb {{
    mode = 0600
  }}
}}
"""

SLAPD_CONFIG = """
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {dir}/slapd.pid
database mdb
maxsize 16777216
directory {dir}/ldap
suffix "dc=a,dc=test"
rootdn "cn=admin,dc=a,dc=test"
rootpw admin
index uid eq
access to attrs=userPassword by anonymous auth
access to * by * read
"""

LDAP_CONFIG = """
uris = {uri}
dn = cn=admin,dc=a,dc=test
dnpass = admin
base = dc=a,dc=test
pass_filter = (&(objectClass=inetOrgPerson)(mail=%u)(!(employeeType=locked)))
user_filter = (&(objectClass=inetOrgPerson)(mail=%u))
pass_attrs = mail=user, userPassword=password
user_attrs = uid=home={dir}/mail/%{{ldap:uid}}, =uid={uid}, =gid={uid}
iterate_filter = (objectClass=inetOrgPerson)
iterate_attrs = mail=user
default_pass_scheme = PLAIN
"""

SQL_CONFIG = """
driver = sqlite
connect = {dir}/db/users.sqlite
default_pass_scheme = PLAIN
password_query = SELECT name AS user, password, NULLIF(locked, '') AS nologin \
  FROM users WHERE name = '%u'
user_query = SELECT '{dir}/mail/%n' AS home, {uid} AS uid, {uid} AS gid \
  FROM users WHERE name = '%u'
iterate_query = SELECT name AS user FROM users
"""


def address(name):
    return name if "@" in name else "%s@%s" % (name, DOMAIN)


class Lines:
    """A connection to a socket of Dovecot's auth process: lines of words."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(path)
        self.lines = self.sock.makefile("rb")

    def send(self, *lines):
        self.sock.sendall("".join("\t".join(words) + "\n"
                                  for words in lines).encode())

    def read(self):
        line = self.lines.readline().decode()
        if not line.endswith("\n"):
            raise Failed("Dovecot closed; half a line: %r" % line)
        return line[:-1].split("\t")

    def until(self, *first):
        """All lines to the one that begins with these words."""
        found = [self.read()]
        while tuple(found[-1][:len(first)]) != first:
            found.append(self.read())
        return found

    def close(self):
        self.lines.close()
        self.sock.close()


def plain(user, password):
    return base64.b64encode(b"\0%s\0%s" % (
        user.encode(), password.encode())).decode()


class AuthClient(Lines):
    """auth-client, spoken to without anything in between."""

    def __init__(self, path):
        super().__init__(path)
        self.serial = 0
        self.greeting = self.until("DONE")
        self.send(("VERSION", "1", "2"), ("CPID", str(os.getpid())))

    def request(self, user, password, address="127.0.0.1"):
        """The words of a request, and its number."""
        self.serial += 1
        return str(self.serial), (
            "AUTH", str(self.serial), "PLAIN", "service=ximssd", "secured",
            "no-penalty", "rip=" + address, "resp=" + plain(user, password))

    def ask(self, user, password):
        """The answer as words."""
        _, request = self.request(user, password)
        self.send(request)
        return self.read()


class Directory(Dovecot):
    """Users of a.test.  The parts that differ: put(), users(), and what
    behind() is."""

    kind = None
    module = None

    def __init__(self, mechanisms="plain login scram-sha-256", more=""):
        """more: lines of configuration."""
        if not os.path.exists(DOVECOT):
            raise Missing("there is no Dovecot")
        if self.module and not os.path.exists(
                os.path.join(MODULES, self.module)):
            raise Missing("Dovecot has no " + self.module)
        if os.getuid() != 0:
            raise Skip("Dovecot looks for its users as root only")
        self.dir = ximss.tempfile.mkdtemp(prefix="dovecot-test-")
        os.chmod(self.dir, 0o755)
        self.process = None
        self.mechanisms = mechanisms
        self.stopped = []
        self.expected_errors = []
        self.writes = 0
        self.write("dovecot.conf", CONFIG.format(
            dir=self.dir, mechanisms=mechanisms) + self.sources() + more)

    client = property(lambda self: os.path.join(self.dir, "run/auth-client"))
    userdb = property(lambda self: os.path.join(self.dir, "run/auth-userdb"))

    # for the runner

    clients = ()

    def servers(self):
        return [self]

    @property
    def lines(self):
        return [line + "\n" for line in self.log().splitlines()]

    # its life

    def is_up(self):
        if self.process.poll() is not None:
            raise Failed("Dovecot ended: %s\n%s" % (
                self.process.stderr.read().decode(), self.log()))
        try:
            AuthClient(self.client).close()
        except OSError:
            return False
        return True

    def stop(self):
        """At once: its own end takes a second."""
        self.thaw()
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)  # it starts nothing anew
            for pid in self.children():
                os.kill(pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
            self.process.stderr.close()
        self.process = None

    def end(self, failed=False, keep=False):
        self.stop()
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    def children(self):
        with open("/proc/%d/task/%d/children" % (
                self.process.pid, self.process.pid), encoding="ascii") as f:
            return [int(pid) for pid in f.read().split()]

    def pids(self, name):
        """Of this Dovecot's processes of the service, as ("auth")."""
        found = []
        for pid in self.children():
            try:
                with open("/proc/%d/cmdline" % pid, "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if words[0].decode() == "dovecot/" + name:
                found.append(pid)
        return found

    def behind(self):
        """Pids of what knows the passwords."""
        return self.pids("auth")

    def freeze(self):
        """It answers nothing from now on, and keeps what it is asked."""
        for pid in self.behind():
            os.kill(pid, signal.SIGSTOP)
            self.stopped.append(pid)
            wait_until(lambda: stands(pid), "it is stopped")

    def thaw(self):
        stopped, self.stopped = self.stopped, []
        for pid in stopped:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass

    def kill(self):
        """A crash of it."""
        for pid in self.behind():
            os.kill(pid, signal.SIGKILL)

    def restart(self):
        """After kill(); Dovecot starts its own process anew by itself."""

    # what is in it

    def knows(self, name, password):
        """Does Dovecot itself let them in?"""
        client = AuthClient(self.client)
        try:
            words = client.ask(address(name), password)
            return words[0] == "OK" and "nologin" not in [
                w.partition("=")[0] for w in words]
        finally:
            client.close()

    def add(self, *names, password="secret"):
        self.put({address(n): password for n in names})

    def change(self, name, password):
        """Another password, until Dovecot has seen it."""
        self.put({address(name): password})
        wait_until(lambda: self.knows(name, password),
                   "Dovecot has the new password")

    def lock(self, name, password="secret"):
        """They exist, and may not get in, with the right password either."""
        self.put({address(name): password}, locked=True)
        wait_until(lambda: not self.knows(name, password),
                   "Dovecot has locked them out")


def stands(pid):
    with open("/proc/%d/stat" % pid, encoding="utf-8",
              errors="replace") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "T"


class PasswdFile(Directory):
    """A passwd-file.  One line for each user."""

    kind = "passwd-file"

    def sources(self):
        self.entries = {}
        self.write("users", "")
        return "".join("%s {\n  driver = passwd-file\n  args = %s/users\n}\n"
                       % (part, self.dir) for part in ("passdb", "userdb"))

    def put(self, passwords, locked=False):
        for name, password in passwords.items():
            self.entries[name] = "%s:%s:%d:%d::%s/mail/%s::%s\n" % (
                name, password if password.startswith("{")
                else "{PLAIN}" + password, MAIL_UID, MAIL_UID, self.dir,
                name.partition("@")[0], "nologin" if locked else "")
        self.rewrite()

    def pass_on(self, name):
        """To another server, which is to check the password."""
        self.entries[address(name)] = "%s:::::::proxy=y host=127.0.0.1 " \
            "nopassword=y\n" % address(name)
        self.rewrite()
        wait_until(lambda: self.knows(name, "any"), "it is passed on")

    def remove(self, name):
        del self.entries[address(name)]
        self.rewrite()
        wait_until(lambda: not self.knows(name, "secret"), "they are gone")

    def rewrite(self):
        """Dovecot knows a new file by its time, in whole seconds."""
        path = os.path.join(self.dir, "users")
        old = int(os.stat(path).st_mtime)
        self.write("users.new", "".join(self.entries.values()))
        self.writes += 1
        os.utime(path + ".new", (old + 1, old + 1))
        os.rename(path + ".new", path)


class Sql(Directory):
    """SQLite; Dovecot asks it in processes of their own."""

    kind = "sql"
    module = "libdriver_sqlite.so"

    def sources(self):
        folder = os.path.join(self.dir, "db")
        os.mkdir(folder)
        self.write("sql.conf", SQL_CONFIG.format(dir=self.dir, uid=MAIL_UID))
        self.run("CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT, "
                 "locked TEXT)")
        for path in (folder, os.path.join(folder, "users.sqlite")):
            shutil.chown(path, "dovecot", "dovecot")
        return "".join("%s {\n  driver = sql\n  args = %s/sql.conf\n}\n"
                       % (part, self.dir) for part in ("passdb", "userdb"))

    def run(self, statement, rows=None):
        db = sqlite3.connect(os.path.join(self.dir, "db/users.sqlite"),
                             timeout=DEADLINE)
        with db:
            if rows is None:
                db.execute(statement)
            else:
                db.executemany(statement, rows)
        db.close()

    def put(self, passwords, locked=False):
        self.run("REPLACE INTO users VALUES (?, ?, ?)",
                 [(n, p, "yes" if locked else "")
                  for n, p in passwords.items()])

    def remove(self, name):
        self.run("DELETE FROM users WHERE name = ?", [(address(name),)])


class Ldap(Directory):
    """slapd.  auth_bind: Dovecot tries the password there; without, it reads
    it, and can do more than PLAIN."""

    kind = "ldap"
    module = "libauthdb_ldap.so"

    def __init__(self, auth_bind=False, **options):
        if not os.path.exists(SLAPD):
            raise Missing("there is no slapd")
        self.auth_bind = auth_bind
        self.slapd = None
        super().__init__(**options)

    def sources(self):
        os.mkdir(os.path.join(self.dir, "ldap"), 0o700)
        # A profile of AppArmor keeps the one of the system within its own
        # directories.
        self.program = os.path.join(self.dir, "slapd")
        shutil.copy(SLAPD, self.program)
        path = os.path.join(self.dir, "ldapi")
        self.uri = "ldapi://" + urllib.parse.quote(path, safe="")
        self.write("slapd.conf", SLAPD_CONFIG.format(dir=self.dir,
                                                     schema=SCHEMA))
        self.write("ldap.conf", LDAP_CONFIG.format(
            dir=self.dir, uri=self.uri, uid=MAIL_UID)
            + ("auth_bind = yes\n" if self.auth_bind else ""))
        self.known = set()
        self.fill()
        return "".join("%s {\n  driver = ldap\n  args = %s/ldap.conf\n}\n"
                       % (part, self.dir) for part in ("passdb", "userdb"))

    def fill(self):
        self.tool(self.program, "-T", "add", "-f", self.conf(), "-q",
                  stdin="dn: dc=a,dc=test\nobjectClass: domain\ndc: a\n\n")

    def conf(self):
        return os.path.join(self.dir, "slapd.conf")

    def tool(self, *command, stdin=""):
        done = subprocess.run(command, input=stdin, capture_output=True,
                              text=True, timeout=DEADLINE, check=False)
        equal(done.returncode, 0, "%s: %s" % (command[0], done.stderr))

    def start(self):
        self.start_slapd()
        return super().start()

    def start_slapd(self):
        self.slapd = subprocess.Popen(
            [self.program, "-d", "0", "-f", self.conf(), "-h", self.uri],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_until(self.listens, "slapd listens")
        # Dovecot comes as a user of its own.
        os.chmod(os.path.join(self.dir, "ldapi"), 0o777)

    def listens(self):
        check(self.slapd.poll() is None, "slapd ended")
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(os.path.join(self.dir, "ldapi"))
                return True
        except OSError:
            return False

    def stop(self):
        super().stop()
        if self.slapd is not None:
            self.slapd.kill()
            self.slapd.wait()
        self.slapd = None

    def behind(self):
        return [self.slapd.pid]

    def kill(self):
        super().kill()
        self.slapd.wait()

    def restart(self):
        """After kill()."""
        self.start_slapd()

    def put(self, passwords, locked=False):
        """Before the start, or while it runs."""
        text = "".join(self.entry(n, p, locked) for n, p in passwords.items())
        self.known |= set(passwords)
        if self.slapd is None:
            self.tool(self.program, "-T", "add", "-f", self.conf(), "-q",
                      stdin=text)
        else:
            self.modify(text)

    def dn(self, name):
        return "uid=%s,dc=a,dc=test" % name.partition("@")[0]

    def entry(self, name, password, locked):
        uid = name.partition("@")[0]
        values = {"cn": uid, "sn": uid, "mail": name, "userPassword": password,
                  "employeeType": "locked" if locked else "staff"}
        if name not in self.known:
            return "dn: %s\nobjectClass: inetOrgPerson\nuid: %s\n%s\n" % (
                self.dn(name), uid, "".join("%s: %s\n" % pair
                                            for pair in values.items()))
        return "dn: %s\nchangetype: modify\n%s\n" % (self.dn(name), "-\n".join(
            "replace: %s\n%s: %s\n" % (k, k, v) for k, v in values.items()))

    def modify(self, ldif):
        self.tool("ldapmodify", "-a", "-x", "-H", self.uri, "-D",
                  "cn=admin,dc=a,dc=test", "-w", "admin", stdin=ldif)

    def remove(self, name):
        self.modify("dn: %s\nchangetype: delete\n" % self.dn(address(name)))
        self.known.discard(address(name))


class LdapBind(Ldap):
    kind = "ldap, by binding"

    def __init__(self, **options):
        super().__init__(auth_bind=True, mechanisms="plain login", **options)


KINDS = (PasswdFile, Sql, Ldap, LdapBind)
