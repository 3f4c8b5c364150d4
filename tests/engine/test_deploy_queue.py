import asyncio

import pytest

from pmdaemon.core.deploy_limits import DeployLimits
from pmdaemon.core.deployments import DeploymentNotFound, DeploymentStatus
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.releases import Listing
from pmdaemon.engine import deploy_queue
from tests.support.deploying import a_project, turns

S = DeploymentStatus

PROJECT = a_project(build_command="make")


@pytest.fixture
def project():
    return PROJECT


async def test_one_of_a_project_at_a_time(scene):
    scene.builder.held["make"] = gate = asyncio.Event()
    first = await scene.deployer.request(PROJECT, user_id="u1")
    await scene.until(lambda: scene.builder.orders)
    second = await scene.deployer.request(PROJECT, user_id="u1")
    await turns()
    assert len(scene.builder.orders) == 1

    gate.set()
    await scene.ended(second)

    assert len(scene.builder.orders) == 2
    assert (await scene.deployments.get(first.id)).status is S.STOPPED


async def test_to_go_back_needs_no_place_among_builds(scene):
    first = await scene.deploy(PROJECT)
    await scene.deploy(PROJECT)
    others = [a_project(id=f"o{n}", slug=f"o{n}", build_command="wait") for n in range(2)]
    scene.have(PROJECT, *others)
    scene.builder.held["wait"] = asyncio.Event()
    for other in others:
        await scene.deployer.request(other, user_id="u1")
    await scene.until(lambda: [o.command for o in scene.builder.orders].count("wait") == 2)

    back = await scene.ended(await scene.deployer.rollback(first.id, user_id="u1"))

    assert back.status is S.RUNNING


async def test_one_whose_project_is_gone_is_passed_over(scene):
    scene.have()

    await scene.deployer.request(PROJECT, user_id="u1")
    await turns()

    assert scene.repositories.orders == []
    assert not scene.parts.queue.is_busy("p1")


async def test_what_breaks_within_us_fails_one_deployment_and_no_other(scene):
    def broken(_folder, _run_dir):
        raise RuntimeError("a slip of ours")

    scene.folders.listing = broken
    failed = await scene.deploy(PROJECT)
    del scene.folders.listing

    assert failed.error_msg == "something went wrong within pmdaemon; see its log"
    assert (await scene.deploy(PROJECT)).status is S.RUNNING


async def test_a_store_that_cannot_be_written_does_not_stop_the_queue(scene):
    scene.builder.held["make"] = gate = asyncio.Event()
    await scene.deployer.request(PROJECT, user_id="u1")
    await scene.until(lambda: scene.builder.orders)
    scene.parts.store.failure = StoreUnavailable("full")
    gate.set()
    await turns()
    assert not scene.parts.queue.is_busy("p1")

    scene.parts.store.failure = None

    assert (await scene.deploy(PROJECT)).status is S.RUNNING


async def test_a_cancel_that_comes_after_the_swap_comes_too_late(scene):
    async def cancel_then_move(event):
        task = asyncio.current_task()
        if type(event).__name__ == "WentLive" and not moved:
            moved.append(event)
            task.cancel()
            await asyncio.sleep(0)
        await move(event)

    moved = []
    asked = await scene.deployer.request(PROJECT, user_id="u1")
    attempt, _ = scene.parts.queue._active["p1"]
    move = attempt.move
    attempt.move = cancel_then_move

    assert (await scene.ended(asked)).status is S.RUNNING
    assert scene.names() == ["shop@1"]


async def test_nothing_is_begun_before_it_is_opened_or_after_it_is_closed(scene):
    await scene.deployer.close()

    await scene.deployer.request(PROJECT, user_id="u1")
    await turns()

    assert scene.repositories.orders == []
    assert scene.deployer.depth() == 1


