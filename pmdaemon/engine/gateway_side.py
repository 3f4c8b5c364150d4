"""The gateway: the services it has, made by hand or declared by apps.

Those made by hand are in the store, and those of apps stand with these. Where it listens, what
requests go by, which certificates there are and who has drained are parts of their own.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec.structs import replace

from pmdaemon.core.errors import PmdaemonError, TcpPortTaken
from pmdaemon.core.notices import Notice, ProcessChanged
from pmdaemon.core.process import Errored, Process
from pmdaemon.core.published import services_of
from pmdaemon.core.routing import Mode, RouteTable, Target
from pmdaemon.core.service_book import Revision, ServiceBook
from pmdaemon.core.services import ServiceSpec
from pmdaemon.core.spec import AppSpec, Published
from pmdaemon.engine import tasks
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.draining import Draining
from pmdaemon.engine.gateway_listeners import GatewayListeners
from pmdaemon.engine.host_certificates import HostCertificates
from pmdaemon.engine.interfaces import (
    Certificates,
    Changes,
    Clock,
    GatewayServer,
    GatewaySettings,
    OutputCapture,
    Store,
    TcpProbe,
)
from pmdaemon.engine.live_routes import LiveRoutes
from pmdaemon.engine.request_log import RequestLog

log = logging.getLogger(__name__)


class GatewaySide:
    """Publishes services, and remembers them.

    `processes` gives all processes, with those that a reload has set beside others.
    """

    def __init__(
        self,
        *,
        server: GatewayServer,
        certificates: Certificates,
        store: Store,
        bus: Bus,
        clock: Clock,
        probe: TcpProbe,
        capture: OutputCapture,
        processes: Callable[[], Iterable[Process]],
    ) -> None:
        self._server = server
        self._store = store
        self._probe = probe
        self._processes = processes
        self._capture = capture
        self._book = ServiceBook()
        self._failure: PmdaemonError | None = None
        self._lock = asyncio.Lock()
        self._listeners = GatewayListeners(server=server, store=store)
        self._routes = LiveRoutes(
            server=server, bus=bus, clock=clock, probe=probe, processes=processes
        )
        self._draining = Draining(server=server, services=self._serving, processes=processes)
        self.certificates = HostCertificates(
            certificates=certificates, clock=clock, hosts=lambda: self._routes.hosts
        )
        self.requests = RequestLog(clock=clock)
        bus.subscribe(self._on_notice, ProcessChanged)

    # What is so.

    @property
    def settings(self) -> GatewaySettings | None:
        """How it listens, or None while it is off."""
        return self._listeners.settings

    @property
    def addresses(self) -> Sequence[str]:
        """The URLs it answers at."""
        return self._listeners.addresses

    @property
    def services(self) -> Mapping[str, ServiceSpec]:
        """All services, by name."""
        return self._book.services

    def is_declared(self, service: str) -> bool:
        """Tell whether an app declares this service itself."""
        return service in self._book.declared

    @property
    def table(self) -> RouteTable:
        """Where requests go now."""
        return self._routes.table

    def own_names(self) -> Collection[str]:
        """List the names that services are below, or that it listens at."""
        ours = self.settings
        return {ours.domain, ours.host} if ours is not None else set()

    def routed_hosts(self) -> Collection[str]:
        """List the hosts that services have beside their own names."""
        return {route.host for spec in self._book.services.values() for route in spec.routes}

    def serves(self, app: str) -> bool:
        """Tell whether requests come to an app through here."""
        return self._routes.serves(app)

    def busy(self, service: str, target: Target) -> int:
        """Say how many requests a target is answering."""
        return self._server.busy(service, target)

    def when_idle(self, process: Process, callback: Callable[[], None]) -> None:
        """Call back when a process answers nothing any more that came here; see `Draining`."""
        self._draining.when_idle(process, callback)

    def last_words(self, service: str) -> Sequence[str]:
        """Return what the app of a service has written to stderr at last."""
        spec = self._book.services.get(service)
        for process in self._processes():
            if spec is not None and spec.app == process.name:
                if isinstance(process.state, Errored):
                    return process.state.last_words
                return self._capture.last_words(process.seat)
        return ()

    # Verbs.

    async def resume(
        self, settings: GatewaySettings | None, services: Iterable[ServiceSpec]
    ) -> None:
        """Go on with what a former daemon had; a failure is logged, programs come first."""
        by_hand = {spec.name: spec for spec in services}
        self._go_by(ServiceBook.of(by_hand, services_of(self._processes())))
        try:
            await self._leave_out_files()
            if settings is not None:
                await self._change_to(settings)
        except PmdaemonError as error:
            log.error("gateway.failed reason=%s", error)

    async def turn_on(self, settings: GatewaySettings) -> Sequence[str]:
        """Listen, now and in future; return the URLs.

        Raises:
            PmdaemonError: an address or a certificate cannot be used; what was on before stays.

        """
        async with self._lock:
            before = self.settings
            self.certificates.check(settings)
            await self._change_to(settings)
            await self._keep(before)
            return self.addresses

    async def turn_off(self) -> None:
        """Stop listening, now and in future; services stay declared."""
        async with self._lock:
            await self._listeners.turn_off()
            self._go_by(self._book)

    async def put(self, spec: ServiceSpec, *, swap: bool = False) -> ServiceSpec:
        """Declare a service, or add routes to it; requests go by it when this returns.

        With `swap`, whatever answered for a service of this name until now does so no longer, and
        finishes what it has begun.

        Raises:
            InvalidInput: the name, or a route, is another service's already.
            PmdaemonError: it cannot be listened where it was to be.

        """
        async with self._lock:
            await self._revise(self._book.with_service(spec, swap=swap))
            return self._book.services[spec.name]

    async def remove(self, name: str) -> ServiceSpec:
        """Have a service no longer; what it has begun is finished.

        Raises:
            ServiceNotFound: there is none of this name.
            ServiceDeclared: its app declares it.

        """
        async with self._lock:
            former = self._book.find(name)
            await self._revise(self._book.without_service(name))
            return former

    async def remove_route(self, host: str, path: str) -> ServiceSpec:
        """Take a route from its service.

        Raises:
            ServiceNotFound: nobody has it.
            ServiceDeclared: an app declares it.

        """
        async with self._lock:
            revision = self._book.without_route(host, path)
            await self._revise(revision)
            return self._book.services[revision.name]

    async def set_mode(self, name: str, mode: Mode) -> ServiceSpec:
        """Have a service serve, hold its requests, or say that it is being worked on.

        Raises:
            ServiceNotFound: there is none of this name.

        """
        async with self._lock:
            await self._revise(self._book.with_mode(name, mode))
            return self._book.services[name]

    async def drained(self, service: str, target: Target, *, within: float | None) -> bool:
        """Wait until a target answers nothing any more; tell whether it came to that.

        See `GatewayServer`.
        """
        return await self._server.drained(service, target, within=within)

    # What apps declare.

    def admit(self, specs: Sequence[AppSpec]) -> None:
        """Make sure that what these apps want to have published can be.

        Raises:
            InvalidInput: a name, a route or an address is another service's.
            TcpPortTaken: the gateway cannot listen where it is to.

        """
        wanted = [spec for spec in specs if spec.proxy is not None]
        if not wanted:
            return
        book = self._book.with_declared(services_of(self._processes())).with_apps(specs)
        for spec in wanted:
            listener = book.services[spec.name].listener
            if listener is None or self._listeners.is_taken(spec.name, listener):
                continue
            if not self._probe.is_free(listener.tcp_port):
                raise TcpPortTaken(
                    f"cannot publish {spec.name}: another program listens on port"
                    f" {listener.tcp_port}",
                    port=listener.tcp_port,
                )

    async def settle(self, specs: Iterable[AppSpec] = ()) -> None:
        """Wait until what is published is as apps declare it.

        Raises:
            PmdaemonError: for one of `specs` that cannot be; the apps run all the same.

        """
        await self._take_up()
        if self._failure is not None and any(spec.proxy is not None for spec in specs):
            raise self._failure

    async def close(self, *, for_good: bool) -> None:
        """Stop listening, for this daemon's life, or make way for the next one."""
        self.certificates.close()
        await self._listeners.close(for_good=for_good)

    # Inside.

    async def _revise(self, revision: Revision) -> None:
        """Go by another book, and keep what it says by hand."""
        book, name, by_hand = revision
        changes = Changes(services_removed=[name], urgent=True)
        if by_hand is not None:
            changes = Changes(services_written=[by_hand], urgent=True)
        await self._listeners.balance(book.listeners)
        try:
            await self._store.commit(changes)
        except PmdaemonError:
            await self._listeners.balance(self._book.listeners)
            raise
        self._go_by(book)

    async def _take_up(self) -> None:
        """Publish what apps declare now."""
        async with self._lock:
            declared = services_of(self._processes())
            try:
                await self._leave_out_files()
                if declared == self._book.declared and self._failure is None:
                    return
                self._go_by(self._book.with_declared(declared))
                await self._listen_for_apps()
            except PmdaemonError as error:
                log.error("gateway.failed reason=%s", error)
                self._failure = error
            else:
                self._failure = None

    async def _leave_out_files(self) -> None:
        """Have no services any more of files of which no app is left."""
        if self._book.sources:
            present = {one.spec.source for one in self._processes()}
            for revision in self._book.without_files(present):
                await self._revise(revision)

    async def _listen_for_apps(self) -> None:
        """Take connections for what apps declare; with the first of it, the gateway listens."""
        declared = self._book.declared.values()
        if not declared or self.settings is not None:
            await self._listeners.balance(self._book.listeners)
            return
        settings = GatewaySettings()
        if all(one.listener is not None and not one.routes for one in declared):
            settings = replace(settings, http_port=None)  # nobody asked for HTTP
        await self._change_to(settings)
        await self._keep(None)

    async def _change_to(self, settings: GatewaySettings) -> None:
        await self._listeners.change_to(settings)
        self._go_by(self._book)
        await self._listeners.balance(self._book.listeners)

    async def _keep(self, before: GatewaySettings | None) -> None:
        try:
            await self._listeners.keep(before)
        except PmdaemonError:
            self._go_by(self._book)
            raise

    def _go_by(self, book: ServiceBook) -> None:
        """Have these services, as it listens now."""
        self._book = book
        settings = self.settings
        self._routes.go_by(book, settings.domain if settings is not None else None)
        self.certificates.go_by(settings)

    def _serving(self) -> Iterable[ServiceSpec]:
        return self._book.services.values() if self.settings is not None else ()

    def _on_notice(self, notice: Notice) -> None:
        if isinstance(notice, ProcessChanged) and _said(notice.before) != _said(notice.after):
            tasks.spawn(self._take_up(), name="gateway.take_up")


def _said(process: Process | None) -> Published | None:
    """What a process has published, as it is declared."""
    return process.spec.proxy if process is not None else None
