# SPDX-License-Identifier: BSD-2-Clause
"""Posts that are repeated: what a key and a lifetime make of them."""

import re

from ximss import (attr, check, ctl, equal, failure, match, post_request,
                   response, wait_until)


def again(admin, text, **attributes):
    """The answer to a post."""
    return admin.ok(post_request("p", text, **attributes))[0]


def seconds(stamp):
    """Of the day."""
    found = re.fullmatch(r"\d{8}T(\d\d)(\d\d)(\d\d)Z", stamp)
    hour, minute, second = map(int, found.groups())
    return hour * 3600 + minute * 60 + second


# --- lifetimes ---

def test_lifetime_is_counted_by_the_server(t):
    admin, user = t.shared.admin(), t.user()
    posted = again(admin, "x", scope="account", target=user, lifetime="90m")
    equal((seconds(attr(posted, "until")) - seconds(attr(posted, "gmtTime")))
          % 86400, 5400)
    reports = admin.reports(scope="account", target=user)
    equal([attr(r, "until") for r in reports], [attr(posted, "until")])


def test_lifetime_is_compared_as_written(t):
    server = t.server()
    request = {"scope": "server", "key": "k", "lifetime": "8h"}
    first = again(server.admin(), "x", **request)
    server.clock(3600)
    admin = server.admin()
    match(again(admin, "x", **request),
          '<alertPosted id="p" alertID="%s" gmtTime="%s" until="%s" '
          'sessions="0" repeated="yes"/>' % tuple(
              attr(first, n) for n in ("alertID", "gmtTime", "until")))
    for other in ({"lifetime": "480m"}, {"lifetime": "9h"},
                  {"until": attr(first, "until")}):
        arguments = dict(request, **other)
        if "until" in other:
            del arguments["lifetime"]
        admin.ask(post_request("p", "x", **arguments), failure("p", 518))


def test_lifetimes_that_are_none(t):
    admin = t.shared.admin()
    for wrong in ("", "0h", "8", "h", "8 h", "-8h", "+8h", "1h30m", "36601d",
                  "99999999999999999999d", "20261201T060000Z"):
        admin.ask(post_request("p", "x", lifetime=wrong, test="yes"),
                  failure("p", 501, "lifetime must be like 30m, 8h or 3d"))
    admin.ask(post_request("p", "x", lifetime="8h", until="20991201T060000Z",
                           test="yes"),
              failure("p", 501, "either until or lifetime"))
    admin.ok(post_request("p", "x", lifetime="36600d", test="yes"))


def test_lifetime_by_the_cli(t):
    admin, user = t.shared.admin(), t.user()
    command = ('PostAccountAlert %s ALERT "it burns" LIFETIME 8h KEY fire '
               'Severity critical' % user)
    admin.cli(command)
    admin.cli(command)
    report = admin.reports(scope="account", target=user)
    equal([attr(r, "severity") for r in report], ["critical"])
    check(attr(report[0], "until"), "it has an end")
    admin.cli_error("PostAccountAlert %s ALERT x KEY fire" % user)
    for options, why in (
            ("LIFETIME", "lifetime is missing"),
            ("LIFETIME 0h", "lifetime must be like 30m…"),
            ("SEVERITY loud", "severity must be info. warning or critical"),
            ("UNTIL never", "not a time stamp"),
            ("LIFETIME 8h y", "too many arguments")):
        admin.ask('<cliExecute id="c">PostServerAlert x %s</cliExecute>'
                  % options, failure("c", 501, why))


# --- the cron line of the manual ---

def posted(server, *words):
    done = ctl(server, "alert", "post", *words)
    equal((done.returncode, done.stderr), (0, ""))
    return done.stdout


def test_cron_line(t):
    server = t.server()
    line = ("--server", "--until", "+8h", "--key", "late", "Backup is late.")
    match(posted(server, *line), "alert 1 posted, … told\n")
    server.clock(3600)      # ten times the server's lead that people report
    equal(posted(server, *line), "nothing posted: alert 1 has this key\n")
    check('"until":"' in posted(server, "--json", *line), "its end")
    equal(posted(server, "--test", *line),
          "nothing posted: alert 1 has this key\n")
    server.clock(8 * 3600)
    equal(posted(server, *line),
          "nothing posted: alert 1 has this key and is no longer active\n")
    server.clock(17 * 3600)
    match(posted(server, *line), "alert 2 posted, … told\n")


