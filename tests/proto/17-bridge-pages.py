# SPDX-License-Identifier: BSD-2-Clause
"""What the bridge does for the pages: the site's name in them, and whether
ximssd is there."""

import os
import signal

from bridge import bridge, check_reply, event
from ximss import check, equal, response

NOOP = '<noop id="1"/>'
AWAY = (None, "away", "<away/>")
RESUMED = (None, "resumed", "<resumed/>")


# --- the site ---

def pages(t, **files):
    directory = os.path.join(t.shared.dir, "site")
    os.makedirs(directory, exist_ok=True)
    for name, text in files.items():
        with open(os.path.join(directory, name.replace("_", ".")), "w",
                  encoding="utf-8") as f:
            f.write(text)
    return directory


PAGE = ("{{site-logo}}<h1>{{site-name}}</h1>"
        '<meta content="{{organisation}}">{{other}} {{ {{site-name}}')


def test_the_sites_name_stands_in_pages(t):
    directory = pages(t, index_html=PAGE, a_js=PAGE)
    b = bridge(t, pages=directory)
    check_reply("default", b.ask("GET", "/"), 200,
                '<h1>Alerts</h1><meta content="">{{other}} {{ Alerts')
    b.reload(site_name='<b>\\"Ünï\\" & Co',
             organisation="{{site-name}}\\\"'>")
    check_reply("escaped", b.ask("GET", "/"), 200,
                "<h1>&lt;b&gt;&quot;Ünï&quot; &amp; Co</h1>"
                "<meta content=\"{{site-name}}&quot;'&gt;\">"
                "{{other}} {{ &lt;b&gt;&quot;Ünï&quot; &amp; Co")
    check_reply("a script is no page", b.ask("GET", "/pages/a.js"), 200, PAGE)


def test_a_page_that_changes_by_its_name_is_another(t):
    b = bridge(t, pages=pages(t, index_html=PAGE))
    etag = b.ask("GET", "/").header("ETag")
    known = [("If-None-Match", etag)]
    equal(b.connect().ask("GET", "/", headers=known).status, 304)
    b.reload(site_name="New")
    equal(b.connect().ask("GET", "/", headers=known).status, 200)


def test_logo(t):
    directory = pages(t, index_html="{{site-logo}}", l_svg="<svg/>",
                      l_png="png", l_txt="text", l_html="<p>")
    b = bridge(t, pages=directory)
    check_reply("none", b.ask("GET", "/"), 200, "")
    equal(b.ask("GET", "/pages/site-logo").status, 404)
    for ending, kind, text in (("svg", "image/svg+xml", "<svg/>"),
                               ("png", "image/png", "png")):
        b.reload(site_logo=os.path.join(directory, "l." + ending))
        check_reply("page", b.ask("GET", "/"), 200,
                    '<img class="logo" src="/pages/site-logo" alt="">')
        reply = b.ask("GET", "/pages/site-logo")
        check_reply(ending, reply, 200, text)
        equal(reply.header("Content-Type"), kind)
    for name, reason in (("l.txt", "must end in .svg"),
                         ("l.html", "must end in .svg"),
                         ("none.png", "site-logo: .*: No such file")):
        line = b.reload(site_logo=os.path.join(directory, name))
        check("not reloaded" in line, line)
        b.wait_log(reason)
        equal(b.ask("GET", "/pages/site-logo").status, 200)


def test_limits_of_the_names(t):
    b = bridge(t, pages=pages(t, index_html=PAGE))
    for key, most in (("site_name", 80), ("organisation", 200)):
        check("not reloaded" not in b.reload(**{key: "x" * most}), key)
        check("x" * most in b.ask("GET", "/").text, key)
        line = b.reload(**{key: "x" * (most + 1)})
        check("not reloaded" in line and "bytes" in line, line)
        b.options[key] = "x"
    line = b.reload(site_name="")
    check("it takes a text of 1 to 80 bytes" in line, line)


# --- ximssd is away ---

def own(t, **options):
    server = t.server({"trusted_addresses": ["127.0.0.1"]},
                      listen="127.0.0.1:0")
    server.listen = ["127.0.0.1:%d" % server.ports()[0][1]]
    user = server.account("joe@" + server.domain("one.test"))
    return server, bridge(t, server, **options), user


def test_streams_are_told_at_once_that_it_is_away_and_back(t):
    server, b, user = own(t)
    s = b.login(user)
    stream = s.stream()
    server.kill()
    equal(event(stream), AWAY)
    late = s.stream()
    equal(event(late), AWAY, "a stream that begins meanwhile")
    b.wait_log("ximssd cannot be reached: web sessions wait for it")
    server.start()
    for one in (stream, late):
        equal(event(one), RESUMED)
    s.sync(NOOP, expected=[response("1")])
    b.wait_log("ximssd is back")


def test_all_sessions_are_told_and_come_back_each_time(t):
    server, b, user = own(t)
    streams = [b.login(user).stream() for _ in range(5)]
    for end in (server.kill, server.stop, server.kill):
        end()
        for stream in streams:
            equal(event(stream), AWAY)
        server.start()
        for stream in streams:
            equal(event(stream), RESUMED)


def test_a_session_that_is_ended_alone_is_not_away(t):
    _, b, user = own(t)
    s = b.login(user)
    stream = s.stream()
    b.server.cli("KillAccountSessions " + user)
    equal(event(stream)[1], "bye")


def test_a_server_that_does_not_answer_is_away(t):
    server, b, user = own(t, answer_timeout="100ms")
    s = b.login(user)
    stream = s.stream()
    server.freeze()
    try:
        client = b.connect()
        client.send("POST", s.path + "sync", "<XIMSS>%s</XIMSS>" % NOOP)
        equal(event(stream), AWAY)
    finally:
        server.signal(signal.SIGCONT)
    equal(event(stream), RESUMED)
    client.expect(200, "<XIMSS>%s</XIMSS>\r\n" % response("1"))
