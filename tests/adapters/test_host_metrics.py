import os
import platform
import subprocess
import sys

import psutil
import pytest

from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.host_metrics import SystemHostMetrics
from tests.fakes.clock import FakeClock


def test_a_reading_is_of_this_machine():
    sample = SystemHostMetrics(SystemClock()).read()

    assert sample.hostname == platform.node()
    assert sample.arch == platform.machine()
    assert sample.cores == os.cpu_count()
    assert sample.memory.total == psutil.virtual_memory().total
    assert sample.memory.used + sample.memory.free == sample.memory.total
    assert sample.disk.total == psutil.disk_usage("/").total


def test_who_asks_soon_after_another_is_told_the_same_cpu_usage(monkeypatch):
    usages = iter([10.0, 20.0])
    monkeypatch.setattr(psutil, "cpu_percent", lambda: next(usages))
    clock = FakeClock()
    host = SystemHostMetrics(clock)

    first = host.read().cpu
    clock.advance(0.9)
    soon = host.read().cpu
    clock.advance(0.2)
    later = host.read().cpu

    assert (first, soon, later) == (10.0, 10.0, 20.0)


@pytest.mark.posix
def test_psutil_is_loaded_by_the_first_reading_only():
    program = (
        "import sys\n"
        "from pmdaemon.adapters import host_metrics, launcher, metrics, platforms, process_trees\n"
        "from pmdaemon.adapters.clock import SystemClock\n"
        "host = host_metrics.SystemHostMetrics(SystemClock())\n"
        "platforms.process_handles(platforms.process_reader())\n"
        "before = 'psutil' in sys.modules\n"
        "host.read()\n"
        "print(before, 'psutil' in sys.modules)\n"
    )

    output = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert output.stdout == b"False True\n"
