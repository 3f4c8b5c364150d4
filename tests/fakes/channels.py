"""Channels to programs that are made up: what is sent is remembered."""

from collections.abc import Callable

FIRST = 1000
"""The first of the numbers that stand for descriptors."""


class FakeChannels:
    """Remembers what was sent, as (token, message, descriptor); programs speak by `tell`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, object, int | None]] = []
        self.opened: set[str] = set()
        self._attended: dict[str, Callable[[object, int | None], None]] = {}
        self._next = FIRST

    def tell(self, token: str, message: object, descriptor: int | None = None) -> None:
        """Say something as the program does."""
        self._attended[token](message, descriptor)

    def open(self, token: str) -> int:
        """Make a channel."""
        self.opened.add(token)
        self._next += 1
        return self._next

    def attend(self, token: str, on_message: Callable[[object, int | None], None]) -> None:
        """Listen to a program."""
        if token in self.opened:
            self._attended[token] = on_message

    def send(self, token: str, message: object, descriptor: int | None = None) -> bool:
        """Remember a message, if there is a channel that it can go over."""
        if token not in self._attended:
            return False
        self.sent.append((token, message, descriptor))
        return True

    def close(self, token: str) -> None:
        """Give the channel up."""
        self.opened.discard(token)
        self._attended.pop(token, None)
