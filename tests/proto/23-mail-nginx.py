# SPDX-License-Identifier: BSD-2-Clause
"""Alerts as errors of POP3 by nginx's mail proxy, which asks the bridge, in front
of a mail server that knows nothing of them. With the lines of doc/mail.md."""

import os
import signal
import socket

import ximss
from bridge import Bridge, bridge
from dovecot import DOMAIN, DOVECOT, MAIL_UID, Dovecot
from mail import Pop3, block, replaced
from proxies import MAIL_MODULE, NginxMail
from ximss import Missing, Skip, alert, check, equal, free_port, \
    wait_until

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


def needs_programs():
    """Before anything is started."""
    if not os.path.exists(DOVECOT):
        raise Missing("there is no Dovecot")
    if not os.path.exists(MAIL_MODULE):
        raise Missing("no mail module of nginx")
    if os.getuid() != 0:
        raise Skip("Dovecot delivers mail as root only")


class World:
    """ximssd, a mail server (or that of another such world), the bridge and
    nginx."""

    def __init__(self, back=None, **options):
        needs_programs()
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
        self.pop3_port = self.pop3s_port = None

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

    def pop3(self, user, nginx=None):
        """Through another nginx, if one is named."""
        self.pop3_port = (nginx or self.nginx).doors[0]
        client = Pop3(self, user)
        self.clients.append(client)
        return client

    def refused(self, user, text, password="secret"):
        """And that is all; the connection ends."""
        c = self.pop3(user)
        equal(c.enter(password), "-ERR " + text)
        equal(c.rest(), [])

    def gets_in(self, user, nginx=None):
        c = self.pop3(user, nginx)
        c.get_in()
        check(c.ask("STAT").startswith("+OK 0 "), c.shown())
        c.quit()

    def asks(self, user, **how):
        return start(self.bridge, user, **how).receive()


def start(b, user, given=None, password="secret", protocol="pop3",
          method="plain", address="192.0.2.7", more=()):
    """Asks as nginx does."""
    client = b.connect()
    client.send("GET", "/mail-auth", headers=[
        ("Auth-Key", given or key()), ("Auth-User", user),
        ("Auth-Pass", password), ("Auth-Method", method),
        ("Auth-Protocol", protocol), ("Client-IP", address), *more])
    return client


def check_status(reply, status):
    equal((reply.status, reply.header("Auth-Status"),
           reply.header("Auth-Server")),
          (200, status, "127.0.0.1" if status == "OK" else None))


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


def test_settings_of_the_refusal(t):
    """Which alerts refuse, with which code, and what stands behind the text."""
    w = World(mail_auth_refuse="quota", mail_auth_code="",
              mail_auth_hint="(later)")
    t.servers.insert(0, w)
    joe = w.user()
    w.post(joe, "to the account", severity="critical")
    w.gets_in(joe)
    w.bridge.reload(mail_auth_refuse="account")
    w.refused(joe, "to the account (later)")


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
    check_status(w.asks("a%00b%0Dc", password="%"), "OK")


def test_who_may_ask(t):
    w = world(t)
    joe = w.user()
    w.post(joe, "for joe")
    for wrong in ("x", key()[:-1], key() + "x", key()[:-1] + "X"):
        reply = w.asks(joe, given=wrong)
        equal((reply.status, reply.header("Auth-Status")), (403, None))
    equal(w.bridge.connect().ask("GET", "/mail-auth", headers=[
        ("Auth-User", joe), ("Auth-Pass", "secret"), ("Auth-Method", "plain"),
        ("Auth-Protocol", "pop3")]).status, 403)
    # from another machine, in clear text
    equal(w.asks(joe, more=[("X-Forwarded-For", "192.0.2.7")]).status, 403)
    check_status(w.asks(joe, method="apop"), "OK")
    reply = w.asks(joe, protocol="imap")
    equal((reply.status, reply.header("Auth-Status")), (404, None))
    equal(w.waiting(joe), ["for joe"])
    since = len(w.server.lines)
    check_status(w.asks(joe, password="wrong"), "OK")
    w.server.wait_log(r"login failed user=%s address=192\.0\.2\.7 " % joe, since)
    check_status(w.asks(joe), "[SYS/TEMP] for joe " + HINT)


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


