# SPDX-License-Identifier: BSD-2-Clause
"""ximssd as programs see it that watch it: /metrics, /healthz, /readyz, the
watchdog of the service manager, and threads that hang."""

import json
import os
import re
import signal
import tempfile
import time

import bridge
import ximss
from status_http import Manager, ask, connect, promtool, read_all, samples
from ximss import MAIN, Failed, check, equal, wait_until

DIST = os.path.join(ximss.HERE, os.pardir, os.pardir, "dist")
STATUS = {"listen_status": ["127.0.0.1:0"]}


def start(t, env=None, **options):
    server = t.server({**STATUS, **options}, env=env)
    server.status = server.ports("status")[0][1]
    return server


def hang(server, thread, ms):
    """Asks for it, on a connection of its own, and does not wait for the
    answer."""
    client = server.control("hang")
    client.external()
    client.send('<cliExecute id="h">TESTHANG %s %d</cliExecute>'
                % (thread, ms))
    return client


def ready(server):
    return ask(server.status, "/readyz")


# --- the pages ---

def test_pages(t):
    server = start(t)
    for path in ("/healthz", "/readyz"):
        got = ask(server.status, path)
        equal((got.status, got.text), (200, "ok\n"))
        check("\r\nCache-Control: no-store\r\n" in got.head + "\r\n", got.head)
        head = ask(server.status, path, "HEAD")
        equal((head.status, head.text), (200, ""))
        check("Content-Length: 3" in head.head, head.head)
    equal(ask(server.status, "/").status, 404)
    equal(ask(server.status, "/healthz/").status, 404)
    equal(ask(server.status, "/healthz?x=1").status, 200)


def test_only_reading(t):
    server = start(t)
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        got = ask(server.status, "/healthz", method,
                  "Content-Length: 0\r\n")
        check(got.status is None or got.status >= 400,
              "%s: %s" % (method, got.head))
    got = ask(server.status, "/healthz", "GET", "Content-Length: 1\r\n")
    check(got.status is None or got.status >= 400, got.head)
    equal(ask(server.status, "/healthz").status, 200)


def test_off_unless_it_is_named(t):
    server = t.server()
    equal(server.ports("status"), [])


# --- strangers ---

def test_long_head(t):
    server = start(t)
    equal(ask(server.status, "/healthz", more="X: %s\r\n" % ("x" * 3500))
          .status, 200)
    got = ask(server.status, "/healthz", more="X: %s\r\n" % ("x" * 4200))
    check(got.status is None or got.status >= 400, got.head)


def test_held_connections(t):
    """Who holds more connections than there may be loses the oldest; others are
    answered."""
    server = start(t)
    socks = [connect(server.status) for _ in range(200)]
    equal(ask(server.status, "/healthz").status, 200)
    equal(read_all(socks[0]), b"")
    for sock in socks:
        sock.close()

    def let_go():
        fds = "/proc/%d/fd" % server.process.pid
        return len(os.listdir(fds)) < 100
    if os.environ.get("XIMSS_WRAPPER") is None:
        wait_until(let_go, "connections are let go")
    equal(ask(server.status, "/readyz").status, 200)


def test_trickle(t):
    """A byte now and then does not keep a connection for ever."""
    server = start(t)
    begun = time.monotonic()
    with connect(server.status) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\n")

        def ended():
            try:
                sock.sendall(b"X")
                sock.settimeout(1)
                return sock.recv(4096) == b""
            except TimeoutError:
                return False
            except OSError:
                return True
        wait_until(ended, "the connection ends", 25)
    check(time.monotonic() - begun > 5, "ended by its time, not at once")


# --- what is not as it should be ---

