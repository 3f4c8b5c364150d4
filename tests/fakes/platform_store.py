"""A store of accounts and projects in memory."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from pmdaemon.core.accounts import Account, ApiToken, Invitation
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.projects import Domain, EnvVariable, Project, Webhook
from pmdaemon.engine.interfaces.platform import PlatformChanges, StoredPlatform


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


Thing = TypeVar("Thing", bound=_Identified)


class MemoryPlatformStore:
    """Remembers as long as it lives; while `failure` is set, nothing can be read or written."""

    def __init__(self) -> None:
        self.failure: StoreUnavailable | None = None
        self._accounts: dict[str, Account] = {}
        self._api_tokens: dict[str, ApiToken] = {}
        self._invitations: dict[str, Invitation] = {}
        self._projects: dict[str, Project] = {}
        self._variables: dict[str, EnvVariable] = {}
        self._domains: dict[str, Domain] = {}
        self._webhooks: dict[str, Webhook] = {}
        self._deliveries: set[tuple[str, str]] = set()

    async def load(self) -> StoredPlatform:
        """Read everything."""
        await self._be_reached()
        return StoredPlatform(
            accounts=[*self._accounts.values()],
            api_tokens=[*self._api_tokens.values()],
            invitations=[*self._invitations.values()],
            projects=[*self._projects.values()],
            variables=sorted(self._variables.values(), key=lambda one: one.key),
            domains=[*self._domains.values()],
            webhooks=[*self._webhooks.values()],
        )

    async def commit(self, changes: PlatformChanges) -> None:
        """Write one action."""
        await self._be_reached()
        _change(self._accounts, changes.accounts_written, changes.accounts_removed)
        _change(self._api_tokens, changes.api_tokens_written, changes.api_tokens_removed)
        _change(self._invitations, changes.invitations_written, changes.invitations_removed)
        _change(self._projects, changes.projects_written, changes.projects_removed)
        _change(self._variables, changes.variables_written, changes.variables_removed)
        _change(self._domains, changes.domains_written, changes.domains_removed)
        _change(self._webhooks, changes.webhooks_written, changes.webhooks_removed)
        self._drop_what_belongs_to_nothing()

    async def check(self) -> None:
        """See that it can be read."""
        await self._be_reached()

    async def note_delivery(self, webhook_id: str, delivery: str, at: float) -> bool:
        """Write down a call of a webhook; False when this one was written down before."""
        await self._be_reached()
        is_new = (webhook_id, delivery) not in self._deliveries
        self._deliveries.add((webhook_id, delivery))
        return is_new

    async def forget_delivery(self, webhook_id: str, delivery: str) -> None:
        """Have a call be new again."""
        await self._be_reached()
        self._deliveries.discard((webhook_id, delivery))

    def _drop_what_belongs_to_nothing(self) -> None:
        for token in [*self._api_tokens.values()]:
            if token.account_id not in self._accounts:
                del self._api_tokens[token.id]
        for variable in [*self._variables.values()]:
            if variable.project_id not in self._projects:
                del self._variables[variable.id]
        for domain in [*self._domains.values()]:
            if domain.project_id not in self._projects:
                del self._domains[domain.id]
        for webhook in [*self._webhooks.values()]:
            if webhook.project_id not in self._projects:
                del self._webhooks[webhook.id]

    async def _be_reached(self) -> None:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure


def _change(kept: dict[str, Thing], written: Sequence[Thing], removed: Iterable[str]) -> None:
    for id_ in removed:
        kept.pop(id_, None)
    for one in written:
        kept[one.id] = one
