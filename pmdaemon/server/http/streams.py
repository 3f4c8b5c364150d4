"""What is pushed to clients, on the wire: frames of WebSockets, and server-sent events.

Each is encoded once and the same bytes go to everybody, so a thousand clients cost a thousand
writes and no more. That is why nothing is compressed: RFC 7692 would have each connection
compress for itself.
"""

import re
from struct import pack

MOST_UNREAD = 256 * 1024
"""Bytes that wait for a client before it counts as lagging; what was under way comes on top."""

PING_FRAME = b"\x89\x00"
"""A ping without a payload (RFC 6455, 5.5.2)."""

SSE_PING = b": ping\n\n"
"""A comment, which keeps a connection alive and tells nothing."""

SSE_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    # nginx would wait until it has more (its documentation, proxy_buffering).
    "X-Accel-Buffering": "no",
}

_PRINTABLE_LINE = re.compile(r"[ -~]*")


def text_frame(payload: bytes) -> bytes:
    """Make the frame of a whole text message from a server (RFC 6455, 5.2)."""
    length = len(payload)
    if length < 126:
        return pack("!BB", 0x81, length) + payload
    if length < 1 << 16:
        return pack("!BBH", 0x81, 126, length) + payload
    return pack("!BBQ", 0x81, 127, length) + payload


def sse_event(kind: str | None, data: bytes, cursor: str | None = None) -> bytes:
    """Make a server-sent event, of the unnamed kind without a `kind`.

    `data` is one line, and `cursor` what a client comes back with.
    """
    name = f"event: {kind}\n".encode() if kind is not None else b""
    return b"%b%bdata: %b\n\n" % (_identity(cursor), name, data)


def sse_cursor(cursor: str) -> bytes:
    """Say what to come back with, and nothing else: no event comes of it (HTML, 9.2.6)."""
    return _identity(cursor) + b"\n"


def _identity(cursor: str | None) -> bytes:
    if cursor is not None and not _PRINTABLE_LINE.fullmatch(cursor):
        raise ValueError("a cursor of an event stream is one line of ASCII")
    return f"id: {cursor}\n".encode() if cursor is not None else b""