def test_worker_hangs(t):
    server = start(t, watchdog_time="1s", workers=2)
    server.expected_errors.append("is stuck: ")
    hang(server, "worker", 4000)
    server.wait_log(r"error: the thread worker-0 is stuck: no sign of life for "
                    r"1\.\d s; the watchdog is not fed until it moves$")
    got = ask(server.status, "/healthz")
    equal((got.status, got.text), (503, "stuck worker-0\n"))
    got = ready(server)
    equal((got.status, got.text), (503, "stuck\n"))
    equal(samples(metrics(server).text)["ximssd_threads_stuck"], 1)
    server.wait_log(r"warn: the thread worker-0 moves again, after \d\.\d s$")
    equal(ask(server.status, "/healthz").text, "ok\n")
    equal(ready(server).text, "ok\n")


def test_main_thread_hangs(t):
    server = start(t, watchdog_time="1s")
    server.expected_errors.append("is stuck: ")
    hang(server, "main", 4000)
    server.wait_log("the thread main is stuck")
    equal(ask(server.status, "/healthz").text, "stuck main\n")
    server.wait_log("the thread main moves again")


def test_writer_hangs(t):
    """/readyz says behind as soon as more jobs wait than may."""
    server = start(t, watchdog_time="2s", ready_backlog=3)
    server.expected_errors.append("is stuck: ")
    user = server.account("joe@" + MAIN)
    hang(server, "store", 5000)
    clients = [server.connect() for _ in range(6)]
    for client in clients:
        client.send('<login id="l" userName="%s" authData="x"/>' % user)
    wait_until(lambda: ready(server).text == "behind\n", "it is behind")
    server.wait_log("the thread store is stuck")
    equal(ready(server).text, "behind\nstuck\n")
    equal(ask(server.status, "/healthz").text, "stuck store\n")
    server.wait_log("the thread store moves again")
    wait_until(lambda: ready(server).text == "ok\n", "it has caught up")


def test_backlog_that_may_be(t):
    server = start(t, ready_backlog=1000)
    user = server.account("joe@" + MAIN)
    blocked = hang(server, "store", 1000)
    for client in [server.connect() for _ in range(6)]:
        client.send('<login id="l" userName="%s" authData="x"/>' % user)
    equal(ready(server).text, "ok\n")
    blocked.until_response("h")


def test_waiting_is_no_sickness(t):
    """Idle threads, and a job in many parts, longer than watchdog-time."""
    server = start(t, watchdog_time="1s")
    since = time.monotonic()
    master = server.admin()
    n = 0
    while time.monotonic() - since < 3:
        names = ["u%d" % i for i in range(n, n + 200)]
        master.send(*(
            '<cliExecute id="%s">CreateAccount %s@%s {Password=x;}</cliExecute>'
            % (name, name, MAIN) for name in names))
        for name in names:
            master.until_response(name)
        n += 200
    user = server.account("joe@" + MAIN)
    joe = server.login(user)
    check(not any("stuck" in line for line in server.lines),
          "busy threads were taken for stuck ones")
    wait_until(lambda: time.monotonic() - since > 5, "more than watchdog-time")
    joe.flush()
    check(not any("stuck" in line for line in server.lines),
          "idle threads were taken for stuck ones")


def test_pause_of_the_machine_is_no_sickness(t):
    server = start(t, watchdog_time="1s")
    user = server.account("joe@" + MAIN)
    joe = server.login(user)
    server.freeze()
    since = time.monotonic()
    wait_until(lambda: time.monotonic() - since > 2.5, "a long pause")
    server.signal(signal.SIGCONT)
    joe.flush()
    equal(ask(server.status, "/healthz").text, "ok\n")
    check(not any("stuck" in line for line in server.lines),
          "a pause of all threads was taken for a stuck one")


def test_draining(t):
    server = start(t)
    user = server.account("joe@" + MAIN)
    server.login(user)
    blocked = hang(server, "worker", 2000)
    equal(ready(server).text, "ok\n")
    server.signal(signal.SIGTERM)
    wait_until(lambda: ready(server).text == "draining\n", "it drains")
    equal(ask(server.status, "/healthz").text, "ok\n")
    blocked.close()
    server.finish(15)


# --- the service manager ---

