"""One HTTP request, of which only the status of the answer is wanted.

A few lines over asyncio's streams. A client library would bring 15 MB into a daemon that needs to
know no more than whether somebody answers; OpenSSL comes in with the first https URL only.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib import parse

from pmdaemon import __version__
from pmdaemon.core.errors import InvalidInput

if TYPE_CHECKING:
    from ssl import SSLContext

LONGEST_LINE = 8192
"""Bytes that the first line of an answer may take."""

DEFAULT_PORTS = {"http": 80, "https": 443}


class BadAnswer(Exception):
    """What came back is not HTTP."""


async def status_of(
    url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
) -> int:
    """Send a request, and return the status of the answer; redirections are not followed.

    Raises:
        InvalidInput: this is no http or https URL.
        OSError: nobody could be reached; ssl.SSLError is among these.
        BadAnswer: somebody answered something else.

    """
    try:
        parts = parse.urlsplit(url)
    except ValueError as error:
        raise InvalidInput(f"not a URL: {error}") from None
    host, port = address_of(parts)
    reader, writer = await asyncio.open_connection(
        host, port, ssl=_tls() if parts.scheme == "https" else None, limit=LONGEST_LINE
    )
    try:
        writer.write(_head(parts, method, headers or {}, body) + body)
        await writer.drain()
        return _status(await reader.readline())
    except ValueError as error:
        raise BadAnswer("the answer is not HTTP") from error
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def address_of(parts: "parse.SplitResult") -> tuple[str, int]:
    """Say where a URL leads.

    Raises:
        InvalidInput: nowhere.

    """
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidInput(f"not a URL: {error}") from None
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise InvalidInput("not a URL of http or https")
    return host, port or DEFAULT_PORTS[parts.scheme]


def _head(
    parts: "parse.SplitResult", method: str, headers: Mapping[str, str], body: bytes
) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    _, _, authority = parts.netloc.rpartition("@")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {authority}"]
    fields = {"User-Agent": f"pmdaemon/{__version__}", "Accept": "*/*", "Connection": "close"}
    if body:
        fields["Content-Length"] = str(len(body))
    lines += [f"{name}: {value}" for name, value in (fields | dict(headers)).items()]
    text = "\r\n".join(lines)
    if any(character in text.replace("\r\n", "") for character in "\r\n\0") or " " in target:
        raise InvalidInput("not a URL: it holds characters that a request cannot")
    return f"{text}\r\n\r\n".encode()


def _status(line: bytes) -> int:
    match line.split(maxsplit=2):
        case [version, code, *_] if version.startswith(b"HTTP/1.") and len(code) == 3:
            return int(code)
        case _:
            raise BadAnswer("the answer is not HTTP")


def _tls() -> "SSLContext":
    import ssl  # noqa: PLC0415 - OpenSSL, and 3 MB, for https alone

    return ssl.create_default_context()
