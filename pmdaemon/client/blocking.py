"""`Client`, for programs that may block; the command line is one of them.

Its import is a part of the time that every command takes.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pmdaemon.client import calls
from pmdaemon.client.calls import Call, Existing, Processes, SaveResult
from pmdaemon.config.paths import Home
from pmdaemon.control.channel import ANSWER_PATIENCE, Channel
from pmdaemon.control.messages import (
    GrowthItem,
    HostResult,
    KillResult,
    PingResult,
    UpdateResult,
    WebResult,
)

if TYPE_CHECKING:
    from pmdaemon.control.log_reader import LogLine

T = TypeVar("T")

Say = Callable[[str], None]
"""Takes a sentence."""


class Client:
    """Has things done by the daemon of one home.

    Selectors are names, ids, namespaces, `name:instance`, `all` and `/regex/`. Each verb returns
    when what it asked for is so.

    Args:
        home: the daemon's home; that of the environment if not said.
        environment: variables, from which the home is taken, and which programs inherit; those of
            this process if not said.
        start: start a daemon when none is running; without, that is `DaemonNotRunning`.
        patience: seconds without a sign of life from the daemon before it is given up.
        on_progress: called with a sentence while something takes its time.
        on_warning: called with what the daemon warns of; logged as `pmdaemon` if not said.

    Raises:
        PmdaemonError: from every verb: the daemon refused, could not do it, or cannot be reached.

    """

    def __init__(
        self,
        home: str | Home | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        start: bool = True,
        patience: float = ANSWER_PATIENCE,
        on_progress: Say | None = None,
        on_warning: Say | None = None,
    ) -> None:
        self._environment = environment if environment is not None else environment_here()
        self.home = home_of(home, self._environment)
        self._patience = patience
        self._on_progress = on_progress
        self._on_warning = on_warning or log_warning
        starter = partial(start_daemon_of, self.home, self._environment) if start else None
        self._channel = Channel(self.home, starter)

    def ping(self) -> PingResult:
        """Ask for a sign of life."""
        return self._do(calls.ping())

    def host(self) -> HostResult:
        """Return what the machine has, and how much of it is in use."""
        return self._do(calls.host())

    def list(self, *selectors: str | int, detail: bool = False) -> Processes:
        """Return the selected processes, or all; with `detail`, with their declarations."""
        return self._do(calls.list_processes(selectors, detail=detail))

    def start(
        self,
        target: str,
        *,
        relative_to: str | None = None,
        existing: Existing = "refuse",
        **options: object,
    ) -> Processes:
        """Bring up what is named so, or else a program: a command, or the path of a script.

        Args:
            target: what to start.
            relative_to: what relative paths are relative to; the current directory if not said.
            existing: what becomes of a program of that name which is up already.
            options: fields of a new app, as ecosystem files have them: `name`, `env`, `port`, …

        """
        return self._do(
            calls.start(
                target,
                cwd=relative_to or calls.current_directory(),
                environment=inherited(self._environment),
                existing=existing,
                options=options,
            )
        )

    def start_apps(
        self,
        apps: Sequence[Mapping[str, object]],
        *,
        relative_to: str | None = None,
        source: str = "the apps",
        existing: Existing = "restart",
        down: bool = False,
    ) -> Processes:
        """Bring up apps, declared as in an ecosystem file: all of them, or none is touched.

        Args:
            apps: the declarations.
            relative_to: as for `start`.
            source: where they come from, for messages.
            existing: what becomes of those that are up: `restart` them as they are declared now,
                `refuse`, or `keep` them as they are.
            down: do not start what is new; only put it on the list.

        """
        return self._do(
            calls.start_apps(
                apps,
                cwd=relative_to or calls.current_directory(),
                environment=inherited(self._environment),
                source=source,
                existing=existing,
                down=down,
            )
        )

    def stop(self, *selectors: str | int) -> Processes:
        """Stop processes, and everything they started."""
        return self._do(calls.act("stop", selectors))

    def restart(self, *selectors: str | int) -> Processes:
        """Stop what runs of the selected, and start them all."""
        return self._do(calls.act("restart", selectors))

    def delete(self, *selectors: str | int) -> Processes:
        """Stop processes and forget them; their log files stay."""
        return self._do(calls.act("delete", selectors))

    def reset(self, *selectors: str | int) -> Processes:
        """Set restart counters to zero."""
        return self._do(calls.act("reset", selectors))

    def flush(self, *selectors: str | int) -> Processes:
        """Empty log files."""
        return self._do(calls.act("flush", selectors))

    def env(self, selector: str | int) -> dict[str, str]:
        """Return the environment that a process is started with, secrets included."""
        return calls.environment_of(self.list(selector, detail=True))

    def follow(self, *selectors: str | int) -> Generator[GrowthItem, None, None]:
        """Ask at once, and yield what happens to processes, as it happens, without end.

        An item says that a stream of output has grown, or that a process changed its state. Closing
        the generator hangs up.
        """
        items: Generator[Any, None, None] = self._channel.stream(
            "follow", calls.selection(selectors)
        )
        return items

    def logs(
        self,
        *selectors: str | int,
        lines: int | None = None,
        since: float | None = None,
        until: float | None = None,
        grep: str | None = None,
        streams: Sequence[str] = ("err", "out"),
        follow: bool = False,
    ) -> "Generator[LogLine, None, None]":
        """Yield what processes printed, of all if none is selected, in the order of its times.

        Args:
            selectors: whose output.
            lines: so many of the last lines of each; 15 if neither this nor a time is said.
            since: from then on; in seconds since the epoch, as `until`.
            until: up to then.
            grep: only lines in which this regular expression is found.
            streams: `out`, `err`, or both.
            follow: go on with what comes, without end, also while the daemon is away.

        """
        # Most clients do not read output.
        from pmdaemon.client.logs import query_of, read  # noqa: PLC0415

        query = query_of(lines=lines, since=since, until=until, grep=grep, streams=streams)
        return read(self, selectors, query, go_on=follow)

    def web(
        self,
        host: str = "127.0.0.1",
        port: int = 9615,
        *,
        api_key: str | None = None,
        **settings: object,
    ) -> WebResult:
        """Turn the web API on, for good: the daemon remembers it."""
        return self._do(calls.web(host, port, api_key, detach=True, **settings))

    def hold_web(
        self,
        host: str = "127.0.0.1",
        port: int = 9615,
        *,
        api_key: str | None = None,
        **settings: object,
    ) -> Generator[WebResult, None, None]:
        """Turn the web API on for as long as the generator is not closed; it yields once."""
        call = calls.web(host, port, api_key, detach=False, **settings)
        items: Generator[Any, None, None] = self._channel.stream(call.verb, call.body)
        return items

    def web_off(self) -> str | None:
        """Turn the web API off; return where it was, if it was on."""
        return self._do(calls.web_off())

    def save(self, *, force: bool = False) -> SaveResult:
        """Write the list to `dump.pm2` in the home, an empty one only by `force`."""
        from pmdaemon.client.saved_list import save  # noqa: PLC0415 - most programs never do

        return save(self, force=force)

    def resurrect(self, *, on_started: Callable[[Processes], None] | None = None) -> Processes:
        """Bring the saved list back; `on_started` is called with processes as they come.

        Raises:
            OperationFailed: not all came back; `details["failures"]` says which, and why.

        """
        from pmdaemon.client.saved_list import resurrect  # noqa: PLC0415 - as above

        return resurrect(self, on_started=on_started, on_warning=self._on_warning)

    def kill(self, *, wait: bool = True) -> KillResult:
        """Stop all programs, and then the daemon; return when it is gone, if it is waited for."""
        result = self._do(calls.kill())
        if wait:
            from pmdaemon.client.gone import wait_until_gone  # noqa: PLC0415 - as above

            # The keeper goes last, and holds the home until then; one that had died left us to
            # init.
            keeper = result.get("keeper", 0)
            wait_until_gone(keeper if keeper > 1 else result["pid"])
        return result

    def update(self) -> tuple[UpdateResult, PingResult]:
        """Replace the daemon by the code that is installed now; return what was, and what is.

        Programs run on, and do not notice.
        """
        from pmdaemon.client.gone import wait_until_gone  # noqa: PLC0415 - as above

        before = self._do(calls.update())
        wait_until_gone(before["pid"])
        # From here on it is the next one that answers, as soon as it is ready.
        return before, self.ping()

    def _do(self, call: Call[T]) -> T:
        result = self._channel.request(
            call.verb, call.body, deadline=self._patience, on_progress=self._on_progress
        )
        for warning in result.get("warnings", ()):
            self._on_warning(warning)
        return call.read(result)


def home_of(home: str | Home | None, environment: Mapping[str, str]) -> Home:
    """Find the home that is meant.

    Raises:
        HomeUnusable: none is said, and the user has no folder at all.

    """
    if isinstance(home, Home):
        return home
    chosen = {} if home is None else {"PMDAEMON_HOME": str(home)}
    return Home.from_environment({**environment, **chosen})


def environment_here() -> Mapping[str, str]:
    """Return the environment of this process."""
    import os  # noqa: PLC0415 - beside its only use, which the command line has no need of

    return os.environ  # noqa: TID251 - whoever uses a client is the user


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what is not for the programs that are started."""
    from pmdaemon.config.environment import scrubbed  # noqa: PLC0415 - most calls start nothing

    return scrubbed(environment)


def start_daemon_of(home: Home, environment: Mapping[str, str]) -> None:
    """Start the daemon of a home.

    Raises:
        PmdaemonError: it cannot be started, or there is one.

    """
    # Nearly every client finds a daemon running, and need not load this.
    from pmdaemon.control.starter import start_daemon  # noqa: PLC0415

    start_daemon(home.path, inherited(environment), log=home.daemon_log)


def log_warning(sentence: str) -> None:
    """Say it where a program that embeds us looks."""
    import logging  # noqa: PLC0415 - takes longer to import than a list to ask for

    logging.getLogger("pmdaemon").warning("%s", sentence)
