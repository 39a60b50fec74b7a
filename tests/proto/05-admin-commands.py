# SPDX-License-Identifier: BSD-2-Clause
"""The CLI's commands through cliExecute."""

import re

from ximss import (MAIN, MASTER_PASSWORD, alert, attr, body, check, equal, escape, failure,
                   response, wait_until)


def test_answer_without_data(t):
    t.shared.admin().ask('<cliExecute id="1">Noop</cliExecute>',
                         response("1"))


def test_answer_with_data(t):
    t.shared.admin().ask(
        '<cliExecute id="11">Echo {a = "b c"; d = (1,2);}</cliExecute>',
        '<cliResult id="11">{a="b c";d=(1,2);}</cliResult>', response("11"))


def test_error(t):
    c = t.shared.admin()
    c.ask('<cliExecute id="1">GetDomainSettings nowhere.test</cliExecute>',
          failure("1", 512))
    c.ask('<cliExecute id="2">NoSuchThing</cliExecute>', failure("2", 500))
    c.ask('<cliExecute id="3"></cliExecute>', failure("3", 500))
    c.ask('<cliExecute id="4"/>', failure("4", 500))
    c.quiet()


def test_error_texts_are_words_blanks_and_dots(t):
    """A client of the family parses them by its grammar."""
    c = t.shared.admin()
    user = t.user()
    for command in ("NoSuchThing", "GetDomainSettings nowhere.test",
                    "CreateDomain", "CreateDomain " + user.split("@")[1],
                    "CreateAccount " + user, "DeleteAccount nobody@" + MAIN,
                    "RemoveServerAlert 20200101000000", 'PostServerAlert ""',
                    "Echo {", "SetAccountPassword " + user,
                    "RenameDomain a", "PostClusterAlert x",
                    "SetAccountRights %s (Master" % user):
        c.send('<cliExecute id="1">%s</cliExecute>' % escape(command))
        got = c.receive()
        text = attr(got, "errorText")
        check(text and re.fullmatch(r"[A-Za-z0-9 .@_<>-]+", text),
              "%s: %s" % (command, got))


def test_case_of_commands_and_keywords(t):
    domain = t.domain()
    c = t.shared.admin()
    for command in ("LISTDOMAINS", "listdomains", "ListDomains",
                    "Listdomains", "  ListDomains  "):
        check(domain in c.cli(command), command)
    c.cli("renamedomain %s into x-%s" % (domain, domain))
    c.cli("RENAMEDOMAIN x-%s INTO %s" % (domain, domain))
    c.cli("createaccount joe@%s {Password=x;}" % domain)
    c.cli("setaccountpassword joe@%s password y" % domain)
    c.cli("verifyaccountpassword joe@%s Password y" % domain)


def test_echo_of_every_kind(t):
    c = t.shared.admin()
    for given, shown in (
            ("abc", "abc"), ('"abc"', "abc"), ('""', '""'),
            ('"a b"', '"a b"'),
            ('"a\\eb\\tc\\"d\\\\"', '"a\\eb\\009c\\"d\\\\"'),
            ("()", "()"), ("{}", "{}"), ("(a,b,(c))", "(a,b,(c))"),
            ("{a=b;c=(d);}", "{a=b;c=(d);}"), ("#123", "#123"),
            ("#-5", "#-5"), ("#T07-11-2011_16:53:05",
                             "#T07-11-2011_16:53:05"),
            ("[YWJj]", "[YWJj]"), ("#NULL#", "#NULL#"),
            ('"-1"', '"-1"'), ("joe@x.test", "joe@x.test"),
            ('"\U0001f514 å"', '"\U0001f514 å"'),
            ('{ a = b ; }', "{a=b;}"),
            ('"\\065"', "A"), ('"#1"', '"#1"')):
        equal(c.cli("Echo " + given), shown, given)


