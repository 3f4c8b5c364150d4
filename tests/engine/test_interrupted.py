import pytest
from msgspec.structs import replace

from pmdaemon.config.deployed_apps import first_port
from pmdaemon.core.deployments import (
    DeploymentStatus,
    Phase,
)
from pmdaemon.core.projects import EnvScope
from pmdaemon.core.selectors import Selector
from tests.support.deploying import a_project, turns

S = DeploymentStatus

PORT = first_port(a_project())


async def left_by_a_former_daemon(scene, **how):
    """Have something live, and beside it a second deployment in the midst of it."""
    first = await scene.deploy(a_project())
    left = replace(first, id="d9", number=2, status=S.BUILDING, app="", release=None, begun=1)
    await scene.parts.store.save(replace(left, **how))
    scene.builder.leftovers["build-d9"] = 3
    scene.parts.assemble()
    await scene.parts.begin()
    return first


@pytest.mark.parametrize("phase", [None, Phase.FETCH, Phase.INSTALL, Phase.BUILD])
async def test_what_was_being_built_is_built_again(scene, phase):
    first = await left_by_a_former_daemon(scene, phase=phase)

    assert scene.builder.ended == ["build-d9"]
    again = await scene.ended(await scene.deployments.get("d9"))
    assert (again.status, again.app, again.begun) == (S.RUNNING, "shop@2", 2)
    assert (await scene.deployments.get(first.id)).status is S.STOPPED
    assert "the daemon ended while it was under way: it is begun again" in scene.lines(again)


@pytest.mark.parametrize("how", [{"phase": Phase.RELEASE}, {"phase": Phase.BUILD, "begun": 2}])
async def test_what_may_have_had_effects_or_brings_daemons_down_has_failed(scene, how):
    first = await left_by_a_former_daemon(scene, **how)

    found = await scene.deployments.get("d9")
    assert (found.status, found.error_msg) == (S.FAILED, "the daemon ended while it was under way")
    assert scene.builder.ended == ["build-d9"]
    assert (await scene.deployments.get(first.id)).status is S.RUNNING
    assert scene.names() == ["shop@1"]


async def test_one_whose_project_is_gone_is_left_alone(scene):
    await scene.parts.store.save(
        replace(await scene.deploy(a_project()), id="d9", project_id="gone", status=S.BUILDING)
    )
    scene.parts.assemble()

    await scene.parts.begin()

    assert (await scene.parts.store.get("d9")).status is S.BUILDING


async def test_what_got_requests_already_is_live(scene):
    live = await scene.deploy(a_project())
    await scene.parts.store.save(replace(live, status=S.BUILDING, app="", phase=Phase.START))
    scene.parts.assemble()

    await scene.parts.begin()

    found = await scene.deployments.get(live.id)
    assert (found.status, found.app) == (S.RUNNING, "shop@1")
    assert scene.deployments.is_live(found)


async def test_what_waited_is_built_by_the_next_daemon(scene):
    asked = await scene.parts.store.add(
        replace(await scene.deploy(a_project()), id="d9", status=S.QUEUED, app="", release=None)
    )
    scene.parts.assemble()

    await scene.parts.begin()

    assert (await scene.ended(asked)).status is S.RUNNING


async def test_what_was_left_beside_the_live_one_is_taken_down(scene):
    first = await scene.deploy(a_project())
    second = await scene.deploy(a_project())
    stray = replace(scene.world.supervisor.processes[1].spec, name="shop@1")
    await scene.world.engine.processes.start_apps([stray], existing="refuse")
    assert "shop@1" in scene.names()
    scene.parts.assemble()

    await scene.parts.begin()

    assert scene.names() == ["shop@2"]
    assert (await scene.deployments.get(first.id)).status is S.STOPPED
    assert (await scene.deployments.get(second.id)).status is S.RUNNING


async def test_the_next_daemon_follows_what_runs_and_gives_it_its_variables(scene):
    live = await scene.deploy(a_project())
    await scene.projects.variables.set("p1", {"GREETING": "hello"}, EnvScope.RUN)
    scene.parts.assemble()
    await scene.parts.begin()

    await scene.world.engine.processes.restart([Selector("shop@1", narrow=True)])
    assert scene.environment("shop@1")["GREETING"] == "hello"

    await scene.world.engine.processes.stop([Selector("shop@1", narrow=True)])
    await turns()
    assert (await scene.deployments.get(live.id)).status is S.STOPPED
