# SPDX-License-Identifier: BSD-2-Clause
"""ximss-client --exec with every limit at its maximum: the command runs, and
later alerts come."""

import hashlib
import os
import resource
import subprocess
import sys

from ximss import MAIN, alert, ctl_program, equal

MOST = 1 << 20

# What it was given: the text's length and hash, what the environment has of it,
# and its last argument.
COMMAND = """#!%s
import hashlib, os, sys
text = sys.stdin.buffer.read()
part = os.environb[b"ALERT_TEXT"]
assert text.endswith(b"\\n")
text = text[:-1]
part.decode()
line = (len(text), hashlib.sha256(text).hexdigest()[:8], len(part),
        text.startswith(part), os.environ["ALERT_BYTES"], len(sys.argv) - 1,
        sys.argv[-1][-5:])
os.write(1, (" ".join(map(str, line)) + "\\n").encode())
"""


def command(server):
    path = os.path.join(server.dir, "show")
    with open(path, "w", encoding="utf-8") as f:
        f.write(COMMAND % sys.executable)
    os.chmod(path, 0o700)
    return path


def run(server, user, words, count=2, env=None, limit=None):
    client = os.path.join(os.path.dirname(ctl_program()), "ximss-client")
    return subprocess.run(
        [client, "--host", "127.0.0.1", "--port", str(server.ports()[0][1]),
         "--tls", "none", "--quiet", "--count", str(count), "--exec", words,
         user], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, timeout=120, preexec_fn=limit,
        env={**(env or os.environ), "XIMSS_PASSWORD": "secret"})


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def start(t):
    server = t.server({"alert_bytes": "1M", "message_bytes": "64M",
                       "output_hard": "8M"})
    return server, server.account("joe@" + MAIN)


def test_texts_of_all_lengths(t):
    server, user = start(t)
    path = command(server)
    admin = server.admin()
    # Escaped, each of these bytes is five; a snowman's three are cut nowhere.
    texts = ["&" * MOST, "x" * (64 << 10), "x" * ((64 << 10) + 1),
             "x" * (128 << 10), "x" * ((64 << 10) - 1) + "\u2603" + "x" * 99,
             "after"]
    for text in texts:
        admin.post(text, "account", target=user)
    done = run(server, user, path, count=len(texts))
    equal((done.returncode, done.stderr), (0, ""))
    expected = []
    for text in texts:
        part = len(text.encode()[:64 << 10].decode(errors="ignore").encode())
        size = len(text.encode())
        expected.append("%d %s %d True %d 0 %s"
                        % (size, digest(text), part, size, path[-5:]))
    equal(sorted(done.stdout.splitlines()), sorted(expected))


def limit_stack():
    """Environment and arguments may be a quarter of it."""
    resource.setrlimit(resource.RLIMIT_STACK,
                       (2 << 20, resource.RLIM_INFINITY))


def test_environment_that_is_full(t):
    server, user = start(t)
    path = command(server)
    admin = server.admin()
    texts = ["\u2603" * 40000, "after"]
    for stuffed, part in ((0, 65535), (480, 4095)):
        for text in texts:
            admin.post(text, "account", target=user)
        env = {"PATH": os.environ["PATH"]}
        for i in range(stuffed // 20):
            env["S%d" % i] = "x" * (20 << 10)
        done = run(server, user, path, env=env, limit=limit_stack)
        equal((done.returncode, done.stderr), (0, ""), str(stuffed))
        lines = sorted(done.stdout.splitlines(), key=len)
        equal([line.split()[2] for line in lines], ["5", str(part)])
        equal(lines[1].split()[:2], ["120000", digest(texts[0])])


def test_many_words_and_many_at_once(t):
    server, user = start(t)
    path = command(server)
    admin = server.admin()
    for i in range(40):
        admin.post("a%d" % i, "account", target=user)
    words = path + "".join(" \t w%d" % i for i in range(500)) + " last"
    done = run(server, user, words, count=40)
    equal((done.returncode, done.stderr), (0, ""))
    equal(len(done.stdout.splitlines()), 40)
    equal({line.split(" ", 5)[5] for line in done.stdout.splitlines()},
          {"501 last"})


def test_what_cannot_be_written_comes_again(t):
    server, user = start(t)
    server.admin().post("important", scope="account", target=user)
    client = os.path.join(os.path.dirname(ctl_program()), "ximss-client")
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [client, "--host", "127.0.0.1", "--port",
             str(server.ports()[0][1]), "--tls", "none", "--quiet", user],
            stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
            check=False, timeout=120,
            env={**os.environ, "XIMSS_PASSWORD": "secret"})
    equal(done.returncode, 6)
    server.login(user).expect(alert("important", "account"))
