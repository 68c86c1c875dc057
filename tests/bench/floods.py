"""Floods: what one party can sign very many of, through lm-audit. Four times as many records should
take about four times as long, whatever they are.

usage: floods.py BUILD RECORDS
"""

import datetime
import os
import shutil
import sys
import tempfile

import audit_logs
from audit_logs import VALID, lines, run
from measure import measure

START = datetime.datetime(2016, 4, 1)
NOW = "2026-04-01T00:00:00Z"


def instant(minutes):
    return (START + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%MZ")


def since(minutes):
    """A validity of ten years, so that all of a flood hold at once."""
    return f"{instant(minutes)}/{instant(minutes + 5256000)}"


def readings(count):
    return [("m0", audit_logs.reading(0, i, f"{instant(30 * i)}/PT30M")) for i in range(count)]


def tariff(**changed):
    fees = {"import": "supplier", "export": "supplier", "bought": "user", "sold": "user"}
    return ("S", {"type": "tariff", "v": 1, "supplier": "S", "valid": VALID, "zone": "UTC",
                  "currency": "EUR", "retail": [{"price": "0.22"}], "feed_in": "0.03",
                  "fees_borne_by": fees, **changed})


def contract(place):
    return ("S", {"type": "contract", "v": 1, "supplier": "S", "user": "u0", "tariff": f"t{place}",
                  "valid": VALID})


def fee(**changed):
    return ("DSO", {"type": "network-fee", "v": 1, "by": "DSO", "region": "r", "valid": VALID,
                    "currency": "EUR", "price": "0.02", **changed})


def bill(place):
    zero = {name: "0" for name in ("amount", "without_market", "difference", "carried_in",
                                   "rounded", "carry")}
    return ("S", {"type": "bill", "v": 1, "user": "u0", "supplier": "S", "currency": "EUR",
                  "month": f"{1 + place // 12:04d}-{1 + place % 12:02d}", "items": [], **zero})


def order(**changed):
    return ("u0", {**audit_logs.order(0, 0, f"{instant(0)}/PT30M"), **changed})


def price(place):
    return f"0.{place + 1:06d}"


def floods(count):
    """Of each its name and so many records, with the names of the keys that sign them."""
    half = count // 2
    yield "readings", [fee(), tariff(), *readings(count)]
    yield "tariffs, one after the other", [
        fee(), *[tariff(valid=since(i)) for i in range(half)], *readings(half)]
    yield "tariffs that begin together", [
        fee(), *[tariff(retail=[{"price": price(i)}]) for i in range(half)], *readings(half)]
    yield "contracts that begin together", [
        fee(), tariff(), *[contract(i) for i in range(half)], *readings(half)]
    yield "network fees", [
        tariff(), *[fee(valid=since(i)) for i in range(half)], *readings(half)]
    yield "bills of all months, and tariffs", [
        fee(), *[tariff(id=f"t{i}") for i in range(half)], *[bill(i) for i in range(half)]]
    yield "orders of one name", [order(seq=i) for i in range(count)]
    yield "orders of one name and seq", [order(energy_wh=i + 1) for i in range(count)]
    yield "readings of one period and seq", [
        ("m0", {**audit_logs.reading(0, 0, f"{instant(0)}/PT30M"), "import_wh": i})
        for i in range(count)]


def write(registry, records):
    by_key = {}
    for key, record in records:
        by_key.setdefault(key, []).append(record)
    with open("flood", "w", encoding="ascii") as file:
        file.write(registry)
        for key, signed in by_key.items():
            file.write(run(["lm-sign", "-k", f"{key}.jwk", "--now", NOW], lines(signed)))


def main():
    build, size = sys.argv[1], int(sys.argv[2])
    os.environ["PATH"] = os.path.join(os.path.abspath(build), "bin") + os.pathsep + \
        os.environ["PATH"]
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    try:
        registry = audit_logs.enrol()
        audit = ["lm-audit", "--root", "registrar.jwk", "--now", NOW, "--jobs", "1"]
        print(f"{'lm-audit of':<34} {'lines':>8} {'seconds':>8} {'4 times':>8}")
        for (name, few), (_, many) in zip(floods(size), floods(4 * size)):
            seconds = []
            for records in (few, many):
                write(registry, records)
                seconds.append(measure(audit, "flood", "audited", statuses=(0, 1))[0])
            print(f"{name:<34} {size:>8} {seconds[0]:>8.3f} {seconds[1] / seconds[0]:>7.1f}x",
                  flush=True)
        print("4 times: how much longer four times as many take\n")
    finally:
        shutil.rmtree(folder)


main()
