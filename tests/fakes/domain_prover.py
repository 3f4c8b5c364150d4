"""A prover that is told which hosts show what."""


class FakeDomainProver:
    """Looks into `shown`, by host."""

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}

    async def shows(self, host: str, proof: str) -> str | None:
        """Look once."""
        return None if self.shown.get(host) == proof else "it shows nothing"
