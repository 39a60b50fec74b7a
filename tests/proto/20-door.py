# SPDX-License-Identifier: BSD-2-Clause
"""The mail door (protocol.md 8): who may come in, as whom, for what, and how
many; and that alerts reach those who are there, and are lost for nobody."""

import os
import pwd
import re
import signal
import socket
import stat

import ximss
from ximss import (MAIN, PASSWORD, Closed, alert, as_user, attr, attribute,
                   check, door_login, equal, failure, response, wait_until)

LONG = 30 * 86400
VMAIL = 61000  # nobody's number; a name is not needed to be one of door-users
WRONG = "incorrect password or account name"
FOREIGN = "not the account of this user"


def door_server(t, **options):
    options.setdefault("door_users", [str(VMAIL)])
    return t.server(start=False).open_door(**options).start()


def somebody():
    """A user of the machine who is neither root nor we."""
    for name in ("nobody", "daemon", "bin"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid not in (0, os.geteuid(), VMAIL):
            return found
    raise ximss.Skip("no other user on this machine")


def refused(client, request, number, text="…"):
    return client.ask(request, failure("login", number, text))


# --- who may come in as whom ---

def test_the_trusted_name_anybody(t):
    server = door_server(t)
    for name in ("joe", "ann"):
        server.account("%s@%s" % (name, MAIN))
    server.cli("SetAccountAliases joe@%s (sales)" % MAIN)
    server.domain("second.test")
    server.account("joe@second.test")
    server.cli("SetDomainAliases second.test (zweite.test)")
    server.cli("CreateAccount empty@%s {}" % MAIN)
    for asked, real in (
            ("joe", "joe@" + MAIN), ("ANN@" + MAIN.upper(), "ann@" + MAIN),
            ("sales", "joe@" + MAIN), (" sales@%s " % MAIN, "joe@" + MAIN),
            ("joe@zweite.test", "joe@second.test"),
            ("empty", "empty@" + MAIN)):
        for door in ("imap", "pop3", "IMAP"):
            c = server.mail(asked, door, VMAIL)
            equal(attr(c.session, "userName"), real, asked)
            c.bye()
    c = server.door(VMAIL)
    for name in ("none", "none@" + MAIN, "joe@none.test", "@" + MAIN, "joe@",
                 "x" * 300, "joe joe"):
        refused(c, door_login(name), 515, WRONG)
    c.send(door_login("joe"))
    c.logged_in("login")


def test_others_have_one_account(t):
    """Every row: the account that the login name stands for is there or not;
    what is named; the answer."""
    me = somebody()
    name = me.pw_name
    server = door_server(t)
    for account in (name + "@" + MAIN, "joe@" + MAIN):
        server.account(account)
    server.cli("SetAccountAliases %s@%s (alias)" % (name, MAIN))
    server.cli("SetAccountAliases joe@%s (joes)" % MAIN)
    server.domain("second.test")
    server.account(name + "@second.test")
    server.cli("SetDomainAliases %s (also.test)" % MAIN)
    for asked in (name, name.upper(), "%s@%s" % (name, MAIN), "alias",
                  "alias@" + MAIN, name + "@also.test", "alias@also.test"):
        c = server.mail(asked, uid=me.pw_uid)
        equal(attr(c.session, "userName"), "%s@%s" % (name, MAIN))
        c.bye()
    c = server.door(me.pw_uid)
    foreign = ["joe", "joes", "joe@" + MAIN, "none", "none@" + MAIN,
               name + "@second.test", name + "@none.test", "alias@second.test",
               "postmaster", "x" * 300, "@" + MAIN, "joe@"]
    for asked in foreign:
        refused(c, door_login(asked), 527, FOREIGN)
    server.cli("DeleteAccount %s@%s" % (name, MAIN))
    refused(c, door_login(name), 515, WRONG)
    for asked in foreign + ["alias"]:
        refused(c, door_login(asked), 527, FOREIGN)


def test_whose_name_is_only_an_alias(t):
    """... of another's account, which is not theirs then."""
    me = somebody()
    server = door_server(t)
    joe = server.account("joe@" + MAIN)
    server.cli("SetAccountAliases joe@%s (%s)" % (MAIN, me.pw_name))
    c = server.door(me.pw_uid)
    for asked in (me.pw_name, "%s@%s" % (me.pw_name, MAIN)):
        refused(c, door_login(asked), 515, WRONG)
    refused(c, door_login(joe), 527, FOREIGN)
    server.mail(me.pw_name, uid=VMAIL)


def test_the_format_of_names(t):
    me = somebody()
    server = door_server(t, door_user_format="x-%u-%u@second.test")
    server.domain("second.test")
    account = server.account("x-%s-%s@second.test" % (2 * (me.pw_name,)))
    server.account("%s@%s" % (me.pw_name, MAIN))
    c = server.door(me.pw_uid)
    refused(c, door_login(me.pw_name), 527, FOREIGN)
    c.send(door_login(account))
    c.logged_in("login")


def test_who_has_no_name(t):
    """A user of whom the system knows a number only."""
    server = door_server(t)
    server.account("joe@" + MAIN)
    c = server.door(61001)
    for asked in ("joe", "61001", "none"):
        refused(c, door_login(asked), 527, FOREIGN)


def test_root_is_nobody_special(t):
    if os.geteuid() != 0:
        raise ximss.Skip("needs to be root")
    server = door_server(t)
    server.account("joe@" + MAIN)
    c = server.door()
    refused(c, door_login("joe"), 527, FOREIGN)
    refused(c, door_login("root"), 515, WRONG)
    c.ask('<login id="login" method="EXTERNAL"/>',
          failure("login", 527, "log-in method not offered"))


def test_a_group_that_the_user_is_not_in(t):
    """Who is started as root keeps it when it becomes another user."""
    if os.geteuid() != 0:
        raise ximss.Skip("needs root to become somebody else")
    me = somebody()
    server = t.server(start=False).open_door(
        door_socket_group="61003", quota_socket_group="61004", user=me.pw_name)
    server.command()  # makes the file of the password
    os.makedirs(server.store)
    for path in (server.dir, server.store, server.dir + "/password"):
        os.chown(path, me.pw_uid, me.pw_gid)
    server.start()
    is_ = os.stat(server.options["door_socket"])
    equal((stat.S_IMODE(is_.st_mode), is_.st_uid, is_.st_gid),
          (0o660, me.pw_uid, 61003))
    with open("/proc/%d/status" % server.process.pid, encoding="ascii") as f:
        groups = re.search(r"^Groups:(.*)$", f.read(), re.M).group(1).split()
    wanted = os.getgrouplist(me.pw_name, me.pw_gid) + [61003, 61004]
    equal(sorted(map(int, groups)), sorted(wanted))


def test_the_group_of_the_socket(t):
    if os.geteuid() != 0:
        raise ximss.Skip("needs root to become somebody else")
    server = door_server(t, door_socket_group="61003")
    path = server.options["door_socket"]
    is_ = os.stat(path)
    check(stat.S_ISSOCK(is_.st_mode), "no socket")
    equal((stat.S_IMODE(is_.st_mode), is_.st_gid), (0o660, 61003))
    for group, may in ((61003, True), (61004, False)):
        os.setegid(group)
        try:
            server.door(VMAIL)
            came = True
        except PermissionError:
            came = False
        finally:
            os.setegid(0)
        equal(came, may, group)


def test_other_ways_in(t):
    """Each alone with what is right otherwise."""
    server = door_server(t)
    user = server.account("joe@" + MAIN)
    ticket = attr(server.connect().login(user, ticket="yes"), "ticket")
    c = server.door(VMAIL)
    for request, number, text in (
            ('userName="joe" authData="secret"', 527, "…"),
            ('userName="joe" door="imap"', 527, "…"),
            ('method="EXTERNAL" door="imap"', 527, "…"),
            ('method="EXTERNAL" userName="" door="imap"', 527, "…"),
            ('method="PLAIN" userName="joe" door="imap"', 527, "…"),
            ('method="SCRAM-SHA-256" door="imap"', 527, "…"),
            ('ticket="%s" door="imap"' % ticket, 527, "…"),
            ('method="EXTERNAL" userName="joe"', 501, "door is missing"),
            ('method="EXTERNAL" userName="joe" door="smtp"', 501,
             "door must be imap or pop3")):
        refused(c, '<login id="login" %s/>' % request, number, text)
    for wish in ("ticket", "keepTicket", "lasting", "device"):
        refused(c, door_login("joe", **{wish: "yes"}), 501,
                wish + " can not be used")
    for wish in ("ticket", "session", "sessionKey", "newSession", "newKey",
                 "sessionNote", "device", "deviceName", "nonce", "password",
                 "authData", "value"):
        refused(c, door_login("joe", **{wish: ticket}), 501,
                wish + " can not be used")
    refused(c, door_login("joe", alerts="no"), 501, "alerts can not be used")
    refused(c, door_login("joe", clientAddress="here"), 501,
            "clientAddress is not an address")
    # The ticket was not used up, and what means nothing is no wish.
    c.send(door_login("joe", ticket="no", lasting="no", device="no"))
    check("ticket" not in c.logged_in("login"), "a ticket")
    server.connect().ask('<login id="login" ticket="%s"/>' % ticket,
                         '<session …/>'.replace(" …", " id=\"login\" urlID=\"…"
                         "\" userName=\"…\" realName=\"…\" version=\"…\" "
                         "random=\"…\" ticket=\"…\""), response("login"))


# --- what they may do ---

# Every request there is, as protocol.md has them, with what is right otherwise.
REQUESTS = """auth value=""
listFeatures
deviceList
deviceRevoke deviceID="1"
starttls
readClient
readTime
readSession
setSessionOption name="alertConfirm" value="no"
setSessionOption name="idleTimeout" value="5"
setClientName
prefsRead
prefsStore
quotaRead
passwordModify oldPassword="secret" newPassword="other"
alertPost scope="server"
alertRemove alertID="1"
alertDismiss alertID="1"
alertList
alertWatch scope="server"
cliExecute"""
DOCUMENT = os.path.join(ximss.HERE, os.pardir, os.pardir, "doc", "protocol.md")


def test_nothing_else_is_possible(t):
    server = door_server(t)
    user = server.account("joe@" + MAIN, rights=["Master"])
    number = server.admin().post("to all")
    rows = REQUESTS.split("\n")
    with open(DOCUMENT, encoding="utf-8") as f:
        known = re.findall(r"^\| `(\w+)` \| (?:always|before log-in|in a "
                           r"session) \|", f.read(), re.M)
    equal(sorted(set(known) - {row.split()[0] for row in rows}),
          ["alertConfirm", "bye", "login", "noop"])
    before = server.door(VMAIL)
    after = server.mail(user, uid=VMAIL)
    after.expect(alert("to all", alert_id=number))
    for c in (before, after):
        for row in rows:
            c.ask('<%s id="1"%s/>' % (row.split()[0], row[len(row.split()[0]):]),
                  failure("1", 518, "not at the mail door"))
        c.ask('<nothing id="1"/>', failure("1", 500))
    before.ask('<alertConfirm id="1" alertID="1"/>', failure("1", 516))
    after.ask(door_login(user), failure("login", 517))
    # Nothing of that was done, and the session is still in confirm mode.
    equal(len(server.admin().reports()), 0)
    server.login(user).expect(alert("to all", alert_id=number))
    after.ask('<alertConfirm id="1" alertID="%s"/>' % number, response("1"))
    after.ask('<alertConfirm id="1" alertID="999"/>', failure("1", 514))
    after.bye()
    before.bye()


def test_no_header_of_a_proxy(t):
    server = door_server(t)
    c = server.door(VMAIL)
    c.raw(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12))
    got = c.receive()
    check('errorNum="540"' in got, got)


