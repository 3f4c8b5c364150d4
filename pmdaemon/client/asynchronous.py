"""`AsyncClient`, for programs that run an event loop: every verb of `Client`, to be awaited."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing, suppress
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from pmdaemon.client import calls
from pmdaemon.client.awaiting import awaited
from pmdaemon.client.blocking import (
    Client,
    Say,
    environment_here,
    home_of,
    log_warning,
    start_daemon_of,
)
from pmdaemon.client.calls import (
    Call,
    Processes,
    SaveResult,
)
from pmdaemon.client.deployments import AsyncDeployments
from pmdaemon.client.gateway import AsyncGateway
from pmdaemon.client.logs import RETRY_DELAY, LogFeed, query_of
from pmdaemon.client.projects import AsyncProjects
from pmdaemon.client.users import AsyncUsers
from pmdaemon.config.paths import Home
from pmdaemon.control.async_channel import AsyncChannel
from pmdaemon.control.channel import ANSWER_PATIENCE
from pmdaemon.control.log_reader import LogLine
from pmdaemon.control.messages.daemon import KillResult, PingResult, UpdateResult
from pmdaemon.control.messages.processes import GrowthItem
from pmdaemon.control.messages.web import WebResult
from pmdaemon.control.threads import in_thread
from pmdaemon.core.errors import DaemonUnavailable
from pmdaemon.core.logs import OutputStream

T = TypeVar("T")

_HANDFUL = 1000


class AsyncClient:
    """Does what `Client` does, with the same arguments and results.

    What has to wait for files or for the end of a process does so in a thread; there `on_progress`
    and `on_warning` are called in that thread.
    """

    def __init__(
        self,
        home: str | Home | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        start: bool | Callable[[], None] = True,
        patience: float = ANSWER_PATIENCE,
        on_progress: Say | None = None,
        on_warning: Say | None = None,
    ) -> None:
        self._environment = environment if environment is not None else environment_here()
        self.home = home_of(home, self._environment)
        self._patience = patience
        self._on_progress = on_progress
        self._on_warning = on_warning or log_warning
        if start is True:
            start = partial(start_daemon_of, self.home, self._environment)
        self._channel = AsyncChannel(self.home, start or None)
        self._blocking = Client(
            self.home,
            environment=self._environment,
            start=start,
            patience=patience,
            on_progress=on_progress,
            on_warning=on_warning,
        )

    ping = awaited(Client.ping)
    host = awaited(Client.host)
    list = awaited(Client.list)
    start = awaited(Client.start)
    start_apps = awaited(Client.start_apps)
    start_declarations = awaited(Client.start_declarations)
    apply = awaited(Client.apply)
    stop = awaited(Client.stop)
    restart = awaited(Client.restart)
    reload = awaited(Client.reload)
    scale = awaited(Client.scale)
    send_signal = awaited(Client.send_signal)
    delete = awaited(Client.delete)
    reset = awaited(Client.reset)
    block = awaited(Client.block)
    unblock = awaited(Client.unblock)
    send_line = awaited(Client.send_line)
    trigger = awaited(Client.trigger)
    explain = awaited(Client.explain)
    history = awaited(Client.history)
    flush = awaited(Client.flush)
    web = awaited(Client.web)
    web_off = awaited(Client.web_off)
    make_token = awaited(Client.make_token)
    tokens = awaited(Client.tokens)
    rotate_token = awaited(Client.rotate_token)
    rotate_secret = awaited(Client.rotate_secret)
    revoke_token = awaited(Client.revoke_token)

    async def env(self, selector: str | int) -> dict[str, str]:
        """Return the environment that a process is started with, secrets included."""
        return calls.environment_of(await self.list(selector, detail=True))

    def follow(self, *selectors: str | int) -> AsyncGenerator[GrowthItem, None]:
        """Yield what happens to processes, as it happens, without end."""
        items: AsyncGenerator[Any, None] = self._channel.stream(
            "follow", calls.selection(selectors)
        )
        return items

    async def logs(
        self,
        *selectors: str | int,
        lines: int | None = None,
        since: float | None = None,
        until: float | None = None,
        grep: str | None = None,
        streams: Sequence[str] = ("err", "out"),
        follow: bool = False,
    ) -> AsyncGenerator[LogLine, None]:
        """Yield what processes printed, of all if none is selected, in order of time."""
        query = query_of(lines=lines, since=since, until=until, grep=grep, streams=streams)
        with closing(LogFeed(query)) as feed:
            views = await self.list(*selectors)
            async for line in _taken(lambda: feed.history(views, final=not follow)):
                yield line
            while follow:
                with suppress(DaemonUnavailable):
                    async with aclosing(self.follow(*(selectors or ("all",)))) as items:
                        async for item in items:
                            async for line in self._news(item, selectors, feed):
                                yield line
                await asyncio.sleep(RETRY_DELAY)

    async def _news(
        self, item: GrowthItem, selectors: Sequence[str | int], feed: LogFeed
    ) -> AsyncGenerator[LogLine, None]:
        if not feed.knows(item["pm_id"]):
            listed = await self.list(*selectors)
            new = [view for view in listed if not feed.knows(view["pm_id"])]
            async for line in _taken(lambda: feed.history(new, final=False)):
                yield line
        if "stream" in item:
            pm_id, stream = item["pm_id"], OutputStream(item["stream"])
            async for line in _taken(lambda: feed.grown(pm_id, stream)):
                yield line

    def hold_web(
        self,
        host: str = "127.0.0.1",
        port: int = 9615,
        *,
        api_key: str | None = None,
        **settings: object,
    ) -> AsyncGenerator[WebResult, None]:
        """Turn the web API on until the generator is closed; it yields once."""
        call = calls.web(host, port, api_key, detach=False, **settings)
        items: AsyncGenerator[Any, None] = self._channel.stream(call.verb, call.body)
        return items

    @property
    def gateway(self) -> AsyncGateway:
        """The reverse proxy: what it publishes, and the requests it has seen."""
        return AsyncGateway(self._do, self._channel.stream)

    @property
    def deployments(self) -> AsyncDeployments:
        """What is deployed, by git, on this machine."""
        return AsyncDeployments(self._do, self._channel.stream)

    @property
    def users(self) -> AsyncUsers:
        """Accounts: who deploys."""
        return AsyncUsers(self._do)

    @property
    def projects(self) -> AsyncProjects:
        """Projects: what is deployed."""
        return AsyncProjects(self._do)

    async def save(self, *, force: bool = False) -> SaveResult:
        """Write the list to `dump.pm2` in the home; an empty list only with `force`."""
        return await asyncio.to_thread(self._blocking.save, force=force)

    async def resurrect(self) -> Processes:
        """Bring the saved list back."""
        return await asyncio.to_thread(self._blocking.resurrect)

    async def kill(self, *, wait: bool = True) -> KillResult:
        """Stop all programs, and then the daemon; with `wait`, return when it is gone."""
        return await asyncio.to_thread(self._blocking.kill, wait=wait)

    async def update(self) -> tuple[UpdateResult, PingResult]:
        """Switch the daemon to the installed version; return what was and what is running."""
        return await asyncio.to_thread(self._blocking.update)

    async def _do(self, call: Call[T]) -> T:
        result = await self._channel.request(
            call.verb, call.body, deadline=self._patience, on_progress=self._on_progress
        )
        for warning in result.get("warnings", ()):
            self._on_warning(warning)
        return call.read(result)


async def _taken(open_lines: Callable[[], Iterator[LogLine]]) -> AsyncGenerator[LogLine, None]:
    """Open and read files in a thread, a handful of lines at a time."""
    lines = await in_thread(open_lines)
    while handful := await in_thread(lambda: [*islice(lines, _HANDFUL)]):
        for line in handful:
            yield line
