"""The options that declare an app, under the names that ecosystem files have for them.

Their values go to the daemon as they were typed; it reads them as it reads those of a file.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import Option
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput

_FLAGS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "name": (("-n", "--name"), "NAME", "Name of the app; default that of its script."),
    "namespace": (
        ("--namespace",), "NAME",
        "Group it belongs to; commands accept it in place of a name.",
    ),
    "instances": (("-i", "--instances"), "N", "How many instances to run; max is one per CPU."),
    "cwd": (("--cwd",), "DIR", "Working directory."),
    "interpreter": (
        ("--interpreter",), "PROGRAM",
        "What runs the script, such as node; none if it runs by itself.",
    ),
    "interpreter_args": (
        ("--interpreter-args", "--node-args"), "ARGS", "Options for the interpreter.",
    ),
    "port": (
        ("-p", "--port"), "PORT",
        "Port to listen on, passed as $PORT: 3000, 3000-3003, auto:5000-5100.",
    ),
    "max_memory_restart": (
        ("--max-memory-restart", "--max-memory"), "SIZE",
        "Restart it when it uses more memory than this: 150M.",
    ),
    "max_restarts": (
        ("--max-restarts",), "N",
        "Give up after this many failures within a minute; default 16.",
    ),
    "min_uptime": (
        ("--min-uptime",), "TIME",
        "A run shorter than this counts as a failure; default 1s.",
    ),
    "restart_delay": (
        ("--restart-delay",), "TIME",
        "Wait this long before each restart: 500 (ms), 3s.",
    ),
    "exp_backoff_restart_delay": (
        ("--exp-backoff-restart-delay",), "TIME",
        "Wait this long before the first restart, and longer each time.",
    ),
    "stop_exit_codes": (
        ("--stop-exit-codes",), "CODES", "Do not restart it after these exit codes: 0,3.",
    ),
    "kill_timeout": (
        ("-k", "--kill-timeout"), "TIME", "Time to stop before it is killed; default 1.6s.",
    ),
    "drain_timeout": (
        ("--drain-timeout",), "TIME",
        "Time to finish requests when it is replaced; 30s in a proxy.",
    ),
    "listen_timeout": (
        ("--listen-timeout", "--wait-timeout"), "TIME",
        "How long it may take to get ready; default 3s.",
    ),
    "stop_signal": (("--stop-signal",), "SIGNAL", "Signal that asks it to stop; default SIGINT."),
    "cron_restart": (
        ("-c", "--cron", "--cron-restart"), "CRON", "Restart it on this schedule: '0 3 * * *'.",
    ),
    "job": (("--job",), "CRON", "Run it on this schedule only, and not now."),
    "timezone": (("--timezone",), "ZONE", "Time zone of --cron and --job: Europe/Berlin."),
    "depends_on": (("--depends-on",), "A,B", "Start it once these apps are ready."),
    "health_check_url": (("--health-check-url",), "URL", "Healthy as long as this URL answers."),
    "health_check_script": (
        ("--health-check-script",), "COMMAND", "Healthy as long as this command succeeds.",
    ),
    "health_check_interval": (
        ("--health-check-interval",), "TIME",
        "Time between health checks; default 30s.",
    ),
    "health_check_timeout": (
        ("--health-check-timeout",), "TIME",
        "Time a health check may take; default 5s.",
    ),
    "health_check_retries": (
        ("--health-check-retries",), "N",
        "Restart after this many failed checks in a row; default 3.",
    ),
    "watch_delay": (
        ("--watch-delay",), "TIME",
        "Wait this long for further changes: 200 (ms), 1s.",
    ),
    "uid": (("--uid",), "USER", "Run it as this user (needs root)."),
    "gid": (("--gid",), "GROUP", "Run it as this group (needs root)."),
    "umask": (("--umask",), "OCTAL", "Its umask: 022."),
    "nice": (("--nice",), "N", "Its niceness, from -20 to 19."),
    "pid_file": (("--pid",), "FILE", "Keep its pid in this file."),
    "out_file": (("-o", "--output"), "FILE", "Write its standard output to this file."),
    "error_file": (("--error",), "FILE", "Write its standard error to this file."),
    "log_file": (("-l", "--log"), "FILE", "Write both to this file, in addition."),
    "log_date_format": (
        ("--log-date-format",), "FORMAT",
        "Start each line in its files with the time: YYYY-MM-DD HH:mm:ss.",
    ),
    "log_type": (("--log-type",), "TYPE", "With json, write each line in its files as an object."),
    "log_max_size": (
        ("--log-max-size",), "SIZE", "Rotate its log files at this size; default 10M, 0 for never.",
    ),
    "log_keep": (
        ("--log-keep", "--log-max-files"), "N", "How many rotated log files to keep; default 10.",
    ),
    "log_max_age": (
        ("--log-max-age",), "TIME", "Delete log files older than this: 12h, 7d; 0 for never.",
    ),
}  # fmt: skip


_SWITCHED_ON = ("wait_ready", "stdin", "time", "merge_logs", "disable_logs")
"""Fields that are off unless they are said."""

_SWITCHED_OFF = ("autorestart", "autostart", "treekill", "log_compress")
"""Fields that are on unless `--no-…` is said."""

HERE = "."
"""What `--watch` means without a path."""


_SWITCHES: dict[str, tuple[str, str]] = {
    "wait_ready": ("--wait-ready", "Wait until it says that it is ready, and fail if it does not."),
    "stdin": ("--stdin", "Give it a standard input, for pmdaemon send and attach."),
    "autostart": ("--no-autostart", "Add it to the list without starting it."),
    "treekill": ("--no-treekill", "Send the stop signal to its main process only."),
    "autorestart": ("--no-autorestart", "Do not restart it when it exits."),
    "time": ("--time", "The same as --log-date-format YYYY-MM-DDTHH:mm:ss."),
    "merge_logs": ("--merge-logs", "Write the output of all its instances to the same files."),
    "disable_logs": ("--disable-logs", "Keep none of its output."),
    "log_compress": ("--no-log-compress", "Do not compress rotated log files."),
}

_REPEATED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "env": (
        ("-e", "--env"), "KEY=VALUE",
        "Set an environment variable. With an ecosystem file: --env NAME applies its env_NAME.",
    ),
    "watch": (
        ("--watch",), "[PATH]", "Restart it when files change, here or in its working directory.",
    ),
    "ignore_watch": (
        ("--ignore-watch",), "PATTERN", "Files that do not count for --watch, as in a .gitignore.",
    ),
}  # fmt: skip
"""What may be said several times."""

_SECTIONS: dict[str, tuple[str, ...]] = {
    "The program": (
        "name", "namespace", "instances", "cwd", "interpreter", "interpreter_args", "port", "env",
        "stdin",
    ),
    "Starting and stopping": (
        "autostart", "depends_on", "wait_ready", "listen_timeout", "stop_signal", "kill_timeout",
        "drain_timeout", "treekill",
    ),
    "Restarts": (
        "autorestart", "max_restarts", "min_uptime", "restart_delay", "exp_backoff_restart_delay",
        "stop_exit_codes", "max_memory_restart",
    ),
    "Schedules": ("cron_restart", "job", "timezone"),
    "Health checks": (
        "health_check_url", "health_check_script", "health_check_interval", "health_check_timeout",
        "health_check_retries",
    ),
    "Changes of files": ("watch", "ignore_watch", "watch_delay"),
    "Rights": ("uid", "gid", "umask", "nice", "pid_file"),
    "Log files": (
        "out_file", "error_file", "log_file", "merge_logs", "time", "log_date_format", "log_type",
        "disable_logs", "log_max_size", "log_keep", "log_max_age", "log_compress",
    ),
}  # fmt: skip
"""Where in its help a command has the options for which fields."""

_SECTION_OF = {name: section for section, names in _SECTIONS.items() for name in names}


def option_of(name: str) -> Callable[..., Any]:
    """Make the option by which a field of an app is said."""
    section = _SECTION_OF[name]
    if name in _SWITCHES:
        flag, text = _SWITCHES[name]
        return click.option(flag, cls=Option, section=section, is_flag=True, help=text)
    more: dict[str, Any] = {"multiple": True} if name in _REPEATED else {}
    if name == "watch":
        more |= {"is_flag": False, "flag_value": HERE}
    flags, metavar, text = (_FLAGS | _REPEATED)[name]
    return click.option(
        *flags, name, cls=Option, section=section, metavar=metavar, help=text, **more
    )


def start_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command all options that declare an app."""
    for name in reversed(_SECTION_OF):
        function = option_of(name)(function)
    return function


