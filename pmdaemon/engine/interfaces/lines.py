"""The lines to running programs: channels, inputs, sockets, and the word that they are ready."""

from collections.abc import Callable, Sequence
from typing import Protocol

from pmdaemon.core.process import Identity


class Channels(Protocol):
    """The channels of Node programs, by the token of the run (`process.send`).

    Messages are JSON values. What a program sent while no daemon was there waits for the next one.
    """

    def open(self, token: str) -> int:
        """Make a channel, and return the program's end of it, which we close with `attend`.

        Raises:
            OperationFailed: there is no descriptor left.

        """

    def attend(self, token: str, on_message: Callable[[object, int | None], None]) -> None:
        """Listen to a program that was started by us, or by a former daemon.

        With a message comes the descriptor that the program sent along, or None; it is closed when
        `on_message` is done.
        """

    def send(self, token: str, message: object, descriptor: int | None = None) -> bool:
        """Send a message, with a copy of a descriptor; False when it does not get there."""

    def close(self, token: str) -> None:
        """Read what is left, and give the channel up for good."""


class Inputs(Protocol):
    """Standard inputs of programs, by a name for each run."""

    def open(self, name: str) -> str:
        """Make an input, and return its path, to be opened for reading and writing.

        Raises:
            OperationFailed: it cannot be made.

        """

    def write(self, name: str, data: bytes) -> bool:
        """Write to a program; False when it is not there, or has no room for all of it."""

    def close(self, name: str) -> None:
        """Be done with an input; there need not be one."""


class SharedSockets(Protocol):
    """Sockets that the instances of an app listen on together.

    They belong to the app: connections wait in them while no instance is there.
    """

    def open(self, app: str, host: str | None, tcp_port: int, *, blocking: bool = True) -> int:
        """Listen, or find what listens already; without a `host`, on all addresses.

        All instances are woken by a connection and one gets it. Where it is not `blocking`, the
        others are told that there is none; else they wait in accept(2) for another one.

        Raises:
            TcpPortTaken: it cannot be; `errno` in the details is the name of the system's error.

        """

    def has_any(self, app: str) -> bool:
        """Whether there is one of this app."""

    def close(self, app: str) -> None:
        """Stop listening: when this returns, connections are refused."""


class NotifySocket(Protocol):
    """Where programs say that they are ready (sd_notify(3))."""

    @property
    def address(self) -> str | None:
        """What NOTIFY_SOCKET is to be, or None where there is no such socket."""

    def attend(self, on_ready: Callable[[Sequence[Identity]], None]) -> None:
        """Call `on_ready` for each READY=1, with who sent it, its parent, and so on up."""


class DescriptorStore(Protocol):
    """Where descriptors are kept while one daemon is replaced by the next."""

    def keep(self, name: str, descriptor: int) -> None:
        """Keep a copy of this descriptor, in place of an earlier one of that name."""

    def take(self, name: str) -> int | None:
        """Get what a former daemon had kept, once; the copy stays where it is."""

    def drop(self, name: str) -> None:
        """Close the copy."""
