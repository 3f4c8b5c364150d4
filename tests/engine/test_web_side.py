import pytest

from pmdaemon.core.errors import InvalidInput, StoreUnavailable
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.engine.web_side import WebSide
from tests.fakes.store import MemoryStore
from tests.fakes.web_server import FakeWebServer

ONE, OTHER = WebSettings(tcp_port=9001), WebSettings(tcp_port=9002)
IN_USE = InvalidInput("cannot listen on 127.0.0.1 port 9001: another program is listening there")
FULL = StoreUnavailable("cannot write the store: its disk is full")


class Scene:
    def __init__(self):
        self.server = FakeWebServer()
        self.store = MemoryStore()
        self.web = WebSide(server=self.server, store=self.store)

    async def stored(self):
        return (await self.store.load()).web


@pytest.fixture
def scene():
    return Scene()


async def test_it_is_turned_on_and_says_where(scene):
    assert await scene.web.turn_on(ONE, remember=False) == "http://127.0.0.1:9001"
    assert scene.web.address == "http://127.0.0.1:9001"
    assert await scene.stored() is None


async def test_what_is_remembered_is_for_the_next_daemon_too(scene):
    await scene.web.turn_on(ONE, remember=True)

    assert await scene.stored() == ONE


async def test_an_address_that_cannot_be_used_is_not_remembered(scene):
    await scene.web.turn_on(OTHER, remember=True)
    scene.server.failure = IN_USE

    with pytest.raises(InvalidInput):
        await scene.web.turn_on(ONE, remember=True)

    assert await scene.stored() == OTHER
    assert scene.server.settings == OTHER


@pytest.mark.parametrize("before", [None, OTHER])
async def test_what_cannot_be_remembered_is_not_turned_on(scene, before):
    if before is not None:
        await scene.web.turn_on(before, remember=True)
    scene.store.failure = FULL

    with pytest.raises(StoreUnavailable):
        await scene.web.turn_on(ONE, remember=True)

    assert scene.server.settings == before


async def test_off_is_off_for_the_next_daemon_too(scene):
    await scene.web.turn_on(ONE, remember=True)

    await scene.web.turn_off()

    assert scene.web.address is None
    assert await scene.stored() is None


async def test_what_cannot_be_forgotten_stays_on(scene):
    await scene.web.turn_on(ONE, remember=True)
    scene.store.failure = FULL

    with pytest.raises(StoreUnavailable):
        await scene.web.turn_off()

    assert scene.server.settings == ONE


async def test_a_holder_that_lets_go_turns_it_off(scene):
    await scene.web.turn_on(ONE, remember=False)

    await scene.web.let_go(ONE)

    assert scene.web.address is None


async def test_a_holder_that_lets_go_leaves_what_is_remembered(scene):
    await scene.web.turn_on(ONE, remember=True)
    await scene.web.turn_on(OTHER, remember=False)

    await scene.web.let_go(OTHER)

    assert scene.server.settings == ONE


@pytest.mark.parametrize(("first", "left"), [(ONE, OTHER), (OTHER, ONE)])
async def test_it_stays_on_until_the_last_holder_lets_go(scene, first, left):
    await scene.web.turn_on(ONE, remember=False)
    await scene.web.turn_on(OTHER, remember=False)

    await scene.web.let_go(first)
    assert scene.server.settings == left

    await scene.web.let_go(left)
    assert scene.server.settings is None


async def test_a_holder_may_let_go_of_what_was_turned_off_meanwhile(scene):
    await scene.web.turn_on(ONE, remember=False)
    await scene.web.turn_off()

    await scene.web.let_go(ONE)

    assert scene.web.address is None


async def test_what_a_former_daemon_had_on_comes_back(scene):
    await scene.web.resume(ONE)

    assert scene.server.settings == ONE


async def test_a_daemon_that_had_nothing_on_has_nothing_on(scene):
    await scene.web.resume(None)

    assert scene.web.address is None


async def test_an_address_that_is_taken_keeps_no_daemon_from_starting(scene, caplog):
    scene.server.failure = IN_USE

    await scene.web.resume(ONE)

    assert scene.web.address is None
    assert "web.failed" in caplog.text


async def test_what_could_not_come_back_is_tried_again_when_a_holder_lets_go(scene):
    scene.server.failure = IN_USE
    await scene.web.resume(ONE)
    scene.server.failure = None
    await scene.web.turn_on(OTHER, remember=False)

    await scene.web.let_go(OTHER)

    assert scene.server.settings == ONE


@pytest.mark.parametrize("for_good", [True, False])
async def test_a_daemon_that_ends_turns_it_off_and_still_remembers(scene, for_good):
    await scene.web.turn_on(ONE, remember=True)
    await scene.web.turn_on(OTHER, remember=False)

    await scene.web.close(for_good=for_good)
    await scene.web.let_go(OTHER)

    assert scene.server.settings is None
    assert await scene.stored() == ONE


async def test_what_is_about_to_be_turned_on_takes_connections_already(scene):
    await scene.web.expect(ONE)

    assert scene.server.reserved == ONE
    assert scene.web.expected == "http://127.0.0.1:9001"

    await scene.web.expect(None)
    assert scene.web.expected is None
