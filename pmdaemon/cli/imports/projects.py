"""`import pup` and `import prox`: what their file declares, and whether they run it themselves."""

import json
import os
import shlex
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.ecosystem_files import AppsOfFile, apps_of
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.render.text import harmless
from pmdaemon.cli.starting import start_apps
from pmdaemon.core.errors import InvalidInput

LONGEST_NOTE = 4096
"""Bytes that are read of what a program has noted down about itself."""

PATIENCE = 1.0
"""Seconds that something on this machine gets to take a connection."""


class Tool(Struct, frozen=True):
    """Another program of this kind: its name, its files in its order, and what ends it.

    `runs` tells whether it runs what such a file declares.
    """

    name: str
    files: tuple[str, ...]
    end: Callable[[Path], str]
    runs: Callable[[Path], bool]


def take_over(
    context: Context, source: str, place: str | None, *, dry_run: bool, as_json: bool
) -> None:
    """Take over the apps of a file; what runs already elsewhere is listed, and not started.

    Raises:
        InvalidInput: there is no such file.

    """
    tool = TOOLS[source]
    path = _file(tool, Path(place or ".").expanduser())
    file = apps_of(str(path), context.environment)
    running = tool.runs(path)
    for warning in file.warnings:
        warn(warning)
    if not dry_run:
        _bring(context, file, down=running)
    if as_json:
        say_json(
            {
                "file": str(path),
                "running": running,
                "apps": [_without_environment(app) for app in file.apps],
                "notes": list(file.warnings),
            }
        )
        return
    for app in file.apps:
        print(f"{harmless(str(app['name']))}: {harmless(str(app['script']))}")
    if not dry_run:
        show_list(context, json=False)
    print("to finish, type:")
    if running:
        names = " ".join(shlex.quote(str(app["name"])) for app in file.apps if _is_to_run(app))
        print(f"    {tool.end(path)}")
        print(f"    pmdaemon start {names}" if names else "    pmdaemon list")
    print("    pmdaemon startup     # to have all of it started at boot")


def _bring(context: Context, file: AppsOfFile, *, down: bool) -> None:
    start_apps(context, file, existing="keep", down=down, quiet=True)


def _file(tool: Tool, place: Path) -> Path:
    if place.is_file():
        return place.absolute()
    for name in tool.files:
        if (place / name).is_file():
            return (place / name).absolute()
    raise InvalidInput(
        f"there is nothing of {tool.name}'s in {harmless(str(place.absolute()))}:"
        f" no {' and no '.join(tool.files)} (say which: --from FILE)",
        code="file_not_found",
        path=str(place),
    )


def _is_to_run(app: Mapping[str, object]) -> bool:
    return bool(app.get("autostart", True)) and "job" not in app


def _without_environment(app: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in app.items() if key != "env"}  # it may hold secrets


def _pup_runs(path: Path) -> bool:
    """Ask at the port that Pup has noted down; what it left behind in a crash answers nothing."""
    note = path.parent / ".pup" / f"{path.name}-tmp" / ".main.port"
    text = _noted(note).strip()
    if not text.isdigit() or not 0 < int(text) < 65536:
        return False
    try:
        socket.create_connection(("127.0.0.1", int(text)), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def _prox_runs(path: Path) -> bool:
    """Look whether the process is there that prox has noted down."""
    try:
        state = json.loads(_noted(path.parent / ".prox" / "prox.state"))
        pid = state.get("pid") if isinstance(state, dict) else None
        if not isinstance(pid, int) or pid <= 0:
            return False
        os.kill(pid, 0)
    except PermissionError:
        return True  # somebody else's, and there
    except (OSError, ValueError, OverflowError, RecursionError):
        return False
    return True


def _noted(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_NOTE).decode(errors="replace")
    except OSError:
        return ""


TOOLS = {
    "pup": Tool(
        "Pup",
        ("pup.jsonc", "pup.json"),
        lambda path: f"pup terminate --config {shlex.quote(str(path))}",
        _pup_runs,
    ),
    "prox": Tool(
        "prox",
        ("prox.yaml",),
        lambda path: f"(cd {shlex.quote(str(path.parent))} && prox down)",
        _prox_runs,
    ),
}
