# SPDX-License-Identifier: BSD-2-Clause
"""Logging in over HTTP (protocol.md B.1, B.3, B.4)."""

import base64
import hmac
import re
import signal
import urllib.parse

from bridge import Bridge, EMPTY, bridge, check_reply, xml
from ximss import (Client, MAIN, attr, check, equal, failure, match, response,
                   unescape)

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}
SESSION = ('<XIMSS><session urlID="…" userName="%s" realName="…" version="…" '
           'random="…"/></XIMSS>\r\n')
WRONG = ('<XIMSS><response errorText="incorrect password or account name" errorNum="515"/>'
         '</XIMSS>\r\n')


def query(**parameters):
    return urllib.parse.urlencode(parameters)


def basic(user, password):
    text = base64.b64encode(("%s:%s" % (user, password)).encode()).decode()
    return [("Authorization", "Basic " + text)]


def test_reply_has_the_session_first_and_nothing_else(t):
    user = t.user()
    reply = bridge(t).ask("GET", "/XIMSSLogin/?" + query(
        userName=user, password="secret", errorAsXML=1, version="6.1",
        random="0.1", x2auth=1, canUpdatePwd=1, unknown="x"))
    check_reply("log-in", reply, 200, SESSION % user)
    equal(reply.header("Content-Type"), "text/xml;charset=utf-8")
    check(re.match(r'[0-9]{6}-[A-Za-z0-9]{20}$', attr(
        reply.text[7:], "urlID")), reply.text)
    check(re.match(r'[0-9A-F]{16}$', attr(reply.text[7:], "random")),
          reply.text)


def test_longest_name_and_password(t):
    """The server looks at them, whatever the way in."""
    text = "\uFDFA" * 341 + "x"
    user = t.user(password=text)
    b = bridge(t)

    def form(name, password):
        return b.ask("POST", "/ximsslogin/", query(
            userName=name, password=password, errorAsXML=1))
    check_reply("longest", form(user, text), 200, SESSION % user)
    check_reply("basic", b.ask("POST", "/ximsslogin/",
                               headers=basic(user, text)), 200, SESSION % user)
    for name, password in ((user, text + "x"), ("n" * 512, "x"),
                           ("n" * 511, "x")):
        check_reply("wrong", form(name, password), 200, WRONG)


def test_case_of_the_path_and_of_parameters(t):
    user = t.user()
    b = bridge(t)
    for path in ("/XIMSSLogin/", "/ximsslogin/", "/ximssLogin/",
                 "/XIMSSLOGIN/", "/ximsslogin"):
        reply = b.ask("GET", path + "?" + query(username=user,
                                                PASSWORD="secret"))
        check_reply(path, reply, 200, SESSION % user)


def test_name_that_is_not_encoded(t):
    user = t.user()
    reply = bridge(t).ask("GET", "/ximsslogin/?userName=%s&password=secret"
                          % user)
    check_reply("raw @", reply, 200, SESSION % user)


def test_form_body_whatever_its_type(t):
    user = t.user()
    b = bridge(t)
    for kind in ("application/x-www-form-urlencoded", "text/xml", None):
        headers = [("Content-Type", kind)] if kind else []
        reply = b.ask("POST", "/ximsslogin/",
                      "\r\n " + query(userName=user, password="secret"),
                      headers)
        check_reply("form", reply, 200, SESSION % user)


def test_basic(t):
    user = t.user()
    b = bridge(t)
    check_reply("basic", b.ask("POST", "/ximsslogin/",
                               headers=basic(user, "secret")),
                200, SESSION % user)
    check_reply("wrong", b.ask("POST", "/ximsslogin/",
                               headers=basic(user, "wrong")), 403)


def test_challenge_only_without_anything(t):
    user = t.user()
    b = bridge(t)
    reply = b.ask("GET", "/XIMSSLogin/", host="example.test:8100")
    equal((reply.status, reply.header("WWW-Authenticate")),
          (401, 'Basic realm="example.test"'))
    check_reply("after it", b.ask("GET", "/XIMSSLogin/",
                                  headers=basic(user, "secret")),
                200, SESSION % user)


