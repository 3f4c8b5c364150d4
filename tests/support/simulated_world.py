"""A made-up machine with one process on it, for trying sequences of events.

It carries out effects and answers them, at whatever moment the test chooses: programs that obey,
ignore signals, leave others behind or cannot be started; timers that come late; daemons that die
between any two effects. SIGKILL works here.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pmdaemon.core import effects as to_do
from pmdaemon.core import lifecycle as life
from pmdaemon.core import lifecycle_events as happened
from pmdaemon.core.process import (
    UNKNOWN_EXIT,
    Exit,
    Identity,
    Instant,
    Online,
    Process,
    Run,
    Starting,
    Stopping,
)
from tests.support.builders import NOW, later


@dataclass
class Tree:
    """A program and what it started; `stubborn` ones ignore every signal but SIGKILL."""

    run: Run
    launch: int
    stubborn: bool = False
    leader: bool = True
    leftover: bool = False
    watched: bool = True
    swept: bool = False
    exit: Exit = UNKNOWN_EXIT

    @property
    def alive(self) -> bool:
        return self.leader or self.leftover


@dataclass
class World:
    """One process, its programs, and everything that is under way."""

    process: Process
    now: Instant = NOW
    trees: list[Tree] = field(default_factory=list)
    inbox: deque[happened.Event] = field(default_factory=deque)
    timers: list[to_do.SetTimer] = field(default_factory=list)
    forgotten: int = 0
    next_launch: str = "obedient"
    """How the next spawn goes: obedient, stubborn, refused or short of something."""

    @property
    def living(self) -> list[Tree]:
        return [tree for tree in self.trees if tree.alive]

    def pass_time(self, seconds: float) -> None:
        self.now = later(seconds, self.now)

    def happen(self, event: happened.Event, *, die_after: int | None = None) -> None:
        """Let the process know of an event; the daemon dies after so many effects, if at all."""
        if self.forgotten:
            return
        self.process, effects = life.step(self.process, event)
        if any(isinstance(effect, to_do.Forget) for effect in effects):
            # It is gone from the store in the same transaction, whatever happens to the daemon.
            self.forgotten += 1
        for effect in effects[:die_after]:
            self._carry_out(effect)

    def deliver(self) -> None:
        """Let the process know of the oldest thing that happened."""
        self.happen(self.inbox.popleft())

    def fire(self, index: int) -> None:
        """Let a timer come, be it of this epoch or of an earlier one."""
        timer = self.timers.pop(index)
        self.pass_time(timer.seconds)
        match timer.timer:
            case to_do.Timer.BACKOFF:
                self.inbox.append(happened.BackoffElapsed(timer.epoch))
            case to_do.Timer.READY:
                self.inbox.append(happened.ReadyTimeElapsed(timer.epoch))
            case to_do.Timer.DRAIN:
                self.inbox.append(happened.DrainTimeElapsed(timer.epoch))
            case to_do.Timer.GRACE:
                left = tuple(tree.run.identity.pid for tree in self.living)
                self.inbox.append(happened.GraceElapsed(timer.epoch, left))

    def end_program(self, tree: Tree, ended: Exit, *, leftover: bool = False) -> None:
        """Let the first process of a program end, with or without leaving something behind."""
        tree.leader, tree.exit, tree.leftover = False, ended, tree.leftover or leftover
        if tree.watched:
            self.inbox.append(happened.ProcessExited(tree.run.identity, ended))
        self._look(tree)

    def end_leftover(self, tree: Tree) -> None:
        tree.leftover = False
        self._look(tree)

    def replace_daemon(self, *, rebooted: bool = False) -> None:
        """Let the daemon die, with all that it knew and did not store, and start another."""
        self.inbox.clear()
        self.timers.clear()
        state = self.process.state
        for tree in self.trees:
            known = tree.run == self.process.run
            if rebooted or not (tree.leader or known):
                # Without its first process, a run that was never recorded cannot be found.
                tree.leader = tree.leftover = False
            tree.watched = tree.swept = False
        match state:
            case Online(run) | Stopping(run) | Starting(Run() as run):
                found = [tree for tree in self.trees if tree.run == run]
            case Starting():
                found = [tree for tree in self.trees if tree.launch == self.process.launch]
            case _:
                found = []
        run = next((tree.run for tree in found if tree.leader), None)
        how = next((tree.exit for tree in found), UNKNOWN_EXIT)
        self.happen(happened.DaemonStarted(self.now, run, rebooted=rebooted, exit=how))

    def settle(self, until: Callable[[], bool] = lambda: False) -> None:
        """Go on, fairly, until something is so, or nothing is under way any more."""
        for _ in range(200):
            if until():
                return
            if self.inbox:
                self.deliver()
            elif self.timers:
                self.fire(0)
            else:
                return
        raise AssertionError(f"this never ends: {self.process}")

    def _carry_out(self, effect: to_do.Effect) -> None:
        match effect:
            case to_do.Spawn(epoch=epoch):
                self._spawn(epoch)
            case to_do.Watch(run=run):
                tree = self._tree(run)
                tree.watched = True
                if not tree.leader:
                    self.inbox.append(happened.ProcessExited(run.identity, tree.exit))
            case to_do.SignalTree(run=run):
                self._signal(self._tree(run))
            case to_do.KillTree(run=run):
                self._kill(self._tree(run))
            case to_do.Sweep(run=run, signal=signal):
                tree = self._tree(run)
                tree.swept = True
                if signal is not None and not tree.stubborn:
                    tree.leftover = False
                self._look(tree)
            case to_do.SetTimer():
                self.timers.append(effect)
            case to_do.Drain(run=run):
                self.inbox.append(happened.Drained(run.identity))
            case to_do.AwaitReady() | to_do.SignalFirst() | to_do.Forget():
                pass

    def _spawn(self, epoch: int) -> None:
        assert not self.living, f"a second run beside {self.living}"
        if self.next_launch in {"refused", "short"}:
            transient = self.next_launch == "short"
            self.inbox.append(happened.SpawnFailed(epoch, "no", transient, self.now))
            return
        number = len(self.trees) + 1
        run = Run(Identity(number, number), self.now)
        self.trees.append(Tree(run, epoch, stubborn=self.next_launch == "stubborn"))
        self.inbox.append(happened.Spawned(epoch, run))

    def _signal(self, tree: Tree) -> None:
        if not tree.stubborn:
            tree.leftover = False
            if tree.leader:
                self.end_program(tree, Exit(signal=2))

    def _kill(self, tree: Tree) -> None:
        tree.leftover = False
        if tree.leader:
            self.end_program(tree, Exit(signal=9))
        else:
            self._look(tree)

    def _look(self, tree: Tree) -> None:
        if tree.swept and not tree.alive:
            tree.swept = False
            self.inbox.append(happened.SessionEmptied(tree.run.identity, self.now))

    def _tree(self, run: Run) -> Tree:
        return next(tree for tree in self.trees if tree.run == run)
