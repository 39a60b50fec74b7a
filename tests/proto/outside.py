# SPDX-License-Identifier: BSD-2-Clause
"""ximssd beside a real Dovecot that knows its users (directories.py)."""

import pwd_port
import ximss
from directories import address
from dovecot import DOMAIN
from ximss import (MAIN, MASTER_PASSWORD, Skip, attribute, failure, match,
                   wait_until)

WRONG = failure("login", 515, "incorrect password or account name")
AWAY = failure("login", 525,
               "passwords can not be checked now, try again later")
LIFE = 300  # seconds: auth-cache-time
# Dovecot answers in time on the slowest machine.
PATIENT = {"auth": ["store", "dovecot"], "auth_timeout": "1m",
           "max_unauthenticated_per_address": 0,
           "trusted_addresses": ["127.0.0.1"]}


def needs():
    """For the runner: of files that wait for Dovecot most of their time."""
    if ximss.is_instrumented():
        raise Skip("a sanitizer finds here what it finds in 24-auth-dovecot")


def login(user, password, id_="login"):
    return '<login id="%s" userName="%s" authData="%s"/>' % (
        id_, attribute(user), attribute(password))


class World:
    """Dovecot knows joe, ann, bob, eve and sue of a.test, whose password is
    "secret"; ximssd knows the domain."""

    def __init__(self, kind, **options):
        self.directory = kind()
        self.directory.add("joe", "ann", "bob", "eve", "sue")
        self.directory.start()
        self.server = ximss.Server(
            {**PATIENT, "auth_dovecot_socket": self.directory.client,
             **options}, listen_pwd=pwd_port.PWD)
        self.server.start()
        self.server.domain(DOMAIN)

    # for the runner

    def servers(self):
        return [self.server, self.directory]

    clients = property(lambda self: self.server.clients)
    lines = property(lambda self: self.server.lines + self.directory.lines)
    dir = property(lambda self: self.server.dir)

    def end(self, failed=False, keep=False):
        try:
            self.server.end(failed, keep)
        finally:
            self.directory.end(failed, keep)

    # what tests do

    def configure(self, **options):
        """Other settings, while it runs."""
        self.server.options.update(options)
        self.server.write_config()
        before = len(self.server.lines)
        self.server.signal(ximss.signal.SIGHUP)
        self.server.wait_log("were read again", before)

    def knows(self, *names):
        """Dovecot does, from now on."""
        self.directory.add(*names)
        for name in names:
            wait_until(lambda: self.directory.knows(name, "secret"),
                       "Dovecot knows " + name)

    def get_in(self, name, password="secret"):
        return self.server.login(address(name), password)

    def begin(self, name, password="secret"):
        client = self.server.connect(name)
        client.send(login(address(name), password))
        return client

    def is_in(self, name, password="secret"):
        client = self.begin(name, password)
        answer = client.receive()
        client.close()
        return answer.startswith("<session ")

    def all_get(self, answer, *tries):
        """Log-ins (name, password), all under way at once: Dovecot lets each
        that fails wait."""
        for client in [self.begin(*one) for one in tries]:
            match(client.receive(), answer, client.name)
            client.close()

    def accounts(self):
        return self.server.cli("ListAccounts " + DOMAIN)

    def administrator_gets_in(self):
        self.server.login("postmaster@" + MAIN, MASTER_PASSWORD).bye()
