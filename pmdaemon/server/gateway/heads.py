"""The heads of messages: what they say, and what we say instead.

Heads are read strictly (by llhttp) and written anew, so that what goes on is what we understood.
"""

from collections.abc import Iterable, Mapping, Sequence

import httptools
from msgspec import Struct

from pmdaemon.server.gateway.framing import (
    Chunked,
    Framing,
    Length,
    MalformedMessage,
    NoBody,
    UntilClose,
)

LONGEST_HEAD = 32 * 1024
"""Bytes of a request line, or status line, with all headers."""

END_OF_HEAD = b"\r\n\r\n"

Headers = Sequence[tuple[bytes, bytes]]

OF_ONE_CONNECTION = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"}
)
"""Headers that are between two neighbours (RFC 9110, section 7.6.1)."""

FORWARDED = frozenset(
    {
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-real-ip",
    }
)
"""Headers that say from where a request came; only who is trusted may say so."""

WEBSOCKET = b"websocket"
"""The one protocol that is upgraded to: another version of HTTP would go by unseen."""

LOWEST_STATUS = 100
"""Below it nothing has a meaning (RFC 9110, 15); the parser lets it pass."""

WITHOUT_BODY = frozenset({204, 304})


class NotSupported(Exception):
    """A message that is right, and asks for what we do not do."""


class HeadTooLong(Exception):
    """A head beyond what anybody sends in earnest."""


SAYING_WHERE_FROM = FORWARDED - {b"x-real-ip"}
"""Those of them that are always written anew."""

NOT_PASSED_ON = OF_ONE_CONNECTION | FORWARDED

Found = Mapping[bytes, Sequence[bytes]]
"""Headers by their names in lower case, each with all its values."""

NEVER_OF_ONE_CONNECTION = frozenset({b"content-length", b"host"})
"""What nobody can take from a message by calling it so: its body would be the next request."""

NO_OPTIONS: frozenset[bytes] = frozenset()

USUAL_OPTIONS = {
    text: frozenset({text.lower()})
    for text in (b"keep-alive", b"Keep-Alive", b"close", b"Close", b"upgrade", b"Upgrade")
}
"""What Connection mostly says, read already."""


class _Collector:
    """What llhttp tells while it reads a head."""

    def __init__(self) -> None:
        self.target = b""
        self.reason = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.found: dict[bytes, list[bytes]] = {}
        self.complete = False

    def on_url(self, piece: bytes) -> None:
        self.target += piece

    def on_status(self, piece: bytes) -> None:
        self.reason += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))
        self.found.setdefault(name.lower(), []).append(value)

    def on_headers_complete(self) -> None:
        self.complete = True


class RequestHead(Struct, frozen=True):
    """A request up to its body."""

    method: bytes
    target: bytes
    version: str
    headers: Headers
    found: Found
    keep_alive: bool
    upgrade: bytes | None
    host: bytes

    @property
    def path(self) -> bytes:
        """The path without the query."""
        return self.target.partition(b"?")[0]

    def framing(self) -> Framing:
        """Say where its body ends."""
        lengths, codings = self.found.get(b"content-length"), codings_of(self.found)
        if b"content_length" in self.found:
            raise MalformedMessage("a request has a length that some take for one")
        if codings:
            if lengths or self.version != "1.1":
                raise MalformedMessage("a request has two lengths")
            if codings != [b"chunked"]:
                raise NotSupported("only chunked transfer encoding is supported")
            return Chunked()
        return Length(_one(lengths)) if lengths else NoBody()


class ResponseHead(Struct, frozen=True):
    """A response up to its body."""

    status: int
    reason: bytes
    version: str
    headers: Headers
    found: Found
    keep_alive: bool

    def framing(self, method: bytes) -> Framing:
        """Say where its body ends, in answer to a request of this method."""
        if method == b"HEAD" or self.status in WITHOUT_BODY or self.status < 200:
            return NoBody()
        lengths, codings = self.found.get(b"content-length"), codings_of(self.found)
        if codings:
            if codings != [b"chunked"]:
                raise MalformedMessage("its transfer encoding is not chunked")
            # The coding wins (RFC 9112, section 6.3); the length is not passed on.
            return Chunked()
        return Length(_one(lengths)) if lengths else UntilClose()


def read_request(head: bytes) -> RequestHead:
    """Read the head of a request, with the empty line at its end.

    Raises:
        MalformedMessage: it is none, or could be read in two ways.

    """
    collector = _Collector()
    parser = httptools.HttpRequestParser(collector)
    upgrades = False
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        upgrades = True
    except httptools.HttpParserInvalidMethodError as error:
        if not head.partition(b"\r\n")[0].endswith((b" HTTP/1.1", b" HTTP/1.0")):
            raise MalformedMessage(str(error)) from None
        raise NotSupported("the method of the request is not known") from None
    except httptools.HttpParserError as error:
        raise MalformedMessage(str(error)) from None
    version = parser.get_http_version()
    if not collector.complete or version not in {"1.0", "1.1"}:
        raise MalformedMessage("the head of a request is not whole")
    found = collector.found
    hosts = found.get(b"host", [])
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        raise MalformedMessage("a request needs exactly one Host")
    request = RequestHead(
        method=parser.get_method(),
        target=collector.target,
        version=version,
        headers=collector.headers,
        found=found,
        keep_alive=_keeps_alive(found, version),
        upgrade=WEBSOCKET if upgrades and _asks_for_websocket(found) else None,
        host=hosts[0] if hosts else b"",
    )
    authority, asked = origin_form(request)
    if not asked:
        raise NotSupported("only a path, or a URL of HTTP, can be asked for")
    if authority is not request.host and authority.lower() != request.host.lower():
        raise MalformedMessage("a request names two hosts")
    return request


