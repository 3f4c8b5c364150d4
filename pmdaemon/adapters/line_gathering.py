"""Taking in what a command writes, as lines."""

import asyncio
import os
import re
from contextlib import suppress
from types import TracebackType
from typing import Self

from pmdaemon.engine.interfaces.deploying import Say

LONGEST_LINE = 8192
"""Bytes; what is longer comes in pieces."""

MOST_AT_ONCE = 64 * 1024
"""Bytes that are taken in one turn of the event loop, so that others have theirs."""

_FOR_TERMINALS = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B])"
)
"""Sequences of ECMA-48 that colour or move, and those of xterm that name a window."""


METER_INTERVAL = 5.0
"""Seconds after which a meter that still runs is told as it stands."""


class LineGatherer:
    """A pipe that is emptied as it fills, and tells what came line by line.

    What a terminal would write over, as a meter that runs from 0 to 100 %, is one line, the last of
    what stood there; and one every now and then while it runs, if it does so for long.
    Colours and what else is only for a terminal are left out. Once nobody wants more, what comes is
    thrown away unseen: who writes gigabytes keeps nobody else from their turns.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._left = b""
        self._is_wanted = True
        self._told_at = asyncio.get_running_loop().time()
        self._reading, self.writing = os.pipe()

    def __enter__(self) -> Self:
        os.set_blocking(self._reading, False)
        asyncio.get_running_loop().add_reader(self._reading, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.leave_writing()
        while self._reading >= 0 and self._take():
            pass
        if self._reading >= 0:
            self._end()

    def leave_writing(self) -> None:
        """Leave the other end to the command."""
        if self.writing >= 0:
            os.close(self.writing)
            self.writing = -1

    def _take(self) -> bool:
        """Take what is there; tell whether there may be more."""
        taken = 0
        with suppress(BlockingIOError):
            while taken < MOST_AT_ONCE:
                data = os.read(self._reading, 65536)
                if not data:
                    self._end()
                    return False
                taken += len(data)
                if self._is_wanted:
                    self._gather(data)
            return True
        return False

    def _gather(self, data: bytes) -> None:
        *lines, self._left = (self._left + data).split(b"\n")
        for line in lines:
            self._tell(line)
            if not self._is_wanted:
                self._left = b""
                return
        self._left = self._past_meter(self._left)
        while len(self._left) > LONGEST_LINE:
            piece, self._left = self._left[:LONGEST_LINE], self._left[LONGEST_LINE:]
            self._tell(piece)

    def _past_meter(self, left: bytes) -> bytes:
        """Leave of a meter what it shows now, and tell that if it is due."""
        former, is_one, shown = left.rstrip(b"\r").rpartition(b"\r")
        if not is_one:
            return left
        is_whole = left.endswith(b"\r")
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= METER_INTERVAL:
            self._told_at = now
            self._tell(shown if is_whole else former)
        return shown + b"\r" * is_whole

    def _tell(self, line: bytes) -> None:
        bare = _FOR_TERMINALS.sub(b"", line)
        shown = bare.rstrip(b"\r").rpartition(b"\r")[2].decode(errors="replace")
        for start in range(0, max(1, len(shown)), LONGEST_LINE):
            if self._say(shown[start : start + LONGEST_LINE]) is False:
                self._is_wanted = False
                return

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._reading)
        os.close(self._reading)
        self._reading = -1
        if self._left:
            self._tell(self._left)
            self._left = b""
