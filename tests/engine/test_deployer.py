import asyncio

import pytest
from msgspec.structs import replace

from pmdaemon.config.deployed_apps import first_port
from pmdaemon.core.deployments import (
    DeploymentConflict,
    DeploymentNotFound,
    DeploymentStatus,
    Origin,
)
from pmdaemon.core.errors import InvalidInput, StoreUnavailable
from pmdaemon.core.projects import EnvScope, ProjectStatus
from pmdaemon.core.releases import Listing
from pmdaemon.core.selectors import Selector
from pmdaemon.engine.interfaces.deploying import (
    BuildOutcome,
    Commit,
    FetchFailed,
)
from tests.support.deploying import a_project, turns

S = DeploymentStatus

PORT = first_port(a_project())


async def test_a_deployment_is_in_the_store_before_it_is_acknowledged(scene):
    asked = await scene.deployer.request(a_project(), user_id="u1", branch="dev", message="why")

    assert (asked.status, asked.number, asked.branch) == (S.QUEUED, 1, "dev")
    assert (asked.commit_msg, asked.origin) == ("why", Origin.API)
    assert (await scene.parts.store.get(asked.id)).number == 1


async def test_it_is_built_and_brought_live(scene):
    live = await scene.deploy(a_project())

    assert (live.status, live.app, live.release) == (S.RUNNING, "shop@1", 1)
    assert (live.commit_sha, live.commit_msg) == ("a" * 40, "First")
    assert live.url == "http://shop.localhost:9680"
    assert scene.names() == ["shop@1"]
    assert scene.world.engine.gateway.services["shop"].app == "shop@1"
    assert scene.folders.current["p1"].endswith("/releases/1-aaaaaaa")
    assert scene.deployer.status("p1") is ProjectStatus.ACTIVE


async def test_the_next_one_takes_its_place(scene):
    first = await scene.deploy(a_project())
    second = await scene.deploy(a_project())

    assert (second.status, second.app) == (S.RUNNING, "shop@2")
    assert (await scene.deployments.get(first.id)).status is S.STOPPED
    assert scene.names() == ["shop@2"]
    assert scene.world.engine.gateway.services["shop"].app == "shop@2"
    assert not scene.deployments.is_live(first)


async def test_one_that_cannot_be_fetched_fails_and_changes_nothing(scene):
    first = await scene.deploy(a_project())
    scene.repositories.failure = FetchFailed("cannot fetch: no such host")

    failed = await scene.deploy(a_project())

    assert (failed.status, failed.error_msg) == (S.FAILED, "cannot fetch: no such host")
    assert (await scene.deployments.get(first.id)).status is S.RUNNING
    assert scene.names() == ["shop@1"]
    assert scene.lines(failed)[-2:] == [
        "failed: cannot fetch: no such host",
        "deployment 1 goes on as before",
    ]


async def test_one_that_does_not_listen_fails_and_the_former_goes_on(scene):
    await scene.deploy(a_project())
    scene.world.probe.accepts = lambda _port: False

    failed = await scene.deploy(a_project())

    assert failed.status is S.FAILED
    assert failed.error_msg.startswith(f"shop@2 did not listen on port {PORT + 1} within 60 s")
    assert scene.names() == ["shop@1"]
    assert scene.world.engine.gateway.services["shop"].app == "shop@1"
    assert [one.number for one in await scene.parts.store.releases("p1")] == [1]
    assert not any("/2-" in folder for folder in scene.folders.there)


async def test_an_older_release_is_run_again_without_a_fetch_or_a_build(scene):
    first = await scene.deploy(a_project())
    await scene.deploy(a_project())
    scene.repositories.failure = FetchFailed("the network is gone")

    asked = await scene.deployer.rollback(first.id, user_id="u2")
    again = await scene.ended(asked)

    assert (asked.status, asked.rollback_of, asked.user_id) == (S.QUEUED, first.id, "u2")
    assert (again.status, again.release, again.app) == (S.RUNNING, 1, "shop@3")
    assert again.commit_sha == first.commit_sha
    assert scene.names() == ["shop@3"]
    assert scene.folders.current["p1"].endswith("/releases/1-aaaaaaa")


