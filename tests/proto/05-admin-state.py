# SPDX-License-Identifier: BSD-2-Clause
"""Commands whose effect is seen outside of the store: suspended domains,
preferences, made sessions, counters, the log."""

import re

from ximss import (MAIN, Failed, Refused, alert, attr, check, equal, escape,
                   failure, match, wait_until)

WRONG = failure("login", 515, "incorrect password or account name")


def refused(server, user):
    server.connect().ask('<login id="login" userName="%s" authData="%s"/>'
                         % (user, "secret"), WRONG)


# --- suspended domains ---

def test_suspended_domain_loses_its_sessions(t):
    domain, other = t.domain(), t.domain()
    joe, ann = t.user("joe", domain), t.user("ann", domain)
    out = [t.shared.login(u) for u in (joe, joe, ann)]
    stays = t.shared.login(t.user("joe", other))
    t.shared.cli("SuspendDomain " + domain)
    for c in out:
        c.expect_bye()
    stays.quiet()
    equal(t.shared.cli("ListAccountSessions " + joe), "()")


def test_suspended_domain_lets_nobody_in(t):
    domain = t.domain()
    joe = t.user("joe", domain)
    session = t.shared.connect().login(joe, ticket="yes")
    ticket = attr(session, "ticket")
    t.shared.cli("SuspendDomain " + domain)
    # known by heart, at the other mechanisms, by ticket
    refused(t.shared, joe)
    c = t.shared.connect()
    try:
        c.scram(joe)
    except Refused as e:
        equal(e.answer, WRONG)
    else:
        raise Failed("logged in by SCRAM")
    t.shared.connect().ask('<login id="login" ticket="%s"/>' % ticket, WRONG)
    t.shared.cli("ResumeDomain " + domain)
    t.shared.login(joe).quiet()


def test_suspended_domain_keeps_its_alerts(t):
    domain = t.domain()
    joe = t.user("joe", domain)
    t.shared.cli("SuspendDomain " + domain)
    t.shared.cli("PostDomainAlert %s ALERT one" % domain)
    t.shared.cli("PostAccountAlert %s ALERT two" % joe)
    t.shared.cli("ResumeDomain " + domain)
    t.shared.login(joe).flush_exactly(alert("one", "domain"),
                                      alert("two", "account"))


def test_main_domain_is_not_suspended(t):
    equal(t.shared.admin().cli_error("SuspendDomain " + MAIN), 501)


# --- preferences ---

def offset(c):
    got = c.ok('<readTime id="r"/>')[0]
    local, gmt = attr(got, "localTime"), attr(got, "gmtTime")
    hours = int(local[9:11]) - int(gmt[9:11])
    return (hours + 12) % 24 - 12


def test_sessions_follow_preferences(t):
    joe = t.user()
    a, b = t.shared.login(joe), t.shared.login(joe)
    for zone, hours in (("Asia/Tokyo", 9), ("America/Phoenix", -7)):
        t.shared.cli('UpdateAccountPrefs %s {TimeZone="%s";}' % (joe, zone))
        equal([offset(a), offset(b)], [hours, hours], zone)
    t.shared.cli("SetAccountPrefs %s {Language=German;}" % joe)
    equal([offset(a), offset(b)], [0, 0])
    equal(a.ok('<prefsRead id="1"/>'),
          ['<prefs id="1"><Language>German</Language></prefs>'])
    # and the other way round
    a.ok('<prefsStore id="2"><TimeZone>Asia/Tokyo</TimeZone></prefsStore>')
    equal(t.shared.cli("GetAccountPrefs " + joe),
          '{Language=German;TimeZone="Asia/Tokyo";}')
    equal(a.cli("GetAccountEffectivePrefs *"),
          '{TimeZone="Asia/Tokyo";Language=German;}')


def test_preferences_that_xml_can_not_carry(t):
    joe = t.user()
    c = t.shared.login(joe)
    t.shared.cli('SetAccountPrefs %s {"a><b"=1;"x y"=2;Good=3;Many=(1,2);}'
                 % joe)
    equal(c.ok('<prefsRead id="1"/>'),
          ['<prefs id="1"><Good>3</Good></prefs>'])
    c.ok('<prefsStore id="2"><Good>4</Good></prefsStore>')
    equal(t.shared.cli("GetAccountPrefs " + joe),
          '{"a><b"=1;"x y"=2;Good=4;Many=(1,2);}')


