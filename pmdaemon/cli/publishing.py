"""What a file says of the gateway: how it is to listen, and which addresses it publishes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pmdaemon.cli.context import Context, warn
from pmdaemon.core.errors import DaemonUnavailable, PmdaemonError

if TYPE_CHECKING:
    from pmdaemon.config.prox_proxy import Gateway
    from pmdaemon.control.messages.gateway import GatewayResult, ServiceView


@contextmanager
def published(context: Context, gateway: "Gateway", source: str | None) -> Iterator[None]:
    """Have the gateway listen before the apps of a file start, and publish its addresses behind.

    What that file, `source`, has published before, and does no longer, is taken away.

    Raises:
        PmdaemonError: it cannot listen as the file says.

    """
    client = context.client()
    status = client.gateway.status()
    _listen(context, gateway, status)
    yield
    for name, target, routes in gateway.addresses:
        try:
            client.gateway.publish(target, name=name, routes=routes, source=source)
        except DaemonUnavailable:
            raise
        except PmdaemonError as error:
            warn(f"services.{name}: {error.message}")
    for name in _of_file(status, source).keys() - {one.name for one in gateway.addresses}:
        client.gateway.unpublish(name)


def whereabouts(context: Context, gateway: "Gateway") -> Iterator[str]:
    """Say where what a file publishes answers now."""
    names = gateway.of_processes.keys() | {one.name for one in gateway.addresses}
    status = context.client().gateway.status()
    for service in status["services"]:
        if service["name"] in names:
            yield from answers_at(service, status["urls"])


def answers_at(service: "ServiceView", urls: Sequence[str]) -> Iterator[str]:
    """Say where a service answers, of a proxy that listens at these URLs."""
    for route in service["routes"]:
        for url in urls:
            yield f"{service['name']} answers at {_url(url, route['host'])}{route['path']}"


def _url(listening: str, host: str) -> str:
    scheme, _, rest = listening.partition("://")
    port = rest.rpartition(":")[2]
    usual = {"http": "80", "https": "443"}[scheme]
    return f"{scheme}://{host}" if port == usual else f"{scheme}://{host}:{port}"


def differences(context: Context, gateway: "Gateway", source: str | None) -> Iterator[str]:
    """Say how the addresses that a file publishes differ from those it has published."""
    present = _of_file(context.client().gateway.status(), source)
    for name, target, _ in gateway.addresses:
        former = present.pop(name, None)
        if former is None:
            yield f"services.{name}: new, will be published"
        elif former != target:
            yield f"services.{name}: {former} → {target}"
    for name in present:
        yield f"services.{name}: not in the file any more, will be unpublished"


def _of_file(status: "GatewayResult", source: str | None) -> dict[str, str]:
    """Find the targets of what a file has published, by name."""
    return {
        one["name"]: one["target"]
        for one in status["services"]
        if source is not None and one.get("source") == source
    }


def _listen(context: Context, gateway: "Gateway", status: "GatewayResult") -> None:
    """Turn it on; where it listens already, others rely on that, and it stays as it is."""
    if not status["urls"]:
        context.client().gateway.turn_on(**gateway.settings)
        return
    from urllib.parse import urlsplit  # noqa: PLC0415 - few files, and fewer of them twice

    ports = {urlsplit(url).port for url in status["urls"]}
    wanted = {gateway.settings[key] for key in ("http_port", "https_port")} - {-1}
    if not wanted <= ports:
        warn(f"proxy: it listens at {' and '.join(status['urls'])} already, and stays there")
