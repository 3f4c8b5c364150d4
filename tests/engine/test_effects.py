import asyncio

import pytest
from msgspec.structs import replace

from pmdaemon.core.effects import (
    AwaitReady,
    Drain,
    Forget,
    KillTree,
    SetTimer,
    SignalFirst,
    SignalTree,
    Spawn,
    Sweep,
    Timer,
    Watch,
)
from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.lifecycle_events import (
    BackoffElapsed,
    BecameReady,
    Drained,
    DrainTimeElapsed,
    GraceElapsed,
    ProcessExited,
    ReadyTimeElapsed,
    SessionEmptied,
    Spawned,
    SpawnFailed,
)
from pmdaemon.core.process import Cause, Exit, Online, Run, Starting, Stopping
from pmdaemon.core.spec import Command, HealthCheck, StopPolicy
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.effects import KILL_PASS_INTERVAL, LISTENING_INTERVAL, Effects
from pmdaemon.engine.program_lines import ProgramLines
from tests.fakes.capture import FakeCapture
from tests.fakes.channels import FakeChannels
from tests.fakes.clock import FakeClock
from tests.fakes.inputs import FakeInputs
from tests.fakes.launcher import FakeLauncher
from tests.fakes.notify_socket import FakeNotifySocket
from tests.fakes.process_trees import FakeProcessTrees
from tests.fakes.shared_sockets import FakeSharedSockets
from tests.fakes.tcp_probe import FakeTcpProbe
from tests.support.builders import CLEAN, a_process, an_app
from tests.support.engine import settle
from tests.support.waiting import eventually

PYTHON = an_app(command=Command("app.py", (), None, ("/usr/bin/python3", "/srv/app.py")))
OUT_FILE = "/logs/web-0.out"


class BrokenCapture(FakeCapture):
    """Has no room for one more, once it is broken."""

    broken = False

    def open(self, *order):
        if self.broken:
            raise OperationFailed("cannot capture the output of web: too many open files")
        return super().open(*order)


def token(process):
    return f"home.{process.run_number}"


class Scene:
    def __init__(self):
        self.clock = FakeClock()
        self.launcher = FakeLauncher()
        self.world = self.launcher.processes
        self.trees = FakeProcessTrees(self.world)
        self.capture = BrokenCapture()
        self.posted = []
        self.checked = []
        self.busy = []
        self.recorded = []
        self.bus = Bus()
        self.channels = FakeChannels()
        self.sockets = FakeSharedSockets()
        self.notify = FakeNotifySocket()
        self.probe = FakeTcpProbe()
        self.lines = ProgramLines(
            token=token,
            post=self.post,
            processes=lambda: (),
            bus=self.bus,
            channels=self.channels,
            sockets=self.sockets,
            notify=self.notify,
            inputs=FakeInputs(),
            access=lambda _: {},
            preload="/preload.cjs",
        )
        self.effects = Effects(
            token=token,
            clock=self.clock,
            launcher=self.launcher,
            trees=self.trees,
            capture=self.capture,
            lines=self.lines,
            probe=self.probe,
            await_healthy=lambda *asked: self.checked.append(asked),
            when_idle=lambda process, callback: self.busy.append((process.pm_id, callback)),
            post=self.post,
        )

    def post(self, _, event, recorded=None):
        self.posted.append(event)
        self.recorded += [recorded] if recorded else []

    def spawn(self, **changes):
        """Spawn a process, and return it as it is then."""
        process = a_process(state=Starting(), epoch=3, launch=3, **changes)
        self.effects.carry_out(process, Spawn(process.pm_id, epoch=3))
        (spawned,) = self.take(Spawned)
        return a_process(state=Online(spawned.run), epoch=4, launch=3, **changes), spawned.run

    def do(self, process, effect):
        self.effects.carry_out(process, effect)

    def take(self, kind):
        """Take the posted events of a kind, in order."""
        taken = [event for event in self.posted if isinstance(event, kind)]
        self.posted = [event for event in self.posted if not isinstance(event, kind)]
        return taken

    async def posted_one(self, kind):
        (event,) = await eventually(lambda: self.take(kind))
        return event


@pytest.fixture
async def scene():
    return Scene()


