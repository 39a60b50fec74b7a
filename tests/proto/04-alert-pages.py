# SPDX-License-Identifier: BSD-2-Clause
"""alertList page by page: order, filters, and what one request may cost."""

from ximss import attr, body, check, equal, failure


def listed(c, **attributes):
    """The texts of a page, how many there are in all, where it goes on."""
    got = c.ok('<alertList id="p"%s/>' % "".join(
        ' %s="%s"' % item for item in attributes.items()))
    end = [g for g in got if g.startswith("<alertListed ")]
    equal(len(end), 1)
    check(got.index(end[0]) == len(got) - 1, got)
    return ([body(g) for g in got if g.startswith("<alertReport ")],
            attr(end[0], "total"), attr(end[0], "next"))


def walk(c, way, **attributes):
    """All pages one behind the other; texts and numbers of requests."""
    texts, asked, at = [], 0, {}
    while True:
        page, _, next_ = listed(c, **{**attributes, **at})
        asked += 1
        texts += page
        if next_ is None:
            return texts, asked
        at = {way: next_}


def place(t, scope, n):
    """A place with alerts "0", "1", … of which every third is critical and
    every second has an end; its attributes and ids."""
    domain = t.domain()
    target = domain if scope == "domain" else t.user("joe", domain)
    admin = t.shared.admin()
    ids = []
    for i in range(n):
        more = {"until": "20991201T060000Z"} if i % 2 == 0 else {}
        ids.append(admin.post(str(i), scope, target=target, severity=(
            "critical" if i % 3 == 0 else "info"), **more))
    return {"scope": scope, "target": target}, ids


def names(*numbers):
    return [str(n) for n in numbers]


def test_pages_newest_first_and_oldest_first(t):
    for scope in ("domain", "account"):
        where, ids = place(t, scope, 7)
        c = t.shared.admin()
        equal(listed(c, **where, limit=3), (names(6, 5, 4), "7", ids[4]))
        equal(listed(c, **where, limit=3, before=ids[4]),
              (names(3, 2, 1), "7", ids[1]))
        equal(listed(c, **where, limit=3, before=ids[1]),
              (names(0), "7", None))
        # a page that just fits is the last one
        equal(listed(c, **where, limit=7), (names(*range(6, -1, -1)), "7",
                                            None))
        equal(listed(c, **where, limit=3, after=0), (names(0, 1, 2), "7",
                                                     ids[2]))
        equal(listed(c, **where, limit=4, after=ids[2]),
              (names(3, 4, 5, 6), "7", None))
        # of ids that are not there, or beyond all
        equal(listed(c, **where, before=0), ([], "7", None))
        equal(listed(c, **where, before=ids[0]), ([], "7", None))
        equal(listed(c, **where, after=ids[6]), ([], "7", None))
        most = 2 ** 64 - 1
        equal(listed(c, **where, after=most), ([], "7", None))
        equal(listed(c, **where, before=most, limit=1),
              (names(6), "7", ids[6]))
        c.remove(ids[3])
        equal(listed(c, **where, limit=1, before=ids[4]),
              (names(2), "6", ids[2]))


def test_neighbours_are_not_on_it(t):
    """Sets lie beside each other in the store."""
    domain = t.domain()
    users = [t.user("u%d" % i, domain) for i in range(3)]
    admin = t.shared.admin()
    for user in users:
        admin.post("for " + user, "account", target=user)
    for user in users:
        for at in ({"limit": 5}, {"after": 0}):
            equal(listed(admin, scope="account", target=user, **at),
                  (["for " + user], "1", None))
    none = t.user("none", domain)
    equal(listed(admin, scope="account", target=none, limit=5),
          ([], "0", None))
    equal(listed(admin, scope="domain", target=domain, limit=5),
          ([], "0", None))


def test_filters(t):
    for scope in ("domain", "account"):
        where, _ = place(t, scope, 7)
        c = t.shared.admin()
        for attributes, wanted in (
                ({"severity": "critical"}, (6, 3, 0)),
                ({"severity": "info,critical"}, (6, 5, 4, 3, 2, 1, 0)),
                ({"severity": "warning"}, ()),
                ({"ends": "yes"}, (6, 4, 2, 0)),
                ({"ends": "no"}, (5, 3, 1)),
                ({"endsBefore": "20991201T060001Z"}, (6, 4, 2, 0)),
                ({"endsBefore": "20991201T060000Z"}, ()),
                ({"text": "4"}, (4,)),
                ({"text": ""}, (6, 5, 4, 3, 2, 1, 0)),
                ({"author": "LOCAL:"}, (6, 5, 4, 3, 2, 1, 0)),
                ({"author": "somebody"}, ()),
                ({"severity": "critical", "ends": "yes"}, (6, 0))):
            equal(listed(c, **where, **attributes),
                  (names(*wanted), "7", None), attributes)
            up = listed(c, **where, **attributes, after=0)[0]
            equal(up, names(*reversed(wanted)), attributes)


