"""Which target gets the next request or connection, and how many each of them has."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection

from pmdaemon.core.routing import Balancer, Mode, RouteTable, Target

Address = tuple[str, int]

HOLD_SECONDS = 30.0
"""How long a request waits for a target that is starting, or for a service that is paused."""


class Chooser:
    """Goes by a table that may be exchanged at any time."""

    def __init__(self) -> None:
        self._table = RouteTable()
        self._balancers: dict[str, Balancer] = {}
        self._changed = asyncio.Event()
        self._endless: Counter[tuple[str, Address]] = Counter()
        self._idle: dict[tuple[str, Address], list[Callable[[], None]]] = {}

    @property
    def table(self) -> RouteTable:
        """Where requests go now."""
        return self._table

    def swap(self, table: RouteTable) -> Collection[Address]:
        """Go by another table from now on; return the addresses that are not in it any more."""
        gone = _addresses(self._table) - _addresses(table)
        self._table = table
        for name in self._balancers.keys() - table.services.keys():
            if not self._balancers[name].is_busy:
                del self._balancers[name]
        self._changed.set()
        self._changed = asyncio.Event()
        return gone

    def patience(self) -> float:
        """Say until when something that came now may wait."""
        return asyncio.get_running_loop().time() + HOLD_SECONDS

    def choose(self, name: str, client: str, tried: Collection[Address]) -> Target | None:
        """Choose a target that is ready, if there is one and the service serves."""
        service = self._table.services.get(name)
        if service is None or service.mode is not Mode.SERVING:
            return None
        return self._balancer(name).choose(service, client, tried=tried)

    def worth_waiting(self, name: str) -> bool:
        """Tell whether a target may be there soon."""
        service = self._table.services.get(name)
        if service is None or service.mode is Mode.MAINTENANCE:
            return False
        return service.mode is Mode.PAUSED or service.coming

    async def target(
        self, name: str, client: str, tried: Collection[Address], patience: float
    ) -> Target | None:
        """Choose a target; while one is coming, or the service is paused, wait for it."""
        while True:
            target = self.choose(name, client, tried)
            if target is not None or not self.worth_waiting(name):
                return target
            try:
                async with asyncio.timeout_at(patience):
                    await self._changed.wait()
            except TimeoutError:
                return None

    def busy_with(self, service: str, target: Target) -> "Work":
        """Count something that a target has to do, until the end of the block.

        What the block gets is to be called when this turns out to have no end of its own.
        """
        return Work(self, service, target)

    def began(self, service: str, target: Target) -> None:
        """Count it from now on."""
        self._balancer(service).began(target)

    def goes_on(self, service: str, target: Target) -> None:
        """Do not wait for it any more."""
        self._endless[service, target.address] += 1
        self._tell_if_idle(service, target)

    def ended(self, service: str, target: Target, *, endless: bool) -> None:
        """Count it no more."""
        self._balancer(service).ended(target)
        if endless:
            self._endless -= Counter([(service, target.address)])
        self._tell_if_idle(service, target)

    def busy(self, service: str, target: Target) -> int:
        """Say how much a target has to do."""
        balancer = self._balancers.get(service)
        return balancer.busy(target) if balancer is not None else 0

    async def drained(self, service: str, target: Target, *, within: float | None) -> bool:
        """Wait until a target has nothing to finish any more; tell whether it came to that."""
        if self._is_idle(service, target):
            return True
        over = asyncio.Event()
        key = service, target.address
        waiting = self._idle.setdefault(key, [])
        waiting.append(over.set)
        try:
            async with asyncio.timeout(within):
                await over.wait()
        except TimeoutError:
            return False
        finally:
            waiting.remove(over.set)
            if not waiting:
                self._idle.pop(key, None)
        return True

    def _is_idle(self, service: str, target: Target) -> bool:
        return self.busy(service, target) <= self._endless[service, target.address]

    def _tell_if_idle(self, service: str, target: Target) -> None:
        waiting = self._idle.get((service, target.address)) if self._idle else None
        if waiting and self._is_idle(service, target):
            for callback in waiting:
                callback()

    def _balancer(self, name: str) -> Balancer:
        if (known := self._balancers.get(name)) is None:
            known = self._balancers[name] = Balancer()
        return known


class Work:
    """What a target has to do; a class, as a generator would take three times as long."""

    __slots__ = ("_chooser", "_endless", "_service", "_target")

    def __init__(self, chooser: Chooser, service: str, target: Target) -> None:
        self._chooser = chooser
        self._service = service
        self._target = target
        self._endless = False

    def __enter__(self) -> Callable[[], None]:
        self._chooser.began(self._service, self._target)
        return self._goes_on

    def __exit__(self, *_: object) -> None:
        self._chooser.ended(self._service, self._target, endless=self._endless)

    def _goes_on(self) -> None:
        self._endless = True
        self._chooser.goes_on(self._service, self._target)


def _addresses(table: RouteTable) -> set[Address]:
    return {one.address for service in table.services.values() for one in service.targets}
