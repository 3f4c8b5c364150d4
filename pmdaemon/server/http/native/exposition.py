"""What Prometheus scrapes: processes, the machine, and the daemon itself.

Base units throughout, as its conventions have it: seconds, bytes, and ratios where 1 is a whole
core or a whole machine. Loaded with its library at the first scrape.
"""

import os
from collections.abc import Iterator, Sequence

from msgspec import Struct
from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from pmdaemon.core.metrics import HostSample
from pmdaemon.core.process import Online
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.server.http.native.views import process_view, status_word
from pmdaemon.server.http.scraping import encoded, registry_of

PROCESS_LABELS = ("id", "name", "namespace", "instance")

HEALTH_VALUES = {"healthy": 1.0, "unhealthy": 0.0}
"""What is not checked has no sample."""


class Reading(Struct, frozen=True):
    """All that is told at one scrape."""

    version: str
    snapshots: Sequence[ProcessSnapshot]
    host: HostSample
    listeners: int
    events: int


def expose(reading: Reading, accept: str) -> tuple[bytes, str]:
    """Write a reading as the scraper likes it best; return it with its content type."""
    registry = registry_of(
        [*_processes(reading.snapshots), *_host(reading.host), *_daemon(reading)]
    )
    ProcessCollector(namespace="pmdaemon_daemon", pid=os.getpid, registry=registry)
    return encoded(registry, accept)


def _processes(snapshots: Sequence[ProcessSnapshot]) -> Iterator[Metric]:
    """Word the processes, a metric at a time."""
    labelled = [(_labels(one), one) for one in snapshots]
    up = _gauge("pmdaemon_process_up", "Whether the program runs.", PROCESS_LABELS)
    status = _gauge(
        "pmdaemon_process_status", "1 for the status it has.", (*PROCESS_LABELS, "status")
    )
    restarts = CounterMetricFamily(
        "pmdaemon_process_restarts", "How often it was started again.", labels=PROCESS_LABELS
    )
    cpu = _gauge("pmdaemon_process_cpu_ratio", "Cores in use, with all it started.", PROCESS_LABELS)
    memory = _gauge(
        "pmdaemon_process_memory_bytes", "Resident memory, with all it started.", PROCESS_LABELS
    )
    members = _gauge("pmdaemon_process_members", "Processes in its tree.", PROCESS_LABELS)
    uptime = _gauge("pmdaemon_process_uptime_seconds", "Since its latest start.", PROCESS_LABELS)
    healthy = _gauge(
        "pmdaemon_process_healthy", "What its health check said; none without.", PROCESS_LABELS
    )
    reported = _gauge(
        "pmdaemon_process_reported_memory_bytes",
        "What it reports of its memory itself.",
        (*PROCESS_LABELS, "kind"),
    )
    for labels, one in labelled:
        for kind, size in _reported_memory(one):
            reported.add_metric([*labels, kind], size)
        up.add_metric(labels, float(isinstance(one.process.state, Online)))
        status.add_metric([*labels, status_word(one.process)], 1.0)
        restarts.add_metric(labels, one.process.restarts)
        cpu.add_metric(labels, one.sample.cpu / 100)
        memory.add_metric(labels, one.sample.memory)
        members.add_metric(labels, one.sample.processes)
        uptime.add_metric(labels, one.uptime)
        if (health := HEALTH_VALUES.get(process_view(one)["health_status"])) is not None:
            healthy.add_metric(labels, health)
    yield from (up, status, restarts, cpu, memory, members, uptime, healthy, reported)


def _reported_memory(snapshot: ProcessSnapshot) -> Iterator[tuple[str, float]]:
    memory = (snapshot.telemetry or {}).get("memory")
    for kind in ("rss", "heapTotal", "heapUsed", "external"):
        size = memory.get(kind) if isinstance(memory, dict) else None
        if isinstance(size, int | float):
            yield kind, float(size)


def _host(host: HostSample) -> Iterator[Metric]:
    yield _one("pmdaemon_host_cpu_ratio", "The share of all cores in use.", host.cpu / 100)
    yield _one("pmdaemon_host_cores", "Cores of the machine.", host.cores)
    yield _one("pmdaemon_host_uptime_seconds", "Since the machine was started.", host.uptime)
    load = _gauge("pmdaemon_host_load", "Load average.", ("minutes",))
    for minutes, value in zip(("1", "5", "15"), host.load_average, strict=True):
        load.add_metric([minutes], value)
    yield load
    for name, usage in (("memory", host.memory), ("disk", host.disk)):
        yield _one(f"pmdaemon_host_{name}_total_bytes", f"All {name} there is.", usage.total)
        yield _one(f"pmdaemon_host_{name}_used_bytes", f"The {name} in use.", usage.used)


def _daemon(reading: Reading) -> Iterator[Metric]:
    build = _gauge("pmdaemon_build_info", "The daemon that answers.", ("version",))
    build.add_metric([reading.version], 1.0)
    yield build
    yield _one("pmdaemon_live_listeners", "Clients of /ws and /api/events.", reading.listeners)
    yield CounterMetricFamily(
        "pmdaemon_events", "What happened to processes, since this daemon began.", reading.events
    )


def _gauge(name: str, text: str, labels: Sequence[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _labels(snapshot: ProcessSnapshot) -> list[str]:
    process = snapshot.process
    values = (process.pm_id, process.name, process.spec.namespace, process.instance)
    # A name from a command line may hold bytes that are no UTF-8.
    return [str(value).encode("utf-8", "replace").decode() for value in values]
