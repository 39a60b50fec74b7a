# SPDX-License-Identifier: BSD-2-Clause
"""Who may post where, and who gets it: administrators x scopes x users, on
the wire."""

import os

from ximss import (MAIN, MASTER_PASSWORD, alert, attr, check, equal, failure,
                   post_request, response)


class World:
    """Two domains beside the main one, with users and administrators."""

    USERS = ("joe@a.test", "ann@a.test", "bob@b.test", "sue@" + MAIN)
    ADMINS = {
        "socket": None,
        "postmaster@" + MAIN: None,
        "all@" + MAIN: ("All Domains",),
        "monitor@" + MAIN: ("Can Monitor",),
        "settings@" + MAIN: ("Server Settings",),
        "post@a.test": ("CanPostAlerts",),
        "basic@a.test": ("BasicSettings", "CanCreateAccounts"),
        "joe@a.test": (),
    }
    EVERYTHING = ("server", "domain a.test", "domain b.test",
                  "domain " + MAIN, "account joe@a.test",
                  "account ann@a.test", "account bob@b.test",
                  "account sue@" + MAIN)
    MAY_POST = {
        "socket": EVERYTHING,
        "postmaster@" + MAIN: EVERYTHING,
        "all@" + MAIN: EVERYTHING,
        "monitor@" + MAIN: (),
        "settings@" + MAIN: (),
        "post@a.test": ("domain a.test", "account joe@a.test",
                        "account ann@a.test"),
        "basic@a.test": (),
        "joe@a.test": (),
    }
    # Without author, origin and key.
    MAY_LIST = {
        "monitor@" + MAIN: EVERYTHING,
        "post@a.test": ("server",),
    }
    AUDIENCE = {
        "server": USERS,
        "domain a.test": ("joe@a.test", "ann@a.test"),
        "domain b.test": ("bob@b.test",),
        "domain " + MAIN: ("sue@" + MAIN,),
        "account joe@a.test": ("joe@a.test",),
        "account ann@a.test": ("ann@a.test",),
        "account bob@b.test": ("bob@b.test",),
        "account sue@" + MAIN: ("sue@" + MAIN,),
    }

    def __init__(self, t):
        self.server = server = t.server()
        server.domain("a.test")
        server.domain("b.test")
        for user in self.USERS:
            server.account(user)
        for name, rights in self.ADMINS.items():
            if rights is not None and name not in self.USERS:
                server.account(name, rights=rights)
        self.admins = {name: self.admin(name) for name in self.ADMINS}

    def admin(self, name):
        if name == "socket":
            return self.server.admin()
        c = self.server.connect("admin " + name)
        c.login(name, MASTER_PASSWORD if name.startswith("postmaster")
                else "secret", alerts="no")
        return c

    def may_list(self, admin, target):
        return target in self.MAY_POST[admin] \
            or target in self.MAY_LIST.get(admin, ())

    def connect_users(self):
        return {user: self.server.login(user) for user in self.USERS}


def split(target):
    """("domain", {"target": "a.test"}) for "domain a.test"."""
    scope, _, name = target.partition(" ")
    return scope, ({"target": name} if name else {})


def test_table(t):
    """Every administrator posts to everything; every user listens."""
    world = World(t)
    users = world.connect_users()
    for admin, c in world.admins.items():
        for target in world.EVERYTHING:
            text = "from %s to %s" % (admin, target)
            scope, more = split(target)
            c.send(post_request("p", text, scope, **more))
            got = c.until_response("p")
            allowed = target in world.MAY_POST[admin]
            if allowed:
                equal(got[-1], response("p"), text)
                equal(attr(got[0], "sessions"),
                      str(len(world.AUDIENCE[target])), text)
            else:
                equal(attr(got[-1], "errorNum"), "510", text)
            for user, u in users.items():
                if allowed and user in world.AUDIENCE[target]:
                    u.expect(alert(text, scope))
    for user, u in users.items():
        u.quiet()
        heard = b"".join(d for who, d in u.transcript if who == "S").decode()
        for target, audience in world.AUDIENCE.items():
            if user not in audience:
                check("to " + target + "<" not in heard,
                      "%s heard of %s" % (user, target))


