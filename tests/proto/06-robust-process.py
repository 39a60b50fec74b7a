# SPDX-License-Identifier: BSD-2-Clause
"""The process: start, signals, bad configurations, full disks, damaged
stores."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from ximss import (DEADLINE, MAIN, Failed, Server, Skip, alert, attr, body,
                   check, equal, failure, post_request, program, response,
                   wait_until)


def run(*args, **kwargs):
    """ximssd with these arguments, to its end."""
    return subprocess.run([program(), *args], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False,
                          timeout=DEADLINE * 4, **kwargs)


def directory():
    return tempfile.mkdtemp(prefix="ximssd-test-")


# --- command line and first start ---

def test_version(t):
    done = run("--version")
    equal(done.returncode, 0)
    check(re.fullmatch(r"ximssd \d+\.\d+\.\d+\n", done.stdout), done.stdout)


def test_help(t):
    done = run("--help")
    equal(done.returncode, 0)
    check("--init" in done.stdout and "--verify" in done.stdout, done.stdout)


def test_wrong_command_lines(t):
    for args in (["--nonsense"], ["extra"], ["--listen"]):
        done = run(*args)
        equal(done.returncode, 64, "%s %s" % (args, done.stderr))
        check(done.stderr, "no word about it")


def test_init(t):
    path = directory()
    try:
        store = os.path.join(path, "store")
        os.mkdir(store)
        password = os.path.join(path, "password")
        with open(password, "w", encoding="ascii") as f:
            f.write("from the file\nsecond line\n")
        done = run("--init", store, "--admin-password-file", password,
                   "--main-domain", "init.test")
        equal(done.returncode, 0, done.stderr)
        again = run("--init", store, "--admin-password-file", password,
                    "--main-domain", "other.test")
        check(again.returncode != 0, "made a second time")
        equal(run("--verify", store).returncode, 0)
        server = Server(directory=path)
        try:
            server.start()
            c = server.connect()
            c.login("postmaster@init.test", "from the file")
            equal(c.cli("MainDomainName"), "init.test")
        finally:
            server.end()
    finally:
        shutil.rmtree(path)


def test_init_without_a_password(t):
    """Then postmaster has none, until the socket sets one."""
    path = directory()
    try:
        store = os.path.join(path, "store")
        done = run("--init", store, "--main-domain", MAIN)
        equal(done.returncode, 0, done.stderr)
        server = Server(directory=path)
        try:
            server.start()
            for password in ("", "postmaster", "x"):
                server.connect().ask(
                    '<login id="1" userName="postmaster" authData="%s"/>'
                    % password, failure("1", 515))
            server.cli("SetAccountPassword postmaster@%s PASSWORD x" % MAIN)
            server.login("postmaster", "x").quiet()
        finally:
            server.end()
    finally:
        shutil.rmtree(path)


def test_init_with_a_bad_password_file(t):
    path = directory()
    try:
        empty = os.path.join(path, "empty")
        open(empty, "w", encoding="ascii").close()
        os.mkdir(os.path.join(path, "s"))
        done = run("--init", os.path.join(path, "s"),
                   "--admin-password-file", empty, "--main-domain", "x.test")
        check(done.returncode != 0, "an empty password")
        done = run("--init", os.path.join(path, "s"),
                   "--admin-password-file", empty + ".none",
                   "--main-domain", "x.test")
        check(done.returncode != 0, "no such file")
    finally:
        shutil.rmtree(path)


def test_start_on_nothing(t):
    """No store, no password file: says what to do, and ends."""
    path = directory()
    try:
        done = run("--store", path, "--listen", "127.0.0.1:0")
        check(done.returncode not in (0, None), "started")
        check("--init" in done.stderr or "password" in done.stderr,
              done.stderr)
    finally:
        shutil.rmtree(path)


def test_two_servers_on_one_store(t):
    server = t.server()
    server.account("joe@" + MAIN)
    done = run("--store", server.store, "--listen", "127.0.0.1:0")
    check(done.returncode not in (0, None), "two servers on one store")
    server.login("joe").quiet()
    done = run("--verify", server.store)
    check(done.returncode != 0, "verified a store in use")
    server.login("joe").quiet()


def test_verify_without_a_store(t):
    """It says so, and leaves nothing there."""
    path = directory()
    done = run("--verify", path)
    equal(done.returncode, 65)
    check("holds no store" in done.stderr, done.stderr)
    equal(os.listdir(path), [])
    shutil.rmtree(path)


def test_where_there_is_no_store(t):
    """What there is instead is told apart, and only an empty directory is one
    in which to make a store."""
    path = directory()

    def at(name, *inside):
        where = os.path.join(path, name)
        os.mkdir(where)
        for one in inside:
            with open(os.path.join(where, one), "w", encoding="ascii"):
                pass
        return where
    os.symlink(os.path.join(path, "gone"), os.path.join(path, "link"))
    begun = at("begun")
    os.mkdir(os.path.join(begun, "db.new"))
    for where, words, makes in (
            (at("empty"), "holds no store: it is empty", True),
            (at("fresh", ".profile", "lost+found"), "it is empty", True),
            (begun, "making one was interrupted", True),
            (at("other", "letter.txt"),
             "holds no store, but other files, such as letter.txt", False),
            (at("inside", "meta.db", "log.0000000001"),
             "is the inside of a store: name the directory above it", False),
            (at("file", "db"), "is not a store: ", False),
            (os.path.join(path, "file", "db"), "is not a directory", False),
            (os.path.join(path, "file", "db", "x"), "is not a directory", False),
            (os.path.join(path, "none"), "there is no directory ", False),
            (os.path.join(path, "none", "x"), "there is no directory ", False),
            (os.path.join(path, "link"), "is a link to something that is not "
             "there", False)):
        for args in (["--store", where], ["--verify", where],
                     ["--salvage", where]):
            done = run(*args, "--listen", "127.0.0.1:0")
            check(done.returncode in (65, 73), done.returncode)
            check(where in done.stderr and words in done.stderr,
                  "%s: %s" % (where, done.stderr))
            equal("create one with: ximssd --init " + where in done.stderr,
                  makes and args[0] == "--store", done.stderr)
    shutil.rmtree(path)


# --- what may not be read, or is not there ---

def become_nobody():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)


def run_as_nobody(*args):
    """... whom what root made with mode 0600 or 0700 keeps out."""
    try:
        done = run(*args, "--listen", "127.0.0.1:0", cwd="/",
                   preexec_fn=become_nobody)
    except PermissionError as e:
        raise Skip("nobody may not run the server here") from e
    check(done.returncode not in (0, None), "started")
    return done


def test_paths_are_told_apart(t):
    """No permission is not nothing there, wherever a path is given."""
    path = directory()
    try:
        os.chmod(path, 0o711)
        store = os.path.join(path, "store")
        mine = os.path.join(path, "mine")
        locked = os.path.join(path, "locked")
        none = os.path.join(path, "none")
        with open(locked, "w", encoding="ascii") as f:
            f.write("secret\n")
        os.chmod(locked, 0)
        os.mkdir(mine)
        if os.geteuid() == 0:
            os.chown(mine, 65534, 65534)
        for at in (store, mine):
            equal(run("--init", at, "--main-domain", MAIN).returncode, 0)
        if os.geteuid() == 0:
            for root, _, files in os.walk(mine):
                for name in [root] + [os.path.join(root, f) for f in files]:
                    os.chown(name, 65534, 65534)
        os.chmod(store, 0)

        def told(args, words, *never):
            done = run_as_nobody(*args)
            check(words in done.stderr, "%s: %s" % (args, done.stderr))
            for word in never + ("RUNRECOVERY", "PANIC"):
                check(word not in done.stderr, done.stderr)
        denied, absent = "Permission denied", "No such file or directory"
        for args in (["--store", store], ["--verify", store]):
            told(args, "looking for the store in %s: %s" % (store, denied),
                 "--init", "holds no store")
        told(["--store", none], "there is no directory " + none, "--init",
             "holds no store")
        for option in ("--config", "--admin-password-file"):
            more = [] if option == "--config" \
                else ["--store", os.path.join(mine, "new")]
            told(more + [option, locked], "%s: %s" % (locked, denied))
            told(more + [option, none + "x"], "%sx: %s" % (none, absent))
        conf = os.path.join(path, "conf")
        for key, other in (("tls-certificate", "tls-key"),
                           ("quota-doveadm-key-file", "quota-doveadm-url")):
            for value, word in ((locked, denied), (none, absent)):
                with open(conf, "w", encoding="ascii") as f:
                    f.write('store = "%s"\n%s = "%s"\n%s = "%s"\n' % (
                        mine, key, value, other,
                        value if "tls" in key else "http://127.0.0.1:1"))
                told(["--config", conf], "%s: %s" % (value, word))
        for value, word in ((locked + "/x", "Not a directory"),
                            (none + "/x", absent)):
            with open(conf, "w", encoding="ascii") as f:
                f.write('store = "%s"\ncontrol-socket = "%s"\n'
                        % (mine, value))
            told(["--config", conf], "%s: %s" % (value, word))
        for name in ("account.db", max(
                n for n in os.listdir(os.path.join(mine, "db"))
                if n.startswith("log."))):
            file = os.path.join(mine, "db", name)
            os.chmod(file, 0)
            told(["--store", mine], "opening %s of the store: %s"
                 % (file, denied))
            os.chmod(file, 0o600)
    finally:
        os.chmod(store, 0o700)
        shutil.rmtree(path)


def test_password_line_that_is_too_long(t):
    path = directory()
    with open(path + "/password", "w") as f:
        f.write("x" * 5000 + "\n")
    done = run("--init", path + "/store", "--main-domain", MAIN,
               "--admin-password-file", path + "/password")
    check(done.returncode != 0, "made a store")
    check("the first line has more than" in done.stderr, done.stderr)
    shutil.rmtree(path)


def test_longest_password_of_the_first_start(t):
    """So long and no longer, in bytes; and one can log in with it."""
    path = directory()
    for letter in ("x", "\uFDFA"):
        size = len(letter.encode())
        text = letter * (1024 // size) + "x" * (1024 % size)
        for more, end in (("", "\n"), ("", ""), ("x", "\n"), ("x", "")):
            with open(path + "/password", "w", encoding="utf-8") as f:
                f.write(text + more + end)
            done = run("--init", path + "/store", "--main-domain", MAIN,
                       "--admin-password-file", path + "/password")
            equal(done.returncode == 0, more == "", done.stderr)
            if more:
                check("the first line has more than 1024 bytes" in done.stderr,
                      done.stderr)
                continue
            server = Server(directory=path)
            try:
                server.start().login("postmaster", text)
            finally:
                server.end()
            shutil.rmtree(path + "/store")
    shutil.rmtree(path)


def test_port_in_use(t):
    server = t.server()
    other = Server(listen="127.0.0.1:%d" % server.ports()[0][1])
    try:
        try:
            other.start()
        except Failed:
            pass
        else:
            raise Failed("two servers on one port")
        check(any("address" in line.lower() or "listen" in line.lower()
                  for line in other.lines), "".join(other.lines))
    finally:
        other.kill()
        shutil.rmtree(other.dir)


def test_control_socket_in_the_way(t):
    """What is there and is not a socket that was left behind is not removed:
    not another server's, and no file."""
    server = t.server()
    other = Server()
    plain = os.path.join(other.dir, "plain")
    with open(plain, "w", encoding="ascii") as f:
        f.write("kept")
    try:
        for path, words in (
                (server.control_path(), "another server listens on "),
                (plain, plain + " is there and is not a socket"),
                (os.path.join(other.dir, "none", "x"),
                 "No such file or directory")):
            other.options["control_socket"] = path
            try:
                other.start()
            except Failed:
                pass
            else:
                raise Failed("started with " + path)
            said = other.lines[-1]
            check(words in said and "error: " in said, said)
        with open(plain, encoding="ascii") as f:
            equal(f.read(), "kept")
        check(os.path.exists(server.control_path()), "it is gone")
        equal(server.cli("MainDomainName"), MAIN)
    finally:
        other.kill()
        shutil.rmtree(other.dir)


