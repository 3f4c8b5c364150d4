"""Programs to start in tests, on the real system and on a made-up one.

    async with pidfd_system(tmp_path) as system:
        run = system.launch(Program.FAMILY)

Whatever was launched, and whatever that started, is gone at the end of the block.
"""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.control_groups import ControlGroups
from pmdaemon.adapters.launcher import SpawnLauncher
from pmdaemon.adapters.metrics import TreeMetrics
from pmdaemon.adapters.pid_handles import PidHandles
from pmdaemon.adapters.pidfd import PidfdHandles
from pmdaemon.adapters.proc_table import ProcReader
from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessReader, ProcessTable
from pmdaemon.adapters.process_trees import SystemProcessTrees
from pmdaemon.adapters.psutil_table import PsutilReader
from pmdaemon.core.process import Exit, Identity
from pmdaemon.engine.interfaces import Launcher, LaunchOrder, ProcessMetrics, ProcessTrees
from tests.fakes.launcher import FakeLauncher
from tests.fakes.metrics import FakeProcessMetrics
from tests.fakes.process_trees import FakeProcessTrees
from tests.support.control_groups import own_group
from tests.support.waiting import eventually


class Program(StrEnum):
    """What a program does; the values are shell commands.

    What a shell starts in the background ignores SIGINT, so families are ended by SIGTERM.
    """

    STAYS = "exec sleep 1000"
    SUCCEEDS = "exit 0"
    FAILS = "exit 3"
    KILLS_ITSELF = "kill -KILL $$"
    CRASHES = "ulimit -c 0; kill -SEGV $$"
    FAMILY = "sleep 1000 & wait"
    STUBBORN = "trap '' TERM INT; sleep 1000 & wait"
    LEAVES_A_CHILD = "sleep 1000 & exit 0"
    LEAVES_A_DAEMON = "(setsid sleep 1000 &); exec sleep 1000"
    EXECUTES_ITSELF = 'AGAIN="exec /bin/sh -c \\"\\$AGAIN\\""; export AGAIN; eval "$AGAIN"'


MEMBERS = {
    Program.STAYS: 1,
    Program.FAMILY: 2,
    Program.STUBBORN: 2,
    Program.LEAVES_A_CHILD: 1,
    Program.LEAVES_A_DAEMON: 2,
}
"""How many processes each program comes to, once all have been started."""


@dataclass(slots=True)
class System:
    """A launcher and what looks at its programs."""

    launcher: Launcher
    trees: ProcessTrees
    metrics: ProcessMetrics
    fifo: str
    groups: ControlGroups | None = None
    home: str = field(default_factory=lambda: f"test-{uuid4().hex}")
    reading: int = -1
    launched: dict[Identity, str] = field(default_factory=dict)

    def order(self, program: str, *, token: str | None = None, **changes: Any) -> LaunchOrder:
        order = {
            "argv": ("/bin/sh", "-c", str(program)),
            "cwd": "/",
            "env": {"PATH": os.defpath},
            "token": token or f"{self.home}.{len(self.launched)}.1",
            "stdout": self.fifo,
            "stderr": self.fifo,
        }
        return LaunchOrder(**(order | changes))

    def launch(self, program: str, **changes: Any) -> Identity:
        """Start a program; `settled` waits until all of it has been started."""
        order = self.order(program, **changes)
        identity = self.launcher.launch(order)
        self.launched[identity] = order.token
        self.trees.hold(identity, order.token)
        return identity

    async def held(self, identity: Identity) -> None:
        """Wait until a program, with what it has begun, is in its group, where there are any."""
        if self.groups is not None:
            token, groups = self.launched[identity], self.groups
            all_of_it = {member.pid for member in self.members(identity)}
            await eventually(lambda: all_of_it <= {*groups.pids(token)})

    def members(self, identity: Identity) -> list[Identity]:
        return list(self.trees.members(identity, self.launched[identity]))

    async def settled(self, program: Program, **changes: Any) -> Identity:
        """Start a program that lasts, and wait until it has started all it is going to."""
        identity = self.launch(program, **changes)
        lasts = program is not Program.LEAVES_A_CHILD
        # Looked at in this order: a leader that has ended has begun all it was going to.
        await eventually(
            lambda: (
                self.trees.alive(identity) == lasts
                and len(self.members(identity)) == MEMBERS[program]
            )
        )
        return identity

    async def said(self, program: str, **changes: Any) -> str:
        """Start a program, and return what it has printed before it lasts."""
        self.launch(f"{program}; echo; {Program.STAYS}", **changes)
        output = b""

        def complete() -> bool:
            nonlocal output
            output += self.read_output()
            return output.endswith(b"\n\n")

        await eventually(complete)
        return output.decode().strip()

    def read_output(self) -> bytes:
        with suppress(BlockingIOError):
            return os.read(self.reading, 65536)
        return b""


