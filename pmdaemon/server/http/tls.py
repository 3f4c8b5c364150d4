"""TLS for the web side: the certificate and key that it shows."""

import ssl

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown, why

HANDSHAKE_SECONDS = 10.0


def server_context(cert: str, key: str | None) -> ssl.SSLContext:
    """Load a certificate, with those it was signed by, and its key, which may be in the same file.

    Raises:
        InvalidInput: they cannot be used.

    """
    files = shown(cert) if key is None else f"{shown(cert)} and {shown(key)}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # A key with a passphrase would be asked for on a terminal that is not there.
        context.load_cert_chain(cert, key, password=lambda: b"")
    except ssl.SSLError as error:
        raise InvalidInput(
            f"cannot use TLS with {files}: this is not a certificate with its key, or the key has"
            f" a passphrase ({(error.reason or 'unreadable').lower().replace('_', ' ')})",
            code="invalid_certificate",
        ) from None
    except (OSError, ValueError) as error:  # a path may have a NUL in it
        raise InvalidInput(
            f"cannot read {files} for TLS: {why(error)}",
            code="file_not_readable",
        ) from None
    return context
