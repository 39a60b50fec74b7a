# SPDX-License-Identifier: BSD-2-Clause
"""Processes that a run is made of: the floor, ximssd, and a load generator for
each of them."""

import atexit
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             os.pardir, "tests", "proto"))

from ximss import free_port  # noqa: E402

MAIN_DOMAIN = "main.test"
DOMAIN = "bench.test"
PASSWORD = "bench password"
ADMIN_PASSWORD = "bench administrator"
START_S = 30
STOP_S = 20

# Only what a load generator on one machine needs otherwise than its users:
# thousands of log-ins from a few addresses, and sessions that say nothing.
CONFIG = """\
store = "{store}"
listen = {{"127.0.0.1:{port}"}}
listen-pwd = {{"127.0.0.1:{pwd_port}"}}
{tls}workers = {workers}
log-level = warn
idle-timeout = 1d
max-unauthenticated-per-address = 0
max-account-alerts = 0
max-domain-alerts = 0
max-server-alerts = 0
"""
TLS_CONFIG = """\
listen-tls = {{"127.0.0.1:{port}"}}
tls-certificate = "{dir}/certificate.pem"
tls-key = "{dir}/key.pem"
"""


class BenchError(Exception):
    pass


_running = []


def _start(args, **kw):
    process = subprocess.Popen(args, **kw)
    _running.append(process)
    return process


def stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process in _running:
        _running.remove(process)
    return process.returncode


def _stop_all():
    for process in list(_running):
        process.kill()
        process.wait()


atexit.register(_stop_all)


def accepts(family, address):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.connect(address)
            return True
    except OSError:
        return False


def last_words(log):
    if log is None:
        return ""
    with open(log, encoding="utf-8", errors="replace") as f:
        return "; it said:\n" + "".join(f.readlines()[-5:])


def wait_for_listeners(port, path, process, log=None):
    """log: where the process writes what it says, if not to our stderr."""
    end = time.monotonic() + START_S
    while not (accepts(socket.AF_UNIX, path) and
               accepts(socket.AF_INET, ("127.0.0.1", port))):
        if process.poll() is not None or time.monotonic() > end:
            raise BenchError(f"nobody listens on {path} and port {port}; "
                             f"status {process.poll()}{last_words(log)}")
        time.sleep(0.02)


class Load:
    """A load generator; each method waits for its command's answer."""

    def __init__(self, build, target, pid, **options):
        args = [f"{build}/bench/load", "--target", target, "--pid", str(pid),
                "--domain", DOMAIN, "--password", PASSWORD]
        for name, value in options.items():
            args.append("--" + name.replace("_", "-"))
            if value is not True:
                args.append(str(value))
        self.process = _start(args, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)

    def __call__(self, *words):
        command = " ".join(str(w) for w in words)
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "load ended"}
        if "error" in answer:
            raise BenchError(f"{command}: {answer['error']}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        stop(self.process)

    def settle(self, quiet_us=3000, step_ms=100, most_s=15):
        """Waits until the server has nothing left to do."""
        end = time.monotonic() + most_s
        while time.monotonic() < end:
            if self("idle", step_ms)["cpu_us"] < quiet_us:
                return


class Floor:
    def __init__(self, build, threads=1, gather=False, size=220):
        args = [f"{build}/bench/floor", "--threads", str(threads), "--bytes",
                str(size)] + (["--gather"] if gather else [])
        self.process = _start(args, stdout=subprocess.PIPE, text=True)
        port = int(self.process.stdout.readline().split()[1])
        self.load = Load(build, f"127.0.0.1:{port}", self.process.pid,
                         admin="admin", admin_password="none")

    def stop(self):
        self.load.close()
        stop(self.process)


class Server:
    """ximssd on a store of its own."""

    def __init__(self, build, store, workers, tls=False, count=False,
                 usage=False, more="", program=None):
        """count: of its commits.  usage: with a socket for reports of it.
        more: lines of configuration.  program: another build's server."""
        self.build, self.store = build, store
        self.port, self.pwd_port = free_port(), free_port()
        self.tls_port = free_port() if tls else None
        config = f"{store}.conf"
        if usage:
            self.usage_socket = f"{store}.usage"
            more += f'quota-dict-socket = "{self.usage_socket}"\n'
        tls_text = (TLS_CONFIG.format(port=self.tls_port,
                                      dir=os.path.dirname(store))
                    if tls else "")
        with open(config, "w") as f:
            f.write(CONFIG.format(store=store, port=self.port,
                                  pwd_port=self.pwd_port,
                                  tls=tls_text, workers=workers) + more)
        self.log = open(f"{store}.log", "a")
        self.syncs = f"{store}.syncs"
        with open(self.syncs, "wb") as f:
            f.write(bytes(8))
        self.process = _start([f"{program or build}/ximssd", "--config",
                                config],
                              stderr=self.log, env=self.environment(count))
        wait_for_listeners(self.port, f"{store}/control.sock", self.process,
                           self.log.name)
        self.load = self.new_load()

    def new_load(self, **options):
        port = self.tls_port if "tls" in options else self.port
        return Load(self.build, f"127.0.0.1:{port}", self.process.pid,
                    admin=f"postmaster@{MAIN_DOMAIN}",
                    admin_password=ADMIN_PASSWORD, **options)

    def environment(self, count):
        if not count:
            return None
        return dict(os.environ, SYNC_COUNT=self.syncs,
                    LD_PRELOAD=f"{self.build}/bench/.libs/count_syncs.so")

    def commits(self):
        with open(self.syncs, "rb") as f:
            return struct.unpack("=Q", f.read())[0]

    def stop(self):
        self.load.close()
        status = stop(self.process)
        self.log.close()
        if status != 0:
            with open(self.log.name) as log:
                raise BenchError(f"ximssd ended with {status}:\n{log.read()}")


def make_store(build, store, accounts, progress):
    """A store with accounts u1 to uN; made once, copied for each server."""
    secret = f"{store}.password"
    with open(secret, "w") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(ADMIN_PASSWORD + "\n")
    subprocess.run([f"{build}/ximssd", "--init", store, "--main-domain",
                    MAIN_DOMAIN, "--admin-password-file", secret], check=True)
    server = Server(build, store, 2)
    try:
        setup = Load(build, f"{store}/control.sock", server.process.pid)
        progress(f"making {accounts} accounts")
        setup("setup", accounts)
        setup.close()
    finally:
        server.stop()


def copy_store(store, copy):
    """With the holes in its files: a log whose blocks are on the disk already
    would be faster than a fresh one."""
    subprocess.run(["cp", "-r", "--sparse=always", store, copy], check=True)


def make_certificate(directory):
    """False if there is no openssl to make one with."""
    if shutil.which("openssl") is None:
        return False
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost",
                    "-keyout", f"{directory}/key.pem",
                    "-out", f"{directory}/certificate.pem"],
                   check=True, stderr=subprocess.DEVNULL)
    return True


def bdb_floor(build, directory, batch, records, size):
    home = f"{directory}/bdb-floor"
    os.mkdir(home)
    try:
        out = subprocess.run([f"{build}/bench/bdb_floor", "--dir", home,
                              "--batch", str(batch), "--records", str(records),
                              "--bytes", str(size)],
                             stdout=subprocess.PIPE, check=True)
    finally:
        shutil.rmtree(home)
    return json.loads(out.stdout)
