# SPDX-License-Identifier: BSD-2-Clause
"""Alerts within IMAP by Dovecot's plugin: where they may stand, how they read,
when they count as shown; and mail is the same to the byte."""

import os
import re
import socket
import threading

import mail
import ximss
from mail import World, alerts_of, message, others_of
from ximss import check, equal, wait_until

needs = mail.needs

SAFE = ["NOOP", "SELECT INBOX", "CHECK", "EXAMINE INBOX", 'LIST "" *',
        'LSUB "" *', "STATUS INBOX (MESSAGES)", "CAPABILITY", "NAMESPACE",
        'ID ("name" "x")', "ENABLE CONDSTORE", "SELECT INBOX", "UNSELECT",
        "SELECT INBOX", "CLOSE"]
UNSAFE = ["FETCH 1 FLAGS", "UID FETCH 1 (UID BODY.PEEK[])", "SEARCH ALL",
          "UID SEARCH ALL", "STORE 1 +FLAGS (\\Seen)", "COPY 1 INBOX",
          "UID STORE 1 -FLAGS (\\Seen)", "SUBSCRIBE INBOX", "EXPUNGE",
          "CREATE a", "RENAME a b", "DELETE b"]


def plain():
    """Waits that no slow machine exceeds: what a test waits for comes."""
    w = World(start=False, plugin={"ximss_imap_wait": 10000})
    for name in ("hasty", "prompt"):
        w.dovecot.add(name, ximss_imap_settle="10")
    w.start()
    for name in ("hasty", "prompt"):
        w.server.account("%s@%s" % (name, mail.DOMAIN))
    return w


def test_at_log_in_before_the_tagged_line(t):
    w = t.once(plain)
    joe = w.user()
    w.post(joe, "one", severity="info")
    w.post(joe, "two")
    c = w.imap(joe)
    equal(c.at_login, [("OK", "one"), ("NO", "two")])
    equal(c.alerts(), [])
    equal(c.idle(), [])
    c.done()
    w.until_shown(joe)
    c.logout()
    equal(w.imap(joe).at_login, [])


def test_pipelined_log_in(t):
    """All of it sent before the first answer."""
    w = t.once(plain)
    joe = w.user()
    w.post(joe, "one")
    c = w.imap(joe, login=False)
    c.send("a LOGIN %s secret\r\nb SELECT INBOX\r\nc LOGOUT" % joe)
    lines = c.rest()
    at = [i for i, line in enumerate(lines) if line.startswith("a OK")][0]
    equal(alerts_of(lines), alerts_of(lines[:at]), "before the tagged line")
    equal(alerts_of(lines), [("NO", "one")])


def test_live_during_idle(t):
    """At once, each word by its severity."""
    w = t.once(plain)
    joe = w.user()
    c = w.imap(joe)
    c.command("SELECT INBOX")
    c.idle()
    for severity, word in (("info", "OK"), ("warning", "NO"),
                           ("critical", "NO")):
        w.post(joe, "a " + severity, severity=severity)
        equal(c.live(), (word, "a " + severity))
    equal(c.done(), [])
    w.until_shown(joe)


def test_where_alerts_stand(t):
    """Just before the tagged line of commands that no client minds, never at
    another one's."""
    w = t.once(plain)
    joe = w.user()
    w.dovecot.save(joe.split("@")[0], message(5000))
    c = w.imap(joe)
    for command in SAFE:
        got = wait_until(lambda: at_command(w, c, command),
                         "an alert at " + command)
        equal(got[-1], "* NO [ALERT] before " + command)
        equal(len(alerts_of(got)), 1)
    c.command("SELECT INBOX")
    w.post(joe, "kept back")
    arrive(w, c, joe)
    for command in UNSAFE:
        lines = until_tagged(c, command)
        equal(alerts_of(lines), [], command)
    equal(c.alerts(), ["kept back"])


def at_command(w, c, command):
    """What stands before the tagged line, if an alert is there: it comes by
    another way than the command, and may come too late for it."""
    if command in ("UNSELECT", "CLOSE", "CHECK"):
        c.command("SELECT INBOX")
    w.post(c.user, "before " + command)
    got = c.command(command)
    if alerts_of(got):
        return got
    await_alert(c, "NOOP")
    return None


