# SPDX-License-Identifier: BSD-2-Clause
"""ximssctl mail check: the chain from ximssd's door to an IMAP session, whole and
with each of its links broken."""

import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import threading

from dovecot import DOMAIN, MAIL_UID
from mail import GROUP, World, needs
from ximss import check, ctl, equal, free_port, wait_until

LINKS = ["door", "dovecot", "plugin", "file", "group", "rights", "alert"]


class Check:
    """What one run said."""

    def __init__(self, w, *args, account=None, conf=None, env=None):
        args = ("mail", "check", *([account] if account else []),
                "--door", w.door, "--dovecot-config",
                conf or w.dovecot.config(),
                "--imap", "127.0.0.1:%d" % w.dovecot.imap_port, "--timeout",
                "120", *args)
        env = {"XIMSS_MAIL_PASSWORD": "secret", **(env or {})}
        done = ctl(w.server, "--json", *args, env=env)
        self.status, self.errors = done.returncode, done.stderr
        self.all = json.loads(done.stdout)
        self.links = {link["link"]: link for link in self.all["links"]}
        equal(list(self.links), LINKS)

    def broken(self):
        return [n for n, link in self.links.items()
                if link["state"] == "broken"]

    def is_broken(self, name, found, advice, status=1):
        """That link alone; what is found, and what to do."""
        equal((self.status, self.broken(), self.all["broken"]),
              (status, [name], 1), self.all)
        link = self.links[name]
        check(found in link["found"], link)
        check(advice in link["advice"], link)
        if name != "alert":
            equal(self.links["alert"]["state"], "unknown")
            check("not tried" in self.links["alert"]["found"], self.all)


def world(t, **options):
    needs()
    w = World(**options)
    t.servers.insert(0, w)
    return w


def other(w, *changes):
    """A copy of Dovecot's configuration with (old, new) texts: Dovecot itself
    reads its own for each new process."""
    with open(w.dovecot.config(), encoding="utf-8") as f:
        text = f.read()
    for old, new in changes:
        check(old in text, old)
        text = text.replace(old, new)
    w.dovecot.write("other.conf", text)
    return os.path.join(w.dovecot.dir, "other.conf")


def test_a_whole_chain(t):
    w = world(t)
    user = w.user()
    w.post(user, "waits for somebody else")
    c = Check(w, account=user)
    equal((c.status, c.broken(), c.errors), (0, [], ""), c.all)
    equal({link["state"] for link in c.all["links"]}, {"ok"}, c.all)
    check("group %s, mode 0660" % GROUP in c.links["door"]["found"], c.all)
    check("uid %d may log in as %s" % (MAIL_UID, user) in
          c.links["rights"]["found"], c.all)
    # What Dovecot's programs warn of is no part of what they say.
    noisy = other(w, ("listen = ", "ssl_dh_parameters_length = 1024\nlisten = "))
    warned = subprocess.run(["doveconf", "-c", noisy, "-h", "protocols"],
                            capture_output=True, text=True, check=True)
    check("Warning" in warned.stderr, warned)
    again = Check(w, account=user, conf=noisy)
    equal((again.status, again.links["door"], again.links["plugin"],
           again.links["file"]),
          (0, c.links["door"], c.links["plugin"], c.links["file"]), again.all)
    equal(again.links["dovecot"], c.links["dovecot"])
    # It used up nothing, and left nothing.
    equal(w.waiting(user), ["waits for somebody else"])
    # The same for people, with the password in a file; and without an account,
    # which Dovecot knows the path of the door for.
    path = os.path.join(w.run, "password")
    with open(path, "w", encoding="utf-8") as f:
        f.write("secret\n")
    for args, status, marks in (
            ((user, "--password-file", path, "--imap",
              "127.0.0.1:%d" % w.dovecot.imap_port), 0, ["ok"] * 7),
            ((), 5, ["ok"] * 5 + ["?"] * 2)):
        done = ctl(w.server, "mail", "check", "--dovecot-config",
                   w.dovecot.config(), *args)
        equal((done.returncode, done.stderr), (status, ""), done.stdout)
        equal([line.split()[:2] for line in done.stdout.splitlines()],
              [[mark, name] for mark, name in zip(marks, LINKS)])
        check(w.door in done.stdout, done.stdout)