def test_check_config(t):
    path = directory()
    config = os.path.join(path, "c")
    try:
        for text, line, word in (
                ("", None, None),
                ('idle-timeout = "5m"\n', None, None),
                ('\nidle-timout = "5m"\n', 2, "idle-timout"),
                ('workers = 1\n\nworkers = 2\n', 3, "workers"),
                ('idle-timeout = "5 parsecs"\n', 1, "idle-timeout"),
                ('workers = 1\nlisten = {"x"}\n', 2, "listen"),
                ('xml-depth = 0\n', 1, "xml-depth"),
                ('workers = \n', None, "")):
            with open(config, "w", encoding="utf-8") as f:
                f.write(text)
            done = run("--check-config", "--config", config)
            if word is None:
                equal(done.returncode, 0, text + done.stderr)
                continue
            equal(done.returncode, 78, text + done.stderr)
            check(config + ":%s" % (line or "") in done.stderr
                  and word in done.stderr, done.stderr)
        done = run("--check-config", "--config", config + ".none")
        equal(done.returncode, 78, done.stderr)
    finally:
        shutil.rmtree(path)


def test_print_config_reads_back(t):
    path = directory()
    config = os.path.join(path, "c")
    try:
        with open(config, "w", encoding="utf-8") as f:
            f.write('idle-timeout = "7m"\n')
        first = run("--print-config", "--config", config)
        equal(first.returncode, 0, first.stderr)
        check("7m" in first.stdout, first.stdout)
        with open(config, "w", encoding="utf-8") as f:
            f.write(first.stdout)
        second = run("--print-config", "--config", config)
        equal(second.stdout, first.stdout)
    finally:
        shutil.rmtree(path)


