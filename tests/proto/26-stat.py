# SPDX-License-Identifier: BSD-2-Clause
"""Statistics: what each element counts, the commands that show and set them, and
that ximss-stat(7) has all of them."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile

from pwd_port import PWD, connect
from ximss import (HERE, Failed, alert, attr, check, ctl, ctl_environment,
                   ctl_program, equal, make_certificate, wait_until)

WRONG = '<response id="login" errorText="…" errorNum="…"/>'
PAGE = os.path.join(HERE, os.pardir, os.pardir, "doc", "man", "ximss-stat.7")


def count(server, name):
    return int(server.cli("GetStatElement " + name).strip('"'))


def table(server):
    return json.loads(ctl(server, "--json", "cli", "GetStatTable").stdout)


def grown(server, what, *names):
    """How much the elements have grown by what() does."""
    before = [count(server, n) for n in names]
    what()
    return [count(server, n) - b for n, b in zip(names, before)]


# --- the table ---

def test_page_has_all_rows(t):
    with open(PAGE, encoding="utf-8") as f:
        page = re.findall(r"^\.It Li (\w+)\n(\w+)(?:, (\w+))?: (.*)$",
                          f.read(), re.M)
    equal([(name, kind, unit, text) for name, kind, unit, text in page],
          [(name, row["Kind"], "" if row["Kind"] == "histogram"
            else row["Unit"], row["Help"])
           for name, row in table(t.shared).items()])


def test_order_and_case(t):
    admin = t.shared.admin()
    names, name = [], '""'
    while True:
        try:
            name = admin.cli("GetNextStatName " + name)
        except Failed:
            break
        names.append(name)
    elements = [name for name, row in table(t.shared).items()
                if row["Kind"] != "histogram"]
    equal(names, elements)
    equal(len({n.lower() for n in names}), len(names))
    equal(admin.cli("GetNextStatName CONNECTIONS"), "connectionsOpen")
    equal(admin.cli("GetStatElement UPTIME").isdigit(), True)
    equal(admin.cli_error("GetStatElement commitTime"), 501)


def test_what_is_not_known(t):
    server = t.server()
    for name in ("alertsOldest", "quotaAgeDict",
                 "certificateDays"):
        equal(count(server, name), -1, name)


# --- sessions and log-ins ---

def test_sessions_by_door(t):
    server = t.server(listen_pwd=PWD)
    joe = t.user(server=server)

    def figures():
        return {n: count(server, n) for n in (
            "connectionsOpen", "connectionsOpenTcp", "connectionsOpenLocal",
            "connectionsOpenPwd", "sessionsOpen", "sessionsOpenTcp",
            "sessionsOpenLocal", "sessionsOpenPwd", "sessionsLasting")}

    control = server.control()
    control.external()
    before = figures()
    c, waits = server.login(joe), server.connect()
    pwd = connect(server)
    wait_until(lambda: count(server, "connectionsOpenPwd")
               == before["connectionsOpenPwd"] + 1, "the PWD port")
    wait_until(lambda: count(server, "connectionsOpenTcp")
               == before["connectionsOpenTcp"] + 2, "it is accepted")
    after = figures()
    equal({n: after[n] - before[n] for n in after},
          {"connectionsOpen": 3, "connectionsOpenTcp": 2,
           "connectionsOpenLocal": 0, "connectionsOpenPwd": 1,
           "sessionsOpen": 1, "sessionsOpenTcp": 1, "sessionsOpenLocal": 0,
           "sessionsOpenPwd": 0, "sessionsLasting": 0})
    c.bye()
    waits.close()
    pwd.close()
    wait_until(lambda: figures() == before, "all are gone")


def test_most_connections(t):
    equal(count(t.server({"max_connections": 77}), "connectionsMost"), 77)


def test_log_ins_by_mechanism(t):
    server = t.server({"login_free_tries": 2, "login_delay": "30s"})
    joe = t.user(server=server)

    def good():
        for _ in range(2):
            server.login(joe)
        server.connect().scram(joe)

    equal(grown(server, good, "logins", "loginsClear", "loginsScram",
                "loginsPlain", "loginsByStore", "loginsByMemory",
                "loginCacheHits", "loginCacheMisses", "loginsByPam"),
          [3, 2, 1, 0, 2, 1, 1, 1, 0])
    equal(count(server, "loginCacheEntries"), 1)

    def wrong():
        for _ in range(3):
            server.connect().ask('<login id="login" userName="%s" '
                                 'authData="x"/>' % joe, WRONG)
        held = server.connect()
        held.send('<login id="login" userName="%s" authData="x"/>' % joe)
        wait_until(lambda: count(server, "loginsThrottled") == 1, "a wait")
        held.close()

    equal(grown(server, wrong, "loginsFailed", "loginsFailedClear",
                "loginsFailedByStore", "loginsThrottledClear",
                "loginsFailedScram"), [3, 3, 3, 1, 0])


# --- alerts ---

def test_alerts_by_scope(t):
    server = t.server()
    domain = t.domain(server)
    joe = t.user("joe", domain, server)
    c = server.login(joe, alertConfirm="yes")
    admin = server.admin()

    def posts():
        ids = [admin.post("s"), admin.post("d", "domain", target=domain),
               admin.post("a", "account", target=joe)]
        c.expect(alert("s"))
        c.expect(alert("d", "domain"))
        c.expect(alert("a", "account"))
        for id_ in ids + ids[:1]: # the last one is told twice
            c.ok('<alertConfirm id="c" alertID="%s"/>' % id_)
        admin.remove(ids[0])

    equal(grown(server, posts, "alertsPosted", "alertsPostedServer",
                "alertsPostedDomain", "alertsPostedAccount",
                "alertsPostedCluster", "alertsByTriggers",
                "alertsSent", "alertsSentServer", "alertsSentDomain",
                "alertsSentAccount", "alertsConfirmed",
                "alertsConfirmedServer", "alertsConfirmedDomain",
                "alertsConfirmedAccount", "alertsRemoved",
                "alertsRemovedServer", "alertsExpiredServer",
                "alertsActive", "alertsActiveServer", "alertsActiveDomain"),
          [3, 1, 1, 1, 0, 0, 3, 1, 1, 1, 3, 1, 1, 1, 1, 1, 0, 1, 0, 1])


def test_alerts_that_end(t):
    server = t.server()
    domain = t.domain(server)
    admin = server.admin()
    admin.post("d", "domain", target=domain, lifetime="1h")

    def ends():
        server.clock(3601)
        wait_until(lambda: count(server, "alertsActive") == 0, "its end")

    equal(grown(server, ends, "alertsExpiredDomain", "alertsRemovedDomain",
                "alertsRemoved"), [1, 0, 1])


def test_board(t):
    server = t.server()
    domain = t.domain(server)
    admin = server.admin()
    old = admin.post("old", "domain", target=domain)
    server.clock(1000)
    admin = server.admin()
    admin.post("new")
    check(1000 <= count(server, "alertsOldest") < 1600, "its age")
    server.restart()
    equal(count(server, "alertsActive"), 2)
    server.admin().remove(old)
    check(count(server, "alertsOldest") < 600, "the age of the other")
    server.admin().post("more", "domain", target=domain)
    server.cli("DeleteDomain %s FORCE" % domain)
    wait_until(lambda: count(server, "alertsActiveDomain") == 0, "no domain")
    equal(count(server, "alertsActiveServer"), 1)


def test_push_time(t):
    server = t.server()
    c = server.login(t.user(server=server))
    before = table(server)["pushTime"]["Count"]
    server.admin().post("now")
    c.expect(alert("now"))
    wait_until(lambda: table(server)["pushTime"]["Count"] == before + 1,
               "a push")
    times = table(server)["pushTime"]
    equal(times["UpTo"], sorted(times["UpTo"]))
    check(times["UpTo"][-1] <= times["Count"], times)


def test_sessions_that_do_not_read(t):
    server = t.server({"output_hard": "64k", "output_soft": "16k",
                       "account_output": "64k",
                       "max_account_alerts": 5000})
    joe = t.user(server=server)
    c = server.login(joe)
    c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    admin, more, waits = server.admin(), "x" * 4000, False
    for i in range(5000):
        admin.post(more, "account", target=joe)
        waits = waits or count(server, "outputWaiting") > 0
        if count(server, "sessionsCut") == 1:
            check(waits, "its output waited before")
            return
    raise Failed("it was not cut")


# --- store, disk, certificate ---

def test_store(t):
    server = t.server()
    wait_until(lambda: count(server, "diskFree") > 0, "a sample")
    for name in ("diskSize", "logBytes", "pageCacheHits"):
        check(count(server, name) > 0, name)
    equal(count(server, "storeFull"), 0)

    def change():
        server.cli("CreateAccount joe@%s {}" % t.domain(server))

    jobs, commits = grown(server, change, "storeJobs", "storeCommits")
    check(2 <= commits <= jobs, (jobs, commits))
    check(table(server)["commitTime"]["Count"] > 0, "commits that write")
    check(count(server, "storeQueue") >= 0, "the queue")


def test_certificate(t):
    with tempfile.TemporaryDirectory() as directory:
        cert, key = make_certificate(directory)
        server = t.server({"tls_certificate": cert, "tls_key": key})
        end = subprocess.run(
            ["openssl", "x509", "-in", cert, "-noout", "-enddate"],
            stdout=subprocess.PIPE, check=True, text=True).stdout
        days = count(server, "certificateDays")
        check(days > 0, end)
        server.clock(86400)
        equal(count(server, "certificateDays"), days - 1)
        server.clock((days + 1) * 86400)
        equal(count(server, "certificateDays"), 0)


# --- quota ---

def test_quota_reports_by_source(t):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "dict")
        server = t.server({"quota_dict_socket": path})
        joe = t.user(server=server)
        equal(count(server, "quotaAgeDict"), -1)
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            s.sendall(("H3\t2\t0\t\tquota\nB1\t%s\n"
                       "S1\tpriv/quota/storage\t5000\nC1\n"
                       % joe).encode())
            equal(s.recv(100), b"O1\n")
            wait_until(lambda: count(server, "quotaReportsDict") == 1,
                       "a report")
        equal(count(server, "quotaReports"), 1)
        equal(count(server, "quotaDictConnections"), 1)
        equal(count(server, "quotaQueue"), 0)
        check(0 <= count(server, "quotaAgeDict") < 600, "young")
        server.clock(7200)
        check(7200 <= count(server, "quotaAgeDict") < 7800, "old")


def test_quota_source_that_is_away(t):
    with tempfile.TemporaryDirectory() as directory:
        key = os.path.join(directory, "key")
        with open(key, "w", encoding="utf-8") as f:
            f.write("x")
        os.chmod(key, 0o600)
        with socket.socket() as closed: # nobody listens there
            closed.bind(("127.0.0.1", 0))
            server = t.server({
                "quota_doveadm_url": "http://127.0.0.1:%d/doveadm/v1"
                                     % closed.getsockname()[1],
                "quota_doveadm_key_file": key}, start=False)
            server.expected_errors.append("quota: asking Dovecot")
            server.start()
            t.user(server=server)
            server.cli("RefreshStorageUsed")
            wait_until(lambda: count(server, "quotaDoveadmUp") == 0, "away")


# --- setting ---

def test_set(t):
    server = t.server()
    admin = server.admin()
    postmaster = admin.cli
    postmaster("SetStatElement CLICommands 0")
    equal(count(server, "cliCommands") < 10, True)
    postmaster("SetStatElement alertsPosted SET 1000")
    equal(count(server, "alertsPosted"), 1000)
    postmaster("SetStatElement alertsPosted INC 11")
    server.admin().post("one more")
    equal(count(server, "alertsPosted"), 1012)
    equal(count(server, "alertsPostedServer"), 1)
    for line in ("sessionsOpen 1", "nothing 1", "alertsPosted",
                 "alertsPosted -1", "alertsPosted x", "pageCacheHits 1"):
        equal(admin.cli_error("SetStatElement " + line), 501, line)
    equal(count(server, "alertsPosted"), 1012)


def test_set_is_for_masters(t):
    server = t.server()
    domain = t.domain(server)
    admin = t.user("admin", domain, server, rights=("BasicSettings",))
    c = server.login(admin)
    before = count(server, "alertsPosted")
    equal(c.cli_error("SetStatElement alertsPosted 5"), 510)
    equal(c.cli_error("GetStatTable"), 510)
    equal(count(server, "alertsPosted"), before)


# --- ximssctl ---

def test_ctl_stat(t):
    server = t.server()
    flat = json.loads(ctl(server, "--json", "server", "stat").stdout)
    equal(list(flat), list(table(server)))
    equal(flat["alertsPosted"], 0)
    equal(flat["alertsOldest"], None)
    equal(sorted(flat["commitTime"]), ["count", "sum", "upTo"])
    equal(ctl(server, "server", "stat", "ALERTSposted").stdout, "0\n")
    equal(ctl(server, "server", "stat", "alertsPosted",
              "alertsOldest").stdout,
          "alertsPosted  0  Alerts that were posted\n"
          "alertsOldest  -  Since the oldest active alert to many was posted "
          "(seconds)\n")
    done = ctl(server, "server", "stat", "rain")
    equal((done.returncode, done.stderr),
          (1, "ximssctl: unknown element (501)\n"))


def test_ctl_watch(t):
    server = t.server()
    p = subprocess.Popen([ctl_program(), "server", "stat", "--watch", "1",
                                          "alertsPosted", "sessionsOpen"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True, env=ctl_environment(server))
    equal(p.stdout.readline(), "alertsPosted  0    Alerts that were posted\n")
    check(p.stdout.readline().startswith("sessionsOpen  "), "sessions")
    for _ in range(7):
        server.admin().post("x")
    second = p.stdout.readline()
    check(re.fullmatch(r"alertsPosted  [1-7]  \d+\.\d/s  Alerts that were "
                       r"posted\n", second), second)
    check("/s" not in p.stdout.readline(), "what is now has no rate")
    p.send_signal(signal.SIGINT)
    rest, complaints = p.communicate(timeout=60)
    equal((complaints, "\033" in rest), ("", False))
