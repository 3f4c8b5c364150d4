"""What everything that measures the machine does."""

import pytest

from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.host_metrics import SystemHostMetrics
from tests.fakes.metrics import FakeHostMetrics


@pytest.fixture(params=[FakeHostMetrics, lambda: SystemHostMetrics(SystemClock())])
def host(request):
    return request.param()


def test_a_reading_makes_sense(host):
    sample = host.read()

    assert sample.hostname
    assert sample.platform
    assert sample.arch
    assert sample.uptime > 0
    assert sample.cores >= 1
    assert 0 <= sample.cpu <= 100
    for usage in sample.memory, sample.disk:
        assert 0 < usage.used < usage.total
        assert 0 < usage.free < usage.total
