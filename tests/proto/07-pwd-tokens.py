# SPDX-License-Identifier: BSD-2-Clause
"""CLI tokens, and the clients that know no log-in but APOP."""

import hashlib
import json
import os
import re
import select
import stat
import subprocess

from pwd_port import LOGGED_IN, PWD, connect, crammed, log_in
from ximss import (DEADLINE, HERE, MAIN, MASTER_PASSWORD, PASSWORD, Failed,
                   Refused, b64, check, ctl, equal, failure, match)

ADMIN = "postmaster@" + MAIN
SERVER = {"listen_pwd": PWD, "options": {
    "listen_pwd_apop": PWD, "login_free_tries": 100,
    "login_address_free_tries": 1000}}
WRONG = "515 incorrect password or account name"


def own_server(t, **options):
    return t.server(options=dict(options, listen_pwd_apop=PWD))


def said(c, line):
    c.say(line)
    return c.receive()


def token(server, account=ADMIN, *more):
    """A new token's secret."""
    done = ctl(server, "account", "token", "create", account, *more)
    equal(done.returncode, 0, done.stderr)
    check(re.fullmatch(r"[A-Za-z0-9]{40}\n", done.stdout), done.stdout)
    return done.stdout.strip()


def greeted(server, kind="pwd-apop"):
    """A connection and the challenge of its greeting."""
    c = connect(server, greet=False, kind=kind)
    line = c.receive()
    found = re.search(r"<[^<>]*@[^<>]*>$", line)
    return c, found.group(0) if found else None


def digest(challenge, secret):
    return hashlib.md5((challenge + secret).encode()).hexdigest()


def apop(server, secret, name="postmaster"):
    c, challenge = greeted(server)
    return c, said(c, "APOP %s %s" % (name, digest(challenge, secret)))


def works(server, secret, name="postmaster"):
    c, got = apop(server, secret, name)
    c.close()
    if got not in (LOGGED_IN,):
        check(got.startswith("515 "), got)
    return got == LOGGED_IN


def run(server, program, *args):
    done = subprocess.run(
        program + [str(server.ports("pwd-apop")[0][1])] + list(args),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=DEADLINE * 2)
    return done.returncode, done.stdout + done.stderr


CLIENTS = (["perl", os.path.join(HERE, "pwd_apop.pl")],
           ["bash", os.path.join(HERE, "pwd_apop.sh")])


def test_clients_of_each_kind_do_an_administrator_s_day(t):
    secret = token(t.shared)
    python = ["python3", os.path.join(HERE, "pwd_apop.py")]
    days = [run(t.shared, client, "postmaster", secret) for client in CLIENTS]
    days += [run(t.shared, python, ADMIN, secret, how)
             for how in ("java", "panel", "php")]
    for status, said in days:
        match(re.sub(r"\{[^}]*\}", "{}", said), LOGGED_IN + "\n"
              "200 OK\n201 (…)\n200 OK\n201 {}\n200 OK\n200 OK\n"
              "200 ximssd PWD connection closed\n")
        equal(status, 0, said)
    for client in CLIENTS:
        status, said = run(t.shared, client, "postmaster", MASTER_PASSWORD)
        check(status != 0 and said.startswith("515 "), said)


def test_perl_falls_back_where_there_is_no_challenge(t):
    done = subprocess.run(
        ["perl", os.path.join(HERE, "pwd_apop.pl"),
         str(t.shared.ports("pwd")[0][1]), "postmaster", MASTER_PASSWORD],
        capture_output=True, text=True, check=False, timeout=DEADLINE * 2)
    check(done.returncode == 0 and "300 please send" in done.stdout,
          done.stdout + done.stderr)


def test_greeting(t):
    seen = set()
    for _ in range(20):
        c = connect(t.shared, greet=False, kind="pwd-apop")
        line = c.receive()
        check(re.fullmatch(r"200 [\w.-]+ ximssd PWD Server [\w.]+ ready "
                           r"<\d+\.\d+@%s>" % re.escape(MAIN), line), line)
        seen.add(line)
        c.close()
    equal(len(seen), 20)
    equal(greeted(t.shared, "pwd")[1], None)


