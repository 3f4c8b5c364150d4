"""What clients ask about accounts: `Client.users`, and `AsyncClient.users`."""

from typing import Any

from pmdaemon.client.calls import Call
from pmdaemon.client.gateway import AsyncDo, Do
from pmdaemon.control.messages.platform import (
    AccountView,
    ApiTokenView,
    InvitationView,
    RoleWord,
)

Accounts = list[AccountView]
Invitations = list[InvitationView]
ApiTokens = list[ApiTokenView]


class Users:
    """Accounts, for programs that may block."""

    def __init__(self, do: Do) -> None:
        self._do = do

    def list(self) -> Accounts:
        """Return all accounts."""
        return self._do(list_accounts())

    def add(self, email: str, name: str, password: str, *, role: RoleWord = "user") -> AccountView:
        """Make an account, and return it."""
        return self._do(add(email, name, password, role=role))

    def remove(self, email: str) -> AccountView:
        """Have an account no more, nor its projects."""
        return self._do(remove(email))

    def set_password(self, email: str, password: str) -> AccountView:
        """Give an account another password; its sessions end."""
        return self._do(set_password(email, password))

    def set_role(self, email: str, role: RoleWord) -> AccountView:
        """Give an account another role."""
        return self._do(set_role(email, role))

    def make_token(self, email: str, name: str, *, expire_in: float | None = None) -> ApiTokenView:
        """Make an API token for an account; it is in the answer, this once."""
        return self._do(make_token(email, name, expire_in=expire_in))

    def tokens(self, email: str) -> ApiTokens:
        """Return the API tokens of an account."""
        return self._do(tokens(email))

    def revoke_token(self, email: str, id_: str) -> None:
        """Let nobody in by an API token any more."""
        self._do(revoke_token(email, id_))

    def invite(
        self, email: str | None = None, *, role: RoleWord = "user", expire_in: float | None = None
    ) -> InvitationView:
        """Make an invitation; its text is in the answer, this once."""
        return self._do(invite(email, role=role, expire_in=expire_in))

    def invitations(self) -> Invitations:
        """Return the invitations that nobody has used yet."""
        return self._do(invitations())

    def withdraw(self, id_: str) -> None:
        """Let nobody register by an invitation any more."""
        self._do(withdraw(id_))


class AsyncUsers:
    """Accounts, for programs on an event loop; see `Users`."""

    def __init__(self, do: AsyncDo) -> None:
        self._do = do

    async def list(self) -> Accounts:
        """Return all accounts."""
        return await self._do(list_accounts())

    async def add(
        self, email: str, name: str, password: str, *, role: RoleWord = "user"
    ) -> AccountView:
        """Make an account, and return it."""
        return await self._do(add(email, name, password, role=role))

    async def remove(self, email: str) -> AccountView:
        """Have an account no more, nor its projects."""
        return await self._do(remove(email))

    async def set_password(self, email: str, password: str) -> AccountView:
        """Give an account another password; its sessions end."""
        return await self._do(set_password(email, password))

    async def set_role(self, email: str, role: RoleWord) -> AccountView:
        """Give an account another role."""
        return await self._do(set_role(email, role))

    async def make_token(
        self, email: str, name: str, *, expire_in: float | None = None
    ) -> ApiTokenView:
        """Make an API token for an account; it is in the answer, this once."""
        return await self._do(make_token(email, name, expire_in=expire_in))

    async def tokens(self, email: str) -> ApiTokens:
        """Return the API tokens of an account."""
        return await self._do(tokens(email))

    async def revoke_token(self, email: str, id_: str) -> None:
        """Let nobody in by an API token any more."""
        await self._do(revoke_token(email, id_))

    async def invite(
        self, email: str | None = None, *, role: RoleWord = "user", expire_in: float | None = None
    ) -> InvitationView:
        """Make an invitation; its text is in the answer, this once."""
        return await self._do(invite(email, role=role, expire_in=expire_in))

    async def invitations(self) -> Invitations:
        """Return the invitations that nobody has used yet."""
        return await self._do(invitations())

    async def withdraw(self, id_: str) -> None:
        """Let nobody register by an invitation any more."""
        await self._do(withdraw(id_))


# What is asked.


def list_accounts() -> Call[Accounts]:
    """Ask: return all accounts."""
    return Call("accounts", {}, lambda result: result["accounts"])


def add(email: str, name: str, password: str, *, role: RoleWord = "user") -> Call[AccountView]:
    """Ask: make an account, and return it."""
    return Call(
        "account_add",
        {"email": email, "name": name, "password": password, "role": role},
        lambda result: result["account"],
    )


def remove(email: str) -> Call[AccountView]:
    """Ask: have an account no more, nor its projects."""
    return Call("account_remove", {"email": email}, lambda result: result["account"])


def set_password(email: str, password: str) -> Call[AccountView]:
    """Ask: give an account another password; its sessions end."""
    return Call(
        "account_password", {"email": email, "password": password}, lambda result: result["account"]
    )


def set_role(email: str, role: RoleWord) -> Call[AccountView]:
    """Ask: give an account another role."""
    return Call("account_role", {"email": email, "role": role}, lambda result: result["account"])


def invite(
    email: str | None = None, *, role: RoleWord = "user", expire_in: float | None = None
) -> Call[InvitationView]:
    """Ask: make an invitation; its text is in the answer, this once."""
    return Call(
        "invite",
        _said(email=email, role=role, expire_in=expire_in),
        lambda result: result["invitation"],
    )


def make_token(email: str, name: str, *, expire_in: float | None) -> Call[ApiTokenView]:
    """Ask: make an API token for an account."""
    body = {"email": email, "name": name, "expire_in": expire_in}
    said = {key: value for key, value in body.items() if value is not None}
    return Call("api_token_add", said, lambda result: result["token"])


def tokens(email: str) -> Call[ApiTokens]:
    """Ask: return the API tokens of an account."""
    return Call("api_tokens", {"email": email}, lambda result: result["tokens"])


def revoke_token(email: str, id_: str) -> Call[None]:
    """Ask: let nobody in by an API token any more."""
    return Call("api_token_remove", {"email": email, "id": id_}, _nothing)


def invitations() -> Call[Invitations]:
    """Ask: return the invitations that nobody has used yet."""
    return Call("invitations", {}, lambda result: result["invitations"])


def withdraw(id_: str) -> Call[None]:
    """Ask: let nobody register by an invitation any more."""
    return Call("invitation_remove", {"id": id_}, _nothing)


def _said(**values: object) -> dict[str, object]:
    """Leave out what was not said."""
    return {key: value for key, value in values.items() if value is not None}


def _nothing(_result: dict[str, Any]) -> None:
    """Read nothing from an answer that has nothing in it."""
