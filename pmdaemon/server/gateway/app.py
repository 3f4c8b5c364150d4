"""The gateway as the engine knows it: listeners, a table, and what stands between them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from ssl import SSLContext

from pmdaemon.core.routing import Listener, RouteTable, Target
from pmdaemon.engine.interfaces import DescriptorStore, GatewaySettings
from pmdaemon.engine.request_log import RequestLog
from pmdaemon.server.gateway.balancing import TcpBalancer
from pmdaemon.server.gateway.choosing import Chooser
from pmdaemon.server.gateway.forwarding import Gateway, Interceptor
from pmdaemon.server.gateway.fronts import Front, leave_in_queue, most_connections, shut
from pmdaemon.server.gateway.recording import Recorder
from pmdaemon.server.gateway.words import LogTail, Wording
from pmdaemon.server.http.listeners import url_of

PARTING = 2.0
"""Seconds that what is going on gets to end in before the next daemon takes over."""

IDLE_LOOKS, PARTING_LOOKS = 8, 40
"""Looks at the connections in that time; the first few are for those that are merely kept."""

Place = tuple[str, int, bool]
"""A host, a TCP port, and whether TLS is spoken there."""

Tls = Callable[[GatewaySettings], SSLContext]


class GatewayServer:
    """Forwards what comes to its own listeners, which are never those of the API.

    `tls` prepares certificates for settings, and makes what HTTPS listeners use. `interceptor`
    answers in place of services where it has something to say.
    """

    def __init__(
        self,
        requests: RequestLog,
        log_tail: LogTail,
        keeper: DescriptorStore,
        *,
        tls: Tls,
        interceptor: Interceptor | None = None,
    ) -> None:
        self._keeper = keeper
        self._tls = tls
        self._chooser = Chooser()
        self._recorder = Recorder(requests)
        self._gateway = Gateway(
            self._chooser,
            words=Wording(log_tail),
            observer=self._recorder,
            interceptor=interceptor,
        )
        self._gateway.most = most_connections()
        self._fronts: dict[Place, Front] = {}
        self._balanced: dict[tuple[str, Listener], tuple[Front, TcpBalancer]] = {}

    @property
    def addresses(self) -> Sequence[str]:
        """The URLs it answers at, none while it is off."""
        return [
            url_of(host, front.tcp_port, "https" if secure else "http")
            for (host, _, secure), front in self._fronts.items()
        ]

    @property
    def balanced(self) -> Mapping[str, int]:
        """The ports at which services are balanced, by name."""
        return {name: front.tcp_port for (name, _), (front, _) in self._balanced.items()}

    async def turn_on(self, settings: GatewaySettings) -> None:
        """Listen; when it listens already, change over; see `GatewayServer`."""
        wanted = _places(settings)
        tls = self._tls(settings) if settings.https_port is not None else None
        opened: dict[Place, Front] = {}
        try:
            for place in wanted:
                if place not in self._fronts:
                    opened[place] = await self._open(place, tls)
        except BaseException:
            await shut([*opened.values()])
            raise
        gone = [self._fronts.pop(place) for place in self._fronts.keys() - set(wanted)]
        self._fronts |= opened
        self._gateway.trust(settings.trusted_proxies)
        self._recorder.domain = settings.domain
        self._recorder.capture = settings.capture
        await shut(gone)

    async def balance(self, listeners: Mapping[str, Listener]) -> None:
        """Take connections for these services, and spread them; see `GatewayServer`."""
        wanted = set(listeners.items())
        opened: dict[tuple[str, Listener], tuple[Front, TcpBalancer]] = {}
        try:
            for name, listener in wanted - self._balanced.keys():
                balancer = TcpBalancer(name, self._chooser)
                front = await Front.open(
                    listener.host,
                    listener.tcp_port,
                    balancer.connection,
                    self._keeper,
                    whose="balancer",
                )
                opened[name, listener] = front, balancer
        except BaseException:
            await shut([front for front, _ in opened.values()])
            raise
        gone = [self._balanced.pop(key)[0] for key in self._balanced.keys() - wanted]
        self._balanced |= opened
        await shut(gone)

    def swap(self, table: RouteTable) -> None:
        """Send requests elsewhere from now on; those that are on their way go on."""
        self._gateway.swap(table)

    def busy(self, service: str, target: Target) -> int:
        """Say how many requests a target is answering."""
        return self._chooser.busy(service, target)

    async def drained(self, service: str, target: Target, *, within: float | None) -> bool:
        """Wait until a target answers nothing any more; tell whether it came to that."""
        return await self._chooser.drained(service, target, within=within)

    async def turn_off(self) -> None:
        """Stop listening, and break what is going on."""
        balanced = [*self._balanced.values()]
        fronts = [*self._fronts.values(), *(front for front, _ in balanced)]
        self._fronts, self._balanced = {}, {}
        await shut(fronts)
        for _, balancer in balanced:
            balancer.close()
        self._gateway.close()

    async def make_way(self) -> None:
        """Take nothing new, let what is going on end if that is soon, and leave the rest."""
        fronts = [*self._fronts.values(), *(front for front, _ in self._balanced.values())]
        await leave_in_queue(fronts)
        self._gateway.finish()
        looks = 0
        while self._gateway.connections and looks < PARTING_LOOKS:
            looks += 1  # connections come and go by the thousand, and none of them says so
            if looks >= IDLE_LOOKS:
                self._gateway.close_idle()
            await asyncio.sleep(PARTING / PARTING_LOOKS)
        for front in fronts:
            front.close()
        for _, balancer in self._balanced.values():
            balancer.close()
        self._fronts, self._balanced = {}, {}
        self._gateway.close()

    async def _open(self, place: Place, tls: SSLContext | None) -> Front:
        host, tcp_port, secure = place
        return await Front.open(
            host,
            tcp_port,
            lambda: self._gateway.connection(secure=secure),
            self._keeper,
            whose="gateway tls" if secure else "gateway",
            tls=tls if secure else None,
        )


def _places(settings: GatewaySettings) -> Sequence[Place]:
    places = [
        (settings.host, settings.http_port, False),
        (settings.host, settings.https_port, True),
    ]
    return [(host, port, secure) for host, port, secure in places if port is not None]
