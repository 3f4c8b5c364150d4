"""Asking the daemon to bring programs up, and saying what came of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pmdaemon.cli.actions import called
from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.ecosystem_files import AppsOfFile, apps_of, default_file, is_file_of_apps
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.render.processes import status_word
from pmdaemon.client.calls import Existing, Processes, current_directory
from pmdaemon.control.messages.processes import ProcessView
from pmdaemon.core.errors import NotReady


def started_at_once(arguments: list[str], context: Context) -> bool:
    """Carry out a `start` without options; False when it is something else."""
    match arguments:
        case ["start", *targets] if not any(each.startswith("-") for each in targets):
            start_targets(context, targets, {})
            return True
        case _:
            return False


def start_targets(
    context: Context,
    targets: Sequence[str],
    options: Mapping[str, Any],
    *,
    only: Sequence[str] = (),
    env_name: str | None = None,
    json: bool = False,
) -> None:
    """Start what is named, or the file of apps in this directory, and show what there is then.

    Raises:
        WrongUsage: an option is not for what it was given with.

    """
    targets = targets or (default_file(current_directory()),)
    if "name" in options and len(targets) > 1:
        raise WrongUsage(f"--name is for one program, and {len(targets)} are given")
    for target in targets:
        _check_options(target, options, only=only, env_name=env_name)
    # Files are read before anything is started, as one of them may be refused.
    files = {
        target: read_file(context, target, only=only, env_name=env_name)
        for target in targets
        if is_file_of_apps(target)
    }
    started: Processes = []
    for target in targets:
        if target in files:
            started += start_apps(context, files[target], quiet=json)
        else:
            started += start_program(context, target, options, quiet=json)
    if json:
        say_json(started)
    else:
        show_list(context, json=False)
    if options.get("wait_ready"):
        refuse_unready(started)


def _check_options(
    target: str, options: Mapping[str, Any], *, only: Sequence[str], env_name: str | None
) -> None:
    if is_file_of_apps(target):
        if options:
            # The parser of options, which a start without them does not wait for.
            from pmdaemon.cli.start_options import flag_of  # noqa: PLC0415

            raise WrongUsage(f"{flag_of(options)} cannot be used with an ecosystem file")
    elif only or env_name is not None:
        flag = "--only" if only else "--env without a ="
        # PM2 has `-e` for that.
        hint = "" if only else " (--error FILE keeps its standard error)"
        raise WrongUsage(f"{flag} is for ecosystem files, and {target} is not one{hint}")


def start_file(
    context: Context,
    path: str,
    *,
    only: Sequence[str] = (),
    env_name: str | None = None,
    existing: Existing = "restart",
    quiet: bool,
) -> Processes:
    """Start the apps of an ecosystem file; those that run are started anew as it declares them."""
    file = read_file(context, path, only=only, env_name=env_name)
    return start_apps(context, file, existing=existing, quiet=quiet)


def read_file(
    context: Context, path: str, *, only: Sequence[str] = (), env_name: str | None = None
) -> AppsOfFile:
    """Read an ecosystem file, and print its warnings."""
    file = apps_of(path, context.environment, only=only, env_name=env_name)
    for warning in file.warnings:
        warn(warning)
    return file


def start_apps(
    context: Context,
    file: AppsOfFile,
    *,
    existing: Existing = "restart",
    down: bool = False,
    quiet: bool,
) -> Processes:
    """Start the apps that were read of a file, or with `down` only list what is new of them."""

    def start() -> Processes:
        return context.client().start_apps(file.apps, existing=existing, down=down, **file.how)

    if file.gateway is None:
        return _said(start, quiet=quiet)
    # For the few files that have such a part.
    from pmdaemon.cli.publishing import published, whereabouts  # noqa: PLC0415

    with published(context, file.gateway, file.how["file"]):
        views = _said(start, quiet=quiet)
    for line in whereabouts(context, file.gateway) if not quiet else ():
        print(line)
    return views


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


def start_anew(
    context: Context,
    selectors: Sequence[str],
    existing: Literal["restart", "reload"],
    *,
    only: Sequence[str],
    env_name: str | None,
    json: bool,
) -> None:
    """Restart or reload the apps of files as they are declared now, and what else is selected.

    Raises:
        WrongUsage: --only or --env is given, and no file.

    """
    files = [each for each in selectors if is_file_of_apps(each)]
    if not files and (only or env_name is not None):
        flag = "--only" if only else "--env"
        raise WrongUsage(f"{flag} is for ecosystem files, and none is named")
    views: Processes = []
    for path in files:
        views += start_file(
            context, path, only=only, env_name=env_name, existing=existing, quiet=json
        )
    if others := [each for each in selectors if each not in files]:
        client = context.client()
        started = client.reload(*others) if existing == "reload" else client.restart(*others)
        views += started
        for view in started if not json else ():
            print(f"{existing}ed {called(view)}")
    if json:
        say_json(views)
    else:
        show_list(context, json=False)


def _said(start: Callable[[], Processes], *, quiet: bool) -> Processes:
    asked_at = time.monotonic()
    views = start()
    if not quiet:
        say_outcome(views, time.monotonic() - asked_at)
    return views


def refuse_unready(views: Processes) -> None:
    """Fail if a program did not get ready in time.

    Raises:
        NotReady: one is running, but has not said yet that it is ready.

    """
    late = [called(view) for view in views if view["state"] == "online" and not view["ready"]]
    if late:
        raise NotReady(f"{' and '.join(late)} did not say in time that it is ready", processes=late)


def say_outcome(views: Processes, elapsed: float) -> None:
    """Print what became of each, so many seconds after it was asked for."""
    for view in views:
        print(_outcome(view, elapsed))


def _outcome(view: ProcessView, elapsed: float) -> str:
    if view["uptime"] > elapsed:
        return f"{called(view)} is up already"
    if view["state"] == "online" and not view["ready"]:
        return f"started {called(view)}, which has not said that it is ready"
    if view["state"] == "online":
        return f"started {called(view)}"
    if view["state"] == "stopped" and view["wish"] == "down":
        return f"listed {called(view)}, which is not to run now"
    return f"{called(view)} is {status_word(view['state'])}"
