"""Tampers with an honest market's logs, one kind at a time, and asks lm-audit what it makes of it.

Whoever cheats has her keys: she signs again, numbers her log anew and signs a checkpoint of it.
What has to be found, and whose fault it is, is written here by hand, from who did what and what
the rules say; nobody else may be named. The untouched logs must be clean.

usage: tamper.py FOLDER [PATTERN]    with the programs on the PATH; prints a line a case

Each case says on which evidence the audit goes: KEEPERS hand out their logs with checkpoints that
fit them, and that is all there is; or ALL there is beside: checkpoints from before and after that
others kept, a witness's cosignatures, receipts, the DSO's totals.
"""

import base64
import calendar
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import world
from world import (ADJUSTED_AT, BILLED_AT, CLEARED_AT, GATE_SEEN, KEEPERS as LOGS, NOW, ORDERS_AT,
                   PERIODS, READ_AT, RULES, SETTLED_AT, VALID, canonical, change, lines, network_fee,
                   order, reading, tariff)

KEEPERS, ALL = "keepers", "all"
CASES = []


def case(name, evidence, *wanted, guilty=None):
    """What has to be found, as `code party`; only those parties, and GUILTY, may be named."""
    pairs = [tuple(item.split()) for item in wanted]
    named = {party for _, party in pairs if party != "-"} | set(guilty or ())

    def add(tamper):
        CASES.append((name, evidence, pairs, named, tamper))
        return tamper

    return add


# ---- what tamperers do ----

def reclear(w, place, orders, at=None):
    """The market holds the auction of a period with just these orders, whatever the rules say."""
    bare = [{member: value for member, value in record.items() if member != "sig"}
            for record in orders]
    lenient = dict(RULES, max_orders=100, price_cap="9")
    results = w.clear(bare, [lenient])
    replace_results(w, place, results, w.clear(bare, [lenient], everything=True), orders, at)


def overcharge_u4(w):
    """A puts up what its customer has consumed."""
    change(w, "A", "A", lambda s: s.update(import_wh=s["import_wh"] + 1), type="settlement",
           party="u4", period=PERIODS[0])


def reclear_by(w, place, rules):
    """The market holds the auction of a period by other rules than it had."""
    orders = standing(w, place)
    allowed = [record for record in orders if Decimal(record["price"]) <= Decimal(rules["price_cap"])]
    reclear(w, place, allowed)


def replace_results(w, place, results, everything, orders, at=None):
    # A clearing names the orders as they are signed.
    signed_root = w.clear(orders, [dict(RULES, max_orders=100, price_cap="9")])[0]["orders_root"]
    for record in results + everything:
        if record["type"] == "clearing":
            record["orders_root"] = signed_root
    period = PERIODS[place]
    old = [entry for entry in w.logs["market"] if entry["record"]["period"] == period and
           entry["record"]["type"] in ("clearing", "trade", "notice")]
    where = w.logs["market"].index(old[0])
    w.logs["market"] = [entry for entry in w.logs["market"] if entry not in old]
    notices = w.inform([RULES] + everything)
    w.add("market", at or CLEARED_AT[place], w.sign("lm", results + notices), where)
    for entry in w.find("public", type="clearing", period=period):
        entry["record"] = w.sign("lm", [record for record in results
                                        if record["type"] == "clearing"])[0]


def orders_of(w, place):
    return [entry["record"] for entry in w.find("market", type="order", period=PERIODS[place])]


def resettle(w, suppliers=("A", "B"), as_logged=False):
    """Suppliers settle and bill by the trades and readings as the logs have them now; AS_LOGGED by
    the entries, and so by when they came."""
    for supplier in suppliers:
        w.logs[supplier] = [entry for entry in w.logs[supplier] if entry["record"]["type"] not in
                            ("settlement", "transfer", "adjustment", "bill")]
    known = [entry if as_logged else entry["record"] for log in LOGS
             for entry in w.logs[log]] + terms_beside(w)
    for supplier in suppliers:
        w.add(supplier, ADJUSTED_AT, w.sign(supplier, w.settle(supplier, known)))
        rebill(w, supplier)


def terms_beside(w):
    records = [record.get("record", record) for record in w.beside]
    return [record for record in records if record["type"] in ("tariff", "contract")]


def rebill(w, supplier):
    w.logs[supplier] = [entry for entry in w.logs[supplier] if entry["record"]["type"] != "bill"]
    terms = terms_beside(w)
    if not w.find(supplier, type="tariff"):
        terms += [entry["record"] for entry in w.find("public", supplier=supplier)]
    out = world.run(["lm-settle", "--bills", "--month", "2016-04", "--supplier", supplier],
                    lines(w.records(supplier) + terms))
    w.add(supplier, BILLED_AT, w.sign(supplier, world.parse(out)))


def first_order_behind_gate(w, place):
    """Where the log goes on after the orders of a period."""
    return w.logs["market"].index(w.find("market", type="clearing", period=PERIODS[place])[0])


def first(w, log, **members):
    """Where the first entry with these members stands."""
    return w.logs[log].index(w.find(log, **members)[0])


def take_out(w, log, *types, **members):
    """The records of these types, which the log holds no longer."""
    gone = [entry for entry in w.find(log, **members) if entry["record"]["type"] in types]
    w.logs[log] = [entry for entry in w.logs[log] if entry not in gone]
    w.keep(log)
    return [entry["record"] for entry in gone]


def add_billionth(amount):
    whole, _, fraction = amount.partition(".")
    return f"{whole}.{(fraction + '00000000')[:8]}1"


# ---- the log itself ----

@case("an entry is dropped from the file", KEEPERS, "log_truncated lm", "entry_number -")
def _(w):
    del w.logs["market"][40]
    w.own["market"] = None


@case("an order is dropped, and its clearing made without it", ALL,
      "receipt_missing lm", "log_forked lm", "unwitnessed lm")
def _(w):
    entry = w.find("market", type="order", **{"from": "u7"})[0]
    w.logs["market"].remove(entry)
    w.keep("market")
    reclear(w, 0, [o for o in orders_of(w, 0) if o["from"] != "u3" or o["seq"] == 2])
    resettle(w)
    # The suppliers settled again, by what the market says now; their logs are not in question.
    w.evidence_of = ("registry", "market")


@case("two entries change places with their numbers", KEEPERS, "entry_number lm")
def _(w):
    log = w.logs["market"]
    log[10], log[11] = log[11], log[10]


@case("an entry is moved before one that came earlier", KEEPERS, "entry_time lm")
def _(w):
    log = w.logs["market"]
    entry = log.pop(first_order_behind_gate(w, 0))
    log.insert(5, entry)
    w.keep("market")


@case("an entry is there twice", KEEPERS, "entry_repeated lm")
def _(w):
    w.logs["market"].insert(12, copy.deepcopy(w.logs["market"][11]))
    w.keep("market")


@case("an entry is there twice, with its number", KEEPERS, "entry_repeated A", "entry_number A")
def _(w):
    w.logs["A"].insert(12, copy.deepcopy(w.logs["A"][11]))


@case("a record stands in the log without an entry", KEEPERS, "not_entry lm")
def _(w):
    extra = canonical(w.sign("lm", [w.logs["market"][-1]["record"]])[0])
    w.raw["market"] = lines(w.logs["market"]) + extra + "\n"


@case("a line of the log is nonsense", KEEPERS, "json lm")
def _(w):
    w.raw["market"] = lines(w.logs["market"]) + "nonsense\n"


@case("the end of a log is cut off", KEEPERS, "log_truncated B")
def _(w):
    del w.logs["B"][-3:]
    w.own["B"] = None


@case("the end of a log is cut off, and a new checkpoint signed", ALL,
      "log_truncated B", "receipt_missing B")
def _(w):
    del w.logs["B"][-40:]


@case("an entry is dated anew", ALL, "root_differs A", "receipt_missing A")
def _(w):
    w.logs["A"][2]["at"] = w.logs["A"][3]["at"]
    w.own["A"] = None


@case("an entry is dated anew, and a new checkpoint signed", ALL, "log_forked A",
      "receipt_missing A")
def _(w):
    w.logs["A"][2]["at"] = w.logs["A"][3]["at"]


@case("the keeper signs for two histories", ALL, "log_forked lm")
def _(w):
    honest = w.logs["market"]
    w.logs["market"] = copy.deepcopy(honest)
    del w.logs["market"][-1]
    w.add("market", CLEARED_AT[2], w.sign("lm", [dict(honest[-1]["record"], to="u8")]))
    w.checkpoints.append(w.sign_log("market", name="market.shown-to-others"))
    w.logs["market"] = honest


@case("the log goes on behind its newest checkpoint", KEEPERS, "uncovered B")
def _(w):
    w.own["B"] = None
    w.add("B", BILLED_AT, w.sign("B", [{"type": "contract", "v": 1, "user": "u20", "supplier": "B",
                                        "tariff": "green",
                                        "valid": "2016-06-01T00:00Z/2017-01-01T00:00Z"}]))


@case("an old checkpoint is handed out as the newest", ALL, "uncovered lm", "unwitnessed lm")
def _(w):
    w.checkpoints = [path for path in w.checkpoints if "market.final" not in path]
    with open(w.honest.path("market.gate3"), encoding="utf-8") as file:
        note = file.read().split("\n")
    name = w.path("market.old")
    with open(name, "w", encoding="utf-8") as file:
        file.write("\n".join(line for line in note if "witness" not in line))
    w.checkpoints = [path for path in w.checkpoints if "market.gate3" not in path] + [name]


@case("no witness has seen the newest checkpoint", ALL, "unwitnessed A")
def _(w):
    w.checkpoints = [path for path in w.checkpoints if "A.final" not in path]
    w.checkpoints.append(w.sign_log("A"))


@case("a cosignature is copied from another checkpoint", ALL, "cosignature -", "unwitnessed A")
def _(w):
    w.checkpoints = [path for path in w.checkpoints if "A.final" not in path]
    with open(w.honest.path("B.final"), encoding="utf-8") as file:
        line = [line for line in file.read().split("\n") if "witness" in line][0]
    name = w.sign_log("A")
    with open(name, "a", encoding="utf-8") as file:
        file.write(line + "\n")
    w.checkpoints.append(name)


def seconds(instant):
    return calendar.timegm(time.strptime(instant, "%Y-%m-%dT%H:%M:%SZ"))


def cosigned(w, log, key, name, at, file=None):
    """A checkpoint of the log as it is, cosigned at any time by who has the key."""
    path = w.sign_log(log, name=file)
    with open(w.path(f"{key}.jwk"), encoding="ascii") as source:
        seed = world.note.key_of(json.load(source))
    with open(path, encoding="utf-8") as source:
        note = source.read()
    with open(path, "a", encoding="utf-8") as target:
        target.write(world.note.cosignature(name, note, seed, seconds(at)))
    return path


def witness_name(w):
    with open(w.path("witness.vkey"), encoding="ascii") as file:
        return file.read().split("+")[0]


@case("a witness cosigns what it cannot have seen yet", ALL, "cosignature -", "unwitnessed B")
def _(w):
    """B's readings are of after noon."""
    w.checkpoints = [path for path in w.checkpoints if "B.final" not in path]
    w.checkpoints.append(cosigned(w, "B", "witness", witness_name(w), "2016-04-01T11:00:00Z"))


@case("a witness whose clock is five minutes behind", ALL)
def _(w):
    w.checkpoints = [path for path in w.checkpoints if "B.final" not in path]
    w.checkpoints.append(cosigned(w, "B", "witness", witness_name(w), "2016-05-02T07:55:00Z"))


@case("a keeper dates a checkpoint before what is in it", KEEPERS, "backdated B")
def _(w):
    w.own["B"] = cosigned(w, "B", "B", "B/B.log", "2016-04-01T16:00:00Z")


@case("a witness cosigns two histories", ALL, "log_forked B", "witness_forked witness")
def _(w):
    honest = w.logs["B"]
    w.logs["B"] = honest[:-1]
    w.add("B", BILLED_AT, w.sign("B", [dict(honest[-1]["record"], rounded="0")]))
    w.checkpoints.append(cosigned(w, "B", "witness", witness_name(w), "2016-05-03T08:00:30Z",
                                  "B.shown-to-others"))
    w.logs["B"] = honest


@case("somebody else signs the checkpoint", KEEPERS, "checkpoint_unsigned -")
def _(w):
    w.own["B"] = w.sign_log("B", key="u30")


@case("a checkpoint is altered behind its signature", KEEPERS, "checkpoint_unsigned -")
def _(w):
    name = w.sign_log("B")
    with open(name, encoding="utf-8") as file:
        note = file.read().split("\n")
    note[1] = str(int(note[1]) - 1)
    with open(name, "w", encoding="utf-8") as file:
        file.write("\n".join(note))
    w.own["B"] = name


@case("a checkpoint is no checkpoint", KEEPERS, "checkpoint_unsigned -")
def _(w):
    w.own["B"] = w.path("B.nonsense")
    with open(w.own["B"], "w", encoding="utf-8") as file:
        file.write("nonsense\n")


# ---- whose log, and which ----

def leaves_of(w, log):
    return w.text(log).encode().split(b"\n")[:-1]


