# SPDX-License-Identifier: BSD-2-Clause
"""doc/accounts.md as it stands: what it tells an operator to write is run, with
other paths, users and names."""

import glob
import os
import pwd
import re
import shutil
import subprocess

import ximss
from directories import Ldap, LdapBind, PasswdFile, Sql, address
from dovecot import DOMAIN, MAIL_UID
from mail import block, read, replaced
from outside import WRONG, login, needs  # noqa: for the runner
from ximss import (DEADLINE, HERE, Missing, Skip, alert, check, equal, match,
                   wait_until)

DOCUMENT = "accounts.md"
USER = pwd.getpwuid(os.geteuid()).pw_name


def lines(name, *changes):
    return replaced(block(name, DOCUMENT), *changes)


def sockets():
    return lines("dovecot", ("user = ximssd", "user = " + USER))


class Documented:
    """What is told of a kind of directory, in the place of the tests' own."""

    def part(self, name, file, path, *changes):
        """The lines for local.conf, which name another file with lines."""
        self.write(file, lines(name.split()[-1], *changes))
        return lines(name, (path, os.path.join(self.dir, file)))


class DocumentedSql(Documented, Sql):
    def sources(self):
        super().sources()
        folder = os.path.join(self.dir, "db")
        self.run("DROP TABLE users")
        self.run("CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT, "
                 "home TEXT, active INTEGER)")
        return self.part(
            "dovecot sql", "documented.conf",
            "/etc/dovecot/dovecot-sql.conf.ext",
            ("/var/lib/dovecot-users", folder), ("vmail", str(MAIL_UID)))

    def put(self, passwords, locked=False):
        """By the hashes of the document, without their scheme's name."""
        self.run("", [(n, self.hashed(p), "/nowhere", 0 if locked else 1)
                      for n, p in passwords.items()])

    @staticmethod
    def hashed(password):
        made = subprocess.run(["doveadm", "pw", "-s", "SHA512-CRYPT", "-p",
                               password], capture_output=True, text=True,
                              check=True, timeout=DEADLINE).stdout.strip()
        return made.removeprefix("{SHA512-CRYPT}")

    def run(self, statement, rows=None):
        super().run(statement or "REPLACE INTO users VALUES (?, ?, ?, ?)",
                    rows)


class DocumentedLdap(Documented, LdapBind):
    def sources(self):
        super().sources()
        suffix = ("dc=example,dc=test", "dc=a,dc=test")
        return self.part(
            "dovecot ldap", "documented.conf",
            "/etc/dovecot/dovecot-ldap.conf.ext",
            ("ldaps://ldap.example.test", self.uri),
            ("ou=people,dc=example,dc=test", suffix[1]),
            ("cn=dovecot,dc=example,dc=test", "cn=admin," + suffix[1]),
            ("dnpass = secret", "dnpass = admin"), ("vmail,", "%d," % MAIL_UID))


# The machine with other files in /etc, and nslcd if it is unpacked, for whoever
# is started by it; nslcd ends with what it was started for.
MACHINE = """
set -e
mount --make-rprivate /
mount --bind "{dir}/etc" /etc
mount -t tmpfs none /run
if [ -e /etc/nslcd.conf ]; then
    mkdir /run/nslcd
    setpriv --pdeathsig KILL "{unpacked}/usr/sbin/nslcd" -n &
    until [ -S /run/nslcd/socket ]; do sleep 0.01; done
fi
exec "$@"
"""
NSLCD = """
uid root
gid root
uri {uri}
base dc=a,dc=test
filter passwd (objectClass=inetOrgPerson)
filter shadow (objectClass=inetOrgPerson)
"""
UNPACKED = os.path.join(HERE, "pam_ldap")