async def test_a_spawn_launches_what_was_declared_and_tells_the_run(scene):
    process, run = scene.spawn(spec=an_app(env={"A": "1"}), pm_id=7)

    (order,) = scene.launcher.orders
    assert (order.argv, order.cwd) == (("/usr/bin/node", "/srv/server.js"), "/srv")
    assert (order.env["A"], order.env["PMDAEMON_ID"]) == ("1", "7")
    assert order.token == "home.7.3" == scene.effects.token(process)
    assert (order.stdout, order.stderr) == ("/run/7/out", "/run/7/err")
    assert run == Run(scene.launcher.launched[0], scene.clock.now())


@pytest.mark.parametrize("transient", [True, False])
async def test_a_launch_that_fails_is_told_with_its_reason(scene, transient):
    scene.launcher.fail("cannot run it", transient=transient)

    scene.do(a_process(state=Starting(), epoch=3), Spawn(0, epoch=3))

    assert scene.posted == [SpawnFailed(3, "cannot run it", transient, scene.clock.now())]


async def test_without_room_for_output_a_spawn_is_tried_again_later(scene):
    scene.capture.broken = True

    scene.do(a_process(state=Starting(), epoch=3), Spawn(0, epoch=3))

    (failed,) = scene.posted
    assert failed.transient
    assert "too many open files" in failed.reason
    assert scene.launcher.orders == []


async def test_an_exit_is_told_when_the_last_output_is_in_the_file(scene):
    _, run = scene.spawn()
    scene.capture.write("/run/0/out", b"last words\n")

    scene.launcher.end(run.identity, Exit(code=3))
    event = await scene.posted_one(ProcessExited)

    assert event == ProcessExited(run.identity, Exit(code=3))
    assert scene.capture.contents[OUT_FILE] == b"last words\n"


async def test_a_program_is_reaped_when_its_end_is_recorded(scene):
    _, run = scene.spawn()
    scene.launcher.end(run.identity)
    await scene.posted_one(ProcessExited)
    assert scene.launcher.reaped == []

    for recorded in scene.recorded:
        recorded()

    assert scene.launcher.reaped == [run.identity]


async def test_a_run_of_an_earlier_daemon_is_watched_and_its_output_taken_up(scene):
    identity = scene.world.add(token="home.0.3")
    run = Run(identity, scene.clock.now())

    scene.do(a_process(state=Online(run)), Watch(0, run))
    scene.capture.write("/run/0/out", b"hello\n")
    scene.launcher.end(identity)

    assert await scene.posted_one(ProcessExited) == ProcessExited(identity, CLEAN)
    assert scene.capture.contents[OUT_FILE] == b"hello\n"


async def test_a_run_is_watched_also_when_its_output_cannot_be_taken_up(scene, caplog):
    run = Run(scene.world.add(), scene.clock.now())
    scene.capture.broken = True

    scene.do(a_process(state=Online(run)), Watch(0, run))
    scene.launcher.end(run.identity)

    assert await scene.posted_one(ProcessExited) == ProcessExited(run.identity, CLEAN)
    assert "process.output_lost pm_id=0" in caplog.text


async def test_a_stop_signal_goes_to_the_whole_tree(scene):
    process, run = scene.spawn()
    child = scene.world.add(parent=run.identity, own_session=True)
    orphan = scene.world.add(token="home.0.3")
    stranger = scene.world.add(token="home.1.3")
    successor = scene.world.add(token="home.0.4")

    scene.do(process, SignalTree(0, run, "SIGINT"))

    assert {pid for pid, _ in scene.trees.signals} == {
        run.identity.pid,
        child.pid,
        orphan.pid,
    }
    assert {name for _, name in scene.trees.signals} == {"SIGINT"}
    assert scene.trees.alive(stranger)
    assert scene.trees.alive(successor)


async def test_what_is_held_together_is_killed_in_one_stroke(scene):
    process, run = scene.spawn()
    member = scene.world.add(parent=run.identity, ignores={"SIGTERM"})

    scene.do(process, KillTree(0, run))

    assert not scene.trees.alive(run.identity)
    assert not scene.trees.alive(member)
    assert scene.trees.signals == []


async def test_a_kill_looks_again_until_nobody_is_new(scene):
    process, run = scene.spawn()
    scene.trees.held.clear()
    scene.world.get(run.identity).unkillable = True

    scene.do(process, KillTree(0, run))
    newcomer = scene.world.add(parent=run.identity, ignores={"SIGTERM"})
    scene.clock.advance(KILL_PASS_INTERVAL)

    assert not scene.trees.alive(newcomer)
    scene.clock.advance(KILL_PASS_INTERVAL)
    assert scene.clock.pending == 0
    assert [name for _, name in scene.trees.signals] == ["SIGKILL", "SIGKILL"]


