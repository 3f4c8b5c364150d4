"""One reading of what a program, or the machine, uses."""

from msgspec import Struct

MOST_MEMORY = 1 << 63
"""Bytes; no program uses more, whatever it says of itself."""


class Sample(Struct, frozen=True):
    """What a process and all its descendants use.

    `cpu` is in percent of one core since the sample before, `memory` the resident set in bytes.
    """

    cpu: float = 0.0
    memory: int = 0
    processes: int = 0


class Usage(Struct, frozen=True):
    """How much of something there is, in bytes, and how much is in use."""

    total: int
    used: int
    free: int

    @property
    def percent(self) -> float:
        """The used share, in percent, with one decimal."""
        return round(100 * self.used / self.total, 1) if self.total else 0.0


class MemoryDetails(Struct, frozen=True):
    """What the system does with memory, in bytes; `own` is the resident set of the daemon."""

    buffers: int = 0
    cached: int = 0
    swap: Usage = Usage(0, 0, 0)
    own: int = 0


class HostSample(Struct, frozen=True):
    """The machine: `uptime` in seconds, `cpu` in percent of all cores."""

    hostname: str
    platform: str
    arch: str
    uptime: float
    cores: int
    cpu: float
    load_average: tuple[float, float, float]
    memory: Usage
    disk: Usage
    details: MemoryDetails = MemoryDetails()
