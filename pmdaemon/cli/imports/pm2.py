"""`import pm2`: what its daemon runs, or has saved."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.imports import say_what_follows
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.render.text import harmless
from pmdaemon.client import conf_file, dump_file, pm2_daemon
from pmdaemon.config.paths import from_here
from pmdaemon.config.pm2_import import Imported, imported
from pmdaemon.core.errors import DaemonUnavailable, InvalidInput, OperationFailed, PmdaemonError


def take_over(context: Context, folder: str | None, *, dry_run: bool, json: bool) -> None:
    """Take over what PM2's daemon runs, or else what is in its dump.pm2, and its values."""
    home = _home(context, folder)
    live = pm2_daemon.running_in(home)
    entries = live if live is not None else _saved(home)
    apps, modules = imported(entries, str(home))
    if dry_run:
        failures: list[str] = []
    else:
        failures = _bring(context, apps, home, down=live is not None)
        _keep_values(context, home)
    if json:
        say_json(
            {
                "home": str(home),
                "running": live is not None,
                "apps": [
                    {"app": _without_environment(one), "up": one.up, "notes": list(one.notes)}
                    for one in apps
                ],
                "modules": modules,
                "failures": failures,
            }
        )
    else:
        _tell(apps, modules)
        if not dry_run:
            show_list(context, json=False)
        say_what_follows("pm2", folder, dry_run=dry_run)
        _tell_what_is_left(home, [one for one in apps if one.up], running=live is not None)
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        raise OperationFailed(
            f"not everything was imported: {failures[0]}{more}", failures=failures
        )


def _home(context: Context, folder: str | None) -> Path:
    chosen = folder or context.environment.get("PM2_HOME") or "~/.pm2"
    home = Path(from_here(chosen)).resolve()
    if not home.is_dir():
        raise InvalidInput(
            f"cannot find PM2's home: {harmless(str(home))} is not a folder"
            " (say where it is: --from DIR)",
            code="file_not_found",
            path=str(home),
        )
    return home


def _saved(home: Path) -> list[dict[str, object]]:
    path = str(home / "dump.pm2")
    try:
        entries, fallback = dump_file.read(path)
    except OperationFailed as error:
        not_running = f"PM2 does not run in {harmless(str(home))}, and"
        if "backup" in error.details:  # there is something
            raise InvalidInput(f"{not_running} its list is broken: {error.message}") from error
        raise InvalidInput(
            f"{not_running} has nothing saved there (pm2 save writes it)",
            code="file_not_found",
            path=path,
        ) from error
    if fallback is not None:
        warn(fallback)
    return entries


def _bring(context: Context, apps: Sequence[Imported], home: Path, *, down: bool) -> list[str]:
    """Take apps over one by one, so that one which cannot be holds up no other; say which."""
    failures = []
    client = context.client()
    for one in apps:
        try:
            client.start_apps(
                [one.app],
                relative_to="/",
                source=str(home),
                existing="keep",
                down=down or not one.up,
            )
        except DaemonUnavailable:
            raise
        except PmdaemonError as error:
            failures.append(f"{one.app['name']}: {error.message}")
    return failures


def _keep_values(context: Context, home: Path) -> None:
    theirs, ours = home / "module_conf.json", context.home.conf
    if not theirs.exists() or theirs.resolve() == Path(ours).resolve():
        return
    values = conf_file.read(str(theirs))
    if values:
        conf_file.change(ours, lambda kept: {**values, **kept})


def _tell(apps: Sequence[Imported], modules: Sequence[str]) -> None:
    for one in apps:
        app = one.app
        count = f", {app['instances']} instances" if app["instances"] > 1 else ""
        state = "up" if one.up else "stopped"
        print(f"{harmless(app['name'])}: {harmless(str(app['script']))}{count} ({state})")
        for note in one.notes:
            print(f"    {harmless(note)}")
    for name in modules:
        print(f"{harmless(name)}: a PM2 module, which is not imported", end="")
        print("; log files are rotated anyway" if "logrotate" in name else "")
    if not apps:
        print("PM2 has no apps")


def _tell_what_is_left(home: Path, up: Sequence[Imported], *, running: bool) -> None:
    pm2 = f"PM2_HOME={shlex.quote(str(home))} pm2"
    if running:
        print(f"    {pm2} save && {pm2} kill")
        if names := " ".join(shlex.quote(one.app["name"]) for one in up):
            print(f"    pmdaemon start {names}")
    print("    pm2 unstartup     # if PM2 is started at boot, and then:")
    print("    pmdaemon startup")


def _without_environment(one: Imported) -> dict[str, object]:
    return {key: value for key, value in one.app.items() if key != "inherited_env"}
