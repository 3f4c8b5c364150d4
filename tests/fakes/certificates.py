"""Certificates without keys."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

from pmdaemon.core.certificates import Certificate, Refusal
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.interfaces import AcmeSettings, CertificateFiles, Clock

LIFE = 90 * 86400.0


class FakeCertificates:
    """Signs for every host for 90 days; `failures` are the hosts that it does not sign for.

    While `held` is set, orders wait for it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.failures: dict[str, PmdaemonError] = {}
        self.unusable: PmdaemonError | None = None
        self.orders: list[tuple[str, AcmeSettings]] = []
        self.held: asyncio.Event | None = None
        self.kept: dict[str, Refusal] = {}
        self._signed: dict[str, Certificate] = {}

    def check(self, files: Sequence[CertificateFiles]) -> None:
        """Look whether files can be used."""
        if files and self.unusable is not None:
            raise self.unusable

    def list(
        self, files: Sequence[CertificateFiles], hosts: Collection[str]
    ) -> Sequence[Certificate]:
        """List what there is."""
        own = [Certificate(host=one.host, source="file") for one in files]
        return [*own, *(self._signed[host] for host in hosts if host in self._signed)]

    def obtained(self, host: str) -> Certificate | None:
        """Look for what was signed."""
        return self._signed.get(host)

    async def obtain(self, host: str, acme: AcmeSettings) -> Certificate:
        """Sign."""
        self.orders.append((host, acme))
        if self.held is not None:
            await self.held.wait()
        if (failure := self.failures.get(host)) is not None:
            raise failure
        now = self._clock.now().wall
        self._signed[host] = Certificate(host=host, source="acme", begins=now, ends=now + LIFE)
        return self._signed[host]

    def refusals(self) -> Mapping[str, Refusal]:
        """Return what was kept."""
        return self.kept

    def keep_refusals(self, refusals: Mapping[str, Refusal]) -> None:
        """Keep these, unless the home cannot be used."""
        if self.unusable is not None:
            raise self.unusable
        self.kept = dict(refusals)

    def discard(self, host: str) -> bool:
        """Forget what was signed."""
        return self._signed.pop(host, None) is not None
