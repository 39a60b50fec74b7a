# SPDX-License-Identifier: BSD-2-Clause
"""pwd_apop.py PORT NAME SECRET HOW: logs in as clients of the CLI do that know
no log-in but APOP, and works.  HOW they find the challenge: `java`, from the
first < to the last >; `panel`, the last word of the greeting; `php`, a pattern
that stops at the first >."""

import hashlib
import re
import socket
import sys

FIND = {
    "java": lambda text: text[text.index("<"):text.rindex(">") + 1],
    "panel": lambda text: text.split()[-1],
    "php": lambda text: re.search(r"<[^>]+@[^>]+>", text).group(0),
}


def main(port, name, secret, how):
    sock = socket.create_connection(("127.0.0.1", int(port)), 30)

    def receive():
        # One recv is a reply: so do some of them.
        got = sock.recv(4096).decode()
        if not got.endswith("\r\n"):
            sys.exit("not a line: %r" % got)
        return got[:-2]

    def ask(line, end="\n"):
        sock.sendall((line + end).encode())
        got = receive()
        print(got)
        return got

    challenge = FIND[how](receive())
    digest = hashlib.md5((challenge + secret).encode()).hexdigest()
    if ask("APOP %s %s" % (name, digest), "\r\n") != "200 login OK, proceed":
        return 1
    for line in ("INLINE", "ListDomains",
                 'CreateAccount "python-made" {RealName="By Python";}',
                 "GetAccountSettings python-made",
                 'PostAccountAlert python-made ALERT "from Python"',
                 "DeleteAccount python-made", "QUIT"):
        ask(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
