# SPDX-License-Identifier: BSD-2-Clause
"""Strangers who connect and say nothing: descriptors, and room to wait in."""

import contextlib
import os
import resource
import select
import socket
import threading
import time

from ximss import MAIN, Failed, check, equal, response, wait_until

OPEN_FILES = 240


def limit(n, hard=None):
    def run():
        resource.setrlimit(resource.RLIMIT_NOFILE, (n, hard or n))
    return run


def is_closed(c):
    """The server has closed it; does not wait."""
    with contextlib.suppress(Failed):
        while not c.end and select.select([c.sock], [], [], 0)[0]:
            c.fill(time.monotonic())
    return c.end


def still_open(crowd):
    return sum(not is_closed(c) for c in crowd)


def count(server, name):
    return int(server.cli("GetStatElement " + name))


def strangers(server, n, sources=4, **kwargs):
    crowd = []
    for i in range(n):
        with contextlib.suppress(OSError):
            crowd.append(server.connect(
                source="127.0.1.%d" % (i % sources + 1), **kwargs))
    return crowd


def until_all_came(server, crowd):
    """None of them waits to be accepted, when it would send away who has just come:
    where nobody has many connections, the oldest gives way."""
    wait_until(lambda: count(server, "connections")
               + count(server, "connectionsRefused") > len(crowd), "all of them")


def newest_log(server):
    return max(name for name in os.listdir(os.path.join(server.store, "db"))
               if name.startswith("log."))


def fill_log(server):
    """Until the log has its next file."""
    server.account("big@" + MAIN)
    admin = server.admin()
    first = newest_log(server)
    for i in range(20000):
        admin.send('<cliExecute id="%d">SetAccountPrefs big@%s {note="%s";}'
                   "</cliExecute>" % (i, MAIN, chr(97 + i % 26) * 7900))
        equal(admin.until_response(str(i))[-1], response(str(i)))
        if newest_log(server) != first:
            return
    raise Failed("the log has no next file")


# --- descriptors ---

def test_strangers_do_not_take_what_the_store_needs(t):
    server = t.server(preexec=limit(OPEN_FILES))
    server.account("joe@" + MAIN)
    crowd = strangers(server, 200)
    until_all_came(server, crowd)
    wait_until(lambda: still_open(crowd) < 60, "the room is full")
    check(server.descriptors() < OPEN_FILES - 32, server.descriptors())
    # The log needs its next file.
    fill_log(server)
    check(server.descriptors() < OPEN_FILES - 32, server.descriptors())
    server.connect(source="127.0.2.1").login("joe@" + MAIN)
    check(count(server, "connectionsCrowdedOut") > 100, "nobody gave way")
    server.wait_log("too many connections")
    told = [line for line in server.lines if "too many connections" in line]
    equal(len(told), 1, "".join(told))
    # A start under the same strangers.
    server.restart(crash=True)
    crowd = strangers(server, 200)
    until_all_came(server, crowd)
    server.login("joe@" + MAIN)


def test_the_socket_gets_in_when_all_is_taken(t):
    """By users who are logged in, whom nobody sends away."""
    server = t.server(preexec=limit(OPEN_FILES))
    server.account("joe@" + MAIN)
    users = []

    def one_more():
        c = server.connect()
        try:
            c.login("joe@" + MAIN)
        except (Failed, OSError):
            return False
        users.append(c)
        return True
    while one_more():
        check(len(users) < OPEN_FILES, "no limit")
    check(len(users) >= 8, len(users))
    local = [server.control() for _ in range(20)]
    check(server.descriptors() < OPEN_FILES - 32, server.descriptors())
    # The newest of those that say nothing is let in, and works.
    local[-1].external()
    equal(local[-1].cli("GetStatElement sessionsOpen"),
          str(len(users) + 2))
    for c in users:
        c.quiet()
    users.pop().bye()
    wait_until(one_more, "room")


def test_too_few_open_files(t):
    server = t.server(preexec=limit(70), start=False)
    server.expected_errors = ["."]
    server.start(wait=False)
    equal(server.process.wait(15), 73)
    line = server.wait_log("error: ")
    check("the limit of open files is 70" in line and "LimitNOFILE" in line,
          line)
    server.process = None


def test_the_soft_limit_is_raised(t):
    server = t.server(preexec=limit(70, 4096))
    server.account("joe@" + MAIN)
    crowd = strangers(server, 200)
    for c in crowd:
        c.ask('<noop id="1"/>', response("1"))


# --- the waiting room ---

def test_who_is_silent_makes_room_for_users(t):
    server = t.server({"max_unauthenticated": 200,
                       "max_unauthenticated_per_address": 100})
    server.account("joe@" + MAIN)
    first = server.connect(source="127.0.2.1")
    first.ask('<noop id="1"/>', response("1"))
    for _ in range(3):
        crowd = strangers(server, 250, sources=11)
        late = server.connect(source="127.0.2.2")
        late.login("joe@" + MAIN)
        late.close()
    # Who holds one place keeps it, however long he takes.
    first.login("joe@" + MAIN)
    wait_until(lambda: still_open(crowd) <= 200, "only so many wait")
    server.wait_log("too many connections")
    told = [line for line in server.lines if "too many connections" in line]
    equal(len(told), 1, "".join(told))
    equal(count(server, "connectionsRefused"), 0)


def test_strangers_who_talk_make_room_too(t):
    server = t.server({"max_unauthenticated": 50})
    server.account("joe@" + MAIN)
    crowd = strangers(server, 50, sources=2)
    for c in crowd:
        c.ask('<noop id="1"/>', response("1"))
    late = server.connect(source="127.0.2.2")
    crowd += strangers(server, 20, sources=1)
    late.login("joe@" + MAIN)


def test_addresses_of_a_network_are_one(t):
    """An IPv6 network of 64 bits is one address."""
    server = t.server({"max_unauthenticated_per_address": 5},
                      listen=["[::1]:0"])
    crowd = [server.connect() for _ in range(5)]
    crowd[0].ask('<noop id="1"/>', response("1"))
    new = server.connect()
    new.ask('<noop id="1"/>', response("1"))
    wait_until(lambda: still_open(crowd) == 4, "one made room")
    check(not is_closed(crowd[0]), "not the one that spoke")


def storm(port, n):
    """Connections that come as fast as they can, and stay a while."""
    crowd = []
    for _ in range(n):
        s = socket.socket()
        s.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            s.connect(("127.0.0.1", port))
        crowd.append(s)
        if len(crowd) > 100:
            crowd.pop(0).close()
    for s in crowd:
        s.close()


def test_one_gives_way_that_has_only_come(t):
    """Workers that let in strangers at the same time send each other's away."""
    server = t.server({"workers": 2, "max_unauthenticated": 1})
    port = server.ports()[0][1]
    threads = [threading.Thread(target=storm, args=(port, 3000))
               for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(count(server, "connectionsCrowdedOut") > 100, "none gave way")