def signed(w, origin, key, leaves):
    """A checkpoint of any tree in any log's name, by whoever has a key."""
    with open(w.path(f"{key}.jwk"), encoding="ascii") as file:
        seed = world.note.key_of(json.load(file))
    path = w.path(f"shown{len(w.shown)}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(world.note.checkpoint(origin, leaves, seed))
    return path


def copy_of(w, log, count):
    """The beginning of a log, in a file of another name."""
    path = w.path(f"copy-of-{log}")
    with open(path, "w", encoding="ascii") as file:
        file.write(lines(w.logs[log][:count]))
    return path


@case("a checkpoint is of a log that is not here", KEEPERS, "checkpoint_unknown -")
def _(w):
    """The keeper may show that log to whoever wants to see it."""
    w.shown = [signed(w, "lm/other.log", "lm", [b"something", b"else"])]


@case("only one log is here, and the checkpoint of another", KEEPERS, "checkpoint_unknown -",
      "missing_record -")
def _(w):
    w.shown = [w.honest.path("market.final")]
    w.evidence_of = ("registry",)


@case("a log is given twice", ALL)
def _(w):
    w.copies = [copy_of(w, "market", None), copy_of(w, "B", None)]


@case("the first part of a log is given before the log", ALL)
def _(w):
    """As long as it was at the first gate, so that the gate's checkpoint is of both."""
    w.copies = [copy_of(w, "market", first_order_behind_gate(w, 0))]


@case("the market signs for a supplier's log, in that one's name", KEEPERS)
def _(w):
    """Whoever has a copy can. It says nothing about the log; above all not that it is the
    market's, where readings would be misplaced and the supplier had settled without any."""
    w.shown = [signed(w, "A/A.log", "lm", leaves_of(w, "A"))]


@case("the market signs for a supplier's log, in its own name", KEEPERS)
def _(w):
    w.shown = [signed(w, "lm/A.log", "lm", leaves_of(w, "A"))]


@case("the market signs for the registrar's log", ALL)
def _(w):
    """A revocation counts only in the registrar's log, and would count everywhere if there were
    none."""
    w.shown = [signed(w, "lm/registry.log", "lm", leaves_of(w, "registry"))]
    w.beside = [revocation(w, "u5", "2016-04-01T11:00:00Z")]


@case("the market signs for another log in the registrar's name, so that nobody can be blamed",
      KEEPERS, "root_differs lm", "notice_differs lm")
def _(w):
    w.shown = [signed(w, "registrar/registry.log", "lm", [b"nonsense"])]
    change(w, "market", "lm", lambda n: n["orders"][0].update(energy_wh=1), type="notice", to="u5")


@case("a supplier signs for another log in the market's name, and there is no other checkpoint",
      KEEPERS, "root_differs A")
def _(w):
    w.shown = [signed(w, "lm/market.log", "A", [b"nonsense"])]
    w.own["market"] = w.shown[0]


def spoiled_registry(w):
    """A copy of the registry in entries, as anybody can make it, where one is not what was signed."""
    entries = copy.deepcopy(w.logs["registry"])
    entries[6]["record"]["region"] = "r9"
    return entries


@case("beside the registrar's log lies a spoiled copy, so that nobody can be blamed", KEEPERS,
      "bad_signature -", "settlement_differs A", "notice_differs lm")
def _(w):
    change(w, "market", "lm", lambda n: n["orders"][0].update(energy_wh=1), type="notice", to="u5")
    overcharge_u4(w)
    w.beside = spoiled_registry(w)


@case("the registry is a spoiled copy alone, and the market seems to have cheated", KEEPERS,
      "bad_signature -", "notice_differs -")
def _(w):
    """Who is who nobody has signed for."""
    change(w, "market", "lm", lambda n: n["orders"][0].update(energy_wh=1), type="notice", to="u5")
    w.beside = spoiled_registry(w)
    w.evidence_of = ("market", "public", "A", "B")


@case("a supplier alone signs, falsely, in the registrar's name", KEEPERS, "root_differs A",
      "bad_signature -")
def _(w):
    """So nobody has signed for the registry; who is who is in doubt as it is without that."""
    w.own["registry"] = signed(w, "registrar/registry.log", "A", [b"nonsense"])
    change(w, "registry", None, lambda i: i.update(region="r2"), type="identity", id="u5")


@case("the market alone signs, falsely, for a supplier's log that holds readings only", KEEPERS,
      "root_differs lm")
def _(w):
    """That log is not the market's, so that its readings would be misplaced, and the supplier had
    settled without any."""
    w.own["A"] = signed(w, "A/A.log", "lm", [b"nonsense"])
    place = w.logs["A"].index(w.find("A", type="settlement")[0])
    w.beside = [entry["record"] for entry in w.logs["A"][place:]]
    w.logs["A"] = w.logs["A"][:place]


@case("the market keeps two logs of one name, each with its checkpoint", KEEPERS, "log_forked lm")
def _(w):
    w.own["public"] = signed(w, "lm/market.log", "lm", leaves_of(w, "public"))


LOOK_ALIKES = {"lm/Market.log": "checkpoint_unknown -", "LM/MARKET.LOG": "checkpoint_unknown -",
               "lm/m\u0430rket.log": "checkpoint_unknown -",
               "lm/market.log\u200b": "checkpoint_unknown -",
               "lm/market.log/": "checkpoint_unknown -",
               "lm/market.log ": "checkpoint_unsigned -",
               "lm/market.log\u00a0": "checkpoint_unsigned -",
               "lm/market.log\n": "checkpoint_unsigned -"}


def look_alike(origin, wanted):
    @case(f"the market signs for a log whose name looks like another's, {origin!a}", KEEPERS,
          wanted)
    def _(w):
        """No name with white space can be a key's, and no two names are one."""
        w.shown = [signed(w, origin, "lm", [b"another history"])]


for look_alike_origin, look_alike_code in LOOK_ALIKES.items():
    look_alike(look_alike_origin, look_alike_code)


# ---- the book ----

@case("the market appends a friend's order once it has seen the book, dated back", ALL,
      "unanchored lm", "backdated lm")
def _(w):
    """All of it before the log goes on: nobody has seen what comes behind the gate's checkpoint."""
    friend = w.sign("u5", [order("u5", PERIODS[2], "offer", 4000, "0.08", name="late")])
    w.add("market", "2016-04-01T12:44:59Z", friend, first_order_behind_gate(w, 2))
    reclear(w, 2, standing(w, 2))
    # For what never came to pass there were no receipts, either.
    seen = {"lm/market.log": first_order_behind_gate(w, 2) - 1, "lm/public.log": 9,
            "A/A.log": len(w.find("A")) - len(settled(w, "A")),
            "B/B.log": len(w.find("B")) - len(settled(w, "B")) - 1}
    w.receipts = [receipt for receipt in w.receipts if receipt["n"] < seen.get(receipt["log"], 99)]
    resettle(w)
    w.rewritten_since = 2


def settled(w, supplier):
    return [entry for entry in w.logs[supplier] if entry["record"]["type"] in
            ("settlement", "transfer", "adjustment", "bill")]


def standing(w, place):
    """Of each order the version that counts."""
    latest = {}
    for record in orders_of(w, place):
        name = (record["from"], record["id"])
        if name not in latest or latest[name]["seq"] < record["seq"]:
            latest[name] = record
    return list(latest.values())


@case("the market uses an order that came late", KEEPERS, "late_used lm", "clearing_differs lm")
def _(w):
    friend = w.sign("u5", [order("u5", PERIODS[0], "offer", 4000, "0.08", name="late")])
    w.add("market", "2016-04-01T11:46:00Z", friend, first_order_behind_gate(w, 0))
    reclear(w, 0, standing(w, 0))
    resettle(w)


@case("the market lets somebody replace her order late", KEEPERS, "clearing_differs lm")
def _(w):
    friend = w.sign("u5", [order("u5", PERIODS[0], "offer", 4000, "0.08", seq=7)])
    w.add("market", "2016-04-01T11:46:00Z", friend, first_order_behind_gate(w, 0))
    reclear(w, 0, standing(w, 0))
    resettle(w)


@case("the market takes in more orders than the rules allow", KEEPERS, "quota_used lm",
      "clearing_differs lm")
def _(w):
    more = w.sign("u5", [order("u5", PERIODS[0], "offer", 300, "0.08", name=f"x{i}")
                         for i in range(4)])
    w.add("market", ORDERS_AT[0], more, first_order_behind_gate(w, 0))
    reclear(w, 0, standing(w, 0))
    resettle(w)


@case("the market takes in a price above the cap", KEEPERS, "price_used lm", "clearing_differs lm")
def _(w):
    more = w.sign("u6", [order("u6", PERIODS[0], "bid", 300, "0.9", name="dear")])
    w.add("market", ORDERS_AT[0], more, first_order_behind_gate(w, 0))
    reclear(w, 0, standing(w, 0))
    resettle(w)


def trade_of(user, place, name, side, energy_wh, price):
    return {"type": "trade", "v": 1, "market": "lm", "period": PERIODS[place], "order": name,
            "from": user, "side": side, "energy_wh": energy_wh, "price": price}


def price_of(w, place):
    return w.find("market", type="clearing", period=PERIODS[place])[0]["record"]["price"]


def add_trades(w, place, pairs):
    """The market lets two parties more trade with each other."""
    price = price_of(w, place)
    trades = [trade_of(user, place, name, side, energy_wh, price)
              for user, name, side, energy_wh in pairs]
    where = w.logs["market"].index(w.find("market", type="notice", period=PERIODS[place])[0])
    w.add("market", CLEARED_AT[place], w.sign("lm", trades), where)
    resettle(w)


@case("the market trades with one order what contradicts another of its seq", KEEPERS,
      "conflict_used lm")
def _(w):
    two = w.sign("u5", [order("u5", PERIODS[0], "offer", energy_wh, "0.08", name="two")
                        for energy_wh in (500, 600)])
    w.add("market", ORDERS_AT[0], two, first_order_behind_gate(w, 0))
    add_trades(w, 0, [("u5", "two", "offer", 500), ("u6", "friend", "bid", 500)])


@case("the market lets somebody trade with herself", KEEPERS, "self_trade_used lm")
def _(w):
    both = w.sign("u5", [order("u5", PERIODS[1], "bid", 100, "0.2", name="back")])
    w.add("market", ORDERS_AT[1], both, first_order_behind_gate(w, 1))
    add_trades(w, 1, [("u5", "back", "bid", 100), ("u7", "friend", "offer", 100)])


@case("the market clears a period of another length", KEEPERS, "period_used lm")
def _(w):
    period = "2016-04-01T13:00Z/PT15M"
    orders = w.sign("u5", [order("u5", period, "offer", 100, "0.1")]) + w.sign(
        "u6", [order("u6", period, "bid", 100, "0.2")])
    w.add("market", ORDERS_AT[2], orders, first_order_behind_gate(w, 2))
    trades = [dict(trade_of(user, 2, side, side, 100, "0.15"), period=period)
              for user, side in (("u5", "offer"), ("u6", "bid"))]
    w.add("market", CLEARED_AT[2], w.sign("lm", trades))


@case("the market goes by a version that was replaced", KEEPERS, "clearing_differs lm")
def _(w):
    reclear(w, 0, [o for o in orders_of(w, 0) if o["from"] != "u3" or o["seq"] == 1])
    resettle(w)


@case("the market takes in an order that is not signed", KEEPERS, "unsigned lm",
      "clearing_differs lm")
def _(w):
    forged = order("u5", PERIODS[0], "offer", 4000, "0.08", name="forged")
    w.add("market", ORDERS_AT[0], [forged], first_order_behind_gate(w, 0))
    reclear(w, 0, standing(w, 0))
    resettle(w)


@case("the market takes in an order by a key that nobody has", KEEPERS, "unknown_signer lm",
      "clearing_differs lm")
def _(w):
    forged = w.sign("mallory", [order("u5", PERIODS[0], "offer", 4000, "0.08", name="forged")])
    w.add("market", ORDERS_AT[0], forged, first_order_behind_gate(w, 0))
    reclear(w, 0, standing(w, 0))
    resettle(w)


@case("a user signs an order in another's name", KEEPERS, "wrong_subject u6", guilty=["lm"])
def _(w):
    forged = w.sign("u6", [order("u5", PERIODS[0], "offer", 4000, "0.08", name="forged")])
    w.add("market", ORDERS_AT[0], forged, first_order_behind_gate(w, 0))


@case("the market takes in an order by a key that was revoked", KEEPERS, "revoked lm",
      "clearing_differs lm")
def _(w):
    revoke(w, "u5", "2016-03-31T00:00:00Z", "2016-03-31T00:00:00Z")


def revocation(w, user, at):
    with open(w.path(f"{user}.jwk"), encoding="ascii") as file:
        kid = json.load(file)["keys"][0]["kid"]
    record = {"type": "revocation", "v": 1, "id": user, "kid": kid, "at": at, "reason": "lost"}
    return w.sign("registrar", [record])[0]


def revoke(w, user, at, logged, where=None):
    w.add("registry", logged, [revocation(w, user, at)], where)


@case("the market changes an order behind its signature", KEEPERS, "bad_signature lm",
      "clearing_differs lm")
def _(w):
    change(w, "market", None, lambda o: o.update(price="0.01"), type="order", **{"from": "u9"})


@case("a supplier logs an order that the market never got", KEEPERS, "misplaced A")
def _(w):
    unseen = w.sign("u5", [order("u5", PERIODS[0], "offer", 4000, "0.08", name="unseen")])
    w.add("A", ORDERS_AT[0], unseen, 3)


# ---- beside the logs ----

def unlogged(w, record):
    """The ways to hand in a record that is in no log: bare, and as an entry that anybody made up."""
    return [w.registry[0], record], [w.registry[0], {
        "type": "entry", "v": 1, "n": 40, "at": "2016-04-01T11:00:00Z", "record": record}]


def friends_order(w):
    return w.sign("u5", [order("u5", PERIODS[2], "offer", 4000, "0.08", name="beside")])[0]


@case("a user shows an order that she never sent", ALL)
def _(w):
    w.beside, _ = unlogged(w, friends_order(w))


@case("a user shows an order that she never sent, in an entry", ALL)
def _(w):
    _, w.beside = unlogged(w, friends_order(w))


@case("a meter shows a reading that the supplier never got", ALL)
def _(w):
    w.beside = w.sign("m22", [reading("m22", PERIODS[2], 3, 0, seq=9)])


@case("copies of what is logged lie beside the logs", ALL)
def _(w):
    w.beside = w.records("market", "A", "B", "public")


@case("an order is shown of a log that nobody signed for", ALL)
def _(w):
    w.own["market"] = None
    w.evidence_of = ("registry", "public", "A", "B")
    w.beside = w.records("market")


@case("the market trades with an order that is in no log", KEEPERS, "trade_unfounded lm",
      "clearing_differs lm")
def _(w):
    friend = friends_order(w)
    w.beside, _ = unlogged(w, friend)
    reclear(w, 2, standing(w, 2) + [friend])
    resettle(w)


@case("the market trades with an order that is in an entry of no log", KEEPERS,
      "trade_unfounded lm", "clearing_differs lm")
def _(w):
    friend = friends_order(w)
    _, w.beside = unlogged(w, friend)
    reclear(w, 2, standing(w, 2) + [friend])
    resettle(w)


@case("the market logs an order that came late, and refuses it", ALL)
def _(w):
    w.add("market", "2016-05-03T09:00:00Z", [friends_order(w)])
    w.checkpoints.append(witnessed(w, "market"))


@case("a supplier settles by a tariff that is in no log", KEEPERS, "settlement_differs B")
def _(w):
    dear = tariff("B", "0.03", [{"price": "0.29"}], valid="2016-04-01T12:00Z/2017-01-01T00:00Z")
    w.beside = w.sign("B", [dear])
    resettle(w)


DEAR_TARIFF = tariff("B", "0.03", [{"price": "0.29"}], valid="2016-04-01T00:00Z/2017-01-01T00:00Z")


@case("a supplier settles by a tariff that is in no log, and only the market's holds its other one",
      KEEPERS, "settlement_differs B")
def _(w):
    take_out(w, "B", "tariff")
    w.beside = w.sign("B", [DEAR_TARIFF])
    resettle(w)


@case("a supplier settles by a tariff that the market's log has late, and its own not at all",
      KEEPERS, "settlement_differs B", "retroactive -")
def _(w):
    """An entry that it has made up says that it was there in March."""
    take_out(w, "B", "tariff")
    dear = w.sign("B", [DEAR_TARIFF])[0]
    w.add("public", SETTLED_AT, [dear])
    _, w.beside = unlogged(w, dear)
    w.beside[1]["at"] = "2016-03-03T00:00:00Z"
    resettle(w)


@case("a supplier's tariffs are in the market's log alone, and it settles by them", KEEPERS)
def _(w):
    take_out(w, "B", "tariff")
    resettle(w)


def log_next_tariff(w, start):
    """B's tariff lies beside the logs, and its own holds one that begins later."""
    take_out(w, "public", "tariff", supplier="B")
    w.beside = take_out(w, "B", "tariff")
    w.add("B", "2016-03-02T00:00:00Z", w.sign("B", [
        tariff("B", "0.03", [{"price": "0.23"}], valid=f"{start}/2017-01-01T00:00Z")]), 0)


@case("a tariff is in no log, and its supplier's holds one for a later time only", KEEPERS)
def _(w):
    """A supplier that began to log its tariffs with the next one."""
    log_next_tariff(w, "2016-12-01T00:00Z")


@case("a tariff is in no log, and its supplier's holds one from the second period on", KEEPERS,
      "settlement_differs B")
def _(w):
    log_next_tariff(w, "2016-04-01T12:30Z")


@case("a fee is in no log, and the market's holds one for a later time only", KEEPERS)
def _(w):
    w.beside = take_out(w, "public", "network-fee", by="DSO")
    w.add("public", BILLED_AT, w.sign("DSO", [
        network_fee("DSO", "0.05", "2016-12-01T00:00Z/2017-01-01T00:00Z")]))


@case("a supplier settles by a contract that is in no log", KEEPERS, "settlement_differs A")
def _(w):
    record = {"type": "contract", "v": 1, "user": "u2", "supplier": "A", "tariff": "dear",
              "valid": "2016-04-01T12:00Z/2016-12-01T00:00Z"}
    w.beside = w.sign("A", [record, tariff("A", "0.01", [{"price": "0.9"}], id="dear")])
    resettle(w)


# ---- clearing, trades, notices ----

def ordered(w, period, at):
    """u5 sells to u6, as far as it was logged by then."""
    orders = w.sign("u5", [order("u5", period, "offer", 500, "0.1")]) + w.sign(
        "u6", [order("u6", period, "bid", 500, "0.2")])
    w.add("market", at, orders)
    return orders


@case("orders of a period that is still to come are in the log", KEEPERS)
def _(w):
    """Its gate is open, or has closed a minute ago: the market has until the period begins."""
    ordered(w, "2016-05-05T12:00Z/PT30M", "2016-05-03T07:00:00Z")
    ordered(w, "2016-05-03T08:00Z/PT30M", "2016-05-03T07:00:00Z")
    ordered(w, "2016-05-06T12:00Z/PT30M", "2016-05-03T07:46:00Z")


@case("the market has cleared a period that is still to come, and has not told everybody yet",
      KEEPERS)
def _(w):
    orders = ordered(w, "2016-05-05T12:00Z/PT30M", "2016-05-03T07:00:00Z")
    w.add("market", "2016-05-03T11:46:00Z", w.sign("lm", w.clear(orders)[:1]))


@case("the market does not clear a period until it begins", KEEPERS, "clearing_missing lm",
      "trade_missing lm")
def _(w):
    ordered(w, "2016-05-03T08:00Z/PT30M", "2016-05-03T07:00:00Z")
    ordered(w, "2016-05-06T12:00Z/PT30M", "2016-05-03T08:00:00Z")


def market_as_of_third_gate(w):
    """Its logs as they were copied then, with the checkpoint of then."""
    with open(w.honest.path("market.gate3"), encoding="utf-8") as file:
        w.logs["market"] = w.logs["market"][:int(file.read().split("\n")[1])]
    w.own["market"] = w.honest.path("market.gate3")
    w.checkpoints = [path for path in w.checkpoints if "market.final" not in path]


@case("the market's logs are copies of before it cleared, and suppliers have settled since", KEEPERS,
      "adjustment_missing -", "transfer_unfounded -")
def _(w):
    """By trades that are not here, whoever is right."""
    market_as_of_third_gate(w)
    w.logs["public"] = [entry for entry in w.logs["public"]
                        if entry["record"].get("period") != PERIODS[2]]


@case("receipts are newer than the copy of the log, and its checkpoint", ALL, "receipt_missing -")
def _(w):
    market_as_of_third_gate(w)
    w.evidence_of = ("registry", "market")
    w.totals = []


@case("a log that nobody has signed for is cut, and there are receipts", ALL, "receipt_missing -",
      "unwitnessed -")
def _(w):
    """Anybody may have cut it."""
    del w.logs["B"][-10:]
    w.own["B"] = None
    w.checkpoints = [path for path in w.checkpoints if "B.final" not in path]


FREE_TO_ADD = (("market", "lm", "notice"), ("A", "A", "settlement"), ("A", "A", "bill"),
               ("B", "B", "transfer"), ("B", "B", "adjustment"), ("B", "m22", "reading"))


@case("a market, suppliers and a meter note what is free to be added", KEEPERS)
def _(w):
    for log, key, kind in FREE_TO_ADD:
        meter = {"meter": "m22"} if kind == "reading" else {}
        change(w, log, key, lambda record: record.update(x_note="by hand"), type=kind, **meter)


@case("a clearing has a member more than the auction gives", KEEPERS, "clearing_differs lm")
def _(w):
    for log in ("market", "public"):
        change(w, log, "lm", lambda record: record.update(x_note="by hand"), type="clearing",
               period=PERIODS[1])


@case("a trade has a member more than the auction gives", KEEPERS, "trade_differs lm")
def _(w):
    change(w, "market", "lm", lambda record: record.update(x_note="by hand"), type="trade",
           period=PERIODS[0])


@case("two settlements are the same, but for what is free to be added", KEEPERS,
      "settlement_repeated A")
def _(w):
    """Or they would be billed twice."""
    entry = w.find("A", type="settlement", party="u4", period=PERIODS[0])[0]
    w.add("A", entry["at"], w.sign("A", [dict(entry["record"], x_note="again")]),
          w.logs["A"].index(entry))


def lengthen(member):
    return lambda record: record.update({member: record[member] + "0"})


@case("an amount is written with a zero behind", KEEPERS)
def _(w):
    change(w, "A", "A", lengthen("amount"), type="settlement", party="u4")


@case("a trade's price is written with a zero behind", KEEPERS, "trade_differs lm")
def _(w):
    change(w, "market", "lm", lengthen("price"), type="trade", period=PERIODS[0])


@case("a clearing is dropped", KEEPERS, "clearing_missing lm")
def _(w):
    for log in ("market", "public"):
        w.logs[log].remove(w.find(log, type="clearing", period=PERIODS[1])[0])
        w.keep(log)


@case("a clearing is signed twice, with two prices", KEEPERS, "clearing_repeated lm")
def _(w):
    change(w, "public", "lm", lambda c: c.update(price=c["price_low"]), type="clearing",
           period=PERIODS[1])
    record = w.find("public", type="clearing", period=PERIODS[1])[0]["record"]
    record["price"] = "0.4"
    w.resign("lm", w.find("public", type="clearing", period=PERIODS[1])[0])


@case("the price is shaved, in the clearing, the trades and the notices", KEEPERS,
      "clearing_differs lm", "trade_differs lm", "notice_differs lm")
def _(w):
    entries = [entry for entry in w.logs["market"] + w.logs["public"]
               if entry["record"].get("period") == PERIODS[0] and
               entry["record"]["type"] in ("clearing", "trade", "notice")]
    signed = w.sign("lm", [dict(entry["record"], price="0.101") for entry in entries])
    for entry, record in zip(entries, signed):
        entry["record"] = record
    resettle(w)


@case("a trade is dropped", KEEPERS, "trade_missing lm")
def _(w):
    w.logs["market"].remove(w.find("market", type="trade")[0])
    w.keep("market")


@case("two users' trades are swapped", KEEPERS, "trade_differs lm")
def _(w):
    trades = [entry for entry in w.find("market", type="trade", period=PERIODS[0], side="offer")]
    one, other = trades[0], next(entry for entry in trades if entry["record"]["energy_wh"] !=
                                 trades[0]["record"]["energy_wh"])
    energies = one["record"]["energy_wh"], other["record"]["energy_wh"]
    other["record"]["energy_wh"], one["record"]["energy_wh"] = energies
    for entry in (one, other):
        w.resign("lm", entry)
    resettle(w)


@case("a watt-hour is moved from one buyer to another", KEEPERS, "trade_differs lm")
def _(w):
    trades = w.find("market", type="trade", period=PERIODS[2], side="bid")
    trades[0]["record"]["energy_wh"] += 1
    trades[1]["record"]["energy_wh"] -= 1
    for entry in trades[:2]:
        w.resign("lm", entry)
    resettle(w)


@case("the market makes up trades for friends", KEEPERS, "trade_unfounded lm")
def _(w):
    add_trades(w, 0, [("u9", "friend", "offer", 500), ("u10", "friend", "bid", 500)])


@case("a trade is signed twice, with two energies", KEEPERS, "trade_repeated lm")
def _(w):
    record = copy.deepcopy(w.find("market", type="trade", period=PERIODS[2])[0]["record"])
    record["energy_wh"] += 5
    w.add("market", CLEARED_AT[2], w.sign("lm", [record]))


@case("a supplier signs a clearing", KEEPERS, "wrong_role B")
def _(w):
    record = dict(w.find("public", type="clearing")[0]["record"], price="0.4")
    w.add("B", BILLED_AT, w.sign("B", [record]))


@case("a user is told nothing of her trade", KEEPERS, "notice_missing lm")
def _(w):
    w.logs["market"].remove(w.find("market", type="notice", to="u5")[0])
    w.keep("market")


@case("a user is told of less than she sold", KEEPERS, "notice_differs lm")
def _(w):
    change(w, "market", "lm", lambda n: n["orders"][0].update(energy_wh=1), type="notice", to="u5")


@case("a supplier is told of more than its customers bought", KEEPERS, "notice_differs lm")
def _(w):
    change(w, "market", "lm", lambda n: n.update(bought_wh=n["bought_wh"] + 1), type="notice",
           to="B")


@case("a user is told two things", KEEPERS, "notice_repeated lm")
def _(w):
    record = copy.deepcopy(w.find("market", type="notice", to="u5", period=PERIODS[2])[0]["record"])
    record["orders"][0]["energy_wh"] += 1
    w.add("market", CLEARED_AT[2], w.sign("lm", [record]))


@case("somebody is told of an auction that she was not in", KEEPERS, "notice_unfounded lm")
def _(w):
    record = dict(w.find("market", type="notice", to="u5", period=PERIODS[2])[0]["record"],
                  to="TSO", orders=[{"id": "spy", "side": "bid", "energy_wh": 7}])
    w.add("market", CLEARED_AT[2], w.sign("lm", [dict(record, to="B")]))


# ---- readings and totals ----

@case("a supplier inflates a reading behind its signature", KEEPERS, "bad_signature B")
def _(w):
    change(w, "B", None, lambda r: r.update(import_wh=r["import_wh"] + 900), type="reading",
           meter="m22", period=PERIODS[0])
    resettle(w)


@case("a supplier signs a reading itself", KEEPERS, "wrong_role B")
def _(w):
    change(w, "B", "B", lambda r: r.update(import_wh=r["import_wh"] + 900), type="reading",
           meter="m22", period=PERIODS[0])
    resettle(w)


@case("a meter signs for another's", KEEPERS, "wrong_subject m22")
def _(w):
    record = reading("m24", PERIODS[0], 0, 0, seq=5)
    w.add("B", ADJUSTED_AT, w.sign("m22", [record]),
          w.logs["B"].index(w.find("B", type="bill")[0]))


@case("a meter signs two readings of one seq", KEEPERS, "reading_repeated m22")
def _(w):
    record = dict(w.find("B", type="reading", meter="m22", period=PERIODS[0])[0]["record"],
                  import_wh=3)
    w.add("B", READ_AT[0], w.sign("m22", [record]), w.logs["B"].index(
        w.find("B", type="reading", period=PERIODS[1])[0]))
    resettle(w)


@case("a meter signs two readings of a seq that another has replaced", KEEPERS,
      "reading_repeated m20")
def _(w):
    """What was settled is right: seq 1 counts, which came before."""
    w.add("B", BILLED_AT, w.sign("m20", [reading("m20", PERIODS[2], 3, 0)]))


@case("a meter signs two readings of one seq, and one of them is shown outside of the log", ALL,
      "reading_repeated m22")
def _(w):
    """What the supplier never got changes nothing of the settlement, and shows what the meter is."""
    w.beside = w.sign("m22", [reading("m22", PERIODS[0], 3, 0)])


@case("a meter signs two readings of one seq, and sends one to another supplier", KEEPERS,
      "reading_repeated m22", "misplaced A")
def _(w):
    other = w.sign("m22", [reading("m22", PERIODS[0], 3, 0)])
    w.add("A", READ_AT[0], other, w.logs["A"].index(
        w.find("A", type="reading", period=PERIODS[1])[0]))


@case("whoever has a meter's lost key signs another reading, and dates it back", ALL)
def _(w):
    """The key was revoked since, in the open: what it signs now says nothing of the meter."""
    revoke(w, "m22", "2016-05-01T00:00:00Z", "2016-05-03T09:00:00Z")
    w.checkpoints.append(witnessed(w, "registry"))
    _, w.beside = unlogged(w, w.sign("m22", [reading("m22", PERIODS[0], 3, 0)])[0])


@case("a meter sends a reading once more, to another recipient", ALL)
def _(w):
    record = w.find("B", type="reading", meter="m22", period=PERIODS[0])[0]["record"]
    w.add("B", "2016-05-03T09:00:00Z", w.sign("m22", [dict(record, to="DSO")]))
    w.checkpoints.append(witnessed(w, "B"))


@case("a meter sends a better reading after the bill", ALL)
def _(w):
    """The supplier has yet to adjust for it, by its next bill."""
    w.add("B", "2016-05-03T09:00:00Z", w.sign("m22", [reading("m22", PERIODS[0], 3, 0, seq=1)]))
    w.checkpoints.append(witnessed(w, "B"))


@case("a meter contradicts itself after the bill", ALL, "reading_repeated m22")
def _(w):
    """So that its user is not settled, once the supplier knows; it could not know before."""
    w.add("B", "2016-05-03T09:00:00Z", w.sign("m22", [reading("m22", PERIODS[0], 3, 0)]))
    w.checkpoints.append(witnessed(w, "B"))


@case("a meter sends a better reading before the bill, and the supplier bills as if it had not",
      KEEPERS, "settlement_differs B")
def _(w):
    w.add("B", ADJUSTED_AT, w.sign("m22", [reading("m22", PERIODS[0], 3, 0, seq=1)]),
          w.logs["B"].index(w.find("B", type="bill")[0]))


@case("a meter sends a better reading before the last of the bills", KEEPERS,
      "settlement_differs B")
def _(w):
    """Who has still billed had time to adjust."""
    w.add("B", BILLED_AT, w.sign("m22", [reading("m22", PERIODS[0], 3, 0, seq=1)]),
          w.logs["B"].index(w.find("B", type="bill")[-1]))


def adjust_since(w):
    """What B has to adjust by all that it knows, on the bill of May."""
    with open(w.path("issued"), "w", encoding="ascii") as file:
        file.write(lines(record for record in w.records("A", "B")
                         if record["type"] in ("settlement", "transfer", "adjustment")))
    return w.sign("B", w.settle("B", w.known(), "--previous", "issued", "--month", "2016-05"))


@case("a meter sends a better reading after the bill, and the supplier adjusts for it", KEEPERS)
def _(w):
    w.add("B", BILLED_AT, w.sign("m24", [reading("m24", PERIODS[0], 1400, 0, seq=1)]))
    w.add("B", BILLED_AT, adjust_since(w))


@case("two meters send better readings after the bill, and the supplier adjusts for one", KEEPERS,
      "adjustment_missing B")
def _(w):
    """Its own, which would be for both, is missing, as is the other user's."""
    w.add("B", BILLED_AT, w.sign("m24", [reading("m24", PERIODS[0], 1400, 0, seq=1)]))
    one = adjust_since(w)
    w.add("B", BILLED_AT, w.sign("m22", [reading("m22", PERIODS[0], 3, 0, seq=1)]))
    w.add("B", BILLED_AT, one)


@case("a meter says the same under a higher seq, after the bill", ALL)
def _(w):
    record = w.find("B", type="reading", meter="m22", period=PERIODS[0])[0]["record"]
    w.add("B", "2016-05-03T09:00:00Z", w.sign("m22", [dict(record, seq=1)]))
    w.checkpoints.append(witnessed(w, "B"))


HOUR = "2016-04-01T12:00Z/PT60M"


@case("a meter signs for an hour as well as for its halves", KEEPERS, "overlapping m22", "period -")
def _(w):
    """The market's periods are half hours: for the hour nothing is due."""
    w.add("B", SETTLED_AT, w.sign("m22", [reading("m22", HOUR, 3000, 0)]), w.logs["B"].index(
        settled(w, "B")[0]))


@case("a meter signs for an hour as well as for its halves, and is settled for both", KEEPERS,
      "overlapping m22", "period -", "settlement_unfounded B")
def _(w):
    place = w.logs["B"].index(settled(w, "B")[0])
    w.add("B", SETTLED_AT, w.sign("m22", [reading("m22", HOUR, 3000, 0)]), place)
    record = dict(w.find("B", type="settlement", party="u22")[0]["record"], period=HOUR)
    w.add("B", SETTLED_AT, w.sign("B", [record]), place + 1)
    rebill(w, "B")


@case("a meter says more than its cable carries", KEEPERS, "implausible m22")
def _(w):
    change(w, "B", "m22", lambda r: r.update(import_wh=600000), type="reading", meter="m22",
           period=PERIODS[0])
    resettle(w)


@case("a meter runs firmware that nobody approved, and is settled by", KEEPERS, "firmware m22",
      "settlement_unfounded B")
def _(w):
    change(w, "B", "m22", lambda r: r.update(firmware=world.OTHER_FIRMWARE), type="reading",
           meter="m22", period=PERIODS[0])
    resettle(w)


@case("a meter says nothing of its firmware, and is settled by", KEEPERS, "no_firmware m22",
      "settlement_unfounded B")
def _(w):
    change(w, "B", "m22", lambda r: r.pop("firmware"), type="reading", meter="m22",
           period=PERIODS[0])
    resettle(w)


@case("a supplier takes in a reading before its period is over", KEEPERS, "early A")
def _(w):
    entry = w.find("A", type="reading", meter="m1", period=PERIODS[2])[0]
    w.logs["A"].remove(entry)
    entry["at"] = READ_AT[1]
    w.logs["A"].insert(w.logs["A"].index(w.find("A", type="reading", period=PERIODS[2])[0]), entry)
    w.keep("A")


@case("a supplier loses a reading that it had given a receipt for", ALL, "receipt_missing B",
      "log_truncated B")
def _(w):
    entry = w.find("B", type="reading", meter="m22", period=PERIODS[0])[0]
    w.logs["B"].remove(entry)
    w.keep("B")
    resettle(w, ["B"])


@case("a supplier logs a reading of another's customer", KEEPERS, "misplaced A")
def _(w):
    better = w.sign("m22", [reading("m22", PERIODS[2], 3, 0, seq=4)])
    w.add("A", SETTLED_AT, better, w.logs["A"].index(w.find("A", type="settlement")[0]))


@case("a total leaves out a meter's energy", ALL, "total_differs DSO")
def _(w):
    w.totals[0]["import_wh"] -= 7
    w.totals = w.sign("DSO", w.totals)


@case("a total counts a meter that nobody has", ALL, "total_differs DSO")
def _(w):
    w.totals[4]["meters"] += 1
    w.totals = w.sign("DSO", w.totals)


@case("a total was made before a meter corrected itself", ALL)
def _(w):
    """1500 Wh are what m20 says under seq 1; under seq 0 it said 500 + 41 * 20 + 30 * 2."""
    for total in w.totals:
        if total["period"] == PERIODS[2] and total["supplier"] in (None, "B"):
            total["import_wh"] -= 1500 - 1380
    w.totals = w.sign("DSO", w.totals)


@case("a supplier keeps out of its log what a meter corrected, and the operator's total has it", ALL)
def _(w):
    """That meter shows what it sent; the total is as good as what the log has."""
    entry = w.find("B", type="reading", meter="m20", seq=1)[0]
    w.logs["B"].remove(entry)
    resettle(w, ["B"])
    w.receipts = [receipt for receipt in w.receipts if receipt["log"] != "B/B.log"]
    w.checkpoints = [path for path in w.checkpoints if "B.final" not in path]
    w.checkpoints.append(witnessed(w, "B"))
    w.beside = [entry["record"]]


@case("a total was made before a meter corrected itself, and of less than the others' energy", ALL,
      "total_differs DSO")
def _(w):
    """Without m20 altogether, and 1 Wh."""
    for total in w.totals:
        if total["period"] == PERIODS[2] and total["supplier"] == "B":
            total["import_wh"] -= 1501
    w.totals = w.sign("DSO", w.totals)


@case("a meter sends its first reading after the bill", KEEPERS, "no_reading -")
def _(w):
    """Nobody could settle its user until then, nor count what it measured."""
    entry = w.find("B", type="reading", meter="m22", period=PERIODS[0])[0]
    w.logs["B"].remove(entry)
    resettle(w, ["B"])
    w.add("B", "2016-05-03T09:00:00Z", [entry["record"]])
    for total in w.totals:
        if total["period"] == PERIODS[0] and total["supplier"] in (None, "B"):
            total["import_wh"] -= entry["record"]["import_wh"]
            total["meters"] -= 1
    w.beside = w.sign("DSO", w.totals)


@case("a total was made before a meter sent its reading at last, and all was put right", KEEPERS)
def _(w):
    """B withheld the meter's user until then, and settled her by an adjustment before the bills."""
    entry = w.find("B", type="reading", meter="m22", period=PERIODS[0])[0]
    w.logs["B"].remove(entry)
    resettle(w)
    w.logs["B"] = [item for item in w.logs["B"] if item["record"]["type"] != "bill"]
    w.add("B", ADJUSTED_AT, [entry["record"]])
    with open(w.path("issued"), "w", encoding="ascii") as file:
        file.write(lines(record for record in w.records("A", "B")
                         if record["type"] in ("settlement", "transfer", "adjustment")))
    w.add("B", ADJUSTED_AT, w.sign("B", w.settle("B", w.known(), "--previous", "issued",
                                                 "--month", "2016-04")))
    rebill(w, "B")
    for total in w.totals:
        if total["period"] == PERIODS[0] and total["supplier"] in (None, "B"):
            total["import_wh"] -= entry["record"]["import_wh"]
            total["meters"] -= 1
    w.beside = w.sign("DSO", w.totals)


@case("a supplier signs a total", ALL, "wrong_role A")
def _(w):
    w.totals = w.totals[:1] + w.sign("A", [dict(w.totals[0], to="A")]) + w.totals[1:]


# ---- settlement, transfers, fees, bills ----

@case("a settlement is off by a billionth", KEEPERS, "settlement_differs B",
      guilty=["B"])
def _(w):
    change(w, "B", "B", lambda s: s.update(amount=add_billionth(s["amount"])), type="settlement",
           party="u22", period=PERIODS[0])


@case("a customer's energy is put up in her settlement", KEEPERS, "settlement_differs B")
def _(w):
    change(w, "B", "B", lambda s: s.update(import_wh=s["import_wh"] + 1), type="settlement",
           party="u22", period=PERIODS[0])


@case("what a settlement says of the market's worth is made up", KEEPERS, "settlement_differs A")
def _(w):
    change(w, "A", "A", lambda s: s.update(without_market="-9"), type="settlement", party="u4",
           period=PERIODS[0])
    rebill(w, "A")


@case("a settlement is dropped", KEEPERS, "settlement_missing A")
def _(w):
    w.logs["A"].remove(w.find("A", type="settlement", party="u4", period=PERIODS[0])[0])
    w.keep("A")
    rebill(w, "A")


@case("a supplier settles another's customer", KEEPERS, "wrong_customer A")
def _(w):
    record = dict(w.find("B", type="settlement", party="u22")[0]["record"], supplier="A")
    w.add("A", BILLED_AT, w.sign("A", [record]))


@case("a supplier signs a settlement in another's name", KEEPERS, "wrong_subject A")
def _(w):
    record = dict(w.find("B", type="settlement", party="u22")[0]["record"], amount="1")
    w.add("A", BILLED_AT, w.sign("A", [record]))


@case("a settlement is signed twice, with two amounts", KEEPERS, "settlement_repeated A")
def _(w):
    record = dict(w.find("A", type="settlement", party="u4", period=PERIODS[0])[0]["record"],
                  amount="-1")
    w.add("A", BILLED_AT, w.sign("A", [record]))


@case("a period that nobody traded in is settled", KEEPERS, "settlement_unfounded A")
def _(w):
    record = dict(w.find("A", type="settlement", party="u4", period=PERIODS[0])[0]["record"],
                  period="2016-04-01T19:00Z/PT30M")
    w.add("A", BILLED_AT, w.sign("A", [record]))


@case("the operator's fee is shaved", KEEPERS, "settlement_differs A")
def _(w):
    change(w, "A", "A", lambda s: s.update(amount="0.001"), type="settlement", party="DSO",
           period=PERIODS[0])


@case("the operator's settlement is dropped", KEEPERS, "settlement_missing A")
def _(w):
    w.logs["A"].remove(w.find("A", type="settlement", party="TSO", period=PERIODS[0])[0])
    w.keep("A")


@case("a transfer is shaved", KEEPERS, "transfer_differs B")
def _(w):
    change(w, "B", "B", lambda t: t.update(amount="0.000000001"), type="transfer",
           period=PERIODS[0])


@case("a transfer is dropped", KEEPERS, "transfer_missing B")
def _(w):
    w.logs["B"].remove(w.find("B", type="transfer", period=PERIODS[0])[0])
    w.keep("B")


@case("a transfer is redirected", KEEPERS, "wrong_party B", "transfer_missing B")
def _(w):
    change(w, "B", "B", lambda t: t.update(to="DSO"), type="transfer", period=PERIODS[0])


@case("a transfer is owed to nobody", KEEPERS, "transfer_unfounded B")
def _(w):
    record = dict(w.find("B", type="transfer", period=PERIODS[0])[0]["record"],
                  period="2016-04-01T19:00Z/PT30M")
    w.add("B", BILLED_AT, w.sign("B", [record]))


@case("an adjustment is shaved", KEEPERS, "adjustment_missing B")
def _(w):
    change(w, "B", "B", lambda a: a.update(amount=add_billionth(a["amount"])), type="adjustment",
           party="u20")


@case("an adjustment is dropped", KEEPERS, "adjustment_missing B")
def _(w):
    w.logs["B"].remove(w.find("B", type="adjustment", party="u20")[0])
    w.keep("B")
    rebill(w, "B")


def adjustment(w, party, seq, energy_wh, **members):
    """What B makes of a period that it settled rightly: so many Wh more at the retail price."""
    settled_as = w.find("B", type="settlement", party=party, period=PERIODS[0])[0]["record"]
    amount = f"{-energy_wh * 22 / 100000:g}"
    items = [{"item": "retail", "energy_wh": abs(energy_wh), "price": "0.22", "amount": amount}]
    return {**settled_as, "type": "adjustment", "seq": seq, "month": "2016-04", "amount": amount,
            "without_market": "0", "items": items, **members}


@case("an adjustment is not what its items come to", KEEPERS, "bad_member A")
def _(w):
    """1 EUR that the DSO would lose."""
    record = w.find("A", type="settlement", party="DSO", period=PERIODS[0])[0]["record"]
    w.add("A", ADJUSTED_AT, w.sign("A", [dict(record, type="adjustment", seq=1, month="2016-04",
                                              amount="-1", without_market="0")]),
          first(w, "A", type="bill"))


def adjust(w, *records):
    """Before the bills, which are made again."""
    place = w.logs["B"].index(w.find("B", type="bill")[0])
    w.add("B", ADJUSTED_AT, w.sign("B", list(records)), place)
    rebill(w, "B")


@case("an adjustment takes 4.40 before the bill, and another gives it back after it", KEEPERS,
      "adjustment_unfounded B")
def _(w):
    """Together they come to nothing, and B has had the money for a month."""
    adjust(w, adjustment(w, "u22", 0, 20000))
    w.add("B", BILLED_AT, w.sign("B", [adjustment(w, "u22", 1, -20000, month="2016-05")]))


@case("an adjustment takes 4.40 and another gives it back, of somebody who was not settled",
      KEEPERS, "adjustment_unfounded B", "adjustment_missing B")
def _(w):
    """What is missing is the one that would settle her."""
    record = w.find("B", type="settlement", party="u22", period=PERIODS[0])[0]
    both = [adjustment(w, "u22", seq, energy_wh) for seq, energy_wh in ((1, 20000), (2, -20000))]
    w.logs["B"].remove(record)
    adjust(w, *both)


@case("what was settled wrongly is put right by an adjustment", KEEPERS)
def _(w):
    """Each of them is wrong by itself, and the user has got what is hers."""
    right = adjustment(w, "u22", 1, -20000)
    entry = w.find("B", type="settlement", party="u22", period=PERIODS[0])[0]
    entry["record"]["items"].insert(0, dict(right["items"][0], amount="-4.4"))
    entry["record"]["amount"] = "-4.59724"  # -0.19724 as it was, and -4.4
    w.resign("B", entry)
    adjust(w, right)


@case("a meter corrects itself and takes that back, and the supplier follows", KEEPERS)
def _(w):
    """20 kWh at 0.22 and back: each was what was due by the readings that B had then."""
    said = w.find("B", type="reading", meter="m24", period=PERIODS[0])[0]["record"]
    place = w.logs["B"].index(w.find("B", type="bill")[0])
    w.logs["B"], behind = w.logs["B"][:place], w.logs["B"][place:]
    for seq, more_wh in ((1, 20000), (2, 0)):
        w.add("B", ADJUSTED_AT, w.sign("m24", [dict(said, seq=seq, import_wh=said["import_wh"] +
                                                    more_wh)]))
        with open(w.path("issued"), "w", encoding="ascii") as file:
            file.write(lines(record for record in w.records("A", "B") if record["type"] in
                             ("settlement", "transfer", "adjustment")))
        w.add("B", ADJUSTED_AT, w.sign("B", w.settle(
            "B", w.known(), "--previous", "issued", "--month", "2016-04")))
    w.logs["B"] += behind
    w.keep("B")
    rebill(w, "B")


@case("a period that was right is adjusted", KEEPERS, "adjustment_missing B")
def _(w):
    """What is missing is the one that takes it back."""
    adjust(w, adjustment(w, "u22", 1, 20000))


@case("a period is adjusted of which there is no reading and no trade", KEEPERS,
      "adjustment_unfounded B")
def _(w):
    adjust(w, adjustment(w, "u22", 1, 20000, period="2016-04-01T19:00Z/PT30M"))


@case("a user's adjustment is made twice, under two seqs", KEEPERS, "adjustment_missing B")
def _(w):
    adjust(w, dict(w.find("B", type="adjustment", party="u20")[0]["record"], seq=2))


@case("a user's adjustment is written for another user", KEEPERS, "adjustment_missing B")
def _(w):
    change(w, "B", "B", lambda a: a.update(party="u22"), type="adjustment", party="u20")
    rebill(w, "B")


@case("another supplier adjusts a user", KEEPERS, "wrong_customer A")
def _(w):
    record = adjustment(w, "u22", 1, 20000, supplier="A")
    w.add("A", ADJUSTED_AT, w.sign("A", [record]), w.logs["A"].index(w.find("A", type="bill")[0]))


@case("two adjustments of one seq differ", KEEPERS, "conflict -", guilty=["B"])
def _(w):
    both = [adjustment(w, "u22", 1, energy_wh) for energy_wh in (20000, 10000)]
    w.add("B", ADJUSTED_AT, w.sign("B", both), w.logs["B"].index(w.find("B", type="bill")[0]))


@case("an adjustment is put off to a bill of five months later", KEEPERS, "adjustment_differs B")
def _(w):
    change(w, "B", "B", lambda a: a.update(month="2016-09"), type="adjustment", party="u20")
    rebill(w, "B")


@case("an adjustment is put on a bill of before its period", KEEPERS, "adjustment_differs B")
def _(w):
    """Of a month that nobody is billed for any more."""
    change(w, "B", "B", lambda a: a.update(month="2016-03"), type="adjustment", party="u20")
    rebill(w, "B")


@case("an adjustment is put on the next month's bill", KEEPERS)
def _(w):
    change(w, "B", "B", lambda a: a.update(month="2016-05"), type="adjustment", party="u20")
    rebill(w, "B")


@case("a bill is off by a billionth", KEEPERS, "bill_differs B")
def _(w):
    change(w, "B", "B", lambda b: b.update(carry=add_billionth(b["carry"])), type="bill",
           user="u22")


@case("a bill is rounded up", KEEPERS, "bill_differs B")
def _(w):
    change(w, "B", "B", lambda b: b.update(rounded="-9.99"), type="bill", user="u22")


@case("a customer is not billed", KEEPERS, "bill_missing B")
def _(w):
    w.logs["B"].remove(w.find("B", type="bill", user="u22")[0])
    w.keep("B")


@case("a customer is billed twice", KEEPERS, "bill_repeated B")
def _(w):
    record = dict(w.find("B", type="bill", user="u22")[0]["record"], carry="0.001")
    w.add("B", BILLED_AT, w.sign("B", [record]))


@case("a supplier bills another's customer", KEEPERS, "wrong_customer A")
def _(w):
    record = dict(w.find("B", type="bill", user="u22")[0]["record"], supplier="A")
    w.add("A", BILLED_AT, w.sign("A", [record]))


# ---- what is not due yet ----

@case("readings of a period lie in the logs, and nobody has settled it yet", KEEPERS)
def _(w):
    period = "2016-05-03T00:00Z/PT30M"
    for number in range(1, world.USERS + 1):
        w.add(world.supplier_of(number), "2016-05-03T00:31:00Z", w.sign(
            f"m{number}", [reading(f"m{number}", period, 10, 20)]))


@case("one supplier has settled April, and the other one not yet", KEEPERS)
def _(w):
    take_out(w, "B", "settlement", "transfer", "adjustment", "bill")


@case("a supplier has settled a later period, and left one out", KEEPERS, "settlement_missing B",
      "transfer_missing B")
def _(w):
    """Before it bills."""
    take_out(w, "B", "settlement", "transfer", period=PERIODS[1])
    take_out(w, "B", "bill")


@case("a supplier has billed, and settled nothing", KEEPERS, "settlement_missing A")
def _(w):
    take_out(w, "A", "settlement", "transfer", "adjustment")
    rebill(w, "A")
    place = next(e for e in w.honest.logs["A"] if e["record"]["type"] == "bill")
    w.add("A", BILLED_AT, [place["record"]])


@case("a supplier has settled nothing when the next month ends", KEEPERS, "settlement_missing A")
def _(w):
    take_out(w, "A", "settlement", "transfer", "adjustment", "bill")
    w.add("A", "2016-06-01T00:00:00Z", w.sign("A", [
        dict(contract_u4(), valid="2016-07-01T00:00Z/2017-01-01T00:00Z")]))


@case("a supplier has settled nothing a second before the next month ends", KEEPERS)
def _(w):
    take_out(w, "A", "settlement", "transfer", "adjustment", "bill")
    w.add("A", "2016-05-31T23:59:59Z", w.sign("A", [
        dict(contract_u4(), valid="2016-07-01T00:00Z/2017-01-01T00:00Z")]))


# ---- terms ----

@case("a tariff is changed after the fact, and all is settled by the new one", KEEPERS,
      "retroactive B", "settlement_differs B")
def _(w):
    dear = tariff("B", "0.03", [{"price": "0.29"}], valid="2016-04-01T00:00Z/2017-01-01T00:00Z")
    w.add("B", SETTLED_AT, w.sign("B", [dear]),
          w.logs["B"].index(w.find("B", type="settlement")[0]))
    resettle(w)


@case("a tariff is changed after the fact, with the old one's start", KEEPERS, "retroactive B",
      "settlement_missing B", "settlement_differs B")
def _(w):
    """For what was before it the old one holds. B settles none of its customers, as if neither
    did, so that its own settlements and those with the operators are wrong as well."""
    dear = tariff("B", "0.03", [{"price": "0.29"}])
    w.add("B", SETTLED_AT, w.sign("B", [dear]),
          w.logs["B"].index(w.find("B", type="settlement")[0]))
    resettle(w)


@case("a tariff is changed behind its signature", KEEPERS, "bad_signature B")
def _(w):
    change(w, "B", None, lambda t: t.update(feed_in="0"), type="tariff")
    for entry in w.find("public", type="tariff", supplier="B"):
        w.logs["public"].remove(entry)
    w.keep("public")


@case("a network fee is put up after the fact, or the market has let it lie", KEEPERS,
      "retroactive -", "settlement_differs A", "settlement_differs B")
def _(w):
    """No log had it in time, and suppliers go by it all the same."""
    w.add("public", SETTLED_AT, w.sign("DSO", [DEAR_FEE]))
    resettle(w)


@case("suppliers go by a fee that an operator gave them, and that is in no log", KEEPERS,
      "settlement_differs A", "settlement_differs B")
def _(w):
    w.beside = w.sign("DSO", [DEAR_FEE])
    w.logs["public"] += [{"record": w.beside[0]}]
    resettle(w)
    w.logs["public"].pop()


def let_a_fee_lie(w):
    """Suppliers have it in their logs in time, and settle by it; the market's log has it late."""
    fee = w.sign("DSO", [DEAR_FEE])
    for supplier in ("A", "B"):
        w.add(supplier, "2016-03-03T00:00:00Z", fee,
              w.logs[supplier].index(w.find(supplier, type="reading")[0]))
    w.add("public", SETTLED_AT, fee)
    resettle(w)


@case("the market lets a network fee lie that suppliers have in time", KEEPERS, "retroactive -",
      "settlement_differs -")
def _(w):
    """Who went by it has done as she should, by what she could know."""
    let_a_fee_lie(w)


@case("the market lets a network fee lie, and A cheats in its shadow", KEEPERS, "retroactive -",
      "settlement_differs -", "settlement_differs A")
def _(w):
    let_a_fee_lie(w)
    overcharge_u4(w)


@case("a network fee is put up after all was settled, and A has cheated before", KEEPERS,
      "retroactive -", "settlement_differs A")
def _(w):
    overcharge_u4(w)
    w.add("public", BILLED_AT, w.sign("DSO", [DEAR_FEE]))


@case("a network fee is put up in time", KEEPERS)
def _(w):
    """Known before the first period starts: all settle by it."""
    w.add("public", "2016-03-03T00:00:00Z", w.sign("DSO", [DEAR_FEE]),
          w.logs["public"].index(w.find("public", type="clearing")[0]))
    resettle(w)


@case("A has a network fee in its log early, the market's log has it late", KEEPERS,
      "retroactive -")
def _(w):
    """The log that all may read tells when a fee came: B, who went by that, is right."""
    fee = w.sign("DSO", [DEAR_FEE])
    w.add("A", "2016-03-03T00:00:00Z", fee, w.logs["A"].index(w.find("A", type="reading")[0]))
    w.add("public", BILLED_AT, fee)


@case("suppliers have a network fee in time that the market never logs", KEEPERS,
      "settlement_differs -")
def _(w):
    """They could not know that the market would not: they have done as they should."""
    fee = w.sign("DSO", [DEAR_FEE])
    for supplier in ("A", "B"):
        w.add(supplier, "2016-03-03T00:00:00Z", fee, first(w, supplier, type="reading"))
    resettle(w)


@case("A has a network fee in time that the market never logs, and cheats in its shadow", KEEPERS,
      "settlement_differs -", "settlement_differs A")
def _(w):
    """B goes by the market's, which is right."""
    w.add("A", "2016-03-03T00:00:00Z", w.sign("DSO", [DEAR_FEE]), first(w, "A", type="reading"))
    resettle(w, ("A",))
    overcharge_u4(w)


def fee_from(price, start):
    return network_fee("DSO", price, f"{start}/2017-01-01T00:00Z")


def give_fees(w, **fees):
    """The operator gives each supplier another fee, in time; each settles by what it was given."""
    for supplier, fee in fees.items():
        signed = w.sign("DSO", [fee])
        w.add(supplier, "2016-03-03T00:00:00Z", signed, first(w, supplier, type="reading"))
    for supplier, fee in fees.items():
        resettle_by(w, supplier, fee)


def resettle_by(w, supplier, fee):
    """A supplier settles by one fee of the operator, whatever the logs say."""
    others = {log: [entry for entry in w.logs[log] if entry["record"]["type"] == "network-fee" and
                    entry["record"]["by"] == fee["by"]] for log in LOGS}
    kept = {log: list(w.logs[log]) for log in LOGS if log != supplier}
    for log in kept:
        w.logs[log] = [entry for entry in w.logs[log] if entry not in others[log]]
    mine = others[supplier]
    place = w.logs[supplier].index(mine[0]) if mine else None
    w.logs[supplier] = [entry for entry in w.logs[supplier] if entry not in mine]
    w.logs["public"].append({"record": w.sign("DSO", [fee])[0]})
    resettle(w, (supplier,))
    w.logs.update(kept)
    if mine:
        w.logs[supplier][place:place] = mine
    w.keep(supplier)


MARCH, APRIL = "2016-03-15T00:00Z", "2016-04-01T00:00Z"


@case("an operator gives two suppliers fees that begin at different times, and the market neither",
      KEEPERS, "settlement_differs -")
def _(w):
    """Each goes by what its own log had; that of the other it cannot see. The later fee takes the
    place of the earlier one: to have signed both is nothing that the operator may not do."""
    give_fees(w, A=fee_from("0.05", MARCH), B=fee_from("0.07", APRIL))


@case("an operator gives two suppliers fees that begin at different times, and A goes by B's",
      KEEPERS, "settlement_differs A", "settlement_differs -")
def _(w):
    """Nothing that it could see said so."""
    give_fees(w, A=fee_from("0.05", MARCH), B=fee_from("0.07", APRIL))
    resettle_by(w, "A", fee_from("0.07", APRIL))


@case("an operator gives two suppliers fees that begin together, and the market neither",
      KEEPERS, "settlement_differs -", "ambiguous DSO")
def _(w):
    """It has signed two for one time: that proves itself."""
    give_fees(w, A=fee_from("0.05", APRIL), B=fee_from("0.07", APRIL))


@case("an operator gives the market one fee and A another that begins with it", KEEPERS,
      "settlement_differs -", "ambiguous DSO")
def _(w):
    """A goes by its own, B by the market's, which is right."""
    w.add("public", "2016-03-03T00:00:00Z", w.sign("DSO", [fee_from("0.07", APRIL)]),
          first(w, "public", type="clearing"))
    give_fees(w, A=fee_from("0.05", APRIL))
    resettle_by(w, "B", fee_from("0.07", APRIL))


@case("an operator gives the market a fee and A one that begins later", KEEPERS,
      "settlement_differs -")
def _(w):
    w.add("public", "2016-03-03T00:00:00Z", w.sign("DSO", [fee_from("0.07", MARCH)]),
          first(w, "public", type="clearing"))
    give_fees(w, A=fee_from("0.05", APRIL))
    resettle_by(w, "B", fee_from("0.07", MARCH))


@case("an operator gives A a fee and the market one that begins later, and A goes by its own",
      KEEPERS, "settlement_differs A")
def _(w):
    """It could read in the market's log that this one has ended."""
    w.add("public", "2016-03-03T00:00:00Z", w.sign("DSO", [fee_from("0.07", APRIL)]),
          first(w, "public", type="clearing"))
    give_fees(w, A=fee_from("0.05", MARCH))
    resettle_by(w, "B", fee_from("0.07", APRIL))


def no_fee_in_public(w):
    take_out(w, "public", "network-fee", by="DSO")


@case("suppliers' logs hold an operator's fees and the market's none, and each goes by its own",
      KEEPERS, "settlement_differs -")
def _(w):
    """All the logs together say that the later one counts, which A cannot know."""
    no_fee_in_public(w)
    give_fees(w, A=fee_from("0.05", MARCH), B=fee_from("0.07", APRIL))


@case("suppliers' logs hold fees that begin together and the market's none", KEEPERS,
      "ambiguous DSO")
def _(w):
    """What is due nobody can say."""
    no_fee_in_public(w)
    give_fees(w, A=fee_from("0.05", APRIL), B=fee_from("0.07", APRIL))


@case("B's log alone holds an operator's fee, and A settles nobody without one", KEEPERS,
      "settlement_missing -")
def _(w):
    no_fee_in_public(w)
    give_fees(w, B=fee_from("0.07", APRIL))
    w.logs["A"] = [entry for entry in w.logs["A"] if entry["record"]["type"] not in
                   ("settlement", "transfer", "adjustment", "bill")]
    known = [entry["record"] for log in LOGS if log != "B" for entry in w.logs[log]]
    w.add("A", ADJUSTED_AT, w.sign("A", w.settle("A", known)))
    rebill(w, "A")


@case("a market's log holds rules that no other does, and B's others that begin later", KEEPERS,
      "clearing_differs -", "trade_missing -", "trade_differs -")
def _(w):
    """What B was told the market need not know."""
    take_out(w, "public", "market-rules")
    w.add("public", "2016-03-02T00:00:00Z", w.sign("registrar", [
        dict(NEVER_CHEAP, valid="2016-03-15T00:00Z/2017-01-01T00:00Z")]), 0)
    w.add("B", "2016-03-03T00:00:00Z", w.sign("registrar", [dict(NEVER_CHEAP, price_cap="0.4")]),
          first(w, "B", type="reading"))
    for place in range(len(PERIODS)):
        reclear_by(w, place, NEVER_CHEAP)
    resettle(w)


@case("B's log holds rules that no other does, and the market goes by them", KEEPERS,
      "clearing_differs lm")
def _(w):
    w.add("B", "2016-03-03T00:00:00Z", w.sign("registrar", [NEVER_CHEAP]),
          first(w, "B", type="reading"))
    for place in range(len(PERIODS)):
        reclear_by(w, place, NEVER_CHEAP)
    resettle(w)


@case("the registrar gives the market other rules than it logs, which begin together", KEEPERS,
      "clearing_differs -", "trade_missing -", "trade_differs -", "ambiguous registrar")
def _(w):
    take_out(w, "public", "market-rules")
    w.add("public", "2016-03-02T00:00:00Z", w.sign("registrar", [
        dict(NEVER_CHEAP, valid=VALID)]), 0)
    for place in range(len(PERIODS)):
        reclear_by(w, place, NEVER_CHEAP)
    resettle(w)


@case("rules are in the market's log between a gate and its period, and it goes by them", KEEPERS,
      "clearing_differs lm")
def _(w):
    """Its gate had closed: whoever had ordered by then did so by others."""
    w.add("public", "2016-04-01T11:46:00Z", w.sign("registrar", [NEVER_CHEAP]),
          first(w, "public", type="clearing"))
    reclear_by(w, 0, NEVER_CHEAP)
    resettle(w)


@case("a fee is in both of the market's logs, and late in one", KEEPERS)
def _(w):
    """It is known since the first of them has it."""
    fee = w.sign("DSO", [DEAR_FEE])
    w.add("market", "2016-03-03T00:00:00Z", fee, 0)
    w.add("public", SETTLED_AT, fee)
    resettle(w, as_logged=True)


def end_fee(w):
    """The operator's fee is for the time before April only."""
    take_out(w, "public", "network-fee", by="DSO")
    w.add("public", "2016-03-02T00:00:00Z", w.sign("DSO", [
        network_fee("DSO", "0.02", "2016-01-01T00:00Z/2016-04-01T00:00Z")]), 0)
    w.add("public", SETTLED_AT, w.sign("DSO", [DEAR_FEE]))


@case("the fee that follows another is logged when it has begun", KEEPERS)
def _(w):
    """There was none for that time before, so that this one takes the place of nothing."""
    end_fee(w)
    resettle(w, as_logged=True)


@case("the fee that follows another is logged when it has begun, and A settles by the old one",
      KEEPERS, "settlement_differs -")
def _(w):
    """It knew of no other, and has to adjust; it does not cheat."""
    end_fee(w)
    resettle(w, ("B",), as_logged=True)


def fee_of_second_period(w, at):
    dear = network_fee("DSO", "0.05", "2016-04-01T12:30Z/2017-01-01T00:00Z")
    w.add("public", at, w.sign("DSO", [dear]), first(w, "public", type="clearing",
                                                     period=PERIODS[2]))


@case("a fee is logged at the very second that a period begins", KEEPERS)
def _(w):
    fee_of_second_period(w, "2016-04-01T12:30:00Z")
    resettle(w)


@case("a fee is logged a second after a period has begun, and suppliers go by it", KEEPERS,
      "retroactive -", "settlement_differs A", "settlement_differs B")
def _(w):
    fee_of_second_period(w, "2016-04-01T12:30:01Z")
    resettle(w)


@case("a fee is logged a second after a period has begun, and suppliers go by the logs", KEEPERS,
      "retroactive -")
def _(w):
    """It holds for the third period, and not for the second."""
    fee_of_second_period(w, "2016-04-01T12:30:01Z")
    resettle(w, as_logged=True)


@case("a network fee is put up between two periods", KEEPERS)
def _(w):
    """It begins where it was logged: the third period alone goes by it."""
    dear = network_fee("DSO", "0.05", "2016-04-01T12:45Z/2017-01-01T00:00Z")
    w.add("public", "2016-04-01T12:44:00Z", w.sign("DSO", [dear]),
          w.logs["public"].index(w.find("public", type="clearing", period=PERIODS[2])[0]))
    resettle(w)


@case("a supplier sets the network fee", KEEPERS, "wrong_role A")
def _(w):
    w.add("A", BILLED_AT, w.sign("A", [network_fee("DSO", "0")]))


@case("a contract is put before the fact", KEEPERS, "retroactive A")
def _(w):
    record = {"type": "contract", "v": 1, "user": "u2", "supplier": "A", "tariff": "flat",
              "valid": "2016-04-01T00:00Z/2016-12-01T00:00Z"}
    w.add("A", BILLED_AT, w.sign("A", [record]))


def contract_u4():
    """A's customer u4 has none, and so the tariff without an id; by that of this one she pays less,
    and A's other customers may find out."""
    return {"type": "contract", "v": 1, "user": "u4", "supplier": "A", "tariff": "flat",
            "valid": "2016-04-01T00:00Z/2016-12-01T00:00Z"}


@case("who had no contract gets one after the fact, and is settled by it", KEEPERS,
      "retroactive A", "settlement_differs A")
def _(w):
    w.add("A", SETTLED_AT, w.sign("A", [contract_u4()]), w.logs["A"].index(settled(w, "A")[0]))
    resettle(w)


@case("who had no contract gets one after the fact, and is settled as before", KEEPERS,
      "retroactive A")
def _(w):
    w.add("A", BILLED_AT, w.sign("A", [contract_u4()]))


def without_tariff(w):
    """B has none, and the market's log does not either."""
    take_out(w, "public", "tariff", supplier="B")
    take_out(w, "B", "tariff")


def log_tariffs(w, at, where, *terms):
    w.add("B", at, w.sign("B", [tariff("B", "0.03", [{"price": price}], valid=valid)
                                for price, valid in terms]), where)


@case("a tariff is logged late, for the time between two others", KEEPERS)
def _(w):
    """That nobody has been told another one for: it takes the place of nothing."""
    without_tariff(w)
    log_tariffs(w, "2016-03-02T00:00:00Z", 0,
                ("0.22", "2016-01-01T00:00Z/2016-04-01T00:00Z"),
                ("0.22", "2016-04-02T00:00Z/2017-01-01T00:00Z"))
    log_tariffs(w, SETTLED_AT, first(w, "B", type="settlement"),
                ("0.29", "2016-04-01T00:00Z/2016-04-02T00:00Z"))
    resettle(w, as_logged=True)


@case("a tariff is logged late, for the time between two others and a minute more", KEEPERS,
      "retroactive B")
def _(w):
    without_tariff(w)
    log_tariffs(w, "2016-03-02T00:00:00Z", 0,
                ("0.22", "2016-01-01T00:00Z/2016-04-01T00:01Z"),
                ("0.22", "2016-04-02T00:00Z/2017-01-01T00:00Z"))
    log_tariffs(w, SETTLED_AT, first(w, "B", type="settlement"),
                ("0.29", "2016-04-01T00:00Z/2016-04-02T00:00Z"))
    resettle(w, as_logged=True)


@case("tariffs that follow each other are first logged late, all at once", KEEPERS)
def _(w):
    """None was known before the others, and so none was changed: at each period's start the one
    that began last counts."""
    without_tariff(w)
    log_tariffs(w, SETTLED_AT, first(w, "B", type="settlement"), ("0.22", VALID),
                ("0.23", "2016-04-01T00:00Z/2017-01-01T00:00Z"),
                ("0.24", "2016-04-01T12:30Z/2017-01-01T00:00Z"))
    resettle(w, as_logged=True)


@case("a tariff is first logged late, and replaced before anybody settles", KEEPERS,
      "retroactive B", "settlement_differs B")
def _(w):
    """The first that was logged counts, dear as the other is."""
    without_tariff(w)
    for at, price in (("2016-04-01T13:40:00Z", "0.22"), ("2016-04-01T13:50:00Z", "0.29")):
        log_tariffs(w, at, first(w, "B", type="settlement"),
                    (price, "2016-04-01T00:00Z/" + ("2016-12-01T00:00Z" if price == "0.22"
                                                    else "2016-11-01T00:00Z")))
    w.logs["B"], honest = [entry for entry in w.logs["B"] if entry["record"].get("retail") !=
                           [{"price": "0.22"}]], w.logs["B"]
    first_one = [entry for entry in honest if entry not in w.logs["B"]]
    resettle(w)
    w.logs["B"][first(w, "B", type="tariff"):0] = first_one
    w.keep("B")


@case("a supplier's first tariffs and contracts are logged late, all at once", KEEPERS)
def _(w):
    """A contract that came with the tariff without an id takes the place of nothing either."""
    take_out(w, "public", "tariff", "contract")
    terms = take_out(w, "A", "tariff", "contract") + w.sign("A", [contract_u4()])
    w.add("A", SETTLED_AT, terms, first(w, "A", type="settlement"))
    resettle(w, as_logged=True)


def log_contract_later(w, at):
    """A's tariffs have begun when they are logged, and so has the first contract, which comes later."""
    take_out(w, "public", "tariff", "contract")
    contract = take_out(w, "A", "contract")
    w.add("A", at, contract, first(w, "A", type="reading"))
    resettle(w, ("A",), as_logged=True)


@case("a supplier logs its tariffs when they have begun, and its first contract later", KEEPERS)
def _(w):
    """No period has begun in between, so that nobody was settled by the tariff without an id, nor
    will be: nothing is changed for anybody."""
    log_contract_later(w, "2016-04-01T11:59:59Z")


@case("a supplier logs its first contract at the very second that a period begins", KEEPERS)
def _(w):
    log_contract_later(w, "2016-04-01T12:00:00Z")


@case("a supplier logs its first contract a second after a period has begun", KEEPERS,
      "retroactive A")
def _(w):
    """Its user had the tariff without an id in that one, whatever she was settled by."""
    log_contract_later(w, "2016-04-01T12:00:01Z")


@case("who was a customer before there was a tariff gets a contract for that time", KEEPERS)
def _(w):
    """She had left when A's tariffs came: none of them was hers in a period that has begun."""
    new = identity(w, "--id", "u31", "--role", "user", "--supplier", "A", "--region", "r1",
                   "--valid", "2016-02-01T00:00Z/2016-03-01T00:00Z")
    w.add("registry", "2016-03-20T00:00:00Z", new)
    w.add("A", "2016-04-01T12:10:00Z", w.sign("A", [dict(
        contract_u4(), user="u31", valid="2016-02-10T00:00Z/2016-12-01T00:00Z")]),
        first(w, "A", type="reading"))


@case("who is a customer already gets a contract that begins before", KEEPERS, "retroactive A")
def _(w):
    new = identity(w, "--id", "u31", "--role", "user", "--supplier", "A", "--region", "r1")
    w.add("registry", "2016-03-20T00:00:00Z", new)
    w.add("A", "2016-04-01T12:10:00Z", w.sign("A", [dict(contract_u4(), user="u31")]),
        first(w, "A", type="reading"))


@case("a tariff is in the market's log in time, and late in its supplier's own", KEEPERS)
def _(w):
    """All could read it before it began."""
    dear = w.sign("B", [tariff("B", "0.03", [{"price": "0.29"}],
                               valid="2016-04-01T00:00Z/2017-01-01T00:00Z")])
    w.add("public", "2016-03-03T00:00:00Z", dear, first(w, "public", type="clearing"))
    w.add("B", SETTLED_AT, dear, first(w, "B", type="settlement"))
    resettle(w, as_logged=True)


@case("all tariffs, contracts, fees and the market's copy of its rules are first logged late",
      KEEPERS)
def _(w):
    for log in ("A", "B", "public"):
        terms = take_out(w, log, "tariff", "contract", "network-fee", "market-rules")
        w.add(log, SETTLED_AT, terms,
              None if log == "public" else first(w, log, type="settlement"))
    resettle(w, as_logged=True)


@case("A makes up a contract behind its log, and settles by it", KEEPERS, "unlogged A",
      "settlement_differs A")
def _(w):
    w.beside = w.sign("A", [contract_u4()])
    resettle(w)


@case("a user shows a contract that A has given her and keeps out of its log", KEEPERS, "unlogged A")
def _(w):
    """She was settled by the tariff that holds without: when A signed it nobody can say."""
    w.beside = w.sign("A", [contract_u4()])


@case("a contract is shown as it stands in the log, and another that begins later", KEEPERS)
def _(w):
    w.beside = [w.find("A", type="contract")[0]["record"]] + w.sign("A", [
        dict(contract_u4(), valid="2016-06-01T00:00Z/2016-12-01T00:00Z")])


@case("who had no contract gets one in time", KEEPERS)
def _(w):
    w.add("A", "2016-03-20T00:00:00Z", w.sign("A", [contract_u4()]),
          w.logs["A"].index(w.find("A", type="reading")[0]))
    resettle(w)


@case("an operator's first fee comes after all was settled without", KEEPERS,
      "settlement_differs -", "settlement_missing -")
def _(w):
    """Nobody could have settled anybody, and nobody is told to have been wrong in that."""
    fee = w.find("public", type="network-fee", by="DSO")[0]
    w.logs["public"].remove(fee)
    resettle(w)
    w.add("public", BILLED_AT, [fee["record"]])


@case("the rules are changed after the fact", ALL, "retroactive registrar")
def _(w):
    rules = dict(RULES, valid="2016-04-01T00:00Z/2017-01-01T00:00Z", max_orders=4)
    w.add("registry", BILLED_AT, w.sign("registrar", [rules]))
    w.checkpoints.append(witnessed(w, "registry"))


# ---- the registry ----

def witnessed(w, log):
    """The keeper's new checkpoint, which goes on from the one before, cosigned."""
    name = w.sign_log(log, name=f"{log}.seen")
    w.own[log] = None
    with open(name, encoding="utf-8") as file:
        note = file.read()
    note = world.run(["lm-log", "cosign", "-k", w.path("witness.jwk"), "--state",
                      w.path(f"{log}.state"), "--first", "--log-key",
                      w.path(f"{LOGS[log]}.jwk"), "--now", NOW], note)
    with open(name, "w", encoding="utf-8") as file:
        file.write(note)
    return name


@case("rules are logged between a gate and its period, so that the market seems to have broken them",
      KEEPERS)
def _(w):
    """For a period whose gate has closed they come too late, and they hold for no other one."""
    rules = dict(NEVER_CHEAP, valid="2016-04-01T12:00Z/2016-04-01T12:30Z")
    w.add("registry", "2016-04-01T11:50:00Z", w.sign("registrar", [rules]))


@case("rules without a gate are logged between a gate and its period", KEEPERS)
def _(w):
    rules = dict(NEVER_CHEAP, valid="2016-04-01T12:00Z/2016-04-01T12:30Z", gate_minutes=0)
    w.add("registry", "2016-04-01T11:50:00Z", w.sign("registrar", [rules]))


@case("rules are logged before a gate, and the market does not keep them", KEEPERS,
      "clearing_differs lm", "price_used lm", "notice_differs lm")
def _(w):
    """Above 0.09 no order is allowed, and the market has traded such ones."""
    rules = dict(NEVER_CHEAP, valid="2016-04-01T12:00Z/2016-04-01T12:30Z")
    w.add("registry", "2016-04-01T11:40:00Z", w.sign("registrar", [rules]))


@case("the market goes by rules that the registrar logs afterwards", KEEPERS,
      "retroactive registrar", "clearing_differs lm", "trade_missing lm", "trade_differs lm")
def _(w):
    """Whose orders they keep out could not know of them."""
    w.add("registry", "2016-05-03T09:00:00Z", w.sign("registrar", [NEVER_CHEAP]))
    reclear_by(w, 0, NEVER_CHEAP)
    resettle(w)


@case("the market goes by rules that are in its log in time, and the registrar logs them afterwards",
      KEEPERS, "clearing_differs -", "trade_missing -", "trade_differs -")
def _(w):
    rules = w.sign("registrar", [NEVER_CHEAP])
    w.add("public", "2016-03-03T00:00:00Z", rules,
          w.logs["public"].index(w.find("public", type="clearing")[0]))
    w.add("registry", "2016-05-03T09:00:00Z", rules)
    for place in range(len(PERIODS)):
        reclear_by(w, place, NEVER_CHEAP)
    resettle(w)


@case("the market goes by rules that are in its log in time, and the registrar never logs them",
      KEEPERS, "clearing_differs -", "trade_missing -", "trade_differs -")
def _(w):
    take_out(w, "public", "market-rules")
    w.add("public", "2016-03-02T00:00:00Z", w.sign("registrar", [NEVER_CHEAP]), 0)
    for place in range(len(PERIODS)):
        reclear_by(w, place, NEVER_CHEAP)
    resettle(w)


@case("rules are logged at the very second of a gate, and the market does not keep them", KEEPERS,
      "clearing_differs lm", "price_used lm", "notice_differs lm")
def _(w):
    rules = dict(NEVER_CHEAP, valid="2016-04-01T12:00Z/2016-04-01T12:30Z")
    w.add("registry", "2016-04-01T11:45:00Z", w.sign("registrar", [rules]))


@case("rules are logged a second after a gate, and the market does not keep them", KEEPERS)
def _(w):
    rules = dict(NEVER_CHEAP, valid="2016-04-01T12:00Z/2016-04-01T12:30Z")
    w.add("registry", "2016-04-01T11:45:01Z", w.sign("registrar", [rules]))


def without_rules(w):
    for log in ("registry", "public"):
        take_out(w, log, "market-rules")


@case("a market has no rules", KEEPERS)
def _(w):
    """The clearing says how its price was found, and nobody has said that it be otherwise."""
    without_rules(w)


@case("a market that had no rules gets some after the fact", KEEPERS, "clearing_differs -",
      "price_used -", "retroactive registrar")
def _(w):
    """It could not keep them."""
    without_rules(w)
    w.add("registry", "2016-05-03T09:00:00Z", w.sign("registrar", [NEVER_CHEAP]))


@case("a market that had no rules gets those that it seems to have kept", KEEPERS,
      "retroactive registrar")
def _(w):
    """Whatever it had done, the registrar could have found the rules for it afterwards."""
    without_rules(w)
    w.add("registry", "2016-05-03T09:00:00Z", w.sign("registrar", [RULES]))


@case("a market that had no rules gets some for the time that follows", KEEPERS)
def _(w):
    without_rules(w)
    w.add("registry", "2016-05-03T09:00:00Z", w.sign("registrar", [
        dict(NEVER_CHEAP, valid="2016-05-01T00:00Z/2017-01-01T00:00Z")]))


@case("rules have begun when they are logged, and no auction was held", KEEPERS)
def _(w):
    without_rules(w)
    w.add("registry", "2016-04-01T10:00:00Z", w.sign("registrar", [RULES]))


@case("rules for a second market are logged when the first has held auctions", KEEPERS)
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z", w.sign("registrar", [
        dict(RULES, market="lm2", regions=["r2"])]))


