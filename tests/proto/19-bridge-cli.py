# SPDX-License-Identifier: BSD-2-Clause
"""The CLI over HTTP (doc/protocol.md 7.5)."""

import base64
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse

import ximss
from bridge import bridge, check_reply
from ximss import (DEADLINE, HERE, MAIN, MASTER_PASSWORD, PASSWORD, Closed,
                   body, check, equal, wait_until)

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}
POSTMASTER = "postmaster@" + MAIN
BUSY = "ERROR 525 too busy. try again later\r\n"
WRONG = "ERROR 515 incorrect password or account name\r\n"
RIGHTS = "ERROR 510 insufficient access rights\r\n"
ELSEWHERE = ("ERROR this was sent by a page of another site. commands are for "
             "programs\r\n")


def basic(user=POSTMASTER, password=MASTER_PASSWORD):
    text = user.encode() + b":" + (password if isinstance(password, bytes)
                                   else password.encode())
    return [("Authorization", "Basic " + base64.b64encode(text).decode())]


def form(command):
    return "command=" + urllib.parse.quote_plus(command)


def door(t, **options):
    return bridge(t, options.pop("server", None), cli="yes", **options)


def send(b, command, auth=None, headers=(), method="POST", path="/cli/",
         client=None, host="localhost"):
    """The connection on which a command is under way."""
    client = client or b.connect()
    headers = list(basic() if auth is None else auth) + list(headers)
    if method == "POST":
        client.send(method, path, form(command), headers, host)
    else:
        client.send(method, "%s?%s" % (path, form(command)), b"", headers,
                    host)
    return client


def run(b, command, *args, **kwargs):
    return send(b, command, *args, **kwargs).receive(
        head_only=kwargs.get("method") == "HEAD")


def answers(b, command, status, text, *args, **kwargs):
    check_reply(command[:100], run(b, command, *args, **kwargs), status, text)


# --- the door ---

def test_off_unless_configured(t):
    b = bridge(t)
    for method in ("GET", "POST"):
        equal(run(b, "ListDomains", method=method).status, 404)
    b.reload(cli="yes")
    equal(run(b, "ListDomains").status, 200)
    b.reload(cli="no")
    equal(run(b, "ListDomains").status, 404)


def test_post_and_get(t):
    """What scripts send: a form or a query, the path in any case."""
    b = door(t)
    listed = t.shared.cli("ListDomains") + "\r\n"
    for path in ("/cli/", "/CLI/", "/Cli", "/cli"):
        for method in ("GET", "POST"):
            reply = run(b, "listdomains", method=method, path=path)
            check_reply(path, reply, 200, listed)
            equal(reply.header("Content-Type"), "text/plain;charset=utf-8")
            equal(reply.header("Cache-Control"), "no-store")
    equal(run(b, "ListDomains", path="/cli/x").status, 404)
    equal(run(b, "ListDomains", path="/client").status, 404)
    # The name of the field, and where it stands.
    auth = basic()
    for method, path, text in (
            ("POST", "/cli/?COMMAND=MainDomainName", ""),
            ("POST", "/cli/?x=y", "y=%26&Command=MainDomainName&z"),
            ("GET", "/cli/", "command=MainDomainName"),
            ("POST", "/cli/", "command=%20MainDomainName%0D%0A")):
        check_reply(path, b.ask(method, path, text, auth), 200, MAIN + "\r\n")
    # Whatever the body calls itself.
    for kind in ("application/x-www-form-urlencoded", "text/plain",
                 "application/json"):
        answers(b, "MainDomainName", 200, MAIN + "\r\n",
                headers=[("Content-Type", kind)])


