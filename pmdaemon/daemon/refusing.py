"""What those hear who ask for a daemon that cannot come up: the reason, instead of nothing.

A client writes its request as soon as it is connected, and waits. While no daemon accepts, it would
wait until its own deadline, and never hear that the disk is full or the store was replaced.
"""

import contextlib
import json
import os
import socket
from collections.abc import Mapping

REQUEST = 64 * 1024
"""Bytes of a request that are taken off: a socket closed with more unread breaks the answer off."""

UNEXPLAINED = {
    "code": "daemon_failed",
    "message": "the daemon dies whenever it is started; daemon.log in its home says more",
    "details": {},
}
"""What is said of daemons that ended without a word."""


def refuse(listener: int, error: Mapping[str, object]) -> None:
    """Answer whoever waits on this listening socket by an error, in place of a welcome."""
    answer = json.dumps({"error": error}).encode() + b"\n"
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(listener)) as waiting:
        waiting.setblocking(False)  # noqa: FBT003 - the library's signature
        while True:  # until nobody waits any more, which is a BlockingIOError
            connection, _ = waiting.accept()
            _answer(connection, answer)


def _answer(connection: socket.socket, answer: bytes) -> None:
    with contextlib.suppress(OSError), connection:
        connection.setblocking(False)  # noqa: FBT003 - the library's signature
        with contextlib.suppress(BlockingIOError):
            connection.recv(REQUEST)
        connection.send(answer)
