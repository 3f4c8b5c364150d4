"""`token`."""

import sys

import click

from pmdaemon.cli.context import Context, say, say_json
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.client.calls import Tokens
from pmdaemon.control.messages.web import TokenView


@command_named("token")
@click.option("--name", metavar="NAME", help="Name of the key; default key-1 and so on.")
@click.option("--consumer", metavar="NAME", help="Make a JWT for this consumer, as Pup does.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="What it allows: read, control, create, log, telemetry[:ID], deploy, or admin, which"
    " is everything and the default. May be repeated.",
)
@click.option(
    "--expire-in", metavar="TIME", help="When it expires: seconds from now, or 90m, 12h, 30d."
)
@click.option("--list", "listing", is_flag=True, help="List all keys and tokens.")
@click.option("--revoke", metavar="NAME", help="Make this one invalid, at once.")
@click.option("--rotate", metavar="NAME", help="Replace this one by a new one.")
@click.option(
    "--rotate-secret",
    is_flag=True,
    help="Sign JWTs with a new secret; existing ones are valid for the overlap.",
)
@click.option(
    "--overlap",
    metavar="TIME",
    default="1d",
    show_default=True,
    help="How long what was replaced stays valid.",
)
@json_option
def command(
    context: Context,
    *,
    name: str | None,
    consumer: str | None,
    scopes: tuple[str, ...],
    expire_in: str | None,
    listing: bool,
    revoke: str | None,
    rotate: str | None,
    rotate_secret: bool,
    overlap: str,
    json: bool,
) -> None:
    """Make a key for the web API; or list, rotate and revoke keys.

    A key is printed once; the daemon only stores its digest. As soon as there is a key, the web
    API asks everybody for one, on this machine too.
    """
    wishes = [
        listing,
        revoke is not None,
        rotate is not None,
        rotate_secret,
        (name or consumer) is not None,
    ]
    if sum(wishes) > 1 or (name is not None and consumer is not None):
        raise WrongUsage(
            "only one of --name, --consumer, --list, --revoke, --rotate and --rotate-secret can be"
            " used"
        )
    if (scopes or expire_in) and any(wishes[:4]):
        raise WrongUsage("--scope and --expire-in are for a new token")
    client = context.client()
    if listing:
        _show_list(client.tokens(), context, json=json)
    elif revoke is not None:
        client.revoke_token(revoke)
        _show_revoked(revoke, json=json)
    elif rotate_secret:
        _show_until(client.rotate_secret(overlap=_seconds(overlap)), json=json)
    elif rotate is not None:
        _show(client.rotate_token(rotate, overlap=_seconds(overlap)), json=json)
    else:
        time = _seconds(expire_in) if expire_in is not None else None
        _show(client.make_token(name, consumer=consumer, scopes=scopes, expire_in=time), json=json)


def _show(made: TokenView, *, json: bool) -> None:
    """Print the token by itself, so that `KEY=$(pmdaemon token)` works; the rest is for people."""
    if json:
        say_json(made)
        return
    print(made["token"], flush=True)
    about = f"{made['name']}: {', '.join(made['scopes'])}; expires: {_time(made['expires'])}"
    print(f"{about}; it is not shown again", file=sys.stderr)


def _show_list(tokens: Tokens, context: Context, *, json: bool) -> None:
    if json:
        say_json(tokens)
        return
    if not tokens:
        print("no tokens; make one with pmdaemon token")
        return
    from pmdaemon.cli.render.table import Column, draw  # noqa: PLC0415 - only this draws

    columns = [
        Column("name", [one["name"] for one in tokens], flexible=True),
        Column("kind", [one["kind"] for one in tokens], rank=2),
        Column("scopes", [", ".join(one["scopes"]) for one in tokens]),
        Column("made", [_time(one["created"]) for one in tokens], rank=3),
        Column("expires", [_time(one["expires"]) for one in tokens], rank=1),
    ]
    print(draw(columns, context.terminal))


def _show_revoked(name: str, *, json: bool) -> None:
    say({"name": name}, f"revoked {name}", json=json)


def _show_until(until: float, *, json: bool) -> None:
    say(
        {"until": until},
        f"there is a new secret; JWTs of the former one are good until {_time(until)}",
        json=json,
    )


def _seconds(text: str) -> float:
    """Read a time; a bare number is in seconds, as with Pup."""
    from pmdaemon.core.quantities import parse_duration  # noqa: PLC0415 - not for every wish

    return parse_duration(f"{text}s" if text.strip().isdigit() else text)


def _time(wall: float | None) -> str:
    if wall is None:
        return "never"
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    return datetime.fromtimestamp(wall, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
