"""Starting a program with other rights or limits than ours: more work than others need."""

import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress

from pmdaemon.adapters import privileges
from pmdaemon.adapters.launch_failures import cannot_open, cannot_prepare, cannot_run
from pmdaemon.adapters.walls import Walls
from pmdaemon.core.environment import TOKEN_VARIABLE
from pmdaemon.core.spec import Limits, RunAs
from pmdaemon.engine.interfaces import LaunchOrder

_NOTHING_ASKED = RunAs(), Limits()

FIRST_INHERITED = 3
"""The number of the first descriptor that a program inherits (sd_listen_fds(3))."""


def is_asked_for(order: LaunchOrder) -> bool:
    """Whether a program is to have anything that it would not inherit from us."""
    walled = order.equipment.visible_folders is not None
    return walled or (order.run_as, order.limits) != _NOTHING_ASKED


def spawn_as(
    order: LaunchOrder, argv: Sequence[str], inherited: Sequence[int], walls: Walls | None = None
) -> int:
    """Start a program by `argv`, and return its pid.

    It gets the `inherited` descriptors, none of which has a number that it is to have for one.
    `walls` are for one that is not to see all of the home.

    Raises:
        LaunchFailed: nothing was started.

    """
    with ExitStack() as opened:
        stdout, stderr = (_open_output(path, opened) for path in (order.stdout, order.stderr))
        given = order.equipment.stdin
        stdin = subprocess.DEVNULL if given is None else _open_output(given, opened)
        if order.run_as.uid is not None:
            _hand_over(order.run_as.uid, stdout, stderr)
        try:
            wall = opened.enter_context(_walls(order, walls))
            popen = subprocess.Popen(
                argv,
                cwd=order.cwd,
                env={**order.env, TOKEN_VARIABLE: order.token},
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                umask=-1 if order.limits.umask is None else order.limits.umask,
                pass_fds=range(FIRST_INHERITED, FIRST_INHERITED + len(inherited)),
                preexec_fn=_preparation(order, inherited, wall),  # noqa: PLW1509 - see there
            )
        except subprocess.SubprocessError as error:
            raise cannot_prepare(order, error) from error
        except (OSError, ValueError) as error:
            raise cannot_run(order, error) from error
    # The exit is ours to collect. Thinking that it has been, Popen neither warns, nor waits for
    # the pid by itself when a later one is made.
    popen.returncode = 0
    return popen.pid


def _walls(
    order: LaunchOrder, walls: Walls | None
) -> AbstractContextManager[Callable[[], None] | None]:
    visible_folders = order.equipment.visible_folders
    if walls is None or visible_folders is None:
        return nullcontext()
    # Its outputs, too: a program may open them again, as /dev/stdout.
    given = order.equipment.stdin
    own = [order.stdout, order.stderr, *([given] if given is not None else [])]
    return walls.around([*visible_folders, *own])


def _preparation(
    order: LaunchOrder, inherited: Sequence[int], wall: Callable[[], None] | None
) -> Callable[[], None] | None:
    prepare = privileges.preparation(order.run_as, order.limits)
    if not inherited and wall is None:
        return prepare

    def run() -> None:
        for number, file in enumerate(inherited, FIRST_INHERITED):
            os.dup2(file, number)
        if prepare is not None:
            prepare()
        if wall is not None:
            wall()

    return run


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
