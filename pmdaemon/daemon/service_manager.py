"""What the keeper tells the service manager that started it, if one did (sd_notify(3)).

It is a datagram to the socket that `NOTIFY_SOCKET` names, by hand: the packages there are for it do
the same in more lines. The variable is taken out of the environment, since it is the keeper alone
who may speak; a daemon or a program that found it would speak for all of us.
"""

from __future__ import annotations

import time

from pmdaemon.daemon.bare import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

VARIABLE = "NOTIFY_SOCKET"


class ServiceManager:
    """Takes the keeper's news; without a service manager nothing comes of them."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        self._address = environment.pop(VARIABLE, "")

    @property
    def environment(self) -> Mapping[str, str]:
        """What the process has to find that goes on as keeper."""
        return {VARIABLE: self._address} if self._address else {}

    def hear(self, news: Mapping[str, object]) -> None:
        """Pass on what concerns a service manager: ready, reloading, stopping, or why not."""
        match news:
            case {"ready": pid}:
                self._send("READY=1", f"STATUS=The daemon is ready, pid {pid}")
            case {"reloading": _}:
                # The time lets it tell this READY=1 from one that is still on its way.
                now = time.monotonic_ns() // 1000
                self._send("RELOADING=1", f"MONOTONIC_USEC={now}", "STATUS=Replacing the daemon")
            case {"stopping": _}:
                self._send("STOPPING=1", "STATUS=Stopping the programs")
            case {"error": {"message": str(message)}}:
                self._send(f"STATUS={' '.join(message.split())}")
            case _:
                return

    def _send(self, *facts: str) -> None:
        if not self._address.startswith(("/", "@")):
            return  # none, or of a kind that is for virtual machines
        # An abstract socket's name begins with a NUL (unix(7)), which no variable can hold.
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            line.settimeout(1.0)
            line.sendto("\n".join(facts).encode(), address)
        except OSError:
            return  # nobody listens any more
        finally:
            line.close()
