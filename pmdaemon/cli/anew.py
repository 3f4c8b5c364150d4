"""What `restart` and `reload` have in common: the fields of an app that they can change."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from pmdaemon.cli.start_options import option_of

CHANGEABLE = (
    "port",
    "max_memory_restart",
    "max_restarts",
    "min_uptime",
    "restart_delay",
    "exp_backoff_restart_delay",
    "stop_exit_codes",
    "kill_timeout",
    "drain_timeout",
    "stop_signal",
    "listen_timeout",
    "log_max_size",
    "log_keep",
    "log_max_age",
)
"""Fields of an app that can be changed by themselves."""


def anew_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that change an app."""
    decorators = [
        *(option_of(name) for name in CHANGEABLE),
        click.option(
            "--update-env", is_flag=True, help="Use the environment of this shell from now on."
        ),
    ]
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


def options(given: Mapping[str, Any]) -> dict[str, object]:
    """Return the fields that were given, with their values."""
    return {name: given[name] for name in CHANGEABLE if given.get(name) is not None}
