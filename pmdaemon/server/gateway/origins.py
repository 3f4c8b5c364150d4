"""Where a request came from, as services are told: X-Forwarded-*, and Forwarded (RFC 7239).

What a client says about that itself is believed only of those that are trusted. One of the two ways
to say it is then worked out of the other, where only that was used.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from pmdaemon.server.gateway.heads import Headers

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PAIR = re.compile(
    rb"\s*(?P<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:(?P<token>[^\s\",;]+)|\"(?P<text>(?:[^\"\\]|\\.)*)\")\s*"
)


class Origin(Struct, frozen=True):
    """What we know of it ourselves: the peer, and what it asked for, how and where."""

    peer: bytes
    host: bytes
    secure: bool
    tcp_port: int

    @property
    def scheme(self) -> bytes:
        """How it was asked."""
        return b"https" if self.secure else b"http"


@lru_cache(maxsize=1024)
def told(origin: Origin) -> Mapping[bytes, bytes]:
    """Tell of a request whose client is not believed."""
    return {
        b"x-forwarded-for": origin.peer,
        b"x-forwarded-proto": origin.scheme,
        b"x-forwarded-host": origin.host,
        b"x-forwarded-port": b"%d" % origin.tcp_port,
        b"forwarded": _element(origin.peer, origin.host, origin.scheme),
    }


def told_with(origin: Origin, headers: Headers) -> Mapping[bytes, bytes]:
    """Tell of a request whose client is trusted: what it says, and then what we know."""
    elements = _joined(headers, b"forwarded")
    said = _read(elements)
    first = said[0] if said else {}
    chain = _joined(headers, b"x-forwarded-for") or b", ".join(
        _bare(one[b"for"]) for one in said if b"for" in one
    )
    scheme = _first(headers, b"x-forwarded-proto") or first.get(b"proto")
    host = _first(headers, b"x-forwarded-host") or first.get(b"host")
    own = _element(origin.peer, origin.host, origin.scheme)
    if not elements and chain:
        client, *others = (one.strip() for one in chain.split(b","))
        relayed = [_element(client, host, scheme), *(_element(one, None, None) for one in others)]
        elements = b", ".join(relayed)
    return {
        b"x-forwarded-for": b"%b, %b" % (chain, origin.peer) if chain else origin.peer,
        b"x-forwarded-proto": scheme or origin.scheme,
        b"x-forwarded-host": host or origin.host,
        b"x-forwarded-port": _first(headers, b"x-forwarded-port") or b"%d" % origin.tcp_port,
        b"forwarded": b"%b, %b" % (elements, own) if elements else own,
    }


def _element(client: bytes, host: bytes | None, scheme: bytes | None) -> bytes:
    node = b'"[%b]"' % client if b":" in client and b"[" not in client else _quoted(client)
    pairs = [b"for=" + node]
    if host:
        pairs.append(b"host=" + _quoted(host))
    if scheme:
        pairs.append(b"proto=" + _quoted(scheme))
    return b";".join(pairs)


def _quoted(value: bytes) -> bytes:
    if _TOKEN.fullmatch(value):
        return value
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _bare(node: bytes) -> bytes:
    """Take the address out of a node; the port of the client says nothing here."""
    if node.startswith(b"["):
        return node[1:].partition(b"]")[0]
    address, colon, _ = node.partition(b":")
    return address if colon and b":" not in _ else node


def _read(elements: bytes) -> Sequence[Mapping[bytes, bytes]]:
    """Read the elements of a Forwarded, outermost client first; nothing of one that is none."""
    found: list[dict[bytes, bytes]] = [{}]
    position = 0
    while position < len(elements):
        pair = _PAIR.match(elements, position)
        if pair is None:
            return []
        text = pair["token"] if pair["text"] is None else re.sub(rb"\\(.)", rb"\1", pair["text"])
        found[-1].setdefault(pair["name"].lower(), text)
        position = pair.end()
        separator = elements[position : position + 1]
        if separator not in {b"", b";", b","}:
            return []
        if separator == b",":
            found.append({})
        position += 1
    return found


def _joined(headers: Headers, name: bytes) -> bytes:
    """Put all lines of a header together that is a list (RFC 9110, section 5.3)."""
    return b", ".join(value for key, value in headers if key.lower() == name and value)


def _first(headers: Headers, name: bytes) -> bytes | None:
    return next((value for key, value in headers if key.lower() == name and value), None)
