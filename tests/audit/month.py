"""A bill over many short periods: more than one record can name, so that the answer comes in parts.

A market of one seller and one buyer, u1, whose bill of the month is disputed: by her where it is
right, and where the supplier has changed it, or one settlement deep in the month, by a billionth.
What the answer has to be and which records it has to show follows from who did what, as it is
written here. Then parts and exhibits are left out, mixed and altered by somebody who has the
auditor's key, and each time a stranger, who has no logs, has to notice.

usage: month.py FOLDER [MINUTES PERIODS]    with the programs on the PATH; prints a line a case
"""

import base64
import copy
import datetime
import hashlib
import json
import os
import sys

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import claims
import world
from world import VALID, canonical, lines, parse, run

AFTER = "2016-05-01T12:00:00Z"
NAMED_MAX = 1200  # lm-audit(1)
MONTH = "2016-04"


def periods(minutes, count):
    start = datetime.datetime(2016, 4, 1)
    for i in range(count):
        yield (start + datetime.timedelta(minutes=i * minutes)).strftime("%Y-%m-%dT%H:%MZ") + \
            f"/PT{minutes}M"


class Month(world.World):
    """The registry, and the logs of the market and of supplier A, as their entries' records."""

    def __init__(self, folder, minutes, count):
        super().__init__(folder)
        self.periods = list(periods(minutes, count))
        self.minutes = minutes

    def enrol(self):
        out = ""
        for name, role, *options in [
                ("registrar", "registrar"), ("lm", "market", "--region", "r1"),
                ("A", "supplier", "--region", "r1"), ("DSO", "dso", "--region", "r1"),
                ("auditor", "auditor"), ("other", "auditor"),
                *[(f"u{i}", "user", "--supplier", "A", "--region", "r1") for i in (1, 2)],
                *[(f"m{i}", "meter", "--user", f"u{i}") for i in (1, 2)]]:
            out += run(["lm-keygen", "--id", name, "--role", role, "--valid", VALID, *options],
                       cwd=self.folder)
        rules = dict(world.RULES, period_minutes=self.minutes, min_group=1)
        self.registry = parse(run(["lm-sign", "-k", "registrar.jwk"], out + lines([rules]),
                                  cwd=self.folder))
        fees = {"import": "supplier", "export": "supplier", "bought": "user", "sold": "user"}
        tariff = dict(world.tariff("A", "0.03", [{"price": "0.22"}]), zone="UTC",
                      fees_borne_by=fees)
        self.tariff = self.sign("A", [tariff])
        self.public = self.sign("DSO", [world.network_fee("DSO", "0.02")])
        with open(self.path("registry.ndjson"), "w", encoding="ascii") as file:
            file.write(lines(self.registry + self.public))

    def trade(self):
        """u2 sells and u1 buys, at prices that cross and energies that differ by the period."""
        orders, readings = [], []
        for i, period in enumerate(self.periods):
            orders += [world.order("u1", period, "bid", 700 + i % 53, "0.12"),
                       world.order("u2", period, "offer", 600 + i % 71, "0.08")]
            for meter, flows in (("m1", (650 + i % 83, 0)), ("m2", (40, 500 + i % 61))):
                record = world.reading(meter, period, *flows)
                del record["firmware"]
                readings.append(record)
        orders = [dict(record, at="2016-03-01T00:00:00Z") for record in orders]
        self.orders = self.sign_by("from", orders)
        self.readings = self.sign_by("meter", readings)
        results = parse(run(["lm-clear"], lines(self.registry + self.orders)))
        self.results = self.sign("lm", results)

    def sign_by(self, member, records):
        """As sign, in the order of the records, by whom each says it is from."""
        signed = {who: iter(self.sign(who, [record for record in records if record[member] == who]))
                  for who in dict.fromkeys(record[member] for record in records)}
        return [next(signed[record[member]]) for record in records]

    def settle_all(self):
        known = lines(self.registry + self.public + self.tariff + self.results + self.readings)
        self.settled = self.sign("A", parse(run(["lm-settle", "--supplier", "A"], known)))

    def bill_all(self):
        out = run(["lm-settle", "--bills", "--month", MONTH, "--supplier", "A"],
                  lines(self.tariff + self.settled))
        self.bills = self.sign("A", parse(out))

    def write(self):
        """The logs, taken in by lm-log, and a checkpoint of each."""
        logs = {"market": [("2016-03-02T00:00:00Z", self.orders), (AFTER, self.results)],
                "A": [("2016-03-02T00:00:00Z", self.tariff),
                      (AFTER, self.readings + self.settled + self.bills)]}
        for log, taken in logs.items():
            for name in (f"{log}.log", f"{log}.log.index", f"{log}.log.checkpoint"):
                if os.path.exists(self.path(name)):
                    os.remove(self.path(name))
            for at, records in taken:
                run(["lm-log", "append", f"{log}.log", "-k", f"{world.KEEPERS[log]}.jwk", "--now",
                     at], lines(records), cwd=self.folder)
            run(["lm-log", "checkpoint", f"{log}.log", "-k", f"{world.KEEPERS[log]}.jwk", "--now",
                 AFTER], cwd=self.folder)

    def build(self):
        self.enrol()
        self.trade()
        self.settle_all()
        self.bill_all()
        self.write()


