"""The form of compressed output files: ordinary gzip (RFC 1952), with a note of what is inside.

The note is the comment in the header, where every other program passes it over. By it readers know
how much there is without decompressing it. Its length never varies, so that it can be written last.
"""

import re
from typing import NamedTuple

_BEGINNING = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff"
"""Deflate, with a comment, of no time, by whatever system (RFC 1952, 2.3)."""

_NOTE = re.compile(rb"pmdaemon: ([0-9]{20}) bytes, ([0-9]{20}) lines\0")


class Contents(NamedTuple):
    """How many bytes were compressed, and how many newlines are among them."""

    size: int
    lines: int

    def encode(self) -> bytes:
        """Word it as the header of the file."""
        return _BEGINNING + b"pmdaemon: %020d bytes, %020d lines\0" % self


HEADER_SIZE = len(Contents(0, 0).encode())
"""Bytes before the compressed data."""


def contents_of(header: bytes) -> Contents | None:
    """Read the note in the header; None when somebody else compressed the file."""
    found = _NOTE.match(header, len(_BEGINNING))
    if found is None or not header.startswith(_BEGINNING):
        return None
    return Contents(*map(int, found.groups()))
