"""Asking the daemon to bring programs up, and saying what came of it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from pmdaemon.cli.actions import called
from pmdaemon.cli.context import Context
from pmdaemon.cli.ecosystem_files import apps_of, folder_of
from pmdaemon.cli.render.processes import status_word
from pmdaemon.client.calls import Existing, Processes
from pmdaemon.control.messages import ProcessView


def start_file(
    context: Context,
    path: str,
    *,
    only: str | None = None,
    env_name: str | None = None,
    quiet: bool,
) -> Processes:
    """Start the apps of an ecosystem file; those that run are started anew as it declares them."""
    apps = apps_of(path, only=only, env_name=env_name)

    def start() -> Processes:
        return context.client().start_apps(apps, relative_to=folder_of(path), source=path)

    return _said(start, quiet=quiet)


def start_program(
    context: Context,
    target: str,
    options: Mapping[str, Any],
    *,
    existing: Existing = "refuse",
    quiet: bool,
) -> Processes:
    """Start what is named, or a program; print one line a process, unless `quiet`."""

    def start() -> Processes:
        return context.client().start(target, existing=existing, **options)

    return _said(start, quiet=quiet)


def _said(start: Callable[[], Processes], *, quiet: bool) -> Processes:
    asked_at = time.monotonic()
    views = start()
    if not quiet:
        say_outcome(views, time.monotonic() - asked_at)
    return views


def say_outcome(views: Processes, elapsed: float) -> None:
    """Print what became of each, so many seconds after it was asked for."""
    for view in views:
        print(_outcome(view, elapsed))


def _outcome(view: ProcessView, elapsed: float) -> str:
    if view["uptime"] > elapsed:
        return f"{called(view)} is up already"
    if view["state"] == "online":
        return f"started {called(view)}"
    return f"{called(view)} is {status_word(view['state'])}"
