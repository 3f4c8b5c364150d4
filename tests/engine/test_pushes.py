import pytest

from pmdaemon.core.deployments import Origin
from pmdaemon.engine.interfaces.deploying import CodeRequest
from pmdaemon.engine.pushes import RECEIVE
from tests.support.deploying import Scene, a_project
from tests.support.engine import engine_on_fakes

PROJECT = a_project(repo_url="push")


@pytest.fixture
async def scene(tmp_path):
    async with engine_on_fakes(tmp_path) as world:
        scene = Scene(world)
        scene.have(PROJECT)
        yield scene
        await scene.deployer.close()


async def nothing():
    return
    yield b""


async def push(scene, **tips):
    pushes = scene.parts.pushes
    before = await pushes.tip(PROJECT)
    scene.parts.code.pushed = tips
    request = CodeRequest(project_id="p1", service=RECEIVE, method="POST")
    answer = await pushes.answer(request, nothing())
    assert [piece async for piece in answer.body] == [b"0000"]
    return await pushes.deploy(PROJECT, before=before, user_id="u1")


async def test_what_is_pushed_to_the_branch_is_deployed(scene):
    asked = await push(scene, main="b" * 40)

    assert (asked.commit_sha, asked.branch, asked.origin) == ("b" * 40, "main", Origin.PUSH)


async def test_a_push_to_another_branch_is_taken_in_and_no_more(scene):
    assert await push(scene, dev="b" * 40) is None


async def test_a_push_that_changes_nothing_deploys_nothing(scene):
    await push(scene, main="b" * 40)

    assert await push(scene, main="b" * 40) is None


async def test_a_branch_that_is_deleted_deploys_nothing(scene):
    await push(scene, main="b" * 40)

    assert await push(scene) is None
