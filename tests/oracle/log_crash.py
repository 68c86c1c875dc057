"""Appends to a log under load, ends the programs at random instants, and looks what is left.

Every round, two `lm-log append` are fed with new orders, and some old ones, and killed (SIGKILL)
while they work. With
--power, more is lost than that: the log is cut back to a random place between what was last
synchronised and what was written, the rest perhaps overwritten with zeros, and the index put back,
cut or filled with noise, as a disk without a cache might leave it. After each round every receipt
that was given so far must be kept, and the next round must find the log in order.

usage: log_crash.py BIN PRELOAD ROUNDS [--power] [--seed N], in a folder with m1.jwk
It leaves the log there, and in receipts the receipts.
"""

import base64
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

NOW = "2016-04-01T11:00:00Z"
# lm-log wants a signature and leaves it to lm-verify whether it is right.
SIG = f'{{"protected":"{"A" * 158}","signature":"{"A" * 86}"}}'


def order(number):
    return (
        f'{{"at":"{NOW}","energy_wh":{number % 5000 + 1},"from":"u1","id":"o{number}",'
        '"market":"m1","period":"2016-04-01T12:00Z/PT30M","price":"0.11","seq":1,"side":"offer",'
        f'"sig":{SIG},"type":"order","v":1}}\n'
    ).encode()


def fail(why):
    print(f"not kept: {why}")
    sys.exit(1)


class Appender:
    """One lm-log append, fed as fast as it takes, its receipts collected."""

    def __init__(self, program, lines, environment):
        self.process = subprocess.Popen(
            [program, "append", "log", "-k", "m1.jwk", "--now", NOW], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        self.receipts = []
        self.feeder = threading.Thread(target=self.feed, args=(lines,))
        self.reader = threading.Thread(target=self.read)
        self.feeder.start()
        self.reader.start()

    def feed(self, lines):
        try:
            for line in lines:
                self.process.stdin.write(line)
                self.process.stdin.flush()
            self.process.stdin.close()
        except (BrokenPipeError, ValueError):
            pass

    def read(self):
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                self.receipts.append(line)

    def wait_for_receipt(self, seconds):
        deadline = time.monotonic() + seconds
        while not self.receipts and time.monotonic() < deadline:
            time.sleep(0.001)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.reader.join()
        self.feeder.join()
        errors = self.process.stderr.read().decode()
        self.process.wait()
        return errors


def check_promises(promised, numbers, when):
    """Every receipt for these entries leads to the line of its entry."""
    lines = []
    if os.path.exists("log"):
        with open("log", "rb") as file:
            lines = file.read().split(b"\n")[:-1]
    for n in numbers:
        leaf, line = promised[n]
        if n >= len(lines):
            fail(f"{when}: entry {n}, for which there is a receipt, is lost")
        if hashlib.sha256(b"\0" + lines[n]).digest() != leaf:
            fail(f"{when}: entry {n} is not the one of its receipt: {line}")


def synchronised(trace, path):
    """The largest size of the log that was synchronised."""
    inode = os.stat(path).st_ino
    size = 0
    if os.path.exists(trace):
        with open(trace, encoding="ascii") as file:
            for line in file:
                if line.endswith("\n") and line.startswith(f"{inode} "):
                    size = max(size, int(line.split()[1]))
    return size


def cut_power(rng, trace):
    """What a disk might hold after a power cut."""
    size = os.stat("log").st_size
    safe = synchronised(trace, "log")
    if size < safe:
        fail("the log shrank below what was synchronised")
    keep = rng.randint(safe, size)
    with open("log", "r+b") as log:
        log.truncate(keep)
        if rng.random() < 0.3:
            log.seek(keep)
            log.write(b"\0" * rng.randint(1, 5000))
    kind = rng.randrange(5)
    index = os.stat("log.index").st_size if os.path.exists("log.index") else 0
    if kind == 0 and index:
        os.truncate("log.index", rng.randint(0, index))
    elif kind == 1 and index:
        with open("log.index", "r+b") as file:
            file.seek(rng.randint(0, index))
            file.write(b"\0" * 4096)
    elif kind == 2 and os.path.exists("old.index"):
        shutil.copy("old.index", "log.index")
    elif kind == 3 and index:
        os.unlink("log.index")
    if os.path.exists("log.index"):
        shutil.copy("log.index", "old.index")


def note(promised, line):
    receipt = json.loads(line)
    leaf = base64.urlsafe_b64decode(receipt["leaf"] + "=")
    known = promised.setdefault(receipt["n"], (leaf, line))
    if known[1] != line:
        fail(f"two receipts for entry {receipt['n']}: {known[1]} {line}")


def main():
    program = os.path.join(sys.argv[1], "lm-log")
    preload, rounds = sys.argv[2], int(sys.argv[3])
    power = "--power" in sys.argv
    seed = int(sys.argv[sys.argv.index("--seed") + 1]) if "--seed" in sys.argv else 1
    rng = random.Random(seed)
    orders = []
    # A sanitizer that looks for leaks while it is killed finds no thread to ask, and says so.
    environment = dict(os.environ)
    environment["ASAN_OPTIONS"] = "verify_asan_link_order=0:detect_leaks=0"
    if power:
        environment.update(LD_PRELOAD=preload, LM_SYNC_TRACE=os.path.abspath("trace"))
    promised = {}
    given = 0
    repaired = 0
    for number in range(rounds):
        old = rng.sample(orders, min(len(orders), 40))
        new = [order(len(orders) + place) for place in range(240)]
        orders += new
        # A third of the new ones is sent by both.
        appenders = [Appender(program, rng.sample(lines, len(lines)), environment)
                     for lines in (old + new[:160], old + new[80:])]
        # At any instant, and at any while the receipts flow.
        if rng.random() < 0.7:
            appenders[0].wait_for_receipt(5)
        time.sleep(rng.uniform(0, 0.05))
        errors = "".join(appender.kill() for appender in appenders)
        for line in errors.splitlines():
            repaired += "torn end" in line
            if "torn end" not in line and "index" not in line:
                fail(f"round {number}: {line}")
        for appender in appenders:
            for line in appender.receipts:
                note(promised, line)
            given += len(appender.receipts)
        if power and os.path.exists("log"):
            cut_power(rng, "trace")
        # The newest every time, all of them now and then.
        numbers = promised if number % 20 == 0 else sorted(promised)[-2000:]
        check_promises(promised, numbers, f"round {number}")
    # Everybody asks once more: what has an entry gets its receipt again.
    result = subprocess.run([program, "append", "log", "-k", "m1.jwk", "--now", NOW],
                            input=b"".join(orders[:20000]), stdout=subprocess.PIPE,
                            env=environment, check=False)
    if result.returncode != 0:
        fail(f"the last append ended with {result.returncode}")
    for line in result.stdout.splitlines(keepends=True):
        note(promised, line)
    check_promises(promised, promised, "at the end")
    with open("receipts", "wb") as file:
        file.writelines(promised[n][1] for n in sorted(promised))
    print(f"{rounds} rounds, {given} receipts, {repaired} torn ends")


main()
