#!/usr/bin/env python3
"""An independent settlement, to hold lm-settle against.

    settle.py periods PROGRAM COUNT SEED       random markets: every amount, item and transfer
    settle.py adjustments PROGRAM COUNT SEED   what was issued and its adjustments are what is right
    settle.py bills PROGRAM COUNT SEED         random months, around their ends and changes of clocks
    settle.py large USERS                      writes a market of so many users, for timing

It evaluates the formulas of lm-settle(1) over fractions, looks records up by scanning lists, and
takes local time from the zoneinfo module. Exit 1 and the seed of the case where anything differs.
"""

import datetime as dt
import json
import random
import subprocess
import sys
import tempfile
from fractions import Fraction as F
from zoneinfo import ZoneInfo

KEY = "A" * 43
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ITEMS = ["retail", "feed_in", "bought", "sold", "fee_import", "fee_export", "fee_bought",
         "fee_sold", "withheld", "adjustment"]
ROLES = ["user", "supplier", "dso", "tso"]
ALWAYS = "2015-01-01T00:00Z/2018-01-01T00:00Z"


# ---- spelling

def spell(value):
    """A fraction as a decimal, shortest."""
    nano = value * 10**9
    assert nano.denominator == 1, value
    sign = "-" if nano < 0 else ""
    whole, rest = divmod(abs(nano.numerator), 10**9)
    return sign + str(whole) + (("." + f"{rest:09d}".rstrip("0")) if rest else "")


def instant(text):
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=dt.timezone.utc)


def period(start, minutes=30):
    return start.strftime("%Y-%m-%dT%H:%MZ") + f"/PT{minutes}M"


def start_of(text):
    return instant(text.split("/")[0])


def valid(record, when):
    a, b = record["valid"].split("/")
    return instant(a) <= when < instant(b)


def record(kind, **members):
    return {"type": kind, "v": 1, **members}


def identity(ident, role, valid=ALWAYS, **members):
    return record("identity", id=ident, role=role, valid=valid, keys={
        "sign": {"kty": "OKP", "crv": "Ed25519", "x": KEY},
        "seal": {"kty": "OKP", "crv": "X25519", "x": KEY}},
        proof={"protected": "AAAA", "signature": "AAAA"}, **members)


# ---- the rules, once more

class Market:
    """The records of a stream, looked up by scanning."""

    def __init__(self, records):
        self.by_type = {}
        seen = set()
        for one in records:
            text = json.dumps(one, sort_keys=True)
            if text not in seen:
                seen.add(text)
                self.by_type.setdefault(one["type"], []).append(one)

    def all(self, kind):
        return self.by_type.get(kind, [])

    def latest(self, kind, when, **name):
        """None, "ambiguous", or the record that counts."""
        found = [r for r in self.all(kind)
                 if valid(r, when) and all(r.get(k) == v for k, v in name.items())]
        if not found:
            return None
        last = max(r["valid"].split("/")[0] for r in found)
        found = [r for r in found if r["valid"].split("/")[0] == last]
        return found[0] if len(found) == 1 else "ambiguous"

    def who(self, ident, when):
        return self.latest("identity", when, id=ident)

    def with_role(self, when, *roles):
        idents = sorted({r["id"] for r in self.all("identity")})
        parties = [self.who(i, when) for i in idents]
        return [p for p in parties if isinstance(p, dict) and p["role"] in roles]


def band_price(tariff, when):
    local = when.astimezone(ZoneInfo(tariff["zone"]))
    clock = local.strftime("%H:%M")
    today = DAYS[local.weekday()]
    yesterday = DAYS[(local.weekday() - 1) % 7]
    for band in tariff["retail"]:
        begin, end = band.get("from", "00:00"), band.get("to", "24:00")
        days = band.get("days", DAYS)
        if begin < end:
            if today in days and begin <= clock < end:
                return F(band["price"])
        elif (today in days and begin <= clock) or (yesterday in days and clock < end):
            return F(band["price"])
    return None