@case("the registrar gives a region to a second market", KEEPERS, "region_shared registrar")
def _(w):
    w.add("registry", BILLED_AT, w.sign("registrar", [
        dict(RULES, market="lm2", valid="2016-06-01T00:00Z/2018-01-01T00:00Z")]))


@case("a region goes over to a second market", KEEPERS)
def _(w):
    """When the rules of the first have ended, or no longer name it."""
    w.add("registry", BILLED_AT, w.sign("registrar", [
        dict(RULES, valid="2016-06-01T00:00Z/2016-12-01T00:00Z", regions=["r2"]),
        dict(RULES, market="lm2", valid="2016-06-01T00:00Z/2016-12-01T00:00Z"),
        dict(RULES, market="lm2", valid="2017-01-01T00:00Z/2018-01-01T00:00Z")]))


@case("rules are changed after the fact, and the market cheats in their shadow", KEEPERS,
      "retroactive registrar", "clearing_differs lm")
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z", w.sign("registrar", [NEVER_CHEAP]))
    for log in ("market", "public"):
        change(w, log, "lm", lambda c: c.update(offered_wh=c["offered_wh"] + 1), type="clearing",
               period=PERIODS[0])


NEVER_CHEAP = dict(RULES, valid="2016-04-01T00:00Z/2017-01-01T00:00Z", price_cap="0.09")
DEAR_FEE = network_fee("DSO", "0.05", "2016-04-01T00:00Z/2017-01-01T00:00Z")


