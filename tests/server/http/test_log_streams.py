import asyncio
import threading
from contextlib import aclosing

import pytest

from pmdaemon.control.log_places import Place
from pmdaemon.control.log_reader import Follower
from pmdaemon.core.errors import InvalidInput, ProcessNotFound
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.selectors import Selector
from pmdaemon.server.http import log_streams
from pmdaemon.server.http.log_streams import LogStream, Missed, read_cursor, write_cursor
from tests.support.builders import an_app
from tests.support.engine import settle
from tests.support.waiting import eventually

OUT, ERR = OutputStream


class Scene:
    def __init__(self, parts):
        self.parts = parts

    def write(self, text, pm_id=0, stream=OUT):
        self.parts.write(text, pm_id, stream)

    def stream(self, name="web", streams=OutputStream, lines=20, cursor=None):
        selectors = [Selector.parse(name)]
        return LogStream(self.parts.engine, selectors, streams, lines=lines, cursor=cursor)


@pytest.fixture
async def scene(parts):
    await parts.start(an_app(name="web"))
    return Scene(parts)


class Reading:
    """What a stream hands out, piece by piece."""

    def __init__(self, batches):
        self._batches = batches
        self._pieces = []

    async def piece(self):
        while not self._pieces:
            async with asyncio.timeout(60):
                self._pieces = list(await anext(self._batches))
        return self._pieces.pop(0)

    async def text(self):
        return (await self.piece()).line.text

    async def texts(self, count):
        return [await self.text() for _ in range(count)]


async def test_the_last_lines_come_first_and_then_what_is_written(scene):
    scene.write("one\ntwo\nthree\n")
    async with aclosing(scene.stream(lines=2).read()) as batches:
        reading = Reading(batches)
        assert await reading.texts(2) == ["two", "three"]

        scene.write("four\n")
        assert await reading.text() == "four"
        scene.write("oops\n", stream=ERR)
        assert (await reading.piece()).line.stream is ERR


async def test_lines_of_both_streams_are_limited_together(scene):
    scene.write("one\n")
    scene.write("oops\n", stream=ERR)

    async with aclosing(scene.stream(lines=1).read()) as batches:
        reading = Reading(batches)
        first = await reading.text()
        scene.write("last\n")
        assert [first, await reading.text()] in (["one", "last"], ["oops", "last"])


async def test_only_the_wanted_stream_is_read(scene):
    async with aclosing(scene.stream(streams=[ERR]).read()) as batches:
        reading = Reading(batches)
        scene.write("out\n")
        scene.write("err\n", stream=ERR)

        assert await reading.text() == "err"


async def test_reading_goes_on_at_a_cursor_without_losing_or_doubling_a_line(scene):
    scene.write("one\ntwo\n")
    async with aclosing(scene.stream().read()) as batches:
        cursor = (await Reading(batches).piece()).cursor
    scene.write("three\n")
    scene.write("oops\n", stream=ERR)

    async with aclosing(scene.stream(cursor=cursor, lines=0).read()) as batches:
        assert sorted(await Reading(batches).texts(3)) == ["oops", "three", "two"]


async def test_what_a_cursor_points_to_may_be_gone(scene):
    scene.write("one\ntwo\n")
    async with aclosing(scene.stream().read()) as batches:
        cursor = (await Reading(batches).piece()).cursor
    path = scene.parts.engine.processes.glance([0])[0].out_file
    open(path, "w").close()
    scene.write("new\n")

    async with aclosing(scene.stream(cursor=cursor).read()) as batches:
        reading = Reading(batches)
        gap = await reading.piece()
        assert isinstance(gap, Missed)
        assert (gap.process.name, gap.stream) == ("web", OUT)
        assert await reading.text() == "new"


async def test_it_ends_when_all_is_read_of_what_was_deleted(scene):
    async with aclosing(scene.stream().read()) as batches:
        reading = Reading(batches)
        scene.write("one\n")
        assert await reading.text() == "one"
        scene.write("last words\n")
        await scene.parts.engine.processes.delete([Selector.parse("web")])

        assert await reading.text() == "last words"
        with pytest.raises(StopAsyncIteration):
            await reading.piece()
    assert scene.parts.capture._on_growth is None


async def test_an_instance_that_comes_later_is_followed_from_its_beginning(scene):
    async with aclosing(scene.stream("all").read()) as batches:
        reading = Reading(batches)
        scene.write("one\n")
        assert await reading.text() == "one"
        await scene.parts.start(an_app(name="later"))
        scene.write("hello\n", pm_id=1)

        piece = await reading.piece()
        assert (piece.process.name, piece.line.text) == ("later", "hello")


