"""Writes the pid of a program where its app wants it, and takes it away when the program ended."""

from collections.abc import Callable, Mapping

from pmdaemon.core.notices import Notice, ProcessChanged
from pmdaemon.core.process import Process
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import PidNotes


class PidFiles:
    """Keeps the pid files of all apps that have one."""

    def __init__(self, *, bus: Bus, notes: PidNotes) -> None:
        self._bus = bus
        self._notes = notes
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self, processes: Mapping[int, Process]) -> None:
        """See that the files of these are right, and stay so."""
        self._unsubscribe = self._bus.subscribe(self._on_notice, ProcessChanged)
        for process in processes.values():
            self._settle(None, process)

    def stop(self) -> None:
        """Leave the files as they are."""
        self._unsubscribe()

    def _on_notice(self, notice: Notice) -> None:
        if isinstance(notice, ProcessChanged):
            self._settle(notice.before, notice.after)

    def _settle(self, before: Process | None, after: Process | None) -> None:
        old, new = _note_of(before), _note_of(after)
        if old is not None and (new is None or new[0] != old[0]):
            self._notes.remove(old[0])
        if new is not None and new != old:
            self._notes.write(*new)


def path_of(process: Process) -> str | None:
    """Say where the pid of a process goes; of several instances, each has a file of its own.

    `{id}` stands for the id of the process.
    """
    path = process.spec.pid_file
    if path is not None and "{id}" in path:
        return path.replace("{id}", str(process.seat))
    if path is None or process.spec.instances == 1:
        return path
    stem = path.removesuffix(".pid")
    return f"{stem}-{process.instance}{path[len(stem) :]}"


def _note_of(process: Process | None) -> tuple[str, int] | None:
    if process is None or process.pid is None:
        return None
    path = path_of(process)
    return (path, process.pid) if path is not None else None
