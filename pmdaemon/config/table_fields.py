"""Fields that are tables or lists: dependencies, jobs, hooks, limits."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from pmdaemon.config import field_values as values
from pmdaemon.config.command import words_to_execute
from pmdaemon.config.due_times import cron, time_zone
from pmdaemon.config.health_fields import url
from pmdaemon.config.tables import Remarked, read_each, read_table
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.names import app_name
from pmdaemon.core.quantities import parse_duration, parse_size
from pmdaemon.core.spec import Dependency, Hook, Job, Schedule

CONDITIONS = {
    "started": "started",
    "ready": "ready",
    "completed": "completed",
    "service_started": "started",
    "service_healthy": "ready",
    "service_completed_successfully": "completed",
}
"""The long ones are those of Compose files."""

OVERLAPS = ("skip", "replace", "queue")

EVENTS = (
    "start", "online", "stop", "exit", "crash", "restart", "errored", "unhealthy", "healthy",
    "memory", "timeout", "all",
)  # fmt: skip
"""What a hook may be told of."""

RESOURCES = (
    "as", "core", "cpu", "data", "fsize", "memlock", "nofile", "nproc", "rss", "rtprio", "stack",
    "sigpending", "msgqueue",
)  # fmt: skip
"""Names of setrlimit(2), without RLIMIT_."""

_IN_BYTES = frozenset({"as", "core", "data", "fsize", "memlock", "rss", "stack", "msgqueue"})

UNLIMITED = -1


def depends_on(value: object) -> Remarked:
    """Read what has to be there first: names, or names with a condition each."""
    match value:
        case str():
            return Remarked(tuple(map(_dependency, values.words(value.replace(",", " ")))))
        case list() | tuple():
            return read_each(value, _one_dependency)
        case Mapping():
            return read_each(
                [
                    {"name": name, **(said if isinstance(said, Mapping) else {"condition": said})}
                    for name, said in value.items()
                ],
                _one_dependency,
            )
        case _:
            raise values.refused(value, "names of apps")


def _dependency(name: object) -> Dependency:
    return Dependency(app_name(values.text(name)))


def _one_dependency(value: object) -> Remarked:
    if isinstance(value, str):
        return Remarked(_dependency(value))
    read = read_table(
        value,
        {
            "name": lambda name: app_name(values.text(name)),
            "condition": partial(values.choice, among=CONDITIONS),
        },
        expected="the name of an app, or a table",
    )
    if "name" not in read.value:
        raise InvalidInput("name is missing")
    return Remarked(Dependency(**read.value), read.remarks)


def job(value: object) -> Remarked:
    """Read a job: when it is due, or a table."""
    if isinstance(value, str):
        value = {"cron": value}
    read = read_table(
        value,
        {
            "cron": cron,
            "timezone": time_zone,
            "overlap": partial(values.choice, among={word: word for word in OVERLAPS}),
            "timeout": parse_duration,
            "keep": partial(values.count, most=10_000),
        },
        expected="a cron expression or a table",
    )
    found: dict[str, Any] = read.value
    expression, timezone = found.pop("cron", None), found.pop("timezone", None)
    if expression is None:
        raise InvalidInput("cron is missing")
    return Remarked(Job(Schedule(expression, timezone), **found), read.remarks)


def hooks(value: object) -> Remarked:
    """Read who is told when something happens."""
    return read_each(value if isinstance(value, list) else [value], _hook)


def _hook(value: object) -> Remarked:
    readers = {
        "events": _events,
        "on": _events,
        "command": _command,
        "url": url,
        "secret": values.filled_text,
    }
    read = read_table(value, readers, expected="a table with events, and command or url")
    found: dict[str, Any] = read.value
    if "on" in found and "events" in found:
        raise InvalidInput("on and events mean the same: only one of them can be given")
    events = found.pop("on", ()) or found.pop("events", ()) or ("all",)
    if ("command" in found) == ("url" in found):
        raise InvalidInput("either command or url is needed")
    return Remarked(Hook(events, **found), read.remarks)


def _events(value: object) -> tuple[str, ...]:
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    return tuple(
        values.choice(word, among={event: event for event in EVENTS})
        for word in (words if isinstance(words, list) else [words])
    )


def _command(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return words_to_execute(values.filled_text(value))
    return values.filled_words(value)


def limits(value: object) -> Remarked:
    """Read resource limits, by name; `unlimited` is one."""
    return read_table(
        value,
        {name: partial(_limit, in_bytes=name in _IN_BYTES) for name in RESOURCES},
        expected="limits by name, such as nofile",
    )


def _limit(value: object, *, in_bytes: bool) -> int:
    if value == "unlimited":
        return UNLIMITED
    return parse_size(value) if in_bytes else values.count(value, most=2**62)


def umask(value: object) -> int:
    """Read a umask, in octal digits.

    A number is refused: whether it was meant as octal depends on the format it was written in.
    """
    text = value if isinstance(value, str) else ""
    if not re.fullmatch(r"0?[0-7]{1,3}", text):
        raise values.refused(value, 'octal digits in quotes, such as "022"')
    return int(text, 8)


def niceness(value: object) -> int:
    """Read a niceness, from -20 to 19."""
    return values.count(value, least=-20, most=19)
