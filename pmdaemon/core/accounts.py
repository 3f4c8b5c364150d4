"""Who deploys: accounts, what proves them, and how more of them come about."""

import re
from enum import StrEnum

from msgspec import Struct

from pmdaemon.core.access import EVERYTHING, Principal, Scope
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

OPERATOR = "00000000-0000-0000-0000-000000000000"
"""The owner of what was made by somebody without an account, who has the machine or its key."""

LONGEST_EMAIL = 254
"""Characters, as RFC 5321 has it (4.5.3.1.3, with the signs around it)."""

LONGEST_NAME = 100
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024

API_TOKEN_PREFIX = "pmd_"  # noqa: S105 - what they begin with, so that they are told apart
"""What every API token begins with."""

_EMAIL = re.compile(r"[^\s@<>(),;:\\\"]+@[^\s@<>(),;:\\\"]+")


class Role(StrEnum):
    """What an account may do: deploy its own things, or everything."""

    USER = "user"
    ADMIN = "admin"


class Account(Struct, frozen=True, kw_only=True):
    """Somebody who signs in by e-mail address and password.

    `password` is its hash. Sessions are of one `generation`: when it grows, all that were begun
    before are over. Times are in seconds since the epoch.
    """

    id: str
    email: str
    name: str
    role: Role = Role.USER
    password: str
    generation: int = 0
    created: float
    updated: float

    def __repr__(self) -> str:
        return f"Account(id={self.id!r}, email={self.email!r}, role={self.role.value!r})"

    @property
    def principal(self) -> Principal:
        """Who this is in a session; an administrator may do everything everywhere."""
        grants = {str(Scope.DEPLOY), str(Scope.ACCOUNT)}
        if self.role is Role.ADMIN:
            grants |= EVERYTHING
        return Principal(self.email, frozenset(grants), account=self.id)

    @property
    def program(self) -> Principal:
        """Who this is to programs that act for it: deploying, and nothing else."""
        return Principal(self.email, frozenset({str(Scope.DEPLOY)}), account=self.id)


class ApiToken(Struct, frozen=True, kw_only=True):
    """A token by which a program deploys for an account; of the token itself, its digest."""

    id: str
    account_id: str
    name: str
    digest: str
    created: float
    expires: float | None = None
    last_used: float | None = None

    def is_good(self, now: float) -> bool:
        """Tell whether it has not run out."""
        return self.expires is None or self.expires > now


class Invitation(Struct, frozen=True, kw_only=True):
    """Leave to register once, for whoever has the text of this digest.

    With an `email`, for that address only. `created_by` is the id of an account, or `OPERATOR`.
    """

    id: str
    digest: str
    email: str | None = None
    role: Role = Role.USER
    created_by: str
    created: float
    expires: float

    def is_good(self, now: float) -> bool:
        """Tell whether it has not run out."""
        return self.expires > now


class Asker(Struct, frozen=True):
    """Whose things somebody may see and change: an account's or, with `all`, everybody's."""

    account: str
    all: bool = False

    def may_have(self, owner: str) -> bool:
        """Tell whether what is the owner's is there for this asker."""
        return self.all or owner == self.account


THE_OPERATOR = Asker(OPERATOR, all=True)
"""Who has the machine."""


class AccountRules(Struct, frozen=True):
    """Who may register without an invitation, and how long a session lasts, in seconds."""

    open_registration: bool = False
    session: float = 86400.0


def email_key(email: str) -> str:
    """Give what addresses are compared by: two that differ in case are the same."""
    import unicodedata  # noqa: PLC0415 - a megabyte of tables, for who has accounts

    return unicodedata.normalize("NFKC", email).casefold()


def read_email(text: str) -> str:
    """Check an e-mail address, and return it as it was given.

    Raises:
        InvalidInput: it is none.

    """
    email = text.strip()
    usable = email.isprintable() and len(email) <= LONGEST_EMAIL and _EMAIL.fullmatch(email)
    if not usable:
        raise InvalidInput(f"not an e-mail address: {shown(text)}", code="invalid_email")
    return email


def read_person(text: str) -> str:
    """Check the name of a person.

    Raises:
        InvalidInput: it cannot be one.

    """
    name = text.strip()
    if not 2 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidInput(
            f"not a usable name: {shown(text)} (2 to {LONGEST_NAME} printable characters)",
            code="invalid_name",
        )
    return name


def read_password(text: str) -> str:
    """Check a password that is to be set.

    Raises:
        InvalidInput: it is too short or too long; the sentence does not repeat it.

    """
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        raise InvalidInput(
            f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters",
            code="invalid_password",
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput("a password is text, and this is not", code="invalid_password") from None
    return text
