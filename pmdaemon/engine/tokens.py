"""The keys and tokens that were handed out: made, rotated, revoked, recognised.

What is kept of one is its digest. Whoever makes one sees it once.
"""

import asyncio
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from pmdaemon.core.access import (
    LONGEST_LIFE,
    TOO_LONG_A_LIFE,
    Principal,
    Token,
    TokenKind,
    digest_of,
    read_grants,
)
from pmdaemon.core.errors import InvalidInput, TokenExists, TokenNotFound
from pmdaemon.core.names import app_name
from pmdaemon.core.notices import AccessChanged
from pmdaemon.core.wording import shown
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Cancellable, Changes, Clock, SecretFiles, Store, TokenMint

WEB_KEY = "web"
"""The name of the key that is made when others can reach the server and no key was given."""

WEB_KEY_FILE = "api-key"


class WebKey(Struct, frozen=True):
    """The key of a server that others can reach, the file it is in, and whether it is new."""

    secret: str
    path: str
    fresh: bool


class Tokens:
    """All tokens, in memory and in the store; whoever is let in by one hears when that may end."""

    def __init__(
        self, *, store: Store, clock: Clock, mint: TokenMint, files: SecretFiles, bus: Bus
    ) -> None:
        self._store = store
        self._clock = clock
        self._mint = mint
        self._files = files
        self._bus = bus
        self._next_end: Cancellable | None = None
        self._lock = asyncio.Lock()
        self._by_name: dict[str, Token] = {}
        self._by_digest: dict[str, Token] = {}

    @property
    def mint(self) -> TokenMint:
        """Signs what is recognised by its signature alone."""
        return self._mint

    @property
    def guarded(self) -> bool:
        """Whether somebody made a key, so that even this machine has to show one.

        Revoking the last key does not let everybody in: that takes `forget_revoked`.
        """
        return any(
            token.kind is TokenKind.KEY and token.name != WEB_KEY
            for token in self._by_name.values()
        )

    @property
    def keyed(self) -> bool:
        """Whether there is a key that somebody could show, other than the one of the web side."""
        return any(
            token.kind is TokenKind.KEY and token.name != WEB_KEY and not token.revoked
            for token in self._by_name.values()
        )

    def adopt(self, tokens: Iterable[Token]) -> None:
        """Begin with what the store has."""
        self._by_name = {token.name: token for token in tokens}
        self._index()

    def list(self) -> Sequence[Token]:
        """List those that were not revoked, by name."""
        return [token for _, token in sorted(self._by_name.items()) if not token.revoked]

    def recognise(self, presented: str) -> Principal | None:
        """Say whose key or token this is; None when it lets nobody in."""
        digest = digest_of(presented)
        token = self._by_digest.get(digest)
        now = self._clock.now().wall
        if token is None or not token.is_good(digest, now):
            return None
        if token.kind is TokenKind.CONSUMER and self._mint.read(presented, now) is None:
            return None
        return token.principal

    async def make(
        self,
        name: str | None = None,
        *,
        kind: TokenKind = TokenKind.KEY,
        scopes: Iterable[str] = (),
        expire_in: float | None = None,
    ) -> tuple[Token, str]:
        """Make a token, good for `expire_in` seconds; return what is kept of it, and itself.

        Raises:
            TokenExists: there is one of this name.
            InvalidInput: it cannot be called so, or be good for so long, or a scope is none.

        """
        name = app_name(name, noun="name of a token") if name is not None else None
        grants = read_grants(scopes)
        if expire_in is not None and expire_in <= 0:
            raise InvalidInput("a token cannot expire before it is made: give it some time")
        if expire_in is not None and expire_in > LONGEST_LIFE:
            raise InvalidInput(TOO_LONG_A_LIFE)
        async with self._lock:
            return await self._make(name or self._free_name(), kind, grants, expire_in)

    async def _make(
        self, name: str, kind: TokenKind, grants: tuple[str, ...], expire_in: float | None
    ) -> tuple[Token, str]:
        if (there := self._by_name.get(name)) is not None and not there.revoked:
            raise TokenExists(name)
        now = self._clock.now().wall
        expires = now + expire_in if expire_in is not None else None
        secret = self._secret(name, kind, now, expires)
        token = Token(
            name=name,
            kind=kind,
            digest=digest_of(secret),
            grants=grants,
            created=now,
            expires=expires,
        )
        await self._write(token)
        return token, secret

    async def rotate(self, name: str, *, overlap: float) -> tuple[Token, str]:
        """Make a new token in place of one, which is good for `overlap` more seconds.

        Raises:
            TokenNotFound: there is none of this name.

        """
        async with self._lock:
            former = self._found(name)
            now = self._clock.now().wall
            secret = self._secret(name, former.kind, now, former.expires)
            token = replace(
                former,
                digest=digest_of(secret),
                created=now,
                former_digest=former.digest,
                former_until=now + overlap,
            )
            await self._write(token)
            if name == WEB_KEY:
                self._files.write(WEB_KEY_FILE, f"{secret}\n")
            return token, secret

    def rotate_secret(self, *, overlap: float) -> float:
        """Sign with a new secret; what was signed before is good for `overlap` more seconds.

        Say until when that is, in seconds since the epoch.

        Raises:
            PmdaemonError: the new one cannot be written down, and nothing has changed.

        """
        until = self._clock.now().wall + overlap
        self._mint.rotate(until)
        self._bus.publish(AccessChanged())
        return until

    async def revoke(self, name: str) -> None:
        """Let nobody in by a token any more, from now on.

        Raises:
            TokenNotFound: there is none of this name.

        """
        async with self._lock:
            await self._write(replace(self._found(name), revoked=True))

    async def forget_revoked(self) -> None:
        """Have no memory of revoked keys; with none left, this machine needs none."""
        async with self._lock:
            names = [name for name, token in self._by_name.items() if token.revoked]
            if names:
                await self._store.commit(Changes(tokens_removed=names, urgent=True))
                for name in names:
                    del self._by_name[name]
                self._index()
                self._bus.publish(AccessChanged())

    async def web_key(self) -> WebKey:
        """Get the key for a server that others can reach, made unless it is there.

        Raises:
            PmdaemonError: it cannot be written down.

        """
        async with self._lock:
            kept = (self._files.read(WEB_KEY_FILE) or "").strip()
            fresh = not kept or self.recognise(kept) is None
            if fresh:
                if WEB_KEY in self._by_name:
                    await self._store.commit(Changes(tokens_removed=[WEB_KEY]))
                    del self._by_name[WEB_KEY]
                _, kept = await self._make(WEB_KEY, TokenKind.KEY, read_grants(()), None)
        return WebKey(kept, self._files.write(WEB_KEY_FILE, f"{kept}\n"), fresh=fresh)

    async def forget_web_key(self) -> None:
        """Undo the making of that key, as there is no server for it."""
        async with self._lock:
            await self._store.commit(Changes(tokens_removed=[WEB_KEY], urgent=True))
            self._by_name.pop(WEB_KEY, None)
            self._index()
            self._files.remove(WEB_KEY_FILE)

    def _secret(self, name: str, kind: TokenKind, now: float, expires: float | None) -> str:
        if kind is TokenKind.KEY:
            return self._mint.key()
        claims: dict[str, object] = {"data": {"consumer": name}, "iat": int(now)}
        if expires is not None:
            claims["exp"] = int(expires)
        return self._mint.sign({**claims, "jti": self._mint.key()})

    def _found(self, name: str) -> Token:
        token = self._by_name.get(name)
        if token is None or token.revoked:
            raise TokenNotFound(shown(name), [one.name for one in self.list()])
        return token

    def _free_name(self) -> str:
        number = 1
        while f"key-{number}" in self._by_name:
            number += 1
        return f"key-{number}"

    async def _write(self, token: Token) -> None:
        await self._store.commit(Changes(tokens_written=[token], urgent=True))
        self._by_name[token.name] = token
        self._index()
        self._bus.publish(AccessChanged())

    def _index(self) -> None:
        self._by_digest = {
            digest: token
            for token in self._by_name.values()
            for digest in (token.former_digest, token.digest)
            if digest is not None
        }
        self._await_next_end()

    def _await_next_end(self) -> None:
        """Tell of the next token that ends by itself, when it does."""
        if self._next_end is not None:
            self._next_end.cancel()
            self._next_end = None
        now = self._clock.now().wall
        ends = [
            end
            for token in self._by_name.values()
            for end in (token.expires, token.former_until)
            if end is not None and end > now and not token.revoked
        ]
        if ends:
            self._next_end = self._clock.call_later(min(ends) - now, self._tell_end)

    def _tell_end(self) -> None:
        self._await_next_end()
        self._bus.publish(AccessChanged())
