"""Claims: what a thousand of them add to an audit, and what checking the answers costs.

Both audits of the same logs are made in one run, so that only their ratio matters; exhibits are
counted beside raw Ed25519.
usage: claims.py BUILD ENTRIES [CLAIMS]
"""

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile

import audit_logs
from audit_logs import USERS, VALID, lines, run
from measure import measure

KINDS = ["consumed_less", "sold_more", "price", "left_out", "altered"]


def claims(count, periods):
    """So many claims by all users, of all kinds, of periods throughout the logs."""
    by_user = {}
    for i in range(count):
        who = f"u{i % USERS}"
        by_user.setdefault(who, []).append(
            {"type": "claim", "v": 1, "claimant": who, "entries": [], "text": str(i),
             "kind": KINDS[i // USERS % len(KINDS)], "period": periods[i * 7 % len(periods)]})
    return "".join(run(["lm-sign", "-k", f"{who}.jwk"], lines(of)) for who, of in by_user.items())


def row(what, count, seconds, memory, ratio):
    print(f"{what:<28} {count:>8} {seconds:>8.3f} {count / seconds:>10.0f} {memory:>7.1f} "
          f"{ratio:>7.2f}", flush=True)


def prepare(size, count):
    """The logs, the claims, and what lm-audit is called with, as files."""
    arguments, files = audit_logs.build(size)
    auditor = run(["lm-keygen", "--id", "auditor", "--role", "auditor", "--valid", VALID])
    with open("auditor", "w", encoding="ascii") as file:
        file.write(run(["lm-sign", "-k", "registrar.jwk"], auditor))
    with open("claims", "w", encoding="ascii") as file:
        file.write(claims(count, audit_logs.periods(max(1, size // audit_logs.PER_PERIOD))))
    with open("arguments", "w", encoding="ascii") as file:
        file.write("\n".join(arguments))
    with open("entries", "wb") as file:
        subprocess.run(["cat", *files], check=True, stdout=file)


def show():
    """The signed answers behind their claims; how many exhibits there are."""
    exhibits = 0
    with open("answers", encoding="utf-8") as file, open("bare", "w", encoding="utf-8") as bare:
        for line in file:
            if '"claim":' in line:
                bare.write(line)
                exhibits += '"type":"exhibit"' in line
    with open("shown", "wb") as file:
        subprocess.run(["cat", "claims"], check=True, stdout=file)
        file.flush()
        subprocess.run(["lm-sign", "-k", "auditor.jwk", "bare"], check=True, stdout=file)
    return exhibits


def count_lines(name):
    with open(name, "rb") as file:
        return sum(1 for _ in file)


def main():
    build, size, count = sys.argv[1], int(sys.argv[2]), int((sys.argv[3:] or ["1000"])[0])
    raw = os.path.abspath(os.path.join(build, "tests/bench/raw"))
    programs = os.path.join(os.path.abspath(build), "bin")
    os.environ["PATH"] = programs + os.pathsep + os.environ["PATH"]
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    try:
        # In a process of its own, as the memory of who starts a program counts as its.
        made = multiprocessing.Process(target=prepare, args=(size, count))
        made.start()
        made.join()
        if made.exitcode != 0:
            sys.exit("bench: no logs")
        with open("arguments", encoding="ascii") as file:
            audit = ["lm-audit", *file.read().split("\n")]
        entries = count_lines("entries")
        # In turn, and the best of each, as other work on the machine comes and goes.
        runs = [(measure(audit, "/dev/null", "audited"),
                 measure([*audit, "--claims", "claims"], "/dev/null", "answers"))
                for _ in range(3)]
        plain, asked = (min(pair[place] for pair in runs) for place in (0, 1))
        exhibits = show()
        checked = measure(["lm-audit", "--root", "registrar.jwk", "--verdicts", "shown", "auditor",
                           "registry.log", "S.log"], "/dev/null", "checked")
        verify_rate = float(run([raw, "5000", "512"]).split()[1])
        print(f"{'claims':<28} {'lines':>8} {'seconds':>8} {'lines/s':>10} {'MiB':>7} {'ratio':>7}")
        row("audit", entries, *plain, 1)
        row(f"the same with {count} claims", entries, *asked, asked[0] / plain[0])
        row("exhibits of their verdicts", exhibits, *checked, exhibits / checked[0] / verify_rate)
        print("ratio: the time over that without claims; of exhibits, lines/s over the rate of raw "
              "verifications\n")
    finally:
        shutil.rmtree(folder)


main()
