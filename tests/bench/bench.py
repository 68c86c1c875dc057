"""Records per second of the programs, beside raw libsodium and jq on the same input.

Everything of a row is measured in one run on one machine, so that only the ratios matter.
usage: bench.py BUILD SIZE...
"""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import audit_logs
from measure import measure

PERIOD = "2016-04-01T12:00Z/PT30M"
VALID = "2016-01-01T00:00Z/2017-01-01T00:00Z"
NOW = "2016-04-01T11:00:00Z"
KEY = "A" * 43


def run(argv, **options):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def write(path, lines):
    with open(path, "w", encoding="ascii") as out:
        out.writelines(line + "\n" for line in lines)


def order(rng, number, entity):
    side = "offer" if number % 2 else "bid"
    price = rng.randrange(40000, 200000)
    return (
        f'{{"type":"order","v":1,"market":"m1","period":"{PERIOD}","id":"o{number}","seq":1,'
        f'"from":"{entity}","side":"{side}","energy_wh":{rng.randrange(1, 5000)},'
        f'"price":"0.{price:06d}","at":"{NOW}"}}'
    )


def identity(name, role, members):
    key = f'"kty":"OKP","x":"{KEY}"'
    return (
        f'{{"type":"identity","v":1,"id":"{name}","role":"{role}","valid":"{VALID}",{members},'
        f'"keys":{{"sign":{{"crv":"Ed25519",{key}}},"seal":{{"crv":"X25519",{key}}}}},'
        f'"proof":{{"protected":"e30","signature":"AAAA"}}}}'
    )


def settle_input(rng, users):
    """A period of so many users at two suppliers, half of them sellers, all with a reading."""
    regions = '"regions":["r1"]'
    yield identity("m1", "market", regions)
    yield identity("dso", "dso", regions)
    yield identity("tso", "tso", regions)
    for supplier in ("s1", "s2"):
        yield identity(supplier, "supplier", regions)
        yield (
            f'{{"type":"tariff","v":1,"supplier":"{supplier}","valid":"{VALID}","zone":"UTC",'
            '"currency":"EUR","retail":[{"price":"0.2"}],"feed_in":"0.04","fees_borne_by":'
            '{"import":"supplier","export":"supplier","bought":"supplier","sold":"supplier"}}'
        )
    for operator in ("dso", "tso"):
        yield (
            f'{{"type":"network-fee","v":1,"by":"{operator}","region":"r1","valid":"{VALID}",'
            '"currency":"EUR","price":"0.015"}'
        )
    for number in range(users):
        user = f"u{number}"
        supplier = f"s{number % 2 + 1}"
        sells = number // 2 % 2 == 0
        yield identity(user, "user", f'"supplier":"{supplier}","region":"r1"')
        yield identity(f"meter-{number}", "meter", f'"user":"{user}"')
        flow = rng.randrange(1, 4000)
        yield (
            f'{{"type":"trade","v":1,"market":"m1","period":"{PERIOD}","order":"o","from":"{user}",'
            f'"side":"{"offer" if sells else "bid"}","energy_wh":1000,"price":"0.11"}}'
        )
        yield (
            f'{{"type":"reading","v":1,"meter":"meter-{number}","period":"{PERIOD}",'
            f'"import_wh":{0 if sells else flow},"export_wh":{flow if sells else 0},'
            '"quality":"measured","seq":1}'
        )


def row(name, argv, source, target, raw_rate):
    """Measures and prints a row; `source` is what is counted, and stdin."""
    seconds, memory = measure(argv, source, target)
    jq_seconds, _ = measure(["jq", "-c", "."], source, "ignored")
    with open(source, "rb") as file:
        lines = sum(1 for _ in file)
    to_raw = f"{lines / seconds / raw_rate:.2f}" if raw_rate else "-"
    print(f"{name:<12} {lines:>8} {seconds:>8.3f} {lines / seconds:>10.0f} {memory:>7.1f} "
          f"{jq_seconds / seconds:>7.2f} {to_raw:>7}", flush=True)


def audit_row(size, verify_rate):
    """Whole logs of a market, every entry signed, cleared and settled again."""
    os.mkdir("audit")
    os.chdir("audit")
    arguments, files = audit_logs.build(size)
    with open("logs", "wb") as logs:
        subprocess.run(["cat", *files], check=True, stdout=logs)
    row("lm-audit", ["lm-audit", *arguments], "logs", "audited", verify_rate)
    os.chdir("..")
    shutil.rmtree("audit")


def rules(max_orders):
    return (
        f'{{"type":"market-rules","v":1,"market":"m1","regions":["r"],"valid":"{VALID}",'
        '"currency":"EUR","period_minutes":30,"gate_minutes":15,"grace_seconds":60,"mechanism":'
        f'"double-auction","price_rule":"midpoint","max_orders":{max_orders},"min_group":1}}'
    )


def noise(rng):
    return "".join(rng.choices('abcdefghijklmnopqrstuvwxyz{}[]",:0123456789', k=rng.randrange(20, 400)))


