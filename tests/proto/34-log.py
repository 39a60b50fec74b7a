# SPDX-License-Identifier: BSD-2-Clause
"""The log: what happens to alerts, as text, as JSON and in the journal; how many
lines there are at most."""

import json
import os
import re
import shutil
import socket
import threading

from ximss import (MAIN, MASTER_PASSWORD, Skip, attr, check, ctl, equal,
                   failure, post_request, wait_until)

# The journal's socket is the one in the directory $0, for this process alone.
JOURNAL = """mount -t tmpfs none /run && mkdir -p /run/systemd/journal &&
mount --bind "$0" /run/systemd/journal &&
JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@" """


def boss(server):
    """A session of an administrator who is no root."""
    return server.login(server.account("boss@" + MAIN, rights=("Master",)))


def posted_by(admin, **attributes):
    """The answer to a post, which the session may be told of before."""
    got = admin.ok(post_request("p", "not in the log", **attributes))
    return [m for m in got if m.startswith("<alertPosted ")][0]


def line_of(server, expression, since=0):
    """What stands behind the level."""
    line = server.wait_log(expression, since)
    return re.sub(r"^\S+ ximssd\[\d+\] \w+: ", "", line.rstrip("\n"))


def test_a_post_is_logged(t):
    """With who, scope, id, and how many sessions were told."""
    server = t.server()
    joe = server.account("joe@" + MAIN)
    server.login(joe)
    server.login(joe)
    admin = boss(server)
    for attributes, words in (
            ({"scope": "server"}, "scope=server severity=warning"),
            ({"scope": "domain", "target": MAIN},
             "scope=domain target=%s severity=warning" % MAIN),
            ({"scope": "account", "target": "joe", "severity": "critical"},
             "scope=account target=%s severity=critical" % joe)):
        posted = posted_by(admin, **attributes)
        equal(line_of(server, "alert posted id=%s " % attr(posted, "alertID")),
              "alert posted id=%s %s user=boss@%s "
              'from="127.0.0.1 ximss" sessions=%s' % (
                  attr(posted, "alertID"), words, MAIN,
                  attr(posted, "sessions")))
    posted = posted_by(admin, until="20991201T060000Z")
    check("until=2099-12-01T06:00:00Z" in
          line_of(server, "alert posted id=%s " % attr(posted, "alertID")),
          "its end")
    check(not any("not in the log" in line for line in server.lines), "no text")


def test_a_test_posts_nothing(t):
    server = t.server()
    server.admin().ok(post_request("p", "x", test="yes"))
    alert = server.admin().post("x")
    server.wait_log("alert posted id=%s " % alert)
    equal(sum("alert posted" in line for line in server.lines), 1)


def test_a_removal_and_an_end_are_logged(t):
    server = t.server()
    admin = boss(server)
    joe = server.account("joe@" + MAIN)
    gone = admin.post("x", scope="account", target=joe)
    admin.remove(gone)
    equal(line_of(server, "alert removed"),
          "alert removed id=%s scope=account target=%s user=boss@%s "
          "sessions=0" % (gone, joe, MAIN))
    ended = admin.post("x", lifetime="1h")
    server.clock(3601)
    equal(line_of(server, "alert expired"),
          "alert expired id=%s scope=server sessions=0" % ended)


def test_root_is_called_root(t):
    """And its sessions, which scripts begin, are for debugging."""
    server = t.server({"log_level": "info"})
    equal(ctl(server, "alert", "post", "--server", "x").returncode, 0)
    line = line_of(server, "alert posted")
    check('user="root on this machine"' in line, line)
    server.login(server.account("joe@" + MAIN))
    server.wait_log("session begin id=.* user=joe@")
    check(not any("session begin" in line and "joe" not in line and
                  "boss" not in line for line in server.lines),
          "sessions of root")
    debug = t.server({"log_level": "debug"})
    equal(ctl(debug, "server", "info").returncode, 0)
    debug.wait_log('debug: session begin id=\\d+ user="root on this machine"')


def test_so_many_alerts_a_minute(t):
    server = t.server({"log_alerts": 2})
    admin = server.admin()
    for _ in range(5):
        admin.post("x")
    server.clock(60)
    server.admin().post("x")
    server.wait_log("alerts left out count=3")
    wait_until(lambda: sum("alert posted" in l for l in server.lines) == 3,
               "two, and the one of the next minute")


