"""Starting programs, each in a session of its own, and learning how they ended.

The library call behind it is posix_spawn(3): the program is started without copying our memory, it
opens its own outputs, and its files get the numbers they are to have. It is half the work of
`subprocess`, which makes a pipe for each start and goes through all files that we have open.
"""

import errno
import os
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from pmdaemon.adapters import privileges
from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.adapters.launch_failures import cannot_enter, cannot_open, cannot_run
from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.adapters.spawn_as import FIRST_INHERITED, is_asked_for, spawn_as
from pmdaemon.adapters.spawned import Children, ticks_since_boot
from pmdaemon.adapters.walls import Walls
from pmdaemon.core.environment import TOKEN_VARIABLE
from pmdaemon.core.process import UNKNOWN_EXIT, Exit, Identity
from pmdaemon.core.spec import Limits, RunAs
from pmdaemon.engine.interfaces import LaunchFailed, LaunchOrder

_NOT_FOR_PROGRAMS: Final = tuple(
    getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name)
)
"""What Python ignores from its start, and a program would go on ignoring."""


MOST_INHERITED: Final = 2
"""How many descriptors a program can inherit from us."""

SHELL: Final = "/bin/sh"
EXEC_WITH_ITS_PID: Final = 'export {}=$$; exec "$@"'
"""Only a program itself knows its pid before it runs; a shell is the smallest that can say it."""