def test_failure_with_and_without_error_as_xml(t):
    user = t.user()
    b = bridge(t)
    for name in (user, "nobody@" + MAIN):
        check_reply("as XML", b.ask("GET", "/XIMSSLogin/?" + query(
            userName=name, password="wrong", errorAsXML=1)), 200, WRONG)
        reply = b.ask("GET", "/XIMSSLogin/?" + query(userName=name,
                                                     password="wrong"))
        equal((reply.status, reply.reason, reply.text),
              (403, "incorrect password or account name",
               "incorrect password or account name\r\n"))
        equal(reply.header("WWW-Authenticate"), None)


def test_bare_name_is_completed_by_the_host(t):
    user = t.user()
    b = bridge(t)
    name, domain = user.split("@")
    for host in (domain, domain.upper() + ":8100"):
        check_reply(host, b.ask("GET", "/XIMSSLogin/?" + query(
            userName=name, password="secret"), host=host), 200,
            SESSION % user)


def test_bare_name_at_an_unknown_host_is_of_the_main_domain(t):
    t.shared.account("bare@" + MAIN)
    check_reply("main", bridge(t).ask("GET", "/XIMSSLogin/?" + query(
        userName="bare", password="secret"), host="127.0.0.1:8100"), 200,
        SESSION % ("bare@" + MAIN))


def features(b, cram=False):
    reply = b.ask("POST", "/XIMSSLogin/?errorAsXML=1",
                  '<XIMSS><listFeatures id="list" /></XIMSS>')
    check(reply.text.startswith('<XIMSS><features id="list" domain="'),
          reply.text)
    check(reply.text.endswith('</features><response id="list"/></XIMSS>\r\n'),
          reply.text)
    equal("<sasl>CRAM-MD5</sasl>" in reply.text, cram, reply.text)
    return unescape(re.search("<nonce>([^<]+)</nonce>", reply.text).group(1))


def answer(nonce, password="secret", padding=True):
    text = hmac.new(password.encode(), nonce.encode(), "md5").hexdigest()
    coded = base64.b64encode(text.encode()).decode()
    return coded if padding else coded.rstrip("=")


def test_features_come_first_and_say_what_works_here(t):
    b = bridge(t)
    nonces = {features(b) for _ in range(3)}
    equal(len(nonces), 3)
    reply = b.ask("POST", "/ximssLogin/",
                  '<XIMSS><listFeatures id="list"/></XIMSS>')
    match(reply.text, xml('<features id="list" domain="%s">'
                          '<sasl>LOGIN</sasl><sasl>PLAIN</sasl>'
                          '<nonce>&lt;…&gt;</nonce></features>'
                          '<response id="list"/>' % MAIN))


def test_other_requests_before_a_log_in(t):
    b = bridge(t)
    reply = b.ask("POST", "/ximsslogin/", "<XIMSS>\n <recoverPassword id='0' "
                  "domain='x' userName='joe'/>\n <signup id='1'/>\n</XIMSS>")
    match(reply.text, xml('<response id="0" errorText="…" errorNum="…"/>',
                          '<response id="1" errorText="…" errorNum="…"/>'))
    check_reply("nothing", b.ask("POST", "/ximsslogin/", "<XIMSS/>"), 200,
                EMPTY)
    check_reply("broken", b.ask("POST", "/ximsslogin/", "<XIMSS><a"), 400)


def test_nobody_acts_by_the_requests_before_a_log_in(t):
    """On the UNIX socket ximssd takes its own user for an administrator."""
    b = bridge(t, server_socket=t.shared.control_path())
    reply = b.ask("POST", "/ximsslogin/",
                  '<XIMSS><noop id="0"/><login id="1" method="EXTERNAL"/>'
                  '<cliExecute id="2">ListDomains</cliExecute></XIMSS>')
    match(reply.text, xml(failure("1", 500, "unknown command"),
                          failure("2", 500, "unknown command"),
                          response("0")))
    reply = b.ask("POST", "/ximsslogin/", '<XIMSS><login id="1"/></XIMSS>')
    match(reply.text, xml(failure("1", 500, "unknown command")))
    c = Client(b.connect().sock, "relayed")
    c.ask('<login id="1" method="EXTERNAL"/>',
          failure("1", 527, "log-in method not offered"))


