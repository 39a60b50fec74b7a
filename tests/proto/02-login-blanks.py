# SPDX-License-Identifier: BSD-2-Clause
"""Names as people type and paste them: blanks around them do not count, at any
door and in any argument."""

import base64
import hashlib
import hmac
import os
import re
import subprocess
import urllib.parse

from bridge import bridge
from pwd_port import LOGGED_IN, PWD, SEND_PASS, connect, crammed, log_in, parse
from ximss import (attr, attribute, b64, check, ctl, ctl_environment,
                   ctl_program, equal, post_request, response, unescape,
                   wait_until)

SERVER = {"listen_pwd": PWD,
          "options": {"listen_pwd_apop": PWD, "login_free_tries": 100,
                      "trusted_addresses": ["127.0.0.1"]}}
# Blank, tab, no-break space, ideographic space, zero width, the mark of byte
# order, and the directions that some systems put around what is copied.
AROUND = ((" ", " "), ("\t", "\t"), ("\u00a0", "\u3000"), ("\ufeff", "\u200b"),
          ("\u202a", "\u202c"), ("", " "), ("  ", ""))
CRAM = "{CRAMMD5=YES;}"


# SASLprep, which SCRAM demands of clients, forbids tabs and directions.
NOT_PREPARED = ("\t", "\u202a")


def around(name, prepared=False):
    return [before + name + behind for before, behind in AROUND
            if not prepared or before not in NOT_PREPARED]


# --- log-ins ---

def test_in_the_clear(t):
    user = t.user()
    for name in around(user):
        c = t.shared.connect()
        equal(attr(c.login(name), "userName"), user, repr(name))
        c.close()
        c = t.shared.connect()
        c.send('<login id="1" authData="%s" password="secret"/>'
               % attribute(name))
        equal(attr(c.logged_in("1"), "userName"), user, repr(name))
        c.close()


def test_bare_name_and_domain(t):
    name, domain = t.user().split("@")
    for bare, place in zip(around(name), around(domain)):
        c = t.shared.connect()
        c.send('<listFeatures id="f" domain="%s"/>' % attribute(place))
        equal(attr(c.receive(), "domain"), domain)
        c.expect(response("f"))
        equal(attr(c.login(bare, domain=place), "userName"),
              "%s@%s" % (name, domain))
        c.close()


def test_sasl(t):
    user = t.user("joe", t.domain(settings=CRAM))
    for name in around(user, prepared=True):
        c = t.shared.connect()
        equal(attr(c.scram(name), "userName"), user, repr(name))
        c.close()
    for name in around(user):
        for authz in ("", name, user):
            c = t.shared.connect()
            c.send('<login id="1" method="PLAIN" value="%s"/>'
                   % b64("%s\0%s\0secret" % (authz, name)))
            equal(attr(c.logged_in("1"), "userName"), user, repr(name))
            c.close()
        c = t.shared.connect()
        c.send('<login id="1" method="LOGIN"/>')
        c.challenge("1")
        c.send('<auth id="1" value="%s"/>' % b64(name))
        c.challenge("1")
        c.send('<auth id="1" value="%s"/>' % b64("secret"))
        equal(attr(c.logged_in("1"), "userName"), user, repr(name))
        c.close()
        c = t.shared.connect()
        c.send('<login id="1" method="CRAM-MD5"/>')
        c.send('<auth id="1" value="%s"/>'
               % crammed(name, "secret", c.challenge("1")))
        equal(attr(c.logged_in("1"), "userName"), user, repr(name))
        c.close()


def test_pwd_port(t):
    user = t.user("joe", t.domain(settings=CRAM))
    done = ctl(t.shared, "account", "token", "create", user)
    equal(done.returncode, 0, done.stderr)
    token = done.stdout.strip()
    for name in around(user, prepared=True):
        c = connect(t.shared)
        equal(c.auth(name), LOGGED_IN, repr(name))
        c.close()
    for name in around(user):
        c = connect(t.shared)
        c.ask("USER " + name, SEND_PASS)
        c.ask("PASS secret", LOGGED_IN)
        c.close()
        c = connect(t.shared)
        c.ask("AUTH PLAIN " + b64("\0%s\0secret" % name), LOGGED_IN)
        c.close()
        c = connect(t.shared)
        c.say("AUTH CRAM-MD5")
        c.ask(crammed(name, "secret", c.challenged()), LOGGED_IN)
        c.close()
        c = connect(t.shared, greet=False, kind="pwd-apop")
        challenge = re.search(r"<[^<>]*@[^<>]*>$", c.receive()).group(0)
        c.ask('APOP "%s" %s' % (name, hashlib.md5(
            (challenge + token).encode()).hexdigest()), LOGGED_IN)
        c.close()


def test_web(t):
    user = t.user("joe", t.domain(settings=CRAM))
    b = bridge(t)
    for name in around(user):
        form = urllib.parse.urlencode({"userName": name, "password": "secret"})
        reply = b.ask("POST", "/XIMSSLogin/", form)
        check('userName="%s"' % user in reply.text, repr(name) + reply.text)
        basic = base64.b64encode(("%s:secret" % name).encode()).decode()
        reply = b.ask("GET", "/XIMSSLogin/",
                      headers=[("Authorization", "Basic " + basic)])
        check('userName="%s"' % user in reply.text, repr(name) + reply.text)
        reply = b.ask("POST", "/XIMSSLogin/?userName="
                      + urllib.parse.quote(name),
                      '<XIMSS><listFeatures id="1"/></XIMSS>')
        check("<sasl>CRAM-MD5</sasl>" in reply.text, reply.text)
        nonce = unescape(re.search("<nonce>([^<]+)</nonce>",
                                   reply.text).group(1))
        digest = hmac.new(b"secret", nonce.encode(), hashlib.md5).hexdigest()
        form = urllib.parse.urlencode({"userName": name, "nonce": nonce,
                                       "authData": b64(digest)})
        reply = b.ask("POST", "/XIMSSLogin/", form)
        check('userName="%s"' % user in reply.text, repr(name) + reply.text)


