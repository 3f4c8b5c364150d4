"""In what two declarations differ, and what bringing one into line with the other takes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import fields, replace

from pmdaemon.core.spec import AppSpec

Action = Literal["create", "restart", "reload", "scale", "update", "keep", "delete", "leave"]
"""What is to be done about an app.

`reload` starts a cluster anew without a gap; `update` notes a new declaration that a running
program need not be started anew for; `leave` is for one that is not in its file any more, and is
not to be deleted.
"""

NOT_COMPARED = frozenset({"inherited_env"})
"""The shell of whoever applies a file is not what the file declares."""

_TAKEN_UP_ALIVE = (
    "autostart", "cron_stop", "depends_on", "hooks", "max_memory", "max_runtime", "proxy",
    "restart", "source", "stop",
)  # fmt: skip
"""What is looked up when it is needed, and not when a program is started."""


class Step(Struct, frozen=True):
    """What is to be done about one app, and why: `paths` are where its declarations differ."""

    name: str
    action: Action
    before: AppSpec | None = None
    after: AppSpec | None = None
    paths: tuple[str, ...] = ()


def differing_paths(before: Struct, after: Struct) -> list[str]:
    """List the fields in which two structs of one type differ, as `restart.max_restarts`."""
    paths: list[str] = []
    for field in fields(before):
        one, other = getattr(before, field.name), getattr(after, field.name)
        if one == other or field.name in NOT_COMPARED:
            continue
        if isinstance(one, Struct) and type(one) is type(other):
            paths += [f"{field.name}.{path}" for path in differing_paths(one, other)]
        else:
            paths.append(field.name)
    return paths


def steps_between(
    present: Mapping[str, AppSpec], wanted: Sequence[AppSpec], *, whole: bool, prune: bool
) -> list[Step]:
    """Say what brings the apps that are there into line with those of a file.

    Args:
        present: The apps that are there, by name.
        wanted: Those of the file, or some of them.
        whole: Whether they are all of the file, so that what is not among them is not in it.
        prune: Whether apps that once came from this file, and are not in it any more, are deleted.

    """
    steps = [_step(present.get(spec.name), spec) for spec in wanted]
    if not whole:
        return steps
    names = {spec.name for spec in wanted}
    sources = {spec.source for spec in wanted} - {None}
    return steps + [
        Step(spec.name, "delete" if prune else "leave", before=spec)
        for spec in present.values()
        if spec.source in sources and spec.name not in names
    ]


def _step(before: AppSpec | None, after: AppSpec) -> Step:
    if before is None:
        return Step(after.name, "create", after=after)
    paths = tuple(differing_paths(before, after))
    action = _action(before, after, paths)
    if action not in {"restart", "reload"}:
        # What runs on keeps its environment, and new instances get the same.
        after = replace(after, inherited_env=before.inherited_env)
    return Step(after.name, action, before, after, paths)


def _action(before: AppSpec, after: AppSpec, paths: Iterable[str]) -> Action:
    left = {path for path in paths if path.partition(".")[0] not in _TAKEN_UP_ALIVE}
    if not left:
        return "update" if set(paths) - {"source"} else "keep"
    if "instances" in left and not left - {"instances", *_ports_that_stay(before, after)}:
        return "scale"
    stays = not left & {"instances", "tcp_ports", "exec_mode"}
    stays = stays and not any(path.startswith("tcp_ports.") for path in left)
    return "reload" if stays and after.exec_mode == "cluster" else "restart"


def _ports_that_stay(before: AppSpec, after: AppSpec) -> set[str]:
    """Tell whether the instances that there are keep their ports, as when a range grows."""
    old, new = before.tcp_ports, after.tcp_ports
    if old is None or new is None:
        return set()
    stay = (old.first, old.auto) == (new.first, new.auto) and old.count > 1 < new.count
    return {"tcp_ports.last"} if stay and not old.auto else set()
