"""Many programs that write and crash, and what has to be true of them in the end."""

import itertools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pmdaemon.core.logs import rotated_path
from tests.chaos import writer
from tests.support.daemon import RealDaemon, Views, until
from tests.support.waiting import eventually_sync


class Note(NamedTuple):
    """A line of an account."""

    what: str
    lines: int
    pid: int


class Writer:
    """One program, `tests.chaos.writer`, as it was declared and as it kept account."""

    def __init__(self, folder: Path, name: str, *, seed: int, rate: float, crash: float) -> None:
        self.name = name
        self.folder = folder / name
        self.folder.mkdir(parents=True)
        self._seed, self._rate, self._crash = seed, rate, crash

    def app(self, **more: object) -> Mapping[str, object]:
        """Declare it; isolated Python without `site` starts in a third of the time."""
        return {
            "name": self.name,
            "script": str(Path(writer.__file__)),
            "interpreter": sys.executable,
            "interpreter_args": ["-IS"],
            "args": [str(self.folder), str(self._seed), str(self._rate), str(self._crash)],
            "stop_signal": "SIGTERM",
            "max_restarts": 1_000_000,
            "log_keep": 1000,
            **more,
        }

    def notes(self) -> list[Note]:
        """Read its account."""
        try:
            lines = (self.folder / "account").read_text().split("\n")[:-1]
        except FileNotFoundError:
            return []
        return [
            Note(what, int(count), int(pid)) for what, count, pid in (one.split() for one in lines)
        ]

    def crashes(self) -> int:
        """Count how often it crashed."""
        return sum(note.what == "crashed" for note in self.notes())

    def rest(self) -> None:
        """Let it write and crash no more."""
        (self.folder / "rest").touch()

    def rests(self) -> bool:
        """Whether it has come to rest."""
        notes = self.notes()
        return bool(notes) and notes[-1].what == "rests"

    def check_life(self, view: Mapping[str, Any]) -> None:
        """See that every crash was counted, and nothing else ended it."""
        notes = self.notes()
        crashes = sum(note.what == "crashed" for note in notes)
        lives = [note.what for note in notes]
        assert lives == ["began", "crashed"] * crashes + ["began", "rests"], (self.name, lives)
        assert view["pid"] == notes[-1].pid, self.name
        assert view["restarts"] == crashes, (self.name, view["restarts"], crashes)

    def check_output(self, view: Mapping[str, Any]) -> None:
        """See that each line is there once and in order, on both streams."""
        expected = b"".join(map(writer.line, range(self.notes()[-1].lines)))
        for file in (view["out_file"], view["error_file"]):
            written = whole_output(file)
            if written != expected:
                raise AssertionError(_difference(file, written, expected))


def whole_output(file: str) -> bytes:
    """Read an output file, and before it the older ones."""
    older = itertools.takewhile(os.path.exists, (rotated_path(file, n) for n in itertools.count(1)))
    return b"".join(Path(one).read_bytes() for one in [*reversed(list(older)), file])


def check_at_rest(daemon: RealDaemon, writers: list[Writer]) -> Views:
    """Bring all writers to rest, and see that nothing happened to them but by themselves."""
    for one in writers:
        one.rest()
    eventually_sync(lambda: all(one.rests() for one in writers))
    names = {one.name for one in writers}

    def all_are_online() -> bool:
        return names <= {n for n, v in daemon.processes().items() if v["state"] == "online"}

    until(all_are_online)
    views = daemon.processes()
    for one in writers:
        one.check_life(views[one.name])
    return views


def check_output(daemon: RealDaemon, writers: list[Writer]) -> None:
    """Stop all writers, and see that all they wrote is there."""
    daemon.request("stop", {"selectors": [one.name for one in writers]})
    views = daemon.processes()
    for one in writers:
        one.check_output(views[one.name])


def _difference(file: str, written: bytes, expected: bytes) -> str:
    at = next(
        (n for n, (a, b) in enumerate(zip(written, expected, strict=False)) if a != b),
        min(len(written), len(expected)),
    )
    return (
        f"{file}: {len(written)} bytes for {len(expected)}, different from {at} on:"
        f" {written[at - 40 : at + 40]!r} for {expected[at - 40 : at + 40]!r}"
    )
