# SPDX-License-Identifier: BSD-2-Clause
"""Slow readers, floods, many at once: no client can hurt another."""

import contextlib
import os
import resource
import select
import socket
import struct
import threading
import time

import pwd_port
from ximss import (DEADLINE, MAIN, Closed, Failed, Skip, attr, check, equal,
                   post_request, response, wait_until)

MANY = 1000


def raise_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise Skip("needs %d descriptors" % count)
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def cpu(server):
    """Seconds that it has worked."""
    with open("/proc/%d/stat" % server.process.pid, encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def log_in_many(server, users, receive_buffer=None):
    """Sessions, logged in by turns."""
    clients = []
    for start in range(0, len(users), 100):
        part = []
        for user in users[start:start + 100]:
            c = server.connect(user, receive_buffer=receive_buffer)
            c.send('<login id="l" userName="%s" authData="secret"/>' % user)
            part.append(c)
        for c in part:
            c.logged_in("l")
            c.transcript.clear()
        clients += part
    return clients


def receive_all(clients, needle):
    """Reads until each client has the message with the needle."""
    poll = select.poll()
    by_fd = {}
    for c in clients:
        poll.register(c.sock, select.POLLIN)
        by_fd[c.sock.fileno()] = c
    start = time.monotonic()
    while by_fd:
        left = start + DEADLINE * 2 - time.monotonic()
        ready = poll.poll(max(left, 0) * 1000)
        if not ready:
            raise Failed("%d of %d did not get it" % (len(by_fd),
                                                      len(clients)))
        for fd, _ in ready:
            c = by_fd[fd]
            data = c.sock.recv(65536)
            if not data:
                raise Closed(c.name + " was closed")
            c.buffer += data
            if needle in c.buffer and c.buffer.endswith(b"\0"):
                c.buffer = b""
                poll.unregister(c.sock)
                del by_fd[fd]


def test_slow_readers(t):
    """5 % of 1,000 sessions stop reading.  The others' delivery is unchanged,
    memory is bounded, the stopped ones are cut off at the hard limit, and
    their alerts stay pending."""
    raise_descriptors(4096)
    server = t.server({"output_soft": "16K", "output_hard": "64K",
                       "idle_timeout": "1d"})
    users = ["u%d@%s" % (i, MAIN) for i in range(MANY)]
    server.accounts(users)
    admin = server.admin()
    stopped = log_in_many(server, users[:MANY // 20], receive_buffer=2048)
    running = log_in_many(server, users[MANY // 20:])

    def burst(name, posts):
        """The processor time of the server for each post."""
        used = cpu(server)
        for i in range(posts):
            text = "%s %d " % (name, i) + "x" * 3000
            admin.post(text)
            receive_all(running, b">%s %d " % (name.encode(), i))
        return (cpu(server) - used) / posts
    before = burst("before", 3)
    memory = server.rss()
    after = burst("stopped", 60)
    grown = server.rss() - memory
    check(grown < MANY // 20 * 64 * 1024 * 2 + 16 * 1024 * 1024,
          "memory grew by %d" % grown)
    check(after < 5 * max(before, 0.02),
          "%.4f s of processor time for a post, then %.4f" % (before, after))
    for c in running:
        c.send('<noop id="n"/>')
    for c in running:
        c.expect(response("n"))
    # They are cut off, or held at the soft limit; either way everything
    # comes in the end, to this session or to the next.
    for c in stopped[:5]:
        seen = set()
        deadline = time.monotonic() + DEADLINE * 2
        while not c.end and len(seen) < 63:
            try:
                message = c.receive(deadline - time.monotonic())
            except Closed:
                break
            if message.startswith("<alert "):
                seen.add(int(attr(message, "alertID")))
        c.close()
        fresh = server.login(c.name)
        for message in fresh.flush():
            seen.add(int(attr(message, "alertID")))
        equal(len(seen), 63, "alerts that " + c.name + " got")


def test_reader_that_pipelines_and_never_reads(t):
    """Its requests are not served without end into a buffer."""
    server = t.server({"output_soft": "16K", "output_hard": "64K"})
    server.account("joe@" + MAIN)
    other = server.login("joe")
    c = server.connect(receive_buffer=2048)
    c.login("joe")
    memory = server.rss()
    c.sock.settimeout(2)
    sent = 0
    # Until the server takes no more (its receive buffer and ours are full)
    # or has had enough.
    data = b'<readTime id="%s"/>\0' % (b"x" * 500) * 100
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and sent < 64 * 1024 * 1024:
        _, ready, _ = select.select([], [c.sock], [], 0.5)
        if not ready:
            break
        try:
            sent += c.sock.send(data)
        except OSError:
            break
    other.quiet()
    check(server.rss() - memory < 16 * 1024 * 1024,
          "memory grew by %d" % (server.rss() - memory))
    check(sent < 64 * 1024 * 1024, "took everything")


def test_reader_that_is_slow_but_reads(t):
    """A byte at a time, through a tiny window: everything comes, in order."""
    server = t.server({"output_soft": "4K", "output_hard": "1M"})
    user = server.account("joe@" + MAIN)
    c = server.connect(receive_buffer=2048)
    c.login(user)
    admin = server.admin()
    for i in range(100):
        admin.post("%d " % i + "x" * 1000)
    got = b""
    deadline = time.monotonic() + DEADLINE * 2
    while got.count(b"\0") < 100:
        check(time.monotonic() < deadline, "%d came" % got.count(b"\0"))
        ready, _, _ = select.select([c.sock], [], [], DEADLINE)
        got += c.sock.recv(701)
    texts = [part.split(b">")[1].split(b" ")[0] for part in got.split(b"\0")
             if part]
    equal(texts, [b"%d" % i for i in range(100)])
    c.quiet()


def test_reader_that_is_slow_to_the_end(t):
    """Who ends a session with much to read has the time to read it, by XIMSS and
    by PWD.  Who never does is not waited for."""
    server = t.server({"output_soft": "8M", "output_hard": "16M",
                       "account_output": "32M", "listen_pwd": pwd_port.PWD,
                       "log_level": "debug"})
    user = server.account("joe@" + MAIN)
    answers = ['<response id="%d%s"/>' % (i, "x" * 900) for i in range(4000)]
    echoes = ["201 %d%s" % (i, "x" * 900) for i in range(4000)]

    def ximss(name):
        c = server.connect(name, receive_buffer=4096)
        c.login(user, alerts="no")
        c.send(*[a.replace("response", "noop") for a in answers])
        c.send('<bye id="bye"/>')
        return c

    def pwd():
        c = pwd_port.connect(server, receive_buffer=4096).login(user)
        c.say(*[e.replace("201 ", "Echo ") for e in echoes], "QUIT")
        return c

    def all_end(count):
        wait_until(lambda: sum("session ending" in line
                               for line in server.lines) == count, "the end")

    readers = [ximss("reads"), pwd()]
    all_end(2)
    server.clock(30)
    for answer in answers:
        equal(readers[0].receive(), answer)
    readers[0].expect(response("bye"))
    readers[0].expect_closed()
    for answer in echoes:
        equal(readers[1].receive(), answer)
    equal(readers[1].receive(), pwd_port.BYE)
    never = ximss("never reads")
    since = len(server.lines)
    all_end(3)
    server.clock(70)
    server.wait_log("the client does not read", since)
    never.close()


def test_zero_window_with_tls(t):
    server = t.server({"output_soft": "16K", "output_hard": "64K"}, tls=True)
    user = server.account("joe@" + MAIN)
    c = server.connect(kind="tls", receive_buffer=2048)
    c.handshake()
    c.login(user)
    other = server.login(user)
    admin = server.admin()
    for i in range(100):
        admin.post("%d " % i + "x" * 3000)
        other.receive()
    other.quiet()
    seen = set()
    try:
        while len(seen) < 100:
            seen.add(attr(c.receive(), "alertID"))
    except Closed:
        pass
    check(seen, "nothing came")


def test_flood_of_requests_leaves_others_their_turn(t):
    """They never leave off, so that who is served only when they have had all
    is never served."""
    server = t.server({"workers": 1})
    server.account("joe@" + MAIN)
    flooders = [server.login("joe") for _ in range(5)]
    other = server.login("joe")
    chunk = b'<readTime id="1"/>\0' * 2000
    over = threading.Event()
    sent = [0]

    def flood():
        while not over.is_set():
            select.select([c.sock for c in flooders],
                          [c.sock for c in flooders], [], 0.1)
            for c in flooders:
                with contextlib.suppress(BlockingIOError):
                    sent[0] += c.sock.send(chunk)
                with contextlib.suppress(BlockingIOError):
                    c.sock.recv(1 << 20)
    for c in flooders:
        c.sock.setblocking(False)
    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    try:
        for _ in range(100):
            had = sent[0]
            wait_until(lambda had=had: sent[0] > had, "the flood goes on")
            other.ask('<noop id="n"/>', response("n"))
    finally:
        over.set()
        thread.join()


def test_one_that_leaves_does_not_disturb_others(t):
    raise_descriptors(4096)
    server = t.server()
    domain = server.domain("a.test")
    users = ["u%d@%s" % (i, domain) for i in range(100)]
    server.accounts(users)
    clients = log_in_many(server, users)
    admin = server.admin()
    for i, c in enumerate(clients):
        admin.post("alert %d" % i, "domain", target=domain)
        c.reset() if i % 2 else c.close()
    for i in range(100):
        admin.post("last %d" % i, "domain", target=domain)
    c = server.login(users[0])
    check(len(c.flush()) >= 199, "alerts are missing")


def test_sessions_that_come_and_go_leave_nothing_behind(t):
    raise_descriptors(4096)
    server = t.server({"max_account_sessions": 200})
    server.account("joe@" + MAIN)

    def round_():
        clients = log_in_many(server, ["joe"] * 200)
        server.admin().post("x", "account", target="joe@" + MAIN)
        for i, c in enumerate(clients):
            c.reset() if i % 3 == 0 else c.close()
        del server.clients[:]
        server.clients.append(server.master)
        wait_until(lambda: server.sessions("joe@" + MAIN) == 0, "the end")
    for _ in range(5):
        round_()
    wait_until(lambda: server.descriptors() < 60, "descriptors are closed")
    before = server.rss()
    for _ in range(15):
        round_()
    check(server.rss() - before < 4 * 1024 * 1024,
          "memory grew by %d" % (server.rss() - before))


def test_posts_and_removals_leave_nothing_behind(t):
    server = t.server()
    server.account("joe@" + MAIN)
    c = server.login("joe", alertChanges="yes")
    admin = server.admin()

    def round_():
        admin.send(*[post_request("p", "x" * 2000) for _ in range(100)])
        ids = [attr(admin.until_response("p")[0], "alertID")
               for _ in range(100)]
        admin.send(*['<alertRemove id="r" alertID="%s"/>' % i for i in ids])
        admin.expect(*[response("r")] * 100)
        c.flush()
        c.transcript.clear()
        admin.transcript.clear()
    for _ in range(10):
        round_()
    before = server.rss()
    for _ in range(40):
        round_()
    check(server.rss() - before < 8 * 1024 * 1024,
          "memory grew by %d" % (server.rss() - before))


# --- descriptors ---

def test_out_of_descriptors(t):
    """A low limit: no spinning, those who are in go on, and newcomers are
    let in as soon as others leave."""
    raise_descriptors(4096)

    def low():
        resource.setrlimit(resource.RLIMIT_NOFILE, (240, 240))
    server = t.server(preexec=low, start=False)
    server.expected_errors.append("(?i)descriptor|too many open files|accept")
    server.start()
    server.account("joe@" + MAIN)
    session = server.login("joe")
    crowd = []
    for _ in range(150):
        s = socket.socket()
        s.settimeout(5)
        s.connect(server.ports()[0])
        crowd.append(s)
    session.quiet()
    used = cpu(server)
    start = time.monotonic()
    while time.monotonic() - start < 1:
        session.quiet()
        select.select([], [], [], 0.05)
    used = cpu(server) - used
    check(used < 0.5, "%.2f s of processor time in one second" % used)
    for s in crowd:
        s.close()

    def enters():
        try:
            c = server.connect()
            c.login("joe")
            return True
        except (Failed, OSError):
            return False
    wait_until(enters, "room for a newcomer")
    session.quiet()
    noise = sum("escriptor" in line or "open files" in line
                for line in server.lines)
    check(noise < 50, "%d lines about it" % noise)


def test_server_raises_its_own_limit(t):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < 2048:
        raise Skip("the hard limit is %d" % hard)

    def soft():
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    server = t.server(preexec=soft)
    with open("/proc/%d/limits" % server.process.pid, encoding="ascii") as f:
        line = [x for x in f if x.startswith("Max open files")][0]
    check(int(line.split()[3]) > 1024, line)


# --- a thousand at once ---

def test_thousand_log_in_at_once(t):
    raise_descriptors(4096)
    server = t.server()
    users = ["u%d@%s" % (i, MAIN) for i in range(200)]
    server.accounts(users)
    server.admin().post("hello")
    clients = []
    for i in range(MANY):
        c = server.connect(users[i % 200])
        c.send('<login id="l" userName="%s" authData="secret"/>' % c.name,
               '<noop id="n"/>')
        clients.append(c)
    told = {}
    for c in clients:
        c.logged_in("l")
        for message in c.until_response("n")[:-1]:
            equal(attr(message, "scope"), "server")
            told[c.name] = told.get(c.name, 0) + 1
    equal(len(told), 200, "accounts that were told")
    server.admin().post("to all")
    equal(attr(server.admin().posted, "sessions"), str(MANY))
    receive_all(clients, b">to all<")


def test_ticks_of_many_packets(t):
    """SO_LINGER 0 in the middle of everything."""
    server = t.server()
    server.account("joe@" + MAIN)
    linger = struct.pack("ii", 1, 0)
    for i in range(200):
        c = server.connect()
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        c.raw((b'<login id="l" userName="joe" authData="secret"/>\0'
               b'<alertList id="1"/>\0<readTime id="2"/>\0')[:5 + i % 90])
        c.close()
    server.login("joe").quiet()


def test_one_user_in_all_time_zones(t):
    """Alerts are kept as they are sent once for each offset from GMT, and in
    bounded memory: a user who names one zone after the other gains nothing."""
    server = t.server({"alert_cache": "1M", "workers": 1})
    server.account("joe@" + MAIN)
    admin = server.admin()
    for i in range(40):
        admin.post("%d " % i + "x" * 4000)
    with open("/usr/share/zoneinfo/zone1970.tab", encoding="utf-8") as f:
        zones = [line.split("\t")[2].strip() for line in f
                 if not line.startswith("#")][:160]
    joe = server.login("joe", alerts="no")

    def read_in(zone):
        joe.ok('<prefsStore id="p"><TimeZone>%s</TimeZone></prefsStore>'
               % zone)
        c = server.login("joe", alertConfirm="yes")
        equal(len(c.flush()), 40, "alerts in " + zone)
        c.bye()
    read_in(zones[0])
    memory = server.rss()
    for zone in zones:
        read_in(zone)
    grown = server.rss() - memory
    check(grown < 6 << 20, "memory grew by %d KB" % (grown >> 10))


def test_what_non_readers_of_one_account_hold(t):
    """Many sessions of an administrator follow a scope and do not read: what
    they hold together is bounded, and nobody else is cut off."""
    server = t.server({"workers": 1, "account_output": "2M",
                       "output_hard": "4M", "alert_bytes": "128K"})
    users = ["%s@%s" % (n, MAIN) for n in ("joe", "ann")]
    for user in users:
        server.account(user, rights=("CanPostAlerts",))

    def follow(user, receive_buffer=None):
        c = server.connect(receive_buffer=receive_buffer)
        c.login(user, alerts="no")
        c.ok('<alertWatch id="w" scope="domain" target="%s"/>' % MAIN)
        return c
    reader = follow(users[1])
    idle = [follow(users[0], 2048) for _ in range(20)]
    admin = server.admin()
    memory = server.rss()
    # What one socket takes by itself, and a megabyte more.
    for _ in range(36):
        admin.post("x" * 100000, "domain", target=MAIN)
        equal(len(reader.flush()), 1, "reports of the one that reads")
    grown = server.rss() - memory
    check(grown < 12 << 20, "memory grew by %d KB" % (grown >> 10))
    server.wait_log("session end .*user=joe@.*account-output")
    check(any(is_open(c) for c in idle), "all were cut off")


def is_open(c):
    """Reads until there is nothing more to come."""
    try:
        c.flush()
    except (Closed, OSError):
        return False
    return True


def test_long_answers_are_made_one_by_one(t):
    """Many lists are asked for at once, and not read: the next is made when
    there is room for it.  All come in the end."""
    server = t.server({"workers": 1, "alert_bytes": "128K"})
    admin = server.admin()
    for i in range(8):
        admin.post("x" * 100000)
    c = server.control()
    c.external()
    c.transcript.clear()
    memory = server.rss()
    c.send(*['<cliExecute id="%d">GetServerAlerts</cliExecute>' % i
             for i in range(60)])
    admin.flush()
    server.sessions(server.account("joe@" + MAIN))
    grown = server.rss() - memory
    check(grown < 16 << 20, "memory grew by %d KB" % (grown >> 10))
    for i in range(60):
        got = c.until_response(str(i))
        equal(len(got), 2)
        equal(got[-1], response(str(i)))
        c.transcript.clear()


def test_messages_of_one_account_that_do_not_come_whole(t):
    server = t.server({"workers": 1, "account_input": "4M"})
    for name in ("joe", "ann"):
        server.account("%s@%s" % (name, MAIN))
    part = b"<noop id='1' x='" + b"x" * 900000
    ann = server.login("ann")
    ann.raw(part)
    sessions = [server.login("joe") for _ in range(20)]
    memory = server.rss()
    for c in sessions:
        try:
            c.raw(part)
        except OSError:
            pass
    server.wait_log("session end .*user=joe@.*account-input")
    wait_until(lambda: server.sessions("joe@" + MAIN) <= 4, "closed")
    equal(server.sessions("ann@" + MAIN), 1)
    grown = server.rss() - memory
    check(grown < 12 << 20, "memory grew by %d KB" % (grown >> 10))
    check(server.sessions("joe@" + MAIN) >= 3, "too many were closed")
    ann.raw(b"'/>\0")
    check(ann.receive().startswith("<response "), "ann's, when it is whole")
