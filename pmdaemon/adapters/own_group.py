"""Whether the control group that we run in is ours to divide.

Where systemd runs the system, the whole hierarchy is its own, but for the groups that it says are
delegated (its "Control Group APIs and Delegation", under "Two Key Design Rules"): it marks these
by an extended attribute. Elsewhere, as in a container, a group is ours when we can divide it.

A group with bounds of its own is left as it is. Many runtimes read how much memory and how many
processors they have from the group that they are in, and from none above it: below it, a JVM would
take a heap of a quarter of the machine's memory.
"""

import os
from typing import Final, NamedTuple

from pmdaemon.adapters import cgroup_files
from pmdaemon.adapters.cgroup_files import Mount
from pmdaemon.core.wording import why

SYSTEMD: Final = "/run/systemd/system"
"""Is there where systemd runs the system (sd_booted(3))."""

MARK: Final = "pmdaemon.run-"
"""What the names of our groups begin with, and that of no unit does."""

_DELEGATION: Final = ("user.delegate", "trusted.delegate")
_BOUNDS: Final = ("memory.max", "memory.high", "cpu.max")


class OwnGroup(NamedTuple):
    """A group, by the name that the kernel has for it, and its folder.

    `holds_us` is false when we are in a run's group below it, as when a program of ours has
    started us.
    """

    group: str
    folder: str
    holds_us: bool


class NotDivisible(Exception):
    """Why our group is to stay as it is."""


def find_divisible(mount: Mount | None, group: str | None, *, systemd: str = SYSTEMD) -> OwnGroup:
    """Find the group that is to be divided.

    Args:
        mount: the hierarchy, if there is any.
        group: the group that we are in.
        systemd: what is there where systemd runs the system.

    Raises:
        NotDivisible: there is none.

    """
    if mount is None or group is None:
        raise NotDivisible("there are no control groups of version 2")
    divided = group.partition(f"/{MARK}")[0] or "/"
    folder = mount.folder_of(divided)
    if folder is None:
        raise NotDivisible(f"{divided} is not to be seen from here")
    if os.path.exists(systemd) and not _is_delegated(folder):  # noqa: PTH110 - as everywhere here
        raise NotDivisible(f"systemd has not delegated {divided}")
    if _content(f"{folder}/cgroup.type") not in {"", "domain"}:
        raise NotDivisible(f"{divided} is one of threads")
    for bound in _BOUNDS:
        if _content(f"{folder}/{bound}").split()[:1] not in ([], ["max"]):
            raise NotDivisible(f"{divided} has a {bound}, which programs are to see")
    _try(folder)
    return OwnGroup(divided, folder, holds_us=divided == group)


def _is_delegated(folder: str) -> bool:
    for name in _DELEGATION:
        try:
            if os.getxattr(folder, name) == b"1":
                return True
        except OSError:
            pass  # it has none, or we may not see it
    return False


def _try(folder: str) -> None:
    """Make a group, and look whether processes could be brought into it (cgroups(7))."""
    ours = f"{folder}/{MARK}try.{os.getpid()}"
    try:
        cgroup_files.make(ours)
    except OSError as error:
        raise NotDivisible(f"cannot make a group in {folder}: {why(error)}") from None
    cgroup_files.remove(ours)
    if not os.access(f"{folder}/cgroup.procs", os.W_OK):
        raise NotDivisible(f"cannot bring processes from {folder} into another group")


def _content(path: str) -> str:
    try:
        return cgroup_files.content(path).strip()
    except OSError:
        return ""  # as at the root, which has neither a type nor bounds
