import pytest
from msgspec.structs import replace

from pmdaemon.config.deployed_apps import first_port
from pmdaemon.core.deployments import DeploymentStatus
from pmdaemon.core.process import Exit, Stopped, Wish
from pmdaemon.core.releases import Listing
from pmdaemon.core.routing import Route, Target
from pmdaemon.core.services import HERE, ServiceSpec
from pmdaemon.engine.cut_over import is_of, is_of_project
from pmdaemon.engine.interfaces import GatewaySettings
from tests.support.deploying import a_project, turns

S = DeploymentStatus

PORT = first_port(a_project())

WITH_WORKER = Listing(
    frozenset({"Procfile"}),
    {"Procfile": "web: /bin/true web\nworker: /bin/true work\ncron: @daily /bin/true tidy"},
)


def states(scene):
    return {one.name: one.state.kind.value for one in scene.world.supervisor.processes.values()}


async def test_workers_and_jobs_come_with_the_web_program(scene):
    scene.folders.seen = WITH_WORKER

    await scene.deploy(a_project())

    assert states(scene) == {
        "shop@1": "online", "shop@1.worker": "online", "shop@1.cron": "stopped",
    }  # fmt: skip


async def test_workers_take_over_one_after_the_other(scene):
    scene.folders.seen = WITH_WORKER
    await scene.deploy(a_project())
    both = []

    def note(_):
        names = {n for n, s in states(scene).items() if s == "online"}
        both.append({"shop@1.worker", "shop@2.worker"} <= names)

    scene.world.bus.subscribe(note)
    await scene.deploy(a_project())

    assert not any(both)
    assert set(states(scene)) == {"shop@2", "shop@2.worker", "shop@2.cron"}


async def test_workers_that_made_way_in_vain_are_started_again(scene):
    scene.folders.seen = WITH_WORKER
    await scene.deploy(a_project())
    scene.world.launcher.programs["false"] = Exit(code=1)
    scene.folders.seen = Listing(
        frozenset({"Procfile"}), {"Procfile": "web: /bin/true web\nworker: /bin/false"}
    )

    failed = await scene.deploy(a_project())
    await turns()

    assert (failed.status, failed.error_msg) == (
        S.FAILED,
        "shop@2.worker ended before it was ready (exit code 1)",
    )
    assert states(scene)["shop@1.worker"] == "online"
    assert set(states(scene)) == {"shop@1", "shop@1.worker", "shop@1.cron"}


async def test_a_program_that_ends_at_once_fails_the_deployment_with_its_last_words(scene):
    scene.world.launcher.programs["true"] = Exit(code=3)
    scene.world.probe.accepts = lambda _port: False
    scene.world.capture.last_words = lambda _pm_id: ("Error: no database",)

    failed = await scene.deploy(a_project())

    assert failed.error_msg == "shop@1 ended before it was ready (exit code 3)"
    assert "Error: no database" in scene.lines(failed)
    assert scene.names() == []


async def test_a_health_path_is_asked_until_it_answers_well(scene):
    project = a_project(health_path="/up")
    scene.have(project)
    scene.world.prober.failing[f"http://localhost:{PORT}/up"] = "answered 503"
    asked = await scene.deployer.request(project, user_id="u1")
    await scene.until(lambda: scene.world.prober.orders)
    assert not (await scene.deployments.get(asked.id)).is_final

    scene.world.prober.failing.clear()

    assert (await scene.ended(asked)).status is S.RUNNING


async def test_one_that_never_gets_well_fails(scene):
    project = a_project(health_path="/up")
    scene.have(project)
    scene.world.prober.failing[f"http://localhost:{PORT}/up"] = "answered 503"

    failed = await scene.deploy(project)

    assert failed.error_msg == "shop@1 was not ready within 60 s (health path /up)"


async def test_what_answered_until_then_finishes_what_it_has_begun(scene):
    drained = []

    async def drain(service, target, *, within):
        drained.append((service, target, within, "shop@1" in scene.names()))
        return True

    await scene.deploy(a_project(drain=7.0))
    scene.have(a_project(drain=7.0))
    scene.world.gateway_server.drained = drain
    await scene.deploy(a_project(drain=7.0))

    assert drained == [("shop", Target(HERE, PORT), 7.0, True)]
    assert scene.names() == ["shop@2"]


