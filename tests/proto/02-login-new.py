# SPDX-License-Identifier: BSD-2-Clause
"""Rules for new passwords: how long they are (password-min-length), and what
libpwquality says of them (password-quality)."""

import os

from ximss import (MAIN, Failed, Skip, check, ctl, equal, failure, program)

SHORT = "password must have at least 8 characters"


def change(client, old, new, *expected):
    client.ask('<passwordModify id="1" oldPassword="%s" newPassword="%s"/>'
               % (old, new), *expected)


def cli_refuses(server, command, text):
    try:
        server.cli(command)
    except Failed as got:
        check(text in str(got), "%s: %s" % (command, got))
    else:
        check(False, "%s was carried out" % command)


def hashes(server):
    return int(server.cli("GetStatElement passwordHashes"))


def test_length(t):
    """In characters, at every way in; nothing is hashed for what is refused."""
    server = t.server({"password_min_length": 8})
    user = server.account("joe@" + MAIN, "12345678")
    client = server.login(user, "12345678")
    before = hashes(server)
    for new in ("1", "1234567", "äöüßäöü"):
        change(client, "12345678", new, failure("1", 501, SHORT))
        for command in ('SetAccountPassword %s PASSWORD "%s"',
                        'UpdateAccountSettings %s {Password="%s";}'):
            cli_refuses(server, command % (user, new), SHORT)
        cli_refuses(server, 'CreateAccount sue@%s {Password="%s";}'
                    % (MAIN, new), SHORT)
    equal(hashes(server), before)
    client.ok('<passwordModify id="2" oldPassword="12345678" '
              'newPassword="äöüßäöüß"/>')
    server.login(user, "äöüßäöüß")


def test_not_for_imports(t):
    server = t.server({"password_min_length": 8})
    path = os.path.join(server.dir, "accounts.csv")
    with open(path, "w", encoding="ascii") as f:
        f.write("joe,a\nsue,b\n")
    done = ctl(server, "account", "import", "--domain", MAIN, path)
    equal((done.returncode, done.stdout, done.stderr),
          (0, "2 created, 0 existed already, 0 refused\n", ""))
    # The one before may be short, and is one like others.
    client = server.login("joe@" + MAIN, "a")
    change(client, "b", "long enough", failure("1", 515, "incorrect password"))
    client.ok('<passwordModify id="2" oldPassword="a" '
              'newPassword="long enough"/>')


def has_pwquality():
    with open(os.path.join(os.path.dirname(program()), "config.h"),
              encoding="ascii") as f:
        return "#define HAVE_PWQUALITY 1" in f.read()


def test_quality(t):
    if not has_pwquality():
        raise Skip("built without libpwquality")
    server = t.server({"password_quality": True})
    # By import: whatever it is.
    server.cli('CreateAccount joe@%s {PasswordHash="{PLAIN}abcddcba";}' % MAIN)
    client = server.login("joe@" + MAIN, "abcddcba")
    bad = {"abcddcba": "the password is a palindrome"}
    if os.path.exists("/var/cache/cracklib/cracklib_dict.pwd"):
        bad["password1"] = ("the password fails the dictionary check - it is "
                            "based on a dictionary word")
    for new, why in bad.items():
        change(client, "x", new, failure("1", 515, "incorrect password"))
        change(client, "abcddcba", new, failure("1", 501, why))
        for command in ('SetAccountPassword joe@%s PASSWORD "%s"',
                        'UpdateAccountSettings joe@%s {Password="%s";}',
                        'CreateAccount sue@%s {Password="%s";}'):
            cli_refuses(server, command % (MAIN, new), why)
    server.cli("CreateAccount amy@%s {Password=\"Vierzig Tauben\";}" % MAIN)
    server.login("amy@" + MAIN, "Vierzig Tauben")
    client.ok('<passwordModify id="2" oldPassword="abcddcba" '
              'newPassword="Sechzig Tauben"/>')
    server.login("joe@" + MAIN, "Sechzig Tauben")
    for word in list(bad) + ["Tauben"]:
        check(word not in "\n".join(server.lines), "a password is in the log")
