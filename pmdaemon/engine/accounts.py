"""Accounts: who registers, who signs in, and whose a token is.

A session is a signed token that names an account and its generation, and it is held against the
account at every use: with the account gone, or its generation grown, it lets nobody in.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from pmdaemon.core.access import Principal
from pmdaemon.core.accounts import (
    API_TOKEN_PREFIX,
    Account,
    AccountRules,
    Role,
    email_key,
    read_email,
    read_password,
    read_person,
)
from pmdaemon.core.notices import AccessChanged
from pmdaemon.core.platform_errors import (
    AccountNotFound,
    EmailTaken,
    LastAdministrator,
    RegistrationClosed,
    WrongCredentials,
)
from pmdaemon.engine.api_tokens import ApiTokens
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Cancellable, Clock, TokenMint
from pmdaemon.engine.interfaces.platform import PasswordHasher, PlatformChanges, PlatformStore
from pmdaemon.engine.invitations import Invitations
from pmdaemon.engine.sign_in_throttle import SignInThrottle


class Accounts:
    """All accounts, in memory and in the store.

    `rules` are those of the moment.
    """

    def __init__(
        self,
        *,
        store: PlatformStore,
        clock: Clock,
        mint: TokenMint,
        hasher: PasswordHasher,
        rules: Callable[[], AccountRules],
        new_id: Callable[[], str],
        bus: Bus,
    ) -> None:
        self._store = store
        self._clock = clock
        self._mint = mint
        self._hasher = hasher
        self._rules = rules
        self._new_id = new_id
        self._bus = bus
        self._by_id: dict[str, Account] = {}
        self._throttle = SignInThrottle(clock)
        self._decoy: str | None = None
        self._lock = asyncio.Lock()
        self._next_end: tuple[float, Cancellable] | None = None
        self.api_tokens = ApiTokens(store=store, clock=clock, mint=mint, new_id=new_id, bus=bus)
        self.invitations = Invitations(store=store, clock=clock, mint=mint, new_id=new_id)

    def adopt(self, accounts: Iterable[Account]) -> None:
        """Begin with what the store has."""
        self._by_id = {one.id: one for one in accounts}

    # Who there is.

    def list(self) -> Sequence[Account]:
        """List all accounts, the oldest first."""
        return [*self._by_id.values()]

    def get(self, id_: str) -> Account:
        """Find an account by its id.

        Raises:
            AccountNotFound: there is none.

        """
        if (account := self._by_id.get(id_)) is None:
            raise AccountNotFound(id_)
        return account

    def named(self, email: str) -> Account:
        """Find an account by its address, however that is written.

        Raises:
            AccountNotFound: there is none.

        """
        if (account := self._of(email)) is None:
            raise AccountNotFound(email)
        return account

    def recognise(self, presented: str) -> Principal | None:
        """Say whose session or API token this is; None when it lets nobody in."""
        if not self._by_id:
            return None
        if presented.startswith(API_TOKEN_PREFIX):
            token = self.api_tokens.used(presented)
            account = self._by_id.get(token.account_id) if token is not None else None
            if token is None or account is None:
                return None
            self._await_end(token.expires)
            return account.program
        if presented.count(".") != 2:
            return None
        claims = self._mint.read(presented, self._clock.now().wall)
        account = self._claimed(claims) if claims is not None else None
        if claims is None or account is None:
            return None
        expires = claims["exp"]
        self._await_end(expires if isinstance(expires, int | float) else None)
        return account.principal

    # Verbs.

    async def register(
        self,
        *,
        email: str,
        name: str,
        password: str,
        invitation: str | None = None,
        by_admin: bool = False,
        local: bool = False,
        role: Role = Role.USER,
    ) -> Account:
        """Make an account; the first is an administrator's.

        Args:
            invitation: the text of one.
            by_admin: whether an administrator does this, who says the role.
            local: whether it comes from somebody who may do everything here, as long as nobody
                has an account.

        Raises:
            RegistrationClosed: somebody has to ask whoever registers to.
            EmailTaken: there is an account of this address.
            InvalidInput: something of it cannot be used.

        """
        email, name, password = read_email(email), read_person(name), read_password(password)

        def admission() -> tuple[Role, str | None]:
            return self._admission(
                email, invitation, by_admin=role if by_admin else None, local=local
            )

        admission()
        hashed = await self._hasher.hash(password)
        async with self._lock:
            # Whatever was so before may have changed while the hash was made.
            granted, used = admission()
            if self._of(email) is not None:
                raise EmailTaken(email)
            now = self._clock.now().wall
            account = Account(
                id=self._new_id(),
                email=email,
                name=name,
                role=granted,
                password=hashed,
                created=now,
                updated=now,
            )
            await self._store.commit(
                PlatformChanges(
                    accounts_written=[account], invitations_removed=[used] if used else []
                )
            )
            self._by_id[account.id] = account
            if used:
                self.invitations.used(used)
        return account

    async def sign_in(self, email: str, password: str, *, origin: str) -> Account:
        """Tell whose this address and password are; `origin` is where they come from.

        Raises:
            WrongCredentials: they do not belong together.
            TooManyAttempts: from there, that was so too often.

        """
        key = email_key(email.strip())
        self._throttle.check(origin, key)
        # Counted as wrong until it turns out right: tries at the same time are many tries, too.
        self._throttle.wrong(origin, key)
        account = self._of(key)
        hashed = account.password if account is not None else await self._decoy_hash()
        right = await self._hasher.verify(password, hashed)
        present = self._by_id.get(account.id) if account is not None else None
        if not right or present is None or present.password != hashed:
            raise WrongCredentials
        self._throttle.right(origin, key)
        return present

    def session(self, account: Account) -> str:
        """Begin a session: make the token that shows it."""
        now = int(self._clock.now().wall)
        return self._mint.sign(
            {
                "sub": account.id,
                "iat": now,
                "exp": now + int(self._rules().session),
                "gen": account.generation,
            }
        )

    async def log_out(self, id_: str) -> None:
        """End all sessions of an account; its API tokens are still good.

        Raises:
            AccountNotFound: there is none.

        """
        await self._change(id_, _logged_out)

    async def change_password(self, id_: str, present: str, new: str, *, origin: str) -> Account:
        """Have another password, known to who has the present one; this ends all sessions.

        Raises:
            WrongCredentials: the present one is another.
            TooManyAttempts: that was so too often.
            InvalidInput: the new one cannot be used.

        """
        new = read_password(new)
        await self.sign_in(self.get(id_).email, present, origin=origin)
        return await self.set_password(id_, new)

    async def set_password(self, id_: str, password: str) -> Account:
        """Give an account another password; this ends all its sessions.

        Raises:
            AccountNotFound: there is none.
            InvalidInput: the password cannot be used.

        """
        self.get(id_)
        hashed = await self._hasher.hash(read_password(password))
        return await self._change(id_, lambda one: _logged_out(replace(one, password=hashed)))

    async def set_role(self, id_: str, role: Role) -> Account:
        """Make an account an administrator's, or no longer.

        Raises:
            AccountNotFound: there is none.
            LastAdministrator: nobody would be left who can let others in.

        """

        def with_role(account: Account) -> Account:
            if role is not Role.ADMIN:
                self._keep_one_administrator(account)
            return replace(account, role=role)

        return await self._change(id_, with_role)

    def check_removal(self, id_: str) -> None:
        """Say beforehand whether an account can be removed.

        Raises:
            AccountNotFound: there is none.
            LastAdministrator: others have accounts, and nobody could let anybody in.

        """
        self._keep_one_administrator(self.get(id_))

    async def remove(self, id_: str) -> Account:
        """Have an account no more, with its sessions and API tokens.

        Raises:
            AccountNotFound: there is none.
            LastAdministrator: others have accounts, and nobody could let anybody in.

        """
        async with self._lock:
            account = self.get(id_)
            self._keep_one_administrator(account)
            await self._store.commit(PlatformChanges(accounts_removed=[id_]))
            del self._by_id[id_]
            self.api_tokens.forget(id_)
            self._bus.publish(AccessChanged())
        return account

    # Inside.

    def _of(self, email: str) -> Account | None:
        key = email_key(email.strip())
        return next((one for one in self._by_id.values() if email_key(one.email) == key), None)

    def _claimed(self, claims: Mapping[str, object]) -> Account | None:
        if "exp" not in claims:
            return None
        account = self._by_id.get(str(claims.get("sub")))
        generation = claims.get("gen")
        if account is None or isinstance(generation, bool) or generation != account.generation:
            return None
        return account

    def _admission(
        self, email: str, invitation: str | None, *, by_admin: Role | None, local: bool
    ) -> tuple[Role, str | None]:
        """Say in which role somebody may register, and by which invitation if by one."""
        if not self._by_id and (by_admin is not None or local):
            return Role.ADMIN, None
        if invitation is not None:
            found = self.invitations.good_for(email, invitation)
            return found.role, found.id
        if by_admin is not None:
            return by_admin, None
        if self._rules().open_registration:
            return Role.USER, None
        if not self._by_id:
            raise RegistrationClosed(
                "the first account is made by who has the machine or its key: pmdaemon user add"
            )
        raise RegistrationClosed("registration is by invitation: ask an administrator for one")

    def _keep_one_administrator(self, account: Account) -> None:
        others = [one for one in self._by_id.values() if one.id != account.id]
        admins = [one for one in others if one.role is Role.ADMIN]
        if account.role is Role.ADMIN and others and not admins:
            raise LastAdministrator(account.email)

    async def _change(self, id_: str, change: Callable[[Account], Account]) -> Account:
        async with self._lock:
            account = replace(change(self.get(id_)), updated=self._clock.now().wall)
            await self._store.commit(PlatformChanges(accounts_written=[account]))
            self._by_id[id_] = account
            self._bus.publish(AccessChanged())
            return account

    def _await_end(self, expires: float | None) -> None:
        """Tell when what is in use ends by itself, so that what goes on with it ends, too."""
        if expires is None or (self._next_end is not None and self._next_end[0] <= expires):
            return
        if self._next_end is not None:
            self._next_end[1].cancel()
        timer = self._clock.call_later(expires - self._clock.now().wall, self._tell_end)
        self._next_end = (expires, timer)

    def _tell_end(self) -> None:
        self._next_end = None
        self._bus.publish(AccessChanged())

    async def _decoy_hash(self) -> str:
        """Give a hash to try passwords of nobody on, so that this takes as long as any other."""
        if self._decoy is None:
            self._decoy = await self._hasher.hash(self._mint.key())
        return self._decoy


def _logged_out(account: Account) -> Account:
    return replace(account, generation=account.generation + 1)
