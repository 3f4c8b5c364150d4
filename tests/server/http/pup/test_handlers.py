"""What the transcripts do not show: what comes of it in the engine."""

import pytest
from aiohttp import ClientSession

from pmdaemon.core.access import TokenKind
from pmdaemon.core.notices import EndingBegan, MessageSent
from pmdaemon.core.process import ProcessState
from tests.support.builders import an_app
from tests.support.waiting import eventually
from tests.support.web_side import turned_on


@pytest.fixture
async def parts(parts):
    await parts.start(an_app(name="web"), an_app(name="api", instances=2))
    return parts


@pytest.fixture
async def session(parts):
    _, token = await parts.engine.tokens.make("ci", kind=TokenKind.CONSUMER)
    async with (
        turned_on(parts) as server,
        ClientSession(server.address, headers={"Authorization": f"Bearer {token}"}) as session,
    ):
        yield session


async def test_one_instance_of_a_cluster_can_be_stopped(parts, session):
    async with session.post("/processes/api-2/stop") as response:
        assert (response.status, await response.read()) == (200, b"")

    states = [parts.state(pm_id) for pm_id in (0, 1, 2)]
    assert states == [ProcessState.ONLINE, ProcessState.ONLINE, ProcessState.STOPPED]


async def test_telemetry_is_kept_with_the_process_as_it_came(parts, session):
    report = {"sender": "api-1", "memory": {"rss": 5}, "anything": ["else"]}

    async with session.post("/telemetry", json=report) as response:
        assert response.status == 200

    assert [one.telemetry for one in parts.engine.processes.list()] == [None, report, None]
    async with session.get("/processes") as response:
        told = {one["status"]["id"]: one["status"] for one in (await response.json())["data"]}
    assert told["api-1"]["telemetry"] == report


async def test_a_message_is_sent_in_the_name_of_the_token(parts, session):
    sent = []
    parts.bus.subscribe(sent.append)

    message = {"target": "web", "event": "greet", "eventData": None, "sender": "somebody else"}
    async with session.post("/ipc", json=message) as response:
        assert response.status == 200

    assert sent == [MessageSent("web", "greet", None, "ci")]


async def test_termination_answers_first_and_then_ends_all_programs_and_the_daemon(parts, session):
    began = []
    parts.bus.subscribe(lambda one: began.append(one) if isinstance(one, EndingBegan) else None)

    async with session.post("/terminate") as response:
        assert response.status == 200

    await parts.engine.ending.wait()
    await eventually(lambda: {parts.state(pm_id) for pm_id in (0, 1, 2)} == {ProcessState.STOPPED})
    assert len(began) == 1
    async with session.post("/processes/web/start") as response:
        assert response.status == 503
        assert (await response.json())["code"] == "shutdown_in_progress"


def nested(depth):
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "report",
    [
        f'{{"sender": "web", "x": {nested(100)}}}',
        f'{{"sender": "web", "memory": {{"rss": {10**400}}}}}',
        f'{{"sender": "web", "memory": {{"rss": -{10**400}}}}}',
    ],
)
async def test_a_report_that_could_not_be_shown_is_refused(parts, session, report):
    async with session.post("/telemetry", data=report) as response:
        assert (response.status, (await response.json())["code"]) == (400, "invalid_request")

    assert all(one.telemetry is None for one in parts.engine.processes.list())


async def test_the_deepest_and_largest_report_can_be_shown_everywhere(session):
    report = f'{{"sender": "web", "x": {nested(99)}, "memory": {{"rss": {2**63}}}}}'

    async with session.post("/telemetry", data=report) as response:
        assert response.status == 200

    for path in ("/state", "/processes", "/metrics", "/api/processes/web"):
        async with session.get(path) as response:
            assert response.status == 200, path


async def test_a_message_that_is_nested_too_deeply_is_refused(session):
    message = f'{{"target": "web", "event": "greet", "eventData": {nested(900)}}}'

    async with session.post("/ipc", data=message) as response:
        told = await response.json()

    assert (response.status, told["error"]) == (
        400,
        "cannot use the body of this request: it is nested more than 100 levels deep",
    )