def test_results_are_written_as_the_cli_does(t):
    b = door(t)
    for text in ('(a,"b c",{d=e;})', '"<a href=\\"x\\">&amp;</a>"', '"\'"',
                 '"\u00e4 \u20ac \U0001f514"', '"a\\eb\\013c\\009"', "[YWJj]",
                 '""', "()", "{}", "#T22-11-2026_13:50:50", '"]]>"'):
        answers(b, "Echo " + text, 200, text + "\r\n")
    user = t.user()
    for command in ("NOOP", 'PostAccountAlert %s ALERT "One."' % user):
        reply = run(b, command)
        equal((reply.status, reply.reason, reply.body,
               reply.header("Content-Length")), (200, "OK", b"", "0"))
    check(b"One." in run(b, "GetAccountAlerts " + user).body, "posted")


def test_refused_commands(t):
    b = door(t)
    domain = t.domain()
    user = t.user("joe", domain)
    name = user.split("@")[0]
    for command, status, text in (
            ("Nothing", 400, "500 unknown command"),
            ("GetAccountSettings", 400, "501 account name is missing"),
            ("Echo \"a", 400, "501 malformed at byte 6"),
            ("Echo a b", 400, "501 too many arguments"),
            ("ListDomains\nListDomains", 400, "501 too many arguments"),
            ("CreateDomain " + domain, 409,
             "521 domain with this name already exists"),
            ("CreateAccount " + user, 409,
             "520 account with this name already exists"),
            ("GetDomainSettings no.test", 404,
             "512 unknown secondary domain name"),
            ("DeleteAccount nobody@" + domain, 404,
             "513 unknown user account"),
            ("RemoveDomainAlert %s ALERT 20010101000000" % domain, 404,
             "514 no such alert"),
            ("VerifyAccountPassword %s PASSWORD wrong" % user, 403,
             "515 incorrect password"),
            ("PostServerAlert \" \"", 400, "522 alert text is blank"),
            ("GetClusterAlerts", 400,
             "501 available in the Dynamic Cluster only"),
            ("GetGroup %s" % user, 404, "552 group is not found"),
            ("GetForwarder %s" % user, 404, "553 forwarder is not found"),
            ("GetList %s" % user, 404, "554 Unknown Mailing List")):
        reply = run(b, command)
        check_reply(command, reply, status, "ERROR %s\r\n" % text)
        equal(reply.reason, text[4:], command)
        equal(reply.header("WWW-Authenticate"), None, command)
    equal(run(b, "VerifyAccountPassword %s PASSWORD %s" % (user, PASSWORD))
          .status, 200, name)


def test_what_is_no_command(t):
    b = door(t)
    auth = basic()
    missing = "ERROR 501 command is missing\r\n"
    for path, text, status, said in (
            ("/cli/", "", 400, missing), ("/cli/", "command=", 400, missing),
            ("/cli/", "command", 400, missing),
            ("/cli/", "command=+%0A", 400, missing),
            ("/cli/", "comand=NOOP", 400, missing),
            ("/cli/", "ListDomains", 400, missing),
            ("/cli/", "command=NOOP&command=NOOP", 400,
             "ERROR 501 one command at a time\r\n"),
            ("/cli/?command=NOOP", "Command=NOOP", 400,
             "ERROR 501 one command at a time\r\n"),
            ("/cli/", "command=NOOP%00", 400,
             "ERROR 501 control characters in the command\r\n"),
            ("/cli/", "command=Echo+%01", 400,
             "ERROR 501 control characters in the command\r\n")):
        check_reply(text, b.ask("POST", path, text, auth), status, said)
    check_reply("multipart", run(b, "NOOP", headers=[
        ("Content-Type", 'multipart/form-data; boundary="x"')]), 415, "ERROR …")
    for method in ("HEAD", "PUT", "DELETE", "PATCH"):
        reply = run(b, "NOOP", method=method)
        equal((reply.status, reply.header("Allow")), (405, "GET, POST"))


