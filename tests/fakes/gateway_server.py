"""A gateway that listens on nothing."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.routing import Listener, RouteTable, Target
from pmdaemon.engine.interfaces import GatewaySettings


class FakeGatewayServer:
    """Remembers what it was told; `failure`, while it is set, is why an address cannot be used."""

    def __init__(self) -> None:
        self.failure: PmdaemonError | None = None
        self.settings: GatewaySettings | None = None
        self.listeners: Mapping[str, Listener] = {}
        self.table = RouteTable()
        self.made_way = False
        self._busy: Counter[tuple[str, tuple[str, int]]] = Counter()
        self._ended = asyncio.Event()

    def begin(self, service: str, target: Target) -> None:
        """Have a target answer one more request."""
        self._busy[service, target.address] += 1

    def end(self, service: str, target: Target) -> None:
        """Have it answered."""
        self._busy[service, target.address] -= 1
        self._ended.set()
        self._ended = asyncio.Event()

    @property
    def addresses(self) -> Sequence[str]:
        """The URLs it answers at, none while it is off."""
        settings = self.settings
        return [] if settings is None else [f"http://{settings.host}:{settings.http_port}"]

    async def turn_on(self, settings: GatewaySettings) -> None:
        """Listen."""
        self._fail()
        self.settings = settings

    async def balance(self, listeners: Mapping[str, Listener]) -> None:
        """Take connections for these services."""
        if listeners:
            self._fail()
        self.listeners = listeners

    def swap(self, table: RouteTable) -> None:
        """Send requests elsewhere from now on."""
        self.table = table

    def busy(self, service: str, target: Target) -> int:
        """Say how many requests a target is answering."""
        return self._busy[service, target.address]

    async def drained(self, service: str, target: Target, *, within: float | None) -> bool:
        """Wait until a target answers nothing any more."""
        try:
            async with asyncio.timeout(within):
                while self.busy(service, target):
                    await self._ended.wait()
        except TimeoutError:
            return False
        return True

    async def turn_off(self) -> None:
        """Stop listening."""
        self.settings = None

    async def make_way(self) -> None:
        """Take nothing new."""
        self.settings = None
        self.made_way = True

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