# --- sessions ---

def made(server, user, verb="CreateXIMSSSession"):
    return server.cli("%s %s ADDRESS 127.0.0.1" % (verb, user)).strip('"')


def test_made_session_logs_in_once(t):
    joe = t.user()
    for verb in ("CreateXIMSSSession", "CreateWebUserSession"):
        ticket = made(t.shared, joe, verb)
        c = t.shared.connect()
        c.send('<login id="login" ticket="%s"/>' % ticket)
        equal(attr(c.logged_in("login"), "userName"), joe)
        t.shared.connect().ask('<login id="login" ticket="%s"/>' % ticket,
                               WRONG)


def test_made_session_ends_unused(t):
    server = t.server()
    joe = t.user(server=server)
    first, second = made(server, joe), made(server, joe)
    server.clock(598)
    c = server.connect()
    c.send('<login id="login" ticket="%s"/>' % first)
    c.logged_in("login")
    server.clock(3)
    server.connect().ask('<login id="login" ticket="%s"/>' % second, WRONG)


def by_ticket(server, ticket, source="127.0.0.1", **more):
    """The next ticket; None: not let in."""
    c = server.connect(source=source)
    c.send('<login id="login" ticket="%s"%s/>' % (ticket, "".join(
        ' %s="%s"' % pair for pair in more.items())))
    first = c.receive()
    c.close()
    if first.startswith("<session "):
        return attr(first, "ticket")
    match(first, WRONG)
    return None


def test_made_session_is_good_from_its_address_only(t):
    joe = t.user()
    for address in ("127.0.0.2", "127.0.0.2:1234", '"#I[127.0.0.2]:25"',
                    '"::ffff:127.0.0.2"', '"[127.0.0.2]"'):
        ticket = t.shared.cli("CreateXIMSSSession %s ADDRESS %s"
                              % (joe, address)).strip('"')
        for other in ("127.0.0.1", "127.0.0.3"):
            equal(by_ticket(t.shared, ticket, other), None, address)
        # Nobody is believed who says that he comes from there.
        equal(by_ticket(t.shared, ticket, clientAddress="127.0.0.2"), None)
        # It has not been used up by that; nor does the next one go elsewhere.
        following = by_ticket(t.shared, ticket, "127.0.0.2")
        check(following, address)
        equal(by_ticket(t.shared, ticket, "127.0.0.2"), None)
        equal(by_ticket(t.shared, following), None)
        check(by_ticket(t.shared, following, "127.0.0.2"), "again")
    for address in ("127.0.0.2:", "127.0.0.2:x", "127.0.0.2:25:25", '"[::1"',
                    "example.test"):
        equal(t.shared.admin().cli_error("CreateXIMSSSession %s ADDRESS %s"
                                         % (joe, address)), 501, address)


def test_made_session_behind_a_proxy(t):
    server = t.server({"trusted_addresses": ["127.0.0.1", "127.0.0.9"]})
    joe = t.user(server=server)
    for where, good, bad in (
            ("192.0.2.1", ("127.0.0.1", "192.0.2.1"),
             (("127.0.0.1", "192.0.2.2"), ("127.0.0.1", None),
              ("127.0.0.2", "192.0.2.1"))),
            ("127.0.0.9 FOR 192.0.2.1", ("127.0.0.9", "192.0.2.1"),
             (("127.0.0.1", "192.0.2.1"), ("127.0.0.9", "192.0.2.2"),
              ("127.0.0.9", None), ("127.0.0.9", "127.0.0.9")))):
        ticket = server.cli("CreateXIMSSSession %s ADDRESS %s"
                            % (joe, where)).strip('"')
        for source, client in bad:
            more = {"clientAddress": client} if client else {}
            equal(by_ticket(server, ticket, source, **more), None, where)
        for _ in range(2):  # its own, and the one that is given
            ticket = by_ticket(server, ticket, good[0], clientAddress=good[1])
            check(ticket, where)