def test_bytes_that_are_not_utf8(t):
    """They are ISO 8859-1, as on the PWD port; by form and by query."""
    b = door(t)
    user = t.user()
    listener = t.shared.login(user)
    for said, text in (("\u00fc".encode("latin-1"), "\u00fc"),
                       ("\u00fc".encode(), "\u00fc"),
                       (b"\xfc\xac", "\u00fc\u00ac"),
                       ("\u20ac".encode("cp1252"), "\u20ac")):
        line = ('PostAccountAlert %s ALERT "' % user).encode() + said + b'"'
        quoted = urllib.parse.quote(line)
        for method, path, form_ in (
                ("POST", "/cli/", "command=" + quoted),
                ("POST", "/cli/", b"command=" + line.replace(b" ", b"+")),
                ("GET", "/cli/?command=" + quoted, b"")):
            equal(b.ask(method, path, form_, basic()).status, 200, path)
            equal(body(listener.receive()), text)


# --- who ---

def test_who_may(t):
    b = door(t)
    reply = run(b, "ListDomains", auth=[])
    check_reply("nobody", reply, 401, "ERROR 516 log in first\r\n")
    equal(reply.header("WWW-Authenticate"),
          'Basic realm="CLI", charset="UTF-8"')
    domain = t.domain()
    user = t.user("joe", domain)
    chief = t.user("chief", domain, rights=("CanPostAlerts",))
    for auth in (basic(password="wrong"), basic(password=""),
                 basic("nobody@" + MAIN), basic("no@body@x"), basic(""),
                 basic("x" * 300), basic(password="x" * 1100),
                 basic(password="x\ny"), basic(password=b"\xff\xfe"),
                 basic(password="\uffff"),
                 [("Authorization", "Basic !")],
                 [("Authorization", "Basic")],
                 [("Authorization", "Basic %s" % ("eA==" * 3000))],
                 [("Authorization", "Basic " + ximss.b64(POSTMASTER))]):
        reply = run(b, "ListDomains", auth=auth)
        check_reply(auth, reply, 401, WRONG)
        check(reply.header("WWW-Authenticate"), "a challenge")
    for auth in ([("Authorization", "Bearer x")], [("Authorization", "")]):
        equal(run(b, "ListDomains", auth=auth).status, 401)
    # Whoever administers nothing may not, not even what is his own.
    for command in ("ListDomains", "GetAccountSettings *", "NOOP",
                    "Nothing"):
        answers(b, command, 403, RIGHTS, basic(user, PASSWORD))
    # A domain's administrator may what he may elsewhere.
    auth = basic(chief, PASSWORD)
    answers(b, "PostDomainAlert %s ALERT Lunch" % domain, 200, "", auth)
    answers(b, "PostServerAlert Lunch", 403, RIGHTS, auth)
    answers(b, "GetDomainSettings no.test", 403, RIGHTS, auth)
    answers(b, "SetAccountPassword %s PASSWORD x" % user, 403, RIGHTS, auth)


def test_names_without_a_domain(t):
    """They belong to the domain that is the host, else to the main one."""
    b = door(t)
    domain = t.domain()
    t.user("boss", domain, rights=("CanPostAlerts",))
    command = "GetDomainAlerts"
    equal(run(b, command, basic("boss", PASSWORD), host=domain).status, 200)
    answers(b, "MainDomainName", 200, MAIN + "\r\n",
            basic("boss", PASSWORD), host=domain.upper() + ":8100")
    for host in ("localhost", "127.0.0.1:80", "[::1]", MAIN):
        answers(b, command, 401, WRONG, basic("boss", PASSWORD), host=host)
        equal(run(b, command, basic("postmaster"), host=host).status, 200)


def test_password_with_colons_and_other_bytes(t):
    b = door(t)
    domain = t.domain()
    for name, password in (("a", "a:b::c "), ("b", "\u00e4\u20ac"),
                           ("c", "'\"&<>")):
        user = t.user(name, domain, password=password, rights=("Any",))
        equal(run(b, "NOOP", basic(user, password)).status, 200, password)
    # A client that does not speak UTF-8.
    t.user("d", domain, password="\u00e4", rights=("Any",))
    equal(run(b, "NOOP", basic("d@" + domain, b"\xe4")).status, 200)