def test_bad_config_does_not_start(t):
    server = t.server(start=False)
    server.options["no_such_key"] = 1
    try:
        server.start()
    except Failed:
        pass
    else:
        raise Failed("started")
    server.process.wait()
    equal(server.process.returncode, 78)
    server.process = None


def test_systemd_notify(t):
    """READY=1 only when it listens; STOPPING=1 when it drains."""
    import socket
    path = directory()
    try:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(os.path.join(path, "notify"))
        s.settimeout(DEADLINE)
        server = t.server(env={"NOTIFY_SOCKET": os.path.join(path,
                                                             "notify")},
                          start=False)
        server.start(wait=False)
        while b"READY=1" not in s.recv(4096):
            pass
        server.connect().ask('<noop id="1"/>', response("1"))
        server.signal(signal.SIGTERM)
        while b"STOPPING=1" not in s.recv(4096):
            pass
        server.finish(12)
    finally:
        shutil.rmtree(path)


# --- ending ---

def test_held_up_log_in_does_not_hold_up_the_end(t):
    """A client that waits for the throttle is closed at once."""
    server = t.server({"login_free_tries": 1, "login_delay": "1h",
                       "login_max_delay": "1h", "log_level": "debug"})
    server.account("joe@" + MAIN)
    for _ in range(2):
        server.connect().ask('<login id="1" userName="joe" authData="no"/>',
                             failure("1", 515))
    held = server.connect()
    held.send('<login id="1" userName="joe" authData="no"/>')
    wait_until(lambda: sum("state=login" in line for line in server.lines)
               == 3, "it is held up")
    server.signal(signal.SIGTERM)
    held.expect_closed()
    equal(server.process.wait(DEADLINE), 0)


