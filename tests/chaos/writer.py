"""A program that numbers its lines, crashes now and then, and keeps account of both.

`writer.py FOLDER SEED RATE CRASH`: writes RATE lines a second on each of its two streams; after
each, it crashes with the chance CRASH. When there is a file `rest` in its folder it only waits.

Its account is written without any help of the daemon, and tells what is to be found in its output:
one note a line, `began`, `crashed`, `rests` or `stopped`, the number of lines so far, and its pid.
"""

import os
import random
import select
import signal
import sys


def line(number: int) -> bytes:
    """Word a line of output."""
    return b"%d %s\n" % (number, b"x" * (number % 50))


class Account:
    """What has been written so far, over all lives of the program."""

    def __init__(self, folder: str) -> None:
        self._file = os.open(f"{folder}/account", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        notes = os.read(self._file, 1 << 26).split(b"\n")[:-1]
        self.life = len(notes)
        self.lines = int(notes[-1].split()[1]) if notes else 0

    def note(self, what: str) -> None:
        """Write down what is so; one small write to a file is done whole or not at all."""
        os.write(self._file, f"{what} {self.lines} {os.getpid()}\n".encode())


def main(folder: str, seed: str, rate: str, crash: str) -> None:
    """Write until told to rest, to stop, or by chance to crash."""
    told_to_stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told_to_stop.append(number))
    account = Account(folder)
    rng = random.Random(f"{seed} {account.life}")
    account.note("began")
    while not told_to_stop and not os.path.exists(f"{folder}/rest"):
        os.write(1, line(account.lines))
        os.write(2, line(account.lines))
        account.lines += 1
        if rng.random() < float(crash):
            account.note("crashed")
            if rng.random() < 0.5:
                os.kill(os.getpid(), signal.SIGKILL)
            os._exit(3)
        select.select([], [], [], rng.random() * 2 / float(rate))
    account.note("rests")
    while not told_to_stop:
        select.select([], [], [], 0.05)
    account.note("stopped")


if __name__ == "__main__":
    main(*sys.argv[1:])