def test_messages_are_short(t):
    server = door_server(t)
    c = server.mail(server.account("joe@" + MAIN), uid=VMAIL)
    c.send('<noop id="1" x="%s"/>' % ("x" * 16384))
    check('errorNum="541"' in c.receive(), "a long message was read")
    c.expect_closed()


# --- alerts ---

def test_only_confirmed_is_shown(t):
    """Whatever happens to the session otherwise: the alert comes again."""
    server = door_server(t)
    user = server.account("joe@" + MAIN)
    number = server.admin().post("Call me.", "account", target=user)
    mine = alert("Call me.", "account", alert_id=number)
    for confirm in (None, "no", "yes"):
        c = server.mail(user, uid=VMAIL, alertConfirm=confirm)
        c.expect(mine)
        c.quiet()
        server.clock(10)
        c.quiet()
        c.bye()
    c = server.mail(user, "pop3", VMAIL)
    c.expect(mine)
    c.reset()
    c = server.mail(user, uid=VMAIL)
    c.expect(mine)
    c.ask('<alertConfirm id="1" alertID="%s"/>' % number, response("1"))
    c.bye()
    server.mail(user, uid=VMAIL).quiet()


def test_one_alert_to_a_thousand(t):
    """... of as many accounts, on several workers; withdrawn, it goes from
    all."""
    server = door_server(t, workers=3)
    users = ["u%d@%s" % (i, MAIN) for i in range(1000)]
    server.accounts(users)
    doors = [server.door(VMAIL) for _ in users]
    for c, user in zip(doors, users):
        c.send(door_login(user, alertChanges="yes"))
    for c in doors:
        c.logged_in("login")
    admin = server.admin()
    number = admin.post("to all")
    equal(attr(admin.posted, "sessions"), "1000")
    for c in doors:
        c.expect(alert("to all", alert_id=number))
    admin.remove(number)
    for c in doors:
        c.expect('<alertRemoved alertID="%s"/>' % number)


