"""`kill`."""

import os
import select
import time

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.core.errors import DaemonNotRunning, OperationFailed

END_PATIENCE = 10.0
"""Seconds for the daemon to close its store and be gone."""


@command_named("kill")
@json_option
def command(context: Context, *, json: bool) -> None:
    """Stop all programs, and then the daemon.

    The list stays, with everything in it stopped: the next command starts a daemon that knows it.
    """
    try:
        result = context.ask("kill", start=False)
    except DaemonNotRunning:
        if json:
            say_json({"pid": None, "processes": []})
        else:
            print("no daemon is running")
        return
    _wait_until_gone(result["pid"])
    if json:
        say_json(result)
    else:
        print(f"stopped the daemon (pid {result['pid']}) and all programs")


def _wait_until_gone(pid: int) -> None:
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
        gone = bool(select.select([descriptor], [], [], END_PATIENCE)[0])
        os.close(descriptor)
    if not gone:
        sentence = f"the daemon (pid {pid}) stopped its programs and did not end itself"
        raise OperationFailed(sentence, pid=pid)


def _gone_by_looking(pid: int) -> bool:
    give_up = time.monotonic() + END_PATIENCE
    while time.monotonic() < give_up:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False
