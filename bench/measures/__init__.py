"""One module a measure; each has `measure(pair, effort)`, which returns figures."""

from collections.abc import Callable, Sequence

from bench.figures import Figure
from bench.managers import Pair
from bench.measures import (
    capture,
    cluster,
    crash,
    deploy,
    footprint,
    gateway,
    growth,
    http,
    list_command,
    live,
    many,
    start,
    watch,
)

Measure = Callable[[Pair, float], Sequence[Figure]]

ALL: dict[str, Measure] = {
    "list": list_command.measure,
    "start": start.measure,
    "many": many.measure,
    "thousand": many.measure_thousand,
    "idle": footprint.measure,
    "idle-thousand": footprint.measure_thousand,
    "growth": growth.measure,
    "watch": watch.measure,
    "capture": capture.measure,
    "crash": crash.measure,
    "cluster": cluster.measure,
    "http": http.measure,
    "gateway": gateway.measure,
    "live": live.measure,
    "deploy": deploy.measure,
}
"""By the name to call it by. `effort` scales how often, how long and how much."""


def describe(name: str) -> str:
    """Say what a measure is, in the words of its module."""
    doc = ALL[name].__doc__ or ""
    return doc.splitlines()[0]
