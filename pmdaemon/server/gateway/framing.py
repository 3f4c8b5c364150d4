"""Where the body of a message ends (RFC 9112, section 6).

A message goes through as it came, so all that has to be known of its body is its end. Each of these
takes bytes in and says how many of them belong to the body; what is left over is the next message.
Reading the end differently from those before and behind us is how requests are smuggled, so
whatever could be read in two ways is refused.
"""

from collections.abc import Callable
from typing import Protocol

LONGEST_CHUNK_LINE = 256
"""Bytes of a chunk's size with its extensions."""

LONGEST_TRAILERS = 16 * 1024


class MalformedMessage(Exception):
    """A message that breaks the protocol, or could be read in two ways."""


class Framing(Protocol):
    """Finds the end of a body."""

    done: bool

    def feed(self, data: bytes) -> int:
        """Go on with these bytes; return how many of them belong to the body.

        Raises:
            MalformedMessage: they cannot be of any body.

        """


class NoBody:
    """A message that ends with its head."""

    done = True

    def feed(self, data: bytes) -> int:
        """Take nothing."""
        del data
        return 0


class Length:
    """A body of so many bytes."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = not length

    def feed(self, data: bytes) -> int:
        """Take what is left of it."""
        taken = min(self._left, len(data))
        self._left -= taken
        self.done = not self._left
        return taken


class UntilClose:
    """A body that ends with the connection."""

    done = False

    def feed(self, data: bytes) -> int:
        """Take all."""
        return len(data)


class Chunked:
    """A body in chunks, each with its size before it; `on_data` is told what they contain."""

    def __init__(self, on_data: Callable[[bytes], None] | None = None) -> None:
        self.done = False
        self._on_data = on_data
        self._line = b""
        self._left = 0
        self._step: Callable[[bytes, int], int] = self._size
        self._trailers = 0

    def feed(self, data: bytes) -> int:
        """Go from chunk to chunk."""
        at, end = 0, len(data)
        while at < end and not self.done:
            at = self._step(data, at)
        return at

    def _size(self, data: bytes, at: int) -> int:
        line, at = self._line_of(data, at, LONGEST_CHUNK_LINE)
        if line is None:
            return at
        size = line.partition(b";")[0].rstrip(b" \t")
        if not 0 < len(size) <= 15 or size.strip(b"0123456789abcdefABCDEF"):
            raise MalformedMessage("a chunk has no size")
        self._left = int(size, 16)
        self._step = self._content if self._left else self._trailer
        return at

    def _content(self, data: bytes, at: int) -> int:
        taken = min(self._left, len(data) - at)
        if self._on_data is not None:
            self._on_data(data[at : at + taken])
        self._left -= taken
        if not self._left:
            self._step = self._after
        return at + taken

    def _after(self, data: bytes, at: int) -> int:
        line, at = self._line_of(data, at, 0)
        if line is not None:
            self._step = self._size
        return at

    def _trailer(self, data: bytes, at: int) -> int:
        line, at = self._line_of(data, at, LONGEST_TRAILERS - self._trailers)
        if line is None:
            return at
        self._trailers += len(line)
        self.done = not line
        if line and (b":" not in line or line[:1] in b" \t"):
            raise MalformedMessage("a trailer is no header")
        return at

    def _line_of(self, data: bytes, at: int, longest: int) -> tuple[bytes | None, int]:
        """Read up to the end of a line, or of the data; only CR LF ends one."""
        end = data.find(b"\n", at)
        piece = data[at:] if end < 0 else data[at : end + 1]
        line = self._line + piece
        if len(line) > longest + 2:
            raise MalformedMessage("a chunk's line is too long")
        if end < 0:
            self._line = line
            return None, len(data)
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise MalformedMessage("a line ends without CR LF")
        self._line = b""
        return line[:-2], end + 1
