"""A process table that a test writes."""

from collections.abc import Mapping, Sequence

from pmdaemon.adapters.process_table import ProcessEntry


class FakeProcessReader:
    """Tells of the entries and tokens it was given, and counts the passes made over them.

    `hidden` says how many times a process is still found without an environment.
    """

    def __init__(self, *entries: ProcessEntry) -> None:
        self.entries = {entry.pid: entry for entry in entries}
        self.tokens: dict[int, str] = {}
        self.hidden: dict[int, int] = {}
        self.passes = 0

    def scan(self) -> Mapping[int, ProcessEntry]:
        """List all processes, by pid."""
        self.passes += 1
        return dict(self.entries)

    def entry(self, pid: int) -> ProcessEntry | None:
        """Look at one process."""
        return self.entries.get(pid)

    def token(self, pid: int) -> str | None:
        """Read a token, or come nearer to having one."""
        left = self.hidden.get(pid, 0)
        self.hidden[pid] = max(left - 1, 0)
        return "" if left else self.tokens.get(pid)

    def children(self, pid: int) -> Sequence[int]:
        """List children."""
        return [entry.pid for entry in self.entries.values() if entry.ppid == pid]
