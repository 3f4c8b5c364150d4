"""What Prometheus scrapes of deployments: how many, how far, how long, and how often asked for.

Loaded with its library at the first scrape.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from pmdaemon.core.deployments import Deployment, DeploymentStatus
from pmdaemon.core.projects import Project, ProjectStatus
from pmdaemon.server.http.scraping import encoded, registry_of


class Reading(Struct, frozen=True):
    """All that is told at one scrape.

    `latest` are deployments that have come to their end, the youngest first. `requests` are counts
    by service and class of status.
    """

    projects: Mapping[Project, ProjectStatus]
    deployments: Mapping[DeploymentStatus, int]
    latest: Sequence[Deployment]
    requests: Mapping[tuple[str, str], int]
    accounts: int


def expose(reading: Reading, accept: str) -> tuple[bytes, str]:
    """Write a reading as the scraper likes it best; return it with its content type."""
    metrics = [*_counts(reading), _phases(reading), _requests(reading)]
    return encoded(registry_of(metrics), accept)


def _counts(reading: Reading) -> Iterator[Metric]:
    projects = GaugeMetricFamily(
        "pmdaemon_projects", "Projects, by whether they are live.", labels=("status",)
    )
    for status in ProjectStatus:
        projects.add_metric([status], [*reading.projects.values()].count(status))
    yield projects
    deployments = GaugeMetricFamily(
        "pmdaemon_deployments", "Deployments that are remembered.", labels=("status",)
    )
    for of in DeploymentStatus:
        deployments.add_metric([of], reading.deployments.get(of, 0))
    yield deployments
    queued = reading.deployments.get(DeploymentStatus.QUEUED, 0)
    yield GaugeMetricFamily("pmdaemon_deployment_queue", "Deployments that wait.", value=queued)
    yield GaugeMetricFamily("pmdaemon_accounts", "Accounts.", value=reading.accounts)


def _phases(reading: Reading) -> Metric:
    seconds = GaugeMetricFamily(
        "pmdaemon_deployment_phase_seconds",
        "What each phase of a project's latest deployment took.",
        labels=("project", "phase"),
    )
    slugs = {project.id: project.slug for project in reading.projects}
    for one in reading.latest:
        if (slug := slugs.pop(one.project_id, None)) is not None:
            for phase, took in one.phases.items():
                seconds.add_metric([slug, phase], took)
    return seconds


def _requests(reading: Reading) -> Metric:
    requests = CounterMetricFamily(
        "pmdaemon_gateway_requests",
        "Requests that the gateway answered, since this daemon began.",
        labels=("service", "status"),
    )
    for (service, status), count in sorted(reading.requests.items()):
        requests.add_metric([service, status], count)
    return requests
