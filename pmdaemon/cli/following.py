"""Reading on as programs print: the daemon says which file has grown, and we read it.

The daemon may go away and come back meanwhile; what the programs wrote is in the files then.
"""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from pmdaemon.cli.context import Context, warn
from pmdaemon.cli.render.log_lines import LogStyle
from pmdaemon.cli.render.processes import View
from pmdaemon.control.log_reader import Follower, LogLine, merge
from pmdaemon.core.errors import DaemonUnavailable
from pmdaemon.core.logs import OutputStream

RETRY_DELAY = 0.25
"""Seconds between two looks for a daemon that went away."""

FILES = {OutputStream.OUT: "out_file", OutputStream.ERR: "error_file"}


class LogFollower:
    """Follows the output of the selected processes, also of those that come later."""

    def __init__(
        self,
        context: Context,
        selectors: Sequence[str],
        *,
        streams: Sequence[OutputStream],
        style: LogStyle,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._context = context
        self._selectors = list(selectors) or ["all"]
        self._streams = streams
        self._style = style
        self._wait = wait
        self._followers: dict[tuple[int, OutputStream], Follower] = {}

    def run(self, views: Sequence[View], *, lines: int) -> None:
        """Print the last lines of each process, and then what comes, for ever.

        Raises:
            PmdaemonError: the daemon refuses; that it is away is waited for.

        """
        self._know(views, lines)
        self._print(newest([each.read_new() for each in self._followers.values()], lines))
        while True:
            try:
                self._follow()
            except DaemonUnavailable:
                warn("the daemon went away; waiting for it")
            self._wait_for_the_daemon()

    def _follow(self) -> None:
        """Heed what the daemon tells; it begins with every stream once, so nothing is missed."""
        for item in self._context.client(start=False).follow(*self._selectors):
            self._heed(item)

    def _wait_for_the_daemon(self) -> None:
        while True:
            self._wait(RETRY_DELAY)
            with suppress(DaemonUnavailable):
                self._context.client(start=False).ping()
                return

    def _heed(self, item: View) -> None:
        pm_id = item["pm_id"]
        if not any(known == pm_id for known, _ in self._followers):
            self._know(self._context.client(start=False).list(*self._selectors), 15)
        if "state" in item:
            event = self._style.change(pm_id, item.get("name", ""), item["state"], time.time())
            if event is not None:
                print(event, flush=True)
        elif follower := self._followers.get((pm_id, OutputStream(item["stream"]))):
            while lines := follower.read_new():
                self._print(lines)

    def _know(self, views: Sequence[View], backlog: int) -> None:
        """Begin to follow the processes that are not followed yet."""
        self._style.know(views)
        for view in views:
            for stream in self._streams:
                key = (view["pm_id"], stream)
                if key not in self._followers:
                    self._followers[key] = Follower(
                        view[FILES[stream]], stream=stream, pm_id=view["pm_id"], backlog=backlog
                    )

    def _print(self, lines: Sequence[LogLine]) -> None:
        for line in lines:
            print(self._style.line(line))
        sys.stdout.flush()


def newest(streams: Sequence[Sequence[LogLine]], lines: int) -> list[LogLine]:
    """Merge streams by time, with the last `lines` lines of each process."""
    by_process: dict[int | None, list[Sequence[LogLine]]] = {}
    for stream in filter(None, streams):
        by_process.setdefault(stream[0].pm_id, []).append(stream)
    return merge([merge(each)[-lines:] if lines else [] for each in by_process.values()])
