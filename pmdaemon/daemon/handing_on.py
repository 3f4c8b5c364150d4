"""Going on as a keeper in this very process, by execve(2).

A process keeps its pid, its children and its open files that way. So the keeper renews itself when
a new version was installed; and so a daemon whose keeper was killed takes the keeper's place, stays
the parent of all programs it had started, and has a new daemon started in its own.
"""

from __future__ import annotations

import os
import sys

from pmdaemon import KEEPER_COMMAND
from pmdaemon.daemon.bare import decoded, encoded, signal
from pmdaemon.daemon.keeper import CONCERNED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

KEEPER = (sys.executable, *KEEPER_COMMAND)


def go_on_as_keeper(
    home: str, state: Mapping[str, Any], environment: Mapping[str, str]
) -> NoReturn:
    """Become the keeper that knows `state`, which is what `Keeper.state` gives."""
    passing = os.memfd_create("keeper-state", 0)
    os.write(passing, encoded(state))
    os.lseek(passing, 0, os.SEEK_SET)
    for descriptor in state["kept"].values():
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - the library's signature
    # Signals that come before there are handlers again wait, and do not end us.
    signal.pthread_sigmask(signal.SIG_BLOCK, CONCERNED)
    command = [*KEEPER, "--home", home, "--state-fd", str(passing)]
    os.execve(command[0], command, dict(environment))  # noqa: S606 - no shell is wanted


def state_from(passed: int) -> dict[str, Any]:
    """Read what was passed on."""
    with os.fdopen(passed, "rb") as state:
        read: dict[str, Any] = decoded(state.read())
    for descriptor in read["kept"].values():
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the library's signature
    return read
