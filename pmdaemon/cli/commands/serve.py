"""`serve`."""

from pathlib import Path

import click

from pmdaemon.cli.actions import called
from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.cli.render.text import harmless
from pmdaemon.client.calls import current_directory
from pmdaemon.config.static_sites import app_of
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.routing import bracketed


@command_named("serve")
@click.argument("folder", default=".", metavar="[PATH]")
@click.argument("port", required=False, type=click.IntRange(1, 65535))
@click.option(
    "--port", "port_option", type=click.IntRange(1, 65535), help="Port to listen on; default 8080."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--name", help="Name of the app; default static-page-server-PORT.")
@click.option("--spa", is_flag=True, help="Serve index.html for paths that do not exist.")
@click.option("--ftp", is_flag=True, help="List the files of folders without index.html.")
@click.option("--basic-auth-username", metavar="NAME", help="Ask for this user name.")
@click.option(
    "--basic-auth-password",
    metavar="PASSWORD",
    envvar="PM2_SERVE_BASIC_AUTH_PASSWORD",
    help="And this password; safer in PM2_SERVE_BASIC_AUTH_PASSWORD.",
)
@json_option
def command(
    context: Context,
    folder: str,
    port: int | None,
    *,
    port_option: int | None,
    host: str,
    name: str | None,
    spa: bool,
    ftp: bool,
    basic_auth_username: str | None,
    basic_auth_password: str | None,
    json: bool,
) -> None:
    """Serve the files of a folder over HTTP, as an app of its own.

    If the folder has a 404.html, it is shown for what is not there.
    """
    place = Path(current_directory(), folder)
    if not place.is_dir():
        raise InvalidInput(f"cannot serve {place}: no such folder", code="file_not_found")
    section = {
        "path": str(place),
        "port": port or port_option or 8080,
        "host": host,
        "name": name,
        "spa": spa,
        "ftp": ftp,
        "basic_auth": {"username": basic_auth_username, "password": basic_auth_password},
    }
    if bool(basic_auth_username) != bool(basic_auth_password):
        raise InvalidInput("a password needs a user name, and a user name a password")
    app = app_of(section)
    views = context.client().start_apps([app], relative_to=str(place), existing="refuse")
    if json:
        say_json(views)
        return
    url = f"http://{bracketed(host)}:{section['port']}"
    for view in views:
        print(f"{called(view)} serves {harmless(str(place))} on {url}")
    show_list(context, json=False)