def cram_user(t):
    domain = t.domain(settings="{CRAMMD5=YES;}")
    return t.shared.account("joe@" + domain)


def test_cram_md5(t):
    user = cram_user(t)
    b = bridge(t)
    for padding in (True, False):
        nonce = features(b)
        check_reply("cram", b.ask("GET", "/XIMSSLogin/?" + query(
            userName=user, nonce=nonce,
            authData=answer(nonce, padding=padding))), 200, SESSION % user)


def test_nonce_is_good_for_one_try(t):
    user = cram_user(t)
    b = bridge(t)
    for first in ("wrong", "secret"):
        nonce = features(b)
        b.ask("GET", "/XIMSSLogin/?" + query(
            userName=user, nonce=nonce, authData=answer(nonce, first)))
        check_reply("again", b.ask("GET", "/XIMSSLogin/?" + query(
            userName=user, nonce=nonce, authData=answer(nonce),
            errorAsXML=1)), 200, WRONG)


def test_nonce_of_our_own_only(t):
    user = cram_user(t)
    b = bridge(t)
    good = features(b)
    number, time, rest = good.split(".", 2)
    for nonce in ("<1.55@mymac.ru>", "", good + "x", good.upper(),
                  ".".join((number + "1", time, rest)),
                  ".".join((number, str(int(time) + 1), rest))):
        check_reply(nonce, b.ask("GET", "/XIMSSLogin/?" + query(
            userName=user, nonce=nonce, authData=answer(nonce),
            errorAsXML=1)), 200, WRONG)


def test_by_another_session(t):
    user = t.user()
    b = bridge(t)
    old = b.login(user)
    reply = b.ask("GET", "/XIMSSLogin/?" + query(sessionid=old.id))
    check_reply("second", reply, 200, SESSION % user)
    equal(old.status(), 200)
    check(attr(reply.text[7:], "urlID") != old.id, reply.text)


def test_by_another_session_that_is_to_end(t):
    user = t.user()
    b = bridge(t)
    old = b.login(user)
    t.shared.admin().post("kept", "account", target=user)
    poll = old.start_poll(0)
    poll.expect(200)
    reply = b.ask("GET", "/XIMSSLogin/?" + query(sessionid=old.id, killOld=1))
    check_reply("second", reply, 200, SESSION % user)
    equal(old.status(), 550)
    new = attr(reply.text[7:], "urlID")
    text = b.ask("GET", "/Session/%s/?ackSeq=0" % new).text
    check(text.startswith('<XIMSS respSeq="1"><alert ') and "kept" in text,
          text)


def test_by_another_session_needs_its_cookie(t):
    b = bridge(t)
    old = b.login(t.user(), EnableUseCookie=1)
    cookie = old.sync('<noop id="1"/>').header("Set-Cookie").split(";")[0]
    for more in ({}, {"killOld": 1}):
        path = "/XIMSSLogin/?" + query(sessionid=old.id, **more)
        equal(b.ask("GET", path).status, 403)
        equal(b.ask("GET", path, headers=[("Cookie", cookie)]).status, 200)


def test_cookie_that_comes_with_the_session(t):
    b = bridge(t, tls=True)
    user = t.user()
    s = b.login(user, EnableUseCookie=1, cookieAtLogin=1)
    cookie = s.login_reply.header("Set-Cookie")
    match(cookie, "CGateProWebUser=…;Path=/Session/%s;HttpOnly;"
          "SameSite=Strict" % s.id)
    equal(s.status(), 550)
    equal(b.ask("GET", s.path + "?ackSeq=0").status, 550)
    s.headers = [("Cookie", cookie.split(";")[0])]
    equal(s.sync('<noop id="1"/>', expected=[response("1")])
          .header("Set-Cookie"), None)
    reply = b.connect(tls=True).ask("GET", "/XIMSSLogin/?" + query(
        userName=user, password="secret", EnableUseCookie=1,
        cookieAtLogin=1))
    check(reply.header("Set-Cookie").endswith(";Secure"), reply.head)
    # It says when, not whether.
    for more in ({"cookieAtLogin": 1},
                 {"cookieAtLogin": 1, "EnableUseCookie": 1,
                  "DisableUseCookie": 1}):
        s = b.login(user, **more)
        equal(s.login_reply.header("Set-Cookie"), None)
        equal(s.sync('<noop id="1"/>').header("Set-Cookie"), None)


