"""An honest market whose logs are to be audited, made by the toolkit's own programs.

Three periods, two suppliers (one trades for itself), thirty users with a meter each, a DSO, a TSO,
a witness. Five logs by lm-log: the registrar's, the market's two, one a supplier; checkpoints of
each, cosigned; receipts for all that was taken in. What a tamperer needs is here as well: keys,
canonical JSON, and a way to write a log anew. Nothing here judges anything.
"""

import json
import os
import subprocess

import note

VALID = "2016-01-01T00:00Z/2017-01-01T00:00Z"
PERIODS = ["2016-04-01T12:00Z/PT30M", "2016-04-01T12:30Z/PT30M", "2016-04-01T13:00Z/PT30M"]
# The gate of each, 15 minutes before it, with 60 seconds of grace; when the market clears.
ORDERS_AT = ["2016-04-01T11:30:00Z", "2016-04-01T12:05:00Z", "2016-04-01T12:35:00Z"]
GATE_SEEN = ["2016-04-01T11:45:20Z", "2016-04-01T12:15:20Z", "2016-04-01T12:45:20Z"]
CLEARED_AT = ["2016-04-01T11:47:00Z", "2016-04-01T12:17:00Z", "2016-04-01T12:47:00Z"]
READ_AT = ["2016-04-01T12:31:00Z", "2016-04-01T13:01:00Z", "2016-04-01T13:31:00Z"]
SETTLED_AT = "2016-04-01T14:00:00Z"
CORRECTED_AT = "2016-04-01T15:00:00Z"
ADJUSTED_AT = "2016-04-01T16:00:00Z"
BILLED_AT = "2016-05-02T08:00:00Z"
SIGNED_AT = "2016-05-03T08:00:00Z"
NOW = "2016-05-04T00:00:00Z"

USERS = 30
KEEPERS = {"registry": "registrar", "market": "lm", "public": "lm", "A": "A", "B": "B"}
FIRMWARE = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
OTHER_FIRMWARE = "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"

RULES = {
    "type": "market-rules", "v": 1, "market": "lm", "regions": ["r1"], "valid": VALID,
    "currency": "EUR", "period_minutes": 30, "gate_minutes": 15, "grace_seconds": 60,
    "mechanism": "double-auction", "price_rule": "k=0.25", "price_floor": "0", "price_cap": "0.5",
    "max_orders": 3, "min_group": 2,
}


def tariff(supplier, feed_in, retail, **members):
    return {
        "type": "tariff", "v": 1, "supplier": supplier, "valid": VALID, "zone": "Europe/Brussels",
        "currency": "EUR", "retail": retail, "feed_in": feed_in,
        "fees_borne_by": {"import": "supplier", "export": "supplier", "bought": "user",
                          "sold": "user"},
        **members,
    }


def network_fee(by, price, valid=VALID):
    return {"type": "network-fee", "v": 1, "by": by, "region": "r1", "valid": valid,
            "currency": "EUR", "price": price}


def order(user, period, side, energy_wh, price, seq=1, name=None):
    return {"type": "order", "v": 1, "market": "lm", "period": period, "id": name or side,
            "seq": seq, "from": user, "side": side, "energy_wh": energy_wh, "price": price,
            "at": "2016-04-01T09:00:00Z"}


def reading(meter, period, import_wh, export_wh, seq=0):
    return {"type": "reading", "v": 1, "meter": meter, "period": period, "import_wh": import_wh,
            "export_wh": export_wh, "quality": "measured", "seq": seq, "firmware": FIRMWARE}


def supplier_of(number):
    return "A" if number <= USERS // 2 else "B"


