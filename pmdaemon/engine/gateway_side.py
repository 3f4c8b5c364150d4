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
from pmdaemon.core.errors import InvalidInput, PmdaemonError, TcpPortTaken
from pmdaemon.core.notices import FormerRunGone, Notice, ProcessChanged
from pmdaemon.core.process import Errored, Process
from pmdaemon.core.published import combined, merged, says_nothing, service_of, services_of
from pmdaemon.core.routing import Listener, Mode, RouteTable, Target
from pmdaemon.core.services import ServiceSpec, alone_at, table_of, targets_of
from pmdaemon.core.spec import AppSpec, Published
from pmdaemon.core.wording import shown
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


class ServiceNotFound(PmdaemonError):
    """A name that no service has, or a route that is none."""

    code = "service_not_found"


class ServiceDeclared(PmdaemonError):
    """What an app declares for itself, and so cannot be taken away from beside."""

    code = "service_declared"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} declares itself what is published of it: change proxy in its declaration"
            " (pmdaemon proxy pause holds its requests)",
            name=name,
        )


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
        self._by_hand: dict[str, ServiceSpec] = {}
        self._declared: dict[str, ServiceSpec] = {}
        self._services: dict[str, ServiceSpec] = {}
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
        return self._services

    def is_declared(self, service: str) -> bool:
        """Tell whether an app declares this service itself."""
        return service in self._declared

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
        return {route.host for spec in self._services.values() for route in spec.routes}

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
            alone_at(process, self._services.values(), self._processes())
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
        spec = self._services.get(service)
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
        self._declared = services_of(self._processes())
        self._adopt({spec.name: spec for spec in services})
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

    async def put(self, spec: ServiceSpec, *, swap: bool = False) -> ServiceSpec:
        """Declare a service, or add routes to it; requests go by it when this returns.

        With `swap`, whatever answered for a service of this name until now does so no longer, and
        finishes what it has begun.

        Raises:
            InvalidInput: the name, or a route, is another service's already.
            PmdaemonError: it cannot be listened where it was to be.

        """
        async with self._turn:
            present = self._services.get(spec.name)
            former = self._by_hand.get(spec.name)
            if present is not None and not swap:
                if present.backing != spec.backing:
                    raise InvalidInput(
                        f"there is a service called {spec.name} already, and"
                        f" {present.target_text} answers for it (to exchange that: --swap)",
                        code="service_taken",
                        service=spec.name,
                    )
                kept = former.listener if former is not None else None
                spec = replace(spec, listener=spec.listener or kept)
            routes = former.routes if former is not None else ()
            mode = present.mode if present is not None else spec.mode
            spec = replace(spec, routes=merged(routes, spec.routes), mode=mode)
            by_hand = {**self._by_hand, spec.name: spec}
            self._check(combined(self._declared, by_hand))
            await self._change_by_hand(by_hand, Changes(services_written=[spec], urgent=True))
            return self._services[spec.name]

    async def remove(self, name: str) -> ServiceSpec:
        """Have a service no longer; what it has begun is finished.

        Raises:
            ServiceNotFound: there is none of this name.
            ServiceDeclared: its app declares it.

        """
        async with self._turn:
            spec = self._found(name)
            if name in self._declared and self._declared[name].backing == spec.backing:
                raise ServiceDeclared(name)
            by_hand = {other: one for other, one in self._by_hand.items() if other != name}
            await self._change_by_hand(by_hand, Changes(services_removed=[name], urgent=True))
            return spec

    async def remove_route(self, host: str, path: str) -> ServiceSpec:
        """Take a route from its service.

        Raises:
            ServiceNotFound: nobody has it.
            ServiceDeclared: an app declares it.

        """
        async with self._turn:
            for spec in self._by_hand.values():
                left = tuple(one for one in spec.routes if (one.host, one.path) != (host, path))
                if len(left) < len(spec.routes):
                    await self._write(replace(spec, routes=left))
                    return self._services[spec.name]
            for spec in self._services.values():
                if any((one.host, one.path) == (host, path) for one in spec.routes):
                    raise ServiceDeclared(spec.name)
            raise ServiceNotFound(f"{host}{path} is no route", route=f"{host}{path}")

    async def set_mode(self, name: str, mode: Mode) -> ServiceSpec:
        """Have a service serve, hold its requests, or say that it is being worked on.

        Raises:
            ServiceNotFound: there is none of this name.

        """
        async with self._turn:
            spec = self._found(name)
            if name not in self._by_hand:
                spec = replace(spec, routes=(), listener=None)
            await self._write(replace(self._by_hand.get(name, spec), mode=mode))
            return self._services[name]

    async def drained(self, service: str, target: Target, *, within: float | None) -> bool:
        """Wait until a target answers nothing any more; tell whether it came to that.

        See `GatewayServer`.
        """
        return await self._server.drained(service, target, within=within)

    # What apps declare.

    def admit(self, specs: Iterable[AppSpec]) -> None:
        """Make sure that what these apps want to have published can be.

        Raises:
            InvalidInput: a name, a route or an address is another service's.
            TcpPortTaken: the gateway cannot listen where it is to.

        """
        wanted = {spec.name: service_of(spec) for spec in specs}
        if not any(wanted.values()):
            return
        declared = {
            name: service
            for name, service in {**services_of(self._processes()), **wanted}.items()
            if service is not None
        }
        services = combined(declared, self._by_hand)
        for name in wanted:
            if name in declared and services[name].backing != declared[name].backing:
                raise InvalidInput(
                    f"cannot publish {name}: there is a service called {name} already, and"
                    f" {services[name].target_text} answers for it",
                    code="service_taken",
                    service=name,
                )
        self._check(services)
        for name in wanted:
            listener = services[name].listener if name in services else None
            if listener is None or self._listeners.get(name) == listener:
                continue
            if not self._probe.is_free(listener.tcp_port):
                raise TcpPortTaken(
                    f"cannot publish {name}: another program listens on port {listener.tcp_port}",
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

    def _found(self, name: str) -> ServiceSpec:
        if (spec := self._services.get(name)) is None:
            available = ", ".join(sorted(self._services)) or "there is none"
            raise ServiceNotFound(f"no service is called {shown(name)} ({available})", name=name)
        return spec

    def _check(self, services: Mapping[str, ServiceSpec]) -> None:
        table = RouteTable()
        for spec in services.values():
            table = table.with_routes(spec.routes)
        listeners: dict[int, str] = {}
        for spec in services.values():
            if spec.listener is not None:
                other = listeners.setdefault(spec.listener.tcp_port, spec.name)
                if other != spec.name:
                    raise InvalidInput(
                        f"port {spec.listener.tcp_port} is where {other} is balanced already",
                        code="service_taken",
                    )

    async def _write(self, spec: ServiceSpec) -> None:
        """Keep a service as it is by hand now, or no longer if its app says all that it does."""
        by_hand = {**self._by_hand, spec.name: spec}
        changes = Changes(services_written=[spec], urgent=True)
        if says_nothing(spec, self._declared.get(spec.name)):
            del by_hand[spec.name]
            changes = Changes(services_removed=[spec.name], urgent=True)
        await self._change_by_hand(by_hand, changes)

    async def _change_by_hand(self, by_hand: Mapping[str, ServiceSpec], changes: Changes) -> None:
        before = self._services
        await self._balance(combined(self._declared, by_hand))
        try:
            await self._store.commit(changes)
        except PmdaemonError:
            await self._balance(before)
            raise
        self._adopt(by_hand)

    async def _take_up(self) -> None:
        """Publish what apps declare now."""
        async with self._turn:
            declared = services_of(self._processes())
            if declared == self._declared and self._failure is None:
                return
            self._declared = declared
            self._adopt(self._by_hand)
            try:
                await self._listen_for(declared)
            except PmdaemonError as error:
                log.error("gateway.failed reason=%s", error)  # noqa: TRY400 - the reason says it all
                self._failure = error
            else:
                self._failure = None

    async def _listen_for(self, declared: Mapping[str, ServiceSpec]) -> None:
        """Take connections for these services; with the first of them, the gateway listens."""
        if declared and self._settings is None:
            settings = GatewaySettings()
            if all(one.listener is not None and not one.routes for one in declared.values()):
                settings = replace(settings, http_port=None)  # nobody asked for HTTP
            await self._change_to(settings)
            await self._commit_or(Changes(gateway=settings, urgent=True), None)
        else:
            await self._balance(self._services)

    async def _balance(self, services: Mapping[str, ServiceSpec]) -> None:
        if self._settings is not None:
            listeners = _listeners(services)
            await self._server.balance(listeners)
            self._listeners = listeners

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
        await self._balance(self._services)

    def _adopt(self, by_hand: Mapping[str, ServiceSpec]) -> None:
        self._by_hand = dict(by_hand)
        self._services = combined(self._declared, by_hand)
        apps = (one.app for one in self._services.values())
        self._apps = frozenset(app for app in apps if app is not None)
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
            self._services.values(),
            self._settings.domain,
            lambda spec: targets_of(spec, processes, self._listening.accepts),
        )
        self._server.swap(self._table)


def _said(process: Process | None) -> Published | None:
    """What a process has published, as it is declared."""
    return process.spec.proxy if process is not None else None


def _listeners(services: Mapping[str, ServiceSpec]) -> Mapping[str, Listener]:
    return {name: spec.listener for name, spec in services.items() if spec.listener is not None}
