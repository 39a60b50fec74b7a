# SPDX-License-Identifier: BSD-2-Clause
"""SASL: SCRAM-SHA-256, PLAIN, LOGIN, CRAM-MD5, cancelling, nonsense."""

import hashlib
import hmac

from ximss import (Refused, attr, b64, check, equal, failure, response)

WRONG = "incorrect password or account name"


def plain(c, user, password, id_="1", authz="", form="value", initial=True):
    value = b64("%s\0%s\0%s" % (authz, user, password))
    if initial:
        c.send('<login id="%s" method="PLAIN" %s="%s"/>' % (id_, form, value))
    else:
        c.send('<login id="%s" method="PLAIN"/>' % id_)
        equal(c.challenge(id_), b"")
        c.send('<auth id="%s" %s="%s"/>' % (id_, form, value))


def test_plain(t):
    user = t.user()
    for form in ("value", "authData"):
        for initial in (True, False):
            c = t.shared.connect()
            plain(c, user, "secret", form=form, initial=initial)
            equal(attr(c.logged_in("1"), "userName"), user)
            c.close()


def test_plain_in_small_letters(t):
    user = t.user()
    c = t.shared.connect()
    c.send('<login id="1" method="plain" value="%s"/>'
           % b64("\0%s\0secret" % user))
    c.logged_in("1")


def test_plain_with_its_own_name_as_authorization(t):
    user = t.user()
    c = t.shared.connect()
    plain(c, user, "secret", authz=user)
    c.logged_in("1")


def test_plain_for_somebody_else(t):
    domain = t.domain()
    joe, ann = t.user("joe", domain), t.user("ann", domain)
    c = t.shared.connect()
    plain(c, joe, "secret", authz=ann)
    got = c.receive()
    check(attr(got, "errorNum") is not None, got)


def test_plain_wrong(t):
    user = t.user()
    for name, password in ((user, "wrong"), ("nobody@" + user.split("@")[1],
                                             "secret"), (user, "")):
        c = t.shared.connect()
        plain(c, name, password)
        got = c.receive()
        check(attr(got, "errorNum") in ("515", "501"), got)
        c.login(user, id_="2")


def test_login(t):
    user = t.user()
    c = t.shared.connect()
    c.send('<login id="x" method="LOGIN"/>')
    check(c.challenge("x").lower().startswith(b"user"), "first challenge")
    c.send('<auth id="x" value="%s"/>' % b64(user))
    check(c.challenge("x").lower().startswith(b"pass"), "second challenge")
    c.send('<auth id="x" value="%s"/>' % b64("secret"))
    equal(attr(c.logged_in("x"), "userName"), user)


def test_login_with_initial_response(t):
    user = t.user()
    c = t.shared.connect()
    c.send('<login id="x" method="LOGIN" value="%s"/>' % b64(user))
    check(c.challenge("x").lower().startswith(b"pass"), "challenge")
    c.send('<auth id="x" authData="%s"/>' % b64("secret"))
    c.logged_in("x")


def test_login_wrong(t):
    user = t.user()
    c = t.shared.connect()
    c.send('<login id="x" method="LOGIN"/>')
    c.challenge("x")
    c.send('<auth id="x" value="%s"/>' % b64(user))
    c.challenge("x")
    c.ask('<auth id="x" value="%s"/>' % b64("wrong"),
          failure("x", 515, WRONG))
    c.login(user, id_="2")


def test_scram(t):
    user = t.user()
    for initial in (True, False):
        for header in ("n,,", "y,,"):
            c = t.shared.connect()
            session = c.scram(user, initial=initial, header=header)
            equal(attr(session, "userName"), user)
            c.quiet()
            c.close()


def test_scram_bare_name_with_domain_attribute(t):
    user = t.user()
    name, domain = user.split("@")
    equal(attr(t.shared.connect().scram(name, domain=domain), "userName"),
          user)


def scram_refused(t, user, password):
    c = t.shared.connect()
    try:
        c.scram(user, password, id_="s")
    except Refused as refused:
        equal(refused.answer, failure("s", 515, WRONG))
        c.ask('<noop id="n"/>', response("n"))
        return dict(f.split("=", 1)
                    for f in refused.server_first.split(","))
    raise AssertionError("let in")


