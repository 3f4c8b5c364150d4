import pytest

from pmdaemon.core.deployment_health import event_for
from pmdaemon.core.deployments import AppCameBack, AppFailed, AppStopped, DeploymentStatus
from pmdaemon.core.process import Backoff, Errored, Exited, Online, Starting, Stopped, Wish
from pmdaemon.core.spec import Job, Schedule
from tests.core.test_deployments import a_deployment
from tests.support.builders import NOW, a_process, a_run, an_app

S = DeploymentStatus

UP = a_process(state=Online(a_run()))
DOWN = a_process(state=Stopped(), wish=Wish.DOWN)
GIVEN_UP = a_process(state=Errored("too many restarts"))
A_JOB = a_process(state=Stopped(), spec=an_app(job=Job(Schedule("0 0 * * *"))))


@pytest.mark.parametrize(
    ("status", "processes", "news"),
    [
        (S.RUNNING, [UP], None),
        (S.RUNNING, [UP, A_JOB], None),
        (S.RUNNING, [DOWN], AppStopped()),
        (S.RUNNING, [], AppStopped()),
        (S.RUNNING, [a_process(state=Exited())], AppStopped()),
        (S.RUNNING, [a_process(state=Backoff(NOW, 1.0))], None),
        (S.RUNNING, [a_process(state=Starting())], None),
        (S.RUNNING, [GIVEN_UP], AppFailed("web: too many restarts")),
        (S.RUNNING, [UP, GIVEN_UP], AppFailed("web: too many restarts")),
        (S.FAILED, [GIVEN_UP], None),
        (S.FAILED, [UP], AppCameBack()),
        (S.FAILED, [DOWN], AppStopped()),
        (S.STOPPED, [DOWN], None),
        (S.STOPPED, [UP], AppCameBack()),
        (S.STOPPED, [GIVEN_UP], AppFailed("web: too many restarts")),
    ],
)
def test_a_deployment_follows_its_apps(status, processes, news):
    assert event_for(a_deployment(status=status), processes) == news