def attacks(rng, size):
    """Streams of so many lines that lm-verify has to refuse, most of all, by what is in them."""
    with open("signed", encoding="ascii") as lines:
        signed = [line.rstrip("\n") for line in lines]
    forged = [re.sub('"energy_wh":', '"energy_wh":9', line) for line in signed]
    stranger = [line.replace('"protected":"', '"protected":"A', 1) for line in signed]
    every_hundredth = range(0, size, 100)
    yield "noise", [noise(rng) for _ in range(size)], 0
    yield "unsigned", [order(rng, i, "u") for i in range(size)], 0
    yield "late", [line.replace("T12:00Z/", "T11:00Z/") for line in signed], 0
    yield "bad header", stranger, 0
    yield "forged", forged, 0
    yield "at quota", signed, 10
    for name, junk in (("99% noise", [noise(rng) for _ in range(size)]), ("99% forged", forged)):
        for i in every_hundredth:
            junk[i] = signed[i]
        yield name, junk, len(every_hundredth)


def flood(rng, size):
    for name, lines, valid in attacks(rng, size):
        write("attack", lines)
        quota = "few" if name == "at quota" else "many"
        argv = ["lm-verify", "-r", "registry", "-r", quota, "--root", "registrar.jwk", "--now", NOW,
                "--quiet", "--alerts", "alerts"]
        start = time.monotonic()
        with open("attack", "rb") as stdin, open("passed", "wb") as stdout:
            process = subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL)
            process.wait()
        seconds = time.monotonic() - start
        with open("passed", "rb") as passed:
            got = sum(1 for _ in passed)
        if process.returncode not in (1, 65) or got != valid:
            sys.exit(f"bench: {name}: status {process.returncode}, {got} passed of {valid}")
        through = f"{valid / seconds:.0f}" if valid else "-"
        print(f"{name:<12} {size:>8} {seconds:>8.3f} {size / seconds:>10.0f} {through:>10}",
              flush=True)


def main():
    build, sizes = sys.argv[1], [int(size) for size in sys.argv[2:]]
    programs = os.path.join(os.path.abspath(build), "bin")
    raw = os.path.abspath(os.path.join(build, "tests/bench/raw"))
    os.environ["PATH"] = programs + os.pathsep + os.environ["PATH"]
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    try:
        registrar = run(["lm-keygen", "--id", "registrar", "--role", "registrar", "--valid", VALID])
        user = run(["lm-keygen", "--id", "u", "--role", "user", "--supplier", "s", "--region", "r",
                    "--valid", VALID])
        market = run(["lm-keygen", "--id", "m1", "--role", "market", "--region", "r",
                      "--valid", VALID])
        supplier = run(["lm-keygen", "--id", "s", "--role", "supplier", "--region", "r",
                        "--valid", VALID])
        with open("registry", "w", encoding="ascii") as registry:
            registry.write(run(["lm-sign", "-k", "registrar.jwk", "--now", NOW],
                               input=registrar + user + market + supplier))
        for name, max_orders in (("few", 10), ("many", 10**9)):
            write(name, [run(["lm-sign", "-k", "registrar.jwk"],
                             input=rules(max_orders) + "\n").rstrip("\n")])
        sign_rate, verify_rate, seal_rate, open_rate = map(float, run([raw, "5000", "512"]).split())
        print(f"raw libsodium, one thread: {sign_rate:.0f} signatures/s, "
              f"{verify_rate:.0f} verifications/s, {seal_rate:.0f} boxes sealed/s, "
              f"{open_rate:.0f} opened/s")
        print(f"{'program':<12} {'lines':>8} {'seconds':>8} {'lines/s':>10} {'MiB':>7} "
              f"{'to jq':>7} {'to raw':>7}")
        for size in sizes:
            rng = random.Random(size)
            write("own", (order(rng, i, "u") for i in range(size)))
            write("book", (order(rng, i, f"u{i}") for i in range(size)))
            write("period", settle_input(rng, max(4, size // 4 // 4 * 4)))
            root = ["-r", "registry", "--root", "registrar.jwk", "--now", NOW]
            rows = [
                ("lm-sign", ["lm-sign", "-k", "u.jwk"], "own", "signed", sign_rate),
                ("lm-verify", ["lm-verify", *root], "signed", "verified", verify_rate),
                ("lm-seal", ["lm-seal", *root], "signed", "sealed", seal_rate),
                ("lm-open", ["lm-open", "-k", "m1.jwk"], "sealed", "opened", open_rate),
                ("lm-clear", ["lm-clear"], "book", "cleared", None),
                ("lm-settle", ["lm-settle"], "period", "settled", None),
            ]
            for columns in rows:
                row(*columns)
            audit_row(size, verify_rate)
        print("to jq: how many times faster than `jq -c .` on the same file; to raw: "
              "lines/s over the raw rate\n")
        print(f"{'lm-verify of':<12} {'lines':>8} {'seconds':>8} {'lines/s':>10} "
              f"{'valid/s':>10}")
        for size in sizes:
            rng = random.Random(size)
            write("own", (order(rng, i, "u") for i in range(size)))
            measure(["lm-sign", "-k", "u.jwk"], "own", "signed")
            flood(rng, size)
        print("valid/s: rightly signed orders that come through per second, among the others")
    finally:
        shutil.rmtree(folder)


main()
