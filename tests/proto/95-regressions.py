# SPDX-License-Identifier: BSD-2-Clause
"""Defects that a review found: one test for each, named by what went wrong."""

import os
import socket
import tempfile
import time

from pwd_port import OK, PWD, connect, parse
from ximss import (MAIN, PASSWORD, alert, attr, check, equal, failure,
                   make_certificate, post_request, response)


SERVER = {"options": {"idle_timeout": "1d"}}


def test_close_behind_pipelined_requests(t):
    """Who sends requests and closes at once has asked for all of them: the
    end of the input must not overtake what waits before it."""
    user = t.user()
    for turn in range(5):
        c = t.shared.connect()
        c.send('<login id="1" userName="%s" authData="%s"/>'
               % (user, PASSWORD),
               *['<prefsStore id="%d"><K%d>v</K%d></prefsStore>' % (i, i, i)
                 for i in range(2, 9)],
               '<bye id="9"/>')
        c.sock.shutdown(socket.SHUT_WR)
        equal(c.until_response("9")[-1], response("9"), "turn %d" % turn)
        c.close()


def test_flood_of_small_requests(t):
    """Input is read no faster than it is worked off, or a stranger who sends
    requests without end fills the memory."""
    server = t.server(options={"requests_per_turn": 1})
    server.admin()
    c = server.connect()
    c.sock.setblocking(False)
    data = b'<noop id="1"/>\0' * 4000
    before, sent, end = server.rss(), 0, time.monotonic() + 1
    while sent < 64 << 20 and time.monotonic() < end:
        try:
            sent += c.sock.send(data)
        except BlockingIOError:
            pass
        try:
            c.sock.recv(1 << 20)
        except BlockingIOError:
            pass
    grown = server.rss() - before
    check(grown < 4 << 20, "%d bytes were sent, the server has grown by %d"
          % (sent, grown))


def test_watcher_of_two_scopes_does_not_read(t):
    """Its session ends while it is being told, and all its watches with it."""
    server = t.server(options={"output_hard": "32K", "output_soft": "16K",
                               "log_level": "debug"})
    server.domain("a.test")
    c = server.control()
    c.external()
    c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    c.ok('<alertWatch id="1" scope="server"/>')
    c.ok('<alertWatch id="2" scope="domain" target="a.test"/>')
    admin = server.admin()
    for _ in range(100):
        for scope, target in (("server", None), ("domain", "a.test")):
            admin.post("x" * 4096, scope, target=target)
    server.wait_log("output limit")
    admin.quiet()


def test_reset_while_a_long_list_comes(t):
    """The list's next piece finds the connection broken."""
    server = t.server(options={"output_soft": "1K"})
    user = server.account("joe@" + server.domain("a.test"))
    admin = server.admin()
    for i in range(40):
        admin.post("%d " % i + "x" * 1000, "account", target=user)
    for _ in range(200):
        c = server.control()
        c.external()
        c.send('<alertList id="1" scope="account" target="%s"/>' % user)
        c.close()
    admin.quiet()


def test_alerts_while_a_listing_comes(t):
    """They wait for its end, or they would stand in its text."""
    user = t.user(rights=("CanPostAlerts",))
    domain = user.split("@")[1]
    make, admin = t.shared.control(), t.shared.control()
    for c in (make, admin):
        c.external()
    for start in range(0, 5000, 100):
        make.send(*['<cliExecute id="%d">CreateAccount u%05d@%s</cliExecute>'
                    % (i, i, domain) for i in range(start, start + 100)])
        make.until_response(str(start + 99))
    c = t.shared.login(user, alertChanges="yes")
    c.ok('<alertWatch id="1" scope="domain" target="%s"/>' % domain)
    own = admin.post("own", "account", target=user)
    c.expect(alert("own", "account", alert_id=own))
    c.send('<cliExecute id="2">ListAccounts %s</cliExecute>' % domain)
    ids = [admin.post("%d" % i, "domain", target=domain) for i in range(10)]
    admin.remove(own)
    got = [c.receive()]
    while not got[-1].startswith("<cliResult "):
        got.append(c.receive())
    equal(got[-1].count("="), 5001 + 1, "the listing")
    c.expect(response("2"))
    got += c.flush()
    for kind in ("<alert ", "<alertReport "):
        equal([attr(g, "alertID") for g in got if g.startswith(kind)], ids)


def test_answer_above_the_hard_limit(t):
    """A long answer is no reader that hangs."""
    server = t.server(options={"output_hard": "32K", "output_soft": "16K"})
    admin = server.admin()
    for i in range(200):
        admin.post("%d" % i + "x" * 4000)
    check(len(admin.cli("GetServerAlerts")) > 800000, "the list is cut")
    admin.quiet()


def test_strangers_who_do_not_wait(t):
    """A log-in that has to wait is forgotten with its connection: nothing of
    it is left when the server ends (sanitizers and valgrind see it)."""
    server = t.server(options={"login_free_tries": 1, "login_delay": "1h",
                               "login_max_delay": "1h"})
    server.admin()
    wrong = '<login id="1" userName="x" authData="y"/>'
    for _ in range(2):
        server.connect().ask(wrong, failure("1", 515))
    waiting = [server.connect() for _ in range(10)]
    for c in waiting:
        c.ask('<noop id="0"/>', response("0"))
        c.send(wrong)
    for c in waiting[5:]:
        c.close()
    server.clock(61)
    for c in waiting[:5]:
        c.expect_closed()
    server.admin().quiet()
    c = server.connect()
    c.send(wrong)
    server.stop()


