# SPDX-License-Identifier: BSD-2-Clause
"""The table of a run, as Markdown."""

from statistics import median

BEGIN = "<!-- table: written by scripts/bench --doc -->"
END = "<!-- end of table -->"


def replace_table(text, table):
    head, rest = text.split(BEGIN, 1)
    return f"{head}{BEGIN}\n{table}{END}{rest.split(END, 1)[1]}"


def values(answers, key):
    return [a[key] for a in answers]


def ratio(answers, floor, key, inverse=False):
    """Median of the ratios of the rounds."""
    pairs = zip(values(answers, key), values(floor, key))
    return median(b / a if inverse else a / b for a, b in pairs)


def rows(header, lines):
    marks = ["---"] + ["---:"] * (len(header) - 1)
    return "".join("| " + " | ".join(str(c) for c in line) + " |\n"
                   for line in [header, marks] + lines)


NAMES = {"floor1": "floor, 1 thread", "floor2": "floor, 2 threads",
         "server1": "ximssd, 1 worker", "server2": "ximssd, 2 workers",
         "gather": "floor, gathered"}


def delivery(results):
    out = "### One alert to N sessions\n\n"
    lines = []
    for n, answers in results["delivery"].items():
        for name in ("floor1", "server1", "floor2", "server2"):
            a = answers[name]
            lines.append(
                [f"{n:,}", NAMES[name]] +
                [f"{median(values(a, key)):.2f}" for key in
                 ("first_ms", "median_ms", "p99_ms", "last_ms")] +
                [f"{ratio(a, answers['floor1'], 'last_ms'):.2f}",
                 f"{median(values(a, 'cpu_us_each')):.1f}",
                 f"{results['settling'][n][name]:.1f}"
                 if name in results["settling"][n] else ""])
    out += rows(["N", "", "first ms", "median ms", "p99 ms", "last ms",
                 "last ÷ floor", "CPU µs per delivery", "with settling"],
                lines)
    return out + "\n" + growth(results)


def growth(results):
    """The cost per delivery at each N beside that at the first one."""
    sizes = list(results["delivery"])
    lines = []
    for name in ("floor1", "server1", "server2"):
        each = [median(values(results["delivery"][n][name], "cpu_us_each"))
                for n in sizes]
        lines.append([NAMES[name]] +
                     [f"{e:.2f} ({e / (each[0] or 1):.2f})" for e in each])
    return ("CPU µs per delivery as N grows (÷ the first):\n\n" +
            rows([""] + [f"{n:,}" for n in sizes], lines) + "\n")


def burst(results):
    out = "### A burst of 50 alerts to N sessions\n\n"
    lines = []
    for n, answers in results["burst"].items():
        for name in ("floor1", "server1", "server2", "gather"):
            a = answers[name]
            lines.append(
                [f"{n:,}", NAMES[name], f"{median(values(a, 'last_ms')):.1f}",
                 f"{median(x['count'] / x['last_ms'] for x in a):.0f}",
                 f"{ratio(a, answers['floor1'], 'last_ms', True):.1f}"])
    out += rows(["N", "", "last ms", "thousand deliveries/s", "× floor"],
                lines)
    return out + "\n"


def logins(results):
    r = results["logins"]
    lines = [["ximssd, first time", f"{r['first']['per_s']:,.0f}",
              f"{r['first']['cpu_us_each']:.1f}"]]
    for name, title in (("again", "ximssd, remembered"),
                        ("floor", "floor (accepts and answers)")):
        lines.append([title, f"{median(values(r[name], 'per_s')):,.0f}",
                      f"{median(values(r[name], 'cpu_us_each')):.1f}"])
    return (f"### Log-ins ({r['first']['count']:,} accounts)\n\n" +
            rows(["", "per second", "server CPU µs each"], lines) + "\n")


def idle(results):
    n = results["plan"]["idle_sessions"]
    lines = []
    for kind, r in results["idle"].items():
        lines.append([kind, f"{(r['full'] - r['known']) / n:.3f}",
                      f"{(r['full'] - r['start']) / n:.3f}",
                      r["start"], r["known"], r["full"], r["left"]])
    out = (f"### Memory of {n:,} idle sessions (PSS)\n\n" +
           rows(["", "KiB per session", "the same with caches",
                 "started, KiB", "all known", "all in", "all left"], lines))
    memory = ", ".join(f"{kib:,} KiB after {i}"
                       for i, kib in results["idle"]["plain"]["churn"])
    return (out + f"\n{results['plan']['churn_sessions']:,} sessions come and "
            f"go: {memory} rounds.\n\n")


