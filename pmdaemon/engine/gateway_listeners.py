"""Where the gateway listens: for HTTP, by its settings, and for connections that it balances."""

from collections.abc import Mapping, Sequence

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.routing import Listener
from pmdaemon.engine.interfaces import Changes, GatewayServer, GatewaySettings, Store


class GatewayListeners:
    """Listens as was said, and keeps that; what cannot be kept is taken back."""

    def __init__(self, *, server: GatewayServer, store: Store) -> None:
        self._server = server
        self._store = store
        self._balanced: Mapping[str, Listener] = {}
        self.settings: GatewaySettings | None = None

    @property
    def addresses(self) -> Sequence[str]:
        """The URLs it answers at."""
        return self._server.addresses

    def is_taken(self, service: str, listener: Listener) -> bool:
        """Tell whether it takes connections there for a service already."""
        return self._balanced.get(service) == listener

    async def change_to(self, settings: GatewaySettings) -> None:
        """Listen so, for this daemon's life.

        Raises:
            PmdaemonError: an address or a certificate cannot be used; what was on before stays.

        """
        await self._server.turn_on(settings)
        self.settings = settings

    async def keep(self, before: GatewaySettings | None) -> None:
        """Listen as now in future too.

        Raises:
            PmdaemonError: that cannot be stored; it listens as `before`.

        """
        try:
            await self._store.commit(Changes(gateway=self.settings, urgent=True))
        except PmdaemonError:
            self.settings = before
            if before is None:
                await self._server.turn_off()
            else:
                await self._server.turn_on(before)
            raise

    async def balance(self, listeners: Mapping[str, Listener]) -> None:
        """Take connections for these services, while it is on.

        Raises:
            PmdaemonError: an address cannot be used; what was on before stays.

        """
        if self.settings is not None:
            await self._server.balance(listeners)
            self._balanced = listeners

    async def turn_off(self) -> None:
        """Stop listening, now and in future."""
        await self._store.commit(Changes(gateway_off=True, urgent=True))
        self.settings = None
        self._balanced = {}
        await self._server.turn_off()

    async def close(self, *, for_good: bool) -> None:
        """Stop listening, for this daemon's life, or make way for the next one."""
        if for_good:
            await self._server.turn_off()
        else:
            await self._server.make_way()
