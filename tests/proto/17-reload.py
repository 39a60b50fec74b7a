# SPDX-License-Identifier: BSD-2-Clause
"""SIGHUP in both daemons: whatever is wrong with a certificate or a key, the
old ones stay, nobody is asked, and the daemon goes on and ends as ever; and a
configuration that was named from the directory of the start is found again."""

import os
import signal

import bridge as web
from certificates import wrong_pairs
from ximss import MAIN, check, equal, trusting

STAYS = "not reloaded, the old one stays: "


def peer_certificate(address):
    """What the daemon shows to who connects there."""
    import socket
    with socket.create_connection(address, 30) as sock, \
            trusting().wrap_socket(sock, server_hostname="localhost") as tls:
        return tls.getpeercert(binary_form=True)


def try_all(daemon, address, directory):
    """daemon: has options, lines, wait_log, write_config and process."""
    old = dict(daemon.options)
    before = peer_certificate(address)
    for says, cert, key in wrong_pairs(directory):
        daemon.options.update(tls_certificate=cert, tls_key=key)
        daemon.write_config()
        since = len(daemon.lines)
        daemon.process.send_signal(signal.SIGHUP)
        line = daemon.wait_log(STAYS, since)
        check(says in line, "%s: %s" % (says, line))
        equal(peer_certificate(address), before)
    # And the next good one is taken.
    daemon.options.update(tls_certificate=os.path.join(directory, "good.pem"),
                          tls_key=os.path.join(directory, "good.key"))
    daemon.write_config()
    since = len(daemon.lines)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_log("reloaded$|read again$", since)
    check(peer_certificate(address) != before, "the new one is not used")
    daemon.options = old


def test_server_keeps_its_certificate(t):
    server = t.server(tls=True)
    server.expected_errors.append(STAYS)
    user = server.account("joe@" + MAIN)
    joe = server.login(user)
    wrong = os.path.join(server.dir, "wrong")
    os.mkdir(wrong)
    try_all(server, server.ports("tls")[0], wrong)
    joe.ask('<noop id="1"/>', '<response id="1"/>')
    server.stop()


def test_server_keeps_one_that_has_expired_since(t):
    server = t.server(tls=True)
    server.expected_errors.append(STAYS)
    before = peer_certificate(server.ports("tls")[0])
    server.clock(31 * 86400)
    server.signal(signal.SIGHUP)
    check("it has expired" in server.wait_log(STAYS), server.lines[-1])
    equal(peer_certificate(server.ports("tls")[0]), before)
    server.stop()


def test_bridge_keeps_its_certificate(t):
    b = web.bridge(t, tls=True)
    wrong = os.path.join(b.dir, "wrong")
    os.mkdir(wrong)
    try_all(b, ("127.0.0.1", b.tls_port), wrong)
    equal(b.ask("GET", "/healthz-or-not").status, 404)


# --- a relative --config ---

def test_server_finds_its_configuration_again(t):
    """It works in the directory of its store by then."""
    server = t.server({"log_level": "info"}, args=["--config", "ximssd.conf"])
    server.options["log_level"] = "debug"
    server.write_config()
    server.signal(signal.SIGHUP)
    server.wait_log("were read again")
    server.cli("WriteLog 9 shown")
    server.wait_log("SYSTEM .* shown")


def test_bridge_finds_its_configuration_again(t):
    b = web.Bridge(t.shared)
    t.servers.insert(0, b)
    b.write_config()
    whole, b.config = b.config, os.path.join(".", "ximss-bridge.conf")
    write, b.write_config = b.write_config, lambda: None
    b.start()
    b.config = whole
    b.options["site_name"] = "Elsewhere"
    write()
    since = len(b.lines)
    b.process.send_signal(signal.SIGHUP)
    b.wait_log("configuration reloaded", since)
