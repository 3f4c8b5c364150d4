"""What `restart` and `reload` have in common: how a program is to be from now on."""

from collections.abc import Callable
from typing import Any

import click

from pmdaemon.cli.context import Context


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


def changes(context: Context, *, port: str | None, update_env: bool) -> dict[str, Any]:
    """Say what is to change, for the body of the request."""
    body: dict[str, Any] = {}
    if port is not None:
        body["options"] = {"port": port}
    if update_env:
        body["environment"] = context.environment_to_send()
    return body
