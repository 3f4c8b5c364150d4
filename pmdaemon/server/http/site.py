"""One address that is listened on, from its opening to its end."""

import asyncio
from ssl import SSLContext
from typing import NamedTuple

from aiohttp import web

from pmdaemon.engine.interfaces import DescriptorStore, WebSettings
from pmdaemon.server.http.access import Gate
from pmdaemon.server.http.connections import connection_factory
from pmdaemon.server.http.dialect import ErrorEncoder
from pmdaemon.server.http.listeners import (
    BACKLOG,
    KeptListeners,
    accept_no_more,
    port_of,
    url_of,
)
from pmdaemon.server.http.tls import HANDSHAKE_SECONDS, server_context

PATIENCE = 5.0
"""Seconds that requests get to end in when the server is turned off."""

PARTING = 0.5
"""Seconds that connections get to come to a good end before the next daemon takes over."""

PARTING_LOOKS = 25


class SiteParts(NamedTuple):
    """What a site is made of, beside its address."""

    gate: Gate
    app: web.Application
    encode_error: ErrorEncoder


class Site:
    """Listeners, the application behind them, and the gate before it."""

    def __init__(self, parts: SiteParts, listeners: KeptListeners) -> None:
        self._gate, self._app, self._encode_error = parts
        self._listeners = listeners
        self._servers: list[asyncio.Server] = []
        self._runner: web.AppRunner | None = None
        self._parting = False

    @classmethod
    async def open(cls, parts: SiteParts, keeper: DescriptorStore) -> "Site":
        """Listen and serve.

        Raises:
            AddressUnusable: the address cannot be listened on.
            InvalidInput: the certificate cannot be used.

        """
        settings = parts.gate.settings
        tls = _tls(settings)
        site = cls(parts, await KeptListeners.open(settings.host, settings.tcp_port, keeper))
        try:
            await site._serve(tls)
        except BaseException:
            await site.close()
            raise
        return site

    @property
    def settings(self) -> WebSettings:
        """How it listens, and whom it lets in."""
        return self._gate.settings

    @property
    def tcp_port(self) -> int:
        """The port that is really listened on."""
        return port_of(self._listeners.sockets[0])

    @property
    def url(self) -> str:
        """Where it answers."""
        scheme = "http" if self.settings.tls_cert is None else "https"
        return url_of(self.settings.host, self.tcp_port, scheme)

    def is_at(self, settings: WebSettings) -> bool:
        """Whether these settings mean this address."""
        ours = self.settings
        return (ours.host, ours.tcp_port) == (settings.host, settings.tcp_port)

    def can_change_to(self, settings: WebSettings) -> bool:
        """Whether other settings of this address can hold from one request to the next."""
        return _fixed(self.settings) == _fixed(settings)

    async def followed_by(self, parts: SiteParts) -> "Site":
        """Go by other settings that need a new application; clients wait for it in the queue.

        Raises:
            InvalidInput: the certificate cannot be used; nothing was changed.

        """
        tls = _tls(parts.gate.settings)
        successor = Site(parts, self._listeners.twins())
        await accept_no_more(self._listeners.sockets)
        await self._end()
        await successor._serve(tls)
        return successor

    def change(self, settings: WebSettings) -> None:
        """Go by other settings from the next request on; the address is the same."""
        self._gate.change(settings)

    async def close(self) -> None:
        """Stop listening, and end what is left of requests."""
        try:
            await accept_no_more(self._listeners.sockets)
        finally:
            self._listeners.forget()
            await self._end()

    async def make_way(self) -> None:
        """Let clients finish, and send those that stay connected on to the next daemon.

        A connection may be kept by its client for the next request. So every answer from now on
        asks it to close; one that says nothing meanwhile is closed when it is idle.
        """
        self._parting = True
        await accept_no_more(self._listeners.sockets)
        if self._runner is not None:
            await self._runner.shutdown()  # streams have no end of their own
        for server in self._servers:
            server.close()
        if self._runner is not None and self._runner.server is not None:
            looks = 0
            while self._runner.server.connections and looks < PARTING_LOOKS:
                looks += 1  # aiohttp has no event for this
                await asyncio.sleep(PARTING / PARTING_LOOKS)
        await self._end()

    async def _serve(self, tls: SSLContext | None) -> None:
        self._app.on_response_prepare.append(self._say_goodbye)
        runner = self._runner = web.AppRunner(
            self._app, handle_signals=False, handler_cancellation=True, shutdown_timeout=PATIENCE
        )
        await runner.setup()
        if runner.server is None:
            raise AssertionError("a runner that was set up has a server")
        serve = connection_factory(runner.server, self._encode_error)
        handshake = HANDSHAKE_SECONDS if tls is not None else None
        loop = asyncio.get_running_loop()
        for listener in self._listeners.sockets:
            # Accepted one in a turn: where descriptors are spent, asyncio of Python 3.11 tries,
            # and logs, as often as it may, before it waits a second.
            server = await loop.create_server(
                serve, sock=listener, backlog=1, ssl=tls, ssl_handshake_timeout=handshake
            )
            self._servers.append(server)
            listener.listen(BACKLOG)

    async def _say_goodbye(self, _request: web.Request, response: web.StreamResponse) -> None:
        if self._parting:
            response.headers["Connection"] = "close"
            response.force_close()

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        self._listeners.close()
        if self._runner is not None:
            await self._runner.cleanup()


def _fixed(settings: WebSettings) -> tuple[object, ...]:
    return settings.cors_origins, settings.body_limit, settings.tls_cert, settings.tls_key


def _tls(settings: WebSettings) -> SSLContext | None:
    if settings.tls_cert is None:
        return None
    return server_context(settings.tls_cert, settings.tls_key)