def tariff_of(market, user, when):
    contract = market.latest("contract", when, user=user["id"])
    ident = None
    if contract == "ambiguous":
        return "ambiguous"
    if contract:
        if contract["supplier"] != user["supplier"]:
            return "no_tariff"
        ident = contract["tariff"]
    tariff = market.latest("tariff", when, supplier=user["supplier"], id=ident)
    return tariff or "no_tariff"


def meter_values(market, meter, text):
    """(import, export), or why not."""
    mine = [r for r in market.all("reading") if r["meter"] == meter and r["period"] == text]
    if not mine:
        return "no_reading"
    last = max(r["seq"] for r in mine)
    values = {json.dumps({k: v for k, v in r.items() if k != "to"}, sort_keys=True): r
              for r in mine if r["seq"] == last}
    if len(values) > 1:
        return "conflict"
    (one,) = values.values()
    return one["import_wh"], one["export_wh"]


def user_terms(market, user, text, trades):
    """I, E, R, X, [(operator, price)], fees_borne_by; or the reason for which she is withheld."""
    when = start_of(text)
    if len({t["market"] for t in trades if t["energy_wh"]}) > 1:
        return "two_markets"
    meters = [m for m in market.with_role(when, "meter") if m["user"] == user["id"]]
    if not meters:
        return "withheld"
    values = [meter_values(market, m["id"], text) for m in meters]
    for why in ("no_reading", "conflict"):
        if why in values:
            return why
    tariff = tariff_of(market, user, when)
    if isinstance(tariff, str):
        return tariff
    retail = band_price(tariff, when)
    if retail is None:
        return "no_tariff"
    fees = []
    for operator in market.with_role(when, "dso", "tso"):
        if user["region"] in operator["regions"]:
            fee = market.latest("network-fee", when, by=operator["id"], region=user["region"])
            if not fee:
                return "no_fee"
            if fee == "ambiguous":
                return fee
            fees.append((operator, F(fee["price"])))
    return (sum(v[0] for v in values), sum(v[1] for v in values), retail, F(tariff["feed_in"]),
            fees, tariff["fees_borne_by"])


class Books:
    """Amounts, what they are made of, and without a market, by (supplier, party, role, region)."""

    def __init__(self):
        self.amount, self.without, self.items, self.energies = {}, {}, {}, {}

    def open(self, key):
        for book in (self.amount, self.without):
            book.setdefault(key, F(0))
        self.items.setdefault(key, {})

    def pay(self, key, item, price, energy):
        """Energy at a price to the party, from it where negative."""
        self.open(key)
        self.amount[key] += price * energy / 1000
        name = (item, price)
        self.items[key][name] = self.items[key].get(name, 0) + energy


