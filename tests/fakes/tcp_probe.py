"""TCP ports that are in use because a test says so."""


class FakeTcpProbe:
    """Every port is free but those in `used`."""

    def __init__(self, *used: int) -> None:
        self.used = set(used)

    def accepts(self, tcp_port: int) -> bool:
        """Whether a connection to this port is accepted now."""
        return tcp_port in self.used

    def is_free(self, tcp_port: int) -> bool:
        """Whether a program could listen on this port now."""
        return tcp_port not in self.used