def test_ticket_that_a_made_session_is_pushed(t):
    """It is as bound as the one before."""
    server = t.server({"idle_timeout": "7d", "trusted_addresses":
                       ["127.0.0.1"]})
    joe = t.user(server=server)
    for where, source, more in (
            ("127.0.0.2", "127.0.0.2", {}),
            ("127.0.0.1 FOR 192.0.2.1", "127.0.0.1",
             {"clientAddress": "192.0.2.1"})):
        ticket = server.cli("CreateXIMSSSession %s ADDRESS %s"
                            % (joe, where)).strip('"')
        c = server.connect(source=source)
        c.send('<login id="login" ticket="%s"%s/>' % (ticket, "".join(
            ' %s="%s"' % pair for pair in more.items())))
        c.logged_in("login")
        server.clock(4 * 3600 + 60)
        ticket = attr(c.receive(), "value")
        c.close()
        for other in ("127.0.0.1", "127.0.0.3"):
            equal(by_ticket(server, ticket, other), None)
        check(by_ticket(server, ticket, source, **more), where)
    server.stop()
    server.verify()


def test_made_session_is_void_with_the_others(t):
    joe = t.user()
    ticket = made(t.shared, joe)
    t.shared.cli("KillAccountSessions " + joe)
    t.shared.connect().ask('<login id="login" ticket="%s"/>' % ticket, WRONG)


def test_find_session(t):
    joe = t.user()
    admin = t.shared.admin()
    equal(admin.cli_error("FindAccountSession " + joe), 501)
    c = t.shared.login(joe)
    own = attr(c.ok('<readSession id="1"/>')[0], "urlID")
    for args in ("", "ADDRESS 127.0.0.1", "PROTOCOL ximss",
                 "ADDRESS 127.0.0.1 PROTOCOL XIMSS TRANSPORT XIMSS"):
        equal(admin.cli("FindAccountSession %s %s" % (joe, args)), own, args)
        equal(admin.cli("ListAccountSessions %s %s" % (joe, args)),
              "(%s)" % own, args)
    for args in ("ADDRESS 127.0.0.2", "PROTOCOL PWD", "TRANSPORT HTTP",
                 "CLIENT Pronto", "ADDRESS 127.0.0.1 FOR 192.0.2.1"):
        equal(admin.cli_error("FindAccountSession %s %s" % (joe, args)), 501,
              args)
        equal(admin.cli("ListAccountSessions %s %s" % (joe, args)), "()",
              args)
    other = t.shared.login(joe)
    other = attr(other.ok('<readSession id="1"/>')[0], "urlID")
    check(admin.cli("FindAccountSession " + joe) in (own, other), "which?")


def test_find_session_behind_a_proxy(t):
    server = t.server({"trusted_addresses": "127.0.0.1"})
    joe = t.user(server=server)
    c = server.connect()
    session = c.login(joe, clientAddress="192.0.2.1")
    for args, found in (("ADDRESS 127.0.0.1 FOR 192.0.2.1", True),
                        ("ADDRESS 192.0.2.1", True),
                        ("ADDRESS 127.0.0.1", False),
                        ("ADDRESS 127.0.0.1 FOR 192.0.2.2", False),
                        ("ADDRESS 127.0.0.2 FOR 192.0.2.1", False)):
        equal(server.cli("ListAccountSessions %s %s" % (joe, args)),
              "(%s)" % attr(session, "urlID") if found else "()", args)


# --- passwords that are tried ---

def test_guessing_is_slowed_down(t):
    server = t.server({"login_free_tries": 5, "login_delay": "30s"})
    domain = t.domain(server)
    joe, ann = (t.user(name, domain, server) for name in ("joe", "ann"))
    poster = t.user("poster", domain, server, rights=("CanPostAlerts",))
    setter = t.user("setter", domain, server, rights=("BasicSettings",))
    c, trusted = server.login(poster), server.login(setter)

    def tried(client, user, password):
        return client.cli_error("VerifyAccountPassword %s PASSWORD %s"
                                % (user, password))

    equal([tried(c, joe, "wrong") for _ in range(8)],
          [515] * 6 + [525] * 2)
    # by another spelling, and by the right password
    equal(tried(c, "JOE", "wrong"), 525)
    equal(tried(c, joe, "secret"), 525)
    # neither another account nor the account itself is held up, nor one who
    # could set the password
    c.cli("VerifyAccountPassword %s PASSWORD secret" % ann)
    trusted.cli("VerifyAccountPassword %s PASSWORD secret" % joe)
    server.login(joe).quiet()
    equal([tried(trusted, joe, "wrong") for _ in range(12)], [515] * 12)
    server.clock(31)
    c = server.login(poster)
    c.cli("VerifyAccountPassword %s PASSWORD secret" % joe)


