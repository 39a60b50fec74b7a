# SPDX-License-Identifier: BSD-2-Clause
"""Which tests run which lines, for scripts/mutate.

A test is a suite of a unit test program, or a file of tests/proto.  Each runs
once in a build with --coverage, and what gcov says of it is kept in a file."""

import concurrent.futures
import contextlib
import gzip
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

UNIT, PROTO = "unit", "proto"
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@contextlib.contextmanager
def room(parent=None):
    """A directory for a test, which others than its owner may pass."""
    path = tempfile.mkdtemp(prefix="mutate-", dir=parent)
    try:
        os.chmod(path, 0o755)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Test:
    def __init__(self, kind, name, program):
        self.kind, self.name, self.program = kind, name, program
        self.seconds = None  # as it is; None: it fails even so

    def command(self, src, build):
        if self.kind == UNIT:
            return [os.path.join(build, self.program)]
        return [os.path.join(src, "tests/proto/run"), "--build", build,
                "--jobs", "1", "--first", self.name]

    def environment(self, src, build):
        return dict(os.environ, srcdir=src, TOP_BUILDDIR=build,
                    CK_RUN_SUITE=self.name if self.kind == UNIT else "",
                    CK_TIMEOUT_MULTIPLIER="10", CK_VERBOSITY="silent")

    def run(self, src, build, limit, more=None):
        """True if it passed; a test that takes too long did not.  What it
        leaves of its servers and stores is removed: those of some hundred
        tests that failed would fill the memory of the machine."""
        with room() as files, room(MEMORY) as memory:
            env = {**self.environment(src, build), "TEST_MEMORY": memory,
                   "TMPDIR": files, **(more or {})}
            if self.kind == UNIT:  # those of storage/ know no other disk
                env.pop("TMPDIR")
            return groups.run(self.command(src, build), build, limit=limit,
                              env=env)


class Stopped(Exception):
    """Nothing more is run."""


class Groups:
    """Processes that run, each in a session of its own: an interrupt of the
    terminal does not end them, but stop() does, with all they have started."""

    def __init__(self):
        self.lock = threading.RLock()  # an interrupt may come inside
        self.running, self.stopped = set(), False

    def run(self, command, directory, env=None, limit=None, show=False):
        """True if it ended well, and in time."""
        with self.lock:
            if self.stopped:
                raise Stopped
            process = subprocess.Popen(
                command, cwd=directory, env=env, start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr if show else subprocess.DEVNULL,
                stderr=None if show else subprocess.DEVNULL)
            self.running.add(process)
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            status = None
        self.end(process)
        process.wait()
        with self.lock:
            self.running.discard(process)
            if self.stopped:
                raise Stopped
        return status == 0

    @staticmethod
    def end(process):
        """A process group is not enough: check gives each test one of its own."""
        for entry in os.listdir("/proc"):
            try:
                with open("/proc/%s/stat" % entry, encoding="latin-1") as f:
                    session = f.read().rpartition(")")[2].split()[3]
                if session == str(process.pid):
                    os.kill(int(entry), signal.SIGKILL)
            except (OSError, ValueError, IndexError):
                pass  # no process, or gone

    def stop(self):
        with self.lock:
            self.stopped = True
            for process in self.running:
                self.end(process)


groups = Groups()


def all_tests(src):
    tests = []
    unit = os.path.join(src, "tests/unit")
    for name in sorted(os.listdir(unit)):
        if not name.endswith(".inc"):
            continue
        with open(os.path.join(unit, name), encoding="utf-8") as f:
            text = f.read().replace("\\\n", " ")
        for program, files in re.findall(
                r"^tests_unit_(\w+)_SOURCES \+?=(.*)$", text, re.M):
            tests += [Test(UNIT, suite, "tests/unit/" + program)
                      for suite in suites_of(src, files.split())]
    proto = os.path.join(src, "tests/proto")
    tests += [Test(PROTO, name[:-3], "ximssd")
              for name in sorted(os.listdir(proto))
              if re.fullmatch(r"\d\d-.*\.py", name)]
    return tests


