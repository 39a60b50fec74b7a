# SPDX-License-Identifier: BSD-2-Clause
"""ximssctl with files: cli --file, account import."""

import json
import os
import re
import subprocess

from ximss import (MAIN, body, check, ctl, ctl_environment, ctl_program,
                   equal)


def file(t, text):
    path = os.path.join(t.shared.dir, t.prefix + "file")
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)
    return path


def raw_file(t, data):
    path = os.path.join(t.shared.dir, t.prefix + "raw")
    with open(path, "wb") as f:
        f.write(data)
    return path


def ends(done, status, stdout, stderr):
    equal((done.returncode, done.stdout, done.stderr),
          (status, stdout, stderr))


def test_results_in_order(t):
    domain = t.domain()
    path = file(t, "// a comment\n"
                   "EchO \"a b\"\r\n"
                   "\n"
                   "CreateAccount joe@%s {RealName=\"Joe \\\"D\\\"\";}\n"
                   "  # another\n"
                   "GetAccountSettings joe@%s\n"
                   "NOOP\n"
                   "ListAccounts %s" % (domain, domain, domain))
    ends(ctl(t.shared, "cli", "--file", path), 0,
         '"a b"\n{RealName="Joe \\"D\\"";}\n{joe=macnt;}\n', "")


def test_marks_of_editors(t):
    """Files of commands, of accounts and of usage, and a text: with the mark
    of UTF-8 they are read, and of UTF-16 it is said."""
    domain = t.domain()
    user = t.user("joe", domain)
    for words, text in ((("cli", "--file"), "NOOP\r\n"),
                        (("account", "import", "--domain", domain),
                         "name,password\r\nann,secret\r\n"),
                        (("quota", "import"), user + " 7\r\n")):
        path = raw_file(t, b"\xef\xbb\xbf" + text.encode())
        done = ctl(t.shared, *words, path)
        equal((done.returncode, done.stderr), (0, ""), words)
        for data in (text.encode("utf-16"), text.encode("utf-16-le"),
                     b"\xfe\xff" + text.encode("utf-16-be")):
            path = raw_file(t, data)
            ends(ctl(t.shared, *words, path), 6, "",
                 "ximssctl: %s: it is UTF-16: save it as UTF-8\n" % path)
            with open(path, "rb") as f:
                done = subprocess.run(
                    [ctl_program(), *words, "-"], stdin=f, check=False,
                    capture_output=True, text=True,
                    env=ctl_environment(t.shared))
            equal((done.returncode, done.stderr),
                  (6, "ximssctl: standard input: it is UTF-16: save it as "
                      "UTF-8\n"))
    c = t.shared.login(user)
    for data, status in ((b"\xef\xbb\xbfhello\r\n", 0),
                         ("hello\r\n".encode("utf-16"), 6)):
        done = subprocess.run(
            [ctl_program(), "alert", "post", "--account", user, "-"],
            input=data, capture_output=True, check=False,
            env=ctl_environment(t.shared))
        equal(done.returncode, status, done.stderr)
    equal(body(c.receive()), "hello")
    c.quiet()


def test_one_object_for_each_command(t):
    domain = t.domain()
    done = ctl(t.shared, "--json", "cli", "--file", "-",
               stdin="NOOP\n\nECHO (#1,{a=b;})\nLISTACCOUNTS %s\n"
                     "DELETEACCOUNT x@%s\nNOOP\n" % (domain, domain))
    ends(done, 5,
         '{"line":1,"command":"NOOP","code":200}\n'
         '{"line":3,"command":"ECHO ...","code":200,"result":[1,{"a":"b"}]}\n'
         '{"line":4,"command":"LISTACCOUNTS %s","code":200,"result":{}}\n'
         '{"line":5,"command":"DELETEACCOUNT x@%s","code":513,'
         '"error":"unknown user account"}\n' % (domain, domain),
         '{"error":"standard input:5: DELETEACCOUNT x@%s: unknown user '
         'account (513)"}\n{"error":"stopped before line 5 of standard '
         'input; continue with --from 5"}\n' % domain)


def test_nothing_is_done_behind_a_refusal(t):
    domain = t.domain()
    text = "".join("CreateAccount u%d@%s {Password=x;}\n" % (i, domain)
                   for i in range(10)) + \
        "CreateAccount u4@%s {Password=\"hush\";}\n" % domain + \
        "".join("CreateAccount v%d@%s {Password=x;}\n" % (i, domain)
                for i in range(10))
    path = file(t, text)
    ends(ctl(t.shared, "cli", "--file", path), 5, "",
         "%s:11: CreateAccount u4@%s ...: account with this name already "
         "exists (520)\n"
         "ximssctl: stopped before line 11 of %s; continue with --from 11\n"
         % (path, domain, path))
    names = t.shared.cli("ListAccounts " + domain)
    equal(sorted(re.findall(r"(\w+)=", names)),
          ["u%d" % i for i in range(10)])
    ends(ctl(t.shared, "cli", "--from", "12", "--file", path), 0, "", "")
    names = t.shared.cli("ListAccounts " + domain)
    equal(sorted(re.findall(r"(\w+)=", names)),
          ["u%d" % i for i in range(10)] + ["v%d" % i for i in range(10)])


