# SPDX-License-Identifier: BSD-2-Clause
"""What old clients write: the short names of commands, addresses in brackets
and with ports, and PATH where there is none here."""

import os
import re

from pwd_port import PWD, log_in
from ximss import HERE, MAIN, PASSWORD, check, equal


def audit_of(server):
    """What the audit log holds; the server is stopped for it."""
    server.stop()
    with open(os.path.join(server.store, "db", "audit.db"), "rb") as f:
        return f.read().decode("latin-1")


def test_a_day_by_short_names(t):
    """Each of them, as such a client writes its lines, against the full
    names."""
    server = t.server(listen_pwd=PWD)
    c = log_in(server)
    short = log_in(server)
    short.do("CRDMN old.test {AutoSignup = NO;}")
    short.do("UPDDMN old.test {AutoSignup = YES;}")
    equal(short.do("GTDMN old.test"), {"AutoSignup": "YES"})
    short.do("STDMNALS old.test (older.test)")
    equal(short.do("GTDMNALS old.test"), ["older.test"])
    equal(short.do("LSTDMN"), c.do("ListDomains"))
    joe = "joe@old.test"
    short.do('CRACNT %s MultiMailbox {Password = "%s";}' % (joe, PASSWORD))
    equal(short.do("LSTACNT old.test"), {"joe": "macnt"})
    short.do('UPDACNT %s {RealName = "Joe";}' % joe)
    equal(short.do("GTACNT " + joe)["RealName"], "Joe")
    short.do('STACNT %s {RealName = "Joe X.";}' % joe)
    equal(c.do("GetAccountSettings " + joe)["RealName"], "Joe X.")
    short.do("STACNTALS %s (joseph)" % joe)
    equal(short.do("GTACNTALS " + joe), ["joseph"])
    short.do("STACNTRGHT %s (CanPostAlerts)" % joe)
    equal(short.do("GTACNTRGHT " + joe), ["CanPostAlerts"])
    equal(short.do("GTACNTINF %s Key StorageUsed" % joe), "0")
    equal(short.do("LSTMBX %s FILTER \"INBOX*\"" % joe), {})
    equal(short.do("GTACNTRL " + joe), [])
    short.do("STACNTRL %s ()" % joe)
    for name, full, value in (
            ("ACNDFL old.test", "AccountDefaults old.test", "50M"),
            ("ACNTMP old.test", "AccountTemplate old.test", "60M"),
            ("DMNDFL", "DomainDefaults", "70"),
            ("ALACNDFL", "ServerAccountDefaults", "80M")):
        short.do("UPD%s {MaxAccountSize=%s;}" % (name, value))
        equal(short.do("GT" + name), {"MaxAccountSize": value}, name)
        equal(c.do("Get" + full), {"MaxAccountSize": value}, full)
        short.do("ST%s {}" % name)
        equal(c.do("Get" + full), {}, full)
    short.do("STWUSR %s {Language = de;}" % joe)
    equal(short.do("GTWUSR " + joe), {"Language": "de"})
    equal(short.do("GTWUSRDFL old.test"), {})
    short.do("STWUSRDFL old.test {}")

    # Alerts: of the domain, as they were the first.
    c.do('PostDomainAlert old.test ALERT "Lunch."')
    c.do('PostServerAlert "All."')
    equal(list(short.do("GTALRT old.test").values()), ["Lunch."])
    equal(short.do("gtalrt"), c.do("GetDomainAlerts"))
    short.do('STALRT old.test {20261122133000="Dinner.";}')
    equal(c.do("GetDomainAlerts old.test"), {"20261122133000": "Dinner."})

    short.do("RNACNT %s into jane@old.test" % joe)
    equal(c.do("ListAccounts old.test"), {"jane": "macnt"})
    short.do("DLACNT jane@old.test")
    short.do("RNDMN old.test into new.test PATH spare")
    equal(c.do("ListDomains"), [MAIN, "new.test"])
    short.do("DLDMN new.test force")
    equal(c.do("ListDomains"), [MAIN])
    server.stop()
    server.verify()


def test_short_names_of_the_manual_page(t):
    """Each is answered as the command beside it, here without arguments."""
    with open(os.path.join(HERE, os.pardir, os.pardir, "doc", "man",
                           "ximss-cli.7"), encoding="utf-8") as f:
        rows = re.findall(r"^\.It Li ([A-Z]+) Ta Ic ([A-Z]+)$", f.read(), re.M)
    equal(len(rows), len(dict(rows)), "a name twice")
    check(len(rows) >= 48, rows)
    c = log_in(t.server(listen_pwd=PWD))
    known = c.do("ListCLICommands")
    for short, full in rows:
        check(full in known and short not in known, short)
        for line in (short, full):
            c.say(line)
        equal(c.receive(), c.receive(), short)


