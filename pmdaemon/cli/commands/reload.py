"""`reload`."""

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


@command_named("reload")
@selectors_argument()
@click.option(
    "--env",
    "env_name",
    metavar="NAME",
    help="Apply the variables of env_NAME of the ecosystem file.",
)
@anew_options
@click.option(
    "--parallel",
    type=click.IntRange(1, 1000),
    default=1,
    metavar="N",
    help="How many instances of an app to replace at a time; default 1.",
)
@only_option
@json_option
def command(
    context: Context,
    selectors: tuple[str, ...],
    *,
    update_env: bool,
    env_name: str | None,
    only: tuple[str, ...],
    parallel: int,
    json: bool,
    **given: Any,  # noqa: ANN401 - what is to change, by name
) -> None:
    """Replace processes one by one, without downtime.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/, all, or an ecosystem file: the
    apps in it are reloaded as it declares them now, and started where they are not up.

    A new run of each instance is started beside the old one, and takes its place once it is ready.
    If it does not get ready, the old one stays and the command fails. An app that is not a cluster
    and cannot use a second port is restarted.
    """
    changes = options(given)
    if not only and env_name is None and not names_file(selectors):
        client = context.client()
        action = partial(client.reload, options=changes, update_env=update_env, parallel=parallel)
        with as_typed(changes):
            act(context, action, selectors, "reloaded", json=json)
        return
    if changes or update_env or parallel > 1:
        raise WrongUsage(
            "these options do not work with an ecosystem file: change the file instead"
        )
    # Few name a file, and this loads what reads them.
    from pmdaemon.cli.starting import start_anew  # noqa: PLC0415

    start_anew(context, selectors, "reload", only=only, env_name=env_name, json=json)