def test_ill_formed_data(t):
    c = t.shared.admin()
    for text in ("Echo {", "Echo (", 'Echo "', "Echo {a}", "Echo {a=b}x",
                 "Echo {a=b;a=c;}", "Echo [x!]", "Echo a b", "Echo",
                 "Echo " + "(" * 5000, "Echo {=b;}", "Echo #Tx"):
        check(c.cli_error(text) >= 500, text)
    c.quiet()


def test_command_list(t):
    listed = t.shared.admin().cli("ListCLICommands")
    check(listed.startswith("(") and listed.endswith(")"), listed)
    names = listed.strip("()").upper().split(",")
    for name in ("LISTDOMAINS", "CREATEDOMAIN", "RENAMEDOMAIN",
                 "DELETEDOMAIN", "GETDOMAINSETTINGS", "UPDATEDOMAINSETTINGS",
                 "SETDOMAINSETTINGS", "LISTACCOUNTS", "CREATEACCOUNT",
                 "RENAMEACCOUNT", "DELETEACCOUNT", "GETACCOUNTSETTINGS",
                 "UPDATEACCOUNTSETTINGS", "SETACCOUNTSETTINGS",
                 "SETACCOUNTPASSWORD", "VERIFYACCOUNTPASSWORD",
                 "GETACCOUNTINFO", "GETACCOUNTRIGHTS", "SETACCOUNTRIGHTS",
                 "KILLACCOUNTSESSIONS", "NOOP", "ECHO", "GETVERSION",
                 "LISTCLICOMMANDS", "SHUTDOWN", "MAINDOMAINNAME",
                 "GETACCOUNTEFFECTIVESETTINGS", "LISTDOMAINOBJECTS") + tuple(
                     v + s + "ALERT" + ("S" if v in ("GET", "SET") else "")
                     for v in ("GET", "SET", "POST", "REMOVE")
                     for s in ("SERVER", "DOMAIN", "ACCOUNT", "CLUSTER")):
        check(name in names, name + " is not listed")


def test_version_and_main_domain(t):
    c = t.shared.admin()
    check(c.cli("GetVersion"), "no version")
    equal(c.cli("MainDomainName"), MAIN)


# --- domains ---

def test_domains(t):
    c = t.shared.admin()
    domain = "dom.test"
    c.cli("CreateDomain " + domain)
    listed = c.cli("ListDomains").strip("()").split(",")
    check(domain in listed and MAIN in listed, str(listed))
    equal(c.cli_error("CreateDomain " + domain), 521)
    equal(c.cli_error("CreateDomain DOM.TEST"), 521)
    c.cli("RenameDomain %s INTO dom2.test" % domain)
    equal(c.cli_error("GetDomainSettings " + domain), 512)
    c.cli("DeleteDomain dom2.test")
    equal(c.cli_error("DeleteDomain dom2.test"), 512)


def test_domain_names_that_are_wrong(t):
    c = t.shared.admin()
    for name in ('""', '"a b"', ".a", "a.", '"a/b"', '"../x"', "x" * 256,
                 '"a@b"', '"☃.test"'):
        check(c.cli_error("CreateDomain " + name) >= 500, name)


def test_domain_with_accounts_is_deleted_by_force_only(t):
    domain = t.domain()
    t.user("joe", domain)
    c = t.shared.admin()
    check(c.cli_error("DeleteDomain " + domain) >= 500, "deleted")
    c.cli("DeleteDomain %s FORCE" % domain)
    equal(c.cli_error("ListAccounts " + domain), 512)


def test_big_domain_is_deleted_by_force(t):
    domain = t.domain()
    t.shared.accounts("u%d@%s" % (i, domain) for i in range(1200))
    listener = t.shared.login("u7@" + domain)
    t.shared.cli("DeleteDomain %s FORCE" % domain)
    listener.expect_bye()
    equal(t.shared.admin().cli_error("ListAccounts " + domain), 512)
    t.shared.domain(domain)
    equal(t.shared.cli("ListAccounts " + domain), "{}")


