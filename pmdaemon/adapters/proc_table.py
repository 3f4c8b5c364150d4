"""Processes as Linux tells of them, in /proc (proc(5))."""

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from pmdaemon.adapters.process_table import ProcessEntry
from pmdaemon.core.environment import TOKEN_VARIABLE

_PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
_TOKEN_ASSIGNMENT = b"\0" + TOKEN_VARIABLE.encode() + b"="
_ENDED_STATES = frozenset({b"Z", b"X", b"x"})
_NO_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})
_STAT_SIZE = 2048
"""Bytes; 52 numbers of up to 20 digits and a name of up to 64 fit in."""


class ProcReader:
    """Reads /proc, by plain system calls: a pass is made several times a second under load.

    One descriptor is kept in reserve. Were there none left to read with, every process would look
    as if it were gone, and be started a second time.
    """

    def __init__(self) -> None:
        self._reserve = os.open(os.devnull, os.O_RDONLY)

    def scan(self) -> Mapping[int, ProcessEntry]:
        """List all processes, by pid; those that vanish meanwhile are left out."""
        entries = {}
        for name in self._list():
            if name.isdigit() and (entry := self.entry(int(name))) is not None:
                entries[entry.pid] = entry
        return entries

    def entry(self, pid: int) -> ProcessEntry | None:
        """Look at one process; None when it is gone or hidden from us."""
        try:
            return parse_stat(_content(f"/proc/{pid}/stat"))
        except OSError as error:
            if error.errno not in _NO_DESCRIPTORS:
                return None
        with self._reserve_released(), suppress(OSError):
            return parse_stat(_content(f"/proc/{pid}/stat"))
        return None

    def token(self, pid: int) -> str | None:
        """Read the token that a process was started with; see `ProcessReader`."""
        try:
            with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:  # noqa: PTH123 - as above
                environment = file.readall()
        except OSError:
            return None
        _, found, rest = (b"\0" + environment).partition(_TOKEN_ASSIGNMENT)
        if not found:
            return None if environment else ""
        return os.fsdecode(rest.partition(b"\0")[0])

    def children(self, pid: int) -> Sequence[int]:
        """List the children of a process that has one thread; none where the kernel does not."""
        try:
            return [*map(int, _content(f"/proc/{pid}/task/{pid}/children").split())]
        except OSError:
            return ()

    def close(self) -> None:
        """Give the descriptor back that was kept in reserve."""
        os.close(self._reserve)

    def _list(self) -> list[str]:
        try:
            return os.listdir("/proc")  # noqa: PTH208 - no Path object for each of hundreds
        except OSError as error:
            if error.errno not in _NO_DESCRIPTORS:
                raise
        with self._reserve_released():
            return os.listdir("/proc")  # noqa: PTH208 - as above

    @contextmanager
    def _reserve_released(self) -> Iterator[None]:
        os.close(self._reserve)
        try:
            yield
        finally:
            self._reserve = os.open(os.devnull, os.O_RDONLY)


def _content(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, _STAT_SIZE)
    finally:
        os.close(file)


def parse_stat(stat: bytes) -> ProcessEntry:
    """Understand the content of a `stat` file.

    The second field, the name in parentheses, may itself hold spaces and parentheses, so the
    others are counted from the last `)`: there stands field 3.
    """
    pid = int(stat[: stat.index(b" ")])
    fields = stat[stat.rindex(b")") + 2 :].split(None, 22)
    return ProcessEntry(
        pid=pid,
        ppid=int(fields[1]),
        session=int(fields[3]),
        start_time=int(fields[19]),
        own_ticks=int(fields[11]) + int(fields[12]),
        reaped_ticks=int(fields[13]) + int(fields[14]),
        memory=int(fields[21]) * _PAGE_SIZE,
        # A program whose first thread has ended is shown as a zombie while its other threads run.
        ended=fields[0] in _ENDED_STATES and int(fields[17]) <= 1,
    )