# --- how long ---

def test_no_idle_timeout(t):
    server = door_server(t)
    user = server.account("joe@" + MAIN)
    c = server.mail(user, uid=VMAIL)
    other = server.login(user)
    server.clock(LONG)
    other.expect_bye()
    c.quiet()


def test_a_log_in_has_to_come(t):
    server = door_server(t, log_level="debug", login_timeout="1h")
    c = server.door(VMAIL)
    c.ask('<noop id="1"/>', response("1"))
    server.clock(3000)
    c.ask('<noop id="1"/>', response("1"))
    server.clock(700)
    c.expect_closed()
    server.wait_log("no log-in in time")


def test_the_end_of_accounts(t):
    """Each ends the sessions of that account and of no other."""
    server = door_server(t, workers=2)
    rows = [("KillAccountSessions joe@%s", True), ("KillSession $id", True),
            ("RenameAccount joe@%s INTO bob@%s", False),
            ("RenameAccount joe@%s INTO joe@other.test", False),
            ("DeleteAccount joe@%s", False), ("SuspendDomain %s", False),
            ("RenameDomain %s INTO new-%s", False)]
    server.domain("other.test")
    for i, (command, stays) in enumerate(rows):
        domain = server.domain("d%d.test" % i)
        joe = server.account("joe@" + domain)
        ann = server.account("ann@" + domain)
        mine = [server.mail(joe, door, VMAIL) for door in ("imap", "pop3")]
        hers = server.mail(ann, uid=VMAIL)
        session = attr(mine[0].session, "urlID")
        server.cli(command.replace("%s", domain).replace("$id", session))
        mine[0].expect_bye()
        if "$id" in command:
            mine.pop().quiet()
        for c in mine[1:]:
            c.expect_bye()
        if "Domain" in command:
            hers.expect_bye()
        else:
            hers.quiet()
        c = server.door(VMAIL)
        if stays:
            c.send(door_login(joe))
            c.logged_in("login")
        else:
            refused(c, door_login(joe), 515, WRONG)


def test_a_rename_ends_no_other_sessions(t):
    server = door_server(t)
    user = server.account("joe@" + MAIN)
    web, mail = server.login(user), server.mail(user, uid=VMAIL)
    server.cli("RenameAccount %s INTO bob@%s" % (user, MAIN))
    mail.expect_bye()
    web.quiet()


# --- how many ---

def fill(server, user, n, connect):
    clients = [connect(user) for _ in range(n)]
    equal(server.sessions(user), n)
    return clients


def test_the_sessions_of_an_account(t):
    """Mail programs and other sessions keep nobody of the other kind out."""
    server = door_server(t, max_account_sessions=3)
    user = server.account("joe@" + MAIN)
    mail = fill(server, user, 3, lambda u: server.mail(u, uid=VMAIL))
    c = server.door(VMAIL)
    full = (526, "too many sessions of this account")
    refused(c, door_login(user), *full)
    web = [server.login(user) for _ in range(3)]
    server.connect().ask('<login id="login" userName="%s" authData="%s"/>'
                         % (user, PASSWORD), failure("login", *full))
    equal(server.sessions(user), 6)
    # A mail program is silent for ever, and dead for nobody; a web session
    # makes room for one of its kind.
    server.clock(400)
    c = server.door(VMAIL)
    refused(c, door_login(user), *full)
    server.login(user)
    equal(sum(1 for w in web if not gone(w)), 2)
    for m in mail:
        m.quiet()
    mail.pop().bye()
    c.send(door_login(user))
    c.logged_in("login")


