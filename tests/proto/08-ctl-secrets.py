# SPDX-License-Identifier: BSD-2-Clause
"""Where secrets come from, and where they never go: line ends behind them,
control characters in them, and messages that quote what was typed."""

import contextlib
import os
import pty
import select
import subprocess
import tempfile
import time

import pwd_port
from ximss import (DEADLINE, MAIN, ctl, ctl_environment, ctl_program, check, equal,
                   escape, failure, program, response)

CONTROLS = "password has a line end or another control character in it"
UTF16 = "it is UTF-16: save it as UTF-8"
UNUSABLE = ("the password has characters that are not allowed, or is not "
            "UTF-8")


def by_fd(server, option, secret, *words, name="ximssctl"):
    """Runs a client with a secret on a descriptor."""
    reader, writer = os.pipe()
    os.write(writer, secret)
    os.close(writer)
    path = os.path.join(os.path.dirname(ctl_program()), name)
    try:
        return subprocess.run(
            [path, *words, option, str(reader)], pass_fds=[reader],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, env=ctl_environment(server))
    finally:
        os.close(reader)


def fine(done):
    equal((done.returncode, done.stderr), (0, ""))


def port(server):
    return str(server.ports()[0][-1])


# --- line ends ---

def test_line_end_behind_a_new_password(t):
    user = t.user()
    for i, end in enumerate(("", "\n", "\r\n")):
        secret = "hush %d " % i
        fine(by_fd(t.shared, "--new-password-fd", (secret + end).encode(),
                   "account", "password", user))
        t.shared.login(user, secret).bye()
        fine(by_fd(t.shared, "--new-password-fd", (secret + end).encode(),
                   "account", "verify", user))
        secret += "env"
        fine(ctl(t.shared, "account", "password", user,
                 env={"XIMSS_NEW_PASSWORD": secret + end}))
        t.shared.login(user, secret).bye()


def test_line_end_behind_the_password_of_a_log_in(t):
    user = t.user()
    for end in ("", "\n", "\r\n", "\r\nmore\n"):
        words = ("--host", "127.0.0.1", "--port", port(t.shared), "--tls",
                 "none", "--user", user, "alert", "list", "--own")
        fine(by_fd(t.shared, "--password-fd", ("secret" + end).encode(),
                   *words))
        if "more" not in end:
            fine(ctl(t.shared, *words, env={"XIMSS_PASSWORD": "secret" + end}))
    user = t.user("sue")
    t.shared.admin().post("x", "account", target=user)
    done = by_fd(t.shared, "--password-fd", b"secret\r\n", "--once", "--quiet",
                 "--host", "127.0.0.1", "--port", port(t.shared), "--tls",
                 "none", user, name="ximss-client")
    fine(done)


def test_secrets_of_all_lengths(t):
    user = t.user()

    def give(secret):
        return by_fd(t.shared, "--new-password-fd", secret, "account",
                     "password", user)
    for end in (b"", b"\n", b"\r\n"):
        fine(give(b"x" * 1024 + end))
        for secret, why in ((b"x" * 1025, "the password is too long"),
                            (b"x" * 5000, "the password is too long"),
                            (b"", "the password is empty" if end else
                             "there is no password to read"),
                            (b"se\0cret", "the password contains a zero byte")):
            done = give(secret + end)
            equal((done.returncode, done.stderr.split(";")[0]),
                  (2, "ximssctl: " + why))
    # What editors put in front.
    fine(give(b"\xef\xbb\xbf" + b"x" * 1024 + b"\r\n"))
    fine(give(b"\xef\xbb\xbfhush\r\n"))
    t.shared.login(user, "hush").bye()
    for secret in ("hush\r\n".encode("utf-16"), "hush".encode("utf-16-le"),
                   b"\xfe\xff" + "hush\n".encode("utf-16-be")):
        done = give(secret)
        equal((done.returncode, done.stderr.split(";")[0]),
              (2, "ximssctl: the password is UTF-16: save its file as UTF-8"))


