"""Waiting until programs answer nothing any more that came through the gateway."""

from collections.abc import Callable, Iterable, Sequence

from pmdaemon.core.process import Process
from pmdaemon.core.routing import Target
from pmdaemon.core.services import ServiceSpec, alone_at
from pmdaemon.engine import tasks
from pmdaemon.engine.interfaces import GatewayServer


class Draining:
    """Tells when programs are idle.

    `services` gives those that are published, none while nothing is served, and `processes` all
    processes, with those that a reload has set beside others.
    """

    def __init__(
        self,
        *,
        server: GatewayServer,
        services: Callable[[], Iterable[ServiceSpec]],
        processes: Callable[[], Iterable[Process]],
    ) -> None:
        self._server = server
        self._services = services
        self._processes = processes

    def when_idle(self, process: Process, callback: Callable[[], None]) -> None:
        """Call back, once, when a process answers nothing any more that came through here.

        It must not be a target that gets requests. Where others answer at its address as well,
        nobody can tell, and there is nothing to wait for.
        """
        targets = alone_at(process, self._services(), self._processes())
        if not targets:
            callback()
            return
        tasks.spawn(self._wait_idle(targets, callback), name="gateway.drain")

    async def _wait_idle(
        self, targets: Sequence[tuple[str, Target]], callback: Callable[[], None]
    ) -> None:
        # Whoever ends it does so in time, and then it answers nothing.
        for service, target in targets:
            await self._server.drained(service, target, within=None)
        callback()
