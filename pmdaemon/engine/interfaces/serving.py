"""What listens to the network, and how."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from pmdaemon.core.rate_limits import RateLimit
from pmdaemon.core.routing import Listener, RouteTable, Target
from pmdaemon.engine.interfaces.certificates import AcmeSettings, CertificateFiles


class WebSettings(Struct, frozen=True):
    """How the web side listens, and whom it lets in.

    `api_key_digest` is the SHA-256 of the key, in hex; None with a loopback address and no tokens
    is open mode. `ws_public` shows a little over WebSockets to whoever has no key. `cors_origins`
    are those whose pages may read answers, or `*`. `trusted_proxies` are networks, in CIDR, whose
    word on where a request comes from is taken. No `rate_limits` means none. `body_limit` is how
    many bytes the body of a request may have.
    """

    host: str = "127.0.0.1"
    tcp_port: int = 9615
    api_key_digest: str | None = None
    allow_create: bool = False
    ws_public: bool = True
    cors_origins: tuple[str, ...] = ("*",)
    rate_limits: tuple[RateLimit, ...] = (RateLimit(100, 60.0), RateLimit(20, 10.0))
    trusted_proxies: tuple[str, ...] = ()
    tls_cert: str | None = None
    tls_key: str | None = None
    body_limit: int = 1024 * 1024

    def __repr__(self) -> str:
        key = "<none>" if self.api_key_digest is None else "<hidden>"
        return f"WebSettings(host={self.host!r}, tcp_port={self.tcp_port}, api_key={key})"


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """How the gateway listens, and what it does with requests.

    Services have names below `domain`. Clients in `trusted_proxies`, networks in CIDR, may say for
    whom they ask. Of each body so many bytes are kept as `capture` says.
    """

    host: str = "localhost"
    http_port: int | None = 9680
    https_port: int | None = None
    domain: str = "localhost"
    trusted_proxies: tuple[str, ...] = ()
    capture: int = 0
    certificates: tuple[CertificateFiles, ...] = ()
    acme: AcmeSettings | None = None


class WebServer(Protocol):
    """The web side, which can be turned on and off."""

    @property
    def address(self) -> str | None:
        """The URL it answers at, or None while it is off."""

    async def reserve(self, settings: WebSettings) -> None:
        """Take connections at the address from now on, and have them wait until it is turned on.

        What cannot be used is told then.
        """

    async def turn_on(self, settings: WebSettings) -> None:
        """Listen; when it listens already, change over.

        Raises:
            PmdaemonError: the address cannot be used; what was on before stays on.

        """

    async def turn_off(self) -> None:
        """Stop listening."""

    async def make_way(self) -> None:
        """Take no more requests, and leave those that come to the next daemon."""


class GatewayServer(Protocol):
    """Listens for requests and forwards them by a table."""

    @property
    def addresses(self) -> Sequence[str]:
        """The URLs it answers at, none while it is off."""

    async def turn_on(self, settings: GatewaySettings) -> None:
        """Listen; when it listens already, change over.

        Raises:
            PmdaemonError: an address or a certificate cannot be used; what was on before stays on.

        """

    async def balance(self, listeners: Mapping[str, Listener]) -> None:
        """Take connections for these services, by name, and spread them as they are.

        Raises:
            PmdaemonError: an address cannot be used; what was on before stays on.

        """

    def swap(self, table: RouteTable) -> None:
        """Send requests elsewhere from now on; those that are on their way go on."""

    def busy(self, service: str, target: Target) -> int:
        """Say how many requests a target is answering."""

    async def drained(self, service: str, target: Target, *, within: float | None) -> bool:
        """Wait until a target answers nothing any more; tell whether it came to that.

        What has no end of its own is not waited for: tunnels, and streams of events, whose clients
        come again by themselves. Without `within`, in seconds, it is waited without limit.
        """

    async def turn_off(self) -> None:
        """Stop listening, and break what is going on."""

    async def make_way(self) -> None:
        """Take nothing new, and leave what comes to the next daemon."""
