"""`logs`."""

from collections.abc import Sequence

import click

from pmdaemon.cli.context import Context
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.following import FILES, LogFollower, newest
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument
from pmdaemon.cli.render.log_lines import LogStyle
from pmdaemon.cli.render.processes import View
from pmdaemon.control.log_reader import tail
from pmdaemon.core.logs import OutputStream


@command_named("logs")
@selectors_argument(required=False)
@click.option(
    "--lines",
    type=click.IntRange(min=0),
    default=15,
    show_default=True,
    help="How many of the last lines of each process to print first.",
)
@click.option("--follow/--nostream", default=True, help="Go on printing, which is the default.")
@click.option("--err", is_flag=True, help="Only what goes to stderr.")
@click.option("--out", is_flag=True, help="Only what goes to stdout.")
@click.option("--raw", is_flag=True, help="Print lines as they are, with nothing in front.")
@click.option("--timestamp", is_flag=True, help="Print when each line was written, in UTC.")
@json_option
def command(
    context: Context,
    selectors: tuple[str, ...],
    *,
    lines: int,
    follow: bool,
    err: bool,
    out: bool,
    raw: bool,
    timestamp: bool,
    json: bool,
) -> None:
    """Show what programs print, of all processes if none is named, until Ctrl-C.

    A line of stdout has | in front, one of stderr has !. With --json there is an object a line:
    message, timestamp, type, process_id and app_name; changes of state come as process_event.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    if err and out:
        raise WrongUsage("--err and --out: one of them, or neither for both")
    streams = [OutputStream.ERR] * (not out) + [OutputStream.OUT] * (not err)
    style = LogStyle(context.terminal, raw=raw, json=json, timestamp=timestamp)
    views: Sequence[View] = context.client().list(*selectors)
    if follow:
        try:
            LogFollower(context, selectors, streams=streams, style=style).run(views, lines=lines)
        except KeyboardInterrupt:
            return
    style.know(views)
    found = [
        tail(view[FILES[stream]], lines, stream=stream, pm_id=view["pm_id"])
        for view in views
        for stream in streams
    ]
    for line in newest(found, lines):
        print(style.line(line))
