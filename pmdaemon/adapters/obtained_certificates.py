"""Certificates that an authority over the network has signed: kept in the home, one file each."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pmdaemon.adapters.acme import AcmeClient
from pmdaemon.adapters.certificate_pairs import Pair, read_pair
from pmdaemon.adapters.jws import CURVE, AccountKey
from pmdaemon.adapters.private_files import write_private
from pmdaemon.core.certificates import Certificate
from pmdaemon.core.errors import CertificateRefused, HomeUnusable, InvalidInput
from pmdaemon.core.wording import why
from pmdaemon.engine.interfaces import AcmeSettings, Clock

CHALLENGE_PATH = b"/.well-known/acme-challenge/"
"""Where an authority asks whether a name is ours (RFC 8555, section 8.3)."""


class ObtainedCertificates:
    """What was signed for us, and who may have it signed: a key, chain and account a home."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._pairs: dict[str, Pair | None] = {}
        self._answers: dict[bytes, bytes] = {}
        self._client: tuple[AcmeSettings, AcmeClient] | None = None

    def answer(self, path: bytes) -> bytes | None:
        """Answer an authority that asks; None for whatever else is asked."""
        if not self._answers or not path.startswith(CHALLENGE_PATH):
            return None
        return self._answers.get(path.removeprefix(CHALLENGE_PATH))

    def pair(self, host: str) -> Pair | None:
        """Give what is served for a host, from memory after the first time."""
        if host not in self._pairs:
            try:
                self._pairs[host] = read_pair(self._file(host), self._file(host))
            except InvalidInput:
                self._pairs[host] = None  # there is none, or none that is any good
        return self._pairs[host]

    def certificate(self, host: str) -> Certificate | None:
        """Tell of what there is for a host."""
        pair = self.pair(host)
        return pair.told(host, "acme", self._clock.now().wall) if pair is not None else None

    async def obtain(self, host: str, settings: AcmeSettings) -> Certificate:
        """Have one signed, and serve it from now on; see `Certificates`."""
        chain, key = await self._client_for(host, settings).order(host)
        try:
            # Key and chain in one file: they are exchanged in one instant.
            write_private(self._file(host), key + chain)
        except OSError as error:
            message = f"cannot keep the certificate for {host}: {why(error)}"
            raise HomeUnusable(message) from error
        self._pairs.pop(host, None)
        certificate = self.certificate(host)
        if certificate is None or certificate.fault:
            fault = certificate.fault if certificate is not None else "it cannot be read"
            raise CertificateRefused(host, f"what the authority has signed is no good: {fault}")
        return certificate

    def discard(self, host: str) -> bool:
        """Forget what was signed for a host; tell whether there was anything."""
        self._pairs.pop(host, None)
        file = self._file(host)
        if not file.exists():
            return False
        file.unlink(missing_ok=True)
        return True

    def _file(self, host: str) -> Path:
        return self._folder / "obtained" / f"{host}.pem"

    def _client_for(self, host: str, settings: AcmeSettings) -> AcmeClient:
        if self._client is None or self._client[0] != settings:
            try:
                key = self._account_key()
            except (OSError, ValueError) as error:
                reason = f"the key of our account cannot be used: {error}"
                raise CertificateRefused(host, reason) from error
            try:
                client = AcmeClient(settings, key, self._publish)
            except OSError as error:  # ssl.SSLError is one
                reason = f"cannot use the certificate {settings.trusted}: {why(error)}"
                raise CertificateRefused(host, reason) from error
            self._client = settings, client
        return self._client[1]

    def _publish(self, token: str, text: str | None) -> None:
        if text is None:
            self._answers.pop(token.encode(), None)
        else:
            self._answers[token.encode()] = text.encode()

    def _account_key(self) -> AccountKey:
        """Load the key of our account, or make it at its first use."""
        file = self._folder / "account.key"
        try:
            key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        except FileNotFoundError:
            key = ec.generate_private_key(CURVE)
            text = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            write_private(file, text)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != CURVE.name:
            raise ValueError(f"{file} holds another kind of key")
        return AccountKey(key)
