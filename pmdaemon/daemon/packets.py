"""What goes over the keeper's line: JSON objects, each with descriptors beside it (unix(7))."""

from __future__ import annotations

import os
import sys

from pmdaemon.daemon.bare import decoded, encoded, socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

PACKET = 64 * 1024
"""Bytes that a packet has at the most."""

DESCRIPTORS = 8
"""How many descriptors are taken with one packet."""

INT = 4
"""Bytes of a C int, which is what a descriptor is on the way."""


def send(line: socket.socket, message: Mapping[str, object], descriptors: Sequence[int]) -> None:
    """Send one packet.

    Raises:
        OSError: there is nobody on the other side.

    """
    beside = []
    if descriptors:
        # Not as an `array`, as `socket.send_fds` has it: that module loads `collections`.
        numbers = b"".join(one.to_bytes(INT, sys.byteorder) for one in descriptors)
        beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)]
    line.sendmsg([encoded(message)], beside)


def receive(line: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Take one packet: what it says, and its descriptors; None from somebody who has gone.

    Anything but an object counts as an empty one.
    """
    try:
        packet, beside, _, _ = line.recvmsg(PACKET, socket.CMSG_LEN(DESCRIPTORS * INT))
    except OSError:
        return None, []
    descriptors = [
        int.from_bytes(numbers[at : at + INT], sys.byteorder)
        for level, kind, numbers in beside
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        for at in range(0, len(numbers) - len(numbers) % INT, INT)
    ]
    for descriptor in descriptors:
        # The next daemon gets what we keep over its line, and nothing by inheritance.
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the library's signature
    return (_understood(packet) if packet else None), descriptors


def _understood(packet: bytes) -> dict[str, Any]:
    try:
        message = decoded(packet)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
