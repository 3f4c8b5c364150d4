"""The `deploy` section of ecosystem files: where to, from which repository, and what to run."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from pmdaemon.config.spelling import spelled
from pmdaemon.core.errors import InvalidConfiguration
from pmdaemon.core.wording import shown

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

LOCAL = "localhost"
"""The host that no ssh is needed for."""

_REQUIRED = ("host", "repo", "path", "ref")
_HOOKS = ("pre_setup", "post_setup", "pre_deploy_local", "pre_deploy", "post_deploy")
_TEXTS = ("repo", "path", "ref", "user", "key", "port")
_LISTS = ("host", "ssh_options", *_HOOKS)
"""These may be one text or several."""

_KNOWN = {
    *_REQUIRED, *_HOOKS, "user", "key", "port", "forward_agent", "needs_tty", "ssh_options",
    "fetch", "env",
}  # fmt: skip


class Destination(Struct, frozen=True):
    """Where an environment is deployed to, and how; `ssh_options` are words."""

    name: str
    hosts: tuple[str, ...]
    repo: str
    path: str
    ref: str
    user: str | None = None
    ssh_options: tuple[str, ...] = ()
    shallow: bool = False
    env: Mapping[str, str] = {}
    hooks: Mapping[str, str] = {}


def destination_of(document: object, name: str, path: str) -> Destination:
    """Read the section of one environment.

    Raises:
        InvalidConfiguration: there is none, or it cannot be used; all problems are told.

    """
    section = document.get("deploy") if isinstance(document, Mapping) else None
    if section is None:
        raise InvalidConfiguration(shown(path), ["there is no deploy section, which says where to"])
    if not isinstance(section, Mapping) or name not in section:
        there = ", ".join(map(str, section)) if isinstance(section, Mapping) else "none"
        raise InvalidConfiguration(shown(path), [f"deploy: no {shown(name)} (there: {there})"])
    raw = section[name]
    if not isinstance(raw, Mapping):
        raise InvalidConfiguration(shown(path), [f"deploy.{name}: not a table: {shown(raw)}"])
    said = {spelled(str(key)).replace("-", "_"): value for key, value in raw.items()}
    problems = [f"deploy.{name}.{key}: it is missing" for key in _REQUIRED if not said.get(key)]
    problems += [
        f"deploy.{name}.{key}: it may not begin with a dash"
        for key in ("repo", "path", "ref", "user")
        if str(said.get(key, "")).startswith("-")
    ]
    problems += [
        f"deploy.{name}.{key}: not text: {shown(value)}"
        for key, value in said.items()
        if not _is_text(key, value)
    ]
    problems += [f"deploy.{name}: unknown: {shown(key)}" for key in sorted(said.keys() - _KNOWN)]
    hosts = _texts(said.get("host"))
    wrong = [host for host in hosts if not host or host.startswith("-")]
    problems += [f"deploy.{name}.host: not a host: {shown(host)}" for host in wrong]
    env = said.get("env") or {}
    if not isinstance(env, Mapping):
        problems.append(f"deploy.{name}.env: not a table: {shown(env)}")
    else:
        wrong = [key for key in map(str, env) if not _VARIABLE.fullmatch(key)]
        problems += [f"deploy.{name}.env: not a variable of a shell: {shown(key)}" for key in wrong]
    if problems:
        raise InvalidConfiguration(shown(path), problems)
    return Destination(
        name=name,
        hosts=hosts,
        repo=str(said["repo"]),
        path=str(said["path"]).rstrip("/"),
        ref=str(said["ref"]),
        user=str(said["user"]) if said.get("user") else None,
        ssh_options=_ssh_options(said),
        shallow=said.get("fetch") == "fast",
        env={str(key).upper(): str(value) for key, value in env.items()},
        hooks={key: _command(said[key]) for key in _HOOKS if said.get(key)},
    )


def _ssh_options(said: Mapping[str, Any]) -> tuple[str, ...]:
    words = [word for option in _texts(said.get("ssh_options")) for word in ("-o", option)]
    if said.get("key"):
        words += ["-i", str(said["key"])]
    if said.get("port"):
        words += ["-p", str(said["port"])]
    if said.get("forward_agent"):
        words.append("-A")
    if said.get("needs_tty"):
        words.append("-tt")
    return tuple(words)


def _is_text(key: str, value: object) -> bool:
    if key in _LISTS and isinstance(value, list):
        return all(isinstance(each, str | int) for each in value)
    return key not in {*_TEXTS, *_LISTS} or isinstance(value, str | int | None)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(map(str, value))
    return () if value is None else (str(value),)


def _command(value: object) -> str:
    return "\n".join(_texts(value))
