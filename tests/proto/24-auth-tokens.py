# SPDX-License-Identifier: BSD-2-Clause
"""Passwords that a real Dovecot knows: in a file of users, by SCRAM, and by tokens
of OAuth 2."""

import base64
import hmac
import json
import os
import re

import ximss
from dovecot import DOMAIN, Dovecot
from ximss import Refused, check, equal, failure, wait_until

WRONG = "incorrect password or account name"
KEY = b"the key of whoever gives the tokens out"

CONFIG = """
service auth {{
  unix_listener ximssd-client {{
    mode = 0666
  }}
}}
auth_failure_delay = 0
auth_mechanisms = plain login scram-sha-256 oauthbearer xoauth2
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {dir}/oauth2.conf
}}
"""
OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=%s/
username_attribute = sub
"""


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(user, key=KEY):
    text = b".".join(base64url(json.dumps(part).encode()) for part in (
        {"alg": "HS256", "typ": "JWT"},
        {"sub": user, "exp": 4102444800, "iat": 0}))
    return (text + b"." + base64url(hmac.digest(key, text, "sha256"))).decode()


def keys(dovecot):
    path = os.path.join(dovecot.dir, "keys", "default", "HS256")
    os.makedirs(path)
    with open(os.path.join(path, "default"), "wb") as f:
        f.write(base64.b64encode(KEY))
    dovecot.write("oauth2.conf", OAUTH2 % os.path.join(dovecot.dir, "keys"))


class World:
    def __init__(self, t):
        self.dovecot = Dovecot(quota=lambda d: CONFIG.format(dir=d.dir))
        keys(self.dovecot)
        for user in ("joe", "ann"):
            self.dovecot.user(user, "")
        self.dovecot.start()
        self.server = t.server({
            "auth": ["store", "dovecot"], "auth_dovecot_socket": os.path.join(
                self.dovecot.dir, "run", "ximssd-client"),
            "auth_timeout": "60s"})
        self.server.domain(DOMAIN)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.dovecot.stop()
        self.dovecot.end()

    def features(self):
        c = self.server.connect()
        c.send('<listFeatures id="f" domain="%s"/>' % DOMAIN)
        got = c.until_response("f")[0]
        c.close()
        return re.findall("<sasl>(.*?)</sasl>", got)

    def bearer(self, user, secret):
        c = self.server.connect()
        c.send('<login id="login" method="OAUTHBEARER" value="%s"/>'
               % ximss.b64("n,a=%s@%s,\1auth=Bearer %s\1\1"
                           % (user, DOMAIN, secret)))
        return c


def test_a_real_dovecot(t):
    with World(t) as w:
        wait_until(lambda: "OAUTHBEARER" in w.features(), "Dovecot is there")
        equal(w.features(), ["LOGIN", "PLAIN", "SCRAM-SHA-256", "OAUTHBEARER",
                             "XOAUTH2"])
        joe, ann = "joe@" + DOMAIN, "ann@" + DOMAIN
        # All at once: what is wrong takes Dovecot longest.
        wrong = {}
        for name in (joe, "nobody@" + DOMAIN):
            c = wrong[name] = w.server.connect()
            c.send('<login id="login" authData="%s" password="wrong"/>' % name)
        c = w.server.connect()
        c.send('<login id="login" method="SCRAM-SHA-256" value="%s"/>'
               % ximss.b64(ximss.Scram(ann, "x").first()))
        c.challenge()
        c.close()
        unknown = w.bearer("ann", token(ann, b"another key"))
        w.server.login(joe, "secret").bye()
        c = w.server.connect()
        c.scram(ann, "secret")
        c.bye()
        c = w.bearer("ann", token(ann))
        c.logged_in("login")
        c.bye()
        check(b"invalid_token" in unknown.challenge(), "the reason")
        unknown.ask('<auth id="login" value="AQ=="/>',
                    failure("login", 515, WRONG))
        answers = {c.expect(failure("login", 515, WRONG))
                   for c in wrong.values()}
        equal(len(answers), 1)
        equal(w.server.cli("ListAccounts " + DOMAIN).count("=macnt"), 2)
