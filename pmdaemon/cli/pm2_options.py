"""PM2's options, which may stand before or after the command."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import click

_VALUES: dict[str, tuple[str, ...]] = {
    "name": ("-n", "--name"),
    "namespace": ("--namespace",),
    "instances": ("-i", "--instances"),
    "interpreter": ("--interpreter",),
    "interpreter_args": ("--interpreter-args", "--node-args"),
    "cwd": ("--cwd",),
    "out_file": ("-o", "--output"),
    "error_file": ("-e", "--error"),
    "log_date_format": ("--log-date-format",),
    "log_type": ("--log-type",),
    "pid_file": ("-p", "--pid"),
    "kill_timeout": ("-k", "--kill-timeout"),
    "listen_timeout": ("--listen-timeout",),
    "max_memory_restart": ("--max-memory-restart",),
    "max_restarts": ("--max-restarts",),
    "restart_delay": ("--restart-delay",),
    "exp_backoff_restart_delay": ("--exp-backoff-restart-delay",),
    "cron_restart": ("-c", "--cron", "--cron-restart"),
    "stop_exit_codes": ("--stop-exit-codes",),
    "watch_delay": ("--watch-delay",),
    "uid": ("--uid",),
    "gid": ("--gid",),
}
"""Options that are fields of an app."""

_REPEATED = {"ignore_watch": ("--ignore-watch",), "filter_env": ("--filter-env",)}

_ON = {
    "execute_command": ("-x", "--execute-command"),
    "merge_logs": ("--merge-logs",),
    "time": ("--time",),
    "disable_logs": ("--disable-logs",),
    "shutdown_with_message": ("--shutdown-with-message",),
    "wait_ready": ("--wait-ready",),
}
_OFF = {
    "autorestart": "--no-autorestart", "autostart": "--no-autostart", "treekill": "--no-treekill",
}  # fmt: skip

_IGNORED = (
    "--no-pmx", "--no-automation", "--no-vizion", "--source-map-support", "--trace",
    "--disable-source-map-support", "--disable-trace", "--v8", "--event-loop-inspector",
    "--deep-monitoring", "--sockets", "--disable-metrics",
)  # fmt: skip
"""What PM2's agent does within Node programs, and nobody does here."""

_OF_COMMANDS = {
    "env_name": ("--env",), "only": ("--only",), "parallel": ("--parallel",), "sort": ("--sort",),
}  # fmt: skip
_FLAGS = {
    "update_env": ("-a", "--update-env"),
    "force": ("-f", "--force"),
    "silent": ("-s", "--silent"),
    "mini_list": ("-m", "--mini-list"),
    "no_color": ("--no-color",),
    "no_daemon": ("--no-daemon",),
    "attach": ("--attach",),
    "version": ("-v", "-V", "--version"),
    "help": ("-h", "--help"),
}

NOTHING = "null"
"""The value that resets an option, as in `--node-args=null`."""


class Typed(NamedTuple):
    """A command line: words, fields of an app, other options, and what is for the program."""

    words: list[str]
    fields: dict[str, Any]
    given: dict[str, Any]
    args: list[str]


def parse(arguments: Sequence[str]) -> Typed:
    """Read a command line.

    Raises:
        click.UsageError: there is no such option, or its value is missing.

    """
    own, args = list(arguments), []
    if "--" in own:
        cut = own.index("--")
        own, args = own[:cut], own[cut + 1 :]
    with _COMMAND.make_context("pm2", own) as ctx:
        values = dict(ctx.params)
    words = list(values.pop("words"))
    fields = {
        name: None if values[name] == NOTHING else values[name]
        for name in _VALUES
        if values[name] is not None
    }
    fields |= {name: list(values[name]) for name in _REPEATED if values[name]}
    fields |= {name: True for name in _ON if values[name]}
    fields |= {name: False for name in _OFF if values[f"no_{name}"]}
    if values["watch"]:
        fields["watch"] = [path for path in values["watch"] if path != _HERE] or True
    if values["log_file"] is not None:
        _log_file(fields, values["log_file"])
    if str(fields.get("watch_delay")).isdecimal():
        fields["watch_delay"] = f"{fields['watch_delay']}s"  # as PM2 counts on the command line
    rest = {name: values[name] for name in (*_OF_COMMANDS, *_FLAGS)}
    return Typed(words, fields, rest, args)


_HERE = "."


def _log_file(fields: dict[str, Any], path: str) -> None:
    fields["log_file"] = path if path != _HERE else None


def _parameters() -> list[click.Parameter]:
    made: list[click.Parameter] = [click.Argument(["words"], nargs=-1)]
    made += [
        click.Option([*flags, name]) for name, flags in (*_VALUES.items(), *_OF_COMMANDS.items())
    ]
    made += [click.Option([*flags, name], multiple=True) for name, flags in _REPEATED.items()]
    made += [
        click.Option([*flags, name], is_flag=True)
        for name, flags in (*_ON.items(), *_FLAGS.items())
    ]
    made += [click.Option([flag, f"no_{name}"], is_flag=True) for name, flag in _OFF.items()]
    made += [
        click.Option(["--watch", "watch"], multiple=True, is_flag=False, flag_value=_HERE),
        click.Option(["-l", "--log", "log_file"], is_flag=False, flag_value=_HERE),
    ]
    made += [click.Option([flag, "ignored"], is_flag=True, expose_value=False) for flag in _IGNORED]
    return made


_COMMAND = click.Command("pm2", params=_parameters(), add_help_option=False)


def is_option(flag: str) -> bool:
    """Tell whether PM2 has such an option."""
    return any(flag in parameter.opts for parameter in _COMMAND.params)
