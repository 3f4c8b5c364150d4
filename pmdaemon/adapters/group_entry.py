"""Bringing processes into the group of their run. What is done here waits, so a thread does it."""

import os
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress

from msgspec import Struct

from pmdaemon.adapters import cgroup_files
from pmdaemon.adapters.process_table import ProcessEntry, ProcessReader
from pmdaemon.core.process import Identity


class Held(Struct, frozen=True):
    """A run, and the folder of its group."""

    identity: Identity
    token: str
    folder: str


class Entry(Struct, frozen=True):
    """A process that is to be brought in, with whatever it has begun."""

    run: Held
    process: Identity


class Stranger(Struct, frozen=True):
    """An orphan that the keeper took in, and that is in no group but our own."""

    process: ProcessEntry
    token: str | None


class Passed(Struct, frozen=True):
    """What became of a pass: the groups that are gone, who was found, and the first failure."""

    removed: Sequence[str]
    strangers: Sequence[Stranger]
    failure: OSError | None


class Doorway:
    """Between the group that we are in, `own`, and those of runs.

    Whoever is in neither is left alone: a program, or its containers, may have groups by other
    means, and those are somebody else's.
    """

    def __init__(self, own: str, reader: ProcessReader, keeper: int | None) -> None:
        self._own = own
        self._reader = reader
        self._keeper = keeper

    def let_in(self, entry: Entry) -> None:
        """Bring a process in, and those that it had begun before.

        Raises:
            OSError: the group cannot be made, or lets nobody in.

        """
        if not self._is_there(entry.process):
            return
        # A program may have begun us: it is not to end us.
        seen = {os.getpid(), os.getppid()}
        pending = [entry.process.pid]
        while pending:
            pid = pending.pop()
            if pid in seen:
                continue
            seen.add(pid)
            group = cgroup_files.group_of(pid)
            if group == self._own:
                cgroup_files.make(entry.run.folder)
                cgroup_files.put_in(entry.run.folder, pid)
            elif group is None or not group.endswith(os.path.basename(entry.run.folder)):  # noqa: PTH119 - it is no file
                continue
            # What it begins from here on is born there.
            pending += _children(pid)

    def strangers(self, known: Container[int]) -> Sequence[Stranger]:
        """List those who may have got away; pids in `known` have not."""
        if self._keeper is None:
            return []
        return [*self._look_for_strangers(self._keeper, known)]

    def is_outside(self, pid: int) -> bool:
        """Tell whether a process is in the group that we are in."""
        return cgroup_files.group_of(pid) == self._own

    def _look_for_strangers(self, keeper: int, known: Container[int]) -> Iterator[Stranger]:
        for pid in self._reader.children(keeper):
            if pid == os.getpid() or pid in known or not self.is_outside(pid):
                continue
            process = self._reader.entry(pid)
            if process is not None and not process.ended:
                yield Stranger(process, self._reader.token(pid))

    def _is_there(self, process: Identity) -> bool:
        entry = self._reader.entry(process.pid)
        return entry is not None and entry.identity == process


def pass_through(
    doorway: Doorway, entries: Sequence[Entry], over: Sequence[str], known: Container[int]
) -> Passed:
    """Remove groups, let processes into others, and look who may still have to come in."""
    removed = [folder for folder in over if cgroup_files.remove(folder)]
    failure = None
    for entry in entries:
        try:
            doorway.let_in(entry)
        except OSError as error:
            failure = failure or error
    return Passed(removed, doorway.strangers(known) if entries else (), failure)


def _children(pid: int) -> Sequence[int]:
    """List the children that any thread of a process has begun (proc(5))."""
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - as in `proc_table`
            with suppress(OSError):
                found += map(
                    int, cgroup_files.content(f"/proc/{pid}/task/{thread}/children").split()
                )
    return found
