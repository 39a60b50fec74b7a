# SPDX-License-Identifier: BSD-2-Clause
"""What brings a user back without his password (tickets, ids of sessions, tokens
of devices): where his account has no place left, and when something becomes of
the account."""

from ximss import MAIN, PASSWORD, attr, equal, failure, wait_until

SERVER = {"options": {"trusted_addresses": ["127.0.0.1"]}}
WRONG, FULL = failure("login", 515), failure("login", 526)
LASTING = ' lasting="yes" ticket="yes"'


def begin(server, user, more=LASTING):
    """The data of a session whose connection is gone."""
    c = server.connect()
    c.send('<login id="login" userName="%s" authData="%s"%s/>'
           % (user, PASSWORD, more))
    found = c.logged_in("login")
    c.close()
    wait_until(lambda: server.sessions(user) == 0, "gone")
    return found


def made(server, user):
    return server.cli("CreateXIMSSSession %s ADDRESS 127.0.0.1" % user)


# Each: what is shown at a log-in, of an account that nobody is logged in to.

def by_ticket(server, user):
    return 'ticket="%s"' % attr(begin(server, user, ' ticket="yes"'), "ticket")


def by_ticket_to_last(server, user):
    return by_ticket(server, user) + ' lasting="yes"'


def by_ticket_of_session(server, user):
    found = begin(server, user)
    return 'ticket="%s" session="%s" lasting="yes"' % (
        attr(found, "ticket"), attr(found, "urlID"))


def by_ticket_that_uses_it_up(server, user):
    found = begin(server, user)
    return 'ticket="%s" session="%s"' % (attr(found, "ticket"),
                                         attr(found, "urlID"))


def by_id(server, user):
    return ('session="%s" lasting="yes"' % attr(begin(server, user), "urlID"))


def by_id_instead(server, user):
    return by_id(server, user) + ' newSession="instead"'


def by_id_beside(server, user):
    return by_id(server, user) + ' newSession="beside"'


def by_id_that_is_used_up(server, user):
    return 'session="%s"' % attr(begin(server, user), "urlID")


def by_made_session(server, user):
    """Whoever comes first sets the key."""
    return 'session="%s" lasting="yes" newSession="beside"' % made(server,
                                                                   user)


def by_made_session_as_ticket(server, user):
    return 'ticket="%s"' % made(server, user)


def by_device(server, user):
    found = begin(server, user, LASTING + ' device="yes"')
    server.clock(61)  # the next use gives another token
    return 'device="%s"%s' % (attr(found, "device"), LASTING)


WAYS = (by_ticket, by_ticket_to_last, by_ticket_of_session,
        by_ticket_that_uses_it_up, by_id, by_id_instead, by_id_beside,
        by_id_that_is_used_up, by_made_session, by_made_session_as_ticket,
        by_device)


def listed(server, user):
    return sorted(server.cli("ListAccountSessions " + user)
                  .strip("()").split(","))


def test_who_finds_no_place_has_lost_nothing(t):
    server = t.server({**SERVER["options"], "max_account_sessions": 1})
    for way in WAYS:
        user = t.user(server=server)
        shown = way(server, user)
        before = listed(server, user)
        there = server.login(user)
        with_it = listed(server, user)
        for number in range(3):
            c = server.connect()
            c.ask('<login id="login" %s newKey="key-%d"/>' % (shown, number),
                  FULL)
            c.close()
            equal(listed(server, user), with_it, way.__name__)
        there.bye()
        equal(listed(server, user), before, way.__name__)
        c = server.connect()
        c.send('<login id="login" %s/>' % shown)
        equal(attr(c.logged_in("login"), "userName"), user)
        c.close()


def test_who_finds_no_place_pushes_nothing_out(t):
    """Attempts that end so leave no tickets, which would make others go."""
    server = t.server({**SERVER["options"], "max_account_sessions": 1,
                       "max_account_tickets": 5})
    user = t.user(server=server)
    kept = 'ticket="%s"' % attr(begin(server, user, ' ticket="yes"'), "ticket")
    shown = by_id_beside(server, user)
    there = server.login(user)
    for _ in range(8):
        server.connect().ask('<login id="login" %s/>' % shown, FULL)
    there.bye()
    for one in (shown, kept):
        c = server.connect()
        c.send('<login id="login" %s/>' % one)
        c.logged_in("login")
        c.bye()