def test_first_password(t):
    run = [program(), "--main-domain", MAIN]
    for secret, why in ((b"hush\r\n", None), (b"hush\n", None),
                        (b"x" * 1024 + b"\r\n", None),
                        (b"x" * 1025 + b"\n", "more than 1024 bytes"),
                        (b"\r\n", "the first line is empty"),
                        (b"hu\rsh\n", CONTROLS), (b"hush\t\n", CONTROLS),
                        (b"hush\r", CONTROLS),
                        (b"h\xffsh\n", "not UTF-8"),
                        (b"\xef\xbb\xbfhush\r\n", None),
                        (b"\xef\xbb\xbf" + b"x" * 1024 + b"\r\n", None),
                        (b"\xef\xbb\xbf\n", "the first line is empty"),
                        ("hush\r\n".encode("utf-16"), UTF16),
                        (b"\xfe\xff" + "hush\n".encode("utf-16-be"), UTF16),
                        ("hush\n".encode("utf-16-le"), UTF16),
                        (b"hu\0sh\n", "the first line contains a zero byte")):
        with tempfile.TemporaryDirectory() as top:
            done = subprocess.run(
                run + ["--init", top + "/store", "--admin-password-file", "-"],
                input=secret, capture_output=True, check=False)
            err = done.stderr.decode()
            equal(done.returncode == 0, why is None, err)
            check(why is None or why in err, err)


class Asked:
    """A program that asks at a terminal, which shows what is typed unless the
    program forbids it."""

    def __init__(self, *args, env=None):
        self.terminal, slave = pty.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            args, stdin=slave, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True, env=env)
        os.close(slave)

    def answer(self, prompt, text):
        end = time.monotonic() + DEADLINE
        while not self.seen.endswith(prompt):
            check(select.select([self.terminal], [], [],
                                max(0, end - time.monotonic()))[0],
                  "no %r in %r" % (prompt, self.seen))
            self.seen += os.read(self.terminal, 4096).decode()
        os.write(self.terminal, text.encode())

    def end(self):
        """The status, what the terminal showed, and standard error."""
        err = self.process.communicate(timeout=DEADLINE)[1].decode()
        with contextlib.suppress(OSError):
            while select.select([self.terminal], [], [], 0)[0]:
                more = os.read(self.terminal, 4096).decode()
                if not more:
                    break
                self.seen += more
        os.close(self.terminal)
        return self.process.returncode, self.seen, err


FIRST, AGAIN = "Password of postmaster: ", "Repeat the password: "


def test_first_password_at_a_terminal(t):
    """Twice, and never shown."""
    for answers, says in (
            (["hush hush\n", "hush hush\n"], None),
            (["hush hush\n", "hush hash\n"], "the two passwords differ"),
            (["hush hush\n", "\x04"], "there is none"),
            (["\n"], "the first line is empty"),
            (["\x04"], "there is none"),
            (["x" * 1025 + "\n"], "more than 1024 bytes"),
            (["hu\x16\x01sh\n"], "control character")):
        with tempfile.TemporaryDirectory() as top:
            store = os.path.join(top, "store")
            asked = Asked(program(), "--init", store, "--main-domain", MAIN,
                          "--admin-password-file", "-")
            for prompt, text in zip((FIRST, AGAIN), answers):
                asked.answer(prompt, text)
            status, seen, err = asked.end()
            equal(status == 0, says is None, err)
            check(says is None or says in err, err)
            equal(seen.replace("\r\n", "\n"), FIRST + "\n"
                  + (AGAIN + "\n" if len(answers) == 2 else ""))
            equal(os.path.exists(store + "/db"), says is None)
            if says is None:
                server = t.server(directory=top)
                server.login("postmaster@" + MAIN, "hush hush").bye()
                server.stop()


def test_password_by_a_descriptor_that_is_a_terminal(t):
    """It is not shown there either, and a new one is asked for twice."""
    user = t.user()
    env = ctl_environment(t.shared)
    for answers, status in ((["hush 1\n", "hush 1\n"], 0),
                            (["hush 2\n", "hash 2\n"], 2)):
        asked = Asked(ctl_program(), "account", "password",
                      "--new-password-fd", "0", user, env=env)
        asked.answer("New password: ", answers[0])
        asked.answer("Repeat the password: ", answers[1])
        got, seen, err = asked.end()
        equal(got, status, err)
        check("h 1" not in seen and "h 2" not in seen, seen)
    t.shared.login(user, "hush 1").bye()
    asked = Asked(ctl_program(), "--host", "127.0.0.1", "--port",
                  port(t.shared), "--tls", "none", "--user", user,
                  "--password-fd", "0", "alert", "list", "--own", env=env)
    asked.answer("assword: ", "hush 1\n")
    got, seen, err = asked.end()
    equal((got, "hush" in seen), (0, False), err)


# --- control characters ---

