"""What the chosen process prints, as it comes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from itertools import islice
from typing import Protocol

from rich.text import Text
from textual import work
from textual.widgets import RichLog

from pmdaemon.cli.render.text import harmless
from pmdaemon.client.logs import RETRY_DELAY, LogFeed, query_of
from pmdaemon.control.log_reader import LogLine
from pmdaemon.control.messages.processes import GrowthItem, ProcessView
from pmdaemon.control.threads import in_thread
from pmdaemon.core.errors import DaemonUnavailable, PmdaemonError
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.wording import why

BACKLOG = 200
"""Lines of the past that are shown."""

KEPT = 2000
"""Lines that can be scrolled back to."""

AT_ONCE = 1000
"""New lines that are shown one after the other; of more, the last ones are."""

LONGEST = 1000
"""Characters of a line that are shown: what is behind them nobody scrolls to."""

PAUSE = 0.05
"""Seconds between two looks: nobody reads faster."""


class Following(Protocol):
    """What is needed of a client."""

    def follow(self, *selectors: str | int) -> AsyncIterator[GrowthItem]:
        """Yield what happens."""


class LogPane(RichLog):
    """The output of one process at a time."""

    DEFAULT_CSS = """
    LogPane { width: 1fr; border: round $primary; border-title-color: $text; scrollbar-size: 1 1; }
    LogPane:focus { border: round $accent; }
    """

    def __init__(self) -> None:
        super().__init__(max_lines=KEPT, wrap=False, markup=False, highlight=False, min_width=0)
        self._of: int | None = None

    def show(self, view: ProcessView | None, client: Following) -> None:
        """Turn to another process; to stay with the same costs nothing."""
        pm_id = None if view is None else view["pm_id"]
        if pm_id == self._of:
            return
        self._of = pm_id
        self.clear()
        self.border_title = ""
        self.workers.cancel_group(self, "log")
        if view is not None:
            self.border_title = f"{harmless(view['called'])} · output".replace("[", r"\[")
            self._follow(view, client)

    @work(group="log", exclusive=True)
    async def _follow(self, view: ProcessView, client: Following) -> None:
        try:
            await self._go_on(view, client)
        except OSError as error:
            self.write(Text(f"cannot read the output: {why(error)}", "red"))

    async def _go_on(self, view: ProcessView, client: Following) -> None:
        feed = await self._begin(view)
        try:
            while True:
                try:
                    async with aclosing(client.follow(view["pm_id"])) as items:  # type: ignore[type-var] # it is a generator
                        async for item in items:
                            if "stream" in item:
                                feed = await self._grown(feed, item, view)
                except DaemonUnavailable:
                    pass  # programs print on; what they print is in the files when it is back
                except PmdaemonError as error:
                    self.write(Text(error.message, "red"))
                    return
                await asyncio.sleep(RETRY_DELAY)
        finally:
            feed.close()

    async def _begin(self, view: ProcessView) -> LogFeed:
        feed = LogFeed(query_of(lines=BACKLOG))
        try:
            self._print(await _taken(feed.history([view], final=False), BACKLOG))
        except BaseException:
            feed.close()
            raise
        return feed

    async def _grown(self, feed: LogFeed, item: GrowthItem, view: ProcessView) -> LogFeed:
        grown = feed.grown(item["pm_id"], OutputStream(item["stream"]))
        lines = await _taken(grown, AT_ONCE)
        if len(lines) == AT_ONCE:
            # Faster than anybody reads: what is behind is left out, or we would be ever further.
            self.write(Text("… some output is not shown: it comes too fast …", "dim"))
            feed.close()
            return await self._begin(view)
        self._print(lines)
        await asyncio.sleep(PAUSE)
        return feed

    def _print(self, lines: list[LogLine]) -> None:
        for line in lines:
            self.write(_rendered(line))


def _rendered(line: LogLine) -> Text:
    is_error = line.stream is OutputStream.ERR
    text = Text(no_wrap=True)
    text.append("! " if is_error else "| ", "red" if is_error else "dim")
    return text.append_text(Text.from_ansi(line.text[:LONGEST]))


async def _taken(lines: Iterator[LogLine], number: int) -> list[LogLine]:
    """Read files in a thread."""
    return await in_thread(lambda: [*islice(lines, number)])
