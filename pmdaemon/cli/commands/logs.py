"""`logs`."""

import re
from typing import Any

import click

from pmdaemon.cli.context import Context
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.log_printing import print_logs, print_own_log
from pmdaemon.cli.moments import parse_moment
from pmdaemon.cli.options import Command, json_option, selectors_argument
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.render.log_lines import LogForm, LogStyle
from pmdaemon.client.logs import LogQuery, query_of
from pmdaemon.core.date_formats import is_date_format

NO_FORMAT = ""
"""What `--timestamp` is without a value."""

PM2_WORD = "PM2"
"""How PM2 names its own log among those of programs."""


class LogsCommand(Command):
    """Takes a word behind `--timestamp` for its value only when it is a format of dates."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give the option an empty value where the next word is for somebody else."""
        read: list[str] = []
        for number, word in enumerate(args):
            following = args[number + 1] if number + 1 < len(args) else ""
            alone = word == "--timestamp" and not is_date_format(following)
            read.append(f"--timestamp={NO_FORMAT}" if alone else word)
        return super().parse_args(ctx, read)


@command_named("logs", cls=LogsCommand)
@selectors_argument(required=False)
@click.option(
    "--lines",
    type=click.IntRange(min=0),
    help="How many of the last lines of each process to print first; default 15, or all with"
    " --since.",
)
@click.option(
    "--since", metavar="WHEN", help="Only lines since then: 10m, 2h, 09:30, 2026-11-22T09:30."
)
@click.option("--until", metavar="WHEN", help="Only lines until then; does not follow.")
@click.option("--grep", metavar="REGEX", help="Only lines that match.")
@click.option("-i", "--ignore-case", is_flag=True, help="Make --grep ignore case.")
@click.option(
    "--follow/--nostream", default=True, help="Whether to go on with new lines (default)."
)
@click.option("--err", is_flag=True, help="Only stderr.")
@click.option("--out", is_flag=True, help="Only stdout.")
@click.option("--raw", is_flag=True, help="Print lines without the name in front.")
@click.option("--format", "pairs", is_flag=True, help="Print timestamp=… app=… id=… type=….")
@click.option(
    "--timestamp",
    metavar="[FORMAT]",
    help="Print the time of each line: in UTC, or by a FORMAT like YYYY-MM-DD HH:mm:ss.",
)
@click.option("--highlight", metavar="TEXT", help="Highlight this text.")
@click.option("--daemon", is_flag=True, help="Show the log of the daemon itself.")
@json_option
def command(
    context: Context,
    selectors: tuple[str, ...],
    *,
    follow: bool,
    daemon: bool,
    **given: Any,  # noqa: ANN401 - what lines are wanted, and how they look
) -> None:
    """Show the output of processes, of all unless some are named, until Ctrl-C.

    Lines of several processes are merged by time. A | marks stdout, a ! stderr. With --json each
    line is an object with message, timestamp, type, process_id and app_name; changes of state come
    as process_event.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    query, style = _query(given), _style(context, given)
    go_on = follow and query.until is None
    try:
        if daemon or selectors == (PM2_WORD,):
            if daemon and selectors:
                raise WrongUsage("--daemon shows the daemon's own log: name no process")
            print_own_log(context, query, style, go_on=go_on)
        else:
            print_logs(context, selectors, query, style, go_on=go_on)
    except KeyboardInterrupt:
        return


def _query(given: dict[str, Any]) -> LogQuery:
    if given["err"] and given["out"]:
        raise WrongUsage("only one of --err and --out can be used; neither shows both")
    since, until = (
        None if given[name] is None else parse_moment(given[name]) for name in ("since", "until")
    )
    if since is not None and until is not None and since > until:
        raise WrongUsage("--since is later than --until")
    return query_of(
        lines=given["lines"],
        since=since,
        until=until,
        grep=given["grep"],
        ignore_case=given["ignore_case"],
        streams=["err"] * (not given["out"]) + ["out"] * (not given["err"]),
    )


def _style(context: Context, given: dict[str, Any]) -> LogStyle:
    forms = {"raw": LogForm.RAW, "json": LogForm.JSON, "pairs": LogForm.PAIRS}
    chosen = [form for name, form in forms.items() if given[name]]
    if len(chosen) > 1:
        raise WrongUsage("only one of --raw, --json and --format can be used")
    highlight = given["highlight"]
    return LogStyle(
        context.terminal,
        form=chosen[0] if chosen else LogForm.PREFIXED,
        timestamp=given["timestamp"] is not None,
        date_format=given["timestamp"] or None,
        highlight=re.compile(re.escape(highlight), re.IGNORECASE) if highlight else None,
    )
