# SPDX-License-Identifier: BSD-2-Clause
"""Drives the real server from outside: starts it, speaks XIMSS to it, compares.

Nothing in here waits for a fixed time: it waits for bytes or for a condition,
with a deadline, or it moves the server's clock (TESTCLOCK, --test-hooks).
"""

import base64
import contextlib
import functools
import hashlib
import hmac
import os
import random
import re
import secrets
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DEADLINE = float(os.environ.get("XIMSS_DEADLINE", "15"))
MAIN = "example.test"
MASTER_PASSWORD = "first of all"
# What every test server has, unless a test says otherwise: cheap passwords,
# and failed log-ins of one test that do not slow down the next.
DEFAULTS = {"password_iterations": 4096, "login_free_tries": 1000,
            "login_address_free_tries": 1000000}
PASSWORD = "secret"


class Failed(AssertionError):
    """What a test found."""


class Skip(Exception):
    """The machine lacks what the test needs; says what."""


class Missing(Skip):
    """What scripts/install-deps check installs is missing; says what."""


class Closed(Failed):
    """The server closed the connection where a message was expected."""


CLAIMED = []


def free_port():
    """A port for what listens where it is told to, or comes back to the same port.
    It lies below those that the system gives to whoever wants any, of whom one
    would get it before, or between two starts.  A socket for UDP, which nobody
    uses, keeps it from other tests until this process ends."""
    while True:
        port = random.randrange(15000, 32000)
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError), socket.socket() as s:
            claim.bind(("127.0.0.1", port))
            s.bind(("127.0.0.1", port))
            CLAIMED.append(claim)
            return port
        claim.close()


def program():
    path = os.environ.get("XIMSSD", "./ximssd")
    if not os.path.exists(path):
        raise SystemExit("no server at %s: set XIMSSD or name the build "
                         "directory with --build" % path)
    return os.path.abspath(path)


def ctl_environment(server, more=None):
    return {**os.environ, "TZ": "UTC",
            "XIMSS_SOCKET": server.control_path(), **(more or {})}


def ctl_program():
    return os.path.join(os.path.dirname(program()), "ximssctl")


def ctl(server, *args, stdin="", env=None):
    """ximssctl, to its end, on the server's own socket unless the arguments
    say otherwise."""
    return subprocess.run([ctl_program(), *args], input=stdin,
                          capture_output=True, text=True, check=False,
                          timeout=DEADLINE * 4,
                          env=ctl_environment(server, env))


@functools.lru_cache(None)
def is_instrumented():
    """Is the server built with a sanitizer, or run by valgrind?"""
    if os.environ.get("XIMSS_WRAPPER"):
        return True
    with open(program(), "rb") as f:
        code = f.read()
    return any(mark in code for mark in
               (b"__asan_init", b"__tsan_init", b"__msan_init"))


def wait_until(condition, what, deadline=None):
    """Waits until condition() is true, and returns what it returned."""
    end = time.monotonic() + (deadline or DEADLINE)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("waited in vain: " + what)
        select.select([], [], [], 0.002)


def escape(text):
    """Text as character data or attribute value, in the server's style."""
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"),
                         ("'", "&#39;"), ("\r", "&#13;")):
        text = text.replace(char, entity)
    return text


def attribute(text):
    return (escape(text).replace('"', "&quot;").replace("\t", "&#9;")
            .replace("\n", "&#10;"))


def unescape(text):
    """The text behind references, for what the server wrote."""
    def one(match):
        name = match.group(1)
        if name.startswith("#x"):
            return chr(int(name[2:], 16))
        if name.startswith("#"):
            return chr(int(name[1:]))
        return {"amp": "&", "lt": "<", "gt": ">", "quot": '"',
                "apos": "'"}[name]
    return re.sub(r"&([^;]+);", one, text)


def attr(message, name, default=None):
    """The value of an attribute of the message's first element."""
    match = re.search(r'\s%s="([^"]*)"' % re.escape(name),
                      message.split(">", 1)[0] + ">")
    return unescape(match.group(1)) if match else default


def body(message):
    match = re.fullmatch(r"<\w+[^>]*>(.*)</\w+>", message, re.S)
    return unescape(match.group(1)) if match else ""


