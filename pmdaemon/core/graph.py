"""What needs what."""

from collections.abc import Iterable, Mapping


def find_cycle(needs: Mapping[str, Iterable[str]]) -> list[str] | None:
    """Find names that need each other in a circle; the first is the last again."""
    done: set[str] = set()
    for start in needs:
        trail: dict[str, Iterable[str]] = {}  # as many as are open, in their order
        name: str | None = start
        while name is not None:
            if name in trail:
                names = list(trail)
                return [*names[names.index(name) :], name]
            if name not in done:
                trail[name] = iter(needs.get(name, ()))
            name = _next(trail, done)
    return None


def _next(trail: dict[str, Iterable[str]], done: set[str]) -> str | None:
    """Go to what is needed next, back as far as nothing more is."""
    while trail:
        last = next(reversed(trail))
        for name in trail[last]:
            return name
        done.add(last)
        del trail[last]
    return None
