"""Answering Prometheus; loaded with its library at the first scrape."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector


class _Collected(Collector):
    """Hands out what was worked out before."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        """Give everything."""
        return self._metrics


def registry_of(metrics: Iterable[Metric]) -> CollectorRegistry:
    """Make a registry, for one scrape, of what was worked out for it."""
    registry = CollectorRegistry()
    registry.register(_Collected(metrics))
    return registry


def encoded(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Write what is registered as the scraper likes it best; return it with its content type."""
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
