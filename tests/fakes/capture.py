"""Output capture without files: what "programs" write is kept in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pmdaemon.core.log_copies import is_dropped
from pmdaemon.core.logs import (
    NOWHERE,
    OutputStream,
    file_name,
    last_lines,
    rotated_path,
    rotation_due,
)
from pmdaemon.core.spec import LogPolicy


@dataclass(slots=True)
class _Opened:
    name: str
    instance: int
    policy: LogPolicy
    waiting: dict[OutputStream, bytes] = field(default_factory=dict)
    begun: int = 0


class FakeCapture:
    """Holds what is written until it is drained; `contents` are the files, by path."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self._opened: dict[int, _Opened] = {}
        self._on_growth: Callable[[int, OutputStream], None] | None = None

    @property
    def open_ids(self) -> set[int]:
        """The pm_ids whose output is captured now."""
        return set(self._opened)

    def write(self, fifo: str, data: bytes) -> None:
        """Write as a program does that has the FIFO for its output."""
        _, pm_id, stream = fifo.rsplit("/", 2)
        waiting = self._opened[int(pm_id)].waiting
        waiting[OutputStream(stream)] = waiting.get(OutputStream(stream), b"") + data

    def turn(self) -> None:
        """Do what a turn of the event loop does: move what was written."""
        for pm_id in self._opened:
            self.drain(pm_id)

    def open(self, pm_id: int, name: str, instance: int, policy: LogPolicy) -> tuple[str, str]:
        opened = self._opened.setdefault(pm_id, _Opened(name, instance, policy))
        opened.policy = policy
        for path in self.files(name, instance):
            self.contents.setdefault(path, b"")
        opened.begun = len(self.contents[self.files(name, instance)[1]])
        out, err = (
            NOWHERE if is_dropped(stream, policy) else f"/run/{pm_id}/{stream}"
            for stream in OutputStream
        )
        return out, err

    def files(self, name: str, instance: int) -> tuple[str, str]:
        out, err = (f"/logs/{file_name(name, instance, stream)}" for stream in OutputStream)
        return out, err

    def sizes(self, name: str, instance: int) -> tuple[int, int]:
        out, err = (len(self.contents.get(path, b"")) for path in self.files(name, instance))
        return out, err

    def drain(self, pm_id: int) -> None:
        if (opened := self._opened.get(pm_id)) is None:
            return
        paths = dict(zip(OutputStream, self.files(opened.name, opened.instance), strict=True))
        waiting, opened.waiting = opened.waiting, {}
        for stream, data in waiting.items():
            self.contents[paths[stream]] += data
            self._rotate_if_due(paths[stream], opened.policy)
            if self._on_growth is not None:
                self._on_growth(pm_id, stream)

    def last_words(self, pm_id: int) -> tuple[str, ...]:
        if (opened := self._opened.get(pm_id)) is None:
            return ()
        _, err = self.files(opened.name, opened.instance)
        begun = opened.begun if opened.begun <= len(self.contents[err]) else 0
        return last_lines(self.contents[err][begun:], whole=True)

    def flush(self, pm_id: int) -> None:
        self.drain(pm_id)
        if (opened := self._opened.get(pm_id)) is None:
            return
        for path in self.files(opened.name, opened.instance):
            self.contents = {
                kept: data
                for kept, data in self.contents.items()
                if not kept.startswith(f"{path}.")
            }
            self.contents[path] = b""

    def close(self, pm_id: int) -> None:
        self.drain(pm_id)
        self._opened.pop(pm_id, None)

    def on_growth(self, callback: Callable[[int, OutputStream], None] | None) -> None:
        self._on_growth = callback

    def _rotate_if_due(self, path: str, policy: LogPolicy) -> None:
        data = self.contents[path]
        if not rotation_due(len(data), policy.max_size, ends_line=data.endswith(b"\n")):
            return
        self.contents.pop(rotated_path(path, policy.keep), None)
        for number in range(policy.keep - 1, 0, -1):
            if (older := self.contents.pop(rotated_path(path, number), None)) is not None:
                self.contents[rotated_path(path, number + 1)] = older
        if policy.keep > 0:
            self.contents[rotated_path(path, 1)] = data
        self.contents[path] = b""
