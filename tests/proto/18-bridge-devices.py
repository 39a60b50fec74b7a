# SPDX-License-Identifier: BSD-2-Clause
"""Devices that stay logged in: a token instead of the password, which changes
with each use, and ends with what its user, administrators and thieves do."""

import json
import re

from bridge import bridge
from ximss import PASSWORD, attr, check, ctl, equal, failure, wait_until

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}
WRONG = failure("login", 515)
LASTING = ' lasting="yes" ticket="yes"'


def enter(server, more):
    """The session's data; None: refused."""
    c = server.connect()
    c.send('<login id="login"%s %s/>' % (LASTING, more))
    first = c.receive()
    c.close()
    return first if first.startswith("<session ") else None


def begin(server, user, name="Firefox"):
    found = enter(server, 'userName="%s" authData="%s" device="yes" '
                  'deviceName="%s"' % (user, PASSWORD, name))
    return attr(found, "device")


def use(server, token):
    """(let in, the next token or None)"""
    found = enter(server, 'device="%s"' % token)
    return found is not None, found and attr(found, "device", None)


def own(t, **options):
    server = t.server({**SERVER["options"], **options})
    return server, t.user(server=server)


def listed(server, user):
    return re.findall(r"(\d+)=\{name=([^;]*);", server.cli(
        "ListAccountDevices " + user))


def test_token_changes_with_each_use(t):
    server, joe = own(t)
    token = begin(server, joe)
    equal(len(token), 87)
    # At once, from several tabs: all are let in, and nothing changes.
    for _ in range(3):
        equal(use(server, token), (True, None))
    for _ in range(3):
        server.clock(61)
        ok, following = use(server, token)
        check(ok and following not in (None, token), following)
        # The others of that moment have the old one yet.
        equal(use(server, token), (True, None))
        equal(use(server, following), (True, None))
        equal(use(server, token), (True, None))
        token = following
    equal(len(listed(server, joe)), 1)


def test_reply_that_was_lost(t):
    server, joe = own(t)
    token = begin(server, joe)
    for _ in range(3):
        server.clock(61)
        ok, following = use(server, token)
        check(ok and following, "another one each time")
    equal(use(server, following), (True, None))


def test_copied_token_ends_the_device(t):
    server, joe = own(t)
    for thief_first in (False, True):
        token = begin(server, joe)
        other = begin(server, joe, "Other")
        server.clock(61)
        ok, following = use(server, token)
        equal(use(server, following), (True, None))
        b = bridge(t, server)
        # A session that came by it, and one that did not.
        c = server.connect()
        c.send('<login id="login"%s device="%s"/>' % (LASTING, following))
        c.logged_in("login")
        stays = server.login(joe)
        server.clock(61)
        if thief_first:
            check(use(server, following)[0], "who has the newest goes on")
        equal(use(server, token), (False, None))
        server.wait_log("it was copied")
        c.expect("<sessionEnded/>")
        c.expect_bye()
        stays.quiet()
        equal(use(server, following), (False, None))
        check(use(server, other)[0], "another device")
        b.end()
        server.cli("RevokeAccountDevice %s *" % joe)


def test_tokens_that_are_none(t):
    server, joe = own(t, login_address_free_tries=1000)
    token = begin(server, joe)
    id_, secret = token.split(".")
    for wrong in (id_, secret, secret + "." + id_, "x" * 87,
                  "x" * 43 + "." + "x" * 43, token[:-1], "." * 87,
                  token.swapcase()):
        equal(use(server, wrong), (False, None), wrong)
    # Half of a token is no ticket, and no session.
    for attribute in ("ticket", "session"):
        for half in (id_, secret):
            equal(enter(server, '%s="%s"' % (attribute, half)), None)
    c = server.connect()
    c.ask('<login id="login" device="%s"/>' % token, failure("login", 501))
    c.ask('<login id="login"%s device="%s"/>' % (LASTING, "x" * 88),
          failure("login", 501))
    c.ask('<login id="login"%s device="yes" deviceName="%s"/>'
          % (LASTING, "n" * 65), failure("login", 501))
    for name in (" ", "\u00a0", "\u2800\u3164", "a\u2028b", "a\u0085b"):
        c.ask('<login id="login"%s device="yes" deviceName="%s"/>'
              % (LASTING, name), failure("login", 501))
    equal(use(server, token), (True, None))


