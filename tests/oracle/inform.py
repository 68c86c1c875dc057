#!/usr/bin/env python3
"""Who may be told what, from the paper and lm-inform(1), not from the program.

inform.py who
    writes the entities of the market that the others speak of: id, role, supplier, user, regions,
    validity, one a line, columns apart by blanks, - for none
inform.py orders SEED        writes random orders
inform.py flows SEED         writes random readings, settlements, transfers, bills
inform.py notices CLEARED OUTPUT [POLICY]
    checks what lm-inform wrote for what lm-clear --all wrote
inform.py told FLOWS MIN_GROUP OUTPUT [POLICY]
    checks what lm-inform --settlement wrote for FLOWS

Both checks want exactly what is due, record by record, and then look at each recipient's records for
anything of anybody else's. With POLICY, what lm-inform --policy prints, every record must be one
of its rows, and every row of that stage must have been used.
"""

import collections
import json
import random
import sys

YEAR = "2016-01-01T00:00Z/2999-01-01T00:00Z"
NOON = "2016-04-01T12:00Z"
PERIODS = ["2016-04-01T11:30Z/PT30M", "2016-04-01T12:00Z/PT30M"]
REGIONS = ["north", "south"]
MARKETS = {"north": "mn", "south": "ms"}


def who():
    """id, role, supplier, user, regions, valid. u3 and u4 change suppliers at noon, m5 its user."""
    rows = [
        ("mn", "market", None, None, ["north"], YEAR),
        ("ms", "market", None, None, ["south"], YEAR),
        ("dn", "dso", None, None, ["north"], YEAR),
        ("ds", "dso", None, None, ["south"], YEAR),
        ("ts", "tso", None, None, REGIONS, YEAR),
        ("sa", "supplier", None, None, REGIONS, YEAR),
        ("sb", "supplier", None, None, REGIONS, YEAR),
        ("sc", "supplier", None, None, ["south"], YEAR),
    ]
    for i in range(1, 15):
        region = REGIONS[i % 2]
        supplier = "sa" if i < 6 else "sb" if i < 12 or region == "north" else "sc"
        rows.append((f"u{i}", "user", supplier, None, [region], YEAR))
        if i in (3, 4):
            rows.append((f"u{i}", "user", "sb", None, [region], f"{NOON}/2999-01-01T00:00Z"))
        rows.append((f"m{i}", "meter", None, f"u{i}", [], YEAR))
        if i == 5:
            rows.append(("m5", "meter", None, "u7", [], f"{NOON}/2999-01-01T00:00Z"))
    rows.append(("m1b", "meter", None, "u1", [], YEAR))
    return rows


def at(name, period):
    """Who NAME is when PERIOD starts: the latest start counts."""
    start = period.split("/")[0]
    valid = [row for row in who() if row[0] == name
             and row[5].split("/")[0] <= start < row[5].split("/")[1]]
    return max(valid, key=lambda row: row[5], default=None)


def price_of(random_source):
    return f"0.{random_source.randint(8, 14):02}"


def orders(seed):
    source = random.Random(seed)
    traders = [row[0] for row in who() if row[1] in ("user", "supplier") and row[5] == YEAR]
    for period in PERIODS:
        for trader in traders:
            regions = at(trader, period)[4]
            market = MARKETS[source.choice(regions)]
            side = source.choice(["offer", "bid"])
            for k in range(source.choice([0, 1, 1, 2, 3])):
                yield {"type": "order", "v": 1, "market": market, "period": period,
                       "id": f"{trader}.{k}", "seq": 1, "from": trader, "side": side,
                       "energy_wh": source.randint(1, 4000), "price": price_of(source),
                       "at": "2016-04-01T08:00:00Z"}


def flows(seed):
    source = random.Random(seed)
    meters = [row[0] for row in who() if row[1] == "meter" and row[5] == YEAR]
    for period in PERIODS:
        for meter in meters:
            if source.random() < 0.2:
                continue
            for seq in range(source.choice([1, 1, 1, 2])):
                yield {"type": "reading", "v": 1, "meter": meter, "period": period, "seq": seq,
                       "import_wh": source.randint(0, 10**6), "export_wh": source.randint(0, 10**6),
                       "quality": "measured", "x_serial": meter}
        for row in who():
            if row[1] not in ("user", "supplier", "dso", "tso", "market") or row[5] != YEAR:
                continue
            party = at(row[0], period)
            record = {"v": 1, "period": period, "market": None, "party": party[0], "role": party[1],
                      "supplier": party[2] or "sa", "currency": "EUR",
                      "amount": str(source.randint(1, 10**6)), "without_market": "0", "items": []}
            if party[1] in ("dso", "tso"):
                record["region"] = party[4][0]
            if party[1] == "user":
                record |= dict.fromkeys(("import_wh", "export_wh", "bought_wh", "sold_wh", "short_wh",
                                         "surplus_wh"), source.randint(0, 1000))
            yield record | {"type": "settlement"}
            yield record | {"type": "adjustment", "seq": 1, "month": "2016-04",
                            "amount": str(source.randint(1, 10**6))}
        yield {"type": "transfer", "v": 1, "market": "mn", "period": period, "currency": "EUR",
               "from": "sa", "to": "sb", "amount": str(source.randint(1, 10**6))}
    for row in who():
        if row[1] == "user":
            yield {"type": "bill", "v": 1, "user": row[0], "supplier": row[2], "month": "2016-04",
                   "currency": "EUR", "items": [], "amount": "0", "without_market": "0",
                   "difference": "0", "carried_in": "0", "rounded": "0", "carry": "0"}


