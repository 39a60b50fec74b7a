# SPDX-License-Identifier: BSD-2-Clause
"""Passwords that were brought along as hashes of other programs: they let in,
become verifiers of our own, and cost no more than they may."""

import json
import hashlib
import hmac
import os
import re
import shutil
import signal
import subprocess

from pwd_port import PWD
from ximss import (MAIN, Failed, Refused, b64, check, ctl, equal, failure,
                   wait_until)

WORD = "Geheim7wort"
WRONG = failure("1", 515, "incorrect password or account name")

# Cheap ones of each kind; the commands that made them stand in
# tests/unit/test_foreign_hash.c.
HASHES = {
    "ssha": "{SSHA}mc5AYAGaIEokAHK7VSqMMsPnur3uhHcR",
    "hex": "{SSHA256.HEX}32b771b4b18ec087be7d07df8a3c6bb1d5271725bb3cc68b6abb62"
           "cc5afb05a910fece0b",
    "pbkdf2": "{PBKDF2}$1$W1VaTc3glkY.7ZEp$1000$1972e42ef3d6b05ee31c5aa89297bfa"
              "a3f87d5d0",
    "bcrypt": "{BLF-CRYPT}$2y$04$9OxeyHITr6rmxpy44kC2D.MCVoMFM5I3KGE6f72WWUrpFg"
              "i6mBH5S",
    "sha512": "{SHA512-CRYPT}$6$rounds=1000$A5O4uE7zrrfeZ0Ke$if.yIWi6rX1Dpvt2VR"
              "RJI7scCUT6DfX8ILQGYBQhcsQ6o07whlp6oEzJgjJ32AwOi58TZiAqUO6JEqzv0w"
              "mnV.",
    "yescrypt": "$y$j75$lnhPUnBsGgZd6fdOkb3LX.$FTgwnXqqlnpPBYTBn2eGsHELIsAFvC/l"
                "LAM7Ty9Ilu5",
    "argon2id": "{ARGON2ID}$argon2id$v=19$m=64,t=1,p=2$c29tZXNhbHQx$ri3XguDRkdX"
                "HBwEm+7ieV1UG9j3gTNNJL9O1INCZRZ8",
    "salt": "{SCRAM-SHA-256}4096,MDEyMzQ1Njc4OQ==,gGlfaqLYzUwpdZsGoA+Vgq/ZMcJkY"
            "ohF2DHgz1olZww=,1UbyXrOnvgVxF9hDJh9u5BQdxOQYEfd5hI8GoZNB4X4=",
}
SCRAM = ("{SCRAM-SHA-256}4096,hdWsQ61/9974XpIXb2o2Pg==,4wiCMiXE/gt4x3I/rSWTqgGA"
         "BjEArELA3yRC2DPzQIs=,GQvFb7oXH0FmiF2yswiewS+87SSuUzt4LZ4RPXDRJ/I=")


def brought(server, hashes):
    for name, text in hashes.items():
        server.cli('CreateAccount %s@%s {PasswordHash="%s";}'
                   % (name, MAIN, text))


def first(server, name):
    """What SCRAM tells anybody: iterations and salt."""
    c = server.connect()
    c.send('<login id="login" method="SCRAM-SHA-256" value="%s"/>'
           % b64("n,,n=%s,r=nonce" % name))
    fields = dict(f.split("=", 1) for f in c.challenge().decode().split(","))
    c.close()
    return int(fields["i"]), fields["s"]


def scram_works(server, name, password=WORD):
    try:
        server.connect().scram(name, password)
    except (Failed, Refused) as got:
        check('errorNum="515"' in str(getattr(got, "answer", got)), got)
        return False
    return True


def refused(server, name, password):
    server.connect().ask('<login id="1" userName="%s" authData="%s"/>'
                         % (name, password), WRONG)


def no_secrets(server):
    text = "\n".join(server.lines)
    for part in list(HASHES.values()) + [SCRAM]:
        check(part[-12:] not in text, "a hash is in the log")
    check(WORD not in text, "a password is in the log")


def reload(server, **options):
    at = len(server.lines)
    server.options.update(options)
    server.write_config()
    server.signal(signal.SIGHUP)
    server.wait_log("configuration and certificates were read again", at)


