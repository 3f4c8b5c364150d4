from pathlib import Path

import pytest

from pmdaemon.core.logs import OutputStream
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import HealthCheck
from pmdaemon.server.http.event_streams import BEAT
from tests.support.builders import an_app
from tests.support.event_streams import EventStream
from tests.support.waiting import eventually
from tests.support.web_side import WebScene, a_scene

ROOT = "/api/v1"


class Stream(EventStream):
    """One event stream, as a client of prox reads it: the comment first, and then blocks."""

    async def data(self):
        return (await self.event())[2]

    async def line(self):
        return (await self.data())["line"]


class Scene(WebScene):
    async def open(self, path, **headers):
        stream = Stream(await self.get(f"{ROOT}{path}", **headers))
        if stream.response.status == 200:
            assert await stream.block() == [": connected"]
        return stream

    async def open_logs(self, query="", **headers):
        """Open a stream of lines, and wait until it reads; return the cursor it begins at, too."""
        stream = await self.open(f"/logs/stream{query}", **headers)
        [cursor] = await stream.block()
        return stream, cursor.removeprefix("id: ")


@pytest.fixture
async def scene(parts):
    await parts.start(an_app(name="web"), an_app(name="api"))
    for name in ("web", "api"):
        for path in parts.capture.files(name, 0):
            Path(path).touch()
    async with a_scene(Scene, parts) as scene:
        yield scene


async def test_lines_come_as_they_are_written_and_none_of_before(scene):
    scene.write("before\n")
    stream, _ = await scene.open_logs()
    assert stream.response.content_type == "text/event-stream"

    scene.write("one\n")
    kind, cursor, first = await stream.event()
    scene.write("two\n", 1, OutputStream.ERR)
    second = await stream.data()

    assert kind is None
    assert cursor
    assert (first["process"], first["stream"], first["line"]) == ("web", "stdout", "one")
    assert (second["process"], second["stream"], second["line"]) == ("api", "stderr", "two")


async def test_a_line_has_the_fields_of_the_reference_and_no_others(scene):
    stream, _ = await scene.open_logs()

    scene.write("one\n")

    assert list(await stream.data()) == ["timestamp", "process", "stream", "line"]


async def test_processes_are_chosen_by_name(scene):
    stream, _ = await scene.open_logs("?process=api")

    scene.write("not this\n")
    scene.write("this\n", 1)

    assert await stream.line() == "this"


async def test_lines_are_picked_by_a_pattern(scene):
    text, _ = await scene.open_logs("?pattern=ERROR")
    regex, _ = await scene.open_logs("?pattern=ERR(OR|NO)$&regex=true")

    scene.write("nothing\nERROR 1\nan ERRNO\n")

    assert await text.line() == "ERROR 1"
    assert await regex.line() == "an ERRNO"


async def test_where_to_go_on_is_told_behind_lines_that_are_not_wanted(scene):
    stream, begun = await scene.open_logs("?pattern=ERROR")

    scene.write("nothing\n")

    [cursor] = await stream.block()
    assert cursor.startswith("id: ")
    assert cursor != f"id: {begun}"


async def test_output_goes_on_where_it_was_left(scene):
    first, _ = await scene.open_logs()
    scene.write("one\n")
    _, cursor, _ = await first.event()
    first.response.close()
    scene.write("two\nthree\n")

    again, _ = await scene.open_logs(Last_Event_ID=cursor)

    assert [await again.line(), await again.line()] == ["two", "three"]


async def test_who_left_before_the_first_line_misses_nothing(scene):
    first, cursor = await scene.open_logs()
    first.response.close()
    scene.write("one\n")

    again, _ = await scene.open_logs(Last_Event_ID=cursor)

    assert await again.line() == "one"


async def test_what_was_removed_meanwhile_is_told_as_a_gap(scene):
    scene.write("one\n")

    stream = await scene.open("/logs/stream", Last_Event_ID="0.out:ffffff.5.0")

    kind, _, gap = await stream.event()
    assert (kind, gap) == ("gap", {"process": "web", "stream": "stdout"})


async def test_a_stream_outlives_the_processes_it_is_about(scene):
    stream, _ = await scene.open_logs("?process=web,api")
    await scene.parts.engine.processes.delete([Selector.parse("web")])
    scene.write("one\n", 1)
    assert await stream.line() == "one"

    await scene.parts.engine.processes.delete([Selector.parse("api")])
    await scene.parts.start(an_app(name="web"))
    await eventually(scene.parts.engine.processes.list)
    scene.write("two\n", scene.parts.engine.processes.list()[0].process.pm_id)

    assert await stream.line() == "two"


async def test_the_list_comes_whole_and_again_when_it_is_another(scene):
    stream = await scene.open("/processes/stream")
    kind, _, first = await stream.event()
    assert kind is None
    assert [one["name"] for one in first["processes"]] == ["web", "api"]

    await scene.stop()

    statuses = None
    while statuses != ["stopped", "running"]:
        statuses = [one["status"] for one in (await stream.data())["processes"]]


async def test_the_list_comes_again_when_health_changes(scene):
    check = HealthCheck("tcp", "80", interval=1.0)
    await scene.parts.start(an_app(name="db", health=check))
    stream = await scene.open("/processes/stream")
    assert (await stream.data())["processes"][2]["health"] == "unknown"

    scene.parts.clock.advance(1.0)

    while (await stream.data())["processes"][2]["health"] != "healthy":
        pass


async def test_streams_say_something_now_and_then(scene):
    logs, _ = await scene.open_logs()
    processes = await scene.open("/processes/stream")
    await processes.event()

    for _ in range(3):
        scene.parts.clock.advance(BEAT)
        assert await logs.block() == [": ping"]
        assert await processes.block() == [": ping"]


async def test_ten_idle_minutes_are_forty_pings_and_then_a_line_comes_through(scene):
    logs, _ = await scene.open_logs()

    for _ in range(40):
        scene.parts.clock.advance(BEAT)
        assert await logs.block() == [": ping"]
    scene.write("still here\n")

    assert (await logs.data())["line"] == "still here"


async def test_streams_end_properly_when_the_web_side_is_turned_off(scene):
    logs, _ = await scene.open_logs()
    processes = await scene.open("/processes/stream")
    await processes.event()

    await scene.server.turn_off()

    assert [await one.response.content.read() for one in (logs, processes)] == [b"", b""]


async def test_streams_end_at_once_when_their_key_is_revoked(scene):
    _, secret = await scene.parts.engine.tokens.make("ci", scopes=["read"])
    logs, _ = await scene.open_logs(X_API_Key=secret)
    processes = await scene.open("/processes/stream", X_API_Key=secret)
    await processes.event()

    await scene.parts.engine.tokens.revoke("ci")

    assert [await one.response.content.read() for one in (logs, processes)] == [b"", b""]


async def test_nothing_is_left_of_clients_that_have_gone(scene):
    logs, _ = await scene.open_logs()
    processes = await scene.open("/processes/stream")
    await processes.event()

    logs.response.close()
    processes.response.close()

    await eventually(lambda: scene.parts.capture._on_growth is None)
    await eventually(lambda: scene.parts.clock.pending == 0)
