import pytest

from tests.cli.commands.test_deployments import ID, LOG, VIEW


@pytest.fixture
def deployments(client):
    return client.deployments


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
