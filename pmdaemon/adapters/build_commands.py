"""Running commands that somebody else wrote, and being rid of them afterwards.

Each is a shell in a session of its own, marked by a token in its environment as supervised programs
are, so that whatever it starts is found by session, descent or token, and ended with it: also what
it has put into the background, and what is left when this daemon has died. What it writes is taken
line by line for as long as it runs, and thrown away where nobody wants it, so that it never waits.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from pmdaemon.adapters import privileges
from pmdaemon.adapters.line_gathering import LineGatherer
from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.adapters.spawned import identify
from pmdaemon.adapters.walls import Walls
from pmdaemon.core.environment import TOKEN_VARIABLE
from pmdaemon.core.process import Exit, Identity
from pmdaemon.core.quantities import format_size
from pmdaemon.core.spec import Limits, RunAs
from pmdaemon.core.wording import why
from pmdaemon.engine.interfaces import ProcessTrees
from pmdaemon.engine.interfaces.deploying import BuildOrder, BuildOutcome, Say

SHELL = "/bin/sh"

NICER = 5
"""By how much what is built lets what serves go first."""

NICEST = 19

LOOK_INTERVAL = 0.5
"""Seconds between two looks at a command that runs."""

KILL_INTERVAL = 0.02
"""Seconds between two looks at what is being killed: it may still be forking."""

MOST_KILL_PASSES = 250

KILL_PATIENCE = 5.0
"""Seconds to wait for the end of what was killed."""

LAUNCHES = 1_000_000
"""More than the launches of any command, for finding what is left of all of them."""

NOBODY = Identity(-1, sys.maxsize)
"""No process at all, where a tree has lost its root: then tokens alone tell."""


class BuildCommands:
    """Runs build commands beside everything else.

    Args:
        token: makes the token of a command from its name.
        walls: keep commands out of the home.
        objection: says why nothing may run any longer, as when the disk is full; None while it may.

    """

    def __init__(
        self,
        *,
        reader: ProcessReader,
        handles: ProcessHandles,
        trees: ProcessTrees,
        token: Callable[[str], str],
        walls: Walls,
        objection: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._reader = reader
        self._handles = handles
        self._trees = trees
        self._token = token
        self._walls = walls
        self._objection = objection
        self.running: set[Identity] = set()
        """The first processes of all commands that run now."""

    async def run(self, order: BuildOrder, out: Say, err: Say) -> BuildOutcome:
        """Run one; whatever goes wrong is the outcome. When cancelled, it is ended first."""
        try:
            with self._walls.around(order.visible_folders) as prepare:
                words = (SHELL, "-c", order.command)
                return await self.run_words(words, order, out, err, prepare=prepare)
        except OSError as error:
            return BuildOutcome(None, f"cannot put up walls around it: {why(error)}")

    async def run_words(
        self,
        argv: Sequence[str],
        order: BuildOrder,
        out: Say,
        err: Say,
        *,
        objection: Callable[[], str | None] = lambda: None,
        prepare: Callable[[], None] | None = None,
    ) -> BuildOutcome:
        """Run words in place of the order's command line, as long as there is no objection.

        `prepare` is done in the child before it becomes the program.
        """
        token = f"{self._token(order.name)}.1"
        with LineGatherer(out) as stdout, LineGatherer(err) as stderr:
            try:
                pid = _spawn(argv, order, token, (stdout.writing, stderr.writing), prepare)
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                return BuildOutcome(None, f"cannot run {argv[0]}: {why(error)}")
            finally:
                stdout.leave_writing()
                stderr.leave_writing()
            identity = identify(self._reader, pid)
            if identity is None:
                return BuildOutcome(None, "the system does not show its process")
            return await self._attend(identity, token, order, objection)

    async def end_leftovers(self, name: str) -> int:
        """End what a former daemon left of a command; return how many processes that were."""
        return await self._kill(NOBODY, f"{self._token(name)}.{LAUNCHES}")

    async def _attend(
        self,
        identity: Identity,
        token: str,
        order: BuildOrder,
        objection: Callable[[], str | None],
    ) -> BuildOutcome:
        over: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()

        def ended(how: Exit) -> None:
            if not over.done():
                over.set_result(how)

        self._handles.exit_when_ended(identity, ended, is_held=True)
        self.running.add(identity)
        self._trees.hold(identity, token)
        try:
            reason = await self._until_over(identity, token, over, order, objection)
            return BuildOutcome(None, reason) if reason else BuildOutcome(over.result())
        finally:
            # Who was cancelled waits here as well: nothing of it is to be left.
            await self._kill(identity, token)
            await asyncio.wait({over}, timeout=KILL_PATIENCE)
            self._handles.reap(identity)
            self.running.discard(identity)

    async def _until_over(
        self,
        identity: Identity,
        token: str,
        over: asyncio.Future[Exit],
        order: BuildOrder,
        objection: Callable[[], str | None],
    ) -> str:
        """Wait for its end; say why it has to be ended, or nothing when it ended by itself."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + order.timeout
        while not over.done():
            wait = min(LOOK_INTERVAL, max(0.0, deadline - loop.time()))
            await asyncio.wait({over}, timeout=wait)
            if over.done():
                break
            if loop.time() >= deadline:
                return f"it took longer than {order.timeout:g} s"
            if (reason := objection() or self._objection()) is not None:
                return reason
            if (reason := self._excess(identity, token, order)) is not None:
                return reason
        return objection() or ""  # it may have been faster than who looks

    def _excess(self, identity: Identity, token: str, order: BuildOrder) -> str | None:
        """Say of what a command uses too much."""
        members = self._trees.members(identity, token)
        if len(members) > order.processes:
            return f"it started more than {order.processes} processes"
        if order.memory is None:
            return None
        entries = (self._reader.entry(one.pid) for one in members)
        if sum(one.memory for one in entries if one is not None) > order.memory:
            return f"it used more than {format_size(order.memory)} of memory"
        return None

    async def _kill(self, identity: Identity, token: str) -> int:
        """End a tree: it is stopped first, as what forks for ever is faster than who kills it."""
        killed: set[Identity] = set()
        for _ in range(MOST_KILL_PASSES):
            members = self._trees.members(identity, token)
            if not members:
                self._trees.release(token)
                break
            self._trees.kill(token)
            newcomers = [one for one in members if one not in killed]
            self._trees.signal(newcomers, "SIGSTOP")
            self._trees.signal(newcomers, "SIGKILL")
            killed.update(newcomers)
            await asyncio.sleep(0 if newcomers else KILL_INTERVAL)
        return len(killed)


def _spawn(
    argv: Sequence[str],
    order: BuildOrder,
    token: str,
    outputs: tuple[int, int],
    prepare: Callable[[], None] | None,
) -> int:
    # From where we are: only root may come back from there (setpriority(2)).
    nice = min(os.getpriority(os.PRIO_PROCESS, 0) + NICER, NICEST)
    limit = privileges.preparation(RunAs(), Limits(nice=nice, resources={"core": 0}))
    out, err = outputs

    def be_ready() -> None:
        if limit is not None:
            limit()
        if prepare is not None:
            prepare()

    popen = subprocess.Popen(
        argv,
        cwd=order.cwd,
        env={**order.env, TOKEN_VARIABLE: token},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        start_new_session=True,
        preexec_fn=be_ready,  # noqa: PLW1509 - see `privileges`
    )
    # Its exit is collected by its handle; Popen is not to wait for it as well.
    popen.returncode = 0
    return popen.pid
