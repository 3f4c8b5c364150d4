"""API keys: made here, kept as digests, compared in constant time."""

import ipaddress
import secrets
from hashlib import sha256
from hmac import compare_digest

from pmdaemon.core.errors import InvalidInput


def api_key_for(host: str, given: str | None) -> tuple[str | None, bool]:
    """Decide on the key for an address.

    Returns:
        The key, or None for open mode; and whether it was made here, because others than this
        machine can reach `host` and none was given.

    """
    if given is not None:
        if not given.strip() or not given.isprintable():
            raise InvalidInput("cannot use this API key: it is empty or not printable")
        return given, False
    if is_loopback(host):
        return None, False
    return secrets.token_urlsafe(24), True


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def digest_of(key: str) -> str:
    """Give the SHA-256 of a key, in hex: all that is kept of it."""
    # Headers are bytes; those that are no UTF-8 come as lone surrogates.
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def matches(presented: str, digest: str) -> bool:
    """Whether a presented key is the one of which `digest` is the digest."""
    return compare_digest(digest_of(presented), digest)