def block(server):
    """More than the sockets of those who do not read take."""
    admin = server.admin()
    for i in range(40):
        admin.post("%d %s" % (i, "x" * 12000), "server")
    server.clock(0)


def test_who_makes_room(t):
    """Only who has not read for a minute, however long it has been silent."""
    server = door_server(t, max_account_sessions=1, alert_bytes=16384)
    user = server.account("joe@" + MAIN)
    c = server.mail(user, uid=VMAIL)
    c.quiet()
    server.clock(3600)
    block(server)
    refused(server.door(VMAIL), door_login(user), 526)
    server.clock(61)
    server.mail(user, uid=VMAIL)
    server.wait_log("session makes room .*silent=6")


def gone(client):
    try:
        client.flush()
        return False
    except (Closed, OSError, ximss.Failed):
        return True


def comes_in(server, uid):
    """Whether a new connection is kept."""
    c = server.door(uid)
    try:
        c.ask('<noop id="1"/>', response("1"))
        return c
    except (Closed, OSError):
        return None


def test_all_connections(t):
    server = door_server(t, door_sessions=5)
    user = server.account("joe@" + MAIN)
    doors = [server.mail(user, uid=VMAIL) for _ in range(3)]
    doors += [comes_in(server, VMAIL) for _ in range(2)]
    check(all(doors), "there was room")
    equal(comes_in(server, VMAIL), None)
    server.wait_log("too many connections at the mail door: 1 were refused, "
                    "the last of user %d; 5 are there" % VMAIL)
    equal(comes_in(server, VMAIL), None)
    # Elsewhere nobody notices.
    server.login(user)
    server.control().external()
    for c in doors[:1] + doors[-1:]:
        c.bye()
        check(wait_until(lambda: comes_in(server, VMAIL), "room"), "no room")
        equal(comes_in(server, VMAIL), None)
    # SIGHUP: more room, then less; nobody who is in has to go.
    for number, room in ((6, True), (2, False)):
        server.options["door_sessions"] = number
        server.write_config()
        since = len(server.lines)
        server.signal(signal.SIGHUP)
        server.wait_log("were read again", since)
        equal(comes_in(server, VMAIL) is not None, room, number)
    doors[1].quiet()


def test_a_stranger_has_some_connections_only(t):
    me = somebody()
    server = door_server(t, door_sessions=50, max_account_sessions=4)
    user = server.account("joe@" + MAIN)
    strangers = [comes_in(server, me.pw_uid) for _ in range(4)]
    check(all(strangers), "there was room")
    equal(comes_in(server, me.pw_uid), None)
    for _ in range(6):
        check(server.door(VMAIL).ask('<noop id="1"/>', response("1")), "full")
    check(comes_in(server, 61005), "another stranger")
    strangers[0].close()
    wait_until(lambda: comes_in(server, me.pw_uid), "room")
    server.mail(user, uid=VMAIL)


def test_strangers_are_held_up_and_the_trusted_are_not(t):
    me = somebody()
    server = door_server(t, login_free_tries=5, login_delay="30s",
                         login_timeout="1h", log_level="debug")
    user = server.account("joe@" + MAIN)
    stranger = server.door(me.pw_uid)
    trusted = server.door(VMAIL)
    for _ in range(5):
        refused(stranger, door_login("joe"), 527)
    for _ in range(50):
        refused(trusted, door_login("none"), 515)
    # Its next answer is for later; those of all others are not.
    refused(stranger, door_login("joe"), 527)
    since = len(server.lines)
    stranger.send(door_login("joe"))
    server.wait_log("login held up user=joe@", since)
    refused(trusted, door_login("none"), 515)
    trusted.send(door_login(user))
    trusted.logged_in("login")
    server.login(user)
    stranger.close()


# --- what others see ---

def test_lists_and_lines(t):
    server = door_server(t, log_level="info")
    user = server.account("joe@" + MAIN)
    imap = server.mail(user, "imap", VMAIL, clientAddress="192.0.2.8")
    pop3 = server.mail(user, "pop3", VMAIL, clientAddress="2001:db8::8")
    server.login(user)
    listed = server.cli("ListSessions")
    for address, door in (("192.0.2.8", "imap"), ("2001:db8::8", "pop3")):
        check(re.search(r"user=\"?joe@%s\"?;address=\"?%s\"?;door=%s;"
                        % (re.escape(MAIN), address, door), listed), listed)
        session = server.cli("ListAccountSessions %s ADDRESS %s"
                             % (user, address)).strip("()")
        found = {"imap": imap, "pop3": pop3}[door]
        equal(session, attr(found.session, "urlID"))
        equal(server.cli("ListAccountSessions %s PROTOCOL %s" % (user, door)),
              "(%s)" % session)
        check("door=" + door in server.cli("GetSession " + session), door)
    line = server.wait_log("session begin .*door=")
    check(re.search(r"user=joe@\S+ address=192.0.2.8 method=EXTERNAL tls=no "
                    r"door=imap", line), line)
    pop3.bye()
    imap.bye()
    server.wait_log(r"session end .*user=joe@\S+ address=192.0.2.8 door=imap")
    check(not any("door=pop3" in line for line in server.lines),
          "POP3 is for debug")
    account = server.cli("GetAccountInfo " + user)
    check("192.0.2.8" not in account, account)