def test_vector(t):
    equal(digest("<1.1381912847@mymac.ru>", "secret"),
          "8ab1e827b6d18e2f300c6352d9c5e30f")


def test_any_mechanism_of_the_port(t):
    domain = t.domain()
    user = t.user("joe", domain)
    secret = token(t.shared, user)
    for kind in ("pwd", "pwd-apop"):
        c = greeted(t.shared, kind)[0]
        said(c, "USER " + user)
        equal(said(c, "PASS " + secret), LOGGED_IN)
        c = greeted(t.shared, kind)[0]
        equal(said(c, "AUTH WEBUSER %s %s" % (user, secret)), LOGGED_IN)
        c = greeted(t.shared, kind)[0]
        equal(said(c, "AUTH PLAIN " + b64("\0%s\0%s" % (user, secret))),
              LOGGED_IN)
        c = greeted(t.shared, kind)[0]
        said(c, "AUTH LOGIN")
        said(c, b64(user))
        equal(said(c, b64(secret)), LOGGED_IN)
        c = greeted(t.shared, kind)[0]
        c.say("AUTH CRAM-MD5")
        equal(said(c, crammed(user, secret, c.challenged())), LOGGED_IN)
        for initial in (True, False):
            c = greeted(t.shared, kind)[0]
            equal(c.auth(user, secret, initial=initial), LOGGED_IN)
            c.in_step()
    c = greeted(t.shared)[0]
    said(c, "USER " + user)
    equal(said(c, "PASS secret"), LOGGED_IN)


def test_scram_with_each_secret_of_an_account(t):
    """One salt is told; any of the secrets may be what was proved."""
    domain = t.domain()
    user = t.user("joe", domain)
    t.shared.cli("SetAccountAliases %s (tony)" % user)
    secrets = [token_by_cli(t.shared, user, "t-%d" % i) for i in range(4)]

    def by(secret, name=user):
        c = greeted(t.shared)[0]
        got = c.auth(name, secret)
        c.close()
        return got

    for name in (user, "tony@" + domain):
        for secret in secrets + [PASSWORD]:
            equal(by(secret, name), LOGGED_IN, name)
        equal(by(secrets[0][:-1], name), WRONG, name)
    t.shared.wait_log("session begin .*method=SCRAM-SHA-256 .*token=t-3")
    other = t.user("ann", domain)
    equal(by(secrets[0], other), WRONG)
    t.shared.cli("RevokeAccountToken %s NAME t-1" % user)
    equal([by(s) for s in secrets], [LOGGED_IN, WRONG, LOGGED_IN, LOGGED_IN])
    t.shared.cli("SuspendDomain " + domain)
    equal(by(secrets[0]), WRONG)
    t.shared.cli("ResumeDomain " + domain)
    # An account without a password, and a token that ends.
    t.shared.cli("CreateAccount bare@" + domain)
    secret = token_by_cli(t.shared, "bare@" + domain, "only")
    equal(by(secret, "bare@" + domain), LOGGED_IN)
    c = greeted(t.shared)[0]
    equal(c.auth("bare@" + domain, secret), LOGGED_IN)
    t.shared.cli("RevokeAccountToken bare@%s NAME only" % domain)
    c.expect_closed()


def test_good_for_nothing_else(t):
    user = t.user()
    secret = token(t.shared, user)
    try:
        t.shared.connect().scram(user, secret)
        raise Failed("SCRAM")
    except Refused as refused:
        check("515" in str(refused), refused)
    c = t.shared.connect()
    c.ask('<login id="1" userName="%s" authData="%s"/>' % (user, secret),
          failure("1", 515))
    c.ask('<login id="1" method="PLAIN" value="%s"/>'
          % b64("\0%s\0%s" % (user, secret)), failure("1", 515))
    equal(t.shared.admin().cli_error("VerifyAccountPassword %s PASSWORD %s"
                                     % (user, secret)), 515)


