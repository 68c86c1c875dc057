#!/usr/bin/env python3
"""The auction, evaluated by brute force: what lm-clear must write, computed another way.

clear.py generate SEED SMALL LARGE [--no-rules]
    writes a stream of that many small and large order books to standard output.
clear.py expect [--price RULE] [--all] [--curve] [--rejects FILE] <STREAM
    writes what lm-clear must write for it, and to FILE "LINE REASON" for each rejected line.

Every submitted price is tried against the definition of a clearing price, with each of S(p-),
S(p), D(p+) and D(p) summed over all the orders anew. Energy is shared with exact fractions.
Nothing of the toolkit is used, nothing is sorted that need not be, and no float occurs.
"""

import argparse
import base64
import datetime
import hashlib
import json
import random
import sys
from fractions import Fraction

LIMIT = 2**53 - 1
EPOCH = datetime.datetime(1970, 1, 1)


# ---- reading and writing values ----


def canonical(value):
    """RFC 8785, for records whose member names are ASCII and whose numbers are integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def micro(text):
    """A decimal string in millionths."""
    sign = -1 if text.startswith("-") else 1
    whole, _, fraction = text.lstrip("-").partition(".")
    return sign * (int(whole) * 10**6 + int(fraction.ljust(6, "0") if fraction else 0))


def decimal(value):
    """Millionths as the shortest decimal string."""
    whole, fraction = divmod(abs(value), 10**6)
    tail = ("." + f"{fraction:06d}".rstrip("0")) if fraction else ""
    return ("-" if value < 0 else "") + str(whole) + tail


def minute(text):
    """Seconds since 1970 of 2016-04-01T12:00Z."""
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%MZ")
    return int((moment - EPOCH) // datetime.timedelta(seconds=1))


def instant(text):
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    return int((moment - EPOCH) // datetime.timedelta(seconds=1))


def period(text):
    """Start in seconds and length in minutes."""
    start, length = text.split("/")
    return minute(start), int(length[2:-1])


def validity(text):
    start, end = text.split("/")
    return minute(start), minute(end)


def rule_share(rule):
    """How far from the lowest to the highest clearing price."""
    words = {"low": Fraction(0), "midpoint": Fraction(1, 2), "high": Fraction(1)}
    return words[rule] if rule in words else Fraction(micro(rule[2:]), 10**6)


def rule_spelling(rule):
    share = rule_share(rule)
    for word in ("low", "midpoint", "high"):
        if rule_share(word) == share:
            return word
    return "k=" + decimal(int(share * 10**6))


# ---- RFC 6962 by its recursive definition ----


def sha(data):
    return hashlib.sha256(data).digest()


def merkle(leaves):
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\0" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha(b"\1" + merkle(leaves[:split]) + merkle(leaves[split:]))


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# ---- which orders count ----


class Received:
    """One received order."""

    def __init__(self, line, record, logged):
        self.line = line
        self.order = record
        self.logged = logged
        self.canonical = canonical(record)
        self.content = canonical({k: v for k, v in record.items() if k != "sig"})
        self.leaf = sha(b"\0" + self.canonical)
        self.side = record["side"]
        self.energy = record["energy_wh"]
        self.price = micro(record["price"])
        self.owner = record["from"].encode()
        self.name = (self.owner, record["id"].encode())


class Stream:
    def __init__(self, lines):
        self.books = {}
        self.rules = {}
        self.rejected = {}
        for number, line in enumerate(lines, 1):
            record, logged = json.loads(line), None
            if record["type"] == "entry":
                record, logged = record["record"], instant(record["at"])
            if record["type"] == "order":
                key = (record["market"], record["period"])
                self.books.setdefault(key, []).append(Received(number, record, logged))
            elif record["type"] == "market-rules":
                self.rules.setdefault(record["market"], []).append((number, record))

    def reject(self, orders, reason):
        for order in orders:
            self.rejected[order.line] = reason

    def rules_of(self, market, start):
        """The rules that hold, or None; and whether they contradict each other."""
        holding = []
        for number, record in self.rules.get(market, []):
            begin, end = validity(record["valid"])
            if begin <= start < end:
                holding.append((begin, number, record))
        if not holding:
            return None, False
        latest = max(begin for begin, _, _ in holding)
        chosen = [(number, record) for begin, number, record in holding if begin == latest]
        contents = {canonical({k: v for k, v in r.items() if k != "sig"}) for _, r in chosen}
        if len(contents) > 1:
            for number, _ in chosen:
                self.rejected[number] = "ambiguous"
        return chosen[0][1], len(contents) > 1


def check(order, rules, start, minutes):
    if minutes != rules["period_minutes"]:
        return "period"
    if order.logged is not None and order.logged >= start - 60 * rules["gate_minutes"]:
        return "late"
    if order.energy > 0:
        if "price_floor" in rules and order.price < micro(rules["price_floor"]):
            return "price"
        if "price_cap" in rules and order.price > micro(rules["price_cap"]):
            return "price"
    return None


def entered(stream, orders, rules):
    """Replacement, quota, self-trade, totals: the orders in the auction, each with its lines."""
    names = {}
    for order in orders:
        names.setdefault(order.name, []).append(order)
    standing = {}
    for name, versions in names.items():
        highest = max(v.order["seq"] for v in versions)
        versions = [v for v in versions if v.order["seq"] == highest]
        if len({v.content for v in versions}) > 1:
            stream.reject(versions, "conflict")
        elif versions[0].energy > 0:
            standing[name] = versions
    for owner in {name[0] for name in standing}:
        own = sorted(name for name in standing if name[0] == owner)
        if rules is not None:
            for name in own[rules["max_orders"]:]:
                stream.reject(standing.pop(name), "quota")
            own = own[: rules["max_orders"]]
        bids = [standing[n][0].price for n in own if standing[n][0].side == "bid"]
        offers = [standing[n][0].price for n in own if standing[n][0].side == "offer"]
        if any(bid >= offer for bid in bids for offer in offers):
            for name in own:
                stream.reject(standing.pop(name), "self_trade")
    for side in ("offer", "bid"):
        while True:
            members = [name for name, v in standing.items() if v[0].side == side]
            if sum(standing[name][0].energy for name in members) <= LIMIT:
                break
            largest = max(standing[name][0].energy for name in members)
            first = min(name for name in members if standing[name][0].energy == largest)
            stream.reject(standing.pop(first), "total")
    return [min(standing[name], key=lambda v: v.leaf) for name in sorted(standing)]


# ---- the auction ----


def offered(orders, test):
    return sum(o.energy for o in orders if o.side == "offer" and test(o.price))


def demanded(orders, test):
    return sum(o.energy for o in orders if o.side == "bid" and test(o.price))


def clearing_prices(orders):
    """Every submitted price that clears, with the most energy that it clears."""
    found = []
    for p in sorted({o.price for o in orders}):
        s_low, s_high = offered(orders, lambda x: x < p), offered(orders, lambda x: x <= p)
        d_low, d_high = demanded(orders, lambda x: x > p), demanded(orders, lambda x: x >= p)
        least, most = max(s_low, d_low), min(s_high, d_high)
        if least <= most and min(s_high, d_high) > 0:
            found.append((p, most))
    return found


def allocate(orders, price, energy):
    """What each order trades."""
    traded = {}
    for side, better in (("offer", lambda x: x < price), ("bid", lambda x: x > price)):
        own = [o for o in orders if o.side == side]
        for o in own:
            traded[o.name] = o.energy if better(o.price) else 0
        left = energy - sum(traded[o.name] for o in own)
        group = [o for o in own if o.price == price]
        total = sum(o.energy for o in group)
        shares = {o.name: Fraction(o.energy * left, total) for o in group}
        for name, share in shares.items():
            traded[name] = share.numerator // share.denominator
        missing = left - sum(traded[o.name] for o in group)
        # The largest remainder first, of equal ones the first name.
        for name in sorted(shares, key=lambda n: (traded[n] - shares[n], n))[:missing]:
            traded[name] += 1
    return traded


def results(stream, key, orders, options):
    market, when = key
    start, minutes = period(when)
    rules, ambiguous = stream.rules_of(market, start)
    if ambiguous:
        stream.reject(orders, "ambiguous")
        return
    if rules is not None:
        passed = []
        for order in orders:
            reason = check(order, rules, start, minutes)
            if reason:
                stream.reject([order], reason)
            else:
                passed.append(order)
        orders = passed
    if not orders:
        return
    rule = rules["price_rule"] if rules is not None else options.price or "midpoint"
    book = entered(stream, orders, rules)
    found = clearing_prices(book)
    price = low = high = None
    energy = 0
    if found:
        low, high = found[0][0], found[-1][0]
        share = rule_share(rule)
        price = round(low * (1 - share) + high * share)  # of a Fraction: a half to even
        energy = min(offered(book, lambda x: x <= price), demanded(book, lambda x: x >= price))
        if energy != max(most for _, most in found):
            sys.exit(f"{key}: the price does not trade the most energy")
    text = {None: None}
    text.update({p: decimal(p) for p in (price, low, high) if p is not None})
    base = {"market": market, "period": when, "v": 1}
    yield dict(
        base, type="clearing", mechanism="double-auction", price_rule=rule_spelling(rule),
        price=text[price], price_low=text[low], price_high=text[high], energy_wh=energy,
        offered_wh=offered(book, lambda x: True), demanded_wh=demanded(book, lambda x: True),
        offers=sum(o.side == "offer" for o in book), bids=sum(o.side == "bid" for o in book),
        orders_root=base64url(merkle([o.canonical for o in book])),
    )
    traded = allocate(book, price, energy) if found else {o.name: 0 for o in book}
    for o in book:
        if traded[o.name] or options.all:
            yield dict(base, type="trade", **{"from": o.order["from"]}, order=o.order["id"],
                       side=o.side, energy_wh=traded[o.name], price=text[price])
    if options.curve:
        for p in sorted({o.price for o in book if o.side == "offer"}):
            yield dict(base, type="curve", side="offer", price=decimal(p),
                       cumulative_wh=offered(book, lambda x, p=p: x <= p))
        for p in sorted({o.price for o in book if o.side == "bid"}, reverse=True):
            yield dict(base, type="curve", side="bid", price=decimal(p),
                       cumulative_wh=demanded(book, lambda x, p=p: x >= p))


def expect(options):
    stream = Stream(sys.stdin.buffer.read().split(b"\n")[:-1])
    out = sys.stdout.buffer
    for key in sorted(stream.books, key=lambda k: (period(k[1]), k[0].encode())):
        for record in results(stream, key, stream.books[key], options):
            out.write(canonical(record) + b"\n")
    if options.rejects:
        with open(options.rejects, "w", encoding="ascii") as rejects:
            for line, reason in sorted(stream.rejected.items()):
                rejects.write(f"{line} {reason}\n")


# ---- random books ----

MARKETS = 61
FIRST = minute("2016-04-01T00:00Z")
EXTREME = 2**63 - 1


def write_minute(seconds):
    return (EPOCH + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%MZ")


def write_instant(seconds):
    return (EPOCH + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def some_price(rng, kind):
    if kind == "extreme":
        return rng.choice([EXTREME, -EXTREME, 0, rng.randint(-EXTREME, EXTREME)])
    if kind in ("ties", "self"):
        return rng.choice([100000, 100001, 200000])
    if kind == "equal":
        return 110000
    if kind == "negative":
        return -rng.randint(0, 6) * 50000
    if kind == "odd":  # neighbouring micro-units: rounding to even shows
        return rng.randint(-5, 5)
    return rng.randint(0, 30) * 10000


def some_energy(rng, kind):
    if kind == "extreme":
        return rng.choice([LIMIT, LIMIT - 1, LIMIT // 2, LIMIT // 2 + 1, LIMIT // 3, 1, 7])
    if kind == "single":
        return 1
    if kind == "equal":
        return 5
    return rng.choice([1, 2, 3, 5, 7, rng.randint(1, 40), rng.randint(1, 5000)])


def lenient(rng, price):
    """A spelling of the price, not always the shortest."""
    text = decimal(price)
    if rng.random() < 0.1:
        whole, point, fraction = text.partition(".")
        text = whole + "." + (fraction if point else "0").ljust(rng.randint(1, 6), "0")
    return text


def signed(rng, record):
    header = base64url(rng.choice([b'{"alg":"EdDSA"}', b'{"alg":"Ed25519"}']))
    return dict(record, sig={"protected": header, "signature": base64url(rng.randbytes(64))})


def some_order(rng, kind, market, when, number, entities):
    few = number < 8 and rng.random() < 0.5
    record = {
        "type": "order", "v": 1, "market": market, "period": when,
        "id": rng.choice(["o", "O", "o.", "bid-0.1"] if few or rng.random() < 0.05 else
                         [f"o{number}", f"O{number}", f"x:{number}_"]),
        "from": rng.choice(["u", "U", "s-"]) + str(rng.randint(1, entities)),
        "seq": rng.choice([0, 1, 1, 1, 2, LIMIT]) if kind == "replaced" else 1,
        "side": {"offers": "offer", "bids": "bid"}.get(kind) or rng.choice(["offer", "bid"]),
        "energy_wh": some_energy(rng, kind),
        "price": lenient(rng, some_price(rng, kind)),
        "at": "2016-03-31T20:00:00Z",
    }
    if kind == "withdrawn" or rng.random() < 0.03:
        record["energy_wh"] = 0
    if kind == "withdrawn":
        record["seq"] = 9
    if kind != "self" and rng.random() < 0.9:  # an entity on both sides is mostly not wanted
        record["from"] += "b" if record["side"] == "bid" else "s"
    if rng.random() < 0.05:
        record["x_note"] = rng.choice(["caf\u00e9 \u20ac", "\U0001f50c", 'a"b\\c', "\n\t\b\f\r\x01\x7f"])
    if rng.random() < 0.03:
        record["seal"] = {"kty": "OKP", "crv": "X25519", "x": base64url(rng.randbytes(32))}
    return signed(rng, record) if rng.random() < 0.3 else record


KINDS = ["mixed", "mixed", "ties", "ties", "negative", "odd", "offers", "bids", "single", "equal",
         "withdrawn", "self", "replaced", "replaced", "extreme"]


def some_book(rng, market, when, count):
    kind = rng.choice(KINDS)
    entities = rng.choice([2, 4, 9, 200])
    if kind == "equal":
        entities = 500
    orders = [some_order(rng, kind, market, when, n, entities) for n in range(count)]
    for order in list(orders):
        bare = {k: v for k, v in order.items() if k != "sig"}
        roll = rng.random()
        if roll < 0.03:
            orders.append(order)  # a repeat
        elif roll < 0.06:
            orders.append(signed(rng, bare))  # the same content under another signature
        elif roll < 0.08:
            orders.append(dict(bare, at="2016-03-31T21:00:00Z"))  # a conflict
        elif roll < 0.10:
            orders.append(dict(bare, seq=bare["seq"] + 1 if bare["seq"] < LIMIT else 0))
    return orders


def some_rules(rng, market, start, end):
    """Rules of one market: one record, several in a row, overlapping, or contradicting."""
    records = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        begin = start + rng.choice([-1, 0, 0, 2, 5]) * 86400
        rules = {
            "type": "market-rules", "v": 1, "market": market, "regions": ["r1"],
            "valid": f"{write_minute(begin)}/{write_minute(rng.choice([end + 6 * 86400, begin + 2 * 86400]))}",
            "currency": "EUR", "period_minutes": rng.choice([30, 30, 30, 30, 15]),
            "gate_minutes": rng.choice([0, 20, 60]), "grace_seconds": rng.choice([0, 30]),
            "mechanism": "double-auction", "max_orders": rng.choice([1, 2, 3, 100]),
            "price_rule": rng.choice(["midpoint", "low", "high", "k=0.25", "k=0.500", "k=1",
                                      "k=0.333333"]),
            "min_group": 5,
        }
        if rng.random() < 0.5:
            rules["price_floor"] = rng.choice(["-0.1", "0", "0.05"])
        if rng.random() < 0.5:
            rules["price_cap"] = rng.choice(["0.1", "0.2", "0.250"])
        records.append(rules)
    if rng.random() < 0.3:
        records.append(signed(rng, records[0]))
    return records


def in_entry(rng, record, number, gate):
    at = gate + rng.choice([-7200, -3600, -1201, -1200, -1199, -60, -1, 0, 1])
    return {"type": "entry", "v": 1, "n": number, "at": write_instant(at), "record": record}


def some_spelling(rng, record):
    """The record as a line: members in any order, blanks or none."""
    items = list(record.items())
    rng.shuffle(items)
    separators = rng.choice([(",", ":"), (", ", ": ")])
    return json.dumps(dict(items), separators=separators, ensure_ascii=rng.random() < 0.5)


def generate(options):
    rng = random.Random(options.seed)
    books = options.small + options.large
    last = FIRST + (books // MARKETS + 1) * 1800
    records = []
    for m in range(MARKETS):
        if not options.no_rules and m % 3 == 0:
            records += some_rules(rng, f"m{m}", FIRST, last)
    for number in range(books):
        market = f"m{number % MARKETS}"
        start = FIRST + number // MARKETS * 1800
        when = f"{write_minute(start)}/PT30M"
        count = rng.randint(1, 8) if number < options.small else rng.randint(50, 200)
        for order in some_book(rng, market, when, count):
            wrap = not options.no_rules and rng.random() < 0.3
            records.append(in_entry(rng, order, len(records), start) if wrap else order)
    rng.shuffle(records)
    for record in records:
        print(some_spelling(rng, record))


def main():
    parser = argparse.ArgumentParser(description="brute-force oracle for lm-clear")
    commands = parser.add_subparsers(required=True)
    making = commands.add_parser("generate")
    making.add_argument("seed", type=int)
    making.add_argument("small", type=int)
    making.add_argument("large", type=int)
    making.add_argument("--no-rules", action="store_true")
    making.set_defaults(run=generate)
    expecting = commands.add_parser("expect")
    expecting.add_argument("--price")
    expecting.add_argument("--all", action="store_true")
    expecting.add_argument("--curve", action="store_true")
    expecting.add_argument("--rejects")
    expecting.set_defaults(run=expect)
    options = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    options.run(options)


if __name__ == "__main__":
    main()
