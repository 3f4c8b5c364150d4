import pytest

from pmdaemon.core.deploy_limits import DeployLimits
from pmdaemon.core.deployments import Begun, DeploymentConflict, DeploymentStatus, Phase, WentLive
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.process import Exit
from pmdaemon.engine.attempt import Attempt, DeploymentFailed, check, command_name
from pmdaemon.engine.deployment_log import DeploymentLog, Followers
from pmdaemon.engine.interfaces.deploying import BuildOutcome, Commit
from tests.core.test_deployments import a_deployment
from tests.fakes.clock import FakeClock
from tests.fakes.deploying import MemoryDeploymentLogs, MemoryDeployments
from tests.support.deploying import a_project


def an_attempt(store, told):
    clock, deployment = FakeClock(), a_deployment()
    log = DeploymentLog(
        deployment,
        clock=clock,
        logs=MemoryDeploymentLogs(),
        followers=Followers(),
        largest=1000,
    )
    return Attempt(
        a_project(),
        deployment,
        clock=clock,
        store=store,
        log=log,
        tell=told.append,
        limits=DeployLimits(),
        trusted=True,
    )


async def test_a_step_is_stored_and_then_told():
    store, told = MemoryDeployments(), []
    attempt = an_attempt(store, told)

    await attempt.move(Begun())
    await attempt.begin(Phase.FETCH)
    await attempt.found(Commit("abc", "First"))

    assert [one.status for one in told] == [DeploymentStatus.BUILDING] * 3
    assert await store.get("d1") == attempt.deployment == told[-1]
    assert attempt.deployment.commit_sha == "abc"


async def test_a_step_that_cannot_be_stored_is_not_taken():
    store, told = MemoryDeployments(), []
    attempt = an_attempt(store, told)
    store.failure = StoreUnavailable("full")

    with pytest.raises(StoreUnavailable):
        await attempt.move(Begun())

    assert attempt.deployment.status is DeploymentStatus.QUEUED
    assert told == []


async def test_a_step_that_does_not_follow_is_refused():
    attempt = an_attempt(MemoryDeployments(), [])

    with pytest.raises(DeploymentConflict):
        await attempt.move(WentLive("shop@3", ""))


def test_names():
    attempt = an_attempt(MemoryDeployments(), [])

    assert (attempt.app, attempt.command_name) == ("shop@3", "build-d1")
    assert command_name(attempt.deployment) == "build-d1"


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (BuildOutcome(Exit(code=2)), "build failed: exit code 2"),
        (BuildOutcome(Exit(signal=9)), "build failed: signal 9"),
        (BuildOutcome(Exit(code=137)), "exit code 137, as something of it was killed: perhaps"),
        (BuildOutcome(Exit(code=127)), "a program that it calls is not here"),
        (BuildOutcome(None, "it took too long"), "build failed: it took too long"),
    ],
)
def test_a_command_that_failed_is_the_end(outcome, reason):
    with pytest.raises(DeploymentFailed, match=r"^build failed: ") as failed:
        check("build", outcome)

    assert reason in failed.value.message


def test_a_program_that_is_missing_is_named():
    with pytest.raises(DeploymentFailed, match=r"^install failed: uv is not installed"):
        check("install", BuildOutcome(Exit(code=127)), ["sh: 1: uv: not found"])


def test_a_command_that_did_not_fail_is_not():
    check("build", BuildOutcome(Exit(code=0)))
