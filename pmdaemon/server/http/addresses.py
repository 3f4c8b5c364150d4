"""Where a request comes from: the peer or, on the word of a trusted proxy, whom it speaks for."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

UNKNOWN = "unknown"
"""The address of a peer that has none."""

_SITE = 64
"""Bits of an IPv6 address that are given to a site: within, one client has as many as it likes."""


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read networks, as `10.0.0.0/8` or `::1`.

    Raises:
        InvalidInput: one is none.

    """
    networks = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            raise InvalidInput(
                f"not an address or network: {shown(text)} (examples: 127.0.0.1, 10.0.0.0/8)",
                code="invalid_network",
            ) from None
    return tuple(networks)


def client_address(
    peer: str | None, forwarded_for: Iterable[str], trusted: Iterable[Network]
) -> str:
    """Tell where a request comes from.

    Args:
        peer: who is connected to us.
        forwarded_for: the values of `X-Forwarded-For`, in the order they came in. Each proxy adds
            whom it heard from at the end; the last that no trusted proxy vouches for counts.
        trusted: networks of proxies whose word is taken.

    """
    address = _read(peer or "")
    if address is None:
        return UNKNOWN
    proxies = tuple(trusted)
    said = [one for value in forwarded_for for one in value.split(",")]
    while _is_in(address, proxies) and said:
        further = _read(said.pop())
        if further is None:
            break
        address = further
    return str(address)


@lru_cache(maxsize=1024)
def site_of(address: str) -> str:
    """Give what requests are counted by: the address, or the site of one of IPv6."""
    found = _read(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, _SITE), strict=False))
    return address


@lru_cache(maxsize=1024)
def _read(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