def test_watchdog_is_fed_while_all_move(t):
    manager = Manager(tempfile.mkdtemp(dir=t.shared.dir))
    server = start(t, manager.env(600000), watchdog_time="1s")
    server.expected_errors.append("is stuck: ")
    manager.wait("READY=1")
    for _ in range(3):
        equal(manager.heard(), "WATCHDOG=1")
    hang(server, "worker", 6000)
    server.wait_log("the thread worker-0 is stuck")
    manager.empty()
    equal(manager.heard(1.5), None)
    server.wait_log("the thread worker-0 moves again")
    equal(manager.heard(), "WATCHDOG=1")


def test_watchdog_of_another_process(t):
    """WATCHDOG_PID names who is to feed it."""
    manager = Manager(tempfile.mkdtemp(dir=t.shared.dir))
    env = dict(manager.env(300000), WATCHDOG_PID="1")
    start(t, env)
    manager.wait("READY=1")
    equal(manager.heard(1), None)


# --- figures ---

def metrics(server):
    got = ask(server.status, "/metrics")
    equal(got.status, 200)
    return got


def test_metrics(t):
    server = start(t)
    user = server.account("joe@" + MAIN)
    server.login(user)
    got = metrics(server)
    check("Content-Type: text/plain; version=0.0.4" in got.head, got.head)
    found = samples(got.text)
    equal(found['ximssd_threads_stuck'], 0)
    check(sum(v for k, v in found.items()
              if k.startswith("ximssd_sessions_open")) >= 1, str(found))
    for name in found:
        family = re.sub("(_bucket|_sum|_count)?({.*)?$", "", name)
        check("# TYPE %s " % family in got.text, "no TYPE: " + family)
        check("# HELP %s " % family in got.text, "no HELP: " + family)


def test_openmetrics(t):
    """Who asks for it gets it."""
    server = start(t)
    got = ask(server.status, "/metrics",
              more="Accept: application/openmetrics-text; version=1.0.0\r\n")
    check("Content-Type: application/openmetrics-text; version=1.0.0; "
          "charset=utf-8" in got.head, got.head)
    check(got.text.endswith("\n# EOF\n"), got.text[-100:])
    check("# TYPE ximssd_logins counter\n" in got.text, got.text[:2000])


def test_promtool_takes_the_metrics(t):
    server = start(t)
    got = promtool("check", "metrics", stdin=metrics(server).text)
    equal((got.returncode, got.stdout + got.stderr), (0, ""))
    bad = promtool("check", "metrics", stdin="Bad{ 1\n")
    check(bad.returncode != 0, "promtool takes anything")


def test_promtool_takes_the_rules(t):
    got = promtool("check", "rules", os.path.join(DIST, "ximssd-rules.yml"))
    equal((got.returncode, got.stderr), (0, ""))
    check("SUCCESS: 11 rules found" in got.stdout, got.stdout)


NAMES = re.compile(r"\b(?:ximssd|ximss_bridge)_[a-z0-9_]+")


def known_metrics(t):
    server = start(t)
    b = bridge.bridge(t, server)
    text = metrics(server).text + b.ask("GET", "/metrics").text
    found = set(re.findall(r"^# TYPE (\S+) ", text, re.M))
    for family in re.findall(r"^# TYPE (\S+) histogram$", text, re.M):
        found |= {family + end for end in ("_bucket", "_sum", "_count")}
    return found


def test_dashboard_and_rules_name_what_there_is(t):
    known = known_metrics(t)
    with open(os.path.join(DIST, "ximssd-grafana.json"),
              encoding="utf-8") as f:
        board = json.load(f)
    used = set()
    for panel in board["panels"]:
        for target in panel["targets"]:
            used |= set(NAMES.findall(target["expr"]))
    check(len(used) > 20, "the dashboard shows little: %s" % used)
    with open(os.path.join(DIST, "ximssd-rules.yml"), encoding="utf-8") as f:
        for expression in re.findall(r"^ +expr: (.*)$", f.read(), re.M):
            names = NAMES.findall(expression)
            check(names, "a rule without a metric: " + expression)
            used |= set(names)
    unknown = used - known
    if unknown:
        raise Failed("there is no such metric: %s" % sorted(unknown))