def test_with_notify(t):
    """Who asked to be told of new mail (RFC 5465) is told without IDLE."""
    w = t.once(plain)
    joe = w.user()
    c = w.imap(joe)
    c.command("SELECT INBOX")
    c.command("NOTIFY SET (SELECTED (MessageNew MessageExpunge))")
    w.post(joe, "by itself")
    equal(c.live(), ("NO", "by itself"))
    equal(c.alerts(), [])


def arrive(w, c, joe):
    """Waits until the session of c was told what was posted before: another
    that idles was told, and then c's process was told before it."""
    watch = w.imap(joe)
    watch.idle()
    watch.done()
    watch.close()


def until_tagged(c, command):
    """Lines before the tagged OK; literals are passed over."""
    tag, lines = c.start(command), []
    while not (line := c.line()).startswith(tag + " OK"):
        lines.append(line)
        check(not line.startswith(tag), line)
        literal = re.search(r"\{(\d+)\}$", line)
        if literal and "FETCH" in line:
            c.read(int(literal.group(1)))
    return lines


def await_alert(c, command):
    """The command, again until the alert is there: it comes by another way
    than the command."""
    return wait_until(lambda: (lambda got: alerts_of(got) and got)(
        c.command(command)), "an alert at " + command)


def test_before_the_bye_of_logout(t):
    w = t.once(plain)
    joe = w.user()
    c = w.imap(joe)
    watch = w.imap(joe)
    watch.idle()
    w.post(joe, "last words")
    watch.live()
    lines = c.logout()
    equal(lines, ["* NO [ALERT] last words", "* BYE Logging out",
                  lines[-1]])
    check(lines[-1].startswith("bye OK"), lines[-1])


def test_text_is_one_line(t):
    """Of at most 1,000 bytes, cut between characters."""
    w = t.once(plain)
    joe = w.user()
    c = w.imap(joe)
    c.idle()
    w.post(joe, 'über\nzweite "Zeile" {5}\tTab')
    word, text = c.live()
    check("\n" not in text and "\r" not in text and "\t" not in text, text)
    check(text.startswith("über") and text.endswith("Tab")
          and 'zweite "Zeile" {5}' in text, text)
    long = "ä€😀" * 300
    w.post(joe, long)
    line = c.line()
    check(800 < len(line.encode()) <= 998, len(line.encode()))
    text = alerts_of([line])[0][1]
    check(text.endswith("…"), text[-9:])
    check(long.startswith(text[:-1].rstrip()), "the same characters")
    w.post(joe, "[ALERT] * BYE\r\nt9 NO x\n.\n")
    word, text = c.live()
    check(text.startswith("[ALERT] * BYE"), text)
    equal(c.done(), [])


def test_withdrawn_before_it_could_be_shown(t):
    w = t.once(plain)
    joe = w.user()
    c, watch = w.imap(joe), w.imap(joe)
    watch.idle()
    gone = w.post(joe, "gone soon")
    watch.live()
    w.server.admin().remove(gone)
    w.post(joe, "stays")
    equal(watch.live()[1], "stays")
    equal(await_alert(c, "NOOP"), ["* NO [ALERT] stays"])


def test_dismissed_elsewhere_before_it_was_shown(t):
    """By XIMSS, as the pages do: an IMAP session that could not show it yet
    does not."""
    w = t.once(plain)
    joe = w.user()
    c = w.imap(joe)
    x = w.server.login(joe, alertConfirm="yes", alertChanges="yes")
    id_ = w.post(joe, "dismissed")
    check(x.receive().endswith(">dismissed</alert>"), "told")
    x.ok('<alertDismiss id="d" alertID="%s"/>' % id_)
    w.post(joe, "later")
    x.receive()
    equal(await_alert(c, "NOOP"), ["* NO [ALERT] later"])


