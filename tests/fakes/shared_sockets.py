"""Sockets that nobody can connect to."""

from pmdaemon.core.errors import TcpPortTaken

FIRST = 2000


class FakeSharedSockets:
    """Listens on whatever is asked for, but for the ports in `used`."""

    def __init__(self, *used: int) -> None:
        self.used = set(used)
        self.listening: dict[tuple[str, str | None, int], int] = {}
        self.blocking: dict[int, bool] = {}

    def open(self, app: str, host: str | None, tcp_port: int, *, blocking: bool = True) -> int:
        """Listen, or find what listens already."""
        if tcp_port in self.used:
            raise TcpPortTaken(f"cannot listen on port {tcp_port} for {app}", errno="EADDRINUSE")
        self.blocking[tcp_port] = blocking and self.blocking.get(tcp_port, True)
        return self.listening.setdefault((app, host, tcp_port), FIRST + len(self.listening))

    def has_any(self, app: str) -> bool:
        """Whether there is one of this app."""
        return any(name == app for name, _, _ in self.listening)

    def close(self, app: str) -> None:
        """Stop listening."""
        for key in [key for key in self.listening if key[0] == app]:
            del self.listening[key]
