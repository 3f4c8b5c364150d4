"""Finds a target for each request, and another when that one fails."""

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from pmdaemon.core.routing import (
    Balancer,
    Mode,
    Route,
    RouteTable,
    Service,
    Target,
    host_of,
)
from pmdaemon.engine import tasks
from pmdaemon.server.gateway.clients import ClientConnection
from pmdaemon.server.gateway.exchanges import HARMLESS_TWICE, Exchange
from pmdaemon.server.gateway.heads import request_bytes, value_of
from pmdaemon.server.gateway.upstreams import UpstreamFailed, UpstreamPool

log = logging.getLogger(__name__)

HOLD_SECONDS = 30.0
"""How long a request waits for a target that is starting, or for a service that is paused."""

ANSWER_SECONDS = 300.0
"""How long a target may take until it begins to answer."""


class Unanswered(Struct, frozen=True):
    """What is told to a client whose request no target answered."""

    status: int
    reason: bytes
    message: str
    service: str | None = None


class Observer(Protocol):
    """Who keeps records of requests."""

    def began(self, exchange: Exchange, route: Route | None) -> None:
        """A request has come."""

    def ended(self, exchange: Exchange) -> None:
        """It was answered, or will not be."""


class Words(Protocol):
    """Who words what we answer ourselves."""

    def __call__(self, exchange: Exchange, why: Unanswered) -> tuple[bytes, bytes]:
        """Return the content type and the body."""