def suites_of(src, files):
    found = []
    for name in files:
        with open(os.path.join(src, name), encoding="utf-8") as f:
            found += re.findall(r'suite_create\("([^"]+)"\)', f.read())
    return found


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Map:
    """files: {file: {"sha": ..., "lines": {line: {test's number: times}}}}"""

    def __init__(self, tests):
        self.tests, self.files = tests, {}

    def save(self, path):
        with open(path + ".new", "w", encoding="utf-8") as f:
            json.dump({"tests": [vars(t) for t in self.tests],
                       "files": self.files}, f)
        os.replace(path + ".new", path)

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8") as f:
            data = json.load(f)
        found = Map([])
        for row in data["tests"]:
            test = Test(row["kind"], row["name"], row["program"])
            test.seconds = row["seconds"]
            found.tests.append(test)
        found.files = data["files"]
        return found

    def covering(self, name, line, src):
        """The tests that run a line, those first that are quick and that do
        little else in the file; of a file that changed since, all that run
        it."""
        file = self.files.get(name)
        if file is None:
            return []
        lines = {int(n): runs for n, runs in file["lines"].items()}
        totals = {}
        for runs in lines.values():
            for test, times in runs.items():
                totals[test] = totals.get(test, 0) + times
        before = [n for n in lines if n <= line]
        runs = lines[max(before)] if before and \
            digest(os.path.join(src, name)) == file["sha"] else totals
        found = [(self.tests[int(test)].kind != UNIT,
                  -times / totals[test], int(test))
                 for test, times in runs.items() if times > 0]
        return [self.tests[test] for _, _, test in sorted(found)]


def gcov(build, counted, name):
    """{file: {line: times}} of the counts under a directory."""
    data = []
    for top, _, files in os.walk(counted):
        for file in files:
            if file.endswith(".gcda"):
                path = os.path.join(top, file)
                notes = os.path.splitext(os.path.relpath(path, counted))[0]
                os.symlink("/" + notes + ".gcno",
                           os.path.splitext(path)[0] + ".gcno")
                data.append(path)
    found = {}
    if not data:
        return found
    work = os.path.join(counted, "gcov-" + name)
    os.mkdir(work)
    # It skips the counts of who was killed while it wrote them.
    subprocess.run(["gcov", "--json-format", "--hash-filenames", *data],
                   cwd=work, check=False, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    for file in os.listdir(work):
        with gzip.open(os.path.join(work, file), "rt") as f:
            for part in json.load(f)["files"]:
                path = os.path.normpath(os.path.join(build, part["file"]))
                lines = found.setdefault(path, {})
                for row in part["lines"]:
                    n = row["line_number"]
                    lines[n] = lines.get(n, 0) + row["count"]
    return found


def make_map(src, build, tests, limit, jobs, progress):
    """Runs each test in a build with --coverage."""
    found = Map(tests)

    def one(number):
        test, counted = tests[number], os.path.join(
            build, "counted-%d" % number)
        shutil.rmtree(counted, ignore_errors=True)
        os.mkdir(counted)
        begun = time.monotonic()
        passed = test.run(src, build, limit, {"GCOV_PREFIX": counted})
        test.seconds = time.monotonic() - begun if passed else None
        lines = gcov(build, counted, str(number)) if passed else {}
        shutil.rmtree(counted)
        return number, lines

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for done, (number, files) in enumerate(pool.map(one,
                                                        range(len(tests)))):
            progress(done + 1, len(tests), tests[number])
            for path, lines in files.items():
                if not path.startswith(src + os.sep):
                    continue
                name = os.path.relpath(path, src)
                file = found.files.setdefault(
                    name, {"sha": digest(path), "lines": {}})
                for line, times in lines.items():
                    file["lines"].setdefault(str(line), {})
                    if times:
                        file["lines"][str(line)][str(number)] = times
    return found