def test_main_domain_cannot_be_deleted(t):
    c = t.shared.admin()
    check(c.cli_error("DeleteDomain " + MAIN) >= 500, "deleted")
    check(c.cli_error("DeleteDomain %s FORCE" % MAIN) >= 500, "deleted")


def test_domain_settings(t):
    domain = t.domain()
    c = t.shared.admin()
    equal(c.cli("GetDomainSettings " + domain), "{}")
    c.cli('UpdateDomainSettings %s {wn_MaximumAliases=5; Own="x y";}'
          % domain)
    got = c.cli("GetDomainSettings " + domain)
    check('wn_MaximumAliases=5;' in got and 'Own="x y";' in got, got)
    c.cli("UpdateDomainSettings %s {Own=default; Z=1;}" % domain)
    got = c.cli("GetDomainSettings " + domain)
    check("Own" not in got and "Z=1;" in got and "wn_Max" in got, got)
    c.cli("SetDomainSettings %s {Only=this;}" % domain)
    equal(c.cli("GetDomainSettings " + domain), "{Only=this;}")
    check("Only=this;" in c.cli("GetDomainEffectiveSettings " + domain),
          "effective")


# --- accounts ---

def test_accounts(t):
    domain = t.domain()
    c = t.shared.admin()
    c.cli('CreateAccount joe@%s {Password = "pw"; RealName = "Joe X";}'
          % domain)
    equal(c.cli("ListAccounts " + domain), "{joe=macnt;}")
    equal(c.cli_error("CreateAccount joe@" + domain), 520)
    equal(c.cli_error("CreateAccount JOE@" + domain), 520)
    c.cli("CreateAccount ann@%s TextMailbox {Password=pw;}" % domain)
    equal(c.cli_error("RenameAccount ann@%s INTO joe@%s" % (domain, domain)),
          520)
    c.cli("RenameAccount ann@%s into sue@%s" % (domain, domain))
    c.cli("DeleteAccount joe@" + domain)
    equal(c.cli("ListAccounts " + domain), "{sue=macnt;}")
    equal(c.cli_error("DeleteAccount joe@" + domain), 513)
    equal(c.cli_error("CreateAccount x@nowhere.test"), 512)


def test_account_names_that_are_wrong(t):
    domain = t.domain()
    c = t.shared.admin()
    for name in ("", ".a", "a.", "a b", "a:b", "x" * 129, "a\\eb", "*"):
        check(c.cli_error('CreateAccount "%s@%s"' % (name, domain)) >= 500,
              name)
    equal(c.cli("ListAccounts " + domain), "{}")


def test_account_settings(t):
    user = t.user()
    c = t.shared.admin()
    c.cli("UpdateAccountSettings %s {MaxAccountSize=40M; Own=(1,2);}" % user)
    got = c.cli("GetAccountSettings " + user)
    check("MaxAccountSize=40M;" in got and "Own=(1,2);" in got
          and "RealName=Joe;" in got, got)
    check("secret" not in got and "Password" not in got, got)
    c.cli("UpdateAccountSettings %s {MaxAccountSize=default;}" % user)
    check("MaxAccountSize" not in c.cli("GetAccountSettings " + user), "left")


def test_order_of_settings(t):
    """Account, domain, server."""
    server = t.server()
    domain = server.domain("a.test")
    user = server.account("joe@" + domain)
    c = server.admin()

    def effective():
        got = c.cli("GetAccountEffectiveSettings " + user)
        found = re.search(r"QuotaAlert=(\w+);", got)
        return found.group(1) if found else None
    c.cli("UpdateServerAccountDefaults {QuotaAlert=70;}")
    equal(effective(), "70")
    c.cli("UpdateAccountDefaults %s {QuotaAlert=60;}" % domain)
    equal(effective(), "60")
    c.cli("UpdateAccountSettings %s {QuotaAlert=50;}" % user)
    equal(effective(), "50")
    c.cli("UpdateAccountSettings %s {QuotaAlert=default;}" % user)
    equal(effective(), "60")


