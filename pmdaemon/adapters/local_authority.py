"""An authority of this home that signs for names of development.

The authority is made at its first use. It is bound to the names it was made for (RFC 5280, section
4.2.1.10), so who trusts it trusts it for these and nothing else. Its key never leaves the home.
"""

import datetime
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pmdaemon.adapters.private_files import write_private
from pmdaemon.engine.interfaces import Clock

AUTHORITY_DAYS = 3650
LEAF_DAYS = 90
Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


class LocalAuthority:
    """Signs for the names below `domains`; kept in `folder`, which nobody else may read."""

    def __init__(self, folder: Path, domains: Sequence[str], clock: Clock) -> None:
        self._clock = clock
        self._folder = folder
        self._domains = tuple(domains)
        self._pair: Pair | None = None

    @property
    def certificate(self) -> Path:
        """The file that others have to trust."""
        return self._folder / "authority.pem"

    def ensure(self) -> Pair:
        """Load it, or make it when it is not there, has run out, or is for other names."""
        if self._pair is None or not _lasts(self._pair[0], self._domains, _moment(self._clock)):
            self._pair = self._load()
        if self._pair is None:
            self._pair = self._make()
        return self._pair

    def issue(self, host: str) -> tuple[bytes, bytes]:
        """Make a certificate for a name: PEM of the chain, and of its key."""
        authority, signer = self.ensure()
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(host), authority.subject, _moment(self._clock), LEAF_DAYS)
            .public_key(key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
        )
        leaf = builder.sign(signer, hashes.SHA256())
        chain = _pem(leaf) + _pem(authority)
        return chain, _key_pem(key)

    def _load(self) -> Pair | None:
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
            key = serialization.load_pem_private_key(
                (self._folder / "authority.key").read_bytes(), password=None
            )
        except (OSError, ValueError):
            return None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            return None
        return (
            (certificate, key) if _lasts(certificate, self._domains, _moment(self._clock)) else None
        )

    def _make(self) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"pmdaemon on {os.uname().nodename}"[:64])
        certificate = (
            _builder(name, name, _moment(self._clock), AUTHORITY_DAYS)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.NameConstraints([x509.DNSName(one) for one in self._domains], None),
                critical=True,
            )
            .add_extension(_SIGNS_CERTIFICATES, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        write_private(self._folder / "authority.key", _key_pem(key))
        write_private(self.certificate, _pem(certificate))
        return certificate, key


_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _moment(clock: Clock) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(clock.now().wall, datetime.UTC)


def _lasts(certificate: x509.Certificate, domains: Sequence[str], now: datetime.datetime) -> bool:
    if certificate.not_valid_after_utc < now + datetime.timedelta(days=LEAF_DAYS):
        return False
    try:
        bound = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return False
    return {str(one.value) for one in bound.permitted_subtrees or ()} == set(domains)


def _builder(
    subject: x509.Name, issuer: x509.Name, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    # A clock that is a little behind must not find it in its future.
    begin = now - datetime.timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=days))
    )


def _name(common: str) -> x509.Name:
    # A common name has at most 64 letters; clients go by the alternative name anyway.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
