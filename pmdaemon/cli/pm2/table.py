"""The list as PM2 draws it: its columns, its widths, its units."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pmdaemon.cli.pm2.places import own_file
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import fit, harmless, width
from pmdaemon.config.pm2_shape import STATUS, Places

View = Mapping[str, Any]
"""A process as `jlist` words it, but for `view`, the daemon's own words."""

_UNITS = ((31536000, "Y"), (2592000, "M"), (86400, "D"), (3600, "h"), (60, "m"))

_COLOURS = {"online": "green", "launching": "cyan", "waiting restart": "yellow"}

Column = tuple[str, int, Callable[[View], str]]


def table(
    views: Sequence[View], terminal: Terminal, *, about: Callable[[View], tuple[str, str]]
) -> str:
    """Draw processes; `about` tells the version and the user of one."""
    columns = _columns(views, about, terminal.columns)
    lines = [_rule(columns, "┌┬┐"), _row([title for title, _, _ in columns], columns, terminal)]
    lines.append(_rule(columns, "├┼┤"))
    ordered = sorted(views, key=lambda view: (view["name"], view["pm_id"]))
    lines += [_row([cell(view) for _, _, cell in columns], columns, terminal) for view in ordered]
    if not views:
        del lines[2]
    return "\n".join([*lines, _rule(columns, "└┴┘")])


def blocks(
    views: Sequence[View],
    *,
    about: Callable[[View], tuple[str, str]],
    places: Callable[[View], Places],
) -> str:
    """Write a block of lines a process, as `list -m` does; `places` tells where its files are."""
    lines = []
    for view in views:
        lines += [
            f"+--- {harmless(view['name'])}",
            f"namespace : {harmless(view['namespace'])}",
            f"version : {harmless(about(view)[0])}",
            f"pid : {view['pid'] or 0}",
            f"pm2 id : {view['pm_id']}",
            f"status : {_status(view)}",
            f"mode : {_mode(view)}",
            f"restarted : {view['restarts']}",
            f"uptime : {uptime(view)}",
            f"memory usage : {_memory(view)}",
            f"error log : {harmless(own_file(view, 'error_file') or places(view).err)}",
            f"watching : {'yes' if view['declaration']['watch'] else 'no'}",
            f"PID file : {harmless(places(view).pid)}",
        ]
    return "\n".join(lines)


def uptime(view: View) -> str:
    """Word for how long a process is up; PM2 takes a larger unit from two of them on."""
    if not view["pid"]:
        return "0"
    seconds = int(view["uptime"])
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def size(count: float) -> str:
    """Word an amount of memory."""
    if count < 1024:
        return f"{int(count)}b"
    for unit in ("kb", "mb", "gb"):
        count /= 1024
        if count < 1024:
            return f"{count:.1f}{unit}"
    return f"{count:.1f}gb"


def _columns(
    views: Sequence[View], about: Callable[[View], tuple[str, str]], room: int
) -> list[Column]:
    longest = max((width(harmless(view["name"])) for view in views), default=3)
    name: Column = ("name", min(longest + 5, 40), lambda view: view["name"])
    pm_id: Column = ("id", 4, lambda view: str(view["pm_id"]))
    mode: Column = ("mode", 9, _mode)
    restarts: Column = ("↺", 6, lambda view: str(view["restarts"]))
    status: Column = ("status", 11, _status)
    cpu: Column = ("cpu", 10, _cpu)
    whole: list[Column] = [
        pm_id, name,
        ("namespace", 13, lambda view: view["namespace"]),
        ("version", 9, lambda view: about(view)[0]),
        mode,
        ("pid", 10, lambda view: str(view["pid"] or 0)),
        ("uptime", 8, uptime),
        restarts, status, cpu,
        ("mem", 10, _memory),
        ("user", 10, lambda view: about(view)[1]),
        ("watching", 10, _watching),
    ]  # fmt: skip
    shorter = [pm_id, name, mode, restarts, status, cpu, ("memory", 10, _memory)]
    short = [pm_id, name, status, cpu, ("mem", 10, _memory)]
    for columns in (whole, shorter):
        if sum(size + 1 for _, size, _ in columns) < room:
            return columns
    return short


def _row(cells: Sequence[str], columns: Sequence[Column], terminal: Terminal) -> str:
    row = "│"
    for cell, (_, size, _) in zip(cells, columns, strict=True):
        text = fit(harmless(cell), size - 2)
        padding = " " * (size - 1 - width(text))
        row += f" {terminal.paint(text, _COLOURS.get(cell))}{padding}│"
    return row


def _rule(columns: Sequence[Column], corners: str) -> str:
    return corners[0] + corners[1].join("─" * size for _, size, _ in columns) + corners[2]


def _status(view: View) -> str:
    return STATUS.get(view["state"], str(view["state"]))


def _mode(view: View) -> str:
    return str(view["declaration"]["exec_mode"])


def _cpu(view: View) -> str:
    return f"{view['cpu']:.1f}%".replace(".0%", "%") if view["pid"] else "0%"


def _memory(view: View) -> str:
    return size(view["memory"] if view["pid"] else 0)


def _watching(view: View) -> str:
    return "enabled" if view["declaration"]["watch"] else "disabled"