def settle(market, text):
    """Settlements, transfers and who is withheld, of one period."""
    when = start_of(text)
    trades = [t for t in market.all("trade") if t["period"] == text]
    value = {"offer": 1, "bid": -1}
    books, withheld, net, markets_of = Books(), {}, {}, {}
    by_user = {}
    for t in trades:
        by_user.setdefault(t["from"], []).append(t)
    for user in market.with_role(when, "user"):
        mine = by_user.get(user["id"], [])
        supplier, region = user["supplier"], user["region"]
        own, theirs = (supplier, user["id"], "user", region), (supplier, supplier, "supplier", None)
        for t in mine:
            if t["energy_wh"]:
                net_key = (t["market"], supplier)
                net[net_key] = net.get(net_key, F(0)) + \
                    value[t["side"]] * F(t["price"]) * t["energy_wh"] / 1000
                markets_of.setdefault(supplier, set()).add(t["market"])
        has_meter = any(m["user"] == user["id"] for m in market.with_role(when, "meter"))
        if not mine and not has_meter:
            continue
        terms = user_terms(market, user, text, mine)
        if isinstance(terms, str):
            withheld[user["id"]] = terms
            for t in mine:
                if t["energy_wh"]:
                    books.pay(theirs, "withheld", F(t["price"]), value[t["side"]] * t["energy_wh"])
            continue
        imported, exported, retail, feed_in, fees, borne = terms
        bought = sum(t["energy_wh"] for t in mine if t["side"] == "bid")
        sold = sum(t["energy_wh"] for t in mine if t["side"] == "offer")
        fee = sum((price for _, price in fees), F(0))
        short = max(0, imported - bought) + max(0, sold - exported)
        surplus = max(0, exported - sold) + max(0, bought - imported)
        books.open(own)
        books.open(theirs)
        books.energies[own] = {"import_wh": imported, "export_wh": exported, "bought_wh": bought,
                               "sold_wh": sold, "short_wh": short, "surplus_wh": surplus}
        for t in mine:
            item = {"offer": "sold", "bid": "bought"}[t["side"]]
            if t["energy_wh"]:
                books.pay(own, item, F(t["price"]), value[t["side"]] * t["energy_wh"])
        books.pay(own, "retail", retail, -short)
        books.pay(theirs, "retail", retail, short)
        books.pay(own, "feed_in", feed_in, surplus)
        books.pay(theirs, "feed_in", feed_in, -surplus)
        for what, energy in (("import", max(0, imported - bought)),
                             ("export", max(0, exported - sold)),
                             ("bought", min(imported, bought)), ("sold", min(exported, sold))):
            # Whoever bears a fee has it among her items.
            bearer = own if borne[what] == "user" else theirs
            books.pay(bearer, "fee_" + what, fee, -energy)
        for operator, price in fees:
            party = (supplier, operator["id"], operator["role"], region)
            books.pay(party, "fee_import", price, imported)
            books.pay(party, "fee_export", price, exported)
            books.without[party] += price * (imported + exported) / 1000
        mine_without = (exported * feed_in - imported * retail
                        - fee * (imported if borne["import"] == "user" else 0)
                        - fee * (exported if borne["export"] == "user" else 0)) / 1000
        books.without[own] += mine_without
        books.without[theirs] -= mine_without + fee * (imported + exported) / 1000
    for supplier in market.with_role(when, "supplier"):
        key = (supplier["id"], supplier["id"], "supplier", None)
        for t in by_user.get(supplier["id"], []):
            if t["energy_wh"]:
                energy = value[t["side"]] * t["energy_wh"]
                books.pay(key, {"offer": "sold", "bid": "bought"}[t["side"]], F(t["price"]), energy)
                net_key = (t["market"], supplier["id"])
                net[net_key] = net.get(net_key, F(0)) + F(t["price"]) * energy / 1000
                markets_of.setdefault(supplier["id"], set()).add(t["market"])
    settlements = []
    for key in books.amount:
        supplier, party, role, region = key
        if role == "user":
            markets = {t["market"] for t in by_user.get(party, []) if t["energy_wh"]}
        else:
            markets = markets_of.get(supplier, set()) if role == "supplier" else set()
        one = record("settlement", period=text, party=party, role=role, supplier=supplier,
                     currency="EUR", market=min(markets) if len(markets) == 1 else None,
                     amount=spell(books.amount[key]), without_market=spell(books.without[key]),
                     items=spell_items(books.items[key]), **books.energies.get(key, {}))
        if region is not None:
            one["region"] = region
        settlements.append(one)
    settlements.sort(key=lambda s: (s["supplier"], ROLES.index(s["role"]), s["party"],
                                    s.get("region", "")))
    return settlements, transfers(net, text), withheld


def spell_items(items):
    return [{"item": item, "price": spell(price), "energy_wh": abs(energy),
             "amount": spell(price * energy / 1000)}
            for (item, price), energy in
            sorted(items.items(), key=lambda i: (ITEMS.index(i[0][0]), i[0][1]))
            if price * energy != 0]


