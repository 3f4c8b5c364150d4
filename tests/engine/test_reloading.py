import asyncio

import pytest
from msgspec.structs import replace

from pmdaemon.core.errors import OperationFailed, ReloadFailed, ReloadInProgress, TcpPortTaken
from pmdaemon.core.process import Cause, Exit, ProcessState, Wish
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Command, HealthCheck, Readiness
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.engine.health_monitor import READY_INTERVAL
from pmdaemon.engine.reloading import Turn, overlaps
from tests.support.builders import an_app
from tests.support.engine import engine_on_fakes, settle
from tests.support.waiting import eventually

WEB = [Selector.parse("web")]
PYTHON = Command("app.py", (), None, ("/usr/bin/python3", "/srv/app.py"))
CLUSTER = an_app(command=PYTHON, exec_mode="cluster", ready=Readiness(told=True, timeout=3.0))


class Scene:
    """Instances of a cluster that say when they are ready, once a test wants them to."""

    def __init__(self, parts):
        self.parts = parts
        self.processes = parts.engine.processes

    async def up(self, app=CLUSTER):
        starting = going(self.parts.start(app))
        await eventually(lambda: self.waiting() or starting.done())
        while not starting.done():
            self.say_ready()
            await settle()
        return await starting

    def reloading(self, **options):
        return going(self.processes.reload(WEB, **options))

    def waiting(self):
        """List those that are spawned and not ready."""
        everything = self.parts.supervisor.everything.values()
        return [one for one in everything if one.state.kind is ProcessState.STARTING and one.run]

    def say_ready(self):
        for process in self.waiting():
            self.parts.notify.tell(process.run.identity)

    async def one_comes(self):
        [process] = await eventually(self.waiting)
        return process

    async def reloading_a_stubborn_run(self):
        """Reload until the new run serves, and the old one, which is asked to, does not end."""
        await self.up()
        old = self.parts.identity(0)
        self.parts.world.get(old).ignores = frozenset({"SIGINT"})
        reloading = self.reloading()
        await self.one_comes()
        self.say_ready()
        await eventually(lambda: self.parts.identity(0) != old)
        return old, reloading

    def process(self, pm_id):
        return self.parts.supervisor.processes[pm_id]

    def alive(self, identity):
        return self.parts.trees.alive(identity)


