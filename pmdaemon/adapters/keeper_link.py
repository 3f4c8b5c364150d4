"""The daemon's end of the line to the keeper; `daemon.keeper` tells what goes over it.

A daemon can be without a keeper: when the keeper was killed, or in tests. Then nothing is kept,
and everything else works.
"""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping

from pmdaemon.core.process import UNKNOWN_EXIT, Exit, Identity

PACKET = 64 * 1024
DESCRIPTORS_AT_ONCE = 253

EXIT_PATIENCE = 1.0
"""Seconds to wait for the keeper to tell how a process ended that only it could reap."""

SEND_PATIENCE = 1.0
"""Seconds to wait for room in the line."""

EXITS_REMEMBERED = 10_000
"""Exits that nobody has asked for yet; most are of orphans that nobody ever will ask for."""


class KeeperLink:
    """Keeps descriptors with the keeper, and hears from it how programs ended.

    Args:
        line: our end of the socket pair; None when there is no keeper.

    """

    def __init__(self, line: socket.socket | None = None) -> None:
        self._line = line
        self._kept: dict[str, int] = {}
        self._exits: dict[Identity, Exit] = {}
        self._asking: dict[Identity, Callable[[Exit], None]] = {}
        self.deaths = 0

    @property
    def exits(self) -> Mapping[Identity, Exit]:
        """How those programs ended that ended while no daemon was there."""
        return self._exits

    def receive(self) -> None:
        """Take, before anything else, what the keeper has kept for us."""
        while self._line is not None:
            packet, descriptors, _, _ = socket.recv_fds(self._line, PACKET, DESCRIPTORS_AT_ONCE)
            if not packet:
                self._line.close()
                self._line = None
                return
            match json.loads(packet):
                case {"kept": names}:
                    # With too few descriptors left for us, some did not arrive.
                    self._kept.update(zip(names, descriptors, strict=False))
                case {"exits": exits}:
                    self._learn(exits)
                case {"begin": {"deaths": deaths}}:
                    self.deaths = deaths
                    return
                case _:
                    pass  # a newer keeper may say more than we understand

    def attend(self) -> None:
        """Listen to the keeper from now on, in the running event loop."""
        if self._line is not None:
            # A burst of descriptors may fill the line for a moment; a keeper that was stopped must
            # not hold us up for longer.
            self._line.settimeout(SEND_PATIENCE)
            asyncio.get_running_loop().add_reader(self._line, self._hear)

    def keep(self, name: str, descriptor: int) -> None:
        """Have the keeper hold a copy of this descriptor, in place of one of that name."""
        self._send({"keep": name}, descriptor)

    def drop(self, name: str) -> None:
        """Have the keeper close its copy."""
        self._send({"drop": name})

    def take(self, name: str) -> int | None:
        """Get what a former daemon had kept, once; the keeper goes on holding its own copy."""
        return self._kept.pop(name, None)

    def say(self, message: Mapping[str, object]) -> None:
        """Tell the keeper that we are ready, or why we cannot be."""
        self._send(message)

    def exit_of(self, identity: Identity, callback: Callable[[Exit], None]) -> None:
        """Call `callback` with how this process ended, or with an unknown exit after a while."""
        if (known := self._exits.pop(identity, None)) is not None or self._line is None:
            callback(known or UNKNOWN_EXIT)
            return
        self._asking[identity] = callback
        asyncio.get_running_loop().call_later(EXIT_PATIENCE, self._give_up, identity)

    def _send(self, message: Mapping[str, object], descriptor: int | None = None) -> None:
        if self._line is None:
            return
        fds = [] if descriptor is None else [descriptor]
        try:
            socket.send_fds(self._line, [json.dumps(message).encode()], fds)
        except TimeoutError:
            self._line.settimeout(0)  # it does not read; to wait once is enough
        except OSError:
            pass  # it has died, as `_hear` notices, or it still does not read
        else:
            if self._line.gettimeout() is not None:
                self._line.settimeout(SEND_PATIENCE)

    def _hear(self) -> None:
        if self._line is None:
            return
        try:
            packet = self._line.recv(PACKET)
        except (TimeoutError, BlockingIOError):
            return
        except OSError:
            packet = b""
        if not packet:
            asyncio.get_running_loop().remove_reader(self._line)
            self._line.close()
            self._line = None
            return
        if exits := json.loads(packet).get("exits"):
            self._learn(exits)

    def _learn(self, exits: list[tuple[int, int, int | None, int | None]]) -> None:
        for pid, start_time, code, signal in exits:
            identity = Identity(pid, start_time)
            if (callback := self._asking.pop(identity, None)) is not None:
                callback(Exit(code, signal))
            else:
                self._exits[identity] = Exit(code, signal)
        while len(self._exits) > EXITS_REMEMBERED:
            del self._exits[next(iter(self._exits))]

    def _give_up(self, identity: Identity) -> None:
        if (callback := self._asking.pop(identity, None)) is not None:
            callback(UNKNOWN_EXIT)
