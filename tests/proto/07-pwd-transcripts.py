# SPDX-License-Identifier: BSD-2-Clause
"""A conversation in which every command of LISTCLICOMMANDS is said, with what
the server answers, byte by byte: with and without INLINE, with LF and CR LF,
in upper, lower and mixed case, and with double blanks.

A row is a line and its answer as it is inline; "…" stands for a word that
differs each time (a time, a number, a name of a session).  A new command gets
its row where the things it needs are there; each command must succeed in some
row, unless it stands in REFUSED_ALWAYS."""

import re

import pwd_absent
from pwd_absent import NO_CLUSTER
from pwd_port import OK, PWD, connect, log_in
from ximss import MAIN, MASTER_PASSWORD, equal, matches

NO_SOURCE = "501 no source outside knows users of this domain"

KEY = "20200131135059"

ROWS = [
    # the server
    ("NOOP", OK),
    ("ECHO {a=\"b c\";d=(1,#2,[YQ==]);}", '201 {a="b c";d=(1,#2,[YQ==]);}'),
    ("ECHO ()", "201 ()"),
    ("ECHO {}", "201 {}"),
    ('ECHO ""', '201 ""'),
    ("ECHO", "501 object is missing"),
    ("GETVERSION", '201 "ximssd …"'),
    ("GETCURRENTTIME", "201 #T…"),
    ("LISTCLICOMMANDS", "201 (…)"),
    ("MAINDOMAINNAME", "201 " + MAIN),
    ("NOOP x", "501 too many arguments"),
    ("GETSYSTEMINFO", '201 {serverVersion="…";serverOS=…;serverCPU=…;'
     "serverCPUs=…;mainDomainName=%s;licenseDomainName=%s;startTime=#T…;"
     "upTime=…;}" % (MAIN, MAIN)),
    ("GETSYSTEMINFO mainDomainName", "201 " + MAIN),
    ("GETSYSTEMINFO nothing", "501 …"),
    ("GETCURRENTCONTROLLER", NO_CLUSTER),
    ('GETNEXTSTATNAME ""', "201 connections"),
    ("GETNEXTSTATNAME connections", "201 connectionsOpen"),
    ("GETNEXTSTATNAME uptime", "501 …"),
    ("GETSTATELEMENT logins", "201 1"),
    ("GETSNMPELEMENT loginsFailed", "201 0"),
    ("GETSTATELEMENT nothing", "501 …"),
    ("GETSTATTABLE triggersactive", '201 {triggersActive={Kind=integer;'
     'Unit="";Help="Triggers that have fired and are not over yet";'
     "Value=#0;};}"),
    ("SETSTATELEMENT cliCommands SET 0", OK),
    ('WRITELOG 4 "look \\"here\\""', OK),
    ("WRITELOG x y", "501 …"),
    ("GETAUDIT ACTION SetLogAll LIMIT 1", "201 {Lines=();More=NO;}"),
    ("GETAUDIT OUTCOME maybe", "501 …"),
    ("VERIFYAUDIT", "201 {Breaks=();Checked=…;Found=0;Hash=…;Number=…;}"),
    ("GETBACKUP", "201 {…}"),
    ("STARTBACKUP backups", "501 …"),

    # triggers and handlers
    ("LISTTRIGGERS", "201 (…)"),
    ("SETHANDLER ops {Severity=critical;}", "501 …"),
    ("SETHANDLER ops {Accounts=(postmaster);}", OK),
    ("LISTHANDLERS", "201 (…ops…)"),
    ("GETHANDLER ops", "201 {…}"),
    ("TESTHANDLER ops", OK),
    ("SETTRIGGER busy {Element=nothing;Above=5;}", "501 …"),
    ("SETTRIGGER busy {Element=sessionsOpen;Above=5000;Handlers=(ops);}", OK),
    ("GETTRIGGER busy", "201 {…Element=sessionsOpen;…}"),
    ("REMOVEHANDLER ops", "501 …"),
    ("REMOVETRIGGER busy", OK),
    ("REMOVETRIGGER busy", "501 …"),
    ("REMOVEHANDLER ops", OK),

    ("SETLOGALL ON", OK),
    ("SETLOGALL OFF", OK),
    ("TESTLOOP 5", "201 …"),
    ("NONSENSE", "500 unknown command"),

    # domains
    ("CREATEDOMAIN a.test", OK),
    ("CREATEDOMAIN a.test", "521 domain with this name already exists"),
    ('CREATEDOMAIN b.test PATH "/x y" {Own="z w";}', OK),
    ("CREATEDOMAIN c.test SHARED", NO_CLUSTER),
    ("CREATESHAREDDOMAIN c.test {a=b;}", NO_CLUSTER),
    ('CREATEDOMAIN "c d"', "501 …"),
    ("CREATEDOMAIN", "501 domain name is missing"),
    ("LISTDOMAINS", "201 (a.test,b.test,%s)" % MAIN),
    ("RENAMEDOMAIN b.test INTO c.test", OK),
    ("RENAMEDOMAIN b.test INTO d.test", "512 unknown secondary domain name"),
    ("RENAMEDOMAIN c.test INTO a.test", "521 domain with this name already exists"),
    ("GETDOMAINSETTINGS c.test", '201 {Own="z w";}'),
    ("GETDOMAINSETTINGS b.test", "512 unknown secondary domain name"),
    ("GETDOMAINSETTINGS", "201 {}"),
    ("UPDATEDOMAINSETTINGS c.test {Own=default;CRAMMD5=NO;wn_X=5;}", OK),
    ("GETDOMAINSETTINGS c.test", "201 {CRAMMD5=NO;wn_X=5;}"),
    ("SETDOMAINSETTINGS c.test {Own=(a,b);}", OK),
    ("GETDOMAINSETTINGS c.test", "201 {Own=(a,b);}"),
    ("SETDOMAINSETTINGS c.test x", "501 dictionary is missing"),
    ("GETDOMAINDEFAULTS", "201 {}"),
    ("UPDATEDOMAINDEFAULTS {Other=1;}", OK),
    ("SETDOMAINDEFAULTS {More=2;}", OK),
    ("GETDOMAINDEFAULTS", "201 {More=2;}"),
    ("GETDOMAINEFFECTIVESETTINGS c.test",
     "201 {CRAMMD5=NO;More=2;Own=(a,b);}"),
    ("SETDOMAINDEFAULTS {}", OK),
    ("GETACCOUNTDEFAULTS c.test", "201 {}"),
    ("UPDATEACCOUNTDEFAULTS c.test {QuotaAlert=70;}", OK),
    ("GETACCOUNTDEFAULTS c.test", "201 {QuotaAlert=70;}"),
    ("SETACCOUNTDEFAULTS c.test {}", OK),
    ("GETACCOUNTDEFAULTS", "201 {}"),
    ("GETSERVERACCOUNTDEFAULTS", "201 {}"),
    ("UPDATESERVERACCOUNTDEFAULTS {MaxAccountSize=50M;}", OK),
    ("GETSERVERACCOUNTDEFAULTS", "201 {MaxAccountSize=50M;}"),
    ("SETSERVERACCOUNTDEFAULTS {}", OK),
    ("UPDATEALLACCOUNTSDEFAULTS {MaxAccountSize=50M;}", OK),
    ("GETALLACCOUNTSDEFAULTS", "201 {MaxAccountSize=50M;}"),
    ("SETALLACCOUNTSDEFAULTS {}", OK),
    ("GETALLACCOUNTSDEFAULTS", "201 {}"),
    ("GETCLUSTERACCOUNTDEFAULTS", NO_CLUSTER),
    ("UPDATECLUSTERACCOUNTDEFAULTS {}", NO_CLUSTER),
    ("SETCLUSTERACCOUNTDEFAULTS {}", NO_CLUSTER),
    ("GETCLUSTERDOMAINDEFAULTS", NO_CLUSTER),
    ("UPDATECLUSTERDOMAINDEFAULTS {}", NO_CLUSTER),
    ("SETCLUSTERDOMAINDEFAULTS {}", NO_CLUSTER),
    ("GETDOMAINALIASES c.test", "201 ()"),
    ("SETDOMAINALIASES c.test (x.test,d.test)", OK),
    ("GETDOMAINALIASES d.test", "201 (d.test,x.test)"),
    ("SETDOMAINALIASES a.test (d.test)", "521 the name d.test is taken"),
    ("CREATEDOMAIN d.test", "521 domain with this name already exists"),
    ("SETDOMAINALIASES c.test ()", OK),
    ("SUSPENDDOMAIN c.test", OK),
    ("GETDOMAINSTAT c.test KEY Suspended", "201 YES"),
    ("RESUMEDOMAIN c.test", OK),
    ("SUSPENDDOMAIN " + MAIN, "501 …"),
    ("GETDOMAINSTAT c.test", "201 {Accounts=0;Alerts=0;Created=#T…;"
     "Suspended=NO;}"),
    ('GETDOMAINSTAT c.test KEY Missing', '201 ""'),
    ("GETDOMAINLOCATION c.test", '201 "domains/3"'),
    ("LISTCONTROLLEDDOMAINS", "201 ()"),
    ("LISTADMINDOMAINS c.test", "201 (c.test)"),

    # accounts
    ('CREATEACCOUNT joe@a.test {Password=pw;RealName="Joe X";}', OK),
    ("CREATEACCOUNT joe@a.test", "520 account with this name already exists"),
    ('CREATEACCOUNT "ann@a.test" TextMailbox PATH /x LEGACY {}', OK),
    ("CREATEACCOUNT x@nowhere.test", "512 unknown secondary domain name"),
    ("CREATEACCOUNT .a@a.test", "501 …"),
    ("LISTACCOUNTS a.test", "201 {ann=macnt;joe=macnt;}"),
    ("LISTACCOUNTS c.test", "201 {}"),
    ("LISTACCOUNTS", "201 {postmaster=macnt;}"),
    ('LISTDOMAINOBJECTS a.test 1 ACCOUNTS COOKIE ""',
     "201 (2,{ann=macnt;},0,0,…)"),
    ("LISTDOMAINOBJECTS a.test FILTER jo #10 ACCOUNTS",
     "201 (2,{joe=macnt;},0,0)"),
    ("RENAMEACCOUNT ann@a.test INTO kim", OK),
    ("RENAMEACCOUNT kim@a.test INTO joe@a.test",
     "520 account with this name already exists"),
    ("RENAMEACCOUNT ann@a.test INTO x@a.test", "513 unknown user account"),
    ("SETACCOUNTTYPE kim@a.test AGrade", OK),
    ("SETACCOUNTTYPE kim@a.test Nothing", "501 …"),
    ("GETACCOUNTTEMPLATE c.test", "201 {}"),
    ("UPDATEACCOUNTTEMPLATE c.test {MaxAccountSize=5M;}", OK),
    ("CREATEACCOUNT new@c.test {a=b;}", OK),
    ("GETACCOUNTSETTINGS new@c.test", "201 {MaxAccountSize=5M;a=b;}"),
    ("DELETEACCOUNT new@c.test", OK),
    ("SETACCOUNTTEMPLATE c.test {}", OK),
    ("GETACCOUNTTEMPLATE c.test", "201 {}"),
    ("GETACCOUNTSETTINGS joe@a.test", '201 {RealName="Joe X";}'),
    ("GETACCOUNT joe@a.test", '201 {RealName="Joe X";}'),
    ("GETACCOUNTSETTINGS nobody@a.test", "513 unknown user account"),
    ("UPDATEACCOUNTSETTINGS joe@a.test {MaxAccountSize=40M;}", OK),
    ("GETACCOUNTEFFECTIVESETTINGS joe@a.test",
     "201 {MaxAccountSize=40M;QuotaAlert=80;QuotaNotice=90;"
     "QuotaSuspend=100;RealName=\"Joe X\";}"),
    ("UPDATEACCOUNT joe@a.test {MaxAccountSize=default;a=b;}", OK),
    ("SETACCOUNTSETTINGS joe@a.test {c=d;}", OK),
    ("GETACCOUNTSETTINGS joe@a.test", "201 {c=d;}"),
    ("SETACCOUNT joe@a.test {}", OK),
    ("GETACCOUNTSETTINGS joe@a.test", "201 {}"),
    ("VERIFYACCOUNTPASSWORD joe@a.test PASSWORD pw", OK),
    ("VERIFYACCOUNTPASSWORD joe@a.test PASSWORD PW",
     "515 incorrect password"),
    ('SETACCOUNTPASSWORD joe@a.test PASSWORD "new one" METHOD x CHECK', OK),
    ('VERIFYACCOUNTPASSWORD joe@a.test PASSWORD "new one"', OK),
    ("SETACCOUNTPASSWORD joe@a.test TO pw", OK),
    ("VERIFYACCOUNTPASSWORD joe@a.test PASSWORD pw", OK),
    ("GETACCOUNTPLAINPASSWORD joe@a.test",
     "501 clear passwords are not kept"),
    ("GETACCOUNTINFO joe@a.test", "201 {StorageUsed=0;}"),
    ("GETACCOUNTINFO joe@a.test KEY StorageUsed", "201 0"),
    ("GETACCOUNTINFO joe@a.test KEY Missing", '201 ""'),
    ("GETACCOUNTINFO joe@a.test (StorageUsed,LastLogin)",
     "201 {StorageUsed=0;}"),
    ("GETSTORAGEUSED joe@a.test",
     "201 {Used=0;Limit=unlimited;Level=80;Reached=NO;}"),
    ("LISTSTORAGEUSED a.test", "201 {}"),
    ("SETSTORAGEUSED joe@a.test 5k", OK),
    ("GETACCOUNTINFO joe@a.test KEY StorageUsed", "201 5120"),
    ("GETSTORAGEUSED joe@a.test",
     "201 {Used=5120;Limit=unlimited;Level=80;Reached=NO;Source=admin;"
     "Reported=#T…;}"),
    ("LISTSTORAGEUSED a.test OVER 1", "201 {}"),
    ("LISTSTORAGEUSED a.test", "201 {joe={Used=5120;Limit=unlimited;Level=80;"
     "Reached=NO;Source=admin;Reported=#T…;};}"),
    ("LISTSTORAGEUSED a.test LIMIT 0", "201 {}"),
    ("SETSTORAGEUSED joe@a.test much", "501 …"),
    ("SETSTORAGEUSED joe@a.test 0", OK),
    ("REFRESHSTORAGEUSED joe@a.test", "501 no source of usage can be asked"),
    ("GETACCOUNTRIGHTS joe@a.test", "201 ()"),
    ('SETACCOUNTRIGHTS joe@a.test (CanPostAlerts,"x y")', OK),
    ("GETACCOUNTRIGHTS joe@a.test", '201 (CanPostAlerts,"x y")'),
    ("SETACCOUNTRIGHTS joe@a.test (Master)", "501 …"),
    ("GETACCOUNTALIASES joe@a.test", "201 ()"),
    ("SETACCOUNTALIASES joe@a.test (sales,info)", OK),
    ("GETACCOUNTALIASES info@a.test", "201 (info,sales)"),
    ("SETACCOUNTALIASES kim@a.test (sales)", "520 the name sales is taken"),
    ("CREATEACCOUNT sales@a.test", "520 account with this name already exists"),
    ("LISTDOMAINOBJECTS a.test 10 ACCOUNTS ALIASES",
     "201 (2,{info=joe;joe=macnt;kim=macnt;sales=joe;},2,0)"),
    ("LISTDOMAINOBJECTS a.test 1 ALIASES COOKIE info",
     '201 (2,{sales=joe;},2,0,"")'),
    ("SETACCOUNTALIASES joe@a.test ()", OK),
    ("LISTACCOUNTTOKENS joe@a.test", "201 {}"),
    ("CREATEACCOUNTTOKEN joe@a.test NAME x",
     "201 {Expires=never;Name=x;Secret=…;}"),
    ("CREATEACCOUNTTOKEN joe@a.test EXPIRES 20200101000000 NAME y",
     "501 EXPIRES is in the past"),
    ("CREATEACCOUNTTOKEN joe@a.test NAME X",
     "501 a token with this name already exists"),
    ("LISTACCOUNTTOKENS joe@a.test",
     "201 {x={Author=…;Created=…;Expires=never;};}"),
    ("REVOKEACCOUNTTOKEN joe@a.test NAME x", OK),
    ("REVOKEACCOUNTTOKEN joe@a.test NAME x", "501 token is not found"),
    ("KILLACCOUNTSESSIONS joe@a.test", OK),
    ("FORGETACCOUNTLOGINS joe@a.test", OK),
    ("LISTOUTSIDEUSERS a.test", NO_SOURCE),
    ("CHECKOUTSIDEUSERS a.test (joe)", NO_SOURCE),
    ("PLANOUTSIDEUSERS a.test ABSENT (joe) DELETE", NO_SOURCE),
    ("SYNCOUTSIDEUSERS a.test PRESENT (joe)", NO_SOURCE),
    ("GETACCOUNTPREFS joe@a.test", "201 {}"),
    ('UPDATEACCOUNTPREFS joe@a.test {Language=German;a="b c";}', OK),
    ("UPDATEACCOUNTPREFS joe@a.test {TimeZone=Nowhere;}", "501 …"),
    ("GETWEBUSER joe@a.test", '201 {Language=German;a="b c";}'),
    ("SETACCOUNTPREFS joe@a.test {Language=Finnish;}", OK),
    ("GETACCOUNTEFFECTIVEPREFS joe@a.test",
     "201 {TimeZone=UTC;Language=Finnish;}"),
    ("SETWEBUSER joe@a.test {}", OK),
    ("GETEFFECTIVEACCOUNTPREFS joe@a.test", "201 {TimeZone=UTC;}"),
    ("GETEFFECTIVEWEBUSER joe@a.test", "201 {TimeZone=UTC;}"),
    ("GETACCOUNTPREFS *", "201 {}"),
    ("GETACCOUNTLOCATION joe@a.test", '201 "accounts/2"'),
    ("GETACCOUNTSTAT joe@a.test", "201 {Alerts=0;Created=#T…;}"),
    ("GETACCOUNTSTAT joe@a.test KEY Alerts", "201 0"),
    ("ROUTE joe@a.test", "201 (LOCAL,joe@a.test,joe@a.test)"),
    ("ROUTE joe@a.test mail", "201 (LOCAL,joe@a.test,joe@a.test)"),
    ("ROUTE joe@nowhere.test", "512 unknown secondary domain name"),

    # alerts
    ("GETSERVERALERTS", "201 {}"),
    ('POSTSERVERALERT "the \\"first\\""', OK),
    ("GETSERVERALERTS", '201 {…="the \\"first\\"";}'),
    ("SETSERVERALERTS {%s=plain;}" % KEY, OK),
    ("GETSERVERALERTS", "201 {%s=plain;}" % KEY),
    ("REMOVESERVERALERT #T31-01-2020_13:50:59", OK),
    ("REMOVESERVERALERT " + KEY, "514 no such alert"),
    ("POSTSERVERALERT", "501 alert text is missing"),
    ('POSTSERVERALERT ""', "522 …"),
    ("GETCLUSTERALERTS", NO_CLUSTER),
    ("SETCLUSTERALERTS {}", NO_CLUSTER),
    ("POSTCLUSTERALERT x", NO_CLUSTER),
    ("REMOVECLUSTERALERT " + KEY, NO_CLUSTER),
    ("SETDOMAINALERTS a.test {%s=x;20200131T135100Z=y;}" % KEY, OK),
    ("POSTDOMAINALERT a.test ALERT z", OK),
    ("GETDOMAINALERTS a.test", "201 {%s=x;20200131135100=y;…=z;}" % KEY),
    ("REMOVEDOMAINALERT a.test ALERT 31-01-2020_13:50:59", OK),
    ("SETDOMAINALERTS {}", OK),
    ("GETDOMAINALERTS", "201 {}"),
    ("POSTDOMAINALERT nowhere.test ALERT z", "512 unknown secondary domain name"),
    ("SETACCOUNTALERTS joe@a.test {%s=x;}" % KEY, OK),
    ("POSTACCOUNTALERT joe@a.test ALERT \"\U0001f514\"", OK),
    ("GETACCOUNTALERTS joe@a.test",
     "201 {%s=x;…=\"\U0001f514\";}" % KEY),
    ("GETACCOUNTALERTS *", "201 {}"),
    ('REMOVEACCOUNTALERT joe@a.test ALERT "%s"' % KEY, OK),
    ("POSTACCOUNTALERT nobody@a.test ALERT x", "513 unknown user account"),

    *pwd_absent.transcripts(),

    # groups and forwarders
    ("LISTGROUPS a.test", "201 ()"),
    ("CREATEGROUP staff@a.test {Members=(joe,x@y.test);}", OK),
    ("CREATEGROUP staff@a.test", "523 group with this name already exists"),
    ("CREATEGROUP joe@a.test", "520 account with this name already exists"),
    ("CREATEACCOUNT staff@a.test",
     "520 account with this name already exists"),
    ("GETGROUP staff@a.test", "201 {Members=(joe,x@y.test);}"),
    ("UPDATEGROUP staff@a.test {RealName=Staff;} ADD (kim) REMOVE (joe)", OK),
    ("GETGROUP staff@a.test",
     "201 {Members=(x@y.test,kim);RealName=Staff;}"),
    ("SETGROUP staff@a.test {Members=();}", OK),
    ("RENAMEGROUP staff@a.test INTO team", OK),
    ("LISTGROUPS a.test", "201 (team)"),
    ("GETGROUP staff@a.test", "552 group is not found"),
    ("LISTFORWARDERS a.test", "201 ()"),
    ("CREATEFORWARDER info@a.test TO joe@c.test", OK),
    ("CREATEFORWARDER team@a.test TO joe",
     "523 group with this name already exists"),
    ("CREATEFORWARDER info@a.test TO joe",
     "524 forwarder with this name already exists"),
    ("GETFORWARDER info@a.test", "201 joe@c.test"),
    ("FINDFORWARDERS a.test TO joe@c.test", "201 (info)"),
    ("LISTDOMAINOBJECTS a.test 10 FORWARDERS",
     "201 (…,{info=joe@c.test;},…,1)"),
    ("RENAMEFORWARDER info@a.test INTO help@a.test", OK),
    ("DELETEFORWARDER info@a.test", "553 forwarder is not found"),
    ("DELETEFORWARDER help@a.test", OK),
    ("DELETEGROUP team@a.test", OK),
    ("DELETEGROUP team@a.test", "552 group is not found"),

    # sessions; "$" is the name of joe's
    ("LISTACCOUNTSESSIONS joe@a.test", "201 ()"),
    ("FINDACCOUNTSESSION joe@a.test", "501 unknown session"),
    ("CREATEXIMSSSESSION joe@a.test ADDRESS 192.0.2.1 FOR 192.0.2.2",
     "201 …"),
    ("CREATEWEBUSERSESSION joe@a.test ADDRESS 2001:db8::1 SKIN x", "201 …"),
    ("CREATEXIMSSSESSION joe@a.test ADDRESS x", "501 …"),
    ("LISTACCOUNTSESSIONS joe@a.test ADDRESS 192.0.2.1", "201 ()"),
    ("LISTACCOUNTSESSIONS joe@a.test ADDRESS 192.0.2.1 FOR 192.0.2.2",
     "201 (100001-…)"),
    ("FINDACCOUNTSESSION joe@a.test ADDRESS 2001:db8::1", "201 100002-…"),
    ("FINDACCOUNTSESSION joe@a.test ADDRESS 2001:db8::2",
     "501 unknown session"),
    (None, "joe@a.test logs in"),
    ("LISTACCOUNTSESSIONS joe@a.test", "201 ($,100001-…,100002-…)"),
    ("LISTACCOUNTSESSIONS joe@a.test PROTOCOL PWD", "201 ()"),
    ("FINDACCOUNTSESSION joe@a.test ADDRESS 127.0.0.1", "201 $"),
    ("FINDWEBUSERSESSION joe@a.test TRANSPORT XIMSS", "201 $"),
    ("LISTSESSIONS", "201 (…)"),
    ("LISTSESSIONS 0", "201 ()"),
    ("GETSESSION $", "201 {…}"),
    ("GETSESSION $ DOMAIN a.test", "201 {…}"),
    ("GETWEBUSERSESSION $", "201 {…}"),
    ("GETSESSION $ DOMAIN c.test", "501 unknown session"),
    ("KILLSESSION $", OK),
    (None, "joe is cut off"),
    ("KILLSESSION $", "501 unknown session"),
    (None, "joe@a.test logs in"),
    ("KILLWEBUSERSESSION $", OK),
    (None, "joe is cut off"),

    # devices
    ("LISTACCOUNTDEVICES joe@a.test", "201 {}"),
    ("LISTACCOUNTDEVICES nobody@a.test", "513 unknown user account"),
    ("REVOKEACCOUNTDEVICE joe@a.test *", OK),
    ("REVOKEACCOUNTDEVICE joe@a.test 17", "501 …"),
    ("REVOKEACCOUNTDEVICE joe@a.test x", "501 …"),

    # the end
    ("DELETEACCOUNT kim@a.test", OK),
    ("DELETEACCOUNT kim@a.test", "513 unknown user account"),
    ("DELETEDOMAIN c.test", OK),
    ("DELETEDOMAIN a.test", "501 the domain has accounts"),
    ("DELETEDOMAIN a.test FORCE", OK),
    ("DELETEDOMAIN a.test", "512 unknown secondary domain name"),
    ("LISTDOMAINS", "201 (%s)" % MAIN),
    ("SHUTDOWN", OK),
]
# Commands that never succeed here.
REFUSED_ALWAYS = pwd_absent.never_done() | {
    "GETACCOUNTPLAINPASSWORD", "CREATESHAREDDOMAIN", "REFRESHSTORAGEUSED",
    "LISTOUTSIDEUSERS", "CHECKOUTSIDEUSERS", "PLANOUTSIDEUSERS",
    "SYNCOUTSIDEUSERS", "STARTBACKUP",
    "GETCURRENTCONTROLLER"} | {
        line.split()[0] for line, answer in ROWS
        if line and answer == NO_CLUSTER and "CLUSTER" in line}

