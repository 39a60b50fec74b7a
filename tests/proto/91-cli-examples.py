# SPDX-License-Identifier: BSD-2-Clause
"""Every example of ximss-cli(7) is a test, through the PWD port and through
XIMSS; and the page has every command.

An entry begins with a line ".It Ic COMMAND ...", or several where commands
share it, and its example is a block between ".Bd -literal" and ".Ed", of lines
that begin with "C:" and "S:"; what begins with three blanks goes on with the
line above.  "..." in what the server says stands for any text.  What an example
needs besides the world below stands in front of it, in a comment

    .\\" example: WORD

where session=NAME is a session of joe by XIMSS, which the example names so, and
ends-the-server gives it a server of its own.

Behind ABSENT an entry is a family.  Its commands stand in lines ".Ic A , B .";
all that stand together answer as its example says of one of them."""

import os
import re

from pwd_port import PWD, log_in, parse
from ximss import (HERE, MAIN, MASTER_PASSWORD, attr, body, check, equal,
                   escape)

SERVER = {"listen_pwd": PWD}
PAGE = os.path.join(HERE, os.pardir, os.pardir, "doc", "man", "ximss-cli.7")
ABSENT = ".Ss What this server does not have"


# --- the page ---

class Entry:
    def __init__(self, name, family):
        self.name = name
        self.family = family
        self.groups = []  # of commands; one of each has an exchange
        self.words = {}   # of the comment
        self.text = []    # lines that are no example
        self.example = []  # [(what the client says, the answer)]

    def add_commands(self, commands):
        """Those of a line go with those of the line before."""
        if self.groups and self.text[-1].startswith(".Ic "):
            self.groups[-1] += commands
        else:
            self.groups.append(commands)

    def say(self, line):
        kind, text = line[:3], line[3:].replace("\\e", "\\")
        if kind == "C: ":
            self.example.append((text, ""))
            return
        check(kind in ("S: ", "   ") and self.example, "what is this: " + line)
        said, answer = self.example.pop()
        if kind == "S: " or answer:
            answer += text
        else:
            said += text
        self.example.append((said, answer))


class Page:
    def __init__(self):
        self.entries = []
        self.entry = None
        self.families = self.literal = False
        with open(PAGE, encoding="utf-8") as f:
            for line in f.read().split("\n"):
                self.take(line)

    def take(self, line):
        if line.startswith((".Sh ", ".Ss ")):
            self.families = line == ABSENT
            self.entry = None
        elif line.startswith(".It Ic ") or (self.families and
                                            line.startswith(".It ")):
            self.begin(line)
        elif self.entry:
            self.go_on(line)

    def begin(self, line):
        words = line.split()
        if self.families or self.entry is None or self.entry.text:
            self.entry = Entry(line[4:] if self.families else words[2],
                               self.families)
            self.entries.append(self.entry)
        if not self.families:
            self.entry.groups.append([words[2]])

    def go_on(self, line):
        entry = self.entry
        if line == ".Ed":
            self.literal = False
        elif self.literal:
            entry.say(line)
        elif line == ".Bd -literal":
            self.literal = True
        elif line.startswith('.\\" example: '):
            entry.words = {w.partition("=")[0]: w.partition("=")[2]
                           for w in line.split()[2:]}
        else:
            if self.families and line.startswith(".Ic "):
                entry.add_commands(re.findall(r"[A-Z]+", line[4:]))
            entry.text.append(line)


def verb(line):
    return line.split()[0].upper()


# --- two ways to say a command ---

class ByPwd:
    def __init__(self, server):
        self.client = log_in(server)

    def ask(self, line):
        self.client.say(line)
        return self.client.receive()


class ByXimss:
    """Answers put as the PWD port puts them."""

    def __init__(self, server):
        self.client = server.login("postmaster@" + MAIN, MASTER_PASSWORD,
                                   alerts="no")

    def ask(self, line):
        c = self.client
        id_ = c.next_id()
        c.send('<cliExecute id="%s">%s</cliExecute>' % (id_, escape(line)))
        got = c.until_response(id_)
        results = [g for g in got if g.startswith("<cliResult ")]
        if attr(got[-1], "errorNum"):
            return "%s %s" % (attr(got[-1], "errorNum"),
                              attr(got[-1], "errorText"))
        return "201 " + body(results[0]) if results else "200 OK"


# --- the world of the examples ---

def make_world(server):
    """As the page says, whatever was there before."""
    admin = server.admin()
    for domain in parse(admin.cli("ListDomains")):
        if domain != MAIN:
            admin.cli("DeleteDomain %s FORCE" % domain)
    for command in ("SetServerAlerts {}", "SetServerAccountDefaults {}",
                    "SetDomainDefaults {}", "CreateDomain company.test",
                    'CreateAccount joe@company.test {Password=secret;'
                    'RealName="Joe Doe";}'):
        admin.cli(command)


class Run:
    def __init__(self, server, door, entry):
        make_world(server)
        self.stand_in = entry.words.get("session")
        if self.stand_in:
            joe = server.connect("joe").login("joe@company.test", alerts="no")
            self.session = attr(joe, "urlID")
        self.door = door(server)

    def exchange(self, line, answer):
        if self.stand_in:
            line = line.replace(self.stand_in, self.session)
            answer = answer.replace(self.stand_in, self.session)
        got = self.door.ask(line)
        pattern = ".+".join(re.escape(p) for p in answer.split("..."))
        if not re.fullmatch(pattern, got):
            equal(got, answer, line)


def run_example(server, door, entry):
    run = Run(server, door, entry)
    for line, answer in entry.example:
        run.exchange(line, answer)
    return run


def run_family(server, door, entry):
    """The example, then each command in place of the one of its group."""
    run = run_example(server, door, entry)
    for group in entry.groups:
        for line, answer in entry.example:
            if verb(line) in group:
                _, blank, arguments = line.partition(" ")
                for command in group:
                    run.exchange(command + blank + arguments, answer)


def run_to_the_end(server, door, entry):
    run_example(server, door, entry).door.client.close()
    server.forget_clients()
    server.finish(12)


def make(entry):
    def test(t):
        for door in (ByPwd, ByXimss):
            if "ends-the-server" in entry.words:
                run_to_the_end(t.server(**SERVER), door, entry)
            elif entry.family:
                run_family(t.shared, door, entry)
            else:
                run_example(t.shared, door, entry)
    return test


def more_tests():
    return [("test_" + entry.name.replace(" ", "_"), make(entry))
            for entry in Page().entries]


def test_page_has_every_command_and_an_example_of_it(t):
    page = Page()
    named = [command for entry in page.entries for group in entry.groups
             for command in group]
    listed = log_in(t.shared).do("ListCLICommands")
    equal(sorted(set(listed) - set(named)), [], "not on the page")
    equal([n for n in named if n not in listed or named.count(n) > 1], [],
          "no command, or twice")
    for entry in page.entries:
        said = {verb(line) for line, _ in entry.example}
        check(all(said & set(group) for group in entry.groups),
              "no example: %s" % entry.name)
        check(all(answer for _, answer in entry.example),
              "no answer: %s" % entry.name)


def test_every_entry_says_who_may_and_what_comes_back(t):
    for entry in Page().entries:
        check(entry.family or {".Em For :", ".Em Reply :"} <= set(entry.text),
              entry.name)