def test_to_the_domain_and_to_all(t):
    w = t.once(plain)
    joe = w.user()
    c = w.imap(joe)
    c.idle()
    admin = w.server.admin()
    ids = [admin.post("to the domain", "domain", target=mail.DOMAIN),
           admin.post("to all", "server", severity="info")]
    try:
        equal([c.live(), c.live()], [("NO", "to the domain"),
                                     ("OK", "to all")])
        c.done()
        c.logout()
        wait_until(lambda: w.doors(joe) == 0, "its end")
        equal(w.imap(joe).at_login, [])
    finally:
        for id_ in ids:
            admin.remove(id_)


def test_tls_and_starttls(t):
    w = t.once(plain)
    for start in (False, True):
        joe = w.user()
        w.post(joe, "first")
        c = w.imap(joe, login=False, tls=not start)
        if start:
            c.starttls()
        c.login()
        equal(c.at_login, [("NO", "first")])
        c.idle()
        w.post(joe, "live")
        equal(c.live(), ("NO", "live"))
        c.done()
        w.until_shown(joe)


def test_compress(t):
    w = t.once(plain)
    joe = w.user()
    data = message(300000)
    w.dovecot.save(joe.split("@")[0], data)
    c = w.imap(joe)
    c.compress()
    c.command("SELECT INBOX")
    c.idle()
    w.post(joe, "within deflate")
    equal(c.live(), ("NO", "within deflate"))
    equal(c.done(), [])
    w.until_shown(joe)
    for i in range(5):
        w.posts(joe, ["%d.%d" % (i, j) for j in range(20)])
        equal(c.fetch(), data)
        equal(others_of(c.command("NOOP")), [])


class Poster(threading.Thread):
    """Posts to an account until it is stopped, at least so many; then `sent`
    has the texts."""

    def __init__(self, w, user, least):
        super().__init__(daemon=True)
        self.admin, self.user, self.least = w.server.control(), user, least
        self.admin.external()
        self.sent, self.ending, self.error = [], False, None
        self.start()

    def run(self):
        try:
            while not self.ending or len(self.sent) < self.least:
                text = "no. %d" % len(self.sent)
                self.admin.post(text, "account", target=self.user)
                self.sent.append(text)
        except Exception as error:  # handed on in stop()
            self.error = error

    def stop(self):
        self.ending = True
        self.join()
        if self.error:
            raise self.error
        return self.sent


def all_alerts(c, seen, sent):
    """NOOPs until each alert that was sent was seen, each once and in its
    order."""
    wait_until(lambda: seen.extend(c.alerts()) or len(seen) >= len(sent),
               "each alert")
    equal(seen, sent)


def test_fetch_is_the_same_to_the_byte(t):
    """Megabytes, in reads of all sizes, under hundreds of alerts."""
    w = t.once(plain)
    joe = w.user()
    data = message(1500000)
    w.dovecot.save(joe.split("@")[0], data)
    c = w.imap(joe)
    c.command("SELECT INBOX")
    poster, seen = Poster(w, joe, 300), []
    for size in (1 << 18, 4093, 1 << 16, 65537, 1 << 12):
        equal(c.fetch(1, size) == data, True, "the bytes")
        seen += c.alerts()
    all_alerts(c, seen, poster.stop())


def test_slow_reader_who_pipelines(t):
    """The answers stand in Dovecot's buffer while alerts arrive; the reader
    has a small window, and looks when all were posted."""
    w = t.once(plain)
    joe = w.user()
    data = message(1000000)
    w.dovecot.save(joe.split("@")[0], data)
    c = w.imap(joe, window=4096)
    c.command("SELECT INBOX")
    tags = []
    for _ in range(3):
        tags += [c.start("FETCH 1 BODY.PEEK[]"), c.start("NOOP")]
    watch = w.imap(joe)
    watch.idle()
    texts = ["no. %d" % i for i in range(200)]
    w.posts(joe, texts)
    equal([watch.live()[1] for _ in texts], texts)
    seen = []
    for _ in tags:
        seen += c.any_answer(tags, data)
    all_alerts(c, seen, texts)


