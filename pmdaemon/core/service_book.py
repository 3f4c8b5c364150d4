"""The services that there are: those made by hand, laid over those that apps declare.

A `ServiceBook` is a value. What is to change makes another one, or is refused, and nothing has
happened yet.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from pmdaemon.core.errors import InvalidInput, PmdaemonError
from pmdaemon.core.published import Services, combined, merged, says_nothing, service_of
from pmdaemon.core.routing import Listener, Mode, RouteTable
from pmdaemon.core.services import ServiceSpec
from pmdaemon.core.spec import AppSpec
from pmdaemon.core.wording import shown


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


class Revision(NamedTuple):
    """Another book, and what it says by hand of the service it is about; None where nothing."""

    book: "ServiceBook"
    name: str
    by_hand: ServiceSpec | None


class ServiceBook(Struct, frozen=True):
    """Services by name: `by_hand` and `declared` as they were said, `services` as they are."""

    by_hand: Services = {}
    declared: Services = {}
    services: Services = {}

    @classmethod
    def of(cls, by_hand: Services, declared: Services) -> "ServiceBook":
        """Lay the one over the other."""
        return cls(by_hand, declared, combined(declared, by_hand))

    @property
    def listeners(self) -> Mapping[str, Listener]:
        """Where connections are taken for services."""
        return {
            name: spec.listener for name, spec in self.services.items() if spec.listener is not None
        }

    @property
    def sources(self) -> frozenset[str]:
        """The files that declare services beside their apps."""
        return frozenset(one.source for one in self.by_hand.values() if one.source is not None)

    @property
    def apps(self) -> frozenset[str]:
        """The names of the apps that answer for services."""
        return frozenset(spec.app for spec in self.services.values() if spec.app is not None)

    def find(self, name: str) -> ServiceSpec:
        """Find a service.

        Raises:
            ServiceNotFound: there is none of this name.

        """
        if (spec := self.services.get(name)) is None:
            available = ", ".join(sorted(self.services)) or "there is none"
            raise ServiceNotFound(f"no service is called {shown(name)} ({available})", name=name)
        return spec

    def check(self) -> None:
        """Make sure that no two services have the same.

        Raises:
            InvalidInput: two have a route, or an address to listen on.

        """
        table = RouteTable()
        for spec in self.services.values():
            table = table.with_routes(spec.routes)
        takers: dict[int, str] = {}
        for name, listener in self.listeners.items():
            other = takers.setdefault(listener.tcp_port, name)
            if other != name:
                raise InvalidInput(
                    f"port {listener.tcp_port} is where {other} is balanced already",
                    code="service_taken",
                )

    def with_declared(self, declared: Services) -> "ServiceBook":
        """Have apps declare something else."""
        return ServiceBook.of(self.by_hand, declared)

    def with_apps(self, specs: Iterable[AppSpec]) -> "ServiceBook":
        """Have these apps declared so, and the others as they are.

        Raises:
            InvalidInput: one wants what another service has.

        """
        declared = dict(self.declared)
        for spec in specs:
            declared.pop(spec.name, None)
            if (service := service_of(spec)) is not None:
                declared[spec.name] = service
                here = combined({spec.name: service}, self.by_hand)[spec.name]
                if here.backing != service.backing:
                    raise _taken(f"cannot publish {spec.name}: ", here)
        book = self.with_declared(declared)
        book.check()
        return book

    def with_service(self, spec: ServiceSpec, *, swap: bool) -> Revision:
        """Add a service, or routes to one; with `swap`, something else answers for it from now on.

        Raises:
            InvalidInput: the name, a route or an address is another service's already.

        """
        present, former = self.services.get(spec.name), self.by_hand.get(spec.name)
        if former is not None and former.source is not None and former.source == spec.source:
            return self._with(replace(spec, mode=former.mode))  # the same file, as it is now
        if present is not None and not swap:
            if present.backing != spec.backing:
                raise _taken("", present, " (to exchange that: --swap)")
            kept = former.listener if former is not None else None
            spec = replace(spec, listener=spec.listener or kept)
        if former is not None:
            spec = replace(spec, routes=merged(former.routes, spec.routes), source=former.source)
        return self._with(replace(spec, mode=present.mode if present is not None else spec.mode))

    def _with(self, spec: ServiceSpec) -> Revision:
        book = ServiceBook.of({**self.by_hand, spec.name: spec}, self.declared)
        book.check()
        return Revision(book, spec.name, spec)

    def without_service(self, name: str) -> Revision:
        """Leave out what is said of a service by hand.

        Raises:
            ServiceNotFound: there is none of this name.
            ServiceDeclared: its app declares it.

        """
        spec, below = self.find(name), self.declared.get(name)
        if below is not None and below.backing == spec.backing:
            raise ServiceDeclared(name)
        return self._without(name)

    def without_files(self, sources: Container[str | None]) -> Iterator[Revision]:
        """Leave out, one after the other, what files declare that are not among these."""
        book = self
        for name, spec in self.by_hand.items():
            if spec.source is not None and spec.source not in sources:
                revision = book._without(name)
                book = revision.book
                yield revision

    def _without(self, name: str) -> Revision:
        by_hand = {other: one for other, one in self.by_hand.items() if other != name}
        return Revision(ServiceBook.of(by_hand, self.declared), name, None)

    def without_route(self, host: str, path: str) -> Revision:
        """Take a route from its service.

        Raises:
            ServiceNotFound: nobody has it.
            ServiceDeclared: an app declares it.

        """
        for spec in self.by_hand.values():
            left = tuple(one for one in spec.routes if (one.host, one.path) != (host, path))
            if len(left) < len(spec.routes):
                return self._revised(replace(spec, routes=left))
        for spec in self.services.values():
            if any((one.host, one.path) == (host, path) for one in spec.routes):
                raise ServiceDeclared(spec.name)
        raise ServiceNotFound(f"{host}{path} is no route", route=f"{host}{path}")

    def with_mode(self, name: str, mode: Mode) -> Revision:
        """Have a service serve, hold its requests, or say that it is being worked on.

        Raises:
            ServiceNotFound: there is none of this name.

        """
        bare = replace(self.find(name), routes=(), listener=None)
        return self._revised(replace(self.by_hand.get(name, bare), mode=mode))

    def _revised(self, spec: ServiceSpec) -> Revision:
        """Say this by hand, or nothing if the app says all of it already."""
        by_hand = {**self.by_hand, spec.name: spec}
        if not says_nothing(spec, self.declared.get(spec.name)):
            return Revision(ServiceBook.of(by_hand, self.declared), spec.name, spec)
        del by_hand[spec.name]
        return Revision(ServiceBook.of(by_hand, self.declared), spec.name, None)


def _taken(action: str, present: ServiceSpec, hint: str = "") -> InvalidInput:
    return InvalidInput(
        f"{action}there is a service called {present.name} already, and {present.target_text}"
        f" answers for it{hint}",
        code="service_taken",
        service=present.name,
    )
