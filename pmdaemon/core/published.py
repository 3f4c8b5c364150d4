"""Services that apps declare for themselves, and how they go together with those made by hand.

What an app declares is its own: it comes, changes and goes with the declaration. By hand, routes,
a listener and a mode can be laid over it, and something else can be put in its place.
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from pmdaemon.core.process import Process
from pmdaemon.core.routing import Mode, Route
from pmdaemon.core.services import ServiceSpec, read_route
from pmdaemon.core.spec import AppSpec

Services = Mapping[str, ServiceSpec]


def service_of(spec: AppSpec) -> ServiceSpec | None:
    """Return the service that an app declares, if it does."""
    said = spec.proxy
    if said is None:
        return None
    return ServiceSpec(
        name=spec.name,
        routes=tuple(read_route(host, spec.name, strip=said.strip) for host in said.hosts),
        app=spec.name,
        tcp_port=said.tcp_port,
        strategy=said.strategy,
        listener=said.listener,
    )


def services_of(processes: Iterable[Process]) -> dict[str, ServiceSpec]:
    """Return the services that the apps of these processes declare, by name.

    While an app is reloaded, what its former runs were declared with holds.
    """
    specs = {one.name: one.spec for one in processes if one.replaces is None}
    found = (service_of(spec) for spec in specs.values())
    return {service.name: service for service in found if service is not None}


def combined(declared: Services, by_hand: Services) -> dict[str, ServiceSpec]:
    """Lay what was made by hand over what apps declare."""
    services = dict(declared)
    for name, said in by_hand.items():
        below = declared.get(name)
        if below is None or not lies_over(said, below):
            services[name] = said
            continue
        services[name] = replace(
            below,
            routes=merged(below.routes, said.routes),
            mode=said.mode,
            listener=said.listener or below.listener,
        )
    return services


def lies_over(by_hand: ServiceSpec, declared: ServiceSpec) -> bool:
    """Tell whether the same answers for both, so that one only adds to the other."""
    return by_hand.app == declared.app and by_hand.tcp_port in {None, declared.tcp_port}


def says_nothing(by_hand: ServiceSpec, declared: ServiceSpec | None) -> bool:
    """Tell whether leaving this out would change nothing."""
    if declared is None or not lies_over(by_hand, declared):
        return False
    return not by_hand.routes and by_hand.listener is None and by_hand.mode is Mode.SERVING


def merged(present: Iterable[Route], added: Iterable[Route]) -> tuple[Route, ...]:
    """Put routes together; of two for the same, the second one holds."""
    return tuple({(one.host, one.path): one for one in (*present, *added)}.values())
