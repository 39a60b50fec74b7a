# SPDX-License-Identifier: BSD-2-Clause
"""What cannot work is found by --check-config and refused at start, in both
daemons."""

import os
import socket
import subprocess

import bridge as web
import ximss
from certificates import sign, wrong_pairs
from ximss import check, equal

DEFAULTS = {"listen": ["127.0.0.1:0"]}


def run_program(program, directory, options, *args, **kwargs):
    path = os.path.join(directory, "checked.conf")
    with open(path, "w", encoding="utf-8") as f:
        for key, value in dict(DEFAULTS, **options).items():
            f.write("%s = %s\n" % (key.replace("_", "-"),
                                   ximss.config_value(value)))
    return subprocess.run([program, "--config", path, *args],
                          capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=ximss.DEADLINE,
                          check=False, **kwargs)


def programs(t):
    store = os.path.join(t.shared.dir, "store")
    return ((ximss.program(), {"store": store}), (web.program(), {"pages": ""}))


def test_certificates_and_keys(t):
    directory = os.path.join(t.shared.dir, "pairs")
    os.mkdir(directory)
    for says, cert, key in wrong_pairs(directory):
        pair = {"tls_certificate": cert, "tls_key": key}
        for program, options in programs(t):
            done = run_program(program, directory, dict(options, **pair),
                               "--check-config")
            equal(done.returncode, 78, says + done.stderr)
            check(says in done.stderr, "%s: %s" % (says, done.stderr))
            done = run_program(program, directory, dict(options, **pair))
            equal(done.returncode, 73, says + done.stderr)
            check(says in done.stderr, "%s: %s" % (says, done.stderr))


def refused(t, directory, **options):
    """By --check-config and at start, of both."""
    for program, base in programs(t):
        for args, status in ((["--check-config"], 78), ([], 73)):
            done = run_program(program, directory, dict(base, **options),
                               *args)
            equal(done.returncode, status, done.stderr)
            yield done.stderr


def accepted(t, directory, **options):
    for program, base in programs(t):
        done = run_program(program, directory, dict(base, **options),
                           "--check-config")
        equal((done.returncode, done.stderr), (0, ""))


def test_who_signed(t):
    """A certificate of an authority that clients know and this machine does
    not, with and without its chain."""
    directory = os.path.join(t.shared.dir, "chain")
    os.mkdir(directory)
    root, root_key = ximss.make_certificate(directory, stem="root")
    _, middle_key = ximss.make_certificate(directory, stem="middle")
    _, key = ximss.make_certificate(directory, stem="leaf")
    middle = sign(directory, "middle", middle_key, root, root_key,
                  "basicConstraints=CA:true\n")
    leaf = sign(directory, "leaf", key, middle, middle_key)
    direct = sign(directory, "direct", key, root, root_key)
    named = sign(directory, "named", key, root, root_key,
                 "authorityKeyIdentifier=issuer:always\n")
    chain = os.path.join(directory, "fullchain.pem")
    with open(chain, "w", encoding="utf-8") as f:
        for name in (leaf, middle):
            with open(name, encoding="utf-8") as part:
                f.write(part.read())
    for name in (leaf, direct):
        for text in refused(t, directory, tls_certificate=name, tls_key=key):
            check("who signed it" in text and "tls-roots" in text, text)
    accepted(t, directory, tls_certificate=chain, tls_key=key)
    accepted(t, directory, tls_certificate=named, tls_key=key)
    accepted(t, directory, tls_certificate=direct, tls_key=key, tls_roots=root)
    accepted(t, directory, tls_certificate=chain, tls_key=key, tls_roots=root)
    for text in refused(t, directory, tls_certificate=leaf, tls_key=key,
                        tls_roots=root):
        check("who signed it" in text, text)
    for text in refused(t, directory, tls_certificate=chain, tls_key=key,
                        tls_roots="/none"):
        check("reading the roots /none" in text, text)


