"""Asking the daemon to bring programs up, and saying what came of it."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from pmdaemon.cli.actions import called
from pmdaemon.cli.context import Context, warn
from pmdaemon.cli.ecosystem_files import request_for
from pmdaemon.cli.render.processes import status_word


def start_file(
    context: Context,
    path: str,
    *,
    only: Sequence[str] = (),
    env_name: str | None = None,
    quiet: bool,
) -> list[dict[str, Any]]:
    """Start the apps of an ecosystem file; those that run are started anew as it declares them."""
    return start(context, read_file(context, path, only=only, env_name=env_name), quiet=quiet)


def read_file(
    context: Context, path: str, *, only: Sequence[str] = (), env_name: str | None = None
) -> dict[str, Any]:
    """Read an ecosystem file into what starts it, and say what is to be said about it."""
    body, warnings = request_for(path, context.environment, only=only, env_name=env_name)
    for warning in warnings:
        warn(warning)
    return {**body, "existing": "restart"}


def start(context: Context, body: Mapping[str, Any], *, quiet: bool) -> list[dict[str, Any]]:
    """Have the daemon bring up what `body` says, and print one line a process, unless `quiet`."""
    asked_at = time.monotonic()
    result = context.ask("start", {**body, "environment": context.environment_to_send()})
    elapsed = time.monotonic() - asked_at
    for warning in result.get("warnings", []):
        warn(warning)
    if body.get("options") and "warnings" not in result:
        # Only a program that is new is declared by options.
        warn(f"{body['target']} is there already, and keeps its options: delete it to change them")
    views: list[dict[str, Any]] = result["processes"]
    if not quiet:
        for view in views:
            print(_outcome(view, elapsed))
    return views


def _outcome(view: dict[str, Any], elapsed: float) -> str:
    if view["uptime"] > elapsed:
        return f"{called(view)} is up already"
    if view["state"] == "online":
        return f"started {called(view)}"
    return f"{called(view)} is {status_word(view['state'])}"
