"""Carries out what `core.lifecycle.step` asked for.

Every answer goes back as an event. Nothing here decides anything.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from pmdaemon.core import readiness
from pmdaemon.core.effects import (
    AwaitReady,
    Drain,
    Effect,
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
from pmdaemon.core.environment import child_environment
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.lifecycle_events import (
    BackoffElapsed,
    BecameReady,
    Drained,
    DrainTimeElapsed,
    Event,
    GraceElapsed,
    ProcessExited,
    ReadyTimeElapsed,
    SessionEmptied,
    Spawned,
    SpawnFailed,
)
from pmdaemon.core.node import shares_sockets
from pmdaemon.core.process import Exit, Identity, Process, Run
from pmdaemon.core.readiness import Sign
from pmdaemon.engine.interfaces import (
    Clock,
    Launcher,
    LaunchFailed,
    LaunchOrder,
    OutputCapture,
    ProcessTrees,
    TcpProbe,
)
from pmdaemon.engine.program_lines import ProgramLines
from pmdaemon.engine.timers import Timers

log = logging.getLogger(__name__)

KILL_PASS_INTERVAL = 0.05
"""Seconds between two looks through a tree that is being killed."""

LISTENING_INTERVAL = 0.05
"""Seconds between two looks whether a program listens on its port by now: nobody tells us."""


class Post(Protocol):
    """Takes an event to the supervisor's inbox; see `Supervisor.post`."""

    def __call__(
        self, pm_id: int, event: Event, recorded: Callable[[], None] | None = None, /
    ) -> None:
        """Tell what happened."""


