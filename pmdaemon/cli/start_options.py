"""The options that declare an app, under the names that ecosystem files have for them.

Their values go to the daemon as they were typed; it reads them as it reads those of a file.
"""

from collections.abc import Callable, Mapping
from typing import Any

import click

from pmdaemon.cli.errors import WrongUsage

_FLAGS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "name": (("-n", "--name"), "NAME", "Call it so."),
    "namespace": (("--namespace",), "NAME", "Put it into this group."),
    "instances": (("-i", "--instances"), "N", "Run it so many times; max means one a CPU."),
    "cwd": (("--cwd",), "DIR", "Run it in this directory."),
    "interpreter": (("--interpreter",), "PROGRAM", "Run the script by this; none for by itself."),
    "interpreter_args": (
        ("--interpreter-args", "--node-args"), "ARGS", "Options of the interpreter.",
    ),
    "port": (
        ("-p", "--port"), "PORT", "TCP port, told by PORT: 3000, 3000-3003 or auto:5000-5100.",
    ),
    "max_memory_restart": (
        ("--max-memory-restart", "--max-memory"), "SIZE", "Restart above so much memory: 150M.",
    ),
    "max_restarts": (("--max-restarts",), "N", "Give up after so many early ends."),
    "restart_delay": (("--restart-delay",), "TIME", "Wait before a restart: 500 (ms), 3s."),
    "kill_timeout": (
        ("-k", "--kill-timeout"), "TIME", "From the stop signal to SIGKILL: 1600 (ms), 5s.",
    ),
    "stop_signal": (("--stop-signal",), "SIGNAL", "The stop signal; SIGINT if not said."),
    "log_max_size": (
        ("--log-max-size",), "SIZE", "Exchange its output files at this size: 10M; 0 for never.",
    ),
    "log_keep": (
        ("--log-keep", "--log-max-files"), "N", "Keep so many older output files; 10 if not said.",
    ),
    "log_max_age": (
        ("--log-max-age",), "TIME", "Keep output for so long: 12h, 7d; 0 for ever.",
    ),
}  # fmt: skip


def start_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command all options that declare an app."""
    decorators = [
        click.option(*flags, name, metavar=metavar, help=text)
        for name, (flags, metavar, text) in _FLAGS.items()
    ]
    decorators += [
        click.option(
            "-e",
            "--env",
            "env",
            multiple=True,
            metavar="KEY=VALUE",
            help="Set a variable; may be repeated. With an ecosystem file, NAME takes env_NAME.",
        ),
        click.option(
            "--no-autorestart", is_flag=True, help="Leave it down when it ends by itself."
        ),
        click.option(
            "--no-log-compress", is_flag=True, help="Keep its older output files as they are."
        ),
    ]
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


def options_of(given: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Make fields of an app from what was typed; beside them, the environment's name, if one is.

    Raises:
        WrongUsage: a variable without a name, or two names of environments.

    """
    options = {name: given[name] for name in _FLAGS if given.get(name) is not None}
    if given.get("no_autorestart"):
        options["autorestart"] = False
    if given.get("no_log_compress"):
        options["log_compress"] = False
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
    named = {
        "env": "--env KEY=VALUE",
        "autorestart": "--no-autorestart",
        "log_compress": "--no-log-compress",
        "args": "--",
    }
    return named.get(first) or _FLAGS[first][0][-1]