@pytest.fixture
async def scene(tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        yield Scene(parts)


def going(coroutine):
    return asyncio.get_running_loop().create_task(coroutine)


def a_turn(spec, *, port=False):
    return Turn(0, spec, (lambda _: 4000) if port else None)


@pytest.mark.parametrize(
    ("app", "port", "possible"),
    [
        (an_app(exec_mode="cluster"), False, True),
        (an_app(exec_mode="cluster", tcp_ports=TcpPorts(80, 80)), False, True),
        (an_app(exec_mode="cluster", tcp_ports=TcpPorts(80, 83)), False, False),
        (an_app(), False, False),
        (an_app(tcp_ports=TcpPorts(80, 80)), False, False),
        (an_app(tcp_ports=TcpPorts(80, 90, auto=True)), True, True),
    ],
)
def test_two_runs_can_be_beside_each_other_in_a_cluster_or_on_another_port(app, port, possible):
    assert overlaps(a_turn(app, port=port)) is possible


async def test_the_old_run_serves_until_the_new_one_is_ready(scene):
    await scene.up()
    old = scene.parts.identity(0)

    reloading = scene.reloading()
    new = await scene.one_comes()

    assert scene.alive(old)
    assert scene.parts.identity(0) == old
    assert [one.process.pid for one in scene.processes.list()] == [old.pid]
    scene.say_ready()
    [reloaded] = (await reloading).processes
    assert (reloaded.process.pid, reloaded.process.restarts) == (new.pid, 1)
    assert not scene.alive(old)
    assert list(scene.parts.supervisor.everything) == [0]


async def test_instances_are_reloaded_one_after_another(scene):
    await scene.up(replace(CLUSTER, instances=3))
    reloading = scene.reloading()
    order = []

    while not reloading.done():
        if waiting := scene.waiting():
            order.append([process.instance for process in waiting])
            scene.say_ready()
        await settle()

    assert order == [[0], [1], [2]]
    assert len((await reloading).processes) == 3


async def test_as_many_instances_at_a_time_as_wanted(scene):
    await scene.up(replace(CLUSTER, instances=3))

    reloading = scene.reloading(parallel=2)
    await eventually(lambda: len(scene.waiting()) == 2)
    scene.say_ready()
    await eventually(lambda: [one.instance for one in scene.waiting()] == [2])
    scene.say_ready()

    assert [one.process.restarts for one in (await reloading).processes] == [1, 1, 1]


async def test_the_exchange_is_one_transaction(scene):
    await scene.up()
    reloading = scene.reloading()
    await scene.one_comes()
    scene.parts.store.commits.clear()
    scene.say_ready()
    await reloading

    exchanged = next(one for one in scene.parts.store.commits if len(one.written) == 2)
    assert {process.pm_id: process.wish for process in exchanged.written} == {
        0: Wish.UP,
        -1: Wish.GONE,
    }


async def test_a_new_run_that_does_not_get_ready_changes_nothing(scene):
    await scene.up(replace(CLUSTER, instances=2))
    before = [scene.process(pm_id).state for pm_id in (0, 1)]
    reloading = scene.reloading()
    new = await scene.one_comes()

    scene.parts.clock.advance(3.0)
    with pytest.raises(ReloadFailed) as failure:
        await reloading

    assert failure.value.message == (
        "cannot reload web:0, which goes on as before: it did not say that it is ready within 3 s"
    )
    assert [scene.process(pm_id).state for pm_id in (0, 1)] == before
    assert not scene.alive(new.run.identity)
    assert list(scene.parts.supervisor.everything) == [0, 1]
    assert not scene.processes.reloading


async def test_a_new_run_that_ends_is_told_with_its_exit(scene):
    await scene.up()
    reloading = scene.reloading()
    new = await scene.one_comes()

    scene.parts.launcher.end(new.run.identity, Exit(code=3))

    with pytest.raises(ReloadFailed, match="it ended before it was ready, with exit code 3"):
        await reloading


async def test_a_new_run_that_cannot_be_started_is_told_with_the_reason(scene):
    await scene.up()
    scene.parts.launcher.fail("no such file")

    with pytest.raises(ReloadFailed, match="as before: no such file"):
        await scene.reloading()


async def test_after_a_failure_the_declaration_of_before_is_stored_again(scene):
    await scene.up()
    reloading = scene.reloading(change=lambda spec: replace(spec, env={"RELEASE": "2"}))
    await scene.one_comes()
    scene.parts.clock.advance(3.0)
    with pytest.raises(ReloadFailed):
        await reloading

    [stored] = (await scene.parts.store.load()).processes

    assert stored.spec.env == {}


async def test_a_new_declaration_holds_from_the_exchange_on(scene):
    await scene.up()
    reloading = scene.reloading(change=lambda spec: replace(spec, env={"RELEASE": "2"}))
    await scene.one_comes()
    assert scene.process(0).spec.env == {}

    scene.say_ready()
    await reloading

    assert scene.process(0).spec.env == {"RELEASE": "2"}
    assert scene.parts.launcher.orders[-1].env["RELEASE"] == "2"


async def test_a_second_reload_is_refused(scene):
    await scene.up(replace(CLUSTER, instances=2))
    reloading = scene.reloading()
    await scene.one_comes()

    with pytest.raises(ReloadInProgress) as refusal:
        await scene.reloading()

    assert refusal.value.code == "reload_in_progress"
    assert scene.processes.reloading
    reloading.cancel()


async def test_an_app_that_is_being_reloaded_is_neither_scaled_nor_declared_anew(scene):
    await scene.up()
    reloading = scene.reloading()
    await scene.one_comes()

    with pytest.raises(ReloadInProgress):
        await scene.processes.scale("web", "4")
    with pytest.raises(ReloadInProgress):
        await scene.processes.start_apps([CLUSTER], existing="restart")
    reloading.cancel()


@pytest.mark.parametrize("verb", ["stop", "delete", "restart"])
async def test_whoever_ends_an_app_during_a_reload_ends_both_runs(scene, verb):
    await scene.up()
    old = scene.parts.identity(0)
    reloading = scene.reloading()
    new = await scene.one_comes()

    ending = going(getattr(scene.processes, verb)(WEB))
    if verb == "restart":
        await eventually(lambda: [one for one in scene.waiting() if one.pm_id == 0])
        scene.say_ready()
    await ending

    assert not scene.alive(old)
    assert not scene.alive(new.run.identity)
    with pytest.raises(OperationFailed, match="stopped, restarted or deleted"):
        await reloading


async def test_a_stop_waits_for_the_run_that_was_replaced(scene):
    old, reloading = await scene.reloading_a_stubborn_run()

    stopping = going(scene.processes.stop(WEB))
    await settle()
    assert not stopping.done()
    scene.parts.clock.advance(1.6)
    await settle()
    scene.parts.clock.advance(1.6)
    await stopping

    assert not scene.alive(old)
    await reloading


async def test_an_old_run_that_crashes_meanwhile_is_told_apart_from_the_new_one(scene):
    await scene.up()
    old = scene.parts.identity(0)
    reloading = scene.reloading()
    new = await scene.one_comes()

    scene.parts.launcher.end(old, Exit(code=1))
    await eventually(lambda: len(scene.waiting()) == 2)
    scene.parts.notify.tell(new.run.identity)
    [reloaded] = (await reloading).processes

    assert reloaded.process.pid == new.pid
    assert [one.identity for one in scene.parts.world.living()] == [new.run.identity]


async def test_an_exit_after_the_exchange_is_that_of_whoever_ended(scene):
    old, reloading = await scene.reloading_a_stubborn_run()

    scene.parts.launcher.end(old)
    [reloaded] = (await reloading).processes

    assert reloaded.process.state.kind is ProcessState.ONLINE
    assert (reloaded.process.restarts, reloaded.process.last_cause) == (1, Cause.REPLACED)


async def test_what_is_down_is_started(scene):
    await scene.up()
    await scene.processes.stop(WEB)

    reloading = scene.reloading()
    await scene.one_comes()
    scene.say_ready()

    assert (await reloading).restarted == []
    assert scene.parts.state(0) is ProcessState.ONLINE


async def test_what_cannot_be_beside_itself_is_restarted_and_named(scene):
    await scene.parts.start(an_app(tcp_ports=TcpPorts(3000, 3000)))
    old = scene.parts.identity(0)

    reloaded = await scene.processes.reload(WEB)

    assert reloaded.restarted == ["web"]
    assert scene.parts.identity(0) != old
    assert reloaded.processes[0].process.tcp_port == 3000


async def test_one_of_several_free_ports_is_taken_by_the_new_run(scene):
    app = an_app(command=PYTHON, tcp_ports=TcpPorts(5000, 5001, auto=True))
    await scene.parts.start(app)
    reloading = scene.reloading()
    new = await scene.one_comes()
    assert (scene.process(0).tcp_port, new.tcp_port) == (5000, 5001)

    scene.parts.probe.used.add(5001)
    scene.parts.clock.advance(0.05)

    assert (await reloading).processes[0].process.tcp_port == 5001


async def test_without_a_free_port_it_is_restarted(scene):
    await scene.parts.start(an_app(tcp_ports=TcpPorts(5000, 5000, auto=True)))

    assert (await scene.processes.reload(WEB)).restarted == ["web"]


async def test_new_ports_are_taken_one_by_one(scene):
    app = an_app(command=PYTHON, instances=2, tcp_ports=TcpPorts(3000, 3001))
    await scene.parts.start(app)
    scene.parts.probe.used |= {3000, 3001}

    reloading = scene.reloading(change=lambda spec: replace(spec, tcp_ports=TcpPorts(4000, 4001)))
    for port in (4000, 4001):
        assert (await scene.one_comes()).tcp_port == port
        scene.parts.probe.used.add(port)
        scene.parts.clock.advance(0.05)
        await settle()

    assert [one.process.tcp_port for one in (await reloading).processes] == [4000, 4001]


async def test_a_port_that_is_somebody_elses_is_refused_before_anything_is_done(scene):
    await scene.parts.start(an_app(tcp_ports=TcpPorts(3000, 3000)))
    scene.parts.probe.used.add(4000)

    with pytest.raises(TcpPortTaken):
        await scene.reloading(change=lambda spec: replace(spec, tcp_ports=TcpPorts(4000, 4000)))

    assert scene.process(0).restarts == 0


async def test_a_node_program_drains_before_it_is_told_to_end(scene):
    await scene.up(an_app(exec_mode="cluster", ready=Readiness(told=True)))
    old, token = scene.parts.identity(0), scene.parts.token(scene.process(0))
    reloading = scene.reloading()
    await scene.one_comes()
    scene.say_ready()
    await eventually(lambda: scene.parts.channels.sent)
    assert scene.parts.trees.signals == []

    scene.parts.channels.tell(token, {"cmd": "NODE_PMDAEMON", "act": "drained"})
    await reloading

    assert scene.parts.trees.signals == [(old.pid, "SIGINT")]


async def test_a_cluster_that_is_declared_otherwise_is_reloaded_when_that_is_applied(scene):
    await scene.up()
    declared = replace(scene.parts.supervisor.processes[0].spec, env={"MODE": "new"})

    applying = going(scene.processes.apply([declared], prune=False, dry_run=False))
    await scene.one_comes()
    scene.say_ready()
    [step], [applied] = await applying

    assert step.action == "reload"
    assert (applied.process.last_cause, applied.process.spec) == (Cause.REPLACED, declared)


HEALTHY_ON_ITS_PORT = HealthCheck("http", "http://localhost:{port}/")


async def test_a_new_run_is_ready_when_its_health_check_passes(scene):
    ports = TcpPorts(5000, 5001, auto=True)
    await scene.parts.start(an_app(command=PYTHON, tcp_ports=ports, health=HEALTHY_ON_ITS_PORT))
    scene.parts.prober.failing["http://localhost:5001/"] = "connection refused"
    reloading = scene.reloading()
    new = await scene.one_comes()
    await settle()
    assert not reloading.done()

    scene.parts.prober.failing.clear()
    scene.parts.clock.advance(READY_INTERVAL)

    [reloaded] = (await reloading).processes
    assert reloaded.process.pid == new.pid


async def test_a_new_run_whose_health_check_never_passes_is_not_taken(scene):
    ports = TcpPorts(5000, 5001, auto=True)
    await scene.parts.start(an_app(command=PYTHON, tcp_ports=ports, health=HEALTHY_ON_ITS_PORT))
    scene.parts.prober.failing["http://localhost:5001/"] = "connection refused"
    reloading = scene.reloading()
    await scene.one_comes()
    await settle()

    scene.parts.clock.advance(3.0)

    with pytest.raises(ReloadFailed, match="it did not pass its health check within 3 s"):
        await reloading
    probed = len(scene.parts.prober.orders)
    scene.parts.clock.advance(1.0)
    await settle()
    assert len(scene.parts.prober.orders) - probed <= 1
