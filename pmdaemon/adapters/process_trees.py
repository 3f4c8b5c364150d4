"""What a program started, and what they started in turn, on the real system.

A process leaves its session by setsid, its parent by outliving it, and its environment by an exec
without it. Each of these alone is harmless. Where runs have control groups, it is still in that of
its run. Where they have none, one that did all three was last seen below the program it belongs
to, if ever, and is an orphan that our keeper took in: a *stray*. Nothing on it tells whose it is.
It is counted to a run when no other run is old enough to have begun it; so at the latest it ends
with the last of those that may have.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf

from pmdaemon.adapters.control_groups import ControlGroups
from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessEntry, ProcessReader, ProcessTable, Snapshot
from pmdaemon.core.environment import token_parts
from pmdaemon.core.process import Identity

LOOK_AGAIN = 0.005
LOOKS = 200
"""How often, and after how many seconds, we look again for what is just being executed."""

CATCHES = 20
"""How often we look again for the process of a group that has begun another and ended meanwhile."""

Orphans = Mapping[str, Sequence[tuple[int, ProcessEntry]]]
"""Processes with a token, by the process that it is of; each with the launch."""


class SystemProcessTrees:
    """Finds trees by group, session, descent, and token, and never counts ourselves among them.

    Orphans are looked for where the kernel puts them: below init, and below whoever is a
    subreaper (prctl(2), PR_SET_CHILD_SUBREAPER). Ourselves and all our ancestors may be one;
    `reapers` are further pids.

    Args:
        keeper: the pid of a subreaper that takes in the orphans of our programs and nobody else's.
        runs: tells which runs there are, of all processes.
        groups: those that runs are held together by, if they are.

    """

    def __init__(
        self,
        reader: ProcessReader,
        table: ProcessTable,
        handles: ProcessHandles,
        *,
        reapers: Iterable[int] = (1,),
        keeper: int | None = None,
        runs: Callable[[], Iterable[Identity]] = tuple,
        groups: ControlGroups | None = None,
    ) -> None:
        self._reader = reader
        self._table = table
        self._handles = handles
        self._reapers = frozenset(reapers)
        self._keeper = keeper
        self._runs = runs
        self._groups = groups or ControlGroups("", reader)
        self._seen: dict[Identity, frozenset[Identity]] = {}
        self._orphans: tuple[Snapshot, Orphans] | None = None
        self._known_tokens: dict[tuple[int, int], str] = {}

    def alive(self, identity: Identity) -> bool:
        """Whether this very process exists and has not ended."""
        entry = self._reader.entry(identity.pid)
        return entry is not None and entry.identity == identity and not entry.ended

    def members(self, identity: Identity, token: str) -> Sequence[Identity]:
        """List all living processes of the tree, every child before its parent."""
        snapshot = self._snapshot_with(identity)
        roots = [
            *self._grouped(snapshot, token),
            *self._session(snapshot, identity, token),
            *self._orphans_of(snapshot, token),
            *self._strays(snapshot, identity),
            *self._seen_before(snapshot, identity),
        ]
        tree = snapshot.with_descendants(roots, without=_ourselves(snapshot))
        members = [entry.identity for entry in reversed(tree)]
        self._seen.pop(identity, None)
        if members:
            self._seen[identity] = frozenset(members)
        return members

    def hold(self, identity: Identity, token: str) -> None:
        """Hold a run together from now on, as far as that can be."""
        self._groups.hold(identity, token)

    def release(self, token: str) -> None:
        """Have done with a run of which nothing is left."""
        self._groups.release(token)

    def held_orphans(self, snapshot: Snapshot) -> Mapping[Identity, Sequence[ProcessEntry]]:
        """List what has lost its parent and is held together with a run, by the run."""
        others = snapshot.children.get(self._keeper, ()) if self._keeper is not None else ()
        if not {entry.pid for entry in others} - {os.getpid()}:
            return {}
        runs = {run.pid for run in self._runs()}
        found: dict[Identity, list[ProcessEntry]] = {}
        for entry in others:
            run = self._groups.run_around(entry.pid) if entry.pid not in runs else None
            if run is not None:
                found.setdefault(run, []).append(entry)
        return found

    def has_leftovers(self, identity: Identity, token: str) -> bool:
        """Tell cheaply whether a program that ended may have left anything behind.

        It has when something is in its process group, be it a zombie that nobody has reaped yet, or
        a later group of this number, or in its control group; or when there are orphans, whosever
        they are.
        """
        try:
            os.killpg(identity.pid, 0)
        except ProcessLookupError:
            return bool(self._groups.pids(token)) or self._has_orphans()
        except PermissionError:
            return True
        return True

    def signal(self, members: Sequence[Identity], signal: str) -> None:
        """Send a signal, by name, to each process that is still there, in the given order.

        SIGKILL goes the other way round, so that no parent that lost a child starts another.
        """
        number = _number(signal)
        ordered = reversed(members) if signal == "SIGKILL" else members
        for member in ordered:
            self._handles.send_signal(member, number)

    def kill(self, token: str) -> None:
        """Kill at once what is held together of a run, and of earlier ones of its process."""
        self._groups.kill(token)

    def when_gone(self, members: Sequence[Identity], callback: Callable[[], None]) -> None:
        """Call `callback` once, from the event loop, when all of these processes have ended."""
        if not members:
            asyncio.get_running_loop().call_soon(callback)
            return
        left = len(members)

        def one_ended() -> None:
            nonlocal left
            left -= 1
            if not left:
                callback()

        for member in members:
            self._handles.when_ended(member, one_ended)

    def find_launched(self, tokens: Sequence[str]) -> Mapping[str, Identity]:
        """Find the session leaders that carry exactly one of these tokens.

        Should a program have started another in a session of its own, the older one is meant.
        """
        if not tokens:
            return {}
        snapshot = self._table.snapshot()
        entries = snapshot.entries.values()
        leaders = [one for one in entries if one.session == one.pid and not one.ended]
        # Most likely they are ours or a reaper's by now; others are not waited for.
        parents = self._reapers | _ourselves(snapshot)
        shown = self._tokens_of(leaders)
        for _ in range(LOOKS):
            if all(token != "" or one.ppid not in parents for token, one in shown):
                break
            time.sleep(LOOK_AGAIN)
            shown = self._tokens_of(leaders)
        found: dict[str, Identity] = {}
        for token, entry in sorted(shown, key=lambda pair: pair[1].start_time):
            if token in tokens and token is not None:
                found.setdefault(token, entry.identity)
        return found

    def _tokens_of(
        self, entries: Iterable[ProcessEntry]
    ) -> Sequence[tuple[str | None, ProcessEntry]]:
        return [(self._reader.token(one.pid), one) for one in entries]

    def _has_orphans(self) -> bool:
        if self._keeper is None:
            return False
        others = {*self._reader.children(self._keeper)} - {os.getpid()}
        # Runs of a former daemon are its children as well.
        return bool(others) and not others.issubset({run.pid for run in self._runs()})

    def _snapshot_with(self, identity: Identity) -> Snapshot:
        snapshot = self._table.snapshot()
        listed = snapshot.entries.get(identity.pid)
        if (listed is None or listed.identity != identity) and self.alive(identity):
            return self._table.fresh()  # it was launched after that pass
        return snapshot

    def _grouped(self, snapshot: Snapshot, token: str) -> Iterable[ProcessEntry]:
        """List those in the group of a run; what forks and ends for ever is caught at it."""
        for _ in range(CATCHES):
            pids = self._groups.pids(token)
            found = [snapshot.entries.get(pid) or self._reader.entry(pid) for pid in pids]
            living = [entry for entry in found if entry is not None and not entry.ended]
            if living or not pids:
                return living
        return ()

    def _session(
        self, snapshot: Snapshot, identity: Identity, token: str
    ) -> Iterable[ProcessEntry]:
        session = snapshot.session_of(identity)
        if identity.pid in snapshot.entries:
            return session
        # Without its leader a session could be a later one of the same number. Another program
        # of ours is told by its token; an empty environment proves nothing.
        return [entry for entry in session if self._reader.token(entry.pid) in {token, None, ""}]

    def _strays(self, snapshot: Snapshot, identity: Identity) -> Iterable[ProcessEntry]:
        """List the orphans without a name that no other run can have begun."""
        if self._keeper is None:
            return
        ourselves = os.getpid()  # younger than the programs of a former daemon
        nameless = [
            entry
            for entry in snapshot.children.get(self._keeper, ())
            if identity.start_time <= entry.start_time
            and (entry.pid, entry.start_time) not in self._known_tokens
            and entry.pid != ourselves
            and not self._groups.has(entry.pid)
        ]
        if not nameless:
            return  # as nearly always; to look at all runs for each of them takes its time
        others = [run for run in self._runs() if run != identity]
        sessions = {run.pid for run in others}
        oldest = min((run.start_time for run in others), default=inf)
        for entry in nameless:
            owner = self._groups.whose(entry)
            if owner == identity or (
                owner is None and entry.start_time < oldest and entry.session not in sessions
            ):
                yield entry

    def _seen_before(self, snapshot: Snapshot, identity: Identity) -> Iterable[ProcessEntry]:
        for member in self._seen.get(identity, ()):
            entry = snapshot.entries.get(member.pid)
            if entry is not None and entry.identity == member and not entry.ended:
                yield entry

    def _orphans_of(self, snapshot: Snapshot, token: str) -> Iterable[ProcessEntry]:
        """List those that this run left behind, or an earlier one of the same process."""
        owner, latest = token_parts(token)
        for launch, entry in self._orphans_in(snapshot).get(owner, ()):
            # The next run may have begun while the last of this one is still being killed.
            if launch <= latest:
                yield entry

    def _orphans_in(self, snapshot: Snapshot) -> Orphans:
        """List those that a reaper took in, by the process that their token is of.

        A token once seen stays true, so it is read once; none may be the environment of before
        an exec, or one that the program has written over.
        """
        if self._orphans is not None and self._orphans[0] is snapshot:
            return self._orphans[1]
        orphans: dict[str, list[tuple[int, ProcessEntry]]] = {}
        known: dict[tuple[int, int], str] = {}
        for reaper in self._reapers | _ourselves(snapshot):
            for entry in snapshot.children.get(reaper, ()):
                key = entry.pid, entry.start_time
                token = self._known_tokens.get(key) or self._reader.token(entry.pid)
                if token:
                    known[key] = token
                    owner, launch = token_parts(token)
                    orphans.setdefault(owner, []).append((launch, entry))
        self._known_tokens = known
        self._orphans = snapshot, orphans
        return orphans


def _ourselves(snapshot: Snapshot) -> frozenset[int]:
    """List our own pid and those of all our ancestors."""
    pids = set()
    pid = os.getpid()
    while pid not in pids and (entry := snapshot.entries.get(pid)) is not None:
        pids.add(pid)
        pid = entry.ppid
    return frozenset(pids)


def _number(name: str) -> int:
    return signal.Signals[name]