def test_each_kind_lets_in(t):
    """And only the password does; by SASL as by the plain request.  Before that
    SCRAM knows as little of it as of a name that is not there, and behind it
    what it told stays the same."""
    server = t.server(listen_pwd=PWD)
    brought(server, HASHES)
    for name in HASHES:
        before = first(server, name)
        check(not scram_works(server, name), name)
        refused(server, name, WORD.lower())
        refused(server, name, HASHES[name].replace('"', ""))
        check(not scram_works(server, name), name)
        server.login(name, WORD).bye()
        check(scram_works(server, name), name)
        equal(first(server, name), before, name)
        check(not scram_works(server, name, "x"), name)
        refused(server, name, WORD.lower())
    server.restart()
    server.connect().scram("ssha", WORD)
    no_secrets(server)
    server.stop()
    server.verify()


def test_a_verifier_is_taken_as_it_is(t):
    server = t.server()
    brought(server, {"joe": SCRAM})
    check(scram_works(server, "joe"), "SCRAM")
    check(not scram_works(server, "joe", "x"), "SCRAM lets others in")
    equal(first(server, "joe"), (4096, "hdWsQ61/9974XpIXb2o2Pg=="))
    reload(server, password_iterations=8192)
    server.login("joe", WORD)
    equal(first(server, "joe"), (8192, "hdWsQ61/9974XpIXb2o2Pg=="))


def test_the_domain_and_aliases_get_theirs(t):
    """CRAM-MD5's state, and a verifier for each alias, at the first log-in."""
    server = t.server()
    domain = server.domain("cram.test", "{CRAMMD5=YES;}")
    server.cli('CreateAccount joe@%s {PasswordHash="%s";}'
               % (domain, HASHES["ssha"]))
    server.cli("SetAccountAliases joe@%s (j)" % domain)
    server.login("j@" + domain, WORD)
    # Made behind the log-in: until then the alias goes by the account's own.
    wait_until(lambda: first(server, "j@" + domain)[1] !=
               first(server, "joe@" + domain)[1],
               "an alias does not show whose it is")
    check(scram_works(server, "j@" + domain), "the alias")
    challenge = server.connect()
    challenge.send('<login method="CRAM-MD5" id="1"/>')
    digest = hmac.new(WORD.encode(), challenge.challenge("1"),
                      hashlib.md5).hexdigest()
    challenge.send('<auth id="1" value="%s"/>'
                   % b64("joe@%s %s" % (domain, digest)))
    challenge.logged_in("1")


def test_hashes_can_be_kept(t):
    server = t.server({"keep_hashes": True})
    brought(server, {"joe": HASHES["bcrypt"]})
    for _ in range(2):
        server.login("joe", WORD).bye()
        server.restart()  # nothing is remembered
        check(not scram_works(server, "joe"), "it was turned into a verifier")
    reload(server, keep_hashes=False)
    server.login("joe", WORD)
    check(scram_works(server, "joe"), "it was not")


def test_the_user_sets_another(t):
    server = t.server()
    brought(server, {"joe": HASHES["sha512"]})
    c = server.login("joe", WORD)
    c.ask('<passwordModify id="2" oldPassword="x" newPassword="other"/>',
          failure("2", 515, "incorrect password"))
    c.ok('<passwordModify id="3" oldPassword="%s" newPassword="other"/>' % WORD)
    refused(server, "joe", WORD)
    check(scram_works(server, "joe", "other"), "the new one")


def test_no_more_than_is_allowed(t):
    """When it comes, and whatever is there already."""
    server = t.server({"max_bcrypt_cost": 4})
    brought(server, {"joe": HASHES["bcrypt"]})
    text = HASHES["bcrypt"].replace("$04$", "$05$")
    try:
        server.cli('CreateAccount sue@%s {PasswordHash="%s";}' % (MAIN, text))
    except (Failed, Refused) as got:
        check("max-bcrypt-cost is 4" in str(got), got)
    else:
        check(False, "it was taken")
    reload(server, max_bcrypt_cost=5)
    server.cli('CreateAccount sue@%s {PasswordHash="%s";}' % (MAIN, text))
    reload(server, max_bcrypt_cost=4)
    at = len(server.lines)
    refused(server, "sue", WORD)
    server.wait_log("a password is not checked: this hash costs too much", at)
    server.login("joe", WORD)
    # A name that is not there costs what one of the accounts does.
    at = len(server.lines)
    for i in range(24):
        refused(server, "nobody%d" % i, WORD)
    server.wait_log("a password is not checked: this hash costs too much", at)


