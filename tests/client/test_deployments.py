import asyncio

import pytest

from pmdaemon.client.asynchronous import AsyncClient
from pmdaemon.client.blocking import Client
from tests.cli.commands.test_deployments import ID, LOG, VIEW


class Awaited:
    """The same verbs, awaited."""

    def __init__(self, home):
        self._client = AsyncClient(home)

    def __getattr__(self, name):
        def call(*arguments, **options):
            async def ask():
                return await getattr(self._client.deployments, name)(*arguments, **options)

            return asyncio.run(ask())

        return call

    def log(self, *arguments, **options):
        async def read():
            found = self._client.deployments.log(*arguments, **options)
            return [item async for item in found]

        return asyncio.run(read())


@pytest.fixture(params=["blocking", "asynchronous"])
def deployments(request, home):
    return Client(home).deployments if request.param == "blocking" else Awaited(home)


def test_each_verb_asks_for_what_it_is_called(daemon, deployments):
    one = {"result": {"deployment": VIEW}}
    acts = ("cancel", "restart", "promote", "stop", "remove")
    for verb in ("deploy", "rollback", "deployment", *(f"deployment_{act}" for act in acts)):
        daemon.answers(verb, one)
    daemon.answers("deployments", {"result": {"deployments": [VIEW], "total": 1}})
    checkout = {"path": "/x", "name": "x"}

    assert deployments.deploy("shop", branch="dev") == VIEW
    assert deployments.deploy(checkout=checkout) == VIEW
    assert deployments.rollback("shop") == VIEW
    assert deployments.get("shop", 3) == VIEW
    assert deployments.get(ID) == VIEW
    for act in acts:
        assert getattr(deployments, act)("shop", 3) == VIEW
    assert deployments.list("shop", limit=3)["total"] == 1

    assert daemon.asked("deploy") == [
        {"project": "shop", "branch": "dev"},
        {"checkout": checkout},
    ]
    assert daemon.asked("rollback") == [{"project": "shop"}]
    assert daemon.asked("deployment") == [{"project": "shop", "number": 3}, {"id": ID}]
    for act in acts:
        assert daemon.asked(f"deployment_{act}") == [{"project": "shop", "number": 3}]
    assert daemon.asked("deployments") == [{"project": "shop", "limit": 3}]


def test_a_log_is_read_as_it_comes(daemon, deployments):
    daemon.answers("deployment_log", *LOG)

    items = list(deployments.log("d-3", since=7))

    assert [list(item) for item in items] == [["lines"], ["deployment"]]
    assert daemon.asked("deployment_log") == [{"id": "d-3", "since": 7}]