def test_refusals_in_the_log(t):
    """None looks like a wrong password, for which tools bar an address."""
    me = somebody()
    server = door_server(t, log_level="debug")
    for uid, number, reason in ((VMAIL, 515, "unknown"),
                                (me.pw_uid, 527, "foreign")):
        refused(server.door(uid), door_login("none", clientAddress="192.0.2.9"),
                number)
        server.wait_log(r"mail door: refused user=none@%s uid=%d address="
                        r"192.0.2.9 door=imap reason=%s" % (
                            re.escape(MAIN), uid, reason))
    check(not any("login failed" in line for line in server.lines), "failed")


# --- start, reload, end ---

def test_reload(t):
    """Who is trusted, and as what others come, change at once; a user who does
    not exist changes nothing; the socket is as it was."""
    me = somebody()
    server = door_server(t)
    server.expected_errors.append("not reloaded")
    user = server.account("joe@" + MAIN)
    server.account("x%s@%s" % (me.pw_name, MAIN))
    stays = server.mail(user, uid=VMAIL)

    def reload(says, **options):
        server.options.update(options)
        server.write_config()
        since = len(server.lines)
        server.signal(signal.SIGHUP)
        return server.wait_log(says, since)

    reload("there is no user nobody-of-that-name",
           door_users=["nobody-of-that-name"])
    server.mail(user, uid=VMAIL)
    reload("were read again", door_users=[me.pw_name],
           door_user_format="x%u")
    refused(server.door(VMAIL), door_login(user), 527)
    server.mail(user, uid=me.pw_uid)
    reload("were read again", door_users=[])
    refused(server.door(me.pw_uid), door_login(user), 527)
    server.mail("x" + me.pw_name, uid=me.pw_uid)
    reload("take effect at the next start: .*door-socket",
           door_socket=server.options["door_socket"] + "2")
    check(not os.path.exists(server.options["door_socket"]), "a second socket")
    stays.quiet()


def test_the_file_of_the_socket(t):
    server = door_server(t)
    path = server.options["door_socket"]
    server.account("joe@" + MAIN)
    check(os.path.exists(path), "no socket")
    server.restart(crash=True)
    server.mail("joe", uid=VMAIL).quiet()
    c = server.mail("joe", uid=VMAIL)
    server.stop()
    c.expect_bye()
    check(not os.path.exists(path), "the file is left behind")


def held_server(t, **options):
    """Some of whose threads are held up until its file `until` exists
    (held.c)."""
    server = t.server(start=False).open_door(door_users=[str(VMAIL)], **options)
    library = os.path.join(os.path.dirname(ximss.program()),
                           "tests", "proto", ".libs", "held.so")
    if not os.path.exists(library):
        raise ximss.Skip("no %s: make check builds it" % library)
    server.until = os.path.join(server.dir, "until")
    server.calls = os.path.join(server.dir, "calls")
    server.env.update({"LD_PRELOAD": library, "HELD_UNTIL": server.until,
                       "HELD_CALLS": server.calls,
                       "HELD_PATH": server.options["door_socket"]})
    return server.start()


def go_on(server):
    with open(server.until, "wb"):
        pass


def test_the_file_goes_before_the_sessions(t):
    """Who is told bye, and looks for the file, does not find it."""
    server = held_server(t, workers=2)
    clients = [server.mail(server.account("u%d@%s" % (i, MAIN)), uid=VMAIL)
               for i in range(8)]
    server.signal(signal.SIGTERM)

    def told(client):
        client.sock.setblocking(False)
        try:
            return client.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return b""
    wait_until(lambda: any(told(c) for c in clients), "a bye")
    check(not os.path.exists(server.options["door_socket"]), "the file is there")
    for c in clients:
        c.close()
    server.forget_clients()
    go_on(server)
    server.stop()


def test_the_end_while_the_system_is_asked(t):
    """Nothing waits for names of users but the last thread; and once it stops,
    the server asks no more."""
    server = held_server(t, log_level="debug", login_timeout="90s")
    clients = [server.door(62000 + i) for i in range(3)]
    for c in clients:
        c.send(door_login("joe"))
    wait_until(lambda: os.path.exists(server.calls), "the first is asked for")
    server.clock(100)
    for c in clients:
        c.expect_closed()
    server.forget_clients()
    server.signal(signal.SIGTERM)
    server.wait_log("the store is closed")
    go_on(server)
    server.stop()
    equal(os.path.getsize(server.calls), 1)


def start_fails(t, says, **options):
    server = t.server(start=False).open_door(**options)
    server.expected_errors.append(".")
    try:
        server.start()
    except ximss.Failed as error:
        check(re.search(says, str(error)), str(error))
        server.process = None
        return
    raise ximss.Failed("it started")


def test_what_cannot_work(t):
    plain = os.path.join(t.shared.dir, "plain")
    with open(plain, "w", encoding="ascii") as f:
        f.write("x\n")
    other = socket.socket(socket.AF_UNIX)
    taken = os.path.join(t.shared.dir, "taken")
    other.bind(taken)
    other.listen()
    for says, options in (
            ("there is no group none-of-that-name",
             {"door_socket_group": "none-of-that-name"}),
            ("door-users: there is no user none-of-that-name",
             {"door_users": ["none-of-that-name"]}),
            ("is not a socket", {"door_socket": plain}),
            ("another server listens", {"door_socket": taken}),
            ("door-socket: listening on /none/door", {"door_socket":
                                                      "/none/door"})):
        start_fails(t, says, **options)
    with open(plain, encoding="ascii") as f:
        equal(f.read(), "x\n")
    check(os.path.exists(taken), "another server's socket is gone")
    other.close()


# --- IMAP sessions that hibernate ---

def wake_directory(server):
    return os.path.join(server.dir, "wake")


def size(client):
    return os.stat(client.file).st_size


