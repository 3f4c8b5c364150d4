"""Who may do what: scopes, the principals that have them, and the tokens that prove a principal.

A grant is the name of a scope, or `telemetry:ID` for what concerns one process only. Who has the
grant `admin` may do everything.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown


class Scope(StrEnum):
    """What an endpoint lets its caller do."""

    PUBLIC = "public"
    READ = "read"
    CONTROL = "control"
    CREATE = "create"
    LOG = "log"
    TELEMETRY = "telemetry"
    DEPLOY = "deploy"
    ACCOUNT = "account"
    ADMIN = "admin"


GRANTABLE = tuple(scope for scope in Scope if scope not in {Scope.PUBLIC, Scope.ACCOUNT})
"""What a key can be given; one's own account is managed by who has signed in."""

LONGEST_LIFE = 100 * 365 * 86400.0
"""Seconds for which a token can be good, unless it is good for ever; dates have an end."""

TOO_LONG_A_LIFE = "a token cannot be valid for more than 100 years, but it can be valid forever"

_ABOUT_ONE = re.compile(rf"{Scope.TELEMETRY}:[^\s,]+")


class Principal(Struct, frozen=True):
    """Somebody, by the name that goes into records, and what was granted to them.

    `about` is the name of the instance whose program it is, if it is one; `account` is the id of
    the account, if there is one.
    """

    name: str
    grants: frozenset[str]
    about: str | None = None
    account: str | None = None

    def may(self, scope: Scope, about: str | None = None) -> bool:
        """Tell whether a scope is theirs, for the process `about` or for at least one."""
        if scope is Scope.PUBLIC or not self.grants.isdisjoint({scope, Scope.ADMIN}):
            return True
        if about is not None:
            return f"{scope}:{about}" in self.grants
        return any(grant.startswith(f"{scope}:") for grant in self.grants)


EVERYTHING = frozenset({str(Scope.ADMIN)})

ANYBODY = Principal("anybody", frozenset())
"""Who has shown nothing."""

LOCAL = Principal("local", EVERYTHING)
"""Whoever is on this machine, where no key was set."""


class TokenKind(StrEnum):
    """What a token looks like: a random key, or a JWT that names a consumer."""

    KEY = "key"
    CONSUMER = "consumer"


class Token(Struct, frozen=True, kw_only=True):
    """What is kept of a token that was handed out: never the token itself.

    Times are in seconds since the epoch. After a rotation the former token is good until
    `former_until`. A revoked one is kept so that a server which asked for keys goes on doing so.
    """

    name: str
    kind: TokenKind
    digest: str
    grants: tuple[str, ...]
    created: float
    expires: float | None = None
    former_digest: str | None = None
    former_until: float | None = None
    revoked: bool = False

    @property
    def principal(self) -> Principal:
        """Who shows this token."""
        return Principal(self.name, frozenset(self.grants))

    def is_good(self, digest: str, now: float) -> bool:
        """Tell whether the token of this digest lets its bearer in at this time."""
        if self.revoked or (self.expires is not None and self.expires <= now):
            return False
        if digest == self.digest:
            return True
        return digest == self.former_digest and (self.former_until or 0.0) > now


def read_grants(texts: Iterable[str]) -> tuple[str, ...]:
    """Check what is to be granted; nothing said is everything.

    Raises:
        InvalidInput: there is no such scope.

    """
    grants = tuple(dict.fromkeys(text.strip().lower() for text in texts))
    for grant in grants:
        if grant not in GRANTABLE and not _ABOUT_ONE.fullmatch(grant):
            raise InvalidInput(
                f"not a scope: {shown(grant)} (there are {', '.join(GRANTABLE)} and telemetry:ID)",
                code="invalid_scope",
                scope=shown(grant),
            )
    return grants or tuple(EVERYTHING)


def digest_of(secret: str) -> str:
    """Give the SHA-256 of a key or token, in hex: all that is kept of it."""
    from hashlib import sha256  # noqa: PLC0415 - OpenSSL, and 3 MB, for the web side alone

    # Headers are bytes; those that are no UTF-8 come as lone surrogates.
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
