"""Runs a command at a terminal of its own and answers what it asks.

usage: terminal.py ANSWER... -- COMMAND...
An answer is typed whenever the command's terminal shows a question (": " at its end); ^C, ^D and ^Z
are those keys. Behind ^Z the command goes on as soon as it has stopped. The command's standard
streams are this program's, except those that are the terminal already; what the terminal showed
goes to standard error. Ends with the command's status, 128 and more for a signal; with 99 where the
terminal is left without echo.
"""

import os
import pty
import select
import signal
import sys
import termios
import time

KEYS = {"^C": b"\x03", "^D": b"\x04", "^Z": b"\x1a"}


def echo(fd):
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)


def main():
    arguments = sys.argv[1:]
    split = arguments.index("--")
    answers, command = arguments[:split], arguments[split + 1:]
    master, slave = pty.openpty()
    # As under a shell: a leader of the session, which waits, and the command in a group of its own
    # in the foreground; a group without such a parent cannot be stopped.
    leader = os.fork()
    if leader == 0:
        os.setsid()
        terminal = os.open(os.ttyname(slave), os.O_RDWR)  # becomes the controlling one
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            os.tcsetpgrp(terminal, os.getpid())
            os.close(terminal)
            # Whoever runs the tests in the background ignores some.
            for number in (signal.SIGTTOU, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT,
                           signal.SIGTSTP):
                signal.signal(number, signal.SIG_DFL)
            os.execvp(command[0], command)
        while True:
            _, status = os.waitpid(child, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status)
                         else os.WEXITSTATUS(status))
            if not echo(terminal):
                os._exit(99)
            os.kill(child, signal.SIGCONT)
    shown = b""
    asked = 0
    status = None
    deadline = time.monotonic() + 30
    while status is None and time.monotonic() < deadline:
        if select.select([master], [], [], 0.05)[0]:
            shown += os.read(master, 4096)
        if shown.endswith(b": ") and len(shown) != asked and answers:
            if echo(slave):
                sys.exit("terminal.py: a question, and what is typed would show")
            answer = answers.pop(0)
            asked = len(shown)
            os.write(master, KEYS.get(answer, answer.encode() + b"\n"))
        pid, result = os.waitpid(leader, os.WNOHANG)
        if pid:
            status = os.WEXITSTATUS(result)
    if status is None:
        os.kill(leader, signal.SIGKILL)
        sys.exit("terminal.py: no end after 30 s")
    while select.select([master], [], [], 0)[0]:
        shown += os.read(master, 4096)
    sys.stderr.write(shown.decode("utf-8", "replace"))
    if not echo(slave):
        sys.exit(99)
    sys.exit(status)


main()