# ---- what is asked, and what has to come of it ----

def digest_of(exhibit):
    """As a verdict names it: of RFC 8785 without its signature. A checkpoint is not ASCII."""
    text = json.dumps(claims.bare(exhibit), sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False)
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def shown_of(m):
    """What an answer about the bill of u1 rests on, and the log has: her bill and all her
    settlements of the month, the trades, readings and terms that they come of."""
    return sorted(canonical(record) for record in m.tariff + m.readings + m.settled + m.results +
                  m.bills
                  if record.get("meter") == "m1" or record["type"] == "tariff" or
                  (record["type"] == "trade" and record["from"] == "u1") or
                  record.get("party") == "u1" or record.get("user") == "u1")


def ask(m, wanted, pointed=0):
    """The claim, which also points at so many orders of u1, and the unsigned answer, which has to be WANTED in its parts, show all it should,
    and prove it."""
    orders = [(n, record) for n, record in enumerate(m.orders) if record["from"] == "u1"][:pointed]
    asked = m.sign("u1", [claims.claim("u1", "bill", month=MONTH, entries=[
        {"log": "lm/market.log", "n": n} for n, _ in orders])])
    with open(m.path("claims"), "w", encoding="ascii") as file:
        file.write(lines(asked))
    argv = ["lm-audit", "--root", "registrar.jwk", "--now", AFTER, "--claims", "claims",
            "--checkpoint", "market.log.checkpoint", "--checkpoint", "A.log.checkpoint"]
    files = ["registry.ndjson", "market.log", "A.log"]
    answer = [record for record in claims.command(argv + files, m, (0, 1)) if "claim" in record]
    verdicts = [record for record in answer if record["type"] == "verdict"]
    exhibits = [record for record in answer if record["type"] == "exhibit"]
    shown = sorted(shown_of(m) + [canonical(record) for _, record in orders])
    parts = -(-len(shown) // NAMED_MAX)
    if sorted(canonical(record["entry"]["record"]) for record in exhibits) != shown:
        raise RuntimeError(f"{len(exhibits)} exhibits, and not the {len(shown)} that it rests on")
    said = {(record["result"], record.get("party", "-"), record["text"], record.get("parts"))
            for record in verdicts}
    if len(said) != 1 or [record.get("part") for record in verdicts] != \
            ([None] if parts == 1 else list(range(1, parts + 1))):
        raise RuntimeError(f"{len(verdicts)} parts of {parts}: {said}")
    got = said.pop()
    if f"{got[0]} {got[1]}" != wanted or got[3] not in ((None,) if parts == 1 else (parts,)):
        raise RuntimeError(f"{got} instead of {wanted}")
    # Each part is followed by just what it names.
    rest = iter(answer)
    for verdict in verdicts:
        behind = [next(rest)] + [next(rest) for _ in verdict["exhibits"]]
        if behind[0] != verdict or [digest_of(record) for record in behind[1:]] != \
                verdict["exhibits"]:
            raise RuntimeError(f"part {verdict.get('part')} is not followed by what it names")
    for record in exhibits[::97]:
        claims.check_exhibit(record)
    return asked, answer


def sign(m, answer, key="auditor"):
    return parse(run(["lm-sign", "-k", m.path(f"{key}.jwk")], lines(answer)))


def codes(m, asked, answer):
    """What a stranger finds wrong, who has the registry alone; nothing where she believes it."""
    with open(m.path("shown"), "w", encoding="ascii") as file:
        file.write(lines(asked + answer))
    records = claims.command(["lm-audit", "--root", "registrar.jwk", "--now", AFTER, "--verdicts",
                              "shown", "registry.ndjson"], m, (0, 1))
    return " ".join(sorted(record["code"] for record in records if record["type"] == "finding"))


def of(answer, kind):
    return [record for record in answer if record["type"] == kind]


def without(answer, left_out):
    return [record for record in answer if record is not left_out]


def tampered(m, answer, signed):
    """(what was done, the codes that it has to be found by, the answer then). ANSWER is unsigned,
    so that whoever has the auditor's key can change it; SIGNED is what she has signed."""
    verdicts = of(signed, "verdict")
    bare = of(answer, "verdict")
    exhibits = of(signed, "exhibit")
    yield "as it was signed", "", signed
    yield "its lines the other way round", "", signed[::-1]
    yield "a part and some exhibits twice", "", signed + signed[:300] + [verdicts[-1]]
    yield "the first part is left out", "exhibits", without(signed, verdicts[0])
    yield "the last part is left out", "exhibits", without(signed, verdicts[-1])
    yield "an exhibit is left out", "exhibits", without(signed, exhibits[len(exhibits) // 2])

    def changed(place, **members):
        return sign(m, [dict(bare[place], **members)])

    def with_parts(changes):
        """The parts at places changed and signed again."""
        fresh = {place: changed(place, **members)[0] for place, members in changes.items()}
        return [fresh.get(place, verdict) for place, verdict in enumerate(verdicts)] + exhibits

    # As the exhibits are judged together, it is no matter which part names them.
    swapped = [bare[0]["exhibits"][1:] + bare[1]["exhibits"][:1],
               bare[0]["exhibits"][:1] + bare[1]["exhibits"][1:]]
    yield "two parts name each other's exhibits", "", with_parts(
        {0: {"exhibits": swapped[0]}, 1: {"exhibits": swapped[1]}})
    for kind in ("trade", "reading", "settlement", "bill"):
        name = next(digest_of(record) for record in exhibits
                    if record["entry"]["record"]["type"] == kind)
        yield f"a {kind} is named by no part", "verdict_unfounded", with_parts(
            {place: {"exhibits": [other for other in verdict["exhibits"] if other != name]}
             for place, verdict in enumerate(bare)})
    other = dict(exhibits[7]["entry"], at="2016-05-01T11:00:00Z")
    altered = dict(claims.bare(exhibits[7]), entry=other)
    named = [digest_of(altered) if name == digest_of(exhibits[7]) else name
             for name in bare[0]["exhibits"]]
    yield "an exhibit is altered", "not_included", with_parts(
        {0: {"exhibits": named}}) + sign(m, [altered])
    yield "an exhibit is altered, and nobody signs for that", "exhibits", [
        dict(record, entry=other) if record is exhibits[7] else record for record in signed]
    yield "an exhibit has the signature of another one", "bad_signature", [
        dict(record, sig=exhibits[8]["sig"]) if record is exhibits[7] else record
        for record in signed]
    for member, value in (("result", "undecidable"), ("party", "DSO"), ("text", "so it is")):
        yield f"one part has another {member}", "verdict_parts", with_parts({1: {member: value}})
    yield "all parts have another result", "verdict_unfounded", with_parts(
        {place: {"result": "undecidable"} for place in range(len(bare))})
    yield "a part is there with other exhibits, too", "verdict_parts", signed + changed(
        1, exhibits=bare[1]["exhibits"][1:])
    yield "one part more than there are", "exhibits exhibits", with_parts(
        {0: {"parts": len(bare) + 1}})
    yield "parts without end", "exhibits", with_parts(
        {place: {"parts": 2**53 - 1} for place in range(len(bare))})
    yield "the last part is a part of other parts", "exhibits exhibits", with_parts(
        {len(bare) - 1: {"parts": len(bare) + 2}})
    yield "a part of two auditors each", "exhibits exhibits", \
        sign(m, bare[:1], "other") + verdicts[1:] + exhibits
    yield "all parts by two auditors", "", sign(m, bare, "other") + signed
    yield "one part is not signed", "exhibits unsigned", \
        [bare[0]] + verdicts[1:] + exhibits


def check(number, name, work):
    try:
        work()
        print(f"ok {number} - {name}", flush=True)
        return True
    except Exception as failure:  # pylint: disable=broad-except
        print(f"not ok {number} - {name}\n# {str(failure)[:600]!r}", flush=True)
        return False


def alter_bill(m):
    bill = next(record for record in m.bills if record["user"] == "u1")
    bill["carry"] = f"{float(bill['carry']) + 1e-9:.9f}"
    m.bills = m.sign("A", m.bills)


def alter_settlement(m):
    """One of u1's, three weeks into the month; the bill then adds it up."""
    place = next(place for place, record in enumerate(m.settled) if record["party"] == "u1" and
                 record["period"] == m.periods[2 * len(m.periods) // 3])
    settlement = claims.bare(m.settled[place])
    item = settlement["items"][0]
    nano = round(float(item["amount"]) * 10**9)
    # One Wh more, at its price in millionths for a kWh.
    price = round(float(item["price"]) * 10**6)
    item["energy_wh"] += 1
    item["amount"] = amount(nano - price)
    settlement["amount"] = amount(round(float(settlement["amount"]) * 10**9) - price)
    m.settled[place] = m.sign("A", [settlement])[0]
    m.bill_all()


def amount(nano):
    text = f"{abs(nano) // 10**9}.{abs(nano) % 10**9:09d}".rstrip("0").rstrip(".")
    return ("-" if nano < 0 else "") + text


def make(folder, minutes, count):
    os.makedirs(folder)
    m = Month(folder, minutes, count)
    m.build()
    return m


def whole_cases(folder, minutes, count):
    """(name, what is to be done): the answer convinces a stranger."""
    honest = make(folder, minutes, count)

    def convince(wanted, alter):
        m = copy.copy(honest)
        m.bills, m.settled = copy.deepcopy(honest.bills), list(honest.settled)
        if alter:
            alter(m)
            m.write()
        asked, answer = ask(m, wanted)
        found = codes(m, asked, sign(m, answer))
        if found:
            raise RuntimeError(f"a stranger finds {found}")

    yield "an honest bill", lambda: convince("refuted -", None)
    yield "a bill that is more by a billionth", lambda: convince("upheld A", alter_bill)
    yield "a settlement of one Wh more, deep in the month", \
        lambda: convince("upheld A", alter_settlement)


def boundary_cases(folder):
    """One record names as many exhibits as it may, and not one more."""
    m = make(folder, 30, (NAMED_MAX - 2) // 3)
    few = len(shown_of(m))

    def convince(pointed, parts):
        asked, answer = ask(m, "refuted -", pointed)
        found = codes(m, asked, sign(m, answer))
        if found or len(of(answer, "verdict")) != parts:
            raise RuntimeError(f"{len(of(answer, 'verdict'))} parts, {found or 'nothing'} is found")

    for more, parts in ((0, 1), (1, 2)):
        yield f"{NAMED_MAX + more} exhibits: {parts} part{'s' * more}", \
            lambda pointed=NAMED_MAX + more - few, parts=parts: convince(pointed, parts)


def tampered_cases(folder):
    """The same for answers that were tampered with, in two parts: so many periods, each with three
    records, and the bill and tariff."""
    m = make(folder, 30, NAMED_MAX // 3 + 10)
    asked, answer = ask(m, "refuted -")

    def judge(wanted, shown):
        found = codes(m, asked, shown)
        if found != wanted:
            raise RuntimeError(f"{found or 'nothing'} is found instead of {wanted or 'nothing'}")

    for name, wanted, shown in tampered(m, answer, sign(m, answer)):
        yield name, lambda wanted=wanted, shown=shown: judge(wanted, shown)


def main():
    folder = os.path.abspath(sys.argv[1])
    minutes, count = (int(word) for word in sys.argv[2:4]) if sys.argv[2:] else (30, 1440)
    good = []
    for cases in (whole_cases(os.path.join(folder, "month"), minutes, count),
                  boundary_cases(os.path.join(folder, "boundary")),
                  tampered_cases(os.path.join(folder, "parts"))):
        for name, work in cases:
            good.append(check(len(good) + 1, name, work))
    print(f"1..{len(good)}")
    return not all(good)


if __name__ == "__main__":
    sys.exit(main())