def sleeper(server, user, goes=True, **attributes):
    """A session that has its file, and has gone to sleep."""
    c = server.mail(user, uid=VMAIL, hibernate="yes", **attributes)
    c.file = attr(c.session, "wakeFile")
    if goes:
        fall_asleep(c)
    return c


def fall_asleep(client):
    client.ok('<bye id="sleep" hibernate="yes"/>')
    client.expect_closed()
    client.close()


def was_woken(client):
    """True once for each time: how often it is written to does not show."""
    if size(client) == 0:
        return False
    os.truncate(client.file, 0)
    return True


def wakes(client):
    wait_until(lambda: was_woken(client), "it is woken")


def sleeps_on(server, *clients):
    """Of those who are there; what came before has been dealt with by then."""
    server.clock(0)
    for c in clients:
        check(not was_woken(c), "it was woken")


def test_wake_files(t):
    server = door_server(t, workers=2)
    users = [server.account("u%d@%s" % (i, MAIN)) for i in range(2)]
    place = wake_directory(server)
    is_ = os.stat(place)
    equal((stat.S_IMODE(is_.st_mode), is_.st_uid), (0o711, os.geteuid()))
    check("wakeFile" not in server.mail(users[0], uid=VMAIL).session, "unasked")
    equal(os.listdir(place), [])
    c = [sleeper(server, user, False) for user in users]
    files = [x.file for x in c]
    for path in files:
        check(re.fullmatch("[0-9a-f]{32}", os.path.basename(path)), path)
        equal(os.path.dirname(path), place)
        is_ = os.stat(path)
        equal((stat.S_IMODE(is_.st_mode), is_.st_size), (0o644, 0))
    check(files[0] != files[1], files)
    # One for each account.
    equal(sleeper(server, users[0], False).file, files[0])
    # Who may not name the account does not get its file.
    with as_user(VMAIL), open(files[0], "rb") as f:
        equal(f.read(), b"")
    for what in (lambda: os.listdir(place), lambda: open(files[0], "ab")):
        try:
            with as_user(VMAIL):
                what()
            raise ximss.Failed("it may")
        except PermissionError:
            pass


def test_who_sleeps_is_woken(t):
    """... by an alert of each scope, once, and nobody else is."""
    server = door_server(t, workers=2)
    server.domain("d.test")
    joe, ann = server.account("joe@d.test"), server.account("ann@" + MAIN)
    admin = server.admin()
    awake = sleeper(server, joe, False)
    for scope, target, hers in (("account", joe, False),
                                ("domain", "d.test", False),
                                ("server", None, True)):
        mine, other = sleeper(server, joe), sleeper(server, ann)
        sleeps_on(server, mine, other)
        number = admin.post("Wake up.", scope, target=target)
        wakes(mine)
        if hers:
            wakes(other)
        else:
            sleeps_on(server, other)
        # Awake, or about to be: nothing is written.
        second = admin.post("And now.", scope, target=target)
        sleeps_on(server, mine, other)
        equal(size(mine), 0)
        for user in (joe, ann)[:1 + hers]:
            c = server.mail(user, uid=VMAIL)
            both = ((number, "Wake up."), (second, "And now."))
            for one, text in both:
                c.expect(alert(text, scope, alert_id=one))
            for one, text in both:
                c.ask('<alertConfirm id="1" alertID="%s"/>' % one,
                      response("1"))
            c.bye()
    awake.flush()


def test_what_crossed_wakes_at_once(t):
    server = door_server(t)
    user = server.account("joe@" + MAIN)
    c = sleeper(server, user, False)
    number = server.admin().post("Wait!", "account", target=user)
    fall_asleep(c)
    wakes(c)
    # Confirmed in time, it does not.
    c = sleeper(server, user, False)
    c.expect(alert("Wait!", "account", alert_id=number))
    c.ask('<alertConfirm id="1" alertID="%s"/>' % number, response("1"))
    fall_asleep(c)
    sleeps_on(server, c)


def test_several_sleep_and_only_those_who_say_so(t):
    server = door_server(t)
    user = server.account("joe@" + MAIN)
    first, second = [sleeper(server, user, False) for _ in range(2)]
    third = server.mail(user, uid=VMAIL)
    third.bye()
    second.ok('<bye id="1"/>')
    number = server.admin().post("one")
    first.expect(alert("one", alert_id=number))
    sleeps_on(server, first)
    fall_asleep(first)
    wakes(first)


def test_nothing_withdrawn_wakes(t):
    """What was withdrawn while everybody was awake is nothing to wake for."""
    server = door_server(t)
    user = server.account("joe@" + MAIN)
    admin = server.admin()
    c = sleeper(server, user, False, alertChanges="yes")
    numbers = [admin.post("one"), admin.post("two", "account", target=user)]
    for number, scope, text in zip(numbers, ("server", "account"),
                                   ("one", "two")):
        c.expect(alert(text, scope, alert_id=number))
    for number in numbers:
        admin.remove(number)
        c.expect('<alertRemoved alertID="%s"/>' % number)
    fall_asleep(c)
    sleeps_on(server, c)
    server.clock(120)
    sleeps_on(server, c)


def test_who_never_confirms_is_not_woken_for_ever(t):
    """... but once in a minute; something new is something else."""
    server = door_server(t)
    user = server.account("joe@" + MAIN)
    admin = server.admin()
    admin.post("one", "account", target=user)
    c = sleeper(server, user)
    wakes(c)
    for _ in range(3):
        c = sleeper(server, user)
        sleeps_on(server, c)
    admin.post("two", "account", target=user)
    wakes(c)
    c = sleeper(server, user)
    sleeps_on(server, c)
    server.clock(61)
    wakes(c)


