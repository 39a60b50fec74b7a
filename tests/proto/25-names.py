# SPDX-License-Identifier: BSD-2-Clause
"""Names of accounts and domains (util/name.h): the table in tests/data at every
door, so that nobody is let in as another, and everybody in each spelling."""

import hashlib
import hmac
import os
import re
import socket
import tempfile
import urllib.parse

from bridge import bridge
from pwd_port import PWD, connect, quoted
from ximss import (HERE, MAIN, Refused, Scram, alert, attr, attribute, b64,
                   check, ctl, equal, failure, post_request, unescape,
                   wait_until, xor)

WRONG = "incorrect password or account name"
NEW = {"XIMSS_NEW_PASSWORD": "secret"}
SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}


def plain(text):
    """As refusals of the CLI are written."""
    return re.sub(r"[^0-9A-Za-z .@_<>-]", ".", text)


def rows(whole=False):
    """(as given, normal form or None, why not for a new one or None); whole:
    those with a domain."""
    def cell(text):
        return None if text == "-" else re.sub(
            r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})",
            lambda m: chr(int(m[1] or m[2], 16)), text)
    path = os.path.join(HERE, "..", "data", "names.tsv")
    with open(path, encoding="utf-8") as f:
        got = [[cell(c) for c in line.rstrip("\n").split("\t")]
               for line in f if not line.startswith("# ")]
    return [tuple(r) for r in got if ("@" in r[0]) == whole]


def sendable(name):
    """What XML, and a line, can carry."""
    return not re.search("[\0-\x1f\x7f-\x9f\ufffe\uffff]", name)


def command(admin, line):
    """The number and the text of the answer to a command."""
    admin.send('<cliExecute id="x">%s</cliExecute>'
               % attribute(line).replace("&quot;", '"'))
    answer = admin.until_response("x")[-1]
    return (int(attr(answer, "errorNum", "200")),
            unescape(attr(answer, "errorText", "")))


def make(t, server, settings="{CRAMMD5=YES;}"):
    """A domain with an account for each name of the table that one can have,
    its normal form in small ASCII as the password."""
    domain = t.domain(server, settings)
    admin, made = (server or t.shared).admin(), {}
    for given, form, why in rows():
        if why or form in made:
            continue
        made[form] = "secret"
        equal(command(admin, "CreateAccount %s {Password=secret;}"
                      % quoted("%s@%s" % (given, domain))), (200, ""), given)
    return domain, made


# --- making ---

def test_what_can_be_made(t):
    """Each name once, whatever its spelling; or the reason."""
    domain, admin, made = t.domain(), t.shared.admin(), set()
    for given, form, why in rows():
        if not sendable(given):
            continue
        code, text = command(admin, "CreateAccount "
                             + quoted("%s@%s" % (given, domain)))
        if why:
            equal(code, 501, given)
            check(plain(why) in text, "%s: %s" % (given, text))
            check(text.startswith("illegal account name. "), text)
        else:
            equal(code, 520 if form in made else 200, given)
            made.add(form)
    listed = t.shared.cli("ListAccounts " + domain)
    for form in made:
        check(re.search(r'[{;]"?%s"?=' % re.escape(form), listed), form)
    equal(listed.count("=macnt;"), len(made))


def test_names_of_other_things(t):
    """Groups, forwarders and aliases are names like those of accounts."""
    domain = t.domain()
    t.user("jörg", domain)
    admin = t.shared.admin()
    for line, code in (
            ('CreateGroup "JÖRG@%s"' % domain, 520),
            ('CreateGroup "a\u200bb@%s"' % domain, 501),
            ('CreateGroup "Große@%s"' % domain, 200),
            ('GetGroup "gro\u00dfe@%s"' % domain, 200),
            ('RenameGroup "GRO\u1e9eE@%s" INTO "Мы"' % domain, 200),
            ('GetGroup "МЫ@%s"' % domain, 200),
            ('CreateForwarder "o\'neill@%s" TO "Jo\u0308rg"' % domain, 200),
            ('SetAccountAliases "jo\u0308rg@%s" ("KURT","\u0430dmin")' % domain,
             501),
            ('SetAccountAliases "jo\u0308rg@%s" ("\u212aURT")' % domain, 200),
            ('CreateAccount "kurt@%s"' % domain, 520),
            ('RenameAccount "KURT@%s" INTO "J\u00d6RN"' % domain, 200)):
        equal(command(admin, line)[0], code, line)
    equal(unescape(admin.cli('FindForwarders %s TO "JÖRG"' % domain)),
          "(\"o'neill\")")
    equal(unescape(admin.cli('GetAccountAliases "Jörn@%s"' % domain)), "(kurt)")
    check("jörn" in unescape(admin.cli(
        'ListDomainObjects %s FILTER "ÖR" 10 ACCOUNTS' % domain)), "filtered")
    t.user("\u03ba\u03bf\u03c3\u03bc\u03bf\u03c2", domain)
    t.user("jö.x", domain)
    for part, name in (("\u03ba\u03bf\u03c3", "\u03ba\u03bf\u03c3\u03bc\u03bf\u03c2"),
                       ("JÖ.", "jö.x")):
        check(name in unescape(admin.cli(
            'ListDomainObjects %s FILTER "%s" 10 ACCOUNTS' % (domain, part))),
            part)


