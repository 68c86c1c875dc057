"""Logs, by an implementation that shares nothing with lm: RFC 6962's definitions, written down.

usage: log.py check LOG [CHECKPOINT|-] [RECEIPTS...]   the log is whole, has the checkpoint's root,
                                                       and keeps every receipt
       log.py root LOG SIZE                            base64
       log.py inclusion LOG N SIZE                     a hash a line, base64
       log.py consistency LOG OLD SIZE
       log.py leaf LOG N                               base64url, as receipts have it
"""

import base64
import hashlib
import json
import sys


def sha(data):
    return hashlib.sha256(data).digest()


def lines_of(path):
    with open(path, "rb") as file:
        data = file.read()
    if data and not data.endswith(b"\n"):
        sys.exit(f"{path}: torn last line")
    return data.split(b"\n")[:-1]


def leaf(line):
    return sha(b"\0" + line)


class Tree:
    """MTH, PATH and SUBPROOF of sections 2.1 to 2.1.2, with the hashes of ranges remembered."""

    def __init__(self, leaves):
        self.leaves = leaves
        self.known = {}

    def root(self, first, end):
        if first == end:
            return sha(b"")
        if end - first == 1:
            return self.leaves[first]
        if (first, end) not in self.known:
            middle = first + split(end - first)
            self.known[first, end] = sha(b"\1" + self.root(first, middle) + self.root(middle, end))
        return self.known[first, end]

    def path(self, n, first, end):
        if end - first == 1:
            return []
        middle = first + split(end - first)
        if n < middle:
            return self.path(n, first, middle) + [self.root(middle, end)]
        return self.path(n, middle, end) + [self.root(first, middle)]

    def subproof(self, old, first, end, whole):
        if old == end:
            return [] if whole else [self.root(first, end)]
        middle = first + split(end - first)
        if old <= middle:
            return self.subproof(old, first, middle, whole) + [self.root(middle, end)]
        return self.subproof(old, middle, end, False) + [self.root(first, middle)]


def split(count):
    power = 1
    while 2 * power < count:
        power *= 2
    return power


def canonical(value):
    """RFC 8785 for what these tests put into logs: ASCII names, no reals."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check_log(lines):
    before = ""
    for place, line in enumerate(lines):
        entry = json.loads(line)
        if canonical(entry) != line:
            sys.exit(f"line {place + 1} is not canonical")
        if set(entry) != {"type", "v", "n", "at", "record"} or entry["n"] != place:
            sys.exit(f"line {place + 1} is not entry {place}")
        if entry["at"] < before:
            sys.exit(f"entry {place} is earlier than the one before it")
        before = entry["at"]


def check_checkpoint(lines, path):
    with open(path, encoding="utf-8") as file:
        _, size, root = file.read().split("\n")[:3]
    size = int(size)
    if size > len(lines):
        sys.exit(f"the checkpoint has {size} entries, the log {len(lines)}")
    tree = Tree([leaf(line) for line in lines[:size]])
    if base64.b64encode(tree.root(0, size)).decode() != root:
        sys.exit("the checkpoint has another root")


def check_receipts(lines, path):
    count = 0
    with open(path, "rb") as file:
        for text in file:
            if not text.endswith(b"\n"):
                break  # whoever was to write it was killed
            receipt = json.loads(text)
            n = receipt["n"]
            if n >= len(lines):
                sys.exit(f"entry {n}, for which there is a receipt, is lost")
            digest = base64.urlsafe_b64encode(leaf(lines[n])).decode().rstrip("=")
            if digest != receipt["leaf"] or json.loads(lines[n])["at"] != receipt["at"]:
                sys.exit(f"entry {n} is not the one of its receipt")
            count += 1
    return count


def main():
    command, path, *rest = sys.argv[1:]
    lines = lines_of(path)
    if command == "check":
        check_log(lines)
        if rest and rest[0] != "-":
            check_checkpoint(lines, rest[0])
        print(len(lines), sum(check_receipts(lines, receipts) for receipts in rest[1:]))
        return
    leaves = [leaf(line) for line in lines]
    numbers = [int(text) for text in rest]
    if command == "leaf":
        print(base64.urlsafe_b64encode(leaves[numbers[0]]).decode().rstrip("="))
        return
    tree = Tree(leaves)
    if command == "root":
        hashes = [tree.root(0, numbers[0])]
    elif command == "inclusion":
        hashes = tree.path(numbers[0], 0, numbers[1])
    else:
        old, size = numbers
        hashes = tree.subproof(old, 0, size, True) if 0 < old < size else []
    for item in hashes:
        print(base64.b64encode(item).decode())


main()
