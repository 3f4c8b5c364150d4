"""Projects: what is deployed, whose it is, and what belongs to it.

What is not the asker's is not there. What runs of a project is the affair of its follower.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec.structs import replace

from pmdaemon.core.accounts import Asker
from pmdaemon.core.deployments import Deployment, Origin
from pmdaemon.core.errors import InvalidInput, Unsupported
from pmdaemon.core.platform_errors import (
    DomainNotFound,
    LimitReached,
    ProjectNotFound,
)
from pmdaemon.core.project_fields import MOST_PROJECTS, read_fields, slug_for
from pmdaemon.core.projects import Domain, EnvScope, Project, ProjectStatus
from pmdaemon.engine.interfaces import Clock
from pmdaemon.engine.interfaces.platform import PlatformChanges, PlatformStore, ProjectFollower
from pmdaemon.engine.project_domains import ProjectDomains
from pmdaemon.engine.project_variables import ProjectVariables


class NothingDeployed:
    """A `ProjectFollower` of a daemon that deploys nothing."""

    is_working = True

    def status(self, _project_id: str) -> ProjectStatus:
        """Say that it is not live."""
        return ProjectStatus.INACTIVE

    def url(self, _project: Project) -> str:
        """Say that it answers nowhere."""
        return ""

    async def request(
        self,
        project: Project,
        *,
        user_id: str,  # noqa: ARG002 - as the interface has it
        branch: str = "",  # noqa: ARG002 - as above
        sha: str = "",  # noqa: ARG002 - as above
        message: str = "",  # noqa: ARG002 - as above
        origin: Origin = Origin.API,  # noqa: ARG002 - as above
    ) -> Deployment:
        """Refuse."""
        raise Unsupported(f"cannot deploy {project.name}: nothing is deployed here")

    async def hosts_changed(self, project: Project) -> None:
        """Route nothing."""

    async def forget(self, project: Project) -> None:
        """End nothing."""


class Projects:
    """All projects, in memory and in the store.

    `occupied` are names that slugs may not have, as something else is called so already;
    `usual_keep` is how many releases a project keeps that does not say so itself.
    """

    def __init__(
        self,
        *,
        store: PlatformStore,
        clock: Clock,
        variables: ProjectVariables,
        domains: ProjectDomains,
        occupied: Callable[[], Collection[str]],
        new_id: Callable[[], str],
        usual_keep: Callable[[], int],
    ) -> None:
        self._usual_keep = usual_keep
        self._store = store
        self._clock = clock
        self._occupied = occupied
        self._new_id = new_id
        self._by_id: dict[str, Project] = {}
        self._lock = asyncio.Lock()
        self.variables = variables
        self.domains = domains
        self.follower: ProjectFollower = NothingDeployed()

    def adopt(self, projects: Iterable[Project]) -> None:
        """Begin with what the store has."""
        self._by_id = {one.id: one for one in projects}

    def follow(self, follower: ProjectFollower) -> None:
        """Say who has to do with what is live."""
        self.follower = follower

    # Looking.

    def list(self, asker: Asker) -> Sequence[Project]:
        """List the projects of an asker, the newest first."""
        return [one for one in reversed(self._by_id.values()) if asker.may_have(one.user_id)]

    def get(self, asker: Asker, requested: str) -> Project:
        """Find a project by its id or slug.

        Raises:
            ProjectNotFound: there is none, or none of this asker's.

        """
        project = self.find(requested)
        if project is None or not asker.may_have(project.user_id):
            raise ProjectNotFound(requested)
        return project

    def find(self, requested: str) -> Project | None:
        """Find a project by its id or slug, whosever it is."""
        if (project := self._by_id.get(requested)) is not None:
            return project
        return next((one for one in self._by_id.values() if one.slug == requested), None)

    def environment(self, project_id: str, scope: EnvScope) -> Mapping[str, str]:
        """Open the variables that a program of this project gets; see `ProjectVariables`."""
        return self.variables.environment(project_id, scope)

    def hosts(self, project_id: str) -> Sequence[str]:
        """List the hosts that are to be routed to a project."""
        return self.domains.hosts(project_id)

    # Changing.

    async def create(self, asker: Asker, given: Mapping[str, object]) -> Project:
        """Make a project of these fields, of which `name` and `repo_url` have to be there.

        Raises:
            InvalidInput: one is missing, or cannot be used.
            LimitReached: the asker has too many.

        """
        for needed in ("name", "repo_url"):
            if needed not in given:
                raise InvalidInput(f"{needed} is missing", code="invalid_project", field=needed)
        fields = {"keep": self._usual_keep(), **read_fields(given, trusted=asker.all)}
        async with self._lock:
            owned = [one for one in self._by_id.values() if one.user_id == asker.account]
            if len(owned) >= MOST_PROJECTS:
                raise LimitReached(f"an account has up to {MOST_PROJECTS} projects")
            taken = {one.slug for one in self._by_id.values()} | {*self._occupied()}
            now = self._clock.now().wall
            project = Project(
                id=self._new_id(),
                user_id=asker.account,
                slug=slug_for(str(fields["name"]), taken),
                created=now,
                updated=now,
                **fields,  # type: ignore[arg-type] # each was checked by its name
            )
            await self._write(project)
        return project

    async def change(self, asker: Asker, requested: str, given: Mapping[str, object]) -> Project:
        """Set the fields that are given; the others stay, and so does the slug.

        Raises:
            ProjectNotFound: it is not there for this asker.
            InvalidInput: a field cannot be used.

        """
        self.get(asker, requested)
        fields = read_fields(given, trusted=asker.all)
        async with self._lock:
            project = self.get(asker, requested)
            changed = replace(project, updated=self._clock.now().wall, **fields)
            await self._write(changed)
        return changed

    async def delete(self, asker: Asker, requested: str) -> Project:
        """Have a project no more: what runs of it ends, and all that belongs to it goes.

        Raises:
            ProjectNotFound: it is not there for this asker.
            PmdaemonError: something of it could not be ended; it is there still.

        """
        project = self.get(asker, requested)
        await self.follower.forget(project)
        async with self._lock:
            self.get(asker, project.id)
            await self._store.commit(PlatformChanges(projects_removed=[project.id]))
            del self._by_id[project.id]
            self.variables.forget(project.id)
            self.domains.forget(project.id)
        return project

    # Domains, of which what is routed changes with them.

    def list_domains(self, asker: Asker) -> Sequence[Domain]:
        """List the domains of an asker, the oldest first."""
        return [one for one in self.domains.list() if asker.may_have(one.user_id)]

    async def add_domain(self, asker: Asker, requested: str, host: str) -> Domain:
        """Claim a domain for a project.

        Raises:
            ProjectNotFound: it is not there for this asker.
            PmdaemonError: it cannot be had; see `ProjectDomains`.

        """
        async with self._lock:
            project = self.get(asker, requested)
            return await self.domains.add(project, host)

    async def verify_domain(self, asker: Asker, requested: str, *, trust: bool = False) -> Domain:
        """Look whether a domain shows its proof, or `trust` an administrator's word; route it.

        Raises:
            DomainNotFound: it is not there for this asker.
            DomainUnproven: the proof is not to be seen.

        """
        found = self._domain(asker, requested)
        domain = await self.domains.verify(found.id, trusted=trust and asker.all)
        await self._rehost(domain)
        return domain

    async def remove_domain(self, asker: Asker, requested: str) -> Domain:
        """Have a domain no more, and route it no longer.

        Raises:
            DomainNotFound: it is not there for this asker.

        """
        domain = await self.domains.remove(self._domain(asker, requested).id)
        await self._rehost(domain)
        return domain

    def _domain(self, asker: Asker, requested: str) -> Domain:
        for one in self.domains.list():
            if requested in {one.id, one.host} and asker.may_have(one.user_id):
                return one
        raise DomainNotFound(requested)

    async def _rehost(self, domain: Domain) -> None:
        if domain.verified and (project := self._by_id.get(domain.project_id)) is not None:
            await self.follower.hosts_changed(project)

    async def _write(self, project: Project) -> None:
        await self._store.commit(PlatformChanges(projects_written=[project]))
        self._by_id[project.id] = project
