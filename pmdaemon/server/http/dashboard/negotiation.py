"""Whether somebody who asks would rather look at a page or read JSON (RFC 9110, 12.5.1)."""

from collections.abc import Iterable

HTML = "text/html"
JSON = "application/json"


def prefers_page(accept: Iterable[str]) -> bool:
    """Tell by the values of `Accept` headers whether HTML is named, and liked no less than JSON.

    Browsers name it. A `*/*`, which curl and `fetch` send, names nothing.
    """
    wanted = dict(_liking(one) for value in accept for one in value.split(","))
    return wanted.get(HTML, 0.0) > 0 and wanted[HTML] >= wanted.get(JSON, 0.0)


def _liking(media_range: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in media_range.split(";"))
    weights = [text for key, _, text in (one.partition("=") for one in parameters) if key == "q"]
    try:
        return name, float(weights[0]) if weights else 1.0
    except ValueError:
        return name, 0.0
