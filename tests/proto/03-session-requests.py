# SPDX-License-Identifier: BSD-2-Clause
"""Requests in a session: what real clients of the family ask, in their
order.  Each gets its own response, known or not."""

import calendar
import re
import time

from ximss import (attr, attribute, check, equal, failure, match, response)

UNKNOWN = '<response id="%s" errorText="unknown command" errorNum="500"/>'


def seconds(stamp):
    check(re.fullmatch(r"\d{8}T\d{6}Z?", stamp), "time stamp " + stamp)
    return calendar.timegm(time.strptime(stamp.rstrip("Z"), "%Y%m%dT%H%M%S"))


def test_noop(t):
    t.shared.login(t.user()).ask('<noop id="1"/>', response("1"))


def test_bye(t):
    c = t.shared.login(t.user())
    c.ask('<bye id="1795356196-bye"/>', response("1795356196-bye"))
    c.expect_closed()


def test_bye_before_log_in(t):
    c = t.shared.connect()
    c.ask('<bye id="1"/>', response("1"))
    c.expect_closed()


def test_nothing_behind_bye_is_done(t):
    c = t.shared.login(t.user())
    c.send('<bye id="1"/>', '<noop id="2"/>')
    c.expect(response("1"))
    c.expect_closed()


def test_read_time(t):
    c = t.shared.login(t.user())
    got = c.ask('<readTime id="readTime/24"/>',
                '<currentTime id="readTime/24" gmtTime="…" localTime="…"/>',
                response("readTime/24"))[0]
    gmt = attr(got, "gmtTime")
    check(gmt.endswith("Z") and not attr(got, "localTime").endswith("Z"), got)
    # The shared server's clock may have been moved by other tests, forward.
    check(seconds(gmt) > time.time() - 5, "the time is " + gmt)


def test_time_zone_of_the_account(t):
    c = t.shared.login(t.user())
    for zone, hours in (("Asia/Tokyo", 9), ("UTC", 0),
                        ("America/Phoenix", -7)):
        c.ok('<prefsStore id="1"><TimeZone>%s</TimeZone></prefsStore>' % zone)
        got = c.ok('<readTime id="2"/>')[0]
        equal(seconds(attr(got, "localTime")) - seconds(attr(got, "gmtTime")),
              hours * 3600, zone)


def test_time_zone_that_does_not_exist_harms_nothing(t):
    c = t.shared.login(t.user())
    for zone in ("Nowhere/Land", "../../etc/passwd", "/etc/localtime", "",
                 "x" * 500):
        c.send('<prefsStore id="1"><TimeZone>%s</TimeZone></prefsStore>'
               % zone)
        c.receive()
        got = c.ok('<readTime id="2"/>')[0]
        seconds(attr(got, "localTime"))


def test_read_session(t):
    user = t.user()
    c = t.shared.connect()
    session = c.login(user)
    match(session, '<session id="login" urlID="…" userName="%s" '
          'realName="Joe" version="…" random="…"/>' % user)
    check(re.fullmatch(r"[0-9]{6,}-[A-Za-z0-9]{20}", attr(session, "urlID")),
          session)
    check(re.fullmatch(r"[0-9A-F]{16}", attr(session, "random")), session)
    got = c.ok('<readSession id="A001"/>')
    equal(got, [session.replace('id="login"', 'id="A001"', 1)])


def administers(c):
    return attr(c.ok('<readSession id="1" rights="yes"/>')[0], "administers")


def test_read_session_says_what_one_administers(t):
    user = t.user()
    c = t.shared.login(user)
    equal(administers(c), "nothing")
    check(attr(c.ok('<readSession id="1" rights="no"/>')[0], "administers")
          is None, "not asked for")
    for right, what in (("CanPostAlerts", "domain"), ("BasicSettings", "domain")):
        t.shared.cli('SetAccountRights %s ("%s")' % (user, right))
        equal(administers(c), what, right)
    t.shared.cli("SetAccountRights %s ()" % user)
    equal(administers(c), "nothing")
    equal(administers(t.shared.admin()), "server")
    c.ask('<readSession id="2" rights="perhaps"/>',
          failure("2", 501, "rights must be yes or no"))


def test_preferences(t):
    user = t.user()
    c = t.shared.login(user)
    read = '<prefsRead id="1"><name>Language</name><name>X</name></prefsRead>'
    got = c.ok(read)
    check(got[0] in ('<prefs id="1"/>', '<prefs id="1"></prefs>'), got)
    c.ok('<prefsStore id="2"><Language>de &amp; å\U0001f514</Language>'
         "</prefsStore>")
    equal(c.ok(read), ['<prefs id="1"><Language>de &amp; å\U0001f514'
                       "</Language></prefs>"])
    equal(t.shared.login(user).ok(read),
          ['<prefs id="1"><Language>de &amp; å\U0001f514</Language></prefs>'])
    c.ok('<prefsStore id="3"><X>1</X><Language>en</Language></prefsStore>')
    equal(c.ok(read), ['<prefs id="1"><Language>en</Language><X>1</X>'
                       "</prefs>"])