def test_so_many_failures_a_minute(t):
    """What strangers can cause is bounded; another minute begins anew."""
    server = t.server({"log_failures": 3, "login_free_tries": 1000,
                       "login_address_free_tries": 1000})
    c = server.connect()
    for i in range(8):
        c.ask('<login id="%d" userName="x%d" authData="wrong"/>' % (i, i),
              failure(str(i), 515))
    server.clock(60)
    c = server.connect()
    c.ask('<login id="z" userName="joe" authData="wrong"/>', failure("z", 515))
    server.wait_log("failed logins left out count=5")
    wait_until(lambda: sum("login failed" in l for l in server.lines) == 4,
               "three, and the one of the next minute")


def test_as_json(t):
    """Each line is one object, whatever a client sends as a name."""
    server = t.server({"log_format": "json"})
    c = server.connect()
    hostile = 'a" b\\ \x7f =\u0436 {"level":"error"}'
    c.ask('<login id="1" userName="%s" authData="wrong"/>' % (
        hostile.replace('"', "&quot;")), failure("1", 515))
    alert = boss(server).post("x")
    server.wait_log("alert posted")
    server.wait_log("login failed")
    lines = [json.loads(line) for line in server.lines]
    for line in lines:
        equal(list(line)[:5], ["time", "level", "program", "pid", "message"])
        check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                           line["time"]), line["time"])
        equal((line["program"], line["pid"]), ("ximssd", server.process.pid))
    posted = [l for l in lines if l["message"] == "alert posted"][0]
    del posted["time"], posted["pid"]
    equal(posted, {"level": "info", "program": "ximssd",
                   "message": "alert posted", "id": int(alert),
                   "scope": "server", "severity": "warning",
                   "user": "boss@" + MAIN, "from": "127.0.0.1 ximss",
                   "sessions": 1})
    failed = [l for l in lines if l["message"] == "login failed"]
    equal([(f["level"], f["address"], f["reason"]) for f in failed],
          [("warn", "127.0.0.1", "unknown")])


def test_the_format_is_reloaded(t):
    server = t.server()
    server.options["log_format"] = "json"
    server.write_config()
    since = len(server.lines)
    server.signal(1)
    line = server.wait_log("were read again", since)
    equal(json.loads(line)["level"], "info")


class Journal:
    """A socket as journald has it, and the entries that came."""

    def __init__(self, directory):
        os.makedirs(directory)
        self.directory = directory
        self.entries = []
        self.changed = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(os.path.join(directory, "socket"))
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            data = self.socket.recv(65536)
            if data == b"stop":
                return
            entry = dict(part.split("=", 1) for part in
                         data.decode().rstrip("\n").split("\n"))
            with self.changed:
                self.entries.append(entry)
                self.changed.notify_all()

    def wait(self, message):
        def found():
            return [e for e in self.entries
                    if e["MESSAGE"].startswith(message)]
        wait_until(found, "an entry " + message)
        return found()[0]

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"stop", os.path.join(self.directory, "socket"))


def test_in_the_journal(t):
    """Entries with fields; standard error stays empty."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        raise Skip("mounts need root")
    server = t.server(start=False)
    journal = Journal(os.path.join(server.dir, "journal"))
    server.wrapper = ["unshare", "-m", "sh", "-c", JOURNAL, journal.directory]
    try:
        server.start()
        alert = boss(server).post("x")
        entry = journal.wait("alert posted")
        equal(entry, {
            "MESSAGE": "alert posted id=%s scope=server severity=warning "
                       'user=boss@%s from="127.0.0.1 ximss" sessions=1'
                       % (alert, MAIN),
            "PRIORITY": "6", "SYSLOG_IDENTIFIER": "ximssd",
            "XIMSS_ID": alert, "XIMSS_SCOPE": "server",
            "XIMSS_SEVERITY": "warning", "XIMSS_USER": "boss@" + MAIN,
            "XIMSS_FROM": "127.0.0.1 ximss", "XIMSS_SESSIONS": "1"})
        c = server.connect()
        c.ask('<login id="1" userName="nobody" authData="%s"/>'
              % MASTER_PASSWORD, failure("1", 515))
        equal(journal.wait("login failed")["PRIORITY"], "4")
        check(not any("ximssd" in line for line in server.lines), server.lines)
    finally:
        journal.close()