def test_wrong(t):
    user = t.user()
    secret = token(t.shared, user)
    other = token(t.shared)
    for name, word in ((user, other), (user, secret[:-1]), (user, ""),
                       (user, secret.lower()), ("nobody@" + MAIN, secret),
                       (ADMIN, secret), ("x" * 300, secret)):
        check(not works(t.shared, word, name), name)
    c, challenge = greeted(t.shared)
    for bad in ("", "0" * 32, digest(challenge, secret)[:-1],
                digest("<1.2@x>", secret), "x" * 5000):
        got = said(c, "APOP %s %s" % (user, bad))
        check(got.startswith("515 " if bad else "501 "), got)
    # After failures it may be tried again, on this connection alone.
    right = digest(challenge, secret)
    equal(said(greeted(t.shared)[0], "APOP %s %s" % (user, right)), WRONG)
    equal(said(c, 'APOP "%s" %s' % (user, right.upper())), LOGGED_IN)
    c = greeted(t.shared, "pwd")[0]
    check(said(c, "APOP %s %s" % (user, right)).startswith("501 "), "offered")


def test_throttled(t):
    own = own_server(t, login_free_tries=2, login_delay="30s",
                     login_max_delay="30s")
    secret = token(own)
    for _ in range(3):
        c, challenge = greeted(own)
        c.say("APOP postmaster " + digest(challenge, "wrong"))
        own.wait_log("login failed user=%s .*method=APOP reason=password"
                     % re.escape(ADMIN))
    equal(c.receive(), WRONG)
    c, challenge = greeted(own)
    c.say("APOP postmaster " + digest(challenge, secret))
    own.cli("Noop")
    check(not select.select([c.sock], [], [], 0)[0], "not held up")
    own.clock(31)
    check(works(own, secret), "for ever")


def test_revoked_at_once(t):
    user = t.user()
    first = token(t.shared, user, "--name", "first")
    second = token(t.shared, user, "--name", "Second")
    c, got = apop(t.shared, first, user)
    d, got = apop(t.shared, second, user)
    equal(got, LOGGED_IN)
    equal(ctl(t.shared, "account", "token", "revoke", user, "--name",
              "FIRST").returncode, 0)
    c.expect_closed()
    check(said(d, "Noop") == "200 OK", "the wrong one")
    check(not works(t.shared, first, user), "goes on")
    check(works(t.shared, second, user), "the wrong one")
    done = ctl(t.shared, "account", "token", "revoke", user, "--name", "first")
    check(done.returncode == 9 and "token is not found" in done.stderr,
          done.stderr)


def test_expires(t):
    own = own_server(t)
    secret = token(own, ADMIN, "--expires", "+2m")
    c, got = apop(own, secret)
    equal(got, LOGGED_IN)
    own.clock(130)
    check(said(c, "Noop").startswith("515 "), "goes on")
    c.expect_closed()
    check(not works(own, secret), "expired")
    for bad in ("1999-01-01", "yesterday", "+0d"):
        done = ctl(own, "account", "token", "create", ADMIN, "--expires",
                   bad)
        check(done.returncode != 0 and done.stderr, bad)
    check(works(own, token(own, ADMIN, "--expires", "never")), "never")
    check(works(own, token(own, ADMIN, "--expires", "2090-01-01")), "day")


def test_list(t):
    user = t.user()
    equal(ctl(t.shared, "--json", "account", "token", "list", user).stdout,
          "{}\n")
    token(t.shared, user)
    token(t.shared, user, "--name", "backup", "--expires", "+30d")
    done = ctl(t.shared, "account", "token", "list", user)
    rows = [line.split() for line in done.stdout.splitlines()]
    equal(rows[0], ["NAME", "CREATED", "EXPIRES", "BY"])
    equal([row[0] for row in rows[1:]], ["backup", "token-1"])
    me = "root" if os.getuid() == 0 else "user %d" % os.getuid()
    equal(" ".join(rows[2][4:]), "%s on this machine" % me)
    found = json.loads(ctl(t.shared, "--json", "account", "token", "list",
                           user).stdout)
    equal(sorted(found["backup"]), ["Author", "Created", "Expires"])
    made = json.loads(ctl(t.shared, "--json", "account", "token", "create",
                          user).stdout)
    equal((made["Name"], made["Expires"], len(made["Secret"])),
          ("token-2", "never", 40))
    check(made["Secret"] not in t.shared.cli("ListAccountTokens " + user),
          "shown again")