def posts(results):
    lines = []
    for shape in results["posts"]:
        r = shape["rounds"]
        lines.append(
            [shape["admins"], shape["depth"],
             f"{median(x['batch'] for x in r):.1f}",
             f"{median(x['server']['per_s'] for x in r):,.0f}",
             f"{median(x['floor']['per_s'] for x in r):,.0f}",
             f"{median(x['server']['per_s'] / x['floor']['per_s'] for x in r):.2f}"])
    return ("### Durable posts\n\n" +
            rows(["administrators", "under way on each", "posts per commit",
                  "posts/s", "bare loop, records/s", "÷ floor"], lines) + "\n")


def cli(results):
    r = results["cli"]
    listing = r["listing"]
    hashes, commits = r["hash_floor"]["per_s"], r["commit_floor"]["per_s"]

    def line(title, x, floor, per_s):
        return [title, f"{x['count']:,}", f"{x['seconds']:.2f}",
                f"{x['per_s']:,.0f}", f"{x['cpu_us_each']:.1f}",
                f"{x['batch']:.0f}" if per_s else "", floor,
                f"{x['per_s'] / per_s:.2f}" if per_s else ""]
    out = "### The CLI over one PWD connection, pipelined\n\n"
    out += rows(["", "lines", "seconds", "per second", "server CPU µs each",
                 "lines per commit", "floor", "÷ floor"],
                [line("NOOP", r["noop"], "", 0),
                 line("CreateAccount with a password", r["password"],
                      f"two threads that only hash: {hashes:,.0f}/s", hashes),
                 line("CreateAccount without", r["plain"],
                      f"bare commit loop: {commits:,.0f}/s", commits)])
    return (out + f"\nListAccounts of {r['plain']['count']:,} accounts and "
            f"more: {listing['bytes'] / 1e6:.1f} MB in "
            f"{listing['seconds']:.2f} s; meanwhile another connection's NOOP "
            f"took {listing['median_ms']:.2f} ms (median), "
            f"{listing['slowest_ms']:.1f} ms at most, and the server had "
            f"{listing['grown_kib']:,} KiB more at the end.\n\n")


def quota(results):
    r = results["quota"]
    push, flood, many = r["push"], r["flood"], r["many"]
    listing = many["listing"]
    out = "### Usage reports\n\n"
    out += rows(["", "reports", "per second", "server CPU µs each",
                 "answered after µs (p99)"],
                [["Dovecot's socket, at a rate", f"{push['count']:,}",
                  f"{push['count'] / push['seconds']:,.0f}",
                  f"{push['cpu_us_each']:.1f}", f"{push['p99_us']:,.0f}"],
                 ["Dovecot's socket, as fast as answered",
                  f"{flood['count']:,}", f"{flood['per_s']:,.0f}",
                  f"{flood['cpu_us_each']:.1f}", f"{flood['p99_us']:,.0f}"]] +
                [[title, f"{x['count']:,}", f"{x['per_s']:,.0f}",
                  f"{x['cpu_us_each']:.1f}", ""]
                 for title, x in (("SetStorageUsed, each account's first",
                                   many["report"]),
                                  ("SetStorageUsed again", many["again"]))])
    return (out + f"\nOne alert to {push['sessions']:,} sessions: "
            f"{push['quiet_ms']:.1f} ms, and {push['reporting_ms']:.1f} ms "
            "while reports come at that rate "
            f"({push['reporting_ms'] / push['quiet_ms']:.2f}), which takes "
            f"{push['cpu_share'] * 100:.0f} % of a core. A sweep costs "
            f"{r['sweep_us']:.1f} µs for each account that is logged in. "
            f"ListStorageUsed … OVER 99 of {many['report']['count']:,} "
            f"accounts: {listing['bytes'] / 1e6:.1f} MB in "
            f"{listing['seconds']:.1f} s; meanwhile another connection's NOOP "
            f"took {listing['median_ms']:.2f} ms (median), "
            f"{listing['slowest_ms']:.1f} ms at most.\n\n")


def table(results):
    m = results["machine"]
    out = (f"{m['cpu']}, {m['cores']} cores, Linux {m['kernel']}, "
           f"{m['date']}; an alert is {results['bytes']} bytes on the wire.\n"
           "\n")
    for section in ("delivery", "burst", "logins", "idle", "posts", "cli",
                    "quota"):
        if section in results:
            out += globals()[section](results)
    return out
