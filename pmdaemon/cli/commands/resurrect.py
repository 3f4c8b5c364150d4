"""`resurrect`."""

from collections.abc import Mapping, Sequence
from typing import Any

from pmdaemon.cli import dump_file
from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.cli.starting import start
from pmdaemon.config.pm2_shape import app_of, by_name, was_up


@command_named("resurrect")
@json_option
def command(context: Context, *, json: bool) -> None:
    """Bring the saved list back.

    What is missing is created, and what was up when the list was saved is started. What runs is
    left as it is. A dump.pm2 of PM2, copied into the home, is read as well.
    """
    path = context.home.dump
    entries, fallback = dump_file.read(path)
    if fallback is not None:
        warn(fallback)
    saved = by_name(entries)
    present = {view["name"] for view in context.processes()}
    up = [dumps for dumps in saved.values() if any(map(was_up, dumps))]
    down = [dumps for name, dumps in saved.items() if dumps not in up and name not in present]
    views = _bring(context, path, up, down=False, quiet=json)
    views += _bring(context, path, down, down=True, quiet=json)
    if json:
        say_json(views)
    else:
        show_list(context, json=False)


def _bring(
    context: Context,
    path: str,
    apps: Sequence[Sequence[Mapping[str, Any]]],
    *,
    down: bool,
    quiet: bool,
) -> list[dict[str, Any]]:
    if not apps:
        return []
    declared = [app_of(dumps) for dumps in apps]
    body = {"apps": declared, "source": path, "cwd": "/", "existing": "keep", "down": down}
    return start(context, body, quiet=quiet)
