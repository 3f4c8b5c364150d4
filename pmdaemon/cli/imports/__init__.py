"""Taking over what another process manager has."""

import shlex


def say_what_follows(source: str, place: str | None, *, dry_run: bool) -> None:
    """Print the heading of the commands to type next; after a dry run, the first of them too."""
    if dry_run:
        where = f" --from {shlex.quote(place)}" if place else ""
        print("nothing was imported yet; to do it, run:")
        print(f"    pmdaemon import {source}{where}")
    else:
        print("to finish, run:")
