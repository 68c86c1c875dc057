"""A user moves from one supplier to another: at a period's start, a minute around it, in its midst.

Whose customer she is, whose contract holds, where her reading goes and who settles her is decided at
the start of each period; her orders are signed by the key that she has when the market takes them
in. For each instant there is an honest market of three periods, six users and two suppliers, which
must be clean and have settled her as is said here by hand; and what it comes to when the wrong one of
the two settles her, or gets her reading.

usage: moved.py FOLDER    with the programs on the PATH; prints a line a case
"""

import copy
import json
import os
import sys

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import world
from world import ADJUSTED_AT, BILLED_AT, KEEPERS, NOW, ORDERS_AT, PERIODS, READ_AT, SETTLED_AT

world.USERS = 6
# u2 is A's customer on the flat tariff, and B's on the green one from each of these instants on.
# The periods start at 12:00, 12:30 and 13:00; the second one's orders come in at 12:05, the third
# one's at 12:35.
MOVES = {
    "2016-04-01T12:29Z": "ABB",
    "2016-04-01T12:30Z": "ABB",
    "2016-04-01T12:31Z": "AAB",
    "2016-04-01T12:45Z": "AAB",
}


class Moving(world.World):
    """The world in which u2 moves."""

    def __init__(self, folder, instant, suppliers):
        super().__init__(folder)
        self.instant = instant
        self.suppliers = suppliers
        self.now = "2016-03-01T00:00:00Z"

    def sign(self, key, records):
        return super().sign("u2new" if key == "u2" and self.now >= self.instant[:-1] else key,
                            records)

    def enrol(self):
        super().enrol()
        out = world.run(["lm-keygen", "--id", "u2", "--role", "user", "--supplier", "B", "--region",
                         "r1", "--valid", f"{self.instant}/2017-01-01T00:00Z", "-o", "u2new.jwk"],
                        cwd=self.folder)
        again = world.parse(world.run(["lm-sign", "-k", "registrar.jwk"], out, cwd=self.folder))
        self.registry += again
        self.append("registry", "2016-03-01T00:00:00Z", again)
        with open(self.path("registry.bare"), "w", encoding="ascii") as file:
            file.write(world.lines(self.registry))

    def append(self, log, at, records):
        if log in ("A", "B") and at == "2016-03-02T00:00:00Z":
            records = self.sign(log, [self.moves(log, record) for record in records])
            self.public = [record for record in self.public if record.get("user") != "u2"]
        super().append(log, at, records)

    def moves(self, log, record):
        """A's contract with her ends when B's begins."""
        if record["type"] == "contract":
            return dict(record, valid=f"{world.VALID[:17]}/{self.instant}")
        return record

    def offer_terms(self):
        super().offer_terms()
        # At 12:30 there is none, and B's tariff for who has no contract: A's contract must be over.
        if self.instant == "2016-04-01T12:30Z":
            return
        green = [world.tariff("B", "0.02", [{"price": "0.23"}], id="green"),
                 {"type": "contract", "v": 1, "user": "u2", "supplier": "B", "tariff": "green",
                  "valid": f"{self.instant}/2017-01-01T00:00Z"}]
        super().append("B", "2016-03-03T00:00:00Z", self.sign("B", green))

    def orders(self, place):
        self.now = ORDERS_AT[place]
        yield from super().orders(place)

    def read(self, place):
        for supplier in ("A", "B"):
            numbers = [number for number in range(1, world.USERS + 1)
                       if (self.suppliers[place] if number == 2 else
                           world.supplier_of(number)) == supplier]
            signed = []
            for number in numbers:
                flow = 500 + 41 * number + 30 * place
                import_wh, export_wh = (60, flow) if number % 2 else (flow, 0)
                signed += self.sign(f"m{number}", [world.reading(
                    f"m{number}", PERIODS[place], import_wh, export_wh)])
            self.append(supplier, READ_AT[place], signed)

    def bill(self):
        for supplier in ("A", "B"):
            self.append(supplier, SETTLED_AT,
                        self.sign(supplier, self.settle(supplier, self.known())))
        for supplier in ("A", "B"):
            out = world.run(["lm-settle", "--bills", "--month", "2016-04", "--supplier", supplier],
                            world.lines(self.records(supplier)))
            self.append(supplier, BILLED_AT, self.sign(supplier, world.parse(out)))

    def total(self):
        with open(self.path("totals.ndjson"), "w", encoding="ascii"):
            pass


def audit(folder):
    """What an auditor finds, as a set of `code party`."""
    argv = ["lm-audit", "--root", "registrar.jwk", "--now", NOW]
    for log in KEEPERS:
        argv += ["--checkpoint", f"{log}.final"]
    argv += [f"{log}.log" for log in KEEPERS]
    done = world.subprocess.run(argv, stdout=world.subprocess.PIPE, stderr=world.subprocess.PIPE,
                                text=True, cwd=folder, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"status {done.returncode}: {done.stderr}")
    return {f"{record['code']} {record['party'] or '-'}" for record in world.parse(done.stdout)
            if record["type"] == "finding"}


