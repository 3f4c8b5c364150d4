import os
import subprocess

import pytest

from pmdaemon.adapters.platforms import process_reader
from pmdaemon.adapters.spawned import identify


@pytest.fixture
def child():
    started = subprocess.Popen(["sleep", "600"], start_new_session=True)
    yield started.pid
    started.kill()
    started.wait()


class Blind:
    def entry(self, pid):
        return None


def test_a_child_is_known_by_pid_and_start_time(child):
    reader = process_reader()

    assert identify(reader, child) == reader.entry(child).identity


def test_a_child_that_is_not_shown_is_ended(child):
    assert identify(Blind(), child) is None
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
