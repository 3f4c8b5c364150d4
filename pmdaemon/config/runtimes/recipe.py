"""What a kind of repository comes down to: the words that its `recipe` says."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from pmdaemon.config.formats import toml_text
from pmdaemon.core.releases import Listing


class Recipe(Struct, frozen=True, kw_only=True):
    """How a repository of a kind is built and started, with the reasons in words.

    What is empty is not needed, or could not be told. `static` is a folder to be served in place
    of a program to be started.
    """

    runtime: str
    install: str = ""
    build: str = ""
    start: str = ""
    static: str = ""
    path: tuple[str, ...] = ()
    build_env: Mapping[str, str] = {}
    run_env: Mapping[str, str] = {}
    reasons: tuple[str, ...] = ()


def toml_of(listing: Listing, name: str) -> Mapping[str, Any]:
    """Read a file of the repository; one that is not there, or is broken, says nothing."""
    try:
        return table(toml_text.parse(listing.text(name)))
    except ValueError:
        return {}


def table(value: object) -> Mapping[str, Any]:
    """Take a table for what it is, and anything else for an empty one."""
    return value if isinstance(value, Mapping) else {}


def as_there_is(name: str) -> str:
    """Word that something was told by a file."""
    article = "an" if name[0] in "aeiou" else "a"
    return f"as there is {article} {name}"


def text(value: object) -> str:
    """Take a text for what it is, and anything else for an empty one."""
    return value.strip() if isinstance(value, str) else ""