def test_controls_in_new_passwords(t):
    server = t.server(listen_pwd=pwd_port.PWD)
    user = server.account("joe@" + MAIN)
    admin = server.admin()
    for n, control in enumerate(("\\e", "\\t", "\\r", "\\001", "\\127",
                                 "\u0085", "\u009f", "\u2028")):
        for line in ('SetAccountPassword %s PASSWORD "a%s"' % (user, control),
                     'SetAccountPassword %s TO "%sa"' % (user, control),
                     'UpdateAccountSettings %s {Password="a%sb";}'
                     % (user, control),
                     'CreateAccount n%d@%s {Password="a%s";}'
                     % (n, MAIN, control)):
            admin.ask('<cliExecute id="c">%s</cliExecute>' % escape(line),
                      failure("c", 501, CONTROLS))
    c = server.login(user)
    for control in ("&#10;", "&#9;", "&#13;", "&#127;", "&#x85;", "&#x2029;"):
        c.ask('<passwordModify id="1" oldPassword="secret" newPassword="a%s"/>'
              % control, failure("1", 501, CONTROLS))
    c.ask('<passwordModify id="1" oldPassword="secret" '
          'newPassword="a b&#xa0;&#x1f600;"/>', response("1"))
    pwd = pwd_port.connect(server)
    pwd.login(user, "a b\u00a0\U0001f600")
    equal(pwd.refused("NEWPASS a\tb"), 501)
    # Who has one from before can be asked about.
    admin.ask('<cliExecute id="v">VerifyAccountPassword %s PASSWORD "a\\e"'
              '</cliExecute>' % user, failure("v", 515))
    equal(admin.cli("ListAccounts " + MAIN).count("="), 2)


def test_unusable_password_is_called_that(t):
    user = t.user()
    for secret in ("a\x01b", "\x7f", "x\n\n"):
        done = ctl(t.shared, "--host", "127.0.0.1", "--port", port(t.shared),
                   "--tls", "none", "--user", user, "alert", "list", "--own",
                   env={"XIMSS_PASSWORD": secret})
        check(UNUSABLE in done.stderr and "challenge" not in done.stderr,
              done.stderr)
        equal(done.returncode, 4)


# --- texts ---

def test_line_end_behind_a_text(t):
    user = t.user()
    admin = t.shared.admin()
    for given, text in (("x", "x"), ("x\n", "x"), ("x\r\n", "x"),
                        ("x\r\n\r\n", "x&#13;\n"), ("x\n\n", "x\n"),
                        ("a\r\nb\r\n", "a&#13;\nb"), ("x\r", "x&#13;")):
        for words in ((), ("-",)):
            done = subprocess.run(
                [ctl_program(), "alert", "post", "--account", user, *words],
                input=given.encode(), capture_output=True, check=False,
                env=ctl_environment(t.shared))
            equal((done.returncode, done.stderr), (0, b""))
            report = admin.reports(scope="account", target=user)[-1]
            equal(report.split(">", 1)[1].rsplit("<", 1)[0], text)


# --- what is not shown ---

def test_import_shows_no_password(t):
    server = t.server()
    asks = "are the fields separated by commas?"
    for separator in (";", "\t", ":", "|", " ", " - ", ";;"):
        for text in ("joe%shush-7%sJoe\n", "name%spassword%sreal name\n"
                     "joe%shush-7%sJoe\n", '"joe%shush-7",%sJoe\n',
                     "joe%shush-7, x%s\n"):
            text = text.replace("%s", separator)
            for words in ((), ("--domain", MAIN)):
                done = ctl(server, "account", "import", *words, "-",
                           stdin=text)
                said = done.stdout + done.stderr
                equal(done.returncode, 1, said)
                check("hush" not in said and "joe" not in said.lower(), said)
                check(asks in done.stderr, done.stderr)
        for words in (("cli", "--file", "-"), ("quota", "import", "-"),
                      ("quota", "import", "--domain", MAIN, "-")):
            for end in ("\n", " 5\n", separator + "Joe\n"):
                done = ctl(server, *words,
                           stdin="joe" + separator + "hush-7" + end)
                check("hush" not in done.stdout + done.stderr, done.stderr)
                equal(done.returncode, 1, done.stderr)
    equal(ctl(server, "account", "import", "-", stdin="joe,hush-7\t\n").stderr,
          "standard input:1: joe: " + CONTROLS + " (501)\n")
    equal(server.cli("ListAccounts").count("="), 1)
    server.stop()
    with open(os.path.join(server.store, "db", "audit.db"), "rb") as f:
        trail = f.read()
    check(b"hush" not in trail, "a password is in the audit log")


