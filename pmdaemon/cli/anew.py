"""What `restart` and `reload` have in common: how a program is to be from now on."""

from collections.abc import Callable
from typing import Any

import click


def anew_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options by which it changes what it starts anew."""
    decorators = (
        click.option(
            "-p",
            "--port",
            metavar="PORT",
            help="Have it on other TCP ports: 3000, 3000-3003 or auto:5000-5100.",
        ),
        click.option(
            "--update-env", is_flag=True, help="Have it inherit the environment of this command."
        ),
    )
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


def options(*, port: str | None) -> dict[str, object]:
    """Name what was said, as fields of an app."""
    said = {"port": port}
    return {name: value for name, value in said.items() if value is not None}