def test_what_was_said_before_encryption(t):
    """Somebody on the way could have said it."""
    with tempfile.TemporaryDirectory() as d:
        certificate, key = make_certificate(d)
        server = t.server(options={"tls_certificate": certificate,
                                   "tls_key": key})
        user = server.account("joe@" + MAIN)
        server.domain("evil.test")
        c = server.connect()
        c.send('<listFeatures id="1" domain="evil.test"/>')
        c.until_response("1")
        c.send('<login id="2" method="SCRAM-SHA-256" alerts="no"/>')
        c.receive()
        c.starttls()
        c.ask('<auth id="3" value=""/>', failure("3", 501))
        equal(attr(c.login("joe"), "userName"), user)
        id_ = server.admin().post("seen")
        c.expect(alert("seen", alert_id=id_))


def test_options_are_those_of_the_log_in(t):
    """A log-in that failed leaves no options behind, but the domain."""
    user = t.user()
    c = t.shared.connect()
    c.ask('<login id="1" userName="x" alerts="no" domain="%s"/>'
          % user.split("@")[1], failure("1", 501))
    c.ask('<login id="2" userName="joe" authData="wrong"/>',
          failure("2", 515))
    equal(attr(c.login("joe"), "userName"), user)
    id_ = t.shared.admin().post("x", "account", target=user)
    c.expect(alert("x", "account", alert_id=id_))


def test_confirm_mode_begins_while_an_alert_is_on_its_way(t):
    """What is sent in confirm mode does not count as delivered with what was
    sent before."""
    server = t.server()
    user = server.account("joe@" + MAIN)
    admin = server.admin()
    c = server.login(user)
    admin.post("plain")
    c.send('<setSessionOption id="1" name="alertConfirm" value="yes"/>')
    c.until_response("1")
    second = admin.post("to be confirmed")
    c.expect(alert("to be confirmed", alert_id=second))
    for _ in range(3):
        server.clock(10)
        c.quiet()
    c.close()
    c = server.login(user)
    c.flush_exactly(alert("to be confirmed", alert_id=second))


def test_too_big_behind_requests_in_work(t):
    """Answers come in the order of requests."""
    user = t.user()
    c = t.shared.control()
    c.external()
    c.send(*[post_request(str(i), "x", "account", target=user)
             for i in range(20)], "x" * (2 << 20))
    for i in range(20):
        equal(c.until_response(str(i))[-1], response(str(i)))
    c.expect(failure("", 541))
    c.expect_closed()


def test_control_socket_that_is_a_file(t):
    """Nothing but a socket is taken out of the way."""
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "precious")
        with open(path, "w", encoding="utf-8") as f:
            f.write("precious")
        server = t.server(options={"control_socket": path}, start=False)
        server.start(wait=False)
        server.process.wait(20)
        server.reader.join(20)
        server.process = None
        with open(path, encoding="utf-8") as f:
            equal(f.read(), "precious")


def test_new_password_that_comes_too_late(t):
    """What it would have said is not said to the next command."""
    server = t.server({"password_iterations": 200000}, listen_pwd=PWD)
    clients = [connect(server).login() for _ in range(2)]
    for c in clients:
        c.say("NEWPASS other", "NOOP")
    equal(sorted(c.receive() for c in clients),
          ["200 Password updated", "515 incorrect password"])
    for c in clients:
        c.expect(OK)


def test_line_too_long_behind_one_in_work(t):
    """The line behind it has to wait; what was thrown away stays so, even if
    it looks like a command."""
    server = t.server({"password_iterations": 200000, "pwd_line_bytes": 4096},
                      listen_pwd=PWD)
    c = connect(server).login()
    for _ in range(3):
        c.say("NEWPASS other", "PostServerAlert " + "x" * 200000, "NOOP")
        c.expect("200 Password updated", "501 line too long", OK)


def test_settings_of_a_domain_and_remembered_log_ins(t):
    """A domain administrator does not make everybody's log-in expensive."""
    server = t.server()
    user = server.account("joe@" + MAIN)
    domain = server.domain("a.test")
    before = int(server.cli("GetStatElement passwordHashes"))
    for i in range(10):
        server.login(user)
        server.cli("UpdateDomainSettings %s {Key=%d;}" % (domain, i))
    server.login(user)
    equal(int(server.cli("GetStatElement passwordHashes")) - before, 1)


def test_guesses_of_one_with_a_long_name(t):
    """They are counted for each account by itself, as everybody's."""
    server = t.server({"login_address_free_tries": 3, "login_delay": "10s"})
    domain = server.domain("a.test")
    by = server.account("a" * 100 + "@" + domain, rights=("CanPostAlerts",))
    c = server.login(by)
    for i in range(6):
        user = server.account("u%d@%s" % (i, domain))
        equal(c.cli_error("VerifyAccountPassword %s PASSWORD x" % user), 515)


def test_ids_of_sessions_in_the_list(t):
    """Who has one whole can act as the session."""
    user = t.user()
    held = t.shared.login(user)
    monitor = t.shared.account("monitor@" + MAIN, rights=("Can Monitor",))
    ids = []
    for c in (t.shared.admin(), t.shared.login(monitor)):
        ids += [s["id"] for s in parse(c.cli("ListSessions 1000"))
                if s["user"] == user]
    equal(ids[0].split("-"), [ids[1], ids[0][7:]])
    check(len(ids[0]) > 20, "not whole: " + ids[0])
    held.quiet()
