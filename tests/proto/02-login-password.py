# SPDX-License-Identifier: BSD-2-Clause
"""Log-in with a clear password, and what a session is."""

import os
import re
import socket

from ximss import (DEADLINE, MAIN, MASTER_PASSWORD, PASSWORD, Skip, attr,
                   attribute, check,
                   equal, failure, match, response, wait_until)

WRONG = '<response id="1" errorText="incorrect password or account name" errorNum="515"/>'


# Log-ins are written down in batches.
SERVER = {"options": {"position_save_interval": "10ms"}}


def came_from(server, user, address):
    """Waits until the account's last log-in came from the address."""
    wait_until(lambda: server.cli("GetAccountInfo %s Key LastAddress" % user)
               .strip('"') == address, "a log-in from " + address)


def refused(t, user, password="secret", more="", server=None):
    c = (server or t.shared).connect()
    c.ask('<login id="1" userName="%s" authData="%s"%s/>'
          % (attribute(user), attribute(password), more), WRONG)
    return c


def test_features(t):
    c = t.shared.connect()
    c.ask('<listFeatures id="1"/>',
          '<features id="1" domain="%s"><sasl>LOGIN</sasl><sasl>PLAIN</sasl>'
          "<sasl>SCRAM-SHA-256</sasl></features>" % MAIN, response("1"))
    domain = t.domain()
    c.ask('<listFeatures id="2" domain="%s"/>' % domain.upper(),
          '<features id="2" domain="%s"><sasl>LOGIN</sasl><sasl>PLAIN</sasl>'
          "<sasl>SCRAM-SHA-256</sasl></features>" % domain, response("2"))


def test_session_message(t):
    user = t.user()
    session = t.shared.connect().login(user, id_="A001")
    match(session, '<session id="A001" urlID="…" userName="%s" '
          'realName="Joe" version="…" random="…"/>' % user)
    check(re.fullmatch(r"[0-9]{6,}-[A-Za-z0-9]{20}", attr(session, "urlID")),
          session)
    check(re.fullmatch(r"[0-9A-F]{16}", attr(session, "random")), session)
    check(re.fullmatch(r"\d+\.\d+\.\d+", attr(session, "version")), session)


def test_first_session_number_has_six_digits(t):
    server = t.server()
    server.account("joe@" + MAIN)
    session = server.connect().login("joe@" + MAIN)
    check(re.match(r"1000\d\d-", attr(session, "urlID")), session)


def test_all_spellings(t):
    user = t.user()
    name, domain = user.split("@")
    for request in (
            '<login id="1" userName="%s" authData="secret"/>' % user,
            '<login id="1" username="%s" authData="secret"/>' % user,
            '<login id="1" userName="%s" password="secret"/>' % user,
            '<login id="1" username="%s" password="secret"/>' % user,
            '<login authData="secret" userName="%s" id="1"/>' % user,
            '<login id="1" authData="%s" password="secret"/>' % user,
            '<login id="1" userName="" authData="%s" password="secret"/>'
            % user,
            '<login id="1" authData="%s" domain="%s" password="secret"/>'
            % (name, domain),
            '<login id="1" password="secret" authData="%s" />' % user,
            '<login id="1" userName="%s" authData="secret" password="x"/>'
            % user,
            "<login id='1' userName='%s' authData='secret'></login>" % user,
            '<login id="1" userName="%s" authData="secret"/>' % user.upper(),
            '<login id="1" userName="%s" domain="%s" authData="secret"/>'
            % (name, domain),
            '<login id="1" userName="%s" domain="%s" authData="secret"/>'
            % (user, domain),
            '<login id="1" userName="%s" domain="%s" authData="secret"/>'
            % (name, domain.upper())):
        c = t.shared.connect()
        c.send(request)
        equal(attr(c.logged_in("1"), "userName"), user, request)
        c.close()


