"""`reload`."""

from functools import partial
from typing import Any

import click

from pmdaemon.cli.actions import act
from pmdaemon.cli.anew import anew_options, options
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument


@command_named("reload")
@selectors_argument()
@anew_options
@click.option(
    "--parallel",
    type=click.IntRange(1, 1000),
    default=1,
    metavar="N",
    help="How many instances of an app to replace at a time; default 1.",
)
@json_option
def command(
    context: Context,
    selectors: tuple[str, ...],
    *,
    update_env: bool,
    parallel: int,
    json: bool,
    **given: Any,  # noqa: ANN401 - what is to change, by name
) -> None:
    """Replace processes one by one, without downtime.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/, all, or an ecosystem file, for
    its apps.

    A new run of each instance is started beside the old one, and takes its place once it is ready.
    If it does not get ready, the old one stays and the command fails. An app that is no cluster
    and cannot use a second port is restarted.
    """
    action = partial(
        context.client().reload,
        options=options(given),
        update_env=update_env,
        parallel=parallel,
    )
    act(context, action, selectors, "reloaded", json=json)
