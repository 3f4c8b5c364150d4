"""Certificates for names: what there is, which names get one, and when it is renewed."""

from typing import Literal

from msgspec import Struct

Source = Literal["file", "acme", "local", "none"]
"""Who has made it: its owner, an authority over the network, our own authority, or nobody."""

RENEWED_AFTER = 2 / 3
"""The part of its life after which a certificate is renewed, as authorities ask for."""

FIRST_WAIT = 600.0
"""Seconds after the first failure; each further wait is twice as long.

Public authorities refuse an account after five failures an hour for one name.
"""

LONGEST_WAIT = 86400.0

NEVER_ORDERED = ("localhost", "local", "invalid", "onion")
"""Names below which nobody but ourselves signs (RFC 6761, RFC 6762)."""


class Certificate(Struct, frozen=True, kw_only=True):
    """What a host, or `*.host`, is served with.

    `begins` and `ends` are in seconds since the epoch. With a `fault` it is not used, for that
    reason. `note` says what is being done about it.
    """

    host: str
    source: Source
    begins: float | None = None
    ends: float | None = None
    fault: str = ""
    note: str = ""


def is_for(certificate: Certificate, host: str) -> bool:
    """Tell whether a host is served with this one: our own authority signs at any depth."""
    domain = certificate.host.removeprefix("*.")
    if domain == certificate.host or certificate.source != "local":
        return certificate.host == host or certificate.host == f"*.{host.partition('.')[2]}"
    return host == domain or host.endswith(f".{domain}")


def renewal_time(certificate: Certificate) -> float:
    """Say when a certificate is to be renewed, in seconds since the epoch."""
    if certificate.begins is None or certificate.ends is None:
        return 0.0
    return certificate.begins + (certificate.ends - certificate.begins) * RENEWED_AFTER


def wait_after(failures: int) -> float:
    """Say how many seconds to wait after so many failures in a row."""
    return min(FIRST_WAIT * 2.0 ** (min(failures, 16) - 1), LONGEST_WAIT)


def may_be_ordered(host: str) -> bool:
    """Tell whether an authority may be asked to sign for a name; for addresses it cannot."""
    labels = host.split(".")
    if len(labels) < 2 or "*" in host or host.startswith("["):
        return False
    return labels[-1] not in NEVER_ORDERED and not labels[-1].isdigit()
