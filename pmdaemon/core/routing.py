"""Where a request goes: hosts and paths to services, services to the targets behind them.

A `RouteTable` is a value. A change makes a new one, and a request that began under the former goes
on with what it was given; so a swap is one assignment, and nobody sees half of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Literal
from zlib import crc32

from msgspec import Struct

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

Strategy = Literal["round-robin", "ip-hash", "least-connections"]

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(:(?P<port>[0-9]{1,5}))?")

LONGEST_HOST = 253
"""Letters of the name of a host (RFC 1035, section 2.3.4)."""

LONGEST_AUTHORITY = LONGEST_HOST + len(".:65535")


def bracketed(host: str) -> str:
    """Write a host as it stands before a port: IPv6 in brackets (RFC 3986, section 3.2.2)."""
    return f"[{host}]" if ":" in host else host


class TargetState(StrEnum):
    """ADDING is not ready yet, DRAINING gets nothing new and finishes what it has."""

    ADDING = "adding"
    HEALTHY = "healthy"
    DRAINING = "draining"


class Target(Struct, frozen=True):
    """One address that answers for a service; `pm_id` is there when it is one of our processes."""

    host: str
    tcp_port: int
    state: TargetState = TargetState.HEALTHY
    pm_id: int | None = None

    @property
    def address(self) -> tuple[str, int]:
        """What identifies it among the targets of a service."""
        return self.host, self.tcp_port


class Listener(Struct, frozen=True):
    """An address that the gateway listens on."""

    host: str
    tcp_port: int

    def __str__(self) -> str:
        """Write it as one does: `host:port`."""
        return f"{bracketed(self.host)}:{self.tcp_port}"


class Mode(StrEnum):
    """What becomes of requests: SERVING forwards, PAUSED holds, MAINTENANCE says so at once."""

    SERVING = "serving"
    PAUSED = "paused"
    MAINTENANCE = "maintenance"


class Service(Struct, frozen=True):
    """What answers under one name, and how requests are spread over its targets."""

    name: str
    targets: tuple[Target, ...] = ()
    strategy: Strategy = "round-robin"
    mode: Mode = Mode.SERVING

    @property
    def ready(self) -> Sequence[Target]:
        """List the targets that take requests."""
        return [one for one in self.targets if one.state is TargetState.HEALTHY]

    @property
    def coming(self) -> bool:
        """Whether a target is about to be ready, so that waiting for it makes sense."""
        return any(one.state is TargetState.ADDING for one in self.targets)


class Route(Struct, frozen=True):
    """Which requests are a service's: those to `host` whose path begins with `path`.

    `host` is a whole name, or `*.example.com` for all names right below one, or `*` for any.
    With `strip`, the service does not see the `path`.
    """

    host: str
    service: str
    path: str = "/"
    strip: bool = False


class RouteTable(Struct, frozen=True):
    """All routes, and the services they lead to by name."""

    routes: tuple[Route, ...] = ()
    services: Mapping[str, Service] = {}

    def find(self, host: str, path: str) -> tuple[Route, Service] | None:
        """Find who answers for a host, as `host_of` gives it, and a path.

        A whole name comes before a wildcard, and a longer path before a shorter one.
        """
        for pattern in _patterns(host):
            candidates = [
                route for route in self.routes if route.host == pattern and within(path, route.path)
            ]
            if candidates:
                route = max(candidates, key=lambda one: len(one.path))
                service = self.services.get(route.service)
                return None if service is None else (route, service)
        return None

    def knows(self, host: str) -> bool:
        """Tell whether anything is asked of this host, at whatever path."""
        patterns = set(_patterns(host))
        return any(route.host in patterns for route in self.routes)

    def with_service(self, service: Service) -> "RouteTable":
        """Put a service in the place of the one of that name."""
        return RouteTable(self.routes, {**self.services, service.name: service})

    def without_service(self, name: str) -> "RouteTable":
        """Leave a service out, with all routes to it."""
        return RouteTable(
            tuple(route for route in self.routes if route.service != name),
            {other: service for other, service in self.services.items() if other != name},
        )

    def with_routes(self, routes: Iterable[Route]) -> "RouteTable":
        """Add routes.

        Raises:
            InvalidInput: another service has one of them.

        """
        taken = {(route.host, route.path): route for route in self.routes}
        for route in routes:
            present = taken.setdefault((route.host, route.path), route)
            if present.service != route.service:
                raise InvalidInput(
                    f"{route.host}{route.path} is a route of {present.service} already",
                    code="route_taken",
                    service=present.service,
                )
            taken[route.host, route.path] = route
        return RouteTable(tuple(taken.values()), self.services)


def within(path: str, prefix: str) -> bool:
    """Tell whether a path is the prefix or lies below it; `/app` is not within `/a`."""
    return prefix in {"/", path} or path.startswith(prefix.rstrip("/") + "/")


def host_of(authority: str) -> str | None:
    """Cut a Host header down to the name: without port and final dot, in lower case.

    Other scripts are written as IDNA does. None when it cannot be one (RFC 9110, section 7.2).
    """
    # With so few letters at most, those of many requests can be kept.
    return _host_of(authority) if len(authority) <= LONGEST_AUTHORITY else None


@lru_cache(maxsize=1024)
def _host_of(authority: str) -> str | None:
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        return None
    host = parts["host"].lower().removesuffix(".")
    if host.startswith("["):
        return host
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return None
    return host if _HOST.fullmatch(host) and len(host) <= LONGEST_HOST else None


def host_pattern(text: str) -> str:
    """Read the host of a route: a name, `*.name` or `*`; other scripts as IDNA writes them.

    Raises:
        InvalidInput: it is none of these.

    """
    if text == "*":
        return text
    wildcard, name = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    try:
        ascii_name = name.lower().removesuffix(".").encode("idna").decode()
    except UnicodeError:
        ascii_name = ""
    if host_of(ascii_name) is None or ":" in ascii_name:
        raise InvalidInput(f"{shown(text)} is not a host name", code="invalid_host", host=text)
    return wildcard + ascii_name


def path_prefix(text: str) -> str:
    """Read the path of a route.

    Raises:
        InvalidInput: it does not begin with a slash, or has what no path prefix has.

    """
    if not re.fullmatch(r"/[\w\-./~%@:+]*", text, re.ASCII) or "//" in text or "/../" in f"{text}/":
        raise InvalidInput(
            f"{shown(text)} is not the path of a route", code="invalid_path", path=text
        )
    return text if text == "/" else text.rstrip("/")


class Balancer:
    """Chooses targets for one service; it counts, and so is the only thing here that changes."""

    def __init__(self) -> None:
        self._turn = 0
        self._busy: dict[tuple[str, int], int] = {}

    def choose(
        self, service: Service, client: str, *, tried: Iterable[tuple[str, int]] = ()
    ) -> Target | None:
        """Choose a target that is ready and was not `tried`, for a request of `client`."""
        done = frozenset(tried)
        ready = [one for one in service.ready if one.address not in done]
        if not ready:
            return None
        match service.strategy:
            case "ip-hash":
                # The highest of the hashes (rendezvous hashing): when a target comes or goes, only
                # the clients that it had, or gets, are led elsewhere.
                return max(ready, key=lambda one: crc32(f"{client} {one.address}".encode()))
            case "least-connections":
                self._turn += 1
                turn = self._turn % len(ready)
                rotated = [*ready[turn:], *ready[:turn]]
                return min(rotated, key=lambda one: self._busy.get(one.address, 0))
            case "round-robin":
                self._turn += 1
                return ready[self._turn % len(ready)]

    def began(self, target: Target) -> None:
        """Count a request that was given to a target."""
        self._busy[target.address] = self._busy.get(target.address, 0) + 1

    def ended(self, target: Target) -> None:
        """Count it no more."""
        left = self._busy.get(target.address, 0) - 1
        if left > 0:
            self._busy[target.address] = left
        else:
            self._busy.pop(target.address, None)

    @property
    def is_busy(self) -> bool:
        """Whether any target has a request."""
        return bool(self._busy)

    def busy(self, target: Target) -> int:
        """Say how many requests a target has."""
        return self._busy.get(target.address, 0)


def _patterns(host: str) -> Sequence[str]:
    _, dot, parent = host.partition(".")
    return [host, f"*.{parent}", "*"] if dot else [host, "*"]
