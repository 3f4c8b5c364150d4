"""Printing what programs print: what there is, and what comes, in a style."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from threading import Event
from typing import Any

from pmdaemon.cli.context import Context, warn
from pmdaemon.cli.render.log_lines import LogStyle
from pmdaemon.client.logs import RETRY_DELAY, Away, Change, LogFeed, LogQuery, View, follow
from pmdaemon.control.log_reader import Follower, LogLine
from pmdaemon.core.logs import OutputStream

_AT_ONCE = 500
"""Lines that are printed together, where none is waited for."""

_STAMP = len("2026-11-22 09:30:00,123")


def print_logs(
    context: Context,
    selectors: Sequence[str],
    query: LogQuery,
    style: LogStyle,
    *,
    go_on: bool,
    over: Event | None = None,
) -> None:
    """Print the lines of the selected processes, of all if none is; then what comes.

    That goes on for ever, or until `over` is set. Whoever gives that has begun a daemon already: if
    it is not there, it is not started.

    Raises:
        PmdaemonError: the daemon refuses; that it goes away later is waited for.

    """
    views: Sequence[View] = context.client(start=over is None).list(*selectors)
    with closing(LogFeed(query, on_new=style.know)) as feed:
        _print(feed.history(views, final=not go_on), style)
        if go_on:
            wait = time.sleep if over is None else over.wait
            for piece in follow(context.client(start=False), selectors, feed, wait=wait):
                if over is not None and over.is_set():
                    return
                _say(piece, style)


def print_own_log(
    context: Context,
    query: LogQuery,
    style: LogStyle,
    *,
    go_on: bool,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Print what the daemon itself has to say, whether it runs or not."""
    view = {
        "pm_id": -1,
        "name": "pmdaemon",
        "called": "pmdaemon",
        "instance": 0,
        "out_file": context.home.daemon_log,
    }
    feed = LogFeed(query, on_new=style.know, open_follower=_OwnLog)
    _print(feed.history([view], final=not go_on), style)
    while go_on:
        # Nobody tells of this file: it goes on while there is no daemon.
        wait(RETRY_DELAY)
        _print(feed.grown(-1, OutputStream.OUT), style)


class _OwnLog(Follower):
    """The daemon's log, whose lines begin with their times, as logging words them."""

    def read_new(self, *arguments: Any) -> list[LogLine]:  # noqa: ANN401 - handed on
        return [
            LogLine(line.stream, _said_at(line.text), line.text, line.pm_id)
            for line in super().read_new(*arguments)
        ]


def _said_at(text: str) -> float | None:
    try:
        return datetime.strptime(text[:_STAMP], "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()
    except ValueError:
        return None


def _say(piece: LogLine | Change | Away, style: LogStyle) -> None:
    match piece:
        case LogLine():
            print(style.line(piece), flush=True)
        case Change(pm_id, name, state):
            if (event := style.change(pm_id, name, state, time.time())) is not None:
                print(event, flush=True)
        case Away():
            warn("the daemon went away; waiting for it")


def _print(lines: Iterator[LogLine], style: LogStyle) -> None:
    # There may be millions of them, and whoever sets PYTHONUNBUFFERED has each write go out alone.
    while batch := list(islice(lines, _AT_ONCE)):
        sys.stdout.write("".join(f"{style.line(line)}\n" for line in batch))
    sys.stdout.flush()