def test_sigterm_drains(t):
    """A bye to every session, answers out, status 0."""
    for number in (signal.SIGTERM, signal.SIGINT):
        server = t.server()
        users = [server.account("u%d@%s" % (i, MAIN)) for i in range(20)]
        sessions = [server.login(u) for u in users]
        waiting = server.connect()
        waiting.ask('<noop id="1"/>', response("1"))
        admin = server.admin()
        admin.send(*[post_request("p%d" % i, "n%d" % i) for i in range(50)])
        admin.until_response("p0")
        server.signal(number)
        answered = {0}
        for _ in range(49):
            try:
                message = admin.receive()
            except Failed:
                break
            if message == "<bye/>":
                break
            if message.startswith("<response "):
                check(attr(message, "errorNum") in (None, "543"), message)
                answered.add(int(attr(message, "id")[1:]))
        for c in sessions:
            got = []
            while True:
                try:
                    got.append(c.receive())
                except Failed:
                    break
            equal(got[-1], "<bye/>")
        server.finish(12)
        server.verify()


def test_sigterm_with_clients_that_do_not_read(t):
    server = t.server()
    server.account("joe@" + MAIN)
    for _ in range(10):
        c = server.connect(receive_buffer=2048)
        c.login("joe")
    admin = server.admin()
    for i in range(100):
        admin.post("x" * 4000)
    server.stop()


