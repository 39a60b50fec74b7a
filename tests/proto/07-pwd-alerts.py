# SPDX-License-Identifier: BSD-2-Clause
"""Alerts by the CLI: their keys, and what sessions see of each command."""

import re

from pwd_port import OK, PWD, log_in, write
from ximss import MAIN, alert, attr, check, equal, wait_until

SERVER = {"listen_pwd": PWD}
KEY = "20200131135059"


def scopes(t):
    """(name, Get, Post, Remove, Set, scope on the wire) with a listener who
    is in the audience of all."""
    user = t.user()
    domain = user.split("@")[1]
    return user, [
        ("GetServerAlerts", "PostServerAlert %s", "RemoveServerAlert %s",
         "SetServerAlerts %s", "server"),
        ("GetDomainAlerts " + domain, "PostDomainAlert " + domain
         + " ALERT %s", "RemoveDomainAlert " + domain + " ALERT %s",
         "SetDomainAlerts " + domain + " %s", "domain"),
        ("GetAccountAlerts " + user, "PostAccountAlert " + user
         + " ALERT %s", "RemoveAccountAlert " + user + " ALERT %s",
         "SetAccountAlerts " + user + " %s", "account")]


def stamp(key, form):
    """The key in one of the forms in which it may be sent."""
    y, mo, d, h, mi, s = re.fullmatch(
        r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", key).groups()
    european = "%s-%s-%s_%s:%s:%s" % (d, mo, y, h, mi, s)
    return {"plain": key, "T": "%s%s%sT%s%s%s" % (y, mo, d, h, mi, s),
            "european": european, "#T": "#T" + european}[form]


def reports_to(server, user):
    return server.login(user, alerts="no").reports()


def spellings(key):
    for form in ("plain", "T", "european", "#T"):
        for z in ("", "Z"):
            text = stamp(key, form) + z
            yield '"%s"' % text
            if form + z != "#TZ":  # would be a malformed time stamp
                yield text


# --- keys ---

def test_posts_in_one_second_get_keys_of_their_own(t):
    """The second is advanced; keys grow in the order of the posts."""
    _, rows = scopes(t)
    c = log_in(t.shared)
    for get, post, _, in_all, _ in rows:
        c.say(*[post % ("text%d" % i) for i in range(10)])
        c.expect(*[OK] * 10)
        had = c.do(get)
        equal(list(had.values()), ["text%d" % i for i in range(10)])
        keys = list(had)
        equal(keys, sorted(set(keys)), "unique and growing")
        check(all(re.fullmatch(r"\d{14}", key) for key in keys), str(keys))
        c.do(in_all % "{}")


def test_key_is_the_second_of_the_post(t):
    user, rows = scopes(t)
    listener = t.shared.login(user)
    c = log_in(t.shared)
    for get, post, _, _, scope in rows:
        c.do(post % "x")
        pushed = listener.expect(alert("x", scope))
        if scope == "account":
            continue  # delivered, and gone
        equal(list(c.do(get)), [attr(pushed, "gmtTime").replace("T", "")
                                .rstrip("Z")])


def test_removing_one_moves_no_other(t):
    _, rows = scopes(t)
    c = log_in(t.shared)
    for get, post, remove, in_all, _ in rows:
        c.say(*[post % word for word in ("a", "b", "c")])
        c.expect(OK, OK, OK)
        a, b, d = c.do(get)
        c.ask(remove % b, OK)
        equal(c.do(get), {a: "a", d: "c"})
        equal(c.refused(remove % b), 514)
        c.ask(remove % a, OK)
        equal(c.do(get), {d: "c"})
        # The second that became free may be given again, to a new alert.
        c.do(post % "e")
        had = c.do(get)
        equal(sorted(had.values()), ["c", "e"])
        equal(had[d], "c")
        c.do(in_all % "{}")


def test_every_form_of_a_key(t):
    domain = t.domain()
    c = log_in(t.shared)
    for number in range(len(list(spellings(KEY)))):
        c.do("PostDomainAlert %s ALERT x" % domain)
        key, = c.do("GetDomainAlerts " + domain)
        spelled = list(spellings(key))[number]
        c.ask("RemoveDomainAlert %s ALERT %s" % (domain, spelled), OK)


def test_every_form_of_a_key_in_a_dictionary(t):
    """Same key and text, however spelled: the same alert."""
    domain = t.domain()
    listener = t.shared.login(t.user("joe", domain), alertChanges="yes")
    c = log_in(t.shared)
    c.do("PostDomainAlert %s ALERT x" % domain)
    listener.expect(alert("x", "domain"))
    listener.quiet()
    key, = c.do("GetDomainAlerts " + domain)
    for spelled in spellings(key):
        c.ask("SetDomainAlerts %s {%s=x;}" % (domain, spelled), OK)
        listener.quiet()
        equal(c.do("GetDomainAlerts " + domain), {key: "x"}, spelled)


def test_what_is_no_key(t):
    _, rows = scopes(t)
    c = log_in(t.shared)
    for _, post, remove, in_all, _ in rows:
        equal(c.refused(remove % KEY), 514)
        for wrong in ("x", "1", '""', "20261322135050", "20261122245050",
                      "20261122135060", "2026112213505", "202611221350500",
                      "#TPAST", "#T22-11-2026x", "22/11/2026", "#1",
                      '"20261122 135050"', "(20261122135050)"):
            check(c.refused(remove % wrong) in (501, 514), wrong)
        c.do(post % "stays")
        for wrong in ("x", '""', "20261322135050", "#TPAST"):
            equal(c.refused(in_all % ("{%s=y;}" % wrong)), 501, wrong)
        c.do(in_all % "{}")


# --- Set ---

def test_set_keeps_the_alert_and_who_has_seen_it(t):
    user, rows = scopes(t)
    server = t.shared
    c = log_in(server)
    for get, post, _, in_all, scope in rows[:2]:
        c.say(post % "keep", post % "drop", post % "change")
        c.expect(OK, OK, OK)
        listener = server.login(user, alertChanges="yes")
        keep, drop, change = listener.expect(
            alert("keep", scope), alert("drop", scope),
            alert("change", scope))
        listener.quiet()
        one, two, three = c.do(get)
        c.ask(in_all % ("{%s=keep;%s=changed;%s=new;}" % (one, three, KEY)),
              OK)
        got = sorted(listener.flush())
        ids = [attr(one_, "alertID") for one_ in (drop, change)]
        equal(sorted('<alertRemoved alertID="%s"/>' % i for i in ids),
              [g for g in got if g.startswith("<alertRemoved")])
        equal(sorted(g.rpartition("</")[0].rpartition(">")[2] for g in got
                     if g.startswith("<alert ")), ["changed", "new"])
        check(attr(keep, "alertID") in [attr(r, "alertID")
                                        for r in listener.reports()],
              "another alert")
        # Who has seen it does not see it again.
        later = server.login(user)
        later.quiet()
        later.bye()
        listener.bye()
        # The key of a new one is the time of its post.
        equal(c.do(get), {one: "keep", three: "changed", KEY: "new"})
        equal([attr(r, "gmtTime") for r in reports_to(server, user)
               if ">new<" in r], ["20200131T135059Z"])
        c.do(in_all % "{}")


def test_set_of_an_account(t):
    user, rows = scopes(t)
    get, post, _, in_all, _ = rows[2]
    c = log_in(t.shared)
    c.say(post % "keep", post % "drop")
    c.expect(OK, OK)
    one, two = c.do(get)
    c.ask(in_all % ("{%s=keep;20200101000000=new;}" % one), OK)
    equal(c.do(get), {one: "keep", "20200101000000": "new"})
    listener = t.shared.login(user)
    listener.expect(alert("keep", "account"), alert("new", "account"))
    listener.quiet()


def test_set_is_all_or_nothing(t):
    _, rows = scopes(t)
    c = log_in(t.shared)
    for get, post, _, in_all, _ in rows:
        c.do(post % "stays")
        had = c.do(get)
        for bad in ("{20200101000000=ok;20200101000001=\"\";}",
                    "{20200101000000=ok;x=y;}", "{20200101000000=(a);}",
                    "{20200101000000=a;20200101T000000=b;}", "(a)", "x", "",
                    "{} {}", "{20200101000000=%s;}" % ("x" * 4097)):
            check(c.refused(in_all % bad) in (501, 522), bad)
            equal(c.do(get), had, bad)
        c.do(in_all % "{}")
        equal(c.do(get), {})


def test_set_of_many(t):
    domain = t.domain()
    c = log_in(t.shared)
    given = {"20200101%06d" % (h * 10000 + m * 100): "text %d %d" % (h, m)
             for h in range(10) for m in range(30)}
    c.ask("SetDomainAlerts %s %s" % (domain, write(given)), OK)
    had = c.do("GetDomainAlerts " + domain)
    equal(had, given)
    equal(list(had), sorted(had))


# --- what sessions see ---

def test_pushed_and_taken_off(t):
    user, rows = scopes(t)
    listener = t.shared.login(user, alertChanges="yes")
    plain = t.shared.login(user)
    c = log_in(t.shared)
    for get, post, remove, _, scope in rows[:2]:
        c.do(post % '"shown \\"at\\" once"')
        expected = alert('shown "at" once', scope)
        pushed = listener.expect(expected)
        plain.expect(expected)
        key, = c.do(get)
        c.do(remove % key)
        listener.expect('<alertRemoved alertID="%s"/>'
                        % attr(pushed, "alertID"))
        listener.quiet()
        plain.quiet()


def test_account_alert_is_gone_when_it_was_shown(t):
    user, rows = scopes(t)
    get, post, remove, _, _ = rows[2]
    c = log_in(t.shared)
    c.do(post % "once")
    key, = c.do(get)
    listener = t.shared.login(user)
    listener.expect(alert("once", "account"))
    listener.quiet()
    wait_until(lambda: c.do(get) == {}, "it is gone")
    equal(c.refused(remove % key), 514)


def test_own_alerts(t):
    user, rows = scopes(t)
    c = log_in(t.shared)
    c.do(rows[2][1] % "mine")
    own = log_in(t.shared, user)
    equal(list(own.do("GetAccountAlerts *").values()), ["mine"])
    equal(list(own.do("GetAccountAlerts " + user).values()), ["mine"])
    equal(own.refused("GetAccountAlerts postmaster@" + MAIN), 510)
    for command in (rows[2][1] % "x", rows[2][3] % "{}", "GetServerAlerts"):
        equal(own.refused(command), 510, command)


def test_domain_is_the_callers_own_if_none_is_named(t):
    domain = t.domain()
    c = log_in(t.shared, t.user("adm", domain, rights=("CanPostAlerts",)))
    c.do("SetDomainAlerts {%s=x;}" % KEY)
    equal(list(c.do("GetDomainAlerts").values()), ["x"])
    equal(c.do("GetDomainAlerts"), c.do("GetDomainAlerts " + domain))


def test_keys_survive_a_restart(t):
    server = t.server(listen_pwd=PWD)
    c = log_in(server)
    c.say(*["PostServerAlert t%d" % i for i in range(5)])
    c.expect(*[OK] * 5)
    had = c.do("GetServerAlerts")
    second = list(had)[1]
    c.do("RemoveServerAlert " + second)
    del had[second]
    server.restart(crash=True)
    c = log_in(server)
    equal(c.do("GetServerAlerts"), had)
    c.do("RemoveServerAlert " + list(had)[2])
    equal(len(c.do("GetServerAlerts")), 3)


def test_who_posted_it(t):
    domain = t.domain()
    user = t.user("adm", domain, rights=("CanPostAlerts",))
    log_in(t.shared, user).do("PostDomainAlert %s ALERT x" % domain)
    report, = t.shared.admin().reports(scope="domain", target=domain)
    equal(attr(report, "author"), user)
    check(attr(report, "origin").startswith("127.0.0.1"), report)
    check("pwd" in attr(report, "origin").lower(), report)
