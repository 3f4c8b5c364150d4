"""Which TCP ports an app asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TcpPorts:
    """`3000`, `3000-3003`, or, with `auto`, the first free ones of a range."""

    first: int
    last: int
    auto: bool = False