def test_what_else_cannot_work(t):
    directory = t.shared.dir
    plain = os.path.join(directory, "plain")
    with open(plain, "w", encoding="ascii") as f:
        f.write("x\n")
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    port = "127.0.0.1:%d" % taken.getsockname()[1]
    away = {"store": os.path.join(directory, "other")}
    page = os.path.join(directory, "fifo.js")
    os.makedirs(page + ".d")
    os.mkfifo(os.path.join(page + ".d", "a.js"))
    rows = [
        (0, {}, None), (0, away, None),
        (0, {"user": "nobody-of-that-name"}, "user: "),
        (0, {"store": "/dev/null/store"}, "store: "),
        (0, {"quota_socket_group": "none-of-that-name"},
         "quota-socket-group: "),
        (0, {"quota_dict_socket": "/none/dict"}, "quota-dict-socket: "),
        (0, {"quota_warning_socket": "/none/x"}, "quota-warning-socket: "),
        (0, {"control_socket": "/none/x"}, "control-socket: "),
        (0, {"quota_doveadm_url": "http://127.0.0.1:1/",
             "quota_doveadm_key_file": "/none"}, "quota-doveadm-key-file: "),
        (0, {"time_zone": "Nowhere/None"}, "time-zone: "),
        (0, {"quota_doveadm_url": "https://127.0.0.1:1/",
             "quota_doveadm_key_file": plain}, "quota-doveadm-url: "),
        (0, {"quota_dict_socket": plain}, "is not a socket"),
        (0, {"quota_warning_socket": plain}, "is not a socket"),
        (0, {"control_socket": plain}, "is not a socket"),
        (0, {"quota_socket_group": "0"}, None),
        (0, {"door_socket": plain}, "is not a socket"),
        (0, {"door_socket": "/none/door"}, "door-socket: "),
        (0, {"door_socket": "/" + "x" * 99}, "door-socket: "),
        (0, {"door_socket": directory + "/a",
             "quota_dict_socket": directory + "/a"}, "the same"),
        (0, {"door_socket_group": "none-of-that-name"},
         "door-socket-group: there is no group none-of-that-name"),
        (0, {"door_users": ["root", "none-of-that-name"]},
         "door-users: there is no user none-of-that-name"),
        (0, {"door_users": ["root", "5000"], "door_user_format": "x%u@a.test",
             "door_socket": directory + "/door"}, None),
        (0, {"door_user_format": "joe"}, "door-user-format: "),
        (0, {"door_user_format": "%u%d"}, "door-user-format: "),
        (0, {"door_sessions": 0}, "door-sessions"),
        (0, {"notify_commands": ["/bin/true", plain]},
         "notify-commands: %s: Permission denied" % plain),
        (0, {"notify_commands": ["/bin/true"], "notify_sendmail": "/bin/true",
             "notify_urls": ["https://a.test/b"]}, None),
        (0, {"notify_commands": ["true"]}, "notify-commands: true: "),
        (0, {"notify_urls": ["https://a.test@b.test"]}, "notify-urls: "),
        (0, {"notify_sendmail": "/none"}, "notify-sendmail: /none: "),
        (0, {"notify_roots": "/none"}, "notify-roots: /none: "),
        (0, {"token_key_file": directory}, "token-key-file: "),
        (0, {"token_key_file": "/none/key"}, "token-key-file: "),
        (0, {"store": directory}, "store: "),
        (0, {"store": os.path.join(directory, "store", "db")}, "store: "),
        (0, {"store": plain}, "store: "),
        (0, dict(away, listen=["192.0.2.1:1"]), "listen: 192.0.2.1:1"),
        (0, dict(away, listen_pwd_apop=["192.0.2.1:1"]), "listen-pwd-apop: "),
        (0, {"listen_pwd_apop": ["127.0.0.1:1"], "listen": ["127.0.0.1:1"]},
         "twice"),
        (0, dict(away, listen_pwd=["192.0.2.1:1"]), "listen-pwd: "),
        (0, dict(away, listen=[port]), "in use"),
        (0, {"listen": [port]}, None),  # it is the running server's own
        (0, {"listen": ["127.0.0.1:1", "127.0.0.1:1"]}, "twice"),
        (0, {"listen_pwd": ["127.0.0.1:1"], "listen": ["127.0.0.1:1"]},
         "twice"),
        (0, dict(away, listen_pwd_apop=["192.0.2.1:1"]), "listen-pwd-apop: "),
        (0, {"listen_pwd_apop": ["127.0.0.1:1"], "listen": ["127.0.0.1:1"]},
         "twice"),
        # However an address is written, it is the same; what others may read
        # as another one is none.
        (0, {"listen": ["[::1]:1", "[0:0::1]:1"]}, "twice"),
        (0, {"listen": ["127.0.0.1:1", "[::ffff:127.0.0.1]:1"]}, "twice"),
        (1, {"listen": ["[::1]:1", "[0:0::1]:1"]}, "twice"),
        (0, {"listen": ["127.1:1"]}, "not allowed"),
        (1, {"listen": ["127.1:1"]}, "not allowed"),
        (1, {"listen": ["[fe80::1%no-such-one]:1"]}, "not allowed"),
        (1, {"server_address": "[::1]"}, None),
        (1, {"server_address": "::1"}, None),
        (1, {"server_address": "fe80::1%lo"}, None),
        (1, {"server_address": "127.1"}, "server-address"),
        (1, {"server_address": "127.0.0.1:11024"}, "without a port"),
        (1, {"server_address": "[::1]:11024"}, "without a port"),
        (1, {"site_name": "\u3164"}, "site-name"),
        (1, {"organisation": "\u00a0\u2800"}, "organisation"),
        (1, {}, None), (1, {"listen": [port]}, None),
        (1, {"user": "nobody-of-that-name"}, "user: "),
        (1, {"pages": "/none"}, "/none"),
        (1, {"pages": page + ".d"}, "not a file"),
        (1, {"server_socket": plain}, "is not a socket"),
        (1, {"server_socket": "/none/yet"}, None),
        (1, {"listen": ["192.0.2.1:1"]}, "listen: 192.0.2.1:1"),
        (1, {"listen": ["127.0.0.1:1", "127.0.0.1:1"]}, "twice"),
        (1, {"server_socket": "/" + "x" * 106}, None),
        (1, {"server_socket": "/" + "x" * 107}, "server-socket"),
    ]
    if os.path.exists(os.path.join(os.path.dirname(ximss.program()),
                                   "ximss-pam")):
        rows += [
            (0, {"auth": ["pam"], "pam_program": "/none"},
             "pam-program: /none: "),
            (0, {"auth": ["store"], "pam_program": "/none"}, None),
            (0, {"auth": ["pam"], "pam_program": "/bin/sh",
                 "pam_user": "nobody-of-that-name"}, "pam-user: "),
        ]
    for which, options, says in rows:
        program, base = programs(t)[which]
        done = run_program(program, directory, dict(base, **options),
                           "--check-config")
        equal(done.returncode, 78 if says else 0, "%s %s" % (options,
                                                             done.stderr))
        check((says or "") in done.stderr, done.stderr)
        check("Sanitizer" not in done.stderr, done.stderr)
    taken.close()


