"""The gateway: which services it has, and what answers for each just now.

Services are made by hand, and then they are in the store, or declared by apps, and then they stand
with these. The table that requests go by is made of both and of what the processes are doing, anew
with each change that matters, and handed over whole.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec.structs import replace

from pmdaemon.core.certificates import Certificate, is_for
from pmdaemon.core.errors import PmdaemonError, TcpPortTaken
from pmdaemon.core.notices import FormerRunGone, Notice, ProcessChanged
from pmdaemon.core.process import Errored, Process
from pmdaemon.core.published import services_of
from pmdaemon.core.routing import Listener, Mode, RouteTable, Target
from pmdaemon.core.service_book import Revision, ServiceBook
from pmdaemon.core.services import ServiceSpec, alone_at, table_of, targets_of
from pmdaemon.core.spec import AppSpec, Published
from pmdaemon.engine import tasks
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.certificate_keeper import CertificateKeeper
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
from pmdaemon.engine.listening import Listening
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
        self._certificates = certificates
        self._keeper = CertificateKeeper(clock=clock, certificates=certificates)
        self._store = store
        self._probe = probe
        self._processes = processes
        self._capture = capture
        self._settings: GatewaySettings | None = None
        self._book = ServiceBook()
        self._listeners: Mapping[str, Listener] = {}
        self._failure: PmdaemonError | None = None
        self._apps: frozenset[str] = frozenset()
        self._table = RouteTable()
        self._listening = Listening(clock=clock, probe=probe, changed=self._refresh)
        self._turn = asyncio.Lock()
        self.requests = RequestLog(clock=clock)
        bus.subscribe(self._heed, ProcessChanged, FormerRunGone)

    # What is so.

    @property
    def settings(self) -> GatewaySettings | None:
        """How it listens, or None while it is off."""
        return self._settings

    @property
    def addresses(self) -> Sequence[str]:
        """The URLs it answers at."""
        return self._server.addresses

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
        return self._table

    def own_names(self) -> Collection[str]:
        """List the names that services are below, or that it listens at."""
        ours = self._settings
        return {ours.domain, ours.host} if ours is not None else set()

    def routed_hosts(self) -> Collection[str]:
        """List the hosts that services have beside their own names."""
        return {route.host for spec in self._book.services.values() for route in spec.routes}

    def busy(self, service: str, target: Target) -> int:
        """Say how many requests a target is answering."""
        return self._server.busy(service, target)

    def serves(self, app: str) -> bool:
        """Tell whether requests come to an app through here."""
        return self._settings is not None and app in self._apps

    def when_idle(self, process: Process, callback: Callable[[], None]) -> None:
        """Call back, once, when a process answers nothing any more that came through here.

        It must not be a target that gets requests. Where others answer at its address as well,
        nobody can tell, and there is nothing to wait for.
        """
        targets = (
            alone_at(process, self._book.services.values(), self._processes())
            if self.serves(process.name)
            else ()
        )
        if not targets:
            callback()
            return
        tasks.spawn(self._wait_idle(targets, callback), name="gateway.drain")

    @property
    def certificates(self) -> Sequence[Certificate]:
        """What the hosts that are routed are served with."""
        settings = self._settings
        if settings is None or settings.https_port is None:
            return ()
        return self._keeper.list(settings.certificates, self._hosts())

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
        self._adopt(ServiceBook.of(by_hand, services_of(self._processes())))
        if settings is None:
            return
        try:
            await self._change_to(settings)
        except PmdaemonError as error:
            log.error("gateway.failed reason=%s", error)  # noqa: TRY400 - the reason says it all

    async def turn_on(self, settings: GatewaySettings) -> Sequence[str]:
        """Listen, now and in future; return the URLs.

        Raises:
            PmdaemonError: an address or a certificate cannot be used; what was on before stays.

        """
        async with self._turn:
            before = self._settings
            known = before.certificates if before is not None else ()
            self._certificates.check([one for one in settings.certificates if one not in known])
            await self._change_to(settings)
            await self._commit_or(Changes(gateway=settings, urgent=True), before)
            return self._server.addresses

    async def turn_off(self) -> None:
        """Stop listening, now and in future; services stay declared."""
        async with self._turn:
            await self._store.commit(Changes(gateway_off=True, urgent=True))
            self._settings = None
            self._listeners = {}
            self._concern()
            await self._server.turn_off()

    def discard_certificate(self, host: str) -> bool:
        """Forget what an authority has signed for a host; tell whether there was anything.

        Where the host is routed, and an authority is asked, it gets another one.
        """
        return self._keeper.discard(host)

    def retry_certificate(self, host: str) -> bool:
        """Ask an authority for a host now; tell whether one is asked for it at all."""
        return self._keeper.retry(host)

    async def put(self, spec: ServiceSpec, *, swap: bool = False) -> ServiceSpec:
        """Declare a service, or add routes to it; requests go by it when this returns.

        With `swap`, whatever answered for a service of this name until now does so no longer, and
        finishes what it has begun.

        Raises:
            InvalidInput: the name, or a route, is another service's already.
            PmdaemonError: it cannot be listened where it was to be.

        """
        async with self._turn:
            await self._revise(self._book.with_service(spec, swap=swap))
            return self._book.services[spec.name]

    async def remove(self, name: str) -> ServiceSpec:
        """Have a service no longer; what it has begun is finished.

        Raises:
            ServiceNotFound: there is none of this name.
            ServiceDeclared: its app declares it.

        """
        async with self._turn:
            former = self._book.find(name)
            await self._revise(self._book.without_service(name))
            return former

    async def remove_route(self, host: str, path: str) -> ServiceSpec:
        """Take a route from its service.

        Raises:
            ServiceNotFound: nobody has it.
            ServiceDeclared: an app declares it.

        """
        async with self._turn:
            revision = self._book.without_route(host, path)
            await self._revise(revision)
            return self._book.services[revision.name]

    async def set_mode(self, name: str, mode: Mode) -> ServiceSpec:
        """Have a service serve, hold its requests, or say that it is being worked on.

        Raises:
            ServiceNotFound: there is none of this name.

        """
        async with self._turn:
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
            if listener is None or self._listeners.get(spec.name) == listener:
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
        self._keeper.close()
        if for_good:
            await self._server.turn_off()
        else:
            await self._server.make_way()

    # Inside.

    async def _wait_idle(
        self, targets: Sequence[tuple[str, Target]], callback: Callable[[], None]
    ) -> None:
        # Whoever ends it does so in time, and then it answers nothing.
        for service, target in targets:
            await self._server.drained(service, target, within=None)
        callback()

    async def _revise(self, revision: Revision) -> None:
        """Go by another book, and keep what it says by hand."""
        book, name, by_hand = revision
        changes = Changes(services_removed=[name], urgent=True)
        if by_hand is not None:
            changes = Changes(services_written=[by_hand], urgent=True)
        await self._balance(book)
        try:
            await self._store.commit(changes)
        except PmdaemonError:
            await self._balance(self._book)
            raise
        self._adopt(book)

    async def _take_up(self) -> None:
        """Publish what apps declare now."""
        async with self._turn:
            declared = services_of(self._processes())
            if declared == self._book.declared and self._failure is None:
                return
            self._adopt(self._book.with_declared(declared))
            try:
                await self._listen_for_apps()
            except PmdaemonError as error:
                log.error("gateway.failed reason=%s", error)  # noqa: TRY400 - the reason says it all
                self._failure = error
            else:
                self._failure = None

    async def _listen_for_apps(self) -> None:
        """Take connections for what apps declare; with the first of it, the gateway listens."""
        declared = self._book.declared.values()
        if not declared or self._settings is not None:
            await self._balance(self._book)
            return
        settings = GatewaySettings()
        if all(one.listener is not None and not one.routes for one in declared):
            settings = replace(settings, http_port=None)  # nobody asked for HTTP
        await self._change_to(settings)
        await self._commit_or(Changes(gateway=settings, urgent=True), None)

    async def _balance(self, book: ServiceBook) -> None:
        if self._settings is not None:
            await self._server.balance(book.listeners)
            self._listeners = book.listeners

    async def _commit_or(self, changes: Changes, before: GatewaySettings | None) -> None:
        try:
            await self._store.commit(changes)
        except PmdaemonError:
            self._settings = before
            if before is None:
                await self._server.turn_off()
            else:
                await self._server.turn_on(before)
            raise

    async def _change_to(self, settings: GatewaySettings) -> None:
        await self._server.turn_on(settings)
        self._settings = settings
        self._refresh()
        self._concern()
        await self._balance(self._book)

    def _adopt(self, book: ServiceBook) -> None:
        self._book = book
        self._apps = book.apps
        self._refresh()
        self._concern()

    def _hosts(self) -> Sequence[str]:
        hosts = dict.fromkeys(route.host for route in self._table.routes)
        return [host for host in hosts if host != "*" and not host.startswith("[")]

    def _concern(self) -> None:
        """Have certificates for names that are routed, where we speak for them over HTTP."""
        settings = self._settings
        if settings is None or settings.https_port is None or settings.http_port is None:
            self._keeper.concern(None, ())
            return
        own = [Certificate(host=one.host, source="file") for one in settings.certificates]
        hosts = [host for host in self._hosts() if not any(is_for(one, host) for one in own)]
        self._keeper.concern(settings.acme, hosts)

    def _heed(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(before, after):
                changed = after or before
                if changed is not None and changed.name in self._apps:
                    self._refresh()
                if _said(before) != _said(after):
                    tasks.spawn(self._take_up(), name="gateway.take_up")
            case FormerRunGone(name) if name in self._apps:
                self._refresh()
            case _:
                pass

    def _refresh(self) -> None:
        if self._settings is None:
            return
        processes = [one for one in self._processes() if one.name in self._apps]
        self._listening.forget_all_but({one.run.identity for one in processes if one.run})
        self._table = table_of(
            self._book.services.values(),
            self._settings.domain,
            lambda spec: targets_of(spec, processes, self._listening.accepts),
        )
        self._server.swap(self._table)


def _said(process: Process | None) -> Published | None:
    """What a process has published, as it is declared."""
    return process.spec.proxy if process is not None else None
