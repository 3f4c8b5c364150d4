"""Process handles where the kernel has them: Linux 5.4 and later, pidfd_open(2)."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress

from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.adapters.wakeups import Wakeups
from pmdaemon.core.process import UNKNOWN_EXIT, Exit, Identity

_RETRY_DELAY = 0.05
"""Seconds until we look again when the kernel has no descriptor or no exit for us yet."""


def is_supported() -> bool:
    """Tell whether this kernel, and whatever sandbox we are in, lets us use pidfds."""
    if not hasattr(os, "pidfd_open"):
        return False
    try:
        file = os.pidfd_open(os.getpid())
    except OSError:
        return False
    try:
        os.waitid(os.P_PIDFD, file, os.WEXITED | os.WNOHANG)
    except ChildProcessError:
        return True
    except OSError:
        return False
    finally:
        os.close(file)
    return True


class PidfdHandles:
    """Waits on pidfds in the event loop: no thread, no polling, no signal handler."""

    def __init__(self, reader: ProcessReader) -> None:
        self._reader = reader
        self._wakeups = Wakeups()
        self._waiting: set[int] = set()
        self._zombies: set[Identity] = set()

    def when_ended(self, identity: Identity, callback: Callable[[], None]) -> None:
        """Call `callback` when this process has ended, leaving its exit to whoever reaps it."""
        self._wait(identity, _leave, lambda _: callback())

    def exit_when_ended(
        self, identity: Identity, callback: Callable[[Exit], None], *, is_held: bool = False
    ) -> None:
        """Call `callback` with the exit of this process when it has ended; it is to be reaped."""

        def ended(how: Exit) -> None:
            if how != UNKNOWN_EXIT:
                self._zombies.add(identity)
            callback(how)

        self._wait(identity, _look, ended, is_held=is_held)

    def reap(self, identity: Identity) -> None:
        """Have done with a process whose exit was told."""
        # A pid that is not held by a zombie of ours may be another child's by now.
        if identity in self._zombies:
            self._zombies.remove(identity)
            os.waitpid(identity.pid, os.WNOHANG)

    def send_signal(self, identity: Identity, number: int) -> None:
        """Send a signal, unless the process is gone or not ours to signal."""
        try:
            file = self._open(identity)
        except OSError:  # out of descriptors: what has to end must end all the same
            entry = self._reader.entry(identity.pid)
            if entry is not None and entry.identity == identity:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(identity.pid, number)
            return
        if file is None:
            return
        try:
            with suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(file, number)
        finally:
            os.close(file)

    def close(self) -> None:
        """Stop waiting for anything."""
        for file in self._waiting:
            self._wakeups.remove(file)
            os.close(file)
        self._waiting.clear()

    def _open(self, identity: Identity, *, is_held: bool = False) -> int | None:
        try:
            file = os.pidfd_open(identity.pid)
        except ProcessLookupError:
            return None
        if is_held:
            return file
        # Asked after opening: from here on the pid of a living process cannot change hands.
        entry = self._reader.entry(identity.pid)
        if entry is None or entry.start_time != identity.start_time:
            os.close(file)
            return None
        return file

    def _wait(
        self,
        identity: Identity,
        collect: Callable[[int], Exit | None],
        callback: Callable[[Exit], None],
        *,
        is_held: bool = False,
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            file = self._open(identity, is_held=is_held)
        except OSError:  # out of descriptors, or of memory
            loop.call_later(_RETRY_DELAY, self._wait, identity, collect, callback)
            return
        if file is None:
            loop.call_soon(callback, Exit())
            return
        self._waiting.add(file)
        self._wakeups.add(file, lambda: self._ended(file, collect, callback))

    def _ended(
        self,
        file: int,
        collect: Callable[[int], Exit | None],
        callback: Callable[[Exit], None],
    ) -> None:
        if file not in self._waiting:
            return  # closed meanwhile
        self._wakeups.remove(file)
        exit_ = collect(file)
        if exit_ is None:
            # Ended, but a debugger that is attached to it has to let go of it first (ptrace(2)).
            loop = asyncio.get_running_loop()
            loop.call_later(_RETRY_DELAY, self._ended, file, collect, callback)
            return
        self._waiting.remove(file)
        os.close(file)
        callback(exit_)


def _look(file: int) -> Exit | None:
    """Read the exit of a child of ours, and leave it; None when the kernel has none for us yet.

    The child stays a zombie (waitid(2), WNOWAIT).
    """
    try:
        result = os.waitid(os.P_PIDFD, file, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return Exit()
    if result is None:
        return None
    if result.si_code == os.CLD_EXITED:
        return Exit(code=result.si_status)
    return Exit(signal=result.si_status)


def _leave(_file: int) -> Exit:
    """Leave the exit to whoever reaps the process."""
    return Exit()
