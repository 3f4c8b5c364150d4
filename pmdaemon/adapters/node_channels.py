"""Channels to Node programs: a pair of sockets each, one JSON value a line (NODE_CHANNEL_FD).

A descriptor travels beside the line that speaks of it (unix(7), SCM_RIGHTS), as Node's own
`child_process` does it: one a line, and a program sends the next one when we have confirmed the
last. The system keeps what follows such a line for the next read.

Our end is kept by the keeper: a program whose channel ends would think that whoever started it is
gone, and what it says while no daemon is there waits.
"""

import asyncio
import json
import logging
import os
import socket
from collections import deque
from collections.abc import Callable

from msgspec import Struct, field

from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.wording import why
from pmdaemon.engine.interfaces import DescriptorStore

log = logging.getLogger(__name__)

CHUNK = 64 * 1024

MOST_DESCRIPTORS = 4
"""How many may come with one read; Node sends one."""

CONFIRMATION = {"cmd": "NODE_HANDLE_ACK"}

LONGEST_LINE = 1024 * 1024
"""Bytes; a program that says more in one message is not listened to any more."""

MOST_WAITING = 256
"""Messages that wait for a program which does not read; more than these are refused."""


class _Channel(Struct, eq=False):
    """One channel; `theirs` is there until the program has it.

    `came` is a descriptor whose line is not read yet.
    """

    name: str
    ours: socket.socket
    theirs: socket.socket | None
    on_message: Callable[[object, int | None], None] | None = None
    unread: bytearray = field(default_factory=bytearray)
    came: int | None = None
    unsent: deque[tuple[bytes, int | None]] = field(default_factory=deque)


class NodeChannels:
    """The channels of one home; belongs to the event loop it is used in."""

    def __init__(self, keeper: DescriptorStore) -> None:
        self._keeper = keeper
        self._channels: dict[str, _Channel] = {}

    def open(self, token: str) -> int:
        """Make a channel; see `Channels`."""
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            raise OperationFailed(f"cannot make a channel for a program: {why(error)}") from error
        ours.setblocking(False)  # noqa: FBT003 - the library's signature
        channel = _Channel(f"channel {token}", ours, theirs)
        self._channels[token] = channel
        self._keeper.keep(channel.name, ours.fileno())
        return theirs.fileno()

    def attend(self, token: str, on_message: Callable[[object, int | None], None]) -> None:
        """Listen to a program; see `Channels`."""
        channel = self._channels.get(token) or self._kept(token)
        if channel is None:
            return  # a former daemon, and its keeper, took it along
        if channel.theirs is not None:
            channel.theirs.close()
            channel.theirs = None
        channel.on_message = on_message
        asyncio.get_running_loop().add_reader(channel.ours, self._read, token, channel)

    def send(self, token: str, message: object, descriptor: int | None = None) -> bool:
        """Send a message; see `Channels`."""
        # What a former daemon opened can be written to at once: who hears it has long been started.
        channel = self._channels.get(token) or self._kept(token)
        if channel is None or channel.theirs is not None or len(channel.unsent) >= MOST_WAITING:
            return False
        line = json.dumps(message).encode() + b"\n"
        # What waits must not be outrun, and by then the descriptor may be another's.
        channel.unsent.append((line, None if descriptor is None else os.dup(descriptor)))
        if len(channel.unsent) == 1:
            self._write(token, channel)
        return token in self._channels

    def close(self, token: str) -> None:
        """Read what is left, and give the channel up; see `Channels`."""
        channel = self._channels.get(token)
        if channel is None:
            return
        if channel.on_message is not None:
            self._read(token, channel)
        self._give_up(token, channel)

    def _kept(self, token: str) -> _Channel | None:
        name = f"channel {token}"
        if (descriptor := self._keeper.take(name)) is None:
            return None
        ours = socket.socket(fileno=descriptor)
        ours.setblocking(False)  # noqa: FBT003 - the library's signature
        self._channels[token] = _Channel(name, ours, None)
        return self._channels[token]

    def _read(self, token: str, channel: _Channel) -> None:
        while True:
            try:
                chunk, descriptors, _, _ = socket.recv_fds(channel.ours, CHUNK, MOST_DESCRIPTORS)
            except BlockingIOError:
                return
            except OSError:
                chunk, descriptors = b"", []
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)  # noqa: FBT003 - the library's signature
                _drop(channel)
                channel.came = descriptor
            if not chunk:
                # It ended, or does not want to be talked to any more (`process.disconnect`).
                self._give_up(token, channel)
                return
            *lines, rest = (channel.unread + chunk).split(b"\n")
            channel.unread = bytearray(rest)
            for line in lines:
                self._hand_over(token, channel, bytes(line))
            if not rest:
                _drop(channel)
            if len(channel.unread) > LONGEST_LINE:
                log.warning("channel.too_long_a_message channel=%s", channel.name)
                self._give_up(token, channel)
            if channel.ours.fileno() < 0:
                return

    def _hand_over(self, token: str, channel: _Channel, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return
        if channel.on_message is None:
            return
        match message:
            case {"cmd": "NODE_HANDLE", "msg": spoken}:
                channel.on_message(spoken, channel.came)
                _drop(channel)
                self.send(token, CONFIRMATION)
            case _:
                channel.on_message(message, None)

    def _write(self, token: str, channel: _Channel) -> None:
        loop = asyncio.get_running_loop()
        while channel.unsent:
            line, descriptor = channel.unsent[0]
            try:
                files = [] if descriptor is None else [descriptor]
                sent = socket.send_fds(channel.ours, [line], files)
            except BlockingIOError:
                loop.add_writer(channel.ours, self._write, token, channel)
                return
            except OSError:
                self.close(token)  # it has ended, and may have said something before
                return
            if descriptor is not None:
                os.close(descriptor)
            if sent < len(line):
                channel.unsent[0] = line[sent:], None
            else:
                channel.unsent.popleft()
        loop.remove_writer(channel.ours)

    def _give_up(self, token: str, channel: _Channel) -> None:
        if self._channels.pop(token, None) is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(channel.ours)
        loop.remove_writer(channel.ours)
        for _, descriptor in channel.unsent:
            if descriptor is not None:
                os.close(descriptor)
        _drop(channel)
        for end in (channel.ours, channel.theirs):
            if end is not None:
                end.close()
        self._keeper.drop(channel.name)


def _drop(channel: _Channel) -> None:
    if channel.came is not None:
        os.close(channel.came)
        channel.came = None