class Machine:
    """ximssd with PAM, on a machine with an /etc of its own."""

    def __init__(self, t, pam):
        """pam: the lines of /etc/pam.d/ximssd."""
        if os.geteuid() != 0 or subprocess.run(
                ["unshare", "-m", "true"], check=False,
                stderr=subprocess.DEVNULL).returncode != 0:
            raise Skip("no right to make a mount namespace")
        self.server = t.server(start=False)
        self.dir = self.server.dir
        shutil.copytree("/etc", self.dir + "/etc", symlinks=True)
        self.write("pam.d/ximssd", pam)

    def write(self, name, text, how="w"):
        with open(os.path.join(self.dir, "etc", name), how,
                  encoding="utf-8") as f:
            f.write(text)

    def start(self):
        """As the document has it; whom it becomes is no matter here."""
        check(lines("ximssd pam").startswith("auth = {store, pam}\n"), "auth")
        self.server.wrapper = ["unshare", "-m", "sh", "-c", MACHINE.format(
            dir=self.dir, unpacked=UNPACKED), "sh"]
        self.server.options.update(
            auth=["store", "pam"], auth_timeout="1m", pam_program=os.path.join(
                os.path.dirname(ximss.program()), "ximss-pam"))
        self.server.start()
        self.server.domain(DOMAIN)
        lets_in(self.server)


def lets_in(server):
    """Joe, whom nobody has made; their session."""
    server.admin().post("first", "domain", target=DOMAIN)
    joe = server.login(address("joe"))
    joe.expect(alert("first", "domain"))
    others = [server.connect(name) for name in ("joe", "ann")]
    for client, password in zip(others, ("wrong", "secret")):
        client.send(login(address(client.name), password))
    for client in others:
        match(client.receive(), WRONG, client.name)
    return joe


class Site:
    """ximssd and a Dovecot with the lines of the document."""

    def __init__(self, t, kind):
        self.directory = kind(more=sockets())
        t.servers[:0] = [self.directory]
        self.directory.add("joe")
        self.directory.start()
        self.server = t.server(start=False)
        run = os.path.join(self.directory.dir, "run")
        for line in "".join(lines(name, ("/run/dovecot", run)) for name in (
                "ximssd dovecot", "ximssd userdb")).splitlines():
            name, value = line.split(" = ")
            self.server.options[name.replace("-", "_")] = (
                value.strip("{}").split(", ") if value.startswith("{")
                else value)
        self.server.options["auth_timeout"] = "1m"
        self.server.start()
        self.ctl("domain create example.test", ("example.test", DOMAIN))

    def ctl(self, command, *changes):
        """As the document has it."""
        check("ximssctl " + command in read("doc", DOCUMENT), command)
        done = ximss.ctl(self.server, *replaced(command, *changes).split())
        equal((done.returncode, done.stderr), (0, ""), command)

    def by_hand(self, name, password):
        """Its doveadm, as the document has it; with the password."""
        command = re.search(r"sudo (doveadm auth test .*)",
                            read("doc", DOCUMENT)).group(1)
        words = replaced(command, ("/run/dovecot", self.directory.dir + "/run"),
                         ("joe@example.test", address(name))).split()
        config = os.path.join(self.directory.dir, "dovecot.conf")
        return subprocess.run([words[0], "-c", config, *words[1:], password],
                              capture_output=True, timeout=DEADLINE,
                              check=False).returncode == 0

    def lets_in(self):
        equal((self.by_hand("joe", "secret"), self.by_hand("joe", "wrong")),
              (True, False), "doveadm")
        joe = lets_in(self.server)
        self.ctl("account forget joe@example.test", ("example.test", DOMAIN))
        self.ctl("account kill joe@example.test", ("example.test", DOMAIN))
        joe.expect_bye()
        self.ctl("account device revoke joe@example.test --all",
                 ("example.test", DOMAIN))

    def lists(self):
        """The other socket: of who has not logged in, too."""
        self.directory.add("late")
        wait_until(lambda: self.directory.knows("late", "secret"),
                   "they are there")
        self.ctl("account sync --dry-run example.test",
                 ("example.test", DOMAIN))
        check("late" not in self.server.cli("ListAccounts " + DOMAIN), "dry")
        self.ctl("account sync example.test", ("example.test", DOMAIN))
        check("late" in self.server.cli("ListAccounts " + DOMAIN), "made")


