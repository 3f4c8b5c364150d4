"""The daemon's end of the line to the keeper; `daemon.keeper` tells what goes over it.

A daemon can be without a keeper: when the keeper was killed, or in tests. Then nothing is kept,
and everything else works.
"""

import asyncio
import json
import os
import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from pmdaemon.adapters.spawned import ticks_since_boot
from pmdaemon.core.process import UNKNOWN_EXIT, Exit, Identity

PACKET = 64 * 1024
DESCRIPTORS_AT_ONCE = 253

KEPT_AT_ONCE = 8
"""Descriptors in one packet of ours: as many as the keeper takes."""

EXIT_PATIENCE = 1.0
"""Seconds to wait for the keeper to tell how a process ended that only it could reap."""

TOLD_AT_ONCE = 500
"""Programs named in one packet."""

EXITS_REMEMBERED = 10_000
"""Exits that nobody has asked for yet; most are of orphans that nobody ever will ask for."""


class KeeperLink:
    """Keeps descriptors and names of programs with the keeper, and hears how programs ended.

    Args:
        line: our end of the socket pair; None when there is no keeper.

    """

    def __init__(self, line: socket.socket | None = None) -> None:
        self._line = line
        self._unsent: deque[tuple[bytes, list[int]]] = deque()
        self._untold: list[tuple[str, int, int]] = []
        self._unkept: dict[str, int] = {}
        self._is_due = False
        self._kept: dict[str, int] = {}
        self._held: dict[str, int] = {}
        self._programs: dict[Identity, str] = {}
        self._former: set[Identity] = set()
        self._exits: dict[Identity, Exit] = {}
        self._asking: dict[Identity, Callable[[Exit], None]] = {}
        self._on_loss: Callable[[], None] = _nothing
        self.deaths = 0
        self.left_behind: Mapping[str, int] | None = None

    @property
    def exits(self) -> Mapping[Identity, Exit]:
        """How those programs ended that ended while no daemon was there."""
        return self._exits

    @property
    def launched(self) -> Mapping[str, Identity]:
        """The programs that former daemons started, by token; some may have ended."""
        return {token: identity for identity, token in self._programs.items()}

    @property
    def programs(self) -> Mapping[Identity, str]:
        """The tokens of all programs whose end is not recorded."""
        return self._programs

    def receive(self) -> None:
        """Take, before anything else, what the keeper has kept for us."""
        while self._line is not None:
            packet, descriptors, _, _ = socket.recv_fds(self._line, PACKET, DESCRIPTORS_AT_ONCE)
            for descriptor in descriptors:
                # They are inheritable: recv_fds of Python 3.11 passes over a flag against that.
                os.set_inheritable(descriptor, False)  # noqa: FBT003 - the library's signature
            if not packet:
                self._lose()
                return
            match json.loads(packet):
                case {"kept": names}:
                    # With too few descriptors left for us, some did not arrive.
                    self._kept.update(zip(names, descriptors, strict=False))
                case {"programs": programs}:
                    for token, pid, start_time in programs:
                        self._programs[Identity(pid, start_time)] = token
                    self._former.update(self._programs)
                case {"exits": exits}:
                    self._learn(exits)
                case {"begin": {"deaths": deaths}}:
                    self.deaths = deaths
                    return
                case _:
                    pass  # a newer keeper may say more than we understand

    def attend(self, on_loss: Callable[[], None] | None = None) -> None:
        """Listen to the keeper from now on, in the running event loop.

        `on_loss` is called when the keeper is gone, with all that it kept in `left_behind`.
        """
        self._on_loss = on_loss or _nothing
        if self._line is not None:
            # A keeper that was stopped must not hold us up: what it does not take waits here.
            self._line.setblocking(False)  # noqa: FBT003 - the library's signature
            asyncio.get_running_loop().add_reader(self._line, self._hear)
        elif self.left_behind is not None:
            self._on_loss()

    def keep(self, name: str, descriptor: int) -> None:
        """Have the keeper hold a copy of this descriptor, in place of one of that name."""
        self.keep_all({name: descriptor})

    def keep_all(self, descriptors: Mapping[str, int]) -> None:
        """Have the keeper hold copies of a few descriptors, by name."""
        self._note(descriptors)
        self.say_what_is_due()

    def keep_soon(self, descriptors: Mapping[str, int]) -> None:
        """Do the same together with what is said next, at the latest in this turn of the loop.

        Until then they have to stay open; `drop` is to be called before they are closed.
        """
        self._note(descriptors)
        self._say_soon()

    def say_what_is_due(self) -> None:
        """Tell the keeper now what it was to be told soon."""
        self._is_due = False
        if self._untold or self._unkept:
            self._send({})

    def drop(self, name: str) -> None:
        """Have the keeper close its copy."""
        self._discard(name)
        self._held.pop(name, None)
        self._send({"drop": name})

    def take(self, name: str) -> int | None:
        """Get what a former daemon had kept, once; the keeper goes on holding its own copy."""
        return self._kept.pop(name, None)

    def names(self, prefix: str) -> list[str]:
        """List what a former daemon had kept and nobody has taken, of names that begin so."""
        return [name for name in self._kept if name.startswith(prefix)]

    def say(self, message: Mapping[str, object]) -> None:
        """Tell the keeper that we are ready, or why we cannot be."""
        self._send(message)

    @contextmanager
    def launching(self, token: str) -> Iterator[Callable[[Identity], None]]:
        """Let the keeper know that a program is being started, and by the given function which.

        Should we die in between, it finds by this what we have started. So there is time to tell
        which that was together with what is said next, at the latest in this turn of the loop.
        """
        told = False

        def launched(identity: Identity) -> None:
            nonlocal told
            told = True
            self._launched(token, identity)

        self._send({"launching": [token, ticks_since_boot()]})
        try:
            yield launched
        finally:
            if not told:
                self._send({"launching": None})

    def recorded(self, identity: Identity) -> None:
        """Let the keeper forget a program whose end is recorded."""
        if self._programs.pop(identity, None) is not None:
            self._send({"recorded": [identity.pid, identity.start_time]})

    def keep_to(self, runs: Mapping[Identity, str]) -> None:
        """Let the keeper know these programs, with their tokens, and forget other former ones.

        What this daemon has started itself stays known: it may not be among those yet.
        """
        for identity in self._former - runs.keys():
            self.recorded(identity)
        for identity, token in runs.items():
            if identity not in self._programs:
                self._launched(token, identity)

    def expects(self, identity: Identity) -> bool:
        """Whether the keeper will tell how this program ended, and has not yet."""
        return self._line is not None and identity in self._programs and identity not in self._exits

    def exit_of(self, identity: Identity, callback: Callable[[Exit], None]) -> None:
        """Call `callback` with how this process ended, or with an unknown exit after a while."""
        if (known := self._exits.pop(identity, None)) is not None or self._line is None:
            callback(known or UNKNOWN_EXIT)
            return
        self._asking[identity] = callback
        asyncio.get_running_loop().call_later(EXIT_PATIENCE, self._give_up, identity)

    def _launched(self, token: str, identity: Identity) -> None:
        self._programs[identity] = token
        if self._line is None:
            return
        self._untold.append((token, identity.pid, identity.start_time))
        self._say_soon()
        if len(self._untold) >= TOLD_AT_ONCE:
            self.say_what_is_due()

    def _note(self, descriptors: Mapping[str, int]) -> None:
        if len(self._unkept) + len(descriptors) > KEPT_AT_ONCE:
            self.say_what_is_due()
        for name in descriptors:
            self._discard(name)
        self._held.update(descriptors)
        self._unkept.update(descriptors)

    def _say_soon(self) -> None:
        if not self._is_due and self._line is not None:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self.say_what_is_due)

    def _send(self, message: Mapping[str, object]) -> None:
        untold, self._untold = self._untold, []
        unkept, self._unkept = self._unkept, {}
        if self._line is None:
            return
        # First, as the keeper heeds a packet from its beginning on.
        if unkept:
            message = {"keep": [*unkept], **message}
        if untold:
            message = {"launched": untold, **message}
        descriptors = [*unkept.values()]
        packet = json.dumps(message).encode()
        if not self._unsent and self._sent(packet, descriptors):
            return
        if not self._unsent:
            asyncio.get_running_loop().add_writer(self._line, self._send_rest)
        # By then the descriptors may be others'.
        self._unsent.append((packet, [os.dup(one) for one in descriptors]))

    def _sent(self, packet: bytes, descriptors: Sequence[int]) -> bool:
        """Send one packet; False when there is no room for it now."""
        if self._line is None:
            return True
        try:
            if descriptors:
                socket.send_fds(self._line, [packet], descriptors)
            else:
                self._line.send(packet)
        except BlockingIOError:
            return False
        except OSError:
            return True  # it has died; `_hear` notices
        return True

    def _send_rest(self) -> None:
        while self._unsent and self._sent(*self._unsent[0]):
            _, copies = self._unsent.popleft()
            for copy in copies:
                os.close(copy)
        if not self._unsent and self._line is not None:
            asyncio.get_running_loop().remove_writer(self._line)

    def _hear(self) -> None:
        if self._line is None:
            return
        try:
            packet = self._line.recv(PACKET)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if packet:
            if exits := json.loads(packet).get("exits"):
                self._learn(exits)
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._line)
        loop.remove_writer(self._line)
        self._lose()

    def _lose(self) -> None:
        """Be without a keeper from now on."""
        if self._line is not None:
            self._line.close()
            self._line = None
        # Copies, as those who own them are about to close them.
        left = {name: os.dup(descriptor) for name, descriptor in self._held.items()}
        self.left_behind = self._kept | left
        self._kept = {}
        for identity in list(self._asking):
            self._give_up(identity)
        self._on_loss()

    def _discard(self, name: str) -> None:
        """Close a descriptor that a former daemon had kept and nobody has taken."""
        if (unused := self._kept.pop(name, None)) is not None:
            os.close(unused)

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


def _nothing() -> None:
    """Do nothing."""
