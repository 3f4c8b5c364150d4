"""What is pushed to clients, on the wire: frames of WebSockets, and server-sent events.

Each is encoded once and the same bytes go to everybody, so a thousand clients cost a thousand
writes and no more. That is why nothing is compressed: RFC 7692 would have each connection
compress for itself.
"""

import re
from struct import pack

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


def sse_event(kind: str, data: bytes, cursor: str | None = None) -> bytes:
    """Make a server-sent event; `data` is one line, and `cursor` what a client comes back with."""
    if cursor is not None and not _PRINTABLE_LINE.fullmatch(cursor):
        raise ValueError("a cursor of an event stream is one line of ASCII")
    identity = f"id: {cursor}\n".encode() if cursor is not None else b""
    return b"%bevent: %b\ndata: %b\n\n" % (identity, kind.encode(), data)
