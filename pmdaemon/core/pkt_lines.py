"""The lines of git's protocol, as far as who stands between git and git has to know them.

A line has its length before it, in four hexadecimal digits that count themselves; `0000` ends a
group of lines (gitprotocol-common(5)). What git says while it takes in a push is in such lines,
each with the number of a *side band* in front: 1 is the report, 2 is for people
(gitprotocol-pack(5)).
"""

from collections.abc import Iterator

FLUSH = b"0000"
"""Ends a group of lines."""

KEEP_ALIVE = b"0005\x01"
"""Says nothing, so that nobody gives up waiting."""

LARGEST_HEAD = 1024 * 1024
"""Bytes of a push that are looked at for what is said before its objects."""

_REPORTING = frozenset({b"side-band-64k", b"side-band"})
_LONGEST_SENTENCE = 900
"""Bytes; the narrower side band takes lines of a thousand."""


class PushHead:
    """What is said at the beginning of a push: which references move, and with what wishes.

    `refs` are those that are to move, `options` what was said by `git push -o`. With `hears`, its
    sender takes what comes by the side band. That it wishes for `quiet` is about git's own meters:
    it does wherever there is no terminal, and shows what hooks say all the same.
    """

    def __init__(self) -> None:
        self.refs: list[str] = []
        self.options: list[str] = []
        self.hears = False
        self._has_options = False
        self._groups = 0
        self._size = 0
        self._unread = b""
        self._is_over = False

    def feed(self, data: bytes) -> None:
        """Read on."""
        if self._is_over:
            return
        self._unread += data
        self._size += len(data)
        while (line := self._next()) is not None:
            self._take(line)
        if self._size > LARGEST_HEAD:
            self._end()

    def _next(self) -> bytes | None:
        """Cut off a line, with what stands before it; None until all of it is there."""
        try:
            size = _size(self._unread)
        except ValueError:
            self._end()
            return None
        if len(self._unread) < size:
            return None
        line, self._unread = self._unread[:size], self._unread[size:]
        return line

    def _take(self, line: bytes) -> None:
        if line == FLUSH:
            self._groups += 1
            if self._groups > self._has_options:
                self._end()
            return
        text = line[4:].rstrip(b"\n")
        if self._groups:
            self.options.append(text.decode(errors="replace"))
            return
        command, _, capabilities = text.partition(b"\0")
        words = command.split(b" ", 2)
        if len(words) == 3:
            self.refs.append(words[2].decode(errors="replace"))
        if wishes := capabilities.split():
            self._has_options = b"push-options" in wishes
            self.hears = not _REPORTING.isdisjoint(wishes)

    def _end(self) -> None:
        self._is_over = True
        self._unread = b""


class HeldEnd:
    """Lets an answer of git through, all but its end, so that something can be said before that."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what may go on its way."""
        everything = self._held + data
        end = len(everything) - len(FLUSH)
        if not everything.endswith(FLUSH):
            end = len(everything) - _overlap(everything)
        self._held = everything[end:]
        return everything[:end]

    @property
    def rest(self) -> bytes:
        """What was held."""
        return self._held


def for_people(sentence: str) -> bytes:
    """Word a sentence that git shows to who pushes, with `remote:` before it."""
    return b"".join(_lines_of(f"{sentence}\n".encode()))


def _lines_of(text: bytes) -> Iterator[bytes]:
    for start in range(0, len(text), _LONGEST_SENTENCE):
        part = b"\x02" + text[start : start + _LONGEST_SENTENCE]
        yield b"%04x" % (len(part) + 4) + part


def _size(data: bytes) -> int:
    """Say how long the line is that stands first, at the least."""
    size = int(data[: len(FLUSH)], 16) if len(data) >= len(FLUSH) else 0
    return max(size, len(FLUSH))


def _overlap(data: bytes) -> int:
    """Say how many of the last bytes may be the beginning of the end."""
    return next(size for size in (3, 2, 1, 0) if data.endswith(FLUSH[:size]))