def test_sigterm_while_starting(t):
    """At any moment of the start the signal ends it, with a sound store."""
    server = t.server()
    server.stop()
    for i in range(10):
        server.start(wait=False)
        if i % 2:
            server.wait_log(".", len(server.lines)) if i % 4 == 1 else None
        server.signal(signal.SIGTERM)
        process, server.process = server.process, None
        status = process.wait(12)
        server.reader.join(DEADLINE)
        check(status in (0, -signal.SIGTERM), "status %s" % status)
    server.verify()
    server.start()


def test_second_sigterm(t):
    server = t.server()
    server.account("joe@" + MAIN)
    server.login("joe")
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGTERM)
    server.finish(12)


def test_listener_is_free_at_once(t):
    """Restarted on the same port while clients were connected."""
    server = t.server()
    server.account("joe@" + MAIN)
    port = server.ports()[0][1]
    server.listen = ["127.0.0.1:%d" % port]
    for _ in range(3):
        for _ in range(5):
            server.login("joe")
        server.restart()
        equal(server.ports()[0][1], port)


# --- SIGHUP ---

class Load:
    """Sessions that ask, and a poster, while something else happens."""

    def __init__(self, server, count=30):
        self.server = server
        self.users = ["l%d@%s" % (i, MAIN) for i in range(count)]
        server.accounts(self.users)
        self.clients = [server.login(u) for u in self.users]
        self.poster = server.control("poster")
        self.poster.external()
        self.posted = []
        self.running = True
        self.error = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            while self.running:
                self.posted.append(self.poster.post("load"))
                for c in self.clients:
                    c.send('<noop id="x"/>')
                for c in self.clients:
                    c.until_response("x")
                    del c.transcript[:-20]
        except Exception as error:
            self.error = error

    def stop(self):
        self.running = False
        self.thread.join()
        if self.error:
            raise self.error


def test_sighup_under_load(t):
    """A hundred reloads: good, bad, good; nobody is disconnected."""
    server = t.server(tls=True)
    server.expected_errors.append("(?i)config|certificate|no-such-key|tls")
    load = Load(server)
    good = dict(server.options)
    for i in range(100):
        if i % 3 == 1:
            server.write_config("no-such-key = 1\n")
        elif i % 3 == 2:
            server.write_config('idle-timeout = "x')
        else:
            server.options = dict(good, idle_timeout="%dm" % (10 + i))
            server.write_config()
        server.signal(signal.SIGHUP)
        if i % 10 == 0:
            c = server.connect()
            c.ask('<noop id="1"/>', response("1"))
            c.close()
    load.stop()
    check(len(load.posted) > 0, "no load")
    for c in load.clients:
        c.quiet()


def test_sighup_bad_config_keeps_the_old(t):
    server = t.server({"idle_timeout": "30s"})
    server.expected_errors.append("(?i)config|no-such-key")
    server.account("joe@" + MAIN)
    at = len(server.lines)
    server.write_config('idle-timeout = "1h"\nno-such-key = 1\n')
    server.signal(signal.SIGHUP)
    line = server.wait_log("no-such-key", at)
    check(server.config + ":2" in line, line)
    c = server.login("joe")
    server.clock(31)
    wait_until(lambda: c.end or c.fill(time.monotonic()) and c.end,
               "the old idle timeout")


def test_sighup_good_config_takes_effect(t):
    server = t.server()
    server.account("joe@" + MAIN)
    server.options["alert_bytes"] = 10
    server.write_config()
    server.signal(signal.SIGHUP)

    def refused():
        c = server.admin()
        c.send(post_request("p", "x" * 11, test="yes"))
        return attr(c.until_response("p")[-1], "errorNum") == "522"
    wait_until(refused, "the new limit")
    at = len(server.lines)
    server.options["workers"] = 7
    server.write_config()
    server.signal(signal.SIGHUP)
    server.wait_log("workers", at)


def test_sighup_with_a_removed_file(t):
    server = t.server()
    server.expected_errors.append("(?i)config|No such file")
    server.account("joe@" + MAIN)
    c = server.login("joe")
    at = len(server.lines)
    os.unlink(server.config)
    server.signal(signal.SIGHUP)
    server.wait_log("No such file", at)
    c.quiet()