def test_as_many_as_may_be(t):
    own = own_server(t, **{"max_account_tokens": 3})
    secrets = [token(own) for _ in range(3)]
    equal([works(own, secret) for secret in secrets], [True] * 3)
    done = ctl(own, "account", "token", "create", ADMIN)
    check(done.returncode == 1 and "has 3 tokens already" in done.stderr,
          done.stderr)
    ctl(own, "account", "token", "revoke", ADMIN, "--name", "token-2")
    token(own)


def test_names(t):
    user = t.user()
    token(t.shared, user, "--name", "a.b_c@d-1" + "x" * 55)
    for bad in ("", "a b", "\u00e4", "x" * 65, "a.b_c@d-1" + "X" * 55):
        done = ctl(t.shared, "account", "token", "create", user, "--name", bad)
        check(done.returncode != 0, bad)


def test_what_becomes_of_the_account(t):
    domain = t.domain()
    user = t.user("joe", domain)
    secret = token(t.shared, user)
    t.shared.cli("RenameAccount %s INTO ann@%s" % (user, domain))
    check(not works(t.shared, secret, user), "by the old name")
    check(works(t.shared, secret, "ann@" + domain), "by the new one")
    t.shared.cli("SetAccountPassword ann@%s PASSWORD other" % domain)
    check(works(t.shared, secret, "ann@" + domain), "a new password")
    t.shared.cli("SetAccountAliases ann@%s (tony)" % domain)
    check(works(t.shared, secret, "tony@" + domain), "by an alias")
    t.shared.cli("SuspendDomain " + domain)
    check(not works(t.shared, secret, "ann@" + domain), "suspended")
    t.shared.cli("ResumeDomain " + domain)
    c, got = apop(t.shared, secret, "ann@" + domain)
    t.shared.cli("DeleteAccount ann@" + domain)
    c.expect_closed()
    t.shared.cli("CreateAccount ann@" + domain)
    check(not works(t.shared, secret, "ann@" + domain), "of another")
    check(works(t.shared, token(t.shared, "ann@" + domain), "ann@" + domain),
          "without a password")


def test_rights_are_the_account_s(t):
    domain = t.domain()
    joe, boss = t.user("joe", domain), t.user("boss", domain)
    other = t.user("ann", t.domain())
    t.shared.cli("SetAccountRights %s (BasicSettings)" % boss)
    c = log_in(t.shared, joe)
    # His own, nobody else's.
    match(said(c, "CreateAccountToken * NAME mine"), "201 {…}")
    match(said(c, "ListAccountTokens *"), "201 {mine={…};}")
    for line in ("CreateAccountToken " + boss, "ListAccountTokens " + boss,
                 "RevokeAccountToken %s NAME mine" % boss,
                 "CreateAccountToken " + ADMIN):
        equal(said(c, line), "510 insufficient access rights")
    equal(said(c, "RevokeAccountToken * NAME mine"), "200 OK")
    c = log_in(t.shared, boss)
    match(said(c, "CreateAccountToken %s NAME by-boss" % joe), "201 {…}")
    for line in ("CreateAccountToken " + other, "CreateAccountToken " + ADMIN):
        match(said(c, line), "510 …")
    # Who came by a token does what the account may, but leaves nothing behind
    # that outlives it.
    c = apop(t.shared, token(t.shared, boss), boss)[0]
    match(said(c, "NEWPASS other"), "510 …")
    match(said(c, "CreateAccountToken *"), "510 …")
    match(said(c, "RevokeAccountToken * NAME token-1"), "510 …")
    t.shared.cli("SetAccountRights %s (BasicSettings,"
                 "CanCreateWebUserSessions)" % boss)
    for line in ("SetAccountPassword %s PASSWORD other",
                 "SetAccountPassword %s TO other",
                 'UpdateAccountSettings %s {Password="other";}',
                 'SetAccountSettings %s {Password="other";}',
                 "CreateXIMSSSession %s ADDRESS 127.0.0.1",
                 "CreateWebUserSession %s ADDRESS 127.0.0.1"):
        match(said(c, line % boss), "510 …")
    equal(said(c, "CreateXIMSSSession %s ADDRESS 127.0.0.1" % joe),
          "200 data follow")
    c.receive()
    equal(said(c, "SetAccountPassword %s PASSWORD other" % joe), "200 OK")