def test_dovecot(t):
    site = Site(t, PasswdFile)
    site.lets_in()
    site.lists()
    check("ximssctl domain settings example.test 'Auth=store, dovecot'"
          in read("doc", DOCUMENT), "a list for a domain")
    for value, answer in (("store", WRONG), ("store, dovecot", None)):
        done = ximss.ctl(site.server, "domain", "settings", DOMAIN,
                         "Auth=" + value)
        equal(done.returncode, 0, done.stderr)
        one = site.server.connect("joe")
        one.send(login(address("joe"), "secret"))
        if answer:
            match(one.receive(), answer, value)
        else:
            one.logged_in("login")


def test_dovecot_with_sql(t):
    site = Site(t, DocumentedSql)
    site.lets_in()
    site.lists()
    site.directory.lock("joe")
    locked = site.server.connect("joe")
    locked.send(login(address("joe"), "secret"))
    match(locked.receive(), WRONG, "who is not active")


def test_dovecot_with_ldap(t):
    site = Site(t, DocumentedLdap)
    site.lets_in()
    site.lists()


def test_pam(t):
    machine = Machine(t, lines("pam"))
    machine.write("passwd", "joe:x:4999:4999::/nowhere:/bin/false\n", "a")
    machine.write("shadow", "joe:%s:19000:0:99999:7:::\n" % subprocess.run(
        ["openssl", "passwd", "-6", "secret"], capture_output=True, text=True,
        check=True, timeout=DEADLINE).stdout.strip(), "a")
    machine.start()


def test_pam_with_ldap(t):
    """By nslcd, of which only the files are there (scripts/install-deps)."""
    modules = glob.glob(UNPACKED + "/lib/*/security/pam_ldap.so")
    if not modules:
        raise Missing("pam_ldap is not unpacked")
    machine = Machine(t, lines("pam ldap", (
        "pam_ldap.so", modules[0] + " minimum_uid=0")))
    slapd = Ldap()
    t.servers.append(slapd)
    slapd.add("joe")
    slapd.start_slapd()
    machine.write("nslcd.conf", NSLCD.format(uri=slapd.uri))
    machine.start()


def test_passwords_brought_along(t):
    """The files of section 8, as Dovecot and the machine have them."""
    server = t.server()
    server.domain(DOMAIN)
    paths = {}
    for path, line in (("/etc/dovecot/users", "joe:%s::::::\n"),
                       ("/etc/shadow", "sue:%s:20000:0:99999:7:::\n")):
        paths[path] = os.path.join(server.dir, os.path.basename(path))
        with open(paths[path], "w", encoding="utf-8") as f:
            f.write(line % DocumentedSql.hashed("secret"))
    for line in lines("import", ("example.test", DOMAIN),
                      *paths.items()).splitlines():
        done = ximss.ctl(server, *line.split()[1:])
        equal((done.returncode, done.stderr), (0, ""), line)
    for user in ("joe", "sue"):
        server.login(address(user), "secret").bye()
        c = server.connect()
        c.scram(address(user), "secret")
        c.bye()
    line = "ximssctl domain settings example.test PlusDetail=YES"
    check(line in read("doc", DOCUMENT), line)
    equal(ximss.ctl(server, *line.replace("example.test", DOMAIN).split()[1:])
          .returncode, 0)
    c = server.login("joe+lists@" + DOMAIN, "secret")
    equal(server.sessions(address("joe")), 1)
    c.bye()


def test_dist_has_the_same_lines(t):
    for name, file, prefix in (("pam", "ximssd.pam", ""),
                               ("unit pam", "ximssd.service.in", "#   ")):
        there = read("dist", file).replace("@sbindir@", "/usr/sbin").replace(
            "@sysconfdir@", "/etc").splitlines()
        for line in lines(name).splitlines():
            check(line == "[Service]" or prefix + line in there, line)
