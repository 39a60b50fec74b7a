# SPDX-License-Identifier: BSD-2-Clause
"""What cannot work is found by --check-config and refused at start, in both
daemons."""

import os
import socket
import subprocess

import bridge as web
import ximss
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


def openssl(*args, stdin=""):
    subprocess.run(["openssl", *args], check=True, input=stdin, text=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wrong_pairs(directory):
    """(what is said, certificate, key)"""
    def path(name):
        return os.path.join(directory, name)
    cert, key = ximss.make_certificate(directory)
    _, other = ximss.make_certificate(directory, stem="other")
    openssl("pkey", "-in", key, "-aes128", "-passout", "pass:secret",
            "-out", path("locked.key"))
    openssl("req", "-new", "-key", key, "-subj", "/CN=leaf",
            "-out", path("leaf.csr"))
    openssl("x509", "-req", "-in", path("leaf.csr"), "-CA", cert, "-CAkey",
            key, "-days", "2", "-CAcreateserial", "-out", path("leaf.pem"))
    os.mkfifo(path("fifo"))
    for name, text in (("empty", ""), ("text", "no PEM\n"), ("cut", "")):
        with open(path(name), "w", encoding="utf-8") as f:
            f.write(text)
    with open(path("cut"), "w", encoding="utf-8") as f, \
            open(key, encoding="utf-8") as whole:
        f.write(whole.read()[:90])
    return [("No such file", path("none"), key),
            ("No such file", cert, path("none")),
            ("directory", directory, key), ("directory", cert, directory),
            ("no file", path("fifo"), key), ("no file", cert, path("fifo")),
            ("no file", "/dev/zero", key), ("empty", path("empty"), key),
            ("empty", cert, path("empty")), ("start line", path("text"), key),
            ("private key", cert, path("text")),
            ("private key", cert, path("cut")), ("mismatch", cert, other),
            ("protected by a password", cert, path("locked.key")),
            ("who signed it", path("leaf.pem"), key)]


def test_certificates_and_keys(t):
    directory = t.shared.dir
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


def test_a_certificate_with_its_chain(t):
    directory = os.path.join(t.shared.dir, "chain")
    os.mkdir(directory)
    pairs = wrong_pairs(directory)
    _, leaf, key = pairs[-1]
    with open(leaf, "a", encoding="utf-8") as f, \
            open(os.path.join(directory, "cert.pem"), encoding="utf-8") as ca:
        f.write(ca.read())
    for program, options in programs(t):
        done = run_program(program, directory, dict(
            options, tls_certificate=leaf, tls_key=key), "--check-config")
        equal((done.returncode, done.stderr), (0, ""))


def test_what_else_cannot_work(t):
    directory = t.shared.dir
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
        (0, dict(away, listen=["192.0.2.1:1"]), "listen: 192.0.2.1:1"),
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
        (1, {"pages": page + ".d"}, "no file"),
        (1, {"listen": ["192.0.2.1:1"]}, "listen: 192.0.2.1:1"),
        (1, {"listen": ["127.0.0.1:1", "127.0.0.1:1"]}, "twice"),
        (1, {"server_socket": "/" + "x" * 106}, None),
        (1, {"server_socket": "/" + "x" * 107}, "server-socket"),
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
