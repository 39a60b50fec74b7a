# SPDX-License-Identifier: BSD-2-Clause
"""Alerts as errors of POP3 by nginx's mail proxy, which asks the bridge, in front
of a mail server that knows nothing of them. With the lines of doc/mail.md."""

import signal

import ximss
from bridge import Bridge
from dovecot import DOMAIN, MAIL_UID, Dovecot, free_port
from mail import Pop3, block, replaced
from proxies import NginxMail
from ximss import alert, check, equal, wait_until

HINT = "(please wait and retry)"
WRONG = "-ERR [AUTH] Authentication failed."

STOCK = """
protocols = imap pop3 lmtp
auth_failure_delay = 0
mail_max_userip_connections = 10000
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={dir}/mail/%n allow_all_users=yes
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
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


def key():
    return block("nginx mail").partition("Auth-Key ")[2].partition(";")[0]


class World:
    """ximssd, a mail server (or that of another such world), the bridge and
    nginx."""

    def __init__(self, back=None, **options):
        self.serial, self.clients, self.own = 0, [], None
        self.server = ximss.Server({"trusted_addresses": ["127.0.0.1"]})
        self.server.start()
        self.server.domain(DOMAIN)
        self.port = back or self.start_mail()
        lines = replaced(block("bridge nginx"), ("1110", str(self.port)))
        settings = dict(line.split(" = ") for line in lines.splitlines())
        self.bridge = Bridge(self.server, dict(
            {"mail_auth_key": settings["mail-auth-key"].strip('"'),
             "mail_auth_pop3": [settings["mail-auth-pop3"].strip('{}"')],
             "mail_auth_timeout": "50s"}, **options)).start()
        self.bridge.wait_log("ximssd trusts this bridge")
        self.nginx = NginxMail(replaced(block("nginx mail"), (
            "127.0.0.1:8100", "127.0.0.1:%d" % self.bridge.port)))
        self.dovecot = self  # where mail programs go
        self.pop3_port, self.pop3s_port = self.nginx.doors[0], None

    def start_mail(self):
        port = free_port()
        self.own = Dovecot(quota=lambda d: STOCK.format(
            dir=d.dir, uid=MAIL_UID, pop3=port))
        self.own.start()
        return port

    def servers(self):
        return [self.server, self.bridge, self]

    @property
    def lines(self):
        with open(self.nginx.log, encoding="utf-8", errors="replace") as f:
            return f.readlines()

    def end(self, failed=False, keep=False):
        for client in self.clients:
            client.close()
        self.nginx.end()
        self.bridge.end(failed, keep)
        if self.own:
            self.own.end()
        self.server.end(failed, keep)

    def user(self):
        self.serial += 1
        return self.server.account("joe%d@%s" % (self.serial, DOMAIN))

    def post(self, user, text, scope="account", **attributes):
        return self.server.admin().post(text, scope, target=user, **attributes)

    def waiting(self, user):
        return [ximss.body(r) for r in self.server.admin().reports(
            scope="account", target=user)]

    def pop3(self, user):
        client = Pop3(self, user)
        self.clients.append(client)
        return client

    def refused(self, user, text, password="secret"):
        """And that is all; the connection ends."""
        c = self.pop3(user)
        equal(c.enter(password), "-ERR " + text)
        equal(c.rest(), [])

    def gets_in(self, user):
        c = self.pop3(user)
        c.get_in()
        check(c.ask("STAT").startswith("+OK 0 "), c.shown())
        c.quit()

    def ask(self, *headers, method="GET", path="/mail-auth"):
        return self.bridge.connect().ask(method, path, headers=headers)

    def asks(self, user, given=None, password="secret", protocol="pop3"):
        return self.ask(("Auth-Key", given or key()), ("Auth-User", user),
                        ("Auth-Pass", password), ("Auth-Method", "plain"),
                        ("Auth-Protocol", protocol),
                        ("Client-IP", "192.0.2.7"))


def world(t):
    return t.once(World)


def test_refused_once_for_each_alert(t):
    """Oldest first; what is not urgent does not refuse, and is not used up."""
    w = world(t)
    joe = w.user()
    w.gets_in(joe)
    w.post(joe, "one")
    w.post(joe, "two", severity="info")
    wide = w.post(DOMAIN, "no hurry", "domain")
    bad = w.post(DOMAIN, "three", "domain", severity="critical")
    for text in ("one", "two", "three"):
        w.refused(joe, "[SYS/TEMP] %s %s" % (text, HINT))
    wait_until(lambda: w.waiting(joe) == [], "one and two are done with")
    w.gets_in(joe)
    w.server.login(joe).expect(alert("no hurry", "domain"))
    for posted in (wide, bad):
        w.server.admin().remove(posted)


def test_storage(t):
    """*The storage quota alert message is displayed as an error message, and
    the user should try to connect again.*"""
    w = world(t)
    joe = w.user()
    w.server.cli("UpdateAccountSettings %s {MaxAccountSize=100;}" % joe)
    w.server.cli("SetStorageUsed %s 85" % joe)
    w.refused(joe, "[SYS/TEMP] Your storage is 85% full: 85 bytes of 100 bytes "
              "are used. Please delete what you no longer need. " + HINT)
    w.gets_in(joe)


def test_text(t):
    """One line, whatever was posted, which fits with its headers into what nginx
    reads."""
    w = world(t)
    joe = w.user()
    w.post(joe, "one\r\nAuth-Status: OK\r\nAuth-Server: 192.0.2.1\r\n\r\nx")
    w.refused(joe, "[SYS/TEMP] one | Auth-Status: OK | Auth-Server: 192.0.2.1 | "
              "x " + HINT)
    w.post(joe, "ä€😀 " * 300)
    c = w.pop3(joe)
    answer = c.enter()
    check(answer.startswith("-ERR [SYS/TEMP] ä€😀 ä")
          and answer.endswith("… " + HINT), answer)
    check(440 < len(answer.encode()) + 2 <= 512, len(answer.encode()))
    w.gets_in(joe)


def test_only_with_the_password(t):
    """Else the mail server says what it says to everybody, and the alert
    stays."""
    w = world(t)
    joe = w.user()
    w.post(joe, "for joe")
    since = len(w.server.lines)
    for user in (joe, "nobody@" + DOMAIN):
        equal(w.pop3(user).enter("wrong"), WRONG)
    equal(w.waiting(joe), ["for joe"])
    w.server.wait_log(r"login failed user=%s address=127\.0\.0\.1 " % joe, since)
    w.refused(joe, "[SYS/TEMP] for joe " + HINT)
    w.gets_in(joe)
    w.gets_in("stranger@" + DOMAIN)  # whom only the mail server knows


def test_names_and_passwords(t):
    """As nginx encodes them."""
    w = world(t)
    joe = w.server.account("odd@" + DOMAIN, password="se cr%41+ä\"<&")
    w.post(joe, "odd")
    c = w.pop3(joe)
    equal(c.enter("se cr%41+ä\"<&"), "-ERR [SYS/TEMP] odd " + HINT)
    reply = w.asks("a%00b%0Dc", password="%")
    equal(reply.header("Auth-Status"), "OK")


def test_who_may_ask(t):
    w = world(t)
    joe = w.user()
    w.post(joe, "for joe")
    for wrong in ("x", key()[:-1], key() + "x", key()[:-1] + "X"):
        reply = w.asks(joe, given=wrong)
        equal((reply.status, reply.header("Auth-Status")), (403, None))
    equal(w.ask(("Auth-User", joe), ("Auth-Pass", "secret"),
                ("Auth-Method", "plain"), ("Auth-Protocol", "pop3")).status, 403)
    reply = w.asks(joe, protocol="imap")
    equal((reply.status, reply.header("Auth-Status")), (404, None))
    equal(w.waiting(joe), ["for joe"])
    since = len(w.server.lines)
    reply = w.asks(joe, password="wrong")
    equal((reply.status, reply.header("Auth-Status"),
           reply.header("Auth-Server")), (200, "OK", "127.0.0.1"))
    w.server.wait_log(r"login failed user=%s address=192\.0\.2\.7 " % joe, since)
    reply = w.asks(joe)
    equal((reply.status, reply.header("Auth-Status"),
           reply.header("Auth-Server")),
          (200, "[SYS/TEMP] for joe " + HINT, None))


def test_other_protocols_are_let_through(t):
    w = World(world(t).port, mail_auth_imap=["[::1]:143"], mail_auth_smtp=["192.0.2.1:25"])
    t.servers.insert(0, w)
    joe = w.user()
    w.post(joe, "for joe")
    for protocol, server, port in (("imap", "::1", "143"),
                                   ("smtp", "192.0.2.1", "25")):
        reply = w.asks(joe, protocol=protocol)
        equal([reply.header(name) for name in (
            "Auth-Status", "Auth-Server", "Auth-Port")], ["OK", server, port])
    equal(w.waiting(joe), ["for joe"])
    w.bridge.reload(mail_auth_key="")
    equal(w.asks(joe).status, 404)


def test_ximssd_hangs_or_is_not_there(t):
    w = World(world(t).port, mail_auth_timeout="100ms")
    t.servers.insert(0, w)
    joe = w.user()
    w.post(joe, "for joe")
    w.server.freeze()
    try:
        w.gets_in(joe)
    finally:
        w.server.signal(signal.SIGCONT)
    equal(w.waiting(joe), ["for joe"])
    w.server.stop()
    w.gets_in(joe)
