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


def matches(presented: str, digest: str) -> bool:
    """Whether a presented key is the one of which `digest` is the SHA-256, in hex."""
    # Whatever bytes a header held, they can be told from the key's.
    return compare_digest(sha256(presented.encode("utf-8", "surrogatepass")).hexdigest(), digest)
