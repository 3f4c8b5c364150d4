"""Making a release: fetch, find out, install, build.

Nothing of what runs is touched by it. The folder of a release that could not be made is removed.
"""

from collections import deque
from collections.abc import Mapping
from pathlib import PurePath

from pmdaemon.config import deployed_apps
from pmdaemon.config.release_plans import plan
from pmdaemon.core.deployments import Phase, ReleaseMade
from pmdaemon.core.projects import EnvScope
from pmdaemon.core.releases import Overrides, Release
from pmdaemon.core.repositories import PUSHED
from pmdaemon.engine.attempt import Attempt, check
from pmdaemon.engine.interfaces import Clock
from pmdaemon.engine.interfaces.deploying import (
    Builder,
    BuildOrder,
    DeploymentStore,
    FetchOrder,
    Projects,
    ReleaseFolders,
    Repositories,
)

REPOSITORY_TOKEN = "REPOSITORY_TOKEN"  # noqa: S105 - the name of a variable
"""The variable of a project that opens its repository, where it is not for everybody."""

LAST_COMPLAINTS = 20
"""Lines of its standard error that may say why a command failed."""

FOLDER_VARIABLES = ("RELEASE_DIR", "HOME", "SHARED_DIR")
"""The variables that say which folders of the home are a release's own."""


class ReleaseMaker:
    """Makes releases.

    `surroundings` is what commands and programs learn of the daemon's environment.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        projects: Projects,
        store: DeploymentStore,
        repositories: Repositories,
        folders: ReleaseFolders,
        builder: Builder,
        surroundings: Mapping[str, str],
    ) -> None:
        self._clock = clock
        self._projects = projects
        self._store = store
        self._repositories = repositories
        self._folders = folders
        self._builder = builder
        self._surroundings = surroundings

    async def make(self, attempt: Attempt) -> Release:
        """Bring a release about.

        Raises:
            PmdaemonError: it cannot be made; nothing of it is left.

        """
        try:
            release = await self._fetched(attempt)
            await self._build(attempt, release)
        except BaseException:
            await self._clean(attempt)
            raise
        await self._store.add_release(release)
        await attempt.move(ReleaseMade(release.number))
        return release

    def environment(self, attempt: Attempt, release: Release) -> Mapping[str, str]:
        """Say what programs and commands of a release find, beside the project's variables."""
        project_id = attempt.project.id
        return {
            **self._surroundings,
            "PATH": deployed_apps.commands_path(release, self._surroundings["PATH"]),
            "HOME": self._folders.build_home(project_id),
            "LANG": "C.UTF-8",
            "TMPDIR": str(PurePath(self._folders.build_home(project_id), "tmp")),
            "SHARED_DIR": self._folders.shared(project_id),
            "RELEASE_DIR": release.folder,
            "GIT_COMMIT": release.commit_sha,
        }

    async def run(self, attempt: Attempt, release: Release, phase: Phase, command: str) -> None:
        """Run a command of a release, in a phase of its own.

        Raises:
            DeploymentFailed: it did not do its work.

        """
        await attempt.begin(phase)
        attempt.log.say(f"$ {command}")
        is_before = phase in {Phase.INSTALL, Phase.BUILD}
        scope = EnvScope.BUILD if is_before else EnvScope.RUN
        environment = self.environment(attempt, release)
        variables = self._projects.environment(attempt.project.id, scope)
        own = release.plan.build_env if is_before else release.plan.run_env
        order = BuildOrder(
            name=attempt.command_name,
            command=command,
            cwd=str(PurePath(release.folder, release.plan.run_dir)),
            env={**environment, **own, **variables, "PATH": environment["PATH"]},
            timeout={
                Phase.INSTALL: attempt.limits.install,
                Phase.BUILD: attempt.limits.build,
            }.get(phase, attempt.limits.release),
            memory=attempt.limits.memory,
            processes=attempt.limits.processes,
            visible_folders=tuple(environment[name] for name in FOLDER_VARIABLES),
        )
        said: deque[str] = deque(maxlen=LAST_COMPLAINTS)

        def hear(line: str) -> bool:
            said.append(line)
            return attempt.log.err(line)

        check(phase.value, await self._builder.run(order, attempt.log.out, hear), said)

    async def _fetched(self, attempt: Attempt) -> Release:
        project, deployment = attempt.project, attempt.deployment
        await attempt.begin(Phase.FETCH)
        if project.repo_url == PUSHED:
            attempt.log.say(f"taking {deployment.branch} as it was pushed")
        else:
            attempt.log.say(f"fetching {deployment.branch} of {project.repo_url}")
        variables = self._projects.environment(project.id, EnvScope.BUILD)
        commit = await self._repositories.fetch(
            FetchOrder(
                project_id=project.id,
                name=attempt.command_name,
                repo_url=project.repo_url,
                branch=deployment.branch,
                sha=deployment.commit_sha,
                token=variables.get(REPOSITORY_TOKEN, ""),
                trusted=attempt.trusted,
                timeout=attempt.limits.fetch,
            ),
            attempt.log.err,
        )
        await attempt.found(commit)
        folder = self._folders.make(project.id, f"{deployment.number}-{commit.sha[:7]}")
        await self._repositories.check_out(
            project.id, commit.sha, folder, attempt.log.say, name=attempt.command_name
        )
        found = plan(
            self._folders.listing(folder, project.run_dir),
            Overrides(
                install=project.install_command,
                build=project.build_command,
                start=project.start_command,
                run_dir=project.run_dir,
            ),
        )
        for reason in found.reasons:
            attempt.log.say(reason)
        return Release(
            project_id=project.id,
            number=deployment.number,
            deployment_id=deployment.id,
            commit_sha=commit.sha,
            commit_msg=commit.message,
            branch=deployment.branch,
            folder=folder,
            plan=found,
            created=self._clock.now().wall,
        )

    async def _build(self, attempt: Attempt, release: Release) -> None:
        for phase, command in (
            (Phase.INSTALL, release.plan.install),
            (Phase.BUILD, release.plan.build),
        ):
            if command:
                await self.run(attempt, release, phase, command)

    async def _clean(self, attempt: Attempt) -> None:
        kept = await self._store.releases(attempt.project.id)
        await self._folders.keep_only(attempt.project.id, {one.folder for one in kept})
