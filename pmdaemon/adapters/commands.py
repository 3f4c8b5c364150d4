"""Running a command to its end: in a session of its own, with a deadline, its output bounded.

For what is asked or told by a command, not for what is supervised: nobody remembers it, and when
its time is over it is killed with everything that is still in its group.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec import Struct

from pmdaemon.adapters import privileges
from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.adapters.spawned import identify
from pmdaemon.core.process import Exit, Identity
from pmdaemon.core.spec import Limits, RunAs
from pmdaemon.core.wording import why

OUTPUT_KEPT = 4096
"""Bytes of its output that are kept, the last ones."""

INPUT_LIMIT = 32 * 1024
"""Bytes of input: what a pipe takes without anybody who reads it."""


class CommandOrder(Struct, frozen=True, kw_only=True):
    """A command to be run; `timeout` is in seconds."""

    argv: Sequence[str]
    timeout: float
    cwd: str = "/"
    env: Mapping[str, str] = {}
    run_as: RunAs = RunAs()
    stdin: bytes = b""


class CommandOutcome(Struct, frozen=True):
    """How a command ended; without an `exit` it took too long, or, with `failure`, never began."""

    exit: Exit | None
    output: bytes = b""
    failure: str | None = None


class Commands:
    """Runs commands beside everything else."""

    def __init__(self, reader: ProcessReader, handles: ProcessHandles) -> None:
        self._reader = reader
        self._handles = handles

    async def run(self, order: CommandOrder) -> CommandOutcome:
        """Run a command; whatever goes wrong is the outcome."""
        output = _Output()
        try:
            pid = _spawn(order, output.writing)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            output.close()
            return CommandOutcome(None, failure=f"{order.argv[0]}: {why(error)}")
        finally:
            output.close_writing()
        identity = identify(self._reader, pid)
        if identity is None:
            output.close()
            return CommandOutcome(None, failure="the system does not show its process")
        try:
            ended = await self._until_ended(identity, order.timeout)
        finally:
            # A zombie still has its group, and nobody else can have got its number.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            self._handles.reap(identity)
            output.close()
        return CommandOutcome(ended, output.last)

    async def _until_ended(self, identity: Identity, timeout: float) -> Exit | None:  # noqa: ASYNC109 - it is the order's
        over: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()

        def ended(how: Exit) -> None:
            if not over.done():
                over.set_result(how)

        self._handles.exit_when_ended(identity, ended)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(over)
        except TimeoutError:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(identity.pid, signal.SIGKILL)
            await over
            return None


class _Output:
    """A pipe that is emptied as it fills; only the end of what came is kept."""

    def __init__(self) -> None:
        self.last = b""
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        asyncio.get_running_loop().add_reader(self._reading, self._take)

    def close_writing(self) -> None:
        """Leave the other end to the command."""
        if self.writing >= 0:
            os.close(self.writing)
            self.writing = -1

    def close(self) -> None:
        """Take what is still there, and be done."""
        if self._reading >= 0:
            self._take()
        if self._reading >= 0:
            self._end()

    def _take(self) -> None:
        with suppress(BlockingIOError):
            while data := os.read(self._reading, 65536):
                self.last = (self.last + data)[-OUTPUT_KEPT:]
            self._end()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._reading)
        os.close(self._reading)
        self._reading = -1


def _spawn(order: CommandOrder, output: int) -> int:
    reading, writing = os.pipe()
    try:
        os.write(writing, order.stdin[:INPUT_LIMIT])
        os.close(writing)
        popen = subprocess.Popen(
            order.argv,
            cwd=order.cwd,
            env=order.env,
            stdin=reading,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=privileges.preparation(order.run_as, Limits()),  # noqa: PLW1509 - see there
        )
    finally:
        os.close(reading)
    # Its exit is collected by its handle; Popen is not to wait for it as well.
    popen.returncode = 0
    return popen.pid