def test_table_for_those_who_come_later(t):
    world = World(t)
    sent = []
    for admin, c in world.admins.items():
        for target in world.MAY_POST[admin]:
            text = "from %s to %s" % (admin, target)
            scope, more = split(target)
            c.post(text, scope, **more)
            sent.append((target, scope, text))
    for user in world.USERS:
        u = world.server.login(user)
        u.expect(*[alert(text, scope) for target, scope, text in sent
                   if user in world.AUDIENCE[target]])
        u.quiet()


def test_table_of_removals(t):
    world = World(t)
    master = world.server.admin()
    for target in world.EVERYTHING:
        scope, more = split(target)
        for admin, c in world.admins.items():
            id_ = master.post("x", scope, **more)
            request = '<alertRemove id="r" alertID="%s"/>' % id_
            if target in world.MAY_POST[admin]:
                c.ask(request, response("r"))
                c.ask(request, failure("r", 514, "no such alert"))
            else:
                c.ask(request, failure("r", 514, "no such alert"))
                master.remove(id_)


def test_table_of_listings(t):
    world = World(t)
    master = world.server.admin()
    for target in world.EVERYTHING:
        scope, more = split(target)
        id_ = master.post("in " + target, scope, **more)
        attributes = "".join(' %s="%s"' % (k, v) for k, v in more.items())
        for admin, c in world.admins.items():
            may_see = world.may_list(admin, target)
            c.send('<alertList id="l" scope="%s"%s/>' % (scope, attributes))
            got = c.until_response("l")
            if may_see:
                equal(got[-1], response("l"), admin + " lists " + target)
                equal([attr(g, "alertID") for g in got[:-1]], [id_])
                shows = attr(got[0], "author") is not None
                equal(shows, target in world.MAY_POST[admin],
                      "author shown to %s" % admin)
            else:
                equal((len(got), attr(got[-1], "errorNum")), (1, "510"),
                      admin + " lists " + target)
        master.remove(id_)


def test_table_of_watches(t):
    world = World(t)
    master = world.server.admin()
    watching = {target: [] for target in world.EVERYTHING}
    for target in world.EVERYTHING:
        scope, more = split(target)
        attributes = "".join(' %s="%s"' % (k, v) for k, v in more.items())
        for admin, c in world.admins.items():
            may = world.may_list(admin, target)
            c.send('<alertWatch id="w" scope="%s"%s/>' % (scope, attributes))
            got = c.until_response("w")[-1]
            if may:
                equal(got, response("w"), admin + " watches " + target)
                watching[target].append(admin)
            else:
                equal(attr(got, "errorNum"), "510", admin + " " + target)
    for target in world.EVERYTHING:
        scope, more = split(target)
        id_ = master.post("seen in " + target, scope, **more)
        reported = [p for p in master.pushed + master.flush()
                    if "seen in" in p]
        equal(len(reported), 1, "the poster watches too")
        for admin in watching[target]:
            if admin != "socket":
                got = world.admins[admin].receive()
                check(got.startswith('<alertReport alertID="%s" ' % id_), got)
    for c in world.admins.values():
        c.quiet()


def test_cluster_alerts_reach_no_local_domain(t):
    world = World(t)
    users = world.connect_users()
    for admin, c in world.admins.items():
        c.send(post_request("p", "cluster-wide", "cluster"))
        got = c.until_response("p")[-1]
        if world.MAY_POST[admin] != world.EVERYTHING:
            equal(attr(got, "errorNum"), "510", admin)
    for u in users.values():
        u.quiet()
    for user in world.USERS:
        world.server.login(user).quiet()


def test_targets_that_do_not_exist(t):
    domain = t.domain()
    c = t.shared.admin()
    for scope, target, number in (
            ("domain", "nowhere.test", 512),
            ("account", "nobody@" + domain, 513),
            ("account", "joe@nowhere.test", 512),
            ("account", "", 501), ("domain", "", 501)):
        c.send(post_request("p", "x", scope, target=target))
        got = c.until_response("p")[-1]
        check(attr(got, "errorNum") in (str(number), "501", "513"),
              "%s %s: %s" % (scope, target, got))


