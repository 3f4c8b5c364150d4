"""The versions of apps, as the nearest package.json has them."""

import json
import os
from collections.abc import Iterator

UNKNOWN = "N/A"
"""PM2's word for no version."""


class PackageVersions:
    """Looks versions up, each folder once."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def of(self, folder: str) -> str:
        """Return the version of the package that a folder is in."""
        if folder not in self._found:
            versions = (_version_in(each) for each in _upwards(folder))
            self._found[folder] = next(filter(None, versions), UNKNOWN)
        return self._found[folder]


def _upwards(folder: str) -> Iterator[str]:
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def _version_in(folder: str) -> str | None:
    try:
        with open(os.path.join(folder, "package.json"), "rb") as file:
            package = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    version = package.get("version") if isinstance(package, dict) else None
    return version if isinstance(version, str) else None
