"""Control groups of version 2, as the kernel shows them: folders of files.

A group is a folder, made and removed as such; `cgroup.procs` lists its processes and takes those
that are to come in, `cgroup.kill` (since Linux 5.14) ends all of it and of what is below it in one
stroke, which no fork can outrun. See cgroups(7), and cgroup-v2.rst of the kernel's documentation.
"""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

MOUNTS: Final = "/proc/self/mountinfo"

_PROCS: Final = "cgroup.procs"
_KILL: Final = "cgroup.kill"
_NO_SUBGROUPS: Final = 2
"""How many links a folder has that has none below it."""

_ESCAPE: Final = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """Where a hierarchy of groups is to be seen, and from which of its groups on."""

    folder: str
    root: str

    def folder_of(self, group: str) -> str | None:
        """Find the folder of a group; None where it is not to be seen."""
        below = group.removeprefix(self.root.rstrip("/"))
        if not group.startswith(self.root) or below[:1] not in {"", "/"} or "/.." in group:
            return None
        return self.folder + below.rstrip("/")


def find_mount(mountinfo: str = MOUNTS) -> Mount | None:
    """Find the hierarchy of version 2 (proc(5), under /proc/pid/mountinfo)."""
    try:
        with open(mountinfo, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123 - as text, line by line
            for line in file:
                fields, _, rest = line.partition(" - ")
                if rest.startswith("cgroup2 "):
                    _, _, _, root, folder, *_ = fields.split(" ")
                    return Mount(_unescaped(folder), _unescaped(root))
    except OSError:
        pass
    return None


def group_of(pid: int | str) -> str | None:
    """Say which group a process is in; None when it is gone, or in none."""
    with suppress(OSError):
        for line in content(f"/proc/{pid}/cgroup").splitlines():
            if line.startswith("0::"):
                return line[3:]
    return None


def make(folder: str) -> None:
    """Make a group, unless it is there.

    Raises:
        OSError: it cannot be made.

    """
    with suppress(FileExistsError):
        os.mkdir(folder)  # noqa: PTH102 - no Path object for each start


def put_in(folder: str, pid: int) -> None:
    """Bring a process with all its threads into a group; one that is gone makes no difference.

    It waits until no fork can be under way anywhere, mostly for one grace period of RCU.

    Raises:
        OSError: it is not let in.

    """
    with suppress(ProcessLookupError):
        _write(f"{folder}/{_PROCS}", str(pid).encode())


def pids_in(folder: str) -> Sequence[int]:
    """List the processes of a group and of those below it; none where it is gone."""
    found: list[int] = []
    with suppress(OSError):  # it is gone, or lists them elsewhere, being a group of threads
        # Those of another pid namespace are shown as 0.
        found += filter(None, map(int, content(f"{folder}/{_PROCS}").split()))
    for below in _groups_in(folder):
        found += pids_in(below)
    return found


def kill(folder: str) -> None:
    """Kill whatever is in a group and below it, at once; nothing where the kernel cannot."""
    with suppress(OSError):
        _write(f"{folder}/{_KILL}", b"1")


def remove(folder: str) -> bool:
    """Remove a group and those below it, if nobody is in them; say whether it is gone."""
    for below in _groups_in(folder):
        remove(below)
    try:
        os.rmdir(folder)  # noqa: PTH106 - as above
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def groups_in(folder: str) -> Sequence[str]:
    """List the names of the groups right below one."""
    with suppress(OSError), os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return ()


def _groups_in(folder: str) -> Sequence[str]:
    with suppress(OSError):
        if os.stat(folder).st_nlink > _NO_SUBGROUPS:  # noqa: PTH116 - as above
            return [f"{folder}/{name}" for name in groups_in(folder)]
    return ()


def content(path: str) -> str:
    """Read all of a file that the kernel makes up.

    Raises:
        OSError: it is gone, or is not for us.

    """
    parts = []
    file = os.open(path, os.O_RDONLY)
    try:
        while part := os.read(file, 65536):
            parts.append(part)
    finally:
        os.close(file)
    return os.fsdecode(b"".join(parts))


def _write(path: str, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, data)
    finally:
        os.close(file)


def _unescaped(path: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), path)
