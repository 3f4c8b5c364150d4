"""The web side: on while somebody holds it, or until it is turned off."""

import asyncio
import logging

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.routing import bracketed
from pmdaemon.engine.interfaces import Changes, Store, WebServer, WebSettings

log = logging.getLogger(__name__)


class WebSide:
    """Turns the web server on and off, and remembers it where that is wanted."""

    def __init__(self, *, server: WebServer, store: Store) -> None:
        self._server = server
        self._store = store
        self._remembered: WebSettings | None = None
        self._held: list[WebSettings] = []
        self._current: WebSettings | None = None
        self._closed = False
        self._lock = asyncio.Lock()

    @property
    def address(self) -> str | None:
        """The URL it answers at, or None while it is off."""
        return self._server.address

    @property
    def expected(self) -> str | None:
        """The URL it answers at or, as the daemon begins, is about to; None while it is off."""
        if (address := self._server.address) is not None or self._remembered is None:
            return address
        host, port = self._remembered.host, self._remembered.tcp_port
        scheme = "http" if self._remembered.tls_cert is None else "https"
        return f"{scheme}://{bracketed(host)}:{port}"

    async def expect(self, settings: WebSettings | None) -> None:
        """Learn what `resume` is to turn on: programs that are started before may ask at once."""
        self._remembered = settings
        if settings is not None:
            await self._server.reserve(settings)

    async def resume(self, settings: WebSettings | None) -> None:
        """Turn on what a former daemon had on; a failure is logged, programs come first."""
        self._remembered = settings
        if settings is None:
            return
        try:
            await self._change_to(settings)
        except PmdaemonError as error:
            log.error("web.failed reason=%s", error)

    async def turn_on(self, settings: WebSettings, *, remember: bool) -> str:
        """Listen, and say at which URL.

        With `remember`, future daemons do so as well; without, the caller holds the web side, and
        has to let it go.

        Raises:
            PmdaemonError: the address cannot be used, or not be remembered; what was on before
                stays on.

        """
        async with self._lock:
            await self._change_to(settings)
            if remember:
                try:
                    await self._store.commit(Changes(web=settings, urgent=True))
                except PmdaemonError:
                    await self._change_to(self._wanted())
                    raise
                self._remembered = settings
            else:
                self._held.append(settings)
            return self._server.address or ""

    async def turn_off(self) -> None:
        """Stop listening, now and in future."""
        async with self._lock:
            await self._store.commit(Changes(web_off=True, urgent=True))
            self._remembered = None
            self._held.clear()
            await self._change_to(None)

    async def let_go(self, settings: WebSettings) -> None:
        """End what was turned on for a while.

        The web side goes on as another holder wants it, or as it is remembered, or is off.
        """
        async with self._lock:
            if settings in self._held:
                self._held.remove(settings)
            if not self._closed:
                await self._change_to(self._wanted())

    async def close(self, *, for_good: bool) -> None:
        """Stop listening, for this daemon's life, or make way for the next one."""
        self._closed = True
        if for_good:
            await self._server.turn_off()
        else:
            await self._server.make_way()

    def _wanted(self) -> WebSettings | None:
        return self._held[-1] if self._held else self._remembered

    async def _change_to(self, settings: WebSettings | None) -> None:
        if settings is None:
            await self._server.turn_off()
        elif settings != self._current:
            await self._server.turn_on(settings)
        self._current = settings