def pattern(expected):
    """Expected text as an expression: … is any run of characters of one
    attribute value or text."""
    return re.compile('[^"<>]*'.join(re.escape(part)
                                     for part in expected.split("…")), re.S)


def matches(expected, got):
    return pattern(expected).fullmatch(got) is not None


def response(id_):
    return '<response id="%s"/>' % attribute(id_)


def failure(id_, number, text="…"):
    return '<response id="%s" errorText="%s" errorNum="%d"/>' % (
        attribute(id_), text, number)


def alert(text, scope="server", severity="warning", alert_id="…", until=None):
    """A pushed alert as it is expected on the wire."""
    end = ' until="%s"' % until if until else ""
    return ('<alert gmtTime="…" localTime="…" alertID="%s" scope="%s" '
            'severity="%s"%s>%s</alert>' % (alert_id, scope, severity, end,
                                            escape(text)))


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def b64(data):
    return base64.b64encode(
        data.encode() if isinstance(data, str) else data).decode()


class Scram:
    """The client's side of SCRAM-SHA-256, in whatever it is wrapped."""

    def __init__(self, user, password, header="n,,"):
        name = user.replace("=", "=3D").replace(",", "=2C")
        self.password, self.header = password, header
        self.nonce = secrets.token_urlsafe(18)
        self.first_bare = "n=%s,r=%s" % (name, self.nonce)

    def first(self):
        return self.header + self.first_bare

    def final(self, server_first):
        fields = dict(f.split("=", 1) for f in server_first.split(","))
        if not fields["r"].startswith(self.nonce) or \
                fields["r"] == self.nonce:
            raise Failed("SCRAM: bad nonce: " + server_first)
        self.salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(),
                                          base64.b64decode(fields["s"]),
                                          int(fields["i"]))
        client_key = hmac.digest(self.salted, b"Client Key", "sha256")
        stored = hashlib.sha256(client_key).digest()
        bare = "c=%s,r=%s" % (b64(self.header), fields["r"])
        self.message = ",".join((self.first_bare, server_first,
                                 bare)).encode()
        proof = xor(client_key, hmac.digest(stored, self.message, "sha256"))
        return "%s,p=%s" % (bare, b64(proof))

    def verify(self, server_final):
        """Is it the server that knows the password?"""
        server_key = hmac.digest(self.salted, b"Server Key", "sha256")
        signature = hmac.digest(server_key, self.message, "sha256")
        if server_final != "v=" + b64(signature):
            raise Failed("SCRAM: wrong server signature: " + server_final)


# --- the client ---

