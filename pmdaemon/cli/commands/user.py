"""`user`."""

import click

from pmdaemon.cli.asking import read_secret
from pmdaemon.cli.context import Context, say
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.cli.render.platform import accounts_table, api_tokens_table, invitations_table
from pmdaemon.control.messages.platform import RoleWord


@click.group("user", invoke_without_command=True, no_args_is_help=False)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Manage who may deploy over the web API: accounts, invitations and API tokens.

    On this machine itself, you need no account. Without a subcommand, accounts are listed.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(_list)


@command_named("list")
@json_option
def _list(context: Context, *, json: bool = False) -> None:
    """List accounts."""
    accounts = context.client().users.list()
    table = accounts_table(accounts, context.terminal)
    say(
        accounts, table if accounts else "no accounts; create one with pmdaemon user add", json=json
    )


@command_named("add")
@click.argument("email")
@click.option("--name", metavar="NAME", help="The person's name; default what is before the @.")
@click.option(
    "--admin", is_flag=True, help="Make it an administrator; the first account always is."
)
@json_option
def _add(context: Context, *, email: str, name: str | None, admin: bool, json: bool) -> None:
    """Create an account. The password is prompted for, or read from standard input."""
    name = name if name is not None else email.partition("@")[0].ljust(2, ".")
    password = read_secret(f"password for {email}", again=True)
    account = context.client().users.add(email, name, password, role=_role(admin=admin))
    say(account, f"added {account['email']} as {account['role']}", json=json)


@command_named("remove")
@click.argument("email")
@json_option
def _remove(context: Context, *, email: str, json: bool) -> None:
    """Remove an account, its projects, and everything they run."""
    account = context.client().users.remove(email)
    projects = account["projects"]
    what = f" and {projects} project{'s' * (projects != 1)}" if projects else ""
    say(account, f"removed {account['email']}{what}", json=json)


@command_named("password")
@click.argument("email")
@json_option
def _password(context: Context, *, email: str, json: bool) -> None:
    """Set a new password for an account, and end its sessions.

    The password is prompted for, or read from standard input.
    """
    password = read_secret(f"new password for {email}", again=True)
    account = context.client().users.set_password(email, password)
    say(account, f"{account['email']} has a new password and is signed out", json=json)


@command_named("role")
@click.argument("email")
@click.argument("role", type=click.Choice(["user", "admin"]))
@json_option
def _set_role(context: Context, *, email: str, role: RoleWord, json: bool) -> None:
    """Change the role of an account."""
    account = context.client().users.set_role(email, role)
    say(account, f"{account['email']} is {account['role']}", json=json)


@command_named("invite")
@click.argument("email", required=False)
@click.option("--admin", is_flag=True, help="Invite an administrator.")
@click.option("--expire-in", metavar="TIME", help="How long it is valid: 12h, 30d; default 7d.")
@json_option
def _invite(
    context: Context, *, email: str | None, admin: bool, expire_in: str | None, json: bool
) -> None:
    """Invite somebody to register; with EMAIL, only with that address.

    The invitation can be used once, and is shown once.
    """
    from pmdaemon.core.quantities import parse_duration  # noqa: PLC0415 - for this alone

    seconds = parse_duration(expire_in) if expire_in is not None else None
    made = context.client().users.invite(email, role=_role(admin=admin), expire_in=seconds)
    say(made, made["invitation"], json=json)


@command_named("invitations")
@click.option("--withdraw", metavar="ID", help="Make this invitation invalid.")
@json_option
def _invitations(context: Context, *, withdraw: str | None, json: bool) -> None:
    """List invitations that have not been used yet."""
    users = context.client().users
    if withdraw is not None:
        users.withdraw(withdraw)
        say({"id": withdraw}, f"withdrew {withdraw}", json=json)
        return
    invitations = users.invitations()
    table = invitations_table(invitations, context.terminal)
    say(
        invitations,
        table if invitations else "no invitations; make one with pmdaemon user invite",
        json=json,
    )


@command_named("token")
@click.argument("email")
@click.option("--name", default="token", metavar="NAME", help="Name of the token; default token.")
@click.option(
    "--expire-in", metavar="TIME", help="How long it is valid: 12h, 30d; default forever."
)
@json_option
def _token(context: Context, *, email: str, name: str, expire_in: str | None, json: bool) -> None:
    """Make an API token for an account, for deploying and pushing. It is shown once."""
    from pmdaemon.core.quantities import parse_duration  # noqa: PLC0415 - for this alone

    seconds = parse_duration(expire_in) if expire_in is not None else None
    made = context.client().users.make_token(email, name, expire_in=seconds)
    say(made, made["token"], json=json)


@command_named("tokens")
@click.argument("email")
@click.option("--revoke", metavar="ID", help="Make this token invalid.")
@json_option
def _tokens(context: Context, *, email: str, revoke: str | None, json: bool) -> None:
    """List the API tokens of an account."""
    users = context.client().users
    if revoke is not None:
        users.revoke_token(email, revoke)
        say({"id": revoke}, f"revoked {revoke}", json=json)
        return
    tokens = users.tokens(email)
    table = api_tokens_table(tokens, context.terminal)
    say(
        tokens,
        table
        if tokens
        else f"{email} has no API tokens; make one with pmdaemon user token {email}",
        json=json,
    )


for _each in (
    *(_list, _add, _remove, _password, _set_role),
    *(_token, _tokens, _invite, _invitations),
):
    command.add_command(_each)


def _role(*, admin: bool) -> RoleWord:
    return "admin" if admin else "user"
