"""Folders to serve, as apps: `static` in ecosystem files, and the script `serve`."""

from collections.abc import Mapping
from typing import Any

from pmdaemon.config.own_modules import running
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

MODULE = "pmdaemon.server.static_site"

SCRIPT = "serve"
"""The script of an app that is such a server."""

_KNOWN = frozenset(
    {"path", "directory", "port", "host", "spa", "ftp", "name", "basic_auth", "monitor", "cwd"}
)


def app_of(section: Mapping[str, Any]) -> dict[str, Any]:
    """Make the app of a folder.

    Raises:
        InvalidInput: a key is unknown, or the credentials are not a table.

    """
    if unknown := sorted(map(str, section.keys() - _KNOWN)):
        raise InvalidInput(f"unknown, for a folder to serve: {shown(unknown[0])}")
    auth = section.get("basic_auth") or {}
    if not isinstance(auth, Mapping):
        raise InvalidInput("basic_auth needs a username and a password")
    port = section.get("port") or 8080
    variables = {
        "PM2_SERVE_PATH": section.get("path") or section.get("directory") or ".",
        "PM2_SERVE_PORT": port,
        "PM2_SERVE_HOST": section.get("host"),
        "PM2_SERVE_SPA": "true" if section.get("spa") else None,
        "PM2_SERVE_FTP": "true" if section.get("ftp") else None,
        "PM2_SERVE_BASIC_AUTH_USERNAME": auth.get("username"),
        "PM2_SERVE_BASIC_AUTH_PASSWORD": auth.get("password"),
    }
    app = {
        "name": section.get("name") or f"static-page-server-{port}",
        "script": SCRIPT,
        "cwd": section.get("cwd"),
        "env": {name: str(value) for name, value in variables.items() if value is not None},
    }
    return {key: value for key, value in app.items() if value is not None}


def served(app: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the app as it is run: one whose script is `serve` is our own server."""
    keys = [key for key in ("script", "exec", "cmd", "command") if app.get(key) == SCRIPT]
    if not keys:
        return app
    others = {key: value for key, value in app.items() if key not in keys}
    others.setdefault("name", "serve")
    env = others.pop("env", {})
    if not isinstance(env, Mapping):
        return {**others, **running(MODULE), "env": env}  # to be refused, with what it is
    return {**others, **running(MODULE, env=env)}
