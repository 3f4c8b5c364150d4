"""`AsyncClient`, for programs that run an event loop: every verb of `Client`, to be awaited."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from pmdaemon.client import calls
from pmdaemon.client.blocking import (
    Client,
    Say,
    environment_here,
    home_of,
    inherited,
    log_warning,
    start_daemon_of,
)
from pmdaemon.client.calls import (
    Call,
    Existing,
    Explanations,
    Processes,
    Replies,
    Runs,
    SaveResult,
    Tokens,
)
from pmdaemon.client.gateway import AsyncGateway
from pmdaemon.client.logs import RETRY_DELAY, LogFeed, query_of
from pmdaemon.config.paths import Home
from pmdaemon.control.async_channel import AsyncChannel
from pmdaemon.control.channel import ANSWER_PATIENCE
from pmdaemon.control.log_reader import LogLine
from pmdaemon.control.messages.daemon import HostResult, KillResult, PingResult, UpdateResult
from pmdaemon.control.messages.declaring import ApplyResult
from pmdaemon.control.messages.processes import GrowthItem
from pmdaemon.control.messages.web import TokenView, WebResult
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

    async def ping(self) -> PingResult:
        """Ask for a sign of life."""
        return await self._do(calls.ping())

    async def host(self) -> HostResult:
        """Return what the machine has, and how much of it is in use."""
        return await self._do(calls.host())

    async def list(self, *selectors: str | int, detail: bool = False) -> Processes:
        """Return the selected processes, or all; with `detail`, with their declarations."""
        return await self._do(calls.list_processes(selectors, detail=detail))

    async def start(
        self,
        target: str,
        *,
        relative_to: str | None = None,
        existing: Existing = "refuse",
        **options: object,
    ) -> Processes:
        """Bring up what is named so, or else a program."""
        return await self._do(
            calls.start(
                target,
                cwd=relative_to or calls.current_directory(),
                environment=inherited(self._environment),
                existing=existing,
                options=options,
            )
        )

    async def start_apps(
        self,
        apps: Sequence[Mapping[str, object]],
        *,
        relative_to: str | None = None,
        source: str = "the apps",
        existing: Existing = "restart",
        down: bool = False,
        interpolate: bool = False,
        env_name: str | None = None,
        file: str | None = None,
    ) -> Processes:
        """Bring up apps, declared as in an ecosystem file: all of them, or none is touched."""
        return await self._do(
            calls.start_apps(
                apps,
                cwd=relative_to or calls.current_directory(),
                environment=inherited(self._environment),
                source=source,
                existing=existing,
                down=down,
                interpolate=interpolate,
                env_name=env_name,
                file=file,
            )
        )

    async def start_declarations(
        self,
        declarations: Sequence[Mapping[str, object]],
        *,
        source: str = "the declarations",
        existing: Existing = "keep",
        down: bool = False,
    ) -> Processes:
        """Bring up apps that are declared in full, as `list` with `detail` has declarations."""
        return await self._do(
            calls.start_declarations(
                declarations,
                environment=inherited(self._environment),
                source=source,
                existing=existing,
                down=down,
            )
        )

    async def apply(
        self,
        apps: Sequence[Mapping[str, object]],
        *,
        relative_to: str | None = None,
        source: str = "the apps",
        file: str | None = None,
        whole: bool = True,
        prune: bool = False,
        dry_run: bool = False,
        interpolate: bool = False,
        env_name: str | None = None,
    ) -> ApplyResult:
        """Bring what is there into line with apps, and touch only what differs."""
        return await self._do(
            calls.apply(
                apps,
                cwd=relative_to or calls.current_directory(),
                environment=inherited(self._environment),
                source=source,
                file=file,
                whole=whole,
                prune=prune,
                dry_run=dry_run,
                interpolate=interpolate,
                env_name=env_name,
            )
        )

    async def stop(self, *selectors: str | int) -> Processes:
        """Stop processes, and everything they started."""
        return await self._do(calls.act("stop", selectors))

    async def restart(
        self,
        *selectors: str | int,
        options: Mapping[str, object] | None = None,
        update_env: bool = False,
    ) -> Processes:
        """Stop what runs of the selected, and start them all.

        Args:
            selectors: which processes.
            options: fields of the apps that are declared otherwise from now on.
            update_env: have them inherit our environment in place of what they had.

        """
        return await self._do(
            calls.anew(
                "restart",
                selectors,
                options=options,
                environment=inherited(self._environment) if update_env else None,
            )
        )

    async def reload(
        self,
        *selectors: str | int,
        options: Mapping[str, object] | None = None,
        update_env: bool = False,
        parallel: int = 1,
    ) -> Processes:
        """Put new runs in the place of those that serve, one by one and without a gap.

        Args:
            selectors: which processes.
            options: as for `restart`.
            update_env: as for `restart`.
            parallel: how many instances of an app at a time.

        """
        return await self._do(
            calls.anew(
                "reload",
                selectors,
                options=options,
                environment=inherited(self._environment) if update_env else None,
                parallel=parallel,
            )
        )

    async def scale(self, name: str, count: str | int) -> Processes:
        """Have so many instances of an app up: `4`, or `"+2"` or `"-1"` more than now."""
        return await self._do(calls.scale(name, count))

    async def send_signal(self, signal: str, *selectors: str | int) -> Processes:
        """Send a signal, by name or number, to the first process of each program."""
        return await self._do(calls.send_signal(signal, selectors))

    async def delete(self, *selectors: str | int) -> Processes:
        """Stop processes and forget them; their log files stay."""
        return await self._do(calls.act("delete", selectors))

    async def reset(self, *selectors: str | int) -> Processes:
        """Set restart counters to zero."""
        return await self._do(calls.act("reset", selectors))

    async def block(self, *selectors: str | int) -> Processes:
        """Prevent processes from being started; what runs may run on."""
        return await self._do(calls.act("block", selectors))

    async def unblock(self, *selectors: str | int) -> Processes:
        """Allow processes to be started again; nothing is started by this."""
        return await self._do(calls.act("unblock", selectors))

    async def send_line(self, line: str, *selectors: str | int) -> Processes:
        """Write a line to the standard input of programs that were declared with `stdin`."""
        return await self._do(calls.send_line(line, selectors))

    async def trigger(
        self, action: str, *selectors: str | int, params: str | None = None
    ) -> Replies:
        """Have Node programs carry out an action that they have registered; return the answers."""
        return await self._do(calls.trigger(action, params, selectors))

    async def explain(self, *selectors: str | int) -> Explanations:
        """Say in sentences why processes are up, or are not."""
        return await self._do(calls.explain(selectors))

    async def history(self, *selectors: str | int, limit: int = 20) -> Runs:
        """Return the latest runs of jobs, of all if none is selected, the youngest first."""
        return await self._do(calls.history(selectors, limit=limit))

    async def flush(self, *selectors: str | int) -> Processes:
        """Empty log files."""
        return await self._do(calls.act("flush", selectors))

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
        """Yield what processes printed, of all if none is selected, in the order of its times."""
        query = query_of(lines=lines, since=since, until=until, grep=grep, streams=streams)
        feed = LogFeed(query)
        past = feed.history(await self.list(*selectors), final=not follow)
        async for line in _taken(past):
            yield line
        while follow:
            with suppress(DaemonUnavailable):
                async for item in self.follow(*(selectors or ("all",))):
                    if not feed.knows(item["pm_id"]):
                        new = [
                            view
                            for view in await self.list(*selectors)
                            if not feed.knows(view["pm_id"])
                        ]
                        async for line in _taken(feed.history(new, final=False)):
                            yield line
                    if "stream" in item:
                        grown = feed.grown(item["pm_id"], OutputStream(item["stream"]))
                        async for line in _taken(grown):
                            yield line
            await asyncio.sleep(RETRY_DELAY)

    async def web(
        self,
        host: str = "127.0.0.1",
        port: int = 9615,
        *,
        api_key: str | None = None,
        **settings: object,
    ) -> WebResult:
        """Turn the web API on, for good: the daemon remembers it."""
        return await self._do(calls.web(host, port, api_key, detach=True, **settings))

    def hold_web(
        self,
        host: str = "127.0.0.1",
        port: int = 9615,
        *,
        api_key: str | None = None,
        **settings: object,
    ) -> AsyncGenerator[WebResult, None]:
        """Turn the web API on for as long as the generator is not closed; it yields once."""
        call = calls.web(host, port, api_key, detach=False, **settings)
        items: AsyncGenerator[Any, None] = self._channel.stream(call.verb, call.body)
        return items

    async def web_off(self) -> str | None:
        """Turn the web API off; return where it was, if it was on."""
        return await self._do(calls.web_off())

    @property
    def gateway(self) -> AsyncGateway:
        """The reverse proxy: what it publishes, and the requests it has seen."""
        return AsyncGateway(self._do, self._channel.stream)

    async def make_token(
        self,
        name: str | None = None,
        *,
        consumer: str | None = None,
        scopes: Sequence[str] = (),
        expire_in: float | None = None,
    ) -> TokenView:
        """Make a key for the web API, or a JWT for a consumer; it is in the result, this once.

        Args:
            name: of the key; `key-1` and so on if not said.
            consumer: whom the JWT names, in place of a name.
            scopes: what it is good for; everything if not said.
            expire_in: seconds.

        """
        return await self._do(
            calls.make_token(name, consumer=consumer, scopes=scopes, expire_in=expire_in)
        )

    async def tokens(self) -> Tokens:
        """Return what is known of keys and JWTs, but not these themselves."""
        return await self._do(calls.list_tokens())

    async def rotate_token(self, name: str, *, overlap: float) -> TokenView:
        """Make a new one in place of one, which is good for `overlap` more seconds."""
        return await self._do(calls.rotate_token(name, overlap=overlap))

    async def rotate_secret(self, *, overlap: float) -> float:
        """Sign JWTs with a new secret; return until when, in epoch seconds, the others are good."""
        return await self._do(calls.rotate_secret(overlap=overlap))

    async def revoke_token(self, name: str) -> None:
        """Let nobody in by one any more, from now on."""
        await self._do(calls.revoke_token(name))

    async def save(self, *, force: bool = False) -> SaveResult:
        """Write the list to `dump.pm2` in the home, an empty one only by `force`."""
        return await asyncio.to_thread(self._blocking.save, force=force)

    async def resurrect(self) -> Processes:
        """Bring the saved list back."""
        return await asyncio.to_thread(self._blocking.resurrect)

    async def kill(self, *, wait: bool = True) -> KillResult:
        """Stop all programs, and then the daemon; return when it is gone, if it is waited for."""
        return await asyncio.to_thread(self._blocking.kill, wait=wait)

    async def update(self) -> tuple[UpdateResult, PingResult]:
        """Replace the daemon by the code that is installed now; return what was, and what is."""
        return await asyncio.to_thread(self._blocking.update)

    async def _do(self, call: Call[T]) -> T:
        result = await self._channel.request(
            call.verb, call.body, deadline=self._patience, on_progress=self._on_progress
        )
        for warning in result.get("warnings", ()):
            self._on_warning(warning)
        return call.read(result)


async def _taken(lines: Iterator[LogLine]) -> AsyncGenerator[LogLine, None]:
    """Read files in a thread, a handful of lines at a time."""
    while handful := await asyncio.to_thread(lambda: [*islice(lines, _HANDFUL)]):
        for line in handful:
            yield line
