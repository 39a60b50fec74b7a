# SPDX-License-Identifier: BSD-2-Clause
"""Usage from a real Dovecot: live, by Maildirs, by asking it, by its warnings."""

import os
import re
import shutil
import signal
import socket
import tempfile
import threading

from dovecot import DOMAIN, KEY, Dovecot
from ximss import HERE, attr, check, ctl, equal, wait_until

# A second is what a user may wait for an alert; a build with a sanitizer is
# slower, and then waits longer.
JOE = "joe@" + DOMAIN


class World:
    """ximssd and Dovecot side by side."""

    def __init__(self, t, storage="100K", backend="count", clone=True,
                 warning=False, maildir=False, doveadm=False, start=True,
                 quota=None, **options):
        self.run = tempfile.mkdtemp(prefix="ximssd-run-")
        os.chmod(self.run, 0o755)
        self.clone = os.path.join(self.run, "usage.sock")
        self.warning = os.path.join(self.run, "warning.sock")
        self.dovecot = Dovecot(backend=backend,
                               clone=self.clone if clone else None,
                               warning=self.warning if warning else None,
                               quota=quota)
        self.dovecot.user("joe", storage)
        self.dovecot.user("ann", "")
        options.setdefault("quota_socket_mode", "0666")
        options["idle_timeout"] = "1d"
        if clone:
            options["quota_dict_socket"] = self.clone
        if warning:
            options["quota_warning_socket"] = self.warning
        if maildir:
            options["quota_maildir"] = self.dovecot.maildir_template()
        if doveadm:
            options["quota_doveadm_url"] = \
                "http://127.0.0.1:%d" % self.dovecot.http_port
            options["quota_doveadm_key_file"] = \
                os.path.join(self.dovecot.dir, "key")
        self.server = t.server(options, start=False)
        if start:
            self.begin()

    def begin(self):
        self.server.start()
        self.server.domain(DOMAIN)
        self.server.account(JOE, settings="MaxAccountSize=100K;")
        self.server.account("ann@" + DOMAIN)
        self.dovecot.start()

    def used(self, account=JOE):
        return int(self.server.cli("GetAccountInfo %s Key StorageUsed"
                                   % account))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.dovecot.end()
        shutil.rmtree(self.run, ignore_errors=True)


def lines_of_document(name):
    """The block of doc/quota.md that this comment stands before."""
    path = os.path.join(HERE, os.pardir, os.pardir, "doc", "quota.md")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    block = text.partition("<!-- %s -->\n```\n" % name)[2].partition("```")[0]
    check(block, "no lines for " + name)
    return block


def is_quota(message, low, high):
    check('kind="quota"' in message, message)
    check(low <= int(attr(message, "used")) <= high, message)
    return attr(message, "alertID")


def test_mail_crosses_the_level_and_goes_again(t):
    with World(t) as w:
        joe = w.server.login(JOE, alertChanges="yes")
        for _ in range(2):
            w.dovecot.deliver("joe", 30000)
        wait_until(lambda: w.used() > 55000, "two messages are known")
        joe.quiet()
        w.dovecot.deliver("joe", 30000)
        id_ = is_quota(joe.receive(), 82000, 102000)
        ann = w.server.login("ann@" + DOMAIN)
        w.dovecot.deliver("ann", 5000)
        wait_until(lambda: w.used("ann@" + DOMAIN) > 4000, "Ann's is known")
        ann.quiet()
        w.dovecot.expunge("joe")
        equal(joe.receive(), '<alertRemoved alertID="%s"/>' % id_)
        equal(w.used(), 0)
        equal(w.server.cli("GetStatElement quotaAlerts"), "1")


def test_who_logs_in_later_is_told(t):
    with World(t) as w:
        for _ in range(3):
            w.dovecot.deliver("joe", 30000)
        wait_until(lambda: w.used() > 82000, "three messages are known")
        is_quota(w.server.login(JOE).receive(), 82000, 102000)


