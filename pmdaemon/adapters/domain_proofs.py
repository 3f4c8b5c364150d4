"""Whether a host shows the proof that its owner was given: in a TXT record, or over HTTP.

Somebody who may know of us only what we answer chooses the host, so we go to port 80 of it alone,
to no address of this machine or of its link, follow no redirection, and repeat nothing of what
came. dnspython is imported at the first proof.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from contextlib import suppress

from pmdaemon import __version__
from pmdaemon.core.project_domains import PROOF_NAME, PROOF_PATH

PATIENCE = 5.0
"""Seconds that either way may take."""

LARGEST_ANSWER = 16 * 1024
"""Bytes."""


class NetworkDomainProver:
    """Asks the DNS and the host itself.

    Args:
        nameservers: as `(address, port)`; none are those of this machine.
        http_port: where hosts are asked.
        anywhere: whether addresses of this machine are asked, too.

    """

    def __init__(
        self,
        *,
        nameservers: Sequence[tuple[str, int]] = (),
        http_port: int = 80,
        anywhere: bool = False,
    ) -> None:
        self._nameservers = nameservers
        self._http_port = http_port
        self._anywhere = anywhere

    async def shows(self, host: str, proof: str) -> str | None:
        """Look once; None when it does, and else why not, in a few words."""
        by_name, by_page = await asyncio.gather(
            self._in_record(host, proof), self._on_page(host, proof)
        )
        if by_name is None or by_page is None:
            return None
        return f"{by_name}, and {by_page}"

    async def _in_record(self, host: str, proof: str) -> str | None:
        import dns.asyncresolver  # noqa: PLC0415 - 40 ms, for who proves a domain
        import dns.exception  # noqa: PLC0415 - as above

        try:
            resolver = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                ((address, port),) = self._nameservers
                resolver.nameservers, resolver.port = [address], port
            answer = await resolver.resolve(f"{PROOF_NAME}.{host}", "TXT", lifetime=PATIENCE)
        except (dns.exception.DNSException, OSError):
            return "it has no such TXT record"
        texts = [b"".join(record.strings) for record in answer]
        return None if proof.encode() in texts else "its TXT record says something else"

    async def _on_page(self, host: str, proof: str) -> str | None:
        try:
            async with asyncio.timeout(PATIENCE):
                address = await self._address(host)
                if address is None:
                    return "it has no address that we ask"
                body = await self._fetch(host, address)
        except (OSError, TimeoutError, ValueError):
            return "nobody answers over HTTP"
        return None if proof.encode() in body.split() else "its page says something else"

    async def _address(self, host: str) -> str | None:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, self._http_port, type=socket.SOCK_STREAM
        )
        addresses = [str(address[0]) for *_, address in found]
        return next((one for one in addresses if self._anywhere or _is_far(one)), None)

    async def _fetch(self, host: str, address: str) -> bytes:
        reader, writer = await asyncio.open_connection(
            address, self._http_port, limit=LARGEST_ANSWER
        )
        try:
            writer.write(
                f"GET {PROOF_PATH} HTTP/1.1\r\nHost: {host}\r\nAccept: text/plain\r\n"
                f"User-Agent: pmdaemon/{__version__}\r\nConnection: close\r\n\r\n".encode()
            )
            await writer.drain()
            status = await reader.readline()
            if status.split(maxsplit=2)[1:2] != [b"200"]:
                return b""
            return await _rest(reader)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    received = b""
    while len(received) < LARGEST_ANSWER and (more := await reader.read(LARGEST_ANSWER)):
        received += more
    return received.partition(b"\r\n\r\n")[2]


def _is_far(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    found = mapped or found
    return not (
        found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified
    )