def test_by_a_session_that_is_over(t):
    b = bridge(t)
    for id_ in ("100000-aaaaaaaaaaaaaaaaaaaa", "x", "1"):
        check_reply(id_, b.ask("GET", "/XIMSSLogin/?" + query(sessionid=id_)),
                    403)


def test_clear_passwords_need_tls_away_from_home(t):
    user = t.user()
    b = bridge(t, trusted_proxies=["127.0.0.1"])
    path = "/XIMSSLogin/?" + query(userName=user, password="secret",
                                   errorAsXML=1)
    far = [("X-Forwarded-For", "192.0.2.1")]
    check_reply("clear", b.ask("GET", path, headers=far), 200,
                '<XIMSS><response errorText="encryption required" '
                'errorNum="519"/></XIMSS>\r\n')
    check_reply("https", b.ask("GET", path, headers=far + [
        ("X-Forwarded-Proto", "https")]), 200, SESSION % user)
    text = b.ask("POST", "/XIMSSLogin/",
                 '<XIMSS><listFeatures id="1"/></XIMSS>', far).text
    check("PLAIN" not in text, text)
    b.reload(clear_passwords_without_tls=True)
    check_reply("allowed", b.ask("GET", path, headers=far), 200,
                SESSION % user)


def test_over_tls(t):
    user = t.user()
    b = bridge(t, tls=True)
    reply = b.connect(tls=True).ask("GET", "/XIMSSLogin/?" + query(
        userName=user, password="secret"))
    check_reply("TLS", reply, 200, SESSION % user)


def test_client_address_is_passed_on(t):
    user = t.user()
    b = bridge(t, trusted_proxies=["127.0.0.1", "198.51.100.0/24"],
               clear_passwords_without_tls=True)

    def seen(address, *headers):
        since = len(t.shared.lines)
        b.ask("GET", "/XIMSSLogin/?" + query(userName=user,
                                             password="wrong"),
              headers=headers)
        t.shared.wait_log(r"login failed user=%s address=%s "
                          % (re.escape(user), re.escape(address)), since)
    seen("192.0.2.1", ("X-Forwarded-For", "203.0.113.9, 192.0.2.1"))
    seen("192.0.2.2", ("X-Forwarded-For", "192.0.2.2, 198.51.100.7"))
    seen("192.0.2.3", ("Forwarded", 'for=192.0.2.3;proto=https'))
    seen("2001:db8::1", ("Forwarded",
                         'for=1.2.3.4, For="[2001:db8::1]:99";by=x'))
    seen("192.0.2.4", ("Forwarded", "for=192.0.2.4"),
         ("X-Forwarded-For", "192.0.2.4"))
    # Each of them sent twice is one list.
    seen("192.0.2.5", ("Forwarded", "for=203.0.113.9"),
         ("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=192.0.2.5"),
         ("X-Forwarded-For", "192.0.2.5"))
    # One of them is the proxy's; nobody knows which.
    for stranger in ("for=192.0.2.6", "for=127.0.0.1", "x", ""):
        seen("::", ("Forwarded", stranger), ("X-Forwarded-For", "192.0.2.7"))


def test_forwarded_from_others_is_ignored(t):
    user = t.user()
    b = bridge(t)
    since = len(t.shared.lines)
    b.ask("GET", "/XIMSSLogin/?" + query(userName=user, password="wrong"),
          headers=[("X-Forwarded-For", "192.0.2.1")])
    equal(b.ask("GET", "/metrics",
                headers=[("X-Forwarded-For", "192.0.2.1")]).status, 404)
    b.reload(clear_passwords_without_tls=True)
    b.ask("GET", "/XIMSSLogin/?" + query(userName=user, password="wrong"),
          headers=[("X-Forwarded-For", "192.0.2.1")])
    t.shared.wait_log(r"login failed user=%s address=127.0.0.1 "
                      % re.escape(user), since)


