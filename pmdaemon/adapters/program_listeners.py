"""Sockets that programs of ours listen on, copied from them.

pidfd_getfd(2) copies a descriptor of another process, since Linux 5.6. It takes the right to attach
to that process (ptrace(2), access mode checking): root has it, others where the system leaves it to
them (Yama: `ptrace_scope` is 0).
"""

import errno
import os
import socket
from collections.abc import Callable, Iterator, Sequence

from pmdaemon.adapters.listening_ports import listening, sockets_of
from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.core.process import Identity

PIDFD_GETFD = 438
"""The number of the system call, the same on all architectures."""

EVERYWHERE = ("::", "0.0.0.0")  # noqa: S104 - compared with, and not bound


class ProgramListeners:
    """Finds what the programs of an app listen on.

    Args:
        runs: lists the programs of an app that are up.

    """

    def __init__(self, reader: ProcessReader, runs: Callable[[str], Sequence[Identity]]) -> None:
        self._reader = reader
        self._runs = runs

    def copy(self, app: str, host: str | None, tcp_port: int) -> socket.socket | None:
        """Copy the socket that listens there, without a `host` on all addresses; None without one.

        Raises:
            PermissionError: there may be one, and the system does not let us have it.

        """
        for run in self._runs(app):
            for found in self._listeners(run, tcp_port):
                if _is_at(found, host):
                    return found
                found.close()
        return None

    def _listeners(self, run: Identity, tcp_port: int) -> Iterator[socket.socket]:
        wanted = {inode for inode, port in (listening() or {}).items() if port == tcp_port}
        theirs = [number for number, inode in sockets_of(run.pid) if inode in wanted]
        if not theirs or not hasattr(os, "pidfd_open"):
            return
        try:
            process = os.pidfd_open(run.pid)
        except OSError:
            return  # it has just ended
        try:
            entry = self._reader.entry(run.pid)
            if entry is None or entry.start_time != run.start_time:
                return
            for number in theirs:
                if (copied := _copied(process, number)) is not None:
                    yield socket.socket(fileno=copied)
        finally:
            os.close(process)


def _copied(process: int, number: int) -> int | None:
    import ctypes  # noqa: PLC0415 - for few; it is some 300 KiB

    libc = ctypes.CDLL(None, use_errno=True)
    copied: int = libc.syscall(PIDFD_GETFD, process, number, 0)
    if copied >= 0:
        return copied  # which no program of ours inherits: it is closed on exec
    if ctypes.get_errno() == errno.EPERM:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    return None  # it is gone, or the kernel is too old


def _is_at(listener: socket.socket, host: str | None) -> bool:
    address = listener.getsockname()[0]
    if host is None:
        return address in EVERYWHERE
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if listener.family != family:
        return False
    try:
        return socket.inet_pton(family, host) == socket.inet_pton(family, address)
    except OSError:
        return False  # a name; programs ask for addresses