class _FakeSystem(System):
    def launch(self, program: str, **changes: Any) -> Identity:
        launcher = self.launcher
        assert isinstance(launcher, FakeLauncher)
        identity = System.launch(self, program, **changes)
        world = launcher.processes
        match program:
            case Program.SUCCEEDS:
                world.end(identity, Exit(code=0))
            case Program.CRASHES:
                world.end(identity, Exit(signal=signal.SIGSEGV))
            case Program.FAILS:
                world.end(identity, Exit(code=3))
            case Program.KILLS_ITSELF:
                world.end(identity, Exit(signal=signal.SIGKILL))
            case Program.FAMILY:
                world.add(parent=identity)
            case Program.STUBBORN:
                world.get(identity).ignores = frozenset({"SIGTERM", "SIGINT"})
                world.add(parent=identity, ignores={"SIGTERM", "SIGINT"})
            case Program.LEAVES_A_CHILD:
                world.add(parent=identity)
                world.end(identity, Exit(code=0))
            case Program.LEAVES_A_DAEMON:
                world.add(parent=identity, own_session=True)
        return identity


@asynccontextmanager
async def fake_system(folder: Path) -> AsyncIterator[System]:
    """Make up a system."""
    launcher = FakeLauncher()
    trees = FakeProcessTrees(launcher.processes)
    metrics = FakeProcessMetrics(launcher.processes)
    yield _FakeSystem(launcher, trees, metrics, str(folder / "out"))


@asynccontextmanager
async def pidfd_system(folder: Path) -> AsyncIterator[System]:
    """Use what is made for Linux."""
    with closing(ProcReader()) as reader:
        async with _real_system(folder, reader, PidfdHandles(reader)) as system:
            yield system


@asynccontextmanager
async def grouped_system(folder: Path) -> AsyncIterator[System]:
    """Use the same, and control groups, where these can be had."""
    own_group()
    with closing(ProcReader()) as reader:
        async with _real_system(folder, reader, PidfdHandles(reader), grouped=True) as system:
            yield system


@asynccontextmanager
async def portable_system(folder: Path) -> AsyncIterator[System]:
    """Use what is made for systems without /proc and pidfds."""
    reader = PsutilReader()
    async with _real_system(folder, reader, PidHandles(reader)) as system:
        yield system


@asynccontextmanager
async def _real_system(
    folder: Path, reader: ProcessReader, handles: ProcessHandles, *, grouped: bool = False
) -> AsyncIterator[System]:
    table = ProcessTable(reader, SystemClock())
    home = f"test-{uuid4().hex}"
    groups = ControlGroups(home, reader) if grouped else None
    if groups is not None:
        groups.open()
    trees = SystemProcessTrees(reader, table, handles, groups=groups)
    fifo = str(folder / "output")
    os.mkfifo(fifo)
    here = Path.cwd()
    launcher = SpawnLauncher(reader, handles)
    system = System(launcher, trees, TreeMetrics(table), fifo, groups, home)
    system.reading = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield system
    finally:
        for identity, token in system.launched.items():
            await eventually(lambda i=identity, t=token: _is_swept(trees, i, t))
            with suppress(ChildProcessError):
                os.waitpid(identity.pid, 0)
            trees.release(token)
        if groups is not None:
            groups.close()
        handles.close()
        launcher.close()
        os.close(system.reading)
        os.chdir(here)  # the launcher has left it


def _is_swept(trees: ProcessTrees, identity: Identity, token: str) -> bool:
    trees.kill(token)
    members = trees.members(identity, token)
    trees.signal(members, "SIGKILL")
    return not members


REAL_SYSTEMS = [
    pytest.param(pidfd_system, id="pidfd", marks=pytest.mark.posix),
    pytest.param(portable_system, id="portable", marks=pytest.mark.posix),
]
ALL_SYSTEMS = [pytest.param(fake_system, id="fake"), *REAL_SYSTEMS]

_GROUPED = pytest.param(grouped_system, id="grouped", marks=pytest.mark.posix)

HOLDING_SYSTEMS = [ALL_SYSTEMS[0], _GROUPED]
"""Those that hold runs together."""

TREE_SYSTEMS = [*ALL_SYSTEMS, _GROUPED]
"""Those that differ in how they find the members of a tree."""
