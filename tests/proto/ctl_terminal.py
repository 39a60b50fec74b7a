# SPDX-License-Identifier: BSD-2-Clause
"""ximssctl while it runs, with pipes or a terminal."""

import os
import pty
import select
import subprocess
import time

from ximss import DEADLINE, Failed, ctl_environment, ctl_program


class Running:
    """ximssctl with pipes, or a terminal in place of some of them."""

    def __init__(self, server, *args, terminal=(), env=None):
        self.terminal, slave = pty.openpty()
        ends = {name: slave if name in terminal else subprocess.PIPE
                for name in ("stdin", "stdout", "stderr")}
        self.process = subprocess.Popen(
            [ctl_program(), *args], bufsize=0, env=ctl_environment(server, env),
            start_new_session=True, **ends)
        os.close(slave)

    def write(self, text):
        os.write(self.process.stdin.fileno() if self.process.stdin
                 else self.terminal, text.encode())

    def until(self, text, stream=None):
        """Reads the stream (or the terminal) until the text has come."""
        fd = stream.fileno() if stream else self.terminal
        got, end = "", time.monotonic() + DEADLINE
        while text not in got:
            if not select.select([fd], [], [],
                                 max(0, end - time.monotonic()))[0]:
                raise Failed("no %r in %r" % (text, got))
            got += os.read(fd, 4096).decode()
        return got

    def end(self):
        """The status, and what was not read of standard output and error."""
        out, err = self.process.communicate(timeout=DEADLINE)
        os.close(self.terminal)
        return (self.process.returncode, (out or b"").decode(),
                (err or b"").decode())
