"""Who signs for the names that the gateway answers for, and what has been signed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from pmdaemon.core.certificates import Certificate, Refusal


class CertificateFiles(Struct, frozen=True):
    """A certificate of one's own for a host, or for `*.host`: absolute paths."""

    host: str
    certificate: str
    key: str


class AcmeSettings(Struct, frozen=True, kw_only=True):
    """Which authority signs for names that are routed (RFC 8555), and who asks it.

    `directory` is its URL, `contact` are e-mail addresses, and `trusted` is a file with the
    certificate that the authority itself is known by, where this machine does not know it. That
    its terms are agreed to was said before this was made.
    """

    directory: str
    contact: tuple[str, ...] = ()
    trusted: str | None = None


class Certificates(Protocol):
    """The certificates of this home."""

    def check(self, files: Sequence[CertificateFiles]) -> None:
        """Look whether files of one's own can be used.

        Raises:
            InvalidInput: one cannot, or is for another name, or has run out.

        """

    def list(
        self, files: Sequence[CertificateFiles], hosts: Collection[str]
    ) -> Sequence[Certificate]:
        """List what there is for these hosts, and what of these files can be used."""

    def obtained(self, host: str) -> Certificate | None:
        """Look for what an authority has signed for a host."""

    async def obtain(self, host: str, acme: AcmeSettings) -> Certificate:
        """Have an authority sign for a host, and serve it with that from now on.

        Raises:
            CertificateRefused: it does not.

        """

    def refusals(self) -> Mapping[str, Refusal]:
        """Return what was kept of orders that came to nothing, by host."""

    def keep_refusals(self, refusals: Mapping[str, Refusal]) -> None:
        """Keep these, and no others, for daemons to come.

        Raises:
            HomeUnusable: they cannot be written.

        """

    def discard(self, host: str) -> bool:
        """Forget what an authority has signed for a host; tell whether there was anything."""
