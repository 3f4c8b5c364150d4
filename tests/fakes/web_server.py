"""A web server that listens on nothing."""

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.interfaces import WebSettings


class FakeWebServer:
    """Remembers its settings; `failure`, while it is set, is why an address cannot be used."""

    def __init__(self) -> None:
        self.settings: WebSettings | None = None
        self.reserved: WebSettings | None = None
        self.failure: PmdaemonError | None = None

    @property
    def address(self) -> str | None:
        """The URL it would answer at, or None while it is off."""
        if self.settings is None:
            return None
        return f"http://{self.settings.host}:{self.settings.tcp_port or 40000}"

    async def reserve(self, settings: WebSettings) -> None:
        """Pretend to take connections."""
        self.reserved = settings

    async def turn_on(self, settings: WebSettings) -> None:
        """Pretend to listen.

        Raises:
            PmdaemonError: it was told to fail.

        """
        if self.failure is not None:
            raise self.failure
        self.settings = settings

    async def turn_off(self) -> None:
        """Pretend to stop listening."""
        self.settings = None

    async def make_way(self) -> None:
        """Pretend to leave the address to the next daemon."""
        self.settings = None
