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
    "min_uptime": (("--min-uptime",), "TIME", "An end before this counts as early: 1s."),
    "restart_delay": (("--restart-delay",), "TIME", "Wait before a restart: 500 (ms), 3s."),
    "exp_backoff_restart_delay": (
        ("--exp-backoff-restart-delay",), "TIME", "Wait so before a restart, and longer each time.",
    ),
    "stop_exit_codes": (
        ("--stop-exit-codes",), "CODES", "Leave it down after these exit codes: 0,3.",
    ),
    "kill_timeout": (
        ("-k", "--kill-timeout"), "TIME", "From the stop signal to SIGKILL: 1600 (ms), 5s.",
    ),
    "drain_timeout": (
        ("--drain-timeout",), "TIME", "For requests to end when it is replaced; 30s in a proxy.",
    ),
    "listen_timeout": (
        ("--listen-timeout", "--wait-timeout"), "TIME", "Wait so long until it is ready: 3s.",
    ),
    "stop_signal": (("--stop-signal",), "SIGNAL", "The stop signal; SIGINT if not said."),
    "cron_restart": (
        ("-c", "--cron", "--cron-restart"), "CRON", "Start it anew when this is due: '0 3 * * *'.",
    ),
    "job": (("--job",), "CRON", "Run it when this is due, and at no other time."),
    "timezone": (("--timezone",), "ZONE", "The time zone of these: Europe/Berlin."),
    "depends_on": (("--depends-on",), "A,B", "Start it when these apps are ready."),
    "health_check_url": (("--health-check-url",), "URL", "It is healthy when this answers."),
    "health_check_script": (
        ("--health-check-script",), "COMMAND", "It is healthy when this command succeeds.",
    ),
    "health_check_interval": (("--health-check-interval",), "TIME", "Check so often; 30s."),
    "health_check_timeout": (("--health-check-timeout",), "TIME", "Wait so long for it; 5s."),
    "health_check_retries": (
        ("--health-check-retries",), "N", "It is unhealthy after so many failures in a row; 3.",
    ),
    "watch_delay": (("--watch-delay",), "TIME", "Gather changes for so long: 200 (ms), 1s."),
    "uid": (("--uid",), "USER", "Run it as this user; for root."),
    "gid": (("--gid",), "GROUP", "Run it with this group; for root."),
    "umask": (("--umask",), "OCTAL", "Start it with this umask: 022."),
    "nice": (("--nice",), "N", "Start it with this niceness, -20 to 19."),
    "pid_file": (("--pid",), "FILE", "Write its pid there."),
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


_SWITCHED_ON = ("wait_ready", "stdin")
"""Fields that are off unless they are said."""

_SWITCHED_OFF = ("autorestart", "autostart", "treekill", "log_compress")
"""Fields that are on unless `--no-…` is said."""

HERE = "."
"""What `--watch` means without a path."""


def option_of(name: str) -> Callable[..., Any]:
    """Make the option by which a field of an app is said."""
    flags, metavar, text = _FLAGS[name]
    return click.option(*flags, name, metavar=metavar, help=text)


def start_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command all options that declare an app."""
    decorators = [option_of(name) for name in _FLAGS]
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
            "--watch",
            "watch",
            multiple=True,
            is_flag=False,
            flag_value=HERE,
            metavar="[PATH]",
            help="Start it anew when files change there, or in its folder; may be repeated.",
        ),
        click.option(
            "--ignore-watch",
            "ignore_watch",
            multiple=True,
            metavar="PATTERN",
            help="Which files are no reason, as in a .gitignore; may be repeated.",
        ),
        click.option(
            "--wait-ready",
            is_flag=True,
            help="It says itself when it is ready: wait for that, and fail if it does not come.",
        ),
        click.option(
            "--stdin", is_flag=True, help="Give it a standard input, which send writes lines to."
        ),
        click.option("--no-autostart", is_flag=True, help="List it, and start it when asked to."),
        click.option(
            "--no-treekill", is_flag=True, help="Send the stop signal to its first process only."
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
    named = {
        "env": "--env KEY=VALUE",
        "watch": "--watch",
        "ignore_watch": "--ignore-watch",
        "stdin": "--stdin",
        "autorestart": "--no-autorestart",
        "autostart": "--no-autostart",
        "treekill": "--no-treekill",
        "log_compress": "--no-log-compress",
        "args": "--",
    }
    return named.get(first) or _FLAGS[first][0][-1]


def flags_of(field: str) -> tuple[str, ...]:
    """Return the flags by which a field is said; none for one that is not on command lines."""
    if field in _FLAGS:
        return _FLAGS[field][0]
    more = {name: f"--no-{name.replace('_', '-')}" for name in _SWITCHED_OFF}
    more |= {"watch": "--watch", "ignore_watch": "--ignore-watch"}
    more |= {"wait_ready": "--wait-ready", "stdin": "--stdin"}
    return (more[field],) if field in more else ()