@case("the rules are changed after the fact, so that the market seems to have broken them", ALL,
      "retroactive registrar")
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z", w.sign("registrar", [NEVER_CHEAP]))
    w.checkpoints.append(witnessed(w, "registry"))


FAR_GATE = dict(RULES, valid="2016-04-01T00:00Z/2017-01-01T00:00Z", gate_minutes=60,
                grace_seconds=0)
LATE_GATE = dict(RULES, valid="2016-04-01T00:00Z/2017-01-01T00:00Z", gate_minutes=5,
                 grace_seconds=0)


@case("the gate is moved forward after the fact, so that the market seems to have let orders in",
      ALL, "retroactive registrar")
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z", w.sign("registrar", [FAR_GATE]))
    w.checkpoints.append(witnessed(w, "registry"))


@case("the grace is taken after the fact, so that no witness seems to have come in time", ALL,
      "retroactive registrar")
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z", w.sign("registrar", [dict(LATE_GATE,
                                                                        gate_minutes=15)]))
    w.checkpoints.append(witnessed(w, "registry"))


@case("the registrar shows a gate and a grace that are in no log", ALL)
def _(w):
    w.beside = w.sign("registrar", [dict(LATE_GATE, gate_minutes=15)])


@case("the registrar shows an earlier gate that is in no log", ALL)
def _(w):
    w.beside = w.sign("registrar", [FAR_GATE])


