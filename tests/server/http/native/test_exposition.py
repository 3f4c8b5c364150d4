import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from pmdaemon.core.metrics import Sample
from pmdaemon.core.process import Online
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.server.http.native import exposition
from pmdaemon.server.http.native.exposition import Reading, expose
from pmdaemon.server.http.native.views import process_view
from tests.fakes.metrics import FakeHostMetrics
from tests.support.builders import NOW, a_process, a_run, an_app, later

UP = ProcessSnapshot(
    a_process(pm_id=0, state=Online(a_run(100)), restarts=2, spec=an_app(namespace="shop")),
    Sample(cpu=250.0, memory=4096, processes=3),
    "/logs/web-0.out",
    "/logs/web-0.err",
    later(61.5),
)
DOWN = ProcessSnapshot(a_process(pm_id=1), Sample(), "", "", NOW)

LABELS = {"id": "0", "name": "web", "namespace": "shop", "instance": "0"}


def scraped(*snapshots):
    reading = Reading("1.2.3", snapshots, FakeHostMetrics().read(), listeners=4, events=17)
    body, _ = expose(reading, "")
    return [
        sample
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    ]


def value(samples, metric, /, **labels):
    (found,) = [
        one for one in samples if one.name == metric and labels.items() <= one.labels.items()
    ]
    return found.value


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pmdaemon_process_up", 1),
        ("pmdaemon_process_restarts_total", 2),
        ("pmdaemon_process_cpu_ratio", 2.5),
        ("pmdaemon_process_memory_bytes", 4096),
        ("pmdaemon_process_members", 3),
        ("pmdaemon_process_uptime_seconds", 61.5),
    ],
)
def test_a_process_is_told_in_base_units(name, expected):
    assert value(scraped(UP, DOWN), name, **LABELS) == expected


def test_what_is_down_is_told_as_well():
    samples = scraped(UP, DOWN)

    assert value(samples, "pmdaemon_process_up", id="1") == 0
    assert value(samples, "pmdaemon_process_status", id="1", status="stopped") == 1
    assert value(samples, "pmdaemon_process_status", id="0", status="online") == 1


@pytest.mark.parametrize(("health", "expected"), [("healthy", 1), ("unhealthy", 0)])
def test_health_is_told_where_it_is_checked(monkeypatch, health, expected):
    assert not any(one.name == "pmdaemon_process_healthy" for one in scraped(UP))

    monkeypatch.setattr(
        exposition, "process_view", lambda one: {**process_view(one), "health_status": health}
    )

    assert value(scraped(UP), "pmdaemon_process_healthy", id="0") == expected


def test_the_machine_and_the_daemon_are_told():
    samples = scraped()

    assert value(samples, "pmdaemon_host_cpu_ratio") == 0.152
    assert value(samples, "pmdaemon_host_load", minutes="5") == 1.5
    assert value(samples, "pmdaemon_host_memory_used_bytes") == 8_388_608_000
    assert value(samples, "pmdaemon_build_info", version="1.2.3") == 1
    assert value(samples, "pmdaemon_live_listeners") == 4
    assert value(samples, "pmdaemon_events_total") == 17


def test_any_name_can_be_told():
    spec = an_app(name='a "b"\n\\ \udcff')
    odd = replace(UP, process=replace(UP.process, spec=spec))

    assert value(scraped(odd), "pmdaemon_process_up", name='a "b"\n\\ ?') == 1


def test_the_format_is_the_one_that_was_asked_for():
    reading = Reading("1", [UP], FakeHostMetrics().read(), listeners=0, events=0)

    plain, plain_type = expose(reading, "text/plain")
    openmetrics, openmetrics_type = expose(reading, "application/openmetrics-text; version=1.0.0")

    assert plain_type.startswith("text/plain")
    assert openmetrics_type.startswith("application/openmetrics-text")
    assert openmetrics.endswith(b"# EOF\n")
    assert not plain.endswith(b"# EOF\n")


def test_what_a_program_reports_of_its_memory_is_told():
    metric = "pmdaemon_process_reported_memory_bytes"
    samples = scraped(replace(UP, telemetry={"memory": {"rss": 5, "heapUsed": 3, "other": 1}}))

    assert value(samples, metric, kind="rss", **LABELS) == 5
    assert value(samples, metric, kind="heapUsed", **LABELS) == 3
    assert {one.labels["kind"] for one in samples if one.name == metric} == {"rss", "heapUsed"}
    assert metric not in {one.name for one in scraped(replace(UP, telemetry={"memory": 5}))}