def test_scram_unknown_names_look_like_known_ones(t):
    user = t.user()
    domain = user.split("@")[1]
    known = scram_refused(t, user, "wrong")
    for name in ("nobody@" + domain, "joe@nowhere.test"):
        first = scram_refused(t, name, "secret")
        again = scram_refused(t, name.upper(), "other")
        equal(first["i"], known["i"], "iterations")
        equal(first["s"], again["s"], "salt of an unknown name")
        equal(len(first["s"]), len(known["s"]), "length of the salt")
        equal(len(first["r"]), len(known["r"]), "length of the nonce")
    check(scram_refused(t, "nobody@" + domain, "x")["s"]
          != scram_refused(t, "nobody2@" + domain, "x")["s"],
          "the same salt for two names")


def test_scram_salt_of_unknown_names_outlives_a_restart(t):
    server = t.server()

    def salt():
        c = server.connect()
        try:
            c.scram("nobody", "x")
        except Refused as refused:
            return refused.server_first.split("s=")[1].split(",")[0]
        return None
    before = salt()
    server.restart()
    equal(salt(), before)


def test_scram_nonsense(t):
    user = t.user()
    for first in ("", "n,,", "n,,n=,r=x", "n,,n=joe", "p=tls-unique,,n=%s,r=x"
                  % user, "n,a=ann,n=%s,r=x" % user, "x" * 5000,
                  "n,,m=ext,n=%s,r=x" % user, "n,,n=%s,r=" % user,
                  "\0\0", "n,,n=a=b,r=x"):
        c = t.shared.connect()
        c.send('<login id="1" method="SCRAM-SHA-256" value="%s"/>'
               % b64(first))
        for _ in range(2):
            got = c.receive()
            if got.startswith("<response"):
                break
            c.send('<auth id="1" value="%s"/>' % b64("c=biws,r=x,p=AAAA"))
        check(attr(got, "errorNum") in ("515", "501"), "%r %s" % (first, got))
        c.ask('<noop id="2"/>', response("2"))
        c.close()


def test_scram_final_nonsense(t):
    user = t.user()
    for final in ("", "c=biws", "c=biws,r=x,p=", "c=biws,r=NONCE",
                  "c=biws,r=NONCE,p=", "c=biws,r=NONCE,p=AAAA",
                  "c=eSws,r=NONCE,p=" + b64("x" * 32),
                  "c=biws,r=NONCEx,p=" + b64("x" * 32),
                  "c=biws,r=NONCE,p=" + b64("\0" * 32)):
        c = t.shared.connect()
        c.send('<login id="1" method="SCRAM-SHA-256" value="%s"/>'
               % b64("n,,n=%s,r=abc" % user))
        nonce = c.challenge("1").decode().split(",")[0][2:]
        c.send('<auth id="1" value="%s"/>'
               % b64(final.replace("NONCE", nonce)))
        got = c.receive()
        check(attr(got, "errorNum") in ("515", "501"), "%r %s" % (final, got))
        c.login(user, id_="2")
        c.close()


def test_cancel(t):
    user = t.user()
    for method in ("SCRAM-SHA-256", "LOGIN", "PLAIN"):
        c = t.shared.connect()
        c.send('<login id="1" method="%s"/>' % method)
        c.challenge("1")
        c.send('<auth id="1" value="*"/>')
        got = c.receive()
        check(attr(got, "id") == "1" and attr(got, "errorNum"), got)
        c.login(user, id_="2")
        c.close()


