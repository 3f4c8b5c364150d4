"""What the fields of a project may hold."""

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.repositories import read_branch, read_repo_url
from pmdaemon.core.tcp_ports import LAST_TCP_PORT
from pmdaemon.core.wording import shown

LONGEST_NAME = 64
LONGEST_SLUG = 40
LONGEST_COMMAND = 4096
LONGEST_PATH = 500
LONGEST_DRAIN = 3600.0
LONGEST_TIMEOUT = 86400.0
LEAST_MEMORY = 1024**2
MOST_KEPT = 50

MOST_PROJECTS = 100
"""Of one account."""

RESERVED_SLUGS = frozenset({"all", "api", "admin", "dashboard", "pmdaemon", "www"})
"""Hosts below the gateway's domain that no project gets."""

_NO_LABEL = re.compile(r"[^a-z0-9]+")
_PATH = re.compile(r"/[\w\-./~%@:+?&=]*", re.ASCII)


def read_fields(given: Mapping[str, object], *, trusted: bool) -> dict[str, object]:
    """Check the fields that are given; who is `trusted` may name folders of this machine.

    Raises:
        InvalidInput: one cannot be used.

    """
    if unknown := sorted(given.keys() - _CHECKS.keys()):
        raise InvalidInput(
            f"projects have no field {shown(unknown[0])} (there are {', '.join(_CHECKS)})",
            code="invalid_project",
            field=shown(unknown[0]),
        )
    checked = {name: _CHECKS[name](name, value) for name, value in given.items()}
    if "repo_url" in checked:
        checked["repo_url"] = read_repo_url(str(checked["repo_url"]), trusted=trusted)
    return checked


def slug_for(name: str, taken: Collection[str]) -> str:
    """Make a host label of a name, that is not taken yet."""
    import unicodedata  # noqa: PLC0415 - a megabyte of tables, for who has projects

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = _NO_LABEL.sub("-", plain).strip("-")[:LONGEST_SLUG].strip("-") or "project"
    number, candidate = 1, slug
    while candidate in taken or candidate in RESERVED_SLUGS:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate


def _name(field: str, value: object) -> str:
    text = _text(field, value).strip()
    if not 2 <= len(text) <= LONGEST_NAME or not text.isprintable():
        raise _refused(field, f"2 to {LONGEST_NAME} printable characters")
    return text


def _url(field: str, value: object) -> str:
    return _text(field, value)


def _branch(field: str, value: object) -> str:
    text = _text(field, value)
    return read_branch(text) if text.strip() else "main"


def _command(field: str, value: object) -> str:
    text = _text(field, value).strip()
    if len(text) > LONGEST_COMMAND or "\0" in text:
        raise _refused(field, f"at most {LONGEST_COMMAND} characters, without NUL")
    return text


def _label(field: str, value: object) -> str:
    text = _text(field, value).strip()
    if len(text) > LONGEST_NAME or (text and not text.isprintable()):
        raise _refused(field, f"at most {LONGEST_NAME} printable characters")
    return text


def _folder(field: str, value: object) -> str:
    text = _text(field, value).strip()
    path = PurePosixPath("." if text == "/" else text)
    is_within = not path.is_absolute() and ".." not in path.parts
    if not is_within or len(text) > LONGEST_PATH or not text.isprintable():
        raise _refused(field, "a folder within the repository")
    return "" if str(path) == "." else str(path)


def _health_path(field: str, value: object) -> str:
    text = _text(field, value).strip()
    if text and (len(text) > LONGEST_PATH or not _PATH.fullmatch(text)):
        raise _refused(field, "a path, as /health")
    return text


def _port(field: str, value: object) -> int:
    number = _whole(field, value)
    if not 0 <= number <= LAST_TCP_PORT:
        raise _refused(field, f"1 to {LAST_TCP_PORT}")
    return number or 3000  # nothing, in the API that this is of


def _drain(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(field, "seconds")
    if not 0 <= value <= LONGEST_DRAIN:
        raise _refused(field, f"0 to {LONGEST_DRAIN:.0f} seconds")
    return float(value)


def _timeout(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(field, "seconds")
    if value and not 1 <= value <= LONGEST_TIMEOUT:
        raise _refused(field, f"1 to {LONGEST_TIMEOUT:.0f} seconds, or 0 for the usual time")
    return float(value)


def _memory(field: str, value: object) -> int:
    number = _whole(field, value)
    if number and number < LEAST_MEMORY:
        raise _refused(field, f"{LEAST_MEMORY} bytes at the least, or 0 for the usual size")
    return number


def _keep(field: str, value: object) -> int:
    number = _whole(field, value)
    if not 1 <= number <= MOST_KEPT:
        raise _refused(field, f"1 to {MOST_KEPT} releases")
    return number


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise _refused(field, "text")
    return value


def _whole(field: str, value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _refused(field, "a whole number")
    return value


def _refused(field: str, wanted: str) -> InvalidInput:
    return InvalidInput(f"cannot use {field}: it is {wanted}", code="invalid_project", field=field)


_CHECKS: Mapping[str, Callable[[str, object], object]] = MappingProxyType(
    {
        "name": _name,
        "repo_url": _url,
        "branch": _branch,
        "install_command": _command,
        "build_command": _command,
        "start_command": _command,
        "port": _port,
        "framework": _label,
        "run_dir": _folder,
        "health_path": _health_path,
        "drain": _drain,
        "keep": _keep,
        "build_timeout": _timeout,
        "start_timeout": _timeout,
        "build_memory": _memory,
    }
)
"""How each field is checked; there are no others that somebody sets."""

FIELDS = tuple(_CHECKS)