def canonical(record):
    """Enough of RFC 8785 for these records: ASCII, integers."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def notices_due(records):
    """The notices that are due for clearings and trades, each as (recipient, right, record)."""
    for clearing in (r for r in records if r["type"] == "clearing"):
        key = (clearing["market"], clearing["period"])
        own, sums = collections.defaultdict(list), {}
        for trade in records:
            if trade["type"] != "trade" or (trade["market"], trade["period"]) != key:
                continue
            trader = at(trade["from"], trade["period"])
            own[trade["from"]].append({"id": trade["order"], "side": trade["side"],
                                       "energy_wh": trade["energy_wh"]})
            if trader[1] == "user":
                sold_or_bought = "sold_wh" if trade["side"] == "offer" else "bought_wh"
                sums.setdefault(trader[2], {"sold_wh": 0, "bought_wh": 0})[sold_or_bought] += \
                    trade["energy_wh"]
        for to in own.keys() | sums.keys():
            record = {"type": "notice", "v": 1, "market": key[0], "period": key[1], "to": to,
                      "price": clearing["price"]} | sums.get(to, {})
            if to in own:
                record["orders"] = sorted(own[to], key=lambda order: order["id"].encode())
            yield record


def told_due(records, min_group):
    latest = {}
    for reading in (r for r in records if r["type"] == "reading"):
        key = (reading["meter"], reading["period"])
        if key not in latest or latest[key]["seq"] < reading["seq"]:
            latest[key] = reading
    groups = collections.defaultdict(list)
    for reading in latest.values():
        period = reading["period"]
        user = at(at(reading["meter"], period)[3], period)
        yield reading | {"to": user[2]}
        groups[period, user[4][0], None].append((user[0], reading))
        groups[period, user[4][0], user[2]].append((user[0], reading))
    size = {key: len({user for user, _ in members}) for key, members in groups.items()}
    for (period, region, supplier), members in groups.items():
        small = sum(n for key, n in size.items()
                    if key[:2] == (period, region) and key[2] and n < min_group)
        total = {"type": "total", "v": 1, "period": period, "region": region, "supplier": supplier,
                 "import_wh": sum(r["import_wh"] for _, r in members),
                 "export_wh": sum(r["export_wh"] for _, r in members), "meters": len(members)}
        if size[period, region, supplier] < min_group:
            continue
        if supplier is None:
            yield total | {"to": "ts"}
        if supplier is not None or not 0 < small < min_group:
            yield total | {"to": "dn" if region == "north" else "ds"}
    for record in records:
        if record["type"] != "reading":
            yield record


def recipient(record):
    for member in ("to", "party", "user"):
        if member in record:
            return record[member]
    sys.exit(f"nobody is named in {record}")


def policy_row(record):
    """The row of --policy that a record needs: told, of, whose, by (several notices need two)."""
    to = recipient(record)
    role = next(row[1] for row in who() if row[0] == to)
    if record["type"] == "notice":
        if "orders" in record:
            yield (role, "trade", "own", "market")
        if "sold_wh" in record:
            yield (role, "trade", "of its customers", "market")
    elif record["type"] == "reading":
        yield (role, "reading", "of its customers", "meter")
    elif record["type"] == "total":
        yield (role, "reading", "of its regions", "dso")
    else:
        yield (role, record["type"], "own", "supplier")


def check_policy(path, output, stage):
    with open(path, encoding="utf-8") as lines:
        rows = [tuple(part.strip() for part in line.split("  ") if part.strip())
                for line in list(lines)[1:]]
    rows = {(told, of, whose, by) for told, of, whose, _, by in rows if (of == "trade") == stage}
    used = {row for record in output for row in policy_row(record)}
    if used - rows:
        sys.exit(f"no row of the policy allows {used - rows}")
    if rows - used:
        sys.exit(f"rows that nothing was told by: {rows - used}")


def strings(value):
    if isinstance(value, dict):
        for member in value.values():
            yield from strings(member)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def check_leaks(output):
    """No recipient finds another trader's name, or the name of her order, in what she gets."""
    people = {row[0] for row in who() if row[1] in ("user", "supplier", "meter")}
    for record in output:
        to = recipient(record)
        role = next(row[1] for row in who() if row[0] == to)
        for text in strings(record):
            named = text.split(".")[0]
            if named not in people or named == to:
                continue
            period = record.get("period", PERIODS[0])
            customers_meter = (record["type"] == "reading" and role == "supplier"
                               and at(at(named, period)[3], period)[2] == to)
            supplier = record.get("supplier") == named or record.get("from") == named
            if not customers_meter and not supplier:
                sys.exit(f"{to} finds {text} in {record}")


def check(due, output):
    wanted = collections.Counter(canonical(record) for record in due)
    got = collections.Counter(canonical(record) for record in output)
    for record in got - wanted:
        sys.exit(f"nobody was due {record}")
    for record in wanted - got:
        sys.exit(f"nobody was told {record}")
    check_leaks(output)


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "who":
        for name, role, supplier, user, regions, valid in who():
            print(name, role, supplier or "-", user or "-", ",".join(regions) or "-", valid)
    elif command in ("orders", "flows"):
        for record in (orders if command == "orders" else flows)(int(arguments[0])):
            print(canonical(record))
    else:
        count = {"notices": 1, "told": 2}[command]
        records, output, policy = read(arguments[0]), read(arguments[count]), arguments[count + 1:]
        check(notices_due(records) if command == "notices" else
              told_due(records, int(arguments[1])), output)
        if policy:
            check_policy(policy[0], output, command == "notices")
        print(len(output))


if __name__ == "__main__":
    main()