# --- the store ---

def test_verify_finds_damage(t):
    """A sound store is sound; one with a flipped page is not."""
    server = t.server()
    for i in range(50):
        server.admin().post("x" * 1000)
    server.stop()
    server.verify()
    found = 0
    tables = [os.path.join(root, f) for root, _, files
              in os.walk(server.store) for f in files if f.endswith(".db")]
    check(tables, "no tables in the store")
    for path in tables:
        with open(path, "rb") as f:
            data = f.read()
        if len(data) < 8192 or not re.search(rb"x{500}", data):
            continue
        at = re.search(rb"x{500}", data).start() + 100
        with open(path, "r+b") as f:
            f.seek(at)
            f.write(b"Y" * 16)
        found += run("--verify", server.store).returncode == 65
        with open(path, "wb") as f:
            f.write(data)
    check(found, "no damage was found")
    server.verify()


def store_files(server):
    """What the store holds, byte by byte."""
    home = os.path.join(server.store, "db")
    found = {}
    for name in os.listdir(home):
        with open(os.path.join(home, name), "rb") as f:
            found[name] = f.read()
    return found


def newest_log(server):
    home = os.path.join(server.store, "db")
    return os.path.join(home, max(n for n in os.listdir(home)
                                  if n.startswith("log.")))


def test_store_without_its_log(t):
    """Closed, it does not need it: --verify says so, and the start makes it.
    Killed, or copied as tables alone: both say what is missing and what to
    do."""
    server = t.server({"checkpoint_interval": "1h"})
    server.admin().post("one")
    server.stop()
    os.unlink(newest_log(server))
    done = run("--verify", server.store)
    equal(done.returncode, 0)
    check("a start makes it anew" in done.stdout
          and "is sound" in done.stdout, done.stdout)
    server.start()
    server.admin().post("two")
    server.kill()
    home = os.path.join(server.store, "db")
    os.unlink(newest_log(server))
    for step in ("log", "mark"):
        if step == "mark":
            os.unlink(os.path.join(home, "mark"))
        for words in (("--verify", server.store),
                      ("--store", server.store, "--listen", "127.0.0.1:0")):
            done = run(*words)
            equal(done.returncode, 65)
            said = done.stdout + done.stderr
            check("the log is missing" in said
                  and "restore a backup of the store" in said
                  and "ximssd --salvage " + server.store in said, said)


def test_damaged_log_is_refused(t):
    """After kill -9 one bit of the log is wrong: it is not started with less
    than was acknowledged; status 65, which the unit does not restart; nothing
    is changed, by --verify neither; --salvage brings back what was before."""
    server = t.server({"checkpoint_interval": "1h"})
    for i in range(20):
        server.admin().post("alert %d" % i)
    server.kill()
    path = newest_log(server)
    with open(path, "rb") as f:
        data = bytearray(f.read())
    at = data.index(b"alert 10")
    data[at] ^= 4
    with open(path, "wb") as f:
        f.write(data)
    before = store_files(server)

    done = run("--store", server.store, "--listen", "127.0.0.1:0")
    equal(done.returncode, 65)
    check(re.search(r"is damaged, nothing was changed: %s: damaged at offset"
                    r" \d+" % re.escape(os.path.basename(path)), done.stderr),
          done.stderr)
    check("ximssd --salvage " + server.store in done.stderr, done.stderr)
    equal(store_files(server), before)
    equal(run("--verify", server.store).returncode, 65)
    equal(store_files(server), before)

    done = run("--salvage", server.store)
    equal(done.returncode, 65)
    check("the log is used up to " in done.stdout, done.stdout)
    server.verify()
    server.start()
    reports = server.admin().reports(scope="server")
    equal([r.split(">")[1].split("<")[0] for r in reports],
          ["alert %d" % i for i in range(10)])