def test_tokens_of_the_pwd_port_are_not_good_here(t):
    user = t.user(rights=("CanPostAlerts",))
    secret = t.shared.cli("CreateAccountToken %s NAME x" % user).strip('"')
    b = door(t)
    answers(b, "NOOP", 401, WRONG, basic(user, secret))
    equal(run(b, "NOOP", basic(user, PASSWORD)).status, 200)


def test_clear_passwords(t):
    """As for any log-in: from this machine, by TLS, or where it is allowed."""
    b = door(t, tls=True, trusted_proxies=["127.0.0.1"])
    far = [("X-Forwarded-For", "192.0.2.7")]
    answers(b, "NOOP", 403, "ERROR 519 encryption required\r\n", headers=far)
    equal(run(b, "NOOP", headers=far + [("X-Forwarded-Proto", "https")])
          .status, 200)
    equal(run(b, "NOOP", client=b.connect(tls=True)).status, 200)
    equal(run(b, "NOOP").status, 200)
    b.reload(clear_passwords_without_tls="yes")
    equal(run(b, "NOOP", headers=far).status, 200)


def test_addresses(t):
    b = door(t, trusted_proxies=["127.0.0.1"],
             cli_addresses=["192.0.2.0/24", "2001:db8::/64"],
             clear_passwords_without_tls="yes")
    for address, status in (("192.0.2.7", 200), ("192.0.3.7", 403),
                            ("2001:db8::7", 200), ("2001:db8:1::7", 403),
                            ("127.0.0.1", 403)):
        equal(run(b, "NOOP", headers=[("X-Forwarded-For", address)]).status,
              status, address)
    answers(b, "NOOP", 403, "ERROR not from this address\r\n")


def test_log_and_throttle_know_the_client(t):
    """ximssd hears of the client's address: limits, log and audit log."""
    server = t.server({"trusted_addresses": ["127.0.0.1"], "log_level":
                       "debug", "login_free_tries": 2,
                       "login_delay": "10m", "login_max_delay": "10m"})
    b = door(t, server=server, trusted_proxies=["127.0.0.1"],
             clear_passwords_without_tls="yes")

    def at(address):
        return [("X-Forwarded-For", address)]
    run(b, "PostServerAlert Here", headers=at("192.0.2.7"))
    reports = server.admin().reports(scope="server")
    check('origin="192.0.2.7 ' in reports[0], reports)
    check('author="%s"' % POSTMASTER in reports[0], reports)
    joe = server.account("joe", rights=("CanPostAlerts",))
    for _ in range(3):
        answers(b, "NOOP", 401, WRONG, basic(joe, "wrong"), at("192.0.2.9"))
    send(b, "NOOP", basic(joe, PASSWORD), at("192.0.2.9"))
    server.wait_log("login held up user=joe.* address=192.0.2.9 ")
    equal(run(b, "NOOP", basic(joe, PASSWORD), at("192.0.2.10")).status, 200)


# --- browsers ---

OWN = "http://localhost"
MARKS = [
    # what a request says of itself: is it let in, and may it change by GET?
    ([], True, True),
    ([("User-Agent", "curl/7.88.1")], True, True),
    ([("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")], True, False),
    ([("Sec-Fetch-Mode", "cors")], True, False),
    ([("Sec-Fetch-Site", "none"), ("Sec-Fetch-Dest", "document")], True,
     False),
    ([("Sec-Fetch-Site", "same-origin")], True, False),
    ([("Sec-Fetch-Site", "same-site")], False, False),
    ([("Sec-Fetch-Site", "cross-site")], False, False),
    ([("Sec-Fetch-Site", "cross-site"), ("Origin", OWN)], False, False),
    ([("Origin", OWN)], True, False),
    ([("Origin", OWN + ":80")], True, False),
    ([("Origin", "https://listed.test")], False, False),
    ([("Origin", "https://evil.test")], False, False),
    ([("Origin", "null")], False, False),
    ([("Referer", OWN + "/admin/?x#y")], True, False),
    ([("Referer", OWN)], True, False),
    ([("Referer", "http://localhost.evil.test/")], False, False),
    ([("Referer", "http://localhost@evil.test/")], False, False),
    ([("Referer", "https://listed.test/x")], False, False),
    ([("Referer", "https://evil.test/?http://localhost/")], False, False),
    ([("Referer", "about:blank")], False, False),
]