def test_a_thousand_sleepers(t):
    server = door_server(t, workers=2)
    users = ["u%d@%s" % (i, MAIN) for i in range(1000)]
    server.accounts(users)
    clients = [server.door(VMAIL) for _ in users]
    for c, user in zip(clients, users):
        c.send(door_login(user, hibernate="yes"),
               '<bye id="sleep" hibernate="yes"/>')
    for c in clients:
        c.file = attr(c.logged_in("login"), "wakeFile")
        c.expect(response("sleep"))
    server.admin().post("to all")
    for c in clients:
        wakes(c)


def test_the_end_of_wake_files(t):
    server = door_server(t)
    place = wake_directory(server)
    joe, ann = (server.account("%s@%s" % (n, MAIN)) for n in ("joe", "ann"))
    c = sleeper(server, joe)
    other = sleeper(server, ann, False)
    server.cli("DeleteAccount " + joe)
    wait_until(lambda: not os.path.exists(c.file), "it goes with the account")
    # Those of sessions that are there stay; others for an hour.
    server.clock(3700)
    check(os.path.exists(other.file), "it is in use")
    fall_asleep(other)
    server.clock(5)
    server.clock(3500)
    check(os.path.exists(other.file), "it may be in use")
    server.clock(200)
    wait_until(lambda: not os.path.exists(other.file), "nobody sleeps so long")
    equal(os.listdir(place), [])


def test_a_restart_wakes_all(t):
    """By the end of their files, which Dovecot notices; what is not ours
    stays, and no link is followed."""
    server = door_server(t)
    user = server.account("joe@" + MAIN)
    place = wake_directory(server)
    for crash in (True, False):
        c = sleeper(server, user)
        others = {"notes": b"mine", "0" * 31: b"x", "g" * 32: b"x"}
        for name, data in others.items():
            with open(os.path.join(place, name), "wb") as f:
                f.write(data)
        victim = os.path.join(server.dir, "victim")
        with open(victim, "wb") as f:
            f.write(b"precious")
        with ximss.contextlib.suppress(FileExistsError):
            os.symlink(victim, os.path.join(place, "f" * 32))
        server.restart(crash)
        wait_until(lambda c=c: not os.path.exists(c.file), "the old one is gone")
        wait_until(lambda: not os.path.islink(os.path.join(place, "f" * 32)),
                   "a link with such a name is no file of ours")
        with open(victim, "rb") as f:
            equal(f.read(), b"precious")
        equal(sorted(os.listdir(place)), sorted(others))


def test_a_link_in_place_of_a_wake_file(t):
    server = door_server(t)
    user = server.account("joe@" + MAIN)
    c = sleeper(server, user)
    victim = os.path.join(server.dir, "victim")
    with open(victim, "wb") as f:
        f.write(b"precious")
    os.unlink(c.file)
    os.symlink(victim, c.file)
    server.admin().post("one", "account", target=user)
    server.wait_log("writing to a file in .*wake: ")
    with open(victim, "rb") as f:
        equal(f.read(), b"precious")


def test_the_number_of_wake_files(t):
    server = door_server(t, door_sessions=2)
    for i in range(3):
        server.account("u%d@%s" % (i, MAIN))
    c = [sleeper(server, "u%d" % i) for i in range(2)]
    wait_until(lambda: comes_in(server, VMAIL), "room").close()
    wait_until(lambda: comes_in(server, VMAIL), "room").close()
    third = wait_until(lambda: comes_in(server, VMAIL), "room")
    third.send(door_login("u2", hibernate="yes"))
    session = third.logged_in("login")
    check("wakeFile" not in session, session)
    server.cli("DeleteAccount u0@" + MAIN)
    wait_until(lambda: not os.path.exists(c[0].file), "it is gone")
    third.bye()
    third = wait_until(lambda: comes_in(server, VMAIL), "room")
    third.send(door_login("u2", hibernate="yes"))
    session = third.logged_in("login")
    check("wakeFile" in session, session)


def test_where_wake_files_may_not_be(t):
    """A directory that others may write to, or that is none."""
    if os.geteuid() != 0:
        raise ximss.Skip("needs root to give a directory away")
    base = t.shared.dir
    foreign, link = os.path.join(base, "foreign"), os.path.join(base, "link")
    os.mkdir(foreign)
    os.chown(foreign, VMAIL, -1)
    os.mkdir(os.path.join(base, "real"))
    os.symlink(os.path.join(base, "real"), link)
    for path, says in ((foreign, "it belongs to user %d" % VMAIL),
                       (link, "Not a directory|symbolic links"),
                       (os.path.join(base, "none", "wake"), "No such file")):
        start_fails(t, says, door_wake_directory=path)


def test_storage_wakes(t):
    """A quota alert is due for somebody who only sleeps."""
    server = door_server(t)
    user = server.account("joe@" + MAIN)
    server.cli("UpdateAccountSettings %s {MaxAccountSize=100;}" % user)
    c = sleeper(server, user)
    server.cli("SetStorageUsed %s 10" % user)
    sleeps_on(server, c)
    server.cli("SetStorageUsed %s 95" % user)
    wakes(c)
    got = server.mail(user, uid=VMAIL).receive()
    check('kind="quota"' in got, got)


# --- programs that nobody looks at ---

DAY = 86400


def told(server, user, *expected, **attributes):
    """A program comes, is told this and nothing else, and goes."""
    c = server.mail(user, uid=VMAIL, attended="no", **attributes)
    c.flush_exactly(*expected)
    c.bye()


