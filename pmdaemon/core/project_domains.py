"""Which hosts a project may have as domains of its own."""

import re
from collections.abc import Collection

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.routing import host_pattern
from pmdaemon.core.wording import shown

PROOF_PATH = "/.well-known/pmdaemon-domain"
"""Where whoever has a host puts the proof of it."""

PROOF_NAME = "_pmdaemon"
"""What stands before the host in the name of the TXT record that proves it."""

CLAIM = 72 * 3600.0
"""Seconds for which a domain that nobody has proved is kept from others."""

MOST_DOMAINS = 50
"""Of one account."""

_NEVER_OURS = ("localhost", "local", "internal", "invalid", "test", "onion", "arpa")
"""Names that belong to nobody (RFC 6761, RFC 6762)."""

_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""What ends in one is taken for an address by browsers (URL Standard, 3.5)."""


def read_domain(text: str, *, reserved: Collection[str]) -> str:
    """Check a domain, and return it as it stands in a Host header: in lower case, in A-labels.

    `reserved` are names that are the machine's own, with everything below them.

    Raises:
        InvalidInput: it is none, or cannot be anybody's.

    """
    name = text.strip()
    if "*" in name:
        raise InvalidInput(
            f"cannot take {shown(text)}: name each host by itself", code="invalid_domain"
        )
    try:
        host = host_pattern(name)
    except InvalidInput:
        raise InvalidInput(
            f"not a domain: {shown(text)} (example: app.example.com)", code="invalid_domain"
        ) from None
    if "." not in host or _NUMBER.fullmatch(host.rpartition(".")[2]):
        raise InvalidInput(
            f"not a domain: {shown(text)} (example: app.example.com)", code="invalid_domain"
        )
    for ours in {*reserved, *_NEVER_OURS}:
        if host == ours or host.endswith(f".{ours}"):
            raise InvalidInput(
                f"cannot take {shown(host)}: the name {ours} is reserved", code="reserved_domain"
            )
    return host