class SpawnLauncher:
    """Starts programs by `os.posix_spawn`.

    While it starts one, the current directory is that of the program, and then the root: nobody in
    this process may count on it.

    `child_nofile` is the soft and hard limit on open files that programs are to have, where our
    own soft limit was raised above it. `keeper` is told of every program, so that one which ends
    before we have recorded it is known to the next daemon; and it knows how those ended that are
    not our children. `walls` keep programs out of the home that are not to see all of it.
    """

    def __init__(
        self,
        reader: ProcessReader,
        handles: ProcessHandles,
        *,
        child_nofile: tuple[int, int] | None = None,
        keeper: KeeperLink | None = None,
        walls: Walls | None = None,
    ) -> None:
        self._children = Children(reader)
        self._handles = handles
        self._child_nofile = child_nofile
        self._keeper = keeper or KeeperLink()
        self._walls = walls
        self._latest: Identity | None = None
        # What we open ourselves is closed by the exec (PEP 446); what we were given is not.
        self._given = _inheritable()
        # Numbers below any limit that a program may have, to which what it inherits is brought
        # first: a higher one is refused in a file action.
        self._nothing, *self._slots = sorted(
            os.open(os.devnull, os.O_RDONLY) for _ in range(1 + MOST_INHERITED)
        )

    def launch(self, order: LaunchOrder) -> Identity:
        """Start a program.

        Raises:
            LaunchFailed: nothing was started.

        """
        with self._keeper.launching(order.token) as launched:
            before = ticks_since_boot()
            with _in_directory(order), self._limiting_files(), self._keeping_what_was_given():
                pid = self._spawn(order)
            identity = self._children.identify(pid, before)
            if identity is None:
                reason = f"cannot run {order.argv[0]}: the system does not show its process"
                raise LaunchFailed(reason, transient=True)
            launched(identity)
        self._latest = identity
        return identity

    def objection(self, run_as: RunAs, limits: Limits) -> str | None:
        """Say why no program could be started with these rights and limits; None when it could."""
        return privileges.objection(run_as, limits)

    def watch(self, identity: Identity, on_exit: Callable[[Identity, Exit], None]) -> None:
        """Call `on_exit` once, from the event loop, when this process has ended."""

        def ended(how: Exit) -> None:
            if how == UNKNOWN_EXIT:
                self._keeper.exit_of(identity, lambda found: on_exit(identity, found))
            else:
                on_exit(identity, how)

        # Reading once more which process it is costs as much as all the rest of this.
        is_held, self._latest = identity is self._latest, None
        self._handles.exit_when_ended(identity, ended, is_held=is_held)

    def reap(self, identity: Identity) -> None:
        """Have done with a program whose end was told, and is recorded."""
        self._handles.reap(identity)
        self._keeper.recorded(identity)

    def close(self) -> None:
        """Give the numbers back that were kept for what programs inherit."""
        for file in (self._nothing, *self._slots):
            os.close(file)

    def _spawn(self, order: LaunchOrder) -> int:
        # For reading as well, so that writing never fails while nobody reads.
        flags = os.O_RDWR | os.O_NOCTTY
        argv = _argv(order)
        with self._in_slots(order.equipment.inherited) as inherited:
            if is_asked_for(order):
                return spawn_as(order, argv, inherited, self._walls)
            return self._spawn_with(order, argv, flags, inherited)

    def _spawn_with(
        self, order: LaunchOrder, argv: tuple[str, ...], flags: int, inherited: Sequence[int]
    ) -> int:
        try:
            return os.posix_spawn(
                argv[0],
                argv,
                {**order.env, TOKEN_VARIABLE: order.token},
                file_actions=[
                    _input(order),
                    (os.POSIX_SPAWN_OPEN, 1, order.stdout, flags, 0),
                    (os.POSIX_SPAWN_OPEN, 2, order.stderr, flags, 0),
                    *(
                        (os.POSIX_SPAWN_DUP2, file, FIRST_INHERITED + index)
                        for index, file in enumerate(inherited)
                    ),
                ],
                setsid=True,
                setsigmask=(),
                setsigdef=_NOT_FOR_PROGRAMS,
            )
        except (OSError, ValueError) as error:
            # All that it says is the number of the error, and not what was wrong.
            _try_outputs(order)
            raise cannot_run(order, error) from error

    @contextmanager
    def _in_slots(self, files: Sequence[int]) -> Iterator[Sequence[int]]:
        """Have these descriptors under numbers, in ascending order, that are kept free for that.

        None is below the one that the program is to have it as, so none is overwritten too early.
        """
        slots = self._slots[: len(files)]
        try:
            for file, slot in zip(files, slots, strict=True):
                os.dup2(file, slot, inheritable=False)
            yield slots
        finally:
            # Nobody is to hold a socket open that others have closed.
            for slot in slots:
                os.dup2(self._nothing, slot, inheritable=False)

    @contextmanager
    def _keeping_what_was_given(self) -> Iterator[None]:
        """Pass nothing on of what we were given, but to who goes on in this process (execve(2)).

        A file action could not close it: a number beyond the limit of the program is refused.
        """
        for file in self._given:
            os.set_inheritable(file, False)  # noqa: FBT003 - the library's signature
        try:
            yield
        finally:
            for file in self._given:
                os.set_inheritable(file, True)  # noqa: FBT003 - as above

    @contextmanager
    def _limiting_files(self) -> Iterator[None]:
        """Have the limit on open files that the program is to have.

        It inherits ours. Set after the start, it would come too late for a shell that asks for it
        at once.
        """
        if self._child_nofile is None:
            yield
            return
        ours = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(ValueError):  # more than our hard limit, which somebody has lowered since
            resource.setrlimit(resource.RLIMIT_NOFILE, (self._child_nofile[0], ours[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, ours)


def _argv(order: LaunchOrder) -> tuple[str, ...]:
    """Say what is executed: the program, or a shell that tells it its pid and becomes it."""
    variable = order.equipment.pid_variable
    if variable is None:
        return tuple(order.argv)
    program = order.argv[0]
    if not os.access(program, os.X_OK):
        number = errno.EACCES if os.path.lexists(program) else errno.ENOENT
        raise cannot_run(order, OSError(number, os.strerror(number)))
    return (SHELL, "-c", EXEC_WITH_ITS_PID.format(variable), program, *order.argv)


def _input(order: LaunchOrder) -> tuple[int, int, str, int, int]:
    """Open its standard input; one that is there for writing, too, as it would read an end else."""
    path = order.equipment.stdin
    if path is None:
        return os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0
    return os.POSIX_SPAWN_OPEN, 0, path, os.O_RDWR | os.O_NOCTTY, 0


@contextmanager
def _in_directory(order: LaunchOrder) -> Iterator[None]:
    """Be where the program is to be: posix_spawn(3) has no portable way to say that."""
    try:
        os.chdir(order.cwd)
    except (OSError, ValueError) as error:
        raise cannot_enter(order, error) from error
    try:
        yield
    finally:
        os.chdir(os.sep)


def _try_outputs(order: LaunchOrder) -> None:
    """Refuse the order if it was for its outputs that it failed."""
    for path in (order.stdout, order.stderr):
        try:
            os.close(os.open(path, os.O_RDWR | os.O_NOCTTY))
        except OSError as error:
            raise cannot_open(path, error) from error


def _inheritable() -> list[int]:
    """List the files that every program would get from us."""
    found = []
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - descriptors, not paths
        with suppress(OSError):  # the one by which the directory was read
            if int(name) > 2 and os.get_inheritable(int(name)):
                found.append(int(name))
    return found
