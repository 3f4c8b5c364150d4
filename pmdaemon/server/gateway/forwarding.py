"""Finds a target for each request, and another when that one fails."""

import asyncio
import ipaddress
import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from pmdaemon.core.routing import Mode, Route, RouteTable, Service, host_of
from pmdaemon.engine import tasks
from pmdaemon.server.gateway.choosing import Address, Chooser
from pmdaemon.server.gateway.clients import ClientConnection, TurnedAway
from pmdaemon.server.gateway.exchanges import HARMLESS_TWICE, Exchange
from pmdaemon.server.gateway.heads import origin_form, request_bytes
from pmdaemon.server.gateway.origins import Origin, told, told_with
from pmdaemon.server.gateway.upstreams import UpstreamFailed, UpstreamPool

NOT_FOUND = 404, b"Not Found"
BAD_GATEWAY = 502, b"Bad Gateway"
UNAVAILABLE = 503, b"Service Unavailable"
TIMED_OUT = 504, b"Gateway Timeout"


class Unanswered(Struct, frozen=True):
    """What is told to a client whose request no target answered."""

    status: int
    reason: bytes
    message: str
    service: str | None = None


class Observer(Protocol):
    """Who keeps records of requests."""

    def began(self, exchange: Exchange, host: str, route: Route | None) -> None:
        """A request has come."""

    def ended(self, exchange: Exchange) -> None:
        """It was answered, or will not be."""


class Words(Protocol):
    """Who words what we answer ourselves."""

    def __call__(self, exchange: Exchange, why: Unanswered) -> tuple[bytes, bytes]:
        """Return the content type and the body."""


class Interceptor(Protocol):
    """Who answers some requests in place of any service."""

    def __call__(self, host: str, path: bytes) -> bytes | None:
        """Return the text that is the answer, or None to have it forwarded."""


