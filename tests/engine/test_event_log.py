import pytest

from pmdaemon.core.events import EventKind
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.notices import EventLogged, OutputGrew, ProcessChanged
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.event_log import EventLog
from tests.fakes.clock import FakeClock
from tests.support.builders import a_process


class Scene:
    def __init__(self):
        self.clock = FakeClock()
        self.bus = Bus()
        self.log = EventLog(clock=self.clock, bus=self.bus, kept=3)
        self.heard = []
        self.bus.subscribe(self.heard.append)

    def add(self, *pm_ids):
        for pm_id in pm_ids:
            self.bus.publish(ProcessChanged(None, a_process(pm_id=pm_id)))


@pytest.fixture
def scene():
    return Scene()


def test_events_are_numbered_and_published_after_the_change(scene):
    scene.clock.advance(5)

    scene.add(1, 2)

    changed, first, _, second = scene.heard
    assert isinstance(changed, ProcessChanged)
    assert isinstance(first, EventLogged)
    assert (first.number, first.at, first.event.kind) == (1, scene.clock.now(), EventKind.ADDED)
    assert second.number == scene.log.latest == 2


def test_other_notices_are_no_events(scene):
    scene.bus.publish(OutputGrew(0, OutputStream.OUT))

    assert scene.log.latest == 0
    assert len(scene.heard) == 1


def test_what_came_after_an_event_is_all_there_while_nothing_was_forgotten(scene):
    scene.add(1, 2, 3)

    events, whole = scene.log.since(1)

    assert ([one.event.pm_id for one in events], whole) == ([2, 3], True)
    assert scene.log.since(3) == ([], True)


def test_what_was_forgotten_is_admitted(scene):
    scene.add(1, 2, 3, 4, 5)

    events, whole = scene.log.since(1)

    assert ([one.number for one in events], whole) == ([3, 4, 5], False)
    assert scene.log.since(2)[1]


def test_a_number_that_was_never_given_is_no_whole_story(scene):
    scene.add(1)

    assert scene.log.since(99) == ([], False)


def test_the_events_of_one_process_are_told(scene):
    scene.add(1, 2)
    scene.bus.publish(ProcessChanged(a_process(pm_id=1), None))

    assert [one.event.kind for one in scene.log.of(1)] == [EventKind.ADDED, EventKind.DELETED]


def test_what_happened_to_a_deleted_process_is_not_told_of_the_next_one_with_its_id(scene):
    scene.add(1)
    scene.bus.publish(ProcessChanged(a_process(pm_id=1), None))

    scene.add(1)

    assert [one.event.kind for one in scene.log.of(1)] == [EventKind.ADDED]


def test_the_lives_of_two_daemons_differ():
    clock = FakeClock()
    first = EventLog(clock=clock, bus=Bus())
    clock.advance(0.01)

    assert first.life != EventLog(clock=clock, bus=Bus()).life