@case("the registrar shows an earlier gate in an entry that it made up", ALL, "retroactive -")
def _(w):
    _, w.beside = unlogged(w, w.sign("registrar", [FAR_GATE])[0])


DOLLARS = dict(RULES, valid="2016-04-01T00:00Z/2017-01-01T00:00Z", currency="USD")


@case("the currency is changed after the fact, so that suppliers seem to have settled wrongly", ALL,
      "retroactive registrar")
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z", w.sign("registrar", [DOLLARS]))
    w.checkpoints.append(witnessed(w, "registry"))


@case("the registrar shows another currency in rules that are in no log", ALL)
def _(w):
    w.beside = w.sign("registrar", [DOLLARS])


@case("a fee is changed after the fact, so that suppliers seem to have settled wrongly", ALL,
      "retroactive -")
def _(w):
    w.add("public", "2016-05-03T09:00:00Z", w.sign("DSO", [DEAR_FEE]))
    w.checkpoints.append(witnessed(w, "public"))


@case("the registrar shows revocations that are in no log, dated back", ALL)
def _(w):
    w.beside = [revocation(w, user, "2016-04-01T11:00:00Z") for user in ("u5", "m22")]


@case("the registrar shows a revocation in an entry that it made up", ALL)
def _(w):
    _, w.beside = unlogged(w, revocation(w, "u5", "2016-04-01T11:00:00Z"))


