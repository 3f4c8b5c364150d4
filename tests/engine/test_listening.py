import pytest

from pmdaemon.core.process import Online, Stopped
from pmdaemon.engine.listening import Listening
from tests.fakes.clock import FakeClock
from tests.fakes.tcp_probe import FakeTcpProbe
from tests.support.builders import a_process, a_run


class Scene:
    def __init__(self):
        self.clock = FakeClock()
        self.probe = FakeTcpProbe()
        self.changes = 0
        self.listening = Listening(clock=self.clock, probe=self.probe, changed=self._changed)

    def _changed(self):
        self.changes += 1


@pytest.fixture
def scene():
    return Scene()


UP = a_process(state=Online(a_run()))


def test_what_listens_is_known_at_once_and_for_good(scene):
    scene.probe.used = {3000}

    assert scene.listening.accepts(UP, 3000)
    scene.probe.used = set()
    assert scene.listening.accepts(UP, 3000)
    assert scene.changes == 0


def test_what_does_not_listen_yet_is_looked_at_until_it_does(scene):
    assert not scene.listening.accepts(UP, 3000)
    scene.clock.advance(5.0)
    assert scene.changes == 0
    scene.probe.used = {3000}

    scene.clock.advance(1.0)

    assert scene.changes == 1
    assert scene.listening.accepts(UP, 3000)


def test_another_run_is_another_question(scene):
    scene.probe.used = {3000}
    assert scene.listening.accepts(UP, 3000)
    scene.probe.used = set()

    assert not scene.listening.accepts(a_process(state=Online(a_run(pid=5000))), 3000)


def test_who_is_gone_is_not_looked_at_any_more(scene):
    assert not scene.listening.accepts(UP, 3000)
    scene.listening.forget_all_but(set())
    scene.probe.used = {3000}

    scene.clock.advance(5.0)

    assert scene.changes == 0


def test_what_does_not_run_does_not_listen(scene):
    scene.probe.used = {3000}

    assert not scene.listening.accepts(a_process(state=Stopped()), 3000)
