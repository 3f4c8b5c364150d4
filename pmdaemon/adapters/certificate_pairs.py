"""Certificates with their keys, in files: what they say, and what serves them."""

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from msgspec import Struct

from pmdaemon.core.certificates import Certificate, Source
from pmdaemon.core.errors import InvalidInput
from pmdaemon.engine.interfaces import CertificateFiles


class Pair(Struct, frozen=True):
    """A certificate that can be served, and what is known of it."""

    context: ssl.SSLContext
    leaf: x509.Certificate

    @property
    def begins(self) -> float:
        """Since when it holds, in seconds since the epoch."""
        return self.leaf.not_valid_before_utc.timestamp()

    @property
    def ends(self) -> float:
        """Until when it holds."""
        return self.leaf.not_valid_after_utc.timestamp()

    def told(self, host: str, source: Source, now: float) -> Certificate:
        """Tell of it."""
        fault = self.fault(host, now)
        return Certificate(
            host=host,
            source=source,
            begins=self.begins,
            ends=self.ends,
            fault=fault.message if fault is not None else "",
        )

    def fault(self, host: str, now: float) -> InvalidInput | None:
        """Say why it is of no use for a host; nothing if it is."""
        if not covers(self.leaf, host):
            return InvalidInput(f"it is not for {host}", code="certificate_foreign")
        if self.ends < now:
            return InvalidInput(f"it expired on {_date(self.ends)}", code="certificate_expired")
        if self.begins > now:
            message = f"it holds from {_date(self.begins)} on"
            return InvalidInput(message, code="certificate_not_yet_valid")
        return None


def read_pair(certificate: Path, key: Path) -> Pair:
    """Read a certificate, with its chain, and its key; both may be in one file.

    Raises:
        InvalidInput: they cannot be used together.

    """
    try:
        leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
        return Pair(server_context(certificate, key), leaf)
    except (OSError, ValueError) as error:
        message = f"cannot use the certificate {certificate} with {key}: {_why(error)}"
        raise InvalidInput(message, code="certificate_unusable") from error


class OwnFiles:
    """A certificate that somebody else renews: it is read again when its files have changed."""

    def __init__(self, files: CertificateFiles) -> None:
        self.files = files
        self._paths = Path(files.certificate), Path(files.key)
        self._read: tuple[object, Pair | None, str] | None = None

    @property
    def host(self) -> str:
        """For whom it is: a name, or `*.name`."""
        return self.files.host

    def pair(self) -> tuple[Pair | None, str]:
        """Give what can be served, or why there is nothing."""
        seen = self._stamp()
        if self._read is None or self._read[0] != seen:
            former = self._read[1] if self._read is not None else None
            try:
                self._read = seen, read_pair(*self._paths), ""
            except InvalidInput as error:
                # Files are seldom exchanged both at once; what was good stays in use meanwhile.
                self._read = seen, former, error.message
        _, pair, fault = self._read
        return pair, fault if pair is None else ""

    def check(self, now: float) -> None:
        """Look whether they can be used for their host.

        Raises:
            InvalidInput: they cannot.

        """
        fault = read_pair(*self._paths).fault(self.files.host, now)
        if fault is not None:
            message = f"cannot use the certificate {self.files.certificate}: {fault.message}"
            raise InvalidInput(message, code=fault.code)

    def _stamp(self) -> object:
        try:
            return [(one.stat().st_mtime_ns, one.stat().st_ino) for one in self._paths]
        except OSError:
            return None


def covers(certificate: x509.Certificate, host: str) -> bool:
    """Tell whether a certificate is for a name (RFC 9525)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return False
    names = {name.lower() for name in extension.value.get_values_for_type(x509.DNSName)}
    return host in names or f"*.{host.partition('.')[2]}" in names


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Make what serves a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # A key with a passphrase would be asked for on a terminal that is not there.
    context.load_cert_chain(certificate, key, password=lambda: b"")
    return context


def _why(error: OSError | ValueError) -> str:
    match error:
        case ssl.SSLError(reason="KEY_VALUES_MISMATCH"):
            return "the key is that of another certificate"
        case ssl.SSLError():
            return "the key cannot be read: it is to be in PEM, without a passphrase"
        case OSError(filename=None, strerror=str(reason)):
            return f"the key cannot be read: {reason.lower()}"  # the library does not say of what
        case OSError(strerror=str(reason)):
            return f"the certificate cannot be read: {reason.lower()}"
        case _:
            return "the certificate cannot be read: it is to be in PEM"


def _date(moment: float) -> str:
    return f"{datetime.datetime.fromtimestamp(moment, datetime.UTC):%F}"
