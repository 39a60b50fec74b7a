# SPDX-License-Identifier: BSD-2-Clause
"""Mail goes on whatever is at the other end of the door: nothing, a server
that hangs, dies, floods or talks nonsense; and with a plugin that is not of
this Dovecot it is plain what happens."""

import os
import re
import signal
import socket
import subprocess
import threading
import time

import mail
import ximss
from dovecot import MAIL_UID
from mail import World, alerts_of, message, others_of
from ximss import DEADLINE, check, equal, wait_until

needs = mail.needs


def defaults():
    """The waits that an installation has."""
    return World()


def goes_on(w, user, data):
    """A session of each kind, from log-in to log-out, with its mail."""
    c = w.imap(user)
    c.command("SELECT INBOX")
    equal(c.fetch() == data, True, "the bytes")
    c.idle()
    equal(others_of(c.done()), [])
    check(c.logout()[-1].startswith("bye OK"), "an orderly end")
    p = w.pop3(user).get_in()
    equal(p.ask("STAT").split()[:2], ["+OK", "1"])
    p.quit()


def with_mail(w, size=20000):
    joe, data = w.user(), message(size)
    w.dovecot.save(joe.split("@")[0], data)
    return joe, data


def test_killed_under_load(t):
    """Sessions that idle, fetch and log in; each goes on, and is told when the
    server is back."""
    w = t.once(defaults)
    joe, data = with_mail(w, 500000)
    idle, busy = w.imap(joe), w.imap(joe)
    idle.idle()
    busy.command("SELECT INBOX")
    tags = []
    for _ in range(3):
        tags += [busy.start("FETCH 1 BODY.PEEK[]"), busy.start("NOOP")]
    w.posts(joe, ["no. %d" % i for i in range(100)])
    w.server.kill()
    for _ in tags:
        busy.any_answer(tags, data)
    equal(others_of(busy.command("NOOP")), [])
    goes_on(w, joe, data)
    w.server.start()
    w.post(joe, "back again")
    while idle.live()[1] != "back again":
        pass
    idle.done()
    w.until_shown(joe)


def test_stopped_under_load(t):
    """SIGSTOP: the door takes connections, and says nothing."""
    w = t.once(defaults)
    joe, data = with_mail(w)
    idle = w.imap(joe)
    idle.idle()
    os.kill(w.server.process.pid, signal.SIGSTOP)
    try:
        for _ in range(5):
            goes_on(w, joe, data)
        equal(others_of(idle.done()), [])
        equal(idle.alerts(), [])
        idle.idle()
        # More than its backlog takes: 300 sessions, each without an answer.
        batch = [w.imap(joe) for _ in range(30)]
        for c in batch:
            equal(c.command("NOOP"), [])
    finally:
        os.kill(w.server.process.pid, signal.SIGCONT)
    w.post(joe, "goes on")
    equal(idle.live(), ("NO", "goes on"))
    for c in batch:
        c.close()


def test_no_server(t):
    """No socket; and one that nobody listens on."""
    with World(start=False) as w:
        w.dovecot.start()
        w.dovecot.add("joe")
        w.dovecot.save("joe", message(2000))
        goes_on(w, "joe@" + mail.DOMAIN, message(2000))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.bind(w.door)
        os.chmod(w.door, 0o666)
        goes_on(w, "joe@" + mail.DOMAIN, message(2000))


class BadDoor(threading.Thread):
    """What listens at a door: sends `first`, then `again` for ever; never
    reads if told so."""

    def __init__(self, path, first=b"", again=b"", reads=True):
        super().__init__(daemon=True)
        self.first, self.again, self.reads = first, again, reads
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.bind(path)
        os.chmod(path, 0o666)
        self.sock.listen(100)
        self.path, self.sent, self.peers, self.ending = path, 0, [], False
        self.start()

    def run(self):
        try:
            while not self.ending:
                peer, _ = self.sock.accept()
                self.peers.append(peer)
                threading.Thread(target=self.serve, args=(peer,),
                                 daemon=True).start()
        except OSError:
            pass

    def serve(self, peer):
        try:
            if self.reads:
                peer.recv(65536)
            peer.sendall(self.first)
            while self.again and not self.ending:
                peer.sendall(self.again)
                self.sent += len(self.again)
        except OSError:
            pass

    def stop(self):
        self.ending = True
        for s in [self.sock] + self.peers:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()
        os.unlink(self.path)


