"""Accounts, projects and deployments: there once somebody has some, or asks for them.

Most who keep programs running deploy nothing, and what deploys is a hundred modules: without it,
the first command of all returns sooner, and the daemon is smaller.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from pmdaemon.core.process import Identity, Process
from pmdaemon.engine import tasks

if TYPE_CHECKING:
    from pmdaemon.engine.deployer import Deployer
    from pmdaemon.engine.deployments import Deployments
    from pmdaemon.engine.interrupted import Interrupted
    from pmdaemon.engine.live_deployments import LiveDeployments
    from pmdaemon.engine.platform import Platform
    from pmdaemon.engine.pushes import Pushes


class Deploys(Struct, frozen=True):
    """What deploys: the verbs, and the parts that others have to do with.

    `builds` lists the commands that are building something just now.
    """

    platform: "Platform"
    deployer: "Deployer"
    deployments: "Deployments"
    interrupted: "Interrupted"
    pushes: "Pushes"
    live: "LiveDeployments"
    builds: Callable[[], Iterable[Identity]]


class DeploySide:
    """What deploys, built when it is first needed, see `load`, unless there are `parts` already."""

    def __init__(self, build: Callable[[], Deploys], *, parts: Deploys | None = None) -> None:
        self._build = build
        self._parts = parts
        self._loaded = parts is not None
        self._started = False
        self._lock = asyncio.Lock()
        self._resuming: asyncio.Task[None] | None = None

    @property
    def parts(self) -> Deploys:
        """What deploys; to be loaded before."""
        if self._parts is None:
            raise AssertionError("nobody has loaded what deploys")
        return self._parts

    async def load(self) -> None:
        """Have it there, with what the store has of it.

        Raises:
            StoreUnavailable: that cannot be read.

        """
        async with self._lock:
            if self._loaded:
                return
            if self._parts is None:
                self._parts = self._build()
            await self._parts.platform.resume()
            await self._parts.interrupted.adopt()
            self._loaded = True
            self._resume()

    def start(self) -> None:
        """Begin to deploy, beside everything else, as soon as it is loaded."""
        self._started = True
        self._resume()

    async def make_way(self) -> None:
        """Begin nothing any more, and wait until the next daemon can go on with what is there."""
        if self._parts is not None:
            await self._parts.deployer.make_way()

    async def close(self) -> None:
        """Begin nothing any more, and end what is under way."""
        self._started = False
        if self._resuming is not None:
            self._resuming.cancel()
        if self._parts is not None:
            await self._parts.deployer.close()

    # What others ask of it, there or not.

    def last_steps(self) -> Sequence[str]:
        """Name the deployments that are seen to their end before this daemon makes way."""
        return self._parts.deployer.last_steps() if self._parts is not None else ()

    def builds(self) -> Iterable[Identity]:
        """List the commands that are building something just now."""
        return self._parts.builds() if self._parts is not None else ()

    def environment(self, process: Process) -> Mapping[str, str]:
        """Give the variables of the project whose program this is."""
        return self._parts.live.environment(process) if self._parts is not None else {}

    def visible_folders(self, process: Process) -> tuple[str, ...] | None:
        """List the folders that a deployed program may use; None for one that was not deployed."""
        return self._parts.live.visible_folders(process) if self._parts is not None else None

    def _resume(self) -> None:
        if self._loaded and self._started and self._resuming is None:
            self._resuming = tasks.spawn(self.parts.interrupted.resume(), name="deployer")
