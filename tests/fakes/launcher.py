"""A launcher that starts made-up processes and remembers what it was asked."""

from collections.abc import Callable
from pathlib import PurePath

from pmdaemon.core.process import Exit, Identity
from pmdaemon.core.spec import Limits, RunAs
from pmdaemon.engine.interfaces import LaunchFailed, LaunchOrder
from tests.fakes.processes import FakeProcesses


class FakeLauncher:
    """Starts whatever it is told to, unless `fail` was called.

    `programs` says what a program does, by its file name: `"crash": Exit(code=1)` ends at once;
    a program that is not listed runs until it is signalled.
    """

    def __init__(self, processes: FakeProcesses | None = None) -> None:
        self.processes = processes or FakeProcesses()
        self.programs: dict[str, Exit] = {}
        self.orders: list[LaunchOrder] = []
        self.launched: list[Identity] = []
        self.reaped: list[Identity] = []
        self._failures: list[LaunchFailed] = []

    def fail(self, reason: str, *, transient: bool = False, times: int = 1) -> None:
        """Refuse the next orders."""
        self._failures += [LaunchFailed(reason, transient=transient) for _ in range(times)]

    def launch(self, order: LaunchOrder) -> Identity:
        """Start a program.

        Raises:
            LaunchFailed: it was told to fail.

        """
        self.orders.append(order)
        if self._failures:
            raise self._failures.pop(0)
        identity = self.processes.add(token=order.token)
        self.launched.append(identity)
        how = self.programs.get(PurePath(order.argv[0]).name)
        if how is not None:
            self.processes.end(identity, how)
        return identity

    def objection(self, run_as: RunAs, limits: Limits) -> str | None:
        """Say why no program could be started so: nobody but us may be the user of one."""
        unusual = run_as.uid is not None or bool(limits.resources.keys() - {"nofile"})
        return "only a daemon that runs as root can do that" if unusual else None

    def watch(self, identity: Identity, on_exit: Callable[[Identity, Exit], None]) -> None:
        """Call `on_exit` once, from the event loop, when this process has ended."""
        self.processes.when_ended(identity, lambda how: on_exit(identity, how))

    def reap(self, identity: Identity) -> None:
        """Have done with a program whose end was told, and remember that it was asked for."""
        self.reaped.append(identity)
        self.processes.reap(identity)

    def end(self, identity: Identity, how: Exit | None = None) -> None:
        """Let a program end by itself, by default with success."""
        self.processes.end(identity, how or Exit(code=0))
