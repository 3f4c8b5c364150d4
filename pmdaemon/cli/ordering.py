"""The order that a list is asked for in: `cpu`, `memory:desc`."""

from collections.abc import Callable, Sequence
from typing import Any

from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.render.processes import View, by_name
from pmdaemon.core.wording import shown

_KEYS: dict[str, Callable[[View], Any]] = {
    "name": lambda view: view["name"],
    "namespace": lambda view: view["namespace"],
    "pid": lambda view: view["pid"] or 0,
    "id": lambda view: view["pm_id"],
    "cpu": lambda view: view["cpu"],
    "memory": lambda view: view["memory"],
    "uptime": lambda view: view["uptime"],
    "status": lambda view: view["state"],
    "restarts": lambda view: view["restarts"],
}

FIELDS = tuple(_KEYS)
"""What a list can be sorted by; PM2's fields, and `restarts`."""

_DIRECTIONS = {"": False, "asc": False, "desc": True}


def in_order(views: Sequence[View], wanted: str | None) -> list[View]:
    """Sort processes; those that are equal, and all without an order, stand by their names.

    Raises:
        WrongUsage: there is no such field, or no such direction.

    """
    named = by_name(views)
    if wanted is None:
        return named
    field, _, direction = wanted.lower().partition(":")
    if field not in _KEYS:
        raise WrongUsage(f"cannot sort by {shown(field)}: use one of {', '.join(FIELDS)}")
    if direction not in _DIRECTIONS:
        raise WrongUsage(f"cannot sort {shown(direction)}: use asc or desc")
    return sorted(named, key=_KEYS[field], reverse=_DIRECTIONS[direction])
