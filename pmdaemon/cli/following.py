"""Reading on as programs print: the daemon says which file has grown, and we read it.

The daemon may go away and come back meanwhile; what the programs wrote is in the files then.
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from pmdaemon.cli.context import Context, warn
from pmdaemon.cli.render.log_lines import LogStyle
from pmdaemon.control.log_reader import Follower, LogLine, merge
from pmdaemon.core.errors import DaemonUnavailable, ProtocolViolation
from pmdaemon.core.logs import OutputStream

RETRY_DELAY = 0.25
"""Seconds between two looks for a daemon that went away."""

_FILES = {OutputStream.OUT: "out_file", OutputStream.ERR: "error_file"}


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

    def run(self, views: Sequence[dict[str, Any]], *, lines: int) -> None:
        """Print the last lines of each process, and then what comes, for ever.

        Raises:
            PmdaemonError: the daemon refuses; that it is away is waited for.

        """
        self._know(views, lines)
        self._print(last_lines([each.read_new() for each in self._followers.values()], lines))
        while True:
            try:
                self._follow()
            except ProtocolViolation:
                raise
            except DaemonUnavailable:
                warn("the daemon went away; waiting for it")
            self._wait_for_the_daemon()

    def _follow(self) -> None:
        """Heed what the daemon tells; it begins with every stream once, so nothing is missed."""
        items = self._context.stream("follow", {"selectors": self._selectors}, start=False)
        for item in items:
            self._heed(item)

    def _heed(self, item: dict[str, Any]) -> None:
        pm_id = item["pm_id"]
        if not any(known == pm_id for known, _ in self._followers):
            views = self._context.client(start=False).request(
                "list", {"selectors": self._selectors}
            )
            self._know(views["processes"], 0, from_start=True)
        if "state" in item:
            moment = time.time()
            event = self._style.change(pm_id, item.get("name", ""), item["state"], moment)
            if event is not None:
                print(event, flush=True)
            return
        follower = self._followers.get((pm_id, OutputStream(item["stream"])))
        while follower is not None and (lines := follower.read_new()):
            self._print(lines)
