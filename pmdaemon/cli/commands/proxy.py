"""`proxy`."""

from typing import Any

import click

from pmdaemon.cli.context import Context, say, say_json
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.cli.publishing import answers_at
from pmdaemon.control.messages.gateway import GatewayResult, ServiceView
from pmdaemon.core.routing import bracketed
from pmdaemon.core.wording import shown

LONGEST_PORT = 5
"""Digits of a TCP port."""


@click.group("proxy", invoke_without_command=True, no_args_is_help=False)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Publish programs under host names, through a reverse proxy that knows which are ready.

    Each service answers at NAME.localhost, and at the hosts and paths you give it. Without a
    subcommand, its status is shown.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(_status)


@command_named("status")
@json_option
def _status(context: Context, *, json: bool = False) -> None:
    """Show where the proxy listens, and what it publishes."""
    status = context.client().gateway.status()
    if json:
        say_json(status)
        return
    if not status["on"]:
        print("the proxy is off; turn it on with pmdaemon proxy add APP, or pmdaemon proxy on")
    for url in status["urls"]:
        print(f"listens at {url}")
    if status["on"]:
        for line in (line for one in status["services"] for line in _balanced(one)):
            print(line)
    if status["services"]:
        from pmdaemon.cli.render.gateway import services_table  # noqa: PLC0415 - only this draws

        print(services_table(status["services"], context.terminal))


@command_named("routes")
@json_option
def _routes(context: Context, *, json: bool) -> None:
    """List hosts and paths, and where they lead."""
    status = context.client().gateway.status()
    if json:
        say_json(status["services"])
        return
    from pmdaemon.cli.render.gateway import routes_table  # noqa: PLC0415 - only this draws

    print(routes_table(status, context.terminal) if status["services"] else "there are no routes")


