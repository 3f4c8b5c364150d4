"""Who deploys and what: accounts and projects, and what concerns both."""

from msgspec import Struct

from pmdaemon.core.accounts import Account, Asker
from pmdaemon.engine.accounts import Accounts
from pmdaemon.engine.interfaces.platform import PlatformChanges, PlatformStore, Sealer
from pmdaemon.engine.projects import Projects
from pmdaemon.engine.webhooks import Webhooks


class Platform(Struct, frozen=True):
    """Accounts and projects."""

    accounts: Accounts
    projects: Projects
    webhooks: Webhooks
    store: PlatformStore
    sealer: Sealer

    async def resume(self) -> None:
        """Begin with what the store has.

        Raises:
            StoreUnavailable: it cannot be read.

        """
        stored = await self.store.load()
        self.accounts.adopt(stored.accounts)
        self.accounts.api_tokens.adopt(stored.api_tokens)
        self.accounts.invitations.adopt(stored.invitations)
        self.projects.adopt(stored.projects)
        self.projects.variables.adopt(stored.variables)
        self.projects.domains.adopt(stored.domains)
        self.webhooks.adopt(stored.webhooks)

    async def remove_account(self, id_: str) -> Account:
        """Have an account no more, nor anything that is its.

        Raises:
            AccountNotFound: there is none.
            LastAdministrator: nobody would be left who can let others in.
            PmdaemonError: something of its projects could not be ended; the account is there still.

        """
        self.accounts.check_removal(id_)
        asker = Asker(id_)
        for project in self.projects.list(asker):
            await self.projects.delete(asker, project.id)
        return await self.accounts.remove(id_)

    async def rotate_sealing(self) -> int:
        """Seal everything with a new key, and have the former ones no more; say how much.

        Raises:
            PmdaemonError: it did not come to that; all can be opened as before.

        """
        self.sealer.begin_key()
        # Nobody is to set meanwhile what would then be written over.
        async with self.projects.variables.lock, self.webhooks.lock:
            variables, webhooks = self.projects.variables.seal_anew(), self.webhooks.seal_anew()
            await self.store.commit(
                PlatformChanges(variables_written=variables, webhooks_written=webhooks)
            )
            self.projects.variables.adopt(variables)
            self.webhooks.adopt(webhooks)
            self.sealer.forget_former_keys()
        return len(variables) + len(webhooks)
