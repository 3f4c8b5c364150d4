"""All programs' output, printed as ours while it comes.

It is read from the files that the daemon keeps, so a console that is slow, or a daemon that is
replaced, holds no program up. This runs in a thread of its own; the main one is for signals.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from pmdaemon.cli.context import Context, warn
from pmdaemon.cli.render.log_lines import LogStyle
from pmdaemon.client.calls import Processes
from pmdaemon.client.logs import FILES, RETRY_DELAY
from pmdaemon.control.log_reader import ByteFollower, Follower
from pmdaemon.core.errors import DaemonUnavailable, PmdaemonError
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.wording import why

EVERYTHING = sys.maxsize
"""A backlog that begins with the first line there is."""

View = Mapping[str, Any]
Pump = Callable[[], bool]
"""Prints what is new of one stream; tells whether there was anything."""


class Printer(Protocol):
    """How output is printed."""

    def know(self, views: Sequence[View]) -> None:
        """Learn whose output may come."""

    def begin(self, view: View, stream: OutputStream, *, backlog: int) -> Pump:
        """Begin with one stream, with its last `backlog` lines."""

    def change(self, pm_id: int, name: str, state: str) -> None:
        """Print that a process changed its state, if that is printed."""


class RawPrinter:
    """Byte for byte, stdout to stdout and stderr to stderr."""

    def know(self, views: Sequence[View]) -> None:
        """Nothing is named."""

    def begin(self, view: View, stream: OutputStream, *, backlog: int) -> Pump:
        """Begin with one stream."""
        follower = ByteFollower(view[FILES[stream]], backlog=backlog)
        target = (sys.stdout if stream is OutputStream.OUT else sys.stderr).buffer

        def pump() -> bool:
            pieces = follower.read_new()
            target.writelines(pieces)
            target.flush()
            return bool(pieces)

        return pump

    def change(self, pm_id: int, name: str, state: str) -> None:
        """Nothing of ours is mixed in."""


class LinePrinter:
    """Line by line, in a style, all to stdout."""

    def __init__(self, style: LogStyle) -> None:
        self._style = style

    def know(self, views: Sequence[View]) -> None:
        """Learn names."""
        self._style.know(views)

    def begin(self, view: View, stream: OutputStream, *, backlog: int) -> Pump:
        """Begin with one stream."""
        follower = Follower(
            view[FILES[stream]], stream=stream, pm_id=view["pm_id"], backlog=backlog
        )

        def pump() -> bool:
            lines = follower.read_new()
            for line in lines:
                print(self._style.line(line))
            sys.stdout.flush()
            return bool(lines)

        return pump

    def change(self, pm_id: int, name: str, state: str) -> None:
        """Print it where the style has it."""
        if (event := self._style.change(pm_id, name, state, time.time())) is not None:
            print(event, flush=True)


class Console:
    """Prints what all programs print, and watches how they are.

    Args:
        judge: called with all processes when one of them is down.
        gone: called when nobody reads our output any more.

    """

    def __init__(
        self,
        context: Context,
        printer: Printer,
        *,
        judge: Callable[[Sequence[View]], None],
        gone: Callable[[], None],
    ) -> None:
        self._context = context
        self._printer = printer
        self._judge = judge
        self._gone = gone
        self._pumps: dict[tuple[int, OutputStream], Pump] = {}
        self._has_complained = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)

    def know(self, views: Sequence[View], *, backlog: int = EVERYTHING) -> None:
        """Take these processes in, each with the last `backlog` lines of what it wrote before."""
        self._printer.know(views)
        for view in views:
            for stream in OutputStream:
                key = (view["pm_id"], stream)
                if key not in self._pumps:
                    self._pumps[key] = self._printer.begin(view, stream, backlog=backlog)

    def start(self) -> None:
        """Begin to print."""
        self._thread.start()

    def finish(self, patience: float) -> bool:
        """Print what is left, now that the daemon is gone, for up to `patience` seconds.

        False when our reader does not read.
        """
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while True:
                with suppress(DaemonUnavailable):
                    self._follow()
                self._drain()
                if self._over.wait(RETRY_DELAY):
                    self._drain()
                    return
        except (BrokenPipeError, ValueError):  # a pipe that nobody reads, a file that was closed
            self._gone()

    def _follow(self) -> None:
        """Heed what the daemon tells; it names every stream once at first."""
        looked = False
        for item in self._context.client(start=False).follow("all"):
            if not looked:  # what changed before we listened
                looked = True
                self._look()
            if (item["pm_id"], OutputStream.OUT) not in self._pumps:
                self.know(self._views())
            if "state" in item:
                with self._printing():
                    self._printer.change(item["pm_id"], item.get("name", ""), item["state"])
                if item["state"] in {"stopped", "exited", "errored"}:
                    self._look()
            elif pump := self._pumps.get((item["pm_id"], OutputStream(item["stream"]))):
                self._print_all(pump)

    def _look(self) -> None:
        """Have it judged how all are, when all they wrote has been printed."""
        with suppress(PmdaemonError):
            views = self._views()
            self.know(views)
            self._drain()
            self._judge(views)

    def _drain(self) -> None:
        for pump in list(self._pumps.values()):
            self._print_all(pump)

    def _print_all(self, pump: Pump) -> None:
        with self._printing():
            while pump():
                pass

    @contextmanager
    def _printing(self) -> Iterator[None]:
        """Let no program end because its output cannot be printed, as on a full disk; say so once.

        Raises:
            BrokenPipeError: nobody reads our output any more.

        """
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            if not self._has_complained:
                self._has_complained = True
                with suppress(OSError):
                    warn(f"some output cannot be printed: {why(error)}")

    def _views(self) -> Processes:
        return self._context.client(start=False).list()
