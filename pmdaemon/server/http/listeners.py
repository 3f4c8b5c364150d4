"""The sockets that the web side listens on."""

import asyncio
import errno
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.routing import bracketed
from pmdaemon.core.wording import shown
from pmdaemon.engine.interfaces import DescriptorStore

BACKLOG = 1024
"""Connections that wait to be accepted."""

PRIVILEGED = 1024
"""The first port that anybody may listen on (ip(7)), unless somebody has changed that."""

STALLED_MILLISECONDS = 60_000
"""How long a client may refuse to take what it asked for."""


class AddressUnusable(PmdaemonError):
    """An address that cannot be listened on."""

    code = "address_unusable"


class NothingKept:
    """The store of a daemon that has nobody to keep anything with."""

    def keep(self, name: str, descriptor: int) -> None:
        """Do nothing."""

    def take(self, name: str) -> None:
        """Have nothing."""

    def drop(self, name: str) -> None:
        """Do nothing."""


class KeptListeners:
    """The listeners of one address, with a copy of each where it outlives this daemon."""

    def __init__(
        self, sockets: Sequence[socket.socket], names: Sequence[str], keeper: DescriptorStore
    ) -> None:
        self.sockets = sockets
        self._names = names
        self._keeper = keeper

    @classmethod
    async def open(
        cls, host: str, tcp_port: int, keeper: DescriptorStore, *, whose: str = "web"
    ) -> "KeptListeners":
        """Take over what a former daemon listened on, or bind anew.

        `whose` tells them from those that others keep at the same address.

        Raises:
            AddressUnusable: nothing is bound.

        """
        prefix = f"{whose} {host} {tcp_port} "
        sockets: list[socket.socket] = []
        while (kept := keeper.take(f"{prefix}{len(sockets)}")) is not None:
            listener = socket.socket(fileno=kept)
            listener.setblocking(False)  # noqa: FBT003 - the library's signature
            sockets.append(listener)
        sockets = sockets or await listen(host, tcp_port)
        names = [f"{prefix}{index}" for index in range(len(sockets))]
        for name, listener in zip(names, sockets, strict=True):
            keeper.keep(name, listener.fileno())
        return cls(sockets, names, keeper)

    @property
    def by_name(self) -> Mapping[str, socket.socket]:
        """Each listener by the name that a copy of it is kept under."""
        return dict(zip(self._names, self.sockets, strict=True))

    def twins(self) -> "KeptListeners":
        """Listen with others of the same queues, that stay when these are closed."""
        return KeptListeners([one.dup() for one in self.sockets], self._names, self._keeper)

    def forget(self) -> None:
        """Have nobody listen any more, for these to be closed then.

        The keeper closes its copies when it comes to that, and would take connections until then.
        """
        for listener in self.sockets:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
        for name in self._names:
            self._keeper.drop(name)

    def close(self) -> None:
        """Close our own copies."""
        for listener in self.sockets:
            listener.close()


async def accept_no_more(listeners: Iterable[socket.socket]) -> None:
    """Leave new connections in the queue of the kernel, for the next daemon or to be refused.

    asyncio drops a connection that it has accepted and not begun to serve when its server is
    closed: it gets neither an answer nor an end. So these begin first: one turn for what makes the
    transport, one to spare. Listeners that are closed already are passed over.
    """
    loop = asyncio.get_running_loop()
    for listener in listeners:
        if listener.fileno() >= 0:
            loop.remove_reader(listener)
    for _ in range(2):
        await asyncio.sleep(0)


async def listen(host: str, tcp_port: int) -> list[socket.socket]:
    """Bind every address that `host` stands for; port 0 is any free one, the same for all.

    Raises:
        AddressUnusable: nothing is bound; the code says whether the address is `address_in_use`,
            `address_forbidden` to this user, or `address_unusable` altogether.

    """
    listeners: list[socket.socket] = []
    unusable: OSError | None = None
    try:
        for family, address in await _addresses(host, tcp_port):
            port = tcp_port or (port_of(listeners[0]) if listeners else 0)
            try:
                listeners.append(_bound(family, address, port))
            except OSError as error:
                # A machine may know itself by addresses that it has not, mostly of IPv6.
                if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                    raise
                unusable = error
    except (OSError, ValueError, OverflowError) as error:
        for listener in listeners:
            listener.close()
        raise _refused(host, tcp_port, error) from None
    if unusable is not None and not listeners:
        raise _refused(host, tcp_port, unusable)
    return listeners


def port_of(listener: socket.socket) -> int:
    """Say which port a listener got."""
    port: int = listener.getsockname()[1]
    return port


def url_of(host: str, tcp_port: int, scheme: str = "http") -> str:
    """Word the address for people and programs to paste."""
    return f"{scheme}://{bracketed(host)}:{tcp_port}"


async def _addresses(host: str, tcp_port: int) -> Sequence[tuple[int, str]]:
    found = await asyncio.get_running_loop().getaddrinfo(
        host, tcp_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _bound(family: int, address: str, tcp_port: int) -> socket.socket:
    # asyncio has connections send at once (TCP_NODELAY) only where the protocol was said: else an
    # answer in two pieces waits for the client's delayed acknowledgement, 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Connections of a former daemon that are being closed do not hold the port (socket(7)).
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Connections inherit it; it ends those whose window stays shut (tcp(7)).
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MILLISECONDS)
        listener.setblocking(False)  # noqa: FBT003 - the library's signature
        listener.bind((address, tcp_port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


def _refused(host: str, tcp_port: int, error: Exception) -> AddressUnusable:
    code = "address_unusable"
    match error:
        case OSError(errno=errno.EADDRINUSE):
            code, why = "address_in_use", "another program is listening there"
        case OSError(errno=errno.EACCES | errno.EPERM):
            code, why = "address_forbidden", "this user may not"
            if tcp_port < PRIVILEGED:
                why += f" (ports below {PRIVILEGED} are for root)"
        case OSError(errno=errno.EADDRNOTAVAIL):
            why = "this machine does not have that address"
        case OSError(strerror=str(reason)):
            why = reason.lower()
        case _:
            why = "that is not an address"  # as getaddrinfo and bind say by their exceptions
    sentence = f"cannot listen on {shown(host)} port {tcp_port}: {why}"
    return AddressUnusable(sentence, code=code, host=shown(host), port=tcp_port)