def read_response(head: bytes) -> ResponseHead:
    """Read the head of a response, with the empty line at its end.

    Raises:
        MalformedMessage: it is none.

    """
    collector = _Collector()
    parser = httptools.HttpResponseParser(collector)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        raise MalformedMessage(str(error)) from None
    if not collector.complete:
        raise MalformedMessage("the head of a response is not whole")
    if parser.get_status_code() < LOWEST_STATUS:
        raise MalformedMessage("it has no status")
    version = parser.get_http_version()
    response = ResponseHead(
        status=parser.get_status_code(),
        reason=collector.reason,
        version=version,
        headers=collector.headers,
        found=collector.found,
        keep_alive=_keeps_alive(collector.found, version),
    )
    response.framing(b"GET")
    return response


def origin_form(request: RequestHead) -> tuple[bytes, bytes]:
    """Say which authority a request is for, and what is asked of it; nothing if that is no path.

    A target may be a whole URL, which then says more than the Host (RFC 9112, section 3.2.2).
    """
    if request.target.startswith(b"/"):
        return request.host, request.target
    scheme, _, rest = request.target.partition(b"://")
    if scheme.lower() not in {b"http", b"https"}:
        return request.host, b""
    authority, slash, path = rest.partition(b"/")
    return authority, slash + path or b"/"


def request_bytes(
    request: RequestHead, target: bytes, forwarded: Mapping[bytes, bytes], *, trusted: bool
) -> bytes:
    """Write a request as the service gets it.

    `forwarded` are the headers that say where it came from. Where the sender is `trusted` these
    were worked out of what it said; what anybody else says about that is left out.
    """
    dropped = OF_ONE_CONNECTION | SAYING_WHERE_FROM if trusted else NOT_PASSED_ON
    if options := _listed(request.found):
        dropped |= options
    lines = [b"%b %b HTTP/1.1\r\n" % (request.method, target)]
    lines += _kept(request.headers, dropped)
    lines += [b"%b: %b\r\n" % pair for pair in forwarded.items()]
    if b"transfer-encoding" in request.found:
        lines.append(b"transfer-encoding: chunked\r\n")
    if request.upgrade is not None:
        lines.append(b"connection: upgrade\r\nupgrade: %b\r\n" % request.upgrade)
    if any(b"trailers" in value for value in request.found.get(b"te", ())):
        lines.append(b"te: trailers\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


def response_bytes(
    response: ResponseHead, added: Iterable[tuple[bytes, bytes]], *, chunked: bool
) -> bytes:
    """Write the head of a response as the client gets it."""
    dropped = OF_ONE_CONNECTION | _listed(response.found)
    if chunked:
        dropped |= {b"content-length"}
    lines = [b"HTTP/1.1 %d %b\r\n" % (response.status, response.reason)]
    lines += _kept(response.headers, dropped)
    if chunked:
        lines.append(b"transfer-encoding: chunked\r\n")
    lines += [b"%b: %b\r\n" % pair for pair in added]
    lines.append(b"\r\n")
    return b"".join(lines)


def _kept(headers: Headers, dropped: frozenset[bytes]) -> list[bytes]:
    # A name with an underscore means the same as one with a dash to many servers.
    return [
        b"%b: %b\r\n" % (name, value)
        for name, value in headers
        if name.lower().replace(b"_", b"-") not in dropped
    ]


def _listed(found: Found) -> frozenset[bytes]:
    """List the headers that are of one connection because it says so."""
    said = found.get(b"connection")
    if said is None:
        return NO_OPTIONS
    if len(said) == 1 and said[0] in USUAL_OPTIONS:
        return USUAL_OPTIONS[said[0]]
    options = frozenset(token.strip().lower() for value in said for token in value.split(b","))
    return options - NEVER_OF_ONE_CONNECTION


def _keeps_alive(found: Found, version: str) -> bool:
    """Tell whether a connection may be used again (RFC 9112, section 9.3).

    The parser forgets what it knew of that with the end of a message.
    """
    options = _listed(found)
    if b"close" in options:
        return False
    return version == "1.1" or b"keep-alive" in options


def codings_of(found: Found) -> Sequence[bytes]:
    """List the transfer codings of a message, in their order."""
    said = found.get(b"transfer-encoding")
    if said is None:
        return ()
    return [coding.strip().lower() for value in said for coding in value.split(b",")]


def _one(lengths: Sequence[bytes]) -> int:
    first, *others = lengths
    if others or not first.isdigit() or len(first) > 18:
        raise MalformedMessage("a message has no single length")
    return int(first)


def _asks_for_websocket(found: Found) -> bool:
    return [value.strip().lower() for value in found.get(b"upgrade", ())] == [WEBSOCKET]
