"""`save`."""

import click

from pmdaemon.cli import dump_file
from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.config.pm2_shape import dumped


@command_named("save")
@click.option("--force", is_flag=True, help="Write the list also when it is empty.")
@json_option
def command(context: Context, *, force: bool, json: bool) -> None:
    """Write the list to dump.pm2 in the home, in PM2's shape, for `resurrect`.

    The daemon remembers the list without it; a saved one is a state to come back to, and it can
    be taken to another machine. It holds environments, and is readable for you alone.
    """
    views = context.processes(detail=True)
    path = context.home.dump
    written = bool(views) or force
    if written:
        dump_file.write(path, [dumped(view) for view in views])
    else:
        warn("the list is empty, and what was saved before stays; to save it anyway: --force")
    if json:
        say_json({"path": path, "processes": len(views), "written": written})
    elif written:
        processes = "1 process" if len(views) == 1 else f"{len(views)} processes"
        print(f"saved {processes} to {path}")