def test_password_driver_of_a_webmail(t):
    """Everything in one go, and then it reads until the server closes."""
    user = t.user()
    for password, new, expected in (
            ("secret", "fresh",
             '<session id="A001" urlID="…" userName="%s" realName="…" '
             'version="…" random="…"/><response id="A001"/>'
             '<response id="A002"/><response id="A003"/>' % user),
            ("secret", "other",
             '<response id="A001" errorText="incorrect password…" '
             'errorNum="515"/><response id="A002" errorText="…" '
             'errorNum="516"/><response id="A003"/>')):
        sock = socket.create_connection(t.shared.ports()[0])
        sock.settimeout(DEADLINE)
        sock.sendall(
            b'<login id="A001" authData="%s" password="%s" />\0'
            b'<passwordModify id="A002" oldPassword="%s" newPassword="%s" />\0'
            b'<bye id="A003" />\0' % tuple(
                w.encode() for w in (user, password, password, new)))
        got = b"".join(iter(lambda: sock.recv(4096), b""))
        sock.close()
        match(got.replace(b"\0", b"").decode(), expected)
    t.shared.login(user, "fresh").close()


def test_domain_selects_for_what_follows(t):
    user = t.user()
    name, domain = user.split("@")
    c = t.shared.connect()
    c.send('<listFeatures id="1" domain="%s"/>' % domain)
    c.until_response("1")
    c.send('<login id="2" userName="%s" authData="secret"/>' % name)
    equal(attr(c.logged_in("2"), "userName"), user)


def test_bare_name_is_in_the_main_domain(t):
    t.shared.account("barename@" + MAIN)
    equal(attr(t.shared.connect().login("barename"), "userName"),
          "barename@" + MAIN)


def test_postmaster_has_the_password_of_the_first_start(t):
    c = t.shared.connect()
    c.login("postmaster@" + MAIN, MASTER_PASSWORD)
    check(c.cli("GetVersion"), "no version")


def test_there_is_no_default_password(t):
    for user in ("postmaster", "root", "admin"):
        for password in ("", "postmaster", "admin", "password", "root"):
            refused(t, "%s@%s" % (user, MAIN), password).close()


def test_wrong_is_wrong_whatever_is_wrong(t):
    user = t.user()
    domain = user.split("@")[1]
    t.shared.cli("CreateAccount nopass@" + domain)
    for name in (user, "nobody@" + domain, "nobody@nowhere.test",
                 "nopass@" + domain, "@", "@" + domain, "joe@", "a@b@c",
                 user + "\n", " " + user, "x" * 5000, "å@" + domain,
                 "' or 1=1 --", "*", "local:0", "joe@" + "d" * 300):
        refused(t, name, "wrong").close()
    for password in ("", "Secret", "secret ", " secret", "secre", "secrett",
                     "x" * 10000, "å", "secret\n"):
        refused(t, user, password).close()


def test_log_in_without_name_or_password(t):
    c = t.shared.connect()
    for request in ('<login id="1"/>', '<login id="1" userName="joe"/>',
                    '<login id="1" authData="secret"/>'):
        c.send(request)
        got = c.receive()
        check(attr(got, "errorNum") in ("501", "515"), request + " " + got)


def test_after_a_failure_another_try(t):
    user = t.user()
    c = refused(t, user, "wrong")
    c.login(user, id_="2")
    c.quiet()


def test_log_ins_pipelined(t):
    """The second comes while the first is being checked."""
    user = t.user()
    c = t.shared.connect()
    c.send('<login id="1" userName="%s" authData="wrong"/>' % user,
           '<login id="2" userName="%s" authData="secret"/>' % user,
           '<login id="3" userName="%s" authData="secret"/>' % user,
           '<noop id="4"/>')
    c.expect(WRONG)
    c.logged_in("2")
    c.expect(failure("3", 517), response("4"))


def test_connection_left_while_the_password_is_checked(t):
    user = t.user()
    for i in range(100):
        c = t.shared.connect()
        c.send('<login id="1" userName="%s" authData="%s"/>'
               % (user, "secret" if i % 2 else "wrong%d" % i))
        if i % 3:
            c.reset()
        else:
            c.close()
    wait_until(lambda: t.shared.sessions(user) == 0, "all sessions end")


def test_any_password_that_xml_can_carry(t):
    user = t.user()
    for password in ("pass word", "å\U0001f514日本", "<&>\"'",
                     "x" * 200, "\\", "semi;colon", "=", "#123", "()"):
        t.shared.cli('SetAccountPassword %s PASSWORD "%s"' % (
            user, password.replace("\\", "\\\\").replace('"', '\\"')))
        c = t.shared.connect()
        c.login(user, password)
        c.close()
        c = t.shared.connect()
        c.scram(user, password)
        c.close()