# What may be in a name or a password, percent-encoded.
GARBAGE = ("%00", "x%00", "%FF", "%C3", "%ED%A0%80", "%C0%80", "%01", "%1F",
           "%7F", "%C2%80", "%EF%BF%BE", "%EF%BF%BF", "%F4%90%80%80",
           "%0A", "%0D", "%09", "%22%3E%3Cx%3E", "%26%23x0%3B", "]]%3E",
           "%E2%80%AE", "%F0%9F%98%80", "x" * 5000, "%22" * 1500,
           "%C3%A4" * 700, "@", "%", "a%40b%40c", "@x", "x@", "*", "%20")


def check_wrong(name, reply, as_xml=False):
    """The answer is about the log-in, whatever else it is."""
    check_reply(name, reply, 200 if as_xml else 403,
                '<XIMSS><response errorText="…" errorNum="515"/></XIMSS>\r\n'
                if as_xml else None)


def test_whatever_bytes_come_by_a_form(t):
    domain = t.domain()
    b = bridge(t, t.server(dict(SERVER["options"], login_address_free_tries=1000)))
    for bytes_ in GARBAGE:
        for number, form in enumerate((
                "userName=joe@%s&password=%s" % (domain, bytes_),
                "userName=%s&password=x" % bytes_,
                "userName=%s@%s&password=%s" % (bytes_, domain, bytes_),
                "userName=joe&sessionid=%s" % (bytes_ or "x"),
                "userName=joe&nonce=%s&authData=eA" % bytes_,
                "userName=joe&nonce=x&authData=%s" % bytes_)):
            what = "%s %s" % (form[:200], number)
            check_wrong(what, b.ask("POST", "/XIMSSLogin/", form))
            if len(form) < 6000:
                check_wrong(what, b.ask("GET", "/XIMSSLogin/?errorAsXML=1&"
                                        + form), True)


def test_whatever_bytes_come_by_basic(t):
    b = bridge(t, t.server(dict(SERVER["options"], login_address_free_tries=1000)))
    coded = [base64.b64encode(bytes_).decode() for bytes_ in (
        b"", b"x", b":", b":x", b"\0:x", b"joe:\0", b"joe:x\0x", b"\xff:x",
        b"joe:\xff", b"joe:\xc3", b"joe:\x01", b"j\x01e:x", b"joe:\xef\xbf\xbf",
        b"joe:\xed\xa0\x80", b"joe@x\n:x", b"\xfc:\xfc", b"joe:" + b"x" * 3000,
        b"n" * 3000 + b":x", b"joe:" + b"\xc3\xa4" * 600, bytes(range(256)))]
    for text in coded + ["*", "====", "x", "am9l", "am9lOng*", "\xfc", "=x"]:
        check_wrong("Basic " + text[:80], b.ask(
            "GET", "/XIMSSLogin/", headers=[("Authorization",
                                             "Basic " + text)]))
    check_wrong("Basic", b.ask("GET", "/XIMSSLogin/",
                               headers=[("Authorization", "Basic")]))
    for other in ("Bearer x", "Basically x", "Negotiate", ""):
        equal(b.ask("GET", "/XIMSSLogin/",
                    headers=[("Authorization", other)]).status, 401, other)


def test_whatever_bytes_come_by_cookie(t):
    b = bridge(t)
    old = b.login(t.user(), EnableUseCookie=1)
    old.sync('<noop id="1"/>')
    for cookie in ("", "x", "CGateProWebUser", "CGateProWebUser=",
                   "CGateProWebUser=\xff\xfe", "CGateProWebUser=" + "x" * 5000,
                   ";;;", "=;=", "CGateProWebUser=\x80;CGateProWebUser="):
        for more in ({}, {"killOld": 1}):
            equal(b.ask("GET", "/XIMSSLogin/?" + query(
                sessionid=old.id, **more),
                headers=[("Cookie", cookie)]).status, 403, cookie)


