"""What only the client for event loops has to hold; what both do is in `test_blocking`."""

import asyncio
import inspect
import threading

import psutil
import pytest

from pmdaemon import AsyncClient, Client
from pmdaemon.client import asynchronous
from pmdaemon.client.logs import LogFeed
from tests.support.views import a_view
from tests.support.waiting import eventually

CALLBACKS = {"on_started"}
"""Parameters that make sense for a caller in the same thread only."""


def verbs(kind):
    return {
        name: member
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def parameters(function):
    given = inspect.signature(function).parameters.items()
    return {
        name: (one.kind, one.default, one.annotation)
        for name, one in given
        if name not in CALLBACKS
    }


def test_the_twins_have_the_same_verbs():
    assert verbs(Client).keys() == verbs(AsyncClient).keys()


@pytest.mark.parametrize("verb", ["__init__", *verbs(Client)])
def test_a_verb_takes_the_same_of_both(verb):
    assert parameters(getattr(Client, verb)) == parameters(getattr(AsyncClient, verb))


async def test_many_things_are_asked_for_at_once(home, daemon):
    daemon.held = {"stop"}
    tell = daemon.tells("stop")
    daemon.answers("list", {"result": {"processes": [a_view()]}})
    client = AsyncClient(home, environment={})

    async with asyncio.TaskGroup() as tasks:
        stopping = tasks.create_task(client.stop("web"))
        await eventually(lambda: daemon.asked("stop"))

        assert await client.list() == [a_view()]

        assert not stopping.done()
        tell({"result": {"processes": []}})
    assert stopping.result() == []


async def test_a_call_that_is_cancelled_hangs_up(home, daemon):
    daemon.held = {"stop"}
    client = AsyncClient(home, environment={})
    stopping = asyncio.create_task(client.stop("web"))
    await eventually(lambda: daemon.asked("stop"))

    stopping.cancel()

    await eventually(lambda: daemon.hang_ups == 1)
    with pytest.raises(asyncio.CancelledError):
        await stopping


async def test_a_stream_that_is_closed_hangs_up(home, daemon):
    daemon.held = {"follow"}
    daemon.answers("follow", {"item": {"pm_id": 0, "stream": "out"}})
    items = AsyncClient(home, environment={}).follow("all")

    assert await anext(items) == {"pm_id": 0, "stream": "out"}
    await items.aclose()

    await eventually(lambda: daemon.hang_ups == 1)


async def test_output_is_followed_also_of_a_process_that_comes_later(home, daemon, tmp_path):
    daemon.held = {"follow"}
    tell = daemon.tells("follow")
    files = {"out_file": str(tmp_path / "out"), "error_file": str(tmp_path / "err")}
    daemon.answers("list", {"result": {"processes": []}})
    daemon.answers("list", {"result": {"processes": [a_view("web", **files)]}})
    lines = AsyncClient(home, environment={}).logs(follow=True)
    (tmp_path / "out").write_text("one\n")

    tell({"item": {"pm_id": 0, "state": "online", "name": "web"}})
    assert (await anext(lines)).text == "one"
    with (tmp_path / "out").open("a") as file:
        file.write("two\n")
    tell({"item": {"pm_id": 0, "stream": "out"}})

    assert (await anext(lines)).text == "two"
    await lines.aclose()

    await eventually(lambda: daemon.hang_ups == 1)
    assert str(tmp_path / "out") not in {one.path for one in psutil.Process().open_files()}


async def test_files_are_opened_and_read_in_a_thread(home, daemon, tmp_path, monkeypatch):
    (tmp_path / "out").write_text("one\n")
    files = {"out_file": str(tmp_path / "out"), "error_file": str(tmp_path / "err")}
    daemon.answers("list", {"result": {"processes": [a_view("web", **files)]}})
    readers = set()

    class Watched(LogFeed):
        def history(self, *arguments, **options):
            readers.add(threading.current_thread())
            return super().history(*arguments, **options)

    monkeypatch.setattr(asynchronous, "LogFeed", Watched)

    assert [line.text async for line in AsyncClient(home, environment={}).logs()] == ["one"]
    assert readers
    assert threading.main_thread() not in readers
