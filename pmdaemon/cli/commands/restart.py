"""`restart`."""

from functools import partial
from typing import Any

import click

from pmdaemon.cli.actions import act, names_file
from pmdaemon.cli.anew import anew_options, options
from pmdaemon.cli.context import Context
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, only_option, selectors_argument
from pmdaemon.cli.start_options import as_typed


@command_named("restart")
@selectors_argument()
@click.option(
    "--env",
    "env_name",
    metavar="NAME",
    help="Apply the variables of env_NAME of the ecosystem file.",
)
@anew_options
@only_option
@json_option
def command(
    context: Context,
    selectors: tuple[str, ...],
    *,
    update_env: bool,
    env_name: str | None,
    only: tuple[str, ...],
    json: bool,
    **given: Any,  # noqa: ANN401 - what is to change, by name
) -> None:
    """Restart processes: stop them, and start them again.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/, all, or an ecosystem file: its
    apps are started as it declares them now.
    """
    changes = options(given)
    if not only and env_name is None and not names_file(selectors):
        client = context.client()
        action = partial(client.restart, options=changes, update_env=update_env)
        with as_typed(changes):
            act(context, action, selectors, "restarted", json=json)
        return
    if changes or update_env:
        raise WrongUsage(
            "these options do not work with an ecosystem file: change the file instead"
        )
    # Few name a file, and this loads what reads them.
    from pmdaemon.cli.starting import start_anew  # noqa: PLC0415

    start_anew(context, selectors, "restart", only=only, env_name=env_name, json=json)
