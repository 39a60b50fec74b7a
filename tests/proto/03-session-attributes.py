# SPDX-License-Identifier: BSD-2-Clause
"""The attributes of requests, as the table in doc/protocol.md has them (which
tests/unit/test_req_tables.c compares with the server's own): what is unknown,
wrong or missing is refused before anything is done; and the family's requests
bear what they do not know."""

import os
import re

from ximss import (HERE, alert, attr, body, check, equal, failure, match,
                   post_request, response)

TABLE = re.compile(r"^\| request \| when \| attributes \| others \|\n"
                   r"\|[ |-]*\|\n((?:\| .* \|\n)+)", re.M)
ATTRIBUTE = re.compile(r"(\*\*)?`(\w+)`(?:\*\*)?(?: \(([^)]*)\))?")
# What a request must have, or may have for its answer to be a good one.
SAMPLES = {"scope": "server", "alertID": "1", "deviceID": "all",
           "name": "alerts", "value": "yes", "oldPassword": "secret",
           "newPassword": "secret"}
WRONG = {"yes or no": "%s must be yes or no", "number": "%s must be a number",
         "alert": "%s must be the number of an alert",
         "time": "%s must be a time like 20261201T060000Z",
         "scope": "scope must be server, cluster, domain or account",
         "severity": "severity must be info, warning or critical",
         "severities": "severity must be info, warning or critical, or "
                       "several with commas"}


def requests(others):
    """(name, when, [(attribute, kind, whether it is required)])"""
    path = os.path.join(HERE, os.pardir, os.pardir, "doc", "protocol.md")
    with open(path, encoding="utf-8") as f:
        rows = TABLE.search(f.read()).group(1).splitlines()
    found = []
    for row in rows:
        name, when, attributes, what = row.strip("| ").split(" | ")
        if what == others:
            found.append((name.strip("`"), when, [
                (attribute, kind, bool(required)) for
                required, attribute, kind in ATTRIBUTE.findall(attributes)]))
    check(len(found) > 5, "the table of requests")
    return found


def write(name, attributes, inner=""):
    return '<%s id="1"%s>%s</%s>' % (
        name, "".join(' %s="%s"' % a for a in attributes.items()), inner, name)


def needed(attributes):
    return {name: SAMPLES[name] for name, _, required in attributes
            if required}


def test_our_own_refuse_what_they_do_not_know(t):
    c = t.shared.login(t.user())
    for name, when, attributes in requests("refused"):
        check(when in ("always", "in a session"), (name, when))
        given = needed(attributes)
        for attribute in ("tset", "Scope", "ID", "domain_"):
            c.ask(write(name, {**given, attribute: "yes"}),
                  failure("1", 501, "unknown attribute: " + attribute))
            c.ask(write(name, {attribute: "yes", **given}),
                  failure("1", 501, "unknown attribute: " + attribute))
        if name != "alertPost":
            c.ask(write(name, given, "<a/><b/>"),
                  failure("1", 501, "unknown element: a"))
    c.quiet()


def test_a_long_name_is_cut(t):
    c = t.shared.login(t.user())
    c.send('<alertList id="1" %s="yes"/>' % ("é" * 700))
    got = c.receive()
    match(got, failure("1", 501, "unknown attribute: é…"))
    check(len(got) < 1000, len(got))


def test_all_have_an_id_and_may_ask_for_the_time(t):
    c = t.shared.login(t.user())
    c.ask('<alertList id="1" exeTime="1"/>',
          '<response id="1" exeTime="…"/>')


def test_what_is_missing(t):
    c = t.shared.login(t.user())
    for name, _, attributes in requests("refused"):
        given = needed(attributes)
        for attribute in given:
            c.ask(write(name, {a: v for a, v in given.items()
                               if a != attribute}),
                  failure("1", 501, attribute + " is missing"))


def test_what_is_wrong(t):
    c = t.shared.login(t.user())
    tried = set()
    for name, _, attributes in requests("refused"):
        for attribute, kind, _ in attributes:
            given = needed(attributes)
            for wrong in ("", "nothing"):
                if kind in WRONG:
                    tried.add(kind)
                    text = WRONG[kind]
                    c.ask(write(name, {**given, attribute: wrong}),
                          failure("1", 501, text.replace("%s", attribute)))
            most = re.fullmatch(r"at most (\d+) bytes", kind)
            if most:
                tried.add("most")
                c.ask(write(name, {**given,
                                   attribute: "x" * (int(most[1]) + 1)}),
                      failure("1", 501, "%s is longer than %s bytes"
                              % (attribute, most[1])))
    equal(tried - {"number"}, (set(WRONG) | {"most"}) - {"number"})


def test_a_misspelt_test_posts_nothing(t):
    domain = t.domain()
    user = t.user("joe", domain)
    c = t.shared.login(user)
    admin = t.shared.admin()
    request = post_request("1", "x", "domain", target=domain, tset="yes")
    admin.ask(request, failure("1", 501, "unknown attribute: tset"))
    admin.ask(request.replace(' tset="yes"', "").replace("x<", "x<b/><"),
              failure("1", 522))
    equal(admin.reports(scope="domain", target=domain), [])
    c.quiet()


def test_nothing_is_done(t):
    domain = t.domain()
    c = t.shared.login(t.user("joe", domain), alertConfirm="yes")
    admin = t.shared.admin()
    id_ = admin.post("x", "domain", target=domain)
    c.expect(alert("x", "domain"))
    for who, request in ((admin, "alertRemove"), (c, "alertDismiss"),
                         (c, "alertConfirm")):
        who.ask('<%s id="1" alertID="%s" reprot="yes"/>' % (request, id_),
                failure("1", 501, "unknown attribute: reprot"))
    c.quiet()
    got = c.reports()
    equal([(attr(r, "alertID"), attr(r, "seen"), body(r)) for r in got],
          [(id_, "no", "x")])
    # Nor does it follow anything, or stop to.
    where = 'scope="domain" target="%s"' % domain
    watcher = t.shared.control("watcher")
    watcher.external()
    watcher.ask('<alertWatch id="1" %s stpo="yes"/>' % where,
                failure("1", 501))
    admin.post("y", "domain", target=domain)
    watcher.quiet()
    watcher.ask('<alertWatch id="1" %s/>' % where, response("1"))
    watcher.ask('<alertWatch id="1" %s stop="yes" x=""/>' % where,
                failure("1", 501))
    admin.post("z", "domain", target=domain)
    check(watcher.receive().startswith("<alertReport "), "it follows on")


def test_the_family_bears_what_it_does_not_know(t):
    user = t.user()
    for name, when, attributes in requests("ignored"):
        given = needed(attributes)
        inner = {"prefsStore": ("", ""), "cliExecute": ("NOOP", "NOOP")}.get(
            name, ("", "<a/>"))
        answers = []
        for request in (write(name, given, inner[0]),
                        write(name, {**given, "tset": "yes"}, inner[1])):
            c = t.shared.connect() if when == "before log-in" \
                else t.shared.login(user)
            c.send(request)
            got = c.receive()
            check("unknown" not in got, got)
            answers.append(re.sub(r'(urlID|random|\w+Time)="[^"]*"', "", got))
            c.close()
        equal(answers[1], answers[0], name)


def test_who_logs_in_may_say_more(t):
    user = t.user()
    c = t.shared.connect()
    c.send('<login id="1" authData="%s" password="secret" tset="yes">'
           '<a/></login>' % user)
    check(c.receive().startswith('<session id="1" '), "logged in")
    match(c.receive(), response("1"))
