"""Holding each run together by a control group of its own, where ours is one to divide.

A program is started as ever, and brought into its group right after that, with what it has begun
already; all that it begins later is born there, and only who may write to groups gets out again.
To bring one in takes some ten milliseconds of waiting, so a thread does that: no start waits for
it, and none can fail by it.

What has left its parent behind before that is an orphan which the keeper took in, and, unlike the
orphans of all other runs, is still in the group that we are in ourselves. It is brought in, too,
when its token says whose it is, or when there is only one run that can have begun it: one that is
not younger, and of which not all was brought in by then.

Nothing is remembered that could be stale: a group has the token of its run for a name.
"""

import asyncio
import logging
import os
from collections.abc import Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from pmdaemon.adapters import cgroup_files
from pmdaemon.adapters.cgroup_files import Mount
from pmdaemon.adapters.group_entry import Doorway, Entry, Held, Passed, pass_through, whose
from pmdaemon.adapters.own_group import MARK, NotDivisible, OwnGroup, find_divisible
from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.core.environment import token_parts
from pmdaemon.core.process import Identity

log = logging.getLogger(__name__)

PASSES = 50
"""How often we look again for what a run has begun, at the most: it may begin more for ever."""

REMOVALS = 20
REMOVE_AGAIN = 0.1
"""How often, and after how many seconds, we try to remove a group: what ended may leave it late."""