def transfers(net, text):
    out = []
    for place in sorted({m for m, _ in net}):
        nets = sorted((s, v) for (m, s), v in net.items() if m == place)
        payers = [[s, -v] for s, v in nets if v < 0]
        receivers = [[s, v] for s, v in nets if v > 0]
        while payers and receivers:
            step = min(payers[0][1], receivers[0][1])
            out.append(record("transfer", period=text, market=place, currency="EUR",
                              to=receivers[0][0], amount=spell(step), **{"from": payers[0][0]}))
            for queue in (payers, receivers):
                queue[0][1] -= step
                if queue[0][1] == 0:
                    queue.pop(0)
        assert not payers and not receivers
    return out


def settle_all(records):
    """Everything, in the order in which it is to be written."""
    market = Market(records)
    wanted = {r["period"] for kind in ("trade", "reading") for r in market.all(kind)}
    out, withheld = [], set()
    for text in sorted(wanted, key=start_of):
        settlements, paid, held = settle(market, text)
        out += settlements + paid
        withheld |= {(user, text, why) for user, why in held.items()}
    return out, withheld


# ---- random markets

def random_price(rng, low=-50000, high=400000):
    return spell(F(rng.choice([0, rng.randint(low, high), rng.randrange(10000, 300000, 10000)]),
                   10**6))


def random_bands(rng):
    bands = []
    for _ in range(rng.randint(0, 3)):
        band = {"price": random_price(rng, 1000)}
        begin, end = rng.sample(range(0, 1440, 30), 2)
        if rng.random() < 0.8:
            band["from"] = f"{begin // 60:02d}:{begin % 60:02d}"
            band["to"] = f"{end // 60:02d}:{end % 60:02d}" if end else "24:00"
        if rng.random() < 0.5:
            band["days"] = rng.sample(DAYS, rng.randint(1, 5))
        bands.append(band)
    if rng.random() < 0.95 or not bands:
        bands.append({"price": random_price(rng, 1000)})
    return bands


def random_borne(rng):
    return {k: rng.choice(["user", "supplier"]) for k in ("import", "export", "bought", "sold")}


def random_tariff(rng, supplier, **members):
    return record("tariff", supplier=supplier, currency="EUR",
                  zone=rng.choice(["Europe/Brussels", "America/New_York", "Asia/Kolkata", "UTC"]),
                  retail=random_bands(rng), feed_in=random_price(rng, 0, 100000),
                  fees_borne_by=random_borne(rng), **members)


def random_parties(rng):
    suppliers = [f"s{i}" for i in range(rng.randint(1, 4))]
    regions = [f"r{i}" for i in range(rng.randint(1, 2))]
    out = [identity(s, "supplier", regions=regions) for s in suppliers]
    operators = [("tso", "tso", regions)] + [(f"dso-{r}", "dso", [r]) for r in regions]
    if rng.random() < 0.2:
        operators.append(("dso-extra", "dso", regions))
    for ident, role, served in operators:
        out.append(identity(ident, role, regions=served))
        for region in served:
            if rng.random() < 0.96:
                out.append(record("network-fee", by=ident, region=region, currency="EUR",
                                  valid=ALWAYS, price=random_price(rng, 0, 60000)))
            if rng.random() < 0.2:
                out.append(record("network-fee", by=ident, region=region, currency="EUR",
                                  valid="2016-03-27T00:00Z/2016-03-28T00:00Z",
                                  price=random_price(rng, 0, 60000)))
    for s in suppliers:
        if rng.random() < 0.96:
            out.append(random_tariff(rng, s, valid=ALWAYS))
        out.append(random_tariff(rng, s, id="green", valid=ALWAYS))
        if rng.random() < 0.3:
            out.append(random_tariff(rng, s, valid="2016-03-27T01:00Z/2016-10-30T01:00Z"))
    users = []
    for i in range(rng.randint(1, 9)):
        supplier = rng.choice(suppliers)
        users.append(f"u{i}")
        out.append(identity(users[-1], "user", supplier=supplier, region=rng.choice(regions)))
        if rng.random() < 0.15:  # she changes her supplier
            out.append(identity(users[-1], "user", supplier=rng.choice(suppliers),
                                region=rng.choice(regions),
                                valid="2016-03-27T00:30Z/2016-12-01T00:00Z"))
        for k in range(rng.choice([1, 1, 1, 1, 2, 0])):
            out.append(identity(f"m{i}-{k}", "meter", user=users[-1]))
        if rng.random() < 0.3:
            out.append(record("contract", user=users[-1], supplier=supplier, tariff="green",
                              valid="2016-01-01T00:00Z/2016-10-30T00:30Z"))
    return out, suppliers, users


