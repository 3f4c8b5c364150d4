from prometheus_client.parser import text_string_to_metric_families

from pmdaemon.core.deployments import Deployment, DeploymentStatus
from pmdaemon.core.projects import Project, ProjectStatus
from pmdaemon.server.http.pushpaka.exposition import Reading, expose

SHOP = Project(
    id="p1", user_id="a1", name="Shop", slug="shop", repo_url="x", created=0.0, updated=0.0
)


def a_deployment(number, **phases):
    return Deployment(
        id=f"d{number}",
        project_id="p1",
        user_id="a1",
        number=number,
        status=DeploymentStatus.RUNNING,
        phases=phases,
        created=0.0,
        updated=0.0,
    )


def samples(reading):
    body, _ = expose(reading, "")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_deployments_are_told_by_status_phase_and_use():
    told = samples(
        Reading(
            projects={SHOP: ProjectStatus.ACTIVE},
            deployments={DeploymentStatus.RUNNING: 1, DeploymentStatus.QUEUED: 2},
            latest=[a_deployment(2, build=1.5), a_deployment(1, build=9.0)],
            requests={("shop", "2xx"): 7},
            accounts=3,
        )
    )

    assert told["pmdaemon_projects", "active"] == 1
    assert told["pmdaemon_projects", "inactive"] == 0
    assert told["pmdaemon_deployments", "running"] == 1
    assert told["pmdaemon_deployments", "failed"] == 0
    assert told[("pmdaemon_deployment_queue",)] == 2
    assert told["pmdaemon_deployment_phase_seconds", "build", "shop"] == 1.5
    assert told["pmdaemon_gateway_requests_total", "shop", "2xx"] == 7
    assert told[("pmdaemon_accounts",)] == 3


def test_nothing_at_all_can_be_told_too():
    told = samples(Reading(projects={}, deployments={}, latest=[], requests={}, accounts=0))

    assert told["pmdaemon_deployments", "running"] == 0
