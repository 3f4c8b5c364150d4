"""Has certificates signed for the names that are routed, and renewed in time."""

import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from pmdaemon.core.certificates import (
    Certificate,
    Refusal,
    is_for,
    may_be_ordered,
    refusal_after,
    renewal_time,
    still_counting,
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


EVERYBODY = ""
"""In place of a host: what the authority has refused whoever asks, or that it does not answer."""

CUT_SHORT = "the daemon ended before the authority had answered"


class CertificateKeeper:
    """Orders one certificate after the other; a name that fails has to wait, others do not.

    Where an authority fails as such, nobody asks it for a while.

    How long it has to is kept before anything is ordered: a daemon that is started again and again
    asks no authority more often than one that runs.
    """

    def __init__(self, *, clock: Clock, certificates: Certificates) -> None:
        self._clock = clock
        self._certificates = certificates
        self._acme: AcmeSettings | None = None
        self._hosts: frozenset[str] = frozenset()
        self._refusals: dict[str, Refusal] = {}
        self._ordering: str | None = None
        self._timer: Cancellable | None = None

    def concern(self, acme: AcmeSettings | None, hosts: Collection[str]) -> None:
        """Have these hosts have certificates from now on, or, without an authority, none."""
        if acme != self._acme:
            self._refusals = self._kept(acme)
        self._acme = acme
        self._hosts = frozenset(filter(may_be_ordered, hosts if acme is not None else ()))
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
        self._note(host, None)
        self._look()
        return gone

    def retry(self, host: str) -> bool:
        """Order for a host now, however often that has failed; tell whether anybody is asked."""
        if host not in self._hosts:
            return False
        self._note(host, None)
        self._note(EVERYBODY, None)
        self._look()
        return True

    def close(self) -> None:
        """Order nothing any more."""
        self.concern(None, ())

    def _kept(self, acme: AcmeSettings | None) -> dict[str, Refusal]:
        if acme is None:
            return {}
        kept = self._certificates.refusals()
        return {**still_counting(kept, acme.directory, self._clock.now().wall)}

    def _note(self, host: str, refusal: Refusal | None) -> None:
        """Remember how an order ended; None is well."""
        if refusal is not None:
            self._refusals[host] = refusal
        elif self._refusals.pop(host, None) is None:
            return
        try:
            self._certificates.keep_refusals(self._refusals)
        except PmdaemonError as error:
            log.warning("certificate.unkept host=%s reason=%s", host, error)

    def _with_note(self, certificate: Certificate) -> Certificate:
        refusal = self._refusals.get(certificate.host)
        if refusal is None and self._wanted(certificate.host) <= self._clock.now().wall:
            refusal = self._refusals.get(EVERYBODY)
        if certificate.source not in {"acme", "none"}:
            return certificate
        note = ""
        if certificate.host == self._ordering:
            note, refusal = "ordered", None
        elif certificate.host not in self._hosts:
            note, refusal = "" if certificate.source == "acme" else "nobody signs for it", None
        elif refusal is not None:
            tried, again = (
                datetime.fromtimestamp(each, UTC).astimezone()
                for each in (refusal.tried, refusal.again)
            )
            note = f"{refusal.reason} ({tried:%F %H:%M}); tried again at {again:%F %H:%M}"
        elif certificate.source == "none":
            note = "to be ordered"
        return replace(certificate, note=note, refusal=refusal)

    def _look(self) -> None:
        """Order what is due, or wait until something is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._acme is None or not self._hosts or self._ordering is not None:
            return
        now = self._clock.now().wall
        due = {host: self._due(host, now) for host in self._hosts}
        host = min(due, key=lambda one: (due[one], one))
        if due[host] > now:
            self._timer = self._clock.call_later(min(due[host] - now, LONGEST_SLEEP), self._look)
            return
        self._ordering = host
        tasks.spawn(self._order(host, self._acme), name="certificate.order")

    def _due(self, host: str, now: float) -> float:
        refusals = [self._refusals.get(one) for one in (host, EVERYBODY)]
        # One of the future tells nothing: the clock on the wall was set back.
        counting = [one.again for one in refusals if one is not None and one.tried <= now]
        return max([self._wanted(host), *counting])

    def _wanted(self, host: str) -> float:
        if host in self._refusals:
            return 0.0
        certificate = self._certificates.obtained(host)
        if certificate is None or certificate.fault:
            return 0.0
        return renewal_time(certificate)

    async def _order(self, host: str, acme: AcmeSettings) -> None:
        former, of_all = self._refusals.get(host), self._refusals.get(EVERYBODY)
        self._note(host, self._refusal(former, acme, CUT_SHORT))
        refusal: Refusal | None = None
        for_all: Refusal | None = None
        try:
            certificate = await self._certificates.obtain(host, acme)
            log.info("certificate.obtained host=%s ends=%s", host, certificate.ends)
        except CertificateRefused as error:
            if error.for_all:
                refusal = former  # which was not this host's fault
                for_all = self._refusal(of_all, acme, error.reason, error.retry_after)
            else:
                refusal = self._refusal(former, acme, error.reason, error.retry_after)
            log.warning("certificate.failed host=%s reason=%s", host, error)
        except PmdaemonError as error:
            refusal = self._refusal(former, acme, error.message)
            log.warning("certificate.failed host=%s reason=%s", host, error)
        finally:
            self._ordering = None
        if acme == self._acme:
            self._note(host, refusal)
            self._note(EVERYBODY, for_all)
        self._look()

    def _refusal(
        self, former: Refusal | None, acme: AcmeSettings, reason: str, asked_for: float = 0.0
    ) -> Refusal:
        now = self._clock.now().wall
        return refusal_after(
            former, directory=acme.directory, reason=reason, now=now, asked_for=asked_for
        )
