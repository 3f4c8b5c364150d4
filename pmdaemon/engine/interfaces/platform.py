"""What accounts and projects need of the world, in small pieces.

Each is implemented by one adapter and by one fake in `tests/fakes`, and both pass the same suite
in `tests/contracts`.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from pmdaemon.core.accounts import Account, ApiToken, Invitation
from pmdaemon.core.deployments import Deployment, Origin
from pmdaemon.core.projects import Domain, EnvVariable, Project, ProjectStatus, Webhook


class StoredPlatform(Struct, frozen=True, kw_only=True):
    """All that is stored of accounts and projects."""

    accounts: Sequence[Account] = ()
    api_tokens: Sequence[ApiToken] = ()
    invitations: Sequence[Invitation] = ()
    projects: Sequence[Project] = ()
    variables: Sequence[EnvVariable] = ()
    domains: Sequence[Domain] = ()
    webhooks: Sequence[Webhook] = ()


class PlatformChanges(Struct, frozen=True, kw_only=True):
    """What one action changes; it is written whole or not at all, and is on disk then.

    What is removed goes by its id, and takes along what belongs to it: an account its API tokens, a
    project its variables, domains and webhooks.
    """

    accounts_written: Sequence[Account] = ()
    accounts_removed: Sequence[str] = ()
    api_tokens_written: Sequence[ApiToken] = ()
    api_tokens_removed: Sequence[str] = ()
    invitations_written: Sequence[Invitation] = ()
    invitations_removed: Sequence[str] = ()
    projects_written: Sequence[Project] = ()
    projects_removed: Sequence[str] = ()
    variables_written: Sequence[EnvVariable] = ()
    variables_removed: Sequence[str] = ()
    domains_written: Sequence[Domain] = ()
    domains_removed: Sequence[str] = ()
    webhooks_written: Sequence[Webhook] = ()
    webhooks_removed: Sequence[str] = ()


class PlatformStore(Protocol):
    """Remembers accounts and projects."""

    async def load(self) -> StoredPlatform:
        """Read everything.

        Raises:
            StoreUnavailable: it cannot be read.

        """

    async def commit(self, changes: PlatformChanges) -> None:
        """Write one action.

        Raises:
            StoreUnavailable: nothing was written.

        """

    async def check(self) -> None:
        """See that it can be read.

        Raises:
            StoreUnavailable: it cannot.

        """

    async def note_delivery(self, webhook_id: str, delivery: str, at: float) -> bool:
        """Write down a call of a webhook; False when this one was written down before.

        Raises:
            StoreUnavailable: nothing was written.

        """

    async def forget_delivery(self, webhook_id: str, delivery: str) -> None:
        """Have a call be new again.

        Raises:
            StoreUnavailable: it is not.

        """


class PasswordHasher(Protocol):
    """Makes hashes of passwords, slowly on purpose."""

    async def hash(self, password: str) -> str:
        """Make a hash, with a salt of its own."""

    async def verify(self, password: str, hashed: str) -> bool:
        """Tell whether a hash was made of this password."""


class Sealer(Protocol):
    """Keeps texts from whoever reads the store."""

    def seal(self, text: str, *, about: str) -> bytes:
        """Seal a text; it can be opened only as being `about` the same thing.

        Raises:
            PmdaemonError: there is no key, and none can be made.

        """

    def open(self, sealed: bytes, *, about: str) -> str:
        """Open what was sealed.

        Raises:
            PmdaemonError: its key is gone, or somebody has changed it.

        """

    def begin_key(self) -> None:
        """Seal with a new key from now on; what was sealed with the former ones can be opened.

        Raises:
            PmdaemonError: it cannot be written down, and nothing has changed.

        """

    def forget_former_keys(self) -> None:
        """Keep the newest key only.

        Raises:
            PmdaemonError: it cannot be written down, and nothing has changed.

        """


class DomainProver(Protocol):
    """Looks whether a host shows a proof."""

    async def shows(self, host: str, proof: str) -> str | None:
        """Look once; None when it does, and else why not, in a few words."""


class ProjectFollower(Protocol):
    """Has to do with what is live of projects."""

    @property
    def is_working(self) -> bool:
        """Whether deployments that are queued are worked on."""

    def status(self, project_id: str) -> ProjectStatus:
        """Say whether a project is live."""

    def url(self, project: Project) -> str:
        """Say where a project answers; empty while it does nowhere."""

    async def request(
        self,
        project: Project,
        *,
        user_id: str,
        branch: str = "",
        sha: str = "",
        message: str = "",
        origin: Origin = Origin.API,
    ) -> Deployment:
        """Ask for a deployment of a branch, or of a commit of it; return it as it waits.

        Raises:
            PmdaemonError: nothing was asked for.

        """

    async def hosts_changed(self, project: Project) -> None:
        """Route the hosts that a project has now, and no others of it."""

    async def forget(self, project: Project) -> None:
        """End what runs of a project, and remove whatever there is of it, for good.

        Raises:
            PmdaemonError: something of it could not be ended; it may be asked again.

        """