def test_several_sessions_of_one_account(t):
    user = t.user()
    ids = set()
    clients = [t.shared.connect() for _ in range(20)]
    for c in clients:
        ids.add(attr(c.login(user), "urlID"))
    equal(len(ids), 20)
    equal(t.shared.sessions(user), 20)
    for c in clients[:10]:
        c.bye()
    wait_until(lambda: t.shared.sessions(user) == 10, "ten sessions end")
    for c in clients[10:]:
        c.quiet()


def test_kill_sessions(t):
    domain = t.domain()
    joe, ann = t.user("joe", domain), t.user("ann", domain)
    clients = [t.shared.login(joe) for _ in range(3)]
    other = t.shared.login(ann)
    t.shared.cli("KillAccountSessions " + joe)
    for c in clients:
        c.expect_bye()
    other.quiet()
    t.shared.login(joe).quiet()


def test_deleted_account_is_logged_out_and_stays_out(t):
    user = t.user()
    c = t.shared.login(user)
    t.shared.cli("DeleteAccount " + user)
    c.expect_bye()
    refused(t, user)


def test_account_made_anew_is_another(t):
    user = t.user()
    t.shared.login(user).close()
    t.shared.cli("DeleteAccount " + user)
    t.shared.account(user, "other")
    refused(t, user)
    t.shared.login(user, "other").quiet()


def test_renamed_account(t):
    user = t.user()
    domain = user.split("@")[1]
    c = t.shared.login(user)
    t.shared.cli("RenameAccount %s INTO ann@%s" % (user, domain))
    refused(t, user)
    equal(attr(t.shared.connect().login("ann@" + domain), "userName"),
          "ann@" + domain)
    c.close()


# --- remembered log-ins ---

def hashes(server):
    return int(server.cli("GetStatElement passwordHashes"))


def test_second_log_in_does_not_cost_the_hash(t):
    server = t.server()
    user = server.account("joe@" + MAIN)
    before = hashes(server)
    for _ in range(10):
        server.connect().login(user)
        equal(hashes(server) - before, 1)


def test_remembered_is_forgotten_with_a_new_password(t):
    user = t.user()
    for _ in range(3):
        t.shared.login(user).close()
    t.shared.cli("SetAccountPassword %s PASSWORD other" % user)
    refused(t, user)
    t.shared.login(user, "other").close()
    t.shared.cli("SetAccountPassword %s PASSWORD secret" % user)
    refused(t, user, "other")
    t.shared.login(user).quiet()


def test_remembered_does_not_let_a_wrong_password_in(t):
    user = t.user()
    t.shared.login(user).close()
    refused(t, user, "secreT")
    t.shared.login(user).close()
    refused(t, user, "")


def test_suspending_a_domain_forgets_no_password(t):
    """Nor does it tell by the time that one is right."""
    server = t.server()
    joe = server.account("joe@" + MAIN)
    domain = server.domain("away.test")
    ann = server.account("ann@" + domain)
    for user in joe, ann:
        server.login(user).close()
    server.cli("SuspendDomain " + domain)
    before = hashes(server)
    server.login(joe).close()
    equal(hashes(server), before, "another domain's user")
    server.cli("ResumeDomain " + domain)
    server.login(ann).close()
    equal(hashes(server), before, "resumed")
    server.cli("SuspendDomain " + domain)
    refused(t, ann, server=server)
    equal(hashes(server), before + 1, "suspended")


def test_password_change_while_log_ins_run(t):
    """Whoever is told of the change first, no old password gets in after."""
    user = t.user()
    admin = t.shared.admin()
    for i in range(20):
        clients = [t.shared.connect() for _ in range(5)]
        for c in clients:
            c.send('<login id="1" userName="%s" authData="secret"/>' % user)
        admin.cli("SetAccountPassword %s PASSWORD other%d" % (user, i))
        refused(t, user).close()
        for c in clients:
            c.receive()
            c.close()
        admin.cli("SetAccountPassword %s PASSWORD secret" % user)