def test_domains(t):
    """A-labels inside, whatever was written."""
    server, made = t.server(), {MAIN}
    admin = server.admin()
    for given, form, why in rows(whole=True):
        local, domain = given.rsplit("@", 1)
        if form and form.split("@")[1] not in made and local:
            code, text = command(admin, "CreateDomain " + quoted(domain))
            if why:
                equal((code, plain(why) in text), (501, True), given + text)
                continue
            equal(code, 200, given)
            made.add(form.split("@")[1])
        if not form:
            continue
        if not why and local == "joe":
            command(admin, "CreateAccount %s {Password=secret;}"
                    % quoted(given))
            equal(attr(server.connect().login(given), "userName"), form)
    listed = admin.cli("ListDomains")
    for domain in made:
        check(domain in listed, domain)
    server.stop()
    server.verify()


# --- log-in ---

def clear(c, name):
    c.send('<login id="1" userName="%s" authData="secret"/>' % attribute(name))
    return name_in(c)


def auth_data(c, name):
    c.send('<login id="1" authData="%s" password="secret"/>' % attribute(name))
    return name_in(c)


def sasl_plain(c, name):
    c.send('<login id="1" method="PLAIN" value="%s"/>'
           % b64("\0%s\0secret" % name))
    return name_in(c)


def scram(c, name):
    try:
        return unescape(attr(c.scram(name, id_="1"), "userName"))
    except Refused:
        return None


def cram(c, name):
    c.send('<login method="CRAM-MD5" id="1"/>')
    digest = hmac.new(b"secret", c.challenge("1"), hashlib.md5).hexdigest()
    c.send('<auth id="1" value="%s"/>' % b64("%s %s" % (name, digest)))
    return name_in(c)


def name_in(c):
    """Who was let in; None: nobody."""
    answer = c.receive()
    if not answer.startswith("<session "):
        equal(attr(answer, "errorText"), WRONG)
        return None
    return unescape(attr(answer, "userName"))


def check_door(t, door):
    """door(name): as whom somebody comes in by it."""
    for given, form, why in rows():
        if sendable(given):
            whole = "%s@%s" % (given, t.domain_)
            equal(door(whole), "%s@%s" % (form, t.domain_)
                  if form and not why else None, ascii(given))


def made(t):
    """The accounts, made once for all doors."""
    if not hasattr(t.shared, "names_domain"):
        t.shared.names_domain = make(t, t.shared)[0]
    t.domain_ = t.shared.names_domain
    return t.domain_


def by_ximss(server, way):
    """On one connection after the other, as each log-in needs one."""
    def door(name):
        c = server.connect()
        got = way(c, name)
        c.close()
        return got
    return door


def test_clear(t):
    made(t)
    check_door(t, by_ximss(t.shared, clear))


def test_clear_by_auth_data(t):
    made(t)
    check_door(t, by_ximss(t.shared, auth_data))


def test_plain(t):
    made(t)
    check_door(t, by_ximss(t.shared, sasl_plain))


def test_scram(t):
    """Also names from the right at a domain from the left, and letters that Unicode
    got late, both of which SASLprep refuses."""
    made(t)
    check_door(t, by_ximss(t.shared, scram))


def test_scram_is_let_in_by_no_more_spellings(t):
    """SASLprep would make fish of this, and 2 of the other."""
    domain = t.domain()
    for name in ("fish", "x2"):
        t.user(name, domain)
    for name in ("\ufb01sh", "x\u00b2", "fi\u00adsh"):
        equal(scram(t.shared.connect(), "%s@%s" % (name, domain)), None)
    equal(scram(t.shared.connect(), "\uff26ish@" + domain), "fish@" + domain)


