"""One daemon a home."""

import fcntl
import os

from pmdaemon.config.paths import Home
from pmdaemon.core.errors import DaemonUnavailable, HomeUnusable


class AlreadyRunning(DaemonUnavailable):
    """Another daemon has this home."""

    code = "daemon_already_running"


def hold(home: Home) -> int:
    """Become the one daemon of this home; return the descriptor by which it is held.

    The kernel drops the lock when the last copy of the descriptor is closed, whatever becomes of
    us (flock(2)).

    Raises:
        AlreadyRunning: somebody else is.
        HomeUnusable: the lock cannot be made.

    """
    try:
        lock = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(home, error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if isinstance(error, BlockingIOError):
            raise AlreadyRunning(f"a daemon is running already for {home.path}") from None
        raise _unusable(home, error) from None
    return lock


def _unusable(home: Home, error: OSError) -> HomeUnusable:
    return HomeUnusable(f"cannot use {home.path} as home: {error.strerror}")