def test_longer_than_ximssd_reads(t):
    """It hangs up on such a message; that is no reason to try again."""
    b = bridge(t, t.server(dict(SERVER["options"],
                                message_bytes_before_login="1K")))
    user = "x" * 200 + "@" + "y" * 50
    for password in ("x" * 900, '"' * 1024, "x" * 1025, "x" * 9000):
        check_wrong("%d" % len(password), b.ask(
            "POST", "/XIMSSLogin/", query(userName=user, password=password)))
    reply = b.ask("POST", "/XIMSSLogin/", '<XIMSS><listFeatures id="1" x="%s"/>'
                  '<noop id="2"/></XIMSS>' % ("x" * 9000))
    match(reply.text, xml('<response id="" errorText="message too big" '
                          'errorNum="541"/>'))


def test_server_that_is_not_there(t):
    server = t.server()
    b = bridge(t, server)
    server.stop()
    path = "/XIMSSLogin/?" + query(userName="joe@x", password="x")
    check_reply("down", b.ask("GET", path), 503)
    check_reply("bare", b.ask("GET", path.replace("%40x", "")), 503)
    check_reply("as XML", b.ask("GET", path + "&errorAsXML=1"), 200,
                '<XIMSS><response errorText="…" errorNum="531"/></XIMSS>\r\n')
    check_reply("ask", b.ask("POST", "/XIMSSLogin/",
                             '<XIMSS><listFeatures id="1"/></XIMSS>'), 503)


def offered(b, host="localhost", attrs="", path="/XIMSSLogin/"):
    text = b.ask("POST", path, '<XIMSS><noop id="n"/><listFeatures id="f"%s/>'
                 "</XIMSS>" % attrs, host=host).text
    check(re.match(r'<XIMSS><response id="n"/><features id="f" domain="[^"]+">'
                   r'.*</features><response id="f"/></XIMSS>\r\n$', text), text)
    return (re.search(' domain="([^"]*)"', text).group(1),
            "<sasl>CRAM-MD5</sasl>" in text)


def test_cram_md5_is_offered_only_where_it_can_work(t):
    """Challenges of a bridge that ximssd does not trust are nothing to it."""
    server = t.server()
    user = server.account("joe@" + server.domain("cram.test",
                                                 "{CRAMMD5=YES;}"))
    b = bridge(t, server)
    b.wait_log("ximssd does not trust this bridge: .*CRAM-MD5 is not offered")
    equal(offered(b, "cram.test"), ("cram.test", False))
    nonce = features(b)
    check_reply("untrusted", b.ask("GET", "/XIMSSLogin/?" + query(
        userName=user, nonce=nonce, authData=answer(nonce), errorAsXML=1)),
        200, '<XIMSS><response errorText="log-in method not offered" '
        'errorNum="527"/></XIMSS>\r\n')
    server.options["trusted_addresses"] = ["127.0.0.1"]
    server.write_config()
    server.signal(signal.SIGHUP)
    server.wait_log("configuration and certificates were read again")
    equal(offered(b, "cram.test"), ("cram.test", True))
    b.wait_log("ximssd trusts this bridge: .*CRAM-MD5 is offered")
    nonce = features(b)
    check_reply("trusted", b.ask("GET", "/XIMSSLogin/?" + query(
        userName=user, nonce=nonce, authData=answer(nonce))), 200,
        SESSION % user)
    equal(len([line for line in b.lines if "this bridge: " in line]), 2)


def test_bridge_learns_whether_it_is_trusted_when_ximssd_comes(t):
    server = t.server()
    b = Bridge(server, {"server_socket": server.control_path()}, False, None)
    t.servers.insert(0, b)
    server.stop()
    b.start()
    server.start()
    b.wait_log("ximssd trusts this bridge")


def test_features_are_those_of_the_name_s_domain(t):
    cram = t.domain(settings="{CRAMMD5=YES;}")
    plain = t.domain()
    b = bridge(t)
    for host in (cram, cram.upper() + ":8100"):
        equal(offered(b, host), (cram, True), host)
        equal(offered(b, host, ' domain="%s"' % plain), (plain, False))
        equal(offered(b, host, ' userName="joe@%s"' % plain), (plain, False))
        equal(offered(b, host, ' userName="joe"'), (cram, True))
        equal(offered(b, host, path="/XIMSSLogin/?userName=joe%%40%s"
                      % plain), (plain, False))
    for host in ("nowhere.test", "127.0.0.1", "[::1]:8100"):
        equal(offered(b, host), (MAIN, False), host)
