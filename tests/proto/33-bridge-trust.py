# SPDX-License-Identifier: BSD-2-Clause
"""The bridge's socket: who it is for is decided by their user.  Nobody else of the
machine can claim the address of another."""

import os
import signal
import socket
import stat
import subprocess

from bridge import bridge
from ximss import (DEADLINE, MAIN, Client, Closed, as_user, attr, check,
                   equal, failure, wait_until)

BRIDGE, OTHER = 61001, 61002  # users that no machine has
CLIENT = "192.0.2.33"
ASKS = '<readClient id="c" clientAddress="%s"/>' % CLIENT


def server_of(t, **options):
    s = t.server(start=False)
    os.chmod(s.dir, 0o711)
    s.options.update({"bridge_socket": os.path.join(s.dir, "bridge.sock"),
                      "bridge_users": [str(BRIDGE), "ximss-nobody"], **options})
    return s.start()


def connect(s, uid=None):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(DEADLINE)
    with as_user(uid):
        sock.connect(s.options["bridge_socket"])
    client = Client(sock, "bridge of %s" % uid)
    s.clients.append(client)
    return client


def reload(s):
    s.write_config()
    since = len(s.lines)
    s.signal(signal.SIGHUP)
    s.wait_log("were read again", since)


def believed(client):
    message = client.ok(ASKS)[0]
    return attr(message, "address"), attr(message, "believed")


def not_let_in(client):
    try:
        client.raw(ASKS.encode() + b"\0")
        client.receive()
    except (Closed, OSError):
        return
    check(False, "somebody else was answered")


def test_the_users_are_believed(t):
    s = server_of(t)
    for uid in (None, BRIDGE):
        equal(believed(connect(s, uid)), (CLIENT, "yes"))


def test_other_users_of_the_machine_are_not_let_in(t):
    s = server_of(t)
    for _ in range(2):
        not_let_in(connect(s, OTHER))
    line = s.wait_log("bridge-socket: a connection of the user %d was closed"
                      % OTHER)
    equal(s.lines.count(line), 1)
    equal(believed(connect(s, BRIDGE)), (CLIENT, "yes"))


def test_users_are_read_again(t):
    s = server_of(t)
    s.wait_log("there is no user ximss-nobody; a reload looks again")
    s.options["bridge_users"] = [str(OTHER)]
    reload(s)
    equal(believed(connect(s, OTHER)), (CLIENT, "yes"))
    not_let_in(connect(s, BRIDGE))


def test_no_users_without_the_socket(t):
    """It is open until a restart; who had a number of its users may be gone."""
    s = server_of(t)
    equal(believed(connect(s, BRIDGE)), (CLIENT, "yes"))
    path = s.options.pop("bridge_socket")
    reload(s)
    s.options["bridge_socket"] = path
    not_let_in(connect(s, BRIDGE))


def test_administrators_are_not_made_by_it(t):
    """The bridge's user may say who a client is, and no more."""
    s = server_of(t)
    connect(s, BRIDGE).ask('<login id="1" method="EXTERNAL"/>',
                           failure("1", 527))


def test_the_file_comes_and_goes(t):
    s = server_of(t)
    path = s.options["bridge_socket"]
    mode = os.stat(path).st_mode
    equal((stat.S_ISSOCK(mode), stat.S_IMODE(mode)), (True, 0o666))
    s.end(keep=True)
    wait_until(lambda: not os.path.exists(path), "the socket is gone")


def test_the_bridge_is_trusted_by_it(t):
    s = server_of(t)
    user = s.account("joe@" + MAIN)
    b = bridge(t, s, server_socket=s.options["bridge_socket"])
    b.wait_log("ximssd trusts this bridge")
    b.login(user)
    s.wait_log("session begin .*user=joe@.* address=127.0.0.1 ")
    check(not any("is not believed" in line for line in s.lines), s.lines)


def test_a_bridge_that_is_not_trusted_is_told_once(t):
    s = t.server()
    users = [s.account("%s@%s" % (name, MAIN)) for name in ("joe", "ann")]
    b = bridge(t, s)
    for user in users:
        b.login(user)
    line = s.wait_log("names the addresses of others .* and is not believed; "
                      ".*set bridge-socket in ximssd.conf")
    equal(s.lines.count(line), 1)
    reload(s)
    b.login(users[0])
    wait_until(lambda: sum("is not believed" in text for text in s.lines) == 2,
               "it is told again after a reload")


def test_the_setting_is_checked(t):
    s = t.server(start=False)
    for path, error in (
            ("%s/control.sock" % s.store,
             "bridge-socket: must not be the same as another socket"),
            ("/" + 99 * "x", "bridge-socket: ")):
        s.options["bridge_socket"] = path
        s.write_config()
        done = subprocess.run(s.command() + ["--check-config"], text=True,
                              capture_output=True, check=False)
        equal(done.returncode, 78, done.stderr)
        check(error in done.stderr, done.stderr)