def test_search_in_texts(t):
    domain = t.domain()
    admin = t.shared.admin()
    for text in ("Die Straße ist zu", "STRASSE frei", "two\nlines", "a<b&c"):
        admin.post(text, "domain", target=domain)
    for pattern, wanted in (("strasse", 2), ("STRAßE", 2), ("ZU", 1),
                            ("two&#10;lines", 1), ("&lt;b&amp;", 1),
                            ("nothing", 0)):
        equal(len(listed(admin, scope="domain", target=domain,
                         text=pattern)[0]), wanted, pattern)


def test_without_any_of_it_the_list_is_whole(t):
    where, ids = place(t, "domain", 3)
    got = t.shared.admin().ok('<alertList id="p" scope="domain" target="%s"/>'
                              % where["target"])
    equal([attr(g, "alertID") for g in got], ids)


def test_wrong_arguments(t):
    domain = t.domain()
    admin = t.shared.admin()
    for wrong in ('limit="0"', 'limit="1001"', 'limit="-1"', 'limit="x"',
                  'limit=""', 'before="x"', 'after=""', 'before="1" after="1"',
                  'severity=""', 'severity="bad"', 'severity="info,"',
                  'severity="info critical"', 'ends="maybe"',
                  'endsBefore="tomorrow"',
                  'ends="no" endsBefore="20991201T060000Z"',
                  'text="%s"' % ("x" * 201), 'author="%s"' % ("x" * 201)):
        for where in (' scope="domain" target="%s"' % domain, ""):
            admin.ask('<alertList id="1"%s %s/>' % (where, wrong),
                      failure("1", 501))
    for right in ('limit="1000"', 'limit="1"', 'text="%s"' % ("x" * 200)):
        admin.ok('<alertList id="1" scope="domain" target="%s" %s/>'
                 % (domain, right))


def test_own_alerts_by_pages(t):
    domain = t.domain()
    user = t.user("joe", domain)
    c = t.shared.login(user)
    admin = t.shared.admin()
    ids = [admin.post("d%d" % i, "domain", target=domain) for i in range(5)]
    c.flush()
    c.ok('<alertDismiss id="d" alertID="%s"/>' % ids[3])
    equal(listed(c, limit=2), (["d4", "d2"], None, ids[2]))
    equal(listed(c, limit=2, before=ids[2]), (["d1", "d0"], None, None))
    equal(listed(c, limit=3, after=0), (["d0", "d1", "d2"], None, ids[2]))
    equal(listed(c, limit=3, after=ids[2]), (["d4"], None, None))
    # who wrote it is not his to know
    equal(listed(c, author="admin")[0], [])
    equal(listed(c, text="D1")[0], ["d1"])


def test_only_who_sees_authors_finds_by_them(t):
    domain = t.domain()
    admin = t.shared.admin()
    id_ = admin.post("of the server", "server")
    poster = t.shared.login(t.user("post", domain, rights=("CanPostAlerts",)),
                            alerts="no")
    poster.post("his own", "domain", target=domain)
    equal(listed(poster, scope="domain", target=domain, author="post@")[0],
          ["his own"])
    check("of the server" in listed(poster, scope="server", limit=1)[0], "listed")
    equal(listed(poster, scope="server", author="a")[0], [])
    admin.remove(id_)


def test_rights_are_those_of_the_list(t):
    c = t.shared.login(t.user())
    c.ask('<alertList id="1" scope="server" limit="1"/>', failure("1", 510))
    c.ask('<alertList id="1" scope="domain" target="nowhere.test" limit="1"/>',
          failure("1", 510))


def test_a_page_looks_at_so_much(t):
    """However little it finds; and at one alert at least."""
    server = t.server({"list_page": 4, "list_look": 4096})
    c = server.admin()
    server.domain("a.test")
    joe = server.account("joe@a.test")
    for scope, target in (("domain", "a.test"), ("account", joe)):
        where = {"scope": scope, "target": target}
        c.ask('<alertList id="1" scope="server" limit="5"/>',
              failure("1", 501))
        for i in range(8):
            c.post("%d %s" % (i, "x" * 1200), scope, target=target)
        c.post("y" * 4096, scope, target=target)
        # three short ones at a time, the long one alone
        for way, start in (("before", {}), ("after", {"after": 0})):
            texts, asked = walk(c, way, **where, **start, text="Y")
            equal((len(texts), asked), (1, 4))
            texts, asked = walk(c, way, **where, **start, limit=4)
            equal((len(texts), asked), (9, 4))
            texts, asked = walk(c, way, **where, **start, limit=2)
            equal(len(texts), 9)
            equal(sorted(set(texts)), sorted(texts))
    texts, asked = walk(server.login(joe, alerts="no"), "before", limit=4)
    equal((len(texts), asked), (18, 8))


def test_a_search_beyond_ascii_looks_at_less(t):
    """To fold such letters takes longer: so much less of them is a look."""
    server = t.server({"list_look": 8192})
    c = server.admin()
    server.domain("a.test")
    for text, asked in (("x" * 200, 1), ("\u0436" * 100, 3)):
        for _ in range(5):
            c.post(text, "domain", target="a.test")
        where = {"scope": "domain", "target": "a.test"}
        equal(walk(c, "before", **where, limit=50)[1], 1)
        equal(walk(c, "before", **where, text="zz"), ([], asked))