def test_append_is_the_same_to_the_byte(t):
    w = t.once(plain)
    joe = w.user()
    data = message(1000000)
    c = w.imap(joe)
    c.command("SELECT INBOX")
    poster = Poster(w, joe, 100)
    tag = c.start("APPEND INBOX {%d}" % len(data))
    check(c.line().startswith("+ "), "it may be sent")
    for at in range(0, len(data), 50000):
        c.raw(data[at:at + 50000])
        wanted = len(poster.sent) + 3
        wait_until(lambda: len(poster.sent) >= wanted or poster.error,
                   "alerts between two parts")
    c.raw(b"\r\n")
    lines, answer = c.until(tag)
    check(answer.startswith("OK"), answer)
    equal(alerts_of(lines), [])
    seen = c.alerts()
    all_alerts(c, seen, poster.stop())
    equal(c.fetch() == data, True, "the bytes")


def test_a_broken_connection_confirms_nothing(t):
    w = t.once(plain)
    joe = w.user()
    c = w.imap(joe)
    c.idle()
    c.sock.setsockopt(ximss.socket.SOL_SOCKET, ximss.socket.SO_LINGER,
                      b"\1\0\0\0\0\0\0\0")
    c.close()
    wait_until(lambda: w.doors(joe) == 0, "its end")
    w.post(joe, "not lost")
    c = w.imap(joe)
    equal(c.at_login, [("NO", "not lost")])
    c.close()
    # One that says more, but takes nothing of what it was sent.
    c = w.imap(joe, window=2048)
    c.idle()
    w.posts(joe, ["%d" % i + "y" * 800 for i in range(200)])
    c.send("DONE\r\na CREATE one\r\nb CREATE two\r\nc CREATE three")
    wait_until(lambda: os.path.exists(os.path.join(
        w.dovecot.dir, "mail", joe.split("@")[0], "Maildir", ".three")),
        "its commands were carried out")
    c.sock.setsockopt(ximss.socket.SOL_SOCKET, ximss.socket.SO_LINGER,
                      b"\1\0\0\0\0\0\0\0")
    c.close()
    wait_until(lambda: w.doors(joe) == 0, "its end")
    check(len(w.waiting(joe)) > 190, len(w.waiting(joe)))


def untaken(c):
    """Bytes that Dovecot has written to the client, and it has not read: (in
    Dovecot's socket, in its own)."""
    mine = "%08X:%04X" % (0x0100007F, c.sock.getsockname()[1])
    with open("/proc/net/tcp", encoding="ascii") as f:
        rows = [line.split() for line in f]
    return (sum(int(r[4].split(":")[0], 16) for r in rows if r[2] == mine),
            sum(int(r[4].split(":")[1], 16) for r in rows if r[1] == mine))


def test_what_lies_in_the_socket(t):
    """Dovecot is rid of all alerts, but the client has not taken them: what it
    says meanwhile confirms none."""
    w = t.once(plain)
    joe = w.user()
    c = w.imap(joe, window=2048)
    c.idle()
    texts = ["%02d" % i + "y" * 800 for i in range(6)]
    w.posts(joe, texts)
    size = sum(len("* NO [ALERT] %s\r\n" % text) for text in texts)
    wait_until(lambda: sum(untaken(c)) == size, "all are written")
    c.send("DONE")
    wait_until(lambda: sum(untaken(c)) > size, "the answer is written, too")
    c.send("a CREATE one")
    wait_until(lambda: os.path.exists(os.path.join(
        w.dovecot.dir, "mail", joe.split("@")[0], "Maildir", ".one")),
        "its command was carried out")
    check(untaken(c)[0] > 0, "it has not taken them")
    c.sock.setsockopt(ximss.socket.SOL_SOCKET, ximss.socket.SO_LINGER,
                      b"\1\0\0\0\0\0\0\0")
    c.close()
    wait_until(lambda: w.doors(joe) == 0, "its end")
    equal([text for _, text in w.imap(joe).at_login], texts)


