# SPDX-License-Identifier: BSD-2-Clause
"""Who gets into the bridge while strangers hold what they can: descriptors,
places, relayed connections."""

import contextlib
import resource
import select
import time

from bridge import Bridge, bridge, event
from ximss import DEADLINE, Client, Failed, check, equal, wait_until

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}
OPEN_FILES = 160


def limit(n):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))


def is_closed(client):
    with contextlib.suppress(Failed):
        while not client.end and select.select([client.sock], [], [], 0)[0]:
            client.fill(time.monotonic())
    return client.end


def still_open(crowd):
    return sum(not is_closed(c) for c in crowd)


def strangers(b, n, first=b""):
    crowd = []
    for i in range(n):
        with contextlib.suppress(OSError):
            crowd.append(b.connect(source="127.0.1.%d" % (i % 4 + 1)))
            crowd[-1].raw(first)
    return crowd


def test_silent_strangers(t):
    b = bridge(t, preexec=limit(OPEN_FILES))
    user = t.user()
    first = b.login(user)
    stream = first.stream()
    for word in (b"", b"GET /healthz HTTP/1.1\r\n"):
        crowd = strangers(b, 200, word)
        wait_until(lambda: still_open(crowd) < 60, "the lobby is full")
        t.shared.admin().post("hello", "account", target=user)
        check("hello" in event(stream)[2], "no event")
        second = b.login(user)
        equal(second.status(), 200)
        check(b.metric("connections_crowded_out_total") > 100, "who went?")
    told = [line for line in b.lines if "too many connections" in line]
    equal(len(told), 1, "".join(told))


def test_relayed_strangers(t):
    b = bridge(t, tls=True, preexec=limit(OPEN_FILES))
    user = t.user()

    def relayed():
        return Client(b.connect(tls=True, source="127.0.2.1").sock)
    inside = relayed()
    inside.login(user)
    crowd = strangers(b, 150, b'<noop id="1"/>\0')
    late = relayed()
    late.login(user)
    crowd += strangers(b, 150, b"<")
    # Of as many addresses, the oldest gives way: but not who is logged in.
    for i in range(150):
        with contextlib.suppress(OSError):
            crowd.append(b.connect(source="127.3.0.%d" % (i + 1)))
            crowd[-1].raw(b'<noop id="1"/>\0')
    for c in (inside, late):
        c.flush()
    # Sessions of the web find descriptors, too.
    equal(b.login(user).status(), 200)


def test_sessions_leave_descriptors(t):
    """Each takes one, and more than half of them are never taken."""
    b = bridge(t, preexec=limit(OPEN_FILES))
    user = t.user()
    n = 0
    with contextlib.suppress(Failed):
        for n in range(OPEN_FILES):
            b.login(user)
    check(16 < n < OPEN_FILES / 2, n)
    equal(b.ask("GET", "/healthz").status, 200)


def test_too_few_open_files(t):
    b = Bridge(t.shared, preexec=limit(60))
    t.servers.insert(0, b)
    with contextlib.suppress(Failed):
        b.start()
    equal(b.process.wait(DEADLINE), 73)
    b.reader.join(DEADLINE)
    b.process = None
    check("the limit of open files is 60" in "".join(b.lines),
          "".join(b.lines))
