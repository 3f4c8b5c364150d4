"""What PM2 has, as apps of ours: each with what will be different."""

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from msgspec import Struct

from pmdaemon.config.pm2_dump import Entry, app_of, was_up

_SPECIAL = {
    "trace": "there is no tracing by PM2's agent",
    "deep_monitoring": "there is no monitoring by PM2's agent",
    "v8": "no figures are taken inside Node",
    "event_loop_inspector": "no figures are taken inside Node",
    "source_map_support": "for source maps, add --enable-source-maps to node_args",
    "watch_options": "watch_options belong to chokidar and are not used: see ignore_watch",
    "post_update": "post_update belongs to pm2 pull, which does not exist here",
}
"""What PM2 does where it is asked to, and we do not."""


class Imported(Struct, frozen=True):
    """An app of PM2's, as an ecosystem file would have it, and whether it was `up`."""

    app: dict[str, Any]
    up: bool
    notes: tuple[str, ...] = ()


def imported(entries: Iterable[Entry], home: str) -> tuple[list[Imported], list[str]]:
    """Make apps of PM2's entries; beside them, the names of modules, which are left out.

    Args:
        entries: `pm2_env` of each process, as a dump or PM2's daemon has it.
        home: PM2's home, whose folders for output and pids are not taken over.

    """
    found = list(entries)
    modules = sorted({str(one.get("name")) for one in found if one.get("pmx_module")})
    apps: list[Imported] = []
    taken: set[str] = set()
    for instances in _apps([one for one in found if not one.get("pmx_module")]):
        apps.append(_imported(instances, PurePath(home), taken))
        taken.add(apps[-1].app["name"])
    return apps, modules


def _apps(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Put instances together; PM2 lets different programs have the same name."""
    apps: dict[tuple[str, ...], list[Entry]] = {}
    for one in entries:
        what = (one.get("name"), one.get("pm_exec_path"), one.get("pm_cwd"), one.get("args"))
        apps.setdefault(tuple(map(str, what)), []).append(one)
    return list(apps.values())


def _imported(instances: Sequence[Entry], home: PurePath, taken: set[str]) -> Imported:
    first = instances[0]
    app = app_of(instances)
    notes = [note for field, note in _SPECIAL.items() if first.get(field)]
    name = app["name"] = str(app.get("name", "app"))
    if name in taken:
        app["name"] = _free(name, taken)
        notes.insert(0, f"another program is also called {name}, so this one is now {app['name']}")
    app |= _own_files(first, home, many=len(instances) > 1)
    up = [one for one in instances if was_up(one)]
    if up and len(up) < len(instances):
        notes.append(f"{len(instances) - len(up)} of its {len(instances)} instances were stopped")
    return Imported(app, bool(up), tuple(notes))


def _own_files(first: Entry, home: PurePath, *, many: bool) -> dict[str, Any]:
    """Take over files that the user has chosen, and not those that PM2 has made up.

    Of several instances without files in common, PM2 puts an id in their names, as we do a number.
    """
    chosen: dict[str, Any] = {}
    names = {
        "out_file": "pm_out_log_path", "error_file": "pm_err_log_path", "log_file": "pm_log_path",
        "pid_file": "pm_pid_path",
    }  # fmt: skip
    for ours, theirs in names.items():
        path = first.get(theirs)
        if not isinstance(path, str) or home in PurePath(path).parents:
            continue
        ending = f"-{first.get('pm_id', 0)}"
        stem, suffix = PurePath(path).stem, PurePath(path).suffix
        if (many or ours == "pid_file") and stem.endswith(ending) and stem != ending:
            path = str(PurePath(path).with_name(stem.removesuffix(ending) + suffix))
        chosen[ours] = path
    if chosen.keys() - {"pid_file"} and many and first.get("merge_logs"):
        chosen["merge_logs"] = True
    return chosen


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
