# SPDX-License-Identifier: BSD-2-Clause
"""doc/mail.md as it stands: what it tells an operator to write is run, with other
paths, ports and groups. And dist/ has the same lines."""

import os
import re
import shutil
import tempfile

import ximss
from dovecot import DOMAIN, Dovecot, MAIL_UID
from mail import GROUP, MODULES, Imap, Pop3, alerts_of, block, needs, \
    plugin_paths, read, replaced
from ximss import check, equal, free_port, wait_until

# What a stock Dovecot of Debian has, as far as it matters: passwords, a mailbox,
# and the ports.
STOCK = """
protocols = imap pop3 lmtp
protocol imap {{
  mail_plugins = imap_zlib
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={dir}/mail/%n allow_all_users=yes
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


class Site:
    """ximssd and Dovecot with the lines of the document."""

    def __init__(self, t, ximssd, dovecot, users, stock=STOCK, before=()):
        self.run = tempfile.mkdtemp(prefix="ximssd-run-")
        os.chmod(self.run, 0o755)
        self.serial, self.clients = 0, []
        door = os.path.join(self.run, "door.sock")
        self.door = door
        self.server = ximss.Server()
        lines = replaced(block(ximssd), ("/run/ximssd/door.sock", door),
                         ("ximssdoor", GROUP), *users)
        options = dict(line.split(" = ", 1) for line in lines.splitlines())
        self.server.options.update({
            key.replace("-", "_"): value.strip("{}").split(", ")
            if value.startswith("{") else value
            for key, value in options.items()})
        self.server.start()
        self.server.domain(DOMAIN)
        self.ports = [free_port(), free_port()]
        self.dovecot = Dovecot(quota=lambda d: stock.format(
            dir=d.dir, uid=MAIL_UID, pop3=self.ports[0]) + dovecot(d, door))
        self.dovecot.pop3_port = self.ports[0]
        self.dovecot.imaps_port = self.dovecot.pop3s_port = None
        self.dovecot.start()
        t.servers.insert(0, self)

    lines = ()

    def end(self, failed=False, keep=False):
        for client in self.clients:
            client.close()
        self.dovecot.end()
        self.server.end(failed, keep)
        shutil.rmtree(self.run, ignore_errors=True)

    def user(self):
        """By the document's command: who has no password there gets alerts."""
        self.serial += 1
        name = "joe%d@%s" % (self.serial, DOMAIN)
        words = re.search(r"sudo ximssctl (account create .*) joe@example.test",
                          read("doc", "mail.md")).group(1).split()
        done = ximss.ctl(self.server, *words, name)
        equal((done.returncode, done.stderr), (0, ""), done.stdout)
        return name

    def post(self, user, text):
        self.server.admin().post(text, "account", target=user)

    def imap(self, user, at=None):
        at = at or self
        client = Imap(at, user)
        self.clients.append(client)
        return client.login()

    def pop3(self, user, at=None):
        client = Pop3(at or self, user)
        self.clients.append(client)
        return client

    def refuses_once(self, user, at=None):
        self.post(user, "by POP3")
        first = self.pop3(user, at)
        equal(first.enter(),
              "-ERR [SYS/TEMP] by POP3 (please wait and retry)")
        first.close()
        wait_until(lambda: not self.server.admin().reports(
            scope="account", target=user), "it counts as seen")
        self.pop3(user, at).get_in().quit()


# That no slow machine exceeds.
WAITS = """plugin {
  ximss_imap_wait = 10000
  ximss_pop3_wait = 10000
}
"""


def with_plugins(d, door, *names):
    """The lines of section 1, and others, for the plugins of this build."""
    modules = os.path.join(d.dir, "modules")
    shutil.copytree(MODULES, modules, symlinks=True, ignore=lambda *_: [
        n for n in os.listdir(MODULES) if "ximss" in n])
    for path in plugin_paths():
        shutil.copy(path, modules)
    os.chmod(modules, 0o755)
    return WAITS + "mail_plugin_dir = %s\n" % modules + "".join(
        replaced(block(name), *((("/run/ximssd/door.sock", door),
                                 ("ximssdoor", GROUP))
                                if name == "dovecot" else ()))
        for name in ("dovecot", *names))


MAIL_USER = ("{vmail}", "{%d}" % MAIL_UID)


def test_the_plugins(t):
    needs()
    site = Site(t, "ximssd", lambda d, door: with_plugins(
        d, door, "dovecot hibernate"), [MAIL_USER])
    user = site.user()
    site.post(user, "at log-in")
    joe = site.imap(user)
    equal(joe.at_login, [("NO", "at log-in")])
    joe.command("SELECT INBOX")
    joe.idle()
    site.post(user, "live")
    equal(joe.live(), ("NO", "live"))
    site.refuses_once(site.user())


