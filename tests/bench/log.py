"""lm-log: appends per second with receipts, and what a proof costs in a large log.

usage: log.py BUILD ENTRIES, the size of the large log (1000000 for the figures that matter)
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

PERIOD = "2016-04-01T12:00Z/PT30M"
VALID = "2016-01-01T00:00Z/2017-01-01T00:00Z"
NOW = "2016-04-01T11:00:00Z"
# lm-log wants a signature and leaves it to lm-verify whether it is right.
SIG = f'{{"protected":"{"A" * 158}","signature":"{"A" * 86}"}}'


def order(number):
    return (
        f'{{"at":"{NOW}","energy_wh":{number % 5000 + 1},"from":"u1","id":"o{number}",'
        f'"market":"m1","period":"{PERIOD}","price":"0.11","seq":1,"side":"offer","sig":{SIG},'
        '"type":"order","v":1}\n'
    )


def orders(path, first, count):
    with open(path, "w", encoding="ascii") as out:
        for number in range(first, first + count):
            out.write(order(number))


def append(log, source, target):
    with open(source, "rb") as stdin, open(target, "wb") as stdout:
        return subprocess.Popen(["lm-log", "append", log, "-k", "m1.jwk", "--now", NOW],
                                stdin=stdin, stdout=stdout)


def wait(processes):
    for process in processes:
        if process.wait() != 0:
            sys.exit("bench: lm-log append failed")


def report(what, count, seconds):
    print(f"{what:<44} {count:>8} {seconds:>8.3f} {count / seconds:>10.0f}", flush=True)


def appenders(number, count):
    for place in range(number):
        orders(f"part{place}", place * count, count // number)
    start = time.monotonic()
    wait([append(f"log{number}", f"part{place}", f"receipts{place}") for place in range(number)])
    report(f"append, {number} at once", count // number * number, time.monotonic() - start)


def one_by_one(count):
    """Each order is sent when the receipt of the one before is there: an fsync each."""
    process = subprocess.Popen(["lm-log", "append", "slow", "-k", "m1.jwk", "--now", NOW],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    start = time.monotonic()
    for number in range(count):
        process.stdin.write(order(number).encode())
        process.stdin.flush()
        process.stdout.readline()
    report("append, an fsync for each", count, time.monotonic() - start)
    process.stdin.close()
    process.wait()


def four_one_by_one(count):
    """The same by four processes, which share fsyncs only as far as their batches do."""
    def feed(place):
        process = subprocess.Popen(["lm-log", "append", "slow4", "-k", "m1.jwk", "--now", NOW],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for number in range(place * count, place * count + count // 4):
            process.stdin.write(order(number).encode())
            process.stdin.flush()
            process.stdout.readline()
        process.stdin.close()
        process.wait()
    threads = [threading.Thread(target=feed, args=(place,)) for place in range(4)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report("append, an fsync for each, 4 at once", count // 4 * 4, time.monotonic() - start)


def timed(argv):
    start = time.monotonic()
    result = subprocess.run(argv, check=True, capture_output=True, text=True)
    if result.stderr:
        sys.exit(f"bench: {result.stderr}")
    return result.stdout, time.monotonic() - start


def proofs(entries):
    orders("many", 0, entries)
    start = time.monotonic()
    wait([append("large", "many", "/dev/null")])
    report("append to a log that grows large", entries, time.monotonic() - start)
    start = time.monotonic()
    wait([append("large", "/dev/null", "/dev/null")])
    print(f"append to a log of {entries} begins after {time.monotonic() - start:.3f} s")
    _, seconds = timed(["lm-log", "checkpoint", "large", "-k", "m1.jwk", "--now", NOW])
    print(f"the first checkpoint of {entries} entries takes {seconds:.3f} s, ", end="")
    _, seconds = timed(["lm-log", "checkpoint", "large", "-k", "m1.jwk", "--now", NOW])
    print(f"the next one {seconds:.3f} s")
    times = []
    longest = 0
    for place in range(50):
        number = place * 7919 * entries // 400000 % entries
        proof, seconds = timed(["lm-log", "prove", "large", str(number)])
        times.append(seconds)
        longest = max(longest, len(proof.split("\n\n")[0].split("\n")) - 2)
    print(f"an inclusion proof in {entries} entries: at most {longest} hashes, "
          f"{sorted(times)[len(times) // 2] * 1000:.1f} ms with the start of the program")
    _, seconds = timed(["lm-log", "prove", "large", "--from", str(entries // 3)])
    print(f"a consistency proof from {entries // 3} entries: {seconds * 1000:.1f} ms")
    os.unlink("large.index")
    start = time.monotonic()
    subprocess.run(["lm-log", "prove", "large", "17"], check=True, capture_output=True)
    print(f"the same without the index, which reads all of it: {time.monotonic() - start:.3f} s")


def main():
    build, entries = sys.argv[1], int(sys.argv[2])
    os.environ["PATH"] = os.path.join(os.path.abspath(build), "bin") + os.pathsep + \
        os.environ["PATH"]
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    try:
        subprocess.run(["lm-keygen", "--id", "m1", "--role", "market", "--region", "r", "--valid",
                        VALID], check=True, stdout=subprocess.DEVNULL)
        print(f"\n{'lm-log':<44} {'entries':>8} {'seconds':>8} {'per s':>10}")
        batch = max(400, min(entries // 20, 50000))
        appenders(1, batch)
        appenders(4, batch)
        one_by_one(min(batch, 500))
        four_one_by_one(min(batch, 500))
        proofs(entries)
    finally:
        shutil.rmtree(folder)


main()
