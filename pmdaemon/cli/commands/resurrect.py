"""`resurrect`."""

from collections.abc import Sequence
from typing import Any

from pmdaemon.cli import dump_file
from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.cli.starting import start
from pmdaemon.config.pm2_shape import app_of, by_name, was_up
from pmdaemon.core.errors import DaemonUnavailable, OperationFailed, PmdaemonError


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
    views: list[dict[str, Any]] = []
    failures: list[str] = []
    for apps, is_down in ((up, False), (down, True)):
        body = {"source": path, "cwd": "/", "existing": "keep", "down": is_down}
        brought, failed = _bring(context, body, [app_of(dumps) for dumps in apps], quiet=json)
        views += brought
        failures += failed
    if json and not failures:
        say_json(views)
    elif not json:
        show_list(context, json=False)
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        raise OperationFailed(f"not all came back: {failures[0]}{more}", failures=failures)


def _bring(
    context: Context, body: dict[str, Any], apps: Sequence[dict[str, Any]], *, quiet: bool
) -> tuple[list[dict[str, Any]], list[str]]:
    """Bring apps back, all at once if that goes, else one by one; tell what could not be."""
    if not apps:
        return [], []
    try:
        return start(context, {**body, "apps": apps}, quiet=quiet), []
    except DaemonUnavailable:
        raise
    except PmdaemonError as error:
        if len(apps) == 1:
            return [], [error.message]
    # One that cannot be brought back is no reason to leave the others out.
    views: list[dict[str, Any]] = []
    failures: list[str] = []
    for app in apps:
        brought, failed = _bring(context, body, [app], quiet=quiet)
        views += brought
        failures += failed
    return views, failures