def test_system_users(t):
    """Here a system user is one whose number has a name."""
    needs()
    import pwd
    nobody = pwd.getpwnam("nobody")
    fields = "args = uid=%d gid=%d home={dir}/mail/%%n allow_all_users=yes" % (
        nobody.pw_uid, nobody.pw_gid)
    stock = re.sub(r"userdb \{\{.*?\n\}\}\n", replaced(
        block("dovecot system"), ("driver = passwd", "driver = static\n  "
                                  + fields), ("example.test", DOMAIN),
        ("userdb {\n", "userdb {{\n"), ("\n}\n", "\n}}\n")), STOCK,
        flags=re.S)
    site = Site(t, "ximssd system", with_plugins,
                [("%u@example.test", "%u@" + DOMAIN)],
                stock="first_valid_uid = 1\n" + stock)
    mail = os.path.join(site.dovecot.dir, "mail")
    os.chown(mail, nobody.pw_uid, nobody.pw_gid)
    user = site.server.account("nobody@" + DOMAIN)
    site.post(user, "yours")
    equal(site.imap("nobody").at_login, [("NO", "yours")])
    other = site.user()
    site.post(other, "not yours")
    equal(site.imap(other).at_login, [])


def test_a_tunnel(t):
    """ssh's end is a relay here: what matters is whose it is."""
    equal(re.findall(r"door-users = \{(\w+)\}", block("ximssd tunnel")),
          re.findall(r"--groups ximssdoor (\w+)", read("doc", "mail.md")))
    unit = read("dist", "ximss-door-tunnel.service")
    path = block("ximssd tunnel").splitlines()[0].split(" = ")[1]
    check("%s:%s" % (path, path) in unit and "Group=ximssdoor" in unit, unit)


def test_postlogin(t):
    if os.getuid() != 0:
        raise ximss.Skip("Dovecot runs it as root only")
    program = os.path.join(os.path.dirname(ximss.program()),
                           "ximss-postlogin")
    wait = "10000"
    site = Site(t, "ximssd postlogin", lambda d, door: replaced(
        block("dovecot postlogin"), ("/run/ximssd/door.sock", door),
        ("ximssdoor", GROUP), ("/usr/libexec/ximss-postlogin", program),
        ("sock 100", "sock " + wait), ("sock 300", "sock " + wait)), [])
    user = site.user()
    equal(site.imap(user).at_login, [])
    site.post(user, "one")
    site.post(user, "two")
    joe = site.imap(user)
    equal(joe.at_login, [("NO", "one"), ("NO", "two")])
    equal(alerts_of(joe.command("SELECT INBOX")), [])
    equal(site.imap(user).at_login, [])
    site.refuses_once(user)
    site.server.stop()
    equal(site.imap(user).at_login, [])
    site.pop3(user).get_in().quit()


def test_a_dovecot_in_front(t):
    needs()
    back = Dovecot(quota=lambda d: STOCK.format(
        dir=d.dir, uid=MAIL_UID, pop3=free_port()))
    try:
        back.start()
        front(t, back)
    finally:
        back.end()


def front(t, back):
    plain = re.sub(r"(passdb|userdb) \{\{.*?\n\}\}\n", "", STOCK, flags=re.S)
    site = Site(t, "ximssd", lambda d, door: with_plugins(d, door) + replaced(
        block("dovecot front"), ("vmail", str(MAIL_UID)),
        ("/var/lib/dovecot-front", d.dir + "/mail"),
        ("1143", str(back.imap_port))), [MAIL_USER], stock=plain)
    user = site.user()
    back.deliver(user.partition("@")[0], 5000)
    site.post(user, "at log-in")
    joe = site.imap(user)
    equal(joe.at_login, [("NO", "at log-in")])
    joe.command("SELECT INBOX")
    check(len(joe.fetch()) > 4000, "the mail of the server behind")
    joe.idle()
    site.post(user, "live")
    equal(joe.live(), ("NO", "live"))
    site.refuses_once(site.user())


def test_dist_has_the_same_lines(t):
    for name, file in (("dovecot", "dovecot-ximss.conf"),
                       ("dovecot postlogin", "dovecot-ximss-postlogin.conf.in")):
        text = read("dist", file).replace("@libexecdir@", "/usr/libexec")
        lines = [line for line in text.splitlines()
                 if line and not line.startswith("#")]
        equal(lines, block(name).splitlines(), file)
    page = read("doc", "man", "ximss-dovecot.7")
    check(".Bd -literal\n%s.Ed" % block("dovecot") in page, "the manual page")


def test_the_unit_lets_the_door_see_its_peers(t):
    """With PrivateUsers=yes each peer is user 65534, and door-users is in vain;
    without the group the socket cannot be given to it."""
    lines = read("dist", "ximssd.service.in").splitlines()
    group = re.search(r"door-socket-group = (\w+)", block("ximssd")).group(1)
    for line in ("PrivateUsers=no", "SupplementaryGroups=" + group,
                 "SystemCallFilter=@chown", "RuntimeDirectory=ximssd"):
        check(line in lines, line)
    check("g %s -" % group in
          read("dist", "sysusers.d", "ximssd.conf").splitlines(), group)