async def test_what_is_long_past_is_forgotten(scene, monkeypatch):
    monkeypatch.setattr(deploy_queue, "KEPT_DEPLOYMENTS", 2)
    project = a_project(keep=1)
    scene.have(project)
    first = await scene.deploy(project)
    for _ in range(3):
        await scene.deploy(project)

    with pytest.raises(DeploymentNotFound):
        await scene.deployments.get(first.id)
    assert scene.lines(first) == []
    assert scene.folders.forgotten[-1] == ("shop", 3)


async def held(scene, name, **project):
    """Begin a deployment whose command `name` goes on until it is let go."""
    scene.have(a_project(**project))
    scene.builder.held[name] = asyncio.Event()
    asked = await scene.deployer.request(a_project(**project), user_id="u1")
    await scene.until(lambda: any(one.command == name for one in scene.builder.orders))
    return asked


async def next_daemon(scene):
    scene.builder.held.clear()
    scene.parts.assemble()
    await scene.parts.begin()


async def test_a_daemon_that_ends_leaves_what_it_builds_to_the_next(scene):
    asked = await held(scene, "make", build_command="make")

    await scene.deployer.close()

    left = await scene.parts.store.get(asked.id)
    assert (left.status, left.phase, left.release, left.started) == (S.QUEUED, None, None, None)
    assert scene.lines(left)[-1] == "the daemon ends: the next one begins this again"
    assert scene.folders.there == set()

    await next_daemon(scene)
    assert (await scene.ended(asked)).status is S.RUNNING


async def test_one_that_makes_way_puts_a_build_back_and_begins_nothing_more(scene):
    asked = await held(scene, "make", build_command="make")

    await scene.deployer.make_way()
    second = await scene.deployer.request(a_project(), user_id="u1")
    await turns()

    assert (await scene.deployments.get(asked.id)).status is S.QUEUED
    assert (await scene.deployments.get(second.id)).status is S.QUEUED
    assert scene.deployer.last_steps() == []


async def test_one_that_makes_way_sees_a_release_command_to_its_end(scene):
    scene.folders.seen = Listing(
        frozenset({"Procfile"}), {"Procfile": "web: /bin/true\nrelease: migrate"}
    )
    asked = await held(scene, "migrate")
    assert scene.deployer.last_steps() == []

    making_way = asyncio.create_task(scene.deployer.make_way())
    await turns()
    assert scene.deployer.last_steps() == ["deployment 1 of shop"]
    assert not making_way.done()
    scene.builder.held["migrate"].set()
    await scene.until(making_way.done)

    assert (await scene.deployments.get(asked.id)).status is S.RUNNING


async def test_a_daemon_that_has_to_end_at_once_fails_what_cannot_be_begun_again(scene):
    scene.folders.seen = Listing(
        frozenset({"Procfile"}), {"Procfile": "web: /bin/true\nrelease: migrate"}
    )
    asked = await held(scene, "migrate")

    await scene.deployer.close()

    found = await scene.parts.store.get(asked.id)
    assert (found.status, found.error_msg) == (S.FAILED, "the daemon ended while it was under way")


async def test_settings_that_cannot_be_used_are_told_to_who_deploys(scene):
    scene.parts.remark = "deploy.build_timeout: it must be between a second and a day"

    deployed = await scene.deploy(PROJECT)

    assert deployed.status is S.RUNNING
    said = (
        "the settings are left as they were: deploy.build_timeout: it must be between a second and"
        " a day"
    )
    assert said in scene.lines(deployed)


async def test_limits_are_those_of_the_moment_and_of_the_project(scene):
    scene.parts.limits = DeployLimits(memory=7, processes=8, build=9.0, fetch=10.0)
    project = a_project(build_command="make", build_timeout=5.0)
    scene.have(project)
    await scene.deploy(project)

    (order,) = scene.builder.orders
    assert (order.memory, order.processes, order.timeout) == (7, 8, 5.0)
    assert scene.repositories.orders[-1].timeout == 10.0
