"""`import` of Pup, prox and supervisor: what their file declares, and whether they run it."""

import json
import os
import shlex
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.ecosystem_files import AppsOfFile, apps_of
from pmdaemon.cli.imports import say_what_follows
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.render.text import harmless
from pmdaemon.cli.starting import start_apps
from pmdaemon.config.paths import from_here
from pmdaemon.core.errors import InvalidInput

LONGEST_NOTE = 4096
"""Bytes that are read of what a program has noted down about itself."""

PATIENCE = 1.0
"""Seconds that something on this machine gets to take a connection."""


class Tool(Struct, frozen=True):
    """Another program of this kind: its name, its files in its order, and what ends it.

    Beside what a file declares, `read` tells whether it is being run. `usual` are files that are
    looked for as well, unless somebody says where.
    """

    name: str
    files: tuple[str, ...]
    end: Callable[[Path], str]
    read: Callable[[Path, Mapping[str, str]], tuple[AppsOfFile, bool]]
    usual: tuple[str, ...] = ()


def take_over(
    context: Context, source: str, place: str | None, *, dry_run: bool, as_json: bool
) -> None:
    """Take over the apps of a file; what runs already elsewhere is listed, and not started.

    Raises:
        InvalidInput: there is no such file.

    """
    tool = TOOLS[source]
    path = _file(tool, place)
    file, running = tool.read(path, context.environment)
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
    say_what_follows(source, place, dry_run=dry_run)
    if running:
        names = " ".join(shlex.quote(str(app["name"])) for app in file.apps if _is_to_run(app))
        print(f"    {tool.end(path)}")
        print(f"    pmdaemon start {names}" if names else "    pmdaemon list")
    print("    pmdaemon startup     # to have all of it started at boot")


def _bring(context: Context, file: AppsOfFile, *, down: bool) -> None:
    start_apps(context, file, existing="keep", down=down, quiet=True)


def _file(tool: Tool, said: str | None) -> Path:
    place = Path(from_here(said or "."))
    if place.is_file():
        return place
    candidates = [place / name for name in (*tool.files, *(tool.usual if said is None else ()))]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise InvalidInput(
        f"cannot find a file of {tool.name} in {harmless(str(place))}:"
        f" no {' and no '.join(tool.files)} (say where it is: --from FILE)",
        code="file_not_found",
        path=str(place),
    )


def _read_supervisor(path: Path, environment: Mapping[str, str]) -> tuple[AppsOfFile, bool]:
    from pmdaemon.config import supervisor_file  # noqa: PLC0415 - others have no INI file

    found = supervisor_file.read(str(path), environment)
    how = {"source": str(path), "relative_to": str(path.parent), "file": str(path)}
    file = AppsOfFile(found.apps, how, tuple(found.notes))
    return file, _is_supervisor(_noted(path.parent / found.pid_file).strip())


def _is_supervisor(pid: str) -> bool:
    """Look whether the process of this pid is supervisor's daemon; it may be anybody's by now."""
    if not pid.isdecimal() or not _is_there(int(pid)):
        return False
    return sys.platform != "linux" or "supervisord" in _noted(Path(f"/proc/{pid}/cmdline"))


def _is_to_run(app: Mapping[str, object]) -> bool:
    return bool(app.get("autostart", True)) and "job" not in app


def _without_environment(app: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in app.items() if key != "env"}  # it may hold secrets


def _pup_runs(path: Path) -> bool:
    """Ask at the port that Pup has noted down; what it left behind in a crash answers nothing."""
    note = path.parent / ".pup" / f"{path.name}-tmp" / ".main.port"
    text = _noted(note).strip()
    if not text.isdecimal() or not 0 < int(text) < 65536:
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
    except (ValueError, RecursionError):
        return False
    return isinstance(pid, int) and pid > 0 and _is_there(pid)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True  # somebody else's, and there
    except (OSError, OverflowError):
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
        lambda path, environment: (apps_of(str(path), environment), _pup_runs(path)),
    ),
    "prox": Tool(
        "prox",
        ("prox.yaml",),
        lambda path: f"(cd {shlex.quote(str(path.parent))} && prox down)",
        lambda path, environment: (apps_of(str(path), environment), _prox_runs(path)),
    ),
    "supervisor": Tool(
        "supervisor",
        ("supervisord.conf", "etc/supervisord.conf"),
        lambda path: f"supervisorctl -c {shlex.quote(str(path))} shutdown",
        _read_supervisor,
        usual=("/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"),
    ),
}
