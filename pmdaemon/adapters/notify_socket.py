"""Where programs say that they are ready: datagrams on a Unix socket (sd_notify(3)).

Who sent one is told by the kernel (unix(7), SCM_CREDENTIALS), so no program can speak for another.
One that has ended by the time its message is read cannot be told any more, as with systemd.
"""

import asyncio
import logging
import os
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.core.process import Identity
from pmdaemon.engine.interfaces import DescriptorStore

log = logging.getLogger(__name__)

NAME: Final = "notify"
LONGEST_PATH: Final = 100
"""Bytes that a program surely can connect to (unix(7): 108, and macOS has 104)."""

LARGEST: Final = 16 * 1024
"""Bytes that are read of one message."""

FILES_AT_ONCE: Final = 16
"""Descriptors that are taken with one message; more are closed by the kernel."""

GENERATIONS: Final = 64
"""How many parents are looked at to find the program that a message came from."""

_CREDENTIALS: Final = struct.Struct("iii")


class DatagramNotifySocket:
    """Hears READY=1; there is none where the system does not tell who sent something."""

    def __init__(self, path: Path, reader: ProcessReader, keeper: DescriptorStore) -> None:
        self._path = path
        self._reader = reader
        self._keeper = keeper
        self._socket: socket.socket | None = None
        self._on_ready: Callable[[Sequence[Identity]], None] | None = None

    @property
    def address(self) -> str | None:
        """What NOTIFY_SOCKET is to be, or None where there is no such socket."""
        return str(self._path) if self._socket is not None else None

    def attend(self, on_ready: Callable[[Sequence[Identity]], None]) -> None:
        """Call `on_ready` for each READY=1; see `NotifySocket`."""
        self._on_ready = on_ready

    def listen(self) -> None:
        """Take up the socket that a former daemon had, or make one, in the running event loop."""
        if sys.platform != "linux" or len(os.fsencode(self._path)) > LONGEST_PATH:
            return
        try:
            self._socket = self._kept() or self._made()
        except OSError as error:
            log.warning("notify.unavailable reason=%s", error)
            return
        self._socket.setblocking(False)  # noqa: FBT003 - the library's signature
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        asyncio.get_running_loop().add_reader(self._socket, self._receive)

    def close(self) -> None:
        """Hear no more; what comes waits for the next daemon."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _kept(self) -> socket.socket | None:
        descriptor = self._keeper.take(NAME)
        if descriptor is None:
            return None
        if not self._path.exists():
            os.close(descriptor)  # somebody removed it, so nobody can write to it any more
            return None
        return socket.socket(fileno=descriptor)

    def _made(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        made.bind(str(self._path))
        self._keeper.keep(NAME, made.fileno())
        return made

    def _receive(self) -> None:
        if self._socket is None:
            return
        room = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(4 * FILES_AT_ONCE)
        try:
            text, ancillary, _, _ = self._socket.recvmsg(LARGEST, room)
        except OSError:
            return
        sender: int | None = None
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                sender, _, _ = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])
            elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                # Somebody who sends one waits until it is closed: that is how it knows of us.
                for begin in range(0, len(data) - 3, 4):
                    os.close(int.from_bytes(data[begin : begin + 4], sys.byteorder))
        if sender and b"READY=1" in text.split(b"\n") and self._on_ready is not None:
            self._on_ready(self._ancestry(sender))

    def _ancestry(self, pid: int) -> list[Identity]:
        """List a process and those above it, as far as there are any."""
        found: list[Identity] = []
        while len(found) < GENERATIONS and (entry := self._reader.entry(pid)) is not None:
            found.append(entry.identity)
            pid = entry.ppid
        return found
