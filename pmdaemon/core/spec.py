"""What the user declared, checked and frozen.

An `AppSpec` says everything that is needed to run an app and nothing about how it is doing. It is
made by `pmdaemon.config`, which turns text into it; nothing else constructs one outside tests.
"""

from collections.abc import Mapping

from msgspec import Struct

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
    lead to giving up; see `pmdaemon.core.restarts`.
    """

    autorestart: bool = True
    max_restarts: int = 16
    min_uptime: float = 1.0
    restart_delay: float = 0.0
    stop_exit_codes: frozenset[int] = frozenset()


class StopPolicy(Struct, frozen=True):
    """How to end a process: a signal, then `grace` seconds (PM2's `kill_timeout`), then SIGKILL."""

    signal: str = "SIGINT"
    grace: float = 1.6


class LogPolicy(Struct, frozen=True):
    """The bounds on what is kept of an output.

    A file is exchanged for a new one at `max_size` bytes, or when its oldest output is `max_age`
    seconds old; 0 is no bound. `keep` older ones stay beside it, each until its newest output is
    `max_age` old; with `compress` all but the youngest of them are compressed.
    """

    max_size: int = 10 * 1024 * 1024
    keep: int = 10
    max_age: float = 30 * 86400.0
    compress: bool = True


class AppSpec(Struct, frozen=True, kw_only=True):
    """An app as declared.

    `env` is what was declared for it, `inherited_env` the environment of whoever started it; the
    program gets the second overlaid with the first. `max_memory` is in bytes, of the whole tree.
    """

    name: str
    command: Command
    cwd: str
    namespace: str = DEFAULT_NAMESPACE
    instances: int = 1
    tcp_ports: TcpPorts | None = None
    env: Mapping[str, str] = {}
    inherited_env: Mapping[str, str] = {}
    max_memory: int | None = None
    restart: RestartPolicy = RestartPolicy()
    stop: StopPolicy = StopPolicy()
    logs: LogPolicy = LogPolicy()

    def __repr__(self) -> str:
        # Environments hold secrets, and what is printed ends in logs.
        return f"AppSpec(name={self.name!r}, command={self.command!r}, env=<hidden>)"
