import pytest

from tests.support.control import controlled
from tests.support.deploying import Scene, a_project


class Verbs(Scene):
    def __init__(self, world, channel):
        super().__init__(world)
        self.channel = channel

    async def ask(self, verb, /, **body):
        client = await self.channel.client()
        answer = await client.answer(verb, body)
        if "error" in answer:
            return answer["error"]["code"]
        return answer["result"]

    async def deployed(self, **body):
        view = (await self.ask("deploy", **body))["deployment"]
        await self.ended(await self.deployments.get(view["id"]))
        return view


@pytest.fixture
async def scene(tmp_path):
    async with controlled(tmp_path, Verbs) as scene:
        scene.have(a_project())
        scene.world.probe.accepts = lambda _port: True
        await scene.parts.begin()
        yield scene
        await scene.deployer.close()


async def test_a_project_is_deployed_by_its_name(scene):
    view = await scene.deployed(project="shop", branch="main", commit="abc1234")

    assert (view["project"], view["number"], view["status"]) == ("shop", 1, "queued")
    assert (view["branch"], view["commit"], view["origin"]) == ("main", "abc1234", "cli")


async def test_a_checkout_of_no_project_becomes_one(scene):
    checkout = {"path": "/home/me/blog", "name": "blog", "branch": "main"}

    assert (await scene.deployed(checkout=checkout))["project"] == "blog"
    assert scene.projects.find("blog").repo_url == "file:///home/me/blog"


async def test_the_branch_of_a_checkout_counts_where_its_code_is_deployed(scene):
    here = {"path": "/home/me/blog", "name": "blog", "branch": "dev"}
    there = {**here, "path": "/x/shop", "origin": "https://git.test/shop"}

    assert (await scene.ask("deploy", checkout=here))["deployment"]["branch"] == "dev"
    assert (await scene.ask("deploy", checkout=there))["deployment"]["branch"] == "main"


async def test_without_a_number_it_is_gone_back_to_what_was_before(scene):
    await scene.deployed(project="shop")
    assert await scene.ask("rollback", project="shop") == "deployment_conflict"
    await scene.deployed(project="shop")

    back = (await scene.ask("rollback", project="shop"))["deployment"]
    await scene.ended(await scene.deployments.get(back["id"]))
    again = (await scene.ask("rollback", project="shop", number=2))["deployment"]

    assert (back["release"], again["release"]) == (1, 2)


async def test_deployments_are_listed_and_shown(scene):
    await scene.deployed(project="shop")
    await scene.deployed(project="shop")

    listed = await scene.ask("deployments", limit=1)
    assert ([one["number"] for one in listed["deployments"]], listed["total"]) == ([2], 2)
    latest = (await scene.ask("deployment", project="shop"))["deployment"]
    assert (latest["number"], latest["live"], latest["kept"]) == (2, True, True)
    first = (await scene.ask("deployment", project="shop", number=1))["deployment"]
    assert (first["status"], first["live"]) == ("stopped", False)


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("deploy", {}, "invalid_input"),
        ("deploy", {"project": "nothing"}, "project_not_found"),
        ("deploy", {"project": "shop", "branch": "-x"}, "invalid_branch"),
        ("rollback", {"project": "shop", "number": 9}, "deployment_not_found"),
        ("deployment", {"project": "shop"}, "deployment_not_found"),
        ("deployment", {"id": "nothing"}, "deployment_not_found"),
        ("deployment", {}, "invalid_input"),
        ("deployment_cancel", {"project": "shop"}, "deployment_not_found"),
        ("deployments", {"limit": 0}, "invalid_input"),
        ("deployment_log", {"id": "nothing"}, "deployment_not_found"),
    ],
)
async def test_what_is_not_there_is_said(scene, verb, body, code):
    assert await scene.ask(verb, **body) == code


@pytest.mark.parametrize(
    ("number", "sentence"),
    [({"number": 9}, "shop has no deployment 9"), ({}, "shop has no deployment yet")],
)
async def test_a_deployment_that_is_not_there_is_named(scene, number, sentence):
    client = await scene.channel.client()

    answer = await client.answer("deployment", {"project": "shop", **number})

    assert answer["error"]["message"] == sentence


async def test_what_is_at_its_end_cannot_be_cancelled(scene):
    await scene.deployed(project="shop")

    assert await scene.ask("deployment_cancel", project="shop") == "deployment_conflict"


async def test_a_log_is_told_with_the_deployment_at_its_end(scene):
    view = await scene.deployed(project="shop")
    client = await scene.channel.client()
    await client.ask("deployment_log", {"id": view["id"], "since": 2})
    items = []
    while "item" in (answer := await client.receive()):
        items.append(answer["item"])

    assert answer == {"result": {}}
    assert items[0]["lines"][0]["number"] == 3
    assert items[-1]["deployment"]["status"] == "running"


async def test_one_can_be_run_anew_promoted_stopped_and_removed(scene):
    first = await scene.deployed(project="shop")
    await scene.deployed(project="shop")

    again = (await scene.ask("deployment_promote", id=first["id"]))["deployment"]
    assert (again["number"], again["rollback_of"]) == (3, first["id"])
    await scene.ended(await scene.deployments.get(again["id"]))
    anew = (await scene.ask("deployment_restart", project="shop"))["deployment"]
    assert anew["number"] == 4
    await scene.ended(await scene.deployments.get(anew["id"]))

    assert await scene.ask("deployment_remove", project="shop") == "deployment_conflict"
    stopped = (await scene.ask("deployment_stop", project="shop"))["deployment"]
    assert stopped["status"] == "stopped"
    gone = (await scene.ask("deployment_remove", project="shop", number=2))["deployment"]
    assert gone["number"] == 2
    assert await scene.ask("deployment", project="shop", number=2) == "deployment_not_found"