class Gateway:
    """Forwards requests by a table of routes that may be exchanged at any time.

    `trusted` are networks whose clients may say for whom they ask.
    """

    def __init__(
        self,
        *,
        words: Words,
        observer: Observer | None = None,
        trusted: Iterable[str] = (),
    ) -> None:
        self._words = words
        self._observer = observer
        self._trusted = [ipaddress.ip_network(text) for text in trusted]
        self._table = RouteTable()
        self._balancers: dict[str, Balancer] = {}
        self._pool = UpstreamPool()
        self._connections: set[ClientConnection] = set()
        self._changed = asyncio.Event()
        self._drained: dict[tuple[str, int], list[Callable[[], None]]] = {}

    # What the engine does with it.

    @property
    def table(self) -> RouteTable:
        """Where requests go now."""
        return self._table

    def swap(self, table: RouteTable) -> None:
        """Send requests elsewhere from now on; those that are on their way go on."""
        before = _addresses(self._table)
        self._table = table
        for name in self._balancers.keys() - table.services.keys():
            del self._balancers[name]
        for address in before - _addresses(table):
            self._pool.drop(address)
        self._changed.set()
        self._changed = asyncio.Event()

    def busy(self, service: str, target: Target) -> int:
        """Say how many requests a target is answering."""
        balancer = self._balancers.get(service)
        return balancer.busy(target) if balancer is not None else 0

    async def drained(self, service: str, target: Target, *, within: float) -> bool:
        """Wait until a target answers nothing any more; tell whether it came to that."""
        if not self.busy(service, target):
            return True
        over = asyncio.Event()
        waiting = self._drained.setdefault(target.address, [])
        waiting.append(over.set)
        try:
            async with asyncio.timeout(within):
                await over.wait()
        except TimeoutError:
            return False
        finally:
            waiting.remove(over.set)
        return True

    def connection(self, *, secure: bool) -> ClientConnection:
        """Make the protocol for a connection that was accepted."""
        made = ClientConnection(self._handle, self._connections.discard, secure=secure)
        self._connections.add(made)
        return made

    def finish(self) -> None:
        """Take no more requests on the connections that there are."""
        for connection in tuple(self._connections):
            connection.finish()

    def close(self) -> None:
        """Break what is still going on."""
        for connection in tuple(self._connections):
            connection.abort()
        self._pool.close()

    # One request.

    def _handle(self, exchange: Exchange) -> None:
        tasks.spawn(self._serve(exchange), name="gateway.request")

    async def _serve(self, exchange: Exchange) -> None:
        found = self._find(exchange)
        if self._observer is not None:
            self._observer.began(exchange, found[0] if found else None)
        try:
            if found is None:
                host = exchange.request.host.decode("latin-1")
                message = f"nothing answers for {host}" if host else "a request needs a Host"
                self._refuse(exchange, Unanswered(404, b"Not Found", message))
            else:
                await self._forward(exchange, *found)
        finally:
            if self._observer is not None:
                self._observer.ended(exchange)

    def _find(self, exchange: Exchange) -> tuple[Route, Service] | None:
        request = exchange.request
        host = host_of(request.host.decode("latin-1"))
        if host is None or not request.target.startswith(b"/"):
            return None
        return self._table.find(host, request.path.decode("latin-1"))

    async def _forward(self, exchange: Exchange, route: Route, service: Service) -> None:
        tried: set[tuple[str, int]] = set()
        loop = asyncio.get_running_loop()
        patience = loop.time() + HOLD_SECONDS
        head = self._head_for(exchange, route)
        failure = UpstreamFailed("it has no target", reached=False)
        while True:
            service = self._table.services.get(route.service, service)
            target = await self._target(exchange, service, tried, patience)
            if target is None:
                self._refuse(exchange, _why(service, failure, tried))
                return
            balancer = self._balancers.setdefault(service.name, Balancer())
            balancer.began(target)
            try:
                connection = await self._pool.get(target.address)
                await exchange.run(connection, head)
            except UpstreamFailed as error:
                failure = error
                if exchange.begun:
                    exchange.client.abort()
                    return
                if error.reached and exchange.request.method not in HARMLESS_TWICE:
                    self._refuse(exchange, _why(service, error, {target.address}))
                    return
                if not exchange.replayable:
                    self._refuse(exchange, _why(service, error, {target.address}))
                    return
                tried.add(target.address)
            else:
                return
            finally:
                balancer.ended(target)
                if not balancer.busy(target):
                    for callback in self._drained.get(target.address, ()):
                        callback()

    async def _target(
        self,
        exchange: Exchange,
        service: Service,
        tried: set[tuple[str, int]],
        patience: float,
    ) -> Target | None:
        """Choose a target; while one is coming, or the service is paused, wait for it."""
        loop = asyncio.get_running_loop()
        while True:
            service = self._table.services.get(service.name, service)
            if service.mode is Mode.SERVING:
                balancer = self._balancers.setdefault(service.name, Balancer())
                target = balancer.choose(service, exchange.client.peer, tried=tried)
                if target is not None or not service.coming:
                    return target
            elif service.mode is Mode.MAINTENANCE:
                return None
            try:
                async with asyncio.timeout_at(patience):
                    await self._changed.wait()
            except TimeoutError:
                return None
            if loop.time() >= patience:
                return None

    def _head_for(self, exchange: Exchange, route: Route) -> bytes:
        request, client = exchange.request, exchange.client
        trusted = self._is_trusted(client.peer)
        said = {
            name: value_of(request.headers, name) if trusted else None
            for name in (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host")
        }
        chain = said[b"x-forwarded-for"]
        peer = client.peer.encode()
        scheme = b"https" if client.secure else b"http"
        forwarded: Mapping[bytes, bytes] = {
            b"x-forwarded-for": b"%b, %b" % (chain, peer) if chain else peer,
            b"x-forwarded-proto": said[b"x-forwarded-proto"] or scheme,
            b"x-forwarded-host": said[b"x-forwarded-host"] or request.host,
            b"x-forwarded-port": b"%d" % client.local_port,
        }
        target = request.target
        if route.strip and route.path != "/":
            target = target[len(route.path) :] or b"/"
            if not target.startswith(b"/"):
                target = b"/" + target
        return request_bytes(request, target, forwarded, trusted=trusted)

    def _is_trusted(self, peer: str) -> bool:
        if not self._trusted:
            return False
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)

    def _refuse(self, exchange: Exchange, why: Unanswered) -> None:
        content_type, body = self._words(exchange, why)
        headers = [(b"content-type", content_type), (b"cache-control", b"no-store")]
        if why.status == 503:
            headers.append((b"retry-after", b"5"))
        exchange.answer(why.status, why.reason, body, *headers)


def _why(
    service: Service, failure: UpstreamFailed, tried: Collection[tuple[str, int]]
) -> Unanswered:
    if service.mode is Mode.MAINTENANCE:
        return Unanswered(
            503, b"Service Unavailable", f"{service.name} is being worked on", service.name
        )
    if tried:
        where = ", ".join(f"{host}:{port}" for host, port in tried)
        message = f"{service.name} does not answer at {where}: {failure.reason}"
        return Unanswered(502, b"Bad Gateway", message, service.name)
    if service.mode is Mode.PAUSED:
        message = f"{service.name} is paused"
    elif service.coming:
        message = f"{service.name} is not ready yet"
    else:
        message = f"{service.name} is not running"
    return Unanswered(503, b"Service Unavailable", message, service.name)


def _addresses(table: RouteTable) -> set[tuple[str, int]]:
    return {one.address for service in table.services.values() for one in service.targets}