def scram_answer(t, name, final, password="secret"):
    """To final(channel, nonce), which the client has signed; without its id."""
    c = t.shared.connect()
    client = Scram("%s@%s" % (name, t.domain_), password)
    c.send('<login id="1" method="SCRAM-SHA-256" value="%s"/>'
           % b64(client.first()))
    told = c.challenge("1").decode()
    client.final(told)
    bare = final(b64(client.header), told.split(",")[0][2:])
    key = hmac.digest(client.salted, b"Client Key", "sha256")
    message = ",".join((client.first_bare, told, bare)).encode()
    proof = xor(key, hmac.digest(hashlib.sha256(key).digest(), message,
                                 "sha256"))
    c.send('<auth id="1" value="%s"/>' % b64("%s,p=%s" % (bare, b64(proof))))
    return re.sub(' value="[^"]*"', "", c.receive())


def test_scram_checks_all_names_alike(t):
    """What GNU SASL checks of names in ASCII, we check of the others: the channel,
    the nonce, the proof."""
    made(t)
    for final, password in (
            ("c=%s,r=%s", "secret"), ("c=%s,r=%s", "Secret"),
            ("c=eSws,r=%.0s%s", "secret"), ("c=%s,r=%sx", "secret"),
            ("c=%s,r=x%s", "secret"), ("r=%.0s%s", "secret"),
            ("c=%s,s=%s", "secret"), ("", "secret")):
        answers = {name: scram_answer(
            t, name, lambda *a, f=final: f and f % a, password)
            for name in ("joe", "müller")}
        equal(answers["müller"], answers["joe"], final)
        equal("<challenge" in answers["joe"],
              (final, password) == ("c=%s,r=%s", "secret"), answers)


def test_cram(t):
    made(t)
    check_door(t, by_ximss(t.shared, cram))


def test_pwd(t):
    server = t.server(listen_pwd=PWD, options=SERVER["options"])
    t.domain_, came = make(t, server)[0], []

    def door(name):
        c = connect(server)
        c.ask("USER " + quoted(name), "300 …")
        c.say("PASS secret")
        if not c.receive().startswith("200 "):
            return None
        c.quit()
        came.append(name)
        return wait_until(lambda: by_pass(server, len(came)), "the log")
    check_door(t, door)


def by_pass(server, n, method="PASS"):
    """Who came by PASS as the n-th; None: not yet in the log."""
    found = re.findall(r"session begin id=\d+ user=(\S+) .*method=" + method,
                       "\n".join(server.lines))
    return found[n - 1] if len(found) >= n else None


def test_apop(t):
    """By a token of each account, which is good in every spelling."""
    server = t.server(options=dict(SERVER["options"], listen_pwd_apop=PWD))
    t.domain_, accounts = make(t, server)
    admin, came = server.admin(), []
    tokens = {form: re.search(r"Secret=(\w+)", admin.cli(
        "CreateAccountToken " + quoted("%s@%s" % (form, t.domain_))))[1]
        for form in accounts}

    def door(name):
        c = connect(server, greet=False, kind="pwd-apop")
        banner = re.search(r"<[^<>]*@[^<>]*>$", c.receive()).group(0)
        c.say("APOP %s %s" % (quoted(name), hashlib.md5(
            (banner + tokens.get(spelled[name], "none")).encode())
            .hexdigest()))
        if not c.receive().startswith("200 "):
            return None
        c.quit()
        came.append(name)
        return wait_until(lambda: by_pass(server, len(came), "APOP"), "the log")
    spelled = {"%s@%s" % (given, t.domain_): form for given, form, _ in rows()}
    check_door(t, door)


def test_http(t):
    made(t)
    b = bridge(t)

    def door(name):
        reply = b.ask("GET", "/XIMSSLogin/?" + urllib.parse.urlencode(
            {"userName": name, "password": "secret", "errorAsXML": 1}))
        found = re.search(r'<session [^>]*userName="([^"]*)"', reply.text)
        return unescape(found[1]) if found else None
    check_door(t, door)


def test_mail_door(t):
    server = t.server(start=False, **SERVER).open_door().start()
    t.domain_ = make(t, server)[0]

    def door(name):
        c = server.door()
        c.send('<login id="1" method="EXTERNAL" door="imap" userName="%s"/>'
               % attribute(name))
        who = name_in(c)
        c.close()
        return who
    check_door(t, door)


