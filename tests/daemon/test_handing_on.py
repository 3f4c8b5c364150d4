import os
import signal
import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys
from pmdaemon.daemon import handing_on

if "--state-fd" in sys.argv:
    state = handing_on.state_from(int(sys.argv[-1]))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    kept = state["kept"]["pipe"]
    print(os.getpid() == state["pid"], os.read(kept, 100), os.get_inheritable(kept))
    print(sys.argv[1:3], os.environ["MARK"], signal.SIGTERM in blocked)
    print(len(os.listdir("/proc/self/fd")) - state["open"])
else:
    handing_on.KEEPER = (sys.executable, "-c", os.environ["PROGRAM"])
    reading, writing = os.pipe()
    os.write(writing, b"kept")
    os.close(writing)
    state = {"kept": {"pipe": reading}, "pid": os.getpid()}
    state["open"] = len(os.listdir("/proc/self/fd"))
    environment = {**os.environ, "MARK": "handed on"}
    handing_on.go_on_as_keeper("/the/home", state, environment)
"""


@pytest.mark.posix
@pytest.mark.skipif(sys.platform != "linux", reason="needs memfd and /proc")
def test_a_keeper_goes_on_in_the_same_process_with_what_was_kept_and_nothing_more():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PROGRAM": PROGRAM},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "True b'kept' False",
        "['--home', '/the/home'] handed on True",
        "0",
    ]
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
