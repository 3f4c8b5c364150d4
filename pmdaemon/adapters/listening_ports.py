"""Which TCP ports processes listen on, as Linux tells (proc(5), /proc/net/tcp).

That a port accepts connections does not say whose it is: somebody else may have been faster.
"""

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from pmdaemon.core.process import Identity

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")

LISTEN = "0A"
"""The state of a socket that listens (include/net/tcp_states.h)."""

_SOCKET = re.compile(r"socket:\[([0-9]+)\]")


class ProcListeningPorts:
    """Reads the tables of sockets, and which of these processes have open."""

    def of(self, processes: Sequence[Identity]) -> frozenset[int] | None:
        """List the ports that any of these listens on; None where the system does not tell."""
        ports = listening()
        if ports is None:
            return None
        own = {inode for one in processes for _, inode in sockets_of(one.pid)}
        return frozenset(ports[inode] for inode in own & ports.keys())


def listening() -> dict[str, int] | None:
    """Map the inodes of sockets that listen to their ports; None where nothing tells."""
    found: dict[str, int] = {}
    readable = False
    for table in TABLES:
        with suppress(OSError), open(table) as file:  # noqa: PTH123 - no path to speak of
            readable = True
            found |= dict(_entries(file))
    return found if readable else None


def _entries(lines: Iterable[str]) -> Iterable[tuple[str, int]]:
    for line in lines:
        words = line.split()
        if len(words) > 9 and words[3] == LISTEN:
            yield words[9], int(words[1].rpartition(":")[2], 16)


def sockets_of(pid: int) -> Iterable[tuple[int, str]]:
    """List the descriptors of a process that are sockets, with their inodes."""
    folder = f"/proc/{pid}/fd"
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 - names alone
            with suppress(OSError):
                found = _SOCKET.fullmatch(os.readlink(f"{folder}/{name}"))  # noqa: PTH115 - as above
                if found is not None:
                    yield int(name), found[1]
