import pytest

from pmdaemon.config.runtimes import node
from pmdaemon.core.deployments import DeploymentStatus
from pmdaemon.core.process import Exit
from pmdaemon.core.projects import EnvScope
from pmdaemon.core.releases import Listing
from pmdaemon.engine.interfaces.deploying import BuildOutcome, CannotRelease
from tests.support.deploying import a_project

PROJECT = a_project(install_command="get deps", build_command="make")

PROCFILE = Listing(frozenset({"Procfile"}), {"Procfile": "web: /bin/true\nrelease: migrate --now"})


@pytest.fixture
def project():
    return PROJECT


async def test_it_is_fetched_installed_built_and_started_in_this_order(scene):
    live = await scene.deploy(PROJECT)

    assert list(live.phases) == ["fetch", "install", "build", "start"]
    assert [one.command for one in scene.builder.orders] == ["get deps", "make"]
    assert scene.lines(live)[:4] == [
        "queued",
        "fetching main of https://git.test/shop",
        "Receiving objects: 100%",
        "commit aaaaaaa: First",
    ]
    assert "$ make" in scene.lines(live)


async def test_what_is_pushed_is_not_said_to_be_fetched(scene):
    pushed = a_project(id="p2", slug="blog", repo_url="push")
    scene.have(pushed)

    live = await scene.deploy(pushed)

    assert scene.lines(live)[1] == "taking main as it was pushed"


async def test_a_program_that_a_command_calls_in_vain_is_named(scene):
    scene.builder.outcomes["get deps"] = BuildOutcome(Exit(code=127))
    scene.builder.complaints["get deps"] = ["sh: 1: frob: not found"]

    failed = await scene.deploy(PROJECT)

    assert failed.error_msg.startswith("install failed: frob is not installed here")
    assert "sh: 1: frob: not found" in scene.lines(failed)


async def test_commands_have_an_environment_of_their_own(scene):
    await scene.projects.variables.set("p1", {"BUILD_KEY": "b1"}, EnvScope.BUILD)
    await scene.projects.variables.set("p1", {"RUN_KEY": "r1"}, EnvScope.RUN)
    await scene.projects.variables.set("p1", {"PATH": "/evil"}, EnvScope.BOTH)

    await scene.deploy(PROJECT)

    order = scene.builder.orders[0]
    root = scene.folders.root
    assert order.env == {
        "PATH": f"{root}/p1/releases/1-aaaaaaa/node_modules/.bin:/usr/bin:/bin",
        "HOME": f"{root}/p1/home",
        "LANG": "C.UTF-8",
        "TMPDIR": f"{root}/p1/home/tmp",
        "SHARED_DIR": f"{root}/p1/shared",
        "RELEASE_DIR": f"{root}/p1/releases/1-aaaaaaa",
        "GIT_COMMIT": "a" * 40,
        "BUILD_KEY": "b1",
        **node.QUIET,
    }
    assert order.cwd == f"{root}/p1/releases/1-aaaaaaa"
    assert (order.name, order.timeout) == ("build-deployment-1", 900.0)
    assert order.visible_folders == (order.cwd, f"{root}/p1/home", f"{root}/p1/shared")


async def test_known_secrets_are_not_in_the_log(scene):
    await scene.projects.variables.set("p1", {"BUILD_KEY": "open sesame"}, EnvScope.BUILD)
    scene.builder.printed["make"] = ["the key is open sesame"]

    live = await scene.deploy(PROJECT)

    assert "the key is ********" in scene.lines(live)


async def test_the_release_command_has_the_variables_of_programs(scene):
    project = a_project()
    scene.have(project)
    scene.folders.seen = PROCFILE
    await scene.projects.variables.set("p1", {"RUN_KEY": "r1"}, EnvScope.RUN)

    live = await scene.deploy(project)

    (order,) = scene.builder.orders
    assert (order.command, order.env["RUN_KEY"], order.timeout) == ("migrate --now", "r1", 300.0)
    assert list(live.phases) == ["fetch", "release", "start"]


async def test_a_release_command_that_fails_prevents_the_cut_over(scene):
    project = a_project()
    scene.have(project)
    first = await scene.deploy(project)
    scene.folders.seen = PROCFILE
    scene.builder.outcomes["migrate --now"] = BuildOutcome(Exit(code=3))

    failed = await scene.deploy(project)

    assert (failed.status, failed.error_msg) == (
        DeploymentStatus.FAILED,
        "release failed: exit code 3",
    )
    assert scene.names() == ["shop@1"]
    assert (await scene.deployments.get(first.id)).status is DeploymentStatus.RUNNING


async def test_of_a_build_that_fails_nothing_is_left(scene):
    scene.builder.outcomes["make"] = BuildOutcome(Exit(code=2))

    failed = await scene.deploy(PROJECT)

    assert failed.error_msg == "build failed: exit code 2"
    assert scene.folders.there == set()
    assert await scene.parts.store.releases("p1") == []


async def test_what_cannot_be_checked_out_fails(scene):
    scene.repositories.refusal = CannotRelease("its symbolic link x leads out of the repository")

    assert (await scene.deploy(PROJECT)).error_msg.startswith("its symbolic link x")


async def test_a_repository_that_nobody_knows_how_to_start_fails(scene):
    project = a_project()
    scene.have(project)
    scene.folders.seen = Listing(frozenset({"README.md"}))

    assert (await scene.deploy(project)).error_msg.startswith("nothing says how it is started")


async def test_the_owner_decides_what_may_be_fetched_from(scene):
    await scene.projects.variables.set("p1", {"REPOSITORY_TOKEN": "t0ken"}, EnvScope.BUILD)
    await scene.deploy(PROJECT)
    theirs = a_project(id="p2", slug="other", user_id="somebody")
    scene.have(theirs)
    await scene.deploy(theirs, sha="ABCDEF1", branch="dev")

    ours, other = scene.repositories.orders
    assert (ours.trusted, ours.token, ours.branch, ours.sha) == (True, "t0ken", "main", "")
    assert (other.trusted, other.token, other.branch, other.sha) == (False, "", "dev", "abcdef1")