def test_pages_of_other_sites(t):
    for origins in ([], ["https://listed.test"], ["*"]):
        b = door(t, allowed_origins=origins)
        for headers, let_in, changes in MARKS:
            for method, command, ok in (
                    ("POST", "NOOP", let_in), ("GET", "NOOP", let_in),
                    ("POST", "PostServerAlert", let_in),
                    ("GET", "PostServerAlert", let_in and changes)):
                reply = run(b, command, headers=headers, method=method)
                equal(reply.status, 403 if not ok else
                      200 if command == "NOOP" else 400,
                      "%s %s %s" % (method, command, headers))
    b = door(t)
    answers(b, "NOOP", 403, ELSEWHERE, headers=[("Referer", "http://x.test/")])
    reply = run(b, "NOOP", method="OPTIONS", headers=[
        ("Origin", "https://evil.test"),
        ("Access-Control-Request-Headers", "authorization")])
    equal(reply.header("Access-Control-Allow-Origin"), None)


def test_what_a_browser_may_read(t):
    """Commands that are known to change nothing, and no others."""
    b = door(t)
    agent = [("User-Agent", "Mozilla/5.0")]
    refused = "ERROR by GET a browser may only read. use POST\r\n"
    client = b.connect()
    commands = t.shared.cli("ListCLICommands").strip("()").split(",")
    changes = [command for command in commands if not re.match(
        "(GET|LIST.|FIND|READ)|(MAINDOMAINNAME|NOOP|ECHO|ROUTE)$", command)]
    check("SETSERVERALERTS" in changes and "LIST" in changes, changes)
    for command in changes + ["STALRT", "DLDMN", "x", "deleteDomain x",
                              " \tSetServerAlerts {}", "NOOPX", "ECHOES"]:
        answers(b, command, 403, refused, headers=agent, method="GET",
                client=client)
    for command in ("GetServerAlerts", "gtalrt", "LSTDMN", "listdomains",
                    " Echo\tx", "route " + POSTMASTER,
                    "FindAccountSession " + POSTMASTER, "ReadSubscribers x"):
        reply = run(b, command, headers=agent, method="GET", client=client)
        check(reply.text != refused, command)


# --- long results, and what is under way ---

LONG = {"message_bytes": "8M", "output_soft": "1M", "output_hard": "16M",
        "trusted_addresses": ["127.0.0.1"]}
WIDE = {"cli_body_bytes": "4M", "stranger_memory": "64M",
        "stranger_memory_per_address": "64M", "output_hard": "16M"}


def long_array(n):
    """One that the server writes in n bytes, as it was given."""
    word = '"%s"' % ("&<'\u00e4 x" * 1000)
    whole, rest = divmod(n - 2, len(word.encode()) + 1)
    return "(%s)" % ",".join([word] * whole + ["x" * rest])


def chunks(client):
    """The body that comes in chunks."""
    out = []
    while True:
        size = int(client.until(b"\r\n"), 16)
        data = client.count(size + 2)
        check(data.endswith(b"\r\n"), "a chunk")
        if size == 0:
            return b"".join(out)
        out.append(data[:-2])


