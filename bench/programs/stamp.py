"""Appends the moment of its start to a file, and waits: `stamp.py FILE`."""

import os
import signal
import sys
import time

with open(sys.argv[1], "a", encoding="ascii") as stamps:
    stamps.write(f"{time.time_ns()} {os.getpid()}\n")
signal.pause()