def test_mail_is_delivered_while_ximssd_is_down(t):
    """... and no slower; what was missed is known after the next delivery, or
    sooner where Dovecot is asked."""
    with World(t) as w:
        w.server.stop()
        check(not os.path.exists(w.clone), "the socket is gone")
        for _ in range(3):
            took = w.dovecot.deliver("joe", 20000)
            check(took < 2, "a delivery took %.1f s" % took)
        w.server.start()
        equal(w.used(), 0)
        w.dovecot.deliver("joe", 20000)
        wait_until(lambda: w.used() > 75000, "the sum is known")


def test_a_killed_server_leaves_no_socket(t):
    """A stale one costs each delivery four seconds."""
    with World(t) as w:
        w.dovecot.deliver("joe")
        w.server.kill()
        wait_until(lambda: not os.path.exists(w.clone), "the socket is gone")
        took = w.dovecot.deliver("joe")
        check(took < 2, "a delivery took %.1f s" % took)
        w.server.start()
        check(os.path.exists(w.clone), "it is there again")
        w.dovecot.deliver("joe")
        wait_until(lambda: w.used() > 14000, "live again")


def test_a_stopped_server_holds_up_no_mail_for_long(t):
    """It cannot answer, and Dovecot waits for thirty seconds at most; what the
    test sees is that mail goes on as soon as the server does."""
    with World(t) as w:
        w.dovecot.deliver("joe")
        pid = w.server.process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            done = threading.Event()
            thread = threading.Thread(
                target=lambda: (w.dovecot.deliver("joe"), done.set()))
            thread.start()
        finally:
            os.kill(pid, signal.SIGCONT)
        thread.join()
        check(done.is_set(), "the mail was delivered")
        wait_until(lambda: w.used() > 9000, "both are known")


def test_bad_company_on_the_socket(t):
    """Peers that say nothing, half of something, nonsense, or all the time: mail
    is delivered as before, and its figures arrive."""
    with World(t) as w:
        w.server.expected_errors.append("quota source|dict")
        w.dovecot.deliver("joe")
        wait_until(lambda: w.used() > 4000, "the first report")
        before = min(w.dovecot.deliver("joe", 1000) for _ in range(3))

        def peer(data=b""):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.connect(w.clone)
            s.sendall(data)
            return s
        stuck = [peer(b"H3\t2\t0\t\tquota\nB1\tjoe") for _ in range(40)]
        stuck += [peer() for _ in range(40)]
        for nonsense in (b"\0\xff\n", b"GET / HTTP/1.0\r\n\r\n",
                         b"S1\tpriv/quota/storage\t-5\n", b"C9\n",
                         b"B1\t" + b"x" * 100000 + b"\n"):
            peer(nonsense).close()
        ending = threading.Event()

        def flood():
            n = 0
            while not ending.is_set():
                n += 1
                with peer(b"H3\t2\t0\t\tquota\nB1\tx%d@a.test\n"
                          b"S1\tpriv/quota/storage\t5\nC1\n" % n) as s:
                    s.recv(64)
        thread = threading.Thread(target=flood)
        thread.start()
        try:
            took = min(w.dovecot.deliver("joe", 1000) for _ in range(3))
        finally:
            ending.set()
            thread.join()
            for s in stuck:
                s.close()
        check(took < before + 1, "%.3f s, and %.3f s before" % (took, before))
        total = w.used()
        w.dovecot.deliver("joe", 20000)
        wait_until(lambda: w.used() > total + 19000, "and the last report")


def test_dovecot_is_asked(t):
    """At the start, for what was delivered before; limits too."""
    with World(t, clone=False, doveadm=True, start=False,
               quota_limits="sources") as w:
        w.dovecot.start()
        for _ in range(3):
            w.dovecot.deliver("joe", 30000)
        w.server.start()
        w.server.domain(DOMAIN)
        w.server.account(JOE)
        w.server.account("nobody@" + DOMAIN)
        w.server.restart()
        wait_until(lambda: w.used() > 82000, "Dovecot was asked")
        got = w.server.cli("GetStorageUsed " + JOE)
        check("Limit=102400;" in got and "Source=doveadm;" in got, got)
        is_quota(w.server.login(JOE).receive(), 82000, 102000)


def limit_of(w, account):
    return re.search("Limit=([^;]+);", w.server.cli(
        "GetStorageUsed %s@%s" % (account, DOMAIN))).group(1)