# ---- a witness whose key is revoked: by an entry of 09:00, whatever it says ----

def enrol_witness(w):
    with open(w.honest.path("witness.identity"), encoding="ascii") as file:
        w.add("registry", "2016-05-03T08:30:00Z", w.sign("registrar", world.parse(file.read())))


def seen_by_witness(w, log, at):
    w.own[log] = None
    w.checkpoints.append(cosigned(w, log, "witness", witness_name(w), at, f"{log}.seen"))


def revoke_witness(w, seen):
    """The registrar's checkpoint of that is cosigned at the instant SEEN."""
    enrol_witness(w)
    revoke(w, "witness", "2016-04-01T11:00:00Z", "2016-05-03T09:00:00Z")
    seen_by_witness(w, "registry", seen)


@case("a witness cosigns a second before its key is revoked", ALL)
def _(w):
    revoke_witness(w, "2016-05-03T08:59:59Z")


@case("a witness cosigns when its key is revoked", ALL, "cosignature -", "unwitnessed registrar")
def _(w):
    revoke_witness(w, "2016-05-03T09:00:00Z")


@case("whoever found a witness's revoked key cosigns two histories", ALL, "log_forked B",
      "cosignature -")
def _(w):
    revoke_witness(w, "2016-05-03T08:59:59Z")
    honest = w.logs["B"]
    w.logs["B"] = honest[:-1]
    w.add("B", BILLED_AT, w.sign("B", [dict(honest[-1]["record"], rounded="0")]))
    w.checkpoints.append(cosigned(w, "B", "witness", witness_name(w), "2016-05-03T10:00:00Z",
                                  "B.shown-to-others"))
    w.logs["B"] = honest


