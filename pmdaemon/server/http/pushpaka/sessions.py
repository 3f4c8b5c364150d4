"""Registering, signing in and out, and one's own password and API tokens."""

from aiohttp import web
from msgspec import Struct

from pmdaemon.core.access import LOCAL, Scope
from pmdaemon.core.platform_errors import WrongCredentials
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.guard import note, origin_of, principal_of
from pmdaemon.server.http.pushpaka import views
from pmdaemon.server.http.pushpaka.asking import account_of, done, listed, read_object
from pmdaemon.server.http.refusals import PermissionDenied


class Registration(Struct):
    """Who registers; `invitation` is the text of one."""

    email: str
    name: str
    password: str
    invitation: str | None = None


class Credentials(Struct):
    """Who signs in."""

    email: str
    password: str


class NewPassword(Struct):
    """Another password, and the present one to show who asks."""

    current_password: str
    new_password: str


class NewApiToken(Struct):
    """What an API token is to be called, and for how many seconds it is good."""

    name: str
    expires_in: float | None = None


async def register(engine: Engine, request: web.Request) -> web.Response:
    """Make an account, and begin a session in it."""
    body = await read_object(request, Registration)
    principal = principal_of(request)
    accounts = engine.platform.accounts
    account = await accounts.register(
        email=body.email,
        name=body.name,
        password=body.password,
        invitation=body.invitation,
        by_admin=principal is not LOCAL and principal.may(Scope.ADMIN),
        local=principal is LOCAL,
    )
    note(request, account=account.email)
    return json_response(views.session_view(account, accounts.session(account)), status=201)


async def sign_in(engine: Engine, request: web.Request) -> web.Response:
    """Begin a session."""
    body = await read_object(request, Credentials)
    accounts = engine.platform.accounts
    account = await accounts.sign_in(body.email, body.password, origin=origin_of(request))
    note(request, account=account.email)
    return json_response(views.session_view(account, accounts.session(account)))


async def show_me(engine: Engine, request: web.Request) -> web.Response:
    """Show the account that a token is of."""
    return json_response(views.account_view(engine.platform.accounts.get(account_of(request))))


async def sign_out(engine: Engine, request: web.Request) -> web.Response:
    """End all sessions of an account, wherever they were begun."""
    await engine.platform.accounts.log_out(account_of(request))
    return done("logged out everywhere")


async def change_password(engine: Engine, request: web.Request) -> web.Response:
    """Change one's password: other sessions end, and this one goes on with a new token."""
    body = await read_object(request, NewPassword)
    accounts = engine.platform.accounts
    try:
        account = await accounts.change_password(
            account_of(request), body.current_password, body.new_password, origin=origin_of(request)
        )
    except WrongCredentials:
        # Not 401: the session is as good as before.
        raise PermissionDenied("the current password is wrong") from None
    return json_response(views.session_view(account, accounts.session(account)))


async def make_api_token(engine: Engine, request: web.Request) -> web.Response:
    """Make an API token, which is shown this once."""
    body = await read_object(request, NewApiToken)
    token, text = await engine.platform.accounts.api_tokens.make(
        account_of(request), body.name, expire_in=body.expires_in
    )
    return json_response({**views.api_token_view(token), "token": text}, status=201)


async def list_api_tokens(engine: Engine, request: web.Request) -> web.Response:
    """List one's API tokens."""
    tokens = engine.platform.accounts.api_tokens.list(account_of(request))
    return listed(request, [views.api_token_view(one) for one in tokens])


async def revoke_api_token(engine: Engine, request: web.Request) -> web.Response:
    """Let nobody in by an API token any more."""
    await engine.platform.accounts.api_tokens.revoke(account_of(request), request.match_info["id"])
    return done("API token revoked")