def test_lines_that_name_nobody(t):
    """What is legal in names, but no name in a file."""
    domain = t.domain()
    for words, text in (
            ((), "#name,password,real name\n#joe,hush-7\n  # hush-7\n"
                 "//joe,hush-7\n\"#joe\",hush-7\n"),
            ((), "$6$salt$hush-7\n{SSHA}hush-7,x\nhush-7=\njoe/hush-7\n"
                 "joe!hush-7\njoe^hush-7\njoe~hush-7\njoe#hush-7\njoe&hush-7\n"
                 "hu\u00b2sh-7,x\n"),
            (("--passwd-file",), "+::::::\n-hush-7:{PLAIN}x\n+hush-7\n"
                                 "joe=hush-7\n{SSHA}hush-7:\n"),
            (("--shadow",), "+::::::\n-hush-7:!:\njoe/hush-7\n")):
        done = ctl(t.shared, "account", "import", "--domain", domain, *words,
                   "-", stdin=text)
        check("hush" not in done.stdout + done.stderr
              and "\u00b2" not in done.stderr, done.stderr)
        equal(done.returncode, 1, done.stderr)
        n = len(text.splitlines())
        equal(len(done.stderr.splitlines()), n, done.stderr)
        check("0 created, 0 existed already, %d refused" % n in done.stdout,
              done.stdout)
    done = ctl(t.shared, "quota", "import", "--keep-going", "--domain", domain,
               "-", stdin="$6$salt$hush-7 5\n{SSHA}hush-7,6\n")
    check("hush" not in done.stderr, done.stderr)
    equal(done.stdout, "0 reported, 2 refused\n")
    equal(t.shared.cli("ListAccounts " + domain), "{}")
    # Such a name, where another field stands behind it.
    ctl(t.shared, "account", "import", "--domain", domain, "-",
        stdin="a/b,\n+joe,\no'neill\n")
    equal(t.shared.cli("ListAccounts " + domain).count("="), 3)


def test_arguments_show_no_password(t):
    """Misspelt options, and passwords where none can be."""
    user = t.user()
    for words in (("--pasword=hush-7", "server", "info"),
                  ("--password=hush-7", "server", "info"),
                  ("--password-fd=hush-7", "server", "info"),
                  ("--pass", "hush-7", "server", "info"),
                  ("account", "password", "--new-password=hush-7", user),
                  ("account", "password", "--new-password-fd", "hush-7", user),
                  ("account", "password", "--ne=hush-7", user),
                  ("account", "password", user, "hush-7"),
                  ("account", "create", "--no-password", user, "hush-7"),
                  ("account", "create", "--no-password=hush-7", user),
                  ("account", "settings", user, "hush-7")):
        done = ctl(t.shared, *words)
        equal(done.returncode, 2, done.stderr)
        check("hush" not in done.stdout + done.stderr, done.stderr)
    for name, words in (("ximssd", ("--admin-password=hush-7",)),
                        ("ximss-bridge", ("--password=hush-7",)),
                        ("ximss-client", ("--password=hush-7", user)),
                        ("ximss-client", ("--password-fd=hush-7", user))):
        done = subprocess.run(
            [os.path.join(os.path.dirname(program()), name), *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)
        check(done.returncode != 0, name)
        check("hush" not in done.stdout + done.stderr, done.stderr)


def test_wrong_options_are_named(t):
    for words, said in (
            (("--sock=x",), "no command"),
            (("--sockt=x",), "--sockt: there is no such option"),
            (("--p=1", "server"), "--p: more than one option begins like this"),
            (("--json=x", "server"), "--json: it takes no value"),
            (("--socket",), "--socket: a value is missing"),
            (("-x", "server"), "-x: there is no such option"),
            (("alert", "post", "--until"), "--until: a value is missing")):
        done = ctl(t.shared, *words)
        equal(done.returncode, 2)
        check(done.stderr.startswith("ximssctl: " + said), done.stderr)


def test_audit_of_lines_that_are_wrong(t):
    server = t.server()
    admin = server.admin()
    for line in ("CreateAccount joe@%s PASSWORD hush-7",
                 "CreateAccount joe@%s hush-7",
                 'CreateAccount "joe;hush-7;Joe"',
                 'CreateAccount "joe hush-7"',
                 "UpdateAccountSettings postmaster PASSWORD hush-7",
                 "SetAccountPassword postmaster hush-7"):
        line = line.replace("%s", MAIN)
        admin.cli_error(line)
    server.stop()
    with open(os.path.join(server.store, "db", "audit.db"), "rb") as f:
        trail = f.read()
    check(b"CREATEACCOUNT" in trail, "nothing in the audit log")
    check(b"hush" not in trail, "a password is in the audit log")
