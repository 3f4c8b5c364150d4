"""Getting a socket that listens back from a program that holds it.

The keeper has a copy of every socket that instances share. When it is killed together with the
daemon, the instances are the last that have one. The kernel gives us a copy of theirs, for as much
as it would let us trace them (pidfd_getfd(2), Linux 5.6): always to root, to others unless the
system restricts that to the parents of a process (Yama's `ptrace_scope`).
"""

import ctypes
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from pmdaemon.adapters.listening_ports import listening, sockets_of
from pmdaemon.core.process import Identity

GETFD: Final = 438
"""The number of the system call, the same on all architectures."""


def listener_held_by(
    holders: Iterable[Identity], host: str | None, tcp_port: int
) -> socket.socket | None:
    """Get a copy of the socket that one of these programs listens with; None when none can be had.

    Without a `host` it is one that listens on all addresses.
    """
    if not hasattr(os, "pidfd_open") or (ports := listening()) is None:
        return None
    for holder in holders:
        for inode, number in sockets_of(holder.pid):
            if ports.get(inode) == tcp_port:
                found = _copy(holder.pid, number)
                if found is not None and _listens_on(found, host, tcp_port):
                    return found
    return None


def _copy(pid: int, number: int) -> socket.socket | None:
    with suppress(OSError):
        process = os.pidfd_open(pid)
        try:
            # It comes closed on exec, as everything of ours.
            descriptor = ctypes.CDLL(None).syscall(GETFD, process, number, 0)
        finally:
            os.close(process)
        if descriptor >= 0:
            return socket.socket(fileno=descriptor)
    return None


def _listens_on(found: socket.socket, host: str | None, tcp_port: int) -> bool:
    """Tell whether it is what we look for; close it if not."""
    hosts = {"::", "0.0.0.0"} if host is None else {host}  # noqa: S104 - compared, and not bound
    with suppress(OSError):
        address, port, *_ = found.getsockname()
        if address in hosts and port == tcp_port:
            return True
    found.close()
    return False