def canonical(value):
    """RFC 8785 for what is ASCII and has no reals, as all of this market is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def run(argv, text="", cwd=None, status=0):
    done = subprocess.run(argv, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, cwd=cwd, check=False)
    if done.returncode != status:
        raise RuntimeError(f"{' '.join(argv)}: status {done.returncode}: {done.stderr}")
    return done.stdout


def lines(records):
    return "".join(canonical(record) + "\n" for record in records)


def parse(text):
    return [json.loads(line) for line in text.splitlines()]


def change(w, log, key, alter, **members):
    """Alters the first record with these members; KEY signs it again, None leaves the signature."""
    entry = w.find(log, **members)[0]
    alter(entry["record"])
    if key:
        w.resign(key, entry)
    return entry


class World:
    """A folder with the keys, the logs, the checkpoints and the receipts of a market."""

    def __init__(self, folder):
        self.folder = folder
        self.registry = []
        self.public = []

    def path(self, name):
        return os.path.join(self.folder, name)

    # ---- tools that whoever has the keys has ----

    def sign(self, key, records):
        """The records, signed by the key of KEY. lm-sign refuses to speak for others, so that who
        does so takes a key file that says it is theirs."""
        name = {"tariff": "supplier", "contract": "supplier", "network-fee": "by", "order": "from",
                "clearing": "market", "trade": "market", "notice": "market", "reading": "meter",
                "settlement": "supplier", "adjustment": "supplier", "transfer": "from",
                "bill": "supplier"}
        signed = []
        by_subject = {}
        for place, record in enumerate(records):
            bare = {member: value for member, value in record.items() if member != "sig"}
            subject = bare.get(name.get(bare["type"], ""), key)
            by_subject.setdefault(subject, []).append((place, bare))
            signed.append(None)
        for subject, group in by_subject.items():
            file = self.path(f"{key}.jwk")
            if subject != key:
                file = self.path(f"{key}-as-{subject}.jwk")
                if not os.path.exists(file):
                    with open(self.path(f"{key}.jwk"), encoding="ascii") as source:
                        jwk = json.load(source)
                    jwk["id"] = subject
                    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w",
                              encoding="ascii") as target:
                        json.dump(jwk, target)
            out = run(["lm-sign", "-k", file], lines(bare for _, bare in group))
            for (place, _), record in zip(group, parse(out)):
                signed[place] = record
        return signed

    def append(self, log, at, records):
        """lm-log's receipts for the records, taken in at an instant."""
        out = run(["lm-log", "append", f"{log}.log", "-k", f"{KEEPERS[log]}.jwk", "--now", at],
                  lines(records), cwd=self.folder)
        with open(self.path(f"{log}.receipts"), "a", encoding="ascii") as receipts:
            receipts.write(out)

    def checkpoint(self, log, at, name, cosign=True):
        """A checkpoint of the log as it is, cosigned a second later, as the file NAME."""
        note = run(["lm-log", "checkpoint", f"{log}.log", "-k", f"{KEEPERS[log]}.jwk", "--now", at],
                   cwd=self.folder)
        if cosign:
            state = f"{log}.state"
            argv = ["lm-log", "cosign", "-k", "witness.jwk", "--state", state, "--log",
                    f"{log}.log", "--log-key", f"{KEEPERS[log]}.jwk", "--now", at]
            if not os.path.exists(self.path(state)):
                argv.append("--first")
            note = run(argv, note, cwd=self.folder)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(note)

    def entries(self, log):
        with open(self.path(f"{log}.log"), encoding="ascii") as file:
            return parse(file.read())

    def records(self, *logs):
        return [entry["record"] for log in logs for entry in self.entries(log)]

    def clear(self, orders, rules=None, everything=False):
        """Clearing and trades, unsigned, of orders as they are given."""
        argv = ["lm-clear", "--accept-rejects"] + (["--all"] if everything else [])
        return parse(run(argv, lines((rules or [RULES]) + orders)))

    def inform(self, records):
        """Notices, unsigned, of clearings and all their trades."""
        return parse(run(["lm-inform", "-r", "registry.bare", "--root", "registrar.jwk", "--now",
                          NOW, "--accept-rejects"], lines(records), cwd=self.folder))

    def settle(self, supplier, records, *options):
        return parse(run(["lm-settle", "--supplier", supplier, "--accept-rejects", *options],
                         lines(records), cwd=self.folder))

    # ---- how it came about ----

    def enrol(self):
        def identity(name, role, *options):
            return run(["lm-keygen", "--id", name, "--role", role, "--valid", VALID, *options],
                       cwd=self.folder)

        out = identity("registrar", "registrar")
        out += identity("lm", "market", "--region", "r1")
        for supplier in ("A", "B"):
            out += identity(supplier, "supplier", "--region", "r1")
        out += identity("DSO", "dso", "--region", "r1") + identity("TSO", "tso", "--region", "r1")
        for number in range(1, USERS + 1):
            out += identity(f"u{number}", "user", "--supplier", supplier_of(number), "--region",
                            "r1")
            out += identity(f"m{number}", "meter", "--user", f"u{number}", "--firmware", FIRMWARE)
        with open(self.path("witness.identity"), "w", encoding="ascii") as file:
            file.write(identity("witness", "auditor"))
        identity("mallory", "user", "--supplier", "A", "--region", "r1")
        firmware = {"type": "firmware", "v": 1, "digests": [FIRMWARE], "valid": VALID}
        self.registry = parse(run(["lm-sign", "-k", "registrar.jwk"],
                                  out + lines([firmware, RULES]), cwd=self.folder))
        self.append("registry", "2016-03-01T00:00:00Z", self.registry)
        with open(self.path("registry.bare"), "w", encoding="ascii") as file:
            file.write(lines(self.registry))
        with open(self.path("witness.vkey"), "w", encoding="ascii") as file:
            file.write(run(["lm-log", "vkey", "-k", "witness.jwk"], cwd=self.folder))

    def offer_terms(self):
        night = [{"price": "0.15", "from": "22:00", "to": "06:00"}, {"price": "0.25"}]
        terms = {
            "A": [tariff("A", "0.04", night), tariff("A", "0.05", [{"price": "0.21"}], id="flat"),
                  {"type": "contract", "v": 1, "user": "u2", "supplier": "A", "tariff": "flat",
                   "valid": VALID}],
            "B": [tariff("B", "0.03", [{"price": "0.22"}])],
        }
        fees = self.sign("DSO", [network_fee("DSO", "0.02")]) + self.sign(
            "TSO", [network_fee("TSO", "0.01")])
        rules = [record for record in self.registry if record["type"] == "market-rules"]
        self.public = rules + fees
        for supplier, records in terms.items():
            signed = self.sign(supplier, records)
            self.public += signed
            self.append(supplier, "2016-03-02T00:00:00Z", signed)
        self.append("public", "2016-03-02T00:00:00Z", self.public)

    def orders(self, place):
        """Odd users sell, even ones buy; A sells a surplus of its own. u3 thinks twice."""
        period = PERIODS[place]
        for number in range(1, USERS + 1):
            price = f"0.{8 + (number * 3 + place) % 9:02d}"
            energy_wh = 600 + 37 * number + 50 * place
            side = "offer" if number % 2 else "bid"
            orders = [order(f"u{number}", period, side, energy_wh, price)]
            if number == 3:
                orders.append(order("u3", period, side, energy_wh + 11, "0.09", seq=2))
            yield from self.sign(f"u{number}", orders)
        yield from self.sign("A", [order("A", period, "offer", 900, "0.11")])

    def trade(self, place):
        self.append("market", ORDERS_AT[place], self.orders(place))
        self.checkpoint("market", GATE_SEEN[place], f"market.gate{place + 1}")
        orders = [record for record in self.records("market")
                  if record["type"] == "order" and record["period"] == PERIODS[place]]
        results = self.clear(orders)
        everything = self.clear(orders, everything=True)
        notices = self.inform([RULES] + everything)
        self.append("market", CLEARED_AT[place], self.sign("lm", results + notices))
        self.append("public", CLEARED_AT[place],
                    self.sign("lm", [record for record in results
                                     if record["type"] == "clearing"]))

    def read(self, place):
        for supplier in ("A", "B"):
            signed = []
            for number in range(1, USERS + 1):
                if supplier_of(number) != supplier:
                    continue
                flow = 500 + 41 * number + 30 * place
                import_wh, export_wh = (60, flow) if number % 2 else (flow, 0)
                signed += self.sign(f"m{number}", [reading(f"m{number}", PERIODS[place], import_wh,
                                                           export_wh)])
            self.append(supplier, READ_AT[place], signed)

    def known(self):
        return self.records("registry", "public", "market", "A", "B")

    def bill(self):
        for supplier in ("A", "B"):
            known = self.known()
            self.append(supplier, SETTLED_AT, self.sign(supplier, self.settle(supplier, known)))
        # u20's meter sends a better value for the last period; B makes good for it.
        self.append("B", CORRECTED_AT,
                    self.sign("m20", [reading("m20", PERIODS[2], 1500, 0, seq=1)]))
        with open(self.path("issued"), "w", encoding="ascii") as file:
            file.write(lines(record for record in self.records("A", "B")
                             if record["type"] in ("settlement", "transfer")))
        adjustments = self.settle("B", self.known(), "--previous", "issued", "--month", "2016-04")
        self.append("B", ADJUSTED_AT, self.sign("B", adjustments))
        for supplier in ("A", "B"):
            out = run(["lm-settle", "--bills", "--month", "2016-04", "--supplier", supplier],
                      lines(self.records(supplier)))
            self.append(supplier, BILLED_AT, self.sign(supplier, parse(out)))

    def total(self):
        """What the DSO tells each supplier of its customers, and of all."""
        totals = []
        for period in PERIODS:
            latest = {}
            for record in self.records("A", "B"):
                if record["type"] == "reading" and record["period"] == period:
                    known = latest.get(record["meter"])
                    if not known or known["seq"] < record["seq"]:
                        latest[record["meter"]] = record
            for supplier in (None, "A", "B"):
                of = [record for meter, record in latest.items()
                      if supplier in (None, supplier_of(int(meter[1:])))]
                totals.append({"type": "total", "v": 1, "to": supplier or "TSO", "period": period,
                               "region": "r1", "supplier": supplier, "meters": len(of),
                               "import_wh": sum(record["import_wh"] for record in of),
                               "export_wh": sum(record["export_wh"] for record in of)})
        with open(self.path("totals.ndjson"), "w", encoding="ascii") as file:
            file.write(lines(self.sign("DSO", totals)))

    def build(self):
        self.enrol()
        self.offer_terms()
        for place in range(len(PERIODS)):
            self.trade(place)
        for place in range(len(PERIODS)):
            self.read(place)
        self.bill()
        self.total()
        for log in KEEPERS:
            self.checkpoint(log, SIGNED_AT, f"{log}.final")


