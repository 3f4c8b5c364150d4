"""Control groups in tests: where they can be had, and none is left of them.

own = own_group()  # skips where nobody can divide a group
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from pmdaemon.adapters import cgroup_files
from pmdaemon.adapters.own_group import MARK, NotDivisible, OwnGroup, find_divisible
from pmdaemon.config.paths import Home
from tests.support.waiting import eventually_sync


def own_group() -> OwnGroup:
    """Find the group that we can divide, or skip the test."""
    try:
        return _found()
    except NotDivisible as reason:
        pytest.skip(f"no control group of ours: {reason}")


def groups_of(home: Path) -> list[Path]:
    """List the groups of the runs of a home."""
    try:
        own = _found()
        mark = f"{MARK}{Home(str(home)).id}."
    except (NotDivisible, FileNotFoundError):
        return []
    found = cgroup_files.groups_in(own.folder)
    return [Path(own.folder, name) for name in found if name.startswith(mark)]


def remove_groups(home: Path) -> None:
    """Remove what daemons that were killed have left of the groups of a home."""
    for group in groups_of(home):
        cgroup_files.remove(os.fspath(group))


@contextmanager
def a_group() -> Iterator[str]:
    """Have a group for a test, which nobody is in at the end of it; skip it where none can be."""
    folder = f"{own_group().folder}/pmdaemon-test-{os.getpid()}-{uuid4().hex[:8]}"
    cgroup_files.make(folder)
    try:
        yield folder
    finally:
        for pid in cgroup_files.pids_in(folder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        eventually_sync(lambda: cgroup_files.remove(folder))


@contextmanager
def no_groups() -> Iterator[tuple[str, ...]]:
    """Give the words before a command that have it run where no group can be divided."""
    try:
        _found()
    except NotDivisible:
        yield ()
        return
    with a_group() as folder:
        Path(folder, "cgroup.max.descendants").write_text("0")
        yield "/bin/sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', folder


def _found() -> OwnGroup:
    return find_divisible(cgroup_files.find_mount(), cgroup_files.group_of("self"))
