"""Lines of output as copies have them: as they are, with a date in front, or as JSON."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from pmdaemon.adapters.copy_records import Place
from pmdaemon.control.log_sources import LogSource
from pmdaemon.core.date_formats import format_moment
from pmdaemon.core.log_copies import LogCopy

LONGEST: Final = 1024 * 1024
"""Bytes of a line that are waited for; a longer one is cut in several."""


class Batch(NamedTuple):
    """Bytes for a copy, and the place in the output behind what they were made of."""

    data: bytes
    after: Place


class Wording:
    """Cuts what a program wrote into whole lines, and words them; one of the follower's assemblers.

    Args:
        copy: how they are worded.
        pm_id: of the process, for JSON.
        name: of the app, for JSON.
        clock: the time now, in seconds since the epoch, for lines whose time is not known.

    """

    def __init__(self, copy: LogCopy, pm_id: int, name: str, clock: Callable[[], float]) -> None:
        self._copy = copy
        self._pm_id = pm_id
        self._name = name
        self._clock = clock
        self._latest: tuple[float, bytes] | None = None
        self.forget()

    def forget(self) -> None:
        """Drop what is unfinished: the file was emptied."""
        self._kept = b""
        self._time: float | None = None
        self._place = Place(0, 0, 0)

    def finish(self) -> list[Batch]:
        """Hand out the unfinished line, if there is one."""
        if not self._kept:
            return []
        batch = Batch(self._worded(self._kept, self._time, b""), self._place)
        self._kept = b""
        return [batch]

    def feed(self, chunk: bytes, offset: int, source: LogSource) -> list[Batch]:
        """Take what stands at `offset` of a file; return the lines that are complete by it."""
        end = Place(*source.identity, offset + len(chunk))
        self._place = end
        whole = chunk.rfind(b"\n") + 1
        if not whole and len(self._kept) + len(chunk) <= LONGEST:
            self._keep(chunk, offset, source)
            return []
        if not self._copy.is_worded:
            data = self._kept + (chunk[:whole] if whole else chunk)
        else:
            data = self._lines(chunk[:whole] if whole else chunk, offset, source)
        self._kept = b""
        rest = chunk[whole:] if whole else b""
        if rest:
            self._keep(rest, offset + whole, source)
        return [Batch(data, end._replace(offset=end.offset - len(rest)))]

    def _keep(self, piece: bytes, offset: int, source: LogSource) -> None:
        if not self._kept and self._copy.is_worded:
            self._time = source.marks(offset, offset + 1).time_at(offset)
        self._kept += piece

    def _lines(self, chunk: bytes, offset: int, source: LogSource) -> bytes:
        marks = source.marks(offset, offset + len(chunk))
        worded = []
        for line in chunk.removesuffix(b"\n").split(b"\n"):
            moment = self._time if self._kept else marks.time_at(offset)
            worded.append(self._worded(self._kept + line, moment, b"\n"))
            offset += len(line) + 1
            self._kept = b""
        return b"".join(worded)

    def _worded(self, line: bytes, moment: float | None, end: bytes) -> bytes:
        if not self._copy.is_worded:
            return line + end
        around = self._around(self._clock() if moment is None else moment)
        if not self._copy.json:
            return around + line + b"\n"
        text = line.decode("utf-8", "replace")
        return b'{"message":' + msgspec.json.encode(text) + around

    def _around(self, moment: float) -> bytes:
        """Word a moment: as what stands before a line, or as what follows a message in JSON."""
        # Lines come in crowds, and a crowd has one time.
        if self._latest is None or self._latest[0] != moment:
            at = datetime.fromtimestamp(moment).astimezone()
            pattern = self._copy.date_format
            if pattern is None:
                words = at.isoformat(timespec="milliseconds")
            else:
                words = format_moment(pattern, at)
            around = self._rest_of_json(words) if self._copy.json else f"{words}: ".encode()
            self._latest = moment, around
        return self._latest[1]

    def _rest_of_json(self, when: str) -> bytes:
        rest = {
            "timestamp": when,
            "type": str(self._copy.stream),
            "process_id": self._pm_id,
            "app_name": self._name,
        }
        # A name may hold bytes that are no UTF-8, which only this library writes as escapes.
        return b"," + json.dumps(rest).encode()[1:] + b"\n"