def test_alert_targets(t):
    """Who posts has to name the account, in any spelling; its users get it."""
    domain = made(t)
    admin = t.shared.admin()
    c = t.shared.login("müller@" + domain)
    for name in ("MÜLLER@", "mu\u0308ller@", "müller@"):
        admin.post(name + "1", "account", target=name + domain)
        c.expect(alert(name + "1", "account"))
    for name in ("mueller@", "müller+x@", "mü\u200bller@"):
        admin.ask(post_request("p", "x", "account", target=name + domain),
                  failure("p", 513))
    for given, form, why in rows():
        if sendable(given):
            admin.send(post_request("p", ascii(given), "account",
                                    target="%s@%s" % (given, domain)))
            equal(attr(admin.until_response("p")[-1], "errorNum"),
                  None if form and not why else "513", ascii(given))
    for form in {form for _, form, why in rows() if form and not why}:
        texts = admin.cli("GetAccountAlerts %s" % quoted(
            "%s@%s" % (form, domain)))
        for given, as_, _ in rows():
            equal(quoted(ascii(given)) in texts, as_ == form and
                  sendable(given), given)
    admin.ok('<alertWatch id="w" scope="account" target="MÜLLER@%s"/>' % domain)
    admin.ok('<alertWatch id="w" scope="domain" target="%s"/>' % domain.upper())


def test_ctl(t):
    """Commands and files."""
    domain = t.domain()
    for given, form in (("O'Brien", "o'brien"), ("Jo\u0308rg", "jörg"),
                        ("a/b", "a/b"), ("\uff2aoe", "joe")):
        done = ctl(t.shared, "account", "create", "%s@%s" % (given, domain),
                   env=NEW)
        equal((done.returncode, done.stderr), (0, ""), given)
        listed = ctl(t.shared, "account", "list", domain).stdout
        check(re.search("^%s$" % re.escape(form), listed, re.M), listed)
    done = ctl(t.shared, "account", "create", "a\u200bb@" + domain, env=NEW)
    check("illegal account name. character 2" in done.stderr, done.stderr)
    done = ctl(t.shared, "account", "import", "-", "--domain", domain,
               stdin="name,password\nmüller,x1\nMÜLLER,x2\njoe|geheim\n"
               "s\u00b2,x3\no'neill,x4\n")
    equal(done.stderr.count("cannot be an account name"), 2, done.stderr)
    check("geheim" not in done.stderr, done.stderr)
    listed = ctl(t.shared, "account", "list", domain).stdout
    check("müller\n" in listed and "o'neill\n" in listed, listed)
    equal(attr(t.shared.connect().login("MÜLLER@" + domain, "x1"), "userName"),
          "müller@" + domain)


def test_people_see_letters(t):
    """A-labels for programs, U-labels for people."""
    serial = t.domain().split(".")[0]
    domain = "bücher-%s.test" % serial
    label = ("bücher-" + serial).encode("punycode").decode()
    equal(ctl(t.shared, "domain", "create", domain).returncode, 0)
    form = "xn--%s.test" % label
    ctl(t.shared, "account", "create", "joe@" + domain, env=NEW)
    c = t.shared.connect()
    equal(attr(c.login("JOE@" + domain), "userName"), "joe@" + form)
    for args, shown in ((["domain", "list"], "\n%s\n"),
                        (["session", "list"], "joe@%s ")):
        text = "\n" + ctl(t.shared, *args).stdout
        check(shown % domain in text and form not in text, text)
        text = "\n" + ctl(t.shared, "--json", *args).stdout
        check(form in text and domain not in text, text)


# --- nobody else ---

def test_kelvin(t):
    """The sign of Kelvin is a k: the same account, and no other one."""
    user = t.user("k")
    domain = user.split("@")[1]
    c = t.shared.connect()
    equal(attr(c.login("\u212a@" + domain), "userName"), user)
    equal(command(t.shared.admin(), 'CreateAccount "\u212a@%s"' % domain)[0],
          520)


def test_one_throttle_and_one_salt(t):
    """All spellings of a name count as one, there or not."""
    server = t.server(options={"login_free_tries": 3})
    server.account("jörg@" + MAIN)
    for name in ("JÖRG", "jo\u0308rg", "jörg", "J\u00f6RG", "jörg+x"):
        clear_wrong(server, name)
    held = server.connect()
    held.send('<login id="1" userName="jörg@%s" authData="secret"/>' % MAIN)
    server.wait_log("login failed user=jörg@%s " % MAIN)
    for name in ("jörg", "nobodŷ"):
        salts = {salt(server, "%s@%s" % (spelling, MAIN))
                 for spelling in (name, name.upper(),
                                  name.replace("ö", "o\u0308")
                                  .replace("ŷ", "y\u0302"))}
        equal(len(salts), 1, name)


