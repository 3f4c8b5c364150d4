"""Hooks that are told nothing but what a test looks at."""

from pmdaemon.engine.interfaces import Delivery, HookOrder


class FakeHookDelivery:
    """Delivers everything, unless `results` has something else to say about the next attempts."""

    def __init__(self) -> None:
        self.orders: list[HookOrder] = []
        self.results: list[Delivery] = []

    async def deliver(self, order: HookOrder) -> Delivery:
        """Try once."""
        self.orders.append(order)
        return self.results.pop(0) if self.results else Delivery(ok=True)