def test_long_results_go_in_chunks(t):
    server = t.server(LONG)
    b = door(t, server=server, **WIDE)
    for n in (65535, 65536, 65537, 1000000):
        text = long_array(n)
        equal(len(text.encode()), n)
        client = send(b, "Echo " + text)
        head = client.receive()
        equal(head.status, 200)
        if n < 65536:
            check(head.text == text + "\r\n", "in one")
            continue
        equal((head.header("Transfer-Encoding"), head.header("Content-Length"),
               head.header("Connection")), ("chunked", None, "close"))
        check(chunks(client) == (text + "\r\n").encode(), "%d bytes" % n)
        client.expect_closed()


def test_long_results_for_http_1_0(t):
    b = door(t)
    text = long_array(100000)
    client = b.connect()
    said = form("Echo " + text)
    client.raw(("POST /cli/ HTTP/1.0\r\nContent-Length: %d\r\n%s: %s\r\n\r\n%s"
                % (len(said), *basic()[0], said)).encode())
    head = client.receive()
    equal((head.status, head.header("Transfer-Encoding")), (200, None))
    check(client.count(100002) == (text + "\r\n").encode(), "all of it")
    client.expect_closed()


def test_a_listing_of_many(t):
    """In pieces all the way, and the same as by XIMSS."""
    server, domain = t.shared, t.domain()
    server.accounts(["%s%04d@%s" % ("n" * 100, n, domain)
                     for n in range(800)])
    b = door(t)
    listed = server.cli("ListAccounts " + domain)
    check(len(listed) > 65536, "it is long")
    client = send(b, "ListAccounts " + domain)
    equal(client.receive().header("Transfer-Encoding"), "chunked")
    check(chunks(client).decode() == listed + "\r\n", "the listing")


def test_requests_on_one_connection(t):
    """Answered in their order, one after the other."""
    b = door(t)
    client = b.connect()
    for n in range(5):
        send(b, "Echo %d" % n, client=client)
    for n in range(5):
        client.expect(200, "%d\r\n" % n)
    answers(b, "Echo x", 200, "x\r\n", client=client)


def test_longest_command(t):
    b = door(t, cli_body_bytes="32K", stranger_body_bytes="1K")
    for n, status in ((32768, 200), (32769, 413)):
        text = "command=Echo+" + "x" * (n - len("command=Echo+"))
        reply = b.ask("POST", "/cli/", text, basic())
        equal(reply.status, status)
    # What is above message-bytes of ximssd is refused there.
    server = t.server({"message_bytes": "32K", "trusted_addresses":
                       ["127.0.0.1"]})
    b = door(t, server=server)
    answers(b, "Echo " + "x" * 32000, 200, "…")
    answers(b, "Echo " + "x" * 33000, 413, "ERROR 541 …")
    # A command that is short is none of a stranger's.
    b = bridge(t, cli="no", cli_body_bytes="32K", stranger_body_bytes="1K")
    equal(b.ask("POST", "/cli/", "x" * 1025, basic()).status, 413)


def test_how_many_at_a_time(t):
    server = t.server(SERVER["options"])
    b = door(t, server=server, trusted_proxies=["127.0.0.1"],
             clear_passwords_without_tls="yes", max_cli_requests=3,
             max_cli_requests_per_address=2)

    def at(n):
        return [("X-Forwarded-For", "192.0.2.%d" % n)]

    def begin(n):
        client = send(b, "Echo %d" % n, headers=at(n))
        count[0] += 1
        wait_until(lambda: b.metric("cli_commands_total") == count[0],
                   "it is under way")
        return client
    count = [0]
    server.freeze()
    try:
        first, second = begin(1), begin(1)
        answers(b, "NOOP", 503, BUSY, headers=at(1))
        third = begin(2)
        # The oldest that is not logged in makes room.
        fourth = begin(3)
        check_reply("first", first.receive(), 503, BUSY)
    finally:
        server.signal(signal.SIGCONT)
    second.expect(200, "1\r\n")
    third.expect(200, "2\r\n")
    fourth.expect(200, "3\r\n")