ALERT = (b'<alert gmtTime="20261130T120000Z" localTime="20261130T120000Z" '
         b'alertID="%d" scope="account" severity="critical">%s</alert>\0')
SESSION = (b'<session id="1" urlID="1" userName="joe@a.test"/>\0'
           b'<response id="1"/>\0')
BAD = [
    ("silence", b"", b""),
    ("an end without zero", b"<session id=", b"x" * 4096),
    ("zeroes", b"", b"\0" * 4096),
    ("nonsense", b"\xff\xfe<<<>>\0]]>\0<a b=\"\0", b"<alert alertID='\0"),
    ("refusals", b'<response id="1" errorText="no" errorNum="515"/>\0'
     b'<bye/>\0', b""),
    ("one alert for ever", SESSION, ALERT % (7, b"again") * 30),
    ("a huge alert", SESSION + ALERT % (7, b"y" * 3000000), b""),
    ("alerts without end", SESSION,
     b"".join(ALERT % (i, b"z" * 900) for i in range(1, 2000))),
]


def test_bad_servers(t):
    """None of them ends, holds up or bloats a session."""
    with World(start=False) as w:
        w.dovecot.expected_errors.append("(?i)ximss|door")
        w.dovecot.start()
        w.dovecot.add("joe")
        joe, data = "joe@" + mail.DOMAIN, message(200000)
        w.dovecot.save("joe", data)
        for what, first, again in BAD:
            door = BadDoor(w.door, first, again)
            try:
                try_a_bad_server(w, joe, data)
            except ximss.Failed as error:
                raise ximss.Failed("%s: %s" % (what, error)) from error
            finally:
                door.stop()


def test_a_flood_is_read_slowly(t):
    """Small messages, that cost most: a process that read as fast as they come
    would do nothing else.  10,000 take a second or more."""
    with World(start=False) as w:
        w.dovecot.start()
        w.dovecot.add("joe")
        flood = BadDoor(w.door, SESSION, b'<response id="5"/>\0' * 200)
        try:
            c = w.imap("joe@" + mail.DOMAIN)
            c.idle()
            # What fits into the socket is no sign that it was read.
            wait_until(lambda: flood.sent > 400000, "more than fits")
            sent, begin = flood.sent, time.monotonic()
            wait_until(lambda: flood.sent > sent + 180000, "10,000 more")
            took = time.monotonic() - begin
            check(took > 0.5, "they took %.2f s" % took)
            equal(others_of(c.done()), [])
        finally:
            flood.stop()


def try_a_bad_server(w, joe, data):
    c = w.imap(joe)
    c.command("SELECT INBOX")
    before = memory(w)
    for _ in range(3):
        equal(c.fetch() == data, True, "the bytes")
        c.command("NOOP")
    c.idle()
    for _ in range(100):
        if not c.buffer:
            break
        c.line()
    c.done()
    grown = memory(w) - before
    check(grown < 2 << 20, "an imap process is %d KiB larger" % (grown >> 10))
    c.logout()
    # POP3 may be refused by what such a server says, but ends or goes on.
    answer = w.pop3(joe).enter()
    check(answer[:4] in ("+OK ", "-ERR"), answer)
    w.clients[-1].close()


def memory(w):
    """Bytes that this Dovecot's imap processes have written, all together.  The
    pages of libraries are shared or not, by what else runs."""
    total = 0
    for pid in w.dovecot.processes("imap"):
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
            total += sum(int(n) << 10 for n in re.findall(
                r"^Private_Dirty:\s+(\d+) kB", f.read(), re.M))
    return total


def test_a_thousand_alerts_in_one_session(t):
    """Its process does not grow with what it has shown.  Few wait at a time: the
    memory of those comes and goes."""
    with World() as w:
        joe = w.user()
        c = w.imap(joe)
        c.command("SELECT INBOX")

        def some(n):
            for at in range(0, n, 20):
                c.idle()
                texts = ["%d " % (at + i) + "w" * 300 for i in range(20)]
                w.posts(joe, texts)
                equal([c.live()[1] for _ in texts], texts)
                c.done()
            w.until_shown(joe)
        some(300)
        grown = []
        for _ in range(3):
            before = memory(w)
            some(400)  # at least 120 KiB, if they were kept
            grown.append(memory(w) - before)
        # A buffer of Dovecot's may grow once, whenever that is.
        check(min(grown) < 64 << 10, "%s bytes more" % grown)