def test_last_log_in_is_kept(t):
    user = t.user()
    t.shared.login(user)
    came_from(t.shared, user, "127.0.0.1")
    got = t.shared.cli("GetAccountInfo %s (LastLogin,LastAddress)" % user)
    check("LastLogin=" in got, got)


# --- the UNIX socket ---

def test_control_socket_is_master(t):
    c = t.shared.control()
    c.ask('<listFeatures id="1"/>',
          '<features id="1" domain="%s"><sasl>LOGIN</sasl><sasl>PLAIN</sasl>'
          "<sasl>SCRAM-SHA-256</sasl><sasl>EXTERNAL</sasl></features>" % MAIN,
          response("1"))
    session = c.external()
    equal(attr(session, "userName"), "local:0")
    c.cli("CreateDomain control.test")
    c.cli("DeleteDomain control.test")


def test_control_socket_takes_passwords_too(t):
    user = t.user()
    c = t.shared.control()
    equal(attr(c.login(user), "userName"), user)
    c.send('<cliExecute id="1">CreateDomain x.test</cliExecute>')
    equal(attr(c.receive(), "errorNum"), "510")


def test_forgotten_postmaster_password(t):
    server = t.server()
    server.cli("SetAccountPassword postmaster@%s PASSWORD new" % MAIN)
    server.login("postmaster@" + MAIN, "new").quiet()


def test_master_of_the_socket_gets_no_alerts(t):
    c = t.shared.control()
    c.external()
    t.shared.admin().post("everybody")
    c.quiet()


def test_no_external_over_tcp(t):
    c = t.shared.connect()
    c.ask('<login id="1" method="EXTERNAL"/>', failure("1", 527))


def test_no_external_for_other_users(t):
    if os.geteuid() != 0:
        raise Skip("needs root to become somebody else")
    server = t.shared
    path = server.control_path()
    for directory in (server.dir, server.store):
        os.chmod(directory, 0o755)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(10)
            s.connect(path)
            s.sendall(b'<login id="1" method="EXTERNAL"/>\0')
            os.write(write, s.recv(1000))
        except OSError as error:
            os.write(write, b"refused: %s" % str(error).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    got = os.read(read, 1000).decode()
    os.close(read)
    check(got.startswith("refused: ") or 'errorNum="527"' in got, got)


# --- whose address ---

def test_client_address_is_not_believed_over_tcp(t):
    user = t.user()
    t.shared.login(user, clientAddress="192.0.2.99")
    came_from(t.shared, user, "127.0.0.1")


def test_client_address_is_believed_from_the_socket(t):
    user = t.user()
    t.shared.control().login(user, clientAddress="192.0.2.99")
    came_from(t.shared, user, "192.0.2.99")


def test_client_address_is_believed_from_configured_addresses(t):
    server = t.server({"trusted_addresses": "127.0.0.2",
                       "position_save_interval": "10ms"})
    user = server.account("joe@" + MAIN)
    for source, believed in (("127.0.0.2", True), ("127.0.0.3", False)):
        for address in ("192.0.2.99", "2001:db8::7"):
            c = server.connect(source=source)
            c.login(user, clientAddress=address)
            came_from(server, user, address if believed else source)
            c.close()


def test_client_address_must_be_one(t):
    user = t.user()
    for text in ("", "x", "1.2.3", "1.2.3.4\nerror: forged",
                 "1.2.3.4 5.6.7.8", "[::1]", "x" * 3000):
        c = t.shared.control()
        c.send('<login id="1" userName="%s" authData="secret" '
               'clientAddress="%s"/>' % (user, attribute(text)))
        c.receive()
        got = t.shared.cli("GetAccountInfo %s Key LastAddress" % user)
        check("forged" not in got and "x" not in got, got)
        c.close()


def test_domain_holds_for_what_follows(t):
    domain = t.domain()
    joe = t.user("joe", domain)
    c = t.shared.connect()
    c.ok('<noop id="1" domain="%s"/>' % domain)
    c.send('<login id="2" userName="%s" authData="%s"/>'
           % (joe.split("@")[0], PASSWORD))
    got = c.until_response("2")
    equal(attr(got[0], "userName"), joe)