KEYWORDS = {"ALERT", "INTO", "PASSWORD", "TO", "METHOD", "CHECK", "FORCE",
            "ACCOUNTS", "ALIASES", "FORWARDERS", "FILTER", "COOKIE", "KEY",
            "SHARED", "PATH", "LEGACY", "EXTERNAL", "DOMAIN", "ADDRESS",
            "FOR", "PROTOCOL", "TRANSPORT", "CLIENT", "ADD", "REMOVE"}


def words(line):
    """The words of a line, blanks inside of objects and strings kept."""
    return re.findall(r'(?:"(?:[^"\\]|\\.)*"|\{[^}]*\}|\([^)]*\)|\S)+', line)


def spelled(line, how, gap):
    """The line with its command and keywords in another case."""
    said = words(line)
    return gap.join(how(w) if i == 0 or w in KEYWORDS else w
                    for i, w in enumerate(said))


def same(expected, got):
    """"…" alone is any string, in quotes if it needs them."""
    if expected in ("201 …", "…"):
        got = got.replace('"', "")
    return matches(expected, got)


def mixed(word):
    return "".join(c.lower() if i % 2 else c for i, c in enumerate(word))


class Conversation:
    def __init__(self, t, inline, end, how=str, gap=" "):
        self.server = t.server(listen_pwd=PWD)
        self.c = log_in(self.server, inline=inline)
        self.inline, self.end, self.how, self.gap = inline, end, how, gap
        self.joe = self.session = None

    def between(self, what):
        if what == "joe is cut off":
            self.joe.expect_bye()
            self.joe.close()
            return
        self.joe = self.server.login("joe@a.test", "pw", alerts="no")
        said = self.joe.transcript[-2][1].decode()
        self.session = re.search('urlID="([^"]+)"', said).group(1)

    def expected(self, answer):
        if self.session:
            answer = answer.replace("$", self.session)
        if answer.startswith("201 ") and not self.inline:
            return ["200 data follow", answer[4:]]
        return [answer]

    def row(self, line, answer):
        if line is None:
            self.between(answer)
            return
        if self.session:
            line = line.replace("$", self.session)
        self.c.say(spelled(line, self.how, self.gap), end=self.end)
        for expected in self.expected(answer):
            got = self.c.receive()
            if not same(expected, got):
                equal(got, expected, line)

    def hold(self):
        for line, answer in ROWS:
            self.row(line, answer)
        self.c.expect_closed()
        self.c.close()  # or the server waits for that
        self.server.finish(12)


