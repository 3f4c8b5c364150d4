"""A notify socket that a test speaks for."""

from collections.abc import Callable, Sequence

from pmdaemon.core.process import Identity


class FakeNotifySocket:
    """Programs say that they are ready by `tell`."""

    address: str | None = "/run/notify"

    def __init__(self) -> None:
        self._on_ready: Callable[[Sequence[Identity]], None] | None = None

    def attend(self, on_ready: Callable[[Sequence[Identity]], None]) -> None:
        """Call `on_ready` for each READY=1."""
        self._on_ready = on_ready

    def tell(self, *ancestry: Identity) -> None:
        """Send READY=1 as the first of these, whose parents are the others."""
        assert self._on_ready is not None
        self._on_ready(ancestry)