def test_clock_of_the_client_is_not_asked(t):
    """A server ten minutes ahead took +5m for the past."""
    server = t.server()
    server.clock(600)
    match(posted(server, "--server", "--until", "+5m", "x"),
          "alert 1 posted, … told\n")
    server.clock(240)
    equal(len(server.admin().reports(scope="server")), 1)
    server.clock(120)
    equal(server.admin().reports(scope="server"), [])


# --- keys of alerts that are no more ---

def test_key_of_a_removed_alert(t):
    """A monitor whose trouble came back is heard."""
    admin, user = t.shared.admin(), t.user()
    request = {"scope": "account", "target": user, "key": "disk"}
    ids = []
    for remove in ("request", "key", "set", "delete"):
        posted_now = again(admin, "full", **request)
        check(attr(posted_now, "repeated") is None, posted_now)
        ids.append(int(attr(posted_now, "alertID")))
        equal(attr(again(admin, "full", **request), "repeated"), "yes")
        if remove == "request":
            admin.remove(str(ids[-1]))
        elif remove == "key":
            stamp = re.search(r"\d{14}", admin.cli("GetAccountAlerts " + user))
            admin.cli("RemoveAccountAlert %s ALERT %s"
                      % (user, stamp.group()))
        elif remove == "set":
            admin.cli("SetAccountAlerts %s {}" % user)
        else:
            admin.cli("DeleteAccount " + user)
            admin.cli("CreateAccount " + user)
    last = again(admin, "full", **request)
    equal(attr(last, "repeated"), None)
    equal(sorted(set(ids)), ids)


def test_key_survives_a_restart_as_it_is(t):
    server = t.server()
    admin = server.admin()
    for key in ("kept", "removed"):
        admin.post("x", key=key)
    admin.remove(attr(again(admin, "x", scope="server", key="removed"),
                      "alertID"))
    server.restart(crash=True)
    admin = server.admin()
    equal(attr(again(admin, "x", scope="server", key="kept"), "repeated"),
          "yes")
    equal(attr(again(admin, "x", scope="server", key="removed"),
               "repeated"), None)


def test_key_of_a_delivered_alert(t):
    """By memory at first, and then by the store."""
    server = t.server()
    user = t.user(server=server)
    c = server.login(user)
    admin = server.admin()
    request = {"scope": "account", "target": user, "key": "mail"}
    first = again(admin, "x", **request)
    check(attr(again(admin, "x", **request), "active") is None,
          "it is not delivered before a sign of life")
    c.receive()
    expected = ('<alertPosted id="p" alertID="%s" gmtTime="%s" sessions="0" '
                'repeated="yes" active="no"/>'
                % (attr(first, "alertID"), attr(first, "gmtTime")))

    def is_over():
        c.ask('<noop id="1"/>', response("1"))
        return attr(again(admin, "x", **request), "active") == "no"
    wait_until(is_over, "it is delivered")
    match(again(admin, "x", **request), expected)
    wait_until(lambda: admin.reports(scope="account", target=user) == [],
               "it is removed")
    match(again(admin, "x", **request), expected)
    server.restart()
    match(again(server.admin(), "x", **request), expected)


def test_key_whose_target_was_made_anew(t):
    admin = t.shared.admin()
    domain = t.domain()
    user = t.user("joe", domain)
    for scope, target in (("account", user), ("domain", domain)):
        again(admin, "x", scope=scope, target=target, key=scope)
    admin.cli("DeleteDomain %s FORCE" % domain)
    admin.cli("CreateDomain " + domain)
    admin.cli("CreateAccount " + user)
    for scope, target in (("account", user), ("domain", domain)):
        answer = again(admin, "x", scope=scope, target=target, key=scope)
        equal(attr(answer, "repeated"), None)
