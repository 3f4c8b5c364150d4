"""What programs use, each with everything it started."""

import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from pmdaemon.adapters.process_table import ProcessEntry, ProcessTable, Snapshot
from pmdaemon.core.metrics import Sample
from pmdaemon.core.process import Identity

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

_SHORTEST_INTERVAL = 0.1
"""Seconds. The kernel counts CPU time in ticks of 10 ms: over less than this they mean nothing."""

Orphans = Mapping[Identity, Sequence[ProcessEntry]]
"""Processes that have lost their parents, by the run that they are of."""

_NONE: Orphans = MappingProxyType({})


class TreeMetrics:
    """Measures trees from one pass to the next.

    Nothing is remembered but the latest pass and what was answered from it, so there is nothing
    to forget when a run is over. `orphans` finds in a pass what else belongs to runs.
    """

    def __init__(
        self, table: ProcessTable, *, orphans: Callable[[Snapshot], Orphans] = lambda _: _NONE
    ) -> None:
        self._table = table
        self._orphans = orphans
        self._before: Snapshot | None = None
        self._latest: dict[Identity, Sample] = {}

    def sample(self, runs: Mapping[int, Identity]) -> Mapping[int, Sample]:
        """Measure the given runs, by pm_id; what has ended uses nothing."""
        now = self._table.snapshot()
        before = self._before
        too_soon = before is not None and now.taken - before.taken < _SHORTEST_INTERVAL
        latest = {}
        orphans = self._orphans(now)
        for identity in runs.values():
            tree = tree_of(now, identity, orphans.get(identity, ()))
            if before is None:
                cpu = 0.0
            elif too_soon:
                cpu = self._latest.get(identity, Sample()).cpu
            else:
                cpu = cpu_percent(before, identity, tree, now.taken - before.taken)
            memory = sum(entry.memory for entry in tree)
            latest[identity] = Sample(cpu, memory, processes=len(tree))
        if not too_soon:
            self._before = now
        self._latest = latest
        return {pm_id: latest[identity] for pm_id, identity in runs.items()}


def tree_of(
    snapshot: Snapshot, identity: Identity, orphans: Sequence[ProcessEntry] = ()
) -> Sequence[ProcessEntry]:
    """List a run's living processes: its session, its orphans, and all their descendants."""
    return snapshot.with_descendants([*snapshot.session_of(identity), *orphans])


def cpu_percent(
    before: Snapshot, identity: Identity, tree: Sequence[ProcessEntry], seconds: float
) -> float:
    """Work out what a run's `tree` used since the pass `before`, in percent of one core.

    A process counts from the pass before, or whole if it began since. One that ended since lives
    on in the times of whoever waited for it, from where what was counted of it already is taken
    off again. A run that the pass before does not know uses 0.
    """
    leader = before.entries.get(identity.pid)
    if leader is None or leader.identity != identity:
        return 0.0
    own = 0
    reaped: dict[int, int] = {}
    for entry in tree:
        earlier = _same_process(before, entry)
        own += entry.own_ticks - (earlier.own_ticks if earlier else 0)
        ticks = entry.reaped_ticks - (earlier.reaped_ticks if earlier else 0)
        if ticks:
            reaped[entry.pid] = ticks
    if reaped:
        counted = _counted_of_ended(before, {entry.pid: entry for entry in tree}, identity)
        # A parent that does not wait for its children gets none of their time.
        own += sum(max(0, ticks - counted.get(pid, 0)) for pid, ticks in reaped.items())
    return max(0.0, 100.0 * own / _TICKS_PER_SECOND / seconds)


def _counted_of_ended(
    before: Snapshot, tree: Mapping[int, ProcessEntry], identity: Identity
) -> Mapping[int, int]:
    """Sum the ticks, up to the pass before, of processes that ended, by living ancestor."""
    members = {entry.pid: entry for entry in tree_of(before, identity)}
    counted: dict[int, int] = {}
    for member in members.values():
        if _is_in(tree, member):
            continue
        ancestor = members.get(member.ppid)
        while ancestor is not None and not _is_in(tree, ancestor):
            ancestor = members.get(ancestor.ppid)
        if ancestor is not None:
            ticks = member.own_ticks + member.reaped_ticks
            counted[ancestor.pid] = counted.get(ancestor.pid, 0) + ticks
    return counted


def _same_process(snapshot: Snapshot, entry: ProcessEntry) -> ProcessEntry | None:
    found = snapshot.entries.get(entry.pid)
    return found if found is not None and found.start_time == entry.start_time else None


def _is_in(tree: Mapping[int, ProcessEntry], entry: ProcessEntry) -> bool:
    found = tree.get(entry.pid)
    return found is not None and found.start_time == entry.start_time
