"""The fields that an app may have: PM2's names and aliases for them, and who reads each."""

from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import Struct

from pmdaemon.config import field_values as values
from pmdaemon.core import tcp_ports
from pmdaemon.core.names import app_name
from pmdaemon.core.quantities import parse_duration, parse_size


class Field(Struct, frozen=True):
    """One field: how its value is read, and what else it is called."""

    name: str
    read: Callable[[object], Any]
    aliases: tuple[str, ...] = ()


def _name(value: object) -> str:
    return app_name(values.text(value))


def _namespace(value: object) -> str:
    return app_name(values.text(value), noun="namespace")


def _memory_limit(value: object) -> int | None:
    # PM2's way of saying that there is no limit is 0.
    return parse_size(value) or None


FIELDS = (
    Field("script", values.filled_text, ("exec", "cmd", "command")),
    Field("args", values.words),
    Field("interpreter", values.filled_text, ("exec_interpreter",)),
    Field("interpreter_args", values.words, ("node_args",)),
    Field("name", _name),
    Field("namespace", _namespace),
    Field("cwd", values.filled_text),
    Field("instances", values.instances),
    Field("port", tcp_ports.parse),
    Field("env", values.variables),
    Field("max_memory_restart", _memory_limit, ("max_memory",)),
    Field("autorestart", values.switch),
    Field("max_restarts", values.count),
    Field("min_uptime", parse_duration),
    Field("restart_delay", parse_duration),
    Field("stop_exit_codes", values.exit_codes),
    Field("kill_timeout", parse_duration),
    Field("stop_signal", values.signal_name, ("kill_signal",)),
    Field("log_max_size", parse_size),
    Field("log_keep", partial(values.count, most=1000), ("log_max_files",)),
    Field("log_max_age", parse_duration),
    Field("log_compress", values.switch),
    # What an app that is brought back had inherited.
    Field("inherited_env", values.variables),
)

NOT_ACTED_ON = frozenset(
    {
        "append_env_to_name", "automation", "autostart", "combine_logs", "cron", "cron_restart",
        "deep_monitoring", "disable_logs", "disable_source_map_support", "disable_trace", "err",
        "err_file", "err_log", "error", "error_file", "event_loop_inspector", "exec_mode",
        "execute_command", "exp_backoff_restart_delay", "filter_env", "force", "gid",
        "ignore_watch", "increment_var", "install_url", "instance_var", "io", "kill_retry_time",
        "listen_timeout", "log", "log_date_format", "log_file", "log_type", "merge_logs",
        "name_prefix", "out", "out_file", "out_log", "output", "pid", "pid_file", "pmx",
        "post_update", "shutdown_with_message", "source_map_support", "time", "trace", "treekill",
        "uid", "user", "username", "v8", "vizion", "wait_ready", "watch", "watch_delay",
        "watch_options", "windows_hide", "write",
    }
)  # fmt: skip
"""PM2's other attributes; besides these there is `env_<name>`."""

FIELDS_BY_NAME = {name: field for field in FIELDS for name in (field.name, *field.aliases)}
"""Each field by its name and by all of its aliases."""


def remark(spelling: str) -> str:
    """Say what is the matter with a field that is none of ours."""
    if spelling in NOT_ACTED_ON or spelling.startswith("env_"):
        return "not acted on by this release"
    # Only a mistake pays for this import.
    import difflib  # noqa: PLC0415

    close = difflib.get_close_matches(spelling[:100], [*FIELDS_BY_NAME, *NOT_ACTED_ON], n=1)
    return f"unknown field; did you mean {close[0]}?" if close else "unknown field"