def test_preferences_are_of_the_account(t):
    domain = t.domain()
    joe, ann = t.user("joe", domain), t.user("ann", domain)
    a, b = t.shared.login(joe), t.shared.login(ann)
    a.ok('<prefsStore id="1"><Language>de</Language></prefsStore>')
    got = b.ok('<prefsRead id="1"><name>Language</name></prefsRead>')
    check("de" not in got[0], got)


def test_preferences_are_bounded(t):
    c = t.shared.login(t.user())
    for i in range(40):
        c.send('<prefsStore id="1"><P%d>%s</P%d></prefsStore>'
               % (i, "x" * 30000, i))
        got = c.receive()
        if got != response("1"):
            check(attr(got, "errorNum") is not None, got)
            break
    else:
        check(False, "1.2 MB of preferences were taken")
    c.ask('<noop id="2"/>', response("2"))


def test_session_options(t):
    c = t.shared.login(t.user())
    for name, value in (("idleTimeout", "60"), ("idleTimeout", "3600"),
                        ("reportMailboxChanges", "yes"),
                        ("somethingElse", "1"), ("alertChanges", "yes"),
                        ("alertConfirm", "no"), ("alerts", "yes")):
        c.ask('<setSessionOption id="o" name="%s" value="%s"/>'
              % (name, value), response("o"))


def test_session_options_that_are_wrong(t):
    c = t.shared.login(t.user())
    for name, value in (("idleTimeout", "x"), ("idleTimeout", "-1"),
                        ("idleTimeout", ""),
                        ("idleTimeout", "99999999999999999999"),
                        ("alerts", "maybe")):
        c.send('<setSessionOption id="o" name="%s" value="%s"/>'
               % (name, value))
        got = c.receive()
        check(got.startswith('<response id="o"'), got)
    c.ask('<setSessionOption id="o"/>', failure("o", 501))
    c.ask('<noop id="2"/>', response("2"))


def test_client_name(t):
    c = t.shared.login(t.user())
    c.ask('<setClientName id="1" name="workplace"/>', response("1"))
    c.send('<setClientName id="1" name="%s"/>'
           % attribute("line\nbreak [error] \x7f"))
    c.receive()
    c.ask('<noop id="2"/>', response("2"))


def test_password_modify(t):
    user = t.user()
    c = t.shared.login(user)
    c.ask('<passwordModify id="1" oldPassword="wrong" newPassword="x"/>',
          failure("1", 515))
    c.ask('<passwordModify id="2" oldPassword="secret" newPassword="neu å"/>',
          response("2"))
    other = t.shared.connect()
    other.send('<login id="1" userName="%s" authData="secret"/>' % user)
    other.expect(failure("1", 515, "incorrect password or account name"))
    other.login(user, "neu å", id_="2")
    other.close()
    t.shared.connect().scram(user, "neu å")
    c.quiet()


def test_password_modify_refuses_what_is_incomplete(t):
    c = t.shared.login(t.user())
    for request in ('<passwordModify id="1"/>',
                    '<passwordModify id="1" oldPassword="secret"/>',
                    '<passwordModify id="1" newPassword="x"/>',
                    '<passwordModify id="1" oldPassword="secret" '
                    'newPassword=""/>'):
        c.send(request)
        got = c.receive()
        check(attr(got, "errorNum") is not None, request + " " + got)


def test_devices_of_who_is_no_account(t):
    """The administrator of the machine has none."""
    c = t.shared.control()
    c.external()
    c.ask('<deviceList id="1"/>', response("1"))
    for which in "all", "current", "1":
        c.ask('<deviceRevoke id="2" deviceID="%s"/>' % which,
              failure("2", 514))


def test_unknown_commands(t):
    c = t.shared.login(t.user())
    for name in ("signalBind", "presenceSet", "rosterList", "mailboxList",
                 "x", "NOOP", "Noop", "å", "_", "alert", "response",
                 "a" * 2000):
        c.send('<%s id="1"/>' % name)
        equal(c.receive(), UNKNOWN % "1", name)