class Gateway:
    """Forwards requests by a table of routes.

    Clients in networks that it is told to `trust` may say for whom they ask.
    """

    def __init__(
        self,
        chooser: Chooser,
        *,
        words: Words,
        observer: Observer,
        interceptor: Interceptor | None = None,
    ) -> None:
        self._chooser = chooser
        self._words = words
        self._observer = observer
        self._interceptor = interceptor
        self._pool = UpstreamPool()
        self._connections: set[ClientConnection] = set()
        self.most = sys.maxsize
        self.trust(())

    def trust(self, networks: Iterable[str]) -> None:
        """Believe other clients from now on."""
        self._trusted = [ipaddress.ip_network(text, strict=False) for text in networks]

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    def swap(self, table: RouteTable) -> None:
        """Send requests elsewhere from now on; those that are on their way go on."""
        for address in self._chooser.swap(table):
            self._pool.drop(address)

    def connection(self, *, secure: bool) -> asyncio.Protocol:
        """Make the protocol for a connection that was accepted; beyond `most`, to turn it away."""
        if len(self._connections) >= self.most:
            return TurnedAway()
        made = ClientConnection(self._handle, self._connections.discard, secure=secure)
        self._connections.add(made)
        return made

    def finish(self) -> None:
        """Announce with each answer from now on that it was the last on its connection."""
        for connection in tuple(self._connections):
            connection.finish()

    def close_idle(self) -> None:
        """Close connections on which nothing is going on."""
        for connection in tuple(self._connections):
            connection.close_idle()

    def close(self) -> None:
        """Break what is still going on."""
        for connection in tuple(self._connections):
            connection.abort()
        self._pool.close()

    # One request.

    def _handle(self, exchange: Exchange) -> None:
        exchange.belongs_to(tasks.spawn(self._serve(exchange), name="gateway.request"))

    async def _serve(self, exchange: Exchange) -> None:
        host, target = _asked_for(exchange)
        path = target.partition(b"?")[0]
        found = self._chooser.table.find(host, path.decode("latin-1")) if host and target else None
        self._observer.began(exchange, host or "", found[0] if found else None)
        try:
            own = self._interceptor(host, path) if self._interceptor and host else None
            if own is not None:
                exchange.answer(200, b"OK", own, (b"content-type", b"text/plain"))
            elif found is None:
                said = exchange.request.host.decode("utf-8", "replace")
                message = f"nothing answers for {host or said or 'a request without a Host'}"
                self._refuse(exchange, Unanswered(*NOT_FOUND, message))
            else:
                await self._forward(exchange, found[0], target)
        finally:
            self._observer.ended(exchange)

    async def _forward(self, exchange: Exchange, route: Route, target_path: bytes) -> None:
        name = route.service
        tried: dict[Address, UpstreamFailed] = {}
        patience = self._chooser.patience()
        head = self._head_for(exchange, route, target_path)
        while True:
            target = self._chooser.choose(name, exchange.client.peer, tried)
            if target is None:
                target = await self._chooser.target(name, exchange.client.peer, tried, patience)
            if target is None:
                service = self._chooser.table.services.get(name)
                self._refuse(exchange, _why(name, service, tried))
                return
            exchange.target = target.address
            with self._chooser.busy_with(name, target) as exchange.goes_on:
                failure = await self._try(exchange, target.address, head)
            if failure is None:
                return
            tried[target.address] = failure
            if exchange.begun:
                exchange.broken = True
                exchange.client.abort()
                return
            harmless = exchange.request.method in HARMLESS_TWICE
            if not exchange.repeatable or failure.timed_out or (failure.reached and not harmless):
                service = self._chooser.table.services.get(name)
                self._refuse(exchange, _why(name, service, {target.address: failure}))
                return

    async def _try(
        self, exchange: Exchange, address: Address, head: bytes
    ) -> UpstreamFailed | None:
        """Have a target answer; return why it did not."""
        harmless = exchange.request.method in HARMLESS_TWICE
        fresh = False
        while True:
            try:
                connection = await self._pool.get(address, fresh=fresh, rested=harmless)
                reused = connection.used_before
                try:
                    await exchange.run(connection, head)
                except UpstreamFailed:
                    # What was kept open may have been closed in the instant that we wrote.
                    if fresh or not (reused and harmless and exchange.repeatable):
                        raise
                    if exchange.begun:
                        raise
                    fresh = True
                    continue
            except UpstreamFailed as error:
                return error
            return None

    def _head_for(self, exchange: Exchange, route: Route, target: bytes) -> bytes:
        request, client = exchange.request, exchange.client
        trusted = self._is_trusted(client.peer)
        origin = Origin(client.peer.encode(), request.host, client.secure, client.local_port)
        forwarded = told_with(origin, request.headers) if trusted else told(origin)
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


def _asked_for(exchange: Exchange) -> tuple[str | None, bytes]:
    """Say for which host and target a request is; nothing where it asks for none."""
    authority, target = origin_form(exchange.request)
    return host_of(authority.decode("utf-8", "replace")), target


def _why(name: str, service: Service | None, tried: Mapping[Address, UpstreamFailed]) -> Unanswered:
    if service is None:
        return Unanswered(*UNAVAILABLE, f"{name} is not there any more", name)
    if service.mode is Mode.MAINTENANCE:
        return Unanswered(*UNAVAILABLE, f"{name} is being worked on", name)
    if tried:
        *_, failure = tried.values()
        message = f"{name} does not answer at {_listed(tried)}: {failure.reason}"
        return Unanswered(*(TIMED_OUT if failure.timed_out else BAD_GATEWAY), message, name)
    if service.mode is Mode.PAUSED:
        message = f"{name} is paused"
    elif service.coming:
        message = f"{name} is not ready yet"
    else:
        message = f"{name} is not running"
    return Unanswered(*UNAVAILABLE, message, name)


def _listed(addresses: Collection[Address]) -> str:
    return ", ".join(f"{host}:{port}" for host, port in addresses)
