import pytest

from pmdaemon.core.notices import AccessChanged
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.revoked import Revoked
from tests.fakes.revocations import FakeRevocations


class Scene:
    def __init__(self):
        self.settings = FakeRevocations()
        self.settings.revoked = {"former"}
        self.heard = []
        bus = Bus()
        bus.subscribe(self.heard.append)
        self.revoked = Revoked(settings=self.settings, bus=bus)


@pytest.fixture
def scene():
    return Scene()


def test_names_are_revoked_however_they_are_written(scene):
    assert [name in scene.revoked for name in ("former", "Former ", "other")] == [True, True, False]


def test_what_was_revoked_before_is_no_news(scene):
    assert "former" in scene.revoked
    assert scene.heard == []


def test_a_change_is_told_once(scene):
    scene.settings.revoked = {"former", "ci"}

    assert "ci" in scene.revoked
    assert "ci" in scene.revoked
    assert scene.heard == [AccessChanged()]
