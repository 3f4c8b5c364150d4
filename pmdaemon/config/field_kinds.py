"""What kinds of values fields have: how one is read, and how it is written for people again."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from pmdaemon.config import due_times, health_fields, proxy_fields, run_as, table_fields
from pmdaemon.config import field_values as values
from pmdaemon.core import tcp_ports
from pmdaemon.core.names import app_name
from pmdaemon.core.quantities import format_duration, parse_duration, parse_size


class Kind(Struct, frozen=True):
    """A kind of value: its name, what documents call it, its reader, its writer.

    What an editor is told of it stands in `pmdaemon.config.ecosystem_schema`, by its name.
    """

    name: str
    word: str
    read: Callable[[object], Any]
    show: Callable[[Any], str] = str


EXEC_MODES = {
    "fork": "fork",
    "fork_mode": "fork",
    "cluster": "cluster",
    "cluster_mode": "cluster",
}
LOG_TYPES = {"raw": "raw", "json": "json"}


def _choice(name: str, words: Mapping[str, str]) -> Kind:
    ours = " or ".join(dict.fromkeys(words.values()))
    return Kind(name, ours, partial(values.choice, among=words))


def _name(value: object) -> str:
    return app_name(values.text(value))


def _namespace(value: object) -> str:
    return app_name(values.text(value), noun="namespace")


def _size_limit(value: object) -> int | None:
    # PM2's way of saying that there is no limit is 0.
    return parse_size(value) or None


def _switch_or_texts(value: object) -> tuple[str, ...] | bool:
    if isinstance(value, bool) or str(value).lower() in {"true", "false"}:
        return values.switch(value)
    return values.texts(value)


def _file_or_none(value: object) -> str | None:
    return None if value in (False, "false") else values.file_name(value)


def _show_switch(value: bool) -> str:  # noqa: FBT001 - the value is what it is about
    return "true" if value else "false"


def _show_list(value: Any) -> str:  # noqa: ANN401 - tuples and sets
    return ", ".join(map(str, sorted(value) if isinstance(value, frozenset) else value))


def show_duration(seconds: float) -> str:
    """Write a duration in the largest unit that leaves it whole."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length:g}{unit}"
    return format_duration(seconds)


def _show_size(value: int) -> str:
    for unit, size in (("G", 1024**3), ("M", 1024**2), ("K", 1024)):
        if value and value % size == 0:
            return f"{value // size}{unit}"
    return str(value)


def _show_limits(value: Mapping[str, int]) -> str:
    return ", ".join(
        f"{name} {limit if limit != table_fields.UNLIMITED else 'unlimited'}"
        for name, limit in value.items()
    )


def _show_dependencies(value: Any) -> str:  # noqa: ANN401 - dependencies
    return ", ".join(f"{one.name} {one.condition}" for one in value)


TEXT = Kind("text", "text", values.filled_text)
NAME = Kind("name", "name", _name)
NAMESPACE = Kind("name", "name", _namespace)
PATH = Kind("text", "path", values.filled_text)
PATHS = Kind("texts", "path, or a list", values.texts, _show_list)
TEXTS = Kind("texts", "text, or a list", values.texts, _show_list)
FILE = Kind("file", "path", _file_or_none)
WORDS = Kind("words", "words", values.words, _show_list)
SWITCH = Kind("switch", "true or false", values.switch, _show_switch)
COUNT = Kind("count", "number", values.count)
KEPT = Kind("kept", "number", partial(values.count, most=1000))
RETRIES = Kind("retries", "number", partial(values.count, least=1, most=1000))
DURATION = Kind("duration", "duration", parse_duration, show_duration)
SECONDS = Kind("seconds", "duration", health_fields.seconds_above_0, show_duration)
SIZE = Kind("size", "size", parse_size, _show_size)
SIZE_LIMIT = Kind("size", "size", _size_limit, _show_size)
VARIABLES = Kind("variables", "names and values", values.variables)
VARIABLE = Kind("text", "name of a variable", values.variable_name)
INSTANCES = Kind("instances", 'number, or "max"', values.instances)
PORT = Kind("port", "port, or a range", tcp_ports.parse)
EXIT_CODES = Kind("exit_codes", "number, or a list", values.exit_codes, _show_list)
SIGNAL = Kind("signal", "signal", values.signal_name)
EXEC_MODE = _choice("exec_mode", EXEC_MODES)
LOG_TYPE = _choice("log_type", LOG_TYPES)
FILTER = Kind("switch_or_texts", "true, or texts", _switch_or_texts)
WATCH = Kind("switch_or_texts", "true, or paths", _switch_or_texts)
CRON = Kind("cron", "cron expression", due_times.cron)
TIME_ZONE = Kind("text", "time zone", due_times.time_zone)
URL = Kind("url", "URL", health_fields.url)
COMMAND = Kind("command", "command", health_fields.words_of_command)
USER = Kind("account", "user", run_as.user)
GROUP = Kind("account", "group", run_as.group)
UMASK = Kind("umask", "octal digits", table_fields.umask, "{:04o}".format)
NICE = Kind("nice", "number", table_fields.niceness)
LIMITS = Kind("limits", "limits by name", table_fields.limits, _show_limits)
HEALTH_CHECK = Kind("health_check", "URL, or a table", health_fields.health_check)
JOB = Kind("job", "cron expression, or a table", table_fields.job)
DEPENDENCIES = Kind("dependencies", "names", table_fields.depends_on, _show_dependencies)
HOOKS = Kind("hooks", "table, or a list", table_fields.hooks)
PROXY = Kind("proxy", "true, hosts, or a table", proxy_fields.proxy, proxy_fields.show_published)