def test_a_session_that_fails(t):
    w = world(t, imap="", more="auth_failure_delay = 0\n")
    user = w.user()
    conf = other(w, ("mail_plugins = imap_zlib ",
                     "mail_plugins = imap_zlib imap_ximss"))
    Check(w, "--timeout", "1", account=user, conf=conf).is_broken(
        "alert", "did not come", "restarted")
    equal(w.waiting(user), [], "it is withdrawn")
    Check(w, account=user, conf=conf, env={
        "XIMSS_MAIL_PASSWORD": "wrong"}).is_broken(
            "alert", "AUTHENTICATIONFAILED", "password")
    Check(w, "--imap", "127.0.0.1:%d" % free_port(), account=user,
          conf=conf).is_broken("alert", "refused", "--imap")
    Check(w, "--imap", "127.0.0.1:993", account=user, conf=conf).is_broken(
        "alert", "within TLS", "--imap 127.0.0.1:143")


class NeedsTls:
    """An IMAP server that takes no password in the clear; what it got."""

    def __init__(self, greeting):
        self.greeting, self.got = greeting, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        sock = self.listener.accept()[0]
        with sock:
            sock.sendall(b"* OK %sready\r\n" % self.greeting)
            while data := sock.recv(4096):
                self.got += data
                sock.sendall(b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"
                             b"c1 OK done\r\n")

    def all(self):
        self.thread.join()
        self.listener.close()
        return self.got


def test_a_password_that_may_not_be_sent(t):
    w = world(t)
    user = w.user()
    for greeting, said in (
            (b"[CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ", b""),
            (b"", b"c1 CAPABILITY\r\n")):
        server = NeedsTls(greeting)
        Check(w, "--imap", "127.0.0.1:%d" % server.port,
              account=user).is_broken("alert", "LOGINDISABLED", "TLS")
        equal(server.all(), said)
    Check(w, account=user, env={
        "XIMSS_MAIL_PASSWORD": "secret\r\nc9 DELETE INBOX"}).is_broken(
            "alert", "line end", "password")


def test_a_broken_configuration(t):
    w = world(t)
    user = w.user()
    for old, new, link, found, advice in (
            (" imap_ximss", "", "plugin", "no imap_ximss",
             "mail_plugins = $mail_plugins imap_ximss"),
            ("ximss_socket = " + w.door, "ximss_pop3 = all", "plugin",
             "does not know the socket", "ximss_socket = " + w.door),
            ("ximss_socket = ", "ximss_socket = /else", "plugin",
             "/else", w.door),
            ("extra_groups = " + GROUP, "extra_groups = daemon, users",
             "group", "imap is not in the group " + GROUP,
             "extra_groups = " + GROUP),
            ("extra_groups = " + GROUP, "extra_groups = %s, nosuchgroup"
             % GROUP, "group", "nosuchgroup, which does not exist",
             "systemd-sysusers"),
            ("protocols = imap pop3 lmtp", "protocols = pop3", "dovecot",
             "pop3", "imap")):
        Check(w, account=user, conf=other(w, (old, new))).is_broken(
            link, found, advice)
    c = Check(w, account=user, conf=other(w, (" pop3_ximss", "")))
    equal(c.status, 0, c.all)
    check("no pop3_ximss" in c.links["plugin"]["found"], c.all)
    check("pop3_ximss" in c.links["plugin"]["advice"], c.all)
    helper(w, user)
    c = Check(w, conf="/none")
    check("dovecot" in c.broken(), c.all)
    check("Install" in c.links["dovecot"]["advice"], c.all)


HELPER = """
service imap-postlogin {
  executable = script-login /usr/libexec/ximss-postlogin --code=X imap /door 100
}
service imap {
  executable = imap imap-postlogin
"""


def helper(w, user):
    """The lines of ximss-postlogin: no advice to add the plugins as well."""
    lines = ("service imap {\n", HELPER)
    c = Check(w, account=user, conf=other(w, lines, (" imap_ximss", "")))
    equal((c.status, c.broken()), (5, []), c.all)
    equal([c.links[n]["state"] for n in LINKS],
          ["ok"] * 2 + ["unknown"] * 5, c.all)
    check("ximss-postlogin" in c.links["plugin"]["found"], c.all)
    equal({link["advice"] for link in c.all["links"]}, {""}, c.all)
    Check(w, account=user, conf=other(w, lines)).is_broken(
        "plugin", "plugin and ximss-postlogin", "Use one of them")


