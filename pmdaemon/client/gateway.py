"""What clients ask about the gateway: `Client.gateway`, and `AsyncClient.gateway`."""

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from operator import itemgetter
from typing import Any, Literal

from pmdaemon.client.awaiting import AsyncDo, Do, awaited
from pmdaemon.client.calls import Call, said, whole
from pmdaemon.control.messages.gateway import (
    CertificatesResult,
    GatewayResult,
    RequestsResult,
    RequestView,
    ServiceView,
)

Mode = Literal["serving", "paused", "maintenance"]

_urls = itemgetter("urls")


class Gateway:
    """The gateway, for programs that may block."""

    def __init__(
        self, do: Do, stream: Callable[[str, dict[str, object]], Generator[Any, None, None]]
    ) -> None:
        self._do = do
        self._stream = stream

    def status(self) -> GatewayResult:
        """Return where the proxy listens, and what it publishes."""
        return self._do(Call[GatewayResult]("gateway", {}, whole))

    def turn_on(self, /, **settings: object) -> list[str]:
        """Turn the proxy on permanently; return its URLs. Other settings stay as they are.

        Args:
            settings: `host`, `http_port` and `https_port` (-1 is none), `domain`,
                `trusted_proxies`, `capture` (bytes of each body that are kept), `certificates`
                (host, certificate and key, added to those that there are), and `acme`: None, or
                whom to ask for others, `{"directory": URL, "contact": [...], "trusted": FILE}`.

        """
        return self._do(Call[list[str]]("gateway_on", settings, _urls))

    def turn_off(self) -> list[str]:
        """Turn the proxy off; return the URLs it had."""
        return self._do(Call[list[str]]("gateway_off", {}, _urls))

    def publish(self, /, *targets: str, routes: Sequence[str] = (), **more: object) -> ServiceView:
        """Publish an app, `app:port`, or addresses, at `routes` of the form `host` or `host/path`.

        Args:
            targets: what answers.
            routes: where to publish it, in addition to `<name>.<domain>`.
            more: `name`, `strategy`, `strip`, `swap`, `listen_host`, `listen_port`, and
                `source`, the file that declares it, with whose last app it goes.

        """
        body = {"targets": list(targets), "routes": list(routes), **said(**more)}
        return self._do(Call[ServiceView]("service", body, whole))

    def unpublish(self, name: str) -> ServiceView:
        """Stop publishing a service, or one route of it."""
        return self._do(Call[ServiceView]("service_remove", {"name": name}, whole))

    def set_mode(self, *names: str, mode: Mode) -> list[ServiceView]:
        """Let services serve, hold their requests, or answer that they are under maintenance."""
        body = {"names": list(names), "mode": mode}
        return self._do(Call[list[ServiceView]]("service_mode", body, itemgetter("services")))

    def certificates(self) -> CertificatesResult:
        """Return the certificates that hosts are served with."""
        return self._do(Call[CertificatesResult]("certificates", {}, whole))

    def remove_certificate(self, host: str) -> CertificatesResult:
        """Stop using the certificate of a host; return what is left."""
        return self._do(Call[CertificatesResult]("certificate_remove", {"host": host}, whole))

    def retry_certificate(self, host: str) -> CertificatesResult:
        """Ask the authority for a certificate of a host now; return the current ones."""
        return self._do(Call[CertificatesResult]("certificate_retry", {"host": host}, whole))

    def requests(self, /, **wanted: object) -> RequestsResult:
        """Return the latest requests, newest first.

        Args:
            wanted: `subdomain`, `service`, `method`, `min_status`, `max_status`, `since`, `url`,
                and `limit`.

        """
        return self._do(Call[RequestsResult]("requests", wanted, whole))

    def request(self, id_: str, *, bodies: bool = False) -> RequestView:
        """Return a request with its headers, and with `bodies` whatever was kept of its bodies."""
        return self._do(Call[RequestView]("request", {"id": id_, "bodies": bodies}, whole))

    def follow_requests(self, /, **wanted: object) -> Generator[RequestView, None, None]:
        """Yield each request as it finishes, indefinitely; see `requests`."""
        return self._stream("requests", {**wanted, "follow": True})


class AsyncGateway:
    """The gateway, for programs on an event loop; see `Gateway`."""

    def __init__(
        self, do: AsyncDo, stream: Callable[[str, dict[str, object]], AsyncGenerator[Any, None]]
    ) -> None:
        self._do = do
        self._stream = stream

    status = awaited(Gateway.status)
    turn_on = awaited(Gateway.turn_on)
    turn_off = awaited(Gateway.turn_off)
    publish = awaited(Gateway.publish)
    unpublish = awaited(Gateway.unpublish)
    set_mode = awaited(Gateway.set_mode)
    certificates = awaited(Gateway.certificates)
    remove_certificate = awaited(Gateway.remove_certificate)
    retry_certificate = awaited(Gateway.retry_certificate)
    requests = awaited(Gateway.requests)
    request = awaited(Gateway.request)

    def follow_requests(self, /, **wanted: object) -> AsyncGenerator[RequestView, None]:
        """Yield each request as it ends, without end."""
        return self._stream("requests", {**wanted, "follow": True})