def clear_wrong(server, name):
    c = server.connect()
    c.send('<login id="1" userName="%s@%s" authData="wrong"/>' % (name, MAIN))
    return c


def salt(server, name):
    c = server.connect(source="127.0.0.7")
    c.send('<login id="1" method="SCRAM-SHA-256" value="%s"/>'
           % b64("n,,n=%s,r=abc" % name))
    return dict(f.split("=", 1) for f in
                c.challenge("1").decode().split(","))["s"]


def test_log_has_one_word(t):
    """What can be no name is written without what could be taken for more."""
    server = t.server()
    for name in ("a b user=root", "joe\u202e", "a\"b", "müller"):
        clear_wrong(server, attribute(name))
    server.wait_log("login failed user=a\\?b\\?user=root@%s address=127" % MAIN)
    server.wait_log("login failed user=joe\\?\\?\\?@%s address=127" % MAIN)
    server.wait_log("login failed user=a\\?b@%s address=127" % MAIN)
    server.wait_log("login failed user=müller@%s address=127" % MAIN)


# --- details ---

def test_plus_detail(t):
    """Where the domain says so, name+detail is name, unless something has the
    whole name."""
    domain = t.domain(settings="{PlusDetail=YES;CRAMMD5=YES;}")
    user = t.user("joe", domain)
    t.user("joe+own", domain, password="other")
    t.shared.cli('CreateGroup "joe+group@%s"' % domain)
    t.shared.cli("SetAccountAliases %s (sales)" % user)
    for way in (clear, sasl_plain, scram, cram):
        for name in ("joe+x", "JOE+X+y", "sales+x"):
            equal(by_ximss(t.shared, way)("%s@%s" % (name, domain)), user,
                  name)
        for name in ("joe+own", "joe+group", "ann+x", "+x", "joe-x"):
            equal(by_ximss(t.shared, way)("%s@%s" % (name, domain)), None,
                  name)
    equal(attr(t.shared.connect().login("joe+own@" + domain, "other"),
               "userName"), "joe+own@" + domain)
    # Who administers names the account.
    equal(t.shared.admin().cli_error('GetAccountSettings "joe+x@%s"' % domain),
          513)
    t.shared.cli("UpdateDomainSettings %s {PlusDetail=default;}" % domain)
    equal(by_ximss(t.shared, clear)("joe+x@" + domain), None)
    equal(t.shared.admin().cli_error(
        "UpdateDomainSettings %s {PlusDetail=perhaps;}" % domain), 501)


def test_plus_detail_of_nobody(t):
    """A dummy's salt is the same with a detail, as that of an account is."""
    server = t.server()
    domain = server.domain("d.test", "{PlusDetail=YES;}")
    server.account("joe@" + domain)
    for name in ("joe", "nobody"):
        equal(len({salt(server, "%s%s@%s" % (name, more, domain))
                   for more in ("", "+x", "+y+z")}), 1, name)
    server.cli("UpdateDomainSettings d.test {PlusDetail=NO;}")
    equal(len({salt(server, "nobody%s@%s" % (more, domain))
               for more in ("", "+x")}), 2)


def test_plus_detail_at_the_mail_door(t):
    server = t.server(start=False, **SERVER).open_door().start()
    domain = server.domain("d.test", "{PlusDetail=YES;}")
    server.account("joe@" + domain)
    c = server.mail("joe+x@" + domain)
    equal(attr(c.session, "userName"), "joe@" + domain)


# --- reports of usage ---

def test_quota_reports(t):
    """Of any spelling, and with a detail; never by a path."""
    with tempfile.TemporaryDirectory() as run:
        path = os.path.join(run, "usage.sock")
        server = t.server(options={
            "quota_dict_socket": path,
            "quota_maildir": os.path.join(run, "%d", "%n", "Maildir")})
        domain = server.domain("d.test", "{PlusDetail=YES;}")
        for name in ("jörg", "o'brien", "a/b"):
            server.cli('CreateAccount "%s@%s"' % (name, domain))
        for user, of, used in (
                ("JÖRG", "jörg", 1), ("jo\u0308rg+list", "jörg", 2),
                ("O'Brien", "o'brien", 3), ("\uff41/B", "a/b", 4)):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(path)
                s.sendall(("H3\t2\t0\t\tquota\nB1\t%s@D.test\n"
                           "S1\tpriv/quota/storage\t%d\nC1\n"
                           % (user, used)).encode())
                equal(s.recv(100), b"O1\n")
            wait_until(lambda u=used, n=of: server.cli(
                'GetAccountInfo "%s@%s" Key StorageUsed' % (n, domain))
                == str(u), user)
