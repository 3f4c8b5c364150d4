import pytest

from tests.support.deploying import Scene


@pytest.fixture
async def scene(api):
    scene = Scene(api.parts)
    api.parts.probe.accepts = lambda _port: True
    await scene.parts.begin()
    yield scene
    await scene.deployer.close()


@pytest.fixture
def deploy(api, scene):
    async def deploy(**asked):
        body = {"project_id": api.names["shop"], **asked}
        answer = await api.ask("POST", "/deployments", body, by="jane")
        assert answer.status == 201, answer.json
        await scene.ended(await scene.deployments.get(answer.json["id"]))
        return answer.json

    return deploy


async def shown(api, deployment, by="jane"):
    return (await api.ask("GET", f"/deployments/{deployment['id']}", by=by)).json


async def test_a_deployment_is_queued_and_then_runs(api, deploy):
    asked = await deploy(branch="main", commit_sha="abc1234", commit_msg="why")

    assert asked["status"] == "queued"
    assert (asked["branch"], asked["commit_sha"], asked["commit_msg"]) == ("main", "abc1234", "why")
    live = await shown(api, asked)
    assert (live["status"], live["is_default"], live["can_roll_back"]) == ("running", True, True)
    assert live["url"] == "http://shop.localhost:9680"
    assert int(live["container_id"]) > 0
    assert live["external_port"] >= 20000
    assert live["created_at"].endswith("Z")
    assert live["project_id"] == api.names["shop"]


async def test_lists_have_pages(api, deploy):
    for _ in range(3):
        await deploy()

    page = (await api.ask("GET", "/deployments?limit=2&offset=1", by="jane")).json

    assert [one["number"] for one in page["data"]] == [2, 1]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)
    usual = (await api.ask("GET", "/deployments", by="jane")).json
    assert usual["limit"] == 20
    capped = (await api.ask("GET", "/deployments?limit=5000", by="jane")).json
    assert capped["limit"] == 100


@pytest.mark.parametrize("query", ["limit=-1", "limit=many", "offset=-1"])
async def test_pages_that_are_none_are_refused(api, scene, query):
    assert await api.status("GET", f"/deployments?{query}", by="jane") == 400


async def test_going_back_and_starting_anew(api, scene, deploy):
    first, second = await deploy(), await deploy()

    back = await api.ask("POST", f"/deployments/{first['id']}/rollback", by="jane")
    await scene.ended(await scene.deployments.get(back.json["id"]))
    anew = await api.ask("POST", f"/deployments/{back.json['id']}/restart", by="jane")
    await scene.ended(await scene.deployments.get(anew.json["id"]))

    assert (back.status, back.json["rollback_of"], back.json["release"]) == (201, first["id"], 1)
    assert (anew.status, anew.json["rollback_of"]) == (201, back.json["id"])
    assert (await shown(api, second))["status"] == "stopped"
    promoted = await api.ask("PATCH", f"/deployments/{anew.json['id']}/promote", by="jane")
    assert (promoted.status, promoted.json["id"]) == (200, anew.json["id"])


async def test_what_does_not_go_is_a_conflict(api, deploy):
    live = await deploy()
    path = f"/deployments/{live['id']}"

    for method, what in (("POST", "/rollback"), ("POST", "/cancel"), ("DELETE", "")):
        answer = await api.ask(method, path + what, by="jane")
        assert (answer.status, list(answer.json)) == (409, ["error"])


async def test_stopping_and_deleting(api, scene, deploy):
    first, second = await deploy(), await deploy()

    stopped = await api.ask("POST", f"/deployments/{second['id']}/stop", by="jane")
    deleted = await api.ask("DELETE", f"/deployments/{first['id']}", by="jane")

    assert stopped.json["status"] == "stopped"
    assert (deleted.status, deleted.json) == (200, {"message": "deployment deleted"})
    assert await api.status("GET", f"/deployments/{first['id']}", by="jane") == 404


async def test_what_is_somebody_elses_is_not_there(api, scene, deploy):
    live = await deploy()
    path = f"/deployments/{live['id']}"
    calls = [
        ("GET", path), ("DELETE", path), ("POST", f"{path}/rollback"), ("POST", f"{path}/restart"),
        ("PATCH", f"{path}/promote"), ("POST", f"{path}/cancel"), ("POST", f"{path}/stop"),
        ("GET", f"/logs/{live['id']}"), ("GET", f"/logs/{live['id']}/events"),
        ("GET", f"/logs/{live['id']}/stream"),
    ]  # fmt: skip

    for method, where in calls:
        foreign = await api.ask(method, where, by="joe")
        unknown = await api.ask(method, where.replace(live["id"], "nothing"), by="joe")
        assert (foreign.status, foreign.json) == (404, {"error": "deployment not found"})
        assert (unknown.status, unknown.json) == (foreign.status, foreign.json)
    assert (await api.ask("GET", "/deployments", by="joe")).json["data"] == []
    shop = api.names["shop"]
    assert await api.status("GET", f"/deployments?project_id={shop}", by="joe") == 404
    assert await api.status("POST", "/deployments", {"project_id": shop}, by="joe") == 404
    assert (await shown(api, live))["status"] == "running"


async def test_an_administrator_sees_all(api, deploy):
    live = await deploy()

    assert (await shown(api, live, by="root"))["id"] == live["id"]
    assert (await api.ask("GET", "/deployments", by="root")).json["total"] == 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "project_id"),
        ({"branch": "-f"}, "not the name of a branch"),
        ({"commit_sha": "--exec=x"}, "not the name of a commit"),
        ({"commit_sha": 5}, "commit_sha"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused(api, scene, body, sentence):
    if body:
        body["project_id"] = api.names["shop"]

    answer = await api.ask("POST", "/deployments", body, by="jane")

    assert (answer.status, list(answer.json)) == (400, ["error"])
    assert sentence in answer.json["error"]


async def test_without_a_token_nothing_is_shown(api, scene):
    for path in ("/deployments", "/deployments/x", "/logs/x", "/logs/x/stream", "/logs/x/events"):
        assert await api.status("GET", path) == 401