@case("the registrar shows a witness's revocation that is in no log, dated back", ALL)
def _(w):
    enrol_witness(w)
    w.beside = [revocation(w, "witness", "2016-04-01T11:00:00Z")]
    seen_by_witness(w, "registry", NOW)


def identity(w, *options):
    folder = w.path("enrolled")
    os.mkdir(folder)
    out = world.run(["lm-keygen", *(() if "--valid" in options else ("--valid", VALID)), *options], cwd=folder)
    return w.sign("registrar", world.parse(out))


U5_AGAIN = ("--id", "u5", "--role", "user", "--supplier", "A", "--region", "r1")


@case("the registrar shows an identity that contradicts its log", ALL, "unlogged registrar")
def _(w):
    w.beside = identity(w, *U5_AGAIN)


@case("the registrar logs an identity that contradicts another", ALL, "ambiguous registrar")
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z", identity(w, *U5_AGAIN))
    w.checkpoints.append(witnessed(w, "registry"))


METER = ("--id", "m99", "--role", "meter", "--user", "u5")


@case("the registrar logs a meter that nobody knew of", ALL)
def _(w):
    """Nobody has to wait for the readings of a meter that was not known when a period began."""
    w.add("registry", "2016-05-03T09:00:00Z", identity(w, *METER))
    w.checkpoints.append(witnessed(w, "registry"))


@case("the registrar logs a meter that nobody knew of, and A leaves out a user", KEEPERS,
      "settlement_missing A")
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z", identity(w, *METER))
    w.logs["A"].remove(w.find("A", type="settlement", party="u4", period=PERIODS[0])[0])
    w.keep("A")
    rebill(w, "A")


@case("the registrar logs a meter in time that is never read, and A settles all the same", KEEPERS,
      "no_reading -", "settlement_unfounded A", "settlement_differs A")
def _(w):
    w.add("registry", "2016-03-02T00:00:00Z", identity(w, *METER))


def log_registry_late(w, at):
    for entry in w.logs["registry"]:
        entry["at"] = at


@case("the registry is first logged after the first period has begun", KEEPERS)
def _(w):
    """Nobody knew who is who, and nothing else was known either."""
    log_registry_late(w, "2016-04-01T12:10:00Z")
    resettle(w, as_logged=True)


@case("the registry is first logged after all periods", KEEPERS)
def _(w):
    log_registry_late(w, "2016-04-01T13:50:00Z")
    resettle(w, as_logged=True)


@case("the registry is first logged after all periods, and A leaves out a user", KEEPERS,
      "settlement_missing A")
def _(w):
    log_registry_late(w, "2016-04-01T13:50:00Z")
    w.logs["A"].remove(w.find("A", type="settlement", party="u4", period=PERIODS[0])[0])
    w.keep("A")
    rebill(w, "A")


@case("the registry is first logged after all periods, and A loses a user's reading", KEEPERS,
      "withheld -", "settlement_unfounded A", "settlement_differs A")
def _(w):
    """She traded, and whether she has a meter nobody could know."""
    log_registry_late(w, "2016-04-01T13:50:00Z")
    take_out(w, "A", "reading", meter="m4", period=PERIODS[0])


OPERATOR = ("--id", "DSO2", "--role", "dso", "--region", "r1")


@case("the registrar logs an operator that nobody knew of", KEEPERS)
def _(w):
    """No fee of it was due in periods that had begun before."""
    w.add("registry", "2016-05-03T09:00:00Z", identity(w, *OPERATOR))


@case("the registrar logs an operator that nobody knew of, and A leaves out a user", KEEPERS,
      "settlement_missing A")
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z", identity(w, *OPERATOR))
    w.logs["A"].remove(w.find("A", type="settlement", party="u4", period=PERIODS[0])[0])
    w.keep("A")
    rebill(w, "A")


@case("the registrar logs an operator in time, which sets no fee, and all settle without", KEEPERS,
      "no_fee -", "settlement_unfounded -")
def _(w):
    """Nobody could have settled anybody."""
    w.add("registry", "2016-03-02T00:00:00Z", identity(w, *OPERATOR))


@case("what the registrar has signed lies beside the logs a hundred times over", ALL)
def _(w):
    """Nothing of it says more than once, nor earlier than the log."""
    w.beside = 100 * [record for record in w.records("registry")
                      if record.get("id") in ("u5", "m5", None)]


@case("an identity is logged again, the first time with another's signature", KEEPERS,
      "bad_signature registrar")
def _(w):
    """The copy that is signed as it should be is u5's all the same."""
    at = w.logs["registry"].index(w.find("registry", type="identity", id="u5")[0])
    other = w.find("registry", type="identity", id="u6")[0]["record"]
    forged = dict(w.logs["registry"][at]["record"], sig=other["sig"])
    w.add("registry", "2016-03-01T00:00:00Z", [forged], at)


