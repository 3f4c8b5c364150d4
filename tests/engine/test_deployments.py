import asyncio

from pmdaemon.config.deployed_apps import first_port
from pmdaemon.core.deployments import (
    DeploymentStatus,
)
from pmdaemon.engine.interfaces.deploying import (
    LogQuery,
)
from tests.support.deploying import a_project, turns

S = DeploymentStatus

PORT = first_port(a_project())


async def test_a_deployment_can_be_followed_to_its_end(scene):
    asked = await scene.deployer.request(a_project(), user_id="u1")
    seen = []

    async def follow():
        async for lines in scene.deployments.follow(asked.id):
            seen.extend(line.message for line in lines)

    following = asyncio.get_running_loop().create_task(follow())
    await scene.ended(asked)
    await turns()

    assert following.done()
    assert seen[0] == "queued"
    assert seen[-1] == "live at http://shop.localhost:9680"
    assert seen == scene.lines(asked)


async def test_a_log_can_be_followed_from_a_line_on(scene):
    live = await scene.deploy(a_project())
    everything = scene.lines(live)

    rest = [
        line.message async for lines in scene.deployments.follow(live.id, since=3) for line in lines
    ]

    assert rest == everything[3:]


async def test_of_what_is_listed_it_is_known_whose_release_is_kept(scene):
    first = await scene.deploy(a_project())
    second = await scene.deploy(a_project())
    await scene.parts.store.remove_releases("p1", [1])

    assert await scene.deployments.kept([first, second]) == {second.id}


async def test_lines_can_be_chosen(scene):
    live = await scene.deploy(a_project())

    (line,) = scene.deployments.lines(live, LogQuery(levels=frozenset({"success"})))
    assert line.message.startswith("live at")
