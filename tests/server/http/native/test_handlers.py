"""What the transcripts cannot bring about: failures of programs, of the store, and of ourselves."""

import asyncio
import json
import logging

import pytest
from aiohttp import ClientSession

from pmdaemon.core.errors import StoreUnavailable
from tests.support.builders import an_app
from tests.support.waiting import eventually
from tests.support.web_side import turned_on


@pytest.fixture
async def parts(parts):
    await parts.start(an_app(name="web"))
    return parts


@pytest.fixture
async def session(parts):
    async with turned_on(parts) as server, ClientSession(server.address) as session:
        yield session


async def answer(response):
    async with response as received:
        return received.status, json.loads(await received.read())


@pytest.mark.parametrize("verb", ["start", "restart"])
async def test_a_program_that_cannot_be_started_is_no_success(parts, session, verb):
    await answer(session.post("/api/processes/web/stop"))
    parts.launcher.fail("cannot run /srv/server.js: permission denied")

    status, body = await answer(session.post(f"/api/processes/web/{verb}"))

    assert (status, body["error"]["code"]) == (409, "OPERATION_FAILED")
    assert "permission denied" in body["error"]["message"]


async def test_a_store_that_fails_is_our_failure_and_nothing_is_done(parts, session):
    parts.store.failure = StoreUnavailable("cannot write the store: disk full", code="store_full")

    status, body = await answer(session.post("/api/processes/web/stop"))

    assert (status, body["error"]["code"]) == (503, "STORE_FULL")
    assert parts.supervisor.processes[0].pid == 100


async def test_a_failure_of_ours_is_logged_and_not_shown(parts, session, caplog):
    parts.host.reading = None

    with caplog.at_level(logging.ERROR):
        status, body = await answer(session.get("/api/system"))

    assert status == 500
    assert body == {
        "success": False,
        "error": {
            "code": "INTERNAL_ERROR",
            "message": "the daemon failed at this; see its log",
            "details": {},
        },
    }
    assert "http.failed method=GET route=/api/system" in caplog.text
    assert "Traceback" in caplog.text


async def test_a_stop_is_answered_when_the_program_is_gone_and_not_before(parts, session):
    parts.program(0).ignores = frozenset({"SIGINT"})
    request = session.post("/api/processes/web/stop")
    pending = asyncio.get_running_loop().create_task(answer(request))
    await eventually(lambda: parts.trees.signals)
    assert not pending.done()

    parts.clock.advance(1.6)

    assert (await pending)[0] == 200
    assert parts.trees.killed == [100]
    assert parts.world.living() == []


async def test_a_client_that_goes_away_takes_nothing_back(parts, session):
    parts.program(0).ignores = frozenset({"SIGINT"})
    pending = asyncio.get_running_loop().create_task(
        answer(session.post("/api/processes/web/stop"))
    )
    await eventually(lambda: parts.trees.signals)

    pending.cancel()
    parts.clock.advance(1.6)

    await eventually(lambda: parts.supervisor.processes[0].pid is None)


async def test_a_process_in_full_comes_with_what_has_happened_to_it(session):
    await answer(session.post("/api/processes/web/restart"))

    _, body = await answer(session.get("/api/processes/web"))

    kinds = [event["event"] for event in body["events"]]
    assert kinds[:2] == ["added", "started"]
    assert "restarted" in kinds
    assert len({event["cursor"] for event in body["events"]}) == len(kinds)