async def test_there_is_no_going_back_to_what_is_live_or_never_was(scene):
    first = await scene.deploy(a_project())
    scene.repositories.failure = FetchFailed("no")
    failed = await scene.deploy(a_project())

    with pytest.raises(DeploymentConflict, match="deployment 1 is live already"):
        await scene.deployer.rollback(first.id, user_id="u1")
    with pytest.raises(DeploymentConflict, match="the release of deployment 2 is not kept"):
        await scene.deployer.rollback(failed.id, user_id="u1")
    with pytest.raises(DeploymentNotFound):
        await scene.deployer.rollback("nothing", user_id="u1")


async def test_a_newer_one_supersedes_those_that_wait(scene):
    scene.builder.held["make"] = gate = asyncio.Event()
    project = a_project(build_command="make")
    scene.have(project)
    first = await scene.deployer.request(project, user_id="u1")
    await scene.until(lambda: scene.builder.orders)
    second = await scene.deployer.request(project, user_id="u1")
    third = await scene.deployer.request(project, user_id="u1")

    assert (await scene.deployments.get(second.id)).status is S.FAILED
    assert scene.lines(second)[-1] == "failed: a newer deployment was asked for (3)"
    assert scene.deployer.status("p1") is ProjectStatus.BUILDING
    gate.set()
    assert (await scene.ended(third)).status is S.RUNNING
    assert (await scene.deployments.get(first.id)).status is S.STOPPED


async def test_one_that_is_built_can_be_cancelled(scene):
    first = await scene.deploy(a_project())
    project = a_project(build_command="make")
    scene.have(project)
    scene.builder.held["make"] = asyncio.Event()
    asked = await scene.deployer.request(project, user_id="u1")
    await scene.until(lambda: scene.builder.orders)

    cancelled = await scene.deployer.cancel(asked.id)

    assert (cancelled.status, cancelled.error_msg) == (S.FAILED, "it was cancelled")
    assert scene.builder.cancelled == ["make"]
    assert (await scene.deployments.get(first.id)).status is S.RUNNING
    with pytest.raises(DeploymentConflict, match="deployment 2 is failed"):
        await scene.deployer.cancel(asked.id)


async def test_one_that_waits_can_be_cancelled(scene):
    project = a_project(build_command="make")
    scene.have(project)
    scene.builder.held["make"] = asyncio.Event()
    await scene.deployer.request(project, user_id="u1")
    await scene.until(lambda: scene.builder.orders)
    waiting = await scene.deployer.request(project, user_id="u1")

    assert (await scene.deployer.cancel(waiting.id)).error_msg == "it was cancelled"


async def test_only_so_many_are_built_at_once(scene):
    projects = [a_project(id=f"p{n}", slug=f"shop{n}", build_command="make") for n in range(3)]
    scene.have(*projects)
    scene.builder.held["make"] = gate = asyncio.Event()
    asked = [await scene.deployer.request(one, user_id="u1") for one in projects]
    await scene.until(lambda: len(scene.builder.orders) == 2)
    scene.world.clock.advance(5.0)
    await turns()

    assert len(scene.builder.orders) == 2
    assert (await scene.deployments.get(asked[2].id)).status is S.QUEUED
    gate.set()
    scene.world.probe.accepts = lambda _port: True
    assert (await scene.ended(asked[2])).status is S.RUNNING


async def test_a_restart_has_the_variables_of_now(scene):
    first = await scene.deploy(a_project())
    await scene.projects.variables.set("p1", {"GREETING": "hello"}, EnvScope.BOTH)

    again = await scene.ended(await scene.deployer.restart(first.id, user_id="u1"))

    assert (again.status, again.release) == (S.RUNNING, 1)
    assert scene.environment("shop@2")["GREETING"] == "hello"


async def test_a_restart_of_what_is_not_kept_builds_its_commit_anew(scene):
    first = await scene.deploy(a_project())
    await scene.deploy(a_project())
    await scene.parts.store.remove_releases("p1", [1])

    asked = await scene.deployer.restart(first.id, user_id="u1")

    assert (asked.rollback_of, asked.commit_sha) == (None, first.commit_sha)