@command_named("on")
@click.option("--host", metavar="HOST", help="Address to listen on; default localhost.")
@click.option("--http", "http_port", metavar="PORT", help="TCP port for HTTP, or none.")
@click.option("--https", "https_port", metavar="PORT", help="TCP port for HTTPS, or none.")
@click.option("--domain", metavar="NAME", help="Domain of the services' names; default localhost.")
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="NETWORK",
    help="Trust X-Forwarded headers from this address or network; none for nobody. May be"
    " repeated.",
)
@click.option(
    "--capture",
    metavar="SIZE",
    help="Keep this much of each body, for pmdaemon requests; default 0.",
)
@json_option
def _on(context: Context, *, json: bool, capture: str | None, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Turn the proxy on, and keep it on; settings that are not given stay as they are."""
    settings = {key: value for key, value in given.items() if value not in {None, ()}}
    for key in ("http_port", "https_port"):
        if key in settings:
            settings[key] = _port(settings[key])
    if "trusted_proxies" in settings:
        trusted = list(settings["trusted_proxies"])
        settings["trusted_proxies"] = [] if trusted == ["none"] else trusted
    if capture is not None:
        from pmdaemon.core.quantities import parse_size  # noqa: PLC0415 - for few

        settings["capture"] = parse_size(capture)
    urls = context.client().gateway.turn_on(**settings)
    if json:
        say_json({"urls": urls})
        return
    for url in urls:
        print(f"listens at {url}")


@command_named("off")
@json_option
def _off(context: Context, *, json: bool) -> None:
    """Turn the proxy off; services are remembered."""
    urls = context.client().gateway.turn_off()
    say(
        {"urls": urls},
        "\n".join(f"stopped listening at {url}" for url in urls) or "the proxy is off already",
        json=json,
    )


@command_named("add")
@click.argument("words", nargs=-1, required=True, metavar="[HOST[/PATH]]... TARGET")
@click.option("--name", metavar="NAME", help="Name of the service; default that of the app.")
@click.option(
    "--also",
    "also",
    multiple=True,
    metavar="HOST:PORT",
    help="Another address to send requests to.",
)
@click.option(
    "--strategy",
    type=click.Choice(["round-robin", "ip-hash", "least-connections"]),
    help="How to spread requests over several targets.",
)
@click.option("--strip", is_flag=True, help="Remove the path of the route from requests.")
@click.option("--swap", is_flag=True, help="Replace the present targets of the service.")
@click.option(
    "--listen",
    metavar="[HOST:]PORT",
    help="Balance TCP connections to this address instead of HTTP requests.",
)
@json_option
def _add(
    context: Context,
    *,
    words: tuple[str, ...],
    name: str | None,
    also: tuple[str, ...],
    strategy: str | None,
    strip: bool,
    swap: bool,
    listen: str | None,
    json: bool,
) -> None:
    """Publish TARGET: an app, app:PORT, HOST:PORT, or a PORT of this machine.

    It answers at its name below the domain, as app.localhost, and at each HOST and HOST/PATH given
    before it; *.example.com is every name below that.
    """
    *routes, target = words
    client = context.client()
    view = client.gateway.publish(
        target,
        *also,
        routes=routes,
        name=name,
        strategy=strategy,
        strip=strip or None,
        swap=swap or None,
        **(_listener(listen) if listen is not None else {}),
    )
    if json:
        say_json(view)
        return
    for line in _where(view, client.gateway.status()):
        print(line)


@command_named("remove")
@click.argument("names", nargs=-1, required=True, metavar="SERVICE|HOST[/PATH]...")
@json_option
def _remove(context: Context, *, names: tuple[str, ...], json: bool) -> None:
    """Remove services, or single routes; the apps run on."""
    client = context.client()
    removed = [client.gateway.unpublish(name) for name in names]
    if json:
        say_json(removed)
        return
    for name in names:
        print(f"removed {name}")


@command_named("pause")
@click.argument("names", nargs=-1, required=True, metavar="SERVICE...")
@click.option("--maintenance", is_flag=True, help="Answer 503 at once instead of holding requests.")
@json_option
def _pause(context: Context, *, names: tuple[str, ...], maintenance: bool, json: bool) -> None:
    """Hold requests to services, for up to 30 seconds each."""
    mode = "maintenance" if maintenance else "paused"
    views = context.client().gateway.set_mode(*names, mode=mode)  # type: ignore[arg-type] # one of three
    _say_modes(views, json=json)


@command_named("resume")
@click.argument("names", nargs=-1, required=True, metavar="SERVICE...")
@json_option
def _resume(context: Context, *, names: tuple[str, ...], json: bool) -> None:
    """Let requests through again, held ones first."""
    _say_modes(context.client().gateway.set_mode(*names, mode="serving"), json=json)


@command_named("certs")
@click.option("--install", is_flag=True, help="Show how to make this machine trust our authority.")
@click.option("--host", metavar="HOST", help="Use the certificate of --cert for this host.")
@click.option("--cert", metavar="FILE", help="A certificate of your own, with its chain (PEM).")
@click.option("--key", metavar="FILE", help="Its key (PEM).")
@click.option("--remove", metavar="HOST", help="Stop using the certificate of this host.")
@click.option(
    "--retry", metavar="HOST", help="Ask the authority for a certificate of this host now."
)
@click.option(
    "--acme",
    metavar="AUTHORITY",
    help="Get certificates for published names from letsencrypt, letsencrypt-staging, or the"
    " directory at this URL; none stops that.",
)
@click.option(
    "--contact", multiple=True, metavar="EMAIL", help="Address for mail from that authority."
)
@click.option("--agree", is_flag=True, help="Agree to the terms of service of that authority.")
@click.option(
    "--trust", metavar="FILE", help="Certificate (PEM) of an authority that is not widely known."
)
@json_option
def _certs(context: Context, *, install: bool, json: bool, **said: Any) -> None:  # noqa: ANN401 - click's values
    """List the certificates for HTTPS, and say where they come from."""
    from pmdaemon.cli import certificates  # noqa: PLC0415 - only this needs it

    certificates.change(context, **said)
    if install:
        certificates.say_how_to_trust(context, json=json)
    else:
        certificates.show(context, json=json)


for _each in (_status, _routes, _on, _off, _add, _remove, _pause, _resume, _certs):
    command.add_command(_each)


def _say_modes(views: list[ServiceView], *, json: bool) -> None:
    if json:
        say_json(views)
        return
    for view in views:
        print(f"{view['name']}: {view['mode']}")


def _where(view: ServiceView, status: GatewayResult) -> list[str]:
    """Say where a service answers now."""
    return [*answers_at(view, status["urls"]), *_balanced(view)]


def _balanced(view: ServiceView) -> list[str]:
    """Say at which address connections are taken for a service, if they are."""
    if (listener := view["listener"]) is None:
        return []
    at = f"{bracketed(listener['host'])}:{listener['port']}"
    return [f"{view['name']} is balanced at {at}"]


def _port(text: str) -> int:
    if text == "none":
        return -1
    if not text.isdecimal() or len(text) > LONGEST_PORT or int(text) > 65535:
        raise WrongUsage(f"{shown(text)} is not a TCP port: use a number up to 65535, or none")
    return int(text)


def _listener(text: str) -> dict[str, object]:
    host, _, port = text.rpartition(":")
    said: dict[str, object] = {"listen_port": _port(port)}
    return {**said, "listen_host": host.strip("[]")} if host else said
