import pytest
from prometheus_client.core import GaugeMetricFamily

from pmdaemon.server.http.scraping import encoded, registry_of


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text"),
    ],
)
def test_what_was_worked_out_is_written_as_the_scraper_likes_it(accept, content_type):
    registry = registry_of([GaugeMetricFamily("answer", "What it is.", value=42)])

    body, found = encoded(registry, accept)

    assert b"\nanswer 42.0\n" in body
    assert found.startswith(content_type)
