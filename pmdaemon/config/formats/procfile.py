"""Procfiles: a line a program, as `web: node server.js`."""

import re
from typing import Any

_LINE = re.compile(r"([A-Za-z0-9_.-]+)\s*:\s*(\S.*)")


def parse(text: str) -> list[dict[str, Any]]:
    """Read a Procfile as the apps that it names.

    Raises:
        ValueError: a line is none of its; the sentence says which.

    """
    apps: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        found = _LINE.fullmatch(stripped)
        if found is None:
            raise ValueError(f"expecting name: command at line {number}")
        apps.append({"name": found[1], "script": found[2]})
    return apps
