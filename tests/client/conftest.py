import asyncio

import pytest

from pmdaemon.client.asynchronous import AsyncClient
from pmdaemon.client.blocking import Client
from pmdaemon.config.paths import Home
from tests.support.scripted_daemon import ScriptedDaemon


class Awaited:
    """What has verbs for event loops, as a program without one would use it."""

    def __init__(self, subject):
        self._subject = subject

    def __getattr__(self, name):
        found = getattr(self._subject, name)
        if not callable(found):
            return found if name == "home" else Awaited(found)

        def call(*arguments, **options):
            return asyncio.run(_settled(found(*arguments, **options)))

        return call


def an_awaited_client(*arguments, **options):
    return Awaited(AsyncClient(*arguments, **options))


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


@pytest.fixture(params=[Client, an_awaited_client], ids=["blocking", "asynchronous"])
def a_client(request):
    """Both clients, one after the other: what holds for one holds for the other."""
    return request.param


@pytest.fixture
def client(a_client, home):
    return a_client(home, environment={"PATH": "/bin", "PMDAEMON_API_KEY": "hunter2"})
