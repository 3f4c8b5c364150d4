"""`health_check`: how to find out whether a program does its work.

    health_check = "http://127.0.0.1:3000/health"
    health_check = { type = "tcp", port = 3000, interval = "10s" }
    health_check = { check_type = "script", script = "./check.sh", timeout = 5, enabled = true }

A plain number is in seconds here. The last form, and `{"secs": 5, "nanos": 0}` for a duration, are
those of the program that had this field first.
"""

import shlex
from collections.abc import Mapping
from typing import Any

from pmdaemon.config import field_values as values
from pmdaemon.config.tables import Remarked, read_table
from pmdaemon.core import tcp_ports
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput
from pmdaemon.core.quantities import parse_duration
from pmdaemon.core.spec import HealthCheck
from pmdaemon.core.wording import shown

_KINDS = {"http": "http", "https": "http", "tcp": "tcp", "command": "command", "script": "command"}
_TARGETS = {"url": "http", "tcp": "tcp", "port": "tcp", "command": "command", "script": "command"}
"""Which kind of check a key asks for."""


def health_check(value: object) -> Remarked:
    """Read a health check: a URL, a table, or `false` for none.

    Raises:
        InvalidInput, InvalidConfiguration: it is not a health check.

    """
    match value:
        case False:
            return Remarked(None)
        case str() if value.startswith("tcp:"):
            return Remarked(HealthCheck("tcp", address(value.removeprefix("tcp:"))))
        case str():
            return Remarked(HealthCheck("http", url(value)))
        case _:
            read = read_table(_flat(value), _READERS, expected="a URL or a table")
            return Remarked(_of(read.value), read.remarks)


def seconds(value: object) -> float:
    """Read a duration whose plain numbers are in seconds."""
    match value:
        case Mapping() if set(value) <= {"secs", "nanos"}:
            whole = values.count(value.get("secs", 0))
            return float(whole + values.count(value.get("nanos", 0), most=10**9) / 10**9)
        case bool():
            raise values.refused(value, "a duration")
        case int() | float():
            return parse_duration(f"{value}s")
        case str() if value.strip().isdigit():
            return parse_duration(f"{value.strip()}s")
        case _:
            return parse_duration(value)


def seconds_above_0(value: object) -> float:
    """Read a duration, as `seconds` does, that has to be longer than 0."""
    found = seconds(value)
    if not found:
        raise values.refused(value, "a duration above 0")
    return found


def url(value: object) -> str:
    """Read the URL of a check; {port} in it stands for the port of the instance."""
    # Only those who have one pay for this import.
    from urllib.parse import urlsplit  # noqa: PLC0415

    text = values.filled_text(value).strip().replace("{PORT}", "{port}")
    try:
        parts = urlsplit(text.replace("{port}", "80"))
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        usable = usable and parts.port != 0 and text.isprintable() and " " not in text
    except ValueError:
        usable = False
    if not usable:
        raise values.refused(value, "a URL such as http://127.0.0.1:3000/health")
    return text


def address(value: object) -> str:
    """Read what to connect to: a port, or host:port; {port} stands for that of the instance."""
    text = str(value).strip() if isinstance(value, str | int) else ""
    text = text.replace("{PORT}", "{port}")
    host, _, port = text.rpartition(":")
    if len(host.split()) > 1 or not host.isprintable():
        raise values.refused(value, "a TCP port, or HOST:PORT")
    if port != "{port}":
        ports = tcp_ports.parse(port if text else value)
        if ports.count != 1 or ports.auto:
            raise values.refused(value, "one TCP port")
    return text if host else port


def words_of_command(value: object) -> str:
    """Read a command: text, or a list of words."""
    if isinstance(value, list):
        return shlex.join(values.filled_words(value))
    return values.filled_text(value)


def _kind(value: object) -> str:
    return values.choice(value, among=_KINDS)


_READERS = {
    "type": _kind,
    "check_type": _kind,
    "url": url,
    "tcp": address,
    "port": address,
    "command": words_of_command,
    "script": words_of_command,
    "enabled": values.switch,
    "interval": seconds_above_0,
    "timeout": seconds_above_0,
    "retries": lambda value: values.count(value, least=1, most=1000),
    "start_period": seconds,
    "restart": values.switch,
}


def flat_check(found: Mapping[str, Any]) -> HealthCheck | None:
    """Make a check of what an app says in fields of its own, as `health_check_url`.

    Raises:
        InvalidInput: there is nothing to check, or too much.

    """
    return _of(found)


def _flat(value: object) -> object:
    """Take the inner table out: `{"check_type": {"type": "http", "url": …}, …}`."""
    if isinstance(value, Mapping) and isinstance(inner := value.get("check_type"), Mapping):
        rest = {key: each for key, each in value.items() if key != "check_type"}
        inner = {{"path": "script"}.get(key, key): each for key, each in inner.items()}
        return {**rest, **inner}
    return value


def _of(found: Mapping[str, Any]) -> HealthCheck | None:
    targets = [key for key in _TARGETS if key in found]
    kind = found.get("type", found.get("check_type"))
    if found.get("enabled") is False:
        return None
    if not targets:
        wanted = {"http": "url", "tcp": "port", "command": "command"}.get(str(kind))
        raise InvalidInput(f"nothing to check: {wanted or 'url, port or command'} is missing")
    if len(targets) > 1:
        raise InvalidInput(f"only one thing can be checked, not {' and '.join(targets)}")
    [target] = targets
    if kind is not None and _TARGETS[target] != kind:
        raise InvalidConfiguration("it", [f"{target}: a check of type {shown(kind)} has none"])
    given = ("interval", "timeout", "retries", "start_period", "restart")
    return HealthCheck(
        _TARGETS[target],  # type: ignore[arg-type] # the three kinds, by the table above
        found[target],
        **{key: found[key] for key in given if key in found},
    )