def random_trades(rng, traders, text):
    """Trades of one or two markets, sold and bought alike, one price each."""
    out = []
    pool = traders[:]
    rng.shuffle(pool)
    for place in ["lm", "lm2"][:rng.choice([0, 1, 1, 1, 1, 2])]:
        cut = rng.randint(1, max(1, len(pool)))
        mine, pool = pool[:cut], pool[cut:]
        if pool and rng.random() < 0.2:
            mine.append(pool[0])  # who may trade in both
        if len(mine) < 2:
            continue
        half = rng.randint(1, len(mine) - 1)
        price = random_price(rng)
        sold = 0
        for i, seller in enumerate(mine[:half]):
            energy = rng.choice([0, 1, rng.randint(1, 5000)])
            sold += energy
            out.append(record("trade", market=place, period=text, order=f"o{i}", side="offer",
                              energy_wh=energy, price=price, **{"from": seller}))
        buyers = mine[half:]
        for i, buyer in enumerate(buyers):
            energy = sold if i == len(buyers) - 1 else rng.randint(0, sold)
            sold -= energy
            parts = [energy] if rng.random() < 0.8 else [energy // 2, energy - energy // 2]
            for n, part in enumerate(parts):
                one = record("trade", market=place, period=text, order=f"b{i}", side="bid",
                             energy_wh=part, price=price, **{"from": buyer})
                if n or rng.random() < 0.3:
                    one["n"] = n
                out.append(one)
    return out


def random_readings(rng, parties, trades, text):
    out = []
    for meter in [p for p in parties if p["type"] == "identity" and p["role"] == "meter"]:
        mine = [t for t in trades if t["from"] == meter["user"]]
        bought = sum(t["energy_wh"] for t in mine if t["side"] == "bid")
        sold = sum(t["energy_wh"] for t in mine if t["side"] == "offer")
        near = lambda wh: max(0, rng.choice([wh, 0, wh + rng.randint(-900, 900)]))
        if rng.random() < 0.05:
            continue
        seq = rng.randint(1, 3)
        one = record("reading", meter=meter["id"], period=text, import_wh=near(bought),
                     export_wh=near(sold), quality="measured", seq=seq)
        out.append(one)
        if rng.random() < 0.2:
            out += [dict(one, to="s0"), dict(one, to="tso")]
        if rng.random() < 0.1:
            out.append(dict(one, seq=seq - 1, import_wh=rng.randint(0, 5000)))
        if rng.random() < 0.04:
            out.append(dict(one, quality="estimated"))
    return out


# Half-hours around both changes of clocks of 2016, in Brussels and New York, and plain days.
STARTS = ["2016-03-26T22:00Z", "2016-03-27T00:30Z", "2016-03-27T01:00Z", "2016-10-29T23:30Z",
          "2016-10-30T00:30Z", "2016-10-30T01:00Z", "2016-03-13T06:30Z", "2016-11-06T05:30Z",
          "2016-04-01T12:00Z", "2016-07-15T05:00Z"]


def random_case(rng, moments=None):
    records, suppliers, users = random_parties(rng)
    parties = records[:]
    texts = {period(instant(start) + rng.randint(0, 3) * dt.timedelta(minutes=30))
             for start in rng.sample(moments or STARTS, rng.randint(1, 4))}
    for text in sorted(texts):
        traders = users + [s for s in suppliers if rng.random() < 0.3]
        trades = random_trades(rng, traders, text) if rng.random() < 0.85 else []
        records += trades + random_readings(rng, parties, trades, text)
    records += rng.sample(records, rng.randint(0, 3))
    rng.shuffle(records)
    return records


# ---- running and comparing

def run(program, records, *options, status=None):
    """The records written, the rejects, the bytes. No status but 0 and 1 will do."""
    text = "".join(json.dumps(r) + "\n" for r in records)
    with tempfile.NamedTemporaryFile("r", suffix=".ndjson") as rejects:
        done = subprocess.run([program, "--rejects", rejects.name, *options], input=text,
                              capture_output=True, text=True, timeout=120, check=False)
        refused = [json.loads(line) for line in rejects]
    want = status if status is not None else (1 if refused else 0)
    assert done.returncode == want, f"exit {done.returncode}, not {want}: {done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()], refused, done.stdout


def withheld_in(rejects):
    out = set()
    for r in rejects:
        words = r["detail"].split()
        if words[1:4] == ["is", "withheld", "in"]:
            out.add((words[0], words[4].rstrip(":"), r["reason"]))
    return out


def same(got, wanted, what):
    assert len(got) == len(wanted), f"{what}: {len(got)} records, not {len(wanted)}"
    for a, b in zip(got, wanted):
        assert a == b, f"{what}:\n got    {json.dumps(a, sort_keys=True)}\n" \
                       f" wanted {json.dumps(b, sort_keys=True)}"


def sums_are_zero(records, members=("amount", "without_market")):
    totals = {}
    for r in records:
        if r["type"] in ("settlement", "adjustment"):
            for member in members:
                key = (r["period"], member)
                totals[key] = totals.get(key, F(0)) + F(r[member])
            assert sum((F(i["amount"]) for i in r["items"]), F(0)) == F(r["amount"]), r
    assert not any(totals.values()), totals


def groups_sum_to_transfers(records):
    groups = {}
    for r in records:
        if r["type"] == "settlement":
            key = (r["period"], r["supplier"])
            groups[key] = groups.get(key, F(0)) + F(r["amount"])
        elif r["type"] == "transfer":
            for who, sign in ((r["from"], 1), (r["to"], -1)):
                key = (r["period"], who)
                groups[key] = groups.get(key, F(0)) + sign * F(r["amount"])
    assert not any(groups.values()), groups


def check_periods(program, rng):
    records = random_case(rng)
    wanted, withheld = settle_all(records)
    got, rejects, text = run(program, records)
    same(got, wanted, "settlements")
    assert withheld_in(rejects) == withheld, (withheld_in(rejects), withheld)
    sums_are_zero(got)
    groups_sum_to_transfers(got)
    for r in got:
        traded = any(t["period"] == r["period"] and t["energy_wh"] for t in records
                     if t["type"] == "trade")
        if r["type"] == "settlement" and not traded:
            assert r["amount"] == r["without_market"], r
    rng.shuffle(records)
    assert run(program, records)[2] == text, "the order of lines matters"
    # Each supplier alone, over the same records, writes its part of the whole.
    suppliers = sorted({r["id"] for r in records
                        if r["type"] == "identity" and r["role"] == "supplier"})
    parts = []
    for s in suppliers:
        alone = run(program, records, "--supplier", s)[0]
        same(alone, [r for r in got if r.get("supplier", r.get("from")) == s], "--supplier " + s)
        parts += alone
    assert len(parts) == len(got)


def check_adjustments(program, rng):
    """Issues with readings missing or wrong, then adjusts twice."""
    records = random_case(rng)
    issued, history = [], []
    for r in records:
        if r["type"] == "reading" and rng.random() < 0.3:
            if rng.random() < 0.5:
                continue  # comes later
            first = dict(r, import_wh=rng.randint(0, 3000), seq=0, quality="estimated")
            first.pop("to", None)
            if r["seq"] > 0 and not any(x["type"] == "reading" and x["seq"] == 0 and
                                        x["meter"] == r["meter"] and x["period"] == r["period"]
                                        for x in history + records):
                history.append(first)
                continue
        issued.append(r)
    issued += history
    written = run(program, issued)[0]
    wanted = settle_all(records + history)[0]
    state = written[:]
    for month in ("2016-11", "2016-12"):
        with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as previous:
            rng.shuffle(state)
            previous.write("".join(json.dumps(r) + "\n" for r in state))
            previous.flush()
            more = run(program, records + history, "--previous", previous.name,
                       "--month", month)[0]
        adjustments = [r for r in more if r["type"] == "adjustment"]
        sums_are_zero(adjustments)
        assert all(a["month"] == month for a in adjustments)
        if month == "2016-12":
            assert not more, "adjusted what was right: " + json.dumps(more)
        state += more
    effective = {}
    for r in state:
        if r["type"] != "transfer":
            key = (r["period"], r["supplier"], r["party"], r["role"], r.get("region"))
            one = effective.setdefault(key, [F(0), F(0), {}])
            one[0] += F(r["amount"])
            one[1] += F(r["without_market"])
            for i in r["items"]:
                name = (i["item"], i["price"])
                one[2][name] = one[2].get(name, F(0)) + F(i["amount"])
    right = {(r["period"], r["supplier"], r["party"], r["role"], r.get("region")): r
             for r in wanted if r["type"] == "settlement"}
    for key, (amount, without, items) in effective.items():
        r = right.pop(key, {"amount": "0", "without_market": "0", "items": []})
        assert (spell(amount), spell(without)) == (r["amount"], r["without_market"]), (key, r)
        assert {k: spell(v) for k, v in items.items() if v} == \
            {(i["item"], i["price"]): i["amount"] for i in r["items"]}, (key, items, r)
    assert not right, right
    key = lambda r: json.dumps(r, sort_keys=True)
    assert sorted(map(key, (r for r in state if r["type"] == "transfer"))) == \
        sorted(map(key, (r for r in wanted if r["type"] == "transfer")))


def half_even_cents(value):
    scaled = value * 100
    whole, rest = divmod(scaled, 1)
    if rest > F(1, 2) or (rest == F(1, 2) and whole % 2):
        whole += 1
    return F(whole, 100)


def bills_of(records, month):
    market = Market(records)
    bills = {}
    rows = [(r, r["items"]) for r in market.all("settlement") + market.all("adjustment")
            if r["role"] == "user"]
    for r, items in rows:
        if r["type"] == "settlement":
            when = start_of(r["period"])
            tariff = tariff_of(market, {"id": r["party"], "supplier": r["supplier"]}, when)
            local = when.astimezone(ZoneInfo(tariff["zone"]))
            if local.strftime("%Y-%m") != month:
                continue
        elif r["month"] != month:
            continue
        amount, without, sums = bills.setdefault((r["supplier"], r["party"]), [[], [], {}])
        amount.append(F(r["amount"]))
        without.append(F(r["without_market"]))
        for i in items:
            item = i["item"] if r["type"] == "settlement" else "adjustment"
            price = F(i["price"])
            energy = i["energy_wh"] if F(i["amount"]) * price > 0 else -i["energy_wh"]
            sums[(item, price)] = sums.get((item, price), 0) + energy
    out = []
    for (supplier, user), (amount, without, sums) in sorted(bills.items()):
        earlier = [b for b in market.all("bill") if b["month"] < month and
                   (b["supplier"], b["user"]) == (supplier, user)]
        carried = F(max(earlier, key=lambda b: b["month"])["carry"]) if earlier else F(0)
        total, other = sum(amount), sum(without)
        rounded = half_even_cents(total + carried)
        out.append(record("bill", supplier=supplier, user=user, month=month, currency="EUR",
                          items=spell_items(sums), amount=spell(total),
                          without_market=spell(other), difference=spell(total - other),
                          carried_in=spell(carried), rounded=spell(rounded),
                          carry=spell(total + carried - rounded)))
    return out


MONTH_ENDS = ["2016-02-29T21:00Z", "2016-02-29T23:00Z", "2016-03-01T00:00Z", "2016-03-01T04:30Z",
              "2016-03-27T00:30Z", "2016-03-27T01:00Z", "2016-03-31T18:00Z", "2016-03-31T21:30Z",
              "2016-03-31T22:00Z", "2016-04-01T00:00Z", "2016-04-01T03:30Z", "2016-04-15T12:00Z",
              "2016-04-30T18:00Z", "2016-04-30T22:00Z", "2016-05-01T04:00Z"]


def check_bills(program, rng):
    records = [r for r in random_case(rng, MONTH_ENDS)]
    known = [r for r in records if r["type"] in ("tariff", "contract", "identity")]
    state = run(program, records)[0]
    for r in state[:]:  # some are adjusted, by as much as they were
        if r["type"] == "settlement" and r["role"] == "user" and rng.random() < 0.2:
            state.append(dict(r, type="adjustment", seq=1, month=rng.choice(["2016-03", "2016-04"])))
    for month in ("2016-02", "2016-03", "2016-04", "2016-05"):
        wanted = bills_of(known + state, month)
        stream = known + state + rng.sample(state, min(2, len(state)))
        rng.shuffle(stream)
        got = run(program, stream, "--bills", "--month", month)[0]
        same(got, wanted, "bills of " + month)
        state += got
    # Months add up to what was issued, but for adjustments of other months.
    issued, billed, paid, left = {}, {}, {}, {}
    for r in state:
        if r["type"] in ("settlement", "adjustment") and r["role"] == "user":
            key = (r["supplier"], r["party"])
            issued[key] = issued.get(key, F(0)) + F(r["amount"])
        elif r["type"] == "bill":
            key = (r["supplier"], r["user"])
            billed[key] = billed.get(key, F(0)) + F(r["amount"])
            paid[key] = paid.get(key, F(0)) + F(r["rounded"])
            left[key] = F(r["carry"])
    assert issued == billed, (issued, billed)
    assert all(paid[k] + left[k] == billed[k] for k in billed)


def large(users):
    rng = random.Random(1)
    out = [identity("s0", "supplier", regions=["r"]), identity("s1", "supplier", regions=["r"]),
           identity("dso", "dso", regions=["r"]), identity("tso", "tso", regions=["r"]),
           record("network-fee", by="dso", region="r", currency="EUR", valid=ALWAYS, price="0.02"),
           record("network-fee", by="tso", region="r", currency="EUR", valid=ALWAYS, price="0.01")]
    out += [random_tariff(rng, s, valid=ALWAYS) for s in ("s0", "s1")]
    text = period(instant("2016-04-01T12:00Z"))
    for i in range(users):
        out.append(identity(f"u{i}", "user", supplier=f"s{i % 2}", region="r"))
        out.append(identity(f"m{i}", "meter", user=f"u{i}"))
        seller = i % 4 < 2
        if i < users // 4 * 4:
            out.append(record("trade", market="lm", period=text, order="o", energy_wh=2000,
                              side="offer" if seller else "bid", price="0.11", **{"from": f"u{i}"}))
        out.append(record("reading", meter=f"m{i}", period=text, quality="measured", seq=1,
                          import_wh=0 if seller else 2100, export_wh=1900 if seller else 0))
    sys.stdout.writelines(json.dumps(r) + "\n" for r in out)


def main():
    checks = {"periods": check_periods, "adjustments": check_adjustments, "bills": check_bills}
    if len(sys.argv) == 3 and sys.argv[1] == "large":
        return large(int(sys.argv[2]))
    if len(sys.argv) != 5 or sys.argv[1] not in checks:
        sys.exit(__doc__)
    kind, program, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    for case in range(seed, seed + count):
        try:
            checks[kind](program, random.Random(case))
        except AssertionError as error:
            sys.exit(f"{kind}, case {case}: {error}")
    print(f"{count} cases of {kind}")
    return None


if __name__ == "__main__":
    main()
