# SPDX-License-Identifier: BSD-2-Clause
"""The PWD port: greeting, log-in in each of its forms, STLS, the end."""

import os

from pwd_port import (BYE, LOGGED_IN, OK, PWD, SEND_PASS, connect, crammed,
                      log_in)
from ximss import (MAIN, MASTER_PASSWORD, Server, b64, check, equal,
                   in_network, wait_until)

SERVER = {"listen_pwd": PWD, "tls": True}
FAR = "192.0.2.77"
WRONG = "515 incorrect password or account name"


# --- the first lines ---

def test_greeting(t):
    c = connect(t.shared, greet=False)
    got = c.sock.recv(4096).decode()
    program, version = t.shared.cli("GetVersion").strip('"').split(" ")
    equal(got, "200 %s %s PWD Server %s ready\r\n"
          % (MAIN, program, version))


def test_each_answer_is_one_packet(t):
    """A client of the family reads once after each line."""
    c = connect(t.shared)
    equal(c.one_recv("USER postmaster"), b"300 please send the PASS\r\n")
    equal(c.one_recv("PASS " + MASTER_PASSWORD),
          b"200 login OK, proceed\r\n")
    equal(c.one_recv("Echo {a=b;}"), b"200 data follow\r\n{a=b;}\r\n")
    equal(c.one_recv("INLINE"), b"200 OK\r\n")
    equal(c.one_recv("Echo {a=b;}"), b"201 {a=b;}\r\n")
    equal(c.one_recv("Nonsense"), b"500 unknown command\r\n")
    equal(c.one_recv("Quit"), BYE.encode() + b"\r\n")
    equal(c.sock.recv(100), b"")


def test_user_and_password(t):
    user = t.user()
    log_in(t.shared, user).in_step()


def test_bare_name_is_of_the_main_domain(t):
    log_in(t.shared, "postmaster").do("ListDomains")


def test_alias(t):
    """An alias is a name like the real one."""
    domain = t.domain()
    user = t.user("joe", domain)
    c = log_in(t.shared)
    c.do("SetAccountAliases %s (sales)" % user)
    c.do("SetDomainAliases %s (alias-%s)" % (domain, domain))
    for name in ("sales@" + domain, "joe@alias-" + domain,
                 "SALES@alias-" + domain):
        own = log_in(t.shared, name)
        equal(own.do("GetAccountSettings *"), {"RealName": "Joe"})
        equal(own.do("Route *"), ["LOCAL", user, user])


def test_any_case(t):
    user = t.user()
    for verb in ("USER %s|PASS %s|INLINE", "user %s|pass %s|inline",
                 "uSeR %s|PaSs %s|InLine"):
        c = connect(t.shared)
        name, password, inline = verb.split("|")
        c.ask(name % user.upper(), SEND_PASS)
        c.ask(password % "secret", LOGGED_IN)
        c.ask(inline, OK)


def test_wrong_password(t):
    user = t.user()
    c = connect(t.shared)
    for name, password in ((user, "wrong"), (user, "secret "),
                           (user, "SECRET"), (user, '"wrong"'),
                           ("nobody@" + user.split("@")[1], "secret"),
                           ("nobody@nowhere.test", "secret")):
        c.ask("USER " + name, SEND_PASS)
        c.ask("PASS " + password, WRONG)
    c.ask("USER " + user, SEND_PASS)
    c.ask("PASS secret", LOGGED_IN)


def test_password_is_the_rest_of_the_line(t):
    """As it is, blanks and all; a quoted string of the data format is tried
    as what it says."""
    for password, said in (
            ("two  words ", "PASS two  words "),
            ("two words", 'PASS "two words"'),
            ('say "hi" \\', 'PASS say "hi" \\'),
            ('say "hi" \\', 'PASS "say \\"hi\\" \\\\"'),
            ("#1", "PASS #1"), ("(a)", "PASS (a)"),
            ("gr\u00fcn", "PASS gr\u00fcn"),
            ("gr\u00fcn", 'PASS "gr\u00fcn"')):
        user = t.user(password=password)
        c = connect(t.shared)
        c.ask("USER " + user, SEND_PASS)
        c.ask(said, LOGGED_IN)


def test_empty_password(t):
    """Nobody gets in without one, nor where none is set."""
    user = "none@" + t.domain()
    t.shared.cli("CreateAccount " + user)
    for said in ("PASS ", "PASS", 'PASS ""'):
        c = connect(t.shared)
        c.ask("USER " + user, SEND_PASS)
        c.say(said)
        check(c.receive()[0] == "5", said)
        c.nothing_came()


def test_pass_without_user(t):
    c = connect(t.shared)
    c.say("PASS secret")
    check(c.receive()[0] == "5", "let in")
    c.nothing_came()


