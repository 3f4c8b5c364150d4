import asyncio

import pytest

from pmdaemon.core.selectors import Selector
from pmdaemon.server.http.event_streams import BEAT
from pmdaemon.server.http.native import pushing
from pmdaemon.server.http.native.live import LIVE
from tests.support.builders import an_app
from tests.support.event_streams import EventStream
from tests.support.waiting import eventually
from tests.support.web_side import WebScene, a_scene


class Stream(EventStream):
    """One event stream, as a browser reads it: all of its events are of one kind."""

    async def frame(self):
        """Read the next frame, with its cursor."""
        _, cursor, frame = await self.event()
        return cursor, frame

    async def until(self, kind):
        while (found := await self.frame())[1]["type"] != kind:
            pass
        return found


class Scene(WebScene):
    @property
    def live(self):
        return self.server._on._runner.app[LIVE]

    async def open(self, path, **headers):
        return Stream(await self.get(path, **headers))

    async def refusal(self, path, **headers):
        response = await self.get(path, **headers)
        body = await response.json()
        return response.status, body["error"]["code"]


@pytest.fixture
async def scene(parts):
    await parts.start(an_app(name="web"))
    async with a_scene(Scene, parts) as scene:
        yield scene


async def test_the_list_comes_first_and_then_changes(scene):
    stream = await scene.open("/api/events")
    assert stream.response.content_type == "text/event-stream"
    _, first = await stream.frame()
    assert (first["type"], first["data"][0]["name"]) == ("process_list", "web")

    await scene.stop()

    assert (await stream.until("process_status"))[1]["data"]["previous_status"] == "online"
    assert (await stream.until("process_event"))[1]["data"]["event"] == "exited"


async def test_only_the_chosen_events_come(scene):
    stream = await scene.open("/api/events?events=process_event,process_metrics")
    await eventually(lambda: scene.live.listeners)

    await scene.stop()

    assert (await stream.frame())[1]["type"] == "process_event"


async def test_events_that_were_missed_come_after_a_loss_of_connection(scene):
    watcher = await scene.open("/api/events?events=process_event")
    first = await scene.open("/api/events")
    cursor, _ = await first.frame()
    first.response.close()
    await scene.stop()
    await watcher.frame()
    await watcher.frame()

    again = await scene.open("/api/events?events=process_event", Last_Event_ID=cursor)

    told = [await again.frame() for _ in range(2)]
    assert [frame["data"]["event"] for _, frame in told] == ["exited", "stopped"]
    last, _ = told[-1]
    await scene.parts.engine.processes.start([Selector.parse("web")])
    assert (await again.frame())[1]["data"]["event"] == "started"
    assert last.split(".")[0] == cursor.split(".")[0]


async def test_a_cursor_of_another_daemon_is_a_gap(scene):
    stream = await scene.open("/api/events?events=process_event&cursor=123.1")

    assert (await stream.frame())[1]["type"] == "gap"


async def test_a_stream_says_something_now_and_then(scene):
    stream = await scene.open("/api/events?events=process_event")
    logs = await scene.open("/api/processes/web/logs/stream")

    scene.parts.clock.advance(BEAT)

    assert await stream.block() == [": ping"]
    assert await logs.block() == [": ping"]


class SlowStream:
    """Writes nothing until it is let go on."""

    def __init__(self):
        self.sent = []
        self.go_on = asyncio.Event()

    async def send(self, data):
        await self.go_on.wait()
        self.sent.append(data)


async def test_who_does_not_read_is_told_and_gets_the_list_again(scene, monkeypatch):
    monkeypatch.setattr(pushing, "MOST_UNREAD", 1)
    stream = SlowStream()
    listener = pushing.StreamListener(scene.live, stream, frozenset())
    scene.live.join(listener)
    writing = asyncio.get_running_loop().create_task(listener.write())

    await scene.stop()
    await eventually(lambda: listener._missed)
    stream.go_on.set()

    await eventually(lambda: len(stream.sent) == 2)
    assert b"event: process_list" in stream.sent[0]
    assert b'"missed": ' in stream.sent[1]
    assert b'"status": "stopped"' in stream.sent[1]
    writing.cancel()
    scene.live.leave(listener)