def test_a_plugin_that_is_missing_or_of_another_dovecot(t):
    w = world(t)
    user = w.user()
    modules = os.path.join(w.run, "modules")
    shutil.copytree(os.path.join(w.dovecot.dir, "modules"), modules,
                    symlinks=True)
    conf = other(w, ("mail_plugin_dir = " + w.dovecot.dir,
                     "mail_plugin_dir = " + w.run))
    path = os.path.join(modules, "lib95_imap_ximss_plugin.so")
    with open(path, "rb") as f:
        code = f.read()
    os.unlink(path)
    Check(w, account=user, conf=conf).is_broken("file", "No such file",
                                                "--with-dovecot")
    mark = code[code.index(b".ABIv"):].split(b"(")[0]
    with open(path, "wb") as f:
        f.write(code.replace(mark, b".ABIv01"))
    Check(w, account=user, conf=conf).is_broken("file", "2.3.ABIv01",
                                                "dovecot-dev")


def log_ins(w, user):
    """One of each kind; what the plugins say only if they are asked to."""
    w.imap(user).logout()
    w.pop3(user).get_in().quit()
    for service in "imap", "pop3":
        wait_until(lambda s=service: re.search(
            r"%s\(.*Debug: ximss: connect\(.*No such file" % s,
            w.dovecot.log()), "the log of " + service)


def test_a_broken_door(t):
    w = world(t, more="mail_debug = yes\n")
    user = w.user()
    Check(w, account="none@" + DOMAIN).is_broken("rights", "515", "alike")
    group = os.stat(w.door).st_gid
    os.chown(w.door, -1, 0)
    c = Check(w, account=user)
    c.is_broken("group", "root, which is the server's own",
                "door-socket-group = ximssdoor")
    check("extra_groups" not in c.links["group"]["advice"], c.all)
    os.chown(w.door, -1, 54321)
    Check(w, account=user).is_broken("group", "54321 does not exist",
                                     "systemd-sysusers")
    os.chown(w.door, -1, group)
    os.chmod(w.door, 0o600)
    Check(w, account=user).is_broken("door", "mode 0600", "0660")
    os.chmod(w.door, 0o666)
    Check(w, account=user).is_broken("door", "mode 0666", "Anybody")
    os.chmod(w.door, 0o660)
    os.chmod(w.run, 0o700)
    Check(w, account=user).is_broken("rights", "cannot connect", "0755")
    os.chmod(w.run, 0o755)
    os.rename(w.door, w.door + ".away")
    with open(w.door, "w", encoding="ascii"):
        pass
    Check(w, account=user).is_broken("door", "no socket", "door-socket")
    os.unlink(w.door)
    Check(w, account=user).is_broken("door", "No such file", "door-socket")
    log_ins(w, user)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(w.door)
    Check(w, account=user).is_broken("door", "nobody listens",
                                     "Is ximssd running")
    os.unlink(w.door)
    os.rename(w.door + ".away", w.door)
    w.dovecot.stop()
    c = Check(w, account=user)
    c.is_broken("dovecot", "not running", "Start it")
    check("does not run" in c.links["rights"]["found"], c.all)


def test_rights(t):
    """Whoever owns the mail of all may be one of door-users; a person may not."""
    one = pwd.getpwnam("daemon")
    w = world(t, start=False, door_users=["nobody"],
              door_user_format="%u@b.test")
    w.dovecot.expected_errors.append("ximss")
    w.dovecot.add(one.pw_name, uid=one.pw_uid)
    # Dovecot knows this one by two names.
    w.dovecot.add("long")
    w.dovecot.add("short", user="long@" + DOMAIN)
    with open(os.path.join(w.dovecot.dir, "users"), "a",
              encoding="utf-8") as f:
        f.write("games:{PLAIN}secret:%d:%d::%s/mail/games::\n" % (
            pwd.getpwnam("games").pw_uid, one.pw_gid, w.dovecot.dir))
    w.start()
    Check(w, account=w.user()).is_broken("rights", "527", "door-users = {")
    for account, advice in (
            (w.server.account("%s@%s" % (one.pw_name, DOMAIN)),
             "door-user-format = %u@" + DOMAIN),
            ("games", "leave door-user-format out")):
        c = Check(w, account=account)
        c.is_broken("rights", "527", advice)
        check("door-users = {" not in c.links["rights"]["advice"], c.all)
    c = Check(w, account="short@" + DOMAIN)
    c.is_broken("rights", "may not name long@" + DOMAIN, "door-users = {")
    Check(w, account="no!body@" + DOMAIN).is_broken(
        "rights", "Dovecot has no user", "doveadm user NAME")
