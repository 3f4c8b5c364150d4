"""What clients ask about accounts: `Client.users`, and `AsyncClient.users`."""

from operator import itemgetter

from pmdaemon.client.awaiting import AsyncDo, Do, awaited
from pmdaemon.client.calls import Call, nothing, said
from pmdaemon.control.messages.platform import (
    AccountView,
    ApiTokenView,
    InvitationView,
    RoleWord,
)

Accounts = list[AccountView]
Invitations = list[InvitationView]
ApiTokens = list[ApiTokenView]

_account = itemgetter("account")


class Users:
    """Accounts, for programs that may block."""

    def __init__(self, do: Do) -> None:
        self._do = do

    def list(self) -> Accounts:
        """Return all accounts."""
        return self._do(Call[Accounts]("accounts", {}, itemgetter("accounts")))

    def add(self, email: str, name: str, password: str, *, role: RoleWord = "user") -> AccountView:
        """Create an account, and return it."""
        body = {"email": email, "name": name, "password": password, "role": role}
        return self._do(Call[AccountView]("account_add", body, _account))

    def remove(self, email: str) -> AccountView:
        """Remove an account with its projects."""
        return self._do(Call[AccountView]("account_remove", {"email": email}, _account))

    def set_password(self, email: str, password: str) -> AccountView:
        """Change the password of an account; its sessions end."""
        body = {"email": email, "password": password}
        return self._do(Call[AccountView]("account_password", body, _account))

    def set_role(self, email: str, role: RoleWord) -> AccountView:
        """Change the role of an account."""
        body = {"email": email, "role": role}
        return self._do(Call[AccountView]("account_role", body, _account))

    def make_token(self, email: str, name: str, *, expire_in: float | None = None) -> ApiTokenView:
        """Make an API token for an account; only this answer contains it.

        `expire_in` is how many seconds it is valid; by default, forever.
        """
        body = said(email=email, name=name, expire_in=expire_in)
        return self._do(Call[ApiTokenView]("api_token_add", body, itemgetter("token")))

    def tokens(self, email: str) -> ApiTokens:
        """Return the API tokens of an account."""
        return self._do(Call[ApiTokens]("api_tokens", {"email": email}, itemgetter("tokens")))

    def revoke_token(self, email: str, id_: str) -> None:
        """Make an API token invalid."""
        return self._do(Call[None]("api_token_remove", {"email": email, "id": id_}, nothing))

    def invite(
        self, email: str | None = None, *, role: RoleWord = "user", expire_in: float | None = None
    ) -> InvitationView:
        """Make an invitation; only this answer contains its text.

        Args:
            email: the address it is for; by default, anybody may use it.
            role: the role it gives.
            expire_in: how many seconds it is valid.

        """
        body = said(email=email, role=role, expire_in=expire_in)
        return self._do(Call[InvitationView]("invite", body, itemgetter("invitation")))

    def invitations(self) -> Invitations:
        """Return the invitations that nobody has used yet."""
        return self._do(Call[Invitations]("invitations", {}, itemgetter("invitations")))

    def withdraw(self, id_: str) -> None:
        """Withdraw an invitation, so that nobody can register with it."""
        return self._do(Call[None]("invitation_remove", {"id": id_}, nothing))


class AsyncUsers:
    """Accounts, for programs on an event loop; see `Users`."""

    def __init__(self, do: AsyncDo) -> None:
        self._do = do

    list = awaited(Users.list)
    add = awaited(Users.add)
    remove = awaited(Users.remove)
    set_password = awaited(Users.set_password)
    set_role = awaited(Users.set_role)
    make_token = awaited(Users.make_token)
    tokens = awaited(Users.tokens)
    revoke_token = awaited(Users.revoke_token)
    invite = awaited(Users.invite)
    invitations = awaited(Users.invitations)
    withdraw = awaited(Users.withdraw)