class Copy(World):
    """A copy that somebody tampers with: `logs` are lists of entries, written by `save`."""

    def __init__(self, honest, folder):
        super().__init__(folder)
        self.honest = honest
        self.registry, self.public = honest.registry, honest.public
        self.logs = {log: parse(text) for log, text in honest.texts.items()}
        self.raw = {}  # logs as text, where they are to be no entries
        self.totals = parse(honest.total_text)
        self.receipts = list(honest.receipts)
        self.checkpoints = list(honest.evidence)  # of the honest history, kept by others
        self.own = {}  # log -> the checkpoint that its keeper hands out now; None for none
        os.mkdir(folder)
        for name in os.listdir(honest.folder):
            if name.endswith(".jwk") or name in ("registry.bare", "witness.vkey"):
                os.symlink(os.path.abspath(honest.path(name)), self.path(name))

    def entries(self, log):
        return self.logs[log]

    def keep(self, log):
        """The keeper numbers the log's entries anew."""
        for n, entry in enumerate(self.logs[log]):
            entry["n"] = n

    def text(self, log):
        return self.raw.get(log) or lines(self.logs[log])

    def write(self, log):
        with open(self.path(f"{log}.log"), "w", encoding="ascii") as file:
            file.write(self.text(log))

    def sign_log(self, log, key=None, name=None):
        """A checkpoint of the log as it stands, by its keeper's key or another one."""
        with open(self.path(f"{key or KEEPERS[log]}.jwk"), encoding="ascii") as file:
            seed = note.key_of(json.load(file))
        leaves = self.text(log).encode().split(b"\n")[:-1]
        path = self.path(name or f"{log}.now")
        with open(path, "w", encoding="utf-8") as file:
            file.write(note.checkpoint(f"{KEEPERS[log]}/{log}.log", leaves, seed))
        return path

    def find(self, log, **members):
        """The entries whose records have these members."""
        return [entry for entry in self.logs[log]
                if all(entry["record"].get(member) == value for member, value in members.items())]

    def resign(self, key, entry):
        entry["record"] = self.sign(key, [entry["record"]])[0]

    def add(self, log, at, records, where=None):
        """Entries dated AT, behind all others or before the one at WHERE."""
        new = [{"type": "entry", "v": 1, "n": 0, "at": at, "record": record} for record in records]
        place = len(self.logs[log]) if where is None else where
        self.logs[log][place:place] = new
        self.keep(log)
        return new
