"""What clients ask about the gateway: `Client.gateway`, and `AsyncClient.gateway`."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from typing import Any, Literal, Protocol, TypeVar

from pmdaemon.client.calls import Call
from pmdaemon.control.messages.gateway import (
    CertificatesResult,
    GatewayResult,
    RequestsResult,
    RequestView,
    ServiceView,
)

T = TypeVar("T")

Mode = Literal["serving", "paused", "maintenance"]


class Do(Protocol):
    """Does one call."""

    def __call__(self, call: Call[T], /) -> T:
        """Ask, and read the answer."""


class AsyncDo(Protocol):
    """Does one call."""

    def __call__(self, call: Call[T], /) -> Awaitable[T]:
        """Ask, and read the answer."""


class Gateway:
    """The gateway, for programs that may block."""

    def __init__(
        self, do: Do, stream: Callable[[str, dict[str, object]], Generator[Any, None, None]]
    ) -> None:
        self._do = do
        self._stream = stream

    def status(self) -> GatewayResult:
        """Return where it listens, and what it publishes."""
        return self._do(status())

    def turn_on(self, **settings: object) -> list[str]:
        """Have it listen, now and in future; return the URLs. What is not said stays as it is.

        Args:
            settings: `host`, `http_port` and `https_port` (-1 is none), `domain`,
                `trusted_proxies`, `capture` (bytes of each body that are kept), `certificates`
                (host, certificate and key, added to those that there are), and `acme`: None, or
                whom to ask for others, `{"directory": URL, "contact": [...], "trusted": FILE}`.

        """
        return self._do(turn_on(**settings))

    def turn_off(self) -> list[str]:
        """Have it listen no more; return where it did."""
        return self._do(turn_off())

    def publish(self, *targets: str, routes: Sequence[str] = (), **more: object) -> ServiceView:
        """Publish an app, `app:port`, or addresses, under `routes` as `host` or `host/path`.

        Args:
            targets: what answers.
            routes: for what, beside `<name>.<domain>`.
            more: `name`, `strategy`, `strip`, `swap`, `listen_host`, `listen_port`.

        """
        return self._do(publish(targets, routes=routes, **more))

    def unpublish(self, name: str) -> ServiceView:
        """Publish a service no longer, or one route of it."""
        return self._do(unpublish(name))

    def set_mode(self, *names: str, mode: Mode) -> list[ServiceView]:
        """Have services serve, hold their requests, or say that they are being worked on."""
        return self._do(set_mode(names, mode))

    def certificates(self) -> CertificatesResult:
        """Return what hosts are served with over TLS."""
        return self._do(certificates())

    def remove_certificate(self, host: str) -> CertificatesResult:
        """Serve a host with a certificate no longer; return what is left."""
        return self._do(remove_certificate(host))

    def requests(self, **wanted: object) -> RequestsResult:
        """Return the latest requests, youngest first.

        Args:
            wanted: `subdomain`, `service`, `method`, `min_status`, `max_status`, `since`, `url`,
                and `limit`.

        """
        return self._do(requests(**wanted))

    def request(self, id_: str, *, bodies: bool = False) -> RequestView:
        """Return a request with its headers, and with `bodies` what was kept of them."""
        return self._do(request(id_, bodies=bodies))

    def follow_requests(self, **wanted: object) -> Generator[RequestView, None, None]:
        """Yield each request as it ends, without end; see `requests`."""
        return self._stream("requests", {**wanted, "follow": True})


class AsyncGateway:
    """The gateway, for programs on an event loop; see `Gateway`."""

    def __init__(
        self, do: AsyncDo, stream: Callable[[str, dict[str, object]], AsyncGenerator[Any, None]]
    ) -> None:
        self._do = do
        self._stream = stream

    async def status(self) -> GatewayResult:
        """Return where it listens, and what it publishes."""
        return await self._do(status())

    async def turn_on(self, **settings: object) -> list[str]:
        """Have it listen, now and in future; return the URLs."""
        return await self._do(turn_on(**settings))

    async def turn_off(self) -> list[str]:
        """Have it listen no more; return where it did."""
        return await self._do(turn_off())

    async def publish(
        self, *targets: str, routes: Sequence[str] = (), **more: object
    ) -> ServiceView:
        """Publish an app, or addresses."""
        return await self._do(publish(targets, routes=routes, **more))

    async def unpublish(self, name: str) -> ServiceView:
        """Publish a service no longer, or one route of it."""
        return await self._do(unpublish(name))

    async def set_mode(self, *names: str, mode: Mode) -> list[ServiceView]:
        """Have services serve, hold their requests, or say that they are being worked on."""
        return await self._do(set_mode(names, mode))

    async def certificates(self) -> CertificatesResult:
        """Return what hosts are served with over TLS."""
        return await self._do(certificates())

    async def remove_certificate(self, host: str) -> CertificatesResult:
        """Serve a host with a certificate no longer; return what is left."""
        return await self._do(remove_certificate(host))

    async def requests(self, **wanted: object) -> RequestsResult:
        """Return the latest requests, youngest first."""
        return await self._do(requests(**wanted))

    async def request(self, id_: str, *, bodies: bool = False) -> RequestView:
        """Return a request with its headers, and with `bodies` what was kept of them."""
        return await self._do(request(id_, bodies=bodies))

    def follow_requests(self, **wanted: object) -> AsyncGenerator[RequestView, None]:
        """Yield each request as it ends, without end."""
        return self._stream("requests", {**wanted, "follow": True})


# What is asked.


def status() -> Call[GatewayResult]:
    """Ask where it listens, and what it publishes."""
    return Call("gateway", {}, _whole)


def turn_on(**settings: object) -> Call[list[str]]:
    """Ask for it to listen."""
    return Call("gateway_on", settings, lambda result: result["urls"])


def turn_off() -> Call[list[str]]:
    """Ask for it to listen no more."""
    return Call("gateway_off", {}, lambda result: result["urls"])


def publish(targets: Sequence[str], *, routes: Sequence[str], **more: object) -> Call[ServiceView]:
    """Ask for a service to be published."""
    said = {key: value for key, value in more.items() if value is not None}
    return Call("service", {"targets": list(targets), "routes": list(routes), **said}, _whole)


def unpublish(name: str) -> Call[ServiceView]:
    """Ask for a service, or a route, to be there no longer."""
    return Call("service_remove", {"name": name}, _whole)


def set_mode(names: Sequence[str], mode: Mode) -> Call[list[ServiceView]]:
    """Ask for services to serve, or not."""
    body = {"names": list(names), "mode": mode}
    return Call("service_mode", body, lambda result: result["services"])


def certificates() -> Call[CertificatesResult]:
    """Ask what hosts are served with over TLS."""
    return Call("certificates", {}, _whole)


def remove_certificate(host: str) -> Call[CertificatesResult]:
    """Ask for a certificate to be used no longer."""
    return Call("certificate_remove", {"host": host}, _whole)


def requests(**wanted: object) -> Call[RequestsResult]:
    """Ask for the latest requests."""
    return Call("requests", wanted, _whole)


def request(id_: str, *, bodies: bool) -> Call[RequestView]:
    """Ask for one request."""
    return Call("request", {"id": id_, "bodies": bodies}, _whole)


def _whole(result: dict[str, Any]) -> Any:  # noqa: ANN401 - as the daemon types it
    return result