def test_who_leaves(t):
    """The command goes on, and nothing is left behind."""
    server = t.server(SERVER["options"])
    b = door(t, server=server, max_cli_requests=1)
    server.freeze()
    try:
        client = send(b, "PostServerAlert Late")
        wait_until(lambda: b.metric("cli_commands_total") == 1, "it is there")
        client.close()
        wait_until(lambda: b.metric("connections") == 1, "it is gone")
    finally:
        server.signal(signal.SIGCONT)
    equal(run(b, "Echo x").text, "x\r\n")


# --- ximssd ---

class Standin:
    """Stands for ximssd: says what it is told to."""

    dir = None

    def __init__(self, t):
        self.clients = self.lines = ()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(DEADLINE)
        self.socks = []
        t.servers.insert(0, self)

    def ports(self):
        return [("ximss", self.listener.getsockname()[1])]

    def accept(self):
        """A connection of a command, and its first message."""
        while True:
            sock = self.listener.accept()[0]
            sock.settimeout(DEADLINE)
            self.socks.append(sock)
            first = self.read(sock)
            if not first.startswith("<readClient "):
                return sock, first
            sock.sendall(b'<response id="client" errorText="unknown command" '
                         b'errorNum="500"/>\0')

    @staticmethod
    def read(sock):
        data = b""
        while not data.endswith(b"\0"):
            more = sock.recv(1)
            check(more, "the bridge closed")
            data += more
        return data[:-1].decode()

    def take(self, upto):
        """One that was asked so far."""
        sock, first = self.accept()
        if upto == "features":
            return sock
        equal(first, '<login id="l" alerts="no" authData="%s" password="%s" '
              'clientAddress="127.0.0.1"/>' % (POSTMASTER, MASTER_PASSWORD))
        if upto == "login":
            return sock
        sock.sendall(b'<session id="l"/>\0<response id="l"/>\0')
        equal(self.read(sock), '<readSession id="r" rights="yes"/>')
        if upto == "rights":
            return sock
        sock.sendall(b'<session id="r" administers="server"/>\0'
                     b'<response id="r"/>\0')
        equal(self.read(sock), '<cliExecute id="c">Echo x</cliExecute>')
        return sock

    def end(self, failed=False, keep=False):
        for sock in self.socks + [self.listener]:
            sock.close()


AWAY = "ERROR 531 the server is not there. try again\r\n"
LOST = "ERROR 531 the server was lost before it answered\r\n"


def test_ximssd_that_is_not_there(t):
    server = t.server(SERVER["options"])
    b = door(t, server=server)
    server.stop()
    answers(b, "NOOP", 503, AWAY)
    answers(b, "NOOP", 503, AWAY, basic("postmaster"), host=MAIN)


def test_ximssd_that_does_not_answer(t):
    up = Standin(t)
    b = door(t, server=up, cli_timeout="200ms")
    for upto, status, text in (("login", 503, AWAY), ("rights", 503, AWAY),
                               ("command", 500, LOST)):
        client = send(b, "Echo x")
        try:
            up.take(upto)
        except (ximss.Failed, OSError):
            pass  # a slow machine: the time was over before it came so far
        else:
            check_reply(upto, client.receive(), status, text)
            continue
        check(client.receive().text in (AWAY, LOST), upto)


def test_ximssd_that_breaks_off(t):
    """A command that got there may have been carried out, and that is said."""
    up = Standin(t)
    b = door(t, server=up)
    for upto, status, text in (("login", 503, AWAY), ("rights", 503, AWAY),
                               ("command", 500, LOST)):
        for said in (b"", b"<respon", b"<x\0", b"\xff\0", b"<bye/>\0",
                     b"x" * 70000):
            client = send(b, "Echo x")
            sock = up.take(upto)
            try:
                sock.sendall(said)
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has had enough
            check_reply(upto, client.receive(), status, text)
    result = b'<cliResult id="c">'
    for said in (result, result + b"x", result + b"x</cliResult>\0",
                 result + b"<b/>", result + b"x</cliRes\0"):
        client = send(b, "Echo x")
        sock = up.take("command")
        sock.sendall(said)
        sock.close()
        check_reply(said, client.receive(), 500, LOST)


