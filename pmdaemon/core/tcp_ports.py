"""Which TCP ports an app asks for."""

import re
from collections.abc import Sequence

from msgspec import Struct

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

LAST_TCP_PORT = 65535

_SPELLING = re.compile(r"(auto:)?([0-9]+)(?:-([0-9]+))?")


class TcpPorts(Struct, frozen=True):
    """`3000`, `3000-3003`, or, with `auto`, the first free ones of a range."""

    first: int
    last: int
    auto: bool = False

    @property
    def count(self) -> int:
        """How many there are, and so how many instances can be served."""
        return self.last - self.first + 1

    def for_instance(self, index: int) -> int:
        """The TCP port of the instance with this index; with `auto`, the one to try first.

        Raises:
            InvalidInput: there are not as many.

        """
        if not 0 <= index < self.count:
            raise InvalidInput(f"no TCP port for instance {index} in {self}", tcp_ports=str(self))
        return self.first + index

    def candidates(self, index: int) -> Sequence[int]:
        """List the TCP ports that this instance may have, in the order of trying."""
        if self.auto:
            return range(self.first, self.last + 1)
        return (self.for_instance(index),)

    def __str__(self) -> str:
        if self.auto:
            return f"auto:{self.first}-{self.last}"
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


def parse(value: object) -> TcpPorts:
    """Read `3000`, `3000-3003` or `auto:5000-5100`.

    Raises:
        InvalidInput: it is none of these, or no such TCP port exists.

    """
    text = _text(value)
    spelling = _SPELLING.fullmatch(text)
    if spelling is None:
        raise _refused(text, "as 3000, 3000-3003 or auto:5000-5100")
    auto, first, last = spelling.groups()
    if auto and last is None:
        raise _refused(text, "a range, as auto:5000-5100")
    for digits in (first, last or first):
        if len(digits) > 5 or not 1 <= int(digits) <= LAST_TCP_PORT:
            raise _refused(digits, f"1 to {LAST_TCP_PORT}")
    ports = TcpPorts(int(first), int(last or first), auto=bool(auto))
    if ports.count < 1:
        raise _refused(text, "the lower one comes first")
    return ports


def _text(value: object) -> str:
    match value:
        case str():
            return value.strip()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            # What is neither text nor number is refused for its looks.
            return shown(value)


def _refused(text: str, expected: str) -> InvalidInput:
    return InvalidInput(f"not a TCP port: {shown(text)} ({expected})", value=shown(text))