def test_accounts_made_while_it_runs(t):
    """Dovecot says what they may use, be it that it knows them before or
    only later, and whatever they are called."""
    with World(t, doveadm=True, quota_limits="sources") as w:
        w.server.expected_errors.append("doveadm|Dovecot")
        w.dovecot.change("sue", "100K")
        w.server.account("sue@" + DOMAIN)
        wait_until(lambda: limit_of(w, "sue") == "102400",
                   "asked as it was made")
        w.server.account("tom@" + DOMAIN)
        w.dovecot.change("sam", "200K")
        w.server.cli("RenameAccount sue@%s INTO sam@%s" % (DOMAIN, DOMAIN))
        wait_until(lambda: limit_of(w, "sam") == "204800",
                   "asked by its new name")
        equal(limit_of(w, "tom"), "unlimited")
        w.dovecot.change("tom", "100K")
        tom = w.server.login("tom@" + DOMAIN)
        for _ in range(3):
            w.dovecot.deliver("tom", 30000)
        is_quota(tom.receive(), 82000, 102400)
        equal(limit_of(w, "tom"), "102400")
        w.server.cli("DeleteAccount tom@" + DOMAIN)
        w.server.account("tom@" + DOMAIN)
        wait_until(lambda: limit_of(w, "tom") == "102400", "it is back")


def test_refresh(t):
    """What Dovecot says now, for one account or for all."""
    with World(t, doveadm=True, quota_limits="sources") as w:
        w.server.expected_errors.append("doveadm|Dovecot")
        wait_until(lambda: limit_of(w, "joe") == "102400", "it was asked")
        w.dovecot.change("joe", "1000K")
        done = ctl(w.server, "quota", "refresh", JOE)
        equal((done.returncode, done.stdout, done.stderr), (0, "", ""))
        wait_until(lambda: limit_of(w, "joe") == "1024000", "asked about him")
        w.dovecot.change("joe", "20000K")
        done = ctl(w.server, "quota", "refresh")
        equal((done.returncode, done.stderr), (0, ""))
        equal(done.stdout, "2 accounts examined\n")
        equal(limit_of(w, "joe"), "20480000")
        equal(w.server.cli("GetStatElement quotaRoundsDue"), "0")


def test_dovecot_is_not_asked_about_whom_it_cannot_know(t):
    """Each time is an error in its log: the postmaster never, others no more
    in each round."""
    with World(t, clone=False, doveadm=True,
               quota_doveadm_interval="100ms") as w:
        w.server.expected_errors.append("doveadm|Dovecot")
        w.server.account("nobody@" + DOMAIN)

        def looked():
            return int(w.server.cli("GetStatElement quotaLooked"))

        def asked():
            return len(re.findall("(?i)nobody@%s.*doesn't exist" % DOMAIN,
                                  w.dovecot.log()))
        wait_until(lambda: asked() > 0, "it was asked")
        before, n = looked(), asked()
        # Joe and Ann in each: thirty rounds.
        wait_until(lambda: looked() > before + 60, "many rounds more")
        check("postmaster" not in w.dovecot.log(), w.dovecot.log())
        check(asked() - n <= 15, w.dovecot.log())


def test_an_old_limit_is_asked_for(t):
    with World(t, doveadm=True, quota_limits="sources",
               quota_limit_age="1h") as w:
        w.server.expected_errors.append("doveadm|Dovecot")
        wait_until(lambda: limit_of(w, "ann") == "1048576", "it was asked")
        w.dovecot.change("ann", "200K")
        w.dovecot.deliver("ann")
        wait_until(lambda: w.used("ann@" + DOMAIN) > 4000, "it is live")
        equal(limit_of(w, "ann"), "1048576")
        w.server.clock(3600)
        w.dovecot.deliver("ann")
        wait_until(lambda: limit_of(w, "ann") == "204800", "asked again")


def test_dovecot_is_away_and_comes_back(t):
    with World(t, clone=False, doveadm=True) as w:
        w.dovecot.deliver("joe")
        w.dovecot.stop()
        w.server.expected_errors.append("doveadm|Dovecot")
        w.server.restart()
        w.server.wait_log("(?i)doveadm")
        w.dovecot.start()
        wait_until(lambda: w.used() > 4000, "it heals by itself")


