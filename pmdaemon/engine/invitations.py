"""Invitations: how somebody comes to have an account where registration is closed."""

from collections.abc import Callable, Iterable, Sequence

from pmdaemon.core.access import digest_of
from pmdaemon.core.accounts import Invitation, Role, email_key, read_email
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.platform_errors import InvitationNotFound, RegistrationClosed
from pmdaemon.engine.interfaces import Clock, TokenMint
from pmdaemon.engine.interfaces.platform import PlatformChanges, PlatformStore

LIFE = 7 * 86400.0
"""Seconds for which an invitation is good."""

LONGEST_LIFE = 90 * 86400.0
"""Seconds for which one may be made good."""


class Invitations:
    """All that were not used yet, in memory and in the store."""

    def __init__(
        self, *, store: PlatformStore, clock: Clock, mint: TokenMint, new_id: Callable[[], str]
    ) -> None:
        self._store = store
        self._clock = clock
        self._mint = mint
        self._new_id = new_id
        self._by_id: dict[str, Invitation] = {}

    def adopt(self, invitations: Iterable[Invitation]) -> None:
        """Begin with what the store has."""
        self._by_id = {one.id: one for one in invitations}

    def list(self) -> Sequence[Invitation]:
        """List those that are still good, the oldest first."""
        now = self._clock.now().wall
        return [one for one in self._by_id.values() if one.is_good(now)]

    async def make(
        self,
        *,
        by: str,
        email: str | None = None,
        role: Role = Role.USER,
        expire_in: float = LIFE,
    ) -> tuple[Invitation, str]:
        """Make an invitation; return what is kept of it, and its text, which is told once.

        It is good for `expire_in` seconds.

        Raises:
            InvalidInput: the address is none, or it would be good for too long.

        """
        if not 0 < expire_in <= LONGEST_LIFE:
            raise InvalidInput(
                f"an invitation is valid for up to {LONGEST_LIFE / 86400:.0f} days",
                code="invalid_expiry",
            )
        now = self._clock.now().wall
        text = self._mint.key()
        invitation = Invitation(
            id=self._new_id(),
            digest=digest_of(text),
            email=read_email(email) if email is not None else None,
            role=role,
            created_by=by,
            created=now,
            expires=now + expire_in,
        )
        stale = [one.id for one in self._by_id.values() if not one.is_good(now)]
        await self._store.commit(
            PlatformChanges(invitations_written=[invitation], invitations_removed=stale)
        )
        for id_ in stale:
            self._by_id.pop(id_, None)
        self._by_id[invitation.id] = invitation
        return invitation, text

    async def withdraw(self, id_: str) -> None:
        """Let nobody register by an invitation any more.

        Raises:
            InvitationNotFound: there is none.

        """
        if id_ not in self._by_id:
            raise InvitationNotFound(id_)
        await self._store.commit(PlatformChanges(invitations_removed=[id_]))
        self.used(id_)

    def good_for(self, email: str, text: str) -> Invitation:
        """Find the invitation of this text, for this address.

        Raises:
            RegistrationClosed: it is none, was used, has run out, or is somebody else's.

        """
        digest, now = digest_of(text), self._clock.now().wall
        for one in self._by_id.values():
            if one.digest == digest and one.is_good(now):
                if one.email is None or email_key(one.email) == email_key(email):
                    return one
                break
        raise RegistrationClosed("this invitation is not valid, or not for this address")

    def used(self, id_: str) -> None:
        """Have it no more, as the store has it no more."""
        self._by_id.pop(id_, None)
