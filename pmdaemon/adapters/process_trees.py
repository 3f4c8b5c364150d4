"""What a program started, and what they started in turn, on the real system."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence

from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessEntry, ProcessReader, ProcessTable, Snapshot
from pmdaemon.core.process import Identity


class SystemProcessTrees:
    """Finds trees by session, by descent, and by token, and never counts ourselves among them.

    Orphans are looked for where the kernel puts them: below init, and below whoever is a
    subreaper (prctl(2), PR_SET_CHILD_SUBREAPER). Ourselves and all our ancestors may be one;
    `reapers` are further pids.
    """

    def __init__(
        self,
        reader: ProcessReader,
        table: ProcessTable,
        handles: ProcessHandles,
        *,
        reapers: Iterable[int] = (1,),
    ) -> None:
        self._reader = reader
        self._table = table
        self._handles = handles
        self._reapers = frozenset(reapers)
        self._orphans: tuple[Snapshot, Mapping[str, Sequence[ProcessEntry]]] | None = None
        self._known_tokens: dict[tuple[int, int], str] = {}

    def alive(self, identity: Identity) -> bool:
        """Whether this very process exists and has not ended."""
        entry = self._reader.entry(identity.pid)
        return entry is not None and entry.identity == identity and not entry.ended

    def members(self, identity: Identity, token: str) -> Sequence[Identity]:
        """List all living processes of the tree, every child before its parent.

        What began before the run did is none of it, whatever numbers it has.
        """
        snapshot = self._snapshot_with(identity)
        roots = [*self._session(snapshot, identity, token)]
        roots += self._orphans_of(snapshot).get(token, ())
        tree = snapshot.with_descendants(
            (root for root in roots if root.start_time >= identity.start_time),
            without=_ourselves(snapshot),
        )
        return [entry.identity for entry in reversed(tree)]

    def has_leftovers(self, identity: Identity) -> bool:
        """Tell cheaply whether anything in the process group of a program that ended is alive.

        True may also mean a zombie that nobody has reaped yet, or a later group of this number.
        """
        try:
            os.killpg(identity.pid, 0)
        except ProcessLookupError:
            return False
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
        wanted = frozenset(tokens)
        found: dict[str, ProcessEntry] = {}
        for entry in self._table.snapshot().entries.values():
            if entry.session != entry.pid or entry.ended:
                continue
            token = self._reader.token(entry.pid)
            if token in wanted and token is not None:
                known = found.get(token)
                if known is None or entry.start_time < known.start_time:
                    found[token] = entry
        return {token: entry.identity for token, entry in found.items()}

    def _snapshot_with(self, identity: Identity) -> Snapshot:
        snapshot = self._table.snapshot()
        listed = snapshot.entries.get(identity.pid)
        if (listed is None or listed.identity != identity) and self.alive(identity):
            return self._table.fresh()  # it was launched after that pass
        return snapshot

    def _session(
        self, snapshot: Snapshot, identity: Identity, token: str
    ) -> Iterable[ProcessEntry]:
        session = snapshot.session_of(identity)
        if identity.pid in snapshot.entries:
            return session
        # Without its leader a session could be a later one of the same number. Another program
        # of ours is told by its token; an empty environment proves nothing.
        return [entry for entry in session if self._reader.token(entry.pid) in {token, None}]

    def _orphans_of(self, snapshot: Snapshot) -> Mapping[str, Sequence[ProcessEntry]]:
        """List those that a reaper took in, by token.

        A token once seen stays true, so it is read once; none may be the environment of before
        an exec, or one that the program has written over.
        """
        if self._orphans is not None and self._orphans[0] is snapshot:
            return self._orphans[1]
        orphans: dict[str, list[ProcessEntry]] = {}
        known: dict[tuple[int, int], str] = {}
        for reaper in self._reapers | _ourselves(snapshot):
            for entry in snapshot.children.get(reaper, ()):
                key = entry.pid, entry.start_time
                token = self._known_tokens.get(key) or self._reader.token(entry.pid)
                if token is not None:
                    known[key] = token
                    orphans.setdefault(token, []).append(entry)
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