def test_passwords(t):
    user = t.user()
    c = t.shared.admin()
    c.cli("VerifyAccountPassword %s PASSWORD secret" % user)
    equal(c.cli_error("VerifyAccountPassword %s PASSWORD wrong" % user), 515)
    c.cli('SetAccountPassword %s PASSWORD "new one"' % user)
    c.cli('VerifyAccountPassword %s PASSWORD "new one"' % user)
    c.cli("SetAccountPassword %s TO old.form" % user)
    c.cli("VerifyAccountPassword %s PASSWORD old.form" % user)
    c.cli("UpdateAccountSettings %s {Password=third;}" % user)
    c.cli("VerifyAccountPassword %s PASSWORD third" % user)
    check("third" not in c.cli("GetAccountSettings " + user), "shown")
    check(c.cli_error("GetAccountPlainPassword " + user) >= 500, "shown")
    equal(c.cli_error("SetAccountPassword nobody@%s PASSWORD x" % MAIN), 513)


def test_account_info(t):
    user = t.user()
    c = t.shared.admin()
    equal(c.cli("GetAccountInfo %s Key StorageUsed" % user), "0")
    got = c.cli("GetAccountInfo %s (StorageUsed,Missing)" % user)
    check("StorageUsed=0;" in got, got)
    equal(c.cli("GetAccountInfo %s Key Missing" % user), '""')
    t.shared.login(user).close()
    wait_until(lambda: "127.0.0.1" in c.cli(
        "GetAccountInfo %s Key LastAddress" % user), "the last address")


def test_rights(t):
    server = t.shared
    user = t.user()
    main = "rights@" + MAIN
    server.account(main)
    c = server.admin()
    equal(c.cli("GetAccountRights " + user), "()")
    c.cli("SetAccountRights %s (CanPostAlerts,BasicSettings)" % user)
    got = c.cli("GetAccountRights " + user)
    equal(sorted(got.strip("()").split(",")),
          ["BasicSettings", "CanPostAlerts"])
    c.cli('SetAccountRights %s ("All Domains",CanPostAlerts)' % main)
    check('"All Domains"' in c.cli("GetAccountRights " + main), "rights")
    check(c.cli_error("SetAccountRights %s (Master)" % user) >= 500,
          "server-wide rights outside of the main domain")


def test_list_domain_objects(t):
    domain = t.domain()
    t.shared.accounts("u%02d@%s" % (i, domain) for i in range(25))
    c = t.shared.admin()
    names, cookie = [], ""
    while True:
        got = c.cli('ListDomainObjects %s 10 ACCOUNTS COOKIE "%s"'
                    % (domain, cookie))
        check(got.startswith("(25,{"), got)
        names += re.findall(r"(u\d\d)=", got)
        cookie = got.rstrip(")").rsplit(",", 1)[1].strip('"')
        if not cookie:
            break
    equal(names, ["u%02d" % i for i in range(25)])
    # An integer with #, two blanks, and nothing behind COOKIE.
    check(c.cli("ListDomainObjects %s #10 ACCOUNTS  COOKIE " % domain)
          .startswith("(25,"), "forms of real clients")
    equal(c.cli("ListDomainObjects %s 0 ACCOUNTS" % domain)[:4], "(25,")


def make_crowd(c, domain, n):
    """Accounts without passwords, user00000 and so on; their names."""
    names = ["user%05d" % i for i in range(n)]
    for at in range(0, n, 500):
        some = names[at:at + 500]
        c.send(*['<cliExecute id="%s">CreateAccount %s@%s</cliExecute>'
                 % (name, name, domain) for name in some])
        c.expect(*[response(name) for name in some])
    return names


