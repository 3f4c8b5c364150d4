"""Waiting for a daemon to be gone."""

import os
import select
import time

from pmdaemon.core.errors import OperationFailed

PATIENCE = 10.0
"""Seconds for the daemon to close its store and be gone."""


def wait_until_gone(pid: int) -> None:
    """Wait for the end of the daemon, so that a command behind this one starts a new one.

    Raises:
        OperationFailed: it goes on living.

    """
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):  # not on this system
        gone = _gone_by_looking(pid)
    else:
        try:
            gone = _ends(descriptor)
        finally:
            os.close(descriptor)
    if not gone:
        sentence = f"the daemon (pid {pid}) did not end within {PATIENCE:g} s"
        raise OperationFailed(sentence, pid=pid)


def _ends(descriptor: int) -> bool:
    poll = select.poll()  # select takes no descriptor over 1023
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(PATIENCE * 1000))


def _gone_by_looking(pid: int) -> bool:
    give_up = _now() + PATIENCE
    while _now() < give_up:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def _now() -> float:
    return time.monotonic()  # noqa: TID251 - the deadline of a blocking caller
