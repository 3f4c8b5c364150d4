"""`apply`."""

import time
from functools import partial

import click

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.ecosystem_files import default_file
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, only_option
from pmdaemon.cli.publishing import differences, published
from pmdaemon.cli.render.differences import report
from pmdaemon.cli.starting import read_file, say_outcome
from pmdaemon.client.calls import current_directory
from pmdaemon.control.messages.declaring import ApplyResult


@command_named("apply")
@click.argument("file", required=False)
@click.option("--env", "env_name", metavar="NAME", help="Apply the variables of env_NAME.")
@only_option
@click.option("--prune", is_flag=True, help="Delete apps that FILE no longer has.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@json_option
def command(
    context: Context,
    file: str | None,
    *,
    env_name: str | None,
    only: tuple[str, ...],
    prune: bool,
    dry_run: bool,
    json: bool,
) -> None:
    """Bring what is running in line with an ecosystem file.

    The differences are shown, and only what differs is touched: new apps are started, changed ones
    restarted (clusters are reloaded), and what was stopped stays stopped. The environment of the
    shell does not count as a difference. Without FILE, the ecosystem file of this directory is
    used.
    """
    if only and prune:
        raise WrongUsage("--prune needs the whole file, so it cannot be used with --only")
    path = file or default_file(current_directory())
    read = read_file(context, path, only=only, env_name=env_name)
    client = context.client()

    def applied(*, dry_run: bool) -> ApplyResult:
        done = partial(client.apply, read.apps, **read.how, whole=not only, prune=prune)
        if dry_run or read.gateway is None:
            return done(dry_run=dry_run)
        with published(context, read.gateway, read.how["file"]):
            return done(dry_run=False)

    if json:
        result = applied(dry_run=dry_run)
        say_json({"steps": result["steps"], "processes": result["processes"]})
        return
    # Shown before it is done: when a step fails, it is plain which, and what it was.
    steps = applied(dry_run=True)["steps"]
    beside = [*differences(context, read.gateway, read.how["file"])] if read.gateway else []
    for line in report(steps, beside=beside, dry_run=dry_run):
        print(line, flush=True)
    if not dry_run:
        asked_at = time.monotonic()
        say_outcome(applied(dry_run=False)["processes"], time.monotonic() - asked_at)
        show_list(context, json=False)