def test_rights_and_records_know_no_short_names(t):
    server = t.server(listen_pwd=PWD)
    joe = server.account("joe")
    c = log_in(server, joe)
    for line in ("STACNTRGHT %s (Master)" % joe, "DLDMN " + MAIN, "LSTACNT",
                 "STALRT %s {}" % MAIN, "GTALRT " + MAIN,
                 "GTACNTRGHT " + joe):
        equal(c.refused(line), 510, line)
    equal(c.do("GTACNT *")["RealName"], "Joe")  # as by the full name
    log_in(server).do('CRACNT jane {Password = "hidden-4711";}')
    records = audit_of(server)
    check("CREATEACCOUNT jane {Password=***;}" in records, "the audit log")
    check("SETACCOUNTRIGHTS" in records, "the audit log")
    check("hidden-4711" not in records and "CRACNT" not in records,
          "the audit log")


def test_certificates_of_domains(t):
    """Scripts store them beside settings; the key is in no record."""
    server = t.server(listen_pwd=PWD)
    c = log_in(server)
    c.do("updatedomainsettings %s {PrivateSecureKey=[c2VjcmV0];"
         "SecureCertificate=[Y2VydA==];CAChain=[Y2hhaW4=];}" % MAIN)
    equal(c.do("GetDomainSettings")["SecureCertificate"], b"cert")
    records = audit_of(server)
    check("PrivateSecureKey=***" in records, "the audit log")
    check("c2VjcmV0" not in records, "the audit log")


ADDRESSES = ["127.0.0.1", "127.0.0.1:1234", "127.0.0.1:65535", "[127.0.0.1]",
             "[127.0.0.1]:1234", "#I[127.0.0.1]", "#I[127.0.0.1]:25",
             "[::ffff:127.0.0.1]", "[::ffff:127.0.0.1]:25",
             "::ffff:127.0.0.1"]
ADDRESSES_V6 = ["::1", "[::1]", "[::1]:25", "#I[::1]:25", "0:0:0:0:0:0:0:1"]
NO_ADDRESSES = ["127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x",
                "[127.0.0.1]:", "[127.0.0.1]:65536", "[127.0.0.1", "[]",
                "127.0.0.1]", "[127.0.0.1]x", "[[127.0.0.1]]", "::1]:25",
                "[example.test]", "[::1]:25:25", "127.0.0", "[1.2.3]"]


def test_every_way_to_write_an_address(t):
    """Bare and in quotes, wherever a command takes one."""
    server = t.server(listen_pwd=PWD)
    c = log_in(server)
    joe = server.account("joe")
    session = server.login(joe)
    own = c.do("FindAccountSession " + joe)
    for text in ADDRESSES + ['"%s"' % a for a in ADDRESSES]:
        equal(c.do("FindAccountSession %s ADDRESS %s" % (joe, text)), own,
              text)
        equal(c.do("ListAccountSessions %s ADDRESS %s" % (joe, text)), [own],
              text)
        equal(c.do("ListAccountSessions %s ADDRESS %s FOR %s"
                   % (joe, text, text)), [], text)
        for verb in ("CreateXIMSSSession", "CreateWebUserSession"):
            made = c.do("%s %s ADDRESS %s FOR %s" % (verb, joe, text, text))
            c.do("KillSession " + made)
    for text in ADDRESSES_V6:
        made = c.do("CreateXIMSSSession %s ADDRESS %s" % (joe, text))
        for other in ADDRESSES_V6:
            equal(c.do("FindAccountSession %s ADDRESS %s PROTOCOL XIMSS"
                       % (joe, other)), made, "%s %s" % (text, other))
        equal(c.refused("FindAccountSession %s ADDRESS [::2]" % joe), 501)
        c.do("KillSession " + made)
    for text in NO_ADDRESSES + ['"%s"' % a for a in NO_ADDRESSES]:
        for line in ("FindAccountSession %s ADDRESS %s",
                     "ListAccountSessions %s ADDRESS %s",
                     "CreateXIMSSSession %s ADDRESS %s",
                     "CreateWebUserSession %s ADDRESS 127.0.0.1 FOR %s"):
            equal(c.refused(line % (joe, text)), 501, text)
    session.close()
