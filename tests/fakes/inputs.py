"""Standard inputs that nobody reads: what is written is remembered."""


class FakeInputs:
    """Remembers what was written, by the name of the run."""

    def __init__(self) -> None:
        self.written: dict[str, bytes] = {}
        self.full: set[str] = set()

    def open(self, name: str) -> str:
        """Make an input."""
        self.written[name] = b""
        return f"/inputs/{name}"

    def write(self, name: str, data: bytes) -> bool:
        """Write to a program that has an input, and room in it."""
        if name not in self.written or name in self.full:
            return False
        self.written[name] += data
        return True

    def close(self, name: str) -> None:
        """Be done with an input."""
        self.written.pop(name, None)