def test_what_ends_it(t):
    server, joe = own(t, device_time="1h")
    token = begin(server, joe)
    server.clock(3500)
    ok, token = use(server, token)
    check(ok, "used in time")
    server.clock(3500)
    ok, token = use(server, token)
    check(ok, "it counts from the last use")
    server.clock(3700)
    equal(use(server, token), (False, None))
    for command in ("SetAccountPassword %s PASSWORD " + PASSWORD,
                    "KillAccountSessions %s", "RevokeAccountDevice %s *"):
        token = begin(server, joe)
        equal(len(listed(server, joe)), 1)
        server.cli(command % joe)
        equal(use(server, token), (False, None), command)
        equal(listed(server, joe), [])


def test_revoked_by_its_user(t):
    server, joe = own(t)
    first, second, third = (begin(server, joe, n) for n in ("a", "b", "c"))
    other = begin(server, t.user("ann", server=server))
    c = server.connect()
    c.send('<login id="login"%s device="%s"/>' % (LASTING, first))
    c.logged_in("login")
    devices = c.ok('<deviceList id="1"/>')
    equal([attr(d, "name") for d in devices if attr(d, "current", None)],
          ["a"])
    equal(sorted(attr(d, "name") for d in devices), ["a", "b", "c"])
    ids = {attr(d, "name"): attr(d, "deviceID") for d in devices}
    c.ok('<deviceRevoke id="2" deviceID="%s"/>' % ids["b"])
    for wrong in (ids["b"], "0", "x", ""):
        c.ask('<deviceRevoke id="3" deviceID="%s"/>' % wrong,
              failure("3", 514))
    c.ask('<deviceRevoke id="3"/>', failure("3", 501))
    equal(use(server, second), (False, None))
    check(use(server, third)[0], "c")
    c.ok('<deviceRevoke id="4" deviceID="current"/>')
    c.expect("<sessionEnded/>")
    c.expect_bye()
    equal(use(server, first), (False, None))
    server.login(joe).ok('<deviceRevoke id="5" deviceID="all"/>')
    equal(use(server, third), (False, None))
    check(use(server, other)[0], "somebody else's")
    server.stop()
    server.verify()


def test_administrators_list_and_revoke(t):
    server, joe = own(t)
    first, second, third = (begin(server, joe, n) for n in
                            ("Firefox on Linux", "Phone", "c"))

    def device(*words, status=0, json=False):
        done = ctl(server, *(["--json"] if json else []), "account", "device",
                   *words)
        equal(done.returncode, status, done.stderr)
        return done.stderr if status else done.stdout

    rows = [line.split() for line in device("list", joe).splitlines()]
    equal(rows[0], ["ID", "NAME", "ADDRESS", "CREATED", "USED"])
    equal(sorted(" ".join(row[1:-4]) for row in rows[1:]),
          ["Firefox on Linux 127.0.0.1", "Phone 127.0.0.1", "c 127.0.0.1"])
    found = json.loads(device("list", joe, json=True))
    ids = {item["name"]: id_ for id_, item in found.items()}
    equal(sorted(ids.values()), sorted(row[0] for row in rows[1:]))
    c = server.connect()
    c.send('<login id="login"%s device="%s"/>' % (LASTING, second))
    c.logged_in("login")
    equal(device("revoke", joe, "--id", ids["Phone"]),
          "device %s of %s revoked\n" % (ids["Phone"], joe))
    c.expect("<sessionEnded/>")
    c.expect_bye()
    equal([use(server, token)[0] for token in (first, second, third)],
          [True, False, True])
    check("no such device" in device("revoke", joe, "--id", ids["Phone"],
                                     status=9), "twice")
    for words in ((), ("--id", "*"), ("--id", ""), ("--id", "1x"),
                  ("--id", ids["c"], "--all")):
        device("revoke", joe, *words, status=2)
    device("list", joe, "--all", status=2)
    device("end", joe, status=2)
    check(use(server, third)[0], "what was not understood")
    device("revoke", joe, "--all")
    equal([use(server, token)[0] for token in (first, third)], [False, False])
    again = device("revoke", joe, "--all")
    check("nothing to change" in again, again)
    equal(json.loads(device("revoke", joe, "--all", json=True))["changed"],
          False)
    equal(device("list", "nobody@" + joe.split("@")[1], status=9),
          "ximssctl: unknown user account (513)\n")
    web = server.login(joe)
    for command in ("ListAccountDevices %s", "RevokeAccountDevice %s *"):
        equal(web.cli_error(command % joe), 510)


