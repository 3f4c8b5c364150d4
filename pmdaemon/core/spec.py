"""What the user declared, checked and frozen.

An `AppSpec` says everything that is needed to run an app and nothing about how it is doing. It is
made by `pmdaemon.config`, which turns text into it; nothing else constructs one outside tests.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from pmdaemon.core.routing import Listener, Strategy
from pmdaemon.core.tcp_ports import TcpPorts

DEFAULT_NAMESPACE = "default"


class Command(Struct, frozen=True):
    """How to run the program.

    `script`, `args`, `interpreter` and `interpreter_args` are as the user gave them, for people to
    read; `argv` is what is executed, its first element an absolute path.
    """

    script: str
    args: tuple[str, ...]
    interpreter: str | None
    argv: tuple[str, ...]
    interpreter_args: tuple[str, ...] = ()


class RestartPolicy(Struct, frozen=True):
    """When to start a process again after it ended by itself (PM2's names and defaults).

    Durations are in seconds. `max_restarts` is how many counted ends within the sliding window
    lead to giving up; see `pmdaemon.core.restarts`. `backoff` is the first wait of a series that
    grows from end to end (`exp_backoff_restart_delay`); 0 is no such series, and
    `restart_delay` holds.
    """

    autorestart: bool = True
    max_restarts: int = 16
    min_uptime: float = 1.0
    restart_delay: float = 0.0
    stop_exit_codes: frozenset[int] = frozenset()
    backoff: float = 0.0


class StopPolicy(Struct, frozen=True):
    """How to end a process: a signal, then `grace` seconds (PM2's `kill_timeout`), then SIGKILL.

    With `message`, a program that has a Node IPC channel is sent `shutdown` in place of the signal;
    without `tree`, only its first process gets the signal. SIGKILL always goes to all.

    `drain` is in seconds: how long a run that others take over from may finish what it has begun
    before it is ended at all. None leaves that to what the run is; see `pmdaemon.core.moves`.
    """

    signal: str = "SIGINT"
    grace: float = 1.6
    message: bool = False
    tree: bool = True
    drain: float | None = None


class Readiness(Struct, frozen=True):
    """When a program that was spawned counts as up.

    With `told`, when it says so (`process.send('ready')`, or READY=1 of sd_notify(3)). `timeout`
    is in seconds, and for how long its readiness is waited for at all (PM2's `listen_timeout`).
    """

    told: bool = False
    timeout: float = 3.0


class HealthCheck(Struct, frozen=True):
    """How to find out whether a program does its work.

    `target` is a URL for `http`, `host:port` or a port for `tcp`, words for `command`, which runs
    in the app's folder with its environment. Durations are in seconds. It counts as unhealthy
    after `retries` failures in a row, those in the first `start_period` left out, and is then
    started anew if `restart` says so.
    """

    kind: Literal["http", "tcp", "command"]
    target: str
    interval: float = 30.0
    timeout: float = 5.0
    retries: int = 3
    start_period: float = 0.0
    restart: bool = True


class Schedule(Struct, frozen=True):
    """When something is due: a cron expression, and the IANA name of a time zone, or ours."""

    cron: str
    timezone: str | None = None


class Job(Struct, frozen=True):
    """An app that runs when it is due, or asked for, and at no other time.

    `overlap` is what happens when it is due and still runs: `skip` this time, `replace` the run
    that lasts, or `queue` one more. A run that lasts for more than `timeout` seconds is ended; 0
    is no bound. `keep` runs are remembered.
    """

    schedule: Schedule
    overlap: Literal["skip", "replace", "queue"] = "skip"
    timeout: float = 0.0
    keep: int = 50


class WatchPolicy(Struct, frozen=True):
    """Which changes of files start the app anew.

    `paths` are absolute. `ignore` are patterns as in a .gitignore. Changes are gathered for `delay`
    seconds.
    """

    paths: tuple[str, ...]
    ignore: tuple[str, ...] = ("node_modules", ".*")
    delay: float = 0.0


class Dependency(Struct, frozen=True):
    """An app that has to be there first: started, ready, or completed with success."""

    name: str
    condition: Literal["started", "ready", "completed"] = "ready"


class RunAs(Struct, frozen=True):
    """Whose rights a program has; what is None stays that of the daemon.

    `groups` are the supplementary ones. `user` and `home` go into its environment.
    """

    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] | None = None
    user: str | None = None
    home: str | None = None


class Limits(Struct, frozen=True):
    """What a program starts with: niceness, umask, and resource limits by name (setrlimit(2))."""

    nice: int | None = None
    umask: int | None = None
    resources: Mapping[str, int] = {}


class LogPolicy(Struct, frozen=True):
    """What is kept of an output, and where.

    A file is exchanged for a new one at `max_size` bytes, or when its oldest output is `max_age`
    seconds old; 0 is no bound. `keep` older ones stay beside it, each until its newest output is
    `max_age` old; with `compress` all but the youngest of them are compressed.

    `out_file` and `error_file` are paths of one's own for the streams, `combined_file` one for both
    together; with `merge`, the instances of an app share files. Where there is a `date_format`
    (day.js tokens) or `json`, they hold whole lines worded so. With `disabled`, nothing is kept.
    """

    max_size: int = 10 * 1024 * 1024
    keep: int = 10
    max_age: float = 30 * 86400.0
    compress: bool = True
    out_file: str | None = None
    error_file: str | None = None
    combined_file: str | None = None
    merge: bool = False
    date_format: str | None = None
    json: bool = False
    disabled: bool = False


class Hook(Struct, frozen=True):
    """Who is told when something happens to the app.

    `events` are names of process events, or `all`. Exactly one of `command` (words) and `url` is
    there; what is posted to a `url` is signed with `secret`.
    """

    events: tuple[str, ...]
    command: tuple[str, ...] = ()
    url: str | None = None
    secret: str | None = None

    def __repr__(self) -> str:
        return f"Hook(events={self.events!r}, target=<hidden>)"


class Published(Struct, frozen=True):
    """Where the gateway publishes the app, beside its name below the gateway's domain.

    `hosts` are `host` or `host/path`; with `strip`, the app does not see the path. `tcp_port` is
    where it listens, if not on the port it is given. What comes to `listener` is spread over the
    instances as it is, HTTP or not.
    """

    hosts: tuple[str, ...] = ()
    strip: bool = False
    tcp_port: int | None = None
    strategy: Strategy = "round-robin"
    listener: Listener | None = None


ExecMode = Literal["fork", "cluster"]
"""Whether instances share a listening socket (`cluster`), or each is by itself."""


class AppSpec(Struct, frozen=True, kw_only=True):
    """An app as declared.

    `env` is what was declared for it, `inherited_env` the environment of whoever started it; the
    program gets the second overlaid with the first. `max_memory` is in bytes, of the whole tree.
    A run that has lasted for `max_runtime` seconds is ended (0 is no bound), and so is one when
    `cron_stop` falls due, which is left alone then.
    `instance_var` names the variable that holds an instance's number, `increment_var` one that
    grows by one from instance to instance. Without `autostart` it is listed and waits to be
    started. `pid_file` is a path that its pid is written to. With `stdin`, it has a standard input
    that lines can be sent to. `source` is the ecosystem file that
    declares it, if one does.
    """

    name: str
    command: Command
    cwd: str
    namespace: str = DEFAULT_NAMESPACE
    instances: int = 1
    exec_mode: ExecMode = "fork"
    tcp_ports: TcpPorts | None = None
    env: Mapping[str, str] = {}
    inherited_env: Mapping[str, str] = {}
    instance_var: str = "NODE_APP_INSTANCE"
    increment_var: str | None = None
    autostart: bool = True
    pid_file: str | None = None
    stdin: bool = False
    max_memory: int | None = None
    restart: RestartPolicy = RestartPolicy()
    stop: StopPolicy = StopPolicy()
    ready: Readiness = Readiness()
    health: HealthCheck | None = None
    max_runtime: float = 0.0
    cron_restart: Schedule | None = None
    cron_stop: Schedule | None = None
    job: Job | None = None
    watch: WatchPolicy | None = None
    depends_on: tuple[Dependency, ...] = ()
    run_as: RunAs = RunAs()
    limits: Limits = Limits()
    logs: LogPolicy = LogPolicy()
    hooks: tuple[Hook, ...] = ()
    proxy: Published | None = None
    source: str | None = None

    @property
    def shared_port(self) -> int | None:
        """The TCP port that all instances listen on together, if they do and it was declared."""
        ports = self.tcp_ports
        if self.exec_mode == "cluster" and ports is not None and ports.count == 1:
            return ports.first
        return None

    def __repr__(self) -> str:
        # Environments hold secrets, and what is printed ends in logs.
        return f"AppSpec(name={self.name!r}, command={self.command!r}, env=<hidden>)"
