"""Webhooks: addresses at which forges say that something was pushed, so that it is deployed."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from pmdaemon.core.accounts import Asker
from pmdaemon.core.deployments import Deployment, Origin
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.platform_errors import LimitReached, SignatureWrong, WebhookNotFound
from pmdaemon.core.projects import Project, Webhook, WebhookProvider
from pmdaemon.core.repositories import read_branch
from pmdaemon.core.webhooks import (
    MOST_WEBHOOKS,
    delivery_of,
    is_push,
    is_signed,
    push_of,
)
from pmdaemon.engine.interfaces import Clock, TokenMint
from pmdaemon.engine.interfaces.platform import PlatformChanges, PlatformStore, Sealer
from pmdaemon.engine.projects import Projects


class Webhooks:
    """All webhooks of all projects, in memory and in the store."""

    def __init__(
        self,
        *,
        store: PlatformStore,
        clock: Clock,
        mint: TokenMint,
        sealer: Sealer,
        projects: Projects,
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._mint = mint
        self._sealer = sealer
        self._projects = projects
        self._new_id = new_id
        self._by_id: dict[str, Webhook] = {}
        self.lock = asyncio.Lock()

    def adopt(self, webhooks: Iterable[Webhook]) -> None:
        """Begin with what the store has."""
        self._by_id = {one.id: one for one in webhooks}

    def list(self, asker: Asker) -> Sequence[Webhook]:
        """List the webhooks of an asker, the oldest first."""
        return [one for one in self._present() if asker.may_have(one.user_id)]

    async def create(
        self, asker: Asker, project_id: str, provider: WebhookProvider, branch: str = ""
    ) -> tuple[Webhook, str]:
        """Make a webhook; return it, and its secret, which is told once.

        Raises:
            ProjectNotFound: it is not there for this asker.
            InvalidInput: no branch is called so.
            LimitReached: the project has too many.

        """
        branch = read_branch(branch) if branch else ""
        async with self.lock:
            return await self._create(self._projects.get(asker, project_id), provider, branch)

    async def _create(
        self, project: Project, provider: WebhookProvider, branch: str
    ) -> tuple[Webhook, str]:
        if len([one for one in self._present() if one.project_id == project.id]) >= MOST_WEBHOOKS:
            raise LimitReached(f"a project has up to {MOST_WEBHOOKS} webhooks: delete one first")
        id_, secret = self._new_id(), self._mint.key()
        webhook = Webhook(
            id=id_,
            project_id=project.id,
            user_id=project.user_id,
            provider=provider,
            branch=branch,
            sealed=self._sealer.seal(secret, about=_about(id_)),
            created=self._clock.now().wall,
        )
        await self._store.commit(PlatformChanges(webhooks_written=[webhook]))
        self._by_id[id_] = webhook
        return webhook, secret

    async def remove(self, asker: Asker, id_: str) -> None:
        """Have a webhook no more.

        Raises:
            WebhookNotFound: it is not there for this asker.

        """
        webhook = self._get(id_)
        if not asker.may_have(webhook.user_id):
            raise WebhookNotFound(id_)
        async with self.lock:
            await self._store.commit(PlatformChanges(webhooks_removed=[id_]))
            self._by_id.pop(id_, None)

    async def receive(self, id_: str, headers: Mapping[str, str], body: bytes) -> Deployment | str:
        """Take a call; return the deployment that it led to, or why there is none.

        Raises:
            WebhookNotFound: there is none of this id.
            SignatureWrong: it does not come from who has the secret.
            InvalidInput: it cannot be understood.

        """
        webhook = self._get(id_)
        secret = self._sealer.open(webhook.sealed, about=_about(id_))
        if not is_signed(webhook.provider, headers, body, secret):
            raise SignatureWrong
        if not is_push(webhook.provider, headers):
            return "this is not about a push"
        project = self._projects.find(webhook.project_id)
        if project is None:
            raise WebhookNotFound(id_)
        push = push_of(body)
        if push is None or push.branch != (webhook.branch or project.branch):
            return f"only pushes to {webhook.branch or project.branch} are deployed"
        delivery = delivery_of(webhook.provider, headers, body)
        if not await self._store.note_delivery(id_, delivery, self._clock.now().wall):
            return "this was heard before"
        try:
            return await self._projects.follower.request(
                project,
                user_id=project.user_id,
                branch=push.branch,
                sha=push.sha,
                message=push.message,
                origin=Origin.WEBHOOK,
            )
        except PmdaemonError:
            # Whoever repeats the call means it to be heard this time.
            await self._store.forget_delivery(id_, delivery)
            raise

    def seal_anew(self) -> Sequence[Webhook]:
        """Seal all secrets with the newest key, to be written down."""

        def anew(one: Webhook) -> bytes:
            secret = self._sealer.open(one.sealed, about=_about(one.id))
            return self._sealer.seal(secret, about=_about(one.id))

        return [replace(one, sealed=anew(one)) for one in self._present()]

    def _present(self) -> Sequence[Webhook]:
        """List those whose projects there are: a project takes its webhooks along."""
        return [
            one for one in self._by_id.values() if self._projects.find(one.project_id) is not None
        ]

    def _get(self, id_: str) -> Webhook:
        if (webhook := self._by_id.get(id_)) is None:
            raise WebhookNotFound(id_)
        return webhook


def _about(id_: str) -> str:
    return f"webhook/{id_}"