def test_lists_of_any_length(t):
    """They come in pieces, and are whole."""
    domain = t.domain()
    c = t.shared.admin()
    names = make_crowd(c, domain, 4500)
    whole = "{%s}" % "".join(name + "=macnt;" for name in names)
    check(c.cli("ListAccounts " + domain) == whole, "all accounts")
    check(c.cli("ListDomainObjects %s 100000 ACCOUNTS" % domain) ==
          "(4500,%s,0,0)" % whole, "all objects")
    page = "{%s}" % "".join(name + "=macnt;" for name in names[100:3100])
    check(c.cli("ListDomainObjects %s 3000 ACCOUNTS COOKIE %s"
                % (domain, names[99])) ==
          "(4500,%s,0,0,%s)" % (page, names[3099]), "a page")
    # What is sent behind a list is answered behind it.
    c.send('<cliExecute id="1">ListAccounts %s</cliExecute>' % domain,
           '<cliExecute id="2">DeleteDomain %s FORCE</cliExecute>' % domain,
           '<cliExecute id="3">ListAccounts %s</cliExecute>' % domain)
    got = c.receive()
    check(got == '<cliResult id="1">%s</cliResult>' % whole, got[:100])
    c.expect(response("1"), response("2"), failure("3", 512))


# --- alerts ---

def test_alerts_of_each_scope(t):
    user = t.user()
    domain = user.split("@")[1]
    c = t.shared.admin()
    for get, post, remove, in_all in (
            ("GetServerAlerts", "PostServerAlert %s", "RemoveServerAlert %s",
             "SetServerAlerts {}"),
            ("GetDomainAlerts " + domain,
             "PostDomainAlert " + domain + " ALERT %s",
             "RemoveDomainAlert " + domain + " ALERT %s",
             "SetDomainAlerts %s {}" % domain),
            ("GetAccountAlerts " + user,
             "PostAccountAlert " + user + " ALERT %s",
             "RemoveAccountAlert " + user + " ALERT %s",
             "SetAccountAlerts %s {}" % user)):
        equal(c.cli(get), "{}")
        for text in ('"first one"', "second", "third"):
            c.cli(post % text)
        got = c.cli(get)
        keys = re.findall(r"(\d{14})=", got)
        equal(got, '{%s="first one";%s=second;%s=third;}' % tuple(keys))
        equal(keys, sorted(set(keys)))
        c.cli(remove % keys[1])
        equal(c.cli(get), '{%s="first one";%s=third;}' % (keys[0], keys[2]))
        equal(c.cli_error(remove % keys[1]), 514)
        c.cli(in_all)
        equal(c.cli(get), "{}")


