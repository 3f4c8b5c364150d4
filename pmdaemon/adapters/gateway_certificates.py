"""Which certificate the gateway shows for which name (RFC 6066, section 3).

Files of one's own come first, then what an authority has signed for us, then our own authority, for
names of development. What has run out is shown when there is nothing better: that says more than a
connection that breaks.
"""

import logging
import ssl
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from pmdaemon.adapters.certificate_pairs import OwnFiles, Pair, read_pair
from pmdaemon.adapters.local_authority import LocalAuthority
from pmdaemon.adapters.obtained_certificates import ObtainedCertificates
from pmdaemon.adapters.private_files import write_private
from pmdaemon.adapters.refused_orders import RefusedOrders
from pmdaemon.core.certificates import Certificate, Refusal, renewal_time
from pmdaemon.engine.interfaces import (
    AcmeSettings,
    CertificateFiles,
    Clock,
    GatewaySettings,
)

log = logging.getLogger(__name__)

ALWAYS = "localhost"
"""A name that never leads off this machine (RFC 6761)."""

MOST_MADE = 1000
"""Names whose certificates of our own authority are kept ready."""


class GatewayCertificates:
    """All certificates of a home, in `folder`.

    `known` tells whether anything answers for a name: nobody is to have us make others.
    """

    def __init__(self, folder: Path, clock: Clock, known: Callable[[str], bool]) -> None:
        self._folder = folder
        self._clock = clock
        self._known = known
        self._own: Mapping[str, OwnFiles] = {}
        self._obtained = ObtainedCertificates(folder, clock)
        self._refused = RefusedOrders(folder)
        self._authority: LocalAuthority | None = None
        self._domains: Sequence[str] = ()
        self._made: dict[str, Pair] = {}
        self._told: set[tuple[str, str]] = set()
        self._context: ssl.SSLContext | None = None

    # For listeners.

    def prepare(self, settings: GatewaySettings) -> ssl.SSLContext:
        """Go by these settings from now on; return what listeners use."""
        self._own = {
            files.host: self._own[files.host]
            if files.host in self._own and self._own[files.host].files == files
            else OwnFiles(files)
            for files in settings.certificates
        }
        for host, own in self._own.items():
            self._usable(host, own)
        domains = tuple(dict.fromkeys((ALWAYS, settings.domain)))
        if domains != self._domains:
            self._domains = domains
            self._made.clear()
            self._authority = LocalAuthority(self._folder, domains, self._clock)
            self._authority.ensure()
        if self._context is None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._context.set_alpn_protocols(["http/1.1"])
            self._context.sni_callback = self._choose
        return self._context

    def answer(self, _host: str, path: bytes) -> bytes | None:
        """Answer an authority that asks whether a name is ours."""
        return self._obtained.answer(path)

    # For the engine; see `Certificates`.

    def check(self, files: Sequence[CertificateFiles]) -> None:
        """Look whether files of one's own can be used."""
        for each in files:
            OwnFiles(each).check(self._now)

    def list(
        self, files: Sequence[CertificateFiles], hosts: Collection[str]
    ) -> Sequence[Certificate]:
        """List what there is for these hosts, and what of these files can be used."""
        found: list[Certificate] = []
        for each in files:
            own = self._own.get(each.host) or OwnFiles(each)
            pair, fault = own.pair()
            found.append(
                pair.told(each.host, "file", self._now)
                if pair is not None
                else Certificate(host=each.host, source="file", fault=fault)
            )
        found += [one for host in hosts if (one := self.obtained(host)) is not None]
        if self._authority is not None:
            leaf, _ = self._authority.ensure()
            begins, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
            found += [
                Certificate(
                    host=f"*.{domain}",
                    source="local",
                    begins=begins.timestamp(),
                    ends=ends.timestamp(),
                )
                for domain in self._domains
            ]
        return found

    def obtained(self, host: str) -> Certificate | None:
        """Look for what an authority has signed for a host."""
        return self._obtained.certificate(host)

    async def obtain(self, host: str, acme: AcmeSettings) -> Certificate:
        """Have an authority sign for a host."""
        return await self._obtained.obtain(host, acme)

    def discard(self, host: str) -> bool:
        """Forget what an authority has signed for a host."""
        return self._obtained.discard(host)

    def refusals(self) -> Mapping[str, Refusal]:
        """Return what was kept of orders that came to nothing."""
        return self._refused.read()

    def keep_refusals(self, refusals: Mapping[str, Refusal]) -> None:
        """Keep these, and no others, for daemons to come."""
        self._refused.write(refusals)

    # Inside.

    @property
    def _now(self) -> float:
        return self._clock.now().wall

    def _choose(
        self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext
    ) -> int | None:
        chosen = self.context_for((name or "").lower().removesuffix("."))
        if chosen is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = chosen
        return None

    def context_for(self, host: str) -> ssl.SSLContext | None:
        """Find, or make, what a name is served with."""
        own = self._own.get(host) or self._own.get(f"*.{host.partition('.')[2]}")
        pair = self._usable(own.host, own) if own is not None else None
        if pair is None and self._known(host):
            pair = self._obtained.pair(host)
            if pair is None or pair.ends < self._now:
                pair = self._made_for(host) or pair
        if pair is None and own is not None:
            pair, _ = own.pair()
        return pair.context if pair is not None else None

    def _usable(self, host: str, own: OwnFiles) -> Pair | None:
        """Give what a file holds, if that can be used; if it cannot, that is logged once."""
        pair, why = own.pair()
        if pair is not None and (fault := pair.fault(host, self._now)) is not None:
            pair, why = None, f"cannot use the certificate {own.files.certificate}: {fault.message}"
        if pair is None and (host, why) not in self._told:
            self._told.add((host, why))
            log.warning("certificate.unusable host=%s reason=%s", host, why)
        return pair

    def _made_for(self, host: str) -> Pair | None:
        ours = any(host == one or host.endswith(f".{one}") for one in self._domains)
        if self._authority is None or not ours:
            return None
        pair = self._made.get(host)
        if pair is None or renewal_time(pair.told(host, "local", self._now)) < self._now:
            pair = _loaded(*self._authority.issue(host))
            if len(self._made) >= MOST_MADE:
                self._made.pop(next(iter(self._made)))
            self._made[host] = pair
        return pair


def _loaded(chain: bytes, key: bytes) -> Pair:
    # The library takes files only.
    with tempfile.TemporaryDirectory(prefix="pmdaemon-") as folder:
        file = Path(folder) / "pair.pem"
        write_private(file, key + chain)
        return read_pair(file, file)