def test_who_has_logged_out_has_a_place_again(t):
    """Whose answer has come, whether or not the connection is there still."""
    server = t.server({**SERVER["options"], "max_account_sessions": 1})
    user = t.user(server=server)
    before = []
    for _ in range(4):
        c = server.login(user)
        before.append(c)
        c.ok('<bye id="bye"/>')
    server.login(user)
    d = server.connect()
    d.ask('<login id="login" userName="%s" authData="%s"/>'
          % (user, PASSWORD), FULL)
    for c in before:
        c.expect_closed()
        c.close()
    # Those that went count once: there is still one place, and it is taken.
    d.ask('<login id="login" userName="%s" authData="%s"/>'
          % (user, PASSWORD), FULL)


def test_who_made_room_may_come_back_for_a_while_only(t):
    server = t.server({**SERVER["options"], "max_account_sessions": 1,
                       "session_resume_time": "10m"})
    for seconds, answer in ((590, None), (610, WRONG)):
        user = t.user(server=server)
        silent = server.connect()
        silent.send('<login id="login" userName="%s" authData="%s"%s/>'
                    % (user, PASSWORD, LASTING))
        id_ = attr(silent.logged_in("login"), "urlID")
        server.clock(301)
        there = server.login(user)
        silent.expect("<bye/>")
        silent.close()
        there.bye()
        server.clock(seconds)
        c = server.connect()
        c.send('<login id="login" session="%s" lasting="yes"/>' % id_)
        if answer is None:
            c.logged_in("login")
        else:
            c.expect(answer)
        c.close()


def test_places_are_as_many_as_they_are_said_to_be(t):
    server = t.server({**SERVER["options"], "max_account_sessions": 3})
    user = t.user(server=server)
    shown = by_id_beside(server, user)
    clients = [server.connect() for _ in range(12)]
    for c in clients:
        c.send('<login id="login" %s/>' % shown)
    got = [c.receive() for c in clients]
    equal(sum(one.startswith("<session ") for one in got), 3, got)
    equal(sum(' errorNum="526"' in one for one in got), 9, got)
    for c in clients:
        c.close()
    wait_until(lambda: server.sessions(user) == 0, "gone")
    # Of those that show one ticket at once one gets in, and nobody is counted
    # who is not there.
    for _ in range(4):
        shown = by_ticket(server, user)
        clients = [server.connect() for _ in range(3)]
        for c in clients:
            c.send('<login id="login" %s/>' % shown)
        got = [c.receive() for c in clients]
        equal(sum(one.startswith("<session ") for one in got), 1, got)
        for c in clients:
            c.close()
        wait_until(lambda: server.sessions(user) == 0, "gone")
    for _ in range(3):
        server.login(user)


def test_what_goes_on_takes_the_place_it_had(t):
    server = t.server({**SERVER["options"], "max_account_sessions": 1})
    user = t.user(server=server)
    for more in ("", ' newSession="instead"',
                 ' newSession="beside" ticket="%s"'):
        c = server.connect()
        c.send('<login id="login" userName="%s" authData="%s"%s/>'
               % (user, PASSWORD, LASTING))
        found = c.logged_in("login")
        id_ = attr(found, "urlID")
        d = server.connect()
        d.ask('<login id="login" session="%s" lasting="yes" '
              'newSession="beside"/>' % id_, FULL)
        c.quiet()
        if "ticket" in more:  # which is of that session alone
            more %= attr(found, "ticket")
        d.send('<login id="login" session="%s" lasting="yes"%s/>'
               % (id_, more))
        equal(attr(d.logged_in("login"), "urlID") == id_,
              "instead" not in more)
        c.expect("<sessionEnded/>")
        c.expect_bye()
        d.bye()


def test_what_somebody_has_stays_however_few_there_may_be(t):
    server = t.server({**SERVER["options"], "max_account_tickets": 1})
    user = t.user(server=server)
    shown = by_id(server, user)
    for _ in range(3):
        c = server.connect()
        c.send('<login id="login" %s/>' % shown)
        found = c.logged_in("login")
        equal('session="%s" lasting="yes"' % attr(found, "urlID"), shown)
        c.close()
    c = server.connect()
    c.send('<login id="login" %s ticket="%s"/>' % (shown,
                                                   attr(found, "ticket")))
    c.logged_in("login")
    made(server, user)
    c.close()
    wait_until(lambda: server.sessions(user) == 0, "gone")
    c = server.connect()
    c.send('<login id="login" %s/>' % shown)
    c.logged_in("login")