def test_named_in_the_audit_log(t):
    own = own_server(t)
    secret = token(own, ADMIN, "--name", "nightly")
    c = apop(own, secret)[0]
    equal(said(c, "CreateDomain made.test"), "200 OK")
    own.wait_log("session begin .*method=APOP .*token=nightly")
    own.stop()
    with open(os.path.join(own.store, "db", "audit.db"), "rb") as f:
        trail = f.read()
    check(re.search(rb"(?i)127\.0\.0\.1 pwd token nightly.{,20}CreateDomain made",
                    trail, re.S), "not named %r" % trail[max(trail.find(b"nightly") - 300, 0):][:900])
    check(re.search(rb"(?i)CreateAccountToken %s NAME nightly"
                    % ADMIN.encode(), trail), "not told")
    check(secret.encode() not in trail, "told")
    check(secret not in "".join(own.lines), "in the log")


def test_at_rest(t):
    own = own_server(t)
    secret = token(own)
    key = os.path.join(own.store, "token.key")
    equal(stat.S_IMODE(os.stat(key).st_mode), 0o600)
    own.restart(crash=True)
    check(works(own, secret), "after a crash")
    own.stop()
    for directory, _, names in os.walk(own.store):
        for name in names:
            with open(os.path.join(directory, name), "rb") as f:
                check(secret.encode() not in f.read(), name)
    own.verify()
    # The database without its key lets nobody in.
    os.rename(key, key + ".away")
    own.start()
    check(not works(own, secret), "without the key")
    own.wait_log("tokens cannot be used: their key, .*, is gone")
    other = token(own)
    check(works(own, other) and not works(own, secret), "a new key")
    own.stop()
    os.chmod(key, 0o644)
    own.start()
    done = ctl(own, "account", "token", "create", ADMIN)
    check(done.returncode == 1 and "key of tokens" in done.stderr, done.stderr)
    own.wait_log("others may read .*token.key")


def test_key_elsewhere(t):
    own = own_server(t)
    own.stop()
    own.options["token_key_file"] = os.path.join(own.dir, "other.key")
    own.start()
    check(works(own, token(own)), "elsewhere")
    check(os.path.exists(os.path.join(own.dir, "other.key")) and
          not os.path.exists(os.path.join(own.store, "token.key")), "where")


def test_revoked_while_it_logs_in(t):
    """Whatever comes first: behind the answer nobody is left who came by it."""
    user = t.user()
    for i in range(20):
        name = "race-%d" % i
        secret = token_by_cli(t.shared, user, name)
        c, challenge = greeted(t.shared)
        c.say("APOP %s %s" % (user, digest(challenge, secret)))
        t.shared.cli("RevokeAccountToken %s NAME %s" % (user, name))
        got = c.receive()
        check(got in (LOGGED_IN, WRONG), got)
        if got == LOGGED_IN:
            c.expect_closed()
        c.close()


def token_by_cli(server, account, name):
    return re.search(r"Secret=(\w+);", server.cli(
        "CreateAccountToken %s NAME %s" % (account, name))).group(1)
