"""Pid files in memory."""


class FakePidNotes:
    """Remembers what was written, by path."""

    def __init__(self) -> None:
        self.pids: dict[str, int] = {}

    def write(self, path: str, pid: int) -> None:
        """Write it down."""
        self.pids[path] = pid

    def remove(self, path: str) -> None:
        """Remove it, if it is there."""
        self.pids.pop(path, None)
