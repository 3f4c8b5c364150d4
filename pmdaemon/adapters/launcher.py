"""Starting programs, each in a session of its own, and learning how they ended.

The system call behind it is vfork(2): the program is started without copying our memory, which
`subprocess` does as long as we ask for nothing to be run in the child before the exec.
"""

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress

from pmdaemon.adapters import privileges
from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.adapters.launch_failures import cannot_open, cannot_prepare, cannot_run
from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.core.environment import TOKEN_VARIABLE
from pmdaemon.core.process import UNKNOWN_EXIT, Exit, Identity
from pmdaemon.core.spec import Limits, RunAs
from pmdaemon.engine.interfaces import LaunchFailed, LaunchOrder


class PopenLauncher:
    """Starts programs by `subprocess.Popen`.

    `child_nofile` is the soft and hard limit on open files that programs are to have, where our
    own soft limit was raised above it. `keeper` is told of every program, so that one which ends
    before we have recorded it is known to the next daemon; and it knows how those ended that are
    not our children.
    """

    def __init__(
        self,
        reader: ProcessReader,
        handles: ProcessHandles,
        *,
        child_nofile: tuple[int, int] | None = None,
        keeper: KeeperLink | None = None,
    ) -> None:
        self._reader = reader
        self._handles = handles
        self._child_nofile = child_nofile
        self._keeper = keeper or KeeperLink()

    def launch(self, order: LaunchOrder) -> Identity:
        """Start a program.

        Raises:
            LaunchFailed: nothing was started.

        """
        with ExitStack() as opened:
            stdout = _open_output(order.stdout, opened)
            stderr = _open_output(order.stderr, opened)
            if order.run_as.uid is not None:
                _hand_over(order.run_as.uid, stdout, stderr)
            with self._keeper.launching(order.token) as launched:
                pid = self._spawn(order, stdout, stderr)
                entry = self._reader.entry(pid)
                if entry is None:
                    _undo(pid)
                    reason = f"cannot run {order.argv[0]}: the system does not show its process"
                    raise LaunchFailed(reason, transient=True)
                launched(entry.identity)
        return entry.identity

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

        self._handles.exit_when_ended(identity, ended)

    def reap(self, identity: Identity) -> None:
        """Have done with a program whose end was told, and is recorded."""
        self._handles.reap(identity)
        self._keeper.recorded(identity)

    def _spawn(self, order: LaunchOrder, stdout: int, stderr: int) -> int:
        if self._child_nofile is None:
            return _spawn(order, stdout, stderr)
        # A program inherits our limit, so for a moment ours is the one that it is to have: set
        # after the start, it would come too late for a shell that asks for it at once.
        ours = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(ValueError):  # more than our hard limit, which somebody has lowered since
            resource.setrlimit(resource.RLIMIT_NOFILE, (self._child_nofile[0], ours[1]))
        try:
            pid = _spawn(order, stdout, stderr)
        except LaunchFailed as failure:
            if not _is_out_of_descriptors(failure):
                raise
        else:
            return pid
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, ours)
        # We have more files open than that limit allows, so it has to be set late after all.
        pid = _spawn(order, stdout, stderr)
        _limit_open_files(pid, self._child_nofile)
        return pid


def _open_output(path: str, opened: ExitStack) -> int:
    try:
        # For reading as well, so that writing never fails while nobody reads.
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise cannot_open(path, error) from error
    opened.callback(os.close, file)
    return file


def _hand_over(uid: int, *outputs: int) -> None:
    """Let a program of another user open its outputs again, as by /dev/stdout."""
    for output in outputs:
        with suppress(PermissionError):  # we are not root, and say so when it is started
            os.fchown(output, uid, -1)


def _spawn(order: LaunchOrder, stdout: int, stderr: int) -> int:
    prepare = privileges.preparation(order.run_as, order.limits)
    try:
        popen = subprocess.Popen(
            order.argv,
            cwd=order.cwd,
            env={**order.env, TOKEN_VARIABLE: order.token},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            umask=-1 if order.limits.umask is None else order.limits.umask,
            preexec_fn=prepare,  # noqa: PLW1509 - see privileges: short, and for few
        )
    except subprocess.SubprocessError as error:
        raise cannot_prepare(order, error) from error
    except (OSError, ValueError) as error:
        raise cannot_run(order, error) from error
    # The exit is ours to collect. Thinking that it has been, Popen neither warns, nor waits for
    # the pid by itself when a later one is made.
    popen.returncode = 0
    return popen.pid


def _is_out_of_descriptors(failure: LaunchFailed) -> bool:
    return isinstance(failure.__cause__, OSError) and failure.__cause__.errno == errno.EMFILE


def _limit_open_files(pid: int, limits: tuple[int, int]) -> None:
    if sys.platform == "linux":
        # It may have ended already, or, being setuid, be out of our reach.
        with suppress(ProcessLookupError, PermissionError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def _undo(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
