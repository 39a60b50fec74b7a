# SPDX-License-Identifier: BSD-2-Clause
"""The texts of errors stand in ximss/proto/answer.h and nowhere else; the
documents have the same ones; and those that real clients compare are as they
compare them."""

import os
import re

from pwd_port import PWD, connect, log_in
from ximss import HERE, MAIN, MASTER_PASSWORD, check, equal, failure

TOP = os.path.join(HERE, os.pardir, os.pardir)
ROW = re.compile(r'X\((\w+),\s*(\d+),((?:\s*"(?:[^"\\]|\\.)*")+),\s*"(\w+)"\)')


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as f:
        return f.read()


def shown(text):
    """As the documents write it."""
    text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text))
    return re.sub(r"%z?[du]", "N", text).replace("%s", "X")


def table():
    """{number: [text]}, without 200."""
    found = {}
    rows = ROW.findall(read("ximss", "proto", "answer.h").replace("\\\n", "\n"))
    for _, number, text, source in rows:
        check(source in ("seen", "documented", "own"), source)
        if number != "200":
            found.setdefault(int(number), []).append(shown(text))
    check(len(rows) > 100, len(rows))
    return found


def plain(text):
    """As the CLI says it."""
    return re.sub(r"[^0-9A-Za-z .\-@_<>]", ".", text)


def test_the_protocol_has_all(_t):
    lines = read("doc", "protocol.md").split("\n")
    found = {}
    for line in lines:
        row = re.match(r"\| (5\d\d) \| (`.*?`) \|", line)
        if row:
            found[int(row.group(1))] = re.findall("`([^`]*)`", row.group(2))
        elif line.startswith("The texts of 501 are"):
            found[501] += re.findall("`([^`]*)`", line)
    expected = table()
    for number in sorted(set(found) | set(expected)):
        equal(sorted(found.get(number, [])),
              sorted(expected.get(number, [])))


def only_these(found, expected):
    """What a document of the CLI says is in the table, and of each number that
    the CLI has, there is the usual text."""
    for number, texts in found.items():
        for text in texts:
            check(text in [plain(t) for t in expected[number]],
                  (number, text))
    # What needs another door: a login, a message that is XML.
    elsewhere = {516, 517, 519, 527, 540, 541, 542}
    for number in set(expected) - elsewhere:
        check(plain(expected[number][0]) in found.get(number, []), number)


def test_the_manual_has_them(_t):
    page = read("doc", "man", "ximss-cli.7")
    page = page[page.index("\n.Ss Errors\n"):page.index("\n.Ss Rights\n")]
    found, number = {}, 0
    for line in page.split("\n"):
        if line.startswith(".It "):
            number = int(line[4:])
        elif line.startswith(".Li "):
            found.setdefault(number, []).append(line[4:].strip('"'))
    only_these(found, table())


def test_the_document_of_the_cli_has_them(_t):
    found = {}
    for number, texts in re.findall(r"^\| (5\d\d) \| (.*?) \|$",
                                    read("doc", "cli.md"), re.M):
        # Of 501 the rest are examples.
        found[int(number)] = texts.split("; ")[:1 if number == "501" else 99]
    only_these(found, table())


def test_they_stand_nowhere_else(_t):
    """A number with words behind it, in the server."""
    top = os.path.join(TOP, "ximss", "server")
    files = [os.path.relpath(os.path.join(folder, name), TOP)
             for folder, _, names in os.walk(top)
             for name in names if name.endswith((".c", ".h"))]
    equal(len(files) > 100, True)
    for name in sorted(files):
        equal((name, re.findall(r'[(,]\s*5\d\d,\s*"[^"]*"', read(name))),
              (name, []))


# What clients compare letter by letter.
COMPARED = [
    ("CREATEACCOUNT joe@%s", "520 account with this name already exists"),
    ("CREATEACCOUNT sales@%s", "520 account with this name already exists"),
    ("RENAMEACCOUNT ann@%s INTO joe",
     "520 account with this name already exists"),
    ("RENAMEACCOUNT ann@%s INTO sales",
     "520 account with this name already exists"),
    ("CREATEDOMAIN %s", "521 domain with this name already exists"),
    ("CREATEDOMAIN x%s", "521 domain with this name already exists"),
    ("RENAMEDOMAIN %s INTO " + MAIN,
     "521 domain with this name already exists"),
    ("GETDOMAINSETTINGS nowhere.test", "512 unknown secondary domain name"),
    ("CREATEACCOUNT joe@nowhere.test", "512 unknown secondary domain name"),
    ("POSTDOMAINALERT nowhere.test ALERT x",
     "512 unknown secondary domain name"),
    ("GETACCOUNTSETTINGS none@%s", "513 unknown user account"),
    ("POSTACCOUNTALERT none@%s ALERT x", "513 unknown user account"),
    ("VERIFYACCOUNTPASSWORD joe@%s PASSWORD x", "515 incorrect password"),
    ("GETFORWARDER none@%s", "553 forwarder is not found"),
    ("DELETEFORWARDER none@%s", "553 forwarder is not found"),
    ("RENAMEFORWARDER none@%s INTO x@%s", "553 forwarder is not found"),
    ("GETGROUP none@%s", "552 group is not found"),
    ("SETGROUP none@%s {}", "552 group is not found"),
    ("DELETEGROUP none@%s", "552 group is not found"),
    ("GETLIST none@%s", "554 Unknown Mailing List"),
    ("DELETELIST none@%s", "554 Unknown Mailing List"),
]
WRONG = "incorrect password or account name"


def test_what_clients_compare(t):
    server = t.server(listen_pwd=PWD)
    domain = server.domain("a.test")
    for name in ("joe", "ann"):
        server.account(name + "@" + domain)
    server.cli("SETACCOUNTALIASES joe@%s (sales)" % domain)
    server.cli("SETDOMAINALIASES %s (x%s)" % (domain, domain))
    admin = log_in(server)
    for line, answer in COMPARED:
        admin.ask(line.replace("%s", domain), answer)
    for name in ("joe@" + domain, "none@" + domain, "joe@nowhere.test"):
        c = connect(server)
        c.ask("USER " + name, "300 please send the PASS")
        c.ask("PASS wrong", "515 " + WRONG)
        c.close()
        c = server.connect()
        c.ask('<login id="1" userName="%s" password="wrong"/>' % name,
              failure("1", 515, WRONG))
        c.close()
    # The same for a post by XIMSS as for one by the CLI.
    c = server.login("postmaster@" + MAIN, MASTER_PASSWORD)
    for scope, target, number, text in (
            ("domain", "nowhere.test", 512, "unknown secondary domain name"),
            ("account", "none@" + domain, 513, "unknown user account")):
        to = 'scope="%s" target="%s"' % (scope, target)
        for request in ('<alertPost id="1" %s>x</alertPost>' % to,
                        '<alertList id="1" %s/>' % to,
                        '<alertWatch id="1" %s/>' % to):
            c.ask(request, failure("1", number, text))
