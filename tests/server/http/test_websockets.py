import asyncio

import pytest
from aiohttp import WSCloseCode, web
from aiohttp.test_utils import make_mocked_request

from pmdaemon.server.http import websockets
from pmdaemon.server.http.refusals import UpgradeRequired
from pmdaemon.server.http.streams import MOST_UNREAD, PING_FRAME
from pmdaemon.server.http.websockets import Writer, messages_of, open_websocket
from tests.support.waiting import eventually


class Transport:
    def __init__(self):
        self.written = []
        self.waiting = 0
        self.aborted = False

    def is_closing(self):
        return self.aborted

    def get_write_buffer_size(self):
        return self.waiting

    def write(self, data):
        self.written.append(data)

    def abort(self):
        self.aborted = True


@pytest.fixture
def transport():
    return Transport()


@pytest.fixture
def writer(transport):
    request = make_mocked_request("GET", "/wss")
    request.protocol.transport = transport
    return Writer(web.WebSocketResponse(), request)


async def test_a_plain_request_is_told_to_upgrade():
    with pytest.raises(UpgradeRequired):
        await open_websocket(make_mocked_request("GET", "/wss"), largest_message=1)


async def test_frames_go_out_as_they_are_as_long_as_the_connection_is_open(writer, transport):
    writer.write(b"frame")
    writer.write(b"")
    transport.abort()
    writer.write(b"late")

    assert transport.written == [b"frame"]


async def test_a_client_is_behind_when_too_much_waits_for_it(writer, transport):
    transport.waiting = MOST_UNREAD
    assert not writer.is_behind

    transport.waiting += 1
    assert writer.is_behind


async def test_a_client_that_says_nothing_between_two_beats_is_hung_up_on(writer, transport):
    assert writer.beat()
    assert transport.written == [PING_FRAME]
    assert not writer.beat()
    assert transport.aborted


async def test_a_client_that_has_gone_is_no_failure(caplog):
    said = []

    class Gone(web.WebSocketResponse):
        async def close(self, **goodbye):
            said.append(goodbye)
            raise ConnectionResetError("it has gone")

    request = make_mocked_request("GET", "/wss")
    Writer(Gone(), request).close(WSCloseCode.GOING_AWAY, b"bye")

    await eventually(
        lambda: not [one for one in asyncio.all_tasks() if one.get_name() == "ws.close"]
    )
    assert said == [{"code": WSCloseCode.GOING_AWAY, "message": b"bye"}]
    assert caplog.text == ""


async def test_there_is_nothing_to_write_to_without_a_connection():
    request = make_mocked_request("GET", "/wss")
    request.protocol.transport = None

    with pytest.raises(ConnectionResetError):
        Writer(web.WebSocketResponse(), request)


async def test_others_have_their_turn_between_two_messages_of_a_client(monkeypatch):
    monkeypatch.setattr(websockets, "PAUSE", 0)
    turns = []
    take = turns.append

    async def flood():
        for number in range(3):
            yield number

    async def listen():
        async for message in messages_of(flood()):
            take(message)

    async def other():
        for _ in range(3):
            turns.append("other")
            await asyncio.sleep(0)

    await asyncio.gather(listen(), other())

    assert turns == [0, "other", 1, "other", 2, "other"]
