"""The web side: on while somebody holds it, or until it is turned off."""

import asyncio
import logging

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.interfaces import Changes, Store, WebServer, WebSettings

log = logging.getLogger(__name__)


class WebSide:
    """Turns the web server on and off, and remembers it where that is wanted."""

    def __init__(self, *, server: WebServer, store: Store) -> None:
        self._server = server
        self._store = store
        self._remembered: WebSettings | None = None
        self._turn = asyncio.Lock()

    @property
    def address(self) -> str | None:
        """The URL it answers at, or None while it is off."""
        return self._server.address

    async def resume(self, settings: WebSettings | None) -> None:
        """Turn on what a former daemon had on; a failure is logged, programs come first."""
        self._remembered = settings
        if settings is None:
            return
        try:
            await self._server.turn_on(settings)
        except PmdaemonError as error:
            log.error("web.failed reason=%s", error)  # noqa: TRY400 - the reason says it all

    async def turn_on(self, settings: WebSettings, *, remember: bool) -> str:
        """Listen, and say at which URL; with `remember`, future daemons do so as well.

        Raises:
            PmdaemonError: the address cannot be used; what was on before stays on.

        """
        async with self._turn:
            await self._server.turn_on(settings)
            if remember:
                await self._store.commit(Changes(web=settings, urgent=True))
                self._remembered = settings
            return self._server.address or ""

    async def turn_off(self) -> None:
        """Stop listening, now and in future."""
        async with self._turn:
            await self._store.commit(Changes(web_off=True, urgent=True))
            self._remembered = None
            await self._server.turn_off()

    async def let_go(self) -> None:
        """End what was turned on for a while: back to what is remembered, or off."""
        async with self._turn:
            if self._remembered is not None:
                await self._server.turn_on(self._remembered)
            else:
                await self._server.turn_off()

    async def close(self, *, for_good: bool) -> None:
        """Stop listening, for this daemon's life, or make way for the next one."""
        if for_good:
            await self._server.turn_off()
        else:
            await self._server.make_way()
