"""The table `[deploy]` of the settings: what deployments may take, and how often one may ask.

[deploy]
build_timeout = "30m"
build_memory = "8G"
concurrent_builds = 4
rate_limit = ["600/60s"]
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field

from pmdaemon.core.deploy_limits import MIB, DeployLimits
from pmdaemon.core.errors import InvalidConfiguration, PmdaemonError
from pmdaemon.core.project_fields import MOST_KEPT
from pmdaemon.core.quantities import format_size, parse_duration, parse_size
from pmdaemon.core.rate_limits import RATES, RateKind, RateLimit, Rates, parse_rate_limit
from pmdaemon.core.wording import shown

DAY = 86400.0


class DeploySettings(Struct, frozen=True):
    """What was read; `remarks` are about fields that nobody knows."""

    limits: DeployLimits = DeployLimits()
    rates: Rates = field(default_factory=lambda: RATES)
    remarks: tuple[str, ...] = ()


def read_deploy_settings(path: str, table: object) -> DeploySettings:
    """Read the table.

    Raises:
        InvalidConfiguration: something in it cannot be used.

    """
    if not isinstance(table, dict):
        raise InvalidConfiguration(path, ["deploy: it must be a table"])
    problems: list[str] = []
    limits: dict[str, Any] = {}
    rates = dict(RATES)
    for name, value in table.items():
        try:
            if name in _RATES:
                rates[_RATES[name]] = _rates(value)
            elif name in _LIMITS:
                limit, read = _LIMITS[name]
                limits[limit] = read(value)
        except (PmdaemonError, ValueError) as error:
            problems.append(f"deploy.{name}: {error}")
    if problems:
        raise InvalidConfiguration(path, problems)
    known = _LIMITS.keys() | _RATES.keys()
    remarks = [f"deploy.{shown(name)}: unknown setting" for name in table if name not in known]
    return DeploySettings(DeployLimits(**limits), rates, tuple(remarks))


def _time(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    seconds = parse_duration(f"{value}s" if is_number else value)
    if not 1 <= seconds <= DAY:
        raise ValueError("it must be between a second and a day")
    return seconds


def _size(value: object) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    size = parse_size(str(value) if is_number else value)
    if size < MIB:
        raise ValueError(f"it must be at least {format_size(MIB)}")
    return size


def _number(most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ValueError(f"it must be from 1 to {most}")
        return value

    return read


def _rates(value: object) -> tuple[RateLimit, ...]:
    if value == "off":
        return ()
    texts = value if isinstance(value, list) else [value]
    return tuple(parse_rate_limit(str(text)) for text in texts)


_LIMITS: Mapping[str, tuple[str, Callable[[object], float]]] = MappingProxyType(
    {
        "fetch_timeout": ("fetch", _time),
        "install_timeout": ("install", _time),
        "build_timeout": ("build", _time),
        "release_timeout": ("release", _time),
        "start_timeout": ("start", _time),
        "build_memory": ("memory", _size),
        "build_processes": ("processes", _number(100_000)),
        "log_size": ("log", _size),
        "repository_size": ("repository", _size),
        "files_size": ("files", _size),
        "free_disk": ("free", _size),
        "concurrent_builds": ("builds", _number(64)),
        "keep_releases": ("keep", _number(MOST_KEPT)),
    }
)
"""The settings that are limits: which one, and how it is read."""

_RATES: Mapping[str, RateKind] = MappingProxyType(
    {"rate_limit": RateKind.DEPLOY, "sign_in_rate_limit": RateKind.SIGN_IN}
)
