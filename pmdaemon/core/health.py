"""Whether a program does its work: what follows from one probe after the other.

Words as with Docker: a program is STARTING until a probe succeeds, HEALTHY from then on, and
UNHEALTHY after so many failures in a row. Failures within the start period do not count. Until it
is healthy for the first time it is probed every second or so: somebody may be waiting for it.
"""

from enum import StrEnum

from msgspec import Struct

from pmdaemon.core.process import Instant
from pmdaemon.core.spec import HealthCheck

EAGER_INTERVAL = 1.0
"""Seconds between two probes while the program gets ready, if it is not to be probed more often."""


class HealthStatus(StrEnum):
    """What is thought of a program that is checked."""

    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class ProbeResult(Struct, frozen=True):
    """What one probe found out, in a few words, and how many seconds it took."""

    ok: bool
    detail: str
    seconds: float


class Health(Struct, frozen=True):
    """What is known of a program's health; `failures` are those in a row that count."""

    status: HealthStatus = HealthStatus.STARTING
    failures: int = 0
    last: ProbeResult | None = None
    at: Instant | None = None


def observed(
    check: HealthCheck, health: Health, result: ProbeResult, *, since: Instant, at: Instant
) -> Health:
    """Take in what a probe found of a program that runs since then."""
    if result.ok:
        return Health(HealthStatus.HEALTHY, 0, result, at)
    is_starting = health.status is HealthStatus.STARTING
    if is_starting and at.monotonic - since.monotonic < check.start_period:
        return Health(HealthStatus.STARTING, 0, result, at)
    failures = health.failures + 1
    status = HealthStatus.UNHEALTHY if failures >= check.retries else health.status
    return Health(status, failures, result, at)


def wait(check: HealthCheck, health: Health, *, since: Instant, at: Instant) -> float:
    """Say in how many seconds the next probe is due."""
    running = at.monotonic - since.monotonic
    is_getting_ready = health.status is HealthStatus.STARTING and (
        health.last is None or running < check.start_period
    )
    return min(check.interval, EAGER_INTERVAL) if is_getting_ready else check.interval
