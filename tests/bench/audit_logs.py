"""The logs of an honest market of about so many entries, for lm-audit: a supplier and twenty users
with a meter each, over as many periods as it takes."""

import json
import subprocess

VALID = "2016-01-01T00:00Z/2036-01-01T00:00Z"
START_S = 1459468800  # 2016-04-01T00:00:00Z
USERS = 20
PER_PERIOD = 101  # entries: orders, clearing, trades, notices, readings, settlements


def run(argv, text=""):
    return subprocess.run(argv, check=True, input=text, stdout=subprocess.PIPE, text=True).stdout


def instant(seconds, minutes_only=False):
    text = run(["date", "-u", "-d", f"@{seconds}", "+%Y-%m-%dT%H:%M"]).strip()
    return text + ("Z" if minutes_only else ":00Z")


def periods(count):
    text = "".join(f"@{START_S + 1800 * i}\n" for i in range(count))
    out = run(["date", "-u", "-f", "-", "+%Y-%m-%dT%H:%MZ/PT30M"], text)
    return out.split()


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def enrol():
    out = ""
    for name, role, *options in [
            ("registrar", "registrar"), ("lm", "market", "--region", "r"),
            ("S", "supplier", "--region", "r"), ("DSO", "dso", "--region", "r"),
            *[(f"u{i}", "user", "--supplier", "S", "--region", "r") for i in range(USERS)],
            *[(f"m{i}", "meter", "--user", f"u{i}") for i in range(USERS)]]:
        out += run(["lm-keygen", "--id", name, "--role", role, "--valid", VALID, "--force",
                    *options])
    rules = {"type": "market-rules", "v": 1, "market": "lm", "regions": ["r"], "valid": VALID,
             "currency": "EUR", "period_minutes": 30, "gate_minutes": 15, "grace_seconds": 60,
             "mechanism": "double-auction", "price_rule": "midpoint", "max_orders": 9,
             "min_group": 1}
    return run(["lm-sign", "-k", "registrar.jwk"], out + lines([rules]))


def terms():
    fees = {"import": "supplier", "export": "supplier", "bought": "user", "sold": "user"}
    tariff = {"type": "tariff", "v": 1, "supplier": "S", "valid": VALID, "zone": "UTC",
              "currency": "EUR", "retail": [{"price": "0.22"}], "feed_in": "0.03",
              "fees_borne_by": fees}
    fee = {"type": "network-fee", "v": 1, "by": "DSO", "region": "r", "valid": VALID,
           "currency": "EUR", "price": "0.02"}
    return run(["lm-sign", "-k", "S.jwk"], lines([tariff])) + run(["lm-sign", "-k", "DSO.jwk"],
                                                                  lines([fee]))


def order(number, place, period):
    side = "bid" if number % 2 else "offer"
    price = 8 + (number * 3 + place) % 9 + 3 * (number % 2)
    return {"type": "order", "v": 1, "market": "lm", "period": period, "id": side, "seq": 1,
            "from": f"u{number}", "side": side, "energy_wh": 500 + 37 * number + place % 97,
            "price": f"0.{price:02d}", "at": "2016-03-31T09:00:00Z"}


def reading(number, place, period):
    flow = 480 + 41 * number + place % 89
    return {"type": "reading", "v": 1, "meter": f"m{number}", "period": period, "seq": 0,
            "import_wh": flow if number % 2 else 60, "export_wh": 0 if number % 2 else flow,
            "quality": "measured"}


def build(size):
    """Writes registry.log, market.log and S.log with their checkpoints; returns lm-audit's
    arguments and the files."""
    registry = enrol()
    with open("registry.signed", "w", encoding="ascii") as file:
        file.write(registry)
    known = terms()
    count = max(1, size // PER_PERIOD)
    names = periods(count)
    orders = "".join(run(["lm-sign", "-k", f"u{i}.jwk"],
                         lines(order(i, place, name) for place, name in enumerate(names)))
                     for i in range(USERS))
    book = registry + orders
    results = run(["lm-sign", "-k", "lm.jwk"], run(["lm-clear"], book))
    notices = run(["lm-sign", "-k", "lm.jwk"],
                  run(["lm-inform", "-r", "registry.signed", "--root", "registrar.jwk"],
                      book + results))
    readings = "".join(run(["lm-sign", "-k", f"m{i}.jwk"],
                           lines(reading(i, place, name) for place, name in enumerate(names)))
                       for i in range(USERS))
    settled = run(["lm-sign", "-k", "S.jwk"],
                  run(["lm-settle"], registry + known + results + readings))
    after = instant(START_S + 1800 * (count + 1))
    logs = {"registry": ("registrar", [("2016-03-01T00:00:00Z", registry)]),
            "market": ("lm", [("2016-03-31T10:00:00Z", orders), (after, results + notices)]),
            "S": ("S", [("2016-03-02T00:00:00Z", known), (after, readings + settled)])}
    arguments = ["--root", "registrar.jwk", "--now", after]
    for log, (keeper, parts) in logs.items():
        for at, part in parts:
            run(["lm-log", "append", f"{log}.log", "-k", f"{keeper}.jwk", "--now", at], part)
        run(["lm-log", "checkpoint", f"{log}.log", "-k", f"{keeper}.jwk", "--now", after])
        arguments += ["--checkpoint", f"{log}.log.checkpoint"]
    files = [f"{log}.log" for log in logs]
    return arguments + files, files