def test_second_user_counts(t):
    domain = t.domain()
    joe = t.user("joe", domain)
    ann = t.user("ann", domain, password="another")
    c = connect(t.shared)
    c.ask("USER " + joe, SEND_PASS)
    c.ask("USER " + ann, SEND_PASS)
    c.ask("PASS another", LOGGED_IN)
    equal(c.do("INLINE"), None)
    c.inline = True
    equal(c.do("GetAccountSettings *")["RealName"], "Ann")


def test_user_is_forgotten_after_a_failure(t):
    c = connect(t.shared)
    c.ask("USER " + t.user(), SEND_PASS)
    c.ask("PASS wrong", WRONG)
    c.say("PASS secret")
    check(c.receive()[0] == "5", "let in")


def test_before_log_in(t):
    c = connect(t.shared)
    for line in ("NOOP", "noop", " NOOP"):
        c.ask(line, OK)
    for line in ("INLINE", "NEWPASS x", "ListDomains", "listdomains",
                 'PostServerAlert "x', "Nonsense", "", " ", "*"):
        c.ask(line, "516 log in first")
    c.ask("QUIT", BYE)
    c.expect_closed()


def test_apop_is_refused_so_that_clients_fall_back(t):
    c = connect(t.shared)
    c.ask("APOP joe 8ab1e827b6d18e2f300c6352d9c5e30f",
          "501 APOP is not available. use USER and PASS")
    c.login(t.user())


def test_after_log_in_no_other_log_in(t):
    user = t.user()
    c = log_in(t.shared, user)
    for line in ("USER postmaster", "PASS " + MASTER_PASSWORD,
                 "AUTH PLAIN " + b64("\0postmaster\0" + MASTER_PASSWORD),
                 "APOP joe x"):
        c.ask(line, "517 already logged in")
    equal(c.refused("ListDomains"), 510)
    c.ask("STLS", "501 TLS is possible before login only")
    c.in_step()


def test_quit_by_pipelining(t):
    c = log_in(t.shared, t.user())
    c.say("Noop", "QUIT", "Echo never")
    c.expect(OK, BYE)
    c.expect_closed()


# --- AUTH ---

def test_auth_plain(t):
    user = t.user()
    told = b64("\0%s\0secret" % user)
    connect(t.shared).ask("AUTH PLAIN " + told, LOGGED_IN)
    connect(t.shared).ask("auth plain " + told, LOGGED_IN)
    c = connect(t.shared)
    c.ask("AUTH PLAIN", "334 =")
    c.ask(told, LOGGED_IN)
    c.in_step()


def test_auth_login(t):
    user = t.user()
    c = connect(t.shared)
    c.say("AUTH LOGIN")
    check(c.challenged().lower().startswith(b"user"), "first challenge")
    c.say(b64(user))
    check(c.challenged().lower().startswith(b"pass"), "second challenge")
    c.ask(b64("secret"), LOGGED_IN)
    c.in_step()


def test_auth_scram(t):
    user = t.user()
    for initial in (True, False):
        c = connect(t.shared)
        equal(c.auth(user, initial=initial), LOGGED_IN)
        c.in_step()
    equal(connect(t.shared).auth(user, "wrong"), WRONG)


def test_auth_cram_md5(t):
    domain = t.domain(settings="{CRAMMD5=YES;}")
    user = t.user(domain=domain)
    c = connect(t.shared)
    c.say("AUTH CRAM-MD5")
    c.ask(crammed(user, "secret", c.challenged()), LOGGED_IN)
    c.in_step()
    c = connect(t.shared)
    c.say("AUTH CRAM-MD5")
    c.ask(crammed(user, "wrong", c.challenged()), WRONG)


def test_auth_wrong_and_again(t):
    user = t.user()
    c = connect(t.shared)
    c.ask("AUTH PLAIN " + b64("\0%s\0wrong" % user), WRONG)
    c.nothing_came()
    c.ask("AUTH PLAIN " + b64("\0%s\0secret" % user), LOGGED_IN)


def test_auth_is_cancelled(t):
    c = connect(t.shared)
    for mechanism in ("PLAIN", "LOGIN", "SCRAM-SHA-256"):
        c.say("AUTH " + mechanism)
        c.challenged()
        c.say("*")
        equal(c.receive()[:4], "501 ")
        c.nothing_came()
    c.login(t.user())


def test_auth_that_is_nonsense(t):
    for line in ("AUTH", "AUTH NOSUCH", "AUTH PLAIN !!!", "AUTH PLAIN a b c",
                 "AUTH EXTERNAL", "AUTH PLAIN " + b64("x")):
        c = connect(t.shared)
        c.say(line)
        got = c.receive()
        check(got[0] == "5", "%s: %s" % (line, got))
        c.nothing_came()
    c = connect(t.shared)
    c.say("AUTH LOGIN")
    c.challenged()
    c.say("NOOP!")
    check(c.receive()[0] == "5", "taken")
    c.nothing_came()


