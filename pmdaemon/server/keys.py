"""API keys that were given: kept as digests, compared in constant time."""

import ipaddress
from functools import lru_cache
from hmac import compare_digest

from pmdaemon.core.access import digest_of
from pmdaemon.core.errors import InvalidInput


def checked_key(given: str) -> str:
    """Take a key that was given.

    Raises:
        InvalidInput: no header can carry it.

    """
    if not given.strip() or not given.isprintable():
        raise InvalidInput("cannot use this API key: it is empty or not printable")
    return given


@lru_cache(maxsize=64)
def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def matches(presented: str, digest: str) -> bool:
    """Whether a presented key is the one of which `digest` is the digest."""
    return compare_digest(digest_of(presented), digest)
