"""A process table that a test writes."""

from collections.abc import Mapping, Sequence

from pmdaemon.adapters.process_table import ProcessEntry


class FakeProcessReader:
    """Tells of the entries and tokens it was given, and counts the passes made over them."""

    def __init__(self, *entries: ProcessEntry) -> None:
        self.entries = {entry.pid: entry for entry in entries}
        self.tokens: dict[int, str] = {}
        self.passes = 0

    def scan(self) -> Mapping[int, ProcessEntry]:
        """List all processes, by pid."""
        self.passes += 1
        return dict(self.entries)

    def entry(self, pid: int) -> ProcessEntry | None:
        """Look at one process."""
        return self.entries.get(pid)

    def token(self, pid: int) -> str | None:
        """Read a token."""
        return self.tokens.get(pid)

    def children(self, pid: int) -> Sequence[int]:
        """List children."""
        return [entry.pid for entry in self.entries.values() if entry.ppid == pid]
