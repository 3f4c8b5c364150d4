"""However much programs print, and whoever reads it, the daemon stays as small as it is."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running import parent_of
from tests.support.waiting import eventually_sync

MEGABYTE = 1024 * 1024

PRINTER = """
import os, sys, time
line = b"line %07d of what a program says when it has much to say, eighty letters in all\\n"
block = b"".join(line % number for number in range(800))
left = int(sys.argv[1])
while left > 0:
    left -= os.write(1, block)
open(sys.argv[2], "w").close()
time.sleep(1000)
"""


def resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


def followed(pmdaemon):
    """Follow all logs; what is printed waits to be read."""
    return subprocess.Popen(
        pmdaemon.command("logs", "--raw"),
        env=pmdaemon.environment,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_memory_is_flat_over_much_output_with_a_follower_that_is_stuck(pmdaemon, tmp_path):
    printer, done = tmp_path / "printer.py", tmp_path / "done"
    printer.write_text(PRINTER)
    small = f"{sys.executable} {printer} {MEGABYTE} {tmp_path / 'begun'}"
    pmdaemon.run("start", small, "--name", "small")
    reading, stuck = followed(pmdaemon), followed(pmdaemon)
    try:
        assert stuck.stdout.readline()
        assert reading.stdout.readline()
        stuck.send_signal(signal.SIGSTOP)
        daemon = pmdaemon.daemon
        before = resident(daemon), resident(parent_of(daemon))

        much = f"{sys.executable} {printer} {300 * MEGABYTE} {done}"
        pmdaemon.run("start", much, "--name", "much", "--log-max-size", "5M", "--log-keep", "3")
        eventually_sync(done.exists, within=120.0)

        after = resident(daemon), resident(parent_of(daemon))
    finally:
        for follower in (reading, stuck):
            follower.kill()
            follower.communicate()

    pmdaemon.run("stop", "much")  # no file is exchanged any more
    # A file may grow to twice its bound where output comes so fast that none ends with a line.
    kept = sum(file.stat().st_size for file in (pmdaemon.home / "logs").glob("much-*"))
    assert after[0] - before[0] < 3 * MEGABYTE
    assert after[1] - before[1] < MEGABYTE
    assert kept <= 2 * 4 * 5 * MEGABYTE
    assert pmdaemon.daemon == daemon
