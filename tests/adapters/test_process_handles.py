import os
import subprocess

import pytest

from pmdaemon.adapters.process_handles import reap
from pmdaemon.core.process import Exit
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.posix


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("exit 0", Exit(code=0)),
        ("exit 255", Exit(code=255)),
        ("kill -TERM $$", Exit(signal=15)),
        ("kill -SEGV $$", Exit(signal=11)),  # with a core dump where these are on
    ],
)
def test_the_exit_of_a_child_is_read_exactly_and_once(command, expected):
    child = subprocess.Popen(["/bin/sh", "-c", command], cwd="/tmp")

    first = eventually_sync(lambda: reap(os.P_PID, child.pid))
    child.returncode = 0

    assert first == expected
    assert reap(os.P_PID, child.pid) == Exit()


def test_a_child_that_runs_has_no_exit():
    with subprocess.Popen(["sleep", "1000"]) as child:
        try:
            assert reap(os.P_PID, child.pid) is None
        finally:
            child.kill()
