"""`requests`."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.control.channel import HungUp

if TYPE_CHECKING:
    from pmdaemon.client.gateway import Gateway
    from pmdaemon.control.messages.gateway import RequestView


@command_named("requests")
@click.argument("id_", metavar="[ID]", required=False)
@click.option("-f", "--follow", is_flag=True, help="Show each request as it ends, until Ctrl-C.")
@click.option(
    "-n",
    "--lines",
    "limit",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="How many of the latest to show.",
)
@click.option("--service", metavar="NAME", help="Only requests to this service.")
@click.option("--subdomain", metavar="NAME", help="Only requests to this name below the domain.")
@click.option("--method", metavar="METHOD", help="Only requests with this method, as GET.")
@click.option(
    "--min-status", type=click.IntRange(100, 599), help="Only answers with this status or above."
)
@click.option(
    "--max-status", type=click.IntRange(100, 599), help="Only answers with this status or below."
)
@click.option(
    "--since", metavar="TIME", help="Only requests since then: 10m, 2h, 09:30, 2026-11-22T09:30."
)
@click.option("--url", metavar="TEXT", help="Only requests with this in their path or query.")
@click.option("--body", "bodies", is_flag=True, help="With ID: show what was kept of the bodies.")
@json_option
def command(
    context: Context,
    *,
    id_: str | None,
    follow: bool,
    limit: int,
    since: str | None,
    bodies: bool,
    json: bool,
    **given: object,
) -> None:
    """Show the latest requests that came through the proxy, or one of them with its headers.

    Bodies are kept after pmdaemon proxy on --capture SIZE. Credentials in headers are masked.
    """
    from pmdaemon.cli.render.gateway import request_details, request_line  # noqa: PLC0415 - tables

    gateway = context.client().gateway
    wanted = {key: value for key, value in given.items() if value is not None}
    if since is not None:
        from pmdaemon.cli.moments import parse_moment  # noqa: PLC0415 - for few

        wanted["since"] = parse_moment(since)
    if id_ is not None:
        view = gateway.request(id_, bodies=bodies)
        if json:
            say_json(view)
        else:
            print(request_details(view, context.terminal))
        return
    if follow:
        for item in _followed(context, gateway, wanted):
            if json:
                say_json(item)
            else:
                print(request_line(item, context.terminal), flush=True)
        return
    result = gateway.requests(limit=limit, **wanted)
    if json:
        say_json(result)
        return
    for one in reversed(result["requests"]):
        print(request_line(one, context.terminal))
    if not result["requests"]:
        print("no request has come through the proxy" if not wanted else "no such request")


def _followed(
    context: Context, gateway: "Gateway", wanted: Mapping[str, object]
) -> Iterator["RequestView"]:
    """Yield each request as it ends, also those that the next daemon sees."""
    while True:
        try:
            yield from gateway.follow_requests(**wanted)
        except HungUp:
            warn("the daemon went away; waiting for it")
            gateway = context.client(start=False).gateway
        else:
            return
