"""A prober that is told what to find."""

from pmdaemon.core.health import ProbeResult
from pmdaemon.engine.interfaces import ProbeOrder


class FakeProber:
    """Finds everything in order, but for the targets that `failing` gives a reason for."""

    def __init__(self) -> None:
        self.failing: dict[str, str] = {}
        self.orders: list[ProbeOrder] = []

    async def probe(self, order: ProbeOrder) -> ProbeResult:
        """Ask once."""
        self.orders.append(order)
        reason = self.failing.get(order.target)
        return ProbeResult(reason is None, reason or "connected", 0.01)
