"""What docs/prometheus.md and the dashboard for Grafana say of the metrics is so."""

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from pmdaemon.core.health import Health, HealthStatus
from pmdaemon.core.metrics import Sample
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.server.http.native.exposition import Reading, expose
from tests.fakes.metrics import FakeHostMetrics
from tests.support.builders import NOW, a_process

DOCS = Path(__file__).parents[3] / "docs"

TEXT = (DOCS / "prometheus.md").read_text(encoding="utf-8")
DASHBOARD = json.loads((DOCS / "grafana.json").read_text(encoding="utf-8"))

REPORT = {"memory": {"rss": 5}}


def told():
    health = Health(HealthStatus.HEALTHY)
    snapshot = ProcessSnapshot(a_process(), Sample(), "", "", NOW, health, REPORT)
    reading = Reading("1", [snapshot], FakeHostMetrics().read(), listeners=0, events=0)
    body, _ = expose(reading, "")
    families = text_string_to_metric_families(body.decode())
    return {sample.name for family in families for sample in family.samples}


def names(text):
    return set(re.findall(r"\bpmdaemon_\w+", text))


def expressions():
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    variables = [
        one["query"]["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"
    ]
    return [*panels, *variables]


def test_all_metrics_are_described_and_no_others():
    described = set(re.findall(r"^\| `(pmdaemon_\w+)` \|", TEXT, re.MULTILINE))

    assert described == told()


def test_the_alerts_and_the_dashboard_ask_for_what_there_is():
    assert names(TEXT) <= told()
    assert names("\n".join(expressions())) <= told()


def test_the_panels_of_the_dashboard_do_not_overlap():
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
