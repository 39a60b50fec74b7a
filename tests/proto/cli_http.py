#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""cli_http.py URL NAME PASSWORD DOMAIN: an administrator's day by a program in
Python whose library sends name and password when it is asked for them, and not
before."""

import re
import sys
import urllib.error
import urllib.parse
import urllib.request

URL, USER, PASSWORD, MAIN = sys.argv[1:]
CERTIFICATE = ("{PrivateSecureKey=[a2V5];SecureCertificate=[Y2VydA==];"
               "CAChain=[Y2hhaW4=];}")
outcomes = []


def opener(password):
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, URL, USER, password)
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPBasicAuthHandler(passwords))


def cli(command, get=False, password=PASSWORD):
    """(status, text)"""
    field = urllib.parse.urlencode({"command": command})
    try:
        with opener(password).open(URL + "?" + field if get else URL,
                                   None if get else field.encode(),
                                   timeout=120) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def step(name, got, status, expected):
    ok = got[0] == status and re.fullmatch(expected, got[1])
    outcomes.append(bool(ok))
    print(("ok %s" if ok else "not ok %s: %s") % ((name,) if ok
                                                  else (name, got)))
    return got[1]


def works(command, expected="", get=False):
    return step(command, cli(command, get), 200, expected)


works("ListDomains", r"\(%s\)\r\n" % re.escape(MAIN))
works("CreateDomain day.test")
works("listdomains", r"\(day\.test,%s\)\r\n" % re.escape(MAIN), get=True)
works("updatedomainsettings day.test " + CERTIFICATE)
works("GetDomainSettings day.test", r"(?s).*SecureCertificate=\[Y2VydA==\];.*")
works('CreateAccount jane@day.test {Password="a+b & c";}')
step("the same again", cli("CreateAccount jane@day.test"), 409,
     "ERROR 520 account with this name already exists\r\n")
works('PostServerAlert "The server stops at noon: \u00e4&<\\""')
alerts = works("GetServerAlerts", r'\{\d{14}="The server stops at noon: '
               '\u00e4&<\\\\"";\\}\r\n')
works("RemoveServerAlert " + alerts[1:15])
step("a wrong password", cli("ListDomains", password="wrong"), 401,
     "ERROR 515 incorrect password or account name\r\n")
works("DeleteDomain day.test FORCE")
print("%d steps, %d failed" % (len(outcomes), outcomes.count(False)))
sys.exit(not all(outcomes))