def hashes(server):
    return int(server.cli("GetStatElement passwordHashes"))


def test_names_that_are_not_there(t):
    """Take one job of the hash pool, whatever the accounts have."""
    server = t.server()
    brought(server, HASHES)
    names = ["nobody%d" % i for i in range(12)] + list(HASHES)
    for name in names:
        before = hashes(server)
        refused(server, name, "wrong")
        equal(hashes(server), before + 1, name)
    told = {name: first(server, name) for name in names}
    equal({i for i, _ in told.values()}, {4096})
    equal(len({salt for _, salt in told.values()}), len(names))
    equal({name: first(server, name) for name in names}, told)


def made_by(*command):
    if shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    check(done.returncode == 0, "%s: %s" % (command, done.stderr))
    return done.stdout.strip()


def test_what_other_programs_make_now(t):
    """By those that are on this machine."""
    commands = [("doveadm", "pw", "-s", scheme, "-p", WORD) for scheme in (
        "SCRAM-SHA-256", "SHA512-CRYPT", "SHA256-CRYPT", "PBKDF2", "SSHA",
        "SSHA256", "SSHA512", "SSHA512.HEX", "MD5-CRYPT", "CRYPT", "PLAIN")]
    commands += [("doveadm", "pw", "-s", "BLF-CRYPT", "-r", "4", "-p", WORD),
                 ("doveadm", "pw", "-s", "ARGON2I", "-p", WORD),
                 ("doveadm", "pw", "-s", "ARGON2ID", "-r", "1", "-p", WORD),
                 ("openssl", "passwd", "-6", WORD),
                 ("mkpasswd", "-m", "yescrypt", "-R", "1", WORD),
                 ("mkpasswd", "-m", "scrypt", "-R", "6", WORD)]
    made = {"u%d" % i: made_by(*command)
            for i, command in enumerate(commands)}
    server = t.server()
    brought(server, {name: text for name, text in made.items() if text})
    for name, text in made.items():
        if text:
            refused(server, name, "x")
            server.login(name, WORD).bye()
            check(scram_works(server, name), text)


# --- files ---

def write(t, server, text):
    path = os.path.join(server.dir, t.prefix + "file")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def ends(done, status, stdout, stderr=""):
    # A change says so; 32-ctl-ansible has the words.
    said = re.sub(r"^account \S+ (created|changed)\n$", "", done.stdout)
    equal((done.returncode, said, done.stderr), (status, stdout, stderr))


def test_a_passwd_file(t):
    domain = t.domain()
    path = write(t, t.shared, "# users\n"
                 "joe:%s:1000:1000:Joe Doe,,,:/home/joe:/bin/sh:quota=1\n"
                 "sue@%s:%s::::::\n"
                 "locked:{CRYPT}!:::\n"
                 "empty::1000:1000\n"
                 "short:%s\n"
                 "old:{MD5}x\n"
                 "%s:x:1\n" % (HASHES["ssha"], domain, HASHES["yescrypt"],
                               HASHES["bcrypt"], HASHES["ssha"]))
    args = ("account", "import", "--domain", domain, "--passwd-file", path)
    done = ctl(t.shared, *args)
    equal((done.returncode, done.stdout),
          (5, "5 created, 0 existed already, 2 refused, "
              "2 without a password\n"))
    lines = sorted(done.stderr.splitlines())
    equal(lines[:2] + lines[3:], [
        "%s:4: locked@%s: is locked, and gets no password" % (path, domain),
        "%s:5: empty@%s: has no password, and gets none" % (path, domain),
        "%s:8: the name looks like the hash of a password: are the fields in "
        "order?" % path])
    check(HASHES["ssha"] not in done.stderr, "no hash is shown")
    check(lines[2].startswith("%s:7: old@%s: this kind of password hash is not "
                              "taken" % (path, domain)), lines[2])
    for name in ("joe", "sue", "short"):
        t.shared.login("%s@%s" % (name, domain), WORD)
    for name in ("locked", "empty"):
        refused(t.shared, "%s@%s" % (name, domain), "")
        refused(t.shared, "%s@%s" % (name, domain), "x")
    equal(t.shared.cli("GetAccountSettings joe@" + domain),
          '{RealName="Joe Doe";}')
    done = ctl(t.shared, "--json", *args, "--from", "6")
    equal((done.returncode, done.stdout),
          (5, '{"changed":false,"created":0,"existing":1,"failed":2,"withoutPassword":0,'
              '"nextLine":null}\n'))
    equal(sorted(json.loads(e)["error"] for e in done.stderr.splitlines()),
          lines[2:])