async def test_a_service_of_somebody_else_is_left_alone(scene):
    gateway = scene.world.engine.gateway
    await gateway.put(ServiceSpec(name="shop", app="my-own"))

    failed = await scene.deploy(a_project())

    assert failed.error_msg.startswith("the gateway has a service called shop that is no")
    assert gateway.services["shop"].app == "my-own"


async def test_an_app_of_that_name_is_left_alone(scene):
    live = await scene.deploy(a_project())
    spec = scene.world.supervisor.processes[0].spec
    await scene.world.engine.processes.start_apps([replace(spec, name="shop@2")], existing="refuse")

    failed = await scene.deploy(a_project())

    assert (failed.status, failed.error_msg[:19]) == (S.FAILED, "cannot start shop@2")
    assert (await scene.deployments.get(live.id)).status is S.RUNNING


async def test_hosts_of_its_own_are_routed(scene):
    scene.projects.domains.hosts = lambda _id: ["shop.example"]

    live = await scene.deploy(a_project())

    assert live.url == "http://shop.example:9680"
    routes = scene.world.engine.gateway.services["shop"].routes
    assert routes == (Route("shop.example", "shop"),)


async def test_hosts_that_come_and_go_are_routed_as_they_are(scene):
    scene.projects.domains.hosts = lambda _id: ["a.example"]
    await scene.deploy(a_project())
    scene.projects.domains.hosts = lambda _id: ["b.example"]

    await scene.deployer.hosts_changed(a_project())

    service = scene.world.engine.gateway.services["shop"]
    assert ([one.host for one in service.routes], service.app) == (["b.example"], "shop@1")


async def test_to_route_what_was_never_deployed_does_nothing(scene):
    await scene.deployer.hosts_changed(a_project())

    assert scene.deployer.url(a_project()) == ""


async def test_a_usual_port_is_not_in_the_address(scene):
    await scene.world.engine.gateway.turn_on(GatewaySettings(http_port=80, domain="test"))

    assert (await scene.deploy(a_project())).url == "http://shop.test"


async def test_a_project_of_workers_alone_has_no_service(scene):
    await scene.deploy(a_project())
    scene.folders.seen = Listing(frozenset({"Procfile"}), {"Procfile": "worker: /bin/true work"})

    live = await scene.deploy(a_project())

    assert (live.status, live.url, live.app) == (S.RUNNING, "", "shop@2")
    assert "shop" not in scene.world.engine.gateway.services
    assert set(states(scene)) == {"shop@2.worker"}


async def test_a_stopped_deployment_is_replaced_like_any_other(scene):
    live = await scene.deploy(a_project())
    await scene.deployer.stop(live.id)
    (process,) = scene.world.supervisor.processes.values()
    assert (process.state, process.wish) == (Stopped(), Wish.DOWN)

    await scene.deploy(a_project())

    assert states(scene) == {"shop@2": "online"}


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [("shop@1", True), ("shop@12.worker", True), ("shop", False), ("shop@x", False),
     ("shop2@1", False), ("shop@", False), ("other@1", False)],
)  # fmt: skip
def test_which_apps_are_of_a_project(name, is_ours):
    assert is_of_project("shop", name) is is_ours


def test_which_apps_are_of_a_deployment():
    assert is_of("shop@1", "shop@1")
    assert is_of("shop@1", "shop@1.worker")
    assert not is_of("shop@1", "shop@12")


async def test_a_port_that_is_somebody_elses_makes_nobody_ready(scene):
    scene.parts.listening["shop@1"] = {3000, 9229}

    failed = await scene.deploy(a_project())

    assert failed.error_msg.startswith(
        f"shop@1 did not listen on port {PORT} within 60 s, but on 3000, 9229:"
    )


async def test_that_a_program_is_waited_for_is_told_once(scene):
    scene.world.probe.accepts = lambda _port: False

    failed = await scene.deploy(a_project())

    told = f"waiting for shop@1 to listen on port {PORT}, for up to 60 s"
    assert scene.lines(failed).count(told) == 1