def test_auth_with_an_empty_initial_response(t):
    c = connect(t.shared)
    c.say("AUTH LOGIN =")
    check(c.challenged().lower().startswith(b"user"), "first challenge")
    c.ask("*", "501 …")
    c.nothing_came()


def test_auth_webuser(t):
    """As some Perl clients log in."""
    user = t.user(password="two words")
    c = connect(t.shared)
    c.ask("AUTH WEBUSER %s wrong" % user, WRONG)
    for line in ("AUTH WEBUSER", "AUTH WEBUSER " + user):
        c.say(line)
        check(c.receive()[0] == "5", line)
    c.ask("AUTH WEBUSER %s two words" % user, LOGGED_IN)
    c.in_step()


# --- NEWPASS ---

def test_newpass(t):
    """Anybody changes his own password, as programs for POP users do."""
    user = t.user()
    c = connect(t.shared)
    c.ask("USER " + user, SEND_PASS)
    c.ask("PASS secret", LOGGED_IN)
    c.ask("NEWPASS one two", "200 Password updated")
    c.ask('newpass "three \\" four"', "200 Password updated")
    c.quit()
    d = connect(t.shared)
    for old in ("secret", "one two"):
        d.ask("USER " + user, SEND_PASS)
        d.ask("PASS " + old, WRONG)
    d.login(user, 'three " four')


def test_newpass_that_is_none(t):
    user = t.user()
    c = log_in(t.shared, user)
    for line in ("NEWPASS", "NEWPASS ", 'NEWPASS ""', "NEWPASS " + "x" * 2000):
        c.say(line)
        equal(c.receive()[:4], "501 ", line[:20])
    c.in_step()
    log_in(t.shared, user)


def test_newpass_leaves_a_trace_without_the_password(t):
    server = t.server({"log_level": "debug"}, listen_pwd=PWD)
    server.account("joe@" + MAIN, "hush-hush-6")
    c = log_in(server, "joe", "hush-hush-6")
    c.ask("NEWPASS hush-hush-7", "200 Password updated")
    c.close()
    server.stop()
    check(not any("hush-hush" in line for line in server.lines), "the log")
    trail = b""
    for root, _, files in os.walk(server.store):
        for name in files:
            if name.endswith(".db"):
                with open(os.path.join(root, name), "rb") as f:
                    trail += f.read()
    check(b"joe@example.test" in trail and b"NEWPASS" in trail,
          "nothing in the audit log")
    check(b"hush-hush" not in trail, "the audit log tells it")


# --- TLS ---

def test_stls(t):
    user = t.user()
    c = connect(t.shared)
    c.stls()
    check(c.sock.version() in ("TLSv1.2", "TLSv1.3"), c.sock.version())
    c.login(user).in_step()
    c.quit()


def test_implicit_tls(t):
    user = t.user()
    c = connect(t.shared, kind="pwds")
    c.say("STLS")
    check(c.receive()[0] == "5", "TLS in TLS")
    c.login(user).in_step()


def test_stls_twice(t):
    c = connect(t.shared)
    c.stls()
    c.say("STLS")
    check(c.receive()[0] == "5", "TLS in TLS")
    c.nothing_came()


def test_stls_without_a_certificate(t):
    server = t.server(listen_pwd=PWD)
    c = connect(server)
    c.say("STLS")
    check(c.receive()[0] == "5", "offered")
    c.nothing_came()


def test_bytes_behind_stls_are_dropped(t):
    """What somebody on the way put behind the command is not obeyed."""
    user = t.user()
    for behind in ("USER %s\r\n" % user, "NOOP\r\nNOOP\r\n", "USER %s" % user,
                   "\n", "AUTH PLAIN " + b64("\0%s\0secret" % user) + "\r\n"):
        c = connect(t.shared)
        c.raw(("STLS\r\n" + behind).encode())
        c.expect("200 please start TLS")
        c.handshake()
        c.nothing_came()
        c.say("PASS secret")
        check(c.receive()[0] == "5", "the name was remembered")
        c.ask("INLINE", "516 log in first")
        c.close()


def test_what_was_said_before_stls_is_forgotten(t):
    user = t.user()
    c = connect(t.shared)
    c.ask("USER " + user, SEND_PASS)
    c.stls()
    c.say("PASS secret")
    check(c.receive()[0] == "5", "the name was remembered")
    c.login(user)


