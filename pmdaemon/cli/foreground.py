"""Being the first process of a container, with the keeper as child.

As pid 1 we get what nobody else takes: signals from outside, and processes whose parents have gone,
those of `docker exec` among them; most of the programs' orphans go to the keeper. The kernel
spares pid 1 every signal that it has no handler for, so there is one for each that matters.
"""

import os
import select
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from types import FrameType
from typing import Any

from pmdaemon.cli.context import Context, warn
from pmdaemon.control.starter import start_keeper
from pmdaemon.core.errors import DaemonUnavailable, OperationFailed, PmdaemonError

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
"""Signals that end everything; images name one of these by STOPSIGNAL."""

RETRY_PAUSES = (0.1, 0.3, 1.0, 3.0)
"""Seconds to wait when a home is in nobody's hands for a moment."""

PASSED_ON = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""Signals for the programs. SIGWINCH is not among them: every resized terminal would send it."""

STOP_PATIENCE = 24 * 3600.0
"""Seconds that programs may take, all of which their grace allows; whoever waits may kill us."""

KEEPER_PATIENCE = 10.0
"""Seconds for the keeper to end when nothing is left."""

_NEWS = 0
"""Not the number of any signal: another thread has news for the main one."""


class Foreground:
    """Our side of a keeper that is our child: signals, orphans, and how it all ends."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._keeper: int | None = None
        self._status: int | None = None
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Foreground":
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in (*ENDING, *PASSED_ON, signal.SIGCHLD):
            self._before[number] = signal.signal(number, _heard)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        signal.set_wakeup_fd(-1)

    def start_daemon(self, *, take_over: bool = False) -> None:
        """Start a keeper, and with it a daemon.

        Raises:
            PmdaemonError: as `start_keeper`.

        """
        home = self._context.home
        environment = self._context.environment_to_send()
        self._keeper = start_keeper(
            home.path, environment, log=home.daemon_log, take_over=take_over
        ).keeper

    def end_with(self, status: int) -> None:
        """Have `wait` return this status; may be called from any thread, the first call counts."""
        if self._status is None:
            self._status = status
            os.write(self._writing, bytes([_NEWS]))

    def wait(self) -> int:
        """Look after signals and orphans until it is time to end; return the status for that.

        Raises:
            PmdaemonError: the keeper died, and there can be no other.

        """
        while True:
            for number in self._signals():
                if number in ENDING:
                    return 0
                if number in PASSED_ON:
                    self._pass_on(number)
            self._reap()
            if self._keeper is None:
                warn("the keeper was killed; starting another")
                self._start_another()
            if self._status is not None:
                return self._status

    def _start_another(self) -> None:
        """Start a keeper in place of one that was killed.

        A daemon that is left may be about to take that place itself, and the home with it, until
        it hears that we want it.
        """
        for pause in RETRY_PAUSES:
            try:
                self.start_daemon(take_over=True)
            except PmdaemonError:
                time.sleep(pause)
            else:
                return
        self.start_daemon(take_over=True)

    def stop_everything(self) -> None:
        """Stop all programs by their own rules, then the daemon and its keeper.

        Raises:
            OperationFailed: something is left.

        """
        failure: PmdaemonError | None = None
        try:
            self._context.client(start=False, patience=STOP_PATIENCE).kill(wait=False)
        except DaemonUnavailable:
            # It is gone, or just coming: the keeper passes this on to the one that will be there.
            self._reap()
            if self._keeper is not None:
                os.kill(self._keeper, signal.SIGTERM)
        except PmdaemonError as error:
            failure = error
        self._reap()
        while self._keeper is not None:
            if not self._signals(KEEPER_PATIENCE):
                failure = failure or OperationFailed("the daemon did not end", pid=self._keeper)
                break
            self._reap()
        if failure is not None:
            raise failure

    def _signals(self, patience: float | None = None) -> Iterable[int]:
        """Wait for signals; nothing comes only when `patience` seconds have passed."""
        readable, _, _ = select.select([self._reading], [], [], patience)
        return sorted(set(os.read(self._reading, 4096))) if readable else ()

    def _reap(self) -> None:
        """Collect whoever has ended, child or orphan (wait(2)), and know the keeper among them."""
        with suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) > 0:
                if pid == self._keeper:
                    self._keeper = None

    def _pass_on(self, number: int) -> None:
        with suppress(DaemonUnavailable):
            for view in self._context.client(start=False).list():
                if view["pid"] is not None:
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(view["pid"], number)


def _heard(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the number has been written to the pipe already."""