class Client:
    """One connection.  Everything that passes is kept for the transcript."""

    def __init__(self, sock, name="client"):
        self.sock = sock
        self.name = name
        self.buffer = b""
        self.transcript = []
        self.end = False
        self.counter = 0

    # what goes out

    def raw(self, data):
        self.transcript.append(("C", data))
        self.sock.settimeout(DEADLINE)
        self.sock.sendall(data)

    def send(self, *messages):
        """Sends messages, each with its zero, all in one write."""
        self.raw(b"".join(m.encode() + b"\0" for m in messages))

    # what comes in

    def fill(self, deadline):
        """Reads once; False if nothing came until the deadline.  Closed by
        the server: sets `end`."""
        left = deadline - time.monotonic()
        pending = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()
        if not pending:
            waiting = select.poll()  # select() takes no more than 1024
            waiting.register(self.sock, select.POLLIN)
            if not waiting.poll(max(left, 0) * 1000):
                return False
        try:
            self.sock.settimeout(max(left, 0.001))
            data = self.sock.recv(262144)
        except ssl.SSLWantReadError:
            return True
        except socket.timeout:
            return False
        except (ConnectionResetError, ssl.SSLError, BrokenPipeError):
            data = b""
        if not data:
            self.end = True
        self.buffer += data
        return True

    def receive(self, timeout=None):
        """The next message without its zero."""
        deadline = time.monotonic() + (timeout or DEADLINE)
        while True:
            message, zero, rest = self.buffer.partition(b"\0")
            if zero:
                self.buffer = rest
                self.transcript.append(("S", message))
                return message.decode()
            if self.end:
                raise Closed("%s: closed by the server, behind it: %r"
                             % (self.name, self.buffer))
            if not self.fill(deadline):
                raise Failed("%s: no message came; half of one: %r"
                             % (self.name, self.buffer))

    def expect(self, *expected):
        """The next messages are exactly these; returns them.  In one answer
        several elements may stand in one message, so messages that a response
        ends are compared joined."""
        got = []
        for one in expected:
            message = self.receive()
            got.append(message)
            if not matches(one, message):
                raise Failed("%s: expected %s\n%sgot      %s"
                             % (self.name, one, " " * (len(self.name) + 2),
                                message))
        return got if len(got) != 1 else got[0]

    def ask(self, request, *expected):
        """Sends one request and expects these messages."""
        self.send(request)
        return self.expect(*expected)

    def until_response(self, id_):
        """All messages up to the response of this id."""
        got = []
        while True:
            got.append(self.receive())
            if got[-1].startswith("<response ") and attr(got[-1], "id") == id_:
                return got

    def ok(self, request):
        """Sends a request that must succeed; the data messages before it."""
        id_ = attr(request, "id")
        if id_ is None:
            raise ValueError("request without id: " + request)
        self.send(request)
        got = self.until_response(id_)
        if got[-1] != response(id_):
            raise Failed("%s: %s failed: %s" % (self.name, request[:300],
                                                got[-1]))
        return got[:-1]

    def next_id(self):
        self.counter += 1
        return "n%d" % self.counter

    def flush(self):
        """What was pushed before the server answers a noop.  What it was is
        delivered then: the first request may have been on its way before the
        server knew that TCP had acknowledged, the second was sent later."""
        pushed = []
        for _ in range(2):
            id_ = self.next_id()
            self.send('<noop id="%s"/>' % id_)
            got = self.until_response(id_)
            if got[-1] != response(id_):
                raise Failed("%s: noop failed: %s" % (self.name, got[-1]))
            pushed += got[:-1]
        return pushed

    def quiet(self):
        """Nothing was pushed."""
        got = self.flush()
        if got:
            raise Failed("%s: unexpected: %s" % (self.name, got))

    def flush_exactly(self, *expected):
        """Exactly these were pushed before the answer to a noop."""
        got = self.flush()
        if len(got) != len(expected) or not all(
                matches(e, g) for e, g in zip(expected, got)):
            raise Failed("%s: expected %s\n%sgot %s" % (
                self.name, list(expected), " " * len(self.name), got))
        return got

    def expect_closed(self, timeout=None):
        """The server closes, and says nothing before."""
        deadline = time.monotonic() + (timeout or DEADLINE)
        while not self.end:
            if not self.fill(deadline):
                raise Failed("%s: the server did not close" % self.name)
        if self.buffer:
            raise Failed("%s: before the end: %r" % (self.name, self.buffer))

    def expect_bye(self, timeout=None):
        message = self.receive(timeout)
        if message != "<bye/>":
            raise Failed("%s: expected <bye/>, got %s" % (self.name, message))
        self.expect_closed(timeout)

    # logging in

    def login(self, user, password=PASSWORD, id_="login", **attributes):
        """Logs in with a clear password; returns the session message."""
        more = "".join(' %s="%s"' % (k, attribute(v))
                       for k, v in attributes.items())
        self.send('<login id="%s" userName="%s" authData="%s"%s/>' % (
            id_, attribute(user), attribute(password), more))
        return self.logged_in(id_)

    def logged_in(self, id_):
        message = self.receive()
        if not message.startswith('<session id="%s" ' % attribute(id_)):
            raise Failed("%s: not logged in: %s" % (self.name, message))
        self.expect(response(id_))
        return message

    def external(self, id_="login"):
        self.send('<login id="%s" method="EXTERNAL"/>' % id_)
        return self.logged_in(id_)

    def challenge(self, id_="login"):
        message = self.receive()
        if not message.startswith('<challenge id="%s" value="' % id_):
            raise Failed("%s: no challenge: %s" % (self.name, message))
        return base64.b64decode(attr(message, "value"))

    def scram(self, user, password=PASSWORD, id_="login", initial=True,
              header="n,,", **attributes):
        """SCRAM-SHA-256 with the server's signature checked.  Returns the
        session message; raises Refused with the response otherwise."""
        more = "".join(' %s="%s"' % (k, attribute(v))
                       for k, v in attributes.items())
        scram = Scram(user, password, header)
        if initial:
            self.send('<login id="%s" method="SCRAM-SHA-256" value="%s"%s/>'
                      % (id_, b64(scram.first()), more))
        else:
            self.send('<login id="%s" method="SCRAM-SHA-256"%s/>'
                      % (id_, more))
            self.challenge(id_)
            self.send('<auth id="%s" value="%s"/>'
                      % (id_, b64(scram.first())))
        server_first = self.challenge(id_).decode()
        self.send('<auth id="%s" value="%s"/>'
                  % (id_, b64(scram.final(server_first))))
        answer = self.receive()
        if answer.startswith("<response"):
            raise Refused(answer, server_first)
        scram.verify(base64.b64decode(attr(answer, "value")).decode())
        self.send('<auth id="%s" value=""/>' % id_)
        return self.logged_in(id_)

    def bye(self):
        """Logs out, in order on both sides."""
        self.ok('<bye id="bye"/>')
        self.expect_closed()
        self.close()

    # other ends

    def starttls(self, context=None, hostname="localhost"):
        self.ask('<starttls id="tls"/>', response("tls"))
        self.handshake(context, hostname)

    def handshake(self, context=None, hostname="localhost"):
        if self.buffer:
            raise Failed("%s: bytes before TLS: %r"
                         % (self.name, self.buffer))
        self.sock.settimeout(DEADLINE)
        self.sock = (context or trusting()).wrap_socket(
            self.sock, server_hostname=hostname)

    def close(self):
        self.sock.close()

    def reset(self):
        """Closes so that the peer sees a reset, not an orderly end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    # requests that many tests make

    def cli(self, command):
        """A CLI command that must succeed; the result's text or None."""
        id_ = self.next_id()
        got = self.ok('<cliExecute id="%s">%s</cliExecute>'
                      % (id_, escape(command)))
        results = [g for g in got if g.startswith("<cliResult ")]
        return body(results[0]) if results else None

    def cli_error(self, command):
        """A CLI command that must fail; its number."""
        id_ = self.next_id()
        self.send('<cliExecute id="%s">%s</cliExecute>'
                  % (id_, escape(command)))
        got = self.until_response(id_)[-1]
        if attr(got, "errorNum") is None:
            raise Failed("%s: %s was not refused" % (self.name, command))
        return int(attr(got, "errorNum"))

    def post(self, text, scope="server", **attributes):
        """Posts an alert; its id as text."""
        got = self.ok(post_request(self.next_id(), text, scope, **attributes))
        posted = [g for g in got if g.startswith("<alertPosted ")]
        if len(posted) != 1:
            raise Failed("%s: no alertPosted: %s" % (self.name, got))
        self.pushed = [g for g in got if g is not posted[0]]
        self.posted = posted[0]
        return attr(posted[0], "alertID")

    def remove(self, alert_id):
        return self.ok('<alertRemove id="%s" alertID="%s"/>'
                       % (self.next_id(), alert_id))

    def reports(self, **attributes):
        """alertList's reports."""
        more = "".join(' %s="%s"' % (k, attribute(v))
                       for k, v in attributes.items())
        return [g for g in self.ok('<alertList id="%s"%s/>'
                                   % (self.next_id(), more))
                if g.startswith("<alertReport ")]

    def shown(self):
        """The show of this client as text."""
        lines = []
        for who, data in self.transcript:
            text = data.decode("utf-8", "backslashreplace")
            if who == "C":
                text = text.replace("\0", "\u2400")
            if len(text) > 600:
                text = text[:400] + " [%d more] " % (len(text) - 500) \
                    + text[-100:]
            lines.append("%s: %s" % (who, text))
        if self.buffer:
            lines.append("S: (unread) %r" % self.buffer[:300])
        if self.end:
            lines.append("S: closed")
        return "\n".join("    " + line for line in lines[-40:])