class Relay:
    """Forwards one connection, until it loses all that comes."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.far = socket.create_connection(("127.0.0.1", port))
        self.losing = self.lost = False
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        self.near = self.listener.accept()[0]
        threading.Thread(target=self.forward, daemon=True,
                         args=(self.near, self.far)).start()
        self.forward(self.far, self.near)

    def forward(self, source, to):
        try:
            while data := source.recv(65536):
                if self.losing:
                    self.lost = True
                else:
                    to.sendall(data)
        except OSError:
            pass

    def close(self):
        for s in (self.near, self.far):
            s.shutdown(socket.SHUT_RDWR)
            s.close()
        self.listener.close()


def test_a_connection_that_is_dead_within_tls(t):
    """Dovecot's log-in process takes what the client never gets: however old
    that is, it was not shown."""
    w = t.once(plain)
    joe, ann = "hasty@" + mail.DOMAIN, "prompt@" + mail.DOMAIN
    relay, direct = Relay(w.dovecot.imaps_port), w.dovecot.imaps_port
    w.dovecot.imaps_port = relay.port
    try:
        w.imap(joe, tls=True).idle()
    finally:
        w.dovecot.imaps_port = direct
    relay.losing = True
    w.post(joe, "not lost")
    wait_until(lambda: relay.lost, "it was written")
    # In the clear, one that is written later is old by now.
    c = w.imap(ann)
    c.idle()
    w.post(ann, "hello")
    equal(c.live(), ("NO", "hello"))
    w.until_shown(ann)
    equal(w.waiting(joe), ["not lost"])
    relay.close()
    wait_until(lambda: w.doors(joe) == 0, "its end")
    c = w.imap(joe, tls=True)
    equal(c.at_login, [("NO", "not lost")])
    equal(c.idle() + c.done(), [])
    w.until_shown(joe)


def test_a_session_that_nobody_looks_at(t):
    """It is told once a day, and uses nothing up; who looks is told, and then
    it is shown."""
    w = t.once(plain)
    joe = w.user()
    w.post(joe, "hello")
    equal(w.imap(joe).at_login, [("NO", "hello")])
    w.clients[-1].logout()
    wait_until(lambda: w.doors(joe) == 0, "its end")
    for _ in range(3):
        equal(w.imap(joe).at_login, [])
        lines = w.clients[-1].logout()
        equal(alerts_of(lines), [])
    w.server.clock(24 * 3600 + 1)
    equal(w.imap(joe).at_login, [("NO", "hello")])
    w.clients[-1].logout()
    equal(w.waiting(joe), ["hello"])
    # One that idles has somebody who looks.
    c = w.imap(joe)
    equal(c.at_login, [])
    c.idle()
    equal(c.live(), ("NO", "hello"))
    c.done()
    w.until_shown(joe)


def test_all_confirm(t):
    """ximss_confirm = all: whoever was sent it has seen it; other words."""
    with World(plugin={"ximss_imap_wait": 10000, "ximss_confirm": "all",
                       "ximss_imap_word": "ok"}) as w:
        joe = w.user()
        w.post(joe, "hello", severity="critical")
        c = w.imap(joe)
        equal(c.at_login, [("OK", "hello")])
        c.command("NOOP")
        w.until_shown(joe)
        w.post(joe, "at the end")
        watch = w.server.login(joe)
        watch.receive()
        watch.reset()
        lines = c.logout()
        equal(alerts_of(lines), [("OK", "at the end")])
        w.until_shown(joe)


def test_scram_and_cram_md5(t):
    """Users whose passwords are known only as that mechanism needs them."""
    with World(start=False, plugin={"ximss_imap_wait": 10000}) as w:
        for mechanism in ("CRAM-MD5", "SCRAM-SHA-256"):
            w.dovecot.add(mechanism.lower(), w.dovecot.hashed(mechanism))
        w.start()
        for mechanism in ("CRAM-MD5", "SCRAM-SHA-256"):
            joe = w.server.account("%s@%s" % (mechanism.lower(), mail.DOMAIN))
            w.post(joe, "by " + mechanism)
            c = w.imap(joe, login=False)
            tag = c.start("AUTHENTICATE " + mechanism)
            exchange(c, mechanism, joe)
            lines, answer = c.until(tag)
            check(answer.startswith("OK"), answer)
            equal(alerts_of(lines), [("NO", "by " + mechanism)])
            c.idle()
            c.done()
            w.until_shown(joe)


def exchange(c, mechanism, joe):
    def challenge():
        line = c.line()
        check(line.startswith("+ "), line)
        return ximss.base64.b64decode(line[2:])

    def answer(data):
        c.send(ximss.b64(data))
    if mechanism == "CRAM-MD5":
        digest = ximss.hmac.new(b"secret", challenge(), "md5").hexdigest()
        answer("%s %s" % (joe, digest))
        return
    equal(challenge(), b"")
    scram = ximss.Scram(joe, "secret")
    answer(scram.first())
    answer(scram.final(challenge().decode()))
    scram.verify(challenge().decode())
    answer("")


def test_system_users(t):
    """Each process has the uid of its user: the door takes no other name."""
    import pwd
    news = pwd.getpwnam("news")
    with World(plugin={"ximss_imap_wait": 10000}, door_users=[],
               door_user_format="%u@" + mail.DOMAIN) as w:
        w.server.expected_errors.append("door")
        for name, uid in (("news", news.pw_uid), ("mallory", news.pw_uid)):
            w.dovecot.add(name, uid=uid, gid=news.pw_gid)
            w.server.account("%s@%s" % (name, mail.DOMAIN))
            w.post("%s@%s" % (name, mail.DOMAIN), "for " + name)
        c = w.imap("news@" + mail.DOMAIN)
        equal(c.at_login, [("NO", "for news")])
        c.idle()
        c.done()
        w.until_shown("news@" + mail.DOMAIN)
        # Another name under the same uid is refused at the door, not at mail.
        c = w.imap("mallory@" + mail.DOMAIN)
        equal(c.at_login, [])
        equal(others_of(c.command("NOOP")), [])
        equal(w.waiting("mallory@" + mail.DOMAIN), ["for mallory"])


def test_processes_that_serve_many(t):
    """service_count and client_limit above one: several users in one process,
    one after the other and at once."""
    with World(plugin={"ximss_imap_wait": 10000}, more="""
