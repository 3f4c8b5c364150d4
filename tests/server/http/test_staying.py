import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.access import Gate
from pmdaemon.server.http.guard import ADMISSION
from pmdaemon.server.http.refusals import Unauthorized
from pmdaemon.server.http.staying import GATE, staying


class Scene:
    def __init__(self):
        self.gate = Gate(WebSettings())
        self.welcome = True
        app = web.Application()
        app[GATE] = self.gate
        self.request = make_mocked_request("GET", "/", app=app)
        self.request[ADMISSION] = self.admit

    def admit(self):
        if not self.welcome:
            raise Unauthorized("this API key is not valid")


@pytest.fixture
def scene():
    return Scene()


async def test_whoever_is_still_let_in_stays(scene):
    with staying(scene.request) as stay:
        scene.gate.recheck()

        assert not stay.over.is_set()


async def test_the_stay_is_over_when_the_gate_would_not_let_the_client_in_any_more(scene):
    with staying(scene.request) as stay:
        scene.welcome = False
        scene.gate.recheck()

        assert stay.over.is_set()


async def test_who_has_left_is_not_looked_at_again(scene):
    with staying(scene.request) as stay:
        pass
    scene.welcome = False

    scene.gate.recheck()

    assert not stay.over.is_set()