class Refused(Failed):
    def __init__(self, answer, server_first=""):
        super().__init__("log-in refused: " + answer)
        self.answer = answer
        self.server_first = server_first


def post_request(id_, text, scope="server", **attributes):
    more = "".join(' %s="%s"' % (k, attribute(v))
                   for k, v in attributes.items() if v is not None)
    return '<alertPost id="%s" scope="%s"%s>%s</alertPost>' % (
        id_, scope, more, escape(text))


def trusting(version=None):
    """A TLS context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def make_certificate(directory, name="localhost", stem="cert"):
    """A self-signed certificate; paths of certificate and key."""
    cert = os.path.join(directory, stem + ".pem")
    key = os.path.join(directory, stem + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                    "-subj", "/CN=" + name, "-keyout", key, "-out", cert],
                   check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cert, key


# --- the server ---

class Server:
    """One server over one store.  Options become lines of its configuration
    file, with "-" for "_"."""

    def __init__(self, options=None, args=(), wrapper=None, env=None,
                 tls=False, directory=None, listen="127.0.0.1:0",
                 listen_pwd=(), preexec=None):
        self.dir = directory or tempfile.mkdtemp(prefix="ximssd-test-")
        self.own_dir = directory is None
        self.store = os.path.join(self.dir, "store")
        self.config = os.path.join(self.dir, "ximssd.conf")
        self.options = dict(DEFAULTS)
        self.options.update(options or {})
        self.listen = [listen] if isinstance(listen, str) else list(listen)
        self.listen_pwd = list(listen_pwd)
        self.args = list(args)
        self.wrapper = wrapper
        self.env = dict(env or {})
        self.preexec = preexec
        self.process = None
        self.lines = []
        self.changed = threading.Condition()
        self.reader = None
        self.expected_errors = []
        self.clients = []
        self.master = None
        if tls:
            cert, key = make_certificate(self.dir)
            self.options.setdefault("tls_certificate", cert)
            self.options.setdefault("tls_key", key)
            self.listen_tls = ["127.0.0.1:0"]
            self.listen_pwd_tls = ["127.0.0.1:0"] if listen_pwd else []
        else:
            self.listen_tls = []
            self.listen_pwd_tls = []

    # its life

    def write_config(self, text=None):
        """Writes the file anew, from the options or as given."""
        if text is None:
            text = "".join("%s = %s\n" % (k.replace("_", "-"),
                                          config_value(v))
                           for k, v in self.options.items())
        temp = self.config + ".new"
        with open(temp, "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(temp, self.config)

    def command(self):
        wrapper = self.wrapper
        if wrapper is None:
            wrapper = os.environ.get("XIMSS_WRAPPER", "").split()
        password = os.path.join(self.dir, "password")
        if not os.path.exists(password):
            with open(password, "w", encoding="utf-8") as f:
                os.fchmod(f.fileno(), 0o600)
                f.write(MASTER_PASSWORD + "\n")
        command = list(wrapper) + [program(), "--config", self.config,
                                   "--store", self.store,
                                   "--main-domain", MAIN,
                                   "--admin-password-file", password,
                                   "--test-hooks"]
        for option, addresses in (("--listen", self.listen),
                                  ("--listen-tls", self.listen_tls),
                                  ("--listen-pwd", self.listen_pwd),
                                  ("--listen-pwd-tls", self.listen_pwd_tls)):
            for address in addresses:
                command += [option, address]
        return command + self.args

    def open_door(self, **options):
        """Before the start: a mail door, where this user may name any
        account."""
        os.chmod(self.dir, 0o711)
        self.options.update({"door_socket": os.path.join(self.dir, "door.sock"),
                             "door_users": [str(os.geteuid())], **options})
        return self

    def start(self, wait=True):
        self.write_config()
        os.makedirs(self.store, mode=0o755, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.store, "ports"))
        env = dict(os.environ)
        env.setdefault("ASAN_OPTIONS", "abort_on_error=0:detect_leaks=1")
        env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
        supp = os.path.join(HERE, os.pardir, "tsan.supp")
        if os.path.exists(supp):
            env.setdefault("TSAN_OPTIONS", "suppressions=%s:exitcode=66"
                           % os.path.abspath(supp))
        env.update(self.env)
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=env, cwd=self.dir, preexec_fn=self.preexec)
        self.reader = threading.Thread(target=self.read_log, daemon=True,
                                       args=(self.process.stderr,))
        self.reader.start()
        if wait:
            self.ready()
        return self

    def ready(self):
        def listening():
            if self.process.poll() is not None:
                self.reader.join(DEADLINE)
                raise Failed("the server ended with %s:\n%s" % (
                    self.process.returncode, "".join(self.lines[-20:])))
            return os.path.exists(os.path.join(self.store, "ports"))
        wait_until(listening, "the server listens", DEADLINE * 2)

    def read_log(self, stream):
        for line in stream:
            with self.changed:
                self.lines.append(line.decode("utf-8", "backslashreplace"))
                self.changed.notify_all()
        stream.close()

    def wait_log(self, expression, since=0, deadline=None):
        """The first log line from index `since` on that matches."""
        end = time.monotonic() + (deadline or DEADLINE)
        seen = since
        with self.changed:
            while True:
                for line in self.lines[seen:]:
                    if re.search(expression, line):
                        return line
                seen = len(self.lines)
                left = end - time.monotonic()
                if left <= 0:
                    raise Failed("no log line matches %r in:\n%s" % (
                        expression, "".join(self.lines[-20:])))
                self.changed.wait(left)

    def answer_or_wait(self, client, since, name, address=None):
        """The answer to a log-in that was sent when there were `since` log
        lines; None: it has to wait for the throttle.  For servers that log
        everything."""
        held = re.compile(r"login held up user=%s(@\S*)? address=%s "
                          % (re.escape(name.split("@")[0]),
                             re.escape(address or "127.0.0.1")))

        def decided():
            if client.end or client.buffer.endswith((b"\0", b"\n")):
                return "answered"
            if any(held.search(line) for line in self.lines[since:]):
                return "held up"
            client.fill(time.monotonic() + 0.01)
            return None
        if wait_until(decided, "an answer") == "held up":
            return None
        return client.receive()

    def freeze(self):
        """Stops it as it is, until SIGCONT; returns when it stands still."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = "/proc/%d/task" % self.process.pid

        def stands():
            for task in os.listdir(tasks):
                with open("%s/%s/stat" % (tasks, task), encoding="utf-8",
                          errors="replace") as stat:
                    if stat.read().rsplit(")", 1)[1].split()[0] != "T":
                        return False
            return True
        wait_until(stands, "all threads are stopped")

    def signal(self, number):
        # A wrapper (valgrind) execs or passes signals on.
        self.process.send_signal(number)

    def stop(self, timeout=None):
        """SIGTERM: must end with status 0, in time, and without complaint."""
        if self.process is None:
            return
        self.forget_clients()
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        self.finish(timeout or max(12, DEADLINE))

    def finish(self, timeout):
        process, self.process = self.process, None
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.reader.join(DEADLINE)
            raise Failed("the server did not end in %d s:\n%s" % (
                timeout, "".join(self.lines[-20:]))) from None
        self.reader.join(DEADLINE)
        self.complaints()
        if status != 0:
            raise Failed("the server ended with %s:\n%s" % (
                status, "".join(self.lines[-30:])))

    def complaints(self):
        """Errors, and reports of sanitizers and valgrind, are failures."""
        found = [line for line in self.lines
                 if re.search(r"\] error: |Sanitizer|runtime error:|^==\d+==",
                              line)
                 and not any(re.search(e, line)
                             for e in self.expected_errors)]
        if found:
            raise Failed("the server complained:\n" + "".join(found[:40]))

    def kill(self):
        """kill -9, as a crash."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.reader.join(DEADLINE)
        self.process = None
        self.forget_clients()

    def restart(self, crash=False):
        if crash:
            self.kill()
        else:
            self.stop()
        return self.start()

    def forget_clients(self):
        if self.master:
            self.master.close()
            self.master = None

    def end(self, failed=False, keep=False):
        """Stops, and removes the directory."""
        try:
            for client in self.clients:
                with contextlib.suppress(OSError):
                    client.close()
            self.stop()
        finally:
            if self.process is not None:
                self.kill()
            if self.own_dir and not keep and not failed:
                shutil.rmtree(self.dir, ignore_errors=True)
            elif keep:
                print("kept: " + self.dir)

    # its doors

    def ports(self, kind="tcp"):
        """The addresses that the server listens on, as (host, port)."""
        with open(os.path.join(self.store, "ports"), encoding="utf-8") as f:
            lines = [line.split() for line in f]
        found = [line[1] for line in lines if line[0] == kind]
        return [(a.rpartition(":")[0].strip("[]"), int(a.rpartition(":")[2]))
                for a in found]

    def connect(self, name=None, kind="tcp", source=None, host=None,
                index=0, family=None, receive_buffer=None, make=None):
        address = self.ports(kind)[index]
        if host or address[0] == "*":
            address = (host or "127.0.0.1", address[1])
        family = family or (socket.AF_INET6 if ":" in address[0]
                            else socket.AF_INET)
        sock = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                            receive_buffer)
        if source:
            sock.bind((source, 0))
        sock.settimeout(DEADLINE)
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = (make or Client)(sock, name or "client%d"
                                  % (len(self.clients) + 1))
        self.clients.append(client)
        return client

    def control_path(self):
        return os.path.join(self.store, "control.sock")

    def control(self, name="control"):
        """A connection to the UNIX socket, not logged in."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(DEADLINE)
        sock.connect(self.control_path())
        client = Client(sock, name)
        self.clients.append(client)
        return client

    def door(self, uid=None, name=None):
        """A connection to the mail door (open_door) as that user of the
        machine, not logged in."""
        path = self.options["door_socket"]
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(DEADLINE)
        with as_user(uid):
            sock.connect(path)
        client = Client(sock, name or "door%d" % (len(self.clients) + 1))
        self.clients.append(client)
        return client

    def mail(self, user, door="imap", uid=None, **attributes):
        """A session at the mail door."""
        client = self.door(uid, "%s of %s" % (door, user))
        client.send(door_login(user, door, **attributes))
        client.session = client.logged_in("login")
        return client

    def admin(self):
        """A session as Master, kept as long as the server lets it live."""
        if self.master is not None:
            try:
                self.master.flush()
                return self.master
            except (Failed, OSError):
                self.master.close()
        self.master = self.control("master")
        self.master.external()
        return self.master

    def login(self, user, password=PASSWORD, name=None, **attributes):
        client = self.connect(name or user)
        client.login(user, password, **attributes)
        return client

    # what tests need often

    def cli(self, command):
        return self.admin().cli(command)

    def clock(self, seconds):
        """Moves the server's clock, then lets the server have a turn."""
        self.cli("TESTCLOCK %d" % seconds)

    def domain(self, name, settings=None):
        self.cli("CreateDomain %s%s" % (name, " " + settings
                                        if settings else ""))
        return name

    def account(self, address, password=PASSWORD, settings="", rights=()):
        self.cli('CreateAccount %s {Password = "%s"; RealName = "%s";%s}' % (
            address, password.replace("\\", "\\\\").replace('"', '\\"'),
            address.split("@")[0].capitalize(), settings))
        if rights:
            self.cli("SetAccountRights %s (%s)" % (
                address, ",".join('"%s"' % r if " " in r else r
                                  for r in rights)))
        return address

    def accounts(self, addresses, password=PASSWORD):
        """Makes many accounts, pipelined."""
        admin = self.admin()
        addresses = list(addresses)
        for start in range(0, len(addresses), 50):
            part = addresses[start:start + 50]
            admin.send(*['<cliExecute id="m%d">CreateAccount %s '
                         '{Password = "%s";}</cliExecute>' % (i, a, password)
                         for i, a in enumerate(part)])
            for i in range(len(part)):
                got = admin.until_response("m%d" % i)
                if got[-1] != response("m%d" % i):
                    raise Failed("account not made: " + got[-1])

    def sessions(self, account):
        """How many sessions the account has, by the server's own count."""
        posted = self.admin().ok(post_request("count", "x", "account",
                                              target=account, test="yes"))
        return int(attr(posted[0], "sessions"))

    def rss(self):
        """Resident bytes of the server; always 0 for one whose memory a
        sanitizer keeps after it was freed: then nothing can be said."""
        if is_instrumented():
            return 0
        with open("/proc/%d/statm" % self.process.pid,
                  encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def verify(self):
        """ximssd --verify on the stopped store."""
        done = subprocess.run([program(), "--verify", self.store],
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=DEADLINE * 4, check=False)
        if done.returncode != 0:
            raise Failed("--verify: %d\n%s%s" % (done.returncode, done.stdout,
                                                 done.stderr))


@contextlib.contextmanager
def as_user(uid):
    """As another user of the machine, still in our group."""
    if uid is None or uid == os.geteuid():
        yield
        return
    if os.geteuid() != 0:
        raise Skip("needs root to become somebody else")
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def door_login(user, door="imap", id_="login", **attributes):
    more = "".join(' %s="%s"' % (k, attribute(v))
                   for k, v in attributes.items() if v is not None)
    return '<login id="%s" method="EXTERNAL" userName="%s" door="%s"%s/>' % (
        id_, attribute(user), door, more)


def config_value(value):
    if value is True:
        return "yes"
    if value is False:
        return "no"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "{%s}" % ", ".join(config_value(v) for v in value)
    return '"%s"' % value


# --- what a test function gets ---

class Test:
    """Handed to each test function: servers of its own, and the file's shared
    one, in which each test has names of its own."""

    number = 0

    def __init__(self, shared, name):
        self._shared = shared
        self.name = name
        self.servers = []
        self.used_shared = False
        self.others = []
        Test.number += 1
        self.prefix = "%s-%d-" % (re.sub(r"[^a-z0-9]", "", name.lower())[4:20],
                                  Test.number)
        self.serial = 0

    @property
    def shared(self):
        self.used_shared = True
        return self._shared()

    def once(self, make):
        """Something that the tests of a file share: what make() returned."""
        other = self._shared.once(make)
        if other not in self.others:
            self.others.append(other)
        return other

    def server(self, *args, start=True, **kwargs):
        server = Server(*args, **kwargs)
        self.servers.append(server)
        if start:
            server.start()
        return server

    def domain(self, server=None, settings=None):
        """A new domain with a name of its own."""
        self.serial += 1
        name = "%s%d.test" % (self.prefix, self.serial)
        return (server or self.shared).domain(name, settings)

    def user(self, name="joe", domain=None, server=None, **kwargs):
        """A new account, in a new domain unless one is named."""
        server = server or self.shared
        domain = domain or self.domain(server)
        return server.account("%s@%s" % (name, domain), **kwargs)


def check(condition, what):
    if not condition:
        raise Failed(what)


def equal(got, expected, what=""):
    if got != expected:
        raise Failed("%s%s\n  expected %r\n  got      %r" % (
            what, ":" if what else "", expected, got))


def match(got, expected, what=""):
    if not matches(expected, got):
        raise Failed("%s: expected %s\n  got %s" % (what or "mismatch",
                                                    expected, got))


@contextlib.contextmanager
def network(addresses):
    """Runs the block (and servers started in it) in a network of its own,
    with loopback and these addresses; the calling thread must end after it."""
    import ctypes
    import fcntl
    import struct
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000) != 0:  # CLONE_NEWNET
        raise Skip("no right to make a network namespace")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        def ioctl(request, name, payload):
            fcntl.ioctl(s, request, struct.pack("16s24s", name.encode(),
                                                payload))
        def inet(address):
            return struct.pack("HH4s", socket.AF_INET, 0,
                               socket.inet_aton(address))
        ioctl(0x8914, "lo", struct.pack("H", 0x49))       # SIOCSIFFLAGS
        for i, address in enumerate(addresses):
            ioctl(0x8916, "lo:%d" % (i + 1), inet(address))  # SIOCSIFADDR
    yield


def in_network(addresses, function):
    """Runs function() in a thread with a network of its own."""
    outcome = []

    def run():
        try:
            with network(addresses):
                function()
            outcome.append(None)
        except BaseException as error:  # noqa: handed on below
            outcome.append(error)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if outcome[0] is not None:
        raise outcome[0]
