"""When runs are brought into their groups, and groups removed: in passes, each of them for many.

A thread makes the passes, one at a time, and begins when nothing more has come for a moment. Both
is for those who start and stop programs: the thread would take its share of just that time.
"""

import asyncio
import logging
from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor

from pmdaemon.adapters import cgroup_files
from pmdaemon.adapters.group_entry import Doorway, Entry, Held, Passed, Stranger, pass_through
from pmdaemon.adapters.process_table import ProcessEntry

log = logging.getLogger(__name__)

CALM = 0.02
MOST_CALM = 0.5
"""Seconds without anything new after which a pass is made, and how many are waited at most."""

PASSES = 50
"""How often we look again for what a run has begun, at the most: it may begin more for ever."""

REMOVALS = 20
REMOVE_AGAIN = 0.1
"""How often, and after how many seconds, we try to remove a group: what ended may leave late."""

TRY_AGAIN = 1.0
"""Seconds until a pass is made for which there was no thread."""


class GroupPasses:
    """Makes passes through a doorway; to be used from the event loop."""

    def __init__(self, doorway: Doorway) -> None:
        self._doorway = doorway
        self._runs: dict[str, Held] = {}
        self._unsettled: dict[str, Held] = {}
        self._due: list[Entry] = []
        self._over: dict[str, int] = {}
        self._asked = 0
        self._again = 0
        self._is_at_work = False
        self._is_closed = False
        self._has_complained = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="groups")

    def bring_in(self, run: Held) -> None:
        """Bring all of a run in, in a while."""
        self._over.pop(run.folder, None)
        self._runs[run.token] = self._unsettled[run.token] = run
        self._due.append(Entry(run, run.identity))
        self._ask()

    def remove(self, token: str, folder: str) -> None:
        """Remove the group of a run that is over, in a while."""
        self._runs.pop(token, None)
        if self._unsettled.pop(token, None) is not None:
            self._due = [entry for entry in self._due if entry.run.token != token]
        self._over[folder] = 0
        self._ask()

    def whose(self, process: ProcessEntry) -> Held | None:
        """Find out to which run an orphan without a name belongs that is not brought in yet."""
        if not self._unsettled or not self._doorway.is_outside(process.pid):
            return None
        return self._whose(Stranger(process, None))

    def close(self) -> None:
        """Bring nobody in any more, and remove what is over."""
        self._is_closed = True
        self._thread.shutdown(cancel_futures=True)
        for folder in self._over:
            cgroup_files.remove(folder)

    def _ask(self) -> None:
        self._asked += 1
        if not self._is_at_work:
            self._is_at_work = True
            self._await_calm(asyncio.get_running_loop(), 0.0)

    def _await_calm(self, loop: asyncio.AbstractEventLoop, waited: float) -> None:
        asked = self._asked

        def look() -> None:
            if self._asked == asked or waited >= MOST_CALM:
                self._make_pass(loop)
            else:
                self._await_calm(loop, waited + CALM)

        loop.call_later(CALM, look)

    def _make_pass(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._is_closed:
            return
        known = frozenset(run.identity.pid for run in self._runs.values())
        due, self._due = self._due, []
        over, asked = tuple(self._over), tuple(self._unsettled)

        def made(work: asyncio.Future[Passed]) -> None:
            if not self._is_closed:
                self._take_in(loop, work.result(), asked, over)

        try:
            work = loop.run_in_executor(self._thread, pass_through, self._doorway, due, over, known)
        except RuntimeError:  # there is no pid left for a thread
            self._due = [*due, *self._due]
            loop.call_later(TRY_AGAIN, self._make_pass, loop)
            return
        work.add_done_callback(made)

    def _take_in(
        self,
        loop: asyncio.AbstractEventLoop,
        passed: Passed,
        asked: Iterable[str],
        over: Iterable[str],
    ) -> None:
        """Go on as a pass has shown, which was for the runs `asked` and the groups `over`."""
        self._complain(passed.failure)
        self._note_removals(over, passed.removed)
        found = [
            Entry(run, stranger.process.identity)
            for stranger in passed.strangers
            if (run := self._whose(stranger)) is not None
        ]
        if found and self._again < PASSES:
            self._again += 1
            self._due += found
            self._make_pass(loop)
            return
        self._again = 0
        for token in asked:
            self._unsettled.pop(token, None)
        self._is_at_work = bool(self._due or self._over)
        if self._due:
            self._await_calm(loop, 0.0)
        elif self._over:
            loop.call_later(REMOVE_AGAIN, self._make_pass, loop)

    def _whose(self, stranger: Stranger) -> Held | None:
        """Find out to which run a stranger belongs; None where that cannot be known."""
        process = stranger.process
        if stranger.token:
            return self._runs.get(stranger.token)
        for run in self._runs.values():
            if run.identity.pid == process.session:
                return run
        # The others were whole before it began, or began after it.
        elders = [
            run for run in self._unsettled.values() if run.identity.start_time <= process.start_time
        ]
        return elders[0] if len(elders) == 1 else None

    def _note_removals(self, over: Iterable[str], removed: Container[str]) -> None:
        for folder in over:
            if folder in removed:
                self._over.pop(folder, None)
            elif folder in self._over:
                self._over[folder] += 1
                if self._over[folder] >= REMOVALS:
                    log.warning("groups.not_removed folder=%s", folder)
                    del self._over[folder]

    def _complain(self, failure: OSError | None) -> None:
        """Say once that a run has no group: it happens to all of them, or hardly ever."""
        if failure is not None and not self._has_complained:
            self._has_complained = True
            log.warning("groups.not_entered reason=%s", failure)
