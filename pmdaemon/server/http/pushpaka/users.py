"""What administrators do about accounts: list, invite, promote, remove."""

from aiohttp import web
from msgspec import Struct

from pmdaemon.core.accounts import Role
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.invitations import LIFE
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.guard import note
from pmdaemon.server.http.pushpaka import views
from pmdaemon.server.http.pushpaka.asking import asker_of, done, listed, read_object


class NewInvitation(Struct):
    """Who is invited, if it is one address only, and for how many seconds."""

    email: str | None = None
    role: Role = Role.USER
    expires_in: float = LIFE


class NewRole(Struct):
    """What an account may do from now on."""

    role: Role


async def list_users(engine: Engine, request: web.Request) -> web.Response:
    """List all accounts."""
    return listed(request, [views.account_view(one) for one in engine.platform.accounts.list()])


async def change_user(engine: Engine, request: web.Request) -> web.Response:
    """Give an account another role."""
    body = await read_object(request, NewRole)
    account = await engine.platform.accounts.set_role(request.match_info["id"], body.role)
    note(request, account=account.email, role=body.role)
    return json_response(views.account_view(account))


async def remove_user(engine: Engine, request: web.Request) -> web.Response:
    """Have an account no more, nor its projects."""
    account = await engine.platform.remove_account(request.match_info["id"])
    note(request, account=account.email)
    return done("user deleted")


async def invite(engine: Engine, request: web.Request) -> web.Response:
    """Make an invitation, whose text is shown this once."""
    body = await read_object(request, NewInvitation)
    invitation, text = await engine.platform.accounts.invitations.make(
        by=asker_of(request).account,
        email=body.email,
        role=body.role,
        expire_in=body.expires_in,
    )
    return json_response({**views.invitation_view(invitation), "invitation": text}, status=201)


async def list_invitations(engine: Engine, request: web.Request) -> web.Response:
    """List the invitations that nobody has used yet."""
    invitations = engine.platform.accounts.invitations.list()
    return listed(request, [views.invitation_view(one) for one in invitations])


async def withdraw(engine: Engine, request: web.Request) -> web.Response:
    """Let nobody register by an invitation any more."""
    await engine.platform.accounts.invitations.withdraw(request.match_info["id"])
    return done("invitation withdrawn")
