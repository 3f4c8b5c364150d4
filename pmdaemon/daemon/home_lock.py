"""One daemon for each home, and how a home changes hands.

Two locks: the daemon's own, which the keeper and the daemon hold as long as they live, and that of
the successor, held by a keeper that waits for the first. A keeper whose daemon made way looks at
the second, and leaves the home to whoever holds it; a command that finds no daemon just then
starts none. The programs run on meanwhile.
"""

import fcntl
import os
import sys
import time

from pmdaemon.config.paths import Home
from pmdaemon.core.errors import DaemonUnavailable, HomeUnusable
from pmdaemon.core.wording import shown, why


class AlreadyRunning(DaemonUnavailable):
    """Another daemon has this home."""

    code = "daemon_already_running"


PATIENCE = 30.0
"""Seconds that a daemon may take to make way."""

LOOK_AGAIN = 0.02
"""Seconds between two tries to get the lock: flock(2) waits without a deadline, or not at all."""


def hold(home: Home) -> int:
    """Become the one daemon of this home; return the descriptor by which it is held.

    The kernel drops the lock when the last copy of the descriptor is closed, whatever becomes of
    us (flock(2)).

    Raises:
        AlreadyRunning: somebody else is.
        HomeUnusable: the lock cannot be made.

    """
    if is_claimed(home):
        raise AlreadyRunning(f"a daemon is about to take {shown(home.path)} over")
    return _locked(home, home.lock)


def take_over(home: Home, *, patience: float = PATIENCE) -> int:
    """Become the one daemon of this home, whoever is it now; return as `hold` does.

    Args:
        home: which.
        patience: seconds in which the present daemon has to make way.

    Raises:
        AlreadyRunning: the present one does not make way, or somebody else waits for that already.
        HomeUnusable: the lock cannot be made.

    """
    claim = _locked(home, _successor(home))
    try:
        give_up = time.monotonic() + patience
        asked = False
        while True:
            try:
                return _locked(home, home.lock)
            except AlreadyRunning:
                if time.monotonic() > give_up:
                    raise
            if not asked:
                asked = True
                _ask_to_make_way(home)
            time.sleep(LOOK_AGAIN)
    finally:
        os.close(claim)


def is_claimed(home: Home) -> bool:
    """Tell whether somebody waits to take this home over."""
    try:
        os.close(_locked(home, _successor(home)))
    except AlreadyRunning:
        return True
    return False


def _successor(home: Home) -> str:
    return os.path.join(home.path, "daemon.next")  # noqa: PTH118 - pathlib is not loaded here


def _locked(home: Home, path: str) -> int:
    lock = -1
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if lock >= 0:
            os.close(lock)
        if isinstance(error, BlockingIOError):
            message = f"a daemon is already running for {shown(home.path)}"
            raise AlreadyRunning(message) from None
        raise HomeUnusable(f"cannot use {shown(home.path)} as home: {why(error)}") from None
    return lock


def _ask_to_make_way(home: Home) -> None:
    """Ask the daemon that runs, in a process of its own: a client would stay in our memory."""
    asking = [sys.executable, "-P", "-m", "pmdaemon.daemon.make_way", home.path]
    os.spawnv(os.P_WAIT, sys.executable, asking)  # noqa: S606 - no shell is wanted
