# SPDX-License-Identifier: BSD-2-Clause
"""Certificates and keys that are wrong, each in its own way."""

import os
import subprocess

import ximss


def openssl(*args, stdin=""):
    subprocess.run(["openssl", *args], check=True, input=stdin, text=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def sign(directory, stem, key, issuer, issuer_key, extension=""):
    """A certificate of the key that the issuer signed."""
    def path(name):
        return os.path.join(directory, stem + name)
    with open(path(".ext"), "w", encoding="utf-8") as f:
        f.write(extension)
    openssl("req", "-new", "-key", key, "-subj", "/CN=" + stem,
            "-out", path(".csr"))
    openssl("x509", "-req", "-in", path(".csr"), "-CA", issuer, "-CAkey",
            issuer_key, "-days", "2", "-set_serial", "7",
            "-extfile", path(".ext"), "-out", path(".pem"))
    return path(".pem")


def wrong_pairs(directory):
    """(what is said, certificate, key)"""
    def path(name):
        return os.path.join(directory, name)
    cert, key = ximss.make_certificate(directory, stem="good")
    _, other = ximss.make_certificate(directory, stem="other")
    openssl("pkey", "-in", key, "-aes128", "-passout", "pass:secret",
            "-out", path("locked.key"))
    leaf = sign(directory, "leaf", key, cert, key)
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
            ("not a file", path("fifo"), key), ("not a file", cert, path("fifo")),
            ("not a file", "/dev/zero", key), ("empty", path("empty"), key),
            ("empty", cert, path("empty")), ("start line", path("text"), key),
            ("private key", cert, path("text")),
            ("private key", cert, path("cut")), ("mismatch", cert, other),
            ("protected by a password", cert, path("locked.key")),
            ("who signed it", leaf, key)]