def test_every_form_of_a_time_stamp(t):
    domain = t.domain()
    c = t.shared.admin()
    for form in ("%s%s%s%s%s%s", "%s%s%sT%s%s%s", "%s%s%s%s%s%sZ",
                 "%s%s%sT%s%s%sZ", '"%s%s%s%s%s%s"', "3-2-1", "#T3-2-1"):
        c.cli("PostDomainAlert %s ALERT x" % domain)
        key = re.search(r"(\d{14})=", c.cli("GetDomainAlerts " + domain)) \
            .group(1)
        y, mo, d, h, mi, s = re.fullmatch(
            r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", key).groups()
        if "3-2-1" in form:
            stamp = "%s%s-%s-%s_%s:%s:%s" % (
                "#T" if "#" in form else "", d, mo, y, h, mi, s)
        else:
            stamp = form % (y, mo, d, h, mi, s)
        c.cli("RemoveDomainAlert %s ALERT %s" % (domain, stamp))


def test_alerts_by_the_command_line_are_pushed(t):
    user = t.user()
    listener = t.shared.login(user, alertChanges="yes")
    c = t.shared.admin()
    c.cli('PostServerAlert "by CLI"')
    got = listener.expect(alert("by CLI"))
    key = re.search(r"(\d{14})=", c.cli("GetServerAlerts")).group(1)
    equal(key, attr(got, "gmtTime").replace("T", "").rstrip("Z"))
    c.cli("RemoveServerAlert " + key)
    listener.expect('<alertRemoved alertID="%s"/>' % attr(got, "alertID"))


def test_set_alerts_keeps_what_stays(t):
    """What is in the old set and the new stays the same alert."""
    domain = t.domain()
    listener = t.shared.login(t.user("joe", domain), alertChanges="yes")
    c = t.shared.admin()
    c.cli("PostDomainAlert %s ALERT keep" % domain)
    c.cli("PostDomainAlert %s ALERT drop" % domain)
    keep, drop = listener.expect(alert("keep", "domain"),
                                 alert("drop", "domain"))
    listener.quiet()
    key = re.search(r"(\d{14})=keep", c.cli("GetDomainAlerts " + domain)) \
        .group(1)
    c.cli('SetDomainAlerts %s {%s=keep;20260101000000=new;}' % (domain, key))
    got = [listener.receive(), listener.receive()]
    equal(sorted(g.split(" ")[0] for g in got),
          ["<alert", "<alertRemoved"])
    listener.quiet()
    check('<alertRemoved alertID="%s"/>' % attr(drop, "alertID") in got,
          str(got))
    check(attr(keep, "alertID") in [attr(r, "alertID")
                                    for r in listener.reports()], "kept")


def test_raw_unescaped_lines_of_old_clients(t):
    """Not well-formed: refused, in step, nothing guessed."""
    user = t.user()
    listener = t.shared.login(user)
    c = t.shared.admin()
    check(c.cli_error('PostAccountAlert %s ALERT "hi "there" \\ back"'
                      % user) >= 500, "taken")
    check(c.cli_error("PostAccountAlert %s ALERT a\nSetServerAlerts {}"
                      % user) >= 500, "two lines")
    listener.quiet()


def test_cluster_alerts_need_a_cluster(t):
    c = t.shared.admin()
    for command in ("GetClusterAlerts", "PostClusterAlert x",
                    "SetClusterAlerts {}", "RemoveClusterAlert "
                    "20260101000000"):
        check(c.cli_error(command) >= 500, command)


# --- sessions and the server ---

def test_sessions(t):
    user = t.user()
    a, b = t.shared.connect(), t.shared.connect()
    ids = [attr(c.login(user), "urlID") for c in (a, b)]
    c = t.shared.admin()
    listed = c.cli("ListAccountSessions " + user).strip("()").split(",")
    equal(sorted(listed), sorted(ids))
    check(user in c.cli("GetSession " + ids[0]), "the account is named")
    c.cli("KillSession " + ids[0])
    a.expect_bye()
    b.quiet()
    wait_until(lambda: ids[0] not in c.cli("ListAccountSessions " + user),
               "it is gone")
    check(c.cli_error("KillSession " + ids[0]) >= 500, "killed again")


def test_shutdown(t):
    server = t.server()
    server.account("joe@" + MAIN)
    c = server.login("joe")
    server.admin().ok('<cliExecute id="1">Shutdown</cliExecute>')
    c.expect_bye()
    server.finish(12)


def test_long_command(t):
    c = t.shared.admin()
    text = "x" * 500000
    equal(len(c.cli('Echo "%s"' % text)), 500000)


def test_many_commands_pipelined(t):
    c = t.shared.admin()
    c.send(*['<cliExecute id="%d">Echo %d</cliExecute>' % (i, i)
             for i in range(500)])
    for i in range(500):
        equal(body(c.receive()), str(i))
        c.expect(response(str(i)))


def test_nobody_ends_the_session_of_one_who_may_more(t):
    server = t.server()
    server.account("web@" + MAIN, rights=("CanCreateWebUserSessions",))
    server.account("joe@" + MAIN)
    chief = server.login("postmaster", password=MASTER_PASSWORD)
    joe, web = server.login("joe"), server.login("web")
    name = attr(chief.ok('<readSession id="r"/>')[0], "urlID")
    equal(web.cli_error("KillSession " + name),
          web.cli_error("KillSession 1-aaaaaaaaaaaaaaaaaaaa"))
    web.cli_error("GetSession " + name)
    chief.ok('<noop id="still"/>')
    web.cli("KillSession "
            + attr(joe.ok('<readSession id="r"/>')[0], "urlID"))
    joe.expect("<bye/>")
    joe.expect_closed()
