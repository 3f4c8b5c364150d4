"""What is published by the gateway: services as declared, and the targets they have just now."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.process import Backoff, Online, Process, Starting, Stopping, Wish
from pmdaemon.core.routing import (
    Listener,
    Mode,
    Route,
    RouteTable,
    Service,
    Strategy,
    Target,
    TargetState,
    host_of,
    host_pattern,
    path_prefix,
)
from pmdaemon.core.tcp_ports import LAST_TCP_PORT
from pmdaemon.core.wording import shown

HERE = "localhost"
"""Where our own programs listen: on either loopback address."""

_TARGET = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/\s]+):)?(?P<port>[0-9]{1,5})")


class ServiceSpec(Struct, frozen=True, kw_only=True):
    """A service as declared.

    It is answered for by the processes of an `app`, or by `targets` that are not ours. `tcp_port`
    is where the app listens, if that is not the port it was given. What `listener` takes in is
    spread over the targets as it is, HTTP or not. `source` is the file that declares it, and with
    whose last app it goes.
    """

    name: str
    routes: tuple[Route, ...] = ()
    app: str | None = None
    tcp_port: int | None = None
    targets: tuple[Target, ...] = ()
    strategy: Strategy = "round-robin"
    mode: Mode = Mode.SERVING
    listener: Listener | None = None
    source: str | None = None

    @property
    def backing(self) -> tuple[object, ...]:
        """What answers for it."""
        return self.app, self.tcp_port, self.targets

    @property
    def target_text(self) -> str:
        """What answers for it, as users write it."""
        if self.app is not None:
            return self.app if self.tcp_port is None else f"{self.app}:{self.tcp_port}"
        return ",".join(f"{one.host}:{one.tcp_port}" for one in self.targets)


def read_target(text: str) -> tuple[str | None, int | None, tuple[Target, ...]]:
    """Read what is to answer: `app`, `app:3000`, `host:3000`, or `3000` of this machine.

    A host is an address, `localhost`, or a name with a dot in it; any other name is an app's.

    Raises:
        InvalidInput: no TCP port has this number, or the host is none.

    """
    spelling = _TARGET.fullmatch(text)
    if spelling is None:
        if not text or ":" in text or text.startswith("-"):
            raise InvalidInput(
                f"cannot use {shown(text)} as a target: it is an app, app:port or host:port",
                code="invalid_target",
            )
        return text, None, ()
    host, tcp_port = spelling["host"], int(spelling["port"])
    if not 1 <= tcp_port <= LAST_TCP_PORT:
        raise InvalidInput(f"no TCP port has the number {tcp_port}", code="invalid_target")
    if host is None:
        return None, None, (Target(HERE, tcp_port),)
    if host == HERE or host.startswith("[") or "." in host:
        name = host_of(host)
        if name is None:
            raise InvalidInput(f"{shown(host)} is not a host name", code="invalid_target")
        return None, None, (Target(name.strip("[]"), tcp_port),)
    return host, tcp_port, ()


def read_route(text: str, service: str, *, strip: bool = False) -> Route:
    """Read `host` or `host/path`.

    Raises:
        InvalidInput: it is none.

    """
    bare = re.sub(r"^https?://", "", text)
    host, slash, path = bare.partition("/")
    return Route(host_pattern(host), service, path_prefix(slash + path or "/"), strip)


def read_listener(text: str) -> Listener:
    """Read `7000` of this machine, `0.0.0.0:7000` or `[::]:7000`.

    Raises:
        InvalidInput: no TCP port has this number, or there is none.

    """
    host, colon, port = text.strip().rpartition(":")
    host = host.strip("[]")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= LAST_TCP_PORT:
        raise InvalidInput(
            f"{shown(text)} is not an address to listen on: a TCP port, or HOST:PORT"
        )
    if colon and not host:
        raise InvalidInput(f"{shown(text)} is not an address to listen on: its host is missing")
    return Listener(host or HERE, int(port))


def subdomain_of(host: str, domain: str) -> str:
    """Say what stands before the domain in the name of a host; nothing if it is another one."""
    return host.removesuffix(f".{domain}") if host.endswith(f".{domain}") else ""


def table_of(
    specs: Iterable[ServiceSpec],
    domain: str,
    targets: Callable[[ServiceSpec], Sequence[Target]],
) -> RouteTable:
    """Make the table for these services; each has its name below the domain as a host, too."""
    services: dict[str, Service] = {}
    routes: list[Route] = []
    for spec in specs:
        services[spec.name] = Service(spec.name, tuple(targets(spec)), spec.strategy, spec.mode)
        routes += spec.routes
        host = host_of(f"{spec.name}.{domain}")
        if host is not None and all((one.host, one.path) != (host, "/") for one in routes):
            routes.append(Route(host, spec.name))
    return RouteTable(tuple(routes), services)


def targets_of(
    spec: ServiceSpec, processes: Iterable[Process], accepting: Callable[[Process, int], bool]
) -> Sequence[Target]:
    """List the targets of a service, from what the processes of its app are doing.

    `accepting` tells whether a program takes connections on a port.
    """
    if spec.app is None:
        return spec.targets
    found: dict[tuple[str, int], Target] = {}
    for process in processes:
        tcp_port = port_of(spec, process)
        if process.name != spec.app or tcp_port is None:
            continue
        state = _state(process, tcp_port, accepting)
        if state is not None:
            target = Target(HERE, tcp_port, state, process.seat)
            former = found.get(target.address)
            if former is None or _RANK[former.state] < _RANK[state]:
                found[target.address] = target
    return list(found.values())


def port_of(spec: ServiceSpec, process: Process) -> int | None:
    """Say at which port a process answers for a service; None when nobody knows."""
    return spec.tcp_port or process.tcp_port or process.spec.shared_port


def alone_at(
    process: Process, specs: Iterable[ServiceSpec], processes: Iterable[Process]
) -> Sequence[tuple[str, Target]]:
    """List the services of which a process is a target, and no other run at the same address."""
    others = [one for one in processes if one.pm_id != process.pm_id and one.run is not None]
    found: list[tuple[str, Target]] = []
    for spec in specs:
        port = port_of(spec, process)
        if spec.app != process.name or port is None:
            continue
        if all(one.name != spec.app or port_of(spec, one) != port for one in others):
            found.append((spec.name, Target(HERE, port)))
    return found


_RANK: Mapping[TargetState, int] = {
    TargetState.DRAINING: 0,
    TargetState.ADDING: 1,
    TargetState.HEALTHY: 2,
}


def _state(
    process: Process, tcp_port: int, accepting: Callable[[Process, int], bool]
) -> TargetState | None:
    if process.replaces is not None and process.wish is Wish.UP:
        return None  # until it has taken the place of the other one, nobody counts on it
    match process.state:
        case Online(ready=True):
            return TargetState.HEALTHY if accepting(process, tcp_port) else TargetState.ADDING
        case Starting() | Backoff() | Online():
            return TargetState.ADDING
        case Stopping() if process.wish is Wish.UP:
            return TargetState.ADDING  # it comes back
        case Stopping():
            return TargetState.DRAINING
        case _:
            return None
