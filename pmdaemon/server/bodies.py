"""What was kept of bodies, decoded so that people can read it."""

import base64
import zlib
from collections.abc import Sequence
from typing import Any

from pmdaemon.core.request_records import Body, RawHeaders

MOST_DECODED = 4 * 1024 * 1024
"""Bytes that a compressed body is unpacked to: a small one may be packed out of terabytes."""

# 32 more than the size of the window: gzip and zlib are told apart by how they begin (zlib.h).
GZIP_OR_ZLIB, BARE = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS


def body_view(body: Body | None, headers: RawHeaders) -> dict[str, Any] | None:
    """Show a body: as text if it is, else in base64; None where none was kept."""
    if body is None:
        return None
    content, whole = unpacked(body.content, _values(headers, b"content-encoding"))
    view: dict[str, Any] = {"size": body.size, "truncated": body.truncated or not whole}
    try:
        text = content.decode() if whole and not body.truncated else _almost(content)
    except UnicodeDecodeError:
        return {**view, "base64": base64.b64encode(content).decode()}
    if "\0" in text:
        return {**view, "base64": base64.b64encode(content).decode()}
    return {**view, "text": text}


def unpacked(content: bytes, codings: Sequence[bytes]) -> tuple[bytes, bool]:
    """Undo the codings, the last first; tell whether it was all. What we cannot undo stays."""
    whole = True
    for coding in reversed(codings):
        if coding not in {b"gzip", b"x-gzip", b"deflate"}:
            return content, whole
        for window in (GZIP_OR_ZLIB, BARE):
            unpacker = zlib.decompressobj(window)
            try:
                result = unpacker.decompress(content, MOST_DECODED)
            except zlib.error:
                continue
            whole = whole and not unpacker.unconsumed_tail
            content = result
            break
        else:
            return content, whole
    return content, whole


def _almost(content: bytes) -> str:
    """Decode what may have been cut within a character."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        if error.start < len(content) - 3:
            raise
        return content[: error.start].decode()


def _values(headers: RawHeaders, name: bytes) -> Sequence[bytes]:
    return [
        token.strip().lower()
        for key, value in headers
        if key.lower() == name
        for token in value.split(b",")
    ]