class Effects:
    """The interpreter: one method an effect.

    Args:
        token: names the latest run of a process among all that were ever started.
        await_healthy: has a program checked until it is well; see `HealthMonitor`.
        when_idle: calls back when a program answers nothing any more; see `GatewaySide`.
        post: takes an event to the supervisor's inbox.

    """

    def __init__(
        self,
        *,
        token: Callable[[Process], str],
        clock: Clock,
        launcher: Launcher,
        trees: ProcessTrees,
        capture: OutputCapture,
        lines: ProgramLines,
        probe: TcpProbe,
        await_healthy: Callable[[Process, Run], None],
        when_idle: Callable[[Process, Callable[[], None]], None],
        post: Post,
    ) -> None:
        self.token = token
        self._clock = clock
        self._launcher = launcher
        self._trees = trees
        self._capture = capture
        self._lines = lines
        self._probe = probe
        self._await_healthy = await_healthy
        self._when_idle = when_idle
        self._post = post
        self._timers = Timers(clock)

    def carry_out(self, process: Process, effect: Effect) -> None:
        """Do one thing for `process`, which is as it was when the effect was decided."""
        match effect:
            case Spawn(epoch=epoch):
                self._spawn(process, epoch)
            case Watch(run=run):
                self._open_output_again(process)
                self._watch(process, run)
            case AwaitReady(run=run):
                self._look_for_signs(process, run)
            case Drain(run=run):
                self._drain(process, run)
            case SignalFirst(run=run, signal=signal):
                self._trees.signal([run.identity], signal)
            case SignalTree(run=run, signal=signal):
                self._tell_to_end(process, run, signal)
            case KillTree(run=run):
                self._kill(process, run)
            case Sweep(run=run, signal=signal):
                self._sweep(process, run, signal)
            case SetTimer():
                self._set_timer(process, effect)
            case Forget(pm_id):
                self._timers.cancel(pm_id)
                if process.replaces is None:
                    self._capture.close(pm_id)

    def _spawn(self, process: Process, epoch: int) -> None:
        spec = process.spec
        try:
            stdout, stderr = self._open_output(process)
            equipment = self._lines.equip(process)
            identity = self._launcher.launch(
                LaunchOrder(
                    argv=spec.command.argv,
                    cwd=spec.cwd,
                    env={**child_environment(process), **equipment.env},
                    token=self.token(process),
                    stdout=stdout,
                    stderr=stderr,
                    equipment=equipment,
                    run_as=spec.run_as,
                    limits=spec.limits,
                )
            )
        except LaunchFailed as failure:
            self._spawn_failed(process, epoch, failure.reason, transient=failure.transient)
        except PmdaemonError as error:
            self._spawn_failed(process, epoch, error.message, transient=True)
        else:
            run = Run(identity, self._clock.now())
            log.info("process.spawned pm_id=%d pid=%d", process.pm_id, identity.pid)
            self._post(process.pm_id, Spawned(epoch, run))
            self._watch(process, run)

    def _spawn_failed(self, process: Process, epoch: int, reason: str, *, transient: bool) -> None:
        log.warning("process.spawn_failed pm_id=%d reason=%s", process.pm_id, reason)
        self._lines.withdraw(process)
        self._post(process.pm_id, SpawnFailed(epoch, reason, transient, self._clock.now()))

    def _open_output(self, process: Process) -> tuple[str, str]:
        spec = process.spec
        return self._capture.open(process.seat, spec.name, process.instance, spec.logs)

    def _open_output_again(self, process: Process) -> None:
        try:
            self._open_output(process)
        except PmdaemonError as error:
            # What it writes waits in its FIFO; losing sight of the program would be worse.
            log.error("process.output_lost pm_id=%d reason=%s", process.pm_id, error)

    def _watch(self, process: Process, run: Run) -> None:
        def ended(identity: Identity, how: Exit) -> None:
            log.info("process.exited pm_id=%d pid=%d how=%s", process.pm_id, identity.pid, how)
            self._capture.drain(process.seat)
            self._lines.over(process, run)
            # An exit that nobody has stored yet must not be lost with us.
            self._post(
                process.pm_id, ProcessExited(identity, how), lambda: self._launcher.reap(identity)
            )

        self._trees.hold(run.identity, self.token(process))
        self._lines.attend(process, run)
        self._launcher.watch(run.identity, ended)

    def _members(self, process: Process, run: Run) -> Sequence[Identity]:
        return self._trees.members(run.identity, self.token(process))

    def _tell_to_end(self, process: Process, run: Run, signal: str) -> None:
        if process.spec.stop.message and self._lines.say(process, "shutdown"):
            return
        self._trees.signal(self._told_to_stop(process, run), signal)

    def _look_for_signs(self, process: Process, run: Run) -> None:
        match readiness.sign(process):
            case Sign.HEALTHY:
                self._await_healthy(process, run)
            case Sign.LISTENING:
                self._look_whether_it_listens(process, run, self._clock.now().monotonic)
            case Sign.NONE | Sign.TOLD | Sign.LIVING:
                pass  # it says so itself, or a timer does

    def _look_whether_it_listens(self, process: Process, run: Run, since: float) -> None:
        """Look again and again, as long as it can matter, at a port that is its own."""
        waited = self._clock.now().monotonic - since
        if process.tcp_port is None or waited > readiness.patience(process):
            return
        if self._probe.accepts(process.tcp_port):
            self._post(process.pm_id, BecameReady(run.identity, told=False))
            return
        self._clock.call_later(
            LISTENING_INTERVAL, lambda: self._look_whether_it_listens(process, run, since)
        )

    def _drain(self, process: Process, run: Run) -> None:
        if shares_sockets(process.spec):
            self._lines.drain(process, run)
        else:
            self._when_idle(process, lambda: self._post(process.pm_id, Drained(run.identity)))

    def _told_to_stop(self, process: Process, run: Run) -> Sequence[Identity]:
        if process.spec.stop.tree:
            return self._members(process, run)
        return [run.identity] if self._trees.alive(run.identity) else []

    def _kill(self, process: Process, run: Run, killed: frozenset[Identity] = frozenset()) -> None:
        self._trees.kill(self.token(process))
        # What is being killed may still be forking, so look again until nobody is new.
        newcomers = frozenset(self._members(process, run)) - killed
        if newcomers:
            self._trees.signal(sorted(newcomers, key=lambda one: one.pid), "SIGKILL")
            self._clock.call_later(
                KILL_PASS_INTERVAL, lambda: self._kill(process, run, killed | newcomers)
            )

    def _sweep(self, process: Process, run: Run, signal: str | None) -> None:
        token = self.token(process)
        if signal is not None and not self._trees.has_leftovers(run.identity, token):
            left: Sequence[Identity] = ()
        else:
            left = self._members(process, run)
        if not left:
            self._trees.release(token)
            words = self._last_words(process)
            self._post(process.pm_id, SessionEmptied(run.identity, self._clock.now(), words))
            return
        if signal is not None:
            self._trees.signal(left, signal)
        self._trees.when_gone(left, lambda: self._sweep(process, run, None))

    def _last_words(self, process: Process) -> tuple[str, ...]:
        failed = process.last_exit is not None and not process.last_exit.clean
        return self._capture.last_words(process.seat) if failed else ()

    def _set_timer(self, process: Process, effect: SetTimer) -> None:
        def fire() -> None:
            match effect.timer:
                case Timer.GRACE:
                    run = process.run
                    left = self._members(process, run) if run is not None else ()
                    survivors = tuple(one.pid for one in left)
                    self._post(effect.pm_id, GraceElapsed(effect.epoch, survivors))
                case Timer.BACKOFF:
                    self._post(effect.pm_id, BackoffElapsed(effect.epoch))
                case Timer.READY:
                    listeners = self._lines.have_listeners(process.name)
                    self._post(effect.pm_id, ReadyTimeElapsed(effect.epoch, listeners))
                case Timer.DRAIN:
                    self._post(effect.pm_id, DrainTimeElapsed(effect.epoch))

        self._timers.set(effect.pm_id, effect.seconds, fire)
