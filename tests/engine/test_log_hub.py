import pytest

from pmdaemon.core.logs import OutputStream
from pmdaemon.core.notices import OutputGrew
from pmdaemon.core.spec import LogPolicy
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.log_hub import LogHub
from tests.fakes.capture import FakeCapture


class Scene:
    def __init__(self):
        self.capture = FakeCapture()
        bus = Bus()
        self.hub = LogHub(capture=self.capture, bus=bus)
        self.heard = []
        bus.subscribe(self.heard.append)
        self.stdout, _ = self.capture.open(3, "web", 0, LogPolicy())

    def grow(self):
        self.heard.clear()
        self.capture.write(self.stdout, b"a line\n")
        self.capture.turn()
        return self.heard


@pytest.fixture
def scene():
    return Scene()


def test_growth_is_published_while_somebody_follows(scene):
    scene.hub.follow()

    assert scene.grow() == [OutputGrew(3, OutputStream.OUT)]


def test_growth_is_nobodys_business_while_nobody_follows(scene):
    assert scene.grow() == []


def test_the_last_follower_to_leave_ends_it(scene):
    leave_first, leave_second = scene.hub.follow(), scene.hub.follow()

    leave_first()
    assert len(scene.grow()) == 1

    leave_second()
    assert scene.grow() == []


def test_followers_may_come_again(scene):
    scene.hub.follow()()

    scene.hub.follow()

    assert len(scene.grow()) == 1
