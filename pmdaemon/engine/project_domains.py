"""The domains of projects: claimed by one, proved by its owner, and routed from then on."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec.structs import replace

from pmdaemon.core.platform_errors import (
    DomainNotFound,
    DomainTaken,
    DomainUnproven,
    LimitReached,
)
from pmdaemon.core.project_domains import (
    CLAIM,
    MOST_DOMAINS,
    PROOF_NAME,
    PROOF_PATH,
    read_domain,
)
from pmdaemon.core.projects import Domain, Project
from pmdaemon.engine.interfaces import Clock, TokenMint
from pmdaemon.engine.interfaces.platform import DomainProver, PlatformChanges, PlatformStore


class ProjectDomains:
    """All domains of all projects, in memory and in the store.

    Whoever calls has seen to whose project it is. `reserved` are names that nobody gets, with what
    is below them; `routed` are hosts that the gateway has from others already.
    """

    def __init__(
        self,
        *,
        store: PlatformStore,
        clock: Clock,
        mint: TokenMint,
        prover: DomainProver,
        reserved: Callable[[], Collection[str]],
        routed: Callable[[], Collection[str]],
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._mint = mint
        self._prover = prover
        self._reserved = reserved
        self._routed = routed
        self._new_id = new_id
        self._by_id: dict[str, Domain] = {}
        self._lock = asyncio.Lock()

    def adopt(self, domains: Iterable[Domain]) -> None:
        """Begin with what the store has."""
        self._by_id = {one.id: one for one in domains}

    def list(self) -> Sequence[Domain]:
        """List all domains, the oldest first."""
        return [*self._by_id.values()]

    def of(self, project_id: str) -> Sequence[Domain]:
        """List the domains of a project, the oldest first."""
        return [one for one in self._by_id.values() if one.project_id == project_id]

    def hosts(self, project_id: str) -> Sequence[str]:
        """List the hosts that are to be routed to a project."""
        return [one.host for one in self.of(project_id) if one.verified]

    def get(self, id_: str) -> Domain:
        """Find a domain by its id.

        Raises:
            DomainNotFound: there is none.

        """
        if (domain := self._by_id.get(id_)) is None:
            raise DomainNotFound(id_)
        return domain

    async def add(self, project: Project, text: str) -> Domain:
        """Claim a domain for a project.

        Raises:
            InvalidInput: it is none, or reserved.
            DomainTaken: somebody has it.
            LimitReached: its owner has too many.

        """
        host = read_domain(text, reserved=self._reserved())
        async with self._lock:
            return await self._add(project, host)

    async def _add(self, project: Project, host: str) -> Domain:
        now = self._clock.now().wall
        former = next((one for one in self._by_id.values() if one.host == host), None)
        if former is not None and not _gives_way(former, project, now):
            raise DomainTaken(host)
        if former is None and host in self._routed():
            raise DomainTaken(host)
        theirs = [one for one in self._by_id.values() if one.user_id == project.user_id]
        if len(theirs) >= MOST_DOMAINS:
            raise LimitReached(f"an account has up to {MOST_DOMAINS} domains: remove one first")
        domain = Domain(
            id=self._new_id(),
            project_id=project.id,
            user_id=project.user_id,
            host=host,
            proof=f"pmdaemon-domain={self._mint.key()}",
            created=now,
            updated=now,
        )
        gone = [former.id] if former is not None else []
        await self._write(domain, gone)
        return domain

    async def verify(self, id_: str, *, trusted: bool = False) -> Domain:
        """Look whether the owner shows the proof; who is `trusted` says so.

        Raises:
            DomainNotFound: there is none of this id.
            DomainUnproven: the proof is not to be seen.

        """
        domain = self.get(id_)
        if not domain.verified and not trusted:
            reason = await self._prover.shows(domain.host, domain.proof)
            if reason is not None:
                raise DomainUnproven(
                    f"{domain.host} does not show its proof: {reason}; it belongs at"
                    f" http://{domain.host}{PROOF_PATH}, or into the TXT record"
                    f" {PROOF_NAME}.{domain.host}",
                    domain=domain.host,
                )
        async with self._lock:
            domain = self.get(id_)  # which may have been removed meanwhile
            if not domain.verified:
                domain = replace(domain, verified=True, updated=self._clock.now().wall)
                await self._write(domain, [])
            return domain

    async def remove(self, id_: str) -> Domain:
        """Have a domain no more.

        Raises:
            DomainNotFound: there is none of this id.

        """
        async with self._lock:
            domain = self.get(id_)
            await self._store.commit(PlatformChanges(domains_removed=[id_]))
            self._by_id.pop(id_, None)
            return domain

    def forget(self, project_id: str) -> None:
        """Have those of a project no more, as the store has them no more."""
        for domain in self.of(project_id):
            self._by_id.pop(domain.id, None)

    async def _write(self, domain: Domain, gone: Sequence[str]) -> None:
        await self._store.commit(PlatformChanges(domains_written=[domain], domains_removed=gone))
        for id_ in gone:
            self._by_id.pop(id_, None)
        self._by_id[domain.id] = domain


def _gives_way(former: Domain, project: Project, now: float) -> bool:
    """Tell whether a claim is too old to keep others from a domain that nobody has proved."""
    stale = not former.verified and now - former.updated > CLAIM
    return stale and former.user_id != project.user_id