def test_damaged_table_is_refused(t):
    """A page of zeros, and a page that is wrong."""
    server = t.server()
    server.account("joe@" + MAIN)
    server.admin().post("hello")
    server.stop()
    for table, bad in (("alert.db", bytes(4096)), ("account.db", b"xx")):
        path = os.path.join(server.store, "db", table)
        with open(path, "r+b") as f:
            f.seek(4096)
            kept = f.read(len(bad))
            f.seek(4096)
            f.write(bad)
        before = store_files(server)
        done = run("--store", server.store, "--listen", "127.0.0.1:0")
        equal(done.returncode, 65)
        check("%s: page 1 is damaged" % table in done.stderr, done.stderr)
        equal(store_files(server), before)
        with open(path, "r+b") as f:
            f.seek(4096)
            f.write(kept)
    server.start()


def test_the_unit_does_not_restart_in_vain(t):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                           os.pardir, os.pardir, "dist",
                           "ximssd.service.in"), encoding="ascii") as f:
        line = re.search(r"^RestartPreventExitStatus=(.*)$", f.read(), re.M)
    for status in ("64", "65", "78"):
        check(status in line.group(1).split(), line.group(0))


def test_salvage_without_a_store(t):
    path = directory()
    done = run("--salvage", path)
    equal(done.returncode, 73)
    check("holds no store" in done.stderr, done.stderr)
    equal(os.listdir(path), [])
    shutil.rmtree(path)


def test_not_a_store(t):
    server = t.server()
    server.stop()
    path = directory()
    try:
        with open(os.path.join(path, "file"), "w", encoding="ascii") as f:
            f.write("something else")
        done = run("--store", path, "--listen", "127.0.0.1:0")
        check(done.returncode not in (0, None), "started")
        done = run("--verify", path)
        check(done.returncode not in (0, None), "verified")
    finally:
        shutil.rmtree(path)


def test_store_that_cannot_be_written(t):
    if os.geteuid() == 0:
        raise Skip("root can write everywhere")
    server = t.server()
    server.stop()
    os.chmod(server.store, 0o500)
    try:
        server.start()
    except Failed:
        return
    finally:
        os.chmod(server.store, 0o700)
    raise Failed("started")


def test_logs_of_the_store_are_bounded(t):
    server = t.server({"checkpoint_interval": "1s"})
    admin = server.admin()

    def size():
        total = 0
        for root, _, files in os.walk(server.store):
            for f in files:
                try:
                    total += os.path.getsize(os.path.join(root, f))
                except OSError:
                    pass
        return total
    for _ in range(10):
        admin.send(*[post_request("p", "x" * 4000) for _ in range(500)])
        ids = [attr(admin.until_response("p")[0], "alertID")
               for _ in range(500)]
        admin.send(*['<alertRemove id="r" alertID="%s"/>' % i for i in ids])
        admin.expect(*[response("r")] * 500)
        admin.transcript.clear()
    server.clock(10)
    # The next checkpoint, by the clock of the machine, removes what is old.
    wait_until(lambda: size() < 120 * 1024 * 1024, "old logs are removed",
               DEADLINE * 2)


def test_recovery_has_little_to_do(t):
    """What was logged before a checkpoint is in the tables, which are written
    by nothing else: recovery begins behind it.  How long that takes is not
    looked at, as machines differ."""
    server = t.server({"checkpoint_interval": "1s", "max_server_alerts": 2001})
    server.accounts("u%d@%s" % (i, MAIN) for i in range(2000))
    admin = server.admin()
    for _ in range(10):
        admin.send(*[post_request("p", "x" * 1000) for _ in range(200)])
        for _ in range(200):
            admin.until_response("p")
    last = "the last of all of them"
    admin.post(last)
    home = os.path.join(server.store, "db")

    def is_in_a_table():
        for name in os.listdir(home):
            if name.endswith(".db"):
                with open(os.path.join(home, name), "rb") as f:
                    if last.encode() in f.read():
                        return True
        return False
    wait_until(is_in_a_table, "a checkpoint")
    server.restart(crash=True)
    reports = server.admin().reports(scope="server")
    equal((len(reports), body(reports[-1])), (2001, last))


def test_crash_again_and_again(t):
    """Killed while it recovers: the next start succeeds."""
    server = t.server()
    kept = [server.admin().post("n%d" % i) for i in range(100)]
    server.kill()
    for i in range(10):
        server.start(wait=False)
        server.wait_log(".", max(0, len(server.lines) - 1)) if i % 2 else None
        server.kill()
    server.start()
    equal([attr(r, "alertID")
           for r in server.admin().reports(scope="server")], kept)