# --- the server ---

def test_counters(t):
    server = t.server()
    joe = t.user(server=server)

    def count(name):
        return int(server.cli("GetStatElement " + name))

    def all_counts():
        return {n: count(n) for n in ("connections", "connectionsOpen",
                                      "sessionsOpen", "logins",
                                      "loginsFailed", "alertsPosted",
                                      "alertsRemoved", "alertsSent")}

    before = all_counts()
    a, b = server.login(joe), server.login(joe)
    refused_by = server.connect()
    refused_by.ask('<login id="login" userName="%s" authData="x"/>' % joe,
                   WRONG)
    server.cli("PostDomainAlert %s ALERT one" % joe.split("@")[1])
    server.cli("PostAccountAlert %s ALERT two" % joe)
    for c in (a, b):
        c.flush_exactly(alert("one", "domain"), alert("two", "account"))
    key = server.cli("GetDomainAlerts " + joe.split("@")[1]).split("=")[0]
    server.cli("RemoveDomainAlert %s ALERT %s"
               % (joe.split("@")[1], key.strip("{")))
    after = all_counts()
    equal({n: after[n] - before[n] for n in after},
          {"connections": 3, "connectionsOpen": 3, "sessionsOpen": 2,
           "logins": 2, "loginsFailed": 1, "alertsPosted": 2,
           "alertsRemoved": 1, "alertsSent": 4})
    b.bye()
    refused_by.close()
    wait_until(lambda: count("connectionsOpen")
               == before["connectionsOpen"] + 1, "connections are gone")
    equal(count("sessionsOpen"), before["sessionsOpen"] + 1)
    equal(count("cliCommands") - count("cliCommands"), -1)


def test_log(t):
    server = t.server()
    server.cli('WriteLog 4 "look \\"here\\"\\eand\\007there"')
    line = server.wait_log("SYSTEM user=local:")
    check(line.rstrip().endswith(
        'look "here"\\x0aand\\x07there'), line)
    check(" warn: " in line or line.startswith("<4>"), line)


def test_log_of_everything(t):
    server = t.server({"log-level": "info"})
    server.cli('WriteLog 5 hidden')
    server.cli("SetLogAll")
    server.cli('WriteLog 5 shown')
    server.cli("SetLogAll OFF")
    server.cli('WriteLog 5 hidden')
    server.cli('WriteLog 4 last')
    server.wait_log("SYSTEM .* last")
    equal([line.split()[-1] for line in server.lines if "SYSTEM" in line],
          ["shown", "last"])


def test_test_loop(t):
    check(int(t.shared.cli("TestLoop 5")) > 0, "no number")


def test_route(t):
    joe = t.user()
    equal(t.shared.cli("Route %s mail" % joe), "(LOCAL,%s,%s)" % (joe, joe))


def test_what_scripts_ask_on_their_way(t):
    joe = t.user()
    domain = joe.split("@")[1]
    admin = t.shared.admin()
    for command, answer in (("ListForwarders " + domain, "()"),
                            ("ListGroups " + domain, "()"),
                            ("GetAccountMailRules " + joe, "()"),
                            ("ListMailboxes " + joe, "{}")):
        equal(admin.cli(command), answer, command)
    admin.ask('<cliExecute id="1">%s</cliExecute>'
              % escape("GetForwarder joe@" + domain),
              failure("1", 553, "forwarder is not found"))


def test_the_log_says_who_was_ended_and_why(t):
    """Also when a session has left its account before its connection ends."""
    s = t.shared
    for command, reason in (
            ("KillAccountSessions %s", "killed by an administrator"),
            (None, "asked to")):
        joe, since = t.user(), len(s.lines)
        c = s.login(joe)
        if command is None:
            c.bye()
        else:
            s.cli(command % ((joe,) * command.count("%s")))
        line = s.wait_log(r"session end id=\d+ user=%s " % re.escape(joe), since)
        check('reason="%s"' % reason in line, line)
        if command is not None:
            c.close()
            equal(len([l for l in s.lines[since:]
                       if "session end id=" in l and joe in l]), 1)
