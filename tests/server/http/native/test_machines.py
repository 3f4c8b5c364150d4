import pytest
from aiohttp import ClientSession

from pmdaemon import __version__
from tests.support.builders import an_app
from tests.support.web_side import turned_on


@pytest.fixture
async def session(parts):
    await parts.start(an_app(name="web"))
    async with turned_on(parts) as server, ClientSession(server.address) as session:
        yield session


async def test_the_api_describes_itself(session):
    async with session.get("/openapi.json") as answer:
        document = await answer.json()

    assert (document["openapi"], document["info"]["version"]) == ("3.1.0", __version__)
    assert "/api/processes/{id}" in document["paths"]


async def test_prometheus_is_told_of_processes_and_of_the_daemon(session):
    async with session.get("/metrics") as answer:
        text = await answer.text()

    assert answer.headers["Content-Type"].startswith("text/plain")
    assert 'pmdaemon_process_up{id="0",instance="0",name="web",namespace="default"} 1.0' in text
    assert "pmdaemon_daemon_process_cpu_seconds_total" in text
    assert "pmdaemon_events_total" in text


async def test_a_head_request_gets_no_body(session):
    async with session.head("/metrics") as answer:
        assert answer.status == 200
        assert await answer.read() == b""
