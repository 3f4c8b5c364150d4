"""By what a program that was spawned is known to be ready.

A program that is simply started is up as soon as it runs, unless it was declared that it says when
it is ready. One that is to replace another in a reload is looked at more closely, as the other ends
for it:

1. It says so, where that was declared.
2. It listens, where we can see that: on a TCP port of its own, or on the sockets that the instances
   of a Node app share.
3. Else it has lived for `min_uptime`.
"""

from enum import StrEnum
from typing import assert_never

from pmdaemon.core.node import shares_sockets
from pmdaemon.core.process import Process


class Sign(StrEnum):
    """What is waited for."""

    NONE = "none"
    TOLD = "told"
    LISTENING = "listening"
    LIVING = "living"


def sign(process: Process) -> Sign:
    """Say what is waited for once the program of `process` is spawned."""
    if process.spec.ready.told:
        return Sign.TOLD
    if process.replaces is None:
        return Sign.NONE
    if process.tcp_port is not None or shares_sockets(process.spec):
        return Sign.LISTENING
    return Sign.LIVING


def patience(process: Process) -> float:
    """Say for how many seconds it is waited for."""
    match sign(process):
        case Sign.NONE:
            return 0.0
        case Sign.TOLD | Sign.LISTENING:
            return process.spec.ready.timeout
        case Sign.LIVING:
            return process.spec.restart.min_uptime
        case unknown:
            assert_never(unknown)
