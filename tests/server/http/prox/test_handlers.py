import asyncio

import pytest
from aiohttp import ClientSession

from pmdaemon.core.selectors import Selector
from tests.support.builders import an_app
from tests.support.waiting import eventually
from tests.support.web_side import turned_on

ROOT = "/api/v1"


@pytest.fixture
async def scene(parts):
    await parts.start(an_app(name="web"))
    async with turned_on(parts) as server, ClientSession() as session:

        async def ask(method, path):
            async with session.request(method, f"{server.address}{ROOT}{path}") as answer:
                parts.connection = answer.headers.get("Connection")
                return answer.status, await answer.json()

        parts.ask = ask
        yield parts


async def test_what_starts_is_running_already(scene):
    await scene.engine.processes.stop([Selector.parse("web")])

    answers = await asyncio.gather(*(scene.ask("POST", "/processes/web/start") for _ in range(2)))

    assert sorted(status for status, _ in answers) in ([200, 200], [200, 409])
    assert len(scene.world.living()) == 1


async def test_while_everything_ends_nothing_else_is_done(scene):
    scene.program(0).ignores = frozenset({"SIGINT"})
    assert await scene.ask("POST", "/shutdown") == (200, {"success": True})
    await eventually(lambda: scene.engine.processes.is_ending)

    status, shown = await scene.ask("GET", "/status")
    refused = await scene.ask("POST", "/processes/web/restart")
    assert (status, shown["status"]) == (200, "stopping")
    assert (refused[0], refused[1]["code"]) == (503, "SHUTDOWN_IN_PROGRESS")
    assert (await scene.ask("POST", "/shutdown"))[0] == 200

    waiting = asyncio.get_running_loop().create_task(scene.ask("POST", "/shutdown?wait=true"))
    while not waiting.done():
        scene.clock.advance(5.0)
        await asyncio.sleep(0)
    assert waiting.result() == (200, {"success": True, "waited": True, "failures": []})
    assert scene.world.living() == []


async def test_the_connection_is_closed_behind_a_shutdown(scene):
    await scene.ask("POST", "/shutdown")

    assert scene.connection == "close"
