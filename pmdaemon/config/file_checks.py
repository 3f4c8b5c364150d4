"""What is wrong with apps that are each right by themselves."""

from collections.abc import Collection, Mapping, Sequence

from pmdaemon.config.app_reading import Reading
from pmdaemon.core.graph import find_cycle
from pmdaemon.core.spec import AppSpec
from pmdaemon.core.wording import shown


def clashes(specs: Mapping[str, AppSpec]) -> list[str]:
    """Find two apps of one name or with one TCP port, and circles of dependencies.

    Args:
        specs: The apps of a file, each by its path in it.

    """
    return [*_names(specs), *_ports(specs), *_circle(specs)]


def unknown_needs(readings: Sequence[Reading], existing: Collection[str]) -> list[str]:
    """Find dependencies on apps that are neither in a file nor among those that exist.

    What else is wrong with an app does not make it unknown.
    """
    names = {*existing, *(one.values["name"] for one in readings if "name" in one.values)}
    return [
        f"{one.path(one.said['depends_on'])}: there is no app {shown(need.name)}"
        for one in readings
        for need in one.values.get("depends_on", ())
        if need.name not in names
    ]


def _names(specs: Mapping[str, AppSpec]) -> list[str]:
    places: dict[str, str] = {}
    problems: list[str] = []
    for where, spec in specs.items():
        first = places.setdefault(spec.name, where)
        if first != where:
            problems.append(f"{where}.name: {shown(spec.name)} is already the name of {first}")
    return problems


def _ports(specs: Mapping[str, AppSpec]) -> list[str]:
    owners: dict[int, str] = {}
    problems: list[str] = []
    for where, spec in specs.items():
        ports = spec.tcp_ports
        if ports is None or ports.auto:
            continue
        count = 1 if ports.count == 1 else min(spec.instances, ports.count)
        for port in range(ports.first, ports.first + count):
            first = owners.setdefault(port, where)
            if first != where:
                owner = shown(specs[first].name)
                problems.append(f"{where}.port: {port} is already a TCP port of {first} ({owner})")
                break
    return problems


def _circle(specs: Mapping[str, AppSpec]) -> list[str]:
    needs = {spec.name: [one.name for one in spec.depends_on] for spec in specs.values()}
    circle = find_cycle(needs)
    if circle is None:
        return []
    where = next(where for where, spec in specs.items() if spec.name == circle[0])
    return [f"{where}.depends_on: a circle: {' needs '.join(map(shown, circle))}"]