def test_unknown_methods(t):
    c = t.shared.connect()
    for method in ("GSSAPI", "DIGEST-MD5", "ANONYMOUS", "NTLM", "",
                   "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "X" * 3000):
        c.send('<login id="1" method="%s"/>' % method)
        got = c.receive()
        check(attr(got, "errorNum") in ("527", "501"), method + " " + got)
    c.ask('<noop id="2"/>', response("2"))


def test_auth_without_log_in(t):
    c = t.shared.connect()
    c.send('<auth id="1" value="AAAA"/>')
    got = c.receive()
    check(attr(got, "errorNum") is not None, got)
    c.ask('<noop id="2"/>', response("2"))


def test_not_base64(t):
    for value in ("!", "A", "AA=A", "ÄÄÄÄ", "AAAA\n!"):
        c = t.shared.connect()
        c.send('<login id="1" method="PLAIN" value="%s"/>' % value)
        got = c.receive()
        check(attr(got, "errorNum") is not None, got)
        c.ask('<noop id="2"/>', response("2"))


def test_new_log_in_in_the_middle(t):
    """A second login ends the first exchange or is refused; never both."""
    user = t.user()
    c = t.shared.connect()
    c.send('<login id="1" method="LOGIN"/>')
    c.challenge("1")
    c.send('<login id="2" userName="%s" authData="secret"/>' % user)
    got = c.receive()
    if got.startswith("<response"):
        check(attr(got, "errorNum") is not None, got)
    else:
        check(got.startswith("<session "), got)


def test_requests_in_the_middle_are_answered(t):
    user = t.user()
    c = t.shared.connect()
    c.send('<login id="1" method="LOGIN"/>')
    c.challenge("1")
    c.ask('<noop id="2"/>', response("2"))
    c.send('<auth id="1" value="%s"/>' % b64(user))
    c.challenge("1")
    c.send('<auth id="1" value="%s"/>' % b64("secret"))
    c.logged_in("1")


# --- CRAM-MD5 ---

def cram_user(t):
    domain = t.domain(settings="{CRAMMD5=YES;}")
    return t.user("joe", domain)


def cram(c, user, password="secret", id_="login", glued=False, domain=None):
    c.send('<login method="CRAM-MD5" id="%s"%s/>' % (
        id_, ' domain="%s"' % domain if domain else ""))
    challenge = c.challenge(id_)
    check(challenge.startswith(b"<") and challenge.endswith(b">")
          and b"@" in challenge, "challenge %r" % challenge)
    digest = hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()
    value = b64(user + " ") + b64(digest) if glued \
        else b64("%s %s" % (user, digest))
    c.send('<auth id="%s" value="%s"/>' % (id_, value))
    return challenge


def test_cram_md5(t):
    user = cram_user(t)
    domain = user.split("@")[1]
    c = t.shared.connect()
    c.send('<listFeatures id="1" domain="%s"/>' % domain)
    check("<sasl>CRAM-MD5</sasl>" in c.receive(), "not offered")
    c.expect(response("1"))
    cram(c, user, domain=domain)
    equal(attr(c.logged_in("login"), "userName"), user)


def test_cram_md5_glued_base64(t):
    """An old client sends two base64 texts one behind the other."""
    for name in ("joe", "joes", "joess"):
        domain = t.domain(settings="{CRAMMD5=YES;}")
        user = t.user(name, domain)
        c = t.shared.connect()
        cram(c, user, glued=True, domain=domain)
        c.logged_in("login")
        c.close()


def test_cram_md5_wrong(t):
    user = cram_user(t)
    domain = user.split("@")[1]
    for name, password in ((user, "wrong"), ("nobody@" + domain, "secret")):
        c = t.shared.connect()
        cram(c, name, password, domain=domain)
        c.expect(failure("login", 515, WRONG))
        c.login(user, id_="2")


def test_cram_md5_challenges_differ(t):
    user = cram_user(t)
    domain = user.split("@")[1]
    seen = set()
    for _ in range(20):
        c = t.shared.connect()
        seen.add(cram(c, user, domain=domain))
        c.close()
    equal(len(seen), 20)


def test_cram_md5_only_for_passwords_set_since(t):
    domain = t.domain()
    user = t.user("joe", domain)
    t.shared.cli("UpdateDomainSettings %s {CRAMMD5=YES;}" % domain)
    c = t.shared.connect()
    cram(c, user, domain=domain)
    c.expect(failure("login", 515, WRONG))
    t.shared.cli("SetAccountPassword %s PASSWORD secret" % user)
    c = t.shared.connect()
    cram(c, user, domain=domain)
    c.logged_in("login")


def cram_works(t, user, password="secret"):
    c = t.connect()
    cram(c, user, password, domain=user.split("@")[1])
    got = c.receive()
    c.close()
    return got.startswith("<session ")


def test_cram_md5_of_older_passwords(t):
    """What it needs is kept at the next log-in in clear."""
    domain = t.domain()
    users = [t.user(name, domain) for name in ("joe", "ann", "bob")]
    for user in users:
        t.shared.login(user).close()  # and remembered
    t.shared.cli("UpdateDomainSettings %s {CRAMMD5=YES;}" % domain)
    equal([cram_works(t.shared, user) for user in users], [False] * 3)
    t.shared.login(users[0]).close()
    c = t.shared.connect()
    plain(c, users[1], "secret")
    c.logged_in("1")
    c = t.shared.connect()
    c.send('<login id="1" userName="%s" authData="wrong"/>' % users[2])
    c.expect(failure("1", 515))
    equal([cram_works(t.shared, user) for user in users], [True, True, False])
    t.shared.cli("UpdateDomainSettings %s {City=Bonn;CRAMMD5=NO;}" % domain)
    equal([cram_works(t.shared, user) for user in users], [False] * 3)
    t.shared.login(users[0]).close()
    t.shared.cli("UpdateDomainSettings %s {CRAMMD5=YES;}" % domain)
    equal([cram_works(t.shared, user) for user in users],
          [False, True, False])
    t.shared.login(users[0]).close()
    check(cram_works(t.shared, users[0]), "not kept again")


def test_cram_md5_by_the_defaults_of_domains(t):
    server = t.server()
    user = server.account("joe@" + server.domain("late.test"))
    server.login(user).close()
    server.cli("SetDomainDefaults {CRAMMD5=YES;}")
    check(not cram_works(server, user), "how?")
    server.login(user).close()
    check(cram_works(server, user), "not kept")


def test_cram_md5_switched_off_again(t):
    user = cram_user(t)
    domain = user.split("@")[1]
    t.shared.cli("UpdateDomainSettings %s {CRAMMD5=NO;}" % domain)
    c = t.shared.connect()
    c.send('<listFeatures id="1" domain="%s"/>' % domain)
    check("CRAM-MD5" not in c.receive(), "offered")
    c.expect(response("1"))
    c.send('<login method="CRAM-MD5" id="1" domain="%s"/>' % domain)
    got = c.receive()
    if got.startswith("<challenge "):
        c.send('<auth id="1" value="%s"/>' % b64(user + " " + "0" * 32))
        got = c.receive()
    check(attr(got, "errorNum") in ("527", "515"), got)


def answered(c, user, nonce, password="secret"):
    """CRAM-MD5 with a challenge that the caller claims to have given out."""
    text = hmac.new(password.encode(), nonce.encode(), "md5").hexdigest()
    c.send('<login id="c" method="CRAM-MD5" nonce="%s" userName="%s" '
           'value="%s"/>' % (nonce, user, b64(text)))


def test_cram_challenge_of_a_proxy(t):
    user = t.shared.account("joe@" + t.domain(settings="{CRAMMD5=YES;}"))
    c = t.shared.control()
    answered(c, user, "1.2@proxy", "wrong")
    c.expect(failure("c", 515, WRONG))
    for value in ("!", ""):
        c.ask('<login id="m" method="CRAM-MD5" nonce="x" userName="%s" '
              'value="%s"/>' % (user, value), failure(
                  "m", 501 if value else 515))
    c.ask('<login id="m" method="CRAM-MD5" nonce="x" value="eA=="/>',
          failure("m", 501, "userName is missing"))
    answered(c, user, "1.2@proxy")
    equal(attr(c.logged_in("c"), "userName"), user)


def test_cram_challenge_of_nobody(t):
    user = t.shared.account("joe@" + t.domain(settings="{CRAMMD5=YES;}"))
    c = t.shared.connect()
    answered(c, user, "1.2@proxy")
    c.expect(failure("c", 501))


def test_cram_challenge_of_a_trusted_address(t):
    server = t.server({"trusted_addresses": ["127.0.0.1"]})
    user = server.account("joe@" + server.domain("cram.test",
                                                 "{CRAMMD5=YES;}"))
    c = server.connect()
    answered(c, user, "1.2@proxy")
    equal(attr(c.logged_in("c"), "userName"), user)
    plain_user = server.account("ann@" + server.domain("plain.test"))
    c = server.connect()
    answered(c, plain_user, "1.2@proxy")
    c.expect(failure("c", 515, WRONG))
