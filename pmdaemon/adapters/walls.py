"""Keeping code of others out of the home: its keys, its store, what other projects have.

It runs as the user of the daemon, so permissions alone would not. Landlock (landlock(7)) lets any
process give up rights for itself and all that it starts, for good: here, to read, write or run
whatever is in the home but what belongs to its own project. With that it can neither signal nor
look into processes outside, so not into the environment of the daemon (ptrace(2), access mode
checking); for root, who may look into everything, that takes some capabilities away as well.

Where the kernel has no Landlock there are no walls, and that is logged once.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ctypes import CDLL

log = logging.getLogger(__name__)

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on all architectures."""

PATH_BENEATH = 1
VERSION = 1
"""LANDLOCK_CREATE_RULESET_VERSION"""

PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38

CAPABILITIES: Final = (16, 17, 19, 21, 22, 38, 39)
"""Those that open everything: CAP_SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_ADMIN, SYS_BOOT, PERFMON,
BPF (capabilities(7))."""

SIGNALS: Final = 1 << 1
"""LANDLOCK_SCOPE_SIGNAL, since version 6."""

READ_DIR: Final = 1 << 3
ON_FILES: Final = 1 << 0 | 1 << 1 | 1 << 2
"""To run, write and read: what there is to allow about a file."""

RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights about files each version knows; later ones know 16."""

TRUNCATE: Final = 1 << 14
IOCTL_DEV: Final = 1 << 15


RULESET: Final = Struct("QQQ")
"""struct landlock_ruleset_attr: the rights that are about files, about the network, and scopes."""

ATTRIBUTE_SIZES: Final = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}
"""Bytes of it that each version knows; later ones know all."""

BENEATH: Final = Struct("=Qi")
"""struct landlock_path_beneath_attr: the rights, and the file that they are about."""


class Walls:
    """Makes walls around one folder, the home."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @property
    def stand(self) -> bool:
        """Whether there are any."""
        return self._version >= 1

    @cached_property
    def _libc(self) -> "CDLL":
        import ctypes  # noqa: PLC0415 - few run code of others, and it is some 300 KiB

        return ctypes.CDLL(None, use_errno=True)

    @cached_property
    def _version(self) -> int:
        version = self._call(CREATE_RULESET, None, 0, VERSION)
        if version < 1:
            log.warning("walls.none reason=this kernel has no Landlock")
        return version

    @contextmanager
    def around(self, visible_folders: Sequence[str]) -> Iterator[Callable[[], None] | None]:
        """Give what a child does before it becomes a program that sees some of the home alone.

        The rules are made here; the child only takes them upon itself.

        Raises:
            OSError: the rules cannot be made.

        """
        if not self.stand:
            yield None
            return
        ruleset = self._ruleset(visible_folders)
        prctl, syscall = self._libc.prctl, self._libc.syscall
        dropped = CAPABILITIES if os.geteuid() == 0 else ()

        def prepare() -> None:
            for capability in dropped:
                prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
            if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or syscall(RESTRICT_SELF, ruleset, 0):
                raise _failure()

        try:
            yield prepare
        finally:
            os.close(ruleset)

    def _ruleset(self, visible_folders: Sequence[str]) -> int:
        rights = (1 << RIGHTS.get(self._version, 16)) - 1
        wanted = RULESET.pack(rights, 0, SIGNALS if self._version >= 6 else 0)
        size = ATTRIBUTE_SIZES.get(self._version, RULESET.size)
        ruleset = self._call(CREATE_RULESET, wanted, size, 0)
        if ruleset < 0:
            raise _failure()
        # Names may be seen everywhere: programs walk up their path to find what they belong to.
        self._allow(ruleset, Path("/"), READ_DIR)
        for path in (*_around(self._home.resolve()), *map(Path, visible_folders)):
            self._allow(ruleset, path, rights)
        return ruleset

    def _allow(self, ruleset: int, path: Path, rights: int) -> None:
        with suppress(OSError):  # what is not there needs no rule
            file = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                if not path.is_dir():
                    rights &= ON_FILES | TRUNCATE | IOCTL_DEV
                self._call(ADD_RULE, ruleset, PATH_BENEATH, BENEATH.pack(rights, file), 0)
            finally:
                os.close(file)

    def _call(self, number: int, *arguments: object) -> int:
        found: int = self._libc.syscall(number, *arguments)
        return found


def _around(home: Path) -> Iterator[Path]:
    """List all that is beside the home, and beside each folder that it is in."""
    inner = home
    for folder in home.parents:
        with suppress(OSError):
            # What a link leads to is allowed where it is, or is not: it may lead to the home.
            yield from (one for one in folder.iterdir() if one != inner and not one.is_symlink())
        inner = folder


def _failure() -> OSError:
    from ctypes import get_errno  # noqa: PLC0415 - as above

    return OSError(get_errno(), "cannot put up walls")