async def test_to_promote_what_is_live_does_nothing(scene):
    first = await scene.deploy(a_project())
    second = await scene.deploy(a_project())

    assert await scene.deployer.promote(second.id, user_id="u1") == second
    assert (await scene.deployer.promote(first.id, user_id="u1")).rollback_of == first.id


async def test_only_so_many_releases_are_kept_and_the_live_one(scene):
    project = a_project(keep=2)
    scene.have(project)
    first = await scene.deploy(project)
    await scene.deploy(project)
    await scene.ended(await scene.deployer.rollback(first.id, user_id="u1"))
    for _ in range(2):
        await scene.deploy(project)

    assert [one.number for one in await scene.parts.store.releases("p1")] == [5, 4]
    assert {folder.rpartition("/")[2][:1] for folder in scene.folders.there} == {"5", "4"}


async def test_a_release_that_is_live_is_kept_however_old_it_is(scene):
    project = a_project(keep=1)
    scene.have(project)
    await scene.deploy(project)
    scene.have(replace(project, start_command="no-such-program"))
    scene.repositories.tips["main"] = Commit("b" * 40, "Second")
    failed = await scene.deploy(replace(project, start_command="no-such-program"))

    assert failed.status is S.FAILED
    assert [one.number for one in await scene.parts.store.releases("p1")] == [1]


async def test_a_deployment_that_is_not_live_can_be_deleted(scene):
    first = await scene.deploy(a_project())
    second = await scene.deploy(a_project())

    await scene.deployer.delete(first.id)

    with pytest.raises(DeploymentNotFound):
        await scene.deployments.get(first.id)
    assert scene.lines(first) == []
    assert [one.number for one in await scene.parts.store.releases("p1")] == [2]
    with pytest.raises(DeploymentConflict, match="cannot be deleted"):
        await scene.deployer.delete(second.id)


async def test_what_runs_can_be_stopped_and_comes_back_when_somebody_starts_it(scene):
    live = await scene.deploy(a_project())

    assert (await scene.deployer.stop(live.id)).status is S.STOPPED
    assert scene.deployer.status("p1") is ProjectStatus.INACTIVE

    await scene.world.engine.processes.start([Selector("shop@1", narrow=True)])
    await turns()
    assert (await scene.deployments.get(live.id)).status is S.RUNNING


async def test_a_full_disk_stops_a_deployment_before_anything_is_done(scene):
    scene.folders.free = 1000

    failed = await scene.deploy(a_project())

    assert failed.error_msg == "the disk is nearly full: 1000 B are left"
    assert scene.repositories.orders == []


async def test_a_project_that_is_deleted_leaves_nothing(scene):
    await scene.deploy(a_project())
    scene.builder.held["make"] = asyncio.Event()
    project = a_project(build_command="make")
    scene.have(project)
    await scene.deployer.request(project, user_id="u1")
    await scene.until(lambda: scene.builder.orders)
    await scene.deployer.request(project, user_id="u1")

    await scene.deployer.forget(project)

    assert scene.names() == []
    assert "shop" not in scene.world.engine.gateway.services
    assert await scene.find() == []
    assert await scene.parts.store.releases("p1") == []
    assert scene.folders.removed == ["p1"]
    assert scene.folders.forgotten[-1] == ("shop", None)
    assert scene.builder.cancelled == ["make"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"branch": "-x"}, "invalid_branch"), ({"sha": "--upload-pack=x"}, "invalid_commit")],
)
async def test_names_that_git_would_take_for_something_else_are_refused(scene, asked, code):
    with pytest.raises(InvalidInput) as refused:
        await scene.deployer.request(a_project(), user_id="u1", **asked)

    assert refused.value.code == code
    assert await scene.find() == []


async def test_without_a_store_nothing_is_asked_for(scene):
    scene.parts.store.failure = StoreUnavailable("the disk is full")

    with pytest.raises(StoreUnavailable):
        await scene.deployer.request(a_project(), user_id="u1")

    assert scene.parts.queue.waiting == []


async def test_a_build_that_fails_says_how(scene):
    project = a_project(build_command="make")
    scene.have(project)
    scene.builder.outcomes["make"] = BuildOutcome(None, "it took longer than 900 s")
    scene.folders.seen = Listing(frozenset({"index.html"}))

    assert (await scene.deploy(project)).error_msg == "build failed: it took longer than 900 s"