def test_a_long_result_that_breaks_off(t):
    up = Standin(t)
    b = door(t, server=up)
    client = send(b, "Echo x")
    sock = up.take("command")
    sock.sendall(b'<cliResult id="c">' + b"x" * 100000)
    equal(client.receive().header("Transfer-Encoding"), "chunked")
    sock.close()
    try:
        chunks(client)
    except (Closed, ValueError):
        return
    raise ximss.Failed("it looks whole")


def test_a_client_that_does_not_read(t):
    """No more is fetched for him than he takes; and he gets all of it when he
    does, or is given up."""
    up = Standin(t)
    b = door(t, server=up)
    piece, n = b"x" * 65536, 112

    def pour(sock):
        try:
            sock.sendall(b'<cliResult id="c">')
            for _ in range(n):
                sock.sendall(piece)
            sock.sendall(b'</cliResult>\0<response id="c"/>\0')
        except OSError:
            pass  # the bridge has closed it

    def begin():
        client = send(b, "Echo x", client=b.connect(window=65536))
        threading.Thread(target=pour, args=(up.take("command"),),
                         daemon=True).start()
        equal(client.receive().status, 200)
        wait_until(lambda: b.metric("unsent_bytes") > 65536,
                   "something waits for him")
        return client
    client = begin()
    for _ in range(20):
        check(b.metric("unsent_bytes") < 1 << 20, "it is not fetched")
    check(chunks(client) == piece * n + b"\r\n", "all of it")
    b.reload(request_timeout="300ms")
    begin()
    wait_until(lambda: b.metric("connections") == 1, "he is given up")


def test_results_in_any_pieces(t):
    up = Standin(t)
    b = door(t, server=up)
    whole = ('<cliResult id="c">&amp;&lt;\u00e4&#39;&#13;\u20ac</cliResult>\0'
             '<response id="c"/>\0').encode()
    for at in range(len(whole) + 1):
        client = send(b, "Echo x")
        sock = up.take("command")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(whole[:at])
        b.metric("connections")  # it has seen them
        sock.sendall(whole[at:])
        client.expect(200, "&<\u00e4'\r\u20ac\r\n")


# --- clients ---

def day(t, *command):
    """An administrator's day by a client that knows only the wire."""
    server = t.server(SERVER["options"])
    b = door(t, server=server)
    listener = server.login(server.account("joe"))
    done = subprocess.run(
        [*command, "http://127.0.0.1:%d/cli/" % b.port, POSTMASTER,
         MASTER_PASSWORD, MAIN], stdin=subprocess.DEVNULL, capture_output=True,
        check=False, timeout=DEADLINE * 2)
    said = done.stdout.decode("utf-8", "replace")
    check(done.returncode == 0 and not done.stderr,
          "%d\n%s\n%s" % (done.returncode, said, done.stderr.decode()))
    check(re.search(r"^12 steps, 0 failed$", said, re.M), said)
    equal(body(listener.receive()), 'The server stops at noon: \u00e4&<"')
    equal(server.cli("ListDomains"), "(%s)" % MAIN)
    equal(server.cli("GetServerAlerts"), "{}")


def test_a_day_by_curl(t):
    day(t, "sh", os.path.join(HERE, "cli_http.sh"))


def test_a_day_by_perl(t):
    day(t, "perl", os.path.join(HERE, "cli_http.pl"))


def test_a_day_by_python(t):
    day(t, sys.executable, os.path.join(HERE, "cli_http.py"))
