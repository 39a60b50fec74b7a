# SPDX-License-Identifier: BSD-2-Clause
"""A portal as sites have them: it logs its users in with an administrator's
account by the CLI (the wire facts are C.1, C.9 and B.1 of the protocol), hands
their browsers an address, and ends their sessions when they leave.  It knows
nothing of this server."""

import http.cookiejar
import re
import socket
import urllib.error
import urllib.request


class Portal:
    """The portal's side: the PWD port."""

    def __init__(self, port, administrator, password):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.lines = self.sock.makefile("rb")
        self.read(200)
        self.ask("USER " + administrator, 300)
        self.ask("PASS " + password, 200)
        self.ask("INLINE", 200)

    def read(self, *expected):
        line = self.lines.readline().decode().rstrip("\r\n")
        if int(line[:3]) not in expected:
            raise RuntimeError(line)
        return line[4:]

    def ask(self, line, *expected):
        self.sock.sendall(line.encode() + b"\r\n")
        return self.read(*(expected or (200, 201)))

    def create(self, user, address, web=False):
        return self.ask("Create%sSession %s ADDRESS %s" % (
            "WebUser" if web else "XIMSS", user, address)).strip('"')

    def sessions(self, user):
        found = self.ask("ListAccountSessions " + user)
        return [id_.strip('"') for id_ in found.strip("()").split(",") if id_]

    def find(self, user):
        return self.ask("FindAccountSession " + user).strip('"')

    def get(self, id_):
        return self.ask("GetSession " + id_)

    def kill(self, id_):
        return self.ask("KillSession " + id_)

    # Where it sends the browser.
    @staticmethod
    def start_page(user, id_):
        return "/?p-username=%s&p-sid=%s" % (user, id_)

    def close(self):
        self.lines.close()
        self.sock.close()


class Browser:
    """Keeps cookies by their paths, as browsers do."""

    def __init__(self, port):
        self.base = "http://localhost:%d" % port
        self.jar = http.cookiejar.CookieJar(
            http.cookiejar.DefaultCookiePolicy(
                strict_ns_domain=http.cookiejar.DefaultCookiePolicy
                .DomainLiberal))
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, path, body=None):
        """(status, text)"""
        request = urllib.request.Request(
            self.base + path, body.encode() if body is not None else None)
        try:
            with self.opener.open(request, timeout=60) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def log_in(self, query, path="/XIMSSLogin/"):
        """The id of the session; None: refused."""
        _, text = self.ask("%s?errorAsXML=1&version=6.1&%s" % (path, query))
        found = re.search(r'^<XIMSS><session urlID="([^"]+)"', text)
        return found.group(1) if found else None

    def sync(self, id_, *requests):
        return self.ask("/Session/%s/sync" % id_,
                        "<XIMSS>%s</XIMSS>" % "".join(requests))

    def user(self, id_):
        """Whose session it is; None: nobody's."""
        _, text = self.sync(id_, '<readSession id="1"/>')
        found = re.search(r' userName="([^"]+)"', text)
        return found.group(1) if found else None