def test_a_scheme_for_those_without(t):
    domain = t.domain()
    path = write(t, t.shared, "joe:%s\nsue:%s\n"
                 % (HASHES["ssha"][6:], HASHES["bcrypt"]))
    ends(ctl(t.shared, "account", "import", "--domain", domain, "--scheme",
             "SSHA", "--passwd-file", path), 0,
         "2 created, 0 existed already, 0 refused, 0 without a password\n")
    t.shared.login("joe@" + domain, WORD)
    t.shared.login("sue@" + domain, WORD)


def test_a_shadow_file(t):
    domain = t.domain()
    path = write(t, t.shared, "root:*:19000:0:99999:7:::\n"
                 "joe:%s:19000:0:99999:7:::\n"
                 "gone:!%s:19000::::::\n"
                 "never:!!:19000::::::\n"
                 % (HASHES["yescrypt"], HASHES["yescrypt"]))
    ends(ctl(t.shared, "account", "import", "--domain", domain, "--shadow",
             path), 0,
         "4 created, 0 existed already, 0 refused, 3 without a password\n",
         "".join("%s:%d: %s@%s: is locked, and gets no password\n"
                 % (path, line, name, domain)
                 for line, name in ((1, "root"), (3, "gone"), (4, "never"))))
    t.shared.login("joe@" + domain, WORD)
    refused(t.shared, "gone@" + domain, WORD)


def test_columns_of_a_csv(t):
    domain = t.domain()
    path = write(t, t.shared, "name,hash,real name,password\n"
                 "joe,%s,Joe Doe,\n"
                 "sue,,,{SSHA}clear\n"
                 "two,%s,,x\n" % (HASHES["ssha"], HASHES["ssha"]))
    ends(ctl(t.shared, "account", "import", "--domain", domain, path), 5,
         "2 created, 0 existed already, 1 refused\n",
         "%s:4: there are both a password and a hash\n" % path)
    t.shared.login("joe@" + domain, WORD)
    t.shared.login("sue@" + domain, "{SSHA}clear")


def test_a_thousand_lines(t):
    domain = t.domain()
    path = write(t, t.shared, "".join("u%d:%s\n" % (i, HASHES["ssha"])
                                      for i in range(1000)))
    ends(ctl(t.shared, "account", "import", "--domain", domain,
             "--passwd-file", path), 0,
         "1000 created, 0 existed already, 0 refused, 0 without a password\n")
    t.shared.login("u0@" + domain, WORD)
    t.shared.login("u999@" + domain, WORD)


def test_one_account(t):
    domain = t.domain()
    ends(ctl(t.shared, "account", "create", "joe@" + domain, "--hash-stdin",
             stdin=HASHES["sha512"] + "\n"), 0, "")
    t.shared.login("joe@" + domain, WORD)
    done = ctl(t.shared, "account", "create", "sue@" + domain, "--hash-stdin",
               stdin="{SHA}x\n")
    equal((done.returncode, done.stdout), (1, ""))
    check("legal are SCRAM-SHA-256 " in done.stderr, done.stderr)
    done = ctl(t.shared, "account", "create", "sue@" + domain, "--hash-stdin")
    equal(done.returncode, 2)
    check("--hash-stdin reads a hash" in done.stderr, done.stderr)
    done = ctl(t.shared, "account", "import", "--shadow", "a", "b")
    equal(done.returncode, 2)
