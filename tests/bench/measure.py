"""Time and memory of a program."""

import os
import subprocess
import sys
import time


def measure(argv, source, target, statuses=(0,)):
    """Runs argv with files as stdin and stdout: seconds, peak memory in MiB."""
    with open(source, "rb") as stdin, open(target, "wb") as stdout:
        start = time.monotonic()
        process = subprocess.Popen(argv, stdin=stdin, stdout=stdout)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
    if process.returncode not in statuses:
        sys.exit(f"bench: {argv[0]} ended with status {process.returncode}")
    return seconds, usage.ru_maxrss / 1024