service imap {
  service_count = 100
  client_limit = 100
  process_limit = 1
  process_min_avail = 1
}
service pop3 {
  service_count = 100
  client_limit = 10
  process_limit = 1
}
""") as w:
        users = [w.user() for _ in range(6)]
        for user in users:
            w.post(user, "for " + user)
        clients = [w.imap(user) for user in users]
        for c in clients:
            equal(c.at_login, [("NO", "for " + c.user)])
            c.idle()
        equal(len(w.dovecot.processes("imap")), 1)
        for user in reversed(users):
            w.post(user, "live " + user)
        for c in clients:
            equal(c.live(), ("NO", "live " + c.user))
        for c in clients[::2]:
            c.done()
            c.logout()
        for c in clients[1::2]:
            w.post(c.user, "again " + c.user)
            equal(c.live(), ("NO", "again " + c.user))
            c.done()
            w.until_shown(c.user)
        # ... and by POP3, a refusal beside one that is in.
        inside = w.pop3(users[1]).get_in()
        for _ in range(3):
            w.post(users[3], "refused", severity="critical")
            refused = w.pop3(users[3])
            check(refused.enter().startswith("-ERR"), "refused")
            refused.close()
            w.until_shown(users[3])
            equal(inside.ask("NOOP")[:3], "+OK")
            w.pop3(users[3]).get_in().quit()
        inside.quit()


def test_fifty_idle_sessions(t):
    """One alert to all: each is told, none twice."""
    w = t.once(plain)
    users = [w.user() for _ in range(25)]
    clients = [w.imap(user) for user in users * 2]
    for c in clients:
        c.idle()
    id_ = w.server.admin().post("to each", "domain", target=mail.DOMAIN)
    try:
        for c in clients:
            equal(c.live(), ("NO", "to each"))
        for c in clients:
            equal(c.done(), [])
            equal(c.alerts(), [])
    finally:
        w.server.admin().remove(id_)
