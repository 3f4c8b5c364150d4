"""`Client`, for programs that may block; the command line is one of them.

Each verb stands here once, with its arguments and what they mean, and nothing else is here: what a
verb asks is worded in `calls`, and `AsyncClient` takes the verbs over as they are (`awaiting`). So
this file is as long as the API is wide.

Its import is a part of the time that every command takes.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pmdaemon.client import calls
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
from pmdaemon.config.paths import Home
from pmdaemon.control.channel import ANSWER_PATIENCE, Channel
from pmdaemon.control.messages.daemon import HostResult, KillResult, PingResult, UpdateResult
from pmdaemon.control.messages.declaring import ApplyResult
from pmdaemon.control.messages.processes import GrowthItem
from pmdaemon.control.messages.web import TokenView, WebResult

if TYPE_CHECKING:
    from pmdaemon.client.deployments import Deployments
    from pmdaemon.client.gateway import Gateway
    from pmdaemon.client.projects import Projects
    from pmdaemon.client.users import Users
    from pmdaemon.control.log_reader import LogLine

T = TypeVar("T")

Say = Callable[[str], None]
"""Takes a sentence."""


class Client:
    """A client of the daemon of one home.

    Selectors are names, ids, namespaces, `name:instance`, `all` and `/regex/`. Each verb returns
    once the work is done.

    Args:
        home: the daemon's home; by default, that of the environment.
        environment: variables, from which the home is taken, and which programs inherit; by
            default, those of this process.
        start: start a daemon when none is running, with this function if it is one; False raises
            `DaemonNotRunning` instead.
        patience: seconds to wait without a sign of life from the daemon before giving up.
        on_progress: called with a sentence while something takes time.
        on_warning: called with the daemon's warnings; by default, they go to the logger `pmdaemon`.

    Raises:
        PmdaemonError: from every verb: the daemon refused or failed to do it, or cannot be reached.

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
        self._channel = Channel(self.home, start or None)

    def ping(self) -> PingResult:
        """Check that the daemon answers."""
        return self._do(calls.ping())

    def host(self) -> HostResult:
        """Return what resources the machine has, and how much of them is in use."""
        return self._do(calls.host())

    def list(self, *selectors: str | int, detail: bool = False) -> Processes:
        """Return the selected processes, or all; with `detail`, including their declarations."""
        return self._do(calls.list_processes(selectors, detail=detail))

    def start(
        self,
        /,
        target: str,
        *,
        relative_to: str | None = None,
        existing: Existing = "refuse",
        **options: object,
    ) -> Processes:
        """Start what has this name, or else a new program: a command, or the path of a script.

        Args:
            target: what to start.
            relative_to: what relative paths are relative to; by default, the current directory.
            existing: what to do with a program of that name which is already up; see `start_apps`.
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
        interpolate: bool = False,
        env_name: str | None = None,
        file: str | None = None,
    ) -> Processes:
        """Start apps declared as in an ecosystem file: either all of them, or none is touched.

        Args:
            apps: the declarations.
            relative_to: as for `start`.
            source: where they come from, for use in messages.
            existing: what becomes of those that are up: `restart` or `reload` them as they are
                declared now, `refuse`, or `keep` them as they are.
            down: do not start new apps, only add them to the list.
            interpolate: replace `${VARIABLES}` in text with variables of the environment.
            env_name: the name of the chosen environment, for `append_env_to_name`.
            file: the path of the file they come from, by which `apply` recognises them.

        """
        return self._do(
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

    def start_declarations(
        self,
        declarations: Sequence[Mapping[str, object]],
        *,
        source: str = "the declarations",
        existing: Existing = "keep",
        down: bool = False,
    ) -> Processes:
        """Start apps from full declarations, as returned by `list` with `detail`.

        The other arguments are those of `start_apps`.
        """
        return self._do(
            calls.start_declarations(
                declarations,
                environment=inherited(self._environment),
                source=source,
                existing=existing,
                down=down,
            )
        )

    def apply(
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
        """Make what is running match the given apps, touching only what differs.

        Args:
            apps: the declarations. These and all other arguments are as for `start_apps`.
            file: the path of the file they come from, which is remembered.
            whole: whether these are all apps of that file.
            prune: delete apps that came from that file and are no longer in it.
            dry_run: only report what would be done.

        """
        return self._do(
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

    def stop(self, *selectors: str | int) -> Processes:
        """Stop processes, and everything they started."""
        return self._do(calls.act("stop", selectors))

    def restart(
        self,
        *selectors: str | int,
        options: Mapping[str, object] | None = None,
        update_env: bool = False,
    ) -> Processes:
        """Stop the selected processes that are running, and start all of them.

        Args:
            selectors: which processes.
            options: fields of the apps to change, permanently.
            update_env: let them inherit this process's environment from now on.

        """
        return self._do(
            calls.anew(
                "restart",
                selectors,
                options=options,
                environment=inherited(self._environment) if update_env else None,
            )
        )

    def reload(
        self,
        *selectors: str | int,
        options: Mapping[str, object] | None = None,
        update_env: bool = False,
        parallel: int = 1,
    ) -> Processes:
        """Replace the runs of processes one by one, without downtime.

        Args:
            selectors: which processes.
            options: as for `restart`.
            update_env: as for `restart`.
            parallel: how many instances of an app to replace at a time.

        """
        return self._do(
            calls.anew(
                "reload",
                selectors,
                options=options,
                environment=inherited(self._environment) if update_env else None,
                parallel=parallel,
            )
        )

    def scale(self, name: str, count: str | int) -> Processes:
        """Change the number of instances of an app: `4`, or `"+2"` or `"-1"` relative to now."""
        return self._do(calls.scale(name, count))

    def send_signal(self, signal: str, *selectors: str | int) -> Processes:
        """Send a signal, by name or number, to the first process of each program."""
        return self._do(calls.send_signal(signal, selectors))

    def delete(self, *selectors: str | int) -> Processes:
        """Stop processes and forget them; their log files stay."""
        return self._do(calls.act("delete", selectors))

    def reset(self, *selectors: str | int) -> Processes:
        """Set restart counters to zero."""
        return self._do(calls.act("reset", selectors))

    def block(self, *selectors: str | int) -> Processes:
        """Prevent processes from being started; those that are running may continue."""
        return self._do(calls.act("block", selectors))

    def unblock(self, *selectors: str | int) -> Processes:
        """Allow processes to be started again; nothing is started by this."""
        return self._do(calls.act("unblock", selectors))

    def send_line(self, line: str, *selectors: str | int) -> Processes:
        """Write a line to the standard input of programs that were declared with `stdin`."""
        return self._do(calls.send_line(line, selectors))

    def trigger(self, action: str, *selectors: str | int, params: str | None = None) -> Replies:
        """Run an action that Node programs have registered; return their answers."""
        return self._do(calls.trigger(action, params, selectors))

    def explain(self, *selectors: str | int) -> Explanations:
        """Say in sentences why processes are up or down."""
        return self._do(calls.explain(selectors))

    def history(self, *selectors: str | int, limit: int = 20) -> Runs:
        """Return the latest runs of jobs, of all if none is selected, newest first."""
        return self._do(calls.history(selectors, limit=limit))

    def flush(self, *selectors: str | int) -> Processes:
        """Empty log files."""
        return self._do(calls.act("flush", selectors))

    def env(self, selector: str | int) -> dict[str, str]:
        """Return the environment that a process is started with, secrets included."""
        return calls.environment_of(self.list(selector, detail=True))

    def follow(self, *selectors: str | int) -> Generator[GrowthItem, None, None]:
        """Subscribe at once, and yield what happens to processes, indefinitely.

        An item says that a stream of output has grown, or that a process changed its state. Closing
        the generator ends the subscription.
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
        """Yield what processes printed, of all if none is selected, in order of time.

        Args:
            selectors: whose output.
            lines: how many of the last lines of each; 15 if neither this nor a time is given.
            since: only lines since then; in seconds since the epoch, as `until`.
            until: only lines until then.
            grep: only lines that match this regular expression.
            streams: `out`, `err`, or both.
            follow: continue with new lines indefinitely, even while the daemon is away.

        """
        # Most clients do not read output.
        from pmdaemon.client.logs import query_of, read  # noqa: PLC0415

        query = query_of(lines=lines, since=since, until=until, grep=grep, streams=streams)
        return read(self, selectors, query, go_on=follow)

    def web(
        self,
        /,
        host: str = "127.0.0.1",
        port: int = 9615,
        *,
        api_key: str | None = None,
        **settings: object,
    ) -> WebResult:
        """Turn the web API on permanently; the daemon remembers it.

        Args:
            host: the address to listen on; who listens for others needs a key, which is made where
                none is said.
            port: the TCP port; 0 is any free one.
            api_key: the key that callers have to send.
            settings: `allow_create`, `ws_auth` (`public` or `required`), `cors_origins`,
                `rate_limits` (as `100/60s`), `body_limit` (as `1M`), `trusted_proxies`, and
                `tls_cert` with `tls_key`, which are absolute paths.

        """
        return self._do(calls.web(host, port, api_key, detach=True, **settings))

    def hold_web(
        self,
        host: str = "127.0.0.1",
        port: int = 9615,
        *,
        api_key: str | None = None,
        **settings: object,
    ) -> Generator[WebResult, None, None]:
        """Turn the web API on until the generator is closed; it yields once.

        The arguments are those of `web`.
        """
        call = calls.web(host, port, api_key, detach=False, **settings)
        items: Generator[Any, None, None] = self._channel.stream(call.verb, call.body)
        return items

    def web_off(self) -> str | None:
        """Turn the web API off; return its URL, if it was on."""
        return self._do(calls.web_off())

    @property
    def gateway(self) -> "Gateway":
        """The reverse proxy: what it publishes, and the requests it has seen."""
        from pmdaemon.client.gateway import Gateway  # noqa: PLC0415 - most commands never need it

        return Gateway(self._do, self._channel.stream)

    @property
    def deployments(self) -> "Deployments":
        """What is deployed, by git, on this machine."""
        from pmdaemon.client.deployments import Deployments  # noqa: PLC0415 - as above

        return Deployments(self._do, self._channel.stream)

    @property
    def users(self) -> "Users":
        """Accounts: who deploys."""
        from pmdaemon.client.users import Users  # noqa: PLC0415 - most commands never need it

        return Users(self._do)

    @property
    def projects(self) -> "Projects":
        """Projects: what is deployed."""
        from pmdaemon.client.projects import Projects  # noqa: PLC0415 - as above

        return Projects(self._do)

    def make_token(
        self,
        name: str | None = None,
        *,
        consumer: str | None = None,
        scopes: Sequence[str] = (),
        expire_in: float | None = None,
    ) -> TokenView:
        """Make a key for the web API, or a JWT for a consumer; only this result contains it.

        Args:
            name: name of the key; by default `key-1` and so on.
            consumer: make a JWT for this consumer, instead of a named key.
            scopes: what it allows; by default everything.
            expire_in: seconds.

        """
        return self._do(
            calls.make_token(name, consumer=consumer, scopes=scopes, expire_in=expire_in)
        )

    def tokens(self) -> Tokens:
        """Return the properties of keys and JWTs, but not the secrets themselves."""
        return self._do(calls.list_tokens())

    def rotate_token(self, name: str, *, overlap: float) -> TokenView:
        """Replace a key or JWT; the old one stays valid for `overlap` more seconds."""
        return self._do(calls.rotate_token(name, overlap=overlap))

    def rotate_secret(self, *, overlap: float) -> float:
        """Sign JWTs with a new secret; return when, in epoch seconds, the old ones expire."""
        return self._do(calls.rotate_secret(overlap=overlap))

    def revoke_token(self, name: str) -> None:
        """Make a key or JWT invalid, at once."""
        return self._do(calls.revoke_token(name))

    def save(self, *, force: bool = False) -> SaveResult:
        """Write the list to `dump.pm2` in the home; an empty list only with `force`."""
        from pmdaemon.client.saved_list import save  # noqa: PLC0415 - most programs never do

        return save(self, force=force)

    def resurrect(self, *, on_started: Callable[[Processes], None] | None = None) -> Processes:
        """Restore the saved list; `on_started` is called with processes as they start.

        Raises:
            OperationFailed: some did not start; `details["failures"]` says which, and why.

        """
        from pmdaemon.client.saved_list import resurrect  # noqa: PLC0415 - as above

        return resurrect(self, on_started=on_started, on_warning=self._on_warning)

    def kill(self, *, wait: bool = True) -> KillResult:
        """Stop all programs, and then the daemon; with `wait`, return when it is gone."""
        result = self._do(calls.kill())
        if wait:
            from pmdaemon.client.gone import wait_until_gone  # noqa: PLC0415 - as above

            # The keeper goes last, and holds the home until then; one that had died left us to
            # init.
            keeper = result.get("keeper", 0)
            wait_until_gone(keeper if keeper > 1 else result["pid"])
        return result

    def update(self) -> tuple[UpdateResult, PingResult]:
        """Switch the daemon to the installed version; return what was and what is running.

        Programs keep running and do not notice.
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
