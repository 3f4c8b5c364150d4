"""Has certificates signed for the names that are routed, and renewed in time."""

import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from pmdaemon.core.certificates import (
    Certificate,
    is_for,
    may_be_ordered,
    renewal_time,
    wait_after,
)
from pmdaemon.core.errors import CertificateRefused, PmdaemonError
from pmdaemon.engine import tasks
from pmdaemon.engine.interfaces import (
    AcmeSettings,
    Cancellable,
    CertificateFiles,
    Certificates,
    Clock,
)

log = logging.getLogger(__name__)

LONGEST_SLEEP = 3600.0
"""Seconds after which it looks again at the latest, as the clock on the wall may be set."""


class _Failure(Struct, frozen=True):
    count: int
    reason: str
    again: float


class CertificateKeeper:
    """Orders one certificate after the other; a name that fails has to wait, others do not."""

    def __init__(self, *, clock: Clock, certificates: Certificates) -> None:
        self._clock = clock
        self._certificates = certificates
        self._acme: AcmeSettings | None = None
        self._hosts: frozenset[str] = frozenset()
        self._failures: dict[str, _Failure] = {}
        self._ordering: str | None = None
        self._timer: Cancellable | None = None

    def concern(self, acme: AcmeSettings | None, hosts: Collection[str]) -> None:
        """Have these hosts have certificates from now on, or, without an authority, none."""
        if acme != self._acme:
            self._failures.clear()
        self._acme = acme
        self._hosts = frozenset(filter(may_be_ordered, hosts if acme is not None else ()))
        self._failures = {host: one for host, one in self._failures.items() if host in self._hosts}
        self._look()

    def list(
        self, files: Sequence[CertificateFiles], hosts: Collection[str]
    ) -> Sequence[Certificate]:
        """List what these hosts are served with, and what is being done about that."""
        found = list(self._certificates.list(files, hosts))
        signed = {one.host for one in found if one.source == "acme"}
        for host in sorted(hosts):
            is_awaited = host in self._hosts and host not in signed
            if is_awaited or not any(is_for(one, host) for one in found):
                found.append(Certificate(host=host, source="none"))
        return [self._with_note(one) for one in found]

    def discard(self, host: str) -> bool:
        """Forget what was signed for a host; where it is still to have one, it gets another."""
        gone = self._certificates.discard(host)
        self._failures.pop(host, None)
        self._look()
        return gone

    def close(self) -> None:
        """Order nothing any more."""
        self.concern(None, ())

    def _with_note(self, certificate: Certificate) -> Certificate:
        failure = self._failures.get(certificate.host)
        if certificate.source not in {"acme", "none"}:
            return certificate
        note = ""
        if certificate.host == self._ordering:
            note = "ordered"
        elif failure is not None:
            again = datetime.fromtimestamp(failure.again, UTC).astimezone()
            note = f"{failure.reason}; tried again at {again:%F %H:%M}"
        elif certificate.host in self._hosts:
            note = "" if certificate.source == "acme" else "to be ordered"
        elif certificate.source == "none":
            note = "nobody signs for it"
        return replace(certificate, note=note)

    def _look(self) -> None:
        """Order what is due, or wait until something is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._acme is None or not self._hosts or self._ordering is not None:
            return
        now = self._clock.now().wall
        due = {host: self._due(host) for host in self._hosts}
        host = min(due, key=lambda one: (due[one], one))
        if due[host] > now:
            self._timer = self._clock.call_later(min(due[host] - now, LONGEST_SLEEP), self._look)
            return
        self._ordering = host
        tasks.spawn(self._order(host, self._acme), name="certificate.order")

    def _due(self, host: str) -> float:
        if (failure := self._failures.get(host)) is not None:
            return failure.again
        certificate = self._certificates.obtained(host)
        if certificate is None or certificate.fault:
            return 0.0
        return renewal_time(certificate)

    async def _order(self, host: str, acme: AcmeSettings) -> None:
        try:
            certificate = await self._certificates.obtain(host, acme)
        except PmdaemonError as error:
            self._failed(host, error)
        else:
            self._failures.pop(host, None)
            log.info("certificate.obtained host=%s ends=%s", host, certificate.ends)
        finally:
            self._ordering = None
        self._look()

    def _failed(self, host: str, error: PmdaemonError) -> None:
        former = self._failures.get(host)
        count = former.count + 1 if former is not None else 1
        wanted = error.retry_after if isinstance(error, CertificateRefused) else 0.0
        wait = max(wait_after(count), wanted)
        reason = error.reason if isinstance(error, CertificateRefused) else error.message
        self._failures[host] = _Failure(count, reason, self._clock.now().wall + wait)
        log.warning("certificate.failed host=%s wait=%.0f reason=%s", host, wait, error)
