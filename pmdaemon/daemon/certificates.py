"""The certificates of the gateway, loaded for those who speak TLS: cryptography is 8 MB."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pmdaemon.core.certificates import Certificate, Refusal
from pmdaemon.daemon import lean
from pmdaemon.engine.interfaces import AcmeSettings, CertificateFiles, Clock, GatewaySettings

if TYPE_CHECKING:
    from ssl import SSLContext

    from pmdaemon.adapters.gateway_certificates import GatewayCertificates


class LazyCertificates:
    """The `Certificates` in a folder; `known` tells whether anything answers for a name."""

    def __init__(self, folder: Path, clock: Clock, known: Callable[[str], bool]) -> None:
        self._folder = folder
        self._clock = clock
        self._known = known
        self._certificates: GatewayCertificates | None = None

    def prepare(self, settings: GatewaySettings) -> "SSLContext":
        """Go by these settings from now on; return what listeners use."""
        return self._made().prepare(settings)

    def answer(self, host: str, path: bytes) -> bytes | None:
        """Answer an authority that asks whether a name is ours; None for all other requests."""
        return None if self._certificates is None else self._certificates.answer(host, path)

    def check(self, files: Sequence[CertificateFiles]) -> None:
        """Look whether files of one's own can be used."""
        if files:
            self._made().check(files)

    def list(
        self, files: Sequence[CertificateFiles], hosts: Collection[str]
    ) -> Sequence[Certificate]:
        """List what there is for these hosts, and what of these files can be used."""
        return self._made().list(files, hosts)

    def obtained(self, host: str) -> Certificate | None:
        """Look for what an authority has signed for a host."""
        return self._made().obtained(host)

    async def obtain(self, host: str, acme: AcmeSettings) -> Certificate:
        """Have an authority sign for a host, and serve it with that from now on."""
        return await self._made().obtain(host, acme)

    def discard(self, host: str) -> bool:
        """Forget what an authority has signed for a host."""
        return self._made().discard(host)

    def refusals(self) -> Mapping[str, Refusal]:
        """Return what was kept of orders that came to nothing."""
        return self._made().refusals()

    def keep_refusals(self, refusals: Mapping[str, Refusal]) -> None:
        """Keep these, and no others, for daemons to come."""
        self._made().keep_refusals(refusals)

    def _made(self) -> "GatewayCertificates":
        if self._certificates is None:
            lean.restore_tls()
            from pmdaemon.adapters.gateway_certificates import (  # noqa: PLC0415 - see above
                GatewayCertificates,
            )

            self._certificates = GatewayCertificates(self._folder, self._clock, self._known)
        return self._certificates
