"""Whatever is asked, whatever happens, and wherever the daemon dies: what is wished for is so."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmdaemon.core.errors import PmdaemonError, StoreUnavailable
from pmdaemon.core.process import Exit, ProcessState, Wish
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import RestartPolicy
from pmdaemon.engine.interfaces import LaunchOrder
from pmdaemon.engine.takeover import take_over
from tests.fakes.clock import FakeClock
from tests.support.builders import an_app
from tests.support.engine import EngineOnFakes, settle

NAMES = ["a", "b"]
POLICIES = [RestartPolicy(), RestartPolicy(restart_delay=5.0), RestartPolicy(max_restarts=2)]

DOWN_AND_DONE = {ProcessState.STOPPED}
UP_OR_GIVEN_UP = {ProcessState.ONLINE, ProcessState.EXITED, ProcessState.ERRORED}


@dataclass(frozen=True)
class Asked:
    verb: Literal["declare", "start", "stop", "restart", "delete"]
    name: str
    policy: RestartPolicy = POLICIES[0]


@dataclass(frozen=True)
class Ended:
    which: int
    code: int


@dataclass(frozen=True)
class Forked:
    which: int
    stubborn: bool
    own_session: bool


@dataclass(frozen=True)
class BecameStubborn:
    which: int


@dataclass(frozen=True)
class Passed:
    seconds: float


@dataclass(frozen=True)
class StoreChanged:
    works: bool


@dataclass(frozen=True)
class Died:
    """The daemon died `effects` effects from now, or at the end of the step; and the next came."""

    effects: int
    exits_known: bool


@dataclass(frozen=True)
class LaunchFailing:
    transient: bool


def any_step():
    which = st.integers(0, 5)
    name = st.sampled_from(NAMES)
    return st.one_of(
        st.builds(Asked, st.just("declare"), name, st.sampled_from(POLICIES)),
        st.builds(Asked, st.sampled_from(["start", "stop", "restart", "delete"]), name),
        st.builds(Ended, which, st.sampled_from([0, 1])),
        st.builds(Forked, which, st.booleans(), st.booleans()),
        st.builds(BecameStubborn, which),
        st.builds(Passed, st.sampled_from([0.05, 1.0, 1.6, 5.0, 60.0])),
        st.builds(StoreChanged, st.booleans()),
        st.builds(Died, st.integers(0, 4), st.booleans()),
        st.builds(LaunchFailing, st.booleans()),
    )


class Dead(BaseException):
    """The daemon was killed just before an effect."""


class Machine:
    """A world that lasts, a store that lasts, and daemons that come and go."""

    def __init__(self) -> None:
        self.asking: list[asyncio.Task[object]] = []
        self.parts = EngineOnFakes(Path("/nowhere"))
        self.fuse: int | None = None
        self.watch_over_launches()
        self.begin()

    def begin(self) -> None:
        parts = self.parts
        self.running = asyncio.get_running_loop().create_task(parts.supervisor.run(self.carry_out))

    def carry_out(self, process, effect) -> None:
        if self.fuse is not None:
            if self.fuse == 0:
                raise Dead
            self.fuse -= 1
        self.parts.effects.carry_out(process, effect)

    def watch_over_launches(self) -> None:
        launcher = self.parts.launcher
        launch = launcher.launch

        def launch_one(order: LaunchOrder):
            whose = order.token.rpartition(".")[0]
            copies = [
                process
                for process in launcher.processes.living()
                if process.token.rpartition(".")[0] == whose
            ]
            assert not copies, f"a second copy of {whose} beside {copies}"
            return launch(order)

        launcher.launch = launch_one

    async def die(self, *, exits_known: bool) -> None:
        self.fuse = None
        await self.end()
        before = self.parts
        now = before.clock.now()
        self.parts = EngineOnFakes(
            before.folder,
            clock=FakeClock(wall=now.wall, monotonic=now.monotonic),
            world=before.world,
            store=before.store,
        )
        self.watch_over_launches()
        parts = self.parts
        failure, parts.store.failure = parts.store.failure, None
        stored = await parts.store.load()
        parts.store.failure = failure
        parts.supervisor.adopt(stored.processes, stored.next_pm_id, new_boot_id=None)
        for pm_id, event in take_over(
            stored.processes,
            token=parts.effects.token,
            trees=parts.trees,
            clock=parts.clock,
            exits=self.exits() if exits_known else {},
            rebooted=False,
        ):
            parts.supervisor.post(pm_id, event)
        self.begin()

    async def end(self) -> None:
        self.running.cancel()
        with suppress(asyncio.CancelledError, Dead):
            await self.running
        for task in self.asking:
            task.cancel()
        self.asking.clear()

    def exits(self):
        processes = self.parts.world._by_identity.values()
        return {one.identity: one.exit for one in processes if one.exit is not None}

    def all_is_stored(self) -> bool:
        """Whether a daemon may die: what is not in the store, nobody can know of."""
        return self.parts.store.failure is None and not self.parts.supervisor.unsaved

    def living(self, which: int):
        living = self.parts.world.living()
        return living[which % len(living)] if living else None

    async def take(self, step) -> None:  # noqa: C901 - one case a step, each a line or two
        parts = self.parts
        match step:
            case Asked():
                self.asking.append(asyncio.get_running_loop().create_task(self.ask(step)))
            case Ended(which, code) if (program := self.living(which)) is not None:
                # What ends by itself is looked after within its session only.
                for other in parts.world.tree(program.identity):
                    if other.session != program.session:
                        parts.world.end(other.identity, Exit(code=0))
                parts.world.end(program.identity, Exit(code=code))
            case Forked(which, stubborn, own) if (program := self.living(which)) is not None:
                ignores = {"SIGINT"} if stubborn else set()
                parts.world.add(parent=program.identity, own_session=own, ignores=ignores)
            case BecameStubborn(which) if (program := self.living(which)) is not None:
                program.ignores = frozenset({"SIGINT"})
            case Passed(seconds):
                parts.clock.advance(seconds)
            case StoreChanged(works):
                parts.store.failure = None if works else StoreUnavailable("its disk is full")
            case Died(effects, exits_known) if self.all_is_stored():
                self.fuse = effects
                await settle()
                await self.die(exits_known=exits_known)
            case LaunchFailing(transient):
                parts.launcher.fail("it cannot be run", transient=transient)
            case _:
                pass

    async def ask(self, asked: Asked) -> None:
        processes = self.parts.engine.processes
        selectors = [Selector.parse(asked.name)]
        with suppress(PmdaemonError):
            match asked.verb:
                case "declare":
                    spec = an_app(name=asked.name, restart=asked.policy)
                    await processes.start_apps([spec], existing="restart")
                case "start":
                    await processes.start(selectors)
                case "stop":
                    await processes.stop(selectors)
                case "restart":
                    await processes.restart(selectors)
                case "delete":
                    await processes.delete(selectors)

    async def come_to_rest(self) -> None:
        self.parts.store.failure = None
        for _ in range(30):
            await settle()
            self.parts.clock.advance(2.5)
        await settle()

    async def check(self) -> None:
        parts = self.parts
        assert not self.running.done()
        assert all(task.done() for task in self.asking)
        processes = parts.supervisor.processes
        for process in processes.values():
            wanted = UP_OR_GIVEN_UP if process.wish is Wish.UP else DOWN_AND_DONE
            assert process.state.kind in wanted, process
            assert process.wish is not Wish.GONE
        assert (await parts.store.load()).processes == list(processes.values())
        expected = {
            parts.effects.token(process)
            for process in processes.values()
            if process.state.kind is ProcessState.ONLINE
        }
        assert {process.token for process in parts.world.living()} == expected


async def live_through(steps: Sequence[tuple[object, int]]) -> None:
    machine = Machine()
    try:
        for step, turns in steps:
            await machine.take(step)
            for _ in range(turns):
                await asyncio.sleep(0)
        await machine.come_to_rest()
        await machine.check()
    finally:
        await machine.end()


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(any_step(), st.integers(0, 12)), max_size=25))
def test_what_is_wished_for_is_so_in_the_end(steps):
    asyncio.run(live_through(steps))
