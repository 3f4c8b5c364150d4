"""By what a program that was spawned is known to be ready.

A program that is simply started is up as soon as it runs, unless it was declared that it says when
it is ready. One that is to replace another in a reload is looked at more closely, as the other ends
for it:

1. It says so, where that was declared.
2. A health check finds it well, where one was declared that cannot mean the other.
3. It listens, where we can see that: on a TCP port of its own, or on the sockets that the instances
   of a Node app share.
4. Else it has lived for `min_uptime`.
"""

from enum import StrEnum
from typing import assert_never

from pmdaemon.core.node import shares_sockets
from pmdaemon.core.process import Process


class Sign(StrEnum):
    """What is waited for."""

    NONE = "none"
    TOLD = "told"
    HEALTHY = "healthy"
    LISTENING = "listening"
    LIVING = "living"


def sign(process: Process) -> Sign:
    """Say what is waited for once the program of `process` is spawned."""
    if process.spec.ready.told:
        return Sign.TOLD
    if process.replaces is None:
        return Sign.NONE
    if is_checked_alone(process):
        return Sign.HEALTHY
    if process.tcp_port is not None or shares_sockets(process.spec):
        return Sign.LISTENING
    return Sign.LIVING


def is_checked_alone(process: Process) -> bool:
    """Whether its health check asks this very run, also while another one is beside it.

    A command finds whom it is about in its environment; at a port that is shared, or written into
    a URL, either of the two may answer.
    """
    check = process.spec.health
    if check is None:
        return False
    return check.kind == "command" or (process.tcp_port is not None and "{port}" in check.target)


def patience(process: Process) -> float:
    """Say for how many seconds it is waited for."""
    match sign(process):
        case Sign.NONE:
            return 0.0
        case Sign.TOLD | Sign.HEALTHY | Sign.LISTENING:
            return process.spec.ready.timeout
        case Sign.LIVING:
            return process.spec.restart.min_uptime
        case unknown:
            assert_never(unknown)