def test_ended_while_it_logs_in(t):
    """Whatever comes first: behind the answer nobody is left."""
    server = t.server(SERVER["options"])
    user = t.user(server=server)
    for number in range(24):
        found = begin(server, user, LASTING + ' device="yes"')
        shown = ('device="%s"' % attr(found, "device") + LASTING,
                 'ticket="%s"' % attr(found, "ticket"),
                 'session="%s" lasting="yes"' % attr(found, "urlID"))
        c = server.connect()
        c.send('<login id="login" %s/>' % shown[number % 3])
        server.cli("RevokeAccountDevice %s *" % user if number % 2 or
                   number % 3 < 2 else "KillSession " + attr(found, "urlID"))
        got = c.receive()
        if got.startswith("<session "):
            c.until_response("login")
            if number % 3 != 1:
                c.expect("<sessionEnded/>")
            c.expect_bye()
        c.close()
        equal(server.sessions(user), 0)


# --- what becomes of the account ---

def rename(server, user, domain):
    server.cli("RenameAccount %s INTO new-%s" % (user, user))
    return "new-" + user


def move(server, user, domain):
    server.cli("RenameAccount %s INTO moved@%s" % (user, MAIN))
    return "moved@" + MAIN


def rename_domain(server, user, domain):
    server.cli("RenameDomain %s INTO new-%s" % (domain, domain))
    return user.replace("@", "@new-")


def new_password(server, user, domain):
    server.cli("SetAccountPassword %s PASSWORD new" % user)


def same_password(server, user, domain):
    server.cli("SetAccountPassword %s PASSWORD %s" % (user, PASSWORD))


def own_password(server, user, domain):
    c = server.login(user)
    c.ok('<passwordModify id="1" oldPassword="%s" newPassword="new"/>'
         % PASSWORD)
    c.bye()


def settings(server, user, domain):
    server.cli('UpdateAccountSettings %s {Password="new";}' % user)


def kill(server, user, domain):
    server.cli("KillAccountSessions " + user)


def delete(server, user, domain):
    server.cli("DeleteAccount " + user)


def delete_and_make(server, user, domain):
    server.cli("DeleteAccount " + user)
    server.cli("CreateAccount %s" % user)


def delete_domain(server, user, domain):
    server.cli("DeleteDomain %s FORCE" % domain)


def suspend(server, user, domain):
    server.cli("SuspendDomain " + domain)


def suspend_and_resume(server, user, domain):
    server.cli("SuspendDomain " + domain)
    server.cli("ResumeDomain " + domain)
    return user


EVENTS = (rename, move, rename_domain, new_password, same_password,
          own_password, settings, kill, delete, delete_and_make,
          delete_domain, suspend, suspend_and_resume)


def test_what_becomes_of_the_account(t):
    """A new name leaves all good; a new password, the end of its sessions and
    its own end none; a suspended domain's wait."""
    server = t.server(SERVER["options"])
    for n, event in enumerate(EVENTS):
        domain = server.domain("d%d.test" % n)
        user = server.account("joe@" + domain)
        shown = [way(server, user)
                 for way in (by_device, by_ticket, by_id, by_made_session)]
        c = server.connect()
        c.send('<login id="login" userName="%s" authData="%s"%s/>'
               % (user, PASSWORD, LASTING))
        shown.append('session="%s" lasting="yes"'
                     % attr(c.logged_in("login"), "urlID"))
        name = event(server, user, domain)
        if event not in (rename, rename_domain, new_password, same_password,
                         own_password, settings):
            c.expect("<sessionEnded/>")
            c.expect_bye()
        c.close()
        for one in shown:
            d = server.connect()
            d.send('<login id="login" %s/>' % one)
            if name is None:
                d.expect(WRONG)
            else:
                equal(attr(d.logged_in("login"), "userName"), name)
            d.close()
        if event is suspend:
            server.cli("ResumeDomain " + domain)
