"""A store in memory."""

import asyncio

from msgspec.structs import replace

from pmdaemon.core.access import Token
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.process import Process
from pmdaemon.core.services import ServiceSpec
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.interfaces import Changes, GatewaySettings, Stored, WebSettings


class MemoryStore:
    """Remembers as long as it lives, and every commit in `commits`.

    While `failure` is set, nothing can be read or written, and it says why.
    """

    def __init__(self) -> None:
        self.commits: list[Changes] = []
        self.failure: StoreUnavailable | None = None
        self._processes: dict[int, Process] = {}
        self._specs: dict[str, AppSpec] = {}
        self._next_pm_id = 0
        self._boot_id: str | None = None
        self._web: WebSettings | None = None
        self._tokens: dict[str, Token] = {}
        self._gateway: GatewaySettings | None = None
        self._services: dict[str, ServiceSpec] = {}

    async def load(self) -> Stored:
        """Read everything."""
        await self._be_reached()
        return Stored(
            processes=[
                replace(process, spec=self._specs[process.name])
                for _, process in sorted(self._processes.items())
            ],
            next_pm_id=self._next_pm_id,
            boot_id=self._boot_id,
            web=self._web,
            tokens=[token for _, token in sorted(self._tokens.items())],
            gateway=self._gateway,
            services=[spec for _, spec in sorted(self._services.items())],
        )

    async def commit(self, changes: Changes) -> None:
        """Write one action."""
        await self._be_reached()
        processes = dict(self._processes)
        for pm_id in changes.removed:
            processes.pop(pm_id, None)
        processes |= {process.pm_id: process for process in changes.written}
        _refuse_a_tcp_port_held_twice(processes)
        self.commits.append(changes)
        self._processes = processes
        self._specs |= {process.name: process.spec for process in changes.written}
        if changes.next_pm_id is not None:
            self._next_pm_id = changes.next_pm_id
        if changes.boot_id is not None:
            self._boot_id = changes.boot_id
        if changes.web is not None or changes.web_off:
            self._web = changes.web
        for name in changes.tokens_removed:
            self._tokens.pop(name, None)
        self._tokens |= {token.name: token for token in changes.tokens_written}
        if changes.gateway is not None or changes.gateway_off:
            self._gateway = changes.gateway
        for name in changes.services_removed:
            self._services.pop(name, None)
        self._services |= {spec.name: spec for spec in changes.services_written}

    async def _be_reached(self) -> None:
        # As with the real one, others get their turn meanwhile.
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure


def _refuse_a_tcp_port_held_twice(processes: dict[int, Process]) -> None:
    held = [p.tcp_port for p in processes.values() if p.tcp_port is not None]
    if len(held) != len(set(held)):
        raise StoreUnavailable("cannot use the store: a TCP port is held twice")
