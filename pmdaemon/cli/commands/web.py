"""`web`."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Never

import click

from pmdaemon.cli.context import Context, say, say_json, warn
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.client.blocking import Client
from pmdaemon.config.paths import from_here
from pmdaemon.control.channel import HungUp
from pmdaemon.control.messages.web import WebResult
from pmdaemon.core.errors import DaemonNotRunning, InvalidInput, OperationFailed
from pmdaemon.core.wording import why

KEY_VARIABLE = "PMDAEMON_API_KEY"


@command_named("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=9615, show_default=True, help="TCP port."
)
@click.option(
    "--api-key",
    metavar="KEY",
    help="Require this key. It ends up in your shell's history, and for a moment in"
    f" ps: prefer {KEY_VARIABLE} or --api-key-file.",
)
@click.option("--api-key-file", metavar="FILE", help="Read the key from the first line of a file.")
@click.option(
    "--allow-create",
    is_flag=True,
    help="Let keys with the scope create start new programs. Whoever has one can run anything.",
)
@click.option(
    "--cors-origin",
    "cors_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Origin whose pages may use the API, as https://app.example.com; * for all (default), none"
    " for none. May be repeated.",
)
@click.option(
    "--rate-limit",
    "rate_limits",
    multiple=True,
    metavar="N/TIME",
    help="Requests allowed per address; default 100/60s and 20/10s, off for no limit. May"
    " be repeated.",
)
@click.option(
    "--body-limit",
    metavar="SIZE",
    help="Largest body of a request; default 1M, at most 64M.",
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="NETWORK",
    help="Trust X-Forwarded-For from this address or network. May be repeated.",
)
@click.option(
    "--ws-auth",
    type=click.Choice(["public", "required"]),
    help="Whether a WebSocket without a key gets the public feed (default).",
)
@click.option("--tls-cert", metavar="FILE", help="Serve HTTPS with this certificate (PEM).")
@click.option("--tls-key", metavar="FILE", help="Its key, unless that is in the same file.")
@click.option("--detach", is_flag=True, help="Return at once and keep it on, also after restarts.")
@click.option("--off", is_flag=True, help="Turn the web API off.")
@json_option
def command(
    context: Context,
    *,
    host: str,
    port: int,
    api_key: str | None,
    api_key_file: str | None,
    detach: bool,
    off: bool,
    json: bool,
    allow_create: bool,
    cors_origins: tuple[str, ...],
    rate_limits: tuple[str, ...],
    body_limit: str | None,
    trusted_proxies: tuple[str, ...],
    ws_auth: str | None,
    tls_cert: str | None,
    tls_key: str | None,
) -> None:
    """Turn the dashboard and the web API on, until Ctrl-C, or for good with --detach.

    The key comes from --api-key-file, from the variable PMDAEMON_API_KEY, or from --api-key.
    Without a key, everybody on this machine may use the API; on an address that others can reach,
    a key is made and shown.
    """
    if off:
        _turn_off(context, json=json)
        return
    if api_key is not None and api_key_file is not None:
        raise WrongUsage("only one of --api-key and --api-key-file can be used")
    key = _key(context, api_key, api_key_file)
    settings = {
        "allow_create": allow_create or None,
        "cors_origins": _unless_word("none", cors_origins),
        "rate_limits": _unless_word("off", rate_limits),
        "body_limit": body_limit,
        "trusted_proxies": list(trusted_proxies) or None,
        "ws_auth": ws_auth,
        "tls_cert": _absolute(tls_cert),
        "tls_key": _absolute(tls_key),
    }
    said = {name: value for name, value in settings.items() if value is not None}
    if detach:
        _show(context.client().web(host, port, api_key=key, **said), detached=True, json=json)
        return
    with suppress(KeyboardInterrupt):
        _hold(context, lambda client: client.hold_web(host, port, api_key=key, **said), json=json)


def _hold(context: Context, begin: Callable[[Client], Iterable[WebResult]], *, json: bool) -> Never:
    """Keep the web API on, also when one daemon is replaced by the next.

    Raises:
        PmdaemonError: it cannot be turned on, somebody has turned it off, or the daemon is gone.

    """
    is_on = False
    while True:
        try:
            # Once it was on, no daemon is started: somebody may have ended it for good.
            for item in begin(context.client(start=not is_on)):
                if is_on:
                    warn("the web API answers again")
                else:
                    _show(item, detached=False, json=json)
                is_on = True
            raise OperationFailed("the daemon has turned the web API off")
        except HungUp:
            if not is_on:
                raise
            warn("the daemon went away; waiting for it")


def _key(context: Context, given: str | None, file: str | None) -> str | None:
    if given is not None:
        _hide_arguments()
        return given
    if file is not None:
        return _key_in(file)
    return context.environment.get(KEY_VARIABLE) or None


def _turn_off(context: Context, *, json: bool) -> None:
    try:
        url = context.client(start=False).web_off()
    except DaemonNotRunning:
        url = None
    say({"url": url}, f"turned off {url}" if url else "the web API is off already", json=json)


def _show(web: WebResult, *, detached: bool, json: bool) -> None:
    if json:
        say_json(web)
        return
    url = web["url"]
    print(f"The dashboard and the web API are at {url}")
    if key := web.get("generated_key"):
        print(f"Its key, kept in {web['key_file']}: {key}")
    header = '-H "X-API-Key: KEY" ' if web["protected"] else ""
    print(f"  curl {header}{url}/api/status", flush=True)
    if not web["protected"]:
        print("No key is needed: everybody on this machine may use it.", flush=True)
    if not detached:
        print("Ctrl-C turns it off; with --detach it stays on.", flush=True)


def _unless_word(nothing: str, given: tuple[str, ...]) -> list[str] | None:
    """Read an option that may be given several times, or once as the word for none at all."""
    if given == (nothing,):
        return []
    if nothing in given:
        raise WrongUsage(f"{nothing} cannot be combined with other options")
    return list(given) or None


def _absolute(path: str | None) -> str | None:
    return from_here(path) if path is not None else None


def _key_in(path: str) -> str:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not text" if isinstance(error, UnicodeDecodeError) else why(error)
        raise InvalidInput(f"cannot read the key in {path}: {reason}", path=path) from error
    key = lines[0].strip() if lines else ""
    if not key:
        raise InvalidInput(f"there is no key in the first line of {path}", path=path)
    return key


def _hide_arguments() -> None:
    """Take the key out of what `ps` shows of us."""
    import setproctitle  # noqa: PLC0415 - nobody else needs it

    setproctitle.setproctitle("pmdaemon web")
