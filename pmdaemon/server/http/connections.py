"""A client's connection: how long it may idle or dawdle, and what becomes of noise on it."""

import asyncio
import logging
import resource
from collections import OrderedDict
from collections.abc import Callable

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod, LineTooLong

from pmdaemon.server.http.dialect import ErrorEncoder, failure
from pmdaemon.server.http.refusals import HeadTooLarge, InvalidRequest, Refusal

IDLE_SECONDS = 75.0
"""How long a connection may be without a whole request: its first, or the next one.

This is what ends a client that sends its headers a letter at a time. It is more than the 60 s for
which nginx keeps a connection it may use again, so that it is not us who close that one first.
"""

LINGER_SECONDS = 2.0
"""How long the rest of a body that nobody wanted is read before the connection is given up."""

CONNECTIONS_AT_ONCE = 4096
"""More are turned away: the daemon needs descriptors for the programs first of all.

Where it may have few it takes half of them.
"""

SILENT_AT_ONCE = 512
"""Connections that have asked nothing yet; with one more, the oldest of them has to go.

So whoever opens thousands and says nothing takes the place of others like it, and nobody else's.
"""

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
    b"Content-Length: 0\r\n\r\n"
)

# What a client did wrong is its own business: aiohttp's account of it goes nowhere.
_silence = logging.getLogger(f"{__name__}.aiohttp")
_silence.addHandler(logging.NullHandler())
_silence.propagate = False


class Silent:
    """The connections that have asked nothing yet, oldest first.

    One that asks is taken out when it comes to be the oldest, so that requests cost nothing here.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._waiting: OrderedDict[Connection, None] = OrderedDict()

    def add(self, connection: "Connection") -> None:
        """Take one in, as it is made."""
        self._waiting[connection] = None

    def discard(self, connection: "Connection") -> None:
        """Forget one that is gone."""
        self._waiting.pop(connection, None)

    def make_room(self) -> None:
        """Close the oldest, if there are too many."""
        while self._waiting and next(iter(self._waiting)).has_asked:
            self._waiting.popitem(last=False)
        if len(self._waiting) >= self._at_once:
            oldest, _ = self._waiting.popitem(last=False)
            oldest.force_close()


class Connection(web.RequestHandler):
    """One connection; what is not HTTP gets its refusal in the words of a dialect."""

    __slots__ = ("_encode_error", "_first_request", "_silent")

    def __init__(
        self,
        manager: web.Server,
        encode_error: ErrorEncoder,
        silent: Silent,
        *,
        idle_seconds: float,
    ) -> None:
        super().__init__(
            manager,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=idle_seconds,
            lingering_time=LINGER_SECONDS,
            logger=_silence,
            access_log=None,  # type: ignore[arg-type] # means off, whatever the annotation says
            # A small body can be packed into far less; nobody has a reason to send one so.
            auto_decompress=False,
        )
        self._encode_error = encode_error
        self._silent = silent
        self._first_request: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request; not every aiohttp we run on sees to that."""
        super().connection_made(transport)
        self._silent.add(self)
        loop = asyncio.get_running_loop()
        self._first_request = loop.call_later(self.keepalive_timeout, self._wait_no_longer)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wait for nothing any more."""
        if self._first_request is not None:
            self._first_request.cancel()
        self._silent.discard(self)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - the library's signature
    ) -> web.StreamResponse:
        """Answer what could not be understood, or what failed outside every endpoint."""
        if request.writer.output_size:
            raise ConnectionError("the answer has begun already")
        if status >= 500:
            logging.getLogger(__name__).error("http.failed", exc_info=exc)
            response = self._encode_error(failure())
        else:
            response = self._encode_error(_refusal(exc))
        response.force_close()
        return response

    @property
    def has_asked(self) -> bool:
        """Whether it ever sent a whole request."""
        return self._request_count > 0

    def _wait_no_longer(self) -> None:
        if not self.has_asked:
            self.force_close()


def _refusal(problem: BaseException | None) -> Refusal:
    if isinstance(problem, LineTooLong):
        return HeadTooLarge()
    if isinstance(problem, BadHttpMethod):
        return InvalidRequest("the first word of this request is no method of HTTP, as GET or POST")
    return InvalidRequest("what was sent is not a request of HTTP/1")


class TurnedAway(asyncio.Protocol):
    """A connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so, and hang up."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(_BUSY)
        transport.close()


def connection_factory(
    manager: web.Server,
    encode_error: ErrorEncoder,
    *,
    at_once: int = CONNECTIONS_AT_ONCE,
    silent_at_once: int = SILENT_AT_ONCE,
    idle_seconds: float = IDLE_SECONDS,
) -> Callable[[], asyncio.Protocol]:
    """Make what serves each new connection."""
    silent = Silent(silent_at_once)
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors != resource.RLIM_INFINITY:
        at_once = min(at_once, descriptors // 2)

    def connection() -> asyncio.Protocol:
        silent.make_room()
        if len(manager.connections) >= at_once:
            return TurnedAway()
        return Connection(manager, encode_error, silent, idle_seconds=idle_seconds)

    return connection