@case("the registrar shows a meter that nobody knew of", ALL)
def _(w):
    w.beside = identity(w, *METER)


MOVED = ("--id", "u5", "--role", "user", "--supplier", "B", "--region", "r1", "--valid")


@case("the registrar moves a user to another supplier after the fact", ALL, "retroactive registrar")
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z",
          identity(w, *MOVED, "2016-04-01T00:00Z/2017-01-01T00:00Z"))
    w.checkpoints.append(witnessed(w, "registry"))


@case("the registrar moves a user to another supplier, announced ahead", ALL)
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z",
          identity(w, *MOVED, "2016-05-04T00:00Z/2017-01-01T00:00Z"))
    w.checkpoints.append(witnessed(w, "registry"))


@case("a supplier cheats after a user was moved to another, announced ahead", ALL,
      "retroactive A")
def _(w):
    w.add("registry", "2016-05-03T09:00:00Z",
          identity(w, *MOVED, "2016-05-04T00:00Z/2017-01-01T00:00Z"))
    w.checkpoints.append(witnessed(w, "registry"))
    record = {"type": "contract", "v": 1, "user": "u2", "supplier": "A", "tariff": "flat",
              "valid": "2016-04-01T00:00Z/2016-12-01T00:00Z"}
    w.add("A", "2016-05-03T09:00:00Z", w.sign("A", [record]))
    w.checkpoints.append(witnessed(w, "A"))


@case("the registrar says that a meter is somebody else's", ALL, "unlogged registrar")
def _(w):
    w.beside = identity(w, "--id", "m22", "--role", "meter", "--user", "u20")


@case("the registrar shows rules that are in no log", ALL)
def _(w):
    w.beside = w.sign("registrar", [NEVER_CHEAP])


@case("the DSO shows a fee that is in no log, and begins with the one that is", ALL, "ambiguous DSO")
def _(w):
    """It has signed both for one time, whoever was given which."""
    w.beside = w.sign("DSO", [network_fee("DSO", "0.05")])


@case("the DSO shows the fee that is in the log, signed again", ALL)
def _(w):
    """With a zero more, and a member of its own, it says the same."""
    w.beside = w.sign("DSO", [network_fee("DSO", "0.02"),
                              dict(network_fee("DSO", "0.020"), x_note="once more")])


@case("the registrar shows rules that are in no log, and begin with those that are", ALL,
      "ambiguous registrar")
def _(w):
    w.beside = w.sign("registrar", [dict(NEVER_CHEAP, valid=VALID)])


@case("a supplier shows a tariff that is in no log, and begins with the one that is", ALL,
      "ambiguous B")
def _(w):
    w.beside = w.sign("B", [tariff("B", "0.03", [{"price": "0.29"}])])


@case("somebody else signs a fee that begins with the operator's", KEEPERS, "bad_signature -")
def _(w):
    """It says nothing about who has not signed it."""
    w.beside = w.sign("DSO", [network_fee("DSO", "0.05")])
    w.beside[0]["price"] = "0.06"


@case("the DSO shows a fee that is in no log", ALL)
def _(w):
    w.beside = w.sign("DSO", [DEAR_FEE])


DOLLAR_TARIFF = tariff("A", "0.04", [{"price": "0.2"}], id="usd", currency="USD")


@case("A logs a tariff in another currency that nobody has, and cheats", KEEPERS,
      "settlement_differs A")
def _(w):
    """It spoils no period, neither for others nor for whoever looks at A."""
    w.add("A", "2016-03-03T00:00:00Z", w.sign("A", [DOLLAR_TARIFF]), first(w, "A", type="reading"))
    overcharge_u4(w)


@case("A shows a tariff in another currency that is in no log, and cheats", KEEPERS,
      "settlement_differs A")
def _(w):
    w.beside = w.sign("A", [{member: value for member, value in DOLLAR_TARIFF.items()
                             if member != "id"}])
    overcharge_u4(w)


@case("the DSO shows a fee that is in no log, and A has cheated", KEEPERS, "settlement_differs A")
def _(w):
    w.beside = w.sign("DSO", [DEAR_FEE])
    overcharge_u4(w)


@case("a key is revoked after the fact, and that put before it", ALL, "log_forked registrar")
def _(w):
    revoke(w, "u5", "2016-03-01T00:00:00Z", "2016-03-01T00:00:00Z", 70)
    w.logs["registry"].insert(0, w.logs["registry"].pop())
    w.keep("registry")


@case("a key is revoked after the fact, and that dated back", ALL, "backdated registrar")
def _(w):
    revoke(w, "u5", "2016-03-31T00:00:00Z", "2016-03-31T00:00:00Z")


@case("a key is revoked after the fact, in the open", ALL)
def _(w):
    """That is no cheat, and nobody is framed by it."""
    revoke(w, "u5", "2016-03-31T00:00:00Z", BILLED_AT[:8] + "03T09:00:00Z")
    w.checkpoints.append(witnessed(w, "registry"))


@case("the registrar lets an identity vanish", ALL, "log_truncated registrar",
      "receipt_missing registrar")
def _(w):
    w.logs["registry"].remove(w.find("registry", type="identity", id="u5")[0])
    w.keep("registry")


@case("the registrar changes an identity behind its signature", KEEPERS,
      "bad_signature registrar")
def _(w):
    change(w, "registry", None, lambda i: i.update(region="r2"), type="identity", id="u5")


@case("a market signs an identity", KEEPERS, "wrong_role lm")
def _(w):
    record = w.find("registry", type="identity", id="u5")[0]["record"]
    w.add("public", BILLED_AT, w.sign("lm", [record]))


# ---- receipts ----

@case("a receipt is forged: another signs it", ALL, "wrong_role u9")
def _(w):
    w.receipts += w.sign("u9", [forged_receipt(w)])


@case("a receipt is forged: its signature is not right", ALL, "bad_signature -")
def _(w):
    receipt = dict(w.receipts[200], leaf=FORGED_LEAF)
    w.receipts.append(receipt)


@case("a receipt is signed by somebody who does not keep the log", ALL, "receipt_foreign B")
def _(w):
    w.receipts += w.sign("B", [forged_receipt(w)])


@case("the market gives a receipt and never logs the order", ALL, "receipt_missing lm")
def _(w):
    w.receipts += w.sign("lm", [forged_receipt(w)])


@case("a receipt is of a log that is not here", ALL, "receipt_unknown -")
def _(w):
    w.receipts += w.sign("lm", [dict(forged_receipt(w), log="lm/other.log")])


FORGED_LEAF = base64.urlsafe_b64encode(b"promised and never logged: leaf.")[:43].decode()


def forged_receipt(w):
    receipt = next(r for r in w.receipts if r["log"] == "lm/market.log" and r["n"] == 9)
    return {member: value for member, value in dict(receipt, leaf=FORGED_LEAF).items()
            if member != "sig"}


# ---- any member of any type ----

def alter_value(value):
    """Something else of its kind, so that the record can still be read."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return 60 if value == 30 else value + 1
    if isinstance(value, list):
        return value[:-1] if len(value) > 1 else None
    if isinstance(value, dict):
        return None
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return "0.07" if value != "0.07" else "0.06"
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        return value[:17] + "01Z"
    if "/PT" in value:
        return "2016-04-01T18:00Z/PT30M"
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ/.*", value):
        return "2016-01-02T00:00Z/2017-01-01T00:00Z"
    if re.fullmatch(r"\d{4}-\d\d", value):
        return "2016-03"
    if re.fullmatch(r"[A-Za-z0-9_-]{43}", value):
        return world.OTHER_FIRMWARE if value != world.OTHER_FIRMWARE else world.FIRMWARE
    words = {"offer": "bid", "bid": "offer", "user": "user", "measured": "estimated",
             "EUR": "USD", "Europe/Brussels": "Europe/Paris", "double-auction": None}
    if value in words:
        return words[value] if words[value] != value else None
    if value.startswith("k="):
        return "k=0.5"
    return value + "x"


def members_of_types(honest):
    """Every member of every type of record that a log holds, altered by its keeper: so many at a
    time as there are records of the type, one each."""
    kinds = {}
    for log in LOGS:
        for n, entry in enumerate(honest.logs[log]):
            record = entry["record"]
            kind = record["type"] + {"identity": " of a {role}", "settlement": " of a {role}"}.get(
                record["type"], "").format(**record)
            kinds.setdefault((log, kind), []).append((n, record))
    seen = set()
    for (log, kind), records in kinds.items():
        alterations = []
        for n, record in records:
            for member, value in record.items():
                altered = alter_value(value)
                if member in ("type", "v", "sig", "role") or altered is None or (
                        kind, member) in seen or n in {place for place, _, _ in alterations}:
                    continue
                seen.add((kind, member))
                alterations.append((n, member, altered))
        rest = [(n, member, alter_value(value)) for n, record in records[:1]
                for member, value in record.items()
                if member not in ("type", "v", "sig", "role") and (kind, member) not in seen and
                alter_value(value) is not None]
        for batch in [alterations] + [[alteration] for alteration in rest]:
            if batch:
                yield members_case(log, kind, batch)


def members_case(log, kind, alterations):
    keeper = LOGS[log]

    def tamper(w):
        for n, member, altered in alterations:
            w.logs[log][n]["record"][member] = altered

    # What follows from records that are gone: who keeps the log answers for that as well, the
    # market for a clearing without the orders. Nobody else is to blame.
    party = "-" if kind == "identity of a registrar" else keeper
    wanted = [("bad_signature", party, n) for n, _, _ in alterations]
    members = ", ".join(member for _, member, _ in alterations)
    return (f"{kind}: altered are {members}", KEEPERS, wanted, {keeper}, tamper)


# ---- the audit ----

def arguments(w, evidence):
    argv = ["lm-audit", "--root", w.path("registrar.jwk"), "--now", NOW, "--jobs", "1"]
    argv += [item for path in w.shown for item in ("--checkpoint", path)] + list(w.copies)
    logs = w.evidence_of or tuple(LOGS)
    for log in logs:
        changed = w.text(log) != w.honest.texts[log]
        w.write(log)
        own = w.own.get(log, w.sign_log(log) if changed else None)
        if own:
            argv += ["--checkpoint", own]
        elif evidence == KEEPERS:
            argv += ["--checkpoint", w.honest.path(f"{log}.final")]
    if evidence == ALL:
        for path in w.checkpoints:
            if os.path.basename(path).split(".")[0] in logs and not w.is_undone(path):
                argv += ["--checkpoint", path]
        with open(w.path("receipts"), "w", encoding="ascii") as file:
            file.write(lines(receipt for receipt in w.receipts
                             if receipt["log"].split("/")[1].split(".")[0] in logs + ("other",)))
        with open(w.path("totals.ndjson"), "w", encoding="ascii") as file:
            file.write(lines(w.totals))
        argv += ["--witness", w.path("witness.vkey"), "--receipts", w.path("receipts")]
    if w.beside:
        with open(w.path("beside.ndjson"), "w", encoding="ascii") as file:
            file.write(lines(w.beside))
        argv.append(w.path("beside.ndjson"))
    return argv + [w.path(f"{log}.log") for log in logs] + (
        [w.path("totals.ndjson")] if evidence == ALL and w.totals else [])


class Tampered(world.Copy):
    beside = ()              # records that somebody hands in with the logs
    shown = ()               # checkpoints that somebody hands in before all others
    copies = ()              # logs, likewise
    evidence_of = None       # only these logs are asked for
    rewritten_since = None   # the market wrote what follows a period's gate before anybody saw it

    def is_undone(self, path):
        """A checkpoint of a future that did not come to pass, as the cheat came before it."""
        name = os.path.basename(path)
        return self.rewritten_since is not None and (
            name.endswith(".final") and name.split(".")[0] != "registry")


def audit(argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    records = world.parse(done.stdout)
    if not records or records[-1]["type"] != "verdict" or done.returncode > 1:
        raise RuntimeError(f"status {done.returncode}: {done.stderr}")
    clean = records[-1]["result"] == "clean"
    if clean != (done.returncode == 0) or clean != (len(records) == 1):
        raise RuntimeError(f"status {done.returncode}, {len(records)} records")
    return [(record["code"], record["party"] or "-", tuple(entry["n"] for entry in
                                                           record["entries"]))
            for record in records[:-1]]


def judge(honest, folder, number, item):
    name, evidence, wanted, guilty, tamper = item
    try:
        w = Tampered(honest, os.path.join(folder, f"case{number}"))
        tamper(w)
        if w.rewritten_since is not None:
            for log in LOGS:
                if log != "registry":
                    w.checkpoints.append(witnessed(w, log))
        found = audit(arguments(w, evidence))
        shutil.rmtree(w.folder)
    except Exception as failure:  # pylint: disable=broad-except
        return f"not ok {number} - {name}\n# {failure!r}"
    trouble = [f"# not found: {' '.join(map(str, item))}" for item in wanted
               if not any(item[:2] == pair[:2] and (len(item) == 2 or item[2] in pair[2])
                          for pair in found)]
    if not wanted and found:
        trouble.append("# nothing was wrong")
    found = [pair[:2] for pair in found]
    trouble += sorted({f"# innocent, and named: {code} {party}" for code, party in found
                       if party not in guilty | {"-"}})
    if not trouble:
        return f"ok {number} - {name}"
    counts = {pair: found.count(pair) for pair in found}
    trouble += [f"# found: {count} {code} {party}" for (code, party), count in counts.items()]
    return "\n".join([f"not ok {number} - {name}"] + trouble)


def prepare(folder):
    os.makedirs(folder, exist_ok=True)
    honest = world.World(os.path.join(folder, "honest"))
    os.mkdir(honest.folder)
    honest.build()
    honest.logs = {log: honest.entries(log) for log in LOGS}
    honest.texts = {log: lines(entries) for log, entries in honest.logs.items()}
    with open(honest.path("totals.ndjson"), encoding="ascii") as file:
        honest.total_text = file.read()
    honest.receipts = []
    for log in LOGS:
        with open(honest.path(f"{log}.receipts"), encoding="ascii") as file:
            honest.receipts += world.parse(file.read())
    names = [f"{log}.final" for log in LOGS] + [f"market.gate{i + 1}" for i in range(len(PERIODS))]
    honest.evidence = [honest.path(name) for name in names]
    return honest


def nothing(_):
    pass


def main():
    folder, pattern = sys.argv[1], re.compile(sys.argv[2] if len(sys.argv) > 2 else "")
    honest = prepare(os.path.abspath(folder))
    items = [("nothing is touched: the logs and their checkpoints", KEEPERS, [], set(), nothing),
             ("nothing is touched: all the evidence", ALL, [], set(), nothing)]
    items += [item for item in CASES + list(members_of_types(honest)) if pattern.search(item[0])]
    print(f"1..{len(items)}")
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda pair: judge(honest, folder, *pair), enumerate(items, 1)))
    print("\n".join(results))
    # Whoever is named where nothing was touched is innocent, and so is nobody.
    return any(result.startswith("not ok") for result in results)


sys.exit(main())
