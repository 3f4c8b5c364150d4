"""Which app comes before which, by what they depend on."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.spec import AppSpec

Graph = Mapping[str, Collection[str]]
"""The names of apps, each with the names of those it depends on."""


def graph_of(specs: Iterable[AppSpec]) -> Graph:
    """Take from declarations who depends on whom."""
    return {spec.name: [needed.name for needed in spec.depends_on] for spec in specs}


def check(graph: Graph, names: Iterable[str]) -> None:
    """Make sure that the apps of these names can be started, as far as others are concerned.

    Raises:
        InvalidInput: one depends on what does not exist, or, by whatever detour, on itself.

    """
    for name in names:
        for needed in graph[name]:
            if needed not in graph:
                raise InvalidInput(
                    f"cannot start {name}: it depends on {needed}, and there is no such app",
                    code="dependency_unknown",
                    name=name,
                    dependency=needed,
                )
    if (cycle := find_cycle(graph)) is not None:
        raise InvalidInput(
            f"cannot start {cycle[0]}: it depends on itself ({' -> '.join(cycle)})",
            code="dependency_cycle",
            cycle=cycle,
        )


def find_cycle(graph: Graph) -> list[str] | None:
    """Find names that need each other in a circle; the first is the last again."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # Each is followed by one that needs it, and the first is there twice.
        circle = list(reversed(error.args[1]))[1:]
        first = next(name for name in graph if name in circle)
        start = circle.index(first)
        return [*circle[start:], *circle[:start], first]
    return None


def layers(graph: Graph, names: Collection[str]) -> Sequence[Sequence[str]]:
    """Group names so that each depends on none of its own group, nor of a later one.

    What lies between two of them counts, also where it is not among the names itself.
    """
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    found: list[list[str]] = []
    while sorter.is_active():
        ready = sorter.get_ready()
        if group := sorted(name for name in ready if name in names):
            found.append(group)
        sorter.done(*ready)
    return found


def needs_of(graph: Graph, names: Iterable[str]) -> Sequence[str]:
    """List all that these depend on, directly or not, without these themselves."""
    given = list(names)
    found: dict[str, None] = dict.fromkeys(given)
    left = list(given)
    while left:
        for needed in graph.get(left.pop(), ()):
            if needed not in found:
                found[needed] = None
                left.append(needed)
    return [name for name in found if name not in given]
