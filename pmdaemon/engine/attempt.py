"""One deployment while it goes on: how far it is, and its log."""

from collections.abc import Callable, Iterable

from pmdaemon.config.runtimes.missing_programs import NOT_FOUND, missing_program, worded
from pmdaemon.core.deploy_limits import DeployLimits
from pmdaemon.core.deployments import CommitFound, Deployment, Event, Phase, PhaseBegun, step
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.projects import Project
from pmdaemon.engine.deployment_log import DeploymentLog
from pmdaemon.engine.interfaces import Clock
from pmdaemon.engine.interfaces.deploying import BuildOutcome, Commit, DeploymentStore

KILLED = 128 + 9
"""What a shell ends with when what it ran was killed by SIGKILL (sh(1), under exit status)."""


class DeploymentFailed(PmdaemonError):
    """A deployment that cannot go on; the sentence is for its owner."""

    code = "deployment_failed"


class Attempt:
    """Takes a deployment from step to step: stored first, then told.

    `trusted` is whether the project is an administrator's.
    """

    def __init__(
        self,
        project: Project,
        deployment: Deployment,
        *,
        clock: Clock,
        store: DeploymentStore,
        log: DeploymentLog,
        tell: Callable[[Deployment], None],
        limits: DeployLimits,
        trusted: bool,
    ) -> None:
        self.project = project
        self.deployment = deployment
        self.log = log
        self.limits = limits
        self.trusted = trusted
        self._clock = clock
        self._store = store
        self._tell = tell

    @property
    def command_name(self) -> str:
        """What tells the commands of this deployment from all others of this home."""
        return command_name(self.deployment)

    @property
    def app(self) -> str:
        """The name that its apps have, or begin with."""
        return f"{self.project.slug}@{self.deployment.number}"

    async def move(self, event: Event) -> None:
        """Let something happen to it."""
        moved = step(self.deployment, event, self._clock.now().wall)
        self.log.flush()
        await self._store.save(moved)
        self.deployment = moved
        self._tell(moved)

    async def begin(self, phase: Phase) -> None:
        """Go on to a phase."""
        await self.move(PhaseBegun(phase))

    async def found(self, commit: Commit) -> None:
        """Say which commit it is about."""
        self.log.say(f"commit {commit.sha[:7]}: {commit.message}")
        await self.move(CommitFound(commit.sha, commit.message))


def command_name(deployment: Deployment) -> str:
    """Tell the commands of a deployment from all others of this home."""
    return f"build-{deployment.id}"


def check(what: str, outcome: BuildOutcome, said: Iterable[str] = ()) -> None:
    """Go on only if a command has done its work; `said` is the last of what it complained about.

    Raises:
        DeploymentFailed: it has not.

    """
    if not outcome.ok:
        raise DeploymentFailed(f"{what} failed: {_why(outcome, said)}")


def _why(outcome: BuildOutcome, said: Iterable[str]) -> str:
    if outcome.exit is None:
        return outcome.reason
    if outcome.exit.code == NOT_FOUND:
        program = missing_program(said)
        return worded(program) if program is not None else "a program that it calls is not here"
    if outcome.exit.code == KILLED:
        return f"{outcome.exit}, as something of it was killed: perhaps memory ran out"
    return str(outcome.exit)
