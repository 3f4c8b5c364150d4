"""What an app inherits of the environment of whoever started it."""

from collections.abc import Mapping

_OWN_PREFIX = "PMDAEMON_"
_KEPT = frozenset({"PMDAEMON_HOME"})
"""A program that calls us reaches the daemon it was started by."""

_OF_ONE_PROCESS = frozenset(
    {
        "pm_id",
        "NODE_APP_INSTANCE",
        # These speak of file descriptors and sockets that only their first owner has.
        "LISTEN_FDS",
        "LISTEN_FDNAMES",
        "LISTEN_PID",
        "NODE_CHANNEL_FD",
        "NODE_CHANNEL_SERIALIZATION_MODE",
        "NOTIFY_SOCKET",
        "PUP_API_HOSTNAME",
        "PUP_API_PORT",
        "PUP_API_TOKEN",
        "PUP_API_URL",
        "PUP_CLUSTER_INSTANCE",
        "PUP_CLUSTER_PORT",
        "PUP_DATA_STORAGE",
        "PUP_PROCESS_ID",
        "PUP_TEMP_STORAGE",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
    }
)


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out variables that were meant for the caller alone.

    Tokens and keys are secrets, and a program that runs under us and starts another must not pass
    its own identity on: the token would make the other a part of it.
    """
    return {
        name: value
        for name, value in environment.items()
        if name in _KEPT or not (name.startswith(_OWN_PREFIX) or name in _OF_ONE_PROCESS)
    }