def test_clients(t):
    user = t.user()
    port = str(t.shared.ports()[0][-1])
    for name in around(user):
        done = subprocess.run(
            [ctl_program(), "--host", "127.0.0.1", "--port", port, "--tls",
             "none", "--user", name, "cli", "GetAccountSettings *"],
            capture_output=True, text=True, check=False,
            env=ctl_environment(t.shared, {"XIMSS_PASSWORD": "secret"}))
        equal((done.returncode, done.stdout), (0, "{RealName=Joe;}\n"),
              done.stderr)


def test_failures_are_counted_by_the_name_itself(t):
    user = t.user()
    since = len(t.shared.lines)
    for name in around(user):
        c = t.shared.connect()
        c.send('<login id="1" userName="%s" authData="wrong"/>'
               % attribute(name))
        check(attr(c.receive(), "errorNum") == "515", name)
        c.close()
    wait_until(lambda: sum("login failed user=%s " % user in line
                           for line in t.shared.lines[since:])
               == len(AROUND), "the log's lines")


def test_blanks_within_a_name_count(t):
    user = t.user()
    for name in (user.replace("@", " @"), user.replace("@", "@ "),
                 "j\u200boe@" + user.split("@")[1]):
        c = t.shared.connect()
        c.send('<login id="1" userName="%s" authData="secret"/>'
               % attribute(name))
        equal(attr(c.receive(), "errorNum"), "515", repr(name))
        c.close()


# --- administration ---

def quoted(name):
    return '"%s"' % name.replace("\t", "\\t")


def test_arguments_of_commands(t):
    c = log_in(t.shared)
    domain = t.domain()
    for i, name in enumerate(around("ann@" + domain)):
        c.do("CreateAccount %s {RealName=Ann;}" % quoted(name))
        equal(c.do("GetAccountSettings %s" % quoted(name)),
              {"RealName": "Ann"})
        c.do('SetAccountAliases %s (%s)' % (quoted(name),
                                            quoted(around("also")[i])))
        equal(c.do("GetAccountAliases ann@" + domain), ["also"])
        equal(c.do("ListAccounts %s" % quoted(around(domain)[i])),
              {"ann": "macnt"})
        c.do("PostAccountAlert %s ALERT x" % quoted(name))
        c.do("RenameAccount %s INTO %s"
             % (quoted(name), quoted(around("bob@" + domain)[i])))
        c.do("DeleteAccount bob@" + domain)
        place = "more%d.%s" % (i, domain)
        c.do("CreateDomain %s" % quoted(around(place)[i]))
        c.do("RenameDomain %s INTO %s" % (quoted(around(place)[i]),
                                          quoted(around("x" + place)[i])))
        c.do("SetDomainAliases x%s (%s)" % (place, quoted(around(place)[i])))
        equal(c.do("GetDomainAliases " + place), [place])
        c.do("DeleteDomain %s" % quoted(around("x" + place)[i]))
        group, away = "g%d@%s" % (i, domain), "f%d@%s" % (i, domain)
        c.do("CreateGroup %s {}" % quoted(around(group)[i]))
        c.do("RenameGroup %s INTO %s" % (quoted(around(group)[i]),
                                         quoted(around("x" + group)[i])))
        c.do("DeleteGroup x" + group)
        c.do("CreateForwarder %s TO %s" % (quoted(around(away)[i]),
                                           quoted(around("a@b.test")[i])))
        equal(c.do("GetForwarder " + away), "a@b.test")
        equal(c.do("GetAccountSettings %s" % quoted(around("*")[i])),
              c.do("GetAccountSettings *"))


def test_targets_of_alerts(t):
    user = t.user()
    admin = t.shared.admin()
    for name, place in zip(around(user), around(user.split("@")[1])):
        admin.ask(post_request("1", "x", "account", target=name, test="yes"),
                  '<alertPosted id="1" sessions="0" accounts="1"/>',
                  response("1"))
        admin.ask(post_request("1", "x", "domain", target=place, test="yes"),
                  '<alertPosted id="1" sessions="0" accounts="1"/>',
                  response("1"))
        equal(admin.reports(scope="domain", target=place), [])


def test_files(t):
    domain = t.domain()
    path = os.path.join(t.shared.dir, t.prefix + "file")
    for i, name in enumerate(around("n%d" % 1)):
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(" name , password , real name\n%s,pw,N\n"
                    % name.replace("n1", "n%d" % i))
        done = ctl(t.shared, "account", "import", "--domain",
                   around(domain)[i], path)
        equal((done.returncode, done.stdout, done.stderr),
              (0, "1 created, 0 existed already, 0 refused\n", ""))
        equal(t.shared.cli("GetAccountSettings n%d@%s" % (i, domain)),
              "{RealName=N;}")
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write("%s\u00a0,7\n" % ("n%d@%s" % (i, domain)))
        done = ctl(t.shared, "quota", "import", path)
        equal((done.returncode, done.stderr), (0, ""))
    equal(len(parse(t.shared.cli("ListAccounts " + domain))), len(AROUND))
