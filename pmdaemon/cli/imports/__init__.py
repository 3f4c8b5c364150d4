"""Taking over what another process manager has."""

import shlex


def say_what_follows(source: str, place: str | None, *, dry_run: bool) -> None:
    """Begin the lines that are to be typed; where nothing was taken over yet, with that."""
    if dry_run:
        where = f" --from {shlex.quote(place)}" if place else ""
        print("nothing was imported yet; to do it, run:")
        print(f"    pmdaemon import {source}{where}")
    else:
        print("to finish, run:")
