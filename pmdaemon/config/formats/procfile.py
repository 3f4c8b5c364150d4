"""Procfiles: a line a program, as `web: node server.js`.

What runs them elsewhere reads the `.env` beside them, and tells the program that is called `web` by
PORT where to listen.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WEB = "web"

WEB_PORTS = "auto:5000-5099"
"""One of these, from 5000 on as with foreman, where nobody says which."""

_LINE = re.compile(r"([A-Za-z0-9_.-]+)\s*:\s*(\S.*)")


def parse(text: str) -> list[dict[str, Any]]:
    """Read a Procfile as the apps that it names.

    Raises:
        ValueError: a line cannot be read; the sentence says which.

    """
    apps: list[dict[str, Any]] = []
    # Only at line ends: `splitlines` would split at a form feed in a command, too.
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        found = _LINE.fullmatch(stripped)
        if found is None:
            raise ValueError(f"expecting name: command at line {number}")
        apps.append({"name": found[1], "script": found[2]})
    return apps


def with_surroundings(
    apps: list[dict[str, Any]], folder: str, environment: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Add what those who write Procfiles count on: variables of `.env`, and a port for `web`.

    Args:
        apps: what stands in the file.
        folder: where the file is.
        environment: that of the caller; a PORT in it is passed on as it is.

    """
    files: dict[str, Any] = {"env_file": ".env"} if Path(folder, ".env").is_file() else {}
    port: dict[str, Any] = {} if "PORT" in environment else {"port": WEB_PORTS}
    return [{**app, **files, **(port if app["name"] == WEB else {})} for app in apps]
