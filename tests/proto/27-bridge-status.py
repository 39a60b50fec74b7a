# SPDX-License-Identifier: BSD-2-Clause
"""ximss-bridge as programs see it that watch it, while ximssd comes and goes."""

import os
import re
import tempfile

from bridge import bridge
from status_http import Manager, ask, promtool, samples
from ximss import check, equal, free_port, wait_until


def start(t, server=None):
    b = bridge(t, server, listen_status=["127.0.0.1:0"])
    b.status = b.logged_port("status")
    return b


def test_pages(t):
    b = start(t)
    equal(ask(b.status, "/healthz").text, "ok\n")
    wait_until(lambda: ask(b.status, "/readyz").status == 200, "it is ready")
    equal(ask(b.status, "/readyz").text, "ok\n")
    equal(ask(b.status, "/Session/").status, 404)
    equal(ask(b.status, "/XIMSSLogin/").status, 404)
    equal(b.ask("GET", "/readyz").status, 404)


def test_metrics(t):
    b = start(t)
    wait_until(lambda: ask(b.status, "/readyz").status == 200, "it is ready")
    got = ask(b.status, "/metrics")
    found = samples(got.text)
    equal(found["ximss_bridge_sessions"], 0)
    equal(found["ximss_bridge_streams"], 0)
    equal(found["ximss_bridge_requests_total"], 0)
    equal(found["ximss_bridge_server_reachable"], 1)
    check("ximss_bridge_stored_bytes" in found, str(found))
    for name in found:
        check(re.search("^# HELP %s .+\n# TYPE %s (gauge|counter)$"
                        % (name, name), got.text, re.M), name)
    b.ask("GET", "/healthz")
    equal(samples(ask(b.status, "/metrics").text)
          ["ximss_bridge_requests_total"], 1)


def test_promtool_takes_them(t):
    b = start(t)
    got = promtool("check", "metrics", stdin=ask(b.status, "/metrics").text)
    equal((got.returncode, got.stdout + got.stderr), (0, ""))


def test_server_goes_and_comes(t):
    """Nobody is logged in: the bridge notices by itself, and says each change
    once."""
    server = t.server(listen="127.0.0.1:%d" % free_port())
    b = start(t, server)
    wait_until(lambda: ask(b.status, "/readyz").status == 200, "it is ready")
    server.stop()
    wait_until(lambda: ask(b.status, "/readyz").status == 503, "it is away")
    equal(ask(b.status, "/readyz").text, "away\n")
    equal(ask(b.status, "/healthz").text, "ok\n")
    equal(samples(ask(b.status, "/metrics").text)
          ["ximss_bridge_server_reachable"], 0)
    server.start()
    wait_until(lambda: ask(b.status, "/readyz").status == 200, "it is back")
    equal(len([x for x in b.lines if "ximssd cannot be reached" in x]), 1)
    equal(len([x for x in b.lines if "ximssd is back" in x]), 1)


def test_watchdog(t):
    manager = Manager(tempfile.mkdtemp(dir=t.shared.dir))
    os.environ.update(manager.env(600000))
    try:
        b = start(t)
    finally:
        for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC"):
            del os.environ[name]
    manager.wait("READY=1")
    for _ in range(3):
        equal(manager.heard(), "WATCHDOG=1")
    equal(ask(b.status, "/healthz").status, 200)