def tampered(honest, folder, alter):
    """The findings once ALTER has been at the logs, whose keepers sign for them anew."""
    honest.texts = {log: world.lines(honest.entries(log)) for log in KEEPERS}
    honest.total_text, honest.receipts, honest.evidence = "", [], []
    other = world.Copy(honest, folder)
    alter(other)
    for log in KEEPERS:
        other.write(log)
        other.sign_log(log, name=f"{log}.final")
    return audit(folder)


def changes_hands(place):
    """The other supplier settles a period of hers, and has her reading."""

    def alter(w):
        right = next(log for log in ("A", "B") if w.find(log, type="settlement", party="u2",
                                                         period=PERIODS[place]))
        wrong = "B" if right == "A" else "A"
        entry = w.find(right, type="settlement", party="u2", period=PERIODS[place])[0]
        record = w.sign(wrong, [dict(entry["record"], supplier=wrong)])
        w.add(wrong, ADJUSTED_AT, record, w.logs[wrong].index(w.find(wrong, type="bill")[0]))
        w.logs[right].remove(entry)
        w.keep(right)

    return alter


def reading_goes_astray(place):
    """The supplier that is not hers then logs a better reading of her meter."""

    def alter(w):
        right = next(log for log in ("A", "B") if w.find(log, type="reading", meter="m2",
                                                         period=PERIODS[place]))
        wrong = "B" if right == "A" else "A"
        entry = copy.deepcopy(w.find(right, type="reading", meter="m2", period=PERIODS[place])[0])
        w.add(wrong, ADJUSTED_AT, w.sign("m2", [dict(entry["record"], seq=1, import_wh=1)]),
              w.logs[wrong].index(w.find(wrong, type="bill")[0]))

    return alter


def old_key(w):
    """Once she has moved, her old key orders for her no more; the market takes that in."""
    orders = w.find("market", type="order", **{"from": "u2"})
    orders[2]["record"] = world.World.sign(w, "u2", [orders[2]["record"]])[0]


def check(number, name, found, wanted):
    if found == wanted:
        print(f"ok {number} - {name}")
        return True
    print(f"not ok {number} - {name}\n# found: {sorted(found)}\n# not: {sorted(wanted)}")
    return False


def run_moves(folder):
    number = 0
    for instant, suppliers in MOVES.items():
        honest = Moving(os.path.join(folder, f"at{number}"), instant, suppliers)
        os.mkdir(honest.folder)
        honest.build()
        settled = {supplier: [PERIODS.index(record["period"])
                              for record in honest.records(supplier)
                              if record["type"] == "settlement" and record["party"] == "u2"]
                   for supplier in ("A", "B")}
        billed = {supplier for supplier in ("A", "B") for record in honest.records(supplier)
                  if record["type"] == "bill" and record["user"] == "u2"}
        by_hand = {supplier: [place for place in range(3) if suppliers[place] == supplier]
                   for supplier in ("A", "B")}
        yield check(number + 1, f"at {instant} nothing is wrong", audit(honest.folder), set())
        yield check(number + 2, f"at {instant} each settles its periods and bills them",
                    {json.dumps(settled), *billed}, {json.dumps(by_hand), *suppliers})
        for place, right in enumerate(suppliers):
            wrong = "B" if right == "A" else "A"
            found = tampered(honest, f"{honest.folder}-settled{place}", changes_hands(place))
            # A bill for her that rests on nothing, or lacks that period, follows from it.
            yield check(number + 3 + place, f"at {instant} {wrong} settles period {place}",
                        {finding for finding in found if not finding.startswith("bill_")},
                        {f"wrong_customer {wrong}", f"settlement_missing {right}"})
            found = tampered(honest, f"{honest.folder}-read{place}", reading_goes_astray(place))
            yield check(number + 6 + place, f"at {instant} {wrong} logs a reading of {place}",
                        found, {f"misplaced {wrong}"})
        if ORDERS_AT[2] >= instant[:-1]:
            found = tampered(honest, f"{honest.folder}-key", old_key)
            yield check(number + 9, f"at {instant} the market takes in an order by her old key",
                        found & {"superseded lm", "clearing_differs lm"},
                        {"superseded lm", "clearing_differs lm"})
        number += 9


def main():
    folder = os.path.abspath(sys.argv[1])
    os.makedirs(folder, exist_ok=True)
    results = list(run_moves(folder))
    print(f"1..{len(results)}")
    return not all(results)


sys.exit(main())