def test_nobody_looks(t):
    """Each alert once in 24 hours and account; others get it as ever."""
    server = door_server(t, workers=2)
    joe, ann = (server.account("%s@%s" % (n, MAIN)) for n in ("joe", "ann"))
    admin = server.admin()
    one = alert("one", alert_id=admin.post("one"))
    for _ in range(2):
        told(server, joe, one)
        told(server, joe)
        told(server, ann, one)
        two = admin.post("two", "account", target=joe)
        told(server, joe, alert("two", "account", alert_id=two))
        told(server, joe)
        server.mail(joe, uid=VMAIL).flush_exactly(
            one, alert("two", "account", alert_id=two))
        server.mail(joe, uid=VMAIL, attended="yes").ask(
            '<alertConfirm id="1" alertID="%s"/>' % two,
            one, alert("two", "account", alert_id=two), response("1"))
        server.clock(DAY - 600)
        told(server, joe)
        server.clock(1200)
    told(server, joe, one)
    server.restart()
    told(server, joe, one)


def test_live_to_whom_nobody_looks(t):
    """Of two that are there, one is told."""
    server = door_server(t)
    joe = server.account("joe@" + MAIN)
    programs = [server.mail(joe, uid=VMAIL, attended="no") for _ in range(2)]
    looked_at = server.mail(joe, uid=VMAIL)
    number = server.admin().post("one", "account", target=joe)
    looked_at.flush_exactly(alert("one", "account", alert_id=number))
    equal(sorted(len(c.flush()) for c in programs), [0, 1])


def test_somebody_begins_to_look(t):
    server = door_server(t)
    joe = server.account("joe@" + MAIN)
    admin = server.admin()

    def post(text, scope):
        target = joe if scope == "account" else None
        return alert(text, scope, alert_id=admin.post(text, scope,
                                                      target=target))
    kept = [post("one", "server"), post("two", "account")]
    told(server, joe, *kept)
    c = server.mail(joe, uid=VMAIL, attended="no")
    c.quiet()
    mine = post("three", "server")
    c.flush_exactly(mine)
    # One is confirmed elsewhere: nobody need see it any more.
    other = server.mail(joe, uid=VMAIL)
    done = post("four", "account")
    other.flush_exactly(*kept, mine, done)
    c.flush_exactly(done)
    other.ask('<alertConfirm id="1" alertID="1"/>', response("1"))
    c.ask('<noop id="1" attended="yes"/>', kept[1], response("1"))
    c.ask('<noop id="1" attended="yes"/>', response("1"))
    c.quiet()
    live = post("five", "account")
    c.flush_exactly(live)
    # Attended, it is what any session is: told whatever others were.
    program = server.mail(joe, uid=VMAIL, attended="no")
    program.flush()
    last = post("six", "server")
    c.flush_exactly(last)
    for number in ("2", "3", "4", "5", "6"):
        c.ask('<alertConfirm id="1" alertID="%s"/>' % number, response("1"))
    server.mail(joe, uid=VMAIL).quiet()


def test_elsewhere_it_means_nothing(t):
    server = door_server(t)
    joe = server.account("joe@" + MAIN)
    server.admin().post("one")
    for _ in range(2):
        c = server.login(joe, attended="no", alertConfirm="yes")
        equal(len(c.flush()), 1)
        c.ask('<noop id="1" attended="yes"/>', response("1"))
        c.bye()


def test_storage_is_told_once(t):
    """Each of its alerts has an id of its own; nobody is to be told of all."""
    server = door_server(t)
    joe = server.account("joe@" + MAIN)
    server.cli("UpdateAccountSettings %s {MaxAccountSize=100;}" % joe)
    server.cli("SetStorageUsed %s 95" % joe)
    person = server.mail(joe, uid=VMAIL)
    got = person.receive()
    check('kind="quota"' in got, got)
    c = server.mail(joe, uid=VMAIL, attended="no")
    equal(c.receive(), got)
    c.bye()
    person.ask('<alertConfirm id="1" alertID="%s"/>' % attr(got, "alertID"),
               response("1"))
    for _ in range(3):
        server.clock(660)
        told(server, joe)
        person.quiet()
        told(server, joe, resumed="yes")
        server.mail(joe, uid=VMAIL, resumed="yes").quiet()
        person.quiet()
    c = server.mail(joe, uid=VMAIL, attended="no")
    c.quiet()
    c.send('<noop id="1" attended="yes"/>')
    got = c.until_response("1")
    check(len(got) == 2 and 'kind="quota"' in got[0], got)
    equal(person.flush(), got[:1])
    # Confirmed by nobody, it waits for those who come, and who wake.
    server.mail(joe, uid=VMAIL, resumed="yes").flush_exactly(got[0])


def test_all_that_was_kept_back(t):
    """... is sent before the answer, also what the socket does not take."""
    server = door_server(t, alert_bytes=16384)
    joe = server.account("joe@" + MAIN)
    block(server)
    count = len(server.mail(joe, uid=VMAIL, attended="no").flush())
    check(count >= 40, count)
    c = server.mail(joe, uid=VMAIL, attended="no")
    c.quiet()
    c.send('<noop id="1" attended="yes"/>', '<noop id="2"/>')
    equal(len(c.until_response("1")), count + 1)
    c.expect(response("2"))


def test_sleepers_that_nobody_looks_at(t):
    """What they would not be told does not wake them."""
    server = door_server(t)
    joe = server.account("joe@" + MAIN)
    admin = server.admin()
    one = alert("one", alert_id=admin.post("one"))
    told(server, joe, one)
    c = sleeper(server, joe, attended="no")
    sleeps_on(server, c)
    server.clock(61)
    sleeps_on(server, c)
    admin.post("two")
    wakes(c)
    # One of them that is looked at is enough, a minute later at the latest.
    sleeper(server, joe, attended="no")
    server.clock(61)
    sleeps_on(server, c)
    c = sleeper(server, joe)
    wakes(c)