def test_a_lost_report_heals(t):
    """Live and asked at once: rounded figures do not replace exact ones."""
    with World(t, doveadm=True) as w:
        w.dovecot.deliver("joe")
        wait_until(lambda: w.used() > 4000, "the report came")
        exact = w.used()
        check(exact % 1024 != 0, exact)
        w.server.stop()
        w.server.start()
        wait_until(lambda: "Source=doveadm;" in w.server.cli(
            "GetStorageUsed " + JOE), "Dovecot was asked")
        equal(w.used(), exact)
        w.server.stop()
        w.dovecot.deliver("joe")
        w.server.start()
        wait_until(lambda: w.used() > 9000, "it heals")


def test_maildirsize(t):
    """Written by the `maildir` backend only, and watched."""
    with World(t, clone=False, maildir=True, backend="maildir") as w:
        w.dovecot.deliver("joe", 30000)
        joe = w.server.login(JOE, alertChanges="yes")
        wait_until(lambda: w.used() > 29000, "read at log-in")
        joe.quiet()
        for _ in range(2):
            w.dovecot.deliver("joe", 30000)
        id_ = is_quota(joe.receive(), 82000, 102000)
        w.dovecot.expunge("joe", keep=1)
        equal(joe.receive(), '<alertRemoved alertID="%s"/>' % id_)


def test_names_of_files(t):
    with World(t, clone=False, maildir=True) as w:
        for _ in range(3):
            w.dovecot.deliver("joe", 30000)
        is_quota(w.server.login(JOE).receive(), 82000, 102000)


def test_a_warning_alone(t):
    """It says a level and no figure: that much is used at least."""
    with World(t, clone=False, warning=True) as w:
        joe = w.server.login(JOE)
        for _ in range(3):
            w.dovecot.deliver("joe", 29000)
        is_quota(joe.receive(), 81920, 81920)


def test_a_warning_makes_ask(t):
    with World(t, clone=False, warning=True, doveadm=True) as w:
        joe = w.server.login(JOE)
        for _ in range(3):
            w.dovecot.deliver("joe", 29000)
        is_quota(joe.receive(), 81920, 102000)
        wait_until(lambda: "Source=doveadm;" in w.server.cli(
            "GetStorageUsed " + JOE) and w.used() > 82000, "it was asked")


def test_the_lines_of_the_document(t):
    """doc/quota.md 3 as it stands, but for places, ports and the group."""
    socket = []

    def dovecot(d):
        socket.append(os.path.join(d.dir, "usage.sock"))
        text = lines_of_document("dovecot")
        for old, new in (("/run/ximssd/usage.sock", socket[0]),
                         ("= ximssd", "= dovecot"), ("KEY", KEY),
                         ("8080", str(d.http_port))):
            check(old in text, old)
            text = text.replace(old, new)
        return text

    with World(t, clone=False, quota=dovecot, start=False,
               quota_socket_mode="0660", quota_socket_group="dovecot") as w:
        lines = dict(re.findall(r"^(\S+) = (.+)$",
                                lines_of_document("ximssd"), re.M))
        equal(sorted(lines), ["quota-dict-socket", "quota-doveadm-key-file",
                              "quota-doveadm-url", "quota-limits"])
        places = {"/run/ximssd/usage.sock": socket[0],
                  '"http://127.0.0.1:8080"':
                  "http://127.0.0.1:%d" % w.dovecot.http_port,
                  "/etc/ximssd.doveadm-key":
                  os.path.join(w.dovecot.dir, "key")}
        for key, value in lines.items():
            w.server.options[key] = places.get(value, value)
        w.begin()
        joe = w.server.login(JOE)
        for _ in range(3):
            w.dovecot.deliver("joe", 30000)
        is_quota(joe.receive(), 82000, 102000)
        w.server.cli("UpdateAccountSettings %s {MaxAccountSize=1G;}" % JOE)
        w.server.restart()
        wait_until(lambda: "Limit=102400;" in w.server.cli(
            "GetStorageUsed " + JOE), "Dovecot's limit counts")