def options_of(given: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Make fields of an app from what was typed; beside them, the environment's name, if one is.

    Raises:
        WrongUsage: a variable without a name, or two names of environments.

    """
    options = {name: given[name] for name in _FLAGS if given.get(name) is not None}
    options |= {name: False for name in _SWITCHED_OFF if given.get(f"no_{name}")}
    options |= {name: True for name in _SWITCHED_ON if given.get(name)}
    if watched := given.get("watch"):
        options["watch"] = [path for path in watched if path != HERE] or True
    if ignored := given.get("ignore_watch"):
        options["ignore_watch"] = list(ignored)
    variables: dict[str, str] = {}
    names: list[str] = []
    for text in given.get("env", ()):
        name, is_variable, value = text.partition("=")
        if not name:
            raise WrongUsage("--env wants KEY=VALUE")
        if is_variable:
            variables[name] = value
        else:
            names.append(name)
    if len(names) > 1:
        raise WrongUsage(f"--env names one environment, not {' and '.join(names)}")
    if variables:
        options["env"] = variables
    return options, names[0] if names else None


def flag_of(options: Mapping[str, Any]) -> str:
    """Name the first of these options as it is typed."""
    first = next(iter(options))
    if first in {"env", "args"}:
        return {"env": "--env KEY=VALUE", "args": "--"}[first]
    return flags_of(first)[-1]


@contextmanager
def as_typed(given: Container[str]) -> Iterator[None]:
    """Have a refusal name the options that were given, where it names the fields they stand for."""
    try:
        yield
    except InvalidConfiguration as error:
        source = error.message.partition(":")[0].removeprefix("cannot use ")
        problems = [_typed(problem, given) for problem in error.problems]
        raise InvalidConfiguration(source, problems) from None
    except InvalidInput as error:
        message = _typed(error.message, given)
        raise InvalidInput(message, code=error.code, **error.details) from None


def _typed(problem: str, given: Container[str]) -> str:
    field, colon, rest = problem.partition(": ")
    flags = [flag for flag in flags_of(field) if flag.startswith("--")] if field in given else []
    return f"{flags[0]}{colon}{rest}" if flags else problem


def flags_of(field: str) -> tuple[str, ...]:
    """Return the flags by which a field is said; none for one that is not on command lines."""
    if field in _SWITCHES:
        return (_SWITCHES[field][0],)
    if field in _FLAGS or field in {"watch", "ignore_watch"}:
        return (_FLAGS | _REPEATED)[field][0]
    return ()
