"""What every request goes through before its endpoint: where from, how often, whose, and noted."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from aiohttp import web

from pmdaemon.core.access import ANYBODY, Principal
from pmdaemon.core.rate_limits import RATES, RateKind, RateLimit
from pmdaemon.core.rate_limits import Rates as RatesByKind
from pmdaemon.engine.interfaces import AuditLog, Clock, WebSettings
from pmdaemon.server.http.access import Gate
from pmdaemon.server.http.addresses import Network, client_address, read_networks, site_of
from pmdaemon.server.http.rates import Rates, Standing
from pmdaemon.server.http.refusals import TooManyRequests

Limits = Sequence[RateLimit] | RateKind | None
"""How often an address may ask: said, of a kind that the settings know, or theirs for all."""

PRINCIPAL = web.RequestKey("principal", Principal)
ADMISSION: web.RequestKey[Callable[[], Principal]] = web.RequestKey("admission")
"""Lets a request pass once more, or raises: for what goes on for long."""

STANDING = web.RequestKey("standing", Standing)
ORIGIN = web.RequestKey("origin", str)
NOTES = web.RequestKey("notes", dict[str, Any])

UNCHOSEN = WebSettings().rate_limits


class Guard:
    """One server's gate, its count of requests, and its record of changes."""

    def __init__(
        self,
        gate: Gate,
        clock: Clock,
        audit: AuditLog,
        rates: Callable[[], RatesByKind] = lambda: RATES,
    ) -> None:
        self.gate = gate
        self._of_kind = rates
        self._clock = clock
        self._audit = audit
        self._rates = Rates(clock)

    def address_of(self, request: web.Request) -> str:
        """Tell where a request comes from, as far as it can be trusted."""
        return client_address(
            request.remote,
            request.headers.getall("X-Forwarded-For", ()),
            _networks(self.gate.settings.trusted_proxies),
        )

    def charge(
        self, request: web.Request, limits: Limits, *, usual: Sequence[RateLimit] | None = None
    ) -> None:
        """Count a request against its limits; None are those of the settings.

        While nobody has chosen these, `usual` are in their place. Where the settings have none,
        there are no limits of a kind either.

        Raises:
            TooManyRequests: its address has made too many.

        """
        site = request[ORIGIN] = site_of(self.address_of(request))
        ours: Sequence[RateLimit] = self.gate.settings.rate_limits
        if isinstance(limits, RateKind):
            limits = self._of_kind()[limits] if ours else ()
        if usual is not None and ours == UNCHOSEN:
            ours = usual
        standing = self._rates.charge(site, ours if limits is None else limits)
        shown = standing or self._rates.look(site, ours)
        if shown is not None:
            request[STANDING] = shown
        if standing is not None and standing.wait is not None:
            raise TooManyRequests(standing.wait)

    def charge_guess(
        self, request: web.Request, limits: Limits, *, usual: Sequence[RateLimit] | None = None
    ) -> None:
        """Count a wrong key where requests as such are not counted, or not as strictly.

        Raises:
            TooManyRequests: there were too many.

        """
        if usual is not None or limits == ():
            self.charge(request, None)

    def record(self, request: web.Request, status: int | None, code: str | None) -> None:
        """Note down a change, or the try; no status means that the client did not wait for it."""
        entry: dict[str, Any] = {
            "time": _timestamp(self._clock.now().wall),
            "who": request.get(PRINCIPAL, ANYBODY).name,
            "from": self.address_of(request),
            "method": request.method,
            "path": request.rel_url.raw_path,
            "status": status,
        }
        if code is not None:
            entry["code"] = code
        self._audit.write({**entry, **request.get(NOTES, {})})


def principal_of(request: web.Request) -> Principal:
    """Say whose a request is, once it was let in."""
    return request[PRINCIPAL]


def origin_of(request: web.Request) -> str:
    """Say by what a request is counted: its address or, of IPv6, the site of it."""
    return request[ORIGIN]


def note(request: web.Request, **facts: object) -> None:
    """Add facts, without secrets, to what is noted down of a change."""
    request[NOTES] = {**request.get(NOTES, {}), **facts}


def rate_headers(request: web.Request) -> Mapping[str, str]:
    """Word where the client stands."""
    standing = request.get(STANDING)
    if standing is None:
        return {}
    return {
        "X-RateLimit-Limit": str(standing.limit),
        "X-RateLimit-Remaining": str(standing.remaining),
        "X-RateLimit-Reset": str(standing.reset),
    }


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return read_networks(texts)


def _timestamp(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")
