from pmdaemon.cli.monit.samples import Samples
from tests.support.views import a_view


def test_readings_are_kept_in_their_order_and_only_the_latest():
    samples = Samples(kept=2)
    for cpu in (1.0, 2.0, 3.0):
        samples.add([a_view(cpu=cpu, memory=int(cpu) * 10)])

    assert list(samples.cpu(0)) == [2.0, 3.0]
    assert list(samples.memory(0)) == [20, 30]


def test_what_is_down_uses_nothing():
    samples = Samples()
    samples.add([a_view(pid=None, cpu=5.0, memory=100)])

    assert list(samples.cpu(0)) == [0.0]
    assert list(samples.memory(0)) == [0]


def test_what_is_gone_is_forgotten():
    samples = Samples()
    samples.add([a_view(), a_view("other", pm_id=1)])
    samples.add([a_view("other", pm_id=1)])

    assert list(samples.cpu(0)) == []
    assert len(samples.cpu(1)) == 2
