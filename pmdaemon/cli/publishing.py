"""What a file says of the gateway: how it is to listen, and which addresses it publishes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pmdaemon.cli.context import Context, warn
from pmdaemon.core.errors import DaemonUnavailable, PmdaemonError

if TYPE_CHECKING:
    from pmdaemon.config.prox_proxy import Gateway


@contextmanager
def published(context: Context, gateway: "Gateway") -> Iterator[None]:
    """Have the gateway listen before the apps of a file start, and publish its addresses behind.

    Raises:
        PmdaemonError: it cannot listen as the file says.

    """
    _listen(context, gateway)
    yield
    client = context.client()
    for name, target, routes in gateway.addresses:
        try:
            client.gateway.publish(target, name=name, routes=routes)
        except DaemonUnavailable:
            raise
        except PmdaemonError as error:
            warn(f"services.{name}: {error.message}")


def _listen(context: Context, gateway: "Gateway") -> None:
    """Turn it on; where it listens already, others rely on that, and it stays as it is."""
    client = context.client()
    status = client.gateway.status()
    if not status["urls"]:
        client.gateway.turn_on(**gateway.settings)
        return
    from urllib.parse import urlsplit  # noqa: PLC0415 - few files, and fewer of them twice

    ports = {urlsplit(url).port for url in status["urls"]}
    wanted = {gateway.settings[key] for key in ("http_port", "https_port")} - {-1}
    if not wanted <= ports:
        warn(f"proxy: it listens at {' and '.join(status['urls'])} already, and stays there")