def test_how_many_an_account_has(t):
    server, joe = own(t, max_account_devices=3)
    tokens = []
    for number in range(4):
        tokens.append(begin(server, joe, "n%d" % number))
        server.clock(1)
        if number == 2:
            check(use(server, tokens[0])[0], "used last")
            server.clock(1)
    equal(sorted(name for _, name in listed(server, joe)),
          ["n0", "n2", "n3"])
    equal(use(server, tokens[1]), (False, None))
    server, joe = own(t, max_account_devices=0)
    found = enter(server, 'userName="%s" authData="%s" device="yes"'
                  % (joe, PASSWORD))
    equal(attr(found, "device", None), None)


def test_only_a_password_makes_one(t):
    server, joe = own(t)
    found = enter(server, 'userName="%s" authData="%s"' % (joe, PASSWORD))
    for more in ('ticket="%s"' % attr(found, "ticket"),
                 'session="%s"' % attr(found, "urlID")):
        c = server.connect()
        c.send('<login id="login" lasting="yes" device="yes" %s/>' % more)
        equal(attr(c.receive(), "device", None), None)
        c.close()
    equal(listed(server, joe), [])


# --- by the bridge ---

def log_in(b, body, cookie=None, **more):
    headers = [("Cookie", cookie)] if cookie else []
    return b.ask("POST", "/XIMSSLogin/?errorAsXML=1", body + "&cookieAtLogin=1"
                 "&EnableUseCookie=1&DisableIPWatch=1", headers, **more)


def device_cookie(reply):
    for key, value in reply.headers:
        if key == "Set-Cookie" and value.startswith("XIMSSDevice="):
            return value
    return None


def test_browser_stays_logged_in(t):
    server, joe = own(t)
    b = bridge(t, server, tls=True)
    password = "userName=%s&password=%s" % (joe, PASSWORD)
    equal(device_cookie(log_in(b, password)), None)
    found = device_cookie(log_in(b, password + "&stayLoggedIn=1"))
    check(re.match(r"XIMSSDevice=[\w.-]{87};Max-Age=2592000;Path=/XIMSSLogin;"
                   r"HttpOnly;SameSite=Strict$", found), found)
    # Not from an address that somebody is made to open.
    equal(device_cookie(b.ask("GET", "/XIMSSLogin/?stayLoggedIn=1&"
                              + password)), None)
    cookie = found.split(";")[0]
    equal(b.ask("GET", "/XIMSSLogin/?byDevice=1",
                headers=[("Cookie", cookie)]).status, 403)
    equal(b.ask("POST", "/XIMSSLogin/?byDevice=1",
                headers=[("Cookie", cookie),
                         ("Origin", "https://evil.test")]).status, 403)
    equal(log_in(b, "byDevice=1").status, 403)
    server.clock(61)
    reply = log_in(b, "byDevice=1", cookie)
    check('userName="%s"' % joe in reply.text, reply.text)
    following = device_cookie(reply).split(";")[0]
    check(following != cookie, "changed")
    b.restart()
    check("<session " in log_in(b, "byDevice=1", following).text, "again")
    equal([name for _, name in listed(server, joe)], ['"A browser"'])
    server.cli("RevokeAccountDevice %s *" % joe)
    reply = log_in(b, "byDevice=1", following)
    equal(reply.status, 403)
    check(device_cookie(reply).startswith("XIMSSDevice=;Max-Age=0;"),
          reply.head)
    wait_until(lambda: server.sessions(joe) <= 2, "its sessions are over")
