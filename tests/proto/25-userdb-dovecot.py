# SPDX-License-Identifier: BSD-2-Clause
"""A real Dovecot's user database: accounts make themselves, and are compared."""

import os

from dovecot import DOMAIN, Dovecot
from ximss import check, ctl, equal, wait_until

USERDB = """
service auth {
  unix_listener auth-userdb {
    mode = 0600
  }
}
"""


def names(server):
    text = server.cli("ListAccounts " + DOMAIN)
    return sorted(e.split("=")[0] for e in text.strip("{}").split(";") if e)


def sync(server, *options):
    r = ctl(server, "account", "sync", DOMAIN, *options)
    return r.returncode, sorted((r.stdout + r.stderr).splitlines())


def remove(dovecot, name):
    """Dovecot sees a new file of users by its time, in whole seconds."""
    path = os.path.join(dovecot.dir, "users")
    later = os.stat(path).st_mtime + 5
    with open(path, encoding="utf-8") as f:
        rest = [line for line in f if not line.startswith(name + "@")]
    dovecot.write("users.new", "".join(rest))
    os.utime(path + ".new", (later, later))
    os.rename(path + ".new", path)


def test_accounts_of_a_real_dovecot(t):
    with Dovecot(quota=lambda _: USERDB) as dovecot:
        for name in ("joe", "ann", "bob"):
            dovecot.user(name, "")
        dovecot.start()
        run = os.path.join(dovecot.dir, "run")
        server = t.server(start=False).open_door()
        server.options["auth_userdb_socket"] = os.path.join(run, "auth-userdb")
        server.start()
        server.domain(DOMAIN, '{Auth="store,dovecot";}')
        server.mail("Joe@" + DOMAIN)
        equal(server.admin().cli_error("PostAccountAlert eve@%s ALERT x"
                                       % DOMAIN), 513)
        equal(names(server), ["joe"])
        status, lines = sync(server)
        equal(status, 0, lines)
        equal(names(server), ["ann", "bob", "joe"])
        remove(dovecot, "joe")
        # Dovecot looks at its file once a second, and until then it has Joe.
        wait_until(lambda: "disabled joe" in sync(server)[1], "he is gone")
        dovecot.stop()
        equal(sync(server)[0], 7)
        check("Outside=YES" in server.cli("GetAccountSettings ann@" + DOMAIN),
              "still there")
