# SPDX-License-Identifier: BSD-2-Clause
"""Passwords that PAM knows: the real libpam and its modules, in the program
ximss-pam.  Services are described in a directory of the test; most ask a script,
which does what the user's name says."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile

import ximss
from ximss import (MAIN, PASSWORD, check, equal, failure, program, wait_until)

WRONG = "incorrect password or account name"
AWAY = "passwords can not be checked now, try again later"
DOMAIN = "mail.test"
LONG = "60s"

SCRIPT = r"""#!/bin/sh
cd %s || exit 1
password=$(tr -d '\000')
case $PAM_USER in
hang*) echo $$ >hang.$$; exec sleep 100000 ;;
crash*) kill -SEGV $PPID; exec sleep 100000 ;;
any) exit 0 ;;
daemon)
    setsid sh -c 'echo $$ >new; mv new hang.daemon; exec sleep 100000' &
    while [ ! -e hang.daemon ]; do :; done ;;
esac
[ "$password" = "pw-$PAM_USER" ]
"""

SERVICES = {
    "scripted": """
auth [success=1 default=ignore] pam_succeed_if.so quiet user != nosuch
auth [default=die] pam_debug.so auth=user_unknown
auth [success=done default=ignore] pam_exec.so quiet expose_authtok %s/script
auth required pam_deny.so
account [success=1 default=ignore] pam_succeed_if.so quiet user != expired
account [default=die] pam_debug.so acct=acct_expired
account required pam_permit.so
""",
    "unix": "auth required pam_unix.so\naccount required pam_unix.so\n",
}


def pam_program():
    path = os.path.join(os.path.dirname(program()), "ximss-pam")
    if not os.path.exists(path):
        raise ximss.Missing("ximss-pam is not built: no libpam")
    return path


def pids(directory):
    """Of what modules have left running, or are running."""
    found = []
    for name in os.listdir(directory):
        if name.startswith("hang."):
            with open(os.path.join(directory, name), encoding="utf-8") as f:
                text = f.read()
            if text.endswith("\n"):
                found.append(int(text))
    return found


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid),
              encoding="utf-8") as f:
        return [int(c) for c in f.read().split()]


def status(pid, key):
    with open("/proc/%d/status" % pid, encoding="utf-8") as f:
        return re.search(r"^%s:\s*(.*)$" % key, f.read(), re.M).group(1)


class World:
    """A domain whose passwords PAM knows."""

    def __init__(self, t, service="scripted", wrapper="exec", start=True,
                 **options):
        self.dir = tempfile.mkdtemp(prefix="pam-")
        os.chmod(self.dir, 0o755)
        for name, text in SERVICES.items():
            self.put(name, text.replace("%s", self.dir))
        self.put("script", SCRIPT.replace("%s", self.dir), 0o755)
        self.put("program", "#!/bin/sh\n%s %s --test-hooks --directory %s "
                 '"$@"\n' % (wrapper, pam_program(), self.dir), 0o755)
        self.server = t.server(dict({
            "auth": ["store", "pam"], "auth_timeout": LONG,
            "pam_service": service, "pam_processes": 4,
            "pam_program": os.path.join(self.dir, "program"),
            "login_free_tries": 1000, "login_address_free_tries": 1000000,
            "password_iterations": 4096}, **options), start=start)
        if start:
            self.server.domain(DOMAIN)

    def put(self, name, text, mode=0o644):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def name(self, user):
        return user if "@" in user else "%s@%s" % (user, DOMAIN)

    def login(self, user, password=None):
        self.server.login(self.name(user), password or "pw-" + user).bye()

    def request(self, user, password):
        return ('<login id="login" authData="%s" password="%s"/>'
                % (ximss.attribute(self.name(user)),
                   ximss.attribute(password)))

    def refused(self, user, password, number=515, text=WRONG, reason=None):
        at = len(self.server.lines)
        c = self.server.connect()
        c.ask(self.request(user, password), failure("login", number, text))
        c.close()
        if reason:
            self.server.wait_log("login failed user=.* reason=%s$" % reason,
                                 at)

    def hanging(self, n=1):
        wait_until(lambda: len(pids(self.dir)) >= n, "%d processes hang" % n)
        return pids(self.dir)

    def keeper(self):
        found = [p for p in children(self.server.process.pid)
                 if status(p, "Name") == "ximss-pam-keep"]
        equal(len(found), 1)
        return found[0]


def until_gone(processes):
    wait_until(lambda: not any(is_alive(p) for p in processes),
               "nothing of a check is left")


# --- right and wrong ---

def test_right_and_wrong(t):
    with World(t) as w:
        w.server.account(w.name("local"))
        w.login("joe")
        check("joe=" in w.server.cli("ListAccounts " + DOMAIN), "no account")
        # All refusals are the same for the client.
        w.refused("joe", "wrong", reason="password")
        w.refused("nosuch", "pw-nosuch", reason="unknown")
        w.refused("expired", "pw-expired", reason="disabled")
        w.login("local", PASSWORD)
        w.login("local", "pw-local")
        # Names that no module is asked for, though the script would say yes.
        w.refused("o'brien", "pw-o'brien", reason="unknown")
        c = w.server.connect()
        c.send('<login id="login" method="PLAIN" value="%s"/>'
               % ximss.b64(b"\0ann@%s\0pw-ann" % DOMAIN.encode()))
        c.logged_in("login")


def test_where_a_domain_says_so(t):
    with World(t, auth=["store"]) as w:
        w.refused("joe", "pw-joe")
        w.server.cli("UpdateDomainSettings %s {Auth=pam;}" % DOMAIN)
        w.login("joe")
    # PAM is not started for nothing.
    with World(t, auth=["store"], pam_service="") as w:
        equal(children(w.server.process.pid), [])
        w.server.cli("UpdateDomainSettings %s {Auth=pam;}" % DOMAIN)
        w.refused("joe", "pw-joe", 525, AWAY)


def test_no_password_is_in_the_log(t):
    secret = "S3cr\tet\n'\"&<>"
    with World(t, log_level="debug") as w:
        w.login("any", secret)
        w.refused("joe", secret)
        w.refused("crash", secret, 525, AWAY)
        w.server.wait_log("pam cannot check user=crash: a module crashed: "
                          "signal 11$")
        check(not any("S3cr" in l for l in w.server.lines), "in the log")


# --- modules that misbehave ---

def test_a_storm_on_a_module_that_hangs(t):
    """Nobody else notices, all are answered, and nothing is left."""
    with World(t, auth_timeout="2s") as w:
        w.server.account(w.name("local"))
        boss = w.server.account("boss@" + MAIN, rights=("Master",))
        old = w.server.login(w.name("local"))
        before = w.server.rss()
        clients = [w.server.connect() for _ in range(200)]
        for i, c in enumerate(clients):
            c.send(w.request("hang%d" % i, "x"))
        w.hanging(4)
        w.server.login(boss).bye()
        w.login("local", PASSWORD)
        old.ok('<noop id="n"/>')
        for c in clients:
            c.expect(failure("login", 525, AWAY))
            c.close()
        until_gone(pids(w.dir))
        # One that does not hang has a place at once.
        w.login("joe")
        equal([l for l in w.server.lines if "login failed" in l], [])
        grown = w.server.rss() - before
        check(grown < 8 << 20, "grown by %d bytes" % grown)
        keeper = w.keeper()
        wait_until(lambda: children(children(keeper)[0]) == [],
                   "no check is left")


def test_modules_that_crash_or_leave_daemons(t):
    with World(t) as w:
        w.refused("crash", "pw-crash", 525, AWAY)
        w.login("daemon")
        until_gone(w.hanging())
        w.login("joe")
        keeper = w.keeper()
        w.server.stop()
        check(not is_alive(keeper), "the keeper is still there")


# --- the program ---

def test_the_program_dies(t):
    """Its master, then all of it; the store's passwords are good all the
    time."""
    with World(t) as w:
        w.server.account(w.name("local"))
        keeper = w.keeper()
        c = w.server.connect()
        c.send(w.request("hang", "x"))
        hanging = w.hanging()
        os.kill(children(keeper)[0], signal.SIGKILL)
        c.expect(failure("login", 525, AWAY))
        w.server.wait_log("ximss-pam died and has started anew")
        until_gone(hanging)
        w.login("joe")
        w.server.expected_errors.append("ximss-pam has ended")
        os.kill(keeper, signal.SIGKILL)
        w.server.wait_log("ximss-pam has ended")
        for _ in range(2):
            w.refused("ann", "pw-ann", 525, AWAY)
        w.login("local", PASSWORD)
        equal(len([l for l in w.server.lines if "ximss-pam has" in l]), 1)


def test_the_server_is_killed(t):
    with World(t) as w:
        w.server.connect().send(w.request("hang", "x"))
        processes = w.hanging() + [w.keeper()]
        w.server.kill()
        until_gone(processes)


def test_a_start_that_fails(t):
    user = "nobody-of-that-name"
    with World(t, start=False, pam_user=user) as w:
        w.server.start(wait=False)
        w.server.process.wait(ximss.DEADLINE)
        w.server.reader.join(ximss.DEADLINE)
        check(w.server.process.returncode != 0, "it has started")
        for text in ("ximss-pam: pam-user: there is no user " + user,
                     "/program: it ended at once; it has logged why"):
            check(any(text in l for l in w.server.lines),
                  "%r: %r" % (text, w.server.lines))
        w.server.process = None


# --- as root ---

def somebody():
    for name in ("daemon", "nobody"):
        found = pwd.getpwnam(name)
        if found.pw_uid not in (0, os.geteuid()):
            return found
    raise ximss.Skip("no other user on this machine")


def test_rights(t):
    """The server gives up root; ximss-pam keeps what modules need, or becomes
    another user."""
    if os.geteuid() != 0:
        raise ximss.Skip("only root can become another user")
    other = somebody()
    with World(t, start=False, user=other.pw_name, auth=["store"],
               pam_service="") as w:
        os.chmod(w.server.dir, 0o711)
        w.server.command()  # makes the file of the password
        os.makedirs(w.server.store)
        for path in (w.server.store, w.server.dir + "/password"):
            os.chown(path, other.pw_uid, other.pw_gid)
        # Who makes the store has no rights left for the rest.
        w.server.start()
        w.server.domain(DOMAIN, "{Auth=pam;}")
        w.server.options["pam_service"] = "scripted"
        for user, uid in (("", 0), (other.pw_name, other.pw_uid)):
            w.server.options["pam_user"] = user
            w.server.restart()
            w.login("joe")
            w.server.cli("DeleteAccount " + w.name("joe"))
            equal(status(w.server.process.pid, "Uid").split(),
                  [str(other.pw_uid)] * 4)
            equal(status(w.keeper(), "Uid").split(), [str(uid)] * 4)
            equal(status(w.keeper(), "NoNewPrivs"), "1")


# sha512crypt of "secret"
HASH = ("$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2"
        "CKPPrVACtLtip/cZ/1GM/O6IND4WQhG.")
SHADOW = (("good", HASH, "19000:0:99999:7:::"),
          ("old", HASH, "19000:0:99999:7::19001:"),
          ("change", HASH, "0:0:99999:7:::"),
          ("locked", "!" + HASH, "19000:0:99999:7:::"),
          ("empty", "", "19000:0:99999:7:::"))


def test_the_users_of_the_machine(t):
    """pam_unix, with files of our own in the place of /etc/passwd and
    /etc/shadow: ximss-pam alone sees them."""
    if os.geteuid() != 0:
        raise ximss.Skip("only root can mount files over others")
    if subprocess.run(["unshare", "-m", "true"], check=False,
                      capture_output=True).returncode != 0:
        raise ximss.Skip("no right to make a mount namespace")
    if ximss.is_instrumented():
        raise ximss.Skip("the crypt_r of a sanitizer calls a libcrypt that a "
                         "module has not loaded yet when the program starts")
    with World(t, "unix", start=False) as w:
        w.put("program", "#!/bin/sh\nexec unshare -m %s/mounted \"$@\"\n"
              % w.dir, 0o755)
        w.put("mounted", "#!/bin/sh\nset -e\ncd %s\n"
              "mount --bind passwd /etc/passwd\n"
              "mount --bind shadow /etc/shadow\n"
              'exec %s --test-hooks --directory %s "$@"\n'
              % (w.dir, pam_program(), w.dir), 0o755)
        with open("/etc/passwd", encoding="utf-8") as f:
            w.put("passwd", f.read() + "".join(
                "%s:x:%d:%d::/nonexistent:/bin/sh\n" % (u, 5000 + i, 5000 + i)
                for i, (u, _, _) in enumerate(SHADOW)))
        # Root itself may read it by CAP_DAC_READ_SEARCH alone.
        w.put("shadow", "".join("%s:%s:%s\n" % row for row in SHADOW), 0)
        w.server.start()
        w.server.domain(DOMAIN)
        w.login("good", "secret")
        w.refused("good", "wrong", reason="password")
        w.refused("old", "secret", reason="disabled")
        w.refused("change", "secret", reason="disabled")
        w.refused("locked", "secret", reason="password")
        w.refused("empty", "x", reason="password")
        w.refused("nobody-of-that-name", "secret", reason="unknown")
