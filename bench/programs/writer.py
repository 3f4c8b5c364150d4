"""Writes much, as fast as it is let: `writer.py BYTES PIECE`, PIECE bytes a write(2).

Says that it is there, and begins at SIGUSR1. Lines of 100 bytes, and a last one saying so.
"""

import os
import signal
import sys

READY = b"ready\n"
LINE = b"a line of a hundred bytes ".ljust(99, b".") + b"\n"
LAST = b"that was the last line\n"


def main() -> None:
    """Wait for the signal, write, and wait to be ended."""
    total, piece = int(sys.argv[1]), int(sys.argv[2])
    block = LINE * (piece // len(LINE))
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    os.write(1, READY)
    signal.sigwait([signal.SIGUSR1])
    for _ in range(total // len(block)):
        write_all(block)
    write_all(LAST)
    signal.pause()


def write_all(block: bytes) -> None:
    """Write all of it, however little is taken at a time."""
    written = os.write(1, block)
    while written < len(block):
        written += os.write(1, block[written:])


if __name__ == "__main__":
    main()
