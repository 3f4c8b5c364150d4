"""Deployments that have apps: which app is whose, and what becomes of it.

An app may be stopped, started and given up like any other; its deployment follows. The variables of
a project reach its programs here, at each start, and are nowhere else.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from pmdaemon.core.deployment_health import event_for
from pmdaemon.core.deployments import AppStopped, Deployment, DeploymentStatus, Event, step
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.notices import Notice, ProcessChanged
from pmdaemon.core.process import Process
from pmdaemon.core.projects import EnvScope
from pmdaemon.engine import tasks
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Clock
from pmdaemon.engine.interfaces.deploying import DeploymentStore, Projects
from pmdaemon.engine.release_making import FOLDER_VARIABLES

log = logging.getLogger(__name__)

OURS = frozenset({"PATH", "PORT"})
"""Variables that a deployed program gets from us, whatever the project says."""


def base_of(name: str) -> str:
    """Say what the names of all apps of a deployment begin with."""
    return name.partition(".")[0]


class LiveDeployments:
    """Knows which apps are deployed, and has the store know how they are.

    Args:
        now: lists all processes as they are.
        tell: is called with each deployment that has changed.

    """

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        store: DeploymentStore,
        projects: Projects,
        now: Callable[[], Iterable[Process]],
        tell: Callable[[Deployment], None],
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._store = store
        self._projects = projects
        self._now = now
        self._tell = tell
        self._by_app: dict[str, Deployment] = {}
        self._owners: dict[str, str] = {}
        self._changed: set[str] = set()
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow apps from now on."""
        self._bus.subscribe(self._on_notice, ProcessChanged)

    def environment(self, process: Process) -> Mapping[str, str]:
        """Give the variables that a program of a project gets; none for any other program.

        Raises:
            PmdaemonError: they cannot be opened.

        """
        project_id = self._owners.get(base_of(process.name))
        if project_id is None:
            return {}
        found = self._projects.environment(project_id, EnvScope.RUN)
        return {name: value for name, value in found.items() if name not in OURS}

    def visible_folders(self, process: Process) -> tuple[str, ...] | None:
        """List what of the home a deployed program may see; None for any other program."""
        if base_of(process.name) not in self._owners:
            return None
        return tuple(process.spec.inherited_env[name] for name in FOLDER_VARIABLES)

    def own(self, app: str, project_id: str) -> None:
        """Say whose the apps are whose names begin so, before they are started."""
        self._owners[app] = project_id

    def disown(self, app: str) -> None:
        """Say that there are none of these any more."""
        self._owners.pop(app, None)

    def adopt(self, deployment: Deployment) -> None:
        """Follow the apps of a deployment."""
        self._by_app[deployment.app] = deployment
        self.own(deployment.app, deployment.project_id)

    def look(self) -> None:
        """See what has become of all of them meanwhile."""
        for app in self._by_app:
            self._note(app)

    def of(self, project_id: str) -> Deployment | None:
        """Find the deployment that is live, or was at last, of a project."""
        found = [one for one in self._by_app.values() if one.project_id == project_id]
        return max(found, key=lambda one: one.number, default=None)

    def all(self) -> Sequence[Deployment]:
        """List all of them."""
        return [*self._by_app.values()]

    def find(self, deployment_id: str) -> Deployment | None:
        """Find a deployment that has apps, as it is now."""
        return next((one for one in self._by_app.values() if one.id == deployment_id), None)

    async def end(self, deployment: Deployment, event: Event) -> None:
        """Follow a deployment no longer, for this reason."""
        current = self._by_app.pop(deployment.app, deployment)
        await self._move(current, event)

    def forget(self, project_id: str) -> None:
        """Follow nothing of a project."""
        self._by_app = {
            app: one for app, one in self._by_app.items() if one.project_id != project_id
        }
        self._owners = {app: one for app, one in self._owners.items() if one != project_id}

    async def settled(self) -> None:
        """Wait until all that has changed is written down."""
        while self._following is not None and not self._following.done():
            await asyncio.wait({self._following})

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(before, after):
                changed = after or before
                if changed is not None:
                    self._note(base_of(changed.name))
            case _:
                pass

    def _note(self, app: str) -> None:
        if app not in self._by_app:
            return
        self._changed.add(app)
        if self._following is None or self._following.done():
            self._following = tasks.spawn(self._follow(), name="deployments.follow")

    async def _follow(self) -> None:
        while self._changed:
            app = self._changed.pop()
            deployment = self._by_app.get(app)
            if deployment is None:
                continue
            processes = [one for one in self._now() if base_of(one.name) == app]
            event = event_for(deployment, processes)
            try:
                if event is not None:
                    moved = await self._move(deployment, event)
                    if app in self._by_app:
                        self._by_app[app] = moved
            except PmdaemonError as error:
                log.error("deployment.not_followed app=%s reason=%s", app, error)
            if not processes and self._by_app.pop(app, None) is not None:
                self.disown(app)

    async def _move(self, deployment: Deployment, event: Event) -> Deployment:
        if isinstance(event, AppStopped) and deployment.status is DeploymentStatus.STOPPED:
            return deployment
        moved = step(deployment, event, self._clock.now().wall)
        await self._store.save(moved)
        self._tell(moved)
        return moved