def test_stls_behind_a_log_in(t):
    """It waits for the log-in's end: after a wrong password TLS begins, and
    what is behind it is dropped; after the right one it is refused."""
    user = t.user()
    c = connect(t.shared)
    c.say("USER " + user, "PASS wrong", "STLS", "USER " + user, "PASS secret")
    c.expect(SEND_PASS, WRONG, "200 please start TLS")
    c.handshake()
    c.nothing_came()
    c.login(user)
    c = connect(t.shared)
    c.say("USER " + user, "PASS secret", "STLS", "Noop")
    c.expect(SEND_PASS, LOGGED_IN, "501 TLS is possible before login only",
             OK)


def test_doors_in_the_list_of_sessions(t):
    user = t.user()
    for kind in ("pwd", "pwds"):
        connect(t.shared, kind=kind).login(user)
    c = log_in(t.shared)
    listed = [s for s in c.do("ListSessions") if s["user"] == user]
    equal(sorted((s["door"], s["encrypted"]) for s in listed),
          [("pwd", "NO"), ("pwds", "YES")])
    equal(len(c.do("ListAccountSessions %s PROTOCOL PWD" % user)), 2)


def test_garbage_instead_of_a_handshake(t):
    for garbage in (b"NOOP\r\nNOOP\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 9000):
        c = connect(t.shared)
        c.ask("STLS", "200 please start TLS")
        c.raw(garbage)
        c.read_to_end()
        check(b"200" not in c.buffer, "clear text: %r" % c.buffer)


# --- beyond the machine ---

def far(function, **options):
    """Runs function(server) with a server in a network where FAR is not
    loopback."""
    def run():
        server = Server(tls=True, listen_pwd=["0.0.0.0:0"],
                        options=dict(options, workers=1))
        failed = True
        try:
            server.start()
            server.account("joe@" + MAIN)
            function(server)
            failed = False
        finally:
            server.end() if not failed else server.kill()
    in_network([FAR], run)


def test_clear_passwords_stay_on_the_machine(t):
    def scenario(server):
        c = connect(server, host=FAR, source=FAR)
        c.say("USER joe", "PASS secret")
        c.receive()
        c.expect("519 encryption required")
        c.ask("AUTH PLAIN " + b64("\0joe\0secret"), "519 encryption required")
        c.ask("AUTH LOGIN", "519 encryption required")
        equal(c.auth("joe"), LOGGED_IN)
        c = connect(server, host=FAR, source=FAR)
        c.stls()
        c.login("joe")
        log_in(server, "joe").in_step()
    far(scenario)


def test_clear_passwords_where_configured(t):
    def scenario(server):
        connect(server, host=FAR, source=FAR).login("joe").in_step()
    far(scenario, clear_passwords_without_tls=True)


# --- what it is not ---

def test_a_pwd_connection_gets_no_alerts(t):
    """It is no session that shows alerts: nothing is pushed into the lines,
    and nothing counts as delivered."""
    server = t.server(listen_pwd=PWD)
    user = server.account("joe@" + MAIN)
    clients = [log_in(server, user), connect(server), connect(server)]
    clients[1].ask("AUTH PLAIN " + b64("\0%s\0secret" % user), LOGGED_IN)
    equal(clients[2].auth(user), LOGGED_IN)
    server.cli('PostServerAlert "for all"')
    server.cli("PostAccountAlert %s ALERT own" % user)
    for c in clients:
        c.ask("NOOP", OK)
        c.in_step()
    equal(server.sessions(user), 0)
    shown = server.login(user)
    check(shown.receive().endswith(">for all</alert>")
          and shown.receive().endswith(">own</alert>"), "still to be shown")


def test_not_configured_not_there(t):
    server = t.server()
    equal(server.ports("pwd"), [])
    equal(server.ports("pwds"), [])


def test_last_log_in(t):
    server = t.server({"position_save_interval": "10ms"}, listen_pwd=PWD)
    user = server.account("joe@" + MAIN)
    log_in(server, user)
    wait_until(lambda: server.cli("GetAccountInfo %s Key LastAddress" % user)
               == "127.0.0.1", "the address of the log-in")


def test_other_protocols_are_refused_in_step(t):
    c = connect(t.shared)
    c.raw(b'<login id="1" userName="joe"/>\n')
    c.expect("516 log in first")
    c.nothing_came()


def test_the_connection_stays_when_its_password_changes(t):
    user = t.user("adm", rights=("BasicSettings",))
    c = log_in(t.shared, user)
    equal(c.do("SetAccountPassword %s PASSWORD other" % user), None)
    c.in_step()
    d = connect(t.shared)
    d.ask("USER " + user, SEND_PASS)
    d.ask("PASS secret", WRONG)
    d.login(user, "other")
