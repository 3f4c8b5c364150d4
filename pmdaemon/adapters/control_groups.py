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

import logging
import os
from collections.abc import Iterable, Mapping, Sequence

from pmdaemon.adapters import cgroup_files
from pmdaemon.adapters.cgroup_files import Mount
from pmdaemon.adapters.group_entry import Doorway, Held
from pmdaemon.adapters.group_passes import GroupPasses
from pmdaemon.adapters.own_group import MARK, NotDivisible, OwnGroup, find_divisible
from pmdaemon.adapters.process_table import ProcessEntry, ProcessReader
from pmdaemon.core.environment import token_parts
from pmdaemon.core.process import Identity
from pmdaemon.core.wording import why

log = logging.getLogger(__name__)


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
        self._passes: GroupPasses | None = None
        self._folders: dict[str, dict[int, str]] = {}
        self._runs: dict[str, Identity] = {}

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
            self._passes = GroupPasses(Doorway(own.group, self._reader, self._keeper))
        if mount is not None:
            for identity, token in runs:
                self._find(identity, token, mount)

    def hold(self, identity: Identity, token: str) -> None:
        """Bring a run into a group of its own, in a while."""
        if self._own is None or self._passes is None or not self._is_ours(token):
            return
        folder = self._know(token, f"{self._own.folder}/{MARK}{token}")
        self._runs[token] = identity
        self._passes.bring_in(Held(identity, token, folder))

    def pids(self, token: str) -> Sequence[int]:
        """List what lives in the group of a run, or in that of an earlier launch."""
        folders = self._folders_of(token).values()
        return [pid for folder in folders for pid in cgroup_files.pids_in(folder)]

    def has(self, pid: int) -> bool:
        """Tell whether a process is in the group of any run of this home."""
        return self._token_around(pid) is not None

    def run_around(self, pid: int) -> Identity | None:
        """Say in the group of which run that we hold a process is."""
        token = self._token_around(pid)
        return self._runs.get(token) if token is not None else None

    def whose(self, orphan: ProcessEntry) -> Identity | None:
        """Say to which run an orphan without a name belongs that is not in its group yet."""
        run = self._passes.whose(orphan) if self._passes is not None else None
        return run.identity if run is not None else None

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
            if self._passes is not None:
                self._passes.remove(each, folder)
            else:
                cgroup_files.remove(folder)

    def close(self) -> None:
        """Bring nobody in any more, and remove what is over."""
        if self._passes is not None:
            self._passes.close()
            self._passes = None

    def _token_around(self, pid: int) -> str | None:
        group = cgroup_files.group_of(pid) if self._folders else None
        _, _, name = (group or "").partition(f"/{MARK}")
        token = name.partition("/")[0]
        return token if self._is_ours(token) else None

    def _is_ours(self, token: str) -> bool:
        return token.startswith(f"{self._home}.") and "/" not in token

    def _move_to(self, own: OwnGroup) -> None:
        """Leave the group of a run, if we are in one: whoever ends that is not to end us."""
        if own.holds_us:
            return
        try:
            for pid in filter(None, (self._keeper, os.getpid())):
                cgroup_files.put_in(own.folder, pid)
        except OSError as error:
            raise NotDivisible(f"cannot get into {own.group}: {why(error)}") from None

    def _take_stock(self, folder: str) -> None:
        """Know the groups of this home that are there, and remove those that nobody is in."""
        for name in cgroup_files.groups_in(folder):
            token = name.removeprefix(MARK)
            if name.startswith(MARK) and self._is_ours(token):
                found = f"{folder}/{name}"
                if cgroup_files.pids_in(found) or not cgroup_files.remove(found):
                    self._know(token, found)

    def _find(self, identity: Identity, token: str, mount: Mount) -> None:
        """Know the group that a run is in, wherever that is; unless what we start is in it, too."""
        name = f"/{MARK}{token}"
        if f"{name}/" in f"{cgroup_files.group_of('self')}/":
            return
        above, found, _ = f"{cgroup_files.group_of(identity.pid)}/".partition(f"{name}/")
        folder = mount.folder_of(above or "/")
        if found and folder is not None:
            self._know(token, folder + name)

    def _know(self, token: str, folder: str) -> str:
        owner, launch = token_parts(token)
        return self._folders.setdefault(owner, {}).setdefault(launch, folder)

    def _folders_of(self, token: str) -> Mapping[str, str]:
        """List the groups of a run and of earlier launches, by token."""
        owner, latest = token_parts(token)
        known = self._folders.get(owner)
        if known is None:
            return {}
        return {f"{owner}.{launch}": known[launch] for launch in known if launch <= latest}
