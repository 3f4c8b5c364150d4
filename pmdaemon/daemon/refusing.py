"""The answer to whoever asks for a daemon that cannot come up: the reason, instead of silence.

A client writes its request as soon as it is connected, and waits. While no daemon accepts, it would
wait until its own deadline, and never hear that the disk is full or the store was replaced.
"""

from __future__ import annotations

import os

from pmdaemon.daemon.bare import encoded, socket

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    answer = encoded({"error": error}) + b"\n"
    try:
        waiting = socket.socket(fileno=os.dup(listener))
    except OSError:
        return
    try:
        waiting.setblocking(False)  # noqa: FBT003 - the library's signature
        while True:
            # The half of `accept` that is in C (`daemon.bare`).
            descriptor, _ = waiting._accept()  # type: ignore[attr-defined] # noqa: SLF001
            _answer(socket.socket(fileno=descriptor), answer)
    except OSError:
        return  # nobody waits any more, which is a BlockingIOError
    finally:
        waiting.close()


def _answer(connection: socket.socket, answer: bytes) -> None:
    try:
        connection.setblocking(False)  # noqa: FBT003 - the library's signature
        _take_off(connection)
        connection.send(answer)
    except OSError:
        return
    finally:
        connection.close()


def _take_off(connection: socket.socket) -> None:
    try:
        connection.recv(REQUEST)
    except BlockingIOError:
        return