async def test_a_head_request_is_answered_and_ends(scene):
    for path in ("/api/events", "/api/processes/web/logs/stream"):
        async with scene.session.head(f"{scene.server.address}{path}") as answer:
            assert answer.status == 200
            assert answer.content_type == "text/event-stream"


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/api/events?events=weather", (400, "INVALID_REQUEST")),
        ("/api/events?events=", (400, "INVALID_REQUEST")),
        ("/api/events?events=,", (400, "INVALID_REQUEST")),
        ("/api/events?cursor=x", (400, "INVALID_INPUT")),
        ("/api/processes/nobody/logs/stream", (404, "PROCESS_NOT_FOUND")),
        ("/api/processes/web/logs/stream?lines=-1", (400, "INVALID_REQUEST")),
        ("/api/processes/web/logs/stream?type=x", (400, "INVALID_REQUEST")),
        ("/api/processes/web/logs/stream?cursor=x", (400, "INVALID_INPUT")),
    ],
)
async def test_what_cannot_be_used_is_refused(scene, path, refusal):
    assert await scene.refusal(path) == refusal


async def test_output_comes_as_it_is_written(scene):
    scene.write("one\ntwo\n")
    stream = await scene.open("/api/processes/web/logs/stream?lines=1")
    assert (await stream.frame())[1]["data"]["message"] == "two"

    scene.write("three\n")

    cursor, frame = await stream.frame()
    assert frame["data"]["message"] == "three"
    assert frame["data"]["cursor"] == cursor


async def test_output_goes_on_where_it_was_left(scene):
    scene.write("one\n")
    first = await scene.open("/api/processes/web/logs/stream")
    cursor, _ = await first.frame()
    first.response.close()
    scene.write("two\n")

    again = await scene.open("/api/processes/web/logs/stream", Last_Event_ID=cursor)

    assert (await again.frame())[1]["data"]["message"] == "two"


async def test_the_stream_of_what_is_deleted_ends(scene):
    stream = await scene.open("/api/processes/web/logs/stream")
    scene.write("one\n")
    await stream.frame()

    await scene.parts.engine.processes.delete([Selector.parse("web")])

    assert (await stream.frame())[1]["type"] == "end"
    assert await stream.response.content.read() == b""


async def test_streams_end_properly_when_the_web_side_is_turned_off(scene):
    streams = [
        await scene.open("/api/events?events=process_event"),
        await scene.open("/api/processes/web/logs/stream"),
    ]
    await eventually(lambda: scene.live.listeners)

    await scene.server.turn_off()

    assert [await one.response.content.read() for one in streams] == [b"", b""]


async def test_streams_end_at_once_when_their_key_is_revoked(scene):
    tokens = scene.parts.engine.tokens
    _, kept = await tokens.make("kept")
    _, secret = await tokens.make("ci", scopes=["read"])
    paths = ["/api/events?events=process_event", "/api/processes/web/logs/stream"]
    streams = [await scene.open(path, X_API_Key=secret) for path in paths]
    other = await scene.open(paths[1], X_API_Key=kept)

    await tokens.revoke("ci")

    assert [await one.response.content.read() for one in streams] == [b"", b""]
    scene.write("one\n")
    assert (await other.frame())[1]["data"]["message"] == "one"


async def test_streams_that_needed_no_key_end_when_one_is_made(scene):
    stream = await scene.open("/api/events?events=process_event")

    await scene.parts.engine.tokens.make("ci")

    assert await stream.response.content.read() == b""


async def test_a_stream_notices_with_a_beat_that_the_settings_revoke_its_key(scene):
    _, secret = await scene.parts.engine.tokens.make("ci")
    stream = await scene.open("/api/events?events=process_event", X_API_Key=secret)
    scene.parts.revocations.revoked.add("ci")

    scene.parts.clock.advance(BEAT)

    assert await stream.response.content.read() in {b"", b": ping\n\n"}


async def test_nothing_is_left_of_a_client_that_has_gone(scene):
    events = await scene.open("/api/events")
    logs = await scene.open("/api/processes/web/logs/stream")
    await eventually(lambda: scene.live.listeners and scene.parts.capture._on_growth)

    events.response.close()
    logs.response.close()

    await eventually(lambda: not scene.live.listeners)
    await eventually(lambda: scene.parts.capture._on_growth is None)
    await eventually(lambda: scene.parts.clock.pending == 0)
