import asyncio

import pytest

from pmdaemon import telemetry
from pmdaemon.core.journal import EntryQuery
from pmdaemon.core.selectors import Selector
from pmdaemon.telemetry import Telemetry
from tests.support.builders import an_app
from tests.support.engine import engine_on_fakes
from tests.support.waiting import eventually
from tests.support.web_side import turned_on


@pytest.fixture
async def parts(tmp_path):
    async with engine_on_fakes(tmp_path) as parts, turned_on(parts) as server:
        parts.web._server = server
        await parts.start(an_app(name="web"), an_app(name="api"))
        yield parts


@pytest.fixture
def program(parts, monkeypatch):
    """Make the line of a program, as it finds it in its environment."""
    monkeypatch.setattr(telemetry, "PATIENCE", 60.0)  # however busy the machine is
    lines = []

    def make(pm_id, interval=None):
        process = parts.supervisor.processes[pm_id]
        environment = parts.children.environment(process)
        lines.append(Telemetry(interval, environment=environment))
        return lines[-1]

    yield make
    for line in lines:
        line.close()


def test_without_a_daemon_all_of_it_does_nothing():
    telemetry = Telemetry(environment={})

    telemetry.on("greet", print)
    assert not telemetry.enabled
    assert not telemetry.report()
    assert not telemetry.log("hello")
    assert not telemetry.emit("web", "greet")


async def test_a_program_reports_memory_and_more(parts, program):
    assert await asyncio.to_thread(program(0).report, queue=7)

    [web, _] = parts.engine.processes.list()
    assert web.telemetry["memory"]["rss"] > 1_000_000
    assert web.telemetry["queue"] == 7


async def test_reports_come_without_being_asked_for(parts, program):
    program(0, interval=1.0)

    await eventually(lambda: parts.engine.processes.list()[0].telemetry)


async def test_a_line_of_a_program_is_about_it(parts, program):
    assert await asyncio.to_thread(program(1).log, "hello", "warn")

    [entry] = await parts.engine.journal.find(EntryQuery(limit=9, consumer="telemetry-api"))
    assert (entry.process, entry.consumer, entry.text) == ("api", "telemetry-api", "hello")


async def test_programs_talk_to_each_other(parts, program):
    heard = []
    web = program(0)
    web.on("greet", heard.append)
    api = program(1)

    # Until it listens nobody is there to be told.
    while not heard:
        assert await asyncio.to_thread(api.emit, "web", "greet", {"n": 1})

    assert heard[0] == {"n": 1}


async def test_a_program_whose_daemon_stopped_it_has_no_say_any_more(parts, program):
    line = program(0)
    await parts.engine.processes.stop([Selector("web")])

    assert not await asyncio.to_thread(line.report)


async def test_a_token_is_renewed(parts, program):
    line = program(0)
    before = line._token
    parts.clock.advance(60.0)

    assert await asyncio.to_thread(line._renew)
    assert line._token != before
    assert await asyncio.to_thread(line.report)
