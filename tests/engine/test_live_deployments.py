from pmdaemon.config.deployed_apps import first_port
from pmdaemon.core.deployments import DeploymentStatus
from pmdaemon.core.process import Exit
from pmdaemon.core.projects import EnvScope
from pmdaemon.core.selectors import Selector
from pmdaemon.engine.live_deployments import base_of
from tests.support.builders import a_process, an_app
from tests.support.deploying import a_project, turns

S = DeploymentStatus

PORT = first_port(a_project())


async def test_variables_reach_the_program_and_are_nowhere_else(scene):
    await scene.projects.variables.set("p1", {"KEY": "open sesame", "PORT": "1"}, EnvScope.RUN)
    await scene.projects.variables.set("p1", {"BUILD_KEY": "b1"}, EnvScope.BUILD)

    await scene.deploy(a_project())

    environment = scene.environment("shop@1")
    assert (environment["KEY"], environment["PORT"]) == ("open sesame", str(PORT))
    assert "BUILD_KEY" not in environment
    (process,) = scene.world.supervisor.processes.values()
    assert "KEY" not in {**process.spec.env, **process.spec.inherited_env}


async def test_a_program_of_nobody_gets_none(scene):
    await scene.projects.variables.set("p1", {"KEY": "open sesame"}, EnvScope.RUN)
    await scene.deploy(a_project())

    live = scene.parts.live
    assert live.environment(a_process(spec=an_app(name="shop"))) == {}
    assert live.environment(a_process(spec=an_app(name="shop@2"))) == {}
    assert live.environment(a_process(spec=an_app(name="shop@1.worker"))) == {"KEY": "open sesame"}


async def test_an_app_that_is_given_up_fails_its_deployment(scene):
    live = await scene.deploy(a_project())
    for _ in range(20):
        scene.world.clock.advance(2.0)
        await turns()
        if scene.world.supervisor.processes[0].run is not None:
            scene.world.launcher.end(scene.world.identity(0), Exit(code=1))
        await turns()

    found = await scene.deployments.get(live.id)
    assert found.status is S.FAILED
    assert found.error_msg.startswith("shop@1: ")
    assert (await scene.parts.store.get(live.id)).status is S.FAILED


async def test_an_app_that_is_restarted_changes_nothing(scene):
    live = await scene.deploy(a_project())

    await scene.world.engine.processes.restart([Selector("shop@1", narrow=True)])
    await turns()

    assert (await scene.deployments.get(live.id)).status is S.RUNNING


async def test_an_app_that_is_deleted_stops_its_deployment(scene):
    live = await scene.deploy(a_project())

    await scene.world.engine.processes.delete([Selector("shop@1", narrow=True)])
    await turns()

    assert (await scene.deployments.get(live.id)).status is S.STOPPED
    assert scene.parts.live.of("p1") is None


def test_the_base_of_a_name():
    assert base_of("shop@3") == base_of("shop@3.worker") == "shop@3"


async def test_of_the_home_a_program_sees_what_is_its_own(scene):
    await scene.deploy(a_project())

    (process,) = scene.world.supervisor.processes.values()
    root = f"{scene.folders.root}/p1"
    assert scene.parts.live.visible_folders(process) == (
        f"{root}/releases/1-aaaaaaa",
        f"{root}/home",
        f"{root}/shared",
    )
    assert scene.parts.live.visible_folders(a_process()) is None