async def test_a_sweep_of_nothing_tells_so(scene):
    process, run = scene.spawn()
    scene.launcher.end(run.identity)

    scene.do(process, Sweep(0, run, "SIGINT"))

    assert await scene.posted_one(SessionEmptied) == SessionEmptied(run.identity, scene.clock.now())
    assert scene.trees.signals == []


async def test_a_sweep_tells_leftovers_to_stop_and_waits_for_all_of_them(scene):
    process, run = scene.spawn()
    willing = scene.world.add(parent=run.identity)
    stubborn = scene.world.add(parent=run.identity, ignores={"SIGINT"})
    scene.launcher.end(run.identity)

    scene.do(process, Sweep(0, run, "SIGINT"))
    await settle()
    assert set(scene.trees.signals) == {(willing.pid, "SIGINT"), (stubborn.pid, "SIGINT")}
    assert scene.take(SessionEmptied) == []

    scene.launcher.end(stubborn)
    await scene.posted_one(SessionEmptied)


async def test_a_sweep_after_a_stop_signals_nobody_twice(scene):
    process, run = scene.spawn()
    child = scene.world.add(parent=run.identity, own_session=True, ignores={"SIGINT"})
    scene.launcher.end(run.identity)

    scene.do(process, Sweep(0, run, None))
    await settle()
    assert scene.take(SessionEmptied) == []
    assert scene.trees.signals == []

    scene.launcher.end(child)
    await scene.posted_one(SessionEmptied)


async def test_a_sweep_waits_for_those_too_that_came_meanwhile(scene):
    process, run = scene.spawn()
    first = scene.world.add(parent=run.identity)
    scene.launcher.end(run.identity)
    scene.do(process, Sweep(0, run, None))
    second = scene.world.add(parent=first)

    scene.launcher.end(first)
    await settle()
    assert scene.take(SessionEmptied) == []

    scene.launcher.end(second)
    await scene.posted_one(SessionEmptied)


async def test_when_the_grace_is_over_the_survivors_are_named(scene):
    process, run = scene.spawn()
    child = scene.world.add(parent=run.identity)
    stopping = a_process(state=Stopping(run, Cause.STOP_REQUESTED), epoch=5, launch=3)
    scene.do(stopping, SetTimer(0, 5, Timer.GRACE, 1.6))

    scene.clock.advance(1.6)

    (elapsed,) = scene.posted
    assert elapsed.epoch == 5
    assert set(elapsed.survivors) == {run.identity.pid, child.pid}
    assert process.epoch == 4


async def test_when_a_backoff_is_over_it_is_told(scene):
    scene.do(a_process(epoch=5), SetTimer(0, 5, Timer.BACKOFF, 1.0))
    scene.clock.advance(0.9)
    assert scene.posted == []

    scene.clock.advance(0.1)

    assert scene.posted == [BackoffElapsed(5)]


async def test_a_process_has_one_timer_at_a_time(scene):
    _, run = scene.spawn()
    stopping = a_process(state=Stopping(run, Cause.STOP_REQUESTED), epoch=5, launch=3)
    scene.do(stopping, SetTimer(0, 5, Timer.GRACE, 1.6))

    scene.do(stopping, SetTimer(0, 6, Timer.GRACE, 5.0))
    scene.clock.advance(100)

    assert [event.epoch for event in scene.take(GraceElapsed)] == [6]


async def test_what_is_forgotten_has_no_timer_and_no_output_any_more(scene):
    process, _ = scene.spawn()
    scene.do(process, SetTimer(0, 4, Timer.BACKOFF, 1.0))
    scene.capture.write("/run/0/out", b"last words\n")

    scene.do(process, Forget(0))

    assert scene.clock.pending == 0
    assert scene.capture.open_ids == set()
    assert scene.capture.contents[OUT_FILE] == b"last words\n"


async def test_nothing_is_told_before_the_effects_of_a_message_are_all_done(scene):
    """What an effect leads to is posted, or comes from the event loop, and never re-enters."""
    process, run = scene.spawn()
    scene.world.end(run.identity, CLEAN)

    scene.do(process, Watch(0, run))

    assert scene.posted == []
    await asyncio.sleep(0)
    assert scene.posted


async def test_a_launch_that_fails_takes_back_what_the_program_was_equipped_with(scene):
    scene.launcher.fail("cannot run it")

    scene.do(a_process(state=Starting(), epoch=3), Spawn(0, epoch=3))

    assert scene.channels.opened == set()


