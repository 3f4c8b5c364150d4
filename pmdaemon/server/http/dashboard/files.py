"""The files of the dashboard, and of the page of deployments, as they stand in the package.

They are few and small, so they are read once, when somebody first looks, and kept. All of a page
share one version, which is part of their address: a browser may keep what it has for ever, and
modules that import one another always belong together.
"""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

FOLDER = Path(__file__).with_name("static")

DEPLOY_FOLDER = Path(__file__).with_name("deploy")

SHARED = (
    "ansi.js", "base.css", "dialogs.js", "dom.js", "format.js", "icon.svg", "icons.js", "parts.css",
    "tabs.js", "theme.js",
)  # fmt: skip
"""Files of the dashboard that the page of deployments has, too."""

PAGE = "index.html"

PLACE_OF_VERSION = b"{version}"
"""What stands in the page where the version belongs."""

CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class StaticFile(Struct, frozen=True):
    """What is sent, and what it is."""

    content_type: str
    body: bytes


class StaticFiles(Struct, frozen=True):
    """All files by name, the page apart."""

    version: str
    page: StaticFile
    others: Mapping[str, StaticFile]


@cache
def static_files() -> StaticFiles:
    """Read the dashboard, the first time from disk: not for the event loop."""
    return _read(FOLDER.iterdir())


@cache
def deploy_files() -> StaticFiles:
    """Read the page of deployments, the first time from disk: not for the event loop."""
    return _read([*DEPLOY_FOLDER.iterdir(), *(FOLDER / name for name in SHARED)])


def _read(paths: Iterable[Path]) -> StaticFiles:
    bodies = {
        path.name: path.read_bytes()
        for path in sorted(paths, key=lambda path: path.name)
        if path.suffix in CONTENT_TYPES
    }
    digest = hashlib.sha256()
    for name, body in bodies.items():
        digest.update(f"{name} {len(body)}\n".encode())
        digest.update(body)
    version = digest.hexdigest()[:16]
    page = bodies.pop(PAGE).replace(PLACE_OF_VERSION, version.encode())
    return StaticFiles(
        version=version,
        page=_file(PAGE, page),
        others={name: _file(name, body) for name, body in bodies.items()},
    )


def _file(name: str, body: bytes) -> StaticFile:
    return StaticFile(CONTENT_TYPES[Path(name).suffix], body)
