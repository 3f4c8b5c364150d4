"""The keys and tokens that were handed out: made, rotated, revoked, recognised.

What is kept of one is its digest. Whoever makes one sees it once.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from pmdaemon.core.access import Principal, Token, TokenKind, digest_of, read_grants
from pmdaemon.core.errors import InvalidInput, TokenExists, TokenNotFound
from pmdaemon.core.names import app_name
from pmdaemon.core.wording import shown
from pmdaemon.engine.interfaces import Changes, Clock, SecretFiles, Store, TokenMint

WEB_KEY = "web"
"""The name of the key that is made when others can reach the server and no key was given."""

WEB_KEY_FILE = "api-key"


class Tokens:
    """All tokens, in memory and in the store."""

    def __init__(self, *, store: Store, clock: Clock, mint: TokenMint, files: SecretFiles) -> None:
        self._store = store
        self._clock = clock
        self._mint = mint
        self._files = files
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
        """Make a token; return what is kept of it, and the token itself.

        Raises:
            TokenExists: there is one of this name.
            InvalidInput: it cannot be called so, or a scope is none.

        """
        name = app_name(name, noun="name of a token") if name is not None else self._free_name()
        grants = read_grants(scopes)
        if expire_in is not None and expire_in <= 0:
            raise InvalidInput("a token cannot expire before it is made: give it some time")
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

    async def revoke(self, name: str) -> None:
        """Let nobody in by a token any more, from now on.

        Raises:
            TokenNotFound: there is none of this name.

        """
        await self._write(replace(self._found(name), revoked=True))

    async def forget_revoked(self) -> None:
        """Have no memory of revoked keys; with none left, this machine needs none."""
        names = [name for name, token in self._by_name.items() if token.revoked]
        if names:
            await self._store.commit(Changes(tokens_removed=names, urgent=True))
            for name in names:
                del self._by_name[name]
            self._index()

    async def web_key(self) -> tuple[str, str]:
        """Get the key for a server that others can reach, made unless it is there; and its file.

        Raises:
            PmdaemonError: it cannot be written down.

        """
        kept = (self._files.read(WEB_KEY_FILE) or "").strip()
        if not kept or self.recognise(kept) is None:
            if WEB_KEY in self._by_name:
                await self._store.commit(Changes(tokens_removed=[WEB_KEY]))
                del self._by_name[WEB_KEY]
            _, kept = await self.make(WEB_KEY)
        return kept, self._files.write(WEB_KEY_FILE, f"{kept}\n")

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

    def _index(self) -> None:
        self._by_digest = {
            digest: token
            for token in self._by_name.values()
            for digest in (token.former_digest, token.digest)
            if digest is not None
        }
