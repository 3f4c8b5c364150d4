"""`env`."""

from typing import Any

import click

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import complete_names, json_option
from pmdaemon.cli.render.text import harmless


@command_named("env")
@click.argument("selector", shell_complete=complete_names)
@json_option
def command(context: Context, selector: str, *, json: bool) -> None:
    """Show the environment that a process is started with, secrets included.

    SELECTOR is an id, a name or name:instance.
    """
    variables = environment_of(context.processes((selector,), detail=True))
    if json:
        say_json(variables)
        return
    for name, value in sorted(variables.items()):
        print(f"{harmless(name)}: {harmless(value)}")


def environment_of(views: list[dict[str, Any]]) -> dict[str, str]:
    """Put together what was inherited and what was declared.

    Raises:
        WrongUsage: these are processes of several apps.

    """
    if len({view["name"] for view in views}) != 1:
        raise WrongUsage(f"env shows one process, and this names {len(views)}: give an id")
    view = views[0]
    declaration = view["declaration"]
    own = {"PORT": str(view["tcp_port"])} if view["tcp_port"] else {}
    return {**declaration["inherited_env"], **own, **declaration["env"]}