def test_log_in_again_is_refused(t):
    user = t.user()
    c = t.shared.login(user)
    c.ask('<login id="2" userName="%s" authData="secret"/>' % user,
          failure("2", 517))
    c.send('<starttls id="3"/>')
    check(attr(c.receive(), "errorNum") is not None, "starttls in a session")
    c.send('<listFeatures id="4"/>')
    c.until_response("4")
    c.ask('<noop id="5"/>', response("5"))


def test_session_requests_before_log_in(t):
    c = t.shared.connect()
    for name in ("readTime", "readSession", "setSessionOption", "prefsRead",
                 "prefsStore", "passwordModify", "cliExecute", "alertPost",
                 "alertList", "alertWatch", "alertRemove", "alertConfirm",
                 "alertDismiss", "setClientName"):
        c.ask('<%s id="1"/>' % name, failure("1", 516))


# --- the start chains of real clients; errors are fine, silence is not ---

def chain(t, requests):
    """Sends the requests one after the other; each gets its response."""
    c = t.shared.login(t.user())
    for i, request in enumerate(requests):
        id_ = "c%d" % i
        name, _, rest = request.partition(" ")
        message = '<%s id="%s"%s' % (name, id_, " " + rest if rest else "/>")
        c.send(message)
        got = c.until_response(id_)
        for data in got[:-1]:
            equal(attr(data, "id"), id_, "data without the id: " + data)
    return c


def test_pronto(t):
    chain(t, ["prefsRead ><name>Language</name></prefsRead>"])


def test_workplace(t):
    chain(t, ['setSessionOption name="idleTimeout" value="60"/>',
              'setClientName name="workplace"/>', "signalBind",
              "presenceSet ><presence>online</presence></presenceSet>",
              "rosterList",
              "prefsRead ><name>Language</name><name>Skin</name></prefsRead>",
              "prefsStore ><Skin>dark</Skin></prefsStore>",
              "mailboxSubList", 'mailboxRightsGet mailbox="INBOX"/>',
              'folderOpen folder="INBOX-MM-1" mailbox="INBOX"/>',
              'folderBrowse folder="INBOX-MM-1"/>',
              'folderSync folder="INBOX-MM-1"/>',
              'folderClose folder="INBOX-MM-1"/>', 'fileList directory=""/>',
              'fileRead fileName="x"/>', "taskList", "contactList",
              'callStart callLeg="1" peer="x@example.test"/>',
              "cliExecute >GetVersion</cliExecute>",
              'passwordModify oldPassword="secret" '
              'recoveryEmail="joe@example.com"/>'])


def test_samowarium(t):
    c = chain(t, ["prefsRead ><name>Language</name></prefsRead>"])
    c.send('<listKnownValues id="1"/>',
           '<mailboxList id="2" filter="%" pureFolder="yes"/>',
           '<mailboxList id="3" filter="%/%" pureFolder="yes"/>',
           '<folderOpen id="4" folder="INBOX-MM-1" sortField="INTERNALDATE" '
           'sortOrder="desc" mailbox="INBOX"><field>FLAGS</field>'
           "</folderOpen>",
           '<setSessionOption id="5" name="reportMailboxChanges" '
           'value="yes"/>')
    c.expect(UNKNOWN % 1, UNKNOWN % 2, UNKNOWN % 3, UNKNOWN % 4,
             response("5"))
    c.ask('<folderSync id="6" folder="INBOX-MM-1" limit="300"/>',
          UNKNOWN % 6)


def test_java_service(t):
    """Takes errorNum as the sign of failure and reads it as a number."""
    c = chain(t, ['setSessionOption name="idleTimeout" value="36000"/>',
                  "signalBind", 'mailboxList filter="*"/>',
                  'mailboxCreate mailbox="x"/>', "fileList",
                  'fileDirCreate directory="x"/>'])
    c.ask('<bye id="ID"/>', '<response id="ID"/>')
    c.expect_closed()


def test_android(t):
    chain(t, ["readSession", "signalUnbind",
              'signalBind clientID="x" mode="kill" presence="yes" '
              'readIM="1"/>', "readTime", "readTime", "rosterList",
              "presenceSet", 'fileList directory="private/IM" '
              'gmtTime="yes"/>', "listDirectory", "iqSend",
              'balance localTime="no"/>'])


def test_flash(t):
    """Logs in by a method and sends noop every 4.5 minutes."""
    c = t.shared.login(t.user())
    for i in range(5):
        t.shared.clock(270)
        c.ask('<noop id="%d"/>' % i, response(str(i)))


def test_thousand_pipelined_unknown_commands(t):
    c = t.shared.login(t.user())
    c.send(*['<mailboxList id="%d"/>' % i for i in range(1000)])
    c.expect(*[UNKNOWN % i for i in range(1000)])