def foreign_plugins(directory):
    """Those of this build, said to be made for another Dovecot."""
    paths = []
    for path in mail.plugin_paths():
        with open(path, "rb") as f:
            code = f.read()
        changed, n = re.subn(rb"2\.3\.ABIv\d\d", b"2.3.ABIv99", code)
        check(n > 0 and len(changed) == len(code), "it names its ABI")
        paths.append(os.path.join(directory, os.path.basename(path)))
        with open(paths[-1], "wb") as f:
            f.write(changed)
    return paths


def test_plugins_of_another_dovecot(t):
    """Dovecot does not load them, and lets nobody in: that is why the package
    depends on the ABI.  Nothing of the plugin has run."""
    server = t.server(start=False)
    with World(start=False, plugins=foreign_plugins(server.dir)) as w:
        w.dovecot.expected_errors.append("ABI|plugin|initialization failed")
        w.start()
        joe = w.user()
        c = w.imap(joe, login=False)
        lines, answer = c.until(c.start("LOGIN %s secret" % joe))
        wait_until(lambda: "ABIv99" in w.dovecot.log(), "Dovecot says why")
        equal(alerts_of(lines), [])
        check(answer.startswith("OK"), answer)
        equal([line[:5] for line in c.rest()], ["* BYE"])
        equal(w.doors(joe), 0)


def test_under_valgrind(t):
    """An imap process of each life: log-in, alerts in all places, mail, the
    server dying, log-out."""
    mail.needs_program("valgrind")
    with World(start=False, plugin={"ximss_imap_wait": 10000}) as w:
        reports = os.path.join(w.run, "valgrind")
        os.mkdir(reports)
        os.chmod(reports, 0o1777)
        with open(w.dovecot.config(), "a", encoding="utf-8") as f:
            f.write("""
service imap {
  executable = /usr/bin/valgrind -q --vgdb=no --leak-check=full \
--errors-for-leak-kinds=definite --show-leak-kinds=definite \
--log-file=%s/imap.%%p /usr/lib/dovecot/imap
  vsz_limit = 0
}
""" % reports)
        w.start()
        joe, data = with_mail(w, 50000)
        w.post(joe, "at log-in")
        c = w.imap(joe)
        equal(c.at_login, [("NO", "at log-in")])
        c.command("SELECT INBOX")
        equal(c.fetch(), data)
        c.idle()
        w.posts(joe, ["no. %d" % i for i in range(20)])
        for i in range(20):
            equal(c.live()[1], "no. %d" % i)
        c.done()
        w.until_shown(joe)
        w.server.restart(crash=True)
        c.idle()
        w.post(joe, "back")
        equal(c.live()[1], "back")
        c.done()
        c.logout()
        w.dovecot.stop()
        names = os.listdir(reports)
        check(names, "valgrind ran")
        for name in names:
            with open(os.path.join(reports, name), encoding="utf-8") as f:
                equal(f.read(), "")


def by_hand(w, name, user, said):
    """What a mail process that nobody logged in to says, on a pipe."""
    done = subprocess.run(
        ["/usr/lib/dovecot/" + name, "-c", w.dovecot.config(), "-o",
         "mail_uid=%d" % MAIL_UID, "-o", "mail_gid=%d" % MAIL_UID],
        input=said, capture_output=True, check=False, timeout=DEADLINE * 2,
        env={"USER": user, "PATH": os.environ["PATH"], "HOME": os.path.join(
            w.dovecot.dir, "mail", user.split("@")[0])})
    check(done.stdout, done.stderr)
    return done.stdout.decode()


def test_processes_on_a_pipe(t):
    """The greeting comes first, and POP3 cannot be refused there.  A program that
    was refused has no time at all here."""
    with World(plugin={"ximss_imap_wait": 10000, "ximss_pop3_wait": 10000,
                       "ximss_pop3_linger": 0}) as w:
        os.chmod(w.door, 0o666)
        joe = w.user()
        w.post(joe, "hello", severity="critical")
        out = by_hand(w, "pop3", joe, b"STAT\r\nQUIT\r\n").split("\r\n")
        equal(out[:2], ["+OK 0 0", "+OK Logging out."])
        out = by_hand(w, "imap", joe, b"a NOOP\r\nb LOGOUT\r\n")
        check(out.startswith("* PREAUTH "), out)
        equal(w.waiting(joe), ["hello"])
