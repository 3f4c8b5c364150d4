"""Process handles for systems without pidfds: SIGCHLD for our children, polling for the others."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress

from msgspec import Struct

from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.core.process import Exit, Identity

_POLL_INTERVAL = 0.1
"""Seconds. Nothing tells us of the end of a process that is not our child, so we look."""


class _Wait(Struct, frozen=True, eq=False):
    identity: Identity
    reaps: bool
    callback: Callable[[Exit], None]


class PidHandles:
    """Waits for pids, comparing start times; between looking and signalling a race remains.

    While there is anything to wait for, the loop's handler for SIGCHLD is ours.
    """

    def __init__(self, reader: ProcessReader) -> None:
        self._reader = reader
        self._waits: list[_Wait] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def when_ended(self, identity: Identity, callback: Callable[[], None]) -> None:
        """Call `callback` when this process has ended, leaving its exit to whoever reaps it."""
        self._add(_Wait(identity, reaps=False, callback=lambda _: callback()))

    def exit_when_ended(
        self,
        identity: Identity,
        callback: Callable[[Exit], None],
        *,
        is_held: bool = False,  # noqa: ARG002 - each look compares start times
    ) -> None:
        """Call `callback` with the exit of this process when it has ended, and reap it at once.

        waitpid(2) cannot leave it for later.
        """
        self._add(_Wait(identity, reaps=True, callback=callback))

    def reap(self, identity: Identity) -> None:
        """Do nothing more about a process whose exit was told."""

    def send_signal(self, identity: Identity, number: int) -> None:
        """Send a signal, unless the process is gone or not ours to signal."""
        if not self._is_gone(identity):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(identity.pid, number)

    def close(self) -> None:
        """Stop waiting for anything."""
        self._waits.clear()
        self._rest()

    def _add(self, wait: _Wait) -> None:
        self._waits.append(wait)
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            # Only the main thread may have a handler; elsewhere polling finds our children too.
            with suppress(RuntimeError, ValueError):
                self._loop.add_signal_handler(signal.SIGCHLD, self._look)
        # It may have ended before we began to listen.
        self._loop.call_soon(self._look)

    def _look(self) -> None:
        for wait in tuple(self._waits):
            exit_ = self._collect(wait)
            # A callback may have closed us.
            if exit_ is not None and wait in self._waits:
                self._waits.remove(wait)
                wait.callback(exit_)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waits:
            self._rest()
        elif self._loop is not None:
            self._timer = self._loop.call_later(_POLL_INTERVAL, self._look)

    def _collect(self, wait: _Wait) -> Exit | None:
        if self._is_gone(wait.identity):
            return Exit()
        if not wait.reaps:
            return self._exit_of_a_stranger(wait.identity)
        try:
            pid, status = os.waitpid(wait.identity.pid, os.WNOHANG)
        except ChildProcessError:
            return self._exit_of_a_stranger(wait.identity)
        return _decode(status) if pid else None

    def _exit_of_a_stranger(self, identity: Identity) -> Exit | None:
        entry = self._reader.entry(identity.pid)
        return Exit() if entry is None or entry.ended else None

    def _is_gone(self, identity: Identity) -> bool:
        entry = self._reader.entry(identity.pid)
        return entry is None or entry.start_time != identity.start_time

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._loop is not None:
            with suppress(RuntimeError, ValueError):
                self._loop.remove_signal_handler(signal.SIGCHLD)
            self._loop = None


def _decode(status: int) -> Exit:
    code = os.waitstatus_to_exitcode(status)
    return Exit(code=code) if code >= 0 else Exit(signal=-code)
