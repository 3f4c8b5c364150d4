"""A worker that does one piece of work a second, and finishes it before it ends."""

import itertools
import signal
import threading

stop = threading.Event()

for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: stop.set())

for piece in itertools.count(1):
    print(f"done with piece {piece}", flush=True)
    if stop.wait(1.0):
        break

print("nothing left to do", flush=True)