async def test_nobody_is_told_anything_when_the_reader_has_left(scene):
    subscribers = len(scene.parts.bus._subscribers)
    async with aclosing(scene.stream().read()) as batches:
        scene.write("one\n")
        await Reading(batches).text()

    assert len(scene.parts.bus._subscribers) == subscribers
    scene.write("two\n")
    await settle()


async def test_no_file_is_closed_while_a_thread_reads_it(scene, monkeypatch):
    reading, go_on = threading.Event(), threading.Event()
    busy_at_close = []

    class Slow(Follower):
        is_busy = False

        def read_new(self):
            self.is_busy = True
            reading.set()
            go_on.wait(60)
            found = super().read_new()
            self.is_busy = False
            return found

        def close(self):
            busy_at_close.append(self.is_busy)
            super().close()

    monkeypatch.setattr(log_streams, "Follower", Slow)

    async def read():
        async with aclosing(scene.stream().read()) as batches:
            await anext(batches)

    task = asyncio.get_running_loop().create_task(read())
    await eventually(reading.is_set)
    task.cancel()
    await settle()
    go_on.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert busy_at_close == [False, False]


async def test_a_process_that_is_not_there_cannot_be_followed(scene):
    with pytest.raises(ProcessNotFound):
        scene.stream("nobody")


def test_a_cursor_is_read_as_it_was_written():
    places = {(0, OUT): Place(0xABC, 10, 0xFFFFFFFF), (12, ERR): Place(1, 0, 0)}

    assert read_cursor(write_cursor(places)) == places


@pytest.mark.parametrize(
    "text",
    ["", "x", "0.out", "0.out:1.2", "0.log:1.2.3", "0.out:1.2.3,", "0.out:g.2.3", "," * 9000],
)
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(InvalidInput, match="not a cursor"):
        read_cursor(text)


async def test_what_is_written_between_the_beginning_and_the_first_reading_comes(scene):
    scene.write("before\n")
    async with aclosing(lasting(scene).read()) as batches:
        assert await anext(batches) == ()

        scene.write("after\n")

        assert await Reading(batches).text() == "after"


async def test_a_lasting_stream_goes_on_without_a_process(scene):
    async with aclosing(lasting(scene).read()) as batches:
        await anext(batches)
        await scene.parts.engine.processes.delete([Selector.parse("web")])
        await scene.parts.start(an_app(name="other"))
        [other] = scene.parts.engine.processes.list()

        scene.write("one\n", other.process.pm_id)

        assert await Reading(batches).text() == "one"


async def test_that_one_of_several_is_gone_is_nothing_to_the_others(scene):
    await scene.parts.start(an_app(name="api"))
    selectors = [Selector("web", narrow=True), Selector("api", narrow=True)]
    stream = LogStream(scene.parts.engine, selectors, OutputStream, lines=0, lasting=True)
    async with aclosing(stream.read()) as batches:
        await anext(batches)
        await scene.parts.engine.processes.delete([Selector.parse("api")])

        scene.write("one\n")

        assert await Reading(batches).text() == "one"


async def test_a_long_cursor_comes_with_the_last_line_only(scene, monkeypatch):
    monkeypatch.setattr(log_streams, "LONGEST_REPEATED", 10)
    monkeypatch.setattr(log_streams, "SLICE", 2)
    stream = lasting(scene)
    async with aclosing(stream.read()) as batches:
        await anext(batches)
        scene.write("one\ntwo\nthree\n")

        reading = Reading(batches)
        told = [(await reading.piece()).cursor is not None for _ in range(3)]

    assert told == [False, True, True]


async def test_a_cursor_that_is_too_long_for_a_header_is_not_told(scene, monkeypatch):
    stream = lasting(scene)
    async with aclosing(stream.read()) as batches:
        await anext(batches)
        assert stream.cursor
        monkeypatch.setattr(log_streams, "LONGEST_CURSOR", 5)

        assert stream.cursor is None


def lasting(scene):
    (snapshot,) = scene.parts.engine.processes.glance([0])
    for path in (snapshot.out_file, snapshot.error_file):
        with open(path, "a"):
            pass
    everybody = [Selector.parse("all")]
    return LogStream(scene.parts.engine, everybody, OutputStream, lines=0, lasting=True)