async def test_what_stands_beside_another_writes_into_the_same_output(scene):
    scene.spawn(pm_id=-8, replaces=7)

    (order,) = scene.launcher.orders
    assert (order.stdout, order.env["PMDAEMON_ID"]) == ("/run/7/out", "7")


async def test_when_what_stood_beside_another_is_forgotten_the_output_stays(scene):
    process, _ = scene.spawn(pm_id=-8, replaces=7)

    scene.do(process, Forget(-8))

    assert scene.capture.open_ids == {7}


async def test_a_port_of_its_own_is_looked_at_until_it_is_listened_on(scene):
    process, run = scene.spawn(pm_id=-1, replaces=0, tcp_port=3000)
    scene.do(process, AwaitReady(-1, run))
    scene.clock.advance(LISTENING_INTERVAL)
    assert scene.take(BecameReady) == []

    scene.probe.used.add(3000)
    scene.clock.advance(LISTENING_INTERVAL)
    scene.clock.advance(LISTENING_INTERVAL)

    assert scene.take(BecameReady) == [BecameReady(run.identity, told=False)]


async def test_a_port_is_not_looked_at_for_longer_than_it_can_matter(scene):
    process, run = scene.spawn(pm_id=-1, replaces=0, tcp_port=3000)
    scene.do(process, AwaitReady(-1, run))
    scene.clock.advance(10.0)

    scene.probe.used.add(3000)
    scene.clock.advance(10.0)

    assert scene.take(BecameReady) == []


async def test_a_program_has_drained_when_the_gateway_has_all_its_answers(scene):
    process, run = scene.spawn(spec=PYTHON)

    scene.do(process, Drain(0, run))
    [(pm_id, idle)] = scene.busy
    assert (pm_id, scene.take(Drained)) == (0, [])
    idle()

    assert scene.take(Drained) == [Drained(run.identity)]


async def test_a_program_that_shares_sockets_and_has_no_channel_has_drained_at_once(scene):
    process, run = scene.spawn(spec=replace(an_app(), exec_mode="cluster"))
    scene.lines.over(process, run)

    scene.do(process, Drain(0, run))

    assert (scene.take(Drained), scene.busy) == ([Drained(run.identity)], [])


async def test_a_signal_for_the_first_process_goes_to_no_other(scene):
    process, run = scene.spawn()
    scene.world.add(parent=run.identity)

    scene.do(process, SignalFirst(0, run, "SIGUSR2"))

    assert scene.trees.signals == [(run.identity.pid, "SIGUSR2")]


async def test_a_program_is_told_by_message_to_end_where_that_was_declared(scene):
    process, run = scene.spawn(spec=an_app(stop=StopPolicy(message=True)))

    scene.do(process, SignalTree(0, run, "SIGINT"))

    assert scene.channels.sent == [("home.0.3", "shutdown", None)]
    assert scene.trees.signals == []


async def test_a_program_without_a_channel_is_told_by_signal_all_the_same(scene):
    process, run = scene.spawn(spec=replace(PYTHON, stop=StopPolicy(message=True)))

    scene.do(process, SignalTree(0, run, "SIGINT"))

    assert scene.trees.signals == [(run.identity.pid, "SIGINT")]


@pytest.mark.parametrize("listening", [False, True])
async def test_when_the_time_to_get_ready_is_over_it_is_told_whether_others_listen(
    scene, listening
):
    process, _ = scene.spawn()
    if listening:
        scene.sockets.open("web", None, 3000)

    scene.do(process, SetTimer(0, 4, Timer.READY, 3.0))
    scene.clock.advance(3.0)

    assert scene.take(ReadyTimeElapsed) == [ReadyTimeElapsed(4, listening)]


async def test_when_the_time_for_draining_is_over_it_is_told(scene):
    process, _ = scene.spawn()

    scene.do(process, SetTimer(0, 4, Timer.DRAIN, 1.6))
    scene.clock.advance(1.6)

    assert scene.take(DrainTimeElapsed) == [DrainTimeElapsed(4)]


async def test_a_health_check_finds_out_where_it_can_tell_the_two_apart(scene):
    app = an_app(health=HealthCheck("http", "http://localhost:{port}/"))
    process, run = scene.spawn(spec=app, pm_id=-1, replaces=0, tcp_port=3000)
    scene.probe.used.add(3000)

    scene.do(process, AwaitReady(-1, run))

    assert scene.checked == [(process, run)]
    assert scene.take(BecameReady) == []