class ControlGroups:
    """The groups of the runs of one home; to be used from the event loop.

    Before `open`, and where our own group is not to be divided, no run gets one.

    Args:
        home: the id of the home, with which the tokens of its runs begin.
        keeper: the pid of a subreaper that takes in the orphans of our programs, and no others.

    """

    def __init__(self, home: str, reader: ProcessReader, *, keeper: int | None = None) -> None:
        self._home = home
        self._reader = reader
        self._keeper = keeper
        self._own: OwnGroup | None = None
        self._folders: dict[str, dict[int, str]] = {}
        self._runs: dict[str, Held] = {}
        self._unsettled: dict[str, Held] = {}
        self._due: list[Entry] = []
        self._over: dict[str, int] = {}
        self._passes = 0
        self._thread: ThreadPoolExecutor | None = None
        self._is_busy = False
        self._has_complained = False

    def open(self, runs: Iterable[tuple[Identity, str]] = ()) -> None:
        """Find out what there is, and which groups a former daemon has made.

        Args:
            runs: what a former daemon had up, with the tokens: their groups may be elsewhere.

        """
        mount = cgroup_files.find_mount()
        try:
            own = find_divisible(mount, cgroup_files.group_of("self"))
            self._move_to(own)
        except NotDivisible as reason:
            log.info("groups.not_used reason=%s", reason)
        else:
            log.info("groups.used below=%s", own.folder)
            self._own = own
            self._take_stock(own.folder)
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="groups")
        if mount is not None:
            for identity, token in runs:
                self._find(identity, token, mount)

    def hold(self, identity: Identity, token: str) -> None:
        """Bring a run into a group of its own, in a while."""
        if self._own is None or not token.startswith(f"{self._home}.") or "/" in token:
            return
        folder = self._know(token, f"{self._own.folder}/{MARK}{token}")
        self._over.pop(folder, None)
        held = Held(identity, token, folder)
        self._runs[token] = self._unsettled[token] = held
        self._due.append(Entry(held, identity))
        self._work()

    def pids(self, token: str) -> Sequence[int]:
        """List what lives in the group of a run, or in that of an earlier launch."""
        folders = self._folders_of(token).values()
        return [pid for folder in folders for pid in cgroup_files.pids_in(folder)]

    def has(self, pid: int) -> bool:
        """Tell whether a process is in the group of any run of this home."""
        group = cgroup_files.group_of(pid) if self._folders else None
        return group is not None and f"/{MARK}{self._home}." in group

    def kill(self, token: str) -> None:
        """Kill all of a run that is in its group, unless we are in there ourselves."""
        for folder in self._folders_of(token).values():
            if not {os.getpid(), os.getppid()}.intersection(cgroup_files.pids_in(folder)):
                cgroup_files.kill(folder)

    def release(self, token: str) -> None:
        """Remove the group of a run of which nothing is left, and earlier ones, in a while."""
        for each, folder in self._folders_of(token).items():
            owner, launch = token_parts(each)
            self._folders[owner].pop(launch)
            if not self._folders[owner]:
                del self._folders[owner]
            self._runs.pop(each, None)
            self._unsettled.pop(each, None)
            self._over[folder] = 0
        self._due = [entry for entry in self._due if entry.run.token in self._runs]
        self._work()

    def close(self) -> None:
        """Bring nobody in any more, and remove what is over."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        self._own = None
        for folder in self._over:
            cgroup_files.remove(folder)
        self._over.clear()

    def _move_to(self, own: OwnGroup) -> None:
        """Leave the group of a run, if we are in one: whoever ends that is not to end us."""
        if own.holds_us:
            return
        try:
            for pid in filter(None, (self._keeper, os.getpid())):
                cgroup_files.put_in(own.folder, pid)
        except OSError as error:
            raise NotDivisible(f"cannot get into {own.group}: {error.strerror}") from None

    def _take_stock(self, folder: str) -> None:
        """Know the groups of this home that are there, and remove those that nobody is in."""
        for name in cgroup_files.groups_in(folder):
            if name.startswith(f"{MARK}{self._home}."):
                found = f"{folder}/{name}"
                if cgroup_files.pids_in(found) or not cgroup_files.remove(found):
                    self._know(name.removeprefix(MARK), found)

    def _find(self, identity: Identity, token: str, mount: Mount) -> None:
        """Know the group that a run is in, wherever that is."""
        name = f"/{MARK}{token}"
        above, found, _ = (cgroup_files.group_of(identity.pid) or "").partition(name)
        folder = mount.folder_of(above or "/")
        if found and folder is not None:
            self._know(token, folder + name)

    def _know(self, token: str, folder: str) -> str:
        owner, launch = token_parts(token)
        return self._folders.setdefault(owner, {}).setdefault(launch, folder)

    def _folders_of(self, token: str) -> Mapping[str, str]:
        """List the groups of a run and of earlier launches, by token."""
        owner, latest = token_parts(token)
        known = self._folders.get(owner, {})
        return {f"{owner}.{launch}": known[launch] for launch in known if launch <= latest}

    def _work(self) -> None:
        """Have the thread do what is due, unless it has something to do."""
        if self._own is None or self._is_busy or not (self._due or self._over):
            return
        self._is_busy = True
        known = frozenset(run.identity.pid for run in self._runs.values())
        due, self._due = self._due, []
        over, asked = tuple(self._over), tuple(self._unsettled)
        doorway = Doorway(self._own.group, self._reader, self._keeper)
        asyncio.get_running_loop().run_in_executor(
            self._thread, pass_through, doorway, due, over, known
        ).add_done_callback(lambda passed: self._passed(asked, over, passed.result()))

    def _passed(self, asked: Iterable[str], over: Iterable[str], passed: Passed) -> None:
        self._is_busy = False
        self._complain(passed.failure)
        self._note_removals(over, passed.removed)
        found = [
            Entry(run, stranger.process.identity)
            for stranger in passed.strangers
            if (run := whose(stranger, self._runs.values(), self._unsettled.values())) is not None
        ]
        if found and self._passes < PASSES:
            self._passes += 1
            self._due += found
        else:
            self._passes = 0
            for token in asked:
                self._unsettled.pop(token, None)
        if self._due or 0 in self._over.values():
            self._work()
        elif self._over:
            asyncio.get_running_loop().call_later(REMOVE_AGAIN, self._work)

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
        """Say once that some runs have no group: it happens to all of them, or hardly ever."""
        if failure is not None and not self._has_complained:
            self._has_complained = True
            log.warning("groups.not_entered reason=%s", failure)
