"""Bringing a release live beside the one that is: nothing is dropped, a failure changes nothing.

1. Its web program is started on a port of its own, and waited for until it is ready.
2. Its workers take over from those of before: two of them at once might do the same work twice.
3. The gateway sends requests to it from one moment to the next.
4. What answered until then finishes what it has begun, and ends.

Should 1 or 2 fail, what was started is ended, and workers that made way are started again.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from pmdaemon.config import deployed_apps
from pmdaemon.core.deployments import LogLevel, WentLive
from pmdaemon.core.errors import PmdaemonError, ProcessNotFound
from pmdaemon.core.notices import Notice, ProcessChanged
from pmdaemon.core.process import (
    Backoff,
    Errored,
    Exit,
    Exited,
    Online,
    Process,
    Stopped,
    Stopping,
)
from pmdaemon.core.projects import Project
from pmdaemon.core.releases import Release
from pmdaemon.core.routing import Route, Target
from pmdaemon.core.selectors import Selector
from pmdaemon.core.services import HERE, ServiceSpec
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.attempt import Attempt, DeploymentFailed
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.gateway_side import GatewaySide
from pmdaemon.engine.interfaces import (
    Clock,
    GatewaySettings,
    OutputCapture,
    ProbeOrder,
    Prober,
    TcpProbe,
)
from pmdaemon.engine.interfaces.deploying import Projects
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.timers import pause

log = logging.getLogger(__name__)

FIRST_LOOK = 0.01
LONGEST_LOOK = 0.25
"""Seconds between two looks whether a program is ready, which grow from the one to the other."""

PATIENCE = 2.0
"""Seconds until the log says that a program is waited for."""

WORKER_UPTIME = 1.0
"""Seconds that a worker has to live to be good enough."""

PROBE_TIMEOUT = 5.0


def is_of(app: str, name: str) -> bool:
    """Tell whether an app belongs to the deployment that runs as `app`."""
    return name == app or name.startswith(f"{app}.")


def is_of_project(slug: str, name: str) -> bool:
    """Tell whether an app belongs to a deployment of a project."""
    first, at, rest = name.partition("@")
    return first == slug and bool(at) and rest.partition(".")[0].isdigit()


class CutOver:
    """Takes releases live, and takes down what they replace.

    Args:
        now: lists all processes as they are.
        environment: says what the programs of a release find, beside the project's variables.
        ports: says on which TCP ports a process and all that it started listen, or that nobody
            knows.

    """

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        projects: Projects,
        processes: Processes,
        now: Callable[[], Iterable[Process]],
        gateway: GatewaySide,
        capture: OutputCapture,
        probe: TcpProbe,
        prober: Prober,
        environment: Callable[[Attempt, Release], Mapping[str, str]],
        ports: Callable[[Process], Collection[int] | None],
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._projects = projects
        self._processes = processes
        self._now = now
        self._gateway = gateway
        self._capture = capture
        self._probe = probe
        self._prober = prober
        self._environment = environment
        self._ports = ports

    # What is there.

    def apps_of(self, slug: str) -> Sequence[Process]:
        """List the processes of all deployments of a project."""
        return [one for one in self._now() if is_of_project(slug, one.name)]

    def is_routed_to(self, slug: str, app: str) -> bool:
        """Tell whether the gateway sends the requests of a project to this app."""
        service = self._gateway.services.get(slug)
        return service is not None and service.app == app

    # Bringing live.

    async def go_live(self, attempt: Attempt, release: Release) -> None:
        """Bring a release live; when this returns, it gets the requests.

        Raises:
            PmdaemonError: it is not good enough; what was live still is.

        """
        project = attempt.project
        self._check_service(project)
        environment = self._environment(attempt, release)
        specs = deployed_apps.specs(project, release, attempt.deployment.number, environment)
        web = [one for one in specs if one.name == attempt.app]
        workers = [one for one in specs if one.name != attempt.app and one.job is None]
        jobs = [one for one in specs if one.job is not None]
        paused: Sequence[Process] = ()
        try:
            for spec in web:
                await self._bring_up(attempt, spec)
            paused = await self._pause_workers(project, attempt.app)
            for spec in workers:
                await self._bring_up(attempt, spec)
            if jobs:
                await self._processes.start_apps(jobs, existing="refuse")
            await self._route(attempt, has_web=bool(web))
        except BaseException:
            await self._take_back(attempt, paused)
            raise

    async def finish(self, project: Project, keep: str) -> None:
        """Have what is not live any more finish what it has begun, and end."""
        doomed = [one for one in self.apps_of(project.slug) if not is_of(keep, one.name)]
        answering = [one for one in doomed if one.tcp_port is not None]
        await self._delete([one.name for one in doomed if one.tcp_port is None])
        for process in answering:
            target = Target(HERE, process.tcp_port or 0)
            await self._gateway.drained(project.slug, target, within=project.drain)
        await self._delete([one.name for one in answering])

    async def take_down(self, slug: str, app: str) -> None:
        """End all that a deployment runs as."""
        await self._delete([one.name for one in self.apps_of(slug) if is_of(app, one.name)])

    async def wake_workers(self, slug: str, app: str) -> None:
        """Start the workers of a deployment again that had made way for others."""
        for process in self.apps_of(slug):
            if is_of(app, process.name) and process.name != app and process.spec.job is None:
                await self._processes.start([_selector(process.name)])

    async def stop(self, slug: str, app: str) -> None:
        """Stop all that a deployment runs as, to be started again by whoever wants it."""
        names = [one.name for one in self.apps_of(slug) if is_of(app, one.name)]
        if names:
            await self._processes.stop([_selector(name) for name in names])

    async def take_all_down(self, slug: str) -> None:
        """End all that a project runs as, and route it no longer."""
        if slug in self._gateway.services and self._is_ours(slug):
            await self._gateway.remove(slug)
        await self._delete([one.name for one in self.apps_of(slug)])

    async def route_hosts(self, project: Project) -> None:
        """Route the hosts that a project has now, and no others of it."""
        service = self._gateway.services.get(project.slug)
        if service is None or not self._is_ours(project.slug):
            return
        wanted = set(self._projects.hosts(project.id))
        for route in service.routes:
            if route.host not in wanted:
                await self._gateway.remove_route(route.host, route.path)
        routes = tuple(Route(host, project.slug) for host in sorted(wanted))
        await self._gateway.put(
            ServiceSpec(name=project.slug, app=service.app, routes=routes), swap=True
        )

    def url(self, project: Project) -> str:
        """Say where a project answers; empty while it does nowhere."""
        if project.slug not in self._gateway.services or not self._gateway.addresses:
            return ""
        settings, address = self._gateway.settings, self._gateway.addresses[0]
        hosts = sorted(self._projects.hosts(project.id))
        domain = settings.domain if settings is not None else "localhost"
        scheme, _, rest = address.partition("://")
        port = rest.rpartition(":")[2].rstrip("/")
        usual = {"http": "80", "https": "443"}.get(scheme)
        shown_port = "" if port == usual else f":{port}"
        return f"{scheme}://{hosts[0] if hosts else f'{project.slug}.{domain}'}{shown_port}"

    # Inside.

    def _is_ours(self, slug: str) -> bool:
        service = self._gateway.services.get(slug)
        return service is not None and is_of_project(slug, service.app or "")

    def _check_service(self, project: Project) -> None:
        if project.slug in self._gateway.services and not self._is_ours(project.slug):
            raise DeploymentFailed(
                f"the gateway has a service called {project.slug} that is no deployment's"
                f" (to have it no longer: pmdaemon proxy remove {project.slug})"
            )

    async def _bring_up(self, attempt: Attempt, spec: AppSpec) -> None:
        attempt.log.say(f"starting {spec.name}: {spec.command.script}")

        def heed(notice: Notice) -> None:
            match notice:
                # It may be started again before anybody looks, and its last words are gone then.
                case ProcessChanged(after=Process(state=Stopping(exit=Exit())) as ended):
                    if ended.name == spec.name:
                        self._repeat_last_words(attempt, ended)
                case _:
                    pass

        leave = self._bus.subscribe(heed, ProcessChanged)
        try:
            await self._processes.start_apps([spec], existing="refuse")
            await self._until_ready(attempt, spec)
        finally:
            leave()

    async def _until_ready(self, attempt: Attempt, spec: AppSpec) -> None:
        since = self._clock.now().monotonic
        wait = FIRST_LOOK
        is_told = False
        while not await self._is_ready(attempt, spec):
            waited = self._clock.now().monotonic - since
            if waited > attempt.limits.start:
                raise DeploymentFailed(self._why_not_ready(attempt, spec))
            if waited > PATIENCE and not is_told and self._process(spec.name).tcp_port is not None:
                is_told = True
                attempt.log.say(f"waiting for {self._awaited(attempt, spec)}")
            await pause(self._clock, wait)
            wait = min(wait * 1.5, LONGEST_LOOK)
        took = self._clock.now().monotonic - since
        attempt.log.say(f"{spec.name} is ready after {took:.1f} s")

    async def _is_ready(self, attempt: Attempt, spec: AppSpec) -> bool:
        process = self._process(spec.name)
        has_ended = isinstance(process.state, Errored | Exited | Stopped | Backoff)
        if has_ended or process.restarts or process.ends:
            how = f" ({process.last_exit})" if process.last_exit is not None else ""
            reason = f": {process.state.reason}" if isinstance(process.state, Errored) else how
            raise DeploymentFailed(f"{spec.name} ended before it was ready{reason}")
        if not isinstance(process.state, Online):
            return False
        if process.tcp_port is None:
            return self._clock.now().monotonic - process.state.run.since.monotonic > WORKER_UPTIME
        if not self._probe.accepts(process.tcp_port):
            return False
        ports = self._ports(process)
        if ports is not None and process.tcp_port not in ports:
            return False  # somebody else's program has the port
        path = attempt.project.health_path
        return not path or await self._is_healthy(f"http://localhost:{process.tcp_port}{path}")

    async def _is_healthy(self, url: str) -> bool:
        result = await self._prober.probe(
            ProbeOrder(kind="http", target=url, timeout=PROBE_TIMEOUT)
        )
        return result.ok

    def _awaited(self, attempt: Attempt, spec: AppSpec) -> str:
        port, within = self._process(spec.name).tcp_port, f"for up to {attempt.limits.start:g} s"
        path = attempt.project.health_path
        answers = f"answer {path}" if path else "listen"
        return f"{spec.name} to {answers} on port {port}, {within}"

    def _why_not_ready(self, attempt: Attempt, spec: AppSpec) -> str:
        process = self._process(spec.name)
        port, within = process.tcp_port, f"within {attempt.limits.start:g} s"
        ports = self._ports(process)
        if port is None or (self._probe.accepts(port) and (ports is None or port in ports)):
            path = attempt.project.health_path
            asked = f" (health path {path})" if path else ""
            return f"{spec.name} was not ready {within}{asked}"
        others = f", but on {', '.join(map(str, sorted(ports)))}" if ports else ""
        return (
            f"{spec.name} did not listen on port {port} {within}{others}:"
            " a program has to listen on the port that PORT in its environment says"
        )

    def _repeat_last_words(self, attempt: Attempt, process: Process) -> None:
        for line in self._capture.last_words(process.seat):
            attempt.log.err(line)

    async def _pause_workers(self, project: Project, app: str) -> Sequence[Process]:
        """Stop the workers and jobs of before; return them, so that they can be started again."""
        others = [one for one in self.apps_of(project.slug) if not is_of(app, one.name)]
        former = [one for one in others if "." in one.name and not isinstance(one.state, Stopped)]
        if former:
            await self._processes.stop([_selector(one.name) for one in former])
        return former

    async def _route(self, attempt: Attempt, *, has_web: bool) -> None:
        project = attempt.project
        if has_web:
            if self._gateway.settings is None:
                urls = await self._gateway.turn_on(GatewaySettings())
                attempt.log.say(f"the gateway was off, and listens now at {', '.join(urls)}")
            routes = tuple(Route(host, project.slug) for host in self._projects.hosts(project.id))
            service = ServiceSpec(name=project.slug, app=attempt.app, routes=routes)
            await self._gateway.put(service, swap=True)
        elif self._is_ours(project.slug):
            await self._gateway.remove(project.slug)
        url = self.url(project) if has_web else ""
        # Before, as the log has come to its end with that.
        attempt.log.say(f"live at {url}" if url else "live", LogLevel.SUCCESS)
        await attempt.move(WentLive(attempt.app, url))

    async def _take_back(self, attempt: Attempt, paused: Sequence[Process]) -> None:
        try:
            if self.is_routed_to(attempt.project.slug, attempt.app):
                return  # it is live, and what remains to be done is done by whoever asks next
            await self.take_down(attempt.project.slug, attempt.app)
            for process in paused:
                await self._processes.start([_selector(process.name)])
        except PmdaemonError as error:
            log.error("deployment.not_taken_back app=%s reason=%s", attempt.app, error)

    async def _delete(self, names: Sequence[str]) -> None:
        for name in names:
            try:
                await self._processes.delete([_selector(name)])
            except ProcessNotFound:
                continue  # somebody else was faster

    def _process(self, name: str) -> Process:
        found = next((one for one in self._now() if one.name == name), None)
        if found is None:
            raise DeploymentFailed(f"{name} was deleted before it was ready")
        return found


def _selector(name: str) -> Selector:
    return Selector(name, narrow=True)
