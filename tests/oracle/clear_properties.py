#!/usr/bin/env python3
"""What must hold of every auction, whatever way its result was found.

clear_properties.py STREAM OUTPUT
    checks what `lm-clear --all` wrote for STREAM, a stream without market rules, and prints the number of auctions, or says which
    property fails of which and exits 1.
"""

import json
import sys
from fractions import Fraction


def fail(key, text):
    sys.exit(f"{key}: {text}")


def orders_of(path):
    """The last version of every order, by market, period, from and id."""
    orders = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            record = record.get("record", record)
            if record["type"] != "order":
                continue
            name = (record["market"], record["period"], record["from"], record["id"])
            if name not in orders or orders[name]["seq"] <= record["seq"]:
                orders[name] = record
    return orders


def auctions_of(path):
    """Each clearing with its trades, as they stand in the output."""
    auctions = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["type"] == "clearing":
                auctions.append((record, []))
            elif record["type"] == "trade":
                auctions[-1][1].append(record)
    return auctions


def check(clearing, trades, orders):
    key = (clearing["market"], clearing["period"])
    sides = {"offer": [], "bid": []}
    names = [(t["from"].encode(), t["order"].encode()) for t in trades]
    if names != sorted(set(names)):
        fail(key, "trades are repeated or out of order")
    for trade in trades:
        order = orders[key + (trade["from"], trade["order"])]
        if (trade["market"], trade["period"], trade["side"]) != key + (order["side"],):
            fail(key, "a trade is not its order's")
        if trade["price"] != clearing["price"]:
            fail(key, "a trade has a price of its own")
        sides[order["side"]].append((Fraction(order["price"]), order["energy_wh"],
                                     trade["energy_wh"]))
    offers, bids = sides["offer"], sides["bid"]
    if (len(offers), len(bids)) != (clearing["offers"], clearing["bids"]):
        fail(key, "the numbers of orders are wrong")
    if sum(e for _, e, _ in offers) != clearing["offered_wh"]:
        fail(key, "offered_wh is wrong")
    if sum(e for _, e, _ in bids) != clearing["demanded_wh"]:
        fail(key, "demanded_wh is wrong")
    sold, bought = sum(t for _, _, t in offers), sum(t for _, _, t in bids)
    if not sold == bought == clearing["energy_wh"]:
        fail(key, f"{sold} Wh are sold and {bought} Wh bought")

    prices = {p for p, _, _ in offers + bids}
    most = max((min(sum(e for q, e, _ in offers if q <= p), sum(e for q, e, _ in bids if q >= p))
                for p in prices), default=0)
    if clearing["energy_wh"] != most:
        fail(key, f"{clearing['energy_wh']} Wh are traded, {most} Wh could be")
    if clearing["price"] is None:
        if most or clearing["price_low"] is not None or clearing["price_high"] is not None:
            fail(key, "there is no price though the curves cross")
        return
    low, price, high = (Fraction(clearing[m]) for m in ("price_low", "price", "price_high"))
    if not low <= price <= high or not {low, high} <= prices:
        fail(key, "the price lies outside the interval, or its ends were not submitted")
    for own, better, worse in (
        (offers, lambda p: p < price, lambda p: p > price),
        (bids, lambda p: p > price, lambda p: p < price),
    ):
        if any(t != e for p, e, t in own if better(p)):
            fail(key, "who is better than the price does not trade in full")
        if any(t for p, _, t in own if worse(p)):
            fail(key, "somebody trades at a worse price than his own")
        group = [(e, t) for p, e, t in own if p == price]
        total, left = sum(e for e, _ in group), sum(t for _, t in group)
        if any(abs(Fraction(e * left, total) - t) >= 1 for e, t in group):
            fail(key, "at the price the shares are not pro rata")
        if any(a > b and t < u for a, t in group for b, u in group):
            fail(key, "a larger order at the price gets less than a smaller one")


def main():
    orders, auctions = orders_of(sys.argv[1]), auctions_of(sys.argv[2])
    keys = [(c["period"], c["market"].encode()) for c, _ in auctions]
    if keys != sorted(set(keys)):
        sys.exit("auctions are repeated or out of order")
    for clearing, trades in auctions:
        check(clearing, trades, orders)
    print(len(auctions))


if __name__ == "__main__":
    main()