class Fake:
    """Stands for ximssd, which trusts the bridge."""

    lines = clients = ()
    dir = None

    def __init__(self, t):
        self.socks = [socket.socket()]
        self.socks[0].bind(("127.0.0.1", 0))
        self.socks[0].listen()
        self.socks[0].settimeout(ximss.DEADLINE)
        t.servers.insert(0, self)

    def ports(self):
        return [("ximss", self.socks[0].getsockname()[1])]

    def accept(self):
        sock = self.socks[0].accept()[0]
        self.socks.append(sock)
        return ximss.Client(sock, "ximssd")

    def trust(self, b):
        c = self.accept()
        check(c.receive().startswith("<readClient "), c.shown())
        c.send('<client id="client" believed="yes"/>',
               '<response id="client"/>')
        b.wait_log("ximssd trusts this bridge")

    def logs_in(self):
        c = self.accept()
        c.expect('<login id="login" alertConfirm="yes" authData="joe@a.test" '
                 'password="secret" clientAddress="192.0.2.7"/>',
                 '<noop id="told"/>')
        return c

    def shows(self):
        """And is told that it was shown."""
        c = self.logs_in()
        c.send('<session id="login" urlID="1"/>', '<response id="login"/>',
               '<alert alertID="6" scope="domain">not this</alert>',
               '<alert alertID="7" scope="account">this</alert>',
               '<alert alertID="8" scope="account">later</alert>',
               '<response id="told"/>')
        c.expect('<alertConfirm id="7" alertID="7"/>')
        return c

    def end(self, failed=False, keep=False):
        for sock in self.socks:
            sock.close()


def faked(t, **options):
    fake = Fake(t)
    b = bridge(t, server=fake, mail_auth_key=key(),
               mail_auth_pop3=["127.0.0.1:1110"], **options)
    fake.trust(b)
    return fake, b


def test_an_alert_that_is_gone_refuses_nobody(t):
    """Or that cannot be noted as shown; and one that may have been noted was
    shown."""
    fake, b = faked(t, mail_auth_timeout="50s")
    for answer, status in (
            ('<response id="7" errorText="x" errorNum="514"/>', "OK"),
            ('<response id="7" errorText="x" errorNum="531"/>', "OK"),
            ('<response id="7"/>', "[SYS/TEMP] this " + HINT),
            (None, "[SYS/TEMP] this " + HINT)):
        client = start(b, "joe@a.test")
        c = fake.shows()
        if answer:
            c.send(answer)
            c.expect_closed()
        c.close()
        check_status(client.receive(), status)


def test_what_goes_wrong_before_lets_in(t):
    fake, b = faked(t, mail_auth_timeout="50s")
    for answers in (
            [], ["<bye/>"],
            ['<response id="login" errorText="x" errorNum="515"/>'],
            ['<response id="login"/>', '<response id="told"/>'],
            ['<alert alertID="7" scope="domain">%s</alert>' % ("x" * 65536)] * 65):
        client = start(b, "joe@a.test")
        c = fake.logs_in()
        try:
            c.send(*answers)
        except OSError:
            pass  # it was too much
        if not answers:
            c.close()
        check_status(client.receive(), "OK")


def test_without_the_bridge(t):
    """By nginx's own answer; with it, the bridge's goes through."""
    w = world(t)
    one, other = str(w.bridge.port), str(free_port())
    site = replaced(block("nginx without"), ("8100", one), ("8101", other),
                    ("1110", str(w.port)))
    nginx = NginxMail("http {\naccess_log off;\n%s%s}\n%s" % (
        "".join("%s_temp_path %s;\n" % (kind, kind) for kind in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi")), site,
        replaced(block("nginx mail"), ("8100", other))))
    t.servers.insert(0, nginx)
    joe = w.user()
    w.post(joe, "ä€😀 " * 300)
    c = w.pop3(joe, nginx)
    answer = c.enter()
    check(answer.startswith("-ERR [SYS/TEMP] ä€😀 ä"), answer)
    w.gets_in(joe, nginx)
    w.post(joe, "it stays")
    w.bridge.end(keep=True)
    try:
        w.gets_in(joe, nginx)
        equal(w.waiting(joe)[-1:], ["it stays"])
    finally:
        w.bridge.restart_again()
        w.bridge.wait_log("ximssd trusts this bridge")
    w.refused(joe, "[SYS/TEMP] it stays " + HINT)


def test_time_runs_out(t):
    fake, b = faked(t, mail_auth_timeout="100ms")
    client = start(b, "joe@a.test")
    check_status(client.receive(), "OK")
    fake.logs_in().expect_closed()


def test_a_bridge_that_is_not_trusted_does_not_ask(t):
    """All guesses would count as nginx's."""
    fake = Fake(t)
    b = bridge(t, server=fake, mail_auth_key=key(),
               mail_auth_pop3=["127.0.0.1:1110"], mail_auth_timeout="50s")
    check_status(start(b, "joe@a.test").receive(), "OK")
    c = fake.accept()
    check(c.receive().startswith("<readClient "), c.shown())
    c.send('<client id="client" believed="no"/>', '<response id="client"/>')
    b.wait_log("ximssd does not trust this bridge")
    check_status(start(b, "joe@a.test").receive(), "OK")


def test_who_hangs_up_has_seen_nothing(t):
    """And those of one address that wait are limited; what is too much is let
    in."""
    fake, b = faked(t, mail_auth_timeout="50s", max_logins_per_address=1)
    client = start(b, "joe@a.test")
    c = fake.logs_in()
    check_status(start(b, "joe@a.test").receive(), "OK")
    other = start(b, "joe@a.test", address="192.0.2.8")
    check("192.0.2.8" in fake.accept().receive(), "another address")
    client.close()
    c.expect_closed()
    other.close()
