import asyncio

import pytest

from pmdaemon.client.asynchronous import AsyncClient
from pmdaemon.client.blocking import Client
from pmdaemon.config.paths import Home
from tests.support.scripted_daemon import ScriptedDaemon


class Awaited:
    """The client for event loops, as a program without one would use it."""

    def __init__(self, *arguments, **options):
        self._client = AsyncClient(*arguments, **options)
        self.home = self._client.home

    def __getattr__(self, name):
        verb = getattr(self._client, name)

        def call(*arguments, **options):
            return asyncio.run(_settled(verb(*arguments, **options)))

        return call


async def _settled(work):
    if hasattr(work, "__aiter__"):
        return [item async for item in work]
    return await work


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return Home(str(folder))


@pytest.fixture
def daemon(home):
    with ScriptedDaemon(home.socket) as scripted:
        yield scripted


@pytest.fixture(params=[Client, Awaited], ids=["blocking", "asynchronous"])
def a_client(request):
    """Both clients, one after the other: what holds for one holds for the other."""
    return request.param


@pytest.fixture
def client(a_client, home):
    return a_client(home, environment={"PATH": "/bin", "PMDAEMON_API_KEY": "hunter2"})
