"""All processes of the machine, at one moment.

A pass over them costs some 8 µs a process, so it is not made for every question. Within one
iteration of the event loop everybody shares one pass, and that is as good as a fresh one: the
loop collects what happened before it runs the callbacks of an iteration, so a pass made by any of
them is younger than every exit they have been told of. Younger than the pass is only what we do
ourselves. A process that we launched is missing from it: whoever asks for that one makes a new
pass. One that we killed is still in it, which does no harm: it is known to be gone when it is
signalled again or waited for.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

from pmdaemon.core.process import Identity
from pmdaemon.engine.interfaces import Clock


class ProcessEntry(NamedTuple):
    """A process as the kernel lists it; a tuple, because hundreds are made every two seconds.

    `start_time`, `own_ticks` and `reaped_ticks` are in clock ticks: since boot, the CPU time of
    the process, and that of its children which ended and were waited for. `memory` is the resident
    set in bytes. A zombie, or what is gone by now, has `ended`.
    """

    pid: int
    ppid: int
    session: int
    start_time: int
    own_ticks: int
    reaped_ticks: int
    memory: int
    ended: bool

    @property
    def identity(self) -> Identity:
        """Which process this is."""
        return Identity(self.pid, self.start_time)


class ProcessReader(Protocol):
    """How this system tells of processes."""

    def scan(self) -> Mapping[int, ProcessEntry]:
        """List all processes, by pid."""

    def entry(self, pid: int) -> ProcessEntry | None:
        """Look at one process; None when it is gone or hidden from us."""

    def token(self, pid: int) -> str | None:
        """Read the token in the environment that a process was started with, if we may.

        It is empty where there is no environment at all: while a program is being executed
        (execve(2)) it is not there yet.
        """

    def children(self, pid: int) -> Sequence[int]:
        """List the children of a process, where that takes no pass over all; else none."""


class Snapshot:
    """One pass; `taken` is its time in monotonic seconds."""

    def __init__(self, entries: Mapping[int, ProcessEntry], taken: float) -> None:
        self.entries = entries
        self.taken = taken

    @cached_property
    def children(self) -> Mapping[int, Sequence[ProcessEntry]]:
        """The living processes by the pid of their parent."""
        return _grouped((entry.ppid, entry) for entry in self.entries.values() if not entry.ended)

    @cached_property
    def sessions(self) -> Mapping[int, Sequence[ProcessEntry]]:
        """The living processes by session."""
        return _grouped(
            (entry.session, entry) for entry in self.entries.values() if not entry.ended
        )

    def session_of(self, leader: Identity) -> Sequence[ProcessEntry]:
        """List the living processes of the session that `leader` began.

        The kernel gives a number to a new process only when no session has it any more, so where
        another process has the leader's pid, nothing of its session is left.
        """
        holder = self.entries.get(leader.pid)
        if holder is not None and holder.start_time != leader.start_time:
            return []
        return [
            entry
            for entry in self.sessions.get(leader.pid, ())
            if entry.start_time >= leader.start_time
        ]

    def with_descendants(
        self, roots: Iterable[ProcessEntry], *, without: frozenset[int] = frozenset()
    ) -> Sequence[ProcessEntry]:
        """List `roots` and all living processes below them, every parent before its children.

        Pids in `without`, and what stands below them only, are left out. A root may be younger than
        the pass.
        """
        found: dict[int, ProcessEntry] = {}
        pending = list(roots)
        while pending:
            entry = pending.pop()
            if entry.pid not in found and entry.pid not in without:
                found[entry.pid] = entry
                pending += self.children.get(entry.pid, ())
        children = _grouped((entry.ppid, entry) for entry in found.values())
        ordered = [entry for entry in found.values() if entry.ppid not in found]
        for entry in ordered:  # grows while we walk it
            ordered += children.get(entry.pid, ())
        return ordered


class ProcessTable:
    """Passes over the processes of the machine, shared within an iteration of the event loop."""

    def __init__(self, reader: ProcessReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._shared: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """Give the pass of this iteration, making it if nobody has yet."""
        return self._shared or self.fresh()

    def fresh(self) -> Snapshot:
        """Make a new pass, and share it for the rest of this iteration."""
        taken = self._clock.now().monotonic
        snapshot = Snapshot(self._reader.scan(), taken)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return snapshot  # no iteration to share it in
        self._shared = snapshot
        loop.call_soon(self._forget, snapshot)
        return snapshot

    def _forget(self, snapshot: Snapshot) -> None:
        if self._shared is snapshot:
            self._shared = None


def _grouped(
    pairs: Iterable[tuple[int, ProcessEntry]],
) -> Mapping[int, Sequence[ProcessEntry]]:
    groups: dict[int, list[ProcessEntry]] = {}
    for key, entry in pairs:
        groups.setdefault(key, []).append(entry)
    return groups
