"""The gateway's listeners, loaded when they are first turned on."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pmdaemon.core.routing import Listener, RouteTable, Target
from pmdaemon.daemon import lean
from pmdaemon.daemon.certificates import LazyCertificates
from pmdaemon.engine.interfaces import DescriptorStore, GatewayServer, GatewaySettings

if TYPE_CHECKING:
    from pmdaemon.engine.gateway_side import GatewaySide


class LazyGatewayServer:
    """A `GatewayServer` that is not there until it is needed."""

    def __init__(self, keeper: DescriptorStore, certificates: LazyCertificates) -> None:
        self._keeper = keeper
        self._certificates = certificates
        self._side: GatewaySide | None = None
        self._server: GatewayServer | None = None

    def serve(self, side: "GatewaySide") -> None:
        """Say whose services these are, before it is turned on for the first time."""
        self._side = side

    @property
    def addresses(self) -> Sequence[str]:
        """The URLs it answers at, none while it is off."""
        return self._server.addresses if self._server is not None else ()

    async def turn_on(self, settings: GatewaySettings) -> None:
        """Listen; when it listens already, change over."""
        if self._server is None:
            self._server = self._made()
        await self._server.turn_on(settings)

    async def balance(self, listeners: Mapping[str, Listener]) -> None:
        """Take connections for these services."""
        if self._server is not None:
            await self._server.balance(listeners)

    def swap(self, table: RouteTable) -> None:
        """Send requests elsewhere from now on."""
        if self._server is not None:
            self._server.swap(table)

    def busy(self, service: str, target: Target) -> int:
        """Say how many requests a target is answering."""
        return self._server.busy(service, target) if self._server is not None else 0

    async def drained(self, service: str, target: Target, *, within: float | None) -> bool:
        """Wait until a target answers nothing any more."""
        return self._server is None or await self._server.drained(service, target, within=within)

    async def turn_off(self) -> None:
        """Stop listening."""
        if self._server is not None:
            await self._server.turn_off()

    async def make_way(self) -> None:
        """Take nothing new, and leave what comes to the next daemon."""
        if self._server is not None:
            await self._server.make_way()

    def _made(self) -> GatewayServer:
        if (side := self._side) is None:
            raise AssertionError("the gateway was not told whom to serve")
        lean.restore_tls()
        from pmdaemon.server.gateway.app import GatewayServer as Server  # noqa: PLC0415 - see above

        return Server(
            side.requests,
            side.last_words,
            self._keeper,
            tls=self._certificates.prepare,
            interceptor=self._certificates.answer,
        )
