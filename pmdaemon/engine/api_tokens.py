"""API tokens: by which programs, of a CI say, deploy for an account."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from pmdaemon.core.access import LONGEST_LIFE, TOO_LONG_A_LIFE, digest_of
from pmdaemon.core.accounts import API_TOKEN_PREFIX, ApiToken
from pmdaemon.core.errors import InvalidInput, PmdaemonError
from pmdaemon.core.names import app_name
from pmdaemon.core.notices import AccessChanged
from pmdaemon.core.platform_errors import ApiTokenNotFound, LimitReached
from pmdaemon.engine import tasks
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Clock, TokenMint
from pmdaemon.engine.interfaces.platform import PlatformChanges, PlatformStore

log = logging.getLogger(__name__)

MOST_TOKENS = 50
"""Of one account."""

NOTED_EVERY = 60.0
"""Seconds; uses within them are written down as one."""


class ApiTokens:
    """All API tokens, in memory and in the store."""

    def __init__(
        self,
        *,
        store: PlatformStore,
        clock: Clock,
        mint: TokenMint,
        new_id: Callable[[], str],
        bus: Bus,
    ) -> None:
        self._store = store
        self._clock = clock
        self._mint = mint
        self._new_id = new_id
        self._bus = bus
        self._by_digest: dict[str, ApiToken] = {}
        self._lock = asyncio.Lock()

    def adopt(self, tokens: Iterable[ApiToken]) -> None:
        """Begin with what the store has."""
        self._by_digest = {one.digest: one for one in tokens}

    def list(self, account_id: str) -> Sequence[ApiToken]:
        """List those of an account, the oldest first."""
        return [one for one in self._by_digest.values() if one.account_id == account_id]

    async def make(
        self, account_id: str, name: str, *, expire_in: float | None = None
    ) -> tuple[ApiToken, str]:
        """Make a token; return what is kept of it, and the token itself, which is told once.

        It is good for `expire_in` seconds, or until it is taken back.

        Raises:
            InvalidInput: it cannot be called so, or be good for so long.
            LimitReached: the account has too many.

        """
        name = app_name(name.strip(), noun="name of a token")
        if expire_in is not None and expire_in <= 0:
            raise InvalidInput(
                "a token cannot expire before it is made: give it some time", code="invalid_expiry"
            )
        if expire_in is not None and expire_in > LONGEST_LIFE:
            raise InvalidInput(TOO_LONG_A_LIFE, code="invalid_expiry")
        async with self._lock:
            return await self._make(account_id, name, expire_in)

    async def _make(
        self, account_id: str, name: str, expire_in: float | None
    ) -> tuple[ApiToken, str]:
        if len(self.list(account_id)) >= MOST_TOKENS:
            raise LimitReached(f"an account has up to {MOST_TOKENS} API tokens: revoke one first")
        now = self._clock.now().wall
        text = API_TOKEN_PREFIX + self._mint.key()
        token = ApiToken(
            id=self._new_id(),
            account_id=account_id,
            name=name,
            digest=digest_of(text),
            created=now,
            expires=now + expire_in if expire_in is not None else None,
        )
        await self._store.commit(PlatformChanges(api_tokens_written=[token]))
        self._by_digest[token.digest] = token
        return token, text

    async def revoke(self, account_id: str, id_: str) -> None:
        """Let nobody in by a token any more.

        Raises:
            ApiTokenNotFound: the account has none of this id.

        """
        async with self._lock:
            token = next((one for one in self.list(account_id) if one.id == id_), None)
            if token is None:
                raise ApiTokenNotFound(id_)
            await self._store.commit(PlatformChanges(api_tokens_removed=[id_]))
            self._by_digest.pop(token.digest, None)
        self._bus.publish(AccessChanged())

    def forget(self, account_id: str) -> None:
        """Have those of an account no more, as the store has them no more."""
        for token in self.list(account_id):
            self._by_digest.pop(token.digest, None)

    def used(self, presented: str) -> ApiToken | None:
        """Find a token, and note that it was used just now; None if it lets nobody in."""
        token = self._by_digest.get(digest_of(presented))
        now = self._clock.now().wall
        if token is None or not token.is_good(now):
            return None
        if token.last_used is None or now - token.last_used >= NOTED_EVERY:
            noted = replace(token, last_used=now)
            self._by_digest[token.digest] = noted
            tasks.spawn(self._note(noted), name="api_tokens.note")
        return token

    async def _note(self, token: ApiToken) -> None:
        # Written beside a revocation, it would be good again for the next daemon.
        async with self._lock:
            if token.digest not in self._by_digest:
                return
            try:
                await self._store.commit(PlatformChanges(api_tokens_written=[token]))
            except PmdaemonError as error:
                log.warning("api_tokens.not_noted reason=%s", error)
