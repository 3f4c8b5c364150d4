"""Starting programs, and ending them with all that they started."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from pmdaemon.core.process import Exit, Identity
from pmdaemon.core.spec import Limits, RunAs


class Equipment(Struct, frozen=True):
    """What a program finds at its start, beside its own environment.

    `stdin` is the path of a FIFO that is its standard input; without, it has none. `inherited` are
    descriptors of ours that it has as 3, 4, and so on. `pid_variable` is the name of a variable
    that is to hold its own pid. Of the home it sees the `visible_folders` alone; None is all of it.
    """

    env: Mapping[str, str] = {}
    inherited: tuple[int, ...] = ()
    pid_variable: str | None = None
    stdin: str | None = None
    visible_folders: tuple[str, ...] | None = None


class LaunchOrder(Struct, frozen=True):
    """A program to be started in a session of its own.

    `stdout` and `stderr` are paths of FIFOs, opened for reading and writing. `token` marks the
    program and all that it starts. It has the rights of `run_as`, and starts within `limits`.
    """

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    token: str
    stdout: str
    stderr: str
    run_as: RunAs = RunAs()
    limits: Limits = Limits()
    equipment: Equipment = Equipment()


class LaunchFailed(Exception):
    """A program could not be started; `transient` when trying again later may help."""

    def __init__(self, reason: str, *, transient: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.transient = transient


class Launcher(Protocol):
    """Starts programs and tells how they ended."""

    def launch(self, order: LaunchOrder) -> Identity:
        """Start a program.

        Raises:
            LaunchFailed: nothing was started.

        """

    def objection(self, run_as: RunAs, limits: Limits) -> str | None:
        """Say why no program could be started with these rights and limits; None when it could."""

    def watch(self, identity: Identity, on_exit: Callable[[Identity, Exit], None]) -> None:
        """Call `on_exit` once, from the event loop, when this process has ended."""

    def reap(self, identity: Identity) -> None:
        """Have done with a program whose end was told, and is recorded.

        Until then its exit can be learned again, by a next daemon if we are gone.
        """


class ProcessTrees(Protocol):
    """What a program started, and what they started in turn.

    A tree is whatever the system holds together for the run, its session, the descendants of its
    processes, whatever carries its token and has lost its parent, and whatever was seen in the tree
    before. A token ends in a dot and the number of the launch. What a former run of the same
    process left behind is to end with this one, so tokens of earlier launches count as well; those
    of later ones do not.
    """

    def alive(self, identity: Identity) -> bool:
        """Whether this very process exists and has not ended."""

    def members(self, identity: Identity, token: str) -> Sequence[Identity]:
        """List all living processes of the tree."""

    def hold(self, identity: Identity, token: str) -> None:
        """Have the system hold a run together from now on, where it can; nothing waits for it."""

    def release(self, token: str) -> None:
        """Have done with a run of which nothing is left."""

    def has_leftovers(self, identity: Identity, token: str) -> bool:
        """Tell cheaply whether a program that ended may have left anything behind."""

    def signal(self, members: Sequence[Identity], signal: str) -> None:
        """Send a signal, by name, to each process that is still there."""

    def kill(self, token: str) -> None:
        """Kill in one stroke what the system holds together of a run, if it does."""

    def when_gone(self, members: Sequence[Identity], callback: Callable[[], None]) -> None:
        """Call `callback` once, from the event loop, when all of these processes have ended."""

    def find_launched(self, tokens: Sequence[str]) -> Mapping[str, Identity]:
        """Find the session leaders that carry exactly one of these tokens."""


class PidNotes(Protocol):
    """Files with a pid in them."""

    def write(self, path: str, pid: int) -> None:
        """Write it down, in place of what was there; a failure is logged and no more."""

    def remove(self, path: str) -> None:
        """Remove it, if it is there."""