def test_status_of_a_first_line_that_is_refused(t):
    ends(ctl(t.shared, "cli", "--file", "-", stdin="PASS hush\nNOOP\n"), 1, "",
         "standard input:1: PASS: unknown command (500)\n"
         "ximssctl: stopped before line 1 of standard input; continue with "
         "--from 1\n")


def test_keeps_going_in_order(t):
    """A window of passwords to be hashed and quick commands between them."""
    domain = t.domain()
    lines, out, err = [], [], []
    for i in range(200):
        lines.append("CREATEACCOUNT u%d@%s {Password=p%d;}"
                     % (i % 150, domain, i))
        lines.append("ECHO %d" % i)
        out.append("%d\n" % i)
        if i >= 150:
            err.append("standard input:%d: CREATEACCOUNT u%d@%s ...: account "
                       "with this name already exists (520)\n"
                       % (2 * i + 1, i - 150, domain))
    done = ctl(t.shared, "cli", "--keep-going", "--file", "-",
               stdin="\n".join(lines))
    ends(done, 5, "".join(out), "".join(err) + "350 done, 50 refused\n")
    t.shared.cli("VerifyAccountPassword u149@%s PASSWORD p149" % domain)


def test_everything_refused(t):
    ends(ctl(t.shared, "cli", "--keep-going", "--file", "-",
             stdin="PASS hush\n{}\n"), 1, "",
         "standard input:1: PASS: unknown command (500)\n"
         "standard input:2: unknown command (500)\n"
         "0 done, 2 refused\n")


def test_session_that_is_ended(t):
    """By its own hand, and told where to go on."""
    admin = t.user(rights=["CanCreateWebUserSessions"], password="pw")
    host, port = t.shared.ports()[0]
    done = ctl(t.shared, "--host", host, "--port", str(port), "--user", admin,
               "cli", "--file", "-",
               stdin="ECHO a\nKILLACCOUNTSESSIONS %s\nECHO b\n" % admin,
               env={"XIMSS_PASSWORD": "pw"})
    ends(done, 5, "a\n",
         "ximssctl: the server ended the session\n"
         "ximssctl: line 2 may have been carried out\n"
         "ximssctl: stopped before line 2 of standard input; continue with "
         "--from 2\n")


def test_import(t):
    domain = t.domain()
    path = file(t, "name,password,real name,MaxAccountSize\n"
                + "".join('u%d,"pw ""%d",User %d,\n' % (i, i, i)
                          for i in range(300))
                + '"two",,"Two, or\r\nthree",5M\n'
                + "u7,x,,\n"
                + '"two",,"Two, ""II""",5M\n'
                + "bad name,x,,\n")
    args = ["account", "import", "--domain", domain, path]
    bad = "%s:306: this cannot be an account name (are the fields separated " \
        "by commas?)\n" % path
    done = ctl(t.shared, *args)
    equal((done.returncode, done.stdout),
          (5, "301 created, 1 existed already, 2 refused\n"))
    # What the server is not asked is told when it is read.
    equal(sorted(done.stderr.splitlines(True)),
          ["%s:302: two@%s: RealName can not be used (501)\n"
           % (path, domain), bad])
    t.shared.cli('VerifyAccountPassword u299@%s PASSWORD "pw \\"299"' % domain)
    equal(t.shared.cli("GetAccountSettings two@" + domain),
          '{RealName="Two, \\"II\\"";MaxAccountSize=5M;}')
    # From the middle, and once more: nothing is lost or made twice.
    ends(ctl(t.shared, *args, "--from", "305"), 5,
         "0 created, 1 existed already, 1 refused\n", bad)
    ends(ctl(t.shared, "--json", *args, "--from", "306"), 1,
         '{"changed":false,"created":0,"existing":0,"failed":1,"nextLine":null}\n',
         json.dumps({"error": bad.rstrip("\n")}, separators=(",", ":"))
         + "\n")


def test_over_the_network(t):
    """As an administrator of a domain, with a password."""
    domain = t.domain()
    admin = t.user("admin", domain, password="pw",
                   rights=["CanCreateAccounts"])
    host, port = t.shared.ports()[0]
    done = ctl(t.shared, "--host", host, "--port", str(port), "--user", admin,
               "cli", "--keep-going", "--file", "-",
               stdin="CREATEACCOUNT joe {Password=x;}\n"
                     "CREATEACCOUNT joe@%s {Password=x;}\n"
                     "MAINDOMAINNAME\n" % MAIN, env={"XIMSS_PASSWORD": "pw"})
    ends(done, 5, MAIN + "\n",
         "standard input:2: CREATEACCOUNT joe@%s ...: insufficient access "
         "rights (510)\n2 done, 1 refused\n" % MAIN)
    check("joe=" in t.shared.cli("ListAccounts " + domain), "joe is missing")
