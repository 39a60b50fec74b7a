# SPDX-License-Identifier: BSD-2-Clause
"""A private Dovecot on free ports, with everything in a directory of its own."""

import grp
import imaplib
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time

from ximss import (DEADLINE, Failed, Missing, Skip, free_port,
                   wait_until)

DOVECOT = "/usr/sbin/dovecot"
MAIL_UID = 5000
DOMAIN = "a.test"
KEY = "a key of the tests"

CONFIG = """
base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_cache_size = 0
protocols = imap lmtp
mail_location = maildir:~/Maildir
mail_plugins = {plugins}
protocol imap {{
  mail_plugins = $mail_plugins imap_quota
}}
passdb {{
  driver = passwd-file
  args = {dir}/users
}}
userdb {{
  driver = passwd-file
  args = {dir}/users
}}
plugin {{
  quota_rule = *:storage=1M
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0600
  }}
}}
"""

# What a plain configuration has of quotas.
QUOTA = """
doveadm_api_key = {key}
plugin {{
  quota = {backend}:User quota
  quota_vsizes = yes
{plugin}
}}
service doveadm {{
  inet_listener http {{
    port = {http}
  }}
}}
"""


class Lmtp(smtplib.LMTP):
    """smtplib wants to know a host for a socket's path."""

    def __init__(self, path):
        super().__init__(path, timeout=DEADLINE * 2)


class Dovecot:
    """Accounts are name@a.test with the password "secret"."""

    def __init__(self, backend="count", clone=None, warning=None,
                 quota=None):
        """quota: lines of configuration instead of those that follow from the
        others; a function of this object."""
        if not os.path.exists(DOVECOT):
            raise Missing("there is no Dovecot")
        if os.getuid() != 0:
            raise Skip("Dovecot delivers mail as root only")
        self.dir = tempfile.mkdtemp(prefix="dovecot-test-")
        os.chmod(self.dir, 0o755)
        self.imap_port, self.http_port = free_port(), free_port()
        self.process = None
        plugin = []
        if clone:
            plugin.append("  quota_clone_dict = proxy:%s:quota" % clone)
        if warning:
            plugin.append("  quota_warning = storage=80%%%% %s 80 %%u"
                          % warning)
        mail = os.path.join(self.dir, "mail")
        os.mkdir(mail)
        os.chown(mail, MAIL_UID, MAIL_UID)
        self.write("users", "")
        plugins = "quota quota_clone" if clone else "quota"
        self.write("dovecot.conf", CONFIG.format(
            dir=self.dir, imap=self.imap_port,
            plugins="" if quota else plugins) + (
                quota(self) if quota else QUOTA.format(
                    key=KEY, http=self.http_port, backend=backend,
                    plugin="\n".join(plugin))))
        self.write("key", KEY + "\n")

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chown(path, 0, grp.getgrnam("dovecot").gr_gid)
        os.chmod(path, 0o640)

    def user(self, name, storage):
        """storage as in a quota rule: "100K", or "" for the default of 1M."""
        with open(os.path.join(self.dir, "users"), "a",
                  encoding="utf-8") as f:
            f.write("%s@%s:{PLAIN}secret:%d:%d::%s/mail/%s::%s\n" % (
                name, DOMAIN, MAIL_UID, MAIL_UID, self.dir, name,
                "userdb_quota_rule=*:storage=" + storage if storage else ""))

    def change(self, name, storage):
        """Adds the user, or gives it another limit, while it runs; until it
        says so: it looks at its files once a second."""
        path = os.path.join(self.dir, "users")
        with open(path, encoding="utf-8") as f:
            others = [line for line in f
                      if not line.startswith(name + "@")]
        self.write("users", "".join(others))
        self.user(name, storage)
        wait_until(lambda: self.rule(name) == "*:storage=" + storage,
                   "Dovecot has read its users")

    def rule(self, name):
        return subprocess.run(
            ["doveadm", "-c", os.path.join(self.dir, "dovecot.conf"), "user",
             "-f", "quota_rule", "%s@%s" % (name, DOMAIN)],
            capture_output=True, text=True, check=False,
            timeout=DEADLINE).stdout.strip()

    def maildir_template(self):
        return self.dir + "/mail/%n/Maildir"

    def start(self):
        self.process = subprocess.Popen(
            [DOVECOT, "-F", "-c", os.path.join(self.dir, "dovecot.conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_until(self.is_up, "Dovecot listens")
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise Failed("Dovecot ended: %s\n%s" % (
                self.process.stderr.read().decode(), self.log()))
        if not os.path.exists(os.path.join(self.dir, "run/lmtp")):
            return False
        try:
            with socket.create_connection(("127.0.0.1", self.imap_port)):
                return True
        except OSError:
            return False

    def log(self):
        try:
            with open(os.path.join(self.dir, "log"), encoding="utf-8") as f:
                return f.read()
        except OSError:
            return ""

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stderr.close()
        self.process = None

    def end(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    # --- mail ---

    def deliver(self, name, size=5000):
        """One message by LMTP; how many seconds that took."""
        text = ("From: a@b.test\r\nTo: %s@%s\r\nSubject: s\r\n\r\n" % (
            name, DOMAIN))
        text += ("x" * 70 + "\r\n") * (max(0, size - len(text)) // 72)
        start = time.monotonic()
        with Lmtp(os.path.join(self.dir, "run/lmtp")) as lmtp:
            lmtp.sendmail("a@b.test", ["%s@%s" % (name, DOMAIN)], text)
        return time.monotonic() - start

    def expunge(self, name, keep=0):
        """All messages but the first `keep` of them."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port) as imap:
            imap.login("%s@%s" % (name, DOMAIN), "secret")
            imap.select("INBOX")
            imap.store("%d:*" % (keep + 1), "+FLAGS", "\\Deleted")
            imap.expunge()
