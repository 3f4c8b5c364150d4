"""`web`."""

from pathlib import Path

import click

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.control.messages import WebResult
from pmdaemon.core.errors import DaemonNotRunning, InvalidInput, OperationFailed

KEY_VARIABLE = "PMDAEMON_API_KEY"


@command_named("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=9615, show_default=True, help="TCP port."
)
@click.option(
    "--api-key",
    metavar="KEY",
    help="Ask callers for this key. Others may see it in your shell's history, and for a moment in"
    f" ps: prefer {KEY_VARIABLE} or --api-key-file.",
)
@click.option("--api-key-file", metavar="FILE", help="Read the key from the first line of a file.")
@click.option("--detach", is_flag=True, help="Return at once; the daemon remembers it.")
@click.option("--off", is_flag=True, help="Turn it off.")
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
) -> None:
    """Turn the web API on, until Ctrl-C, or with --detach for good.

    The key comes from --api-key-file, from the variable PMDAEMON_API_KEY, or from --api-key.
    Without one everybody on this machine may use the API; on an address that others can reach, a
    key is made and shown.
    """
    if off:
        _turn_off(context, json=json)
        return
    if api_key is not None and api_key_file is not None:
        raise WrongUsage("--api-key and --api-key-file: one of them, please")
    key: str | None
    if api_key is not None:
        _hide_arguments()
        key = api_key
    elif api_key_file is not None:
        key = _key_in(api_key_file)
    else:
        key = context.environment.get(KEY_VARIABLE) or None
    client = context.client()
    if detach:
        _show(client.web(host, port, api_key=key), detached=True, json=json)
        return
    try:
        for item in client.hold_web(host, port, api_key=key):
            _show(item, detached=False, json=json)
    except KeyboardInterrupt:
        return
    raise OperationFailed("the daemon has turned the web API off")


def _turn_off(context: Context, *, json: bool) -> None:
    try:
        url = context.client(start=False).web_off()
    except DaemonNotRunning:
        url = None
    if json:
        say_json({"url": url})
    else:
        print(f"turned off {url}" if url else "the web API is off already")


def _show(web: WebResult, *, detached: bool, json: bool) -> None:
    if json:
        say_json(web)
        return
    url = web["url"]
    print(f"The web API answers at {url}")
    if key := web.get("generated_key"):
        print(f"Its key, shown this once: {key}")
    header = '-H "X-API-Key: KEY" ' if web["protected"] else ""
    print(f"  curl {header}{url}/api/status", flush=True)
    if not detached:
        print("Ctrl-C turns it off; with --detach it stays on.", flush=True)


def _key_in(path: str) -> str:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = str(getattr(error, "strerror", None) or "it is not text").lower()
        raise InvalidInput(f"cannot read the key in {path}: {reason}", path=path) from error
    key = lines[0].strip() if lines else ""
    if not key:
        raise InvalidInput(f"there is no key in the first line of {path}", path=path)
    return key


def _hide_arguments() -> None:
    """Take the key out of what `ps` shows of us."""
    import setproctitle  # noqa: PLC0415 - nobody else needs it

    setproctitle.setproctitle("pmdaemon web")