def test_inline(t):
    Conversation(t, True, "\r\n").hold()


def test_not_inline(t):
    Conversation(t, False, "\r\n").hold()


def test_line_feed_and_small_letters(t):
    Conversation(t, True, "\n", str.lower).hold()


def test_not_inline_mixed_case_and_double_blanks(t):
    Conversation(t, False, "\n", mixed, "  ").hold()


def test_all_in_one_packet(t):
    """The same rows, up to where something must happen in between."""
    server = t.server(listen_pwd=PWD)
    end = next(i for i, (line, _) in enumerate(ROWS) if line is None)
    c = connect(server)
    c.say("USER postmaster", "PASS " + MASTER_PASSWORD, "INLINE",
          *[line for line, _ in ROWS[:end]])
    for _ in range(3):
        c.receive()
    for line, answer in ROWS[:end]:
        got = c.receive()
        if not same(answer, got):
            equal(got, answer, line)


def test_every_command_is_said(t):
    """A new command gets a row."""
    listed = log_in(t.server(listen_pwd=PWD)).do("ListCLICommands")
    equal(len(listed), len(set(listed)))
    rows = [(line.split()[0], answer) for line, answer in ROWS if line]
    said = {verb for verb, _ in rows}
    done = {verb for verb, answer in rows if answer.startswith("20")}
    equal(sorted(set(listed) - said), [], "no row in 07-pwd-transcripts.py")
    equal(sorted(said - set(listed)), ["NONSENSE"])
    equal(sorted(set(listed) - done), sorted(REFUSED_ALWAYS))