def test_domain_administrator_learns_nothing_of_other_domains(t):
    """The same answer for what is there and what is not."""
    a, b = t.domain(), t.domain()
    t.user("bob", b)
    admin = t.shared.login(t.user("post", a, rights=("CanPostAlerts",)))
    answers = set()
    for target in ("bob@" + b, "nobody@" + b, "x@nowhere.test"):
        admin.send(post_request("p", "x", "account", target=target))
        answers.add(admin.receive())
    equal(len(answers), 1, str(answers))


def test_rights_change_at_once(t):
    domain = t.domain()
    user = t.user("post", domain)
    admin = t.shared.login(user, alerts="no")
    request = post_request("p", "x", "domain", target=domain)
    admin.ask(request, failure("p", 510))
    t.shared.cli("SetAccountRights %s (CanPostAlerts)" % user)
    admin.ok(request)
    t.shared.cli("SetAccountRights %s ()" % user)
    admin.ask(request, failure("p", 510))


def test_author_is_in_the_audience(t):
    domain = t.domain()
    admin = t.shared.login(t.user("post", domain, rights=("CanPostAlerts",)))
    admin.send(post_request("p", "to myself too", "domain", target=domain),
               '<noop id="n"/>')
    got = admin.until_response("n")
    equal(sum(g.startswith("<alert ") for g in got), 1, str(got))
    admin.quiet()


def test_account_that_moves_to_another_domain(t):
    a, b = t.domain(), t.domain()
    joe = t.user("joe", a)
    t.shared.admin().post("of a", "domain", target=a)
    t.shared.admin().post("of b", "domain", target=b)
    t.shared.cli("RenameAccount %s INTO joe@%s" % (joe, b))
    c = t.shared.login("joe@" + b)
    c.expect(alert("of b", "domain"))
    c.quiet()


def test_account_that_moves_while_it_is_connected(t):
    a, b = t.domain(), t.domain()
    joe = t.user("joe", a)
    c = t.shared.login(joe)
    t.shared.cli("RenameAccount %s INTO joe@%s" % (joe, b))
    c.expect("<bye/>")
    c.expect_closed()
    again = t.shared.login("joe@" + b)
    t.shared.admin().post("of a", "domain", target=a)
    t.shared.admin().post("of b", "domain", target=b)
    again.expect(alert("of b", "domain"))
    again.quiet()


def test_renamed_domain_keeps_its_alerts(t):
    a = t.domain()
    t.user("joe", a)
    t.shared.admin().post("stays", "domain", target=a)
    t.shared.cli("RenameDomain %s INTO new-%s" % (a, a))
    c = t.shared.login("joe@new-" + a)
    c.expect(alert("stays", "domain"))
    c.quiet()


def test_domain_made_anew_is_another(t):
    a = t.domain()
    joe = t.user("joe", a)
    t.shared.admin().post("of the first", "domain", target=a)
    t.shared.admin().post("of the first", "account", target=joe)
    t.shared.cli("DeleteDomain %s FORCE" % a)
    t.shared.domain(a)
    t.user("joe", a)
    t.shared.login(joe).quiet()


def test_new_account_is_shown_what_is_active(t):
    domain = t.domain()
    admin = t.shared.admin()
    first = admin.post("one", "domain", target=domain)
    admin.post("two", "domain", target=domain)
    admin.remove(first)
    c = t.shared.login(t.user("joe", domain))
    c.expect(alert("two", "domain"))
    c.quiet()


def test_alerts_cost_nothing_per_account(t):
    """A server-wide alert is one record, however many accounts there are."""
    server = t.server()
    server.accounts("u%d@%s" % (i, MAIN) for i in range(2000))

    def size():
        return sum(os.path.getsize(os.path.join(root, f))
                   for root, _, files in os.walk(server.store) for f in files
                   if f.endswith(".db"))
    server.restart()
    before = size()
    admin = server.admin()
    admin.send(*[post_request("p%d" % i, "x" * 100) for i in range(500)])
    for i in range(500):
        admin.until_response("p%d" % i)
    server.stop()
    check(size() - before < 1024 * 1024, "grew by %d" % (size() - before))