def test_marks_of_editors(t):
    """What is UTF-8 is read with its mark; what is not is called so."""
    for which, (program, options) in enumerate(programs(t)):
        path = os.path.join(t.shared.dir, "marked%d.conf" % which)
        text = "".join("%s = %s\n" % (key, ximss.config_value(value))
                       for key, value in options.items())
        for data, says in (
                (b"\xef\xbb\xbf" + text.encode(), None),
                (b"\xef\xbb\xbf# a comment\r\n" + text.encode(), None),
                (text.encode("utf-16"), "it is UTF-16: save it as UTF-8"),
                (b"\xfe\xff" + text.encode("utf-16-be"), "it is UTF-16"),
                (text.encode("utf-16-le"), "it is UTF-16"),
                (text.encode("utf-32"), "it is UTF-32: save it as UTF-8"),
                (b"\xef\xbb\xbf", None)):
            with open(path, "wb") as f:
                f.write(data)
            done = subprocess.run(
                [program, "--config", path, "--check-config"]
                + (["--store", os.path.join(t.shared.dir, "store")]
                   if which == 0 else ["--pages", ""]),
                capture_output=True, text=True, stdin=subprocess.DEVNULL,
                timeout=ximss.DEADLINE, check=False)
            equal(done.returncode, 78 if says else 0,
                  "%r %s" % (data[:9], done.stderr))
            check((says or "") in done.stderr, done.stderr)


def test_certificates_with_marks(t):
    directory = os.path.join(t.shared.dir, "marks")
    os.mkdir(directory)
    cert, key = ximss.make_certificate(directory)
    with open(cert, encoding="utf-8") as f:
        pem = f.read()
    for program, options in programs(t):
        for data, says in ((b"\xef\xbb\xbf" + pem.encode(), None),
                           (pem.encode("utf-16"), "it is UTF-16")):
            with open(cert + ".marked", "wb") as f:
                f.write(data)
            done = run_program(program, directory, dict(
                options, tls_certificate=cert + ".marked", tls_key=key),
                "--check-config")
            equal(done.returncode, 78 if says else 0, done.stderr)
            check((says or "") in done.stderr, done.stderr)


def test_all_that_is_wrong_is_said_at_once(t):
    program, options = programs(t)[0]
    done = run_program(program, t.shared.dir, dict(
        options, user="nobody-of-that-name", time_zone="Nowhere/None",
        listen=["192.0.2.1:1"]), "--check-config")
    equal(len(done.stderr.splitlines()), 3, done.stderr)


def test_a_start_says_the_same(t):
    """What the check finds is no warning of a start."""
    store = os.path.join(t.shared.dir, "own-store")
    subprocess.run([ximss.program(), "--init", store, "--main-domain",
                    ximss.MAIN], check=True, stdin=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    options = {"store": store, "time_zone": "Nowhere/None"}
    said = []
    for args, status in ((["--check-config"], 78), ([], 73)):
        done = run_program(ximss.program(), t.shared.dir, options, *args)
        equal(done.returncode, status, done.stderr)
        said.append(done.stderr.partition("time-zone: ")[2])
    check(said[0].startswith("Nowhere/None is not known"), said)
    equal(said[0], said[1])


def test_a_store_that_is_to_be_made(t):
    """No error, but said."""
    new = os.path.join(t.shared.dir, "new-store")
    for made in (False, True):
        if made:
            os.mkdir(new)
        done = run_program(ximss.program(), t.shared.dir, {"store": new},
                           "--check-config")
        equal(done.returncode, 0, done.stderr)
        check("note: " in done.stderr and "--init " + new in done.stderr,
              done.stderr)
