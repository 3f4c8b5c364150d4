"""Certificates for names: what there is, which names get one, and when it is renewed."""

from collections.abc import Mapping
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
"""Seconds; the waits do not grow beyond this."""

LONGEST_ASKED_FOR = 7 * 86400.0
"""Seconds that an authority may have us wait: its limits are counted by the week at the most."""

NEVER_ORDERED = ("localhost", "local", "invalid", "onion")
"""Names below which nobody but ourselves signs (RFC 6761, RFC 6762)."""


class Refusal(Struct, frozen=True, kw_only=True):
    """The last order for a host, which came to nothing; `count` are those in a row.

    `tried` and `again` are when that was, and when the next one may be, in seconds since the epoch.
    """

    directory: str
    count: int
    reason: str
    tried: float
    again: float


class Certificate(Struct, frozen=True, kw_only=True):
    """What a host, or `*.host`, is served with.

    `begins` and `ends` are in seconds since the epoch. With a `fault` it is not used, for that
    reason. `note` says what is being done about it, and `refusal` how that failed at last.
    """

    host: str
    source: Source
    begins: float | None = None
    ends: float | None = None
    fault: str = ""
    note: str = ""
    refusal: Refusal | None = None


def refusal_after(
    former: Refusal | None, *, directory: str, reason: str, now: float, asked_for: float = 0.0
) -> Refusal:
    """Say when a host that has failed again is next; not before as long as was `asked_for`."""
    count = former.count + 1 if former is not None else 1
    wait = max(wait_after(count), min(asked_for, LONGEST_ASKED_FOR))
    return Refusal(directory=directory, count=count, reason=reason, tried=now, again=now + wait)


def still_counting(
    refusals: Mapping[str, Refusal], directory: str, now: float
) -> Mapping[str, Refusal]:
    """Pick what an authority has refused of late; after a day without a further try, it is over."""
    return {
        host: one
        for host, one in refusals.items()
        if one.directory == directory and one.again + LONGEST_WAIT > now
    }


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
